// g and g′ of the hidden layers, the formulas of src/model/activation.rs, for four numbers at once; a kernel that has
// one number takes the first of four. The prelude numbers the activations and says which one is meant (ACTIVATION) and
// whose derivative the backward pass takes (DERIVATIVE): OWN, unless a bug is injected.
//# uses lib/loss, lib/network

// g(z) and g′(z).
struct Activated {
    value: vec4<f32>,
    derivative: vec4<f32>,
}

// σ(z) by the sign of z, so that exp never overflows, and σ′(z) = e / (1 + e)² with e = exp(−|z|), which keeps its
// digits even if σ(z) rounds to 1.
fn sigmoid(z: vec4<f32>) -> Activated {
    let e = exp(-abs(z));
    let r = 1.0 / (1.0 + e);
    return Activated(select(vec4<f32>(1.0), e, z < vec4<f32>()) * r, e * r * r);
}

// tanh(z) = sign(z)·(1 − e) / (1 + e) with e = exp(−2|z|), but near 0 the odd polynomial of Cephes' tanhf; and
// tanh′(z) = 4·σ′(2z). WGSL's own tanh is NaN for large |z| on some drivers and errs by 3e-4 for small |z| on others.
fn stable_tanh(z: vec4<f32>) -> Activated {
    let e = exp(-2.0 * abs(z));
    let r = 1.0 / (1.0 + e);
    let s = z * z;
    let p01 = fma(fma(s, vec4<f32>(-5.7049887e-3), vec4<f32>(2.063909e-2)), s, vec4<f32>(-5.3739716e-2));
    let p = fma(fma(p01, s, vec4<f32>(1.3331442e-1)), s, vec4<f32>(-3.333328e-1));
    let far = (1.0 - e) * r;
    let value = select(select(far, -far, z < vec4<f32>()), fma(z * s, p, z), abs(z) < vec4<f32>(0.625));
    return Activated(value, 4.0 * e * r * r);
}

// z where z > 0, else exp(z) − 1 as 2t / (1 − t) with t = tanh(z/2), which keeps its digits near 0.
fn elu(z: vec4<f32>) -> Activated {
    let t = stable_tanh(0.5 * min(z, vec4<f32>())).value;
    let positive = z > vec4<f32>();
    return Activated(select(2.0 * t / (1.0 - t), z, positive), select(exp(z), vec4<f32>(1.0), positive));
}

// z·σ(2u) with 2u = 2·√(2/π)·(z + 0.044715·z³); beyond the range of 2u, σ′ is 0 and its product with z·(2u)′ would be NaN.
fn gelu(z: vec4<f32>) -> Activated {
    let square = z * z;
    let s = sigmoid(1.5957691216 * fma(0.044715 * square, z, z));
    let slope = 1.5957691216 * fma(vec4<f32>(0.134145), square, vec4<f32>(1.0));
    let bend = select(vec4<f32>(), z * s.derivative * slope, s.derivative > vec4<f32>());
    return Activated(z * s.value, s.value + bend);
}

fn activate(z: vec4<f32>, slope: f32) -> Activated {
    let positive = z > vec4<f32>();
    switch ACTIVATION {
        case TANH: {
            return stable_tanh(z);
        }
        case SIGMOID: {
            return sigmoid(z);
        }
        case RELU: {
            return Activated(select(vec4<f32>(), z, positive), select(vec4<f32>(), vec4<f32>(1.0), positive));
        }
        case IDENTITY: {
            return Activated(z, vec4<f32>(1.0));
        }
        case ELU: {
            return elu(z);
        }
        case SOFTPLUS: {
            return Activated(softplus(z), sigmoid(z).value);
        }
        case SILU: {
            let s = sigmoid(z);
            return Activated(z * s.value, fma(z, s.derivative, s.value));
        }
        case GELU: {
            return gelu(z);
        }
        default: {
            return Activated(select(slope * z, z, positive), select(vec4<f32>(slope), vec4<f32>(1.0), positive));
        }
    }
}

// g(z), and what the backward pass takes for g′(z): g's own derivative, or another activation's in terms of a = g(z),
// as in src/model/derivative.rs.
fn activate_backward(z: vec4<f32>, network: Network) -> Activated {
    let own = activate(z, network.slope);
    let a = own.value;
    switch DERIVATIVE {
        case TANH: {
            return Activated(a, fma(-a, a, vec4<f32>(1.0)));
        }
        case SIGMOID: {
            return Activated(a, a * (1.0 - a));
        }
        case RELU, LEAKY_RELU: {
            return Activated(a, select(vec4<f32>(network.borrowed_slope), vec4<f32>(1.0), z > vec4<f32>()));
        }
        default: {
            return own;
        }
    }
}
