//! The smallest training there is: exclusive or, with four samples, on the CPU engine.
//!
//! `cargo run --release --example 01_xor_on_cpu`

use std::ops::ControlFlow;

use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::data::Dataset;
use planar::model::{Activation, Network, Parameters};
use planar::train::{Schedule, train};

fn main() -> planar::Result<()> {
    // points are (samples × features), one label a point
    let data = Dataset::from_points("xor", None, 2, &[0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0])?;

    // two inputs, four hidden units, one output; the weights are NumPy's randn with seed 2, times 1
    let network = Network::one_hidden(data.features(), 4, Activation::Tanh)?;
    let parameters = Parameters::initial(&network, 2, 1.0);

    // a backend loads data and networks into a session, which trains them
    let mut session = Engine::new(None)?.load(&data, &[Run::new(network, parameters, 0.5)])?;
    let outcome = train(session.as_mut(), Schedule::new(2000, None)?, |at| {
        println!("iteration {:>4}: cost {:.6}", at.iteration, at.cost);
        ControlFlow::Continue(()) // Break would stop training here
    })?;

    // a logit above 0 means class 1
    for (sample, logit) in outcome.evaluation.logits.iter().enumerate() {
        let point: Vec<f64> = data.point(sample).collect();
        println!("{point:?} is {}", u8::from(*logit > 0.0));
    }
    assert_eq!(data.accuracy(&outcome.evaluation.logits), 1.0, "exclusive or is learnt");
    Ok(())
}
