// The end of an iteration of the fused plan: a unit's or the output's sums over all samples become its gradient, and
// the gradient an update in place, or a result.

// theta and its sums: (Σ t, Σ dZ2·a, Σ t·x0, Σ t·x1) with t = dZ2·g′(z), so that all but dw2 lack their factor w2.
fn descend_unit(at: u32, theta: vec4<f32>, sums: vec4<f32>, learning_rate: f32) {
    let scale = fused.mean * theta.y;
    descend(at, theta, sums * vec4<f32>(scale, fused.mean, scale, scale), learning_rate);
}

// sums: (Σ dZ2, Σ loss). Writes the cost into the history at the step that the network's counter shows, and counts
// the step.
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
