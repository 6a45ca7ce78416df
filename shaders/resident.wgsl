// Many iterations of a network with one hidden layer in one dispatch: a workgroup trains a network, whose parameters stay
// in workgroup memory. Forward, an invocation takes GROUPS groups of samples at a time; backward, UNITS units, with a slab
// of the samples (SLICED), whose sums a third step adds, or with all slabs. There is a barrier behind each. Software
// adapters take several at a time: what they load from workgroup memory, lane by lane, then serves all of them.
// dZ2 and the losses are kept in workgroup memory, or in storage if there are too many (STORED).
//
// Dispatch: (networks).
//# uses lib/output_unit, lib/resident

@group(0) @binding(8) var<storage, read_write> deltas: array<vec4<f32>>;

var<workgroup> outputs: array<vec2<f32>, SLABS>; // (Σ dZ2, Σ loss) of each slab
var<workgroup> dz2s: array<vec4<f32>, HELD_DELTAS>;
var<workgroup> losses: array<f32, HELD_DELTAS>;
var<workgroup> slabs: array<vec4<f32>, HELD_SUMS>;

// Between the passes of an iteration.
fn barrier() {
    if STORED {
        storageBarrier();
    }
    workgroupBarrier();
}

// dZ2 and the loss of a group.
fn delta_of(network: u32, group: u32) -> Output {
    if STORED {
        let at = 2u * (network * shape.groups + group);
        return Output(deltas[at], deltas[at + 1u].x);
    }
    return Output(dz2s[group], losses[group]);
}

fn keep_delta(network: u32, group: u32, output: Output) {
    if STORED {
        let at = 2u * (network * shape.groups + group);
        deltas[at] = output.dz2;
        deltas[at + 1u].x = output.loss;
    } else {
        dz2s[group] = output.dz2;
        losses[group] = output.loss;
    }
}

@compute @workgroup_size(WORKGROUP)
fn resident(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let network = workgroup.x;
    let width = networks[network].width;
    if width == 0u {
        return; // retired: the whole workgroup leaves
    }
    let of_network = networks[network];
    let learning_rate = of_network.learning_rate;
    let length = span_of(width);
    let columns = (width + UNITS - 1u) / UNITS; // from one unit of an invocation to its next
    let begun = begin(network, local);
    workgroupBarrier();
    let last = min(begun + ITERATIONS, asked[0]);
    for (var step = begun; step < last; step++) {
        let b2 = theta[OUTPUT].x;
        for (var first = local; first < shape.groups; first += WORKGROUP * GROUPS) {
            //# repeat k in GROUPS
            let group_k = first + k * WORKGROUP;
            let x_at_k = min(group_k, shape.groups - 1u) * COLUMNS;
            let x_k = mat2x4<f32>(inputs[x_at_k], inputs[x_at_k + 1u]);
            //# repeat r in ROWS
            let row_r_k = x_at_k + 2u + 4u * r;
            let x_r_k = mat4x4<f32>(inputs[row_r_k], inputs[row_r_k + 1u], inputs[row_r_k + 2u], inputs[row_r_k + 3u]);
            //# end r
            var z2_k = vec4<f32>();
            //# end k
            for (var span = 0u; span < width; span += length) {
                //# repeat k in GROUPS
                var span_k = vec4<f32>(select(0.0, b2, span == 0u));
                //# end k
                for (var unit = span; unit < min(span + length, width); unit++) {
                    let of_unit = theta[unit * VECTORS];
                    //# repeat r in ROWS
                    let of_unit_r = theta[unit * VECTORS + 1u + r];
                    //# end r
                    //# repeat k in GROUPS
                    var z_k = first_z(of_unit, x_k);
                    //# repeat r in ROWS
                    z_k = further_z(z_k, of_unit_r, x_r_k);
                    //# end r
                    span_k = fma(vec4<f32>(of_unit.y), activate(z_k, of_network.slope).value, span_k);
                    //# end k
                }
                //# repeat k in GROUPS
                z2_k += span_k;
                //# end k
            }
            //# repeat k in GROUPS
            if group_k < shape.groups {
                keep_delta(network, group_k, output_of(group_k, z2_k, labels[group_k]));
            }
            //# end k
        }
        barrier();
        for (var item = local; item < select(1u, shape.slabs, SLICED) * columns; item += WORKGROUP) {
            let unit = item % columns;
            let slice = item / columns;
            //# repeat k in UNITS
            let unit_k = min(unit + k * columns, width - 1u);
            let before_k = theta[unit_k * VECTORS];
            var sums_k = vec4<f32>();
            //# repeat r in ROWS
            let before_r_k = theta[unit_k * VECTORS + 1u + r];
            var sums_r_k = vec4<f32>();
            //# end r
            //# end k
            for (var slab = slice; slab < select(shape.slabs, slice + 1u, SLICED); slab++) {
                //# repeat k in UNITS
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
                    let delta = delta_of(network, group);
                    //# repeat k in UNITS
                    var z_k = first_z(before_k, x);
                    //# repeat r in ROWS
                    z_k = further_z(z_k, before_r_k, x_r);
                    //# end r
                    let a_k = activate_backward(z_k, of_network);
                    let t_k = delta.dz2 * a_k.derivative;
                    slab_k = plus_unit(slab_k, delta.dz2, a_k.value, t_k, x);
                    //# repeat r in ROWS
                    slab_r_k = plus_features(slab_r_k, t_k, x_r);
                    //# end r
                    //# end k
                    slab_output += vec2<f32>(sum4(delta.dz2), delta.loss);
                }
                //# repeat k in UNITS
                sums_k += slab_k;
                //# repeat r in ROWS
                sums_r_k += slab_r_k;
                //# end r
                //# end k
                if unit == 0u {
                    outputs[slab] = slab_output;
                }
            }
            //# repeat k in UNITS
            if unit + k * columns < width {
                if SLICED {
                    let part = (slice * width + unit_k) * VECTORS;
                    slabs[part] = sums_k;
                    //# repeat r in ROWS
                    slabs[part + 1u + r] = sums_r_k;
                    //# end r
                } else {
                    theta[unit_k * VECTORS] = descended(before_k, unit_gradient(before_k, sums_k), learning_rate);
                    //# repeat r in ROWS
                    theta[unit_k * VECTORS + 1u + r] =
                        descended(before_r_k, sums_r_k * (shape.mean * before_k.y), learning_rate);
                    //# end r
                }
            }
            //# end k
        }
        barrier();
        if SLICED {
            for (var unit = local; unit < width; unit += WORKGROUP) {
                let at = unit * VECTORS;
                var sums = vec4<f32>();
                //# repeat r in ROWS
                var sums_r = vec4<f32>();
                //# end r
                for (var slab = 0u; slab < shape.slabs; slab++) {
                    let part = (slab * width + unit) * VECTORS;
                    sums += slabs[part];
                    //# repeat r in ROWS
                    sums_r += slabs[part + 1u + r];
                    //# end r
                }
                let before = theta[at];
                theta[at] = descended(before, unit_gradient(before, sums), learning_rate);
                //# repeat r in ROWS
                theta[at + 1u + r] = descended(theta[at + 1u + r], sums_r * (shape.mean * before.y), learning_rate);
                //# end r
            }
        }
        if local == WORKGROUP - 1u {
            var output = vec2<f32>();
            for (var slab = 0u; slab < shape.slabs; slab++) {
                output += outputs[slab];
            }
            end_iteration(network, step, output, learning_rate);
        }
        barrier();
    }
    finish(network, local);
}
