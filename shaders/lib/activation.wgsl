// g and g′ of the hidden layers, as src/model/activation.rs has them. The prelude says which: ACTIVATION.

const TANH: u32 = 0u;
const SIGMOID: u32 = 1u;
const RELU: u32 = 2u;
const LEAKY_RELU: u32 = 3u;

// σ(z) by the sign of z, so that exp never overflows.
fn sigmoid(z: f32) -> f32 {
    let e = exp(-abs(z));
    return select(1.0, e, z < 0.0) / (1.0 + e);
}

// σ′(z) = e / (1 + e)² with e = exp(−|z|); tanh′(z) = 4·σ′(2z). Keeps its digits where σ(z) rounds to 1.
fn sigmoid_derivative(z: f32) -> f32 {
    let e = exp(-abs(z));
    return e / ((1.0 + e) * (1.0 + e));
}

// Cephes' tanhf. WGSL's own tanh is NaN for large |x| on some drivers and errs by 3e-4 for small |x| on others.
fn stable_tanh(x: f32) -> f32 {
    let s = x * x;
    let p = (((-5.7049887e-3 * s + 2.063909e-2) * s - 5.3739716e-2) * s + 1.3331442e-1) * s - 3.333328e-1;
    let e = exp(2.0 * min(abs(x), 15.0));
    let far = 1.0 - 2.0 / (e + 1.0);
    return select(select(far, -far, x < 0.0), x + x * s * p, abs(x) < 0.625);
}

fn activation(z: f32, slope: f32) -> f32 {
    switch ACTIVATION {
        case TANH: {
            return stable_tanh(z);
        }
        case SIGMOID: {
            return sigmoid(z);
        }
        case RELU: {
            return select(0.0, z, z > 0.0);
        }
        default: {
            return select(slope * z, z, z > 0.0);
        }
    }
}

fn activation_derivative(z: f32, slope: f32) -> f32 {
    switch ACTIVATION {
        case TANH: {
            return 4.0 * sigmoid_derivative(2.0 * z);
        }
        case SIGMOID: {
            return sigmoid_derivative(z);
        }
        case RELU: {
            return select(0.0, 1.0, z > 0.0);
        }
        default: {
            return select(slope, 1.0, z > 0.0);
        }
    }
}
