//! A network in training as the textbook has it: one update after another.

use super::operations as op;
use super::textbook::{Batch, Forward, Model};
use crate::Result;
use crate::backend::{Evaluation, Run};
use crate::data::Dataset;
use crate::model::{Parameters, Real};
use crate::optim::{Order, Recipe};

/// A network in training.
pub(crate) struct Trainee<T> {
    pub(crate) model: Model<T>,
    recipe: Recipe,
    learning_rate: f64,
    /// Updates done.
    updates: u64,
    moments: Vec<T>,
    order: Order,
    start: (u64, Vec<T>),
}

impl<T: Real> Trainee<T> {
    /// A network at the beginning of its run.
    ///
    /// # Errors
    /// [`Error::Mismatch`](crate::Error::Mismatch) if the run's moments are not its optimiser's.
    pub(crate) fn new(data: &Dataset, run: &Run) -> Result<Self> {
        let moments = run.state.moments_for(&run.network, run.recipe.optimizer)?;
        let moments: Vec<T> = moments.into_iter().map(T::from_f64).collect();
        let updates = run.state.updates;
        Ok(Self {
            model: Model::new(&run.network, &run.parameters),
            recipe: run.recipe,
            learning_rate: run.learning_rate,
            updates,
            order: Order::new(run.recipe.batches(data.samples())),
            start: (updates, moments.clone()),
            moments,
        })
    }

    /// Starts again from these parameters, and from the state that it began with.
    pub(crate) fn restart(&mut self, parameters: &Parameters) {
        self.model.parameters = parameters.cast();
        (self.updates, self.moments) = self.start.clone();
    }

    /// Whether each update takes all samples in the order of the data.
    pub(crate) fn takes_all(&self, data: &Dataset) -> bool {
        self.recipe.batches(data.samples()).are_whole()
    }

    /// The samples of the next update.
    pub(crate) fn batch(&mut self, data: &Dataset) -> Batch<T> {
        let samples: Vec<usize> = self.order.batch(self.updates).iter().map(|sample| *sample as usize).collect();
        Batch::of(data, &self.model.network, &samples)
    }

    /// The forward pass of the next update, with the cost that its gradient is of.
    pub(crate) fn forward(&self, batch: &Batch<T>) -> Forward<T> {
        let mut pass = self.model.forward_masked(batch, self.masks(batch.samples));
        pass.cost += self.penalty(batch.samples);
        pass
    }

    /// The gradients of the next update, as the optimiser takes them.
    pub(crate) fn backward(&self, pass: &Forward<T>, batch: &Batch<T>) -> Parameters<T> {
        let mut gradients = self.model.backward(pass, batch);
        self.recipe.regularise(&mut gradients, &self.model.parameters, batch.samples);
        gradients
    }

    /// The update itself.
    pub(crate) fn update(&mut self, gradients: &Parameters<T>) {
        let step = self.recipe.step(self.learning_rate, self.updates);
        let theta = self.model.parameters.values_mut();
        self.recipe.optimizer.update(&step, theta, gradients.values(), &mut self.moments);
        self.updates += 1;
    }

    /// The cost and the logits over these samples, with no unit dropped.
    pub(crate) fn evaluate(&self, all: &Batch<T>) -> Evaluation {
        let pass = self.model.forward(all);
        let cost = (pass.cost + self.penalty(all.samples)).to_f64();
        let logits = op::transposed(pass.logits(), all.samples);
        Evaluation { cost, logits: logits.into_iter().map(T::to_f64).collect() }
    }

    /// The optimiser's moments.
    pub(crate) fn moments(&self) -> Vec<f64> {
        self.moments.iter().map(|moment| moment.to_f64()).collect()
    }

    fn penalty(&self, samples: usize) -> T {
        if self.recipe.l2 == 0.0 { T::ZERO } else { self.recipe.penalty(&self.model.parameters, samples) }
    }

    /// 0 or 1 / (1 − rate) for each unit of a hidden layer and sample of the next update.
    fn masks(&self, samples: usize) -> Option<Vec<Vec<T>>> {
        let dropout = self.recipe.dropout;
        let factor = dropout.factor();
        let of_layer = |(layer, units): (usize, &usize)| {
            let of_unit = |unit| {
                let mask = dropout.mask(self.updates, layer, unit);
                (0..samples).map(move |place| if mask.keeps(place) { factor } else { T::ZERO })
            };
            (0..*units).flat_map(of_unit).collect()
        };
        let hidden = self.model.network.hidden().iter().enumerate();
        (!dropout.is_none()).then(|| hidden.map(of_layer).collect())
    }
}
