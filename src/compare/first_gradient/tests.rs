use super::*;
use crate::backend::{Chunk, Evaluation};
use crate::cpu::Reference;
use crate::data::flower;

/// A device that computes this gradient and nothing else.
struct Fixed(Parameters);

impl Session for Fixed {
    fn plan_name(&self) -> &'static str {
        "fixed"
    }
    fn advance(&mut self, _: u32) -> Result<()> {
        Ok(())
    }
    fn collect(&mut self) -> Result<Option<Chunk>> {
        Ok(None)
    }
    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        Ok(Vec::new())
    }
    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        Ok(vec![self.0.clone()])
    }
    fn retire(&mut self, _: usize) -> Result<()> {
        Ok(())
    }
    fn restart(&mut self, _: &[Parameters]) -> Result<()> {
        Ok(())
    }
}

fn run(hidden: &[usize], g: &str, scale: f64) -> Run {
    let network = Network::new(2, hidden, g.parse().unwrap()).unwrap();
    Run::initial(network, 2, scale, 1.2)
}

fn gradient(data: &Dataset, run: &Run) -> Parameters {
    let mut session = Reference::<f32>::new().load(data, std::slice::from_ref(run)).unwrap();
    session.gradients().unwrap().swap_remove(0)
}

/// The flower's points but for the last fifth.
fn four_fifths(data: &Dataset) -> Dataset {
    let count = data.samples() * 4 / 5;
    let points: Vec<f64> = (0..count).flat_map(|sample| data.point(sample)).collect();
    Dataset::from_points("less", None, 2, &points, data.labels()[..count].to_vec()).unwrap()
}

#[test]
fn a_wrong_gradient_is_found_at_every_depth() {
    let (data, mut found) = (flower(400, 1).unwrap(), [0, 0]);
    for hidden in [&[17][..], &[8, 5], &[17, 3], &[1, 1, 1], &[33, 17, 5]] {
        for g in ["tanh", "sigmoid", "relu", "leaky-relu:0.2"] {
            for scale in [0.1, 0.5, 1.0] {
                let (run, what) = (run(hidden, g, scale), format!("{hidden:?} {g} {scale}"));
                let right = gradient(&data, &run);
                let check =
                    |gradient: &Parameters| check_first_gradient(&mut Fixed(gradient.clone()), "fixed", &data, &run);
                check(&right).unwrap_or_else(|error| panic!("{what}: {error}"));
                let mut fewer = gradient(&four_fifths(&data), &run);
                fewer.values_mut().iter_mut().for_each(|value| *value *= 0.8);
                assert!(matches!(check(&fewer), Err(Error::Wrong(_))), "{what}: a loop cut short");
                for layer in 0..=hidden.len() {
                    let mut missing = right.clone();
                    missing.weights_mut(layer).fill(0.0);
                    missing.bias_mut(layer).fill(0.0);
                    found[usize::from(check(&missing).is_err())] += 1;
                }
            }
        }
    }
    // nine of those missed are 0, behind a dead unit; in six the terms cancel to a thousandth
    assert_eq!(found, [15, 177], "layers without a gradient that are missed and found");
}

#[test]
fn a_network_too_large_for_the_textbook_is_checked_on_some_samples() {
    let data = flower(400, 1).unwrap();
    let large = run(&[4096, 4096], "relu", 0.02);
    let samples = affordable_samples(&large.network);
    assert!((10..400).contains(&samples), "{samples}");
    let some = data.evenly(samples).unwrap();
    assert!(some.samples() <= samples && some.samples() > samples / 2);
    assert!(some.labels().contains(&0) && some.labels().contains(&1));
    assert_eq!(data.evenly(1).unwrap().samples(), 1);
    assert_eq!(data.evenly(400).unwrap(), data);
}
