// How the kernels of the fused plan lay out their buffers, and the two bindings that all of them have. Mirrors Fused in
// src/gpu/uniforms.rs.
//
// A vector along the samples holds four of them: a group.
// inputs:     for each group, COLUMNS vectors, one per feature.
// parameters: for each unit of a network, VECTORS vectors: (b1, w2, w1[0], w1[1]), (w1[2], …, w1[5]), …; and after the
//             units of a network one vector (b2, 0, 0, 0). Gradients and partial sums have the same layout.
// deltas:     for each group of a network, two vectors: dZ2 and (Σ loss, 0, 0, 0).
//# uses lib/network

struct Fused {
    networks: u32,
    samples: u32,
    groups: u32, // of samples
    units: u32, // of the widest network, filled up to a multiple of what an invocation takes
    slabs: u32, // parts that sums over the samples are cut into
    slab: u32, // groups per slab
    update: u32, // 1: θ ← θ − α·dθ; 0: dθ is stored
    mean: f32, // 1/m
}

@group(0) @binding(0) var<uniform> fused: Fused;
@group(0) @binding(1) var<storage, read> networks: array<Network>;

const VECTORS: u32 = 1u + ROWS;
const COLUMNS: u32 = 2u + 4u * ROWS;

// Where the vectors of a unit begin; unit fused.units is the output.
fn vectors_of(network: u32, unit: u32) -> u32 {
    return network * (fused.units * VECTORS + 1u) + unit * VECTORS;
}

// Where an invocation stands in the dispatch: (unit or group, network, slab). A workgroup takes ACROSS of the first and
// NETWORKS of the second. Its invocations are numbered in one dimension, because software adapters put only the first
// dimension into their lanes.
fn place(workgroup: vec3<u32>, local: u32) -> vec3<u32> {
    if NETWORKS == 1u {
        return vec3<u32>(workgroup.x * ACROSS + local, workgroup.yz);
    }
    return vec3<u32>(workgroup.x * ACROSS + local % ACROSS, workgroup.y * NETWORKS + local / ACROSS, workgroup.z);
}

fn sum4(v: vec4<f32>) -> f32 {
    return (v.x + v.y) + (v.z + v.w);
}
