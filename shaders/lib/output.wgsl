// The output unit of four samples: dZ2 = σ(Z2) − Y and the loss. What is no sample has neither.
//# uses lib/activation, lib/loss, lib/one_hidden

struct Output {
    dz2: vec4<f32>,
    loss: f32, // Σ over the four
}

fn output_of(group: u32, z2: vec4<f32>, y: vec4<f32>) -> Output {
    let is_sample = are_samples(group);
    let dz2 = select(vec4<f32>(), sigmoid(z2).value - y, is_sample);
    return Output(dz2, sum4(select(vec4<f32>(), logit_loss(z2, y), is_sample)));
}
