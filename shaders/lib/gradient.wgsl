// The end of dW = dZ·Aᵀ/m and db = Σ dZ/m of a layer: its parameters go down their gradient, or the gradient is stored. At
// the output (IS_OUTPUT) the last row of dZ is the loss of each sample, whose sum is the cost: it goes into the history at the
// step that the network's counter shows, and the step is counted, unless the kernel `update` does that.
//
// A is dZ (rows × samples), B is A of the layer below or X, transposed, with a column of ones; C is (dW | db).
//# uses lib/product

@group(0) @binding(5) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradients: array<f32>;
@group(0) @binding(7) var<storage, read_write> history: array<f32>; // steps × networks
@group(0) @binding(8) var<storage, read_write> steps: array<u32>;

fn finish(block: Block, sums: Sums) {
    finish_row(block, block.row, sums.row0);
    finish_row(block, block.row + 1u, sums.row1);
    finish_row(block, block.row + 2u, sums.row2);
    finish_row(block, block.row + 3u, sums.row3);
}

fn finish_row(block: Block, row: u32, sums: vec4<f32>) {
    if row < product.rows {
        descend(block.network, row, block.column, sums.x);
        descend(block.network, row, block.column + 1u, sums.y);
        descend(block.network, row, block.column + 2u, sums.z);
        descend(block.network, row, block.column + 3u, sums.w);
    }
}

fn descend(network: u32, row: u32, column: u32, sum: f32) {
    let of_bias = product.columns - 1u;
    if column > of_bias {
        return;
    }
    if IS_OUTPUT && row == product.rows - 1u {
        if column == of_bias {
            let step = steps[network];
            history[step * product.networks + network] = sum * product.mean;
            if product.update != 2u {
                steps[network] = step + 1u;
            }
        }
        return;
    }
    let place = select(product.weights + row * of_bias + column, product.bias + row, column == of_bias);
    let at = network * product.parameters + place;
    let gradient = sum * product.mean;
    if product.update == 1u {
        parameters[at] = fma(-networks[network].learning_rate, gradient, parameters[at]);
    } else {
        gradients[at] = gradient;
    }
}
