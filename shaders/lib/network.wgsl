// What differs between networks that train side by side. Mirrors NetworkRecord in src/gpu/uniforms.rs.
struct Network {
    width: u32, // units of this layer in this network; buffers are as wide as the widest
    learning_rate: f32,
    slope: f32,
    borrowed_slope: f32, // of the derivative that the backward pass borrows, if it borrows one
}
