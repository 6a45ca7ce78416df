//! The operations of the textbook, and the twins of the kernels in `shaders/`, which have their names.
//!
//! Matrices are row-major slices; a column is a sample. Every function is generic over [`Real`]:
//! in `f64` it is what the GPU is judged by, in `f32` it shows what rounding alone does.
#![cfg_attr(not(feature = "gpu"), allow(dead_code, reason = "some are only compared with kernels"))]

use crate::model::{Activation, Derivative, Output, Parameters, Real, loss::logit_loss};
use crate::optim::{Recipe, Step};

/// Which operand of a product is stored transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transpose {
    /// A·B: A is (rows × inner), B is (inner × columns).
    None,
    /// Aᵀ·B: A is stored (inner × rows).
    A,
    /// A·Bᵀ: B is stored (columns × inner).
    B,
}

/// The shape of a product: (rows × inner)·(inner × columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatmulShape {
    /// Rows of the result.
    pub rows: usize,
    /// The dimension that is summed over.
    pub inner: usize,
    /// Columns of the result.
    pub columns: usize,
}

/// scale·A·B, with A or B stored transposed: (rows × columns).
pub(crate) fn matmul<T: Real>(a: &[T], b: &[T], shape: MatmulShape, transpose: Transpose, scale: T) -> Vec<T> {
    let MatmulShape { rows, inner, columns } = shape;
    let mut product = vec![T::ZERO; rows * columns];
    for (row, out) in product.chunks_exact_mut(columns).enumerate() {
        match transpose {
            Transpose::None => (0..inner).for_each(|k| add_scaled(out, a[row * inner + k], &b[k * columns..])),
            Transpose::A => (0..inner).for_each(|k| add_scaled(out, a[k * rows + row], &b[k * columns..])),
            Transpose::B => {
                let a_row = &a[row * inner..(row + 1) * inner];
                out.iter_mut().zip(b.chunks_exact(inner)).for_each(|(out, b_row)| *out = dot(a_row, b_row));
            }
        }
        out.iter_mut().for_each(|value| *value = *value * scale);
    }
    product
}

/// Z ← Z + b and A = g(Z), for Z (units × samples) and b (units).
pub(crate) fn bias_activation<T: Real>(z: &mut [T], bias: &[T], activation: Activation) -> Vec<T> {
    let samples = z.len() / bias.len();
    for (row, b) in z.chunks_exact_mut(samples).zip(bias) {
        row.iter_mut().for_each(|z| *z += *b);
    }
    z.iter().map(|z| activation.apply(*z)).collect()
}

/// dZ = A − Y at the output, where A = σ(Z).
pub(crate) fn logistic_delta<T: Real>(a: &[T], y: &[T]) -> Vec<T> {
    a.iter().zip(y).map(|(a, y)| *a - *y).collect()
}

/// dZ and the loss of each sample at an output, for Z and Y (outputs × samples).
pub(crate) fn output_delta<T: Real>(output: Output, z: &[T], y: &[T], samples: usize) -> (Vec<T>, Vec<T>) {
    let outputs = z.len() / samples;
    let (mut dz, mut losses) = (vec![T::ZERO; z.len()], Vec::with_capacity(samples));
    for sample in 0..samples {
        let [z, y] = [z, y].map(|of| (0..outputs).map(|row| of[row * samples + sample]).collect::<Vec<T>>());
        losses.push(output.loss(&z, &y));
        for (row, delta) in output.delta(&z, &y).into_iter().enumerate() {
            dz[row * samples + sample] = delta;
        }
    }
    (dz, losses)
}

/// The columns of a matrix (rows × samples) that a batch takes.
pub(crate) fn gather<T: Copy>(matrix: &[T], samples: usize, batch: &[u32]) -> Vec<T> {
    matrix.chunks_exact(samples).flat_map(|row| batch.iter().map(|sample| row[*sample as usize])).collect()
}

/// ½·(λ/m)·ΣW², and what the gradient is multiplied by, whose (λ/m)·W is added already, to clip its norm.
pub(crate) fn norms<T: Real>(theta: &Parameters<T>, gradient: &Parameters<T>, penalty: T, clip: Option<T>) -> [T; 2] {
    let squares = |values: &[T]| sum(&values.iter().map(|value| *value * *value).collect::<Vec<T>>());
    let weights: T = (0..theta.layout().layers()).map(|layer| squares(theta.weights(layer))).sum();
    let factor = clip.map_or(T::ONE, |clip| clip / (squares(gradient.values()).sqrt() + T::from_f64(1e-6)));
    [weights * penalty * T::from_f64(0.5), if factor < T::ONE { factor } else { T::ONE }]
}

/// The gradient that the optimiser takes, with (λ/m)·W and clipped, and one update by it.
pub(crate) fn update<T: Real>(
    recipe: &Recipe,
    step: &Step<T>,
    samples: usize,
    [theta, gradient]: [&mut Parameters<T>; 2],
    moments: &mut [T],
) {
    recipe.regularise(gradient, theta, samples);
    recipe.optimizer.update(step, theta.values_mut(), gradient.values(), moments);
}

/// Each value times its factor.
pub(crate) fn mask<T: Real>(values: &mut [T], factors: &[T]) {
    values.iter_mut().zip(factors).for_each(|(value, factor)| *value = *value * *factor);
}

/// A matrix of rows of this length, with rows and columns exchanged.
pub(crate) fn transposed<T: Copy>(matrix: &[T], columns: usize) -> Vec<T> {
    (0..columns).flat_map(|column| matrix.iter().skip(column).step_by(columns).copied()).collect()
}

/// dZ = dA ∘ g′(Z) of a hidden layer, where dA = Wᵀ·dZ of the layer above.
pub(crate) fn hidden_delta<T: Real>(da: &[T], z: &[T], derivative: Derivative) -> Vec<T> {
    da.iter().zip(z).map(|(da, z)| *da * derivative.at(*z)).collect()
}

/// db = scale·Σ dZ over the samples, for dZ (units × samples).
pub(crate) fn bias_sum<T: Real>(dz: &[T], units: usize, scale: T) -> Vec<T> {
    dz.chunks_exact(dz.len() / units).map(|row| sum(row) * scale).collect()
}

/// θ ← θ − α·dθ.
pub(crate) fn descend<T: Real>(parameters: &mut [T], gradients: &[T], learning_rate: T) {
    parameters.iter_mut().zip(gradients).for_each(|(theta, gradient)| *theta -= learning_rate * *gradient);
}

/// scale·Σ of the loss over the samples, from the logits Z.
pub(crate) fn cost<T: Real>(z: &[T], y: &[T], scale: T) -> T {
    sum(&z.iter().zip(y).map(|(z, y)| logit_loss(*z, *y)).collect::<Vec<T>>()) * scale
}

/// Z = W·A + b and g(Z) of a layer, where A (inputs × samples) is that of the layer below.
pub(crate) fn forward<T: Real>(w: &[T], b: &[T], below: &[T], samples: usize, g: Activation) -> [Vec<T>; 2] {
    let shape = MatmulShape { rows: b.len(), inner: w.len() / b.len(), columns: samples };
    let mut z = matmul(w, below, shape, Transpose::None, T::ONE);
    let a = bias_activation(&mut z, b, g);
    [z, a]
}

/// dZ = (Wᵀ·dZ of the layer above) ∘ g′(Z) of a hidden layer, where W is that of the layer above.
pub(crate) fn delta<T: Real>(w: &[T], above: &[T], z: &[T], samples: usize, derivative: Derivative) -> Vec<T> {
    let (inner, rows) = (above.len() / samples, z.len() / samples);
    let da = matmul(w, above, MatmulShape { rows, inner, columns: samples }, Transpose::A, T::ONE);
    hidden_delta(&da, z, derivative)
}

/// dW = mean·dZ·Aᵀ and db = mean·Σ dZ of a layer, where A is that of the layer below.
pub(crate) fn gradient<T: Real>(dz: &[T], below: &[T], samples: usize, mean: T) -> [Vec<T>; 2] {
    let (rows, columns) = (dz.len() / samples, below.len() / samples);
    let dw = matmul(dz, below, MatmulShape { rows, inner: samples, columns }, Transpose::B, mean);
    [dw, bias_sum(dz, rows, mean)]
}

/// The logits Z2, dZ2 = σ(Z2) − Y, and each sample's loss, of a network with one hidden layer.
pub(crate) fn split_forward<T: Real>(theta: &Parameters<T>, g: Activation, x: &[T], y: &[T]) -> [Vec<T>; 3] {
    let samples = y.len();
    let [_, a1] = forward(theta.weights(0), theta.bias(0), x, samples, g);
    let [z2, a2] = forward(theta.weights(1), theta.bias(1), &a1, samples, Activation::Sigmoid);
    let loss = z2.iter().zip(y).map(|(z, y)| logit_loss(*z, *y)).collect();
    [z2, logistic_delta(&a2, y), loss]
}

/// The sums over samples X that make the gradients: with t = dZ2 ∘ g′(Z1) per unit, Σ t·x in the place of W1, Σ t in
/// that of b1, Σ dZ2·a1 in that of W2 and Σ dZ2 in that of b2.
pub(crate) fn split_backward<T: Real>(theta: &Parameters<T>, g: Derivative, x: &[T], dz2: &[T]) -> Parameters<T> {
    let (hidden, samples) = (theta.bias(0).len(), dz2.len());
    let [z1, a1] = forward(theta.weights(0), theta.bias(0), x, samples, g.activation);
    let t = hidden_delta(&dz2.repeat(hidden), &z1, g);
    let mut sums = theta.clone();
    let ([dw1, db1], [dw2, db2]) = (gradient(&t, x, samples, T::ONE), gradient(dz2, &a1, samples, T::ONE));
    sums.weights_mut(0).copy_from_slice(&dw1);
    sums.bias_mut(0).copy_from_slice(&db1);
    sums.weights_mut(1).copy_from_slice(&dw2);
    sums.bias_mut(1).copy_from_slice(&db2);
    sums
}

/// dθ from the sums of [`split_backward`]: dW1 and db1 get their factor w2, and all get 1/m.
pub(crate) fn gradients_of_sums<T: Real>(theta: &Parameters<T>, sums: &Parameters<T>, mean: T) -> Parameters<T> {
    let mut gradients = sums.clone();
    gradients.values_mut().iter_mut().for_each(|sum| *sum = *sum * mean);
    let inputs = theta.weights(0).len() / theta.bias(0).len();
    for (unit, w2) in theta.weights(1).iter().enumerate() {
        gradients.weights_mut(0)[unit * inputs..][..inputs].iter_mut().for_each(|sum| *sum = *sum * *w2);
        gradients.bias_mut(0)[unit] = gradients.bias(0)[unit] * *w2;
    }
    gradients
}

/// One iteration of a network with one hidden layer: the weights behind it and the cost before it.
pub(crate) fn resident<T: Real>(
    theta: &Parameters<T>,
    derivative: Derivative,
    x: &[T],
    y: &[T],
    learning_rate: T,
) -> (Parameters<T>, T) {
    let mean = T::from_f64(1.0 / y.len() as f64);
    let [_, dz2, loss] = split_forward(theta, derivative.activation, x, y);
    let gradients = gradients_of_sums(theta, &split_backward(theta, derivative, x, &dz2), mean);
    let mut after = theta.clone();
    descend(after.values_mut(), gradients.values(), learning_rate);
    (after, sum(&loss) * mean)
}

/// out ← out + factor·row.
fn add_scaled<T: Real>(out: &mut [T], factor: T, row: &[T]) {
    out.iter_mut().zip(row).for_each(|(out, value)| *out += factor * *value);
}

/// How many sums run side by side in [`dot`] and [`sum`]: they vectorise, and round less than one long sum.
const LANES: usize = 8;

/// Σ aᵢ·bᵢ.
fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    let mut lanes = [T::ZERO; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: T = a.remainder().iter().zip(b.remainder()).map(|(a, b)| *a * *b).sum();
    for (a, b) in a.zip(b) {
        (0..LANES).for_each(|lane| lanes[lane] += a[lane] * b[lane]);
    }
    lanes.into_iter().sum::<T>() + rest
}

/// Σ aᵢ.
pub(crate) fn sum<T: Real>(values: &[T]) -> T {
    let mut lanes = [T::ZERO; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest: T = chunks.remainder().iter().copied().sum();
    for chunk in chunks {
        (0..LANES).for_each(|lane| lanes[lane] += chunk[lane]);
    }
    lanes.into_iter().sum::<T>() + rest
}
