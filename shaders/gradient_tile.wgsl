// dW = dZ·Aᵀ/m and db = Σ dZ/m of a layer of every network, and its update, a tile of 4·SIDE rows and columns per workgroup.
//
// Dispatch: (columns / 4·SIDE, rows / 4·SIDE, networks · slices).
//# uses lib/gradient, lib/product_tile

@compute @workgroup_size(SIDE * SIDE)
fn gradient_tile(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    if networks[workgroup.z / product.slices].width == 0u {
        return; // retired: the whole workgroup leaves
    }
    let block = block_at(workgroup, local);
    let sums = product_of(workgroup, local);
    if block.row >= product.rows || block.column >= product.columns {
        return;
    }
    if SLICED {
        keep(block, sums);
    } else {
        finish(block, sums);
    }
}
