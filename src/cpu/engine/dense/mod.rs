//! The engine's general path: any depth, activation, output, optimiser and batch, for what the fused kernels do not take.
//!
//! The samples of a batch go through in panels of 64, whose Z, A and dZ stay in the first caches; the lanes hold samples.
//! A part of a batch is a run of panels, whose gradients one thread adds up; of a first layer that has most of the weights,
//! each thread has some units. Parts and the order of every sum follow from the shape alone, so that threads, chunks and
//! neighbours change no bit.

mod activation;
mod dot;
pub mod forward;
mod layers;
mod orders;
mod output;
mod panel;
mod panels;
mod part;
mod pass;
mod products;
mod rounds;
mod samples;
pub mod session;
mod step;
mod table;
mod trainee;
mod transpose;
mod update;
mod wide;

use layers::Layers;
use panels::Panels;
use wide::Wide;

use crate::model::Network;

/// Nearly the bytes of a network in training on this many samples: its parameters with two moments, a gradient per part, a
/// panel of each matrix per thread, and its logits.
pub fn bytes(network: &Network, samples: usize, threads: usize) -> u64 {
    let layers = Layers::new(network);
    let copies = 3 + part::parts(&layers, samples) + 1;
    let of_logits = (size_of::<f64>() * network.outputs()) as u64;
    let of_all = (size_of::<f32>() * copies) as u64 * layers.len() as u64 + Wide::bytes(&layers, threads);
    of_all + (threads * Panels::bytes(&layers)) as u64 + of_logits.saturating_mul(samples as u64)
}
