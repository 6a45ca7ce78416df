// What a probe of the driver is told. Mirrors Probe in src/gpu/uniforms.rs.
struct Probe {
    length: u32, // invocations that have work
    turns: u32, // of the loop, or a factor
}
