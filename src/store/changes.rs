//! Change sets: written with each deed, read as history.

use rusqlite::params;
use serde_json::Value;

use super::list::{Cursor, Page};
use super::{Reader, StoreError, Tx};
use crate::domain::access::Grade;
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids::ChangeKey;
use crate::domain::limits::CHANGES_PER_DAY_MAX;
use crate::domain::time::DAY_MS;

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

// What the writer needs ------------------------------------------------------

/// The columns that name a subject: kind, key, and of a membership the company.
pub(super) fn subject_columns(subject: Subject) -> (i64, i64, i64) {
    match subject {
        Subject::User(user) => (0, user.0, 0),
        Subject::Company(company) => (1, company.0, 0),
        Subject::Membership(user, company) => (2, user.0, company.0),
        Subject::Visitor(visitor) => (3, visitor.0, 0),
        Subject::Workspace => (4, 0, 0),
        Subject::Source(source) => (5, source.0, 0),
    }
}

/// Writes one change set; nothing where nothing changed.
///
/// # Errors
/// [`StoreError`] only.
pub fn record(
    tx: &Tx<'_>,
    by: &By,
    cause: &str,
    grade: Grade,
    changes: &[Change],
) -> Result<Option<ChangeKey>, StoreError> {
    if changes.is_empty() {
        return Ok(None);
    }
    let (by_name, source) = match by {
        By::Message(source) => ("", Some(source.0)),
        By::Operator(name) | By::Token(name) => (name.as_str(), None),
        By::Rule(name) => (*name, None),
        By::Shell => ("", None),
    };
    tx.connection
        .prepare_cached(
            "INSERT INTO change_sets (at_ms, by_kind, by_name, cause, grade, source_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![tx.now_ms, by.kind(), by_name, cause, grade as i64, source])?;
    let set = tx.connection.last_insert_rowid();
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    for (place, change) in changes.iter().enumerate() {
        let (subject, key, company) = subject_columns(change.subject);
        thin_out(tx, subject, key, company, &change.field)?;
        tx.connection
            .prepare_cached(
                "INSERT INTO changes (subject, subject_key, change_key, place, company_key, field, before, after)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                subject,
                key,
                set,
                place as i64,
                company,
                change.field,
                text(&change.before),
                text(&change.after)
            ])?;
    }
    Ok(Some(ChangeKey(set)))
}

/// A value that changes more than 20 times a day keeps the first of them and the last (A6).
fn thin_out(tx: &Tx<'_>, subject: i64, key: i64, company: i64, field: &str) -> Result<(), StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT c.change_key, c.place FROM changes c JOIN change_sets s ON s.change_key = c.change_key
         WHERE c.subject = ?1 AND c.subject_key = ?2 AND c.company_key = ?3 AND c.field = ?4 AND s.at_ms > ?5
         ORDER BY c.change_key DESC LIMIT ?6",
    )?;
    let today = statement
        .query_map(params![subject, key, company, field, tx.now_ms - DAY_MS, CHANGES_PER_DAY_MAX as i64], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    if today.len() < CHANGES_PER_DAY_MAX {
        return Ok(());
    }
    for (set, place) in &today[..today.len() - 1] {
        tx.connection
            .prepare_cached(
                "DELETE FROM changes WHERE subject = ?1 AND subject_key = ?2 AND change_key = ?3 AND place = ?4",
            )?
            .execute(params![subject, key, set, place])?;
    }
    Ok(())
}
