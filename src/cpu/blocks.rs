//! Points in blocks, on all threads: a forward pass of any number of points in bounded memory.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::model::{Network, Real};

/// The most numbers in one layer of a block, so that Z and A stay in a cache.
const NUMBERS: usize = 1 << 20;
/// The most points in a block.
const POINTS: usize = 4096;
/// The most numbers in one layer of the blocks of all threads together.
const NUMBERS_OF_ALL: usize = 1 << 26;

/// The number of points in a block: the wider the network, the fewer. Inputs count as units do.
pub fn points_of_block(network: &Network) -> usize {
    (NUMBERS / widest(network)).clamp(1, POINTS)
}

/// The units of the widest layer, or the inputs.
fn widest(network: &Network) -> usize {
    network.widths().into_iter().max().unwrap_or(1)
}

/// The logits (points × outputs) of points, row-major (points × features): `logits` is called with each block of points and the slice
/// for their logits, on at most this many threads. If each logit depends on its point alone, neither blocks nor threads
/// change a bit.
pub fn logits_in_blocks(
    network: &Network,
    points: &[f64],
    threads: usize,
    logits: impl Fn(&[f64], &mut [f64]) + Sync,
) -> Vec<f64> {
    let (features, block) = (network.inputs(), points_of_block(network));
    let mut all = vec![0.0; points.len() / features * network.outputs()];
    let blocks = points.chunks(block * features).zip(all.chunks_mut(block * network.outputs()));
    let threads = threads.min(blocks.len()).min((NUMBERS_OF_ALL / block / widest(network)).max(1));
    let blocks = Mutex::new(blocks);
    let next = || blocks.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some((points, to)) = next() {
            logits(points, to);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // without it, the blocks are left to the others
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    all
}

/// The threads that the system grants; 1 if it has none to offer, as in a browser.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// X (features × points) from points, row-major (points × features).
pub fn columns<T: Real>(points: &[f64], features: usize) -> Vec<T> {
    (0..features).flat_map(|f| points.iter().skip(f).step_by(features)).map(|x| T::from_f64(*x)).collect()
}
