// Rounds through workgroup memory: in each, an invocation writes, waits, reads its mirror image's value, and waits.
//# uses lib/probe

@group(0) @binding(0) var<uniform> probe: Probe;
@group(0) @binding(1) var<storage, read_write> results: array<u32>;

var<workgroup> shared_values: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn probe_barrier(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var value = id.x;
    for (var turn = 0u; turn < probe.turns; turn++) {
        shared_values[local] = value;
        workgroupBarrier();
        value = shared_values[WORKGROUP - 1u - local] + turn;
        workgroupBarrier();
    }
    if id.x < probe.length {
        results[id.x] = value;
    }
}
