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

/// Updates until the next trial.
const SETTLED: u32 = 4096;

/// Updates of this length are shared without a trial: what threads cost one another is far less.
const LONG: Duration = Duration::from_millis(1);

/// A network's choice.
#[derive(Debug)]
pub struct Sharing {
    /// The stage of the trial, or their number if it is over.
    stage: usize,
    /// Updates left of the stage, or until the next trial.
    left: u32,
    /// The shortest time of an update shared, and of one made alone.
    times: [Duration; 2],
}

impl Default for Sharing {
    /// The beginning of a trial.
    fn default() -> Self {
        Self { stage: 0, left: TRIAL[0].1, times: [Duration::MAX; 2] }
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
        let way = TRIAL.get(self.stage).map_or(faster, |(way, ..)| *way);
        (way, updates.min(self.left))
    }

    /// Records how long this many updates took.
    fn took(&mut self, updates: u32, time: Duration) {
        let each = time / updates;
        self.left -= updates;
        match TRIAL.get(self.stage) {
            Some((Shared, ..)) if each >= LONG => {
                *self = Self { stage: TRIAL.len(), left: SETTLED, times: [each, Duration::MAX] };
            }
            Some((way, _, true)) => {
                let shortest = &mut self.times[*way as usize];
                *shortest = each.min(*shortest);
            }
            _ => {}
        }
        if self.left == 0 {
            *self = match self.stage + 1 {
                stage if stage < TRIAL.len() => Self { stage, left: TRIAL[stage].1, ..*self },
                stage if stage == TRIAL.len() => Self { stage, left: SETTLED, ..*self },
                _ => Self::default(),
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
                while made.len() < TRIED + 4096 + 2 {
                    made.extend(ways(&mut sharing, chunk, shared, alone));
                }
                let settled = &made[TRIED..TRIED + 4096];
                assert!(settled.iter().all(|way| *way == faster), "{shared} against {alone} in chunks of {chunk}");
                assert!([Shared, Alone].iter().all(|way| made[..TRIED].contains(way)));
                assert_eq!(made[TRIED + 4096..TRIED + 4098], [Shared, Shared], "the next trial");
            }
        }
    }

    #[test]
    fn a_long_update_is_shared_without_a_trial() {
        let mut sharing = Sharing::default();
        assert!(ways(&mut sharing, 4000, 2000, 1).iter().all(|way| *way == Shared));
    }
}
