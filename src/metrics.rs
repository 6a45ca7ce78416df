//! The file of metrics, a line of JSON for each logged cost: how much of one a run that goes on keeps.

use serde::Deserialize;

/// How each line begins: what has another beginning is no file of metrics.
pub const BEGINNING: &str = "{\"iteration\":";

/// The bytes of the lines below an iteration; a torn last line is not kept.
///
/// # Errors
/// The number, counted from 1, of the first line that is none of such a file's.
///
/// ```
/// let text = b"{\"iteration\":0,\"cost\":0.7}\n{\"iteration\":10,\"cost\":0.6}\n{\"iter";
/// assert_eq!(planar::metrics::kept(text, 11), Ok(55));
/// assert_eq!(planar::metrics::kept(text, 10), Ok(27));
/// assert_eq!(planar::metrics::kept(b"x,y\n", 10), Err(1));
/// ```
pub fn kept(text: &[u8], from: u64) -> std::result::Result<u64, usize> {
    #[derive(Deserialize)]
    struct Start {
        iteration: u64,
    }
    let mut kept = 0;
    for (k, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let at = serde_json::from_slice::<Start>(line).ok().filter(|_| line.starts_with(BEGINNING.as_bytes()));
        match at {
            Some(at) if at.iteration < from && line.ends_with(b"\n") => kept += line.len() as u64,
            Some(_) => break,
            None if !line.ends_with(b"\n") && is_torn(line) => break,
            None => return Err(k + 1),
        }
    }
    Ok(kept)
}

/// Whether it can be the beginning of a line.
fn is_torn(line: &[u8]) -> bool {
    let both = line.len().min(BEGINNING.len());
    line[..both] == BEGINNING.as_bytes()[..both]
}
