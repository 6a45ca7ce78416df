// Where the tensors of the networks lie, for kernels that go over all parameters. Mirrors Tensors in
// src/gpu/shader/uniforms.rs.
//
// parameters: for each network θ, then the moments of all parameters, one kind after another: stride numbers.
// sums:       for each network the sums of each row of W and b, two numbers, and behind them those of the network.
//# uses lib/network

struct Tensors {
    networks: u32,
    parameters: u32, // of a network
    stride: u32, // from one network's parameters to the next one's
    layers: u32,
    rows: u32, // of all layers
    update: u32, // 1: θ is updated; 0: the gradient that the update would take is stored
    // of each layer: where W starts, where b starts, columns and rows of W
    layer: array<vec4<u32>, 25>,
}

@group(0) @binding(0) var<uniform> tensors: Tensors;
@group(0) @binding(1) var<storage, read> networks: array<Network>; // of the output layer; a retired one has width 0

// Where the two numbers of a row lie, and behind the last row those of the network.
fn place_of_row(network: u32, row: u32) -> u32 {
    return 2u * (network * (tensors.rows + 1u) + row);
}
