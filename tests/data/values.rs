//! Data sets from values in memory: classes, labels and numbers, and weights.

use planar::data::{Dataset, Targets, flower};
use planar::model::Output;

const POINTS: [f64; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];

fn numbers() -> Dataset {
    Dataset::from_numbers("n", None, 1, &POINTS, 2, &[0., 10., 1., 11., 2., 12., 3., 13., 4., 14., 5., 15.]).unwrap()
}

fn labels() -> Dataset {
    Dataset::from_label_rows("l", None, 1, &POINTS, 2, &[0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 1]).unwrap()
}

fn classes() -> Dataset {
    let names = ["a", "b", "c"].map(String::from).into();
    Dataset::from_classes("c", None, 1, &POINTS, names, vec![0, 1, 2, 0, 1, 2]).unwrap()
}

#[test]
fn rows_of_targets_become_columns_of_y() {
    let y = |data: &Dataset, output, row: usize| -> Vec<f64> {
        (0..6).map(|sample| data.targets().value(output, row, sample)).collect()
    };
    assert_eq!(y(&numbers(), Output::Squares, 1), [10., 11., 12., 13., 14., 15.]);
    assert_eq!(y(&labels(), Output::Logistic, 0), [0., 1., 1., 0., 1., 0.]);
    assert_eq!(y(&classes(), Output::Softmax, 2), [0., 0., 1., 0., 0., 1.]);
    assert_eq!((classes().labels().len(), numbers().labels().len(), labels().labels().len()), (6, 0, 0));
    assert_eq!((classes().class_counts(), numbers().class_counts()), (vec![2, 2, 2], Vec::new()));
}

#[test]
fn parts_of_a_data_set_keep_their_targets_and_weights() {
    let weights = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    for data in [numbers(), labels(), classes()] {
        let output = data.targets().output(data.columns().classes.len());
        let data = data.with_weights(weights.clone()).unwrap();
        let (train, test) = data.split(0.34, 1).unwrap();
        assert_eq!((train.samples() + test.samples(), test.samples() > 0), (6, true));
        for part in [train, test] {
            for sample in 0..part.samples() {
                // the feature is the sample's number
                let from = part.inputs()[sample] as usize;
                assert_eq!(part.weights().unwrap()[sample], weights[from]);
                for row in 0..2 {
                    let value = |data: &Dataset, sample| data.targets().value(output, row, sample);
                    assert_eq!(value(&part, sample), value(&data, from), "{} {row} {sample}", data.name());
                }
            }
        }
    }
}

#[test]
fn folds_of_numbers_are_those_of_sklearn_kfold() {
    // KFold(3, shuffle=True, random_state=7) of 8 samples: the test samples of each fold
    let values = [0.5; 8];
    let data = Dataset::from_numbers("n", None, 1, &values, 1, &values).unwrap();
    assert_eq!(data.folds(3, 7).unwrap(), [0, 1, 0, 1, 2, 0, 1, 2]);
    let refused = data.folds(9, 7).unwrap_err().to_string();
    assert_eq!(refused, "the number of folds must be from 2 to 8, the number of samples, not 9");
}

#[test]
fn targets_and_weights_tell_data_sets_apart_and_two_classes_keep_their_sum() {
    let two = flower(400, 1).unwrap();
    let weighted = |weight| two.clone().with_weights(vec![weight; 400]).unwrap().sha256();
    let sums = [two.sha256(), weighted(1.0), weighted(2.0), numbers().sha256(), labels().sha256(), classes().sha256()];
    for (at, sum) in sums.iter().enumerate() {
        assert!(!sums[..at].contains(sum), "{at}");
    }
    assert_eq!(two.sha256(), "9c98726b0eb4c1f18860d1b94b15f98897e3baa99d54b7eaff53d6576b2c6f1a");
}

#[test]
fn values_that_make_no_data_set_are_refused() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let of = |classes, labels| Dataset::from_classes("c", None, 1, &POINTS, classes, labels);
    let cases = [
        (of(names(&["a", "b", "c"]), vec![0, 1, 2, 3, 0, 0]), "a label must be below 3, not 3"),
        (of(names(&["a", "a"]), vec![0; 6]), "the name of a class must be one that no other has, not 'a'"),
        (of(names(&[]), vec![0; 6]), "the number of classes must be from 1 to 256, not 0"),
        (of(names(&["a", "b"]), vec![0; 5]), "6 values do not make 5 samples of 1 features"),
        (Dataset::from_numbers("n", None, 1, &POINTS, 0, &POINTS), "the number of targets must be at least 1, not 0"),
        (Dataset::from_numbers("n", None, 1, &POINTS, 4, &POINTS), "6 values do not make samples of 4 targets"),
        (
            Dataset::from_numbers("n", None, 1, &POINTS, 1, &[0., 0., f64::INFINITY, 0., 0., 0.]),
            "a target must be a finite number in the range of f32, not inf",
        ),
        (Dataset::from_label_rows("l", None, 1, &POINTS, 1, &[0, 1, 2, 0, 0, 0]), "a label must be 0 or 1, not 2"),
        (numbers().with_weights(vec![1.0; 5]), "5 weights do not belong to 6 samples"),
        (
            numbers().with_weights(vec![1., -1., 1., 1., 1., 1.]),
            "a weight must be a finite number of at least 0, not -1",
        ),
        (
            numbers().with_weights(vec![1., f64::NAN, 1., 1., 1., 1.]),
            "a weight must be a finite number of at least 0, not NaN",
        ),
        (numbers().with_weights(vec![0.0; 6]), "at least one weight must be above 0, not 0, as all are"),
    ];
    for (made, wanted) in cases {
        assert_eq!(made.unwrap_err().to_string(), wanted);
    }
    assert!(matches!(numbers().targets(), Targets::Numbers { outputs: 2, .. }));
}
