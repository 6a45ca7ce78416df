//! Pictures: the decision boundary, cost curves and heat maps, as SVG or PNG; a run as an animated GIF, or as text.
//!
//! Each is drawn onto an [`Area`], so that several can share a sheet:
//!
//! ```
//! use planar::backend::{Backend, Run};
//! use planar::cpu::Engine;
//! use planar::data::noisy_moons;
//! use planar::model::{Activation, Network, Parameters};
//! use planar::plot::{Boundary, svg};
//!
//! let data = noisy_moons(200, 1)?;
//! let network = Network::one_hidden(2, 4, Activation::Tanh)?;
//! let parameters = Parameters::initial(&network, 2, 0.01);
//! let boundary = Boundary::new(&data, &network, &parameters, [0, 1])?;
//! let picture = svg((480, 400), |area| boundary.draw(area, "before training"))?;
//! assert!(picture.starts_with("<svg"));
//! # Ok::<(), planar::Error>(())
//! ```

mod animation;
mod axes;
mod bar;
mod bins;
mod boundary;
mod colour;
mod contour;
mod cost;
mod field;
mod film;
mod format;
mod heatmap;
mod legend;
mod origin;
mod sheet;
pub mod sweep;
pub mod terminal;

pub use animation::{gif, write_gif};
pub use axes::{check_axes, find_axes};
pub use boundary::{Boundary, Samples};
pub use cost::{CostPlot, Curve};
pub use film::film;
pub use format::{Format, pixels, png, svg, write, write_of};
pub use heatmap::{Axis, HeatMap};
pub use origin::difference;
pub use sheet::sheet;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, IntoFont, TextStyle};
use plotters_svg::SVGBackend;

use crate::data::Dataset;
use crate::{Error, Result};

/// A part of a picture to draw on.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Fonts: a viewer takes the first that it has; PNGs are drawn with the first, which is built in.
const FONT: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/// Steps per pixel: plotters counts in whole numbers, and finer steps keep lines smooth.
const FINE: i32 = 2;

/// A number of pixels in [`FINE`] steps.
const fn px(pixels: i32) -> i32 {
    pixels * FINE
}

/// [`px`] if plotters wants a size.
const fn size(pixels: u32) -> u32 {
    pixels * FINE as u32
}

/// Width and height in whole pixels.
fn dimensions(area: &Area) -> (u32, u32) {
    let (width, height) = area.dim_in_pixel();
    (width / FINE as u32, height / FINE as u32)
}

/// A text style of this many pixels.
fn text(pixels: f64, colour: impl Color) -> TextStyle<'static> {
    // plotters writes the height of a font divided by this as its size
    let height = 1.24 * pixels * f64::from(FINE);
    let mut style = TextStyle::from((FontFamily::Name(FONT), height).into_font());
    style.color = colour.to_backend_color();
    style
}

/// The message of plotters, in one line.
fn failed<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> Error {
    Error::Plot(error.to_string().lines().collect::<Vec<_>>().join(" "))
}

/// Draws a title in a strip at the top of an area; returns the rest of the area.
fn titled<'a>(area: &Area<'a>, title: &str) -> Result<Area<'a>> {
    if title.is_empty() {
        return Ok(area.clone());
    }
    let (width, _) = dimensions(area);
    let height: f64 = if is_small(area) { 10.0 } else { 15.0 };
    // DejaVu Sans is 0.6 of its size wide on average
    let fitting = height.min(f64::from(width) / (0.6 * title.chars().count() as f64));
    let (strip, rest) = area.split_vertically(size(height as u32 + 11));
    let middle = Pos::new(HPos::Center, VPos::Center);
    let style = text(fitting, colour::TEXT).pos(middle);
    strip.draw_text(title, &style, (px(width as i32 / 2), px(height as i32 / 2 + 5))).map_err(failed)?;
    Ok(rest)
}

/// How well a network does in a title: of numbers R², else its accuracy.
pub fn told(data: &Dataset, accuracy: f64) -> String {
    let is_share = !data.targets().are_numbers();
    let what = if is_share { "accuracy " } else { "" };
    format!("{what}{}", of_held_out(data, accuracy))
}

/// [`told`] after the words "held out", where "accuracy" goes without saying.
pub fn of_held_out(data: &Dataset, accuracy: f64) -> String {
    match data.targets().are_numbers() {
        true => format!("R² {accuracy:.4}"),
        false => format!("{:.2} %", 100.0 * accuracy),
    }
}

/// A number on an axis, in a few digits.
fn short(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-3..1e5).contains(&magnitude) {
        return format!("{number:.1e}").replace(".0e", "e").replace('-', "−");
    }
    let text = format!("{number:.4}").replace('-', "−");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "−0" { "0".into() } else { text.into() }
}

/// [`short`] for an end of a range: three digits, so that it leaves room.
fn three_digits(number: f64) -> String {
    short(format!("{number:.2e}").parse().unwrap_or(number))
}

/// A whole number with its thousands separated: 12,000.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let group = |(k, digit): (usize, char)| {
        let comma = k > 0 && (digits.len() - k).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(group).collect()
}

/// Whether an area is one of many, so that it gets small text and narrow margins.
fn is_small(area: &Area) -> bool {
    let (width, height) = dimensions(area);
    width < 300 || height < 240
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 999.0, 12_000.0, 1e6].map(thousands), ["0", "999", "12,000", "1,000,000"]);
        assert_eq!([0.0, -0.00001, 0.25, -1.0, 1e-5].map(short), ["0", "−1e−5", "0.25", "−1", "1e−5"]);
        assert_eq!([1e6, 1e275, 10_f64.powi(275)].map(short), ["1e6", "1e275", "1e275"]);
    }
}
