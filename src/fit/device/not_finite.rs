//! A check before training: whether a device keeps NaN and infinity. A driver may compute as if there were neither, as
//! Metal's fast math does, and a divergence would then hide.

use crate::backend::{Run, Session};
use crate::model::Parameters;
use crate::model::params::is_finite;
use crate::{Error, Result};

/// Whether a NaN and an infinity in the output's bias come back in cost, gradient step and weights; then the session is
/// back at its start.
///
/// # Errors
/// [`Error::Wrong`] naming what was lost, and those of the session.
pub(super) fn check_not_finite(device: &mut dyn Session, device_name: &str, runs: &[Run]) -> Result<()> {
    let missing = || Error::Mismatch("a session without networks takes no step".into());
    let start: Vec<Parameters> = runs.iter().map(|run| run.parameters.clone()).collect();
    for value in [f64::NAN, f64::INFINITY] {
        let mut broken = start.clone();
        for theta in &mut broken {
            let output = theta.layout().layers() - 1;
            theta.bias_mut(output).fill(value);
        }
        device.restart(&broken)?;
        let cost = device.evaluate()?.first().ok_or_else(missing)?.cost;
        device.advance(1)?;
        let chunk = device.collect()?.ok_or_else(missing)?;
        let of_chunk = chunk.costs.first().and_then(|costs| costs.first()).copied().ok_or_else(missing)?;
        let is_kept = !chunk.parameters.first().ok_or_else(missing)?.is_finite();
        let lost = match () {
            () if is_finite(cost) => format!("a cost of {cost:e}"),
            () if is_finite(of_chunk) => format!("a cost of {of_chunk:e} in training"),
            () if !is_kept => "finite weights after a step".into(),
            () => continue,
        };
        let said = format!("{device_name} makes {lost} of a bias of {value}: a divergence would hide");
        return Err(Error::Wrong(said));
    }
    device.restart(&start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{Backend, Chunk, Evaluation};
    use crate::cpu::{Engine, Reference};
    use crate::data::flower;
    use crate::model::Network;

    /// A device that makes some numbers finite.
    struct Losing {
        inner: Box<dyn Session>,
        costs: bool,
        weights: bool,
    }

    fn finite(value: &mut f64) {
        *value = if value.is_finite() { *value } else { 0.0 };
    }

    impl Session for Losing {
        fn plan_name(&self) -> &'static str {
            self.inner.plan_name()
        }
        fn advance(&mut self, iterations: u32) -> Result<()> {
            self.inner.advance(iterations)
        }
        fn collect(&mut self) -> Result<Option<Chunk>> {
            let mut chunk = self.inner.collect()?;
            if let Some(chunk) = chunk.as_mut().filter(|_| self.weights) {
                chunk.parameters.iter_mut().flat_map(|theta| theta.values_mut()).for_each(finite);
            }
            Ok(chunk)
        }
        fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
            let mut evaluations = self.inner.evaluate()?;
            if self.costs {
                evaluations.iter_mut().for_each(|evaluation| finite(&mut evaluation.cost));
            }
            Ok(evaluations)
        }
        fn gradients(&mut self) -> Result<Vec<Parameters>> {
            self.inner.gradients()
        }
        fn retire(&mut self, network: usize) -> Result<()> {
            self.inner.retire(network)
        }
        fn restart(&mut self, start: &[Parameters]) -> Result<()> {
            self.inner.restart(start)
        }
    }

    #[test]
    fn a_device_that_loses_nan_or_infinity_is_refused_and_one_that_keeps_them_starts_again() {
        let data = flower(40, 1).unwrap();
        for g in ["tanh", "sigmoid", "relu", "leaky-relu"] {
            let network = Network::one_hidden(2, 3, g.parse().unwrap()).unwrap();
            let runs = [Run::initial(network, 2, 0.1, 1.0)];
            let backends: [Box<dyn Backend>; 2] =
                [Box::new(Engine::new(None).unwrap()), Box::new(Reference::<f32>::new())];
            for backend in backends {
                let load = || backend.load(&data, &runs).unwrap();
                let mut kept = load();
                let before = kept.evaluate().unwrap();
                check_not_finite(kept.as_mut(), "it", &runs).unwrap();
                assert_eq!(kept.evaluate().unwrap(), before);
                for (costs, weights, said) in
                    [(true, false, "a cost of 0e0"), (false, true, "finite weights after a step")]
                {
                    let error =
                        check_not_finite(&mut Losing { inner: load(), costs, weights }, "it", &runs).unwrap_err();
                    let wanted = format!("it makes {said} of a bias of NaN: a divergence would hide");
                    assert!(error.to_string().starts_with(&wanted), "{error}");
                }
            }
        }
    }
}
