//! Successive halving: all networks train for a while, the best of them go on, and so on until the last have trained to
//! their end.
//!
//! With a factor η, ⌈n/η⌉ of n candidates go on at each rung, and each rung is η times as far as the one before; so all
//! rungs cost nearly the same. As many rungs are climbed as leave at least one candidate. These are the rules of
//! scikit-learn's `HalvingGridSearchCV`, after K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and
//! hyperparameter optimization", AISTATS 2016.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::grid::Job;
use super::pace::MOST_AT_ONCE;
use super::results::JobResult;
use super::summary::Spread;
use super::under_way::Begun;
use crate::train::CostAt;
use crate::{Error, Result};

/// How far the networks of a sweep are trained before the best of them go on. Those of one data set compete; the networks
/// of one candidate, one for each fold, stay together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halving {
    /// η.
    factor: u64,
    /// Rungs before the last, which is the end of the training.
    before_last: u32,
    /// Networks of a candidate.
    folds: u64,
}

/// What happened at a rung.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rung {
    /// The data set for which the networks compete.
    pub data: String,
    /// Its number, counted from 1.
    pub rung: u32,
    /// The iterations that a network has done there: the fewest and the most, as the whole trainings differ in length.
    pub iterations: [u64; 2],
    /// The candidates that were to climb to it.
    pub candidates: usize,
    /// Those of them that diverged on the way.
    pub diverged: usize,
    /// Those that go on from it; at the last rung, those that are at their end.
    pub goes_on: usize,
    /// Their costs there, of the held-out samples if there are any; a mean over folds. None if all diverged.
    pub cost: Option<Spread>,
    /// The candidates that go on.
    #[serde(skip)]
    chosen: BTreeSet<u64>,
}

/// What the networks have reached: their costs at each rung, and which have ended.
#[derive(Debug, Default)]
pub(super) struct Reached<'a> {
    rungs: HashMap<u64, &'a [CostAt]>,
    ended: BTreeSet<u64>,
}

impl<'a> Reached<'a> {
    pub fn new(results: &'a [JobResult], begun: &'a BTreeMap<u64, Begun>) -> Self {
        let ended = results.iter().map(|ended| (ended.job.job, &*ended.rungs));
        let begun = begun.values().map(|begun| (begun.about.job, &*begun.about.rungs));
        Self { rungs: begun.chain(ended).collect(), ended: results.iter().map(|ended| ended.job.job).collect() }
    }

    /// The cost of a network at a rung, counted from 0; none before it is there.
    fn cost(&self, job: u64, rung: u32) -> Option<f64> {
        self.rungs.get(&job)?.get(rung as usize).map(|at| at.cost)
    }
}

impl Halving {
    /// A halving of these networks, of which `folds` in a row are one candidate.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the factor is below 2 or above the number of candidates of a data set, if a training is too
    /// short to be divided by it, or for more than 32,768 networks, since all of them wait in memory.
    pub fn new(factor: u64, jobs: &[Job], folds: u64) -> Result<Self> {
        if jobs.len() > MOST_AT_ONCE {
            return Err(Error::invalid(
                "the number of networks to halve",
                format!("at most {MOST_AT_ONCE}"),
                jobs.len(),
            ));
        }
        let mut candidates = BTreeMap::new();
        jobs.iter().for_each(|job| *candidates.entry(&*job.data).or_insert(0) += 1);
        let candidates = candidates.into_values().min().unwrap_or(0) / folds;
        if candidates < 2 {
            return Err(Error::invalid("the number of networks that compete", "at least 2", candidates));
        }
        if !(2..=candidates).contains(&factor) {
            let wanted = format!("from 2 to {candidates}, the number of networks that compete");
            return Err(Error::invalid("the factor of the halving", wanted, factor));
        }
        let shortest = jobs.iter().map(|job| job.iterations).min().unwrap_or(0);
        if shortest < factor {
            let wanted = format!("at least {factor}, the factor of the halving");
            return Err(Error::invalid("the number of iterations", wanted, shortest));
        }
        Ok(Self { factor, before_last: candidates.ilog(factor).min(shortest.ilog(factor)), folds })
    }

    /// The halving of a sweep that is described in a results file; none if it has none.
    pub fn of(sweep: &serde_json::Value, jobs: &[Job]) -> Option<Self> {
        Self::new(sweep["halving"].as_u64()?, jobs, sweep["folds"].as_u64().unwrap_or(1)).ok()
    }

    /// The number of rungs, with the last.
    pub fn rungs(&self) -> u32 {
        self.before_last + 1
    }

    /// ⌈T/ηʲ⌉: the iterations of a network of T at a rung that j others follow; rungs are counted from 0.
    pub fn until(&self, job: &Job, rung: u32) -> u64 {
        let others = self.before_last.saturating_sub(rung);
        job.iterations.div_ceil(self.factor.saturating_pow(others))
    }

    /// About how many iterations these networks will do in all from the rung that they have climbed on.
    pub(super) fn left(&self, jobs: &[&Job], rung: u32) -> u64 {
        let total: f64 = jobs.iter().map(|job| job.iterations as f64).sum();
        let share = |rung: u32| (self.factor as f64).powi(rung as i32 - self.before_last as i32);
        let after = (rung + 1)..self.rungs();
        let left = |next: u32| (share(next) - share(next - 1)) / (self.factor as f64).powi((next - rung) as i32);
        (total * after.map(left).sum::<f64>()) as u64
    }

    /// What happened at each rung that all its candidates have climbed, or ended before, data set by data set.
    pub(super) fn climbed(&self, jobs: &[Job], reached: &Reached) -> Vec<Rung> {
        let mut of_data: BTreeMap<&str, BTreeMap<u64, Vec<&Job>>> = BTreeMap::new();
        for job in jobs {
            of_data.entry(&job.data).or_default().entry(job.job / self.folds).or_default().push(job);
        }
        let mut climbed = Vec::new();
        for (data, mut candidates) in of_data {
            for rung in 0..self.rungs() {
                let is_decided = |job: &&Job| reached.cost(job.job, rung).is_some() || reached.ended.contains(&job.job);
                if candidates.is_empty() || !candidates.values().flatten().all(is_decided) {
                    break;
                }
                let next = self.rung(data, rung, &candidates, reached);
                candidates.retain(|number, _| next.chosen.contains(number));
                climbed.push(next);
            }
        }
        climbed
    }

    fn rung(&self, data: &str, rung: u32, candidates: &BTreeMap<u64, Vec<&Job>>, reached: &Reached) -> Rung {
        let mean = |jobs: &[&Job]| -> Option<f64> {
            let costs = jobs.iter().map(|job| reached.cost(job.job, rung)).collect::<Option<Vec<_>>>()?;
            Some(costs.iter().sum::<f64>() / costs.len() as f64)
        };
        let costs = candidates.iter().map(|(number, jobs)| mean(jobs).map(|cost| (cost, *number)));
        let mut there: Vec<(f64, u64)> = costs.flatten().collect();
        there.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let go_on = match rung == self.before_last {
            true => there.len(),
            false => candidates.len().div_ceil(self.factor as usize),
        };
        let chosen: BTreeSet<u64> = there.iter().take(go_on).map(|(_, number)| *number).collect();
        let iterations = candidates.values().flatten().map(|job| self.until(job, rung));
        let (fewest, most) = iterations.fold((u64::MAX, 0), |(fewest, most), n| (fewest.min(n), most.max(n)));
        Rung {
            data: data.into(),
            rung: rung + 1,
            iterations: [fewest, most],
            candidates: candidates.len(),
            diverged: candidates.len() - there.len(),
            goes_on: chosen.len(),
            cost: Spread::of(there.iter().map(|(cost, _)| *cost)),
            chosen,
        }
    }

    /// What happened at each rung, as a results file tells it.
    pub fn of_results(&self, jobs: &[Job], results: &[JobResult]) -> Vec<Rung> {
        self.climbed(jobs, &Reached::new(results, &BTreeMap::new()))
    }

    /// Whether a network goes on from a rung, counted from 0.
    pub(super) fn goes_on(&self, job: &Job, rung: u32, climbed: &[Rung]) -> bool {
        let of_job = climbed.iter().find(|of| of.data == job.data && of.rung == rung + 1);
        of_job.is_none_or(|of| of.chosen.contains(&(job.job / self.folds)))
    }
}
