//! Substrings of names, e-mails and ids of users.

use rusqlite::params;

use super::{StoreError, Tx};
use crate::domain::ids::UserKey;

/// Indexes the text of a user in place of what was indexed before.
pub(super) fn index_user(tx: &mut Tx<'_>, key: UserKey, text: &str) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM users_search WHERE rowid = ?1")?.execute([key.0])?;
    tx.connection
        .prepare_cached("INSERT INTO users_search (rowid, text) VALUES (?1, ?2)")?
        .execute(params![key.0, text.to_lowercase()])?;
    Ok(())
}
