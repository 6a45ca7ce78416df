//! Whether there is memory for something, which is asked before it is made: an allocation that fails ends the process.

use std::hint::black_box;

/// Whether the system gives this many bytes; they are given back.
pub(crate) fn holds(bytes: usize) -> bool {
    let mut room = Vec::<u8>::new();
    let given = room.try_reserve_exact(bytes).is_ok();
    // an allocation that nothing uses may be left out
    black_box(&mut room);
    given
}
