//! From the WGSL files in `shaders/` to whole shaders: a prelude of constants, the `lib/` files that a kernel uses, and
//! the kernel, one after another.
//!
//! Every file is valid WGSL as it stands, with `lib/prelude.wgsl` in the place of the generated prelude. What the host
//! adds is written in comments that start with `//#`:
//!
//! - `//# uses lib/a, lib/b` names the files that a file needs.
//! - `//# repeat k in BLOCKS` … `//# end k` marks lines that an invocation does BLOCKS times. They are written out that
//!   many times, so that values stay in registers and no driver has to unroll a loop: names with a part `_k` become
//!   `_k0`, `_k1`, …, and `k` itself becomes the number of the copy.
//!
//! A binding that [`Constant::Table`] names becomes a uniform of fixed length instead of storage.

use std::borrow::Cow;
use std::collections::HashMap;

use super::kernel::Kernel;
use super::lean::embedded;
use crate::{Error, Result};

/// The value of a constant in the prelude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `const NAME: u32 = …u;`
    U32(u32),
    /// `const NAME: bool = …;`
    Bool(bool),
    /// The binding of this name is a uniform of this many `vec4<f32>`: faster if all invocations read the same.
    Table(u32),
}

/// The constants of a shader's prelude, by name.
pub type Constants = Vec<(&'static str, Constant)>;

/// The WGSL files by their names under `shaders/`, without `.wgsl`.
#[derive(Clone, Debug)]
pub struct Sources(HashMap<&'static str, Cow<'static, str>>);

macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        [$(($name, Cow::Borrowed(embedded!(concat!("../../../shaders/", $name, ".wgsl"))))),*]
    };
}

impl Sources {
    /// The files as they were when planar was built.
    pub fn embedded() -> Self {
        let files = embed![
            "lib/activation",
            "lib/loss",
            "lib/network",
            "lib/one_hidden",
            "lib/output",
            "lib/output_unit",
            "lib/turn",
            "lib/dropout",
            "lib/optimizer",
            "lib/tensors",
            "lib/place",
            "lib/descend",
            "lib/resident",
            "lib/probe",
            "lib/sums",
            "lib/judged",
            "lib/held",
            "lib/told",
            "lib/passes",
            "lib/step",
            "lib/product",
            "lib/product_block",
            "lib/product_tile",
            "lib/forward",
            "lib/delta",
            "lib/gradient",
            "forward_block",
            "forward_tile",
            "delta_block",
            "delta_tile",
            "gradient_block",
            "gradient_tile",
            "gather",
            "output_delta",
            "norms",
            "update",
            "serial_forward",
            "serial_backward",
            "split_forward",
            "split_backward",
            "resident_narrow",
            "resident",
            "resident_layers",
            "probe_loop",
            "probe_function",
            "probe_copy",
            "probe_barrier",
        ];
        Self(HashMap::from(files))
    }

    /// The text of a file; empty if there is none of that name.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.as_ref())
    }

    /// Puts another text in a file's place.
    #[cfg(feature = "testing")]
    pub fn replace(&mut self, name: &str, text: String) {
        *self.0.get_mut(name).expect("a file of shaders/") = Cow::Owned(text);
    }

    /// The files that a kernel is made of: its own, the files that it uses, the files that those use, each once.
    pub fn files(&self, kernel: Kernel) -> Vec<&str> {
        let mut files = vec![kernel.name()];
        let mut next = 0;
        while let Some(file) = files.get(next) {
            for used in self.text(file).lines().filter_map(|line| line.strip_prefix("//# uses ")) {
                for name in used.split(',').map(str::trim) {
                    if !files.contains(&name) {
                        files.push(name);
                    }
                }
            }
            next += 1;
        }
        files
    }

    /// The whole shader of a kernel.
    ///
    /// # Errors
    /// [`Error::Shader`] if a file, the end of a repeat block, its count or the binding of a table is missing.
    pub fn compose(&self, kernel: Kernel, constants: &[(&'static str, Constant)]) -> Result<Shader> {
        let mut shader = Shader { text: String::new(), origins: Vec::new() };
        shader.append("the prelude", &prelude(constants), constants)?;
        for file in self.files(kernel).into_iter().rev() {
            let path = format!("shaders/{file}.wgsl");
            let text = self.0.get(file).ok_or_else(|| Error::Shader(format!("{path}: there is no such file")))?;
            shader.append(&path, &with_tables(text, constants), constants)?;
        }
        for (name, _) in constants.iter().filter(|(_, constant)| matches!(constant, Constant::Table(_))) {
            if !shader.text.contains(&format!("var<uniform> {name}: ")) {
                let storage = storage_of(name);
                return Err(Error::Shader(format!("{}: no binding is declared as '{storage}'", kernel.name())));
            }
        }
        Ok(shader)
    }
}

/// The constants' declarations.
fn prelude(constants: &[(&'static str, Constant)]) -> String {
    let declaration = |(name, value): &(&str, Constant)| match value {
        Constant::U32(value) => format!("const {name}: u32 = {value}u;\n"),
        Constant::Bool(value) => format!("const {name}: bool = {value};\n"),
        Constant::Table(_) => String::new(),
    };
    constants.iter().map(declaration).collect()
}

/// How a binding is declared that a table may take the place of.
fn storage_of(name: &str) -> String {
    format!("var<storage, read> {name}: array<vec4<f32>>;")
}

/// The text with every table declared as a uniform.
fn with_tables(text: &str, constants: &[(&'static str, Constant)]) -> String {
    constants.iter().fold(text.to_owned(), |text, (name, constant)| match constant {
        Constant::Table(length) => {
            text.replace(&storage_of(name), &format!("var<uniform> {name}: array<vec4<f32>, {length}>;"))
        }
        _ => text,
    })
}

/// A composed shader that remembers which lines came from which file.
#[derive(Clone, Debug)]
pub struct Shader {
    text: String,
    /// The file of each line and the line there, counted from 1.
    origins: Vec<(String, usize)>,
}

impl Shader {
    /// The WGSL.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file and line that a line of the composed text came from, both counted from 1.
    pub fn origin(&self, line: usize) -> (&str, usize) {
        self.origins.get(line.saturating_sub(1)).map_or(("", line), |(name, line)| (name, *line))
    }

    fn append(&mut self, path: &str, text: &str, constants: &[(&'static str, Constant)]) -> Result<()> {
        let lines: Vec<Line> = (1..).zip(text.lines().map(str::to_owned)).collect();
        for (number, line) in written_out(path, &lines, constants)? {
            self.text += &line;
            self.text.push('\n');
            self.origins.push((path.to_owned(), number));
        }
        Ok(())
    }
}

/// A line of a file and its number there.
type Line = (usize, String);

/// The lines with each repeat block written out as often as its constant says.
fn written_out(path: &str, lines: &[Line], constants: &[(&'static str, Constant)]) -> Result<Vec<Line>> {
    let (mut out, mut rest) = (Vec::new(), lines);
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        let Some(mark) = line.1.trim_start().strip_prefix("//#") else {
            out.push(line.clone());
            continue;
        };
        let wrong = |what: &str| Error::Shader(format!("{path}, line {}: {what}", line.0));
        match mark.split_whitespace().collect::<Vec<_>>()[..] {
            ["uses", ..] => out.push(line.clone()),
            ["repeat", index, "in", count] => {
                let end = format!("//# end {index}");
                let length = after.iter().position(|(_, line)| line.trim() == end);
                let length = length.ok_or_else(|| wrong(&format!("there is no '{end}'")))?;
                let is_count = |(name, value): &(&str, Constant)| match value {
                    Constant::U32(value) if *name == count => Some(*value),
                    _ => None,
                };
                let count = constants.iter().find_map(is_count);
                for copy in 0..count.ok_or_else(|| wrong("the count is no constant of the prelude"))? {
                    let copy: Vec<Line> =
                        after[..length].iter().map(|(at, line)| (*at, numbered(line, index, copy))).collect();
                    out.extend(written_out(path, &copy, constants)?);
                }
                rest = &after[length + 1..];
            }
            _ => return Err(wrong("this mark is not known here")),
        }
    }
    Ok(out)
}

/// A line of a repeat block's copy: `_k` in names becomes `_k0`, `_k1`, …, and `k` itself the number.
fn numbered(line: &str, index: &str, copy: u32) -> String {
    let mut out = String::new();
    for piece in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let part = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let after = &piece[part.len()..];
        out += &match out.chars().next_back() {
            _ if part != index => piece.to_owned(),
            Some('_') => format!("{part}{copy}{after}"),
            Some('.') => piece.to_owned(),
            _ if after == "_" => piece.to_owned(),
            _ => format!("{copy}u{after}"),
        };
    }
    out
}
