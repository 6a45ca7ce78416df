//! Which layout of a plan is the fastest: measured on the first chunks of a training, whose results are the same in all
//! layouts. This is the part without a GPU: it is told times, and says who computes what.
//!
//! A training that has shown to be worth it looks at one layout after another ([`Tuner::to_probe`]): one that does not
//! compile, or gives other bits, is dropped. Then chunks are shared out in rounds ([`Tuner::shares`]), as many as fit into a
//! chunk: after a short share to warm up, the shortest of three times counts. What takes far longer than the best is dropped at once.

use crate::backend::Layouts;

/// Seconds that a training takes before other layouts are compiled: a shorter one would not gain by them.
const BEFORE: f64 = 0.05;
/// Seconds of training in which layouts are measured.
const BUDGET: f64 = 0.06;
/// Times that are taken of each layout.
const TIMES: u32 = 3;
/// Seconds that a share takes at least, so that what a submission costs does not count.
const SHORTEST: f64 = 3e-4;
/// The part of a share that a layout gets first: one that is a hundred times slower must not take long.
const WARM_UP: u32 = 8;
/// What takes so many times as long as the best is dropped: in the first short share, and later.
const FAR: [f64; 2] = [4.0, 2.0];
/// Rounds after which the choice is made, even if all chunks were too short to measure.
const MOST_ROUNDS: u32 = 24;

/// What is known of a layout.
#[derive(Clone, Debug)]
struct Layout {
    name: String,
    /// Seconds per iteration, the shortest of those taken.
    fastest: Option<f64>,
    times: u32,
    is_warm: bool,
    is_dropped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The likeliest trains alone.
    Before,
    /// The layout of this number is to be looked at.
    Probing(usize),
    Measuring,
    Done,
}

/// How a look at a layout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It gives the bits of the likeliest.
    Same,
    /// It gives others.
    Parted,
    /// It does not compile or run.
    Failed,
}

/// The layouts of a session, of which the first is the likeliest to be the fastest.
#[derive(Debug)]
pub struct Tuner {
    layouts: Vec<Layout>,
    phase: Phase,
    current: usize,
    /// Whether the first share, whose time says nothing, is behind.
    has_begun: bool,
    /// Seconds trained before measuring, and in measured shares.
    trained: f64,
    iterations: f64,
    spent: f64,
    rounds: u32,
}

impl Tuner {
    /// Measures these layouts.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let layout = |name| Layout { name, fastest: None, times: 0, is_warm: false, is_dropped: false };
        let layouts: Vec<Layout> = names.into_iter().map(layout).collect();
        let phase = if layouts.len() > 1 { Phase::Before } else { Phase::Done };
        Self { layouts, phase, current: 0, has_begun: false, trained: 0.0, iterations: 0.0, spent: 0.0, rounds: 0 }
    }

    /// Takes the layout that was chosen before.
    pub fn knowing(mut self, known: &Layouts) -> Self {
        if let Some(chosen) = self.layouts.iter().position(|layout| layout.name == known.chosen) {
            for layout in &mut self.layouts {
                let time = known.measured.iter().find(|(name, _)| *name == layout.name);
                layout.fastest = time.and_then(|(_, time)| *time);
            }
            (self.current, self.phase) = (chosen, Phase::Done);
        }
        self
    }

    /// The layout to take where nothing is measured.
    pub fn current(&self) -> usize {
        self.current
    }

    /// Whether the choice is made.
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// The layout that is to be looked at now.
    pub fn to_probe(&self) -> Option<usize> {
        match self.phase {
            Phase::Probing(layout) => Some(layout),
            _ => None,
        }
    }

    /// A look at the layout of [`to_probe`](Self::to_probe) has ended so.
    pub fn probed(&mut self, probe: Probe) {
        let Phase::Probing(layout) = self.phase else { return };
        self.layouts[layout].is_dropped = probe != Probe::Same;
        self.phase = if layout + 1 < self.layouts.len() { Phase::Probing(layout + 1) } else { Phase::Measuring };
        if self.live().count() == 1 {
            self.phase = if self.phase == Phase::Measuring { Phase::Done } else { self.phase };
        }
    }

    /// Who computes how many of these iterations, one after another. All but the last are measured.
    pub fn shares(&self, iterations: u32) -> Vec<(usize, u32)> {
        let whole = vec![(self.current, iterations)];
        let live: Vec<usize> = self.live().collect();
        if self.phase != Phase::Measuring || iterations <= live.len() as u32 {
            return whole;
        }
        let best = self.best();
        let of_all: f64 = live.iter().map(|layout| self.layouts[*layout].fastest.unwrap_or(best)).sum();
        let share = BUDGET / f64::from(TIMES) / of_all;
        let share = (share as u32).clamp(1, (iterations - 1) / live.len() as u32);
        let is_short = f64::from(share) * best < SHORTEST && share > 1;
        if is_short {
            return whole; // a longer chunk will come
        }
        let of_layout = |layout: &usize| match self.layouts[*layout].is_warm {
            true => (*layout, share),
            false => (*layout, (share / WARM_UP).max(1)),
        };
        let mut shares: Vec<(usize, u32)> = live.iter().map(of_layout).collect();
        let rest = iterations - shares.iter().map(|(_, share)| share).sum::<u32>();
        shares.push((self.current, rest));
        shares
    }

    /// So many iterations more are done, after so many seconds. The first time says nothing: drivers compile when something
    /// runs for the first time.
    pub fn trained(&mut self, iterations: u32, seconds: f64) {
        if self.phase != Phase::Before || !std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        self.trained += seconds;
        self.iterations += f64::from(iterations);
        if self.trained >= BEFORE {
            self.phase = Phase::Probing(1);
        }
    }

    /// A share of this many iterations took so long.
    pub fn learn(&mut self, layout: usize, iterations: u32, seconds: f64) {
        let (time, best) = (seconds / f64::from(iterations), self.best());
        self.spent += seconds;
        let of_layout = &mut self.layouts[layout];
        of_layout.fastest = Some(of_layout.fastest.map_or(time, |fastest| fastest.min(time)));
        if !std::mem::replace(&mut of_layout.is_warm, true) {
            of_layout.is_dropped |= layout != self.current && time > FAR[0] * best;
            return;
        }
        of_layout.times += 1;
    }

    /// The times of all shares are told. Returns the choice if it is made now.
    pub fn end_round(&mut self) -> Option<Layouts> {
        if self.phase != Phase::Measuring {
            return None;
        }
        self.rounds += 1;
        let best = self.best();
        for layout in &mut self.layouts {
            layout.is_dropped |= layout.times > 0 && layout.fastest.is_some_and(|time| time > FAR[1] * best);
        }
        let fastest = |layout: &usize| self.layouts[*layout].fastest.unwrap_or(f64::INFINITY);
        self.current = self.live().min_by(|a, b| fastest(a).total_cmp(&fastest(b))).unwrap_or(self.current);
        let times = self.live().map(|layout| self.layouts[layout].times).min().unwrap_or(0);
        let is_enough = times >= TIMES || (self.spent >= BUDGET && times > 0) || self.rounds >= MOST_ROUNDS;
        is_enough.then(|| {
            self.phase = Phase::Done;
            self.report()
        })
    }

    /// What is chosen, and what was measured.
    pub fn report(&self) -> Layouts {
        let measured = self.layouts.iter().map(|layout| (layout.name.clone(), layout.fastest)).collect();
        Layouts { chosen: self.layouts[self.current].name.clone(), measured }
    }

    fn live(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.layouts.len()).filter(|layout| !self.layouts[*layout].is_dropped)
    }

    /// Seconds per iteration of the fastest layout; before any is measured, of the training so far.
    fn best(&self) -> f64 {
        let measured = self.live().filter_map(|layout| self.layouts[layout].fastest).min_by(f64::total_cmp);
        measured.unwrap_or(self.trained / self.iterations.max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tuner of layouts that take so many microseconds per iteration, driven by chunks of 50 ms until it is done; the
    /// seconds that measuring took. Every iteration is done once.
    fn driven(micros: &[f64], probe: impl Fn(usize) -> Probe) -> (Tuner, f64) {
        let mut tuner = Tuner::new((0..micros.len()).map(|layout| layout.to_string()));
        let (mut chunk, mut measured) = (1, 0.0);
        for _ in 0..200 {
            if let Some(layout) = tuner.to_probe() {
                tuner.probed(probe(layout));
            }
            let (mut seconds, mut left) = (0.0, chunk);
            loop {
                let mut shares = tuner.shares(left);
                assert_eq!(shares.iter().map(|(_, share)| share).sum::<u32>(), left, "{tuner:?}");
                (_, left) = shares.pop().unwrap();
                for (layout, share) in &shares {
                    let time = 1e-6 * micros[*layout] * f64::from(*share);
                    tuner.learn(*layout, *share, time);
                    (seconds, measured) = (seconds + time, measured + time);
                }
                tuner.end_round();
                if shares.is_empty() {
                    break;
                }
            }
            seconds += 1e-6 * micros[tuner.current()] * f64::from(left);
            tuner.trained(chunk, seconds);
            chunk = ((f64::from(chunk) * 0.05 / seconds) as u32).clamp(1, 4 * chunk).min(4096);
            if tuner.is_done() {
                break;
            }
        }
        (tuner, measured)
    }

    #[test]
    fn the_fastest_layout_is_chosen_wherever_it_stands() {
        for fastest in 0..8 {
            let mut micros = [30.0, 20.0, 25.0, 22.0, 40.0, 28.0, 31.0, 35.0];
            micros[fastest] = 10.0;
            let (tuner, measured) = driven(&micros, |_| Probe::Same);
            assert_eq!((tuner.current(), tuner.is_done()), (fastest, true), "{tuner:?}");
            // a first short share of each, and the rounds
            assert!(measured < 0.07, "{measured}");
        }
    }

    #[test]
    fn a_short_training_never_leaves_the_likeliest_layout() {
        let mut tuner = Tuner::new(["a".into(), "b".into()]);
        for _ in 0..40 {
            assert_eq!((tuner.shares(100), tuner.to_probe()), (vec![(0, 100)], None));
            tuner.trained(100, 0.001);
            tuner.end_round();
        }
    }

    #[test]
    fn what_fails_or_parts_is_never_taken() {
        for bad in [Probe::Failed, Probe::Parted] {
            let (tuner, _) = driven(&[30.0, 1.0, 20.0], |layout| if layout == 1 { bad } else { Probe::Same });
            assert_eq!((tuner.current(), tuner.is_done()), (2, true), "{tuner:?}");
            let (tuner, _) = driven(&[30.0, 1.0], |_| bad);
            assert_eq!((tuner.current(), tuner.is_done()), (0, true), "{tuner:?}");
        }
    }

    #[test]
    fn a_layout_a_hundred_times_slower_is_dropped_after_a_short_share() {
        let (tuner, measured) = driven(&[10.0, 1000.0, 12.0], |_| Probe::Same);
        assert_eq!((tuner.current(), tuner.layouts[1].times, tuner.layouts[1].is_dropped), (0, 0, true), "{tuner:?}");
        // an eighth of a share of 7 ms, times 100
        assert!(measured < 0.07 + 0.1, "{measured}");
    }

    #[test]
    fn what_is_known_is_not_measured_again() {
        let known = Layouts { chosen: "b".into(), measured: vec![("a".into(), Some(2.0)), ("b".into(), Some(1.0))] };
        let tuner = Tuner::new(["a".into(), "b".into()]).knowing(&known);
        assert_eq!((tuner.current(), tuner.is_done(), tuner.report()), (1, true, known));
        let other = Layouts { chosen: "c".into(), measured: Vec::new() };
        assert!(!Tuner::new(["a".into(), "b".into()]).knowing(&other).is_done());
    }
}
