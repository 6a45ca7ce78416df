//! Every kernel's check against its CPU twin.

use super::{Check, dense, driver, layered, one_hidden, resident, resident_layers};
use crate::gpu::Gpu;
use crate::gpu::shader::kernel::Kernel;

/// The check of a kernel: one without does not compile.
pub fn check_of(kernel: Kernel) -> fn(&Gpu) -> Check {
    match kernel {
        Kernel::ForwardBlock => layered::forward_block,
        Kernel::ForwardTile => layered::forward_tile,
        Kernel::DeltaBlock => layered::delta_block,
        Kernel::DeltaTile => layered::delta_tile,
        Kernel::GradientBlock => layered::gradient_block,
        Kernel::GradientTile => layered::gradient_tile,
        Kernel::Gather => dense::gather,
        Kernel::OutputDelta => dense::output_delta,
        Kernel::Norms => dense::norms,
        Kernel::Update => dense::update,
        Kernel::SerialForward => one_hidden::serial_forward,
        Kernel::SerialBackward => one_hidden::serial_backward,
        Kernel::SplitForward => one_hidden::split_forward,
        Kernel::SplitBackward => one_hidden::split_backward,
        Kernel::ResidentNarrow => resident::narrow,
        Kernel::Resident => resident::two_passes,
        Kernel::ResidentLayers => resident_layers::one_update,
        Kernel::ProbeLoop => driver::loops,
        Kernel::ProbeFunction => driver::functions,
        Kernel::ProbeCopy => driver::copies,
        Kernel::ProbeBarrier => driver::barriers,
    }
}
