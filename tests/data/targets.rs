//! What the label columns of a table are taken for, weights of samples and of classes, and how each travels on to samples
//! that are held out or predicted.

use std::path::Path;

use planar::Result;
use planar::data::table::{Input, Missing, Notice, SampleTable, Table, TableOptions, read, samples};
use planar::data::{ClassWeights, Columns, Dataset, HeldOut, Options, Source, Targets};
use planar::model::Output;

fn table(content: impl AsRef<[u8]>, options: &TableOptions) -> Result<Table> {
    read(Input::Bytes("points.csv".as_ref(), content.as_ref()), options, &mut |_| ())
}

fn set(content: impl AsRef<[u8]>, options: &TableOptions) -> Dataset {
    table(content, options).unwrap().dataset().unwrap()
}

fn as_output(output: Output) -> TableOptions {
    TableOptions { output: Some(output), ..TableOptions::default() }
}

fn label(label: &str) -> TableOptions {
    TableOptions { label: Some(label.into()), ..TableOptions::default() }
}

fn weighed(column: &str) -> TableOptions {
    TableOptions { weights: Some(column.into()), ..TableOptions::default() }
}

fn told(content: impl AsRef<[u8]>, options: &TableOptions) -> Vec<String> {
    table(content, options).unwrap().notices.iter().map(Notice::to_string).collect()
}

#[track_caller]
fn assert_refused(content: &str, options: &TableOptions, wanted: &str) {
    assert_eq!(table(content, options).unwrap_err().to_string(), format!("points.csv{wanted}"));
}

/// A label per row behind a feature that counts.
fn column(labels: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let rows = labels.into_iter().enumerate().map(|(row, label)| format!("{}.5,{label}\n", row * row % 7));
    std::iter::once("x,y\n".to_owned()).chain(rows).collect()
}

/// The targets of one kind, outputs × samples.
fn values(data: &Dataset) -> Vec<f64> {
    let (output, classes) = (data.targets().output(data.columns().classes.len()), data.columns().classes.len());
    let outputs = data.targets().outputs(output, classes).unwrap();
    let all = (0..outputs).flat_map(|row| (0..data.samples()).map(move |sample| (row, sample)));
    all.map(|(row, sample)| data.targets().value(output, row, sample)).collect()
}

#[test]
fn text_few_whole_numbers_and_two_values_are_classes_and_other_numbers_are_numbers() {
    let classes = |content: String| set(content, &TableOptions::default()).columns().classes.len();
    assert_eq!(classes(column(["a", "b", "c"])), 3);
    assert_eq!(classes(column((0..100).map(|row| row % 32))), 32);
    assert_eq!(classes(column((0..100).map(|row| row % 33))), 0);
    assert_eq!(classes(column([0.5, 1.5, 0.5])), 2);
    assert_eq!(classes(column([0.5, 1.5, 2.0])), 0);
    let numbers = set(column([0.5, -1.5, 2.0]), &TableOptions::default());
    assert_eq!(values(&numbers), [0.5, -1.5, 2.0]);
    assert_eq!((numbers.columns().targets[0].name.as_str(), numbers.columns().targets[0].column), ("y", 2));
}

#[test]
fn what_numbers_are_taken_for_is_told_unless_it_was_asked_for() {
    let none = TableOptions::default();
    assert_eq!(told(column([0.5, -1.5, 2.0]), &none), ["y is learnt as a number"]);
    assert_eq!(told(column([0, 1, 2]), &none), ["the 3 values of y are classes"]);
    assert!(told(column(["a", "b", "c"]), &none).is_empty());
    assert!(told(column([0.5, -1.5, 2.0]), &as_output(Output::Squares)).is_empty());
    assert!(told(column([0, 1, 2]), &as_output(Output::Softmax)).is_empty());
    assert_eq!(told("x,a,b\n1,2,3\n2,0,1\n", &label("a,b")), ["a, b are learnt as numbers"]);
}

#[test]
fn an_output_decides_what_a_label_is() {
    let numbers = set(column([0, 1, 1]), &as_output(Output::Squares));
    assert_eq!((values(&numbers), numbers.columns().classes.len()), (vec![0.0, 1.0, 1.0], 0));
    let classes = set(column((0..300).map(|row| row % 200)), &as_output(Output::Softmax));
    assert_eq!((classes.columns().classes.len(), classes.class_counts()[0]), (200, 2));
    let two = set(column(["no", "yes"]), &as_output(Output::Softmax));
    assert_eq!(two.targets().outputs(Output::Softmax, 2).unwrap(), 2);
}

#[test]
fn an_output_that_a_label_does_not_fit_is_refused_with_the_place_of_a_cell() {
    let squares = as_output(Output::Squares);
    assert_refused(
        &column(["1", "dear", "2"]),
        &squares,
        ", line 3, column 2: \"dear\" is text, where squares take numbers",
    );
    let wanted = ", line 2, column 2: \"0.5\" is no whole number, where softmax expects classes";
    assert_refused(&column([0.5, 1.0, 2.0]), &as_output(Output::Softmax), wanted);
    let slip = column((0..40).map(|row| if row == 7 { "x".to_owned() } else { format!("{row}.5") }));
    let wanted = ", line 9, column 2: \"x\" is not a number, which is expected here";
    assert_refused(&slip, &TableOptions::default(), wanted);
    let positive = TableOptions { positive: Some("1".into()), ..squares };
    let wanted = ", column 2: one class is to be told from the rest, where one label has classes, and not numbers";
    assert_refused(&column([0, 1, 2]), &positive, wanted);
    let wide = ", line 2, column 2: \"1e39\" is no number that f32 can hold, which is expected here";
    assert_refused(&column(["1e39", "1.5", "2"]), &TableOptions::default(), wide);
}

const SEVERAL: &str = "x,a,z,b\n1,0,5,1\n2,1,6,1\n4,0,8,0\n";

#[test]
fn several_labels_are_answers_of_yes_or_no_or_numbers_in_the_order_in_which_they_are_named() {
    let labels = set(SEVERAL, &label("b,a"));
    assert_eq!(values(&labels), [1., 1., 0., 0., 1., 0.]);
    assert!(matches!(labels.targets(), Targets::Labels { outputs: 2, .. }));
    assert_eq!((labels.features(), labels.columns().classes.len()), (2, 2));
    let numbers = set(SEVERAL, &label("a, z"));
    assert_eq!(values(&numbers), [0., 1., 0., 5., 6., 8.]);
    assert!(matches!(numbers.targets(), Targets::Numbers { outputs: 2, .. }));
    let squares = TableOptions { output: Some(Output::Squares), ..label("2,4") };
    assert!(matches!(set(SEVERAL, &squares).targets(), Targets::Numbers { outputs: 2, .. }));
    // a name with a comma is one name, and in a list it is quoted
    let quoted = "x,\"a,b\",c\n1,0,1\n2,1,1\n";
    assert_eq!(set(quoted, &label("a,b")).columns().label.as_ref().unwrap().column, 2);
    assert_eq!(set(quoted, &label("\"a,b\",c")).columns().targets.len(), 2);
}

#[test]
fn several_labels_that_make_no_targets_are_refused() {
    let with = |output, names| TableOptions { output: Some(output), ..label(names) };
    let wanted = ": softmax gives a sample one class, and 2 labels are named";
    assert_refused(SEVERAL, &with(Output::Softmax, "a,b"), wanted);
    let wanted = ", column 3: 5, the label of sample 1, is neither 0 nor 1";
    assert_refused(SEVERAL, &with(Output::Logistic, "a,z"), wanted);
    assert_refused(SEVERAL, &label("a,a"), ": \"a\" is named twice as a label");
    assert_refused(SEVERAL, &label("a,q"), ": no column is named \"q\"; there are \"x\", \"a\", \"z\", \"b\"");
    let text = "x,a,b\n1,0,1\n2,no,1\n";
    assert_refused(text, &label("a,b"), ", line 3, column 2: \"no\" is not a number, which is expected here");
    assert_refused(
        "x,a,b\n1,0,1\n2,,1\n",
        &label("a,b"),
        ", line 3, column 2: the cell is empty, where a label is expected",
    );
}

#[test]
fn a_column_of_weights_is_no_feature_and_bad_weights_are_refused_with_their_place() {
    let text = "x,w,y\n1,2,0\n2,0.5,1\n3,0,1\n";
    let data = set(text, &weighed("w"));
    assert_eq!((data.weights(), data.features()), (Some(&[2.0, 0.5, 0.0][..]), 1));
    assert_eq!(data.columns().weights.as_ref().unwrap().shown(), "w");
    // the last column may be that of the weights
    assert_eq!(set("x,y,w\n1,0,3\n2,1,4\n", &weighed("3")).labels(), [0, 1]);
    let swapped = |cell| format!("x,w,y\n1,2,0\n2,{cell},1\n3,0,1\n");
    for (cell, wanted) in [
        ("-1", "\"-1\" is below 0, and a weight is not"),
        ("much", "\"much\" is not a number, which is expected here"),
        ("inf", "\"inf\" is no number that f32 can hold, which is expected here"),
        ("", "the cell is empty, where a weight is expected"),
    ] {
        assert_refused(&swapped(cell), &weighed("w"), &format!(", line 3, column 2: {wanted}"));
    }
    let none = "x,w,y\n1,0,0\n2,0,1\n";
    assert_refused(none, &weighed("w"), ", column 2: every weight is 0, so that no sample counts");
    let both = TableOptions { drop: vec!["w".into()], ..weighed("w") };
    assert_refused(text, &both, ": \"w\" cannot be both the weight and dropped");
    let both = TableOptions { label: Some("w".into()), ..weighed("w") };
    assert_refused(text, &both, ": \"w\" cannot be both the label and the weight");
}

#[test]
fn class_weights_are_scikit_learns_and_multiply_those_of_the_samples() {
    // compute_class_weight("balanced") of 3, 2 and 1 samples of three classes
    let data = set("x,y,w\n1,a,1\n2,a,2\n3,a,1\n4,b,1\n5,b,4\n6,c,0.5\n", &weighed("w"));
    assert_eq!(ClassWeights::Balanced.of(&data).unwrap(), [6.0 / 9.0, 1.0, 2.0]);
    let balanced = data.clone().with_class_weights(&ClassWeights::Balanced).unwrap();
    assert_eq!(balanced.weights().unwrap(), [6.0 / 9.0, 12.0 / 9.0, 6.0 / 9.0, 1.0, 4.0, 1.0]);
    let named: ClassWeights = "c=10, a=0".parse().unwrap();
    assert_eq!(data.clone().with_class_weights(&named).unwrap().weights().unwrap(), [0., 0., 0., 1., 4., 5.]);
    assert_eq!(named.to_string(), "c=10,a=0");
}

#[test]
fn class_weights_that_make_no_sense_are_refused() {
    let refused = |text: &str| text.parse::<ClassWeights>().unwrap_err().to_string();
    let form = "balanced, or classes with their weights, as in no=1,yes=2.5";
    assert_eq!(refused("equal"), format!("the weights of classes must be {form}, not 'equal'"));
    assert_eq!(refused("a=1,b"), format!("the weights of classes must be {form}, not 'a=1,b'"));
    for text in ["a=-1", "a=x", "a=inf", "a=1e39"] {
        assert_eq!(refused(text), format!("the weights of classes must be finite numbers of at least 0, not '{text}'"));
    }
    assert_eq!(refused("a=1,a=2"), "the weights of classes must be one for each class, not 'a=1,a=2'");
    let data = set(column(["a", "b"]), &TableOptions::default());
    let weigh =
        |data: &Dataset, text: &str| data.clone().with_class_weights(&text.parse().unwrap()).unwrap_err().to_string();
    assert_eq!(weigh(&data, "q=2"), "no class is called q; there are a, b");
    assert_eq!(weigh(&data, "a=0,b=0"), "at least one weight must be above 0, not 0, as all are");
    let numbers = set(column([0.5, 1.5, 2.5]), &TableOptions::default());
    let wanted = "weights of classes do not apply to points.csv: it has no classes";
    assert_eq!(weigh(&numbers, "balanced"), wanted);
}

#[test]
fn held_out_samples_keep_their_own_weights_and_those_to_train_on_are_weighed_by_class_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weighed.csv");
    let rows = (0..40).map(|row| format!("{row},{},{}\n", if row % 4 == 0 { "b" } else { "a" }, 1 + row % 3));
    std::fs::write(&path, std::iter::once("x,y,w\n".to_owned()).chain(rows).collect::<String>()).unwrap();
    let options = Options {
        table: weighed("w"),
        class_weights: Some(ClassWeights::Balanced),
        scale: planar::data::Scale::None,
        ..Options::default()
    };
    let held_out = HeldOut::Fraction { share: 0.25, seed: 1 };
    let prepared = Source::Csv(path).prepare(&options, Some(&held_out), &mut |_| ()).unwrap();
    let own = |data: &Dataset, sample: usize| 1.0 + data.inputs()[sample] % 3.0;
    let test = prepared.held_out.unwrap();
    assert!((0..test.samples()).all(|sample| test.weights().unwrap()[sample] == own(&test, sample)));
    let train = prepared.data;
    let by_class = ClassWeights::Balanced.of(&train).unwrap();
    for sample in 0..train.samples() {
        let wanted = own(&train, sample) * by_class[usize::from(train.labels()[sample])];
        assert_eq!(train.weights().unwrap()[sample], wanted);
    }
}

fn new_samples(content: &str, model: &Columns) -> Result<SampleTable> {
    let file = Input::Bytes("new.csv".as_ref(), content.as_ref());
    samples(file, model.features.len(), Some(model), &TableOptions::default(), &mut |_| ())
}

#[test]
fn new_samples_have_their_targets_and_weights_by_name_or_place() {
    let options = TableOptions { weights: Some("w".into()), ..label("z,a") };
    let learnt = set("x,a,z,w\n1,0.5,5,1\n2,1,6,2\n4,0,8,3\n", &options);
    let model = learnt.columns();
    let named = new_samples("w,z,x,a\n9,1,2,3\n8,4,5,6\n", model).unwrap();
    assert_eq!((values(&named.data), named.data.weights()), (vec![1., 4., 3., 6.], Some(&[9.0, 8.0][..])));
    // without a header: all columns that were learnt, or those without labels and weights
    let placed = new_samples("2,3,1,9\n5,6,4,8\n", model).unwrap();
    assert_eq!((values(&placed.data), placed.data.inputs()), (vec![1., 4., 3., 6.], &[2.0, 5.0][..]));
    for text in ["x\n2\n", "2\n", "x,a\n2,1\n", "x,w\n2,1\n"] {
        let without = new_samples(text, model).unwrap();
        assert_eq!((without.is_labelled, without.data.inputs()), (false, &[2.0][..]), "{text:?}");
    }
    let refused = new_samples("x,a,z\n1,2,3\n1,,3\n", model).unwrap_err().to_string();
    assert_eq!(refused, "new.csv, line 3, column 2: the cell is empty, where a label is expected");
    let answers = set(SEVERAL, &label("b,a"));
    let refused = new_samples("x,a,z,b\n1,0,5,2\n", answers.columns()).unwrap_err().to_string();
    assert_eq!(refused, "new.csv, column 4: 2, the label of sample 1, is neither 0 nor 1");
}

#[test]
fn columns_of_two_classes_have_the_json_that_they_had_and_others_return_from_theirs() {
    let two = set("x,y\n1,0\n2,1\n", &TableOptions::default());
    let json = serde_json::to_string(two.columns()).unwrap();
    assert_eq!(
        json,
        r#"{"features":[{"name":"x","column":1,"offset":0.0,"factor":1.0}],"label":{"name":"y","column":2},"classes":["0","1"],"named":true,"width":2,"scale":"none"}"#
    );
    for data in
        [two, set(SEVERAL, &label("b,a")), set(SEVERAL, &TableOptions { weights: Some("z".into()), ..label("b,a") })]
    {
        let json = serde_json::to_string(data.columns()).unwrap();
        assert_eq!(serde_json::from_str::<Columns>(&json).unwrap(), *data.columns());
    }
    let options = TableOptions { weights: Some("w".into()), output: Some(Output::Squares), ..TableOptions::default() };
    let json = serde_json::to_string(&options).unwrap();
    assert_eq!(serde_json::from_str::<TableOptions>(&json).unwrap(), options);
    assert!(!serde_json::to_string(&TableOptions::default()).unwrap().contains("weights"));
    assert!(!format!("{:?}", TableOptions::default()).contains("weights"));
}

#[test]
fn data_that_people_have_is_taken_for_what_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data");
    let data = |name: &str| {
        read(Input::Path(&folder.join(name)), &TableOptions::default(), &mut |_| ()).unwrap().dataset().unwrap()
    };
    let digits = data("digits-scaled.csv");
    assert_eq!((digits.samples(), digits.columns().classes.len()), (1797, 10));
    // scikit-learn's load_digits: the counts of 0 to 9
    assert_eq!(digits.class_counts(), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(data("iris.csv").class_counts(), [50, 50, 50]);
    assert_eq!(data("wine.csv").class_counts(), [59, 71, 48]);
    let diabetes = data("diabetes.csv");
    assert!(matches!(diabetes.targets(), Targets::Numbers { outputs: 1, .. }));
    let mean = values(&diabetes).iter().sum::<f64>() / 442.0;
    assert!((mean - 152.133_484_162_895_9).abs() < 1e-9, "{mean}");
    assert_eq!(data("breast-cancer.csv").class_counts(), [357, 212]);
}

#[test]
fn rows_without_a_label_or_a_weight_are_left_out_if_requested() {
    let options = TableOptions { missing: Missing::Drop, weights: Some("w".into()), ..label("a,b") };
    let data = set("x,a,b,w\n1,0,1,1\n2,,1,1\n3,1,?,1\n4,1,1,NA\n5,1,0,2\n", &options);
    assert_eq!((values(&data), data.weights()), (vec![0., 1., 1., 0.], Some(&[1.0, 2.0][..])));
}
