// A tile of C per workgroup: SIDE × SIDE blocks, DEPTH terms at a time through workgroup memory. An invocation reads two
// vectors for 16 multiplications there.
//# uses lib/product

// Four rows of A, and four columns of B, of each term.
var<workgroup> a_tile: array<vec4<f32>, DEPTH * SIDE>;
var<workgroup> b_tile: array<vec4<f32>, DEPTH * SIDE>;

// The block of an invocation.
fn block_at(workgroup: vec3<u32>, local: u32) -> Block {
    let place = 4u * (SIDE * workgroup.yx + vec2<u32>(local / SIDE, local % SIDE));
    return Block(workgroup.z / product.slices, workgroup.z % product.slices, place.x, place.y);
}

// All invocations of a workgroup must call it. What its loops depend on follows from the workgroup alone, as the barriers
// need it.
fn product_of(workgroup: vec3<u32>, local: u32) -> Sums {
    var total = Sums();
    let network = workgroup.z / product.slices;
    let slice = workgroup.z % product.slices;
    let row = 4u * SIDE * workgroup.y;
    let column = 4u * SIDE * workgroup.x;
    let end = end_of(slice);
    for (var slab = slice * product.slice; slab < end; slab += SLAB) {
        var part = Sums();
        let slab_end = min(slab + SLAB, end);
        for (var start = slab; start < slab_end; start += DEPTH) {
            // neighbours take what lies side by side
            for (var i = local; i < DEPTH * SIDE; i += SIDE * SIDE) {
                let of_a = select(vec2<u32>(i % DEPTH, i / DEPTH), vec2<u32>(i / SIDE, i % SIDE), TRANSPOSE_A);
                let of_b = select(vec2<u32>(i / SIDE, i % SIDE), vec2<u32>(i % DEPTH, i / DEPTH), TRANSPOSE_B);
                let a_term = min(start + of_a.x, end - 1u) * step_of_a();
                let b_term = min(start + of_b.x, end - 1u) * step_of_b();
                let b_column = column + 4u * of_b.y;
                a_tile[of_a.x * SIDE + of_a.y] = four_of_a(rows_of_a(network, row + 4u * of_a.y) + a_term);
                b_tile[of_b.x * SIDE + of_b.y] = four_of_b(columns_of_b(network, b_column) + b_term, b_column);
            }
            workgroupBarrier();
            for (var k = 0u; k < min(DEPTH, slab_end - start); k++) {
                part = plus_outer(part, a_tile[k * SIDE + local / SIDE], b_tile[k * SIDE + local % SIDE]);
            }
            workgroupBarrier();
        }
        total = plus(total, part);
    }
    return total;
}
