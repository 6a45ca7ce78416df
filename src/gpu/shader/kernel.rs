//! The kernels: what each is called and what it binds.

/// A kernel: a file of `shaders/` and the function of that name in it. `shaders/README.md` has their formulas,
/// `cpu::operations` their twins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// C = scale·A·B, in tiles.
    Matmul,
    /// Z ← Z + b, A = g(Z).
    BiasActivation,
    /// dZ = A − Y.
    OutputDelta,
    /// dZ = dA ∘ g′(Z).
    HiddenDelta,
    /// db = scale·Σ dZ.
    BiasSum,
    /// Σ over slabs.
    SumSlabs,
    /// θ ← θ − α·dθ.
    Update,
    /// scale·Σ loss, one slab at a time.
    Cost,
    /// Writes the cost into the history and counts the step.
    Record,
    /// X to dZ2 and the loss of one hidden layer, a sample per invocation.
    SerialForward,
    /// dZ2 to the gradients and the update of one hidden layer, a unit per invocation.
    SerialBackward,
    /// [`SerialForward`](Self::SerialForward) with the units shared out in a workgroup.
    SplitForward,
    /// [`SerialBackward`](Self::SerialBackward) with the samples shared out in a workgroup.
    SplitBackward,
    /// Many iterations of up to four units, forward and backward in one pass.
    ResidentNarrow,
    /// Many iterations of one hidden layer in one workgroup.
    Resident,
    /// How far the driver's loops go.
    ProbeLoop,
    /// A function's values.
    ProbeFunction,
    /// Values through a buffer.
    ProbeCopy,
    /// Rounds through workgroup memory.
    ProbeBarrier,
}

/// How a kernel uses one of its bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `var<uniform>`.
    Uniform,
    /// `var<storage, read>`.
    Read,
    /// `var<storage, read_write>`.
    ReadWrite,
}

impl Kernel {
    /// All kernels.
    pub const ALL: [Self; 19] = [
        Self::Matmul,
        Self::BiasActivation,
        Self::OutputDelta,
        Self::HiddenDelta,
        Self::BiasSum,
        Self::SumSlabs,
        Self::Update,
        Self::Cost,
        Self::Record,
        Self::SerialForward,
        Self::SerialBackward,
        Self::SplitForward,
        Self::SplitBackward,
        Self::ResidentNarrow,
        Self::Resident,
        Self::ProbeLoop,
        Self::ProbeFunction,
        Self::ProbeCopy,
        Self::ProbeBarrier,
    ];

    /// The name of its function; its file is `NAME.wgsl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matmul => "matmul",
            Self::BiasActivation => "bias_activation",
            Self::OutputDelta => "output_delta",
            Self::HiddenDelta => "hidden_delta",
            Self::BiasSum => "bias_sum",
            Self::SumSlabs => "sum_slabs",
            Self::Update => "update",
            Self::Cost => "cost",
            Self::Record => "record",
            Self::SerialForward => "serial_forward",
            Self::SerialBackward => "serial_backward",
            Self::SplitForward => "split_forward",
            Self::SplitBackward => "split_backward",
            Self::ResidentNarrow => "resident_narrow",
            Self::Resident => "resident",
            Self::ProbeLoop => "probe_loop",
            Self::ProbeFunction => "probe_function",
            Self::ProbeCopy => "probe_copy",
            Self::ProbeBarrier => "probe_barrier",
        }
    }

    /// What it binds, by the names in the shader, from `@binding(0)`.
    pub fn bindings(self) -> &'static [(&'static str, Binding)] {
        use Binding::{Read, ReadWrite, Uniform};
        match self {
            Self::Matmul => &[("product", Uniform), ("a", Read), ("b", Read), ("c", ReadWrite), ("networks", Read)],
            Self::BiasActivation => {
                &[("layer", Uniform), ("networks", Read), ("parameters", Read), ("z", ReadWrite), ("a", ReadWrite)]
            }
            Self::OutputDelta => {
                &[("output", Uniform), ("a", Read), ("y", Read), ("dz", ReadWrite), ("networks", Read)]
            }
            Self::HiddenDelta => &[("layer", Uniform), ("networks", Read), ("z", Read), ("dz", ReadWrite)],
            Self::BiasSum => &[("sums", Uniform), ("dz", Read), ("db", ReadWrite), ("networks", Read)],
            Self::SumSlabs => &[("slabs", Uniform), ("partial", Read), ("total", ReadWrite), ("networks", Read)],
            Self::Update => {
                &[("update_shape", Uniform), ("networks", Read), ("gradients", Read), ("parameters", ReadWrite)]
            }
            Self::Cost => {
                &[("cost_shape", Uniform), ("z", Read), ("y", Read), ("partial", ReadWrite), ("networks", Read)]
            }
            Self::Record => &[
                ("shape", Uniform),
                ("partial", Read),
                ("history", ReadWrite),
                ("steps", ReadWrite),
                ("networks", Read),
            ],
            Self::SerialForward | Self::SplitForward => &[
                ("shape", Uniform),
                ("networks", Read),
                ("inputs", Read),
                ("labels", Read),
                ("parameters", Read),
                ("deltas", ReadWrite),
                ("logits", ReadWrite),
            ],
            Self::SerialBackward | Self::SplitBackward => &[
                ("shape", Uniform),
                ("networks", Read),
                ("inputs", Read),
                ("deltas", Read),
                ("parameters", ReadWrite),
                ("gradients", ReadWrite),
                ("asked", Read),
                ("history", ReadWrite),
                ("steps", ReadWrite),
            ],
            Self::ResidentNarrow => &[
                ("shape", Uniform),
                ("networks", Read),
                ("inputs", Read),
                ("labels", Read),
                ("parameters", ReadWrite),
                ("history", ReadWrite),
                ("steps", ReadWrite),
                ("asked", Read),
            ],
            Self::Resident => &[
                ("shape", Uniform),
                ("networks", Read),
                ("inputs", Read),
                ("labels", Read),
                ("parameters", ReadWrite),
                ("history", ReadWrite),
                ("steps", ReadWrite),
                ("asked", Read),
                ("deltas", ReadWrite),
            ],
            Self::ProbeLoop | Self::ProbeBarrier => &[("probe", Uniform), ("results", ReadWrite)],
            Self::ProbeFunction => &[("probe", Uniform), ("values", Read), ("results", ReadWrite)],
            Self::ProbeCopy => &[
                ("probe", Uniform),
                ("values", Read),
                ("copies", ReadWrite),
                ("products", ReadWrite),
                ("finite", ReadWrite),
            ],
        }
    }

    /// Whether it looks at the driver instead of training.
    pub fn is_probe(self) -> bool {
        matches!(self, Self::ProbeLoop | Self::ProbeFunction | Self::ProbeCopy | Self::ProbeBarrier)
    }
}
