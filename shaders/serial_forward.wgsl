// The forward pass of every network with one hidden layer, where each invocation does all of a sample's units: for
// software adapters. Z1 = W1·X + b1 and A1 = g(Z1) live only in registers. It stores dZ2 = σ(Z2) − Y and the loss, and,
// if nothing is updated, Z2 = W2·A1 + b2, which somebody then asks for.
//
// An invocation takes BLOCKS groups of four samples; ROWS counts the rows of four features beyond the first two.
// Dispatch: (groups / BLOCKS, networks), in workgroups of ACROSS × NETWORKS.
//# uses lib/output_unit, lib/place

@group(0) @binding(2) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> labels: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> parameters: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> deltas: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> logits: array<vec4<f32>>;

@compute @workgroup_size(ACROSS * NETWORKS)
fn serial_forward(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let id = place(workgroup, local);
    let network = id.y;
    let first = id.x * BLOCKS;
    if network >= shape.networks || first >= shape.groups {
        return;
    }
    let width = networks[network].width;
    if width == 0u {
        return;
    }
    let slope = networks[network].slope;
    let b2 = parameters[vectors_of(network, shape.units)].x;
    //# repeat k in BLOCKS
    let x_at_k = min(first + k, shape.groups - 1u) * COLUMNS;
    let x_k = mat2x4<f32>(inputs[x_at_k], inputs[x_at_k + 1u]);
    //# repeat r in ROWS
    let row_r_k = x_at_k + 2u + 4u * r;
    let x_r_k = mat4x4<f32>(inputs[row_r_k], inputs[row_r_k + 1u], inputs[row_r_k + 2u], inputs[row_r_k + 3u]);
    //# end r
    var z2_k = vec4<f32>();
    //# end k

    var at = vectors_of(network, 0u);
    let length = span_of(width);
    for (var span = 0u; span < width; span += length) {
        //# repeat k in BLOCKS
        var span_k = vec4<f32>(select(0.0, b2, span == 0u));
        //# end k
        for (var unit = span; unit < min(span + length, width); unit++) {
            let theta = parameters[at];
            //# repeat r in ROWS
            let theta_r = parameters[at + 1u + r];
            //# end r
            //# repeat k in BLOCKS
            var z_k = first_z(theta, x_k);
            //# repeat r in ROWS
            z_k = further_z(z_k, theta_r, x_r_k);
            //# end r
            span_k = fma(vec4<f32>(theta.y), activate(z_k, slope).value, span_k);
            //# end k
            at += VECTORS;
        }
        //# repeat k in BLOCKS
        z2_k += span_k;
        //# end k
    }
    for (var block = 0u; block < min(BLOCKS, shape.groups - first); block++) {
        var z2 = vec4<f32>();
        //# repeat k in BLOCKS
        z2 = select(z2, z2_k, block == k);
        //# end k
        let group = first + block;
        let i = network * shape.groups + group;
        if shape.update == 0u {
            logits[i] = z2;
        }
        let output = output_of(group, z2, labels[group]);
        deltas[2u * i] = output.dz2;
        deltas[2u * i + 1u].x = output.loss;
    }
}
