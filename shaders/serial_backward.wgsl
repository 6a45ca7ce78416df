// The backward pass of every network with one hidden layer, where each invocation does all samples of its units: for
// software adapters. It computes Z1 and g(Z1) anew, sums its units' gradients over the samples and updates
// their parameters in place: no other invocation reads them in this dispatch.
//
// An invocation takes BLOCKS units. Dispatch: (units / BLOCKS, networks), in workgroups of ACROSS × NETWORKS.
//# uses lib/activation, lib/descend, lib/place

@group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> deltas: array<vec4<f32>>;

@compute @workgroup_size(ACROSS * NETWORKS)
fn serial_backward(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let id = place(workgroup, local);
    let network = id.y;
    let first = id.x * BLOCKS;
    if network >= shape.networks {
        return;
    }
    let width = networks[network].width;
    if first >= width {
        return;
    }
    let of_network = networks[network];
    let learning_rate = of_network.learning_rate;
    //# repeat k in BLOCKS
    let at_k = vectors_of(network, first + k);
    let theta_k = parameters[at_k];
    var sums_k = vec4<f32>();
    //# repeat r in ROWS
    let theta_r_k = parameters[at_k + 1u + r];
    var sums_r_k = vec4<f32>();
    //# end r
    //# end k
    var output = vec2<f32>();

    var delta_at = 2u * network * shape.groups;
    var x_at = 0u;
    let length = shape.slabs * shape.slab;
    for (var round = 0u; round < shape.groups; round += length) {
        //# repeat k in BLOCKS
        var round_k = vec4<f32>();
        //# repeat r in ROWS
        var round_r_k = vec4<f32>();
        //# end r
        //# end k
        var of_round = vec2<f32>();
        let end = min(round + length, shape.groups);
        for (var slab = round; slab < end; slab += shape.slab) {
            //# repeat k in BLOCKS
            var slab_k = vec4<f32>();
            //# repeat r in ROWS
            var slab_r_k = vec4<f32>();
            //# end r
            //# end k
            var of_slab = vec2<f32>();
            for (var group = slab; group < min(slab + shape.slab, end); group++) {
                let dz2 = deltas[delta_at];
                let loss = deltas[delta_at + 1u].x;
                let x = mat2x4<f32>(inputs[x_at], inputs[x_at + 1u]);
                //# repeat r in ROWS
                let row_r = x_at + 2u + 4u * r;
                let x_r = mat4x4<f32>(inputs[row_r], inputs[row_r + 1u], inputs[row_r + 2u], inputs[row_r + 3u]);
                //# end r
                //# repeat k in BLOCKS
                var z_k = first_z(theta_k, x);
                //# repeat r in ROWS
                z_k = further_z(z_k, theta_r_k, x_r);
                //# end r
                let a_k = activate_backward(z_k, of_network);
                let t_k = dz2 * a_k.derivative;
                slab_k = plus_unit(slab_k, dz2, a_k.value, t_k, x);
                //# repeat r in ROWS
                slab_r_k = plus_features(slab_r_k, t_k, x_r);
                //# end r
                //# end k
                of_slab += vec2<f32>(sum4(dz2), loss);
                delta_at += 2u;
                x_at += COLUMNS;
            }
            //# repeat k in BLOCKS
            round_k += slab_k;
            //# repeat r in ROWS
            round_r_k += slab_r_k;
            //# end r
            //# end k
            of_round += of_slab;
        }
        //# repeat k in BLOCKS
        sums_k += round_k;
        //# repeat r in ROWS
        sums_r_k += round_r_k;
        //# end r
        //# end k
        output += of_round;
    }

    for (var block = 0u; block < min(BLOCKS, width - first); block++) {
        let at = vectors_of(network, first + block);
        let theta = parameters[at];
        var sums = vec4<f32>();
        //# repeat k in BLOCKS
        sums = select(sums, sums_k, block == k);
        //# end k
        descend_unit(at, theta, sums, learning_rate);
        //# repeat r in ROWS
        var sums_r = vec4<f32>();
        //# repeat k in BLOCKS
        sums_r = select(sums_r, sums_r_k, block == k);
        //# end k
        descend(at + 1u + r, parameters[at + 1u + r], sums_r * (shape.mean * theta.y), learning_rate);
        //# end r
    }
    if first == 0u {
        descend_output(network, output, learning_rate);
    }
}
