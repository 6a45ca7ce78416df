// What an update of a network is told that the one before it was not. Mirrors Turn in src/gpu/shader/uniforms.rs.
struct Turn {
    rate: f32, // α of this update
    keep: f32, // 1 − α·decay
    first: f32, // 1 / (1 − β₁ᵗ)
    second: f32, // 1 / (1 − β₂ᵗ)
    penalty: f32, // λ/m
    key: u32, // of the units that are dropped in it
    below: u32, // what is below this of 32 bits drops a unit
    factor: f32, // 1 / (1 − rate) of dropout
}

const TURN: u32 = 8u; // its words
