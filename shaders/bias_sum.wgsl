// db = scale·Σ dZ over the samples, a slab of SLAB samples at a time, for every network.
// With several slabs each goes to its own part of the result, and sum_slabs adds them.
//
// dZ (networks × units × samples). Dispatch: one invocation per unit, slab and network.
//# uses lib/network

struct Sums {
    units: u32,
    samples: u32,
    offset: u32, // where db of network 0 starts in the result
    stride: u32, // from one network's db to the next
    scale: f32,
}

@group(0) @binding(0) var<uniform> sums: Sums;
@group(0) @binding(1) var<storage, read> dz: array<f32>;
@group(0) @binding(2) var<storage, read_write> db: array<f32>;
@group(0) @binding(3) var<storage, read> networks: array<Network>; // a retired one has width 0

@compute @workgroup_size(WORKGROUP)
fn bias_sum(@builtin(global_invocation_id) id: vec3<u32>) {
    let unit = id.x;
    let slab = id.y;
    let network = id.z;
    if unit >= sums.units || networks[network].width == 0u {
        return;
    }
    let row = (network * sums.units + unit) * sums.samples;
    let end = min((slab + 1u) * SLAB, sums.samples);
    var sum = 0.0;
    for (var sample = slab * SLAB; sample < end; sample++) {
        sum += dz[row + sample];
    }
    db[sums.offset + network * sums.stride + slab * sums.units + unit] = sum * sums.scale;
}
