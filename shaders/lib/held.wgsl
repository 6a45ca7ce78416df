// What one workgroup needs that trains a network of any depth by itself, and where it lies. Mirrors Held and TraineeRecord in
// src/gpu/shader/uniforms.rs.
//
// parameters: for each network θ, then the moments of all parameters, one kind after another: stride numbers.
// theta:      where workgroup memory has room (HOLDS_THETA), θ and its moments while they are trained: layer after layer the
//             rows of (W | b), each in whole vectors, then all moments of one kind in the same way, and those of the other.
// panels:     for each network vectors along four places of the batch, a group: X of the batch, A and dZ of the layers (Z in
//             the place of dZ until that is known), and behind the outputs' dZ the losses; then, if there is L2 or a
//             clipped norm, the gradient as theta lies, and the sums of each row. In workgroup memory (HOLDS_PANEL) or not.
//# uses lib/network, lib/optimizer, lib/sums

struct Held {
    networks: u32,
    samples: u32,
    places: u32, // of a batch
    groups: u32, // of four places
    layers: u32,
    updates: u32, // that fit in the table
    parameters: u32, // of a network
    stride: u32, // from one network's parameters to the next one's
    theta: u32, // vectors of θ
    panel: u32, // vectors of a network's panel
    gradient: u32, // where the gradient lies in it
    sums: u32, // where the sums of rows lie in it
    mean: f32, // 1/m where no sample has a weight, else 1
    @align(16) layer: array<Place, 25>,
}

// Where the tensors of a layer lie: in a network's parameters, in its theta and in its panel.
struct Place {
    weights: u32,
    bias: u32,
    columns: u32, // from one row of W to the next
    theta: u32,
    below: u32, // A of the layer below, or X of the batch
    a: u32,
    dz: u32,
    filled: u32,
}

struct Trainee {
    network: Network, // of the output layer; a retired one has width 0
    recipe: Recipe,
    widths: array<vec4<u32>, 7>, // from the inputs to the outputs
}

@group(0) @binding(0) var<uniform> held: Held;
@group(0) @binding(1) var<storage, read> trainees: array<Trainee>;
@group(0) @binding(5) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(6) var<storage, read_write> panels: array<vec4<f32>>;

var<workgroup> theta: array<vec4<f32>, THETA>;
var<workgroup> panel: array<vec4<f32>, PANEL>;

var<private> network: u32; // that the workgroup trains
var<private> invocation: u32; // of the workgroup

// A layer in the network's own widths.
struct Layer {
    number: u32, // from the inputs
    units: u32,
    inputs: u32,
    vectors: u32, // of a row of (W | b)
    at: Place,
}

fn layer_of(number: u32) -> Layer {
    let inputs = width_of(number);
    return Layer(number, width_of(number + 1u), inputs, inputs / 4u + 1u, held.layer[number]);
}

fn width_of(number: u32) -> u32 {
    return trainees[network].widths[number / 4u][number % 4u];
}

// How many fours hold as many.
fn in_fours(length: u32) -> u32 {
    return (length + 3u) / 4u;
}

// Between the steps of an update.
fn barrier() {
    if REGULARISES || !HOLDS_THETA || !HOLDS_PANEL {
        storageBarrier();
    }
    workgroupBarrier();
}

fn panel_at(at: u32) -> vec4<f32> {
    if HOLDS_PANEL {
        return panel[at];
    }
    return panels[network * held.panel + at];
}

fn keep(at: u32, values: vec4<f32>) {
    if HOLDS_PANEL {
        panel[at] = values;
    } else {
        panels[network * held.panel + at] = values;
    }
}

// Four columns of a row of (W | b), or of their moments: kind 0 is θ. What lies behind b means nothing.
fn theta_at(layer: Layer, kind: u32, row: u32, vector: u32) -> vec4<f32> {
    if HOLDS_THETA {
        return theta[kind * held.theta + place_of(layer, row, vector)];
    }
    return stored(layer, kind, row, vector);
}

fn bias_of(layer: Layer, row: u32) -> f32 {
    if HOLDS_THETA {
        return theta[place_of(layer, row, layer.inputs / 4u)][layer.inputs % 4u];
    }
    return parameters[network * held.stride + layer.at.bias + row];
}

fn keep_theta(layer: Layer, kind: u32, row: u32, vector: u32, values: vec4<f32>) {
    if HOLDS_THETA {
        theta[kind * held.theta + place_of(layer, row, vector)] = values;
    } else {
        store(layer, kind, row, vector, values);
    }
}

fn place_of(layer: Layer, row: u32, vector: u32) -> u32 {
    return layer.at.theta + row * layer.vectors + vector;
}

// Where four columns lie in `parameters`; b also stands for what lies behind it.
fn places_of(layer: Layer, kind: u32, row: u32, vector: u32) -> vec4<u32> {
    let columns = 4u * vector + FOUR;
    let first = network * held.stride + kind * held.parameters;
    let of_weights = first + layer.at.weights + row * layer.at.columns + columns;
    return select(of_weights, vec4<u32>(first + layer.at.bias + row), columns >= vec4<u32>(layer.inputs));
}

fn stored(layer: Layer, kind: u32, row: u32, vector: u32) -> vec4<f32> {
    let at = places_of(layer, kind, row, vector);
    return vec4<f32>(parameters[at.x], parameters[at.y], parameters[at.z], parameters[at.w]);
}

fn store(layer: Layer, kind: u32, row: u32, vector: u32, values: vec4<f32>) {
    let at = places_of(layer, kind, row, vector);
    let bias = layer.inputs - 4u * vector; // which of the four is b, if one is
    parameters[at.x] = values.x;
    if bias > 0u { parameters[at.y] = values.y; }
    if bias > 1u { parameters[at.z] = values.z; }
    if bias > 2u { parameters[at.w] = values.w; }
}

// θ and its moments into workgroup memory.
fn fetch() {
    for (var number = 0u; number < held.layers; number++) {
        let layer = layer_of(number);
        for (var i = invocation; i < layer.units * layer.vectors; i += WORKGROUP) {
            for (var kind = 0u; kind <= MOMENTS; kind++) {
                let row = i / layer.vectors;
                keep_theta(layer, kind, row, i % layer.vectors, stored(layer, kind, row, i % layer.vectors));
            }
        }
    }
}

// And back into their buffer.
fn put_back() {
    for (var number = 0u; number < held.layers; number++) {
        let layer = layer_of(number);
        for (var i = invocation; i < layer.units * layer.vectors; i += WORKGROUP) {
            for (var kind = 0u; kind <= MOMENTS; kind++) {
                let row = i / layer.vectors;
                store(layer, kind, row, i % layer.vectors, theta_at(layer, kind, row, i % layer.vectors));
            }
        }
    }
}
