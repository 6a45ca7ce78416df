//! CSV files: what is read, and what each bad file is told.

use std::fs;
use std::path::{Path, PathBuf};

use planar::Error;
use planar::data::{Dataset, csv};
use tempfile::TempDir;

/// A file of that content in a folder of its own, which lasts as long as the first value.
fn file(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn read(content: impl AsRef<[u8]>, label: Option<&str>) -> Dataset {
    let (_folder, path) = file(content);
    csv::read(&path, label).unwrap()
}

/// SampleTable × features, and the labels.
fn rows(set: &Dataset) -> (Vec<Vec<f64>>, Vec<u8>) {
    ((0..set.samples()).map(|sample| set.point(sample).collect()).collect(), set.labels().into())
}

/// Asserts that the file is refused with one line: the path, then this.
#[track_caller]
fn assert_refused(content: impl AsRef<[u8]>, label: Option<&str>, wanted: &str) {
    let (_folder, path) = file(content);
    let error = csv::read(&path, label).unwrap_err();
    assert!(matches!(error, Error::Csv { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("{}{wanted}", path.display()));
    assert_eq!(wanted.lines().count(), 1);
}

// What is read.

#[test]
fn without_header_the_last_column_is_the_label() {
    let set = read("1,2.5,0\n-3e2,.5,1\n", None);
    assert_eq!(rows(&set), (vec![vec![1.0, 2.5], vec![-300.0, 0.5]], vec![0, 1]));
    assert_eq!((set.name(), set.seed(), set.features()), ("points.csv", None, 2));
}

#[test]
fn a_header_is_told_by_a_text_cell_and_is_no_sample() {
    assert_eq!(rows(&read("x,y,class\n1,2,0\n", None)), (vec![vec![1.0, 2.0]], vec![0]));
    assert_eq!(rows(&read("1,y,3\n1,2,0\n", None)), (vec![vec![1.0, 2.0]], vec![0]));
    assert_eq!(rows(&read(",x,class\n1,2,0\n", None)), (vec![vec![1.0, 2.0]], vec![0]));
}

#[test]
fn a_label_column_in_the_middle_leaves_the_features_in_their_order() {
    let wanted = (vec![vec![1.0, 2.0], vec![3.0, 4.0]], vec![1, 0]);
    assert_eq!(rows(&read("x,class,y\n1,1,2\n3,0,4\n", Some("class"))), wanted);
    assert_eq!(rows(&read("class,x,y\n1,1,2\n0,3,4\n", Some(" class "))), wanted);
}

#[test]
fn a_header_name_may_be_quoted() {
    let set = read("\"x, of the \"\"left\"\"\",\"the class\",y\n1,1,2\n", Some("the class"));
    assert_eq!(rows(&set), (vec![vec![1.0, 2.0]], vec![1]));
    let set = read("a,\"b \"\"c\"\"\"\n1,5\n", Some("a"));
    assert_eq!(rows(&set), (vec![vec![5.0]], vec![1]));
    let set = read("a,\"b \"\"c\"\"\"\n7,1\n", Some("b \"c\""));
    assert_eq!(rows(&set), (vec![vec![7.0]], vec![1]));
}

#[test]
fn every_way_to_write_0_and_1_is_a_label() {
    let set = read("0,0\n0,1\n0,0.0\n0,1.0\n0,1e0\n0,\"1\"\n0,+1\n", None);
    assert_eq!(set.labels(), [0, 1, 0, 1, 1, 1, 1]);
}

#[test]
fn byte_order_mark_line_ends_space_and_blank_lines_do_not_count() {
    let wanted = (vec![vec![2.0, 0.0], vec![4.0, 1.0]], vec![1, 0]);
    for content in [
        "x,y,z\n1,2,0\n0,4,1\n",
        "x,y,z\n1,2,0\n0,4,1",
        "\u{feff}x,y,z\n1,2,0\n0,4,1\n",
        "\u{feff}\"x\",y,z\r\n1,2,0\r\n0,4,1\r\n",
        "x,y,z\r1,2,0\r0,4,1\r",
        " x , y,z \n\t1, 2 ,0\n0,4,1\n",
        "\n\nx,y,z\n\n1,2,0\n   \n0,4,1\n\n\n",
    ] {
        assert_eq!(rows(&read(content, Some("x"))), wanted, "{content:?}");
    }
}

#[test]
fn one_feature_and_a_thousand_are_read() {
    assert_eq!(rows(&read("2,1\n", None)), (vec![vec![2.0]], vec![1]));
    let thousand: Vec<f64> = (1..=1000).map(f64::from).collect();
    let text = thousand.iter().map(|value| format!("{value},")).collect::<String>() + "0\n";
    assert_eq!(rows(&read(text, None)), (vec![thousand], vec![0]));
}

#[test]
fn many_rows_are_read() {
    let text: String = (0..100_000).map(|row| format!("{row},{}\n", row % 2)).collect();
    let set = read(text, None);
    assert_eq!((set.samples(), set.inputs()[99_999], set.labels()[99_999]), (100_000, 99_999.0, 1));
}

// What is refused.

#[test]
fn a_missing_file_and_a_directory_are_io_errors_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), &folder.path().join("missing.csv")] {
        let error = csv::read(path, None).unwrap_err();
        assert!(matches!(&error, Error::Io { path: there, .. } if there == Path::new(path)), "{error:?}");
        assert!(error.to_string().starts_with(&format!("{}: ", path.display())), "{error}");
    }
}

#[test]
fn a_file_without_rows_is_refused() {
    for content in ["", "\n\r\n", "  \n", "\u{feff}"] {
        assert_refused(content, None, ": the file is empty, where rows of numbers with a label 0 or 1 are expected");
    }
    for content in ["x,y,class", "x,y,class\n\n \n"] {
        assert_refused(content, None, ": there are no samples below the header row");
    }
}

#[test]
fn a_row_of_other_length_is_refused() {
    let wanted = ", line 3: 2 cells, where 3 are expected, as in the first row";
    assert_refused("x,y,class\n1,2,0\n1,0\n", None, wanted);
    assert_refused("1,2,0\n1,2,3,0\n", None, ", line 2: 4 cells, where 3 are expected, as in the first row");
    assert_refused("1,2,0\n1\n", None, ", line 2: 1 cell, where 3 are expected, as in the first row");
}

#[test]
fn a_text_or_empty_cell_is_refused() {
    assert_refused("1,2,0\n1,two,0\n", None, r#", line 2, column 2: "two" is not a number, which is expected here"#);
    assert_refused("x,y\nx,y\n1,0\n", None, r#", line 2, column 1: "x" is not a number, which is expected here"#);
    assert_refused("1,2,0\n1, ,0\n", None, ", line 2, column 2: the cell is empty, where a number is expected");
    assert_refused("1,2,0\n1,2,\n", None, ", line 2, column 3: the cell is empty, where a label 0 or 1 is expected");
}

#[test]
fn a_gap_in_the_first_row_does_not_make_it_a_header() {
    assert_refused("1,,0\n1,2,0\n", None, ", line 1, column 2: the cell is empty, where a number is expected");
}

#[test]
fn a_value_that_is_not_finite_is_refused_and_is_no_header() {
    for cell in ["nan", "NaN", "inf", "-inf", "Infinity", "1e400"] {
        let problem = format!("{cell:?} is not finite, where a finite number is expected");
        assert_refused(format!("{cell},1,0\n"), None, &format!(", line 1, column 1: {problem}"));
        assert_refused(format!("x,y,class\n1,{cell},0\n"), None, &format!(", line 2, column 2: {problem}"));
    }
}

#[test]
fn a_value_beyond_f32_is_refused() {
    assert_refused("1,1e39,0\n", None, ", line 1, column 2: \"1e39\" is beyond the range of f32, ±3.4e38");
}

#[test]
fn a_label_that_is_neither_0_nor_1_is_refused() {
    for cell in ["2", "-1", "0.5", "yes", "nan", "1.0000000001"] {
        let wanted = format!(", line 2, column 3: {cell:?} is not a label, which is 0 or 1");
        assert_refused(format!("1,2,0\n3,4,{cell}\n"), None, &wanted);
    }
    let wanted = r#", line 3, column 1: "7" is not a label, which is 0 or 1"#;
    assert_refused("class,x\n1,7\n7,1\n", Some("class"), wanted);
}

#[test]
fn one_column_is_refused() {
    assert_refused("0\n1\n", None, ": 1 column, where features and a label between commas are expected");
    assert_refused("x;y;class\n1;2;0\n", None, ": 1 column, where features and a label between commas are expected");
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    let wanted = ", line 2, column 2: the file is not UTF-8 text, which is expected";
    assert_refused(b"1,2,0\n1,\xe9,0\n", None, wanted);
    assert_refused(b"x,\xe9,class\n1,2,0\n", None, ", line 1, column 2: the file is not UTF-8 text, which is expected");
    // UTF-16 with its byte order mark.
    assert_refused(b"\xff\xfe1\0,\x000\0", None, ", line 1, column 1: the file is not UTF-8 text, which is expected");
}

#[test]
fn a_label_column_that_is_not_there_is_answered_with_those_that_are() {
    let wanted = r#": no column is named "z"; there are "x", "the \"y\"", "class""#;
    assert_refused("x,\"the \"\"y\"\"\",class\n1,2,0\n", Some("z"), wanted);
    assert_refused("1,2,0\n", Some("z"), r#": there is no header row to name a label column "z""#);
}

#[test]
fn a_label_column_named_twice_is_refused_but_other_names_may_repeat() {
    let twice = "class,x,class\n1,2,0\n";
    let wanted = r#", line 1, column 3: column 1 is named "class" too: which is the label?"#;
    assert_refused(twice, Some("class"), wanted);
    assert_eq!(rows(&read(twice, None)), (vec![vec![1.0, 2.0]], vec![0]));
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let problem = r#"column 1: "?" is not a number, which is expected here"#;
    for (before, line) in [
        ("\u{feff}x,class\n1,0\n", 3),
        ("x,class\r\n1,0\r\n", 3),
        ("x,class\r1,0\r", 3),
        ("\n\nx,class\n\n1,0\n\n  \n", 8),
        ("\r\n\r\nx,class\r\n\r\n1,0\r\n\r\n", 7),
        ("\"x\n1\",class\n1,0\n", 4),
    ] {
        assert_refused(format!("{before}?,0\n"), None, &format!(", line {line}, {problem}"));
    }
}

#[test]
fn a_long_or_broken_cell_is_shown_short_and_on_one_line() {
    let shown = "é".repeat(40);
    let wanted = format!(r#", line 2, column 1: "{shown}"… is not a number, which is expected here"#);
    assert_refused(format!("1,0\n{},0\n", "é".repeat(5000)), None, &wanted);
    let wanted = r#", line 2, column 1: "a\nb" is not a number, which is expected here"#;
    assert_refused("1,0\n\"a\nb\",0\n", None, wanted);
}
