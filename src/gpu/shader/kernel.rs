//! The kernels: what each is called and what it binds.

/// A kernel: a file of `shaders/` and the function of that name in it. `shaders/README.md` has their formulas,
/// `cpu::operations` their twins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// Z = W·A + b and A = g(Z) of a layer, a block per invocation.
    ForwardBlock,
    /// The same, a tile per workgroup.
    ForwardTile,
    /// dZ = (Wᵀ·dZ) ∘ g′(Z) of a hidden layer, a block per invocation.
    DeltaBlock,
    /// The same, a tile per workgroup.
    DeltaTile,
    /// dW, db and the update of a layer, a block per invocation.
    GradientBlock,
    /// The same, a tile per workgroup.
    GradientTile,
    /// The next batch, and what its update is told.
    Gather,
    /// dZ and the losses of outputs of any kind.
    OutputDelta,
    /// The norms of weights and gradients, for L2 and clipping.
    Norms,
    /// The update of all parameters by any optimiser.
    Update,
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
    /// Many updates of any depth, output and optimiser in one workgroup.
    ResidentLayers,
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
    pub const ALL: [Self; 21] = [
        Self::ForwardBlock,
        Self::ForwardTile,
        Self::DeltaBlock,
        Self::DeltaTile,
        Self::GradientBlock,
        Self::GradientTile,
        Self::Gather,
        Self::OutputDelta,
        Self::Norms,
        Self::Update,
        Self::SerialForward,
        Self::SerialBackward,
        Self::SplitForward,
        Self::SplitBackward,
        Self::ResidentNarrow,
        Self::Resident,
        Self::ResidentLayers,
        Self::ProbeLoop,
        Self::ProbeFunction,
        Self::ProbeCopy,
        Self::ProbeBarrier,
    ];

    /// The name of its function; its file is `NAME.wgsl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ForwardBlock => "forward_block",
            Self::ForwardTile => "forward_tile",
            Self::DeltaBlock => "delta_block",
            Self::DeltaTile => "delta_tile",
            Self::GradientBlock => "gradient_block",
            Self::GradientTile => "gradient_tile",
            Self::Gather => "gather",
            Self::OutputDelta => "output_delta",
            Self::Norms => "norms",
            Self::Update => "update",
            Self::SerialForward => "serial_forward",
            Self::SerialBackward => "serial_backward",
            Self::SplitForward => "split_forward",
            Self::SplitBackward => "split_backward",
            Self::ResidentNarrow => "resident_narrow",
            Self::Resident => "resident",
            Self::ResidentLayers => "resident_layers",
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
            Self::ForwardBlock | Self::ForwardTile => &[
                ("product", Uniform),
                ("networks", Read),
                ("a", Read),
                ("b", Read),
                ("partial", ReadWrite),
                ("z", ReadWrite),
                ("labels", Read),
                ("results", ReadWrite),
                ("turns", Read),
            ],
            Self::DeltaBlock | Self::DeltaTile => &[
                ("product", Uniform),
                ("networks", Read),
                ("a", Read),
                ("b", Read),
                ("partial", ReadWrite),
                ("z", Read),
                ("dz", ReadWrite),
                ("turns", Read),
            ],
            Self::GradientBlock | Self::GradientTile => &[
                ("product", Uniform),
                ("networks", Read),
                ("a", Read),
                ("b", Read),
                ("partial", ReadWrite),
                ("parameters", ReadWrite),
                ("gradients", ReadWrite),
                ("history", ReadWrite),
                ("steps", ReadWrite),
            ],
            Self::Gather => &[
                ("batch", Uniform),
                ("networks", Read),
                ("table", Read),
                ("inputs", Read),
                ("labels", Read),
                ("steps", Read),
                ("turns", ReadWrite),
                ("batch_inputs", ReadWrite),
                ("batch_labels", ReadWrite),
            ],
            Self::OutputDelta => &[
                ("shape", Uniform),
                ("networks", Read),
                ("z", Read),
                ("labels", Read),
                ("dz", ReadWrite),
                ("steps", ReadWrite),
            ],
            Self::Norms => &[
                ("tensors", Uniform),
                ("networks", Read),
                ("recipes", Read),
                ("turns", Read),
                ("parameters", Read),
                ("gradients", Read),
                ("sums", ReadWrite),
                ("history", ReadWrite),
                ("steps", Read),
            ],
            Self::Update => &[
                ("tensors", Uniform),
                ("networks", Read),
                ("recipes", Read),
                ("turns", Read),
                ("sums", Read),
                ("parameters", ReadWrite),
                ("gradients", ReadWrite),
                ("steps", ReadWrite),
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
            Self::ResidentLayers => &[
                ("held", Uniform),
                ("trainees", Read),
                ("table", Read),
                ("inputs", Read),
                ("labels", Read),
                ("parameters", ReadWrite),
                ("panels", ReadWrite),
                ("history", ReadWrite),
                ("steps", ReadWrite),
                ("asked", Uniform),
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

    /// Whether it writes each word of its workgroup memory before it reads it, so that no driver need fill it with zeros:
    /// Metal's and DX12's do so slowly.
    pub fn writes_workgroup_memory_first(self) -> bool {
        let of_layers = matches!(self, Self::ForwardTile | Self::DeltaTile | Self::GradientTile);
        let of_split = matches!(self, Self::SplitForward | Self::SplitBackward);
        of_layers || of_split || matches!(self, Self::ResidentNarrow | Self::Resident | Self::ResidentLayers)
    }

    /// Whether it looks at the driver instead of training.
    pub fn is_probe(self) -> bool {
        matches!(self, Self::ProbeLoop | Self::ProbeFunction | Self::ProbeCopy | Self::ProbeBarrier)
    }
}
