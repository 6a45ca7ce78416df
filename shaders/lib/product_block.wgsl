// A block of C per invocation, without workgroup memory; or, with ADDS, the sum of its slices.
//# uses lib/product

// The block of an invocation. Workgroups lie along the rows or along the columns, so that lanes have work.
fn block_at(id: vec3<u32>) -> Block {
    let slices = select(product.slices, 1u, ADDS);
    let place = 4u * select(id.yx, id.xy, ALONG_ROWS);
    return Block(id.z / slices, id.z % slices, place.x, place.y);
}

fn is_outside(block: Block) -> bool {
    return block.row >= product.rows || block.column >= product.columns || networks[block.network].width == 0u;
}

fn product_of(block: Block) -> Sums {
    var total = Sums();
    if ADDS {
        for (var first = 0u; first < product.slices; first += SLAB) {
            var part = Sums();
            for (var slice = first; slice < min(first + SLAB, product.slices); slice++) {
                part = plus(part, kept(block, slice));
            }
            total = plus(total, part);
        }
        return total;
    }
    let rows = rows_of_a(block.network, block.row);
    let columns = columns_of_b(block.network, block.column);
    let end = end_of(block.slice);
    for (var slab = block.slice * product.slice; slab < end; slab += SLAB) {
        var part = Sums();
        for (var k = slab; k < min(slab + SLAB, end); k++) {
            let of_b = four_of_b(columns + k * step_of_b(), block.column);
            part = plus_outer(part, four_of_a(rows + k * step_of_a()), of_b);
        }
        total = plus(total, part);
    }
    return total;
}

fn kept(block: Block, slice: u32) -> Sums {
    return Sums(
        kept_row(block, slice, 0u),
        kept_row(block, slice, 1u),
        kept_row(block, slice, 2u),
        kept_row(block, slice, 3u),
    );
}

// Rows and columns that are not there hold those of others, which nobody stores.
fn kept_row(block: Block, slice: u32, row: u32) -> vec4<f32> {
    let at = place_in_partial(block, slice, min(row, product.rows - 1u - block.row));
    let last = product.columns - 1u - block.column;
    return vec4<f32>(partial[at], partial[at + min(1u, last)], partial[at + min(2u, last)], partial[at + min(3u, last)]);
}
