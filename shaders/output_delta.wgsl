// dZ = A − Y at the output, where A = σ(Z), for every network.
//
// A, dZ (networks × samples), Y (samples). Dispatch: one invocation per sample and network.
//# uses lib/network

struct Output {
    samples: u32,
}

@group(0) @binding(0) var<uniform> output: Output;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> dz: array<f32>;
@group(0) @binding(4) var<storage, read> networks: array<Network>; // a retired one has width 0

@compute @workgroup_size(WORKGROUP)
fn output_delta(@builtin(global_invocation_id) id: vec3<u32>) {
    let sample = id.x;
    let network = id.y;
    if sample >= output.samples || networks[network].width == 0u {
        return;
    }
    let i = network * output.samples + sample;
    dz[i] = a[i] - y[sample];
}
