//! g and g′ of any activation over the lanes of a register, from z, while exp is at hand: the formulas of
//! `model::Activation` without branches. A NaN that goes in comes out, but of the ReLUs as in `where(z > 0, …)`.

use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

use super::super::math::{exp_of_minus_abs, exp_parts, splat};
use super::output::ln_1p_of_any;
use super::panel::{WIDTH, registers_of};
use crate::model::{Activation, Derivative};

/// An activation: (g(z), g′(z)).
trait Curve<S: Simd>: Copy {
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2];
}

/// Puts g(Z) in the place of Z and g′(Z) into `slopes`, panels of as many rows, over the first `lines` lines of each.
pub fn activate<S: Simd>(simd: S, derivative: Derivative, lines: usize, z: &mut [f32], slopes: &mut [f32]) {
    let Derivative { activation, borrowed } = derivative;
    let panels = (z, slopes);
    match activation {
        Activation::Identity => pass(simd, Identity, borrowed, lines, panels),
        Activation::Tanh => pass(simd, Tanh, borrowed, lines, panels),
        Activation::Sigmoid => pass(simd, Sigmoid, borrowed, lines, panels),
        Activation::Relu => pass(simd, Relu, borrowed, lines, panels),
        Activation::LeakyRelu { slope } if slope as f32 == 0.0 => pass(simd, Relu, borrowed, lines, panels),
        Activation::LeakyRelu { slope } => pass(simd, LeakyRelu(slope as f32), borrowed, lines, panels),
        Activation::Elu => pass(simd, Elu, borrowed, lines, panels),
        Activation::Softplus => pass(simd, Softplus, borrowed, lines, panels),
        Activation::Silu => pass(simd, Silu, borrowed, lines, panels),
        Activation::Gelu => pass(simd, Gelu, borrowed, lines, panels),
    }
}

/// The pass with g's own derivative or, as a deliberate bug, another's.
#[inline(always)]
fn pass<S: Simd, C: Curve<S>>(
    simd: S,
    g: C,
    borrowed: Option<Activation>,
    lines: usize,
    panels: (&mut [f32], &mut [f32]),
) {
    match borrowed {
        None => each(simd, g, lines, panels),
        Some(derivative) => each(simd, Borrowed { g, derivative }, lines, panels),
    }
}

#[inline(always)]
fn each<S: Simd>(simd: S, curve: impl Curve<S>, lines: usize, (z, slopes): (&mut [f32], &mut [f32])) {
    simd.vectorize(
        #[inline(always)]
        || {
            for (z, slopes) in z.chunks_exact_mut(WIDTH).zip(slopes.chunks_exact_mut(WIDTH)) {
                for (z, slope) in registers_of::<S>(z, lines).zip(registers_of::<S>(slopes, lines)) {
                    let [value, derivative] = curve.at(simd, S::f32s::from_slice(simd, z));
                    value.store_slice(z);
                    derivative.store_slice(slope);
                }
            }
        },
    );
}

/// (σ(v), σ′(v)), the latter as e / (1 + e)² with e = exp(−|v|).
#[inline(always)]
fn gate<S: Simd>(simd: S, v: S::f32s) -> [S::f32s; 2] {
    let ([e], one) = (exp_of_minus_abs(simd, [v]), splat(simd, 1.0));
    let share = one / (one + e);
    let other = e * share;
    [v.simd_lt(splat(simd, 0.0)).select(other, share), share * other]
}

#[derive(Clone, Copy)]
struct Identity;

impl<S: Simd> Curve<S> for Identity {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        [z, splat(simd, 1.0)]
    }
}

/// sign(z)·(e − 1) / (e + 1) and 4e / (e + 1)² with e = exp(2·min(|z|, 43)).
#[derive(Clone, Copy)]
struct Tanh;

impl<S: Simd> Curve<S> for Tanh {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        let (magnitude, cap) = (z.abs(), splat(simd, 43.0));
        let [[power], [q], [r]] = exp_parts(simd, 2.0, [magnitude.simd_gt(cap).select(cap, magnitude)]);
        let e_minus_1 = q.mul_add(r, power - 1.0);
        let share = splat(simd, 1.0) / (e_minus_1 + 2.0);
        let twice = share + share;
        [(e_minus_1 * share).copysign(z), (e_minus_1 + 1.0) * twice * twice]
    }
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl<S: Simd> Curve<S> for Sigmoid {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        gate(simd, z)
    }
}

#[derive(Clone, Copy)]
struct Relu;

impl<S: Simd> Curve<S> for Relu {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        let zero = splat(simd, 0.0);
        let is_positive = z.simd_gt(zero);
        [is_positive.select(z, zero), is_positive.select(splat(simd, 1.0), zero)]
    }
}

/// With its slope, which is not 0.
#[derive(Clone, Copy)]
struct LeakyRelu(f32);

impl<S: Simd> Curve<S> for LeakyRelu {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        let factor = z.simd_gt(splat(simd, 0.0)).select(splat(simd, 1.0), splat(simd, self.0));
        [factor * z, factor]
    }
}

#[derive(Clone, Copy)]
struct Elu;

impl<S: Simd> Curve<S> for Elu {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        let (zero, floor) = (splat(simd, 0.0), splat(simd, -87.0));
        let is_positive = z.simd_gt(zero);
        let below = is_positive.select(zero, z);
        let [[power], [q], [r]] = exp_parts(simd, 1.0, [below.simd_lt(floor).select(floor, below)]);
        [is_positive.select(z, q.mul_add(r, power - 1.0)), is_positive.select(splat(simd, 1.0), q.mul_add(r, power))]
    }
}

#[derive(Clone, Copy)]
struct Softplus;

impl<S: Simd> Curve<S> for Softplus {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        let (zero, one) = (splat(simd, 0.0), splat(simd, 1.0));
        let [e] = exp_of_minus_abs(simd, [z]);
        let is_negative = z.simd_lt(zero);
        [is_negative.select(zero, z) + ln_1p_of_any(simd, e), is_negative.select(e, one) / (one + e)]
    }
}

#[derive(Clone, Copy)]
struct Silu;

impl<S: Simd> Curve<S> for Silu {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        let [share, slope] = gate(simd, z);
        [z * share, z.mul_add(slope, share)]
    }
}

/// z·σ(v) and σ(v) + z·σ′(v)·v′ with v = 2·√(2/π)·(z + 0.044715·z³).
#[derive(Clone, Copy)]
struct Gelu;

impl<S: Simd> Curve<S> for Gelu {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        const SCALE: f32 = 1.595_769;
        const CUBIC: f32 = SCALE * 0.044_715;
        let square = z * z;
        let v = z * square.mul_add(CUBIC, SCALE);
        let [share, slope] = gate(simd, v);
        let term = z * slope * square.mul_add(3.0 * CUBIC, SCALE);
        // z³ leaves the range of f32 long after σ′ has become 0
        let term = v.abs().simd_gt(splat(simd, 87.0)).select(splat(simd, 0.0), term);
        [z * share, share + term]
    }
}

/// g with the derivative of another activation in terms of a = g(z), a deliberate bug: 1 − a², a·(1 − a), or a ReLU's.
#[derive(Clone, Copy)]
struct Borrowed<C> {
    g: C,
    derivative: Activation,
}

impl<S: Simd, C: Curve<S>> Curve<S> for Borrowed<C> {
    #[inline(always)]
    fn at(self, simd: S, z: S::f32s) -> [S::f32s; 2] {
        let ([a, _], one) = (self.g.at(simd, z), splat(simd, 1.0));
        let derivative = match self.derivative {
            Activation::Tanh => (-a).mul_add(a, one),
            Activation::Sigmoid => a * (one - a),
            relu => z.simd_gt(splat(simd, 0.0)).select(one, splat(simd, relu.slope() as f32)),
        };
        [a, derivative]
    }
}
