// The output unit of four samples: dZ2 = σ(Z2) − Y and the loss. What is no sample has neither.
//# uses lib/one_hidden, lib/output

struct Output {
    dz2: vec4<f32>,
    loss: f32, // Σ over the four
}

fn output_of(group: u32, z2: vec4<f32>, y: vec4<f32>) -> Output {
    let is_sample = are_samples(group);
    let judged = logistic(z2, y);
    let dz2 = select(vec4<f32>(), judged.dz, is_sample);
    return Output(dz2, sum4(select(vec4<f32>(), judged.loss, is_sample)));
}
