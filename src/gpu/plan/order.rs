//! The order of the sums of a network with one hidden layer. It follows from the shape alone, so that every plan and every
//! layout of it gives the same bits; a layout only says which invocation computes which part.
//!
//! A sum over the units adds spans of them in their order. A sum over the samples adds slabs of groups of four in their
//! order; very many slabs are added by rounds. A span or a slab has at most [`LONGEST`] terms. The spans follow from each
//! network's own width (`span_of` in `lib/one_hidden.wgsl`), so that a wider neighbour changes no bit.

use crate::gpu::packing::GROUP;

/// The terms that one f32 sum runs over, at most.
pub const LONGEST: u32 = 256;
/// The spans whose sums a workgroup holds at a time: all, up to 4,096 units.
pub const SPANS: u32 = 16;
/// The units of a span, at least.
pub const SHORTEST_SPAN: u32 = 8;

/// The most slabs of one round, and those of each of several rounds: a workgroup holds the sums of a round.
const MOST_SLABS: u32 = 32;
const SLABS_OF_ROUNDS: u32 = 64;
/// Few samples are cut into this many slabs,
const FEW_SLABS: u32 = 16;
/// and into more only if these have so many groups: adding a slab costs about what a group does.
const SHORT_SLAB: u32 = 8;

/// Units of a span of a network of this width.
pub fn span_of(width: u32) -> u32 {
    width.div_ceil(SPANS).clamp(SHORTEST_SPAN, LONGEST)
}

/// The slabs that sums over the samples are cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slabs {
    /// Groups of four samples, the last one filled up.
    pub groups: u32,
    /// Groups of a slab; the last may have fewer.
    pub length: u32,
    /// Slabs of a round; the last may have fewer.
    pub count: u32,
}

impl Slabs {
    /// The slabs of this many samples.
    pub fn of(samples: u32) -> Self {
        let groups = samples.div_ceil(GROUP as u32);
        if groups > MOST_SLABS * LONGEST {
            return Self { groups, length: LONGEST, count: SLABS_OF_ROUNDS };
        }
        let length = groups.div_ceil(MOST_SLABS).max(groups.div_ceil(FEW_SLABS).min(SHORT_SLAB)).max(1);
        Self { groups, length, count: groups.div_ceil(length) }
    }

    /// How many rounds there are.
    pub fn rounds(&self) -> u32 {
        self.groups.div_ceil(self.length * self.count)
    }

    /// Loop turns of the invocation that takes every `sharers`-th slab of each round from the one numbered `first` on: over
    /// rounds, their slabs and the groups in those.
    pub fn turns(&self, sharers: u32, first: u32) -> u64 {
        u64::from(self.rounds()) + shared(self.groups, self.length, self.count, sharers, first)
    }
}

/// Loop turns of the invocation that takes every `sharers`-th part of `terms`, cut into parts of this length in rounds of
/// so many, from the one numbered `first` on: over its parts and the terms in them.
pub fn shared(terms: u32, length: u32, of_round: u32, sharers: u32, first: u32) -> u64 {
    let parts = terms.div_ceil(length);
    let rounds = (0..parts).step_by(of_round.max(1) as usize);
    let of_round = |round: u32| (round + first..parts.min(round.saturating_add(of_round))).step_by(sharers as usize);
    rounds.flat_map(of_round).map(|part| 1 + u64::from(length.min(terms - part * length))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slabs_cover_all_groups_once() {
        for samples in [1, 3, 4, 5, 17, 128, 129, 277, 400, 2503, 100_000, 7_650_000] {
            let slabs = Slabs::of(samples);
            assert!(slabs.count <= SLABS_OF_ROUNDS && slabs.length <= LONGEST, "{slabs:?}");
            assert!(slabs.rounds() * slabs.length * slabs.count >= slabs.groups, "{slabs:?}");
            assert!(4 * slabs.groups >= samples && 4 * (slabs.groups - 1) < samples, "{slabs:?}");
            let shared: u64 = (0..8).map(|first| shared(slabs.groups, slabs.length, slabs.count, 8, first)).sum();
            assert_eq!(shared, u64::from(slabs.groups + slabs.groups.div_ceil(slabs.length)), "{slabs:?}");
        }
    }

    #[test]
    fn a_network_of_up_to_4096_units_has_at_most_sixteen_spans() {
        for width in [1_u32, 7, 8, 9, 127, 128, 129, 277, 400, 4096] {
            assert!(width.div_ceil(span_of(width)) <= SPANS, "{width}");
        }
        assert_eq!(span_of(59_765), LONGEST);
    }
}
