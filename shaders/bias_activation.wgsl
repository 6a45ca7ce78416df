// Z ← Z + b and A = g(Z) for every network. Units that a narrower network does not have get A = 0, so that they
// add nothing above and receive no gradient.
//
// Z, A (networks × units × samples), b among the parameters. Dispatch: one invocation per sample, unit and network.
//# uses lib/activation, lib/network

struct Layer {
    units: u32,
    samples: u32,
    bias_offset: u32,
    parameters: u32, // of one network
}

@group(0) @binding(0) var<uniform> layer: Layer;
@group(0) @binding(1) var<storage, read> networks: array<Network>;
@group(0) @binding(2) var<storage, read> parameters: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;
@group(0) @binding(4) var<storage, read_write> a: array<f32>;

@compute @workgroup_size(SAMPLES, UNITS)
fn bias_activation(@builtin(global_invocation_id) id: vec3<u32>) {
    let sample = id.x;
    let unit = id.y;
    let network = id.z;
    if sample >= layer.samples || unit >= layer.units || networks[network].width == 0u {
        return;
    }
    let i = (network * layer.units + unit) * layer.samples + sample;
    let biased = z[i] + parameters[network * layer.parameters + layer.bias_offset + unit];
    z[i] = biased;
    a[i] = select(0.0, activate(vec4<f32>(biased), networks[network].slope).value.x, unit < networks[network].width);
}
