// The forward pass of every network with one hidden layer, with the units of a sample shared out in a workgroup: ACROSS
// groups of samples, and PARTS invocations for each. An invocation sums every PARTS-th span of the units; behind a
// barrier, the first ACROSS add the spans in their order and store dZ2 = σ(Z2) − Y and the loss, and, if nothing is
// updated, Z2, which somebody then asks for. There is one round, and one barrier, up to SPANS · LONGEST = 4,096 units.
//
// Dispatch: (groups / ACROSS, networks), in workgroups of ACROSS × PARTS.
//# uses lib/output_unit

@group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> labels: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> parameters: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> deltas: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> logits: array<vec4<f32>>;

var<workgroup> spans: array<vec4<f32>, HELD_SPANS * ACROSS>;

@compute @workgroup_size(ACROSS * PARTS)
fn split_forward(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let network = workgroup.y;
    let width = networks[network].width;
    if width == 0u {
        return; // retired: the whole workgroup leaves
    }
    let slope = networks[network].slope;
    let lane = local % ACROSS;
    let group = workgroup.x * ACROSS + lane;
    let x_at = min(group, shape.groups - 1u) * COLUMNS;
    let x = mat2x4<f32>(inputs[x_at], inputs[x_at + 1u]);
    //# repeat r in ROWS
    let row_r = x_at + 2u + 4u * r;
    let x_r = mat4x4<f32>(inputs[row_r], inputs[row_r + 1u], inputs[row_r + 2u], inputs[row_r + 3u]);
    //# end r

    let b2 = parameters[vectors_of(network, shape.units)].x;
    var z2 = vec4<f32>();
    let length = span_of(width);
    for (var round = 0u; round < width; round += SPANS * length) {
        if round > 0u {
            workgroupBarrier(); // the spans before are added
        }
        let end = min(round + SPANS * length, width);
        let count = (end - round + length - 1u) / length;
        for (var span = local / ACROSS; span < count; span += PARTS) {
            let first = round + span * length;
            var sum = vec4<f32>(select(0.0, b2, first == 0u));
            for (var unit = first; unit < min(first + length, end); unit++) {
                let at = vectors_of(network, unit);
                let theta = parameters[at];
                var z = first_z(theta, x);
                //# repeat r in ROWS
                z = further_z(z, parameters[at + 1u + r], x_r);
                //# end r
                sum = fma(vec4<f32>(theta.y), activate(z, slope).value, sum);
            }
            spans[span * ACROSS + lane] = sum;
        }
        workgroupBarrier();
        if local < ACROSS {
            for (var span = 0u; span < count; span++) {
                z2 += spans[span * ACROSS + lane];
            }
        }
        if !SEVERAL {
            break; // known to the compiler
        }
    }
    if local >= ACROSS || group >= shape.groups {
        return;
    }
    let i = network * shape.groups + group;
    if shape.update == 0u {
        logits[i] = z2;
    }
    let output = output_of(group, z2, labels[group]);
    deltas[2u * i] = output.dz2;
    deltas[2u * i + 1u].x = output.loss;
}
