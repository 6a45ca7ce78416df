// The end of an update of a network that a workgroup trains by itself: dW = dZ·Aᵀ and db = Σ dZ, the cost, and what the
// optimiser makes of them. An invocation takes blocks of four rows of (dW | db) of a layer and four columns. Their sums have
// the order of the layered plan's: slabs of SLAB terms in slices of SLICE.
//# uses lib/optimizer, lib/passes

@group(0) @binding(7) var<storage, read_write> history: array<f32>; // steps × networks

// A block of the rows of a layer's dZ (the losses are the outputs' last) and of the columns of (A below | 1).
struct Block {
    layer: Layer,
    row: u32, // the first of four
    vector: u32, // four columns
}

fn rows_of(layer: Layer) -> u32 {
    return layer.units + select(0u, 1u, layer.number + 1u == held.layers);
}

// The blocks of all layers.
fn blocks_of_gradient() -> u32 {
    var blocks = 0u;
    for (var number = 0u; number < held.layers; number++) {
        let layer = layer_of(number);
        blocks += in_fours(rows_of(layer)) * layer.vectors;
    }
    return blocks;
}

fn block_of_gradient(index: u32) -> Block {
    var block = Block(layer_of(0u), 0u, 0u);
    var first = 0u;
    for (var number = 0u; number < held.layers; number++) {
        let layer = layer_of(number);
        if index >= first {
            block = Block(layer, 4u * ((index - first) / layer.vectors), (index - first) % layer.vectors);
        }
        first += in_fours(rows_of(layer)) * layer.vectors;
    }
    return block;
}

fn gradient_of(block: Block) -> Sums {
    let layer = block.layer;
    let column = 4u * block.vector;
    var total = Sums();
    for (var slice = 0u; slice < held.groups; slice += SLICE / 4u) {
        var of_slice = Sums();
        let end = min(slice + SLICE / 4u, held.groups);
        for (var slab = slice; slab < end; slab += SLAB / 4u) {
            var part = Sums();
            for (var group = slab; group < min(slab + SLAB / 4u, end); group++) {
                let dz0 = delta_at(layer, block.row, group);
                let dz1 = delta_at(layer, block.row + 1u, group);
                let dz2 = delta_at(layer, block.row + 2u, group);
                let dz3 = delta_at(layer, block.row + 3u, group);
                let a0 = column_at(layer, column, group);
                let a1 = column_at(layer, column + 1u, group);
                let a2 = column_at(layer, column + 2u, group);
                let a3 = column_at(layer, column + 3u, group);
                part = plus_outer(part, vec4<f32>(dz0.x, dz1.x, dz2.x, dz3.x), vec4<f32>(a0.x, a1.x, a2.x, a3.x));
                part = plus_outer(part, vec4<f32>(dz0.y, dz1.y, dz2.y, dz3.y), vec4<f32>(a0.y, a1.y, a2.y, a3.y));
                part = plus_outer(part, vec4<f32>(dz0.z, dz1.z, dz2.z, dz3.z), vec4<f32>(a0.z, a1.z, a2.z, a3.z));
                part = plus_outer(part, vec4<f32>(dz0.w, dz1.w, dz2.w, dz3.w), vec4<f32>(a0.w, a1.w, a2.w, a3.w));
            }
            of_slice = plus(of_slice, part);
        }
        total = plus(total, of_slice);
    }
    return total;
}

fn delta_at(layer: Layer, row: u32, group: u32) -> vec4<f32> {
    return panel_at(layer.at.dz + min(row, rows_of(layer) - 1u) * held.groups + group);
}

// A row of A below, or ones for b.
fn column_at(layer: Layer, column: u32, group: u32) -> vec4<f32> {
    let a = below_at(layer, min(column, layer.inputs - 1u), group);
    return select(a, vec4<f32>(1.0), column == layer.inputs);
}

// The gradients of all layers, and what follows from them: the update where each parameter's gradient is all that it takes.
fn gradients(step: u32, blocks: u32) {
    let turn = turn_of_update();
    for (var i = invocation; i < blocks; i += WORKGROUP) {
        let block = block_of_gradient(i);
        let sums = gradient_of(block);
        end_of_row(block, step, turn, block.row, sums.row0);
        end_of_row(block, step, turn, block.row + 1u, sums.row1);
        end_of_row(block, step, turn, block.row + 2u, sums.row2);
        end_of_row(block, step, turn, block.row + 3u, sums.row3);
    }
}

fn end_of_row(block: Block, step: u32, turn: Turn, row: u32, sums: vec4<f32>) {
    let layer = block.layer;
    let gradient = sums * held.mean;
    if row < layer.units {
        if REGULARISES {
            keep(held.gradient + place_of(layer, row, block.vector), gradient);
        } else {
            descend(layer, row, block.vector, turn, gradient);
        }
    } else if row < rows_of(layer) && block.vector == layer.inputs / 4u {
        history[step * held.networks + network] = gradient[layer.inputs % 4u];
    }
}

// What becomes of four parameters and their moments.
fn descend(layer: Layer, row: u32, vector: u32, turn: Turn, gradient: vec4<f32>) {
    var before = Moved(theta_at(layer, 0u, row, vector), vec4<f32>(), vec4<f32>());
    if MOMENTS > 0u { before.first = theta_at(layer, 1u, row, vector); }
    if MOMENTS > 1u { before.second = theta_at(layer, 2u, row, vector); }
    let after = moved(trainees[network].recipe, turn, before, gradient);
    keep_theta(layer, 0u, row, vector, after.theta);
    if MOMENTS > 0u { keep_theta(layer, 1u, row, vector, after.first); }
    if MOMENTS > 1u { keep_theta(layer, 2u, row, vector, after.second); }
}

// (ΣW², Σ of the squared gradient with its λ/m·W) of every row.
fn sums_of_rows() {
    let penalty = turn_of_update().penalty;
    var first = held.sums;
    for (var number = 0u; number < held.layers; number++) {
        let layer = layer_of(number);
        for (var row = invocation; row < layer.units; row += WORKGROUP) {
            var total = vec2<f32>();
            for (var slab = 0u; slab < layer.inputs; slab += SLAB) {
                var part = vec2<f32>();
                for (var column = slab; column < min(slab + SLAB, layer.inputs); column++) {
                    let w = theta_at(layer, 0u, row, column / 4u)[column % 4u];
                    let g = fma(penalty, w, gradient_at(layer, row, column));
                    part = fma(vec2<f32>(w, g), vec2<f32>(w, g), part);
                }
                total += part;
            }
            let of_bias = gradient_at(layer, row, layer.inputs);
            keep(first + row, vec4<f32>(total.x, fma(of_bias, of_bias, total.y), 0.0, 0.0));
        }
        first += layer.units;
    }
}

fn gradient_at(layer: Layer, row: u32, column: u32) -> f32 {
    return panel_at(held.gradient + place_of(layer, row, column / 4u))[column % 4u];
}

// The sums of the rows.
fn sums_of_network() -> vec2<f32> {
    var total = vec2<f32>();
    var first = held.sums;
    for (var number = 0u; number < held.layers; number++) {
        let units = width_of(number + 1u);
        for (var slab = 0u; slab < units; slab += SLAB) {
            var part = vec2<f32>();
            for (var row = slab; row < min(slab + SLAB, units); row++) {
                part += panel_at(first + row).xy;
            }
            total += part;
        }
        first += units;
    }
    return total;
}

// The update from the gradient that is kept: with λ/m·W, and scaled down if its norm is too large. The penalty is added to
// the cost.
fn regularised_update(step: u32) {
    let turn = turn_of_update();
    let total = sums_of_network();
    let factor = clipped(trainees[network].recipe, total.y);
    if invocation == 0u && turn.penalty > 0.0 {
        let at = step * held.networks + network;
        history[at] = history[at] + 0.5 * turn.penalty * total.x;
    }
    for (var number = 0u; number < held.layers; number++) {
        let layer = layer_of(number);
        for (var i = invocation; i < layer.units * layer.vectors; i += WORKGROUP) {
            let row = i / layer.vectors;
            let vector = i % layer.vectors;
            let g = panel_at(held.gradient + layer.at.theta + i);
            let of_weights = fma(vec4<f32>(turn.penalty), theta_at(layer, 0u, row, vector), g);
            let is_weight = 4u * vector + FOUR < vec4<u32>(layer.inputs);
            descend(layer, row, vector, turn, factor * select(g, of_weights, is_weight));
        }
    }
}
