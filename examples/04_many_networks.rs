//! Several learning rates side by side in one session, in which each network ends independently.
//!
//! `cargo run --release --example 04_many_networks`

use std::ops::ControlFlow;

use planar::backend::{Backend, Run};
use planar::cpu::Engine;
use planar::data::flower;
use planar::model::{Activation, Network};
use planar::train::{Event, Schedule, Status, train_all};

fn main() -> planar::Result<()> {
    let data = flower(400, 1)?;
    // the initial weights are the same, so only the rate differs; the last one is far too large for a ReLU
    let rates = [0.01, 0.1, 1.2, 1e30];
    let network = Network::one_hidden(data.features(), 8, Activation::LeakyRelu { slope: 0.01 })?;
    let runs = rates.map(|learning_rate| Run::initial(network.clone(), 2, 0.01, learning_rate));

    let mut session = Engine::new(None)?.load(&data, &runs)?;
    let schedules = vec![Schedule::new(4000, None)?; runs.len()];
    let outcomes = train_all(session.as_mut(), &schedules, |event| {
        if let Event::Ended { network, outcome } = event {
            println!("rate {:?}: {:?} after {} iterations", rates[network], outcome.status, outcome.iterations);
        }
        ControlFlow::Continue(())
    })?;

    for (rate, outcome) in rates.iter().zip(&outcomes) {
        println!("rate {rate:?}: cost {:.6}", outcome.evaluation.cost);
    }
    // a network that diverges neither stops nor changes the others
    assert!(outcomes[..3].iter().all(|outcome| outcome.status == Status::Finished));
    assert_eq!(outcomes[3].status, Status::Diverged);
    assert!(outcomes[1].evaluation.cost < outcomes[0].evaluation.cost, "a rate of 0.1 is ahead of 0.01");
    Ok(())
}
