//! Users of whom a file says all companies they belong to (C1): their other memberships end when its last row is done, so
//! that a user may have several rows.

use rusqlite::params;

use crate::domain::ids::{ImportKey, UserKey};
use crate::store::{StoreError, Tx};

/// Keeps that a row named companies of a user.
///
/// # Errors
/// [`StoreError`] only.
pub fn note(tx: &Tx<'_>, import: ImportKey, user: UserKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("INSERT OR IGNORE INTO import_replaces (import_key, user_key) VALUES (?1, ?2)")?
        .execute([import.0, user.0])?;
    Ok(())
}

/// The next users, who are forgotten with it.
///
/// # Errors
/// [`StoreError`] only.
pub fn take(tx: &Tx<'_>, import: ImportKey, limit: usize) -> Result<Vec<UserKey>, StoreError> {
    let mut statement = tx
        .connection
        .prepare_cached("SELECT user_key FROM import_replaces WHERE import_key = ?1 ORDER BY user_key LIMIT ?2")?;
    let users = statement.query_map(params![import.0, limit as i64], |row| row.get(0).map(UserKey))?;
    let users = users.collect::<Result<Vec<_>, _>>()?;
    if let Some(last) = users.last() {
        tx.connection
            .prepare_cached("DELETE FROM import_replaces WHERE import_key = ?1 AND user_key <= ?2")?
            .execute([import.0, last.0])?;
    }
    Ok(users)
}

/// Forgets them all.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, import: ImportKey) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM import_replaces WHERE import_key = ?1")?.execute([import.0])?;
    Ok(())
}
