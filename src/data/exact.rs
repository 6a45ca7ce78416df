//! sin, cos and ln as they are, rounded to the nearest number: the same bits on every platform.
//!
//! They come from `pxfm`; in a browser, which would have to fetch that crate's tables before anything runs, they come from series.
//! NumPy takes the C library's:
//! about 1 in 1000 of glibc's results is not the nearest number, of the `libm` crate's about 1 in 30. If a coordinate is the
//! small sum of nearly opposite terms, one such last bit is a relative error above 1e-15.

#[cfg(not(target_arch = "wasm32"))]
pub use pxfm::{f_cos as cos, f_log as ln, f_sin as sin};
#[cfg(target_arch = "wasm32")]
pub use series::{cos, ln, sin};

/// The same from Taylor series of numbers that are sums of two `f64`. Their error is below 2⁻⁹⁵, so that a result is not the
/// nearest number only if the value lies that close to the middle of two: of 2⁴⁰ results one.
#[cfg(any(test, target_arch = "wasm32"))]
mod series {
    use std::f64::consts::{FRAC_2_PI, FRAC_PI_2, LN_2};
    use std::ops::{Add, Div, Mul, Neg};

    /// What π/2 is more than its nearest `f64`, and what that is more than its own.
    const FRAC_PI_2_LOW: [f64; 2] = [6.123_233_995_736_766e-17, -1.497_384_904_859_169_8e-33];
    /// What ln 2 is more than its nearest `f64`.
    const LN_2_LOW: f64 = 2.319_046_813_846_299_6e-17;
    /// The terms of a series: the next one is below 2⁻¹⁰⁰ of the first.
    const TERMS: u32 = 24;

    /// high + low, where high is the nearest `f64` to the sum.
    #[derive(Clone, Copy)]
    struct Double(f64, f64);

    /// sin x, for |x| up to some thousands.
    pub fn sin(x: f64) -> f64 {
        turned(x, 0)
    }

    /// cos x = sin(x + π/2), likewise.
    pub fn cos(x: f64) -> f64 {
        turned(x, 1)
    }

    /// sin of x and some quarters of a turn.
    fn turned(x: f64, quarters: i64) -> f64 {
        let n = (x * FRAC_2_PI).round();
        let [middle, last] = FRAC_PI_2_LOW;
        let r = Double(x, 0.0) + -product(n, FRAC_PI_2) + -product(n, middle) + -product(n, last);
        let turn = (n as i64 + quarters).rem_euclid(4);
        // r − r³/3! + r⁵/5! − …, or 1 − r²/2! + r⁴/4! − …
        let (mut term, begin) = if turn % 2 == 0 { (r, 2) } else { (Double(1.0, 0.0), 1) };
        let (square, mut sum) = (r * r, term);
        for k in 0..TERMS / 2 + 2 {
            let k = f64::from(begin + 2 * k);
            term = -(term * square / Double(k * (k + 1.0), 0.0));
            sum = sum + term;
        }
        if turn < 2 { sum.0 } else { -sum.0 }
    }

    /// ln x of a positive, normal x = 2ⁿ·m, with ln m = 2·(s + s³/3 + s⁵/5 + …) at s = (m − 1) / (m + 1), √½ ≤ m < √2.
    pub fn ln(x: f64) -> f64 {
        let bits = x.to_bits();
        let (mut n, mut m) =
            ((bits >> 52) as f64 - 1023.0, f64::from_bits(bits & (u64::MAX >> 12) | 1.0_f64.to_bits()));
        if m > std::f64::consts::SQRT_2 {
            (n, m) = (n + 1.0, m / 2.0);
        }
        let s = Double(m - 1.0, 0.0) / sum(m, 1.0);
        let (square, mut power, mut series) = (s * s, s, s);
        for k in 1..TERMS {
            power = power * square;
            series = series + power / Double(f64::from(2 * k + 1), 0.0);
        }
        (product(n, LN_2) + product(n, LN_2_LOW) + series + series).0
    }

    /// a + b, exactly.
    fn sum(a: f64, b: f64) -> Double {
        let sum = a + b;
        let of_b = sum - a;
        Double(sum, (a - (sum - of_b)) + (b - of_b))
    }

    /// a·b, exactly: of halves of 26 bits.
    fn product(a: f64, b: f64) -> Double {
        let halves = |x: f64| {
            let scaled = 134_217_729.0 * x;
            let high = scaled - (scaled - x);
            (high, x - high)
        };
        let ((a_high, a_low), (b_high, b_low), product) = (halves(a), halves(b), a * b);
        Double(product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low)
    }

    impl Add for Double {
        type Output = Self;
        fn add(self, other: Self) -> Self {
            let (high, low) = (sum(self.0, other.0), sum(self.1, other.1));
            let high = sum(high.0, high.1 + low.0);
            sum(high.0, high.1 + low.1)
        }
    }

    impl Neg for Double {
        type Output = Self;
        fn neg(self) -> Self {
            Self(-self.0, -self.1)
        }
    }

    impl Mul for Double {
        type Output = Self;
        fn mul(self, other: Self) -> Self {
            let of_high = product(self.0, other.0);
            sum(of_high.0, of_high.1 + (self.0 * other.1 + self.1 * other.0))
        }
    }

    impl Div for Double {
        type Output = Self;
        fn div(self, other: Self) -> Self {
            let first = self.0 / other.0;
            let rest = self + -(Double(first, 0.0) * other);
            let second = rest.0 / other.0;
            let rest = rest + -(Double(second, 0.0) * other);
            Double(first, 0.0) + Double(second, rest.0 / other.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::numpy_random::NumpyRandom;

    #[test]
    fn the_series_have_the_bits_of_tables() {
        let mut random = NumpyRandom::new(3);
        for k in 0..100_000_u32 {
            let x = random.uniform_in(-30.0, 30.0) * 10_f64.powi(-(k as i32 % 9));
            assert_eq!(series::sin(x).to_bits(), sin(x).to_bits(), "sin {x}");
            assert_eq!(series::cos(x).to_bits(), cos(x).to_bits(), "cos {x}");
            let x = random.uniform() * 10_f64.powi(-(k as i32 % 13));
            assert_eq!(series::ln(x).to_bits(), ln(x).to_bits(), "ln {x}");
        }
        for quarters in 0..40 {
            let x = f64::from(quarters) * std::f64::consts::FRAC_PI_2;
            assert_eq!(series::sin(x).to_bits(), sin(x).to_bits(), "sin {x}");
            assert_eq!(series::cos(x).to_bits(), cos(x).to_bits(), "cos {x}");
        }
        assert_eq!((series::ln(1.0), series::ln(2.0)), (0.0, std::f64::consts::LN_2));
    }
}
