// Copies values, multiplies them by a factor, and says whether their bits are those of a finite number.
//# uses lib/probe

@group(0) @binding(0) var<uniform> probe: Probe;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> copies: array<f32>;
@group(0) @binding(3) var<storage, read_write> products: array<f32>;
@group(0) @binding(4) var<storage, read_write> finite: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn probe_copy(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= probe.length {
        return;
    }
    let value = values[id.x];
    copies[id.x] = value;
    products[id.x] = value * f32(probe.turns);
    finite[id.x] = select(0u, 1u, (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u);
}
