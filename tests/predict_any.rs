//! Predictions of several classes, of labels and of numbers, from weights that are worked out by hand.

use planar::cpu::Engine;
use planar::data::table::{Input, TableOptions, read, samples};
use planar::data::{Columns, Dataset};
use planar::model::{Network, Output, Parameters};
use planar::predict::{Prediction, Predictions, predict};
use planar::scores::AnyScores;

/// One input x, one hidden unit max(x, 0), and output k = w[k]·max(x, 0) + b[k].
fn said(output: Output, w: &[f64], b: &[f64], model: &Columns, text: &str) -> planar::Result<Predictions> {
    let network = Network::one_hidden(1, 1, "relu".parse()?)?.with_output(output, w.len())?;
    let values = [&[1.0, 0.0][..], w, b].concat();
    let parameters = Parameters::from_values(&network, values)?;
    let file = Input::Bytes("x.csv".as_ref(), text.as_bytes());
    let samples = samples(file, 1, Some(model), &TableOptions::default(), &mut |_| ())?;
    predict(&Engine::new(None)?, &network, &parameters, &samples)
}

fn learnt(text: &str, label: Option<&str>, output: Option<Output>) -> Columns {
    let options = TableOptions { label: label.map(String::from), output, ..TableOptions::default() };
    let table = read(Input::Bytes("learnt.csv".as_ref(), text.as_bytes()), &options, &mut |_| ()).unwrap();
    table.dataset().unwrap().columns().clone()
}

fn is_near(got: &[f64], wanted: &[f64]) -> bool {
    got.len() == wanted.len() && got.iter().zip(wanted).all(|(got, wanted)| (got - wanted).abs() <= 1e-6)
}

#[test]
fn a_softmax_predicts_the_share_of_each_class_and_the_largest() {
    let model = learnt("x,y\n1,a\n2,b\n3,c\n", None, None);
    let of = said(Output::Softmax, &[0.0, 1.0, 2.0], &[0.0; 3], &model, "x,y\n1,c\n-1,b\n").unwrap();
    let [Prediction::Class { probabilities, class: 2 }, Prediction::Class { probabilities: even, class: 0 }] =
        of.samples.as_slice()
    else {
        panic!("{:?}", of.samples)
    };
    // e⁰, e¹ and e² by their sum
    assert!(is_near(probabilities, &[0.090_030_573, 0.244_728_471, 0.665_240_956]), "{probabilities:?}");
    assert!(is_near(even, &[1.0 / 3.0; 3]), "{even:?}");
    assert_eq!(of.accuracy, Some(0.5));
    let Some(AnyScores::Classes(scores)) = &of.scores else { panic!("{:?}", of.scores) };
    assert_eq!(scores.confusion, [[0, 0, 0], [1, 0, 0], [0, 0, 1]]);
    assert!((of.cost.unwrap() - (0.407_605_964 + 3.0_f64.ln()) / 2.0).abs() < 1e-6, "{:?}", of.cost);
}

#[test]
fn labels_are_predicted_each_for_itself() {
    let model = learnt("x,a,b\n1,0,1\n2,1,1\n3,1,0\n", Some("a,b"), None);
    let of = said(Output::Logistic, &[1.0, -1.0], &[0.0, 0.5], &model, "x,a,b\n1,1,1\n2,0,0\n").unwrap();
    let Prediction::Labels { probabilities, labels } = &of.samples[0] else { panic!("{:?}", of.samples) };
    assert!(is_near(probabilities, &[0.731_058_579, 0.377_540_669]), "{probabilities:?}");
    assert_eq!((labels.as_slice(), of.samples[1].class()), (&[1, 0][..], None));
    // two of four labels are right, and no sample in both
    assert_eq!(of.accuracy, Some(0.5));
    let Some(AnyScores::Labels(scores)) = &of.scores else { panic!("{:?}", of.scores) };
    assert_eq!((scores.subset_accuracy, scores.labels[1].name.as_str()), (0.0, "b"));
}

#[test]
fn numbers_are_predicted_in_their_own_unit() {
    let mut model = learnt("x,p,q\n1,0.5,1.5\n2,3.5,1\n3,7,0\n", Some("p,q"), None);
    (model.targets[1].offset, model.targets[1].factor) = (10.0, 0.5);
    let of = said(Output::Squares, &[2.0, 1.0], &[0.0, -1.0], &model, "x,p,q\n1,2,10\n3,6,14\n").unwrap();
    assert_eq!(of.samples[1], Prediction::Numbers { values: vec![6.0, 14.0] });
    assert_eq!((of.accuracy, of.cost), (Some(1.0), Some(0.0)));
    let Some(AnyScores::Numbers(scores)) = &of.scores else { panic!("{:?}", of.scores) };
    assert_eq!((scores.r2, scores.rmse), (1.0, 0.0));
    let without = said(Output::Squares, &[2.0, 1.0], &[0.0, -1.0], &model, "x\n1\n").unwrap();
    assert_eq!((without.scores, without.samples.len()), (None, 1));
}

#[test]
fn labels_that_a_network_does_not_answer_are_refused() {
    let model = learnt("x,y\n1,a\n2,b\n3,c\n", None, None);
    let refused = said(Output::Softmax, &[0.0, 1.0], &[0.0; 2], &model, "x,y\n1,c\n-1,b\n").unwrap_err();
    assert_eq!(refused.to_string(), "x.csv has 3 to be predicted, and the network 2 outputs");
}

#[test]
fn a_generated_set_for_squares_has_the_numbers_of_its_classes() {
    use planar::data::{Options, Source};
    let table = TableOptions { output: Some(Output::Squares), ..TableOptions::default() };
    let options = Options { samples: Some(10), table, ..Options::default() };
    let data: Dataset = Source::Xor.prepare(&options, None, &mut |_| ()).unwrap().data;
    let classes = planar::data::xor(10, 1).unwrap();
    let values: Vec<f64> = (0..10).map(|sample| data.targets().value(Output::Squares, 0, sample)).collect();
    assert_eq!(values, classes.labels().iter().map(|label| f64::from(*label)).collect::<Vec<_>>());
    assert_eq!((data.output(), data.outputs(Output::Squares).unwrap()), (Output::Squares, 1));
}
