//! The colour bar of a boundary: what its shades stand for.

use plotters::prelude::Rectangle;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::field::Meaning;
use super::{Area, Boundary, colour, failed, px, short, text, three_digits};
use crate::Result;

/// The shades of a bar.
const STEPS: i32 = 20;

/// Draws the shades of probabilities or numbers. Several classes have none: the legend names their colours.
pub(super) fn draw_bar(area: &Area, boundary: &Boundary) -> Result<bool> {
    let (name, ends) = match boundary.field.meaning {
        Meaning::TwoClasses => ("P(y = 1)", [0.0, 0.5, 1.0].map(short)),
        Meaning::Number { low, high } => {
            (boundary.classes[0].as_str(), [low, (low + high) / 2.0, high].map(three_digits))
        }
        Meaning::Classes(_) => return Ok(false),
    };
    let (_, height) = area.dim_in_pixel();
    let (top, bottom) = (px(24), (height as i32 - px(72)).max(px(32)));
    for k in 0..STEPS {
        let y = |k: i32| bottom - (bottom - top) * k / STEPS;
        let share = (f64::from(k) + 0.5) / f64::from(STEPS);
        let shade = match boundary.field.meaning {
            Meaning::TwoClasses => colour::of_probability(share),
            _ => colour::of_share(share).0,
        };
        area.draw(&Rectangle::new([(px(6), y(k + 1)), (px(18), y(k))], shade.filled())).map_err(failed)?;
    }
    let style = text(10.0, colour::TEXT).pos(Pos::new(HPos::Left, VPos::Center));
    for (label, y) in ends.iter().zip([bottom, (top + bottom) / 2, top]) {
        area.draw_text(label, &style, (px(23), y)).map_err(failed)?;
    }
    area.draw_text(name, &style, (px(2), top - px(14))).map_err(failed)?;
    Ok(true)
}
