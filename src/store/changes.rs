//! Change sets: written with each deed, read as history.

use super::list::{Cursor, Page};
use super::{Reader, StoreError};
use crate::domain::change::Subject;
use crate::domain::ids::ChangeKey;

/// A change of one field, as history shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRow {
    /// Its change set.
    pub change: ChangeKey,
    /// When it was done, Unix milliseconds.
    pub at_ms: i64,
    /// `message`, `operator`, `token`, `shell`, `rule`.
    pub by_kind: String,
    /// The operator, the token, or the source's name.
    pub by_name: String,
    /// The deed in a word.
    pub cause: String,
    /// `user`, `company`, `membership` …
    pub subject: &'static str,
    /// The id, and for people the name, of the user or company it is about.
    pub subject_id: String,
    /// Of a membership: the company's id.
    pub company_id: Option<String>,
    /// The field.
    pub field: String,
    /// Before.
    pub before: Option<serde_json::Value>,
    /// After.
    pub after: Option<serde_json::Value>,
}

/// A page of what changed about someone, newest first. A company's includes its memberships.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(
    db: &Reader<'_>,
    subject: Subject,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<ChangeRow>, StoreError> {
    let _ = (db, subject, after, size);
    todo!()
}
