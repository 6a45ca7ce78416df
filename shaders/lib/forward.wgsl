// The end of Z = W·A + b: A = g(Z) in the hidden layers, the units that a narrower network lacks being 0, so that they add
// nothing above and receive no gradient; with DROPS, A times the mask of dropped units. At the output (IS_OUTPUT)
// dZ = σ(Z) − Y and the loss of each sample. With IS_LINEAR, Z alone: the kernel output_delta goes on from it.
//
// A is W (rows × inner), B is A of the layer below or X, C is Z (units × samples).
//# uses lib/activation, lib/dropout, lib/output, lib/product

@group(0) @binding(5) var<storage, read_write> z: array<f32>;
@group(0) @binding(6) var<storage, read> labels: array<f32>;
@group(0) @binding(7) var<storage, read_write> results: array<f32>; // A (units × samples), or dZ and the loss (2 × samples)
@group(0) @binding(8) var<storage, read> turns: array<Turn>;

fn finish(block: Block, sums: Sums) {
    finish_row(block, block.row, sums.row0);
    finish_row(block, block.row + 1u, sums.row1);
    finish_row(block, block.row + 2u, sums.row2);
    finish_row(block, block.row + 3u, sums.row3);
}

fn finish_row(block: Block, row: u32, sums: vec4<f32>) {
    if row >= product.rows {
        return;
    }
    let network = networks[block.network];
    let samples = product.columns;
    let of_z = sums + a[block.network * product.parameters + product.bias + row];
    let at = (block.network * product.rows + row) * samples + block.column;
    if IS_OUTPUT {
        let columns = min(block.column + FOUR, vec4<u32>(samples - 1u));
        let y = vec4<f32>(labels[columns.x], labels[columns.y], labels[columns.z], labels[columns.w]);
        let dz_at = 2u * block.network * samples + block.column;
        let judged = logistic(of_z, y);
        store_results(dz_at, block.column, judged.dz);
        store_results(dz_at + samples, block.column, judged.loss);
    } else if !IS_LINEAR {
        var activated = select(vec4<f32>(), activate(of_z, network.slope).value, row < network.width);
        if DROPS {
            activated *= mask(turns[block.network], LAYER, row, block.column + FOUR);
        }
        store_results(at, block.column, activated);
    }
    z[at] = of_z.x;
    if block.column + 1u < samples { z[at + 1u] = of_z.y; }
    if block.column + 2u < samples { z[at + 2u] = of_z.z; }
    if block.column + 3u < samples { z[at + 3u] = of_z.w; }
}

fn store_results(at: u32, column: u32, values: vec4<f32>) {
    results[at] = values.x;
    if column + 1u < product.columns { results[at + 1u] = values.y; }
    if column + 2u < product.columns { results[at + 2u] = values.z; }
    if column + 3u < product.columns { results[at + 3u] = values.w; }
}
