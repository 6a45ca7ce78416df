// A function of every value, planar's own or the driver's; FUNCTION says which.
//# uses lib/activation, lib/loss, lib/probe

@group(0) @binding(0) var<uniform> probe: Probe;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> results: array<f32>;

fn evaluate(x: f32) -> f32 {
    let v = vec4<f32>(x);
    switch FUNCTION {
        case 0u: {
            return stable_tanh(v).value.x;
        }
        case 1u: {
            return stable_tanh(v).derivative.x;
        }
        case 2u: {
            return sigmoid(v).value.x;
        }
        case 3u: {
            return logit_loss(v, vec4<f32>()).x;
        }
        case 4u: {
            return exp(x);
        }
        case 5u: {
            return log(x);
        }
        default: {
            return tanh(x);
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn probe_function(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < probe.length {
        results[id.x] = evaluate(values[id.x]);
    }
}
