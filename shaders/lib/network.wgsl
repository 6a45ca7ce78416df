// What differs between the networks that train side by side. Mirrors NetworkRecord in src/gpu/uniforms.rs.
struct Network {
    width: u32, // units of this layer that the network has; buffers are as wide as the widest
    learning_rate: f32,
    slope: f32,
    borrowed_slope: f32, // of the derivative that the backward pass borrows, where it does
}
