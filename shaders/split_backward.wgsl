// The backward pass of every network with one hidden layer, with the samples shared out in a workgroup: ACROSS units, and
// PARTS invocations for each. An invocation computes Z1 and g(Z1) anew and sums the gradients over every PARTS-th slab of
// the samples; behind a barrier, the first ACROSS add the slabs in their order and update their units' parameters in
// place: no other invocation reads them in this dispatch. One more adds those of the output. There is one round, and one
// barrier, up to 32,768 samples.
//
// Dispatch: (units / ACROSS, networks), in workgroups of ACROSS × PARTS, PARTS at least 2.
//# uses lib/activation, lib/descend

@group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> deltas: array<vec4<f32>>;

var<workgroup> slabs: array<vec4<f32>, SLABS * ACROSS * VECTORS>;
var<workgroup> outputs: array<vec2<f32>, SLABS>;

@compute @workgroup_size(ACROSS * PARTS)
fn split_backward(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let network = workgroup.y;
    let width = networks[network].width;
    if workgroup.x * ACROSS >= width {
        return; // the whole workgroup leaves
    }
    let of_network = networks[network];
    let lane = local % ACROSS;
    let unit = workgroup.x * ACROSS + lane;
    let at = vectors_of(network, min(unit, width - 1u));
    let theta = parameters[at];
    //# repeat r in ROWS
    let theta_r = parameters[at + 1u + r];
    //# end r

    var sums = vec4<f32>();
    //# repeat r in ROWS
    var sums_r = vec4<f32>();
    //# end r
    var output = vec2<f32>();
    let adds_unit = local < ACROSS && unit < width;
    let adds_output = workgroup.x == 0u && local == ACROSS;
    let length = shape.slabs * shape.slab;
    for (var round = 0u; round < shape.groups; round += length) {
        if round > 0u {
            workgroupBarrier(); // the slabs before are added
        }
        let end = min(round + length, shape.groups);
        let count = (end - round + shape.slab - 1u) / shape.slab;
        for (var slab = local / ACROSS; slab < count; slab += PARTS) {
            var of_slab = vec4<f32>();
            //# repeat r in ROWS
            var of_slab_r = vec4<f32>();
            //# end r
            var slab_output = vec2<f32>();
            let first = round + slab * shape.slab;
            for (var group = first; group < min(first + shape.slab, end); group++) {
                let delta_at = 2u * (network * shape.groups + group);
                let dz2 = deltas[delta_at];
                let x_at = group * COLUMNS;
                let x = mat2x4<f32>(inputs[x_at], inputs[x_at + 1u]);
                var z = first_z(theta, x);
                //# repeat r in ROWS
                let row_r = x_at + 2u + 4u * r;
                let x_r = mat4x4<f32>(inputs[row_r], inputs[row_r + 1u], inputs[row_r + 2u], inputs[row_r + 3u]);
                z = further_z(z, theta_r, x_r);
                //# end r
                let a = activate_backward(z, of_network);
                let t = dz2 * a.derivative;
                of_slab = plus_unit(of_slab, dz2, a.value, t, x);
                //# repeat r in ROWS
                of_slab_r = plus_features(of_slab_r, t, x_r);
                //# end r
                slab_output += vec2<f32>(sum4(dz2), deltas[delta_at + 1u].x);
            }
            let part = (slab * ACROSS + lane) * VECTORS;
            slabs[part] = of_slab;
            //# repeat r in ROWS
            slabs[part + 1u + r] = of_slab_r;
            //# end r
            if lane == 0u {
                outputs[slab] = slab_output;
            }
        }
        workgroupBarrier();
        if adds_unit {
            var of_round = vec4<f32>();
            //# repeat r in ROWS
            var of_round_r = vec4<f32>();
            //# end r
            for (var slab = 0u; slab < count; slab++) {
                let part = (slab * ACROSS + lane) * VECTORS;
                of_round += slabs[part];
                //# repeat r in ROWS
                of_round_r += slabs[part + 1u + r];
                //# end r
            }
            sums += of_round;
            //# repeat r in ROWS
            sums_r += of_round_r;
            //# end r
        }
        if adds_output {
            var of_round = vec2<f32>();
            for (var slab = 0u; slab < count; slab++) {
                of_round += outputs[slab];
            }
            output += of_round;
        }
        if !SEVERAL {
            break; // known to the compiler, which then needs no registers for sums over rounds
        }
    }
    if adds_unit {
        descend_unit(at, theta, sums, of_network.learning_rate);
        //# repeat r in ROWS
        descend(at + 1u + r, theta_r, sums_r * (shape.mean * theta.y), of_network.learning_rate);
        //# end r
    }
    if adds_output {
        descend_output(network, output, of_network.learning_rate);
    }
}
