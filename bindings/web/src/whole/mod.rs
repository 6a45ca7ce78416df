//! What few visitors ask for: a table of one's own, a checkpoint, and why a training fails. A module of its own has it, which is
//! fetched then; in the first one `part.rs` takes its place.

mod checkpoint;
mod why;

use std::path::Path;

use planar::Result;
use planar::data::table::Input;
use planar::data::{Options, Prepared};

pub use checkpoint::load;
pub use why::why;

/// The samples of a table.
///
/// # Errors
/// Those of [`Prepared::of_table`].
pub fn table(name: &str, bytes: &[u8], options: &Options, held_out: Option<(f64, u32)>) -> Result<Prepared> {
    Prepared::of_table(Input::Bytes(Path::new(name), bytes), options, held_out, &mut |_| ())
}
