//! Training on the CPU: the fast engine, and the textbook reference by which everything else is judged.

mod blocks;
pub mod engine;
mod inference;
pub mod operations;
pub mod reference;
pub(crate) mod textbook;
pub(crate) mod trainee;

use crate::backend::{Backend, Run};
use crate::data::Dataset;
use crate::{Error, Result, memory};

/// The default limit on the memory of a CPU session: 4 GiB, in bytes.
pub(crate) const MEMORY: u64 = 4 << 30;

/// Refuses networks that there is no memory for, rather than abort while they are trained.
pub(crate) fn check_room(backend: &dyn Backend, data: &Dataset, runs: &[Run]) -> Result<()> {
    let of = |run: &Run| backend.memory(data, &run.network, 1);
    let bytes = runs.iter().map(of).try_fold(0, |sum: u64, of| Ok::<_, Error>(sum.saturating_add(of?)))?;
    check_bytes(bytes)
}

/// Refuses more memory than there is.
fn check_bytes(bytes: u64) -> Result<()> {
    match usize::try_from(bytes).is_ok_and(memory::holds) {
        true => Ok(()),
        false => {
            let given = format_args!("{bytes} bytes");
            Err(Error::invalid("the memory that training takes", "at most what there is", given))
        }
    }
}

pub use engine::Engine;
pub use inference::{accuracy_on, evaluate_on, logits_at};
pub use reference::Reference;
