//! All that was seen of a run, as plain numbers, and what follows from them at once.

use super::change::Change;
use super::data::DataLook;
use super::linear::Linear;
use super::on_device::DeviceRun;
use super::replay::Replay;
use super::trials::Trial;
use super::units::UnitsLook;
use crate::backend::Run;
use crate::gradcheck::GradientCheck;
use crate::model::{Activation, Output};
use crate::train::Status;

/// How much of what can be known a run must know, of the way from the best constant to the floor, not to be stuck.
const STUCK: f64 = 0.03;
/// The error, beyond what no network can avoid, above which a run is poor; and how much it must have learnt not to be.
const POOR: (f64, f64) = (0.15, 0.5);
/// How much more of the way, and how many more samples, something must get right to be much better.
const MUCH: (f64, f64) = (0.25, 0.1);

/// All that was seen of a run.
pub(super) struct Evidence<'a> {
    pub run: &'a Run,
    pub data: DataLook,
    pub samples: usize,
    /// Whether the targets are numbers, whose accuracy is R².
    pub are_numbers: bool,
    /// Samples held out.
    pub tested: usize,
    pub linear: Option<Linear>,
    pub gradients: Option<GradientCheck>,
    pub replay: Replay,
    pub device: DeviceRun,
    /// The units and the gradient over the run; the first is the start.
    pub looks: Vec<UnitsLook>,
}

impl Evidence<'_> {
    /// What a cost is measured by: a nat for two classes; else so much that knowing nothing costs ln 2, as of two alike.
    pub fn unit(&self) -> f64 {
        match self.run.network.tells_two_classes() {
            true => 1.0,
            false => self.data.constant_cost / std::f64::consts::LN_2,
        }
    }

    /// The largest cost before the first update that is no reason to look for another start.
    pub fn usual_first_cost(&self) -> f64 {
        let idle = if self.run.network.tells_two_classes() { 0.5 } else { self.data.idle_cost };
        2.0 * self.data.constant_cost.max(idle)
    }

    /// Whether there are several hidden layers.
    pub fn is_deep(&self) -> bool {
        self.run.network.hidden().len() > 1
    }

    /// How much of what comes back to the last hidden layer reaches the first, at the start and at the end.
    pub fn reaches(&self) -> [f64; 2] {
        [self.looks.first(), self.looks.last()].map(|look| look.map_or(1.0, UnitsLook::reaches))
    }

    /// The share of the way from the best constant's cost to the floor.
    pub fn explained(&self, cost: f64) -> f64 {
        let DataLook { constant_cost, floor, .. } = self.data;
        let way = constant_cost - floor;
        if way > 1e-9 { (constant_cost - cost) / way } else { 0.0 }
    }

    /// The share of samples that are wrong and need not be.
    pub fn error(&self, accuracy: f64) -> f64 {
        (self.data.ceiling - accuracy).max(0.0)
    }

    /// The cost at the end; infinite if the run diverged.
    pub fn cost(&self) -> f64 {
        self.device.cost.unwrap_or(f64::INFINITY)
    }

    /// The accuracy at the end; 0 if the run diverged.
    pub fn accuracy(&self) -> f64 {
        self.device.accuracy.unwrap_or(0.0)
    }

    /// The cost before the first update; infinite if it is not finite.
    pub fn first_cost(&self) -> f64 {
        self.device.first_cost.unwrap_or(f64::INFINITY)
    }

    /// The first iteration that was not finite, on the device or in `f64`.
    pub fn diverged(&self) -> Option<u64> {
        self.device.diverged.or(self.replay.diverged())
    }

    /// Whether it ends above its start, by more than a healthy cost wavers, on the device or in `f64`.
    pub fn rose(&self) -> bool {
        let rises = |first: f64, last: f64| last > 1.02 * first || (last > first && self.explained(last) < STUCK);
        let in_full = !self.replay.cut_short && self.replay.first == 0;
        rises(self.first_cost(), self.cost()) || (in_full && rises(self.replay.first_cost, self.replay.last_cost))
    }

    /// Whether the best constant would do better.
    pub fn is_above_constant(&self) -> bool {
        self.cost() > 1.001 * self.data.constant_cost
    }

    /// Whether it went wrong rather than nowhere: it diverged, or ends above its start or the best constant.
    pub fn overshoots(&self) -> bool {
        self.diverged().is_some() || self.rose() || (self.is_above_constant() && !self.creeps())
    }

    /// Whether it comes down steadily from a start of the usual cost, which weights that are not small put above the best
    /// constant's, and has not come far.
    fn creeps(&self) -> bool {
        let DeviceRun { late_fall, late_rises, .. } = self.device;
        self.first_cost() <= self.usual_first_cost()
            && self.cost() < self.first_cost()
            && late_fall > 0.0
            && late_rises < 0.1
    }

    /// How much the largest gradient of a layer has grown over the replay.
    pub fn growth(&self) -> f64 {
        let steepest = || self.replay.norms.iter().map(|norms| norms.steepest().1);
        let first = steepest().next().filter(|first| *first > 0.0);
        first.map_or(1.0, |first| steepest().fold(first, f64::max) / first)
    }

    /// What it knows of a sample more than the best constant does, in nats; of numbers, if their errors are normal.
    fn gained(&self) -> f64 {
        let DataLook { constant_cost, .. } = self.data;
        match self.run.network.output() {
            Output::Squares => 0.5 * (constant_cost / self.cost()).ln(),
            _ => constant_cost - self.cost(),
        }
    }

    /// Whether it knows next to nothing, though there is something to know.
    pub fn is_stuck(&self) -> bool {
        let DataLook { largest_share, ceiling, .. } = self.data;
        // of several labels, most may be rare: what is learnt of them shows in the cost first
        let counts = self.run.network.outputs() == 1 || self.run.network.output() != Output::Logistic;
        let is_no_better = self.accuracy() <= largest_share + 1e-9 && ceiling > largest_share && counts;
        // p parameters gain about p/2 nats on noise; what gains four times as much and more has found something
        let parameters = self.run.network.layout().parameters() as f64;
        let gained = self.gained() * self.samples as f64;
        let has_found = gained > 2.0 * parameters + 10.0;
        let knows_as_much = |linear: Linear| has_found && self.cost() <= linear.cost;
        is_no_better || (self.explained(self.cost()) < STUCK && !self.linear.is_some_and(knows_as_much))
    }

    /// Whether it failed by itself, whatever others reach.
    pub fn failed(&self) -> bool {
        self.overshoots() || self.is_stuck()
    }

    /// Whether much is left to learn.
    pub fn is_poor(&self) -> bool {
        // of R², the error is what is not explained
        let errs = !self.are_numbers && self.error(self.accuracy()) > POOR.0;
        self.failed() || errs || self.explained(self.cost()) < POOR.1
    }

    /// Whether nothing worth mentioning is left to learn.
    pub fn is_good(&self) -> bool {
        !self.failed() && self.error(self.accuracy()) <= 0.05
    }

    /// Whether the cost goes up and down by much at the end.
    pub fn oscillates(&self) -> bool {
        let DeviceRun { late_swing, late_rises, .. } = self.device;
        late_rises > 0.1 && late_swing > 0.1 * self.data.constant_cost
    }

    /// Whether it ends far above the lowest cost on the way.
    pub fn lost_ground(&self) -> bool {
        self.device.lowest_cost.is_some_and(|lowest| self.cost() > lowest + 0.1 * self.data.constant_cost)
    }

    /// Whether the cost still falls at the end.
    pub fn falls(&self) -> bool {
        self.device.late_fall > 0.005 * self.data.constant_cost
    }

    /// Whether the gradient is next to nothing against the weights at the end.
    pub fn is_flat(&self) -> bool {
        self.looks.last().is_some_and(|look| look.gradient < 1e-3 * look.weights)
    }

    /// The shares of dead units and of saturated ones, at the start and at the end.
    pub fn dead(&self) -> [f64; 2] {
        self.ends(UnitsLook::dead)
    }

    /// The shares of saturated units and samples, at the start and at the end.
    pub fn saturated(&self) -> [f64; 2] {
        self.ends(UnitsLook::saturated)
    }

    fn ends(&self, of: impl Fn(&UnitsLook) -> f64) -> [f64; 2] {
        [self.looks.first(), self.looks.last()].map(|look| look.map_or(0.0, &of))
    }

    /// Whether g is the identity, so that the network is a linear model.
    pub fn is_linear(&self) -> bool {
        match self.run.network.activation() {
            Activation::Identity => true,
            Activation::LeakyRelu { slope } => (slope - 1.0).abs() < 0.05,
            _ => false,
        }
    }

    /// Whether it overfits: from some look on the samples held out fared worse. That look's iteration.
    pub fn overfits_from(&self) -> Option<u64> {
        let tested = || self.looks.iter().filter_map(|look| Some((look, look.test_cost?)));
        let (last, cost) = tested().next_back()?;
        let (best, lowest) = tested().min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        let right = last.test_accuracy?;
        let two_deviations = 2.0 * (right * (1.0 - right) / self.tested as f64).sqrt();
        let is_worse = cost > 1.3 * lowest + 0.03 * self.unit() && self.accuracy() - right > two_deviations.max(0.05);
        is_worse.then_some(best.iteration)
    }

    /// The share of the way from the best constant to the floor that a trial has gone: of targets in another unit, costs are
    /// too, but R² is not.
    pub fn reached(&self, trial: &Trial) -> f64 {
        let reached = if is_in_unit(trial) { trial.cost.map(|cost| self.explained(cost)) } else { trial.accuracy };
        reached.unwrap_or(f64::NEG_INFINITY)
    }

    /// Whether a trial is much better than the run.
    pub fn is_helped_by(&self, trial: &Trial) -> bool {
        let (Some(cost), Some(accuracy)) = (trial.cost, trial.accuracy) else { return false };
        if trial.status != Status::Finished || cost > trial.first_cost.unwrap_or(f64::INFINITY) {
            return false;
        }
        let (is_in_unit, explained) = (is_in_unit(trial), self.reached(trial));
        if self.overshoots() {
            return explained > 0.01 && (cost < self.cost() || !is_in_unit);
        }
        let (more, right) = (explained - self.explained(self.cost()), accuracy - self.accuracy());
        if self.is_stuck() {
            return more > 0.1;
        }
        let halves = 1.0 - explained <= 0.5 * (1.0 - self.explained(self.cost()))
            && self.error(accuracy) <= 0.5 * self.error(self.accuracy())
            && right > 0.04;
        halves || (more > MUCH.0 && right > MUCH.1)
    }
}

/// Whether a trial's costs are in the unit of the run's.
fn is_in_unit(trial: &Trial) -> bool {
    !trial.changes.contains(&Change::StandardisedTargets)
}
