// The end of an iteration: the sums over all samples of a unit or of the output become its gradient, and the gradient
// either updates the parameters in place or is stored.
//# uses lib/one_hidden

@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> gradients: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> asked: array<u32>; // bound as in the other kernels, and not used
@group(0) @binding(7) var<storage, read_write> history: array<f32>;
@group(0) @binding(8) var<storage, read_write> steps: array<u32>;

// theta: (b1, w2, w1[0], w1[1]) of a unit. sums: (Σ t, Σ dZ2·a, Σ t·x[0], Σ t·x[1]) with t = dZ2·g′(z).
fn descend_unit(at: u32, theta: vec4<f32>, sums: vec4<f32>, learning_rate: f32) {
    descend(at, theta, unit_gradient(theta, sums), learning_rate);
}

// sums: (Σ dZ2, Σ loss). Writes the cost into the history at the step that the network's counter shows, and counts the
// step.
fn descend_output(network: u32, sums: vec2<f32>, learning_rate: f32) {
    let at = vectors_of(network, shape.units);
    descend(at, parameters[at], vec4<f32>(sums.x * shape.mean, 0.0, 0.0, 0.0), learning_rate);
    let step = steps[network];
    history[step * shape.networks + network] = sums.y * shape.mean;
    steps[network] = step + 1u;
}

fn descend(at: u32, theta: vec4<f32>, gradient: vec4<f32>, learning_rate: f32) {
    if shape.update == 1u {
        parameters[at] = descended(theta, gradient, learning_rate);
    } else {
        gradients[at] = gradient;
    }
}
