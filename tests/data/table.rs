//! Tables: what is read, and what each bad file is told.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use planar::data::Dataset;
use planar::data::table::{Delimiter, Header, Input, Missing, Notice, Table, TableOptions, read, samples};
use planar::model::Output;
use planar::{Error, Result};
use tempfile::TempDir;

fn table(content: impl AsRef<[u8]>, options: &TableOptions) -> Result<Table> {
    read(Input::Bytes("points.csv".as_ref(), content.as_ref()), options, &mut |_| ())
}

fn label(name: &str) -> TableOptions {
    TableOptions { label: Some(name.into()), ..TableOptions::default() }
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| String::from(*name)).collect()
}

fn drop(names: &[&str]) -> TableOptions {
    TableOptions { drop: list(names), ..TableOptions::default() }
}

fn set(content: impl AsRef<[u8]>, options: &TableOptions) -> Dataset {
    table(content, options).unwrap().dataset().unwrap()
}

fn plain(content: impl AsRef<[u8]>) -> Dataset {
    set(content, &TableOptions::default())
}

/// Samples × features, and the labels.
fn rows(set: &Dataset) -> (Vec<Vec<f64>>, Vec<u8>) {
    ((0..set.samples()).map(|sample| set.point(sample).collect()).collect(), set.labels().into())
}

fn names(set: &Dataset) -> Vec<&str> {
    set.columns().features.iter().map(|feature| feature.name.as_str()).collect()
}

fn notices(content: impl AsRef<[u8]>, options: &TableOptions) -> Vec<String> {
    table(content, options).unwrap().notices.iter().map(Notice::to_string).collect()
}

/// Asserts that the file is refused with one line: its name, then this.
#[track_caller]
fn assert_refused(content: impl AsRef<[u8]>, options: &TableOptions, wanted: &str) {
    let error = table(content, options).unwrap_err();
    assert!(matches!(error, Error::Csv { .. } | Error::Text { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("points.csv{wanted}"));
    assert_eq!(wanted.lines().count(), 1);
}

/// [`assert_refused`] where nothing is asked for.
#[track_caller]
fn refused(content: impl AsRef<[u8]>, wanted: &str) {
    assert_refused(content, &TableOptions::default(), wanted);
}

/// A file of that content in a folder of its own, which lasts as long as the first value.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

// What is read.

#[test]
fn without_header_the_last_column_is_the_label() {
    let set = plain("1,2.5,0\n-3e2,.5,1\n");
    assert_eq!(rows(&set), (vec![vec![1.0, 2.5], vec![-300.0, 0.5]], vec![0, 1]));
    assert_eq!((set.name(), set.seed(), set.features()), ("points.csv", None, 2));
    assert_eq!(names(&set), ["x1", "x2"]);
    let columns = set.columns();
    assert_eq!((columns.named, columns.width, columns.label.as_ref().unwrap().shown()), (false, 3, "column 3".into()));
}

#[test]
fn a_first_row_of_text_is_a_header_and_no_sample() {
    let set = plain("x,y,class\n1,2,0\n3,4,1\n");
    assert_eq!(rows(&set), (vec![vec![1.0, 2.0], vec![3.0, 4.0]], vec![0, 1]));
    assert_eq!((names(&set), set.columns().label.as_ref().unwrap().shown()), (vec!["x", "y"], "class".into()));
    // a name above the index may be missing
    assert_eq!(rows(&plain(",x,class\n5,2,0\n7,3,1\n")), (vec![vec![5.0, 2.0], vec![7.0, 3.0]], vec![0, 1]));
    // the columns of a frame that pandas numbered itself
    assert_eq!(rows(&plain("0,1,target\n5,2,0\n7,3,1\n")), (vec![vec![5.0, 2.0], vec![7.0, 3.0]], vec![0, 1]));
}

#[test]
fn a_first_row_of_numbers_is_a_sample_and_its_odd_cell_an_error() {
    let odd = r#"is not a number, which is expected here"#;
    refused("1,y,3\n1,2,0\n", &format!(r#", line 1, column 2: "y" {odd}"#));
    refused("1.O5,0.5,1\n0.1,1.2,1\n-0.9,0.9,0\n", &format!(r#", line 1, column 1: "1.O5" {odd}"#));
    let missing = r#": "?" stands for a missing value, where a number is expected"#;
    refused("?,0.5,1\n0.1,1.2,1\n-0.9,0.9,0\n", &format!(", line 1, column 1{missing}"));
    refused("1,,0\n1,2,0\n", ", line 1, column 2: the cell is empty, where a number is expected");
    // a class that stands below again is a label, whatever else the first row holds
    assert_eq!(rows(&plain("0.5,blue\n0.7,red\n0.1,blue\n")).1, [0, 1, 0]);
    refused("1.O5,blue\n0.7,red\n0.1,blue\n", &format!(r#", line 1, column 1: "1.O5" {odd}"#));
}

#[test]
fn whether_there_is_a_header_can_be_said() {
    let with = |header| TableOptions { header, ..TableOptions::default() };
    assert_eq!(rows(&set("1,2,3\n4,5,0\n7,8,1\n", &with(Header::Yes))).1, [0, 1]);
    assert_eq!(names(&set("1,2,3\n4,5,0\n7,8,1\n", &with(Header::Yes))), ["1", "2"]);
    let odd = r#", line 1, column 1: "x" is not a number, which is expected here"#;
    assert_refused("x,y\n1,0\n2,1\n", &with(Header::No), odd);
}

#[test]
fn a_label_column_is_named_or_numbered_and_leaves_the_features_in_their_order() {
    let wanted = (vec![vec![1.0, 2.0], vec![3.0, 4.0]], vec![1, 0]);
    assert_eq!(rows(&set("x,class,y\n1,1,2\n3,0,4\n", &label("class"))), wanted);
    assert_eq!(rows(&set("class,x,y\n1,1,2\n0,3,4\n", &label(" class "))), wanted);
    assert_eq!(rows(&set("1,1,2\n0,3,4\n", &label("1"))), wanted);
    // a name goes before a number
    assert_eq!(rows(&set("1,3,2\n1,1,2\n3,0,4\n", &TableOptions { header: Header::Yes, ..label("3") })), wanted);
}

#[test]
fn features_and_dropped_columns_are_names_numbers_and_ranges() {
    let text = "id,a,b,the class,c\n1,2,3,0,4\n9,6,7,1,8\n";
    let features = |of: &[&str]| TableOptions { features: list(of), ..label("the class") };
    assert_eq!(names(&set(text, &features(&["c", "a"]))), ["a", "c"]);
    assert_eq!(names(&set(text, &features(&["2-3"]))), ["a", "b"]);
    assert_eq!(names(&set(text, &TableOptions { drop: list(&["id", "2..3"]), ..label("4") })), ["c"]);
    // without a name for the label, it is the last column that is nothing else
    assert_eq!(set(text, &drop(&["c"])).columns().label.as_ref().unwrap().shown(), "the class");
    assert_eq!(set(text, &drop(&["c"])).columns().dropped, ["c"]);
}

#[test]
fn a_header_name_may_be_quoted() {
    let text = "\"x, of the \"\"left\"\"\",\"the class\",y\n1,1,2\n3,0,4\n";
    let set_of = set(text, &label("the class"));
    assert_eq!((rows(&set_of).1, names(&set_of)), (vec![1, 0], vec!["x, of the \"left\"", "y"]));
    assert_eq!(rows(&set("a,\"b \"\"c\"\"\"\n7,1\n8,0\n", &label("b \"c\""))).1, [1, 0]);
}

#[test]
fn every_way_to_write_0_and_1_is_a_label() {
    let set = plain("0,0\n1,1\n2,0.0\n3,1.0\n4,1e0\n5,\"1\"\n6,+1\n7,-0\n");
    assert_eq!(set.labels(), [0, 1, 0, 1, 1, 1, 1, 0]);
    assert_eq!(set.columns().classes, ["0", "1"]);
}

#[test]
fn any_two_values_are_the_two_classes_in_their_order() {
    for (values, classes) in [
        (["B", "M"], ["B", "M"]),
        (["yes", "no"], ["no", "yes"]),
        (["True", "False"], ["False", "True"]),
        (["2", "1"], ["1", "2"]),
        (["1", "-1"], ["-1", "1"]),
        (["10", "9"], ["9", "10"]),
        (["1.5e0", "x"], ["1.5", "x"]),
    ] {
        let [a, b] = values;
        let text = format!("1,{a}\n2,{b}\n3,{a}\n");
        let set = plain(&text);
        assert_eq!(set.columns().classes, classes, "{values:?}");
        let is = |value: &str| u8::from(planar_name(value) == classes[1]);
        assert_eq!(set.labels(), [is(a), is(b), is(a)], "{values:?}");
        let told = format!("{} is class 0, {} is class 1", classes[0], classes[1]);
        assert_eq!(notices(&text, &TableOptions::default()), [told]);
    }
}

/// A class as it is named: a number in its shortest form.
fn planar_name(value: &str) -> String {
    value.parse::<f64>().map_or(value.into(), |number| number.to_string())
}

#[test]
fn the_positive_label_is_class_1_of_two_or_against_the_rest() {
    let positive = |name: &str| TableOptions { positive: Some(name.into()), ..TableOptions::default() };
    let two = set("1,M\n2,B\n3,M\n", &positive("B"));
    assert_eq!((two.labels(), two.columns().classes.as_slice()), (&[0, 1, 0][..], &list(&["M", "B"])[..]));
    let three = set("1,a\n2,b\n3,c\n4,b\n", &positive("b"));
    assert_eq!((three.labels(), three.columns().classes.as_slice()), (&[0, 1, 0, 1][..], &list(&["not b", "b"])[..]));
    assert_eq!(notices("1,a\n2,b\n3,c\n4,b\n", &positive("b")), ["b is class 1, and 2 other labels are class 0"]);
    assert_eq!(set("1,-1\n2,1\n", &positive("-1")).labels(), [1, 0]);
    assert_refused("1,a\n2,b\n", &positive("c"), r#", column 2: no label is "c"; there are "a", "b""#);
}

#[test]
fn more_than_two_labels_are_as_many_classes() {
    let set = plain("1,c\n2,a\n3,b\n4,c\n");
    assert_eq!((set.labels(), set.columns().classes.as_slice()), (&[2, 0, 1, 2][..], &list(&["a", "b", "c"])[..]));
    assert_eq!(set.class_counts(), [1, 1, 2]);
    // a class that a dropped row alone has is none
    let options = TableOptions { missing: Missing::Drop, ..TableOptions::default() };
    assert_eq!(self::set("1,c\n2,a\n?,b\n4,c\n", &options).columns().classes, ["a", "c"]);
}

#[test]
fn a_label_of_over_256_values_is_refused() {
    let wanted = ", column 2: the label has over 256 different values, where classes are expected: \
        is another column the label?";
    let text: String = (0..300).map(|row| format!("{row},{row}\n")).collect();
    assert_refused(&text, &TableOptions { output: Some(Output::Softmax), ..TableOptions::default() }, wanted);
    let text: String = (0..300).map(|row| format!("{row},name {row}\n")).collect();
    refused(&text, wanted);
    let text: String = (0..256).map(|row| format!("{row},name {row}\n")).collect();
    assert_eq!(plain(text).columns().classes.len(), 256);
}

#[test]
fn a_label_that_stands_in_one_row_of_many_is_told() {
    let rows = |lone: &str| (0..30).map(|row| format!("{row},{}\n", row % 2)).collect::<String>() + lone;
    assert_eq!(
        notices(rows("99,O\n"), &TableOptions::default())[0],
        "the label O stands in one row alone: is it a slip?"
    );
    assert!(!notices(rows(""), &TableOptions::default()).iter().any(|notice| notice.contains("slip")));
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
        assert_eq!(rows(&set(content, &label("x"))), wanted, "{content:?}");
    }
}

#[test]
fn separators_and_decimal_commas_are_found() {
    let wanted = (vec![vec![0.5, 2.25], vec![-4.0, 1.0]], vec![1, 0]);
    for content in [
        "x;y;z\n0.5;2.25;1\n-4;1;0\n",
        "x;y;z\n0,5;2,25;1\n-4;1;0\n",
        "0,5;2,25;1\n-4;1;0\n",
        "x\ty\tz\n0,5\t2,25\t1\n-4\t1\t0\n",
        "0.5 2.25 1\n-4 1 0\n",
        "   5.0e-1   2.25 1\n  -4.0e+0   1.00 0\n",
        "sep=;\nx;y;z\n0.5;2.25;1\n-4;1;0\n",
    ] {
        assert_eq!(rows(&plain(content)), wanted, "{content:?}");
    }
    assert_eq!(notices("0,5;1\n7;0\n", &TableOptions::default()), ["numbers have decimal commas, as in 0,5"]);
    let bar = TableOptions { delimiter: Some("|".parse().unwrap()), ..TableOptions::default() };
    assert_eq!(rows(&set("x|y|z\n0.5|2.25|1\n-4|1|0\n", &bar)), wanted);
    let names = ["comma", "semicolon", "tab", "space"].map(|name| name.parse::<Delimiter>().unwrap());
    assert_eq!(names, [Delimiter::COMMA, Delimiter::SEMICOLON, Delimiter::TAB, Delimiter::SPACE]);
    assert!(["", "ab", "\"", "x"].iter().all(|text| text.parse::<Delimiter>().is_err()));
}

#[test]
fn a_decimal_comma_beside_decimal_points_is_an_error_and_no_thousand() {
    let odd = r#": "1,234" is not a number, which is expected here"#;
    refused("0.5;1\n1,234;0\n", &format!(", line 2, column 1{odd}"));
    refused("1,234.5;1\n2;0\n", r#", line 1, column 1: "1,234.5" is not a number, which is expected here"#);
}

#[test]
fn lines_of_number_signs_before_the_first_row_are_skipped_and_told() {
    let text = "# made by a notebook\n\n#\nx,class\n1,0\n2,1\n";
    assert_eq!(rows(&plain(text)), (vec![vec![1.0], vec![2.0]], vec![0, 1]));
    assert_eq!(notices(text, &TableOptions::default()), ["2 lines of # before the first row are skipped"]);
    let wanted = ", line 3: a line of #, which is skipped only before the first row";
    refused("x,class\n1,0\n# second batch\n2,1\n", wanted);
}

#[test]
fn gzip_is_unpacked_whatever_the_file_is_called() {
    let text = b"x,class\n1,0\n2,1\n";
    let (_folder, path) = file("points.csv", gzip(text));
    let packed = read(Input::Path(&path), &TableOptions::default(), &mut |_| ()).unwrap().dataset().unwrap();
    assert_eq!(packed, plain(text));
    // two members, one after the other
    assert_eq!(plain([gzip(text), gzip(b"3,1\n")].concat()).samples(), 3);
}

#[test]
fn one_and_sixteen_features_are_read() {
    assert_eq!(rows(&plain("2,1\n")), (vec![vec![2.0]], vec![1]));
    let sixteen: Vec<f64> = (1..=16).map(f64::from).collect();
    let text = sixteen.iter().map(|value| format!("{value},")).collect::<String>() + "0\n";
    assert_eq!(rows(&plain(text)), (vec![sixteen], vec![0]));
}

#[test]
fn many_rows_are_read_and_progress_is_told() {
    let text: String = (0..400_000).map(|row| format!("{}.5,{}\n", row % 777, row % 2)).collect();
    let (mut last, mut told) = (0, 0);
    let input = Input::Bytes("points.csv".as_ref(), text.as_bytes());
    let set = read(input, &TableOptions::default(), &mut |at| {
        assert!(at.bytes > last && at.of == Some(text.len() as u64));
        (last, told) = (at.bytes, told + 1);
    });
    let set = set.unwrap().dataset().unwrap();
    assert_eq!((set.samples(), set.inputs()[399_999], set.labels()[399_999]), (400_000, 621.5, 1));
    assert!(told >= 2, "{told}");
}

#[test]
fn an_unnamed_first_column_that_counts_is_dropped_and_told() {
    let told = ["the first column has no name and counts 0, 1, …: it is dropped"];
    let text = ",x,class\n0,5,0\n1,6,1\n2,9,0\n";
    assert_eq!((names(&plain(text)), notices(text, &TableOptions::default())), (vec!["x"], list(&told)));
    assert_eq!(names(&plain("\"\",x,class\n1,5,0\n2,6,1\n")), ["x"]);
    assert_eq!(names(&plain("Unnamed: 0,x,class\n0,5,0\n1,6,1\n")), ["x"]);
    // it is learnt where it is asked for, where it has a name, and where it does not count
    let features = TableOptions { features: list(&["1", "x"]), ..TableOptions::default() };
    assert_eq!(names(&set(text, &features)), ["column 1", "x"]);
    assert_eq!(names(&plain("n,x,class\n0,5,0\n1,6,1\n")), ["n", "x"]);
    assert_eq!(names(&plain(",x,class\n0,5,0\n2,6,1\n")), ["column 1", "x"]);
}

#[test]
fn a_feature_with_the_same_value_in_every_row_is_left_out_and_told() {
    let text = "a,b,c,class\n1,7,5,0\n2,7,5,1\n";
    let set = plain(text);
    assert_eq!((names(&set), set.columns().dropped.as_slice()), (vec!["a"], &list(&["b", "c"])[..]));
    assert_eq!(notices(text, &TableOptions::default()), ["b, c are left out: have the same value in every row"]);
}

#[test]
fn a_sorted_feature_that_is_different_in_every_row_is_warned_of() {
    let text = |id: fn(u32) -> u32| -> String {
        let rows = (0..20).map(|row| format!("{},{},{}\n", id(row), row * 7 % 10, row % 2));
        std::iter::once("id,x,class\n".to_owned()).chain(rows).collect()
    };
    let told = ["id is sorted and different in every row, as a row's number is; it is learnt as a feature"];
    assert_eq!(notices(text(|row| 1000 + 3 * row), &TableOptions::default()), told);
    assert_eq!(notices(text(|row| 1000 - row), &TableOptions::default()), told);
    assert!(notices(text(|row| row / 2), &TableOptions::default()).is_empty());
}

#[test]
fn a_last_column_that_may_not_be_the_label_is_told_where_another_is_named_so() {
    let text = "target,height,smoker\n0,1,0\n1,2,1\n1,0,0\n";
    let told = ["the label is smoker, the last column, and target a feature"];
    assert_eq!(notices(text, &TableOptions::default()), told);
    assert!(notices(text, &label("target")).is_empty());
}

#[test]
fn missing_cells_are_dropped_with_their_rows_or_filled_with_the_mean() {
    let text = "a,b,class\n1,5,0\n?,6,1\n3,NA,1\n8,,0\n0,1,nan\n";
    let missing = |missing| TableOptions { missing, ..TableOptions::default() };
    let set_of = set(text, &missing(Missing::Drop));
    // the row that is left is one alone, so that nothing counts as constant
    assert_eq!(rows(&set_of), (vec![vec![1.0, 5.0]], vec![0]));
    assert_eq!(notices(text, &missing(Missing::Drop)), ["4 of 5 rows are left out, since they have missing cells"]);
    let set_of = set(text, &missing(Missing::Mean));
    let wanted = vec![vec![1.0, 5.0], vec![4.0, 6.0], vec![3.0, 5.5], vec![8.0, 5.5]];
    assert_eq!(rows(&set_of), (wanted, vec![0, 1, 1, 0]));
    let means: Vec<_> = set_of.columns().features.iter().map(|feature| feature.mean).collect();
    assert_eq!(means, [Some(4.0), Some(5.5)]);
    assert_refused(
        "a,class\n?,1\nNA,0\n",
        &missing(Missing::Drop),
        ": every one of the 2 rows has a missing cell, so that none is left",
    );
}

#[test]
fn names_from_a_file_hold_no_control_characters() {
    let set = plain("a\u{1b}[31m,class\n1,x\u{7}\n2,y\n");
    assert_eq!((names(&set)[0], set.columns().classes[0].as_str()), ("a\\u{1b}[31m", "x\\u{7}"));
    assert!(notices("a,class\n1,x\u{7}\n2,y\n", &TableOptions::default())[0].starts_with("x\\u{7} is class 0"));
}

#[test]
fn names_that_repeat_are_told_apart_by_a_number() {
    assert_eq!(names(&plain("x,x,x,class\n1,2,3,0\n4,5,6,1\n")), ["x", "x.1", "x.2"]);
}

// What is refused.

#[test]
fn a_missing_file_and_a_directory_are_io_errors_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), &folder.path().join("missing.csv")] {
        let error = read(Input::Path(path), &TableOptions::default(), &mut |_| ()).unwrap_err();
        assert!(matches!(&error, Error::Io { path: there, .. } if there == Path::new(path)), "{error:?}");
        assert!(error.to_string().starts_with(&format!("{}: ", path.display())), "{error}");
    }
}

#[test]
fn a_file_without_rows_is_refused() {
    for content in ["", "\n\r\n", "  \n", "\u{feff}", "# nothing\n"] {
        refused(content, ": the file is empty, where rows of features and a label are expected");
    }
    for content in ["x,y,class", "x,y,class\n\n \n"] {
        refused(content, ": there are no samples below the header row");
    }
}

#[test]
fn a_row_of_other_length_is_refused() {
    let wanted = ", line 3: 2 cells, where 3 are expected, as in the first row";
    refused("x,y,class\n1,2,0\n1,0\n", wanted);
    refused("1,2,0\n1,2,3,0\n", ", line 2: 4 cells, where 3 are expected, as in the first row");
    refused("1,2,0\n1\n", ", line 2: 1 cell, where 3 are expected, as in the first row");
}

#[test]
fn a_quoted_cell_that_never_ends_is_refused_where_it_begins() {
    let wanted = ", line 2: a quotation mark opens a cell that does not end";
    refused("x,y,class\n1,\"2,0\n1,2,0\n3,4,1\n", wanted);
    refused("x,y,class\n1,2,\"0\n", wanted);
    refused("x,class\n1,\"a\n2,b\n", wanted);
    // it ends at the next one, far below
    let wanted =
        ", line 2: 5 cells, where 3 are expected, as in the first row; a quotation mark in it ends 2 lines below";
    refused("x,y,class\n1,\"2,0\n3,4,1\n5\",6,7,0\n", wanted);
    // a large file is not read to its end
    let rows = "1,2,0\n".repeat(4_000_000);
    let wanted =
        ", line 2: the row has over 16 MiB: a quotation mark opens a cell that does not end, or it is no table";
    refused(format!("x,y,class\n\"1,2,0\n{rows}"), wanted);
}

#[test]
fn a_separator_that_splits_nothing_is_refused() {
    let none = ": 1 column: no comma, semicolon, tab or space separates features and a label in";
    refused("0\n1\n", &format!("{none} \"0\""));
    refused("x|y|class\n1|2|0\n", &format!("{none} \"x|y|class\""));
    let semicolon = TableOptions { delimiter: Some(Delimiter::SEMICOLON), ..TableOptions::default() };
    let wanted = r#": 1 column: no semicolon separates anything in "x,y,class", the first row"#;
    assert_refused("x,y,class\n1,2,0\n", &semicolon, wanted);
}

#[test]
fn a_text_or_empty_cell_is_refused() {
    refused("1,2,0\n1,two,0\n", r#", line 2, column 2: "two" is not a number, which is expected here"#);
    refused("x,y\nx,y\n1,0\n3,1\n", r#", line 2, column 1: "x" is not a number, which is expected here"#);
    refused("1,2,0\n1, ,0\n", ", line 2, column 2: the cell is empty, where a number is expected");
    refused("1,2,0\n1,2,\n", ", line 2, column 3: the cell is empty, where a label is expected");
}

#[test]
fn columns_of_text_are_named_all_at_once() {
    let text = "id,name,sex,age,survived\n1,\"Braund, Mr. Owen\",male,22,0\n2,Laina,female,26,1\n";
    let error = table(text, &TableOptions::default()).unwrap_err();
    let wanted =
        r#"line 2, column 2: name holds text, such as "Braund, Mr. Owen", where features are numbers; so does sex"#;
    assert_eq!(error.to_string(), format!("points.csv, {wanted}"));
    assert!(matches!(error, Error::Text { columns, .. } if columns == ["name", "sex"]));
    assert_eq!(names(&set(text, &drop(&["name", "sex"]))), ["id", "age"]);
}

#[test]
fn a_value_that_is_missing_or_not_finite_is_refused_and_is_no_header() {
    for cell in ["inf", "-inf", "Infinity", "1e400"] {
        let problem = format!("{cell:?} is not finite, where a finite number is expected");
        refused(format!("{cell},1,0\n"), &format!(", line 1, column 1: {problem}"));
        refused(format!("x,y,class\n1,{cell},0\n"), &format!(", line 2, column 2: {problem}"));
    }
    for cell in ["nan", "NaN", "NA", "n/a", "null", "?"] {
        let problem = format!("{cell:?} stands for a missing value, where a number is expected");
        refused(format!("{cell},1,0\n"), &format!(", line 1, column 1: {problem}"));
        refused(format!("x,y,class\n1,{cell},0\n"), &format!(", line 2, column 2: {problem}"));
    }
}

#[test]
fn a_value_beyond_f32_is_refused() {
    refused("1,1e39,0\n", ", line 1, column 2: \"1e39\" is beyond the range of f32, ±3.4e38");
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    refused(b"1,2,0\n1,\xe9,0\n", ", line 2, column 2: the file is not UTF-8 text, which is expected");
    refused(b"\xff\xfe1\0,\x000\0", ": the file is UTF-16, where UTF-8 text is expected");
    refused(b"1,2,0\n1,2\0,1\n", ": the file holds zero bytes, where UTF-8 text is expected");
}

#[test]
fn a_file_that_is_packed_by_something_else_or_damaged_is_refused() {
    for (magic, what) in [
        (&b"PK\x03\x04 and so on"[..], "a zip archive or a workbook"),
        (b"\x28\xb5\x2f\xfd and so on", "packed by zstd"),
        (b"BZh9 and so on", "packed by bzip2"),
        (b"\xfd7zXZ\0 and so on", "packed by xz"),
    ] {
        refused(magic, &format!(": the file is {what}, where plain text or gzip is expected"));
    }
    let packed = gzip(&"1,2,0\n".repeat(50_000).into_bytes());
    for (packed, place) in [(&packed[..packed.len() - 20], ", line 4"), (b"\x1f\x8b is no gzip", "")] {
        let error = table(packed, &TableOptions::default()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("points.csv{place}")), "{error}");
        assert!(error.contains(": the gzip data is damaged or cut off: "), "{error}");
    }
}

#[test]
fn a_column_that_is_not_there_is_answered_with_those_that_are() {
    let wanted = r#": no column is named "z"; there are "x", "the \"y\"", "class""#;
    assert_refused("x,\"the \"\"y\"\"\",class\n1,2,0\n", &label("z"), wanted);
    assert_refused("x,\"the \"\"y\"\"\",class\n1,2,0\n", &drop(&["z"]), wanted);
    let wanted = r#": there is no header row to name a column "z"; a number names it"#;
    assert_refused("1,2,0\n", &label("z"), wanted);
    for number in ["0", "4"] {
        assert_refused("1,2,0\n", &label(number), &format!(": there is no column {number}; there are 3"));
    }
}

#[test]
fn a_column_named_twice_is_refused_but_other_names_may_repeat() {
    let twice = "class,x,class\n1,2,0\n5,3,1\n";
    let wanted = r#", line 1, column 3: column 1 is named "class" too: which is the label?"#;
    assert_refused(twice, &label("class"), wanted);
    assert_eq!(rows(&set(twice, &label("3"))).1, [0, 1]);
    assert_eq!(rows(&plain(twice)).1, [0, 1]);
}

#[test]
fn columns_that_leave_nothing_to_learn_are_refused() {
    let text = "x,y,class\n1,2,0\n3,4,1\n";
    assert_refused(text, &drop(&["x", "y"]), r#": no feature is left beside the label "class""#);
    assert_refused(text, &drop(&["1-3"]), ": no column is left for the label");
    refused("x,y,class\n1,2,0\n1,2,1\n", r#": no feature is left: the same value is in every row of "x", "y""#);
    let both = TableOptions { features: list(&["x"]), ..drop(&["x"]) };
    assert_refused(text, &both, r#": "x" cannot be both a feature and dropped"#);
    let both = TableOptions { label: Some("x".into()), ..drop(&["x"]) };
    assert_refused(text, &both, r#": "x" cannot be both the label and dropped"#);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let problem = r#"column 1: "O" is not a number, which is expected here"#;
    for (before, line) in [
        ("\u{feff}x,class\n1,0\n", 3),
        ("x,class\r\n1,0\r\n", 3),
        ("x,class\r1,0\r", 3),
        ("\n\nx,class\n\n1,0\n\n  \n", 8),
        ("\r\n\r\nx,class\r\n\r\n1,0\r\n\r\n", 7),
        ("\"x\n1\",class\n1,0\n", 4),
        ("# a\r\n\r\nx,class\r\n1,0\r\n", 5),
    ] {
        refused(format!("{before}O,0\n"), &format!(", line {line}, {problem}"));
    }
    let many = "1,0\r\n\r\n".repeat(100_000);
    refused(format!("x,class\r\n{many}O,0\r\n"), &format!(", line 200002, {problem}"));
}

#[test]
fn a_long_or_broken_cell_is_shown_short_and_on_one_line() {
    let shown = "é".repeat(40);
    let wanted = format!(r#", line 2, column 1: "{shown}"… is not a number, which is expected here"#);
    refused(format!("1,0\n{},0\n", "é".repeat(5000)), &wanted);
    let wanted = r#", line 2, column 1: "a\nb" is not a number, which is expected here"#;
    refused("1,0\n\"a\nb\",0\n", wanted);
}

// Samples for a network that has learnt.

/// Points, labels if there are any, and what was told.
type Sampled = (Vec<Vec<f64>>, Option<Vec<u8>>, Vec<String>);

fn sampled(content: &str, model: &Dataset) -> Result<Sampled> {
    let input = Input::Bytes("new.csv".as_ref(), content.as_bytes());
    let columns = Some(model.columns());
    let table = samples(input, model.features(), columns, &TableOptions::default(), &mut |_| ())?;
    let (points, labels) = rows(&table.data);
    let notices = table.notices.iter().map(Notice::to_string).collect();
    Ok((points, table.is_labelled.then_some(labels), notices))
}

#[test]
fn columns_are_matched_by_name_in_any_order_and_others_are_ignored_and_told() {
    let model = plain("a,b,class\n1,2,B\n3,4,M\n");
    let told = "columns that were not learnt are ignored: c";
    let wanted = (vec![vec![5.0, 6.0], vec![7.0, 8.0]], Some(vec![1, 0]), list(&[told]));
    assert_eq!(sampled("b,class,c,a\n6,M,x,5\n8,B,y,7\n", &model).unwrap(), wanted);
    assert_eq!(sampled("b,a\n6,5\n8,7\n", &model).unwrap(), (wanted.0, None, Vec::new()));
    // what training left out is no surprise
    let text = ",a,b,k,class\n0,1,2,7,B\n1,3,4,7,M\n";
    assert_eq!(sampled(text, &plain(text)).unwrap().2, Vec::<String>::new());
    let error = sampled("a,c,class\n1,2,B\n", &model).unwrap_err().to_string();
    let wanted = r#"new.csv: there is no column "b", which the network was trained on; there are "a", "c", "class""#;
    assert_eq!(error, wanted);
}

#[test]
fn without_a_header_columns_are_matched_by_place() {
    let model = plain(",a,b,k,class\n0,1,2,7,B\n1,3,4,7,M\n");
    assert_eq!(names(&model), ["a", "b"]);
    let points = vec![vec![5.0, 6.0]];
    // all columns of what was learnt; those without the label; the features alone, with a label or without
    assert_eq!(sampled("9,5,6,7,M\n", &model).unwrap(), (points.clone(), Some(vec![1]), Vec::new()));
    assert_eq!(sampled("9,5,6,7\n", &model).unwrap(), (points.clone(), None, Vec::new()));
    assert_eq!(sampled("5,6,M\n", &model).unwrap(), (points.clone(), Some(vec![1]), Vec::new()));
    assert_eq!(sampled("5,6\n", &model).unwrap(), (points, None, Vec::new()));
    // where the label stood first, so it does again
    let model = set("M,1,2\nB,3,4\n", &label("1"));
    assert_eq!(sampled("M,5,6\n", &model).unwrap(), (vec![vec![5.0, 6.0]], Some(vec![1]), Vec::new()));
}

#[test]
fn a_label_that_the_network_does_not_know_is_refused_and_missing_labels_are_none() {
    let model = plain("a,class\n1,B\n3,M\n");
    let error = sampled("a,class\n1,B\n2,X\n", &model).unwrap_err().to_string();
    assert_eq!(error, r#"new.csv, column 2: "X", the label of sample 2, is none of the network's, "B", "M""#);
    assert_eq!(sampled("a,class\n1,\n2,\n", &model).unwrap().1, None);
    let error = sampled("a,class\n1,B\n2,\n", &model).unwrap_err().to_string();
    assert_eq!(error, "new.csv, line 3, column 2: the cell is empty, where a label is expected");
    let rest = set("1,a\n2,b\n3,c\n", &TableOptions { positive: Some("b".into()), ..TableOptions::default() });
    assert_eq!(sampled("1,z\n2,b\n", &rest).unwrap().1, Some(vec![0, 1]));
}

#[test]
fn missing_cells_are_filled_with_the_means_of_training_alone() {
    let options = TableOptions { missing: Missing::Mean, ..TableOptions::default() };
    let model = set("a,b,class\n1,2,0\n?,6,1\n3,4,1\n", &options);
    let told = "1 missing cell in b is filled with the mean";
    let wanted = (vec![vec![9.0, 4.0], vec![1.0, 1.0]], None, list(&[told]));
    assert_eq!(sampled("a,b\n9,?\n1,1\n", &model).unwrap(), wanted);
    let error = sampled("a,b\n9,?\n", &plain("a,b,class\n1,2,0\n3,4,1\n")).unwrap_err().to_string();
    assert_eq!(error, r#"new.csv, line 2, column 2: "?" stands for a missing value, where a number is expected"#);
}
