//! The update of the parameters from the gradient's sums: the formulas of `optim::Optimizer` over the lanes.

use std::ops;

use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

use super::super::math::splat;
use crate::optim::{Optimizer, Step};

/// What becomes of sums of the gradient before the rule gets them: g = scale·Σ + decay·θ.
#[derive(Clone, Copy)]
pub struct Scaling {
    /// 1 / Σ weights of the batch, or what clipping makes of a gradient.
    pub scale: f32,
    /// λ / m; it is for weights alone.
    pub decay: f32,
}

/// Parameters, moments and sums of a part of the layers.
pub struct Range<'a> {
    pub theta: &'a mut [f32],
    pub sums: &'a [f32],
    /// The first moments, if the rule has any.
    pub first: &'a mut [f32],
    /// The second moments, if the rule has any.
    pub second: &'a mut [f32],
}

impl<'a> Range<'a> {
    /// These numbers out of θ and of the moments, which are empty if the rule has none, with their sums.
    pub fn of(numbers: ops::Range<usize>, theta: &'a mut [f32], moments: [&'a mut [f32]; 2], sums: &'a [f32]) -> Self {
        let [first, second] = moments.map(|of| of.get_mut(numbers.clone()).unwrap_or_default());
        Self { theta: &mut theta[numbers], sums, first, second }
    }
}

/// An update of parameters, whose number is a multiple of a line.
pub fn update<S: Simd>(simd: S, rule: Optimizer, step: Step<f32>, scaling: Scaling, range: Range) {
    simd.vectorize(
        #[inline(always)]
        || {
            let rate = splat(simd, step.rate);
            match rule {
                Optimizer::Descent => each(simd, scaling, range, |theta, g, _, _| (-rate).mul_add(g, theta)),
                Optimizer::Momentum { beta } => {
                    let beta = splat(simd, beta as f32);
                    each(simd, scaling, range, |theta, g, v, _| {
                        *v = flushed(simd, beta.mul_add(*v, g), 1e-30);
                        (-rate).mul_add(*v, theta)
                    });
                }
                Optimizer::Nesterov { beta } => {
                    let beta = splat(simd, beta as f32);
                    each(simd, scaling, range, |theta, g, v, _| {
                        *v = flushed(simd, beta.mul_add(*v, g), 1e-30);
                        (-rate).mul_add(beta.mul_add(*v, g), theta)
                    });
                }
                Optimizer::Adam { betas, epsilon, .. } => {
                    let ([b1, b2], epsilon) = (betas.map(|beta| splat(simd, beta as f32)), splat(simd, epsilon as f32));
                    let [c1, c2] = betas.map(|beta| splat(simd, (1.0 - beta) as f32));
                    let [keep, second] = [step.keep, step.second].map(|factor| splat(simd, factor));
                    let rate = splat(simd, step.rate * step.first);
                    each(simd, scaling, range, |theta, g, m, v| {
                        // its square is within the range of f32, and beside ε it is nothing
                        let g = flushed(simd, g, 1e-16);
                        *m = flushed(simd, b1.mul_add(*m, c1 * g), 1e-30);
                        *v = flushed(simd, b2.mul_add(*v, c2 * g * g), 1e-36);
                        theta * keep - rate * *m / ((*v * second).sqrt() + epsilon)
                    });
                }
            }
        },
    );
}

/// 0 where |x| is less than so much. A moment whose gradient has become 0 would end among the numbers below the range of f32,
/// where some CPUs take a hundred times as long, and stay there.
#[inline(always)]
fn flushed<S: Simd>(simd: S, x: S::f32s, least: f32) -> S::f32s {
    x.abs().simd_lt(splat(simd, least)).select(splat(simd, 0.0), x)
}

/// θ of each register from θ, g and the moments, which are 0 if the rule has none.
#[inline(always)]
fn each<S: Simd>(
    simd: S,
    scaling: Scaling,
    range: Range,
    rule: impl Fn(S::f32s, S::f32s, &mut S::f32s, &mut S::f32s) -> S::f32s,
) {
    let lanes = S::f32s::LEN;
    let [scale, decay] = [scaling.scale, scaling.decay].map(|factor| splat(simd, factor));
    let (mut firsts, mut seconds) = (range.first.chunks_exact_mut(lanes), range.second.chunks_exact_mut(lanes));
    for (theta, sums) in range.theta.chunks_exact_mut(lanes).zip(range.sums.chunks_exact(lanes)) {
        let (first, second) = (firsts.next(), seconds.next());
        let load = |of: &Option<&mut [f32]>| match of {
            Some(of) => S::f32s::from_slice(simd, of),
            None => splat(simd, 0.0),
        };
        let (mut m, mut v) = (load(&first), load(&second));
        let before = S::f32s::from_slice(simd, theta);
        let g = decay.mul_add(before, scale * S::f32s::from_slice(simd, sums));
        rule(before, g, &mut m, &mut v).store_slice(theta);
        if let Some(first) = first {
            m.store_slice(first);
        }
        if let Some(second) = second {
            v.store_slice(second);
        }
    }
}

/// sums ← scale·Σ + decay·θ; returns the sum of their squares.
pub fn regularise<S: Simd>(simd: S, scaling: Scaling, theta: &[f32], sums: &mut [f32]) -> f64 {
    simd.vectorize(
        #[inline(always)]
        || {
            let [scale, decay] = [scaling.scale, scaling.decay].map(|factor| splat(simd, factor));
            let mut squares = 0.0;
            // no f32 sum runs over more than 256 registers
            for (theta, sums) in theta.chunks(256 * S::f32s::LEN).zip(sums.chunks_mut(256 * S::f32s::LEN)) {
                let mut square = splat(simd, 0.0);
                for (theta, sums) in theta.chunks_exact(S::f32s::LEN).zip(sums.chunks_exact_mut(S::f32s::LEN)) {
                    let g = S::f32s::from_slice(simd, theta) * decay + scale * S::f32s::from_slice(simd, sums);
                    g.store_slice(sums);
                    square = g.mul_add(g, square);
                }
                squares += f64::from(square.reduce_sum());
            }
            squares
        },
    )
}

/// Σ of the squares.
pub fn squares<S: Simd>(simd: S, values: &[f32]) -> f64 {
    simd.vectorize(
        #[inline(always)]
        || {
            let of = |values: &[f32]| {
                let mut square = splat(simd, 0.0);
                for value in values.chunks_exact(S::f32s::LEN) {
                    let value = S::f32s::from_slice(simd, value);
                    square = value.mul_add(value, square);
                }
                f64::from(square.reduce_sum())
            };
            values.chunks(256 * S::f32s::LEN).map(of).sum()
        },
    )
}

/// to ← to + from.
pub fn add<S: Simd>(simd: S, to: &mut [f32], from: &[f32]) {
    simd.vectorize(
        #[inline(always)]
        || to.iter_mut().zip(from).for_each(|(to, from)| *to += from),
    );
}
