// Writes each network's cost, the sum of its slabs, into the history at the step that its counter shows, and counts
// the step. The host compares the counters with what it asked for: a driver that drops work cannot hide it.
//
// partial (networks × slabs), history (steps × networks), steps (networks). Dispatch: one invocation per network.
//# uses lib/network

struct Record {
    networks: u32,
    slabs: u32,
}

@group(0) @binding(0) var<uniform> shape: Record;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> history: array<f32>;
@group(0) @binding(3) var<storage, read_write> steps: array<u32>;
@group(0) @binding(4) var<storage, read> networks: array<Network>; // a retired one has width 0

@compute @workgroup_size(WORKGROUP)
fn record(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.x;
    if network >= shape.networks || networks[network].width == 0u {
        return;
    }
    var sum = 0.0;
    for (var slab = 0u; slab < shape.slabs; slab++) {
        sum += partial[network * shape.slabs + slab];
    }
    let step = steps[network];
    history[step * shape.networks + network] = sum;
    steps[network] = step + 1u;
}
