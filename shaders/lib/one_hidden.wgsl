// Networks with one hidden layer: how their buffers lie, the order of their sums, and the formulas of a group of samples.
// Mirrors OneHidden in src/gpu/shader/uniforms.rs.
//
// A vector along the samples holds four of them: a group.
// inputs:     for each group, COLUMNS vectors, one per feature.
// parameters: for each unit of a network, VECTORS vectors: (b1, w2, w1[0], w1[1]), (w1[2], …, w1[5]), …; and after the
//             units of a network one vector (b2, 0, 0, 0). Gradients have the same layout.
// deltas:     for each group of a network, two vectors: dZ2 and (Σ loss, 0, 0, 0).
//
// The order of every sum follows from the shape alone (src/gpu/plan/order.rs). A sum over the units adds spans of them in
// their order; the first begins with b2, because Mesa fuses b2 + fma(w, a, w·a) in unrolled loops alone. A sum over the
// samples adds slabs of groups, by rounds of shape.slabs. No span or slab has more than LONGEST terms. Layouts differ in
// which invocation computes a span or a slab.
//# uses lib/network

struct OneHidden {
    networks: u32,
    samples: u32,
    groups: u32, // of samples
    units: u32, // of the widest network, filled up to a multiple of four
    slabs: u32, // slabs of a round of the samples
    slab: u32, // groups per slab
    update: u32, // 1: θ ← θ − α·dθ; 0: dθ is stored
    mean: f32, // 1/m
}

@group(0) @binding(0) var<uniform> shape: OneHidden;
@group(0) @binding(1) var<storage, read> networks: array<Network>;

const VECTORS: u32 = 1u + ROWS;
const COLUMNS: u32 = 2u + 4u * ROWS;

// Where the vectors of a unit begin; unit shape.units is the output.
fn vectors_of(network: u32, unit: u32) -> u32 {
    return network * (shape.units * VECTORS + 1u) + unit * VECTORS;
}

// Units per span of a network of this width.
fn span_of(width: u32) -> u32 {
    return clamp((width + SPANS - 1u) / SPANS, SHORTEST_SPAN, LONGEST);
}

// Which of a group's four are samples.
fn are_samples(group: u32) -> vec4<bool> {
    return 4u * group + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(shape.samples);
}

// b1 + w1[0]·x[0] + w1[1]·x[1]
fn first_z(theta: vec4<f32>, x: mat2x4<f32>) -> vec4<f32> {
    return fma(x[1], vec4<f32>(theta.w), fma(x[0], vec4<f32>(theta.z), vec4<f32>(theta.x)));
}

// z + w1·x of four more features.
fn further_z(z: vec4<f32>, w: vec4<f32>, x: mat4x4<f32>) -> vec4<f32> {
    let z01 = fma(x[1], vec4<f32>(w.y), fma(x[0], vec4<f32>(w.x), z));
    return fma(x[3], vec4<f32>(w.w), fma(x[2], vec4<f32>(w.z), z01));
}

fn sum4(v: vec4<f32>) -> f32 {
    return (v.x + v.y) + (v.z + v.w);
}

// sum + a·b
fn plus_dot(sum: f32, a: vec4<f32>, b: vec4<f32>) -> f32 {
    return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

// A unit's sums over the samples, with one more group: (Σ t, Σ dZ2·a, Σ t·x[0], Σ t·x[1]), where t = dZ2·g′(z).
fn plus_unit(sums: vec4<f32>, dz2: vec4<f32>, a: vec4<f32>, t: vec4<f32>, x: mat2x4<f32>) -> vec4<f32> {
    return vec4<f32>(
        sums.x + sum4(t),
        plus_dot(sums.y, dz2, a),
        plus_dot(sums.z, t, x[0]),
        plus_dot(sums.w, t, x[1]),
    );
}

// Σ t·x of four more features, with one more group.
fn plus_features(sums: vec4<f32>, t: vec4<f32>, x: mat4x4<f32>) -> vec4<f32> {
    return vec4<f32>(
        plus_dot(sums.x, t, x[0]),
        plus_dot(sums.y, t, x[1]),
        plus_dot(sums.z, t, x[2]),
        plus_dot(sums.w, t, x[3]),
    );
}

// The gradient of (b1, w2, w1[0], w1[1]) from its sums: all but that of w2 still lack the factor w2.
fn unit_gradient(theta: vec4<f32>, sums: vec4<f32>) -> vec4<f32> {
    let scale = shape.mean * theta.y;
    return sums * vec4<f32>(scale, shape.mean, scale, scale);
}

// θ − α·dθ
fn descended(theta: vec4<f32>, gradient: vec4<f32>, learning_rate: f32) -> vec4<f32> {
    return fma(vec4<f32>(-learning_rate), gradient, theta);
}
