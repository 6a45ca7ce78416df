// Adds the sums of fused_backward's slabs, in the order of the slabs, and updates the parameters from them.
//
// Dispatch: (units + 1, networks), in workgroups of ACROSS × NETWORKS: one invocation per unit, and one for the output.
//# uses lib/fused, lib/descend

// bound as in fused_backward, and not used
@group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> deltas: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> partial: array<vec4<f32>>;

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
    //# repeat r in ROWS
    var sums_r = vec4<f32>();
    //# end r
    for (var slab = 0u; slab < fused.slabs; slab++) {
        sums += partial[part];
        //# repeat r in ROWS
        sums_r += select(partial[part + 1u + r], vec4<f32>(), is_output);
        //# end r
        part += vectors_of(1u, 0u);
    }
    if is_output {
        descend_output(network, sums.xy, learning_rate);
        return;
    }
    let theta = parameters[at];
    descend_unit(at, theta, sums, learning_rate);
    //# repeat r in ROWS
    descend(at + 1u + r, parameters[at + 1u + r], sums_r * (fused.mean * theta.y), learning_rate);
    //# end r
}
