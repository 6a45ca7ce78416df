// C = scale·A·B for every network, tile by tile through workgroup memory; A or B may be stored transposed.
// Long sums are cut into slabs of SLAB terms: slab s of network n goes to its own part of C, and sum_slabs adds them.
//
// A (rows × inner), B (inner × columns), C (rows × columns), row-major. Workgroup: a tile of C, TILE × TILE.
// Dispatch: (columns / TILE, rows / TILE, networks · slabs).
//# uses lib/network

struct Product {
    rows: u32,
    inner: u32,
    columns: u32,
    slabs: u32,
    a_offset: u32, // where A of network 0 starts, in elements
    a_stride: u32, // from one network's A to the next; 0 where they share it
    b_offset: u32,
    b_stride: u32,
    c_offset: u32,
    c_stride: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> product: Product;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read> networks: array<Network>; // a retired one has width 0

var<workgroup> a_tile: array<array<f32, TILE>, TILE>;
var<workgroup> b_tile: array<array<f32, TILE>, TILE>;

fn a_at(network: u32, row: u32, k: u32) -> f32 {
    let place = select(row * product.inner + k, k * product.rows + row, TRANSPOSE_A);
    return a[product.a_offset + network * product.a_stride + place];
}

fn b_at(network: u32, k: u32, column: u32) -> f32 {
    let place = select(k * product.columns + column, column * product.inner + k, TRANSPOSE_B);
    return b[product.b_offset + network * product.b_stride + place];
}

@compute @workgroup_size(TILE, TILE)
fn matmul(@builtin(workgroup_id) tile: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let network = tile.z / product.slabs;
    let slab = tile.z % product.slabs;
    // the whole workgroup leaves: a read-only load at a uniform index is uniform, as the barriers below need it
    if networks[network].width == 0u {
        return; // retired
    }
    let row = tile.y * TILE + local.y;
    let column = tile.x * TILE + local.x;
    let end = min((slab + 1u) * SLAB, product.inner);

    var sum = 0.0;
    for (var start = slab * SLAB; start < end; start += TILE) {
        let a_k = start + local.x;
        let b_k = start + local.y;
        var a_value = 0.0;
        var b_value = 0.0;
        if row < product.rows && a_k < end {
            a_value = a_at(network, row, a_k);
        }
        if b_k < end && column < product.columns {
            b_value = b_at(network, b_k, column);
        }
        a_tile[local.y][local.x] = a_value;
        b_tile[local.y][local.x] = b_value;
        workgroupBarrier();
        for (var k = 0u; k < TILE; k++) {
            sum += a_tile[local.y][k] * b_tile[k][local.x];
        }
        workgroupBarrier();
    }

    if row < product.rows && column < product.columns {
        let part = product.c_offset + network * product.c_stride + slab * product.rows * product.columns;
        c[part + row * product.columns + column] = sum * product.scale;
    }
}
