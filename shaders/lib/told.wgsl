// What an update is taken over, for a workgroup that trains a network by itself: from the row of the host's table that
// gather.wgsl describes, or, where each is plain gradient descent over all samples (PLAIN), from the network's record alone.
//# uses lib/held, lib/turn

@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> inputs: array<f32>; // X (features × samples)
@group(0) @binding(4) var<storage, read> labels: array<f32>; // Y (outputs × samples), and behind it weights

var<private> row_of_table: u32; // where the update's row begins

fn begin_update(step: u32) {
    let of_places = select(0u, 2u * held.places, GATHERS);
    row_of_table = step % held.updates * (held.networks * TURN + of_places);
}

fn turn_of_update() -> Turn {
    if PLAIN {
        return Turn(trainees[network].network.learning_rate, 1.0, 1.0, 1.0, 0.0, 0u, 0u, 1.0);
    }
    let at = row_of_table + network * TURN;
    return Turn(
        bitcast<f32>(table[at]),
        bitcast<f32>(table[at + 1u]),
        bitcast<f32>(table[at + 2u]),
        bitcast<f32>(table[at + 3u]),
        bitcast<f32>(table[at + 4u]),
        table[at + 5u],
        table[at + 6u],
        bitcast<f32>(table[at + 7u]),
    );
}

// The places of a group; those that the batch does not have stand for its last.
fn places_at(group: u32) -> vec4<u32> {
    return min(4u * group + FOUR, vec4<u32>(held.places - 1u));
}

fn samples_at(group: u32) -> vec4<u32> {
    if GATHERS {
        let at = row_of_table + held.networks * TURN + 2u * places_at(group);
        return vec4<u32>(table[at.x], table[at.y], table[at.z], table[at.w]);
    }
    return places_at(group);
}

// The samples' shares of the mean.
fn weights_at(group: u32) -> vec4<f32> {
    var weights = vec4<f32>(1.0);
    if GATHERS {
        let at = row_of_table + held.networks * TURN + 2u * places_at(group) + 1u;
        weights = bitcast<vec4<f32>>(vec4<u32>(table[at.x], table[at.y], table[at.z], table[at.w]));
    } else if !PLAIN {
        weights = targets_at(width_of(held.layers), places_at(group));
    }
    return select(vec4<f32>(), weights, 4u * group + FOUR < vec4<u32>(held.places));
}

// A row of Y.
fn targets_at(row: u32, samples: vec4<u32>) -> vec4<f32> {
    let at = row * held.samples + samples;
    return vec4<f32>(labels[at.x], labels[at.y], labels[at.z], labels[at.w]);
}

// A row of X.
fn features_at(row: u32, samples: vec4<u32>) -> vec4<f32> {
    let at = row * held.samples + samples;
    return vec4<f32>(inputs[at.x], inputs[at.y], inputs[at.z], inputs[at.w]);
}

// X of the batch into the panel.
fn gather() {
    let first = held.layer[0].below;
    for (var i = invocation; i < width_of(0u) * held.groups; i += WORKGROUP) {
        keep(first + i, features_at(i / held.groups, samples_at(i % held.groups)));
    }
}

// A row of A of the layer below, or of X.
fn below_at(layer: Layer, row: u32, group: u32) -> vec4<f32> {
    if !GATHERS && layer.number == 0u {
        return features_at(row, places_at(group));
    }
    return panel_at(layer.at.below + row * held.groups + group);
}
