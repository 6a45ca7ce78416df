//! The loss of a panel's samples and dZ of the outputs, from their Z: the formulas of `model::Output` over the lanes.

use fearless_simd::{Bytes, Select, Simd, SimdBase, SimdFloat};

use super::super::line::LINE;
use super::super::math::{exp_of_minus_abs, ln_1p, splat};
use super::panel::WIDTH;
use crate::model::Output;

/// Puts dZ times the samples' weights in the place of Z; returns Σ weight·loss over the first `lines` lines. Samples without
/// weight count for nothing.
pub fn output<S: Simd>(simd: S, output: Output, lines: usize, z: &mut [f32], y: &[f32], weights: &[f32]) -> f64 {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut cost = splat(simd, 0.0);
            for lane in (0..lines * LINE).step_by(S::f32s::LEN) {
                let weight = S::f32s::from_slice(simd, &weights[lane..][..S::f32s::LEN]);
                let mut column = Column { simd, lane, z: &mut *z, y, weight };
                cost += match output {
                    Output::Logistic => column.logistic(),
                    Output::Softmax => column.softmax(),
                    Output::Squares => column.squares(),
                };
            }
            f64::from(cost.reduce_sum())
        },
    )
}

/// A register of samples: Z and Y of every output.
struct Column<'a, S: Simd> {
    simd: S,
    lane: usize,
    z: &'a mut [f32],
    y: &'a [f32],
    weight: S::f32s,
}

impl<S: Simd> Column<'_, S> {
    /// Σ softplus(z) − z·y, and σ(z) − y.
    #[inline(always)]
    fn logistic(&mut self) -> S::f32s {
        let mut sum = splat(self.simd, 0.0);
        for k in 0..self.outputs() {
            let (dz, cost) = logistic(self.simd, self.z(k), self.y(k));
            self.put(k, self.weighted(dz));
            sum += cost;
        }
        self.weighted(sum)
    }

    /// ln Σ exp(z − max) − Σ (z − max)·y, and exp(z − max) / Σ exp(z − max) − y.
    #[inline(always)]
    fn softmax(&mut self) -> S::f32s {
        let (zero, mut largest) = (splat(self.simd, 0.0), self.z(0));
        for k in 1..self.outputs() {
            let z = self.z(k);
            largest = z.simd_gt(largest).select(z, largest);
        }
        let (mut sum, mut right) = (zero, zero);
        for k in 0..self.outputs() {
            let below = self.z(k) - largest;
            let [e] = exp_of_minus_abs(self.simd, [below]);
            (sum, right) = (sum + e, right + below * self.y(k));
            self.put(k, e);
        }
        let share = splat(self.simd, 1.0) / sum;
        for k in 0..self.outputs() {
            self.put(k, self.weighted(self.z(k) * share - self.y(k)));
        }
        self.weighted(ln(self.simd, sum) - right)
    }

    /// ½·Σ (z − y)², and z − y.
    #[inline(always)]
    fn squares(&mut self) -> S::f32s {
        let mut sum = splat(self.simd, 0.0);
        for k in 0..self.outputs() {
            let dz = self.z(k) - self.y(k);
            self.put(k, self.weighted(dz));
            sum += dz * dz;
        }
        self.weighted(sum * 0.5)
    }

    /// Times the weight; 0 where that is 0, whatever the number.
    #[inline(always)]
    fn weighted(&self, value: S::f32s) -> S::f32s {
        let zero = splat(self.simd, 0.0);
        self.weight.simd_gt(zero).select(value * self.weight, zero)
    }

    #[inline(always)]
    fn outputs(&self) -> usize {
        self.z.len() / WIDTH
    }

    #[inline(always)]
    fn z(&self, k: usize) -> S::f32s {
        S::f32s::from_slice(self.simd, &self.z[k * WIDTH + self.lane..][..S::f32s::LEN])
    }

    #[inline(always)]
    fn y(&self, k: usize) -> S::f32s {
        S::f32s::from_slice(self.simd, &self.y[k * WIDTH + self.lane..][..S::f32s::LEN])
    }

    #[inline(always)]
    fn put(&mut self, k: usize, value: S::f32s) {
        value.store_slice(&mut self.z[k * WIDTH + self.lane..][..S::f32s::LEN]);
    }
}

/// (dz, loss) of a logit and its label, as `math::loss` has them, but for |z| > 80 as at 80 where it is the smaller term.
#[inline(always)]
fn logistic<S: Simd>(simd: S, z: S::f32s, y: S::f32s) -> (S::f32s, S::f32s) {
    let (zero, one, cap) = (splat(simd, 0.0), splat(simd, 1.0), splat(simd, 80.0));
    let [e] = exp_of_minus_abs(simd, [z.abs().simd_gt(cap).select(cap, z)]);
    let is_one = y.simd_gt(zero);
    let wrong_side = is_one.select(-z, z);
    let error = wrong_side.simd_lt(zero).select(e, one) / (one + e);
    let positive = z.simd_gt(zero).select(z, zero);
    (is_one.select(-error, error), positive - z * y + ln_1p_of_any(simd, e))
}

/// ln(1 + e) for 0 < e ≤ 1. Where it is e itself, the series is left alone: its squares would fall below the range of f32, where
/// some CPUs take a hundred times as long.
#[inline(always)]
pub fn ln_1p_of_any<S: Simd>(simd: S, e: S::f32s) -> S::f32s {
    let least = splat(simd, 1e-9);
    let is_less = e.simd_lt(least);
    is_less.select(e, ln_1p::<S>(is_less.select(least, e)))
}

/// ln x for x ≥ 1, as n·ln 2 + ln(1 + (m − 1)) with x = 2ⁿ·m and 1 ≤ m < 2. NaN and ∞ give themselves.
#[inline(always)]
fn ln<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let bits: S::u32s = x.bitcast();
    // in the low bits of 2²³ a small integer stands as it is
    let magic = splat(simd, 8_388_608.0);
    let n = ((bits >> 23_u32) | S::u32s::splat(simd, magic_bits())).bitcast::<S::f32s>() - magic - 127.0;
    let m: S::f32s = ((bits & S::u32s::splat(simd, 0x007f_ffff)) | S::u32s::splat(simd, 0x3f80_0000)).bitcast();
    let ln = n.mul_add(std::f32::consts::LN_2, ln_1p::<S>(m - 1.0));
    x.simd_lt(splat(simd, f32::MAX)).select(ln, x)
}

/// The bits of 2²³.
const fn magic_bits() -> u32 {
    8_388_608.0_f32.to_bits()
}
