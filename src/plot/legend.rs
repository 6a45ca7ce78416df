//! The legend: what the marks of a picture mean, in rows below the axes, where it covers nothing.

use plotters::prelude::{Circle, Cross, PathElement};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor};

use super::{Area, colour, dimensions, failed, px, size, text};
use crate::Result;

/// Height of a row, and where the first entry begins.
const ROW: u32 = 18;
const LEFT: u32 = 50;
/// Room for a mark and the gap behind an entry. Letters of 11 pixels are at most 7 wide on average.
const MARK: u32 = 30;
const GAP: u32 = 16;
const LETTER: u32 = 7;

/// What stands before a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    Line(RGBColor),
    Cross(RGBColor),
    Dot(RGBColor),
    /// A hollow dot.
    Ring(RGBColor),
    None,
}

/// A mark and its name.
pub(super) type Entry = (Mark, String);

/// Draws the entries at the bottom of an area, as many as a third of its height holds; returns the rest of the area.
pub(super) fn below<'a>(area: &Area<'a>, entries: Vec<Entry>) -> Result<Area<'a>> {
    let (width, height) = dimensions(area);
    let most = (height / 3 / ROW).max(1);
    let mut placed = placed(&entries, width);
    let shown = placed.iter().filter(|(_, row)| *row < most).count();
    placed.truncate(shown);
    let Some((_, last)) = placed.last() else { return Ok(area.clone()) };
    let (rest, strip) = area.split_vertically(size(height.saturating_sub((last + 1) * ROW + 6)));
    let style = text(11.0, colour::TEXT).pos(Pos::new(HPos::Left, VPos::Center));
    let letters = (width.saturating_sub(LEFT + MARK) / LETTER).max(1) as usize;
    for ((mark, name), (x, row)) in entries.iter().zip(placed) {
        let at = (px(x as i32), px((row * ROW + ROW / 2) as i32));
        draw(&strip, *mark, at)?;
        let room = if matches!(mark, Mark::None) { 0 } else { px(MARK as i32 - 6) };
        strip.draw_text(&cut(name, letters), &style, (at.0 + room, at.1)).map_err(failed)?;
    }
    if shown < entries.len() {
        let more = format!("… and {} more", entries.len() - shown);
        let at = (px(width as i32) - px(7 * more.chars().count() as i32), px((last_row(&strip)) as i32));
        strip.draw_text(&more, &style, at).map_err(failed)?;
    }
    Ok(rest)
}

/// The middle of an area's last row.
fn last_row(strip: &Area) -> u32 {
    dimensions(strip).1.saturating_sub(6 + ROW / 2)
}

/// Where each entry begins, and its row.
fn placed(entries: &[Entry], width: u32) -> Vec<(u32, u32)> {
    let (mut x, mut row) = (LEFT, 0);
    let place = |(_, name): &Entry| {
        let wide = MARK + LETTER * name.chars().count() as u32 + GAP;
        if x > LEFT && x + wide > width + GAP {
            (x, row) = (LEFT, row + 1);
        }
        let at = (x, row);
        x += wide;
        at
    };
    entries.iter().map(place).collect()
}

fn draw(area: &Area, mark: Mark, (x, y): (i32, i32)) -> Result<()> {
    let middle = (x + px(9), y);
    match mark {
        Mark::Line(colour) => {
            area.draw(&PathElement::new([(x, y), (x + px(18), y)], colour.stroke_width(size(2)))).map_err(failed)
        }
        Mark::Cross(colour) => area.draw(&Cross::new(middle, px(4), colour.stroke_width(size(2)))).map_err(failed),
        Mark::Dot(colour) => area.draw(&Circle::new(middle, px(4), colour.filled())).map_err(failed),
        Mark::Ring(colour) => {
            let white = RGBColor(255, 255, 255);
            area.draw(&Circle::new(middle, px(4), white.filled())).map_err(failed)?;
            area.draw(&Circle::new(middle, px(4), colour.stroke_width(size(2)))).map_err(failed)
        }
        Mark::None => Ok(()),
    }
}

/// A text of at most this many letters.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}
