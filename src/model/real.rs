//! The numbers the CPU computes with: `f32` and `f64` behind one trait, so that a formula is written once.
//!
//! exp, log1p and tanh come from `libm`, the same on every platform; tanh and log1p of `f32` use the formulas of the
//! shaders.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A floating-point number: `f32` or `f64`.
pub trait Real:
    Copy
    + Debug
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + Sum
    + Send
    + Sync
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Rounds to this precision.
    fn from_f64(value: f64) -> Self;
    /// Widens without loss.
    fn to_f64(self) -> f64;
    /// |x|.
    fn abs(self) -> Self;
    /// eˣ.
    fn exp(self) -> Self;
    /// eˣ − 1, exact for small x.
    fn exp_m1(self) -> Self;
    /// ln x.
    fn ln(self) -> Self;
    /// √x.
    fn sqrt(self) -> Self;
    /// ln(1 + x) for 0 ≤ x ≤ 1, exact for small x.
    fn ln_1p(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn abs(self) -> Self {
        f64::abs(self)
    }
    fn exp(self) -> Self {
        libm::exp(self)
    }
    fn exp_m1(self) -> Self {
        libm::expm1(self)
    }
    fn ln(self) -> Self {
        libm::log(self)
    }
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    fn ln_1p(self) -> Self {
        libm::log1p(self)
    }
    fn tanh(self) -> Self {
        libm::tanh(self)
    }
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn abs(self) -> Self {
        f32::abs(self)
    }
    fn exp(self) -> Self {
        libm::expf(self)
    }
    fn exp_m1(self) -> Self {
        libm::expm1f(self)
    }
    fn ln(self) -> Self {
        libm::logf(self)
    }
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    fn ln_1p(self) -> Self {
        log1p_by_artanh(self)
    }
    /// Cephes' tanhf, as in `shaders/lib/activation.wgsl`: for |x| < 0.625 an odd polynomial, else
    /// sign(x)·(1 − e) / (1 + e) with e = exp(−2|x|); the relative error stays below about 1e-7.
    fn tanh(self) -> Self {
        let magnitude = f32::abs(self);
        if magnitude < 0.625 {
            let s = self * self;
            let p =
                (((-5.704_988_7e-3 * s + 2.063_909e-2) * s - 5.373_971_6e-2) * s + 1.333_144_2e-1) * s - 3.333_328e-1;
            self + self * s * p
        } else if magnitude >= 0.625 {
            let e = libm::expf(-2.0 * magnitude);
            ((1.0 - e) / (1.0 + e)).copysign(self)
        } else {
            self // NaN
        }
    }
}

/// ln(1 + t) for 0 ≤ t ≤ 1 as 2·artanh(t / (2 + t)), a series in s²: the shaders' log1p, see `shaders/lib/loss.wgsl`.
fn log1p_by_artanh(t: f32) -> f32 {
    let s = t / (2.0 + t);
    let q = s * s;
    let series = [13.0, 11.0, 9.0, 7.0, 5.0, 3.0].iter().fold(0.0, |series, odd| q * (1.0 / odd + series));
    2.0 * s * (1.0 + series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log1p_of_f32_is_within_two_ulps_of_f64_from_0_to_1() {
        for step in 0..=100_000 {
            let t = 1e-5 * step as f32;
            let (got, want) = (f64::from(Real::ln_1p(t)), libm::log1p(f64::from(t)));
            assert!((got - want).abs() <= 2.0 * f64::from(f32::EPSILON) * want, "log1p({t}) = {got}, not {want}");
        }
    }

    #[test]
    fn tanh_of_f32_is_within_two_ulps_of_f64_everywhere() {
        for step in -200_000..=200_000 {
            let x = 1e-4 * step as f32;
            let (got, want) = (f64::from(Real::tanh(x)), libm::tanh(f64::from(x)));
            assert!((got - want).abs() <= 2.0 * f64::from(f32::EPSILON) * want.abs(), "tanh({x}) = {got}, not {want}");
        }
        for tiny in [1e-6_f32, 1e-20, f32::MIN_POSITIVE] {
            assert_eq!(Real::tanh(tiny), tiny);
        }
        assert_eq!(Real::tanh(f32::INFINITY), 1.0);
        assert_eq!(Real::tanh(f32::NEG_INFINITY), -1.0);
        assert!(Real::tanh(f32::NAN).is_nan());
    }
}
