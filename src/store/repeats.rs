//! Requests that programs may repeat (`Idempotency-Key`): what was answered, for a day.

use rusqlite::{OptionalExtension, named_params};

use super::{StoreError, Tx};
use crate::domain::known_by::KnownBy;
use crate::domain::time::{DAY_MS, MINUTE_MS};

/// Milliseconds for which an answer is kept.
pub const KEPT_MS: i64 = DAY_MS;
/// A request without an answer after so many milliseconds has ended with the server that took it.
const RUNNING_MS: i64 = 10 * MINUTE_MS;

/// A request by the token that sent it and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// The token's public id.
    pub token_id: String,
    /// The key that the program chose.
    pub key: String,
    /// What was asked, hashed: the method, the address, the body.
    pub request_hash: [u8; 32],
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body; none where it was too large to be kept, or may say something of somebody who was erased.
    pub body: Option<Vec<u8>>,
}

/// Whether a request is the first of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is, and is now on its way.
    First,
    /// The same was asked before and is still on its way.
    Running,
    /// The same was asked before, and answered.
    Repeat(Answered),
    /// Something else was asked with this key.
    Other,
}

/// Claims a key for a request.
///
/// # Errors
/// [`StoreError`] only.
pub fn claim(tx: &mut Tx<'_>, request: &Keyed) -> Result<Claim, StoreError> {
    let Keyed { token_id, key, request_hash } = request;
    tx.connection
        .prepare_cached(
            "DELETE FROM repeats WHERE token_id = :token AND idempotency_key = :key
               AND (at_ms < :kept OR (status IS NULL AND at_ms < :running))",
        )?
        .execute(named_params! {
            ":token": token_id, ":key": key, ":kept": tx.now_ms - KEPT_MS, ":running": tx.now_ms - RUNNING_MS,
        })?;
    let known = tx
        .connection
        .prepare_cached(
            "SELECT request_hash, status, content_type, body FROM repeats
             WHERE token_id = :token AND idempotency_key = :key",
        )?
        .query_row(named_params! { ":token": token_id, ":key": key }, |row| {
            let status: Option<u16> = row.get(1)?;
            let answered = match status {
                Some(status) => Some(Answered { status, content_type: row.get(2)?, body: row.get(3)? }),
                None => None,
            };
            Ok((row.get::<_, Vec<u8>>(0)?, answered))
        })
        .optional()?;
    match known {
        Some((hash, _)) if hash != request_hash => Ok(Claim::Other),
        Some((_, Some(answered))) => Ok(Claim::Repeat(answered)),
        Some((_, None)) => Ok(Claim::Running),
        None => {
            tx.connection
                .prepare_cached(
                    "INSERT INTO repeats (token_id, idempotency_key, request_hash, at_ms)
                     VALUES (:token, :key, :hash, :now)",
                )?
                .execute(named_params! { ":token": token_id, ":key": key, ":hash": request_hash, ":now": tx.now_ms })?;
            Ok(Claim::First)
        }
    }
}

/// Keeps the answer to a claimed request; without one the key is free again.
///
/// # Errors
/// [`StoreError`] only.
pub fn settle(tx: &mut Tx<'_>, request: &Keyed, answered: Option<&Answered>) -> Result<(), StoreError> {
    let (token, key) = (&request.token_id, &request.key);
    match answered {
        Some(Answered { status, content_type, body }) => tx
            .connection
            .prepare_cached(
                "UPDATE repeats SET status = :status, content_type = :type, body = :body
                 WHERE token_id = :token AND idempotency_key = :key",
            )?
            .execute(named_params! {
                ":token": token, ":key": key, ":status": status, ":type": content_type, ":body": body,
            })?,
        None => tx
            .connection
            .prepare_cached("DELETE FROM repeats WHERE token_id = :token AND idempotency_key = :key")?
            .execute(named_params! { ":token": token, ":key": key })?,
    };
    Ok(())
}

/// Forgets what was asked before an instant (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, before_ms: i64) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM repeats WHERE at_ms < ?1")?.execute([before_ms])?;
    Ok(())
}

/// Forgets what was answered: it may say something of somebody who is erased (R13). That it was done is kept, so that
/// it is not done again, but of keys that have a word of the person's in them.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn forget_answers(tx: &Tx<'_>, told_by: &KnownBy) -> Result<usize, StoreError> {
    let mut statement =
        tx.connection.prepare_cached("SELECT token_id, idempotency_key FROM repeats WHERE status IS NOT NULL")?;
    let keys: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut forget =
        tx.connection.prepare_cached("DELETE FROM repeats WHERE token_id = ?1 AND idempotency_key = ?2")?;
    let mut gone = 0;
    for (token, key) in keys.iter().filter(|(_, key)| told_by.stands_in(key)) {
        gone += forget.execute([token, key])?;
    }
    let mut empty = tx.connection.prepare_cached("UPDATE repeats SET body = NULL WHERE body IS NOT NULL")?;
    Ok(gone + empty.execute([])?)
}
