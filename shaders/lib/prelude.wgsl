// A stand-in for the constants that the host generates for each shader, so that every file here is valid WGSL as it
// stands: this prelude, the files that it uses, and itself. The host never reads this file; tests/shaders.rs holds its
// names and its types, and the values of those that never vary, to what the host generates.

// The number of a repeat block's copy.
const k: u32 = 0u;
const r: u32 = 0u;

// The plans of one hidden layer.
const BLOCKS: u32 = 1u;
const ROWS: u32 = 1u;
const LONGEST: u32 = 256u; // the terms that one f32 sum runs over; longer sums add such sums
const SPANS: u32 = 16u;
const SHORTEST_SPAN: u32 = 8u;
const SLABS: u32 = 32u;
const ACROSS: u32 = 8u;
const PARTS: u32 = 8u;
const SEVERAL: bool = false; // whether there are several rounds of slabs, or of spans
const NETWORKS: u32 = 1u;
const WIDEST: u32 = 4u;
const ITERATIONS: u32 = 64u;
const GROUPS: u32 = 1u;
const UNITS: u32 = 4u;
const SLICED: bool = true; // whether sums are cut into slices that another step adds
const STORED: bool = false;
const HELD_SPANS: u32 = 16u; // spans whose sums are in workgroup memory
const HELD_DELTAS: u32 = 100u; // groups whose dZ2 is in workgroup memory
const HELD_SUMS: u32 = 128u; // vectors of the slabs' sums in workgroup memory

// The activations.
const TANH: u32 = 0u;
const SIGMOID: u32 = 1u;
const RELU: u32 = 2u;
const LEAKY_RELU: u32 = 3u;
const IDENTITY: u32 = 4u;
const ELU: u32 = 5u;
const SOFTPLUS: u32 = 6u;
const SILU: u32 = 7u;
const GELU: u32 = 8u;
const OWN: u32 = 9u;
const ACTIVATION: u32 = TANH;
const DERIVATIVE: u32 = OWN;

// The layered plan.
const SLAB: u32 = 256u; // the terms that one f32 sum runs over
const SIDE: u32 = 16u; // blocks along a side of a tile
const DEPTH: u32 = 16u;
const TRANSPOSE_A: bool = false;
const TRANSPOSE_B: bool = false;
const ONES: bool = false;
const IS_OUTPUT: bool = false;
const ALONG_ROWS: bool = false;
const ADDS: bool = false;

// The layered plan for any dense network.
const LOGISTIC: u32 = 0u;
const SOFTMAX: u32 = 1u;
const SQUARES: u32 = 2u;
const OUTPUTS_ARE: u32 = LOGISTIC;
const IS_LINEAR: bool = false;
const DROPS: bool = false; // whether units are dropped
const LAYER: u32 = 0u; // counted from the inputs, where units are dropped
const GATHERS: bool = true;
const MOMENTS: u32 = 2u;
const REGULARISES: bool = true; // whether there is L2 or a clipped norm

// One workgroup for a network of any depth.
const SLICE: u32 = 1024u; // the terms of a sum over samples that are added before others
const PLAIN: bool = false; // whether all is plain gradient descent over all samples towards one logit
const HOLDS_THETA: bool = true; // whether workgroup memory has room for θ and its moments
const HOLDS_PANEL: bool = true; // and for a panel
const THETA: u32 = 64u; // vectors of θ and its moments there
const PANEL: u32 = 256u;

// Several kernels, and the probes.
const WORKGROUP: u32 = 64u;
const FUNCTION: u32 = 0u;
