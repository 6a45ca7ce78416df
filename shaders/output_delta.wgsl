// dZ of the outputs of every network, and behind its rows the loss of each sample, both times the sample's weight. Four
// samples per invocation. It also counts the updates that have begun.
//
// z:      Z (networks × outputs × samples).
// labels: Y (outputs × samples), and the weights as one more row.
// dz:     dZ (networks × outputs × samples), and in each network the losses as one more row.
//
// Dispatch: (samples / 4 / WORKGROUP, networks).
//# uses lib/judged, lib/network

struct Outputs {
    networks: u32,
    samples: u32,
    outputs: u32,
}

@group(0) @binding(0) var<uniform> shape: Outputs;
@group(0) @binding(1) var<storage, read> networks: array<Network>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<f32>;
@group(0) @binding(4) var<storage, read_write> dz: array<f32>;
@group(0) @binding(5) var<storage, read_write> steps: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn output_delta(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x == 0u && id.y == 0u {
        steps[shape.networks] = steps[shape.networks] + 1u;
    }
    let column = 4u * id.x;
    let network = id.y;
    if column >= shape.samples || networks[network].width == 0u {
        return;
    }
    let columns = min(column + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(shape.samples - 1u));
    let weight = four_labels(columns + shape.outputs * shape.samples);
    let of_z = columns + network * shape.outputs * shape.samples;
    let first = network * (shape.outputs + 1u) * shape.samples;
    var loss = vec4<f32>();
    if OUTPUTS_ARE == SOFTMAX {
        var classes = first_class(four_z(of_z));
        for (var row = 1u; row < shape.outputs; row++) {
            classes = with_class(classes, row, four_z(of_z + row * shape.samples));
        }
        for (var row = 0u; row < shape.outputs; row++) {
            let at = row * shape.samples;
            classes = plus_class(classes, row, four_z(of_z + at), four_labels(columns + at));
        }
        for (var row = 0u; row < shape.outputs; row++) {
            let at = row * shape.samples;
            let delta = softmax_delta(classes, row, four_z(of_z + at), four_labels(columns + at));
            store(first + at, column, delta * weight);
        }
        loss = softmax_loss(classes);
    } else {
        for (var row = 0u; row < shape.outputs; row++) {
            let at = row * shape.samples;
            let of_row = judged(four_z(of_z + at), four_labels(columns + at));
            store(first + at, column, of_row.dz * weight);
            loss += of_row.loss;
        }
    }
    store(first + shape.outputs * shape.samples, column, loss * weight);
}

fn four_z(at: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(z[at.x], z[at.y], z[at.z], z[at.w]);
}

fn four_labels(at: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(labels[at.x], labels[at.y], labels[at.z], labels[at.w]);
}

fn store(row: u32, column: u32, values: vec4<f32>) {
    let at = row + column;
    dz[at] = values.x;
    if column + 1u < shape.samples { dz[at + 1u] = values.y; }
    if column + 2u < shape.samples { dz[at + 2u] = values.z; }
    if column + 3u < shape.samples { dz[at + 3u] = values.w; }
}
