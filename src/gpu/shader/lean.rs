//! WGSL without comments and indentation, for a program that is fetched before it runs. Marks, which begin with `//#`, stay.
#![cfg_attr(
    not(any(test, target_arch = "wasm32")),
    expect(dead_code, reason = "there the files are embedded as they are written")
)]

/// What is left of a text, and its length: as much of it as there is room for.
pub const fn lean<const N: usize>(text: &str) -> ([u8; N], usize) {
    let (text, mut out, mut length) = (text.as_bytes(), [0; N], 0);
    let mut at = 0;
    while at < text.len() {
        let begin = skipped(text, at);
        let line_end = end(text, begin);
        let mut stop = begin;
        // up to a comment, without the spaces before it
        let mut next = begin;
        while next < line_end && (is_mark(text, begin) || !is_comment(text, next)) {
            next += 1;
            if text[next - 1] != b' ' {
                stop = next;
            }
        }
        let mut from = begin;
        while from < stop {
            length = put(&mut out, length, text[from]);
            from += 1;
        }
        if stop > begin {
            length = put(&mut out, length, b'\n');
        }
        at = line_end + 1;
    }
    (out, length)
}

/// Writes a byte if there is room; the length with it.
const fn put(out: &mut [u8], length: usize, byte: u8) -> usize {
    if length < out.len() {
        out[length] = byte;
    }
    length + 1
}

/// The first place from here on that is no space.
const fn skipped(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && text[at] == b' ' {
        at += 1;
    }
    at
}

/// The end of the line that this place is in.
const fn end(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && text[at] != b'\n' {
        at += 1;
    }
    at
}

const fn is_comment(text: &[u8], at: usize) -> bool {
    at + 1 < text.len() && text[at] == b'/' && text[at + 1] == b'/'
}

const fn is_mark(text: &[u8], at: usize) -> bool {
    is_comment(text, at) && at + 2 < text.len() && text[at + 2] == b'#'
}

/// A file as it is embedded: lean where programs are fetched, else as it is written, so that the lines of a driver's messages are
/// the file's.
macro_rules! embedded {
    ($path:expr) => {{
        const TEXT: &str = include_str!($path);
        #[cfg(not(target_arch = "wasm32"))]
        {
            TEXT
        }
        #[cfg(target_arch = "wasm32")]
        {
            use $crate::gpu::shader::lean::lean;
            const LENGTH: usize = lean::<0>(TEXT).1;
            const LEAN: [u8; LENGTH] = lean::<LENGTH>(TEXT).0;
            const SHOWN: &str = match std::str::from_utf8(&LEAN) {
                Ok(text) => text,
                Err(_) => TEXT,
            };
            SHOWN
        }
    }};
}
pub(super) use embedded;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::shader::Sources;
    use crate::gpu::shader::kernel::Kernel;

    fn leaned(text: &str) -> String {
        let (bytes, length) = lean::<20_000>(text);
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[test]
    fn comments_indentation_and_empty_lines_are_left_out_and_marks_are_not() {
        let text = "//# uses lib/a\n// a comment — of two\n\nfn f() {\n    //# repeat k in ROWS\n    x_k = a / b; // why\n    //# end k\n}";
        assert_eq!(leaned(text), "//# uses lib/a\nfn f() {\n//# repeat k in ROWS\nx_k = a / b;\n//# end k\n}\n");
        assert_eq!(leaned(""), "");
    }

    #[test]
    fn every_shader_has_the_same_tokens() {
        let sources = Sources::embedded();
        let tokens = |text: &str| -> Vec<String> {
            let is_mark = |line: &str| line.trim_start().starts_with("//#");
            let code =
                |line: &str| if is_mark(line) { line.to_owned() } else { line.split("//").next().unwrap().to_owned() };
            text.lines().flat_map(|line| code(line).split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
        };
        let files = Kernel::ALL.into_iter().flat_map(|kernel| sources.files(kernel));
        for file in files {
            let text = sources.text(file);
            assert_eq!(tokens(&leaned(text)), tokens(text), "{file}");
            assert!(leaned(text).len() < text.len(), "{file}");
        }
    }
}
