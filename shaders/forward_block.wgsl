// Z = W·A + b and A = g(Z) of a layer of every network, a block of four rows and four columns per invocation: for software adapters, and to add slices.
//
// Dispatch: (blocks along the rows / WORKGROUP, blocks along the columns, networks · slices), or with the first two swapped.
//# uses lib/forward, lib/product_block

@compute @workgroup_size(WORKGROUP)
fn forward_block(@builtin(global_invocation_id) id: vec3<u32>) {
    let block = block_at(id);
    if is_outside(block) {
        return;
    }
    let sums = product_of(block);
    if SLICED && !ADDS {
        keep(block, sums);
    } else {
        finish(block, sums);
    }
}
