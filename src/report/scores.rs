//! The scores of predictions as a block of text.

use planar::scores::{Confusion, Scores};

use super::columns;

/// The confusion matrix, then each score; `of` says what was scored, `names` what the classes 0 and 1 are called.
pub fn block(of: &str, scores: &Scores, names: [&str; 2]) -> String {
    let Confusion { true_negatives, false_positives, false_negatives, true_positives } = scores.confusion;
    let said = names.map(|name| format!("said {name}"));
    let row =
        |name: &str, counts: [usize; 2]| [vec![format!("is {name}")], counts.map(|n| n.to_string()).into()].concat();
    let matrix = vec![
        [vec![of.to_owned()], said.into()].concat(),
        row(names[0], [true_negatives, false_positives]),
        row(names[1], [false_negatives, true_positives]),
    ];
    let or_none =
        |score: Option<f64>, why: &str| score.map_or_else(|| format!("none: {why}"), |score| format!("{score:.4}"));
    let largest = scores.largest_class;
    let share = format!("{:.2} %, class {}", 100.0 * largest.share, names[usize::from(largest.class)]);
    let (no_label, not_said) = (format!("no sample is {}", names[1]), format!("no sample is said to be {}", names[1]));
    let figures = vec![
        vec!["accuracy".into(), format!("{:.2} %", 100.0 * scores.accuracy)],
        vec!["largest class".into(), share],
        vec!["precision".into(), or_none(scores.precision, &not_said)],
        vec!["recall".into(), or_none(scores.recall, &no_label)],
        vec!["F1".into(), or_none(scores.f1, &no_label)],
        vec!["ROC AUC".into(), or_none(scores.roc_auc, "all samples are of one class")],
        vec!["log loss".into(), format!("{:.6}", scores.log_loss)],
    ];
    format!("{}\n{}", columns(matrix), columns(figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_shows_every_score_and_why_one_is_missing() {
        let scores = Scores::new(&[0, 0, 0, 1, 1, 1, 1], &[-1.0, -2.0, 0.5, 1.0, 2.0, 3.0, -0.5]).unwrap();
        let wanted = "\
held out  said M  said B
is M           2       1
is B           1       3

accuracy       71.43 %
largest class  57.14 %, class B
precision      0.7500
recall         0.7500
F1             0.7500
ROC AUC        0.9167
log loss       0.411017
";
        assert_eq!(block("held out", &scores, ["M", "B"]), wanted);
        let alone = block("", &Scores::new(&[0], &[-1.0]).unwrap(), ["0", "1"]);
        for why in ["none: no sample is said to be 1", "none: no sample is 1", "none: all samples are of one class"] {
            assert!(alone.contains(why), "{alone}");
        }
    }
}
