// The products of the layered plan: C = A·B of every network, four rows and four columns of C at a time, a block.
//
// A (rows × inner), B (inner × columns), row-major; either may be stored transposed. With ONES, B has a last column of ones
// that is stored nowhere: the sum over the samples beside the products with them.
//
// The order of every sum follows from the shape alone: terms one after another in slabs of SLAB, these in slices. If there
// are several slices they go to `partial`, and a second dispatch adds them, in slabs too.
//# uses lib/network, lib/sums

struct Product {
    rows: u32,
    inner: u32, // terms of a sum
    columns: u32,
    slices: u32,
    slice: u32, // terms of a slice, a multiple of SLAB if there are several
    a_offset: u32, // where A of network 0 starts
    a_stride: u32, // from one network's A to the next
    b_stride: u32, // from one network's B to the next; 0 where they share it
    weights: u32, // where W of the layer starts in a network's parameters
    bias: u32, // where b starts
    parameters: u32, // of one network
    networks: u32,
    update: u32, // 1: θ ← θ − α·dθ; 0: dθ is stored; 2: so, and another kernel counts the step
    mean: f32, // 1/m
}

@group(0) @binding(0) var<uniform> product: Product;
@group(0) @binding(1) var<storage, read> networks: array<Network>; // of the layer; a retired one has width 0
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>; // networks × slices × rows × columns

struct Block {
    network: u32,
    slice: u32,
    row: u32, // the first of four
    column: u32,
}

// Where the terms of a slice end.
fn end_of(slice: u32) -> u32 {
    return min((slice + 1u) * product.slice, product.inner);
}

// Where the first terms of four rows of A lie, those beyond the last like the last's, and how far it is to the next terms.
fn rows_of_a(network: u32, row: u32) -> vec4<u32> {
    let rows = min(row + FOUR, vec4<u32>(product.rows - 1u));
    return product.a_offset + network * product.a_stride + rows * select(product.inner, 1u, TRANSPOSE_A);
}

fn step_of_a() -> u32 {
    return select(1u, product.rows, TRANSPOSE_A);
}

// The same of four columns of B.
fn columns_of_b(network: u32, column: u32) -> vec4<u32> {
    let columns = min(column + FOUR, vec4<u32>(stored_columns() - 1u));
    return network * product.b_stride + columns * select(1u, product.inner, TRANSPOSE_B);
}

fn step_of_b() -> u32 {
    return select(stored_columns(), 1u, TRANSPOSE_B);
}

fn stored_columns() -> u32 {
    return product.columns - select(0u, 1u, ONES);
}

fn four_of_a(at: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(a[at.x], a[at.y], a[at.z], a[at.w]);
}

fn four_of_b(at: vec4<u32>, column: u32) -> vec4<f32> {
    let four = vec4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]);
    if ONES {
        return select(four, vec4<f32>(1.0), column + FOUR == vec4<u32>(stored_columns()));
    }
    return four;
}

// A block's slice into `partial`.
fn keep(block: Block, sums: Sums) {
    keep_row(block, 0u, sums.row0);
    keep_row(block, 1u, sums.row1);
    keep_row(block, 2u, sums.row2);
    keep_row(block, 3u, sums.row3);
}

fn keep_row(block: Block, row: u32, sums: vec4<f32>) {
    if block.row + row < product.rows {
        let at = place_in_partial(block, block.slice, row);
        if block.column < product.columns { partial[at] = sums.x; }
        if block.column + 1u < product.columns { partial[at + 1u] = sums.y; }
        if block.column + 2u < product.columns { partial[at + 2u] = sums.z; }
        if block.column + 3u < product.columns { partial[at + 3u] = sums.w; }
    }
}

fn place_in_partial(block: Block, slice: u32, row: u32) -> u32 {
    return ((block.network * product.slices + slice) * product.rows + block.row + row) * product.columns + block.column;
}
