// What an update is taken over: from the table of the updates that are queued, what it is told for each network; and with
// GATHERS the columns of X and Y of its batch, and the weights of its samples, whose sum is 1.
//
// table:   for each update that fits in, Turn of each network; then, for each place of the batch, the sample and its weight.
//          A place that a shorter batch does not fill holds some sample, of weight 0.
// turns:   Turn of each network for this update, as words.
// labels:  Y (outputs × samples), and in those of a batch the weights as one more row.
// steps:   behind the networks' counters, the updates that have begun.
//
// Dispatch: (networks or places of the batch / WORKGROUP, 1 + rows of X, Y and the weights / 4).
//# uses lib/network, lib/turn

struct Batch {
    networks: u32,
    samples: u32,
    places: u32, // of a batch
    features: u32,
    outputs: u32,
    updates: u32, // that fit in the table
}

@group(0) @binding(0) var<uniform> batch: Batch;
@group(0) @binding(1) var<storage, read> networks: array<Network>;
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read> inputs: array<f32>;
@group(0) @binding(4) var<storage, read> labels: array<f32>;
@group(0) @binding(5) var<storage, read> steps: array<u32>;
@group(0) @binding(6) var<storage, read_write> turns: array<u32>;
@group(0) @binding(7) var<storage, read_write> batch_inputs: array<f32>;
@group(0) @binding(8) var<storage, read_write> batch_labels: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn gather(@builtin(global_invocation_id) id: vec3<u32>) {
    let of_turns = batch.networks * TURN;
    let length = of_turns + select(0u, 2u * batch.places, GATHERS);
    let first = (steps[batch.networks] % batch.updates) * length;
    if id.y == 0u {
        if id.x < batch.networks && networks[id.x].width > 0u {
            for (var word = id.x * TURN; word < (id.x + 1u) * TURN; word++) {
                turns[word] = table[first + word];
            }
        }
        return;
    }
    if !GATHERS || id.x >= batch.places {
        return;
    }
    let place = first + of_turns + 2u * id.x;
    let sample = table[place];
    let rows = batch.features + batch.outputs + 1u;
    for (var row = 4u * (id.y - 1u); row < min(4u * id.y, rows); row++) {
        if row < batch.features {
            batch_inputs[row * batch.places + id.x] = inputs[row * batch.samples + sample];
        } else {
            let output = row - batch.features;
            let weight = bitcast<f32>(table[place + 1u]);
            // the last row is not stored in labels
            let y = labels[min(output, batch.outputs - 1u) * batch.samples + sample];
            batch_labels[output * batch.places + id.x] = select(weight, y, output < batch.outputs);
        }
    }
}
