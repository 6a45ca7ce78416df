// What the kernels share in which one workgroup trains one network: its parameters in workgroup memory, and how far the
// dispatch goes. The iterations of a dispatch end at ITERATIONS, or earlier where the chunk ends.
//# uses lib/one_hidden

@group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> labels: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> history: array<f32>;
@group(0) @binding(6) var<storage, read_write> steps: array<u32>;
@group(0) @binding(7) var<storage, read> asked: array<u32>; // iterations of the whole chunk

const OUTPUT: u32 = WIDEST * VECTORS; // where the output's vector lies

var<workgroup> theta: array<vec4<f32>, OUTPUT + 1u>;
var<workgroup> done: u32; // iterations of the chunk before this dispatch

// The network's parameters into workgroup memory; the iterations of the chunk that are done, for all invocations.
fn begin(network: u32, local: u32) -> u32 {
    for (var at = local; at <= OUTPUT; at += WORKGROUP) {
        theta[at] = parameters[vectors_of(network, 0u) + at];
    }
    if local == 0u {
        done = steps[network];
    }
    return workgroupUniformLoad(&done);
}

// The output's step, and the cost and the counter of the iteration `step`. sums: (Σ dZ2, Σ loss).
fn end_iteration(network: u32, step: u32, sums: vec2<f32>, learning_rate: f32) {
    theta[OUTPUT] = descended(theta[OUTPUT], vec4<f32>(sums.x * shape.mean, 0.0, 0.0, 0.0), learning_rate);
    history[step * shape.networks + network] = sums.y * shape.mean;
    steps[network] = step + 1u;
}

// The network's parameters back into their buffer.
fn finish(network: u32, local: u32) {
    for (var at = local; at <= OUTPUT; at += WORKGROUP) {
        parameters[vectors_of(network, 0u) + at] = theta[at];
    }
}
