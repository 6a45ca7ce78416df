//! The names of the data sets and the options that go with each.

use std::fs;

use planar::data::table::TableOptions;
use planar::data::{DEFAULT_SEED, Options, Source};

fn parse(text: &str) -> Source {
    text.parse().unwrap()
}

#[track_caller]
fn assert_refused(source: &Source, options: Options, wanted: &str) {
    assert_eq!(source.load(&options).unwrap_err().to_string(), wanted);
}

#[test]
fn every_generated_set_is_named_and_loads_under_its_name() {
    let names = ["flower", "noisy-circles", "noisy-moons", "blobs", "gaussian-quantiles", "spirals", "xor"];
    assert_eq!(names.len(), Source::GENERATED.len());
    for (source, name) in Source::GENERATED.into_iter().zip(names) {
        assert_eq!(parse(name), source);
        assert_eq!(source.to_string(), name);
        assert_eq!(source.load(&Options::default()).unwrap().name(), name);
    }
}

#[test]
fn a_csv_path_is_told_by_its_end_a_separator_or_the_file_itself() {
    for path in [
        "points.csv",
        "POINTS.CSV",
        ".csv",
        "points.csv.gz",
        "points.tsv",
        "-",
        "./points.txt",
        "some/points",
        "./flower",
        "a \"b\".csv",
    ] {
        assert_eq!(parse(path), Source::Csv(path.into()));
        assert_eq!(parse(path).to_string(), path);
    }
    // Tests run in the package's folder, where this file lies.
    assert_eq!(parse("Cargo.toml"), Source::Csv("Cargo.toml".into()));
}

#[test]
fn another_name_is_answered_with_those_that_there_are() {
    // `src` is there, but not a file.
    for text in ["moon", "Flowr", "make_flower", "src", ""] {
        let wanted =
            "one of flower, noisy-circles, noisy-moons, blobs, gaussian-quantiles, spirals, xor, or a FILE.csv";
        let error = text.parse::<Source>().unwrap_err();
        assert_eq!(error.to_string(), format!("the data set must be {wanted}, not '{text}'"));
    }
}

#[test]
fn a_set_gets_its_name_however_it_is_typed() {
    for (text, name) in [
        ("Flower", "flower"),
        ("moons", "noisy-moons"),
        ("noisy_moons", "noisy-moons"),
        ("make_moons", "noisy-moons"),
        ("Circles", "noisy-circles"),
        ("make_circles", "noisy-circles"),
        ("make_blobs", "blobs"),
        ("quantiles", "gaussian-quantiles"),
        ("gaussian_quantiles", "gaussian-quantiles"),
        ("Spiral", "spirals"),
        ("XOR", "xor"),
    ] {
        assert_eq!(parse(text).to_string(), name);
    }
}

#[test]
fn the_defaults_are_the_notebooks() {
    let samples = Source::GENERATED.map(|source| source.default_samples());
    assert_eq!(samples, [Some(400), Some(200), Some(200), Some(200), Some(200), Some(200), Some(200)]);
    assert_eq!(parse("points.csv").default_samples(), None);
    for source in Source::GENERATED {
        let set = source.load(&Options::default()).unwrap();
        assert_eq!(Some(set.samples()), source.default_samples());
        let seed = if source == Source::Blobs { 5 } else { DEFAULT_SEED };
        assert_eq!((set.seed(), source.default_seed()), (Some(seed), Some(seed)));
    }
    assert_eq!(DEFAULT_SEED, 1);
}

#[test]
fn samples_and_seed_reach_the_generated_sets() {
    for source in Source::GENERATED {
        let set = source.load(&Options { samples: Some(10), seed: Some(7), ..Options::default() }).unwrap();
        assert_eq!((set.samples(), set.seed()), (10, Some(7)), "{source}");
        assert_ne!(set.inputs(), source.load(&Options { samples: Some(10), ..Options::default() }).unwrap().inputs());
    }
}

#[test]
fn a_number_of_samples_is_even_and_bounded() {
    for source in Source::GENERATED {
        for (samples, wanted) in [
            (0, "an even number of at least 2"),
            (401, "an even number of at least 2"),
            (100_000_002, "at most 100000000"),
        ] {
            let options = Options { samples: Some(samples), ..Options::default() };
            let wanted = format!("the number of samples must be {wanted}, not {samples}");
            assert_refused(&source, options, &wanted);
        }
    }
}

#[test]
fn an_option_that_does_not_apply_is_refused() {
    let label = TableOptions { label: Some("class".into()), ..TableOptions::default() };
    let (samples, seed) = (Some(10), Some(1));
    let csv = parse("points.csv");
    let wanted = "a number of samples does not apply to points.csv: a CSV file has its own";
    assert_refused(&csv, Options { samples, ..Options::default() }, wanted);
    let wanted = "a seed does not apply to points.csv: nothing in a CSV file is random";
    assert_refused(&csv, Options { seed, ..Options::default() }, wanted);
    for source in Source::GENERATED {
        let wanted = format!("a label column does not apply to {source}: only a CSV file has columns to choose from");
        assert_refused(&source, Options { table: label.clone(), ..Options::default() }, &wanted);
    }
}

#[test]
fn the_label_column_reaches_the_csv_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    fs::write(&path, "class,x\n1,2\n").unwrap();
    let table = TableOptions { label: Some("class".into()), ..TableOptions::default() };
    let set = Source::Csv(path).load(&Options { table, ..Options::default() }).unwrap();
    assert_eq!((set.labels(), set.inputs()), (&[1][..], &[2.0][..]));
}
