//! The scores of predictions as a block of text.

use planar::scores::{AnyScores, ClassScores, Confusion, LabelScores, NumberScores, Scores};

use super::columns;

/// The scores of whatever was predicted; `of` says what was scored, `names` what the classes 0 and 1 are called.
pub fn any(of: &str, scores: &AnyScores, names: [&str; 2]) -> String {
    match scores {
        AnyScores::Two(scores) => block(of, scores, names),
        AnyScores::Classes(scores) => of_classes(of, scores),
        AnyScores::Labels(scores) => of_labels(of, scores),
        AnyScores::Numbers(scores) => of_numbers(of, scores),
    }
}

/// A figure in four digits, or a dash.
fn figure(score: Option<f64>) -> String {
    score.map_or("–".into(), |score| format!("{score:.4}"))
}

fn row(name: &str, cells: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(cells).collect()
}

/// The confusion matrix, the scores of each class, then those of all.
fn of_classes(of: &str, scores: &ClassScores) -> String {
    let corner = if of.is_empty() { "said".into() } else { format!("{of}, said") };
    let mut matrix = vec![row(&corner, scores.classes.iter().map(|class| class.name.clone()))];
    let mut each = vec![row("class", ["precision", "recall", "F1"].map(String::from))];
    for (class, counts) in scores.classes.iter().zip(&scores.confusion) {
        matrix.push(row(&format!("is {}", class.name), counts.iter().map(usize::to_string)));
        each.push(row(&class.name, [class.precision, class.recall, class.f1].map(figure)));
    }
    each.push(row("mean", [scores.macro_precision, scores.macro_recall, scores.macro_f1].map(figure)));
    let name = scores.classes.get(usize::from(scores.largest_class.class)).map_or("", |class| &class.name);
    let figures = vec![
        row("accuracy", [format!("{:.2} %", 100.0 * scores.accuracy)]),
        row("largest class", [format!("{:.2} %, class {name}", 100.0 * scores.largest_class.share)]),
        row("log loss", [format!("{:.6}", scores.log_loss)]),
    ];
    format!("{}\n{}\n{}", columns(matrix), columns(each), columns(figures))
}

/// A row per label, then the scores of all.
fn of_labels(of: &str, scores: &LabelScores) -> String {
    let mut rows = vec![row(of, ["accuracy", "precision", "recall", "F1"].map(String::from))];
    for label in &scores.labels {
        let own = &label.scores;
        let accuracy = format!("{:.2} %", 100.0 * own.accuracy);
        rows.push(row(&label.name, [accuracy, figure(own.precision), figure(own.recall), figure(own.f1)]));
    }
    let figures = vec![
        row("accuracy", [format!("{:.2} %", 100.0 * scores.accuracy)]),
        row("all labels right", [format!("{:.2} %", 100.0 * scores.subset_accuracy)]),
        row("F1", [figure(scores.macro_f1)]),
    ];
    format!("{}\n{}", columns(rows), columns(figures))
}

/// A row per target, if there are several, and one for all.
fn of_numbers(of: &str, scores: &NumberScores) -> String {
    let cells = |r2: f64, mae: f64, rmse: f64| [format!("{r2:.4}"), format!("{mae:.6}"), format!("{rmse:.6}")];
    let mut rows = vec![row(of, ["R²", "MAE", "RMSE"].map(String::from))];
    rows.extend(scores.targets.iter().map(|of| row(&of.name, cells(of.r2, of.mae, of.rmse))));
    if scores.targets.len() > 1 {
        rows.push(row("all", cells(scores.r2, scores.mae, scores.rmse)));
    }
    columns(rows)
}

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
    fn classes_have_a_confusion_matrix_and_the_scores_of_each() {
        let names = ["a", "b", "c"].map(String::from);
        let logits = [2., 1., 0., 0., 1., 3., 0., 0., 5., 0., 4., 1.];
        let scores = ClassScores::new(&names, &[0, 1, 2, 1], &logits, None).unwrap();
        let wanted = "\
held out, said  a  b  c
is a            1  0  0
is b            0  1  1
is c            0  0  1

class  precision  recall      F1
a         1.0000  1.0000  1.0000
b         1.0000  0.5000  0.6667
c         0.5000  1.0000  0.6667
mean      0.8333  0.8333  0.7778

accuracy       75.00 %
largest class  50.00 %, class b
";
        let block = any("held out", &AnyScores::Classes(scores), ["", ""]);
        assert!(block.starts_with(wanted), "{block}");
    }

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
