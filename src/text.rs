//! Foreign text as it may be shown. A file's name, a column's, or a checkpoint's device can hold anything, also what
//! steers a terminal (ESC, BEL, a carriage return) or turns a line around (U+202E); it is shown as an escape.

use std::borrow::Cow;

/// Text with every character that is not [visible](is_visible) as an escape, so that it stays on its line.
///
/// ```
/// use planar::text::visible;
/// assert_eq!(visible("a\u{1b}[31m\n\u{202e}é"), "a\\u{1b}[31m\\n\\u{202e}é");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, is_visible)
}

/// [`visible`] for text of several lines, whose line feeds stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| letter == '\n' || is_visible(letter))
}

/// JSON with the same values, in which every character that is not [visible](is_visible) is an escape of JSON's own. Only
/// strings can hold such characters, apart from the line feeds between them.
///
/// ```
/// use planar::text::visible_json;
/// assert_eq!(visible_json("{\n\"\u{202e}\": 1}"), "{\n\"\\u202e\": 1}");
/// ```
pub fn visible_json(json: &str) -> Cow<'_, str> {
    if json.chars().all(|letter| letter == '\n' || is_visible(letter)) {
        return json.into();
    }
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter == '\n' || is_visible(letter) {
            true => shown.push(letter),
            // beyond U+FFFF, JSON escapes the two halves of UTF-16
            false => shown.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    shown.into()
}

/// Whether a character only shows itself: it is no control character, changes no line's direction, ends no line, and is
/// allowed in XML.
pub fn is_visible(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}'   // marks of direction
            | '\u{2028}' | '\u{2029}'             // ends of lines and paragraphs
            | '\u{202a}'..='\u{202e}'             // embeddings and overrides of direction
            | '\u{2066}'..='\u{206f}'             // isolates, and what is deprecated
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&stays) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            letter if stays(letter) => shown.push(letter),
            '\n' | '\r' | '\t' | '\0' => shown.extend(letter.escape_debug()),
            letter => shown.extend(letter.escape_unicode()),
        }
    }
    shown.into()
}
