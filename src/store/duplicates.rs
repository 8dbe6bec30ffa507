//! Possible duplicates: what several records share, kept as a list to work through (R7, R8, C5).
//!
//! A list of them can't be found by looking through all records, so what is shared is noted as a
//! record gets an e-mail address or an id, and looked at anew as one is merged or told apart. It says
//! nothing but what the records say, in whatever order they came.

use rusqlite::{named_params, params};
use serde_json::{Value, json};

use super::companies::CompanyRow;
use super::list::{Count, Cursor, Page};
use super::users::UserRow;
use super::{Reader, StoreError, Tx, companies, users, workspace};
use crate::domain::duplicates::{Records, Why};
use crate::domain::ids::{CompanyKey, UserKey};

/// Records that are shown of those that share something.
pub const RECORDS_MAX: usize = 10;

/// Records that may be one, as they all share something.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<R> {
    /// Why they may be one.
    pub why: Why,
    /// What they share: the address, or the form of their ids.
    pub shared: String,
    /// Since when it is known, Unix milliseconds.
    pub since_ms: i64,
    /// The records, the first made first, at most [`RECORDS_MAX`].
    pub records: Vec<R>,
    /// There are more.
    pub more: bool,
    /// Which two a person may decide of, by their places: each with the first one that it was not told
    /// apart from.
    pub pairs: Vec<(usize, usize)>,
}

/// A page of users that may be one, the latest found first.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_users(
    db: &Reader<'_>,
    after: Option<&Cursor>,
    size: usize,
    now_ms: i64,
) -> Result<Page<Group<UserRow>>, StoreError> {
    groups(db, Records::Users, after, size, |keys| users::rows(db, keys, now_ms))
}

/// A page of companies that may be one, the latest found first.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_companies(
    db: &Reader<'_>,
    after: Option<&Cursor>,
    size: usize,
    now_ms: i64,
) -> Result<Page<Group<CompanyRow>>, StoreError> {
    groups(db, Records::Companies, after, size, |keys| companies::rows(db, keys, now_ms))
}

fn groups<R>(
    db: &Reader<'_>,
    records: Records,
    after: Option<&Cursor>,
    size: usize,
    rows: impl Fn(&[i64]) -> Result<Vec<R>, StoreError>,
) -> Result<Page<Group<R>>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT why, shared, since_ms FROM possible_duplicates INDEXED BY possible_duplicates_since
         WHERE records = :records AND (since_ms, why, shared) < (:since, :why, :shared)
         ORDER BY since_ms DESC, why DESC, shared DESC LIMIT :limit",
    )?;
    let behind = |place: usize| after.and_then(|cursor| cursor.value.get(place));
    let parameters = named_params! {
        ":records": records as i64,
        ":since": after.map_or(i64::MAX, |cursor| cursor.key),
        ":why": behind(0).and_then(Value::as_i64).unwrap_or(i64::MAX),
        ":shared": behind(1).and_then(Value::as_str).unwrap_or_default(),
        ":limit": size as i64 + 1,
    };
    let found = statement
        .query_map(parameters, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut page = Vec::with_capacity(found.len());
    for (why, shared, since_ms) in found {
        let why = Why::from_number(why);
        let (keys, more) = sharing(db, records, why, &shared)?;
        let pairs = pairs(db, records, &keys)?;
        let cursor = Cursor { value: json!([why as i64, shared]), key: since_ms };
        page.push((cursor, Group { why, since_ms, records: rows(&keys)?, more, pairs, shared }));
    }
    Ok(Page::cut(page, size))
}

/// How many groups there are.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, records: Records) -> Result<Count, StoreError> {
    let counts = workspace::counts(db)?;
    Ok(match records {
        Records::Users => counts.users_alike,
        Records::Companies => counts.companies_alike,
    })
}

/// Others that may be the same user, and why.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_user(db: &Reader<'_>, user: UserKey, now_ms: i64) -> Result<Vec<(UserRow, Why)>, StoreError> {
    let (keys, why): (Vec<i64>, Vec<Why>) = others(db, Records::Users, user.0)?.into_iter().unzip();
    Ok(users::rows(db, &keys, now_ms)?.into_iter().zip(why).collect())
}

/// Others that may be the same company, and why.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_company(db: &Reader<'_>, company: CompanyKey, now_ms: i64) -> Result<Vec<(CompanyRow, Why)>, StoreError> {
    let (keys, why): (Vec<i64>, Vec<Why>) = others(db, Records::Companies, company.0)?.into_iter().unzip();
    Ok(companies::rows(db, &keys, now_ms)?.into_iter().zip(why).collect())
}

fn others(db: &Reader<'_>, records: Records, key: i64) -> Result<Vec<(i64, Why)>, StoreError> {
    let mut others: Vec<(i64, Why)> = Vec::new();
    for (why, shared) in shared_by(db, records, key)? {
        for other in sharing(db, records, why, &shared)?.0 {
            let is_new = other != key && others.iter().all(|(known, _)| *known != other);
            if is_new && !is_apart(db, records, key, other)? {
                others.push((other, why));
            }
        }
    }
    others.truncate(RECORDS_MAX);
    Ok(others)
}

/// What a record may share with others: its e-mail address, and the forms of all its ids.
pub(super) fn shared_by(db: &Reader<'_>, records: Records, key: i64) -> Result<Vec<(Why, String)>, StoreError> {
    let mut shared = Vec::new();
    if records == Records::Users {
        let mut statement = db.0.prepare_cached("SELECT email FROM users WHERE user_key = :key")?;
        let email: Option<String> = statement.query_row(named_params! { ":key": key }, |row| row.get(0))?;
        shared.extend(email.map(|email| (Why::Email, email)));
    }
    let sql = match records {
        Records::Users => {
            "SELECT coalesce(form, user_id) FROM user_ids WHERE user_key = :key
             UNION SELECT coalesce(i.form, i.user_id) FROM users AS u JOIN user_ids AS i ON i.user_key = u.user_key
             WHERE u.merged_into = :key"
        }
        Records::Companies => {
            "SELECT coalesce(form, company_id) FROM company_ids WHERE company_key = :key
             UNION SELECT coalesce(i.form, i.company_id) FROM companies AS c
             JOIN company_ids AS i ON i.company_key = c.company_key WHERE c.merged_into = :key"
        }
    };
    let mut statement = db.0.prepare_cached(sql)?;
    for form in statement.query_map(named_params! { ":key": key }, |row| row.get(0))? {
        shared.push((Why::Id, form?));
    }
    Ok(shared)
}

/// Those that share something, the first made first, read through merges; and whether there are more.
fn sharing(db: &Reader<'_>, records: Records, why: Why, shared: &str) -> Result<(Vec<i64>, bool), StoreError> {
    let sql = match (records, why) {
        (Records::Users, Why::Email) => {
            "SELECT user_key FROM users INDEXED BY users_email
             WHERE email = :shared AND merged_into IS NULL AND archived_ms IS NULL ORDER BY user_key LIMIT :limit"
        }
        (Records::Users, Why::Id) => {
            "SELECT DISTINCT stands.user_key FROM (
               SELECT user_key FROM user_ids WHERE user_id = :shared AND form IS NULL
               UNION ALL SELECT user_key FROM user_ids WHERE form = :shared) AS named
             CROSS JOIN users AS own ON own.user_key = named.user_key
             CROSS JOIN users AS stands ON stands.user_key = coalesce(own.merged_into, own.user_key)
             WHERE stands.archived_ms IS NULL ORDER BY 1 LIMIT :limit"
        }
        (Records::Companies, _) => {
            "SELECT DISTINCT stands.company_key FROM (
               SELECT company_key FROM company_ids WHERE company_id = :shared AND form IS NULL
               UNION ALL SELECT company_key FROM company_ids WHERE form = :shared) AS named
             CROSS JOIN companies AS own ON own.company_key = named.company_key
             CROSS JOIN companies AS stands ON stands.company_key = coalesce(own.merged_into, own.company_key)
             WHERE stands.archived_ms IS NULL ORDER BY 1 LIMIT :limit"
        }
    };
    let mut statement = db.0.prepare_cached(sql)?;
    let parameters = named_params! { ":shared": shared, ":limit": RECORDS_MAX as i64 + 1 };
    let mut keys = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let more = keys.len() > RECORDS_MAX;
    keys.truncate(RECORDS_MAX);
    Ok((keys, more))
}

/// Each with the first of those before it that it was not told apart from.
fn pairs(db: &Reader<'_>, records: Records, keys: &[i64]) -> Result<Vec<(usize, usize)>, StoreError> {
    let mut pairs = Vec::new();
    for later in 1..keys.len() {
        for earlier in 0..later {
            if !is_apart(db, records, keys[earlier], keys[later])? {
                pairs.push((earlier, later));
                break;
            }
        }
    }
    Ok(pairs)
}

/// Whether a person said that two are not the same.
///
/// # Errors
/// [`StoreError`] only.
pub fn is_apart(db: &Reader<'_>, records: Records, one: i64, other: i64) -> Result<bool, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT 1 FROM told_apart WHERE records = ?1 AND one_key = ?2 AND other_key = ?3")?;
    Ok(statement.exists(params![records as i64, one.min(other), one.max(other)])?)
}

// What the writer needs ------------------------------------------------------

/// Notes whether several records share this now.
///
/// # Errors
/// [`StoreError`] only.
pub fn restate(tx: &Tx<'_>, records: Records, why: Why, shared: &str) -> Result<(), StoreError> {
    let (keys, _) = sharing(&tx.reader(), records, why, shared)?;
    if pairs(&tx.reader(), records, &keys)?.is_empty() {
        tx.connection
            .prepare_cached("DELETE FROM possible_duplicates WHERE records = ?1 AND why = ?2 AND shared = ?3")?
            .execute(params![records as i64, why as i64, shared])?;
    } else {
        tx.connection
            .prepare_cached(
                "INSERT INTO possible_duplicates (records, why, shared, since_ms) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![records as i64, why as i64, shared, tx.now_ms])?;
    }
    Ok(())
}

/// Looks anew at all that a record may share.
///
/// # Errors
/// [`StoreError`] only.
pub fn restate_record(tx: &Tx<'_>, records: Records, key: i64) -> Result<(), StoreError> {
    for (why, shared) in shared_by(&tx.reader(), records, key)? {
        restate(tx, records, why, &shared)?;
    }
    Ok(())
}

/// Keeps that two are not the same; or forgets it. Whether that is new.
///
/// # Errors
/// [`StoreError`] only.
pub fn tell_apart(tx: &Tx<'_>, records: Records, one: i64, other: i64, apart: bool) -> Result<bool, StoreError> {
    let sql = if apart {
        "INSERT INTO told_apart (records, one_key, other_key) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM told_apart WHERE records = ?1 AND one_key = ?2 AND other_key = ?3"
    };
    let rows = tx.connection.prepare_cached(sql)?.execute(params![records as i64, one.min(other), one.max(other)])?;
    restate_record(tx, records, one)?;
    Ok(rows > 0)
}
