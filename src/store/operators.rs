//! Operators, their sign-ins, and links that work once.

use super::{Reader, StoreError, Tx};
use crate::domain::access::Role;
use crate::domain::ids::OperatorKey;

/// A person who signs in to the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Our row number.
    pub key: OperatorKey,
    /// E-mail address, in lower case.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// A password is set.
    pub has_password: bool,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub last_sign_in_ms: Option<i64>,
}

/// What a link that works once is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OneTimeLink {
    /// Making the first operator.
    SetUp,
    /// Setting this operator's password.
    Reset(Operator),
}

/// All operators in the order they were made.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>) -> Result<Vec<Operator>, StoreError> {
    let _ = db;
    todo!()
}

/// Whether there is an operator at all.
///
/// # Errors
/// [`StoreError`] only.
pub fn any(db: &Reader<'_>) -> Result<bool, StoreError> {
    let _ = db;
    todo!()
}

/// An operator by e-mail (any case), with the argon2 hash of the password where one is set.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, email: &str) -> Result<Option<(Operator, Option<String>)>, StoreError> {
    let _ = (db, email);
    todo!()
}

/// Adds an operator; `None` where the e-mail is taken.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(
    tx: &mut Tx<'_>,
    email: &str,
    role: Role,
    password_hash: Option<&str>,
) -> Result<Option<Operator>, StoreError> {
    let _ = (tx, email, role, password_hash);
    todo!()
}

/// Sets a password and ends all sign-ins of the operator.
///
/// # Errors
/// [`StoreError`] only.
pub fn set_password(tx: &mut Tx<'_>, operator: OperatorKey, password_hash: &str) -> Result<(), StoreError> {
    let _ = (tx, operator, password_hash);
    todo!()
}

/// Keeps a sign-in by the hash of its token; `last_sign_in_ms` of the operator moves.
///
/// # Errors
/// [`StoreError`] only.
pub fn sign_in(tx: &mut Tx<'_>, operator: OperatorKey, token_hash: &[u8], expires_ms: i64) -> Result<(), StoreError> {
    let _ = (tx, operator, token_hash, expires_ms);
    todo!()
}

/// The operator of a sign-in that has not expired, and when it will (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn signed_in(db: &Reader<'_>, token_hash: &[u8], now_ms: i64) -> Result<Option<(Operator, i64)>, StoreError> {
    let _ = (db, token_hash, now_ms);
    todo!()
}

/// Moves the end of a sign-in; `last_used_ms` is now.
///
/// # Errors
/// [`StoreError`] only.
pub fn renew(tx: &mut Tx<'_>, token_hash: &[u8], expires_ms: i64) -> Result<(), StoreError> {
    let _ = (tx, token_hash, expires_ms);
    todo!()
}

/// Ends a sign-in.
///
/// # Errors
/// [`StoreError`] only.
pub fn sign_out(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<(), StoreError> {
    let _ = (tx, token_hash);
    todo!()
}

/// Keeps a link that works once, by the hash of its token. A new set-up link replaces the old.
///
/// # Errors
/// [`StoreError`] only.
pub fn add_link(
    tx: &mut Tx<'_>,
    operator: Option<OperatorKey>,
    token_hash: &[u8],
    expires_ms: i64,
) -> Result<(), StoreError> {
    let _ = (tx, operator, token_hash, expires_ms);
    todo!()
}

/// What a link is for, while it has not expired.
///
/// # Errors
/// [`StoreError`] only.
pub fn link(db: &Reader<'_>, token_hash: &[u8], now_ms: i64) -> Result<Option<OneTimeLink>, StoreError> {
    let _ = (db, token_hash, now_ms);
    todo!()
}

/// Uses a link up; false where it is none (any more).
///
/// # Errors
/// [`StoreError`] only.
pub fn use_link(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<bool, StoreError> {
    let _ = (tx, token_hash);
    todo!()
}
