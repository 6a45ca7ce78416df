//! How often the loops of an invocation turn, put together as the loops of a kernel are.

use std::ops::Add;

use super::order::LONGEST;

/// What the loops of an invocation take. Mesa's software driver also counts the look that ends a loop, and once more each loop
/// within, since it goes through the body with no invocation taking part.
#[derive(Clone, Copy)]
pub struct Loops {
    /// Turns of all loops.
    pub turns: u64,
    /// What is counted beside them.
    pub ends: u64,
    /// Loops in the text.
    pub loops: u64,
}

impl Loops {
    /// No loop.
    pub const NONE: Self = Self { turns: 0, ends: 0, loops: 0 };
    /// A turn of a loop that is not described.
    pub const TURN: Self = Self { turns: 1, ends: 0, loops: 0 };

    /// A loop whose turns, one after another, have these bodies.
    pub fn over(bodies: impl IntoIterator<Item = Self>) -> Self {
        let (mut all, mut within) = (Self::NONE, 0);
        for body in bodies {
            all = all + Self::TURN + body;
            within = body.loops;
        }
        Self { ends: all.ends.saturating_add(1 + within), loops: 1 + within, ..all }
    }

    /// A loop of this many turns.
    pub fn of(times: u64, body: Self) -> Self {
        let ends = times.saturating_mul(body.ends).saturating_add(1 + body.loops);
        Self { turns: times.saturating_mul(1 + body.turns), ends, loops: 1 + body.loops }
    }

    /// A sum of this many terms in slabs; a turn takes `at_once` of them.
    pub fn of_sum(terms: u64, at_once: u64) -> Self {
        let slabs = terms.div_ceil(LONGEST.into());
        Self { turns: slabs + terms.div_ceil(at_once), ends: slabs + 2, loops: 2 }
    }

    /// What a driver counts.
    pub fn all(self) -> u64 {
        self.turns.saturating_add(self.ends)
    }
}

impl Add for Loops {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            turns: self.turns.saturating_add(other.turns),
            ends: self.ends.saturating_add(other.ends),
            loops: self.loops + other.loops,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_also_ends_and_so_does_each_within() {
        let inner = Loops::of(1000, Loops::NONE);
        assert_eq!((inner.turns, inner.all(), inner.loops), (1000, 1001, 1));
        let outer = Loops::of(200, inner);
        assert_eq!((outer.turns, outer.all(), outer.loops), (200 * 1001, 200 * 1002 + 2, 2));
        let each = Loops::over([inner, Loops::of(10, Loops::NONE)]);
        assert_eq!((each.turns, each.all(), each.loops), (1012, 1012 + 2 + 2, 2));
        let sum = Loops::of_sum(300, 4);
        assert_eq!((sum.turns, sum.ends), (2 + 75, 2 + 2));
    }
}
