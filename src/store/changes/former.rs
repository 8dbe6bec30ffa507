//! What a field was changed by last, and which value it has again where that is taken back.

use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use super::{ChangeRow, subject_columns};
use crate::domain::change::Subject;
use crate::domain::ids::ChangeKey;
use crate::store::{StoreError, Tx};

/// Changes of a field that were taken back, and are passed over for the value before them.
const FORMER_MAX: usize = 100;

/// The deed that changed a field last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// Its change set.
    pub change: ChangeKey,
    /// When it was done, Unix milliseconds.
    pub at_ms: i64,
    /// The deed in a word.
    pub cause: String,
}

/// The latest change of a field.
///
/// # Errors
/// [`StoreError`] only.
pub fn latest(tx: &Tx<'_>, about: Subject, field: &str) -> Result<Option<Latest>, StoreError> {
    let (subject, key, company) = subject_columns(about);
    let mut statement = tx.connection.prepare_cached(
        "SELECT s.change_key, s.at_ms, s.cause FROM changes AS c JOIN change_sets AS s USING (change_key)
         WHERE c.subject = ?1 AND c.subject_key = ?2 AND c.company_key = ?3 AND c.field = ?4
         ORDER BY c.change_key DESC LIMIT 1",
    )?;
    let latest = statement.query_row(params![subject, key, company, field], |row| {
        Ok(Latest { change: ChangeKey(row.get(0)?), at_ms: row.get(1)?, cause: row.get(2)? })
    });
    Ok(latest.optional()?)
}

/// The value that a field has again where a change of it is taken back: the one before it. One that came with a deed
/// which was itself taken back since, while this change stood over it, gives way to the one before that.
///
/// # Errors
/// [`StoreError`] only.
pub fn former(tx: &Tx<'_>, row: &ChangeRow) -> Result<Option<Value>, StoreError> {
    let (subject, key, company) = subject_columns(row.about);
    let mut statement = tx.connection.prepare_cached(
        "SELECT c.change_key, c.before, c.after,
                coalesce(s.undone_by, 0) > ?6 OR coalesce(s.source_key, -1) IN (
                  SELECT source_key FROM imports INDEXED BY imports_taken_back
                  WHERE state IN ('undoing', 'undone') AND source_key IS NOT NULL)
         FROM changes AS c JOIN change_sets AS s USING (change_key)
         WHERE c.subject = ?1 AND c.subject_key = ?2 AND c.company_key = ?3 AND c.field = ?4 AND c.change_key < ?5
         ORDER BY c.change_key DESC LIMIT 1",
    )?;
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let (mut value, mut change) = (row.before.clone(), row.change.0);
    for _ in 0..FORMER_MAX {
        let earlier = statement
            .query_row(params![subject, key, company, row.field, change, row.change.0], |row| {
                Ok((row.get(0)?, json(row.get(1)?), json(row.get(2)?), row.get::<_, bool>(3)?))
            })
            .optional()?;
        match earlier {
            Some((earlier, before, after, true)) if after == value => (value, change) = (before, earlier),
            _ => break,
        }
    }
    Ok(value)
}
