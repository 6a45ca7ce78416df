// A stand-in for the constants that the host generates for each shader, so that every file here is valid WGSL as it
// stands: this prelude, the files that it uses, and itself. The host never reads this file; tests/shaders.rs holds its
// names and its types, and the values of those that never vary, to what the host generates.

// The number of a repeat block's copy.
const k: u32 = 0u;
const r: u32 = 0u;

// The fused plan.
const BLOCKS: u32 = 1u;
const ROWS: u32 = 1u;
const SLABBED: bool = false;
const SPAN: u32 = 256u; // the terms that one f32 sum runs over; longer sums add such spans
const ACROSS: u32 = 64u;
const NETWORKS: u32 = 1u;

// The activations.
const TANH: u32 = 0u;
const SIGMOID: u32 = 1u;
const RELU: u32 = 2u;
const LEAKY_RELU: u32 = 3u;
const OWN: u32 = 4u;
const ACTIVATION: u32 = TANH;
const DERIVATIVE: u32 = OWN;

// The layered plan.
const TILE: u32 = 16u;
const SLAB: u32 = 1024u;
const TRANSPOSE_A: bool = false;
const TRANSPOSE_B: bool = false;
const SAMPLES: u32 = 64u;
const UNITS: u32 = 4u;

// The kernels of one dimension, and the probes.
const WORKGROUP: u32 = 64u;
const FUNCTION: u32 = 0u;
