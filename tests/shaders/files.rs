//! The files of `shaders/` as they stand on disk, and what the host makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use naga::{Expression, Literal};
use planar::Error;
use planar::gpu::testing::Kernel;
use planar::gpu::testing::{Constant, Sources};

use crate::{Check, validated, variants};

const PRELUDE: &str = "lib/prelude";

/// Every `.wgsl` file on disk by its name.
fn files() -> Result<BTreeMap<String, String>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut files = BTreeMap::new();
    for part in ["", "lib/"] {
        for entry in std::fs::read_dir(folder.join(part)).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.extension().is_some_and(|extension| extension == "wgsl") {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
                files.insert(format!("{part}{stem}"), text);
            }
        }
    }
    Ok(files)
}

/// A file behind the files that it uses, as an editor would put them together: not a character is changed.
fn as_it_stands(files: &BTreeMap<String, String>, name: &str, seen: &mut BTreeSet<String>) -> Result<String, String> {
    if !seen.insert(name.to_owned()) {
        return Ok(String::new());
    }
    let text = files.get(name).ok_or_else(|| format!("no file {name}"))?;
    let mut whole = String::new();
    for uses in text.lines().filter_map(|line| line.strip_prefix("//# uses ")) {
        for used in uses.split(", ") {
            whole += &as_it_stands(files, used, seen)?;
        }
    }
    Ok(whole + text)
}

pub fn every_file_is_valid_as_it_stands() -> Check {
    let files = files()?;
    for name in files.keys() {
        let mut seen = BTreeSet::from([PRELUDE.to_owned()]);
        let text = files[PRELUDE].clone() + &as_it_stands(&files, name, &mut seen)?;
        let (module, _) = validated(name, &text)?;
        let entries: Vec<&str> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
        let wanted = if name.starts_with("lib/") { vec![] } else { vec![name.as_str()] };
        if entries != wanted {
            return Err(format!("{name} has the entry points {entries:?}"));
        }
    }
    Ok(())
}

pub fn no_shader_file_is_an_orphan() -> Check {
    let sources = Sources::embedded();
    let used = Kernel::ALL.iter().flat_map(|kernel| sources.files(*kernel));
    let used: BTreeSet<&str> = used.chain([PRELUDE]).collect();
    let files = files()?;
    let there: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    if there == used { Ok(()) } else { Err(format!("files {there:?}, used {used:?}")) }
}

/// The constants of the prelude on disk.
fn prelude_on_disk() -> Result<BTreeMap<String, Constant>, String> {
    let (module, _) = validated(PRELUDE, &files()?[PRELUDE])?;
    let value = |constant: &naga::Constant| match module.global_expressions[constant.init] {
        Expression::Literal(Literal::U32(value)) => Ok(Constant::U32(value)),
        Expression::Literal(Literal::Bool(value)) => Ok(Constant::Bool(value)),
        ref other => Err(format!("{:?} is {other:?}", constant.name)),
    };
    let named = |(_, constant)| Ok((naga::Constant::clone(constant).name.unwrap_or_default(), value(constant)?));
    module.constants.iter().map(named).collect()
}

pub fn the_prelude_on_disk_is_like_the_generated_ones() -> Check {
    let on_disk = prelude_on_disk()?;
    let mut generated: BTreeMap<&str, Vec<Constant>> = BTreeMap::new();
    let constants = variants().into_iter().flat_map(|(_, constants)| constants);
    for (name, value) in constants.filter(|(_, value)| !matches!(value, Constant::Table(_))) {
        let values = generated.entry(name).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }
    for (name, values) in &generated {
        let stand_in = on_disk.get(*name).ok_or_else(|| format!("{PRELUDE} lacks {name}"))?;
        let same_type = |value: &Constant| std::mem::discriminant(value) == std::mem::discriminant(stand_in);
        let never_varies = values.len() == 1;
        if !values.iter().all(same_type) || (never_varies && values[0] != *stand_in) {
            return Err(format!("{name} is {values:?}, and in {PRELUDE} {stand_in:?}"));
        }
    }
    let fixed = ["TANH", "SIGMOID", "RELU", "LEAKY_RELU", "OWN", "LONGEST", "SPANS", "SHORTEST_SPAN"];
    if let Some(varies) = fixed.iter().find(|name| generated.get(*name).is_none_or(|values| values.len() != 1)) {
        return Err(format!("{varies} is {:?}", generated.get(varies)));
    }
    // the numbers of copies stand in the text, not in the prelude
    let wanted: BTreeSet<&str> = generated.keys().copied().chain(["k", "r"]).collect();
    let there: BTreeSet<&str> = on_disk.keys().map(String::as_str).collect();
    if there == wanted { Ok(()) } else { Err(format!("{PRELUDE} has {there:?}, generated are {wanted:?}")) }
}

/// What is the same in a line on disk and in its copies: all but the numbers of the copies.
fn without_numbers(line: &str) -> String {
    line.chars().filter(|c| !c.is_ascii_digit() && !"_kru ".contains(*c)).collect()
}

pub fn every_line_is_traced_to_its_file() -> Check {
    let (files, sources) = (files()?, Sources::embedded());
    for (kernel, constants) in variants() {
        let shader = sources.compose(kernel, &constants).map_err(|error| error.to_string())?;
        let mut traced = 0;
        for (number, line) in (1..).zip(shader.text().lines()) {
            let (path, at) = shader.origin(number);
            let name = path.trim_start_matches("shaders/").trim_end_matches(".wgsl");
            let Some(text) = files.get(name) else { continue };
            let on_disk = text.lines().nth(at - 1).unwrap_or_default();
            // a table is declared in another way than it stands on disk
            if without_numbers(line) != without_numbers(on_disk) && !line.contains("var<uniform>") {
                return Err(format!("{}: '{line}' is traced to {path}, line {at}: '{on_disk}'", kernel.name()));
            }
            traced += 1;
        }
        if traced < files[kernel.name()].lines().filter(|line| !line.trim_start().starts_with("//#")).count() / 2 {
            return Err(format!("{}: {traced} lines are traced", kernel.name()));
        }
    }
    Ok(())
}

pub fn wrong_marks_are_refused() -> Check {
    let (copies, table) = ([("BLOCKS", Constant::U32(2))], [("inputs", Constant::Table(4))]);
    for (text, constants, words) in [
        ("//# repeat k in BLOCKS\nlet a_k = 0;", &copies, &["line 1", "no '//# end k'"][..]),
        ("\n//# repeat k in ROWS\nlet a_k = 0;\n//# end k", &copies, &["line 2", "no constant of the prelude"]),
        ("//# end k", &copies, &["line 1", "not known"]),
        ("//# again", &copies, &["line 1", "not known"]),
        ("//# uses lib/nothing", &copies, &["shaders/lib/nothing.wgsl", "no such file"]),
        ("var<storage, read> other: array<vec4<f32>>;", &table, &["no binding", "inputs"]),
    ] {
        let mut sources = Sources::embedded();
        sources.replace("forward_block", text.into());
        match sources.compose(Kernel::ForwardBlock, constants) {
            Err(Error::Shader(said)) if words.iter().all(|word| said.contains(word)) => {}
            other => return Err(format!("{text}: {:?}", other.map(|shader| shader.text().to_owned()))),
        }
    }
    Ok(())
}
