//! Secret tokens of programs. Only the hash is kept.

use super::{Reader, StoreError, Tx};
use crate::domain::access::Scope;

/// A token as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its public id.
    pub token_id: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds, to the hour.
    pub last_used_ms: Option<i64>,
    /// Unix milliseconds.
    pub revoked_ms: Option<i64>,
}

/// All tokens in the order they were made.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>) -> Result<Vec<Token>, StoreError> {
    let _ = db;
    todo!()
}

/// A token that is not revoked, by the SHA-256 of its text.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, token_hash: &[u8]) -> Result<Option<Token>, StoreError> {
    let _ = (db, token_hash);
    todo!()
}

/// Adds a token.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(tx: &mut Tx<'_>, token_id: &str, name: &str, scope: Scope, token_hash: &[u8]) -> Result<Token, StoreError> {
    let _ = (tx, token_id, name, scope, token_hash);
    todo!()
}

/// Notes that a token was used, at most once an hour.
///
/// # Errors
/// [`StoreError`] only.
pub fn used(tx: &mut Tx<'_>, token_id: &str) -> Result<(), StoreError> {
    let _ = (tx, token_id);
    todo!()
}

/// Revokes a token; false where there is none of this id, or it is revoked.
///
/// # Errors
/// [`StoreError`] only.
pub fn revoke(tx: &mut Tx<'_>, token_id: &str) -> Result<bool, StoreError> {
    let _ = (tx, token_id);
    todo!()
}
