//! A large table is read in little memory: what is no number is not kept.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use planar::data::table::{Input, TableOptions, read};
use tempfile::TempDir;

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    1024 * line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
}

#[test]
fn memory_is_bounded_by_the_numbers_and_not_by_the_text() {
    const ROWS: u64 = 500_000;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("large.csv");
    let mut file = fs::File::create(&path).unwrap();
    writeln!(file, "name,address,x,class").unwrap();
    for block in 0..ROWS / 10_000 {
        let mut text = String::new();
        for row in 10_000 * block..10_000 * (block + 1) {
            let street = "a long street ".repeat(6);
            writeln!(
                text,
                "\"person {row}, of the house\",{street}{row},{}.5,{}",
                row % 977,
                ["no", "yes"][row as usize % 2]
            )
            .unwrap();
        }
        file.write_all(text.as_bytes()).unwrap();
    }
    drop(file);
    let size = fs::metadata(&path).unwrap().len();
    assert!(size > 60 << 20, "{size}");
    let options = TableOptions { drop: vec!["name".into(), "address".into()], ..TableOptions::default() };
    let (before, mut reports) = (peak(), 0);
    let data = read(Input::Path(&path), &options, &mut |_| reports += 1).unwrap().dataset().unwrap();
    assert_eq!((data.samples() as u64, data.features(), reports > 30), (ROWS, 1, true));
    // four columns of f64, the label's codes, and copies on the way
    let grown = peak() - before;
    assert!(grown < size / 2, "{} MB for {} MB", grown >> 20, size >> 20);
}
