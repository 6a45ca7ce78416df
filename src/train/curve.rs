//! The whole run's costs for a picture: as many as a curve needs, however long the run and however often it is logged.

use serde::{Deserialize, Serialize, Serializer};

use super::CostAt;

/// The most costs that a curve holds. From that many on it holds more than half of them.
const MOST: usize = 1024;

/// The cost after 0, 2ᵏ, 2·2ᵏ, … updates, with k as small as 1,024 costs allow, and the last cost. Whenever it is full,
/// every second cost is dropped, so a curve is the same wherever a run was stopped and resumed.
///
/// ```
/// use planar::train::CostCurve;
///
/// let mut curve = CostCurve::default();
/// curve.add(0, &[0.5; 3000]);
/// let costs: Vec<u64> = curve.costs().map(|at| at.iteration).collect();
/// assert_eq!((costs.len(), &costs[..3], costs[750]), (751, &[0, 4, 8][..], 2999));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct CostCurve {
    /// Updates from one cost to the next: a power of two.
    every: u64,
    /// The costs from iteration 0 on; NaN where none is known. Single precision is more than a picture shows.
    #[serde(serialize_with = "shortest")]
    costs: Vec<f32>,
    /// The last cost that is known.
    last: Option<CostAt>,
}

impl Default for CostCurve {
    fn default() -> Self {
        Self { every: 1, costs: Vec::new(), last: None }
    }
}

impl CostCurve {
    /// Whether it holds no cost.
    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// Its costs by iteration, the last one included.
    pub fn costs(&self) -> impl Iterator<Item = CostAt> {
        let kept =
            self.costs.iter().zip(0..).map(|(cost, k)| CostAt { iteration: k * self.every, cost: (*cost).into() });
        let last = self.last;
        let before = move |at: &CostAt| last.is_none_or(|last| at.iteration < last.iteration);
        kept.filter(move |at| before(at) && !at.cost.is_nan()).chain(last)
    }

    /// Updates from one cost to the next.
    pub fn every(&self) -> u64 {
        self.every
    }

    /// The costs of a chunk: `costs[k]` is the cost after `first` + k updates. Chunks come in their order; those before
    /// the first one, of a run that is resumed, are unknown.
    pub fn add(&mut self, first: u64, costs: &[f64]) {
        let end = first.saturating_add(costs.len() as u64);
        while self.next() < end {
            if self.costs.len() == MOST {
                self.thin();
            } else {
                let cost = self.next().checked_sub(first).map_or(f64::NAN, |k| costs[k as usize]);
                self.costs.push(cost as f32);
            }
        }
        if let Some(cost) = costs.last() {
            self.last = Some(CostAt { iteration: end - 1, cost: *cost });
        }
    }

    /// Ends with this cost; those of later iterations are dropped.
    pub fn end(&mut self, last: CostAt) {
        let before = last.iteration.div_ceil(self.every);
        self.costs.truncate(usize::try_from(before).unwrap_or(usize::MAX));
        self.last = Some(last);
    }

    /// Its costs and those that were logged, by iteration.
    pub fn with_logged(&self, logged: &[CostAt]) -> Vec<CostAt> {
        let mut all: Vec<CostAt> = logged.iter().copied().chain(self.costs()).collect();
        // the sort is stable: of one iteration's costs the logged one, which is the more precise, comes first
        all.sort_by_key(|at| at.iteration);
        all.dedup_by_key(|at| at.iteration);
        all
    }

    /// This curve continued by that of the run that resumed it: what only one of them knows is in the result.
    #[must_use]
    pub fn joined(&self, later: &Self) -> Self {
        let (mut one, mut other) = (self.clone(), later.clone());
        while one.every != other.every {
            if one.every < other.every { one.thin() } else { other.thin() }
        }
        let costs = (0..one.costs.len().max(other.costs.len())).map(|k| {
            let of = |curve: &Self| curve.costs.get(k).copied().filter(|cost| !cost.is_nan());
            of(&one).or(of(&other)).unwrap_or(f32::NAN)
        });
        let last = [one.last, other.last].into_iter().flatten().max_by_key(|at| at.iteration);
        Self { every: one.every, costs: costs.collect(), last }
    }

    /// The curve with at most this many costs (2 or more) before the last: a part of them between half of that and that.
    #[must_use]
    pub fn thinned(mut self, most: usize) -> Self {
        while self.costs.len() > most.max(2) {
            self.thin();
        }
        self
    }

    /// The iteration of the next cost that is kept.
    fn next(&self) -> u64 {
        self.costs.len() as u64 * self.every
    }

    /// Drops every second cost.
    fn thin(&mut self) {
        self.costs = self.costs.iter().step_by(2).copied().collect();
        self.every *= 2;
    }
}

/// Costs in the few digits that tell one `f32` from the next, also where JSON is made of `f64`.
fn shortest<S: Serializer>(costs: &[f32], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(costs.iter().map(|cost| cost.to_string().parse::<f64>().ok().filter(|cost| cost.is_finite())))
}

/// A curve as a file holds it, before it is known to be one.
#[derive(Deserialize)]
struct Stored {
    every: u64,
    costs: Vec<Option<f32>>,
    last: Option<CostAt>,
}

impl TryFrom<Stored> for CostCurve {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let Stored { every, costs, last } = stored;
        if !every.is_power_of_two() || every > 1 << 53 || costs.len() > MOST {
            return Err(format!("a curve of {} costs, one every {every} iterations", costs.len()));
        }
        let costs = costs.into_iter().map(|cost| cost.unwrap_or(f32::NAN)).collect();
        Ok(Self { every, costs, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// cost(t) = 1/(1 + t), in chunks of this many updates from `first` to `end`.
    fn curve(first: u64, end: u64, chunk: u64) -> CostCurve {
        let mut curve = CostCurve::default();
        let cost = |t: u64| 1.0 / (1 + t) as f64;
        for from in (first..end).step_by(chunk as usize) {
            let costs: Vec<f64> = (from..end.min(from + chunk)).map(cost).collect();
            curve.add(from, &costs);
        }
        curve.end(CostAt { iteration: end, cost: cost(end) });
        curve
    }

    #[test]
    fn a_curve_has_every_cost_or_over_512_and_the_last() {
        for end in [1, 2, 199, 1023, 1024, 1025, 2048, 50_000, 1_000_003] {
            let costs: Vec<CostAt> = curve(0, end, 777).costs().collect();
            assert_eq!((costs[0].iteration, costs[costs.len() - 1].iteration), (0, end));
            assert!(costs.len() as u64 == end + 1 || (513..=1025).contains(&costs.len()), "{end}: {}", costs.len());
            let gap = costs[1].iteration;
            assert!(costs.windows(2).rev().skip(1).all(|at| at[1].iteration - at[0].iteration == gap), "{end}");
            for at in costs {
                assert!((at.cost * (1 + at.iteration) as f64 - 1.0).abs() < 1e-7, "{end}: {at:?}");
            }
        }
    }

    #[test]
    fn a_resumed_curve_is_that_of_a_run_that_never_stopped() {
        for (stop, end) in [(1, 5), (300, 900), (300, 90_000), (70_000, 70_010), (1024, 1025), (5000, 2_000_000)] {
            let joined = curve(0, stop, 100).joined(&curve(stop, end, 333));
            assert_eq!(joined, curve(0, end, 4096), "stopped at {stop} of {end}");
        }
        // of a run whose first part kept no curve, the second is there
        let late = CostCurve::default().joined(&curve(1 << 20, (1 << 20) + 50_000, 1000));
        assert!(late.costs().all(|at| at.iteration >= 1 << 20) && late.costs().count() > 20);
    }

    #[test]
    fn a_curve_that_diverged_ends_there() {
        let mut curve = curve(0, 100, 100);
        curve.end(CostAt { iteration: 40, cost: f64::NAN });
        assert_eq!(curve.costs().map(|at| at.iteration).collect::<Vec<_>>(), (0..=40).collect::<Vec<_>>());
        let text = serde_json::to_string(&curve).unwrap();
        let back: CostCurve = serde_json::from_str(&text).unwrap();
        assert!(back.costs().last().unwrap().cost.is_nan() && back.costs().count() == 41);
    }

    #[test]
    fn what_is_no_curve_is_refused() {
        for every in ["0", "3", "18446744073709551615", "9223372036854775808", "-1"] {
            let text = format!("{{\"every\":{every},\"costs\":[0.5,null],\"last\":null}}");
            assert!(serde_json::from_str::<CostCurve>(&text).is_err(), "{every}");
        }
        let long = format!("{{\"every\":1,\"costs\":[{}0],\"last\":null}}", "0,".repeat(MOST));
        assert!(serde_json::from_str::<CostCurve>(&long).is_err());
    }

    #[test]
    fn logged_costs_stand_among_those_of_the_curve_once() {
        let logged = [CostAt { iteration: 0, cost: 1.0 }, CostAt { iteration: 1501, cost: 9.0 }];
        let all = curve(0, 3000, 1000).with_logged(&logged);
        assert!(all.is_sorted_by(|a, b| a.iteration < b.iteration));
        assert!(all.contains(&logged[1]) && all.len() == 752);
    }
}
