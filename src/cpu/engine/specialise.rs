//! A kernel compiled for the activation and the number of features that it is called with.

use fearless_simd::Simd;

use super::activation::{Borrowed, Hidden, LeakyRelu, Relu, Sigmoid, Tanh};
use super::math::splat;
use crate::model::{Activation, Derivative, Network};

/// Whether there are few kernels: a browser fetches the program before it runs, and shows the plane.
const FEW: bool = cfg!(target_arch = "wasm32");

/// The numbers of features that kernels are compiled for.
pub const FEATURES: &[usize] = if FEW { &[2] } else { &[2, 4, 8, 16] };

/// The most of them.
pub const COMPILED: usize = FEATURES[FEATURES.len() - 1];

/// Stands for any number of features above [`COMPILED`], which the kernel counts as it runs.
pub const ANY: usize = 0;

/// Whether there are kernels for a network of one hidden layer: for each, or where there are few for the plane and the
/// activations that most networks have, each with its own derivative.
pub fn is_compiled(network: &Network) -> bool {
    let derivative = network.derivative();
    let is_usual = derivative.borrowed.is_none() && derivative.activation != Activation::Sigmoid;
    !FEW || (network.inputs() <= COMPILED && is_usual)
}

/// A computation written once for all activations and numbers of features. `run` is `#[inline(always)]` in every
/// implementation.
pub trait Specialised {
    /// Runs with `NX` features, or with [`ANY`] number of them.
    fn run<S: Simd, G: Hidden<S>, const NX: usize>(self, simd: S, g: G);
}

/// Runs a computation for this activation, with the derivative that the backward pass takes, and this many features.
#[inline(always)]
pub fn specialise<S: Simd>(simd: S, derivative: Derivative, features: usize, computation: impl Specialised) {
    if !FEW && let Some(borrowed) = Borrowed::new(simd, derivative) {
        return for_features(simd, borrowed, features, computation);
    }
    match derivative.activation {
        Activation::Tanh => for_features(simd, Tanh(simd), features, computation),
        Activation::Sigmoid if !FEW => for_features(simd, Sigmoid(simd), features, computation),
        Activation::Relu => for_features(simd, Relu(simd), features, computation),
        Activation::LeakyRelu { slope } if slope as f32 == 0.0 => for_features(simd, Relu(simd), features, computation),
        Activation::LeakyRelu { slope } => {
            for_features(simd, LeakyRelu { simd, slope: splat(simd, slope as f32) }, features, computation);
        }
        _ => {} // Engine::load refuses the others
    }
}

#[inline(always)]
fn for_features<S: Simd, G: Hidden<S>>(simd: S, g: G, features: usize, computation: impl Specialised) {
    match features {
        2 => computation.run::<S, G, 2>(simd, g),
        _ if FEW => {} // as above
        4 => computation.run::<S, G, 4>(simd, g),
        8 => computation.run::<S, G, 8>(simd, g),
        9..=16 => computation.run::<S, G, 16>(simd, g),
        _ => computation.run::<S, G, ANY>(simd, g),
    }
}
