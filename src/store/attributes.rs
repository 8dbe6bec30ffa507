//! Attribute definitions, and the tray of values that were not taken.

use rusqlite::params;
use serde_json::Value;

use super::catalog::Definition;
use super::changes::subject_columns;
use super::{StoreError, Tx};
use crate::domain::access::Grade;
use crate::domain::attributes::{Owner, Stamp, Type};
use crate::domain::change::Subject;
use crate::domain::error::Code;
use crate::domain::ids::SourceKey;
use crate::domain::limits::TRAY_PER_OWNER_MAX;
use crate::domain::time::HOUR_MS;

/// Makes a definition: a name and the type that its first value decided (A1).
///
/// # Errors
/// [`StoreError`] only.
pub fn define(
    tx: &mut Tx<'_>,
    owner: Owner,
    name: &str,
    kind: Type,
    grade: Grade,
    source: SourceKey,
) -> Result<Definition, StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO attribute_definitions (owner, name, type, created_ms, grade, source_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![owner as i64, name, kind.as_str(), tx.now_ms, grade as i64, source.0])?;
    let definition = Definition { kind, locked: false, history: true };
    let now_ms = tx.now_ms;
    let catalog = tx.catalog_mut();
    catalog.definitions.entry(owner).or_default().insert(name.to_owned(), definition);
    if grade == Grade::Unsigned {
        let times = catalog.unsigned_definitions.entry(source).or_default();
        times.retain(|made| now_ms - made < HOUR_MS);
        times.push(now_ms);
    }
    Ok(definition)
}

/// A date widens to a datetime (A1).
///
/// # Errors
/// [`StoreError`] only.
pub fn widen(tx: &mut Tx<'_>, owner: Owner, name: &str) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE attribute_definitions SET type = 'datetime' WHERE owner = ?1 AND name = ?2")?
        .execute(params![owner as i64, name])?;
    if let Some(definition) = tx.catalog_mut().definitions.get_mut(&owner).and_then(|names| names.get_mut(name)) {
        definition.kind = Type::Datetime;
    }
    Ok(())
}

/// Keeps a refused value until its attribute can take it (A2); the latest of a name.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep_in_tray(
    tx: &Tx<'_>,
    subject: Subject,
    name: &str,
    code: Code,
    value: &Value,
    stamp: Stamp,
) -> Result<(), StoreError> {
    let (_, key, company) = subject_columns(subject);
    let owner = match subject {
        Subject::Company(_) => Owner::Company,
        Subject::Membership(..) => Owner::Membership,
        _ => Owner::User,
    };
    // A visitor's key stands below zero, as in the journal's folds.
    let key = if matches!(subject, Subject::Visitor(_)) { -key } else { key };
    let waiting: i64 = tx
        .connection
        .prepare_cached("SELECT count(*) FROM tray_values WHERE owner = ?1 AND owner_key = ?2")?
        .query_row([owner as i64, key], |row| row.get(0))?;
    if waiting >= TRAY_PER_OWNER_MAX {
        return Ok(());
    }
    tx.connection
        .prepare_cached(
            "INSERT INTO tray_values (owner, owner_key, company_key, name, code, value, at_ms, message_hash, grade, source_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (owner, owner_key, company_key, name) DO UPDATE SET
               code = excluded.code, value = excluded.value, at_ms = excluded.at_ms,
               message_hash = excluded.message_hash, grade = excluded.grade, source_key = excluded.source_key
             WHERE excluded.at_ms >= at_ms",
        )?
        .execute(params![
            owner as i64,
            key,
            company,
            name,
            code.as_str(),
            value.to_string(),
            stamp.at_ms,
            stamp.message_hash,
            stamp.grade as i64,
            stamp.source.0
        ])?;
    Ok(())
}
