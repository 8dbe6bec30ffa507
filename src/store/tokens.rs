//! Secret tokens of programs. Only the hash is kept.

use rusqlite::{OptionalExtension, Row, named_params};

use super::{Reader, StoreError, Tx};
use crate::domain::access::Scope;
use crate::domain::time::HOUR_MS;

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
    /// Unix milliseconds; noted at most once an hour.
    pub last_used_ms: Option<i64>,
    /// Unix milliseconds.
    pub revoked_ms: Option<i64>,
}

/// All tokens in the order they were made.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>) -> Result<Vec<Token>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT token_id, name, scope, created_ms, last_used_ms, revoked_ms FROM tokens ORDER BY token_key",
    )?;
    let rows = statement.query_map([], token)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A token of the six columns that every statement here names, in this order.
fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let scope: String = row.get(2)?;
    Ok(Token {
        token_id: row.get(0)?,
        name: row.get(1)?,
        // The table takes no other word; the least of the scopes is the safe one to read it as.
        scope: scope.parse().unwrap_or(Scope::Read),
        created_ms: row.get(3)?,
        last_used_ms: row.get(4)?,
        revoked_ms: row.get(5)?,
    })
}

/// A token that is not revoked, by the SHA-256 of its text.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, token_hash: &[u8]) -> Result<Option<Token>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT token_id, name, scope, created_ms, last_used_ms, revoked_ms
         FROM tokens WHERE token_hash = :token_hash AND revoked_ms IS NULL",
    )?;
    Ok(statement.query_row(named_params! { ":token_hash": token_hash }, token).optional()?)
}

/// Adds a token.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(tx: &mut Tx<'_>, token_id: &str, name: &str, scope: Scope, token_hash: &[u8]) -> Result<Token, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "INSERT INTO tokens (token_id, name, scope, token_hash, created_ms)
         VALUES (:token_id, :name, :scope, :token_hash, :now)
         RETURNING token_id, name, scope, created_ms, last_used_ms, revoked_ms",
    )?;
    let parameters = named_params! {
        ":token_id": token_id,
        ":name": name,
        ":scope": scope.as_str(),
        ":token_hash": token_hash,
        ":now": tx.now_ms,
    };
    Ok(statement.query_row(parameters, token)?)
}

/// Notes that a token was used, at most once an hour.
///
/// # Errors
/// [`StoreError`] only.
pub fn used(tx: &mut Tx<'_>, token_id: &str) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE tokens SET last_used_ms = :now
             WHERE token_id = :token_id AND coalesce(last_used_ms, 0) <= :now - :hour",
        )?
        .execute(named_params! { ":token_id": token_id, ":now": tx.now_ms, ":hour": HOUR_MS })?;
    Ok(())
}

/// Revokes a token; false where there is none of this id, or it is revoked.
///
/// # Errors
/// [`StoreError`] only.
pub fn revoke(tx: &mut Tx<'_>, token_id: &str) -> Result<bool, StoreError> {
    let revoked = tx
        .connection
        .prepare_cached("UPDATE tokens SET revoked_ms = :now WHERE token_id = :token_id AND revoked_ms IS NULL")?
        .execute(named_params! { ":token_id": token_id, ":now": tx.now_ms })?;
    Ok(revoked == 1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::store::{Ambient, Store};

    #[test]
    fn a_token_is_found_by_its_hash_until_it_is_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let now = 500 * HOUR_MS + 7;
        let clock = Arc::new(AtomicI64::new(now));
        let told = Arc::clone(&clock);
        let ambient = Ambient { now_ms: Arc::new(move || told.load(Ordering::Relaxed)), ..Ambient::default() };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        let made = store.write_now(|tx| add(tx, "t1", "CI", Scope::Write, b"hash")).unwrap();
        assert_eq!((made.scope, made.created_ms, made.last_used_ms), (Scope::Write, now, None));
        store.write_now(|tx| used(tx, "t1")).unwrap();
        let found = store.read_now(|db| find(db, b"hash")).unwrap().unwrap();
        assert_eq!(found.last_used_ms, Some(now), "not before it was made");
        for (later_ms, noted_ms) in [(HOUR_MS - 1, 0), (HOUR_MS, HOUR_MS)] {
            clock.store(now + later_ms, Ordering::Relaxed);
            store.write_now(|tx| used(tx, "t1")).unwrap();
            assert_eq!(store.read_now(list).unwrap()[0].last_used_ms, Some(now + noted_ms), "at most once an hour");
        }
        clock.store(now, Ordering::Relaxed);
        assert_eq!(store.read_now(|db| find(db, b"other")).unwrap(), None);
        assert!(store.write_now(|tx| revoke(tx, "t1")).unwrap());
        assert!(!store.write_now(|tx| revoke(tx, "t1")).unwrap());
        assert!(!store.write_now(|tx| revoke(tx, "t2")).unwrap());
        assert_eq!(store.read_now(|db| find(db, b"hash")).unwrap(), None);
        assert_eq!(store.read_now(list).unwrap()[0].revoked_ms, Some(now));
        store.close();
    }
}
