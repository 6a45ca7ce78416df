// The passes of an update forward and back through a network that a workgroup trains by itself. Each sum has the order of
// the layered plan's: terms one after another in slabs of SLAB. An invocation takes blocks of four rows and a group of places.
//# uses lib/activation, lib/dropout, lib/held, lib/judged, lib/sums, lib/told

// Z = W·A + b of a layer, in the place of dZ, and in the hidden layers A = g(Z).
fn forward(number: u32) {
    let layer = layer_of(number);
    let turn = turn_of_update();
    for (var i = invocation; i < in_fours(layer.units) * held.groups; i += WORKGROUP) {
        let row = 4u * (i / held.groups);
        let group = i % held.groups;
        let sums = weights_times_below(layer, row, group);
        activate_row(layer, turn, row, group, sums.row0);
        activate_row(layer, turn, row + 1u, group, sums.row1);
        activate_row(layer, turn, row + 2u, group, sums.row2);
        activate_row(layer, turn, row + 3u, group, sums.row3);
    }
}

// Four rows of W·A. Rows that are not there are the last once more.
fn weights_times_below(layer: Layer, row: u32, group: u32) -> Sums {
    var total = Sums();
    for (var slab = 0u; slab < layer.inputs; slab += SLAB) {
        var part = Sums();
        for (var k = slab; k < min(slab + SLAB, layer.inputs); k += 4u) {
            let w0 = weights_of(layer, row, k / 4u);
            let w1 = weights_of(layer, row + 1u, k / 4u);
            let w2 = weights_of(layer, row + 2u, k / 4u);
            let w3 = weights_of(layer, row + 3u, k / 4u);
            let last = layer.inputs - 1u;
            part = plus_outer(part, vec4<f32>(w0.x, w1.x, w2.x, w3.x), below_at(layer, k, group));
            part = plus_outer(part, vec4<f32>(w0.y, w1.y, w2.y, w3.y), below_at(layer, min(k + 1u, last), group));
            part = plus_outer(part, vec4<f32>(w0.z, w1.z, w2.z, w3.z), below_at(layer, min(k + 2u, last), group));
            part = plus_outer(part, vec4<f32>(w0.w, w1.w, w2.w, w3.w), below_at(layer, min(k + 3u, last), group));
        }
        total = plus(total, part);
    }
    return total;
}

// Four columns of a row of W, and 0 behind the last: such a term changes no sum.
fn weights_of(layer: Layer, row: u32, vector: u32) -> vec4<f32> {
    let weights = theta_at(layer, 0u, min(row, layer.units - 1u), vector);
    return select(vec4<f32>(), weights, 4u * vector + FOUR < vec4<u32>(layer.inputs));
}

fn activate_row(layer: Layer, turn: Turn, row: u32, group: u32, sums: vec4<f32>) {
    if row >= layer.units {
        return;
    }
    let at = row * held.groups + group;
    let z = sums + bias_of(layer, row);
    keep(layer.at.dz + at, z);
    if layer.number + 1u < held.layers {
        var a = activate(z, trainees[network].network.slope).value;
        if DROPS {
            a *= mask(turn, layer.number, row, 4u * group + FOUR);
        }
        keep(layer.at.a + at, a);
    }
}

// dZ of the outputs in the place of Z, and behind it the losses, both times the samples' weights.
fn output_delta() {
    let layer = layer_of(held.layers - 1u);
    for (var group = invocation; group < held.groups; group += WORKGROUP) {
        let samples = samples_at(group);
        let weights = weights_at(group);
        let first = layer.at.dz + group;
        var loss = vec4<f32>();
        if OUTPUTS_ARE == SOFTMAX {
            var classes = first_class(panel_at(first));
            for (var row = 1u; row < layer.units; row++) {
                classes = with_class(classes, row, panel_at(first + row * held.groups));
            }
            for (var row = 0u; row < layer.units; row++) {
                classes = plus_class(classes, row, panel_at(first + row * held.groups), targets_at(row, samples));
            }
            for (var row = 0u; row < layer.units; row++) {
                let at = first + row * held.groups;
                keep(at, softmax_delta(classes, row, panel_at(at), targets_at(row, samples)) * weights);
            }
            loss = softmax_loss(classes);
        } else {
            for (var row = 0u; row < layer.units; row++) {
                let at = first + row * held.groups;
                let of_row = judged(panel_at(at), targets_at(row, samples));
                keep(at, of_row.dz * weights);
                loss += of_row.loss;
            }
        }
        keep(first + layer.units * held.groups, loss * weights);
    }
}

// dZ = (Wᵀ·dZ of the layer above) ∘ g′(Z) of a hidden layer. g′ is not kept from the pass forward: drivers fuse products and
// sums in g and g′ by what else the kernel computes, and here they do as in the layered plan.
fn delta(number: u32) {
    let layer = layer_of(number);
    let above = layer_of(number + 1u);
    let turn = turn_of_update();
    for (var i = invocation; i < in_fours(layer.units) * held.groups; i += WORKGROUP) {
        let row = 4u * (i / held.groups);
        let group = i % held.groups;
        var total = Sums();
        for (var slab = 0u; slab < above.units; slab += SLAB) {
            var part = Sums();
            for (var k = slab; k < min(slab + SLAB, above.units); k++) {
                let of_dz = panel_at(above.at.dz + k * held.groups + group);
                part = plus_outer(part, theta_at(above, 0u, k, row / 4u), of_dz);
            }
            total = plus(total, part);
        }
        delta_row(layer, turn, row, group, total.row0);
        delta_row(layer, turn, row + 1u, group, total.row1);
        delta_row(layer, turn, row + 2u, group, total.row2);
        delta_row(layer, turn, row + 3u, group, total.row3);
    }
}

fn delta_row(layer: Layer, turn: Turn, row: u32, group: u32, sums: vec4<f32>) {
    if row >= layer.units {
        return;
    }
    let at = layer.at.dz + row * held.groups + group;
    var dz = sums * activate_backward(panel_at(at), trainees[network].network).derivative;
    if DROPS {
        dz *= mask(turn, layer.number, row, 4u * group + FOUR);
    }
    keep(at, dz);
}
