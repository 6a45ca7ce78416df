//! The notebook's flower on the best adapter available, with the plan that suits it.
//!
//! `cargo run --release --example 02_flower_on_gpu`

use std::ops::ControlFlow;

use planar::backend::{Backend, Run};
use planar::data::flower;
use planar::gpu::{Adapter, Choice, Gpu};
use planar::model::{Activation, Network, Parameters};
use planar::train::{Schedule, train};

fn main() -> planar::Result<()> {
    // best first; Choice::Hardware would exclude software adapters such as lavapipe
    let adapters = Adapter::all();
    let adapter = Adapter::choose(&adapters, &Choice::Any)?;
    println!("on {adapter}");

    let data = flower(400, 1)?;
    let network = Network::one_hidden(data.features(), 4, Activation::Tanh)?;
    let parameters = Parameters::initial(&network, 2, 0.01);
    let gpu = Gpu::open(adapter)?;
    let mut session = gpu.load(&data, &[Run::new(network, parameters, 1.2)])?;
    let outcome = train(session.as_mut(), Schedule::new(5000, None)?, |_| ControlFlow::Continue(()))?;

    for at in &outcome.costs {
        println!("iteration {:>4}: cost {:.6}", at.iteration, at.cost);
    }
    // the notebook reaches 90 % after 10,000
    let accuracy = data.accuracy(&outcome.evaluation.logits);
    println!("accuracy {:.2} %", 100.0 * accuracy);
    assert!(accuracy > 0.89, "{accuracy}");
    Ok(())
}
