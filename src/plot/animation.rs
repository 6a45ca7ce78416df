//! Pictures one after another, as an animated GIF that loops.

use std::collections::HashMap;
use std::path::Path;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::format::put;
use crate::{Error, Result};

/// Hundredths of a second for which a frame and the last frame are shown.
const DELAY: u16 = 10;
const LAST_DELAY: u16 = 250;
/// The number of colours in the palette; one more index means "unchanged".
const COLOURS: usize = 255;

type Rgb = [u8; 3];

/// Frames of this many pixels (width, height), each as [`pixels`](super::pixels) makes them: one palette for all, and
/// of each frame only what differs from the previous one. It is meant for drawings: of more than 255 colours, the most
/// frequent are kept, and the others become the nearest of these.
///
/// # Errors
/// [`Error::Plot`] if a frame has another size, or if the size is over 65,535.
pub fn gif(size: (u32, u32), frames: &[Vec<u8>]) -> Result<Vec<u8>> {
    let failed = |problem: &dyn std::fmt::Display| Error::Plot(format!("the animation: {problem}"));
    let side = |side: u32| u16::try_from(side).map_err(|error| failed(&error));
    let (width, height) = (side(size.0)?, side(size.1)?);
    let bytes = 4 * usize::from(width) * usize::from(height);
    if let Some(frame) = frames.iter().find(|frame| frame.len() != bytes) {
        return Err(failed(&format_args!("a frame has {} bytes, and should have {bytes}", frame.len())));
    }
    let (palette, numbers) = palette(frames);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height, palette.as_flattened()).map_err(|error| failed(&error))?;
    encoder.set_repeat(Repeat::Infinite).map_err(|error| failed(&error))?;
    let mut before: &[u8] = &[];
    for (k, frame) in frames.iter().enumerate() {
        let number = |(at, pixel): (usize, &[u8])| match before.get(4 * at..4 * at + 3) {
            Some(was) if was == &pixel[..3] => COLOURS as u8,
            _ => numbers[&rgb(pixel)],
        };
        let frame_of = Frame {
            width,
            height,
            delay: if k + 1 == frames.len() { LAST_DELAY } else { DELAY },
            dispose: DisposalMethod::Keep,
            transparent: Some(COLOURS as u8),
            buffer: frame.chunks_exact(4).enumerate().map(number).collect(),
            ..Frame::default()
        };
        encoder.write_frame(&frame_of).map_err(|error| failed(&error))?;
        before = frame;
    }
    drop(encoder);
    Ok(file)
}

/// Writes a [`gif()`], completely or not at all.
///
/// # Errors
/// As [`gif()`]; [`Error::Io`] if the file cannot be written.
pub fn write_gif(path: &Path, size: (u32, u32), frames: &[Vec<u8>]) -> Result<()> {
    put(path, &gif(size, frames)?)
}

/// The most frequent colours, and the index of the nearest of them for every colour.
fn palette(frames: &[Vec<u8>]) -> (Vec<Rgb>, HashMap<Rgb, u8>) {
    let mut counts: HashMap<Rgb, usize> = HashMap::new();
    for pixel in frames.iter().flat_map(|frame| frame.chunks_exact(4)) {
        *counts.entry(rgb(pixel)).or_default() += 1;
    }
    let mut colours: Vec<(Rgb, usize)> = counts.into_iter().collect();
    // the colour itself breaks ties, so that the same frames give the same file
    colours.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    let mut palette: Vec<Rgb> = colours.iter().take(COLOURS).map(|(colour, _)| *colour).collect();
    let distance = |a: Rgb, b: Rgb| (0..3).map(|k| u32::from(a[k].abs_diff(b[k])).pow(2)).sum::<u32>();
    let nearest = |colour: Rgb| {
        let all = palette.iter().enumerate();
        all.min_by_key(|(_, of)| distance(**of, colour)).map_or(0, |(number, _)| number as u8)
    };
    let numbers = colours.iter().map(|(colour, _)| (*colour, nearest(*colour))).collect();
    palette.resize(COLOURS + 1, [255; 3]);
    (palette, numbers)
}

fn rgb(pixel: &[u8]) -> Rgb {
    [pixel[0], pixel[1], pixel[2]]
}
