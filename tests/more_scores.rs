//! Scores of samples with weights, of several classes, of numbers and of several labels are scikit-learn's
//! (`tests/golden/scores.py`).

use planar::data::Dataset;
use planar::scores::{AnyScores, ClassScores, LabelScores, NumberScores, Scores};
use serde_json::Value;

fn cases(kind: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("golden/more_scores.json")).unwrap();
    all[kind].as_array().unwrap().clone()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    list(value).into_iter().map(|number| number as u8).collect()
}

fn weights(case: &Value) -> Option<Vec<f64>> {
    case["weights"].is_array().then(|| list(&case["weights"]))
}

fn names(case: &Value) -> Vec<String> {
    (0..case["k"].as_u64().unwrap()).map(|at| format!("n{at}")).collect()
}

#[track_caller]
fn assert_near(what: &str, got: Option<f64>, wanted: &Value) {
    let is_near = match (got, wanted.as_f64()) {
        (Some(got), Some(wanted)) => (got - wanted).abs() <= 1e-12 * wanted.abs().max(1.0),
        (got, wanted) => got == wanted,
    };
    assert!(is_near, "{what}: {got:?}, not {wanted}");
}

#[test]
fn scores_of_two_classes_count_each_sample_by_its_weight() {
    for case in cases("weighted") {
        let (labels, logits) = (bytes(&case["labels"]), list(&case["logits"]));
        let got = Scores::weighted(&labels, &logits, weights(&case).as_deref()).unwrap();
        for (what, got) in [
            ("accuracy", Some(got.accuracy)),
            ("precision", got.precision),
            ("recall", got.recall),
            ("f1", got.f1),
            ("roc_auc", got.roc_auc),
            ("log_loss", Some(got.log_loss)),
        ] {
            assert_near(what, got, &case[what]);
        }
        let points = vec![0.5; labels.len()];
        let data = Dataset::from_points("w", None, 1, &points, labels).unwrap();
        let data = data.with_weights(weights(&case).unwrap()).unwrap();
        assert_near("accuracy", Some(data.accuracy(&logits)), &case["accuracy"]);
    }
}

#[test]
fn weights_of_1_change_no_score_of_two_classes() {
    let case = &cases("weighted")[0];
    let (labels, logits) = (bytes(&case["labels"]), list(&case["logits"]));
    let (plain, ones) = (Scores::new(&labels, &logits).unwrap(), vec![1.0; labels.len()]);
    assert_eq!(Scores::weighted(&labels, &logits, Some(&ones)).unwrap(), plain);
}

#[test]
fn scores_of_several_classes_are_scikit_learns() {
    for case in cases("classes") {
        let (labels, logits, names) = (bytes(&case["labels"]), list(&case["logits"]), names(&case));
        let weights = weights(&case);
        let got = ClassScores::new(&names, &labels, &logits, weights.as_deref()).unwrap();
        let confusion: Vec<Vec<usize>> = serde_json::from_value(case["confusion"].clone()).unwrap();
        assert_eq!((&got.confusion, got.samples), (&confusion, labels.len()));
        for (at, class) in got.classes.iter().enumerate() {
            assert_near("precision", class.precision, &case["precision"][at]);
            assert_near("recall", class.recall, &case["recall"][at]);
            assert_near("F1", class.f1, &case["f1"][at]);
            assert_eq!((&class.name, class.samples), (&names[at], confusion[at].iter().sum()));
        }
        for (what, got) in [
            ("accuracy", Some(got.accuracy)),
            ("macro_precision", got.macro_precision),
            ("macro_recall", got.macro_recall),
            ("macro_f1", got.macro_f1),
            ("log_loss", Some(got.log_loss)),
        ] {
            assert_near(what, got, &case[what]);
        }
        let points = vec![0.5; labels.len()];
        let mut data = Dataset::from_classes("k", None, 1, &points, names, labels).unwrap();
        if let Some(weights) = weights {
            data = data.with_weights(weights).unwrap();
        }
        assert_near("accuracy", Some(data.accuracy(&logits)), &case["accuracy"]);
        assert_eq!(AnyScores::of(&data, &logits).unwrap(), AnyScores::Classes(got));
    }
}

#[test]
fn scores_of_numbers_are_scikit_learns() {
    for case in cases("numbers") {
        let (values, predicted, names) = (list(&case["values"]), list(&case["predicted"]), names(&case));
        let weights = weights(&case);
        let got = NumberScores::new(&names, &values, &predicted, weights.as_deref()).unwrap();
        for (what, got) in [("r2", got.r2), ("mae", got.mae), ("rmse", got.rmse)] {
            assert_near(what, Some(got), &case[what]);
        }
        for (at, target) in got.targets.iter().enumerate() {
            assert_near("R²", Some(target.r2), &case["r2_each"][at]);
            assert_near("MAE", Some(target.mae), &case["mae_each"][at]);
            assert_near("RMSE", Some(target.rmse), &case["rmse_each"][at]);
        }
        let (k, m) = (names.len(), got.samples);
        let rows: Vec<f64> = (0..m).flat_map(|s| (0..k).map(move |t| (s, t))).map(|(s, t)| values[t * m + s]).collect();
        let mut data = Dataset::from_numbers("n", None, 1, &vec![0.5; m], k, &rows).unwrap();
        if let Some(weights) = weights {
            data = data.with_weights(weights).unwrap();
        }
        assert_near("R²", Some(data.accuracy(&predicted)), &case["r2"]);
        assert_near("R²", Some(AnyScores::of(&data, &predicted).unwrap().accuracy()), &case["r2"]);
    }
    // a target that is the same throughout: 1 where it is met, else 0, as scikit-learn says
    let constant = |said| NumberScores::new(&["y".into()], &[2.0, 2.0], said, None).unwrap().r2;
    assert_eq!((constant(&[2.0, 2.0]), constant(&[2.0, 3.0])), (1.0, 0.0));
}

#[test]
fn scores_of_several_labels_are_scikit_learns() {
    for case in cases("labels") {
        let (values, logits, names) = (bytes(&case["values"]), list(&case["logits"]), names(&case));
        let weights = weights(&case);
        let got = LabelScores::new(&names, &values, &logits, weights.as_deref()).unwrap();
        assert_near("accuracy", Some(got.subset_accuracy), &case["accuracy"]);
        assert_near("Hamming loss", Some(1.0 - got.accuracy), &case["hamming_loss"]);
        assert_near("F1", got.macro_f1, &case["macro_f1"]);
        for (at, label) in got.labels.iter().enumerate() {
            assert_near("F1", label.scores.f1, &case["f1"][at]);
        }
        let (k, m) = (names.len(), got.samples);
        let rows: Vec<u8> = (0..m).flat_map(|s| (0..k).map(move |t| (s, t))).map(|(s, t)| values[t * m + s]).collect();
        let mut data = Dataset::from_label_rows("l", None, 1, &vec![0.5; m], k, &rows).unwrap();
        if let Some(weights) = weights {
            data = data.with_weights(weights).unwrap();
        }
        assert_near("Hamming loss", Some(1.0 - data.accuracy(&logits)), &case["hamming_loss"]);
    }
}

#[test]
fn two_logits_of_a_softmax_score_as_their_difference() {
    let data = Dataset::from_points("two", None, 1, &[0.0, 1.0, 2.0], vec![0, 1, 1]).unwrap();
    let two = AnyScores::of(&data, &[1.0, 0.5, 0.0, 2.0, 3.0, 1.0]).unwrap();
    assert_eq!(two, AnyScores::of(&data, &[-0.5, 2.0, -2.0]).unwrap());
    assert_eq!((two.accuracy(), data.accuracy(&[1.0, 0.5, 0.0, 2.0, 3.0, 1.0])), (2.0 / 3.0, 2.0 / 3.0));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let names = ["a", "b", "c"].map(String::from);
    let refused = |labels: &[u8], logits: &[f64], weights: Option<&[f64]>| {
        ClassScores::new(&names, labels, logits, weights).unwrap_err().to_string()
    };
    assert_eq!(refused(&[0, 1], &[0.0; 5], None), "5 logits do not belong to 2 labels with 3 outputs each");
    assert_eq!(refused(&[0, 3], &[0.0; 6], None), "a label must be below 3, not 3");
    assert_eq!(refused(&[], &[], None), "the number of samples must be at least 1, not 0");
    let nan = [0., 1., 2., 3., f64::NAN, 5.];
    assert_eq!(refused(&[0, 1], &nan, None), "a logit must be a number, not NaN, as of sample 2");
    assert_eq!(refused(&[0, 1], &[0.0; 6], Some(&[1.0])), "1 weights do not belong to 2 labels");
    let none = Some(&[0.0, 0.0][..]);
    assert_eq!(refused(&[0, 1], &[0.0; 6], none), "at least one weight must be above 0, not 0, as all are");
    let below = Some(&[1.0, -2.0][..]);
    assert_eq!(refused(&[0, 1], &[0.0; 6], below), "a weight must be a finite number of at least 0, not -2");
    // an infinite logit is worth 0 where it is right
    let infinite = |label| ClassScores::new(&names, &[label], &[f64::INFINITY, 0.0, 1.0], None).unwrap().log_loss;
    assert_eq!((infinite(0), infinite(1)), (0.0, f64::INFINITY));
}
