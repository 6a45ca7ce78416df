// ΣW² of every network, which L2 adds to its cost, and the norm of its gradient, by which that is scaled down. First the sums
// of each row of W and b, a row per invocation; then, with ADDS, those of the rows, a network per invocation.
//
// The order of the sums is that of a network's own rows and columns: what a narrower network lacks is 0 behind them.
// Dispatch: (rows of all layers / WORKGROUP, networks); with ADDS (networks / WORKGROUP, 1).
//# uses lib/optimizer, lib/tensors

@group(0) @binding(2) var<storage, read> recipes: array<Recipe>;
@group(0) @binding(3) var<storage, read> turns: array<Turn>;
@group(0) @binding(4) var<storage, read> parameters: array<f32>;
@group(0) @binding(5) var<storage, read> gradients: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;
@group(0) @binding(7) var<storage, read_write> history: array<f32>; // steps × networks
@group(0) @binding(8) var<storage, read> steps: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn norms(@builtin(global_invocation_id) id: vec3<u32>) {
    if ADDS {
        if id.x < tensors.networks && networks[id.x].width > 0u {
            of_network(id.x);
        }
    } else if id.x < tensors.rows && networks[id.y].width > 0u {
        of_row(id.y, id.x);
    }
}

// (ΣW², Σ of the squared gradient with its λ/m·W) of a row.
fn of_row(network: u32, number: u32) {
    var layer = vec4<u32>();
    var row = 0u;
    var first = 0u; // row of a layer
    for (var n = 0u; n < tensors.layers; n++) {
        if number >= first {
            layer = tensors.layer[n];
            row = number - first;
        }
        first += tensors.layer[n].w;
    }
    let theta = network * tensors.stride;
    let gradient = network * tensors.parameters;
    let penalty = turns[network].penalty;
    let columns = layer.z;
    var total = vec2<f32>();
    for (var slab = 0u; slab < columns; slab += SLAB) {
        var part = vec2<f32>();
        for (var column = slab; column < min(slab + SLAB, columns); column++) {
            let at = layer.x + row * columns + column;
            let w = parameters[theta + at];
            let g = fma(penalty, w, gradients[gradient + at]);
            part = fma(vec2<f32>(w, g), vec2<f32>(w, g), part);
        }
        total += part;
    }
    let of_bias = gradients[gradient + layer.y + row];
    let at = place_of_row(network, number);
    sums[at] = total.x;
    sums[at + 1u] = fma(of_bias, of_bias, total.y);
}

// What the gradient is multiplied by stands behind the rows, and the penalty is added to the cost.
fn of_network(network: u32) {
    var total = vec2<f32>();
    var row = place_of_row(network, 0u);
    for (var n = 0u; n < tensors.layers; n++) {
        let end = row + 2u * tensors.layer[n].w;
        for (; row < end;) {
            var part = vec2<f32>();
            let slab_end = min(row + 2u * SLAB, end);
            for (; row < slab_end; row += 2u) {
                part += vec2<f32>(sums[row], sums[row + 1u]);
            }
            total += part;
        }
    }
    sums[row] = clipped(recipes[network], total.y);
    let penalty = turns[network].penalty;
    if penalty > 0.0 {
        let at = steps[network] * tensors.networks + network;
        history[at] = history[at] + 0.5 * penalty * total.x;
    }
}
