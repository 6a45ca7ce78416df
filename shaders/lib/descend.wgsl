// The end of an iteration of the fused plan: the sums over all samples of a unit or of the output become its gradient,
// and the gradient either updates the parameters in place or is stored.
//# uses lib/fused

@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> gradients: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> history: array<f32>;
@group(0) @binding(8) var<storage, read_write> steps: array<u32>;

// theta: (b1, w2, w1[0], w1[1]) of a unit. sums: (Σ t, Σ dZ2·a, Σ t·x0, Σ t·x1) with t = dZ2·g′(z); all but that of w2
// still lack the factor w2.
fn descend_unit(at: u32, theta: vec4<f32>, sums: vec4<f32>, learning_rate: f32) {
    let scale = fused.mean * theta.y;
    descend(at, theta, sums * vec4<f32>(scale, fused.mean, scale, scale), learning_rate);
}

// sums: (Σ dZ2, Σ loss). Writes the cost into the history at the step that the network's counter shows, and counts the
// step.
fn descend_output(network: u32, sums: vec2<f32>, learning_rate: f32) {
    let at = vectors_of(network, fused.units);
    descend(at, parameters[at], vec4<f32>(sums.x * fused.mean, 0.0, 0.0, 0.0), learning_rate);
    let step = steps[network];
    history[step * fused.networks + network] = sums.y * fused.mean;
    steps[network] = step + 1u;
}

fn descend(at: u32, theta: vec4<f32>, gradient: vec4<f32>, learning_rate: f32) {
    if fused.update == 1u {
        parameters[at] = theta - learning_rate * gradient;
    } else {
        gradients[at] = gradient;
    }
}
