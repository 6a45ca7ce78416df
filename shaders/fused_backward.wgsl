// The backward pass of every network with one hidden layer. An invocation takes BLOCKS hidden units (a name in _k) and
// a slab of the samples; it computes Z1 and g(Z1) anew, sums its units' gradients over the slab in the samples' order,
// and, where there is one slab, updates their parameters in place: nobody else reads them in this dispatch.
// With several slabs the sums go to their parts, and fused_update adds them.
//
// Dispatch: (units / BLOCKS, networks, slabs), in workgroups of ACROSS × NETWORKS.

@group(0) @binding(0) var<uniform> fused: Fused;
@group(0) @binding(1) var<storage, read> networks: array<Network>;
@group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> deltas: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> gradients: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> history: array<f32>;
@group(0) @binding(8) var<storage, read_write> steps: array<u32>;

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
    let at_k = vectors_of(network, first + block_k);
    let theta_k = parameters[at_k];
    let theta_r_k = parameters[at_k + vector_r];

    var sums_k = vec4<f32>();
    var sums_r_k = vec4<f32>();
    var output = vec2<f32>();
    let start = slab * fused.slab;
    let end = min(start + fused.slab, fused.groups);
    var delta_at = 2u * (network * fused.groups + start);
    var x_at = start * COLUMNS;
    for (var span = start; span < end; span += SPAN) {
        var sum_k = vec4<f32>();
        var sum_r_k = vec4<f32>();
        var sum = vec2<f32>();
        for (var group = span; group < min(span + SPAN, end); group++) {
            let dz2 = deltas[delta_at];
            let loss = deltas[delta_at + 1u].x;
            let x = mat2x4<f32>(inputs[x_at], inputs[x_at + 1u]);
            let x_r = mat4x4<f32>(inputs[x_at + column_r], inputs[x_at + column_r + 1u], inputs[x_at + column_r + 2u], inputs[x_at + column_r + 3u]);
            var z_k = theta_k.x + x * theta_k.zw;
            z_k += x_r * theta_r_k;
            let a_k = activate_backward(z_k, of_network);
            let t_k = dz2 * a_k.derivative;
            sum_k += vec4<f32>(sum4(t_k), dot(dz2, a_k.value), t_k * x);
            sum_r_k += t_k * x_r;
            sum += vec2<f32>(sum4(dz2), loss);
            delta_at += 2u;
            x_at += COLUMNS;
        }
        sums_k += sum_k;
        sums_r_k += sum_r_k;
        output += sum;
    }

    if SLABBED {
        let part = vectors_of(network * fused.slabs + slab, 0u) - vectors_of(network, 0u);
        partial[part + at_k] = sums_k;
        partial[part + at_k + vector_r] = sums_r_k;
        if first == 0u {
            partial[part + vectors_of(network, fused.units)] = vec4<f32>(output, 0.0, 0.0);
        }
        return;
    }
    for (var block = 0u; block < min(BLOCKS, width - first); block++) {
        let at = at_k0 + VECTORS * block;
        let theta = parameters[at];
        var sums = vec4<f32>();
        var sums_r = vec4<f32>();
        sums = select(sums, sums_k, block == block_k);
        sums_r = select(sums_r, sums_r_k, block == block_k);
        descend_unit(at, theta, sums, learning_rate);
        descend(at + vector_r, parameters[at + vector_r], sums_r * (fused.mean * theta.y), learning_rate);
    }
    if first == 0u {
        descend_output(network, output, learning_rate);
    }
}
