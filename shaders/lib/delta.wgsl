// The end of dZ = (Wᵀ·dZ of the layer above) ∘ g′(Z) of a hidden layer; with DROPS, times the mask of dropped units.
//
// A is W of the layer above, transposed, B is its dZ, C is dZ (units × samples).
//# uses lib/activation, lib/dropout, lib/product

@group(0) @binding(5) var<storage, read> z: array<f32>;
@group(0) @binding(6) var<storage, read_write> dz: array<f32>;
@group(0) @binding(7) var<storage, read> turns: array<Turn>;

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
    let first = (block.network * product.rows + row) * product.columns;
    let at = first + min(block.column + FOUR, vec4<u32>(product.columns - 1u));
    let of_z = vec4<f32>(z[at.x], z[at.y], z[at.z], z[at.w]);
    var values = sums * activate_backward(of_z, networks[block.network]).derivative;
    if DROPS {
        values *= mask(turns[block.network], LAYER, row, block.column + FOUR);
    }
    dz[at.x] = values.x;
    if block.column + 1u < product.columns { dz[at.y] = values.y; }
    if block.column + 2u < product.columns { dz[at.z] = values.z; }
    if block.column + 3u < product.columns { dz[at.w] = values.w; }
}
