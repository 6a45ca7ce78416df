//! Whether all threads share each update of a network, or one of them makes it alone: whichever was faster when both were last
//! tried, on this machine and under its present load. The numbers are the same either way.

use std::time::Duration;

use web_time::Instant;

use crate::Result;

/// How a network's updates are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// Each thread computes some of the gradient's parts.
    Shared,
    /// The caller's thread computes all parts.
    Alone,
}

use Way::{Alone, Shared};

/// The stages of a trial: a way, how many updates, and whether they are timed. The first updates that are shared wake the other
/// threads.
const TRIAL: [(Way, u32, bool); 6] = [
    (Shared, 2, false),
    (Shared, 14, true),
    (Alone, 14, true),
    (Shared, 2, false),
    (Shared, 14, true),
    (Alone, 14, true),
];

/// Updates until the second trial: a thread that has just begun may still wait for a core of its own.
const FIRST_SETTLED: u32 = 256;

/// How many times as many there are until the next, up to the most.
const SETTLED_GROWTH: u32 = 4;

/// The most updates from one trial to the next.
const MOST_SETTLED: u32 = 4096;

/// Updates that are shared between two looks at the clock: where another program takes a core, they are shared no more.
const WATCHED: u32 = 64;

/// Updates of this length are shared without a trial: what threads cost one another is far less.
const LONG: Duration = Duration::from_micros(400);

/// A network's choice.
#[derive(Debug)]
pub struct Sharing {
    /// The stage of the trial, or their number if it is over.
    stage: usize,
    /// Updates left of the stage, or until the next trial.
    left: u32,
    /// The shortest time of an update shared, and of one made alone.
    times: [Duration; 2],
    /// Updates from this trial to the next.
    settled: u32,
}

impl Default for Sharing {
    /// The beginning of a trial.
    fn default() -> Self {
        Self { stage: 0, left: TRIAL[0].1, times: [Duration::MAX; 2], settled: FIRST_SETTLED }
    }
}

impl Sharing {
    /// Makes this many updates: calls `make` with a way and a number of updates, several times if there is something to try.
    ///
    /// # Errors
    /// The first of `make`.
    pub fn make(&mut self, updates: u32, mut make: impl FnMut(Way, u32) -> Result<()>) -> Result<()> {
        let mut left = updates;
        while left > 0 {
            let (way, next) = self.next(left);
            let start = Instant::now();
            make(way, next)?;
            self.took(next, start.elapsed());
            left -= next;
        }
        Ok(())
    }

    /// How the next updates are made, and for how many of `updates` this holds.
    fn next(&self, updates: u32) -> (Way, u32) {
        let [shared, alone] = self.times;
        let faster = if shared <= alone { Shared } else { Alone };
        match (TRIAL.get(self.stage), faster) {
            (Some((way, ..)), _) => (*way, updates.min(self.left)),
            (None, Shared) => (Shared, updates.min(self.left).min(WATCHED)),
            (None, Alone) => (Alone, updates.min(self.left)),
        }
    }

    /// Records how long this many updates took.
    fn took(&mut self, updates: u32, time: Duration) {
        let each = time / updates;
        self.left -= updates;
        match TRIAL.get(self.stage) {
            Some((Shared, ..)) if each >= LONG => {
                *self = Self { stage: TRIAL.len(), left: self.settled, times: [each, Duration::MAX], ..*self };
            }
            Some((way, _, true)) => {
                let shortest = &mut self.times[*way as usize];
                *shortest = each.min(*shortest);
            }
            None if self.times[0] <= self.times[1] && each > self.times[1] => self.times[0] = each,
            _ => {}
        }
        if self.left == 0 {
            *self = match self.stage + 1 {
                stage if stage < TRIAL.len() => Self { stage, left: TRIAL[stage].1, ..*self },
                stage if stage == TRIAL.len() => Self { stage, left: self.settled, ..*self },
                _ => Self { settled: (SETTLED_GROWTH * self.settled).min(MOST_SETTLED), ..Self::default() },
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ways of all updates, if one that is shared takes `shared` and another `alone` microseconds.
    fn ways(sharing: &mut Sharing, updates: u32, shared: u64, alone: u64) -> Vec<Way> {
        let mut ways = Vec::new();
        while (ways.len() as u32) < updates {
            let (way, next) = sharing.next(updates - ways.len() as u32);
            let each = if way == Shared { shared } else { alone };
            sharing.took(next, Duration::from_micros(each) * next);
            ways.extend((0..next).map(|_| way));
        }
        ways
    }

    const TRIED: usize = 60;

    #[test]
    fn the_faster_way_is_kept_until_the_next_trial() {
        for (shared, alone, faster) in [(94, 54, Alone), (30, 54, Shared)] {
            for chunk in [1, 7, 10_000] {
                let (mut sharing, mut made) = (Sharing::default(), Vec::new());
                while made.len() < 6 * TRIED + 15_000 {
                    made.extend(ways(&mut sharing, chunk, shared, alone));
                }
                let mut next = &made[..];
                for settled in [256, 1024, 4096, 4096] {
                    let (trial, rest) = next.split_at(TRIED);
                    assert!([Shared, Alone].iter().all(|way| trial.contains(way)));
                    let kept = &rest[..settled];
                    assert!(kept.iter().all(|way| *way == faster), "{shared} against {alone} in chunks of {chunk}");
                    next = &rest[settled..];
                    assert_eq!(next[..2], [Shared, Shared], "the next trial");
                }
            }
        }
    }

    #[test]
    fn what_is_shared_and_becomes_slower_is_made_alone_until_the_next_trial() {
        let mut sharing = Sharing::default();
        let before = ways(&mut sharing, TRIED as u32 + 100, 30, 54);
        assert_eq!(before[TRIED..], [Shared; 100]);
        let after = ways(&mut sharing, 156, 90, 54);
        let given_up = after.iter().position(|way| *way == Alone).expect("it is given up");
        assert!(given_up <= WATCHED as usize && after[given_up..].iter().all(|way| *way == Alone), "{given_up}");
        assert_eq!(ways(&mut sharing, 2, 30, 54), [Shared, Shared], "the next trial");
    }

    #[test]
    fn a_long_update_is_shared_without_a_trial() {
        let mut sharing = Sharing::default();
        assert!(ways(&mut sharing, 4000, 2000, 1).iter().all(|way| *way == Shared));
    }
}
