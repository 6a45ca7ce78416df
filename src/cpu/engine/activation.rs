//! g over the lanes of a register, forward and backward.

use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

use super::math::{sigmoid, splat, tanh};
use crate::model::{Activation, Derivative};

/// An activation g. The forward pass keeps one number per sample and unit, enough for g(z) and g′(z).
pub trait Hidden<S: Simd>: Copy {
    /// Whether `keep` takes long enough to deserve its own pass, in which nothing else competes for registers.
    const LONG: bool;

    /// What is kept of z, `T` registers of it.
    fn keep<const T: usize>(self, z: [S::f32s; T]) -> [S::f32s; T];

    /// g(z) from what was kept.
    fn value(self, kept: S::f32s) -> S::f32s;

    /// From what was kept and d = dz2: (d·g′(z), sum + d·g(z)).
    fn backward(self, kept: S::f32s, d: S::f32s, sum: S::f32s) -> (S::f32s, S::f32s);
}

/// Keeps a = tanh(z); g′ = 1 − a².
#[derive(Clone, Copy)]
pub struct Tanh<S: Simd>(pub S);

impl<S: Simd> Hidden<S> for Tanh<S> {
    const LONG: bool = true;
    #[inline(always)]
    fn keep<const T: usize>(self, z: [S::f32s; T]) -> [S::f32s; T] {
        tanh(self.0, z)
    }
    #[inline(always)]
    fn value(self, a: S::f32s) -> S::f32s {
        a
    }
    #[inline(always)]
    fn backward(self, a: S::f32s, d: S::f32s, sum: S::f32s) -> (S::f32s, S::f32s) {
        let da = d * a;
        ((-da).mul_add(a, d), sum + da)
    }
}

/// Keeps a = σ(z); g′ = a·(1 − a).
#[derive(Clone, Copy)]
pub struct Sigmoid<S: Simd>(pub S);

impl<S: Simd> Hidden<S> for Sigmoid<S> {
    const LONG: bool = true;
    #[inline(always)]
    fn keep<const T: usize>(self, z: [S::f32s; T]) -> [S::f32s; T] {
        sigmoid(self.0, z)
    }
    #[inline(always)]
    fn value(self, a: S::f32s) -> S::f32s {
        a
    }
    #[inline(always)]
    fn backward(self, a: S::f32s, d: S::f32s, sum: S::f32s) -> (S::f32s, S::f32s) {
        let da = d * a;
        ((-da).mul_add(a, da), sum + da)
    }
}

/// Keeps a = where(z > 0, z, 0), as positive as z is; g′ = where(a > 0, 1, 0).
#[derive(Clone, Copy)]
pub struct Relu<S: Simd>(pub S);

impl<S: Simd> Hidden<S> for Relu<S> {
    const LONG: bool = false;
    #[inline(always)]
    fn keep<const T: usize>(self, z: [S::f32s; T]) -> [S::f32s; T] {
        let zero = splat(self.0, 0.0);
        let mut a = z;
        for t in 0..T {
            a[t] = z[t].simd_gt(zero).select(z[t], zero);
        }
        a
    }
    #[inline(always)]
    fn value(self, a: S::f32s) -> S::f32s {
        a
    }
    #[inline(always)]
    fn backward(self, a: S::f32s, d: S::f32s, sum: S::f32s) -> (S::f32s, S::f32s) {
        let zero = splat(self.0, 0.0);
        (a.simd_gt(zero).select(d, zero), d.mul_add(a, sum))
    }
}

/// Keeps z, since a negative slope would hide its sign; g = where(z > 0, z, slope·z), g′ = where(z > 0, 1, slope),
/// and d·g(z) = (d·g′(z))·z.
#[derive(Clone, Copy)]
pub struct LeakyRelu<S: Simd> {
    pub simd: S,
    pub slope: S::f32s,
}

impl<S: Simd> Hidden<S> for LeakyRelu<S> {
    const LONG: bool = false;
    #[inline(always)]
    fn keep<const T: usize>(self, z: [S::f32s; T]) -> [S::f32s; T] {
        z
    }
    #[inline(always)]
    fn value(self, z: S::f32s) -> S::f32s {
        z.simd_gt(splat(self.simd, 0.0)).select(z, self.slope * z)
    }
    #[inline(always)]
    fn backward(self, z: S::f32s, d: S::f32s, sum: S::f32s) -> (S::f32s, S::f32s) {
        let t = z.simd_gt(splat(self.simd, 0.0)).select(d, self.slope * d);
        (t, t.mul_add(z, sum))
    }
}

/// g with another activation's derivative, a deliberate bug: keeps z and computes g(z) again.
#[derive(Clone, Copy)]
pub struct Borrowed<S: Simd> {
    pub simd: S,
    pub g: Activation,
    pub derivative: Activation,
}

impl<S: Simd> Borrowed<S> {
    /// None if the derivative is g's own.
    pub fn new(simd: S, of: Derivative) -> Option<Self> {
        of.borrowed.map(|derivative| Self { simd, g: of.activation, derivative })
    }
}

impl<S: Simd> Hidden<S> for Borrowed<S> {
    const LONG: bool = false;
    #[inline(always)]
    fn keep<const T: usize>(self, z: [S::f32s; T]) -> [S::f32s; T] {
        z
    }
    #[inline(always)]
    fn value(self, z: S::f32s) -> S::f32s {
        let (simd, slope) = (self.simd, self.g.slope() as f32);
        match self.g {
            Activation::Tanh => tanh(simd, [z])[0],
            Activation::Sigmoid => sigmoid(simd, [z])[0],
            Activation::LeakyRelu { .. } if slope != 0.0 => LeakyRelu { simd, slope: splat(simd, slope) }.value(z),
            // Engine::load refuses the others
            _ => Relu(simd).keep([z])[0],
        }
    }
    #[inline(always)]
    fn backward(self, z: S::f32s, d: S::f32s, sum: S::f32s) -> (S::f32s, S::f32s) {
        let (a, one) = (self.value(z), splat(self.simd, 1.0));
        let derivative = match self.derivative {
            Activation::Tanh => (-a).mul_add(a, one),
            Activation::Sigmoid => a * (one - a),
            _ => {
                let slope = splat(self.simd, self.derivative.slope() as f32);
                z.simd_gt(splat(self.simd, 0.0)).select(one, slope)
            }
        };
        (d * derivative, d.mul_add(a, sum))
    }
}
