//! The forward pass alone: the logits of points, with the bits that an evaluation gives them.

use fearless_simd::Simd;

use super::super::instructions::{Operation, Token};
use super::super::line::{Line, flat};
use super::layers::Layers;
use super::panel::WIDTH;
use super::panels::Panels;
use super::pass::{Functions, Pass};
use super::samples::put_inputs;
use crate::cpu::blocks::logits_in_blocks;
use crate::model::{Network, Parameters};

/// The logits of points, row-major (points × features) in and (points × outputs) out, on at most this many threads.
pub fn logits(token: Token, threads: usize, network: &Network, parameters: &Parameters, points: &[f64]) -> Vec<f64> {
    let layers = Layers::new(network);
    let theta = layers.pack(parameters.values());
    logits_in_blocks(network, points, threads, |points, logits| {
        let panels = &mut Panels::new(&layers);
        token.run(Block { network, theta: &theta, panels, points, logits });
    })
}

/// A block of points.
struct Block<'a> {
    network: &'a Network,
    theta: &'a [Line],
    panels: &'a mut Panels,
    points: &'a [f64],
    logits: &'a mut [f64],
}

impl Operation for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { network, theta, panels, points, logits } = self;
        let functions = Functions { derivative: network.derivative(), output: network.output() };
        let (inputs, outputs) = (network.inputs(), network.outputs());
        for (points, logits) in points.chunks(WIDTH * inputs).zip(logits.chunks_mut(WIDTH * outputs)) {
            let points: Vec<f32> = points.iter().map(|value| *value as f32).collect();
            put_inputs(simd, points.chunks_exact(inputs), panels);
            let mut pass = Pass {
                simd,
                functions,
                theta: flat(theta),
                panels: &mut *panels,
                samples: points.len() / inputs,
                first: 0,
            };
            pass.forward(|_, _, _| {});
            logits.iter_mut().zip(pass.logits()).for_each(|(logit, z)| *logit = z);
        }
    }
}
