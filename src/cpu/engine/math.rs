//! exp, tanh, σ and the loss over the lanes of a register: the formulas of `model` without branches.
//! A NaN that goes in comes out: comparisons select, and no `min` or `max` may drop it.

use fearless_simd::{Bytes, Select, Simd, SimdBase, SimdFloat};

/// A register filled with one number.
#[inline(always)]
pub fn splat<S: Simd>(simd: S, value: f32) -> S::f32s {
    S::f32s::splat(simd, value)
}

/// `T` registers from the front of a slice.
#[inline(always)]
pub fn registers<S: Simd, const T: usize>(simd: S, from: &[f32]) -> [S::f32s; T] {
    let mut to = [splat(simd, 0.0); T];
    for t in 0..T {
        to[t] = S::f32s::from_slice(simd, &from[t * S::f32s::LEN..][..S::f32s::LEN]);
    }
    to
}

/// Writes registers to the front of a slice.
#[inline(always)]
pub fn store<S: Simd, const T: usize>(from: [S::f32s; T], to: &mut [f32]) {
    for t in 0..T {
        from[t].store_slice(&mut to[t * S::f32s::LEN..][..S::f32s::LEN]);
    }
}

/// Adds up the lanes of registers, half as many as one has lanes, from register `at` on. What is left to add is the lanes 2r and
/// 2r + 1 of register r's, which [`sums`] does. Adding low halves to high ones, two registers at a time, takes far fewer
/// shuffles than `reduce_sum` of each, and has its order of additions, so its bits.
#[inline(always)]
pub fn half_sums<S: Simd, const T: usize>(mut registers: [S::f32s; T], at: usize) -> S::f32s {
    let mut half = S::f32s::LEN / 4;
    while half > 1 {
        for r in at..at + half {
            let (a, b) = (registers[r], registers[r + half]);
            registers[r] = a.zip_low(b) + a.zip_high(b);
        }
        half /= 2;
    }
    let (a, b) = (registers[at], registers[at + 1]);
    let (low, high) = (a.zip_low(b), a.zip_high(b));
    low.zip_low(high) + low.zip_high(high)
}

/// The sums of as many registers as one has lanes, each in its lane, from the two halves of them that [`half_sums`] added up.
#[inline(always)]
pub fn sums<S: Simd>(first: S::f32s, second: S::f32s) -> S::f32s {
    first.unzip_low(second) + first.unzip_high(second)
}

/// An expression of the elements of arrays, for each index. Written step by step like this, independent elements are
/// adjacent in the instruction stream, and a core need not look far ahead to keep its units busy.
macro_rules! each {
    ($simd:ident, $($name:ident),+ => $value:expr) => {{
        let mut out = [splat($simd, 0.0); T];
        for t in 0..T {
            $(let $name = $name[t];)+
            out[t] = $value;
        }
        out
    }};
}

/// (2ⁿ, p) with eˣ = 2ⁿ·(1 + p), n = round(x / ln 2), |p| < 0.42, for |x| ≤ 87.
///
/// p = eʳ − 1 at r = x − n·ln 2 comes from a polynomial of relative error 1e-8 (minimax over |r| ≤ ln 2 / 2).
#[inline(always)]
pub fn exp_parts<S: Simd, const T: usize>(simd: S, k: f32, x: [S::f32s; T]) -> [[S::f32s; T]; 3] {
    // Added to a small number, 1.5·2²³ leaves its nearest integer in the low bits; 127 is the exponent's bias.
    let magic = splat(simd, 12_582_912.0 + 127.0);
    let shifted = each!(simd, x => x.mul_add(k * std::f32::consts::LOG2_E, magic));
    let n = each!(simd, shifted => shifted - magic);
    let r = each!(simd, n, x => n.mul_add(-std::f32::consts::LN_2 / k, x));
    let power = each!(simd, shifted => (shifted.bitcast::<S::u32s>() << 23_u32).bitcast());
    let q = each!(simd, r => r.mul_add(1.394_859_5e-3 * k.powi(6), 8.369_158e-3 * k.powi(5)));
    let q = each!(simd, q, r => q.mul_add(r, 4.166_624e-2 * k.powi(4)));
    let q = each!(simd, q, r => q.mul_add(r, 1.666_650_5e-1 * k.powi(3)));
    let q = each!(simd, q, r => q.mul_add(r, 0.5 * k.powi(2)));
    let q = each!(simd, q, r => q.mul_add(r, k));
    let scaled = each!(simd, r, power => r * power);
    [power, q, scaled]
}

/// exp(−|x|), 1.6e-38 from |x| = 87 on.
#[inline(always)]
pub fn exp_of_minus_abs<S: Simd, const T: usize>(simd: S, x: [S::f32s; T]) -> [S::f32s; T] {
    let floor = splat(simd, -87.0);
    let x = each!(simd, x => -x.abs());
    let [power, q, r] = exp_parts(simd, 1.0, each!(simd, x => x.simd_lt(floor).select(floor, x)));
    each!(simd, q, r, power => q.mul_add(r, power))
}

/// tanh(x) = sign(x)·(e − 1) / (e + 1) at e = exp(2·min(|x|, 15)), to 2 ulp everywhere: e − 1 is taken as
/// 2ⁿ·p + (2ⁿ − 1), which does not cancel, so that no second formula is needed near 0.
#[inline(always)]
pub fn tanh<S: Simd, const T: usize>(simd: S, x: [S::f32s; T]) -> [S::f32s; T] {
    let cap = splat(simd, 15.0);
    let magnitude = each!(simd, x => x.abs());
    let capped = each!(simd, magnitude => magnitude.simd_gt(cap).select(cap, magnitude));
    let [power, q, r] = exp_parts(simd, 2.0, capped);
    let e_minus_1 = each!(simd, q, r, power => q.mul_add(r, power - 1.0));
    each!(simd, e_minus_1, x => (e_minus_1 / (e_minus_1 + 2.0)).copysign(x))
}

/// σ(x), by the sign of x: e / (1 + e) below 0, else 1 / (1 + e), at e = exp(−|x|).
#[inline(always)]
pub fn sigmoid<S: Simd, const T: usize>(simd: S, x: [S::f32s; T]) -> [S::f32s; T] {
    let (e, zero, one) = (exp_of_minus_abs(simd, x), splat(simd, 0.0), splat(simd, 1.0));
    each!(simd, e, x => x.simd_lt(zero).select(e, one) / (one + e))
}

/// ln(1 + e) for 0 ≤ e ≤ 1 as 2·atanh(s) at s = e / (2 + e): relative error 1e-7, and exact for small e.
#[inline(always)]
pub fn ln_1p<S: Simd>(e: S::f32s) -> S::f32s {
    let s = e / (e + 2.0);
    let square = s * s;
    let q = square.mul_add(1.401_223e-1, 1.399_957_1e-1);
    let q = q.mul_add(square, 2.001_085e-1);
    let q = q.mul_add(square, 3.333_320_6e-1);
    let double = s + s;
    (q * square).mul_add(double, double)
}

/// (dz2, loss) of a logit z and its label y, 0 or 1: σ(z) − y and max(z, 0) − z·y + ln(1 + exp(−|z|)).
///
/// σ(z) − 1 is taken as −σ(−z), which keeps its digits when σ(z) rounds to 1.
#[inline(always)]
pub fn loss<S: Simd>(simd: S, z: S::f32s, y: S::f32s) -> (S::f32s, S::f32s) {
    let ([e], zero, one) = (exp_of_minus_abs(simd, [z]), splat(simd, 0.0), splat(simd, 1.0));
    let is_one = y.simd_gt(zero);
    let wrong_side = is_one.select(-z, z);
    let error = wrong_side.simd_lt(zero).select(e, one) / (one + e);
    let positive = z.simd_gt(zero).select(z, zero);
    (is_one.select(-error, error), positive - z * y + ln_1p::<S>(e))
}

#[cfg(test)]
mod tests {
    use super::super::instructions::{Instructions, Operation, Token};
    use super::*;

    /// A formula over a slice whose length is a multiple of 16.
    struct Map<'a>(&'a mut [f32], Formula);

    #[derive(Clone, Copy)]
    enum Formula {
        Tanh,
        Sigmoid,
        Dz2,
        Loss,
    }

    impl Operation for Map<'_> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) {
            for chunk in self.0.chunks_exact_mut(S::f32s::LEN) {
                let x = S::f32s::from_slice(simd, chunk);
                let y = match self.1 {
                    Formula::Tanh => tanh(simd, [x])[0],
                    Formula::Sigmoid => sigmoid(simd, [x])[0],
                    Formula::Dz2 => loss(simd, x, splat(simd, 1.0)).0,
                    Formula::Loss => loss(simd, x, splat(simd, 0.0)).1,
                };
                y.store_slice(chunk);
            }
        }
    }

    fn map(instructions: Instructions, formula: Formula, x: &[f32]) -> Vec<f32> {
        let mut y = x.to_vec();
        y.resize(x.len().next_multiple_of(16), 0.0);
        Token::new(instructions).unwrap().run(Map(&mut y, formula));
        y.truncate(x.len());
        y
    }

    fn check(formula: Formula, want: impl Fn(f64) -> f64, tolerance: f64) {
        let mut x: Vec<f32> = (-200_000..=200_000).map(|step| 2e-4 * step as f32).collect();
        x.extend([1e-6, 1e-20, f32::MIN_POSITIVE, -1e-6, 0.0]);
        for instructions in Instructions::available() {
            for (x, got) in x.iter().zip(map(instructions, formula, &x)) {
                let (got, want) = (f64::from(got), want(f64::from(*x)));
                assert!((got - want).abs() <= tolerance * want.abs(), "{instructions}: f({x}) = {got}, not {want}");
            }
        }
    }

    #[test]
    fn tanh_is_within_two_ulps_of_f64_everywhere() {
        check(Formula::Tanh, f64::tanh, 2.0 * f64::from(f32::EPSILON));
    }

    #[test]
    fn sigmoid_keeps_its_relative_precision_in_both_tails() {
        // Without FMA the reduction of x = −40 costs 40 half-ulps; with it, 1 or 2.
        check(Formula::Sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 2.5e-6);
    }

    #[test]
    fn dz2_of_label_one_keeps_its_digits_where_the_sigmoid_rounds_to_one() {
        check(Formula::Dz2, |x| -1.0 / (1.0 + x.exp()), 2.5e-6);
    }

    #[test]
    fn the_loss_is_softplus() {
        check(Formula::Loss, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), 2.5e-6);
    }

    /// The sums of the lanes of as many registers as there are lanes, by `reduce_sum` and together.
    struct Sums<'a>(&'a [f32]);

    impl Operation for Sums<'_> {
        type Output = [Vec<f32>; 2];
        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let lanes = S::f32s::LEN;
            let alone = self.0[..lanes * lanes].chunks_exact(lanes);
            let alone = alone.map(|x| S::f32s::from_slice(simd, x).reduce_sum()).collect();
            let half = |x: &[f32], at| half_sums::<S, 8>(registers(simd, x), at);
            let mut together = vec![0.0; lanes];
            let second = if lanes == 16 { half(&self.0[128..], 0) } else { half(self.0, lanes / 2) };
            sums::<S>(half(self.0, 0), second).store_slice(&mut together);
            [alone, together]
        }
    }

    #[test]
    fn sums_of_many_registers_have_the_bits_of_each_alone() {
        let x: Vec<f32> = (0..256).map(|k| (7.3 * k as f32).sin() * 10_f32.powi(k % 9 - 4)).collect();
        for instructions in Instructions::available() {
            let [alone, together] = Token::new(instructions).unwrap().run(Sums(&x));
            assert_eq!(alone.len(), together.len());
            assert!(alone.iter().zip(&together).all(|(a, b)| a.to_bits() == b.to_bits()), "{instructions}");
        }
    }

    #[test]
    fn what_is_not_finite_stays_visible() {
        for instructions in Instructions::available() {
            let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0];
            let tanh = map(instructions, Formula::Tanh, &x);
            assert!(tanh[0].is_nan());
            assert_eq!(tanh[1..], [1.0, -1.0, 0.0]);
            let sigmoid = map(instructions, Formula::Sigmoid, &x);
            assert!(sigmoid[0].is_nan());
            assert!((sigmoid[1], sigmoid[3]) == (1.0, 0.5) && sigmoid[2] < 1e-37, "{sigmoid:?}");
            assert!(map(instructions, Formula::Dz2, &x)[0].is_nan());
            assert!(map(instructions, Formula::Loss, &x)[0].is_nan());
        }
    }
}
