//! From the WGSL files in `shaders/` to whole shaders: the `lib/` files that a kernel uses, a prelude of constants, and
//! the kernel, one after another.
//!
//! Two things are done to a kernel's text on the way. A line that has names in `_k` stands for as many lines as the
//! constant `BLOCKS` says, numbered `_k0`, `_k1`, …; names in `_r` likewise for `ROWS`. So what an invocation does to
//! several samples or units stands unrolled, step after step. And a binding that [`Constant::Table`] names becomes a
//! uniform of fixed length instead of storage.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use super::kernel::Kernel;

/// The value of a constant in the prelude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `const NAME: u32 = …u;`
    U32(u32),
    /// `const NAME: bool = …;`
    Bool(bool),
    /// The binding of this name is a uniform of so many `vec4<f32>`: faster where all invocations read the same.
    Table(u32),
}

/// The constants of a shader's prelude, by name.
pub type Constants = Vec<(&'static str, Constant)>;

/// The WGSL files by their names under `shaders/`, without `.wgsl`.
#[derive(Clone, Debug)]
pub struct Sources(HashMap<&'static str, Cow<'static, str>>);

macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        [$(($name, Cow::Borrowed(include_str!(concat!("../../shaders/", $name, ".wgsl"))))),*]
    };
}

impl Sources {
    /// The files as they were when planar was built.
    pub fn embedded() -> Self {
        let files = embed![
            "lib/activation",
            "lib/loss",
            "lib/network",
            "lib/fused",
            "lib/descend",
            "lib/probe",
            "matmul",
            "bias_activation",
            "output_delta",
            "hidden_delta",
            "bias_sum",
            "sum_slabs",
            "update",
            "cost",
            "record",
            "fused_forward",
            "fused_backward",
            "fused_update",
            "probe_loop",
            "probe_function",
            "probe_copy",
            "probe_barrier",
        ];
        Self(HashMap::from(files))
    }

    /// The text of a file; empty where there is none of that name.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.as_ref())
    }

    /// Puts another text in a file's place.
    pub fn replace(&mut self, name: &'static str, text: String) {
        self.0.insert(name, Cow::Owned(text));
    }

    /// The whole shader of a kernel.
    pub fn compose(&self, kernel: Kernel, constants: &[(&'static str, Constant)]) -> Shader {
        let mut shader = Shader { text: String::new(), origins: Vec::new() };
        for library in kernel.libraries() {
            shader.append(&format!("shaders/{library}.wgsl"), self.text(library), &[]);
        }
        shader.append("the prelude", &prelude(constants), &[]);
        let mut text = Cow::Borrowed(self.text(kernel.name()));
        for (name, constant) in constants {
            if let Constant::Table(length) = constant {
                let (storage, uniform) = (format!("var<storage, read> {name}:"), format!("var<uniform> {name}:"));
                let declaration = |line: &str| match line.split_once(&storage) {
                    Some((before, _)) => format!("{before}{uniform} array<vec4<f32>, {length}>;\n"),
                    None => format!("{line}\n"),
                };
                text = text.lines().map(declaration).collect::<String>().into();
            }
        }
        shader.append(&format!("shaders/{}.wgsl", kernel.name()), &text, constants);
        shader
    }
}

/// The constants' declarations. BLOCKS brings `block_k0 = 0`, `block_k1 = 1`, …; ROWS the vector and the first
/// column of each row: `vector_r0 = 1`, `column_r0 = 2`, `vector_r1 = 2`, `column_r1 = 6`, …
fn prelude(constants: &[(&'static str, Constant)]) -> String {
    let mut prelude = String::new();
    for (name, value) in constants {
        // writing to a String cannot fail
        let _ = match value {
            Constant::U32(value) => writeln!(prelude, "const {name}: u32 = {value}u;"),
            Constant::Bool(value) => writeln!(prelude, "const {name}: bool = {value};"),
            Constant::Table(_) => Ok(()),
        };
    }
    for block in 0..repeats(constants, "BLOCKS").unwrap_or(0) {
        let _ = writeln!(prelude, "const block_k{block}: u32 = {block}u;");
    }
    for row in 0..repeats(constants, "ROWS").unwrap_or(0) {
        let (vector, column) = (row + 1, 4 * row + 2);
        let _ = writeln!(prelude, "const vector_r{row}: u32 = {vector}u;\nconst column_r{row}: u32 = {column}u;");
    }
    prelude
}

/// How often lines of a kind are repeated, where they are.
fn repeats(constants: &[(&'static str, Constant)], name: &str) -> Option<u32> {
    constants.iter().find_map(|(constant, value)| match value {
        Constant::U32(count) if *constant == name => Some(*count),
        _ => None,
    })
}

/// A line for each number where it has names that end in the mark, or have it before another; else the line itself.
fn repeat(line: &str, mark: &str, count: Option<u32>) -> Vec<String> {
    let ends_here = |(at, _): &(usize, &str)| {
        let next = line[at + mark.len()..].chars().next();
        !next.is_some_and(|c| c.is_ascii_alphanumeric())
    };
    let places: Vec<usize> = line.match_indices(mark).filter(ends_here).map(|(at, _)| at).collect();
    let Some(count) = count.filter(|_| !places.is_empty()) else { return vec![line.to_owned()] };
    let numbered = |number: u32| {
        let (mut out, mut from) = (String::new(), 0);
        for at in &places {
            let _ = write!(out, "{}{mark}{number}", &line[from..*at]);
            from = at + mark.len();
        }
        out + &line[from..]
    };
    (0..count).map(numbered).collect()
}

/// A composed shader that remembers which lines came from which file.
#[derive(Clone, Debug)]
pub struct Shader {
    text: String,
    /// For each line the file and the line there, counted from 1.
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

    fn append(&mut self, name: &str, text: &str, constants: &[(&'static str, Constant)]) {
        let (blocks, rows) = (repeats(constants, "BLOCKS"), repeats(constants, "ROWS"));
        for (number, line) in text.lines().enumerate() {
            for line in repeat(line, "_r", rows).iter().flat_map(|line| repeat(line, "_k", blocks)) {
                self.text.push_str(&line);
                self.text.push('\n');
                self.origins.push((name.to_owned(), number + 1));
            }
        }
    }
}
