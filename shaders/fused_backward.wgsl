// The backward pass of every network with one hidden layer. An invocation takes BLOCKS hidden units and a slab of the
// samples. It computes Z1 and g(Z1) anew, sums its units' gradients over the slab in the order of the samples and, if
// there is only one slab, updates their parameters in place: no other invocation reads them in this dispatch.
// If there are several slabs, it stores the sums in partial, and fused_update adds them.
//
// Dispatch: (units / BLOCKS, networks, slabs), in workgroups of ACROSS × NETWORKS.
//# uses lib/activation, lib/fused, lib/descend

@group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> deltas: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec4<f32>>;

@compute @workgroup_size(ACROSS * NETWORKS)
fn fused_backward(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let id = place(workgroup, local);
    let network = id.y;
    let slab = id.z;
    let first = id.x * BLOCKS;
    if network >= fused.networks {
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

    let start = slab * fused.slab;
    let end = min(start + fused.slab, fused.groups);
    var delta_at = 2u * (network * fused.groups + start);
    var x_at = start * COLUMNS;
    for (var span = start; span < end; span += SPAN) {
        //# repeat k in BLOCKS
        var sum_k = vec4<f32>();
        //# repeat r in ROWS
        var sum_r_k = vec4<f32>();
        //# end r
        //# end k
        var sum = vec2<f32>();
        for (var group = span; group < min(span + SPAN, end); group++) {
            let dz2 = deltas[delta_at];
            let loss = deltas[delta_at + 1u].x;
            let x = mat2x4<f32>(inputs[x_at], inputs[x_at + 1u]);
            //# repeat r in ROWS
            let row_r = x_at + 2u + 4u * r;
            let x_r = mat4x4<f32>(inputs[row_r], inputs[row_r + 1u], inputs[row_r + 2u], inputs[row_r + 3u]);
            //# end r
            //# repeat k in BLOCKS
            var z_k = theta_k.x + x * theta_k.zw;
            //# repeat r in ROWS
            z_k += x_r * theta_r_k;
            //# end r
            let a_k = activate_backward(z_k, of_network);
            let t_k = dz2 * a_k.derivative;
            sum_k += vec4<f32>(sum4(t_k), dot(dz2, a_k.value), t_k * x);
            //# repeat r in ROWS
            sum_r_k += t_k * x_r;
            //# end r
            //# end k
            sum += vec2<f32>(sum4(dz2), loss);
            delta_at += 2u;
            x_at += COLUMNS;
        }
        //# repeat k in BLOCKS
        sums_k += sum_k;
        //# repeat r in ROWS
        sums_r_k += sum_r_k;
        //# end r
        //# end k
        output += sum;
    }

    if SLABBED {
        let part = vectors_of(network * fused.slabs + slab, 0u) - vectors_of(network, 0u);
        //# repeat k in BLOCKS
        partial[part + at_k] = sums_k;
        //# repeat r in ROWS
        partial[part + at_k + 1u + r] = sums_r_k;
        //# end r
        //# end k
        if first == 0u {
            partial[part + vectors_of(network, fused.units)] = vec4<f32>(output, 0.0, 0.0);
        }
        return;
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
        descend(at + 1u + r, parameters[at + 1u + r], sums_r * (fused.mean * theta.y), learning_rate);
        //# end r
    }
    if first == 0u {
        descend_output(network, output, learning_rate);
    }
}
