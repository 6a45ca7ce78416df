// The sum of the loss over a slab of SLAB samples, times 1/m, for every network. record adds the slabs.
//
// Z (networks × samples), Y (samples), partial (networks × slabs). Dispatch: one invocation per slab and network.
//# uses lib/loss, lib/network

struct Cost {
    samples: u32,
    slabs: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> cost_shape: Cost;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
@group(0) @binding(4) var<storage, read> networks: array<Network>; // a retired one has width 0

@compute @workgroup_size(WORKGROUP)
fn cost(@builtin(global_invocation_id) id: vec3<u32>) {
    let slab = id.x;
    let network = id.y;
    if slab >= cost_shape.slabs || networks[network].width == 0u {
        return;
    }
    let end = min((slab + 1u) * SLAB, cost_shape.samples);
    var sum = 0.0;
    for (var sample = slab * SLAB; sample < end; sample++) {
        sum += logit_loss(vec4<f32>(z[network * cost_shape.samples + sample]), vec4<f32>(y[sample])).x;
    }
    partial[network * cost_shape.slabs + slab] = sum * cost_shape.scale;
}
