//! Your own data, with a fifth of it held out: how well the network does on samples that it has not seen.
//!
//! `cargo run --release --example 03_own_data_held_out`

use std::ops::ControlFlow;

use planar::backend::{Backend, Run};
use planar::cpu::{Engine, accuracy_on};
use planar::data::Dataset;
use planar::model::{Network, Parameters};
use planar::train::{Schedule, train};

fn main() -> planar::Result<()> {
    // three features per sample; here the class is whether a point lies within a ball. A CSV file is read by
    // "points.csv".parse::<planar::data::Source>()?.load(&planar::data::Options::default())
    let mut points = Vec::new();
    let mut labels = Vec::new();
    for sample in 0..500 {
        let point = [0.754_877, 0.569_840, 0.430_159].map(|step: f64| 2.0 * (f64::from(sample) * step).fract() - 1.0);
        labels.push(u8::from(point.iter().map(|x| x * x).sum::<f64>() < 0.8));
        points.extend(point);
    }
    let data = Dataset::from_points("ball", None, 3, &points, labels)?;

    // hold out the same share of each class, drawn with seed 1
    let (train_on, held_out) = data.split(0.2, 1)?;
    println!("{} samples to train on, {} held out", train_on.samples(), held_out.samples());

    let network = Network::one_hidden(3, 16, "leaky-relu:0.1".parse()?)?;
    let parameters = Parameters::initial(&network, 1, 0.5);
    let run = Run::new(network, parameters, 0.3);
    let mut session = Engine::new(None)?.load(&train_on, std::slice::from_ref(&run))?;
    let outcome = train(session.as_mut(), Schedule::new(5000, None)?, |_| ControlFlow::Continue(()))?;

    // evaluate the trained weights on the held-out samples
    let seen = train_on.accuracy(&outcome.evaluation.logits);
    let parameters = outcome.parameters.unwrap_or(run.parameters); // none if the run diverged at once
    let unseen = accuracy_on(&held_out, &run.network, &parameters)?;
    println!("{:.1} % of the seen, {:.1} % of the unseen", 100.0 * seen, 100.0 * unseen);
    assert!(seen > 0.95 && unseen > 0.9, "{seen}, {unseen}");
    Ok(())
}
