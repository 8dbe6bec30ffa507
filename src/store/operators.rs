//! Operators, their sign-ins, and links that work once.

use chrono_tz::Tz;
use rusqlite::{OptionalExtension, Row, named_params, params};

use super::{Reader, StoreError, Tx};
use crate::domain::access::Role;
use crate::domain::ids::{CompanyKey, OperatorKey, UserKey};
use crate::domain::profile::Profile;

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
    /// How the dashboard looks for them.
    pub looks: Looks,
}

/// How the dashboard looks for an operator, in the dashboard's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// `roomy` or `dense`.
    pub density: String,
    /// The zone in which instants are shown; none is the workspace's (T4).
    pub time_zone: Option<Tz>,
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
    let mut statement = db.0.prepare_cached(
        "SELECT operator_key, email, role, password_hash IS NOT NULL, created_ms, last_sign_in_ms,
                theme, density, time_zone
         FROM operators ORDER BY operator_key",
    )?;
    let rows = statement.query_map([], operator)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The operators in the order of their addresses.
pub(super) fn by_email(db: &Reader<'_>) -> Result<Vec<(OperatorKey, String)>, StoreError> {
    let mut all: Vec<(OperatorKey, String)> = list(db)?.into_iter().map(|one| (one.key, one.email)).collect();
    all.sort_by_cached_key(|(_, email)| (email.to_lowercase(), email.clone()));
    Ok(all)
}

/// An operator of the nine columns that every statement here names first, in this order.
fn operator(row: &Row<'_>) -> rusqlite::Result<Operator> {
    let role: String = row.get(2)?;
    Ok(Operator {
        key: OperatorKey(row.get(0)?),
        email: row.get(1)?,
        // The table takes no other word; the least of the roles is the safe one to read it as.
        role: role.parse().unwrap_or(Role::Viewer),
        has_password: row.get(3)?,
        created_ms: row.get(4)?,
        last_sign_in_ms: row.get(5)?,
        looks: Looks {
            theme: row.get(6)?,
            density: row.get(7)?,
            time_zone: row.get::<_, Option<String>>(8)?.and_then(|name| name.parse().ok()),
        },
    })
}

/// Keeps how the dashboard looks for an operator.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep_looks(tx: &Tx<'_>, operator: OperatorKey, looks: &Looks) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE operators SET theme = :theme, density = :density, time_zone = :time_zone
             WHERE operator_key = :operator",
        )?
        .execute(named_params! {
            ":theme": looks.theme,
            ":density": looks.density,
            ":time_zone": looks.time_zone.map(Tz::name),
            ":operator": operator.0,
        })?;
    Ok(())
}

/// The columns of a list that an operator chose, as the address says them.
///
/// # Errors
/// [`StoreError`] only.
pub fn columns(db: &Reader<'_>, operator: OperatorKey, list: &str) -> Result<Option<String>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT columns FROM operator_columns WHERE operator_key = ?1 AND list = ?2")?;
    Ok(statement.query_row(params![operator.0, list], |row| row.get(0)).optional()?)
}

/// Keeps the columns of a list for an operator; none are the list's own again.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep_columns(tx: &Tx<'_>, operator: OperatorKey, list: &str, columns: Option<&str>) -> Result<(), StoreError> {
    match columns {
        Some(columns) => tx
            .connection
            .prepare_cached(
                "INSERT OR REPLACE INTO operator_columns (operator_key, list, columns) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![operator.0, list, columns])?,
        None => tx
            .connection
            .prepare_cached("DELETE FROM operator_columns WHERE operator_key = ?1 AND list = ?2")?
            .execute(params![operator.0, list])?,
    };
    Ok(())
}

/// Whether there is an operator at all.
///
/// # Errors
/// [`StoreError`] only.
pub fn any(db: &Reader<'_>) -> Result<bool, StoreError> {
    Ok(db.0.prepare_cached("SELECT 1 FROM operators LIMIT 1")?.exists([])?)
}

/// An operator by e-mail (any case), with the argon2 hash of the password where one is set.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, email: &str) -> Result<Option<(Operator, Option<String>)>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT operator_key, email, role, password_hash IS NOT NULL, created_ms, last_sign_in_ms,
                theme, density, time_zone, password_hash
         FROM operators WHERE email = :email",
    )?;
    let found = statement
        .query_row(named_params! { ":email": as_kept(email) }, |row| Ok((operator(row)?, row.get(9)?)))
        .optional()?;
    Ok(found)
}

/// An e-mail address as it is kept and compared: trimmed, in lower case.
fn as_kept(email: &str) -> String {
    email.trim().to_lowercase()
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
    let mut statement = tx.connection.prepare_cached(
        "INSERT INTO operators (email, role, password_hash, created_ms) VALUES (:email, :role, :password_hash, :now)
         ON CONFLICT (email) DO NOTHING
         RETURNING operator_key, email, role, password_hash IS NOT NULL, created_ms, last_sign_in_ms,
                   theme, density, time_zone",
    )?;
    let parameters = named_params! {
        ":email": as_kept(email),
        ":role": role.as_str(),
        ":password_hash": password_hash,
        ":now": tx.now_ms,
    };
    Ok(statement.query_row(parameters, operator).optional()?)
}

/// Sets what an operator may do.
///
/// # Errors
/// [`StoreError`] only.
pub fn set_role(tx: &mut Tx<'_>, operator: OperatorKey, role: Role) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE operators SET role = :role WHERE operator_key = :operator")?
        .execute(named_params! { ":operator": operator.0, ":role": role.as_str() })?;
    Ok(())
}

/// The users and companies that an operator looks after, at most so many of each (A9); those merged into another are
/// not among them.
///
/// # Errors
/// [`StoreError`] only.
pub fn looked_after(db: &Reader<'_>, operator: OperatorKey, limit: usize) -> Result<Vec<Profile>, StoreError> {
    let mut profiles = Vec::new();
    for (sql, profile) in [
        (
            "SELECT user_key FROM users WHERE owner_key = ?1 AND merged_into IS NULL LIMIT ?2",
            (|key| Profile::User(UserKey(key))) as fn(i64) -> Profile,
        ),
        ("SELECT company_key FROM companies WHERE owner_key = ?1 AND merged_into IS NULL LIMIT ?2", |key| {
            Profile::Company(CompanyKey(key))
        }),
    ] {
        let mut statement = db.0.prepare_cached(sql)?;
        let mut rows = statement.query(params![operator.0, limit as i64])?;
        while let Some(row) = rows.next()? {
            profiles.push(profile(row.get(0)?));
        }
    }
    Ok(profiles)
}

/// Takes an operator away: nobody signs in as them any more, and another, or nobody, looks after whom they did.
///
/// # Errors
/// [`StoreError`] only.
pub fn remove(tx: &mut Tx<'_>, operator: OperatorKey, successor: Option<OperatorKey>) -> Result<(), StoreError> {
    let successor = successor.map(|key| key.0);
    for sql in [
        "UPDATE users SET owner_key = ?2 WHERE owner_key = ?1",
        "UPDATE companies SET owner_key = ?2 WHERE owner_key = ?1",
    ] {
        tx.connection.prepare_cached(sql)?.execute(params![operator.0, successor])?;
    }
    for sql in [
        "DELETE FROM sign_ins WHERE operator_key = ?1",
        "DELETE FROM one_time_links WHERE operator_key = ?1",
        "DELETE FROM operator_columns WHERE operator_key = ?1",
        "DELETE FROM operators WHERE operator_key = ?1",
    ] {
        tx.connection.prepare_cached(sql)?.execute([operator.0])?;
    }
    Ok(())
}

/// Sets a password and ends all sign-ins of the operator.
///
/// # Errors
/// [`StoreError`] only.
pub fn set_password(tx: &mut Tx<'_>, operator: OperatorKey, password_hash: &str) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE operators SET password_hash = :password_hash WHERE operator_key = :operator")?
        .execute(named_params! { ":operator": operator.0, ":password_hash": password_hash })?;
    tx.connection
        .prepare_cached("DELETE FROM sign_ins WHERE operator_key = :operator")?
        .execute(named_params! { ":operator": operator.0 })?;
    Ok(())
}

/// Keeps a sign-in by the hash of its token; `last_sign_in_ms` of the operator moves.
///
/// # Errors
/// [`StoreError`] only.
pub fn sign_in(tx: &mut Tx<'_>, operator: OperatorKey, token_hash: &[u8], expires_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("DELETE FROM sign_ins WHERE expires_ms <= :now")?
        .execute(named_params! { ":now": tx.now_ms })?;
    tx.connection
        .prepare_cached(
            "INSERT INTO sign_ins (token_hash, operator_key, created_ms, last_used_ms, expires_ms)
             VALUES (:token_hash, :operator, :now, :now, :expires)",
        )?
        .execute(named_params! {
            ":token_hash": token_hash,
            ":operator": operator.0,
            ":now": tx.now_ms,
            ":expires": expires_ms,
        })?;
    tx.connection
        .prepare_cached("UPDATE operators SET last_sign_in_ms = :now WHERE operator_key = :operator")?
        .execute(named_params! { ":operator": operator.0, ":now": tx.now_ms })?;
    Ok(())
}

/// The operator of a sign-in that has not expired, and when it will (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn signed_in(db: &Reader<'_>, token_hash: &[u8], now_ms: i64) -> Result<Option<(Operator, i64)>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT o.operator_key, o.email, o.role, o.password_hash IS NOT NULL, o.created_ms, o.last_sign_in_ms,
                o.theme, o.density, o.time_zone, s.expires_ms
         FROM sign_ins AS s JOIN operators AS o ON o.operator_key = s.operator_key
         WHERE s.token_hash = :token_hash AND s.expires_ms > :now",
    )?;
    let parameters = named_params! { ":token_hash": token_hash, ":now": now_ms };
    Ok(statement.query_row(parameters, |row| Ok((operator(row)?, row.get(9)?))).optional()?)
}

/// Moves the end of a sign-in; `last_used_ms` is now.
///
/// # Errors
/// [`StoreError`] only.
pub fn renew(tx: &mut Tx<'_>, token_hash: &[u8], expires_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE sign_ins SET expires_ms = :expires, last_used_ms = :now WHERE token_hash = :token_hash",
        )?
        .execute(named_params! { ":token_hash": token_hash, ":expires": expires_ms, ":now": tx.now_ms })?;
    Ok(())
}

/// Forgets sign-ins and links that have expired.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_expired(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM sign_ins WHERE expires_ms <= ?1")?.execute([tx.now_ms])?;
    tx.connection.prepare_cached("DELETE FROM one_time_links WHERE expires_ms <= ?1")?.execute([tx.now_ms])?;
    Ok(())
}

/// Ends a sign-in.
///
/// # Errors
/// [`StoreError`] only.
pub fn sign_out(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("DELETE FROM sign_ins WHERE token_hash = :token_hash")?
        .execute(named_params! { ":token_hash": token_hash })?;
    Ok(())
}

/// Keeps a link that works once, by the hash of its token. A new set-up link replaces the old
/// one, and a new link of an operator that operator's.
///
/// # Errors
/// [`StoreError`] only.
pub fn add_link(
    tx: &mut Tx<'_>,
    operator: Option<OperatorKey>,
    token_hash: &[u8],
    expires_ms: i64,
) -> Result<(), StoreError> {
    let operator = operator.map(|key| key.0);
    tx.connection
        .prepare_cached("DELETE FROM one_time_links WHERE operator_key IS :operator OR expires_ms <= :now")?
        .execute(named_params! { ":operator": operator, ":now": tx.now_ms })?;
    tx.connection
        .prepare_cached(
            "INSERT INTO one_time_links (token_hash, operator_key, expires_ms) VALUES (:token_hash, :operator, :expires)",
        )?
        .execute(named_params! { ":token_hash": token_hash, ":operator": operator, ":expires": expires_ms })?;
    Ok(())
}

/// What a link is for, while it has not expired.
///
/// # Errors
/// [`StoreError`] only.
pub fn link(db: &Reader<'_>, token_hash: &[u8], now_ms: i64) -> Result<Option<OneTimeLink>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT o.operator_key, o.email, o.role, o.password_hash IS NOT NULL, o.created_ms, o.last_sign_in_ms,
                o.theme, o.density, o.time_zone, l.operator_key IS NULL
         FROM one_time_links AS l LEFT JOIN operators AS o ON o.operator_key = l.operator_key
         WHERE l.token_hash = :token_hash AND l.expires_ms > :now",
    )?;
    let found = statement
        .query_row(named_params! { ":token_hash": token_hash, ":now": now_ms }, |row| {
            if row.get(9)? { Ok(OneTimeLink::SetUp) } else { operator(row).map(OneTimeLink::Reset) }
        })
        .optional()?;
    Ok(found)
}

/// Uses a link up; false where it is none (any more), or has expired.
///
/// # Errors
/// [`StoreError`] only.
pub fn use_link(tx: &mut Tx<'_>, token_hash: &[u8]) -> Result<bool, StoreError> {
    let used = tx
        .connection
        .prepare_cached("DELETE FROM one_time_links WHERE token_hash = :token_hash AND expires_ms > :now")?
        .execute(named_params! { ":token_hash": token_hash, ":now": tx.now_ms })?;
    Ok(used == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;
    use crate::store::{Ambient, Store};

    /// A store whose clock a test moves.
    fn store() -> (tempfile::TempDir, Store, std::sync::Arc<std::sync::atomic::AtomicI64>) {
        let folder = tempfile::tempdir().unwrap();
        let clock = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(1_000 * HOUR_MS));
        let hand = std::sync::Arc::clone(&clock);
        let ambient = Ambient {
            now_ms: std::sync::Arc::new(move || hand.load(std::sync::atomic::Ordering::SeqCst)),
            ..Ambient::default()
        };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        (folder, store, clock)
    }

    #[test]
    fn an_operator_is_made_once_and_found_in_any_case() {
        let (_folder, store, _) = store();
        assert!(!store.read_now(any).unwrap());
        let ann = store.write_now(|tx| add(tx, " Ann@Acme.test", Role::Owner, Some("hash"))).unwrap().unwrap();
        assert_eq!((ann.email.as_str(), ann.role, ann.has_password), ("ann@acme.test", Role::Owner, true));
        assert_eq!(store.write_now(|tx| add(tx, "ANN@acme.test", Role::Viewer, None)).unwrap(), None);
        let (found, hash) = store.read_now(|db| find(db, "ANN@acme.test ")).unwrap().unwrap();
        assert_eq!((found, hash.as_deref()), (ann.clone(), Some("hash")));
        assert_eq!(store.read_now(list).unwrap(), [ann]);
        assert!(store.read_now(any).unwrap());
        store.close();
    }

    #[test]
    fn a_sign_in_ends_by_time_by_signing_out_and_with_a_new_password() {
        let (_folder, store, clock) = store();
        let ann = store.write_now(|tx| add(tx, "ann@acme.test", Role::Owner, None)).unwrap().unwrap();
        let now = store.now_ms();
        let is_in = |token: &'static [u8], at: i64| store.read_now(|db| signed_in(db, token, at)).unwrap().is_some();
        for token in [b"one", b"two"] {
            store.write_now(move |tx| sign_in(tx, ann.key, token, now + HOUR_MS)).unwrap();
        }
        let (operator, until) = store.read_now(|db| signed_in(db, b"one", now)).unwrap().unwrap();
        assert_eq!((operator.last_sign_in_ms, until), (Some(now), now + HOUR_MS));
        assert!(is_in(b"one", now + HOUR_MS - 1) && !is_in(b"one", now + HOUR_MS) && !is_in(b"three", now));
        store.write_now(move |tx| renew(tx, b"one", now + 3 * HOUR_MS)).unwrap();
        assert!(is_in(b"one", now + 2 * HOUR_MS));
        store.write_now(|tx| sign_out(tx, b"two")).unwrap();
        assert!(!is_in(b"two", now));
        clock.fetch_add(HOUR_MS, std::sync::atomic::Ordering::SeqCst);
        store.write_now(move |tx| set_password(tx, ann.key, "new")).unwrap();
        assert!(!is_in(b"one", now));
        assert_eq!(store.read_now(|db| find(db, "ann@acme.test")).unwrap().unwrap().1.as_deref(), Some("new"));
        store.close();
    }

    #[test]
    fn a_link_works_once_until_it_expires_or_a_newer_one_takes_its_place() {
        let (_folder, store, clock) = store();
        let now = store.now_ms();
        let ann = store.write_now(|tx| add(tx, "ann@acme.test", Role::Owner, None)).unwrap().unwrap();
        let is_for = |token: &'static [u8], at: i64| store.read_now(|db| link(db, token, at)).unwrap();
        let uses = |token: &'static [u8]| store.write_now(|tx| use_link(tx, token)).unwrap();
        store.write_now(move |tx| add_link(tx, None, b"old", now + HOUR_MS)).unwrap();
        store.write_now(move |tx| add_link(tx, None, b"set up", now + HOUR_MS)).unwrap();
        store.write_now(move |tx| add_link(tx, Some(ann.key), b"reset", now + HOUR_MS)).unwrap();
        assert_eq!(is_for(b"old", now), None);
        assert_eq!(is_for(b"set up", now), Some(OneTimeLink::SetUp));
        assert_eq!(is_for(b"reset", now), Some(OneTimeLink::Reset(ann)));
        assert_eq!(is_for(b"reset", now + HOUR_MS), None);
        assert!(uses(b"set up"));
        assert!(!uses(b"set up"));
        clock.fetch_add(2 * HOUR_MS, std::sync::atomic::Ordering::SeqCst);
        assert!(!uses(b"reset"), "it has expired");
        store.close();
    }
}
