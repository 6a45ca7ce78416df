//! The forward pass alone: the logits of points, with the bits that training's forward pass gives them.

use fearless_simd::{Simd, SimdBase};

use super::activation::Hidden;
use super::instructions::{Operation, Token};
use super::kernel::Slab;
use super::line::{LINE, Line, Samples, flat, flat_mut, zeros};
use super::shape::Shape;
use super::specialise::{ANY, Specialised, specialise};
use super::trainee::Theta;
use super::{narrow, narrow_tiles, tiles, units};
use crate::cpu::blocks::logits_in_blocks;
use crate::model::{Network, Parameters};

/// The logits of points, row-major (points × features), block by block on at most this many threads.
pub fn logits(token: Token, threads: usize, network: &Network, parameters: &Parameters, points: &[f64]) -> Vec<f64> {
    let shape = Shape::new(network, token.lanes());
    let theta = Theta::new(shape, parameters);
    logits_in_blocks(network, points, threads, |points, logits| {
        let samples = Samples::of_points(points, shape.inputs, shape.features);
        let mut lines = zeros(samples.lines());
        let (theta, z2) = (&theta, lines.as_mut_slice());
        token.run(Pass { shape, network, theta, samples: &samples, z2 });
        logits.iter_mut().zip(flat(&lines)).for_each(|(logit, z2)| *logit = f64::from(*z2));
    })
}

/// Computes z2 of some samples.
struct Pass<'a> {
    shape: Shape,
    network: &'a Network,
    theta: &'a Theta,
    samples: &'a Samples,
    z2: &'a mut [Line],
}

impl Operation for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        specialise(simd, self.network.derivative(), self.shape.features, self);
    }
}

impl Specialised for Pass<'_> {
    #[inline(always)]
    fn run<S: Simd, G: Hidden<S>, const NX: usize>(self, simd: S, g: G) {
        let Self { shape, theta, samples, z2, .. } = self;
        let mut kept = zeros(shape.kept(S::f32s::LEN).div_ceil(LINE));
        let slab = Slab {
            samples,
            lines: 0..samples.lines(),
            theta: &flat(&theta.weights)[..shape.len()],
            bias: theta.bias,
            sums: &mut [],
            kept: flat_mut(&mut kept),
            logits: z2,
        };
        match (NX, shape.is_narrow()) {
            (ANY, true) => narrow_tiles::logits(simd, g, slab),
            (ANY, false) => tiles::logits(simd, g, slab),
            (_, true) => narrow::logits::<S, G, NX>(simd, g, slab),
            (_, false) => units::logits::<S, G, NX>(simd, g, slab),
        }
    }
}
