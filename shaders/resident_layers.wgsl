// Many updates of a network of any depth in one dispatch: a workgroup trains a network, whose θ and moments, and whose A and
// dZ of a batch, stay in workgroup memory where that has room. There is a barrier behind each step of an update. Every element
// of a product is summed by one invocation, in the order of the layered plan, whose bits this kernel has.
//
// steps: of each network those done in this chunk; behind them, but for PLAIN networks, the updates that have begun, as the
//        layered plan counts them.
//
// Dispatch: (networks).
//# uses lib/step

@group(0) @binding(8) var<storage, read_write> steps: array<u32>;
@group(0) @binding(9) var<uniform> asked: u32; // the step of the chunk to end at

var<workgroup> done: u32; // updates of the chunk before this dispatch

@compute @workgroup_size(WORKGROUP)
fn resident_layers(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    network = workgroup.x;
    invocation = local;
    if !PLAIN && workgroup.x == 0u && local == 0u {
        steps[held.networks] = min(steps[held.networks] + ITERATIONS, asked);
    }
    if trainees[workgroup.x].network.width == 0u {
        return; // retired: the whole workgroup leaves
    }
    if local == 0u {
        done = steps[workgroup.x];
    }
    let begun = workgroupUniformLoad(&done);
    if HOLDS_THETA {
        fetch();
        barrier();
    }
    let blocks = blocks_of_gradient();
    let last = min(begun + ITERATIONS, asked);
    for (var step = begun; step < last; step++) {
        begin_update(step);
        if GATHERS {
            gather();
            barrier();
        }
        for (var number = 0u; number < held.layers; number++) {
            forward(number);
            barrier();
        }
        output_delta();
        barrier();
        for (var above = held.layers - 1u; above > 0u; above--) {
            delta(above - 1u);
            barrier();
        }
        gradients(step, blocks);
        barrier();
        if REGULARISES {
            sums_of_rows();
            barrier();
            regularised_update(step);
            barrier();
        }
        if local == 0u {
            steps[workgroup.x] = step + 1u;
        }
    }
    if HOLDS_THETA {
        put_back();
    }
}
