// Many iterations of a narrow network with one hidden layer in one dispatch: a workgroup trains a network, whose
// parameters stay in workgroup memory. Each invocation takes every WORKGROUP-th slab of the samples and all BLOCKS units,
// in one pass: what the forward pass computes of a group is still in registers for its backward pass. Behind a barrier the
// slabs are added in their order, a unit per invocation.
//
// BLOCKS is the width of the widest network; the units that a narrower one lacks are 0. Dispatch: (networks).
//# uses lib/output_unit, lib/resident

// The sums of each slab: the units', and (Σ dZ2, Σ loss) of the output.
var<workgroup> slabs: array<vec4<f32>, SLABS * (BLOCKS * VECTORS + 1u)>;

@compute @workgroup_size(WORKGROUP)
fn resident_narrow(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let network = workgroup.x;
    let width = networks[network].width;
    if width == 0u {
        return; // retired: the whole workgroup leaves
    }
    let of_network = networks[network];
    let learning_rate = of_network.learning_rate;
    let begun = begin(network, local);
    workgroupBarrier();
    let last = min(begun + ITERATIONS, asked[0]);
    for (var step = begun; step < last; step++) {
        let b2 = theta[OUTPUT].x;
        //# repeat k in BLOCKS
        let theta_k = theta[k * VECTORS];
        //# repeat r in ROWS
        let theta_r_k = theta[k * VECTORS + 1u + r];
        //# end r
        //# end k
        for (var slab = local; slab < shape.slabs; slab += WORKGROUP) {
            //# repeat k in BLOCKS
            var slab_k = vec4<f32>();
            //# repeat r in ROWS
            var slab_r_k = vec4<f32>();
            //# end r
            //# end k
            var slab_output = vec2<f32>();
            for (var group = slab * shape.slab; group < min((slab + 1u) * shape.slab, shape.groups); group++) {
                let x_at = group * COLUMNS;
                let x = mat2x4<f32>(inputs[x_at], inputs[x_at + 1u]);
                //# repeat r in ROWS
                let row_r = x_at + 2u + 4u * r;
                let x_r = mat4x4<f32>(inputs[row_r], inputs[row_r + 1u], inputs[row_r + 2u], inputs[row_r + 3u]);
                //# end r
                // one span: BLOCKS is at most SHORTEST_SPAN
                var z2 = vec4<f32>(b2);
                //# repeat k in BLOCKS
                var z_k = first_z(theta_k, x);
                //# repeat r in ROWS
                z_k = further_z(z_k, theta_r_k, x_r);
                //# end r
                let a_k = activate_backward(z_k, of_network);
                z2 = fma(vec4<f32>(theta_k.y), a_k.value, z2);
                //# end k
                let output = output_of(group, z2, labels[group]);
                //# repeat k in BLOCKS
                let t_k = output.dz2 * a_k.derivative;
                slab_k = plus_unit(slab_k, output.dz2, a_k.value, t_k, x);
                //# repeat r in ROWS
                slab_r_k = plus_features(slab_r_k, t_k, x_r);
                //# end r
                //# end k
                slab_output += vec2<f32>(sum4(output.dz2), output.loss);
            }
            let part = slab * (BLOCKS * VECTORS + 1u);
            //# repeat k in BLOCKS
            slabs[part + k * VECTORS] = slab_k;
            //# repeat r in ROWS
            slabs[part + k * VECTORS + 1u + r] = slab_r_k;
            //# end r
            //# end k
            slabs[part + BLOCKS * VECTORS] = vec4<f32>(slab_output, 0.0, 0.0);
        }
        workgroupBarrier();
        for (var unit = local; unit <= BLOCKS; unit += WORKGROUP) {
            let is_output = unit == BLOCKS;
            var sums = vec4<f32>();
            //# repeat r in ROWS
            var sums_r = vec4<f32>();
            //# end r
            for (var slab = 0u; slab < shape.slabs; slab++) {
                let part = slab * (BLOCKS * VECTORS + 1u) + unit * VECTORS;
                sums += slabs[part];
                //# repeat r in ROWS
                sums_r += slabs[part + select(1u + r, 0u, is_output)];
                //# end r
            }
            if is_output {
                end_iteration(network, step, sums.xy, learning_rate);
            } else if unit < width {
                let at = unit * VECTORS;
                let before = theta[at];
                theta[at] = descended(before, unit_gradient(before, sums), learning_rate);
                //# repeat r in ROWS
                theta[at + 1u + r] = descended(theta[at + 1u + r], sums_r * (shape.mean * before.y), learning_rate);
                //# end r
            }
        }
        workgroupBarrier();
    }
    finish(network, local);
}
