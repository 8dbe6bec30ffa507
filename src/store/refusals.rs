//! What was refused: counted by source, code and attribute, with one example.

use rusqlite::params;

use super::{Reader, StoreError, Tx};
use crate::domain::ids::{SourceKey, excerpt};

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

// What the writer needs ------------------------------------------------------

/// Counts a refusal, with an example that is cut to 100 characters.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(
    tx: &Tx<'_>,
    source: Option<SourceKey>,
    code: &str,
    attribute: Option<&str>,
    detail: &str,
    example: Option<&str>,
) -> Result<(), StoreError> {
    count_many(tx, source, code, attribute, detail, example, 1)
}

/// As [`count`], for so many of the same.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_many(
    tx: &Tx<'_>,
    source: Option<SourceKey>,
    code: &str,
    attribute: Option<&str>,
    detail: &str,
    example: Option<&str>,
    times: u64,
) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO refusals (source_key, code, attribute, count, first_seen_ms, last_seen_ms, example, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)
             ON CONFLICT (source_key, code, attribute) DO UPDATE SET
               count = count + excluded.count, last_seen_ms = excluded.last_seen_ms,
               example = excluded.example, detail = excluded.detail",
        )?
        .execute(params![
            source.map_or(0, |key| key.0),
            code,
            attribute.map(excerpt).unwrap_or_default(),
            i64::try_from(times).unwrap_or(i64::MAX),
            tx.now_ms,
            example.map(excerpt),
            excerpt(detail),
        ])?;
    Ok(())
}
