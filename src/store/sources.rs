//! Sources: websites and back ends that send data. Reading goes through the catalog.

use super::{Source, StoreError, Tx};
use crate::domain::ids::SourceKey;

/// A new source with its public key.
///
/// `source_id`, `write_key` and `secret` come from the caller, who shows them once.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(
    tx: &mut Tx<'_>,
    source_id: &str,
    name: &str,
    write_key: &str,
    secret: &str,
    origins: &[String],
    adopted_keys: &[String],
) -> Result<Source, StoreError> {
    let _ = (tx, source_id, name, write_key, secret, origins, adopted_keys);
    todo!()
}

/// What of a source can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceChange {
    /// Its name.
    Name(String),
    /// Live (true) or test (false).
    Live(bool),
    /// Answers 403 to everything.
    Paused(bool),
    /// New attributes wait in the tray.
    Closed(bool),
    /// Messages with a user must carry proof.
    SignaturesRequired(bool),
    /// The allowed origins, all of them.
    Origins(Vec<String>),
    /// The adopted keys, all of them.
    AdoptedKeys(Vec<String>),
}

/// Changes a source. A key that another source has is left out and named in the answer.
///
/// # Errors
/// [`StoreError`] only.
pub fn change(tx: &mut Tx<'_>, source: SourceKey, change: &SourceChange) -> Result<Vec<String>, StoreError> {
    let _ = (tx, source, change);
    todo!()
}
