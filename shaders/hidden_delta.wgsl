// dZ = dA ∘ g′(Z) of a hidden layer, in place, where dA = Wᵀ·dZ of the layer above, for every network.
//
// Z, dZ (networks × units × samples). Dispatch: one invocation per sample, unit and network.
//# uses lib/activation, lib/network

struct Layer {
    units: u32,
    samples: u32,
}

@group(0) @binding(0) var<uniform> layer: Layer;
@group(0) @binding(1) var<storage, read> networks: array<Network>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> dz: array<f32>;

@compute @workgroup_size(SAMPLES, UNITS)
fn hidden_delta(@builtin(global_invocation_id) id: vec3<u32>) {
    let sample = id.x;
    let unit = id.y;
    let network = id.z;
    if sample >= layer.samples || unit >= layer.units || networks[network].width == 0u {
        return;
    }
    let i = (network * layer.units + unit) * layer.samples + sample;
    dz[i] = dz[i] * activate_backward(vec4<f32>(z[i]), networks[network]).derivative.x;
}
