// The sums of fused_backward's slabs, in their order, and the update from them.
//
// Dispatch: (units + 1, networks), in workgroups of ACROSS × NETWORKS: an invocation a unit, the last the output.

@group(0) @binding(0) var<uniform> fused: Fused;
@group(0) @binding(1) var<storage, read> networks: array<Network>;
@group(0) @binding(2) var<storage, read> partial: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> gradients: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> history: array<f32>;
@group(0) @binding(6) var<storage, read_write> steps: array<u32>;

@compute @workgroup_size(ACROSS * NETWORKS)
fn fused_update(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let id = place(workgroup, local);
    let network = id.y;
    if network >= fused.networks {
        return;
    }
    let unit = min(id.x, fused.units);
    let is_output = id.x == fused.units;
    let width = networks[network].width;
    if width == 0u || (id.x >= width && !is_output) {
        return;
    }
    let learning_rate = networks[network].learning_rate;
    let at = vectors_of(network, unit);
    var part = vectors_of(network * fused.slabs, unit);
    var sums = vec4<f32>();
    var sums_r = vec4<f32>();
    for (var slab = 0u; slab < fused.slabs; slab++) {
        sums += partial[part];
        sums_r += select(partial[part + vector_r], vec4<f32>(), is_output);
        part += vectors_of(1u, 0u);
    }
    if is_output {
        descend_output(network, sums.xy, learning_rate);
        return;
    }
    let theta = parameters[at];
    descend_unit(at, theta, sums, learning_rate);
    descend(at + vector_r, parameters[at + vector_r], sums_r * (fused.mean * theta.y), learning_rate);
}
