//! Every dependency is explained, and planar builds without build scripts of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The keys of every table of dependencies, including those for a single platform.
fn declared(manifest: &str) -> BTreeSet<String> {
    let (mut names, mut in_table) = (BTreeSet::new(), false);
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            in_table = table.trim_end_matches(']').ends_with("dependencies");
            assert!(!table.contains("dependencies."), "a table of one dependency, which this does not read: {line}");
        } else if let Some((name, _)) = line.split_once('=').filter(|(name, _)| in_table && !name.starts_with('#')) {
            // `name.workspace = true` and the like
            names.insert(name.trim().split('.').next().unwrap_or_default().to_owned());
        }
    }
    names
}

#[test]
fn every_dependency_is_explained_and_nothing_else_is() {
    let explained: Vec<String> = read("docs/dependencies.md")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("- `")?.split_once("`: ")?.0.to_owned()))
        .collect();
    let once: BTreeSet<String> = explained.iter().cloned().collect();
    assert_eq!(explained.len(), once.len(), "one is explained twice");
    let all = ["Cargo.toml", "bindings/python/Cargo.toml", "bindings/web/Cargo.toml", "bindings/web/bind/Cargo.toml"]
        .map(|manifest| declared(&read(manifest)));
    assert_eq!(once, all.into_iter().flatten().collect());
}

#[test]
fn every_dependency_comes_from_the_registry_as_it_was_locked() {
    let lock = read("Cargo.lock");
    let is_own = |package: &&str| {
        ["planar", "planar-python", "planar-web"].iter().any(|name| package.contains(&format!("name = \"{name}\"")))
    };
    let packages = lock.split("[[package]]").skip(1).filter(|package| !is_own(package));
    for package in packages {
        let source = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert!(package.contains(source) && package.contains("checksum = "), "{package}");
    }
}

#[test]
fn nothing_runs_when_planar_is_built() {
    let manifest = read("Cargo.toml");
    assert!(!Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs").exists());
    for key in ["build =", "build=", "[build-dependencies]", "proc-macro"] {
        assert!(!manifest.contains(key), "{key}");
    }
}
