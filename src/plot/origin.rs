//! Which run a picture shows, in the picture itself: in an SVG's `metadata`, a PNG's text chunk, a GIF's comment. Viewers
//! do not show it.

use std::path::Path;

use crate::checkpoint::Origin;
use crate::{Error, Result, files};

/// What the JSON of the run stands behind.
const MARK: &[u8] = b"planar-run:";
/// A GIF's comment begins with this, and goes on in blocks of up to 255 bytes with their lengths before them.
const COMMENT: [u8; 2] = [0x21, 0xfe];

/// The bytes of an SVG, PNG or GIF with the run in it.
pub(super) fn marked(mut picture: Vec<u8>, origin: &Origin) -> Result<Vec<u8>> {
    let json = serde_json::to_string(origin).map_err(|error| Error::Plot(error.to_string()))?;
    // XML gives these letters a meaning, and JSON has them only in strings, where it can escape them
    let json = json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    let text = [MARK, json.as_bytes()].concat();
    let (end, part) = match picture.as_slice() {
        [b'G', b'I', b'F', ..] => (1, gif_comment(&text)),
        [0x89, b'P', b'N', b'G', ..] => (12, png_text(&text)),
        bytes => {
            let end = bytes.windows(6).rposition(|bytes| bytes == b"</svg>").map_or(0, |at| bytes.len() - at);
            (end, [b"<metadata>".as_slice(), &text, b"</metadata>\n"].concat())
        }
    };
    let at = picture.len().saturating_sub(end);
    picture.splice(at..at, part);
    Ok(picture)
}

/// Whether a file may not be replaced by a picture of this run: how what it holds differs.
///
/// # Errors
/// [`Error::Io`] if it cannot be read.
pub fn difference(path: &Path, here: &Origin) -> Result<Option<String>> {
    Ok(match shown(&files::read(path)?) {
        Some(there) => there.difference(here).map(|difference| format!("it shows another run: {difference}")),
        None => Some("it does not say which run it shows".into()),
    })
}

/// The run that a picture shows.
fn shown(picture: &[u8]) -> Option<Origin> {
    let at = picture.windows(MARK.len()).rposition(|bytes| bytes == MARK)?;
    let text = match picture.starts_with(b"GIF") {
        true => blocks(picture.get(at.checked_sub(1)?..)?),
        false => picture[at..].to_vec(),
    };
    serde_json::Deserializer::from_slice(&text[MARK.len()..]).into_iter().next()?.ok()
}

/// A PNG's chunk of text: length, `iTXt`, keyword, no compression, no language, text, checksum.
fn png_text(text: &[u8]) -> Vec<u8> {
    let body = [b"iTXtComment\0\0\0\0\0".as_slice(), text].concat();
    let length = (body.len() - 4) as u32;
    [&length.to_be_bytes(), body.as_slice(), &crc32fast::hash(&body).to_be_bytes()].concat()
}

fn gif_comment(text: &[u8]) -> Vec<u8> {
    let blocks = text.chunks(255).flat_map(|block| [&[block.len() as u8], block].concat());
    COMMENT.into_iter().chain(blocks).chain([0]).collect()
}

/// What blocks with their lengths before them hold, up to an empty one.
fn blocks(mut bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some((length, rest)) = bytes.split_first().filter(|(length, _)| **length > 0) {
        let (block, after) = rest.split_at(rest.len().min(usize::from(*length)));
        text.extend_from_slice(block);
        bytes = after;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Description;
    use crate::model::{Activation, Network};
    use crate::plot::{gif, png, svg};

    #[test]
    fn every_picture_says_which_run_it_shows_and_is_a_picture_still() {
        let data = crate::data::flower(400, 1).unwrap();
        let network = Network::one_hidden(2, 4, Activation::Tanh).unwrap();
        let mut description = Description::new(&data, &network, 1.2, "f32");
        description.data = format!("<&>\"]]>{}.csv", "größe".repeat(60));
        let origin = Origin { description, start: "seed 2, scale 0.01".into() };
        let drawn = svg((40, 30), |_| Ok(())).unwrap();
        let pixels = vec![7; 4 * 4 * 4];
        let pictures = [drawn.clone().into_bytes(), png(&drawn).unwrap(), gif((4, 4), &[pixels]).unwrap()];
        let [svg, png_file, gif_file] = pictures.map(|picture| {
            assert_eq!(shown(&picture), None);
            let marked = marked(picture, &origin).unwrap();
            assert_eq!(shown(&marked).as_ref(), Some(&origin));
            marked
        });
        // read by those who know the formats
        let svg = String::from_utf8(svg).unwrap();
        assert_eq!(png(&svg).unwrap(), png(&drawn).unwrap());
        let pixmap = resvg::tiny_skia::Pixmap::decode_png(&png_file).unwrap();
        assert_eq!((pixmap.width(), pixmap.height()), (80, 60));
        let mut decoder = ::gif::DecodeOptions::new().read_info(gif_file.as_slice()).unwrap();
        assert!(decoder.read_next_frame().unwrap().is_some() && decoder.read_next_frame().unwrap().is_none());
    }
}
