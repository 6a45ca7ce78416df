// θ ← θ − α·dθ for every parameter of every network.
//
// θ, dθ (networks × parameters). Dispatch: one invocation per parameter and network.
//# uses lib/network

struct Update {
    parameters: u32, // of one network
}

@group(0) @binding(0) var<uniform> update_shape: Update;
@group(0) @binding(1) var<storage, read> networks: array<Network>;
@group(0) @binding(2) var<storage, read> gradients: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn update(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.y;
    if id.x >= update_shape.parameters || networks[network].width == 0u {
        return;
    }
    let i = network * update_shape.parameters + id.x;
    parameters[i] = parameters[i] - networks[network].learning_rate * gradients[i];
}
