//! From drawing to bytes: SVG, PNG, and pixels for animations.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use plotters::drawing::IntoDrawingArea;
use plotters::style::RGBColor;
use plotters_svg::SVGBackend;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::origin::marked;
use super::{Area, failed};
use crate::checkpoint::Origin;
use crate::files::{remove_leftovers, replace};
use crate::text::visible_lines;
use crate::{Error, Result};

/// Pixels of a PNG per pixel of the SVG, for screens of twice the density.
const DENSITY: f32 = 2.0;
/// The most pixels along a side.
const MOST_PIXELS: u32 = 16_384;

/// The format that a file's extension names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.svg`
    Svg,
    /// `.png`
    Png,
}

impl Format {
    /// The format of a file by its extension, in upper or lower case.
    ///
    /// # Errors
    /// [`Error::Invalid`] for any other.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(Error::invalid("the picture", "a FILE.svg or FILE.png", format_args!("'{}'", path.display()))),
        }
    }
}

/// A picture of this many pixels (width, height) as an SVG, which can also be embedded in HTML.
///
/// # Errors
/// [`Error::Invalid`] for a size of 0 or over 16,384, [`Error::Plot`] if drawing fails, and those of `draw`.
pub fn svg(size: (u32, u32), draw: impl FnOnce(&Area) -> Result<()>) -> Result<String> {
    let (width, height) = size;
    if !(1..=MOST_PIXELS).contains(&width) || !(1..=MOST_PIXELS).contains(&height) {
        let given = format_args!("{width} × {height}");
        return Err(Error::invalid("a picture's width and height", format!("1 to {MOST_PIXELS} pixels"), given));
    }
    let fine = (super::size(width), super::size(height));
    let mut picture = String::new();
    {
        let area = SVGBackend::with_string(&mut picture, fine).into_drawing_area();
        area.fill(&RGBColor(255, 255, 255)).map_err(failed)?;
        draw(&area)?;
        area.present().map_err(failed)?;
    }
    // the finer steps remain in the view box only
    let head = |width, height| format!("<svg width=\"{width}\" height=\"{height}\"");
    let picture = picture.replacen(&head(fine.0, fine.1), &head(width, height), 1);
    // plotters leaves out the first half of the media type, without which not all viewers show the bitmap
    let picture = picture.replace("\"data:png;base64,", "\"data:image/png;base64,");
    // names of columns and files can hold what XML forbids
    Ok(visible_lines(&picture).into_owned())
}

/// An SVG as a PNG of twice its size, with the built-in font.
///
/// # Errors
/// [`Error::Plot`] if it is not an SVG.
pub fn png(svg: &str) -> Result<Vec<u8>> {
    rendered(svg, DENSITY)?.encode_png().map_err(|error| Error::Plot(error.to_string()))
}

/// An SVG as RGBA pixels of its own size, row by row from the upper left, opaque.
///
/// # Errors
/// [`Error::Plot`] if it is not an SVG.
pub fn pixels(svg: &str) -> Result<Vec<u8>> {
    Ok(rendered(svg, 1.0)?.take())
}

/// Draws a picture and writes it in the format of the file's extension; an older file stays until the new one is
/// complete.
///
/// # Errors
/// As [`Format::of`] and [`svg`]; [`Error::Io`] if the file cannot be written.
pub fn write(path: &Path, size: (u32, u32), draw: impl FnOnce(&Area) -> Result<()>) -> Result<()> {
    put(path, &drawn(path, size, draw)?)
}

/// [`write()`] of a picture that says which run it shows, for [`difference`](super::difference).
///
/// # Errors
/// Those of [`write()`].
pub fn write_of(origin: &Origin, path: &Path, size: (u32, u32), draw: impl FnOnce(&Area) -> Result<()>) -> Result<()> {
    put(path, &marked(drawn(path, size, draw)?, origin)?)
}

fn drawn(path: &Path, size: (u32, u32), draw: impl FnOnce(&Area) -> Result<()>) -> Result<Vec<u8>> {
    let format = Format::of(path)?;
    let picture = svg(size, draw)?;
    match format {
        Format::Svg => Ok(picture.into_bytes()),
        Format::Png => png(&picture),
    }
}

/// Replaces a file by a complete picture, and removes what a killed run left beside it.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    remove_leftovers(path);
    replace(path, bytes)
}

fn rendered(svg: &str, density: f32) -> Result<Pixmap> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let fontdb = FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        Arc::new(fonts)
    });
    let options = Options { fontdb: fontdb.clone(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| Error::Plot(error.to_string()))?;
    let size = tree.size().to_int_size().scale_by(density);
    let pixmap = size.and_then(|size| Pixmap::new(size.width(), size.height()));
    let mut pixmap = pixmap.ok_or_else(|| Error::Plot("it is too large".into()))?;
    resvg::render(&tree, Transform::from_scale(density, density), &mut pixmap.as_mut());
    Ok(pixmap)
}
