// Which units are dropped, by the formulas of src/optim/dropout.rs.
//# uses lib/turn

// A bijection of 32 bits in which each bit of the result depends on all.
fn scrambled(x: vec4<u32>) -> vec4<u32> {
    var s = x + 0x9e3779b9u;
    s = (s ^ (s >> vec4<u32>(16u))) * 0x7feb352du;
    s = (s ^ (s >> vec4<u32>(15u))) * 0x846ca68bu;
    return s ^ (s >> vec4<u32>(16u));
}

// What A and dZ of a unit of a layer, counted from the inputs, are multiplied by, for the samples at four places of the batch.
fn mask(turn: Turn, layer: u32, unit: u32, places: vec4<u32>) -> vec4<f32> {
    let of_layer = scrambled(vec4<u32>(turn.key ^ layer));
    let of_unit = scrambled(of_layer ^ vec4<u32>(unit));
    let is_kept = scrambled(of_unit ^ places) >= vec4<u32>(turn.below);
    return select(vec4<f32>(), vec4<f32>(turn.factor), is_kept);
}
