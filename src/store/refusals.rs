//! What was refused: counted by source, code and attribute, with one example.

use super::{Reader, StoreError};

/// A refusal as its page and the API show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRow {
    /// The contract's code; also `write_key_unknown` and its like, for whole requests.
    pub code: String,
    /// The source's name; none where the key was not known.
    pub source: Option<String>,
    /// The attribute; none where the whole message was refused.
    pub attribute: Option<String>,
    /// How often.
    pub count: u64,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Unix milliseconds.
    pub last_seen_ms: i64,
    /// The last one, cut; gone after 30 days.
    pub example: Option<String>,
    /// The sentence that the last one was answered with.
    pub detail: String,
}

/// What was refused since an instant (Unix milliseconds), the latest first, at most `size`.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, since_ms: i64, size: usize) -> Result<Vec<RefusalRow>, StoreError> {
    let _ = (db, since_ms, size);
    todo!()
}
