// The sum of the slabs, in their order, for every network.
//
// partial (networks × slabs × length), total (length, at its place for each network). Dispatch: an invocation an
// element and network.
//# uses lib/network

struct Slabs {
    length: u32,
    slabs: u32,
    offset: u32, // where the total of network 0 starts
    stride: u32, // from one network's total to the next
}

@group(0) @binding(0) var<uniform> slabs: Slabs;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> total: array<f32>;
@group(0) @binding(3) var<storage, read> networks: array<Network>; // a retired one has width 0

@compute @workgroup_size(WORKGROUP)
fn sum_slabs(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let network = id.y;
    if i >= slabs.length || networks[network].width == 0u {
        return;
    }
    let first = network * slabs.slabs * slabs.length + i;
    var sum = 0.0;
    for (var slab = 0u; slab < slabs.slabs; slab++) {
        sum += partial[first + slab * slabs.length];
    }
    total[slabs.offset + network * slabs.stride + i] = sum;
}
