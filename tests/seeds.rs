//! The assertions of the fuzz targets hold for their seeds, and for the inputs that they found.

#[path = "../fuzz/checks.rs"]
mod checks;

use std::fs;
use std::path::Path;

/// A target's function.
type Check = fn(&[u8]);

#[test]
fn every_seed_passes_its_fuzz_target() {
    let targets: [(&str, Check); 7] = [
        ("csv", checks::csv),
        ("checkpoint", checks::checkpoint),
        ("metrics", checks::metrics),
        ("results", checks::results),
        ("ranges", checks::ranges),
        ("json", checks::json),
        ("text", checks::text),
    ];
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    assert_eq!(fs::read_dir(&seeds).unwrap().count(), targets.len(), "a target that is not replayed here");
    for (target, check) in targets {
        let files: Vec<_> = fs::read_dir(seeds.join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 3, "{target} has {} seeds", files.len());
        for file in files {
            println!("{}", file.display());
            check(&fs::read(&file).unwrap());
        }
    }
}
