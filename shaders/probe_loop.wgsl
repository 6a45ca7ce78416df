// How far a loop goes: the turns it takes, and the state they lead to, which no compiler can compute in advance.
//# uses lib/probe

@group(0) @binding(0) var<uniform> probe: Probe;
@group(0) @binding(1) var<storage, read_write> results: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn probe_loop(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= probe.length {
        return;
    }
    var state = id.x;
    var turns = 0u;
    for (var turn = 0u; turn < probe.turns; turn++) {
        state = state * 1664525u + 1013904223u;
        turns++;
    }
    results[2u * id.x] = turns;
    results[2u * id.x + 1u] = state;
}
