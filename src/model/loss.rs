//! The cost of the exercise and its derivative, from the logit. `shaders/lib/loss.wgsl` holds the same formulas.

use super::Real;

/// −[y·ln σ(z) + (1 − y)·ln(1 − σ(z))] as max(z, 0) − z·y + log1p(exp(−|z|)), which stays finite when
/// the notebook's formula is NaN because σ(z) rounds to 0 or 1.
///
/// ```
/// use planar::model::loss::logit_loss;
/// assert_eq!(logit_loss(0.0, 1.0), std::f64::consts::LN_2);
/// assert_eq!(logit_loss(800.0, 0.0), 800.0); // the notebook: −ln(1 − 1) = inf, and 0·inf = NaN
/// ```
pub fn logit_loss<T: Real>(z: T, y: T) -> T {
    let positive = if z > T::ZERO { z } else { T::ZERO };
    positive - z * y + (-z.abs()).exp().ln_1p()
}
