//! The tray: values that were not taken, kept until their attribute can take them (A2, A4, A8).

use rusqlite::{named_params, params};
use serde_json::Value;

use super::changes::subject_columns;
use super::{Reader, StoreError, Tx};
use crate::domain::access::Grade;
use crate::domain::attributes::{Owner, Stamp};
use crate::domain::change::Subject;
use crate::domain::error::Code;
use crate::domain::ids::{CompanyKey, SourceKey, UserKey, VisitorKey};
use crate::domain::limits::TRAY_PER_OWNER_MAX;

/// Values of one name that are counted; beyond it the tray says that there are more.
pub const COUNTED_MAX: u64 = 1_000;
/// Values of one name that are looked at for its samples and sources.
const LOOKED_AT_MAX: i64 = 50;
/// Different samples of one name.
const SAMPLES_MAX: usize = 5;

/// What waits under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayName {
    /// Whose attribute it is or would be.
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// Why the first of them was not taken.
    pub code: String,
    /// How many values wait, up to [`COUNTED_MAX`].
    pub count: u64,
    /// There are more than were counted.
    pub more: bool,
    /// Some of them.
    pub samples: Vec<Value>,
    /// The names of the sources that some of them came from.
    pub sources: Vec<String>,
    /// The latest of those looked at, Unix milliseconds.
    pub last_ms: i64,
}

/// What waits, by owner and name, behind an owner and a name; at most so many names, and whether there are more.
///
/// # Errors
/// [`StoreError`] only.
pub fn names(db: &Reader<'_>, after: Option<(Owner, &str)>, size: usize) -> Result<(Vec<TrayName>, bool), StoreError> {
    let mut next = db.0.prepare_cached(
        "SELECT owner, name FROM tray_values INDEXED BY tray_values_name
         WHERE (owner, name) > (:owner, :name) ORDER BY owner, name LIMIT 1",
    )?;
    let (mut owner, mut name) = after.map_or((-1, String::new()), |(owner, name)| (owner as i64, name.to_owned()));
    let mut found = Vec::new();
    while found.len() <= size {
        let mut rows = next.query(named_params! { ":owner": owner, ":name": name })?;
        let Some(row) = rows.next()? else { return Ok((found, false)) };
        (owner, name) = (row.get(0)?, row.get(1)?);
        drop(rows);
        if found.len() == size {
            break;
        }
        found.extend(of(db, Owner::from_number(owner), &name)?);
    }
    Ok((found, true))
}

/// What waits under a name; none where nothing does.
///
/// # Errors
/// [`StoreError`] only.
pub fn of(db: &Reader<'_>, owner: Owner, name: &str) -> Result<Option<TrayName>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM tray_values INDEXED BY tray_values_name
                               WHERE owner = :owner AND name = :name LIMIT :limit)",
    )?;
    let limit = COUNTED_MAX as i64 + 1;
    let counted: i64 = statement
        .query_row(named_params! { ":owner": owner as i64, ":name": name, ":limit": limit }, |row| row.get(0))?;
    if counted == 0 {
        return Ok(None);
    }
    let mut statement = db.0.prepare_cached(
        "SELECT t.code, t.value, t.at_ms, coalesce(s.name, '')
         FROM (SELECT * FROM tray_values INDEXED BY tray_values_name
               WHERE owner = :owner AND name = :name LIMIT :limit) AS t
         LEFT JOIN sources AS s ON s.source_key = t.source_key",
    )?;
    let mut rows = statement.query(named_params! { ":owner": owner as i64, ":name": name, ":limit": LOOKED_AT_MAX })?;
    let mut found = TrayName {
        owner,
        name: name.to_owned(),
        code: String::new(),
        count: counted.unsigned_abs().min(COUNTED_MAX),
        more: counted.unsigned_abs() > COUNTED_MAX,
        samples: Vec::new(),
        sources: Vec::new(),
        last_ms: 0,
    };
    while let Some(row) = rows.next()? {
        if found.code.is_empty() {
            found.code = row.get(0)?;
        }
        let value: Value = serde_json::from_str(&row.get::<_, String>(1)?).unwrap_or_default();
        if found.samples.len() < SAMPLES_MAX && !found.samples.contains(&value) {
            found.samples.push(value);
        }
        found.last_ms = found.last_ms.max(row.get(2)?);
        let source: String = row.get(3)?;
        if !source.is_empty() && !found.sources.contains(&source) {
            found.sources.push(source);
        }
    }
    Ok(Some(found))
}

/// A value that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Whom it is about.
    pub subject: Subject,
    /// The value or operation as sent.
    pub value: Value,
    /// Where it came from.
    pub stamp: Stamp,
    owner: Owner,
    key: i64,
    company: i64,
}

impl Waiting {
    /// Its place in the order in which values of a name are met.
    pub fn place(&self) -> [i64; 3] {
        [self.key, self.company, self.stamp.order]
    }
}

/// Values of a name behind a place, at most so many.
///
/// # Errors
/// [`StoreError`] only.
pub fn waiting(
    db: &Reader<'_>,
    owner: Owner,
    name: &str,
    after: [i64; 3],
    limit: u64,
) -> Result<Vec<Waiting>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT owner_key, company_key, message_hash, value, at_ms, grade, source_key, pinned
         FROM tray_values INDEXED BY tray_values_name
         WHERE owner = :owner AND name = :name AND (owner_key, company_key, message_hash) > (:key, :company, :hash)
         ORDER BY owner_key, company_key, message_hash LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":owner": owner as i64, ":name": name, ":key": after[0], ":company": after[1], ":hash": after[2],
        ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
    };
    let rows = statement.query_map(parameters, |row| {
        let (key, company): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(Waiting {
            subject: match owner {
                Owner::User if key < 0 => Subject::Visitor(VisitorKey(-key)),
                Owner::User => Subject::User(UserKey(key)),
                Owner::Company => Subject::Company(CompanyKey(key)),
                Owner::Membership => Subject::Membership(UserKey(key), CompanyKey(company)),
            },
            value: serde_json::from_str(row.get_ref(3)?.as_str()?).unwrap_or_default(),
            stamp: Stamp {
                order: row.get(2)?,
                at_ms: row.get(4)?,
                grade: Grade::from_number(row.get(5)?),
                source: SourceKey(row.get(6)?),
                pinned: row.get(7)?,
            },
            owner,
            key,
            company,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A value that waits, as the page of whoever it is about tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedOf {
    /// Whose attribute it would be.
    pub owner: Owner,
    /// The attribute.
    pub name: String,
    /// Why it was not taken.
    pub code: String,
    /// The value or operation as sent.
    pub value: Value,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// The name of the source.
    pub source: String,
}

/// Values of a user, and of the user's places in companies, that were not taken: the latest, at most so many.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_user(db: &Reader<'_>, user: UserKey, size: usize) -> Result<Vec<RefusedOf>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT t.owner, t.name, t.code, t.value, t.at_ms, coalesce(s.name, '') FROM tray_values AS t
         LEFT JOIN sources AS s ON s.source_key = t.source_key
         WHERE t.owner IN (:user_s, :membership_s) AND t.owner_key = :user ORDER BY t.at_ms DESC LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":user_s": Owner::User as i64, ":membership_s": Owner::Membership as i64, ":user": user.0,
        ":limit": size as i64,
    };
    let rows = statement.query_map(parameters, |row| {
        Ok(RefusedOf {
            owner: Owner::from_number(row.get(0)?),
            name: row.get(1)?,
            code: row.get(2)?,
            value: serde_json::from_str(row.get_ref(3)?.as_str()?).unwrap_or_default(),
            at_ms: row.get(4)?,
            source: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

// What the writer needs ------------------------------------------------------

/// Keeps a value until its attribute can take it. Of plain values of a name the newest is kept, which
/// is the one that would hold; each operation is.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep(
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
    let place = params![owner as i64, key, company, name, stamp.at_ms];
    let plain = "owner = ?1 AND owner_key = ?2 AND company_key = ?3 AND name = ?4 AND value NOT LIKE '{\"$%'";
    if !is_operation(value) {
        tx.connection
            .prepare_cached(&format!("DELETE FROM tray_values WHERE {plain} AND at_ms <= ?5"))?
            .execute(place)?;
        let newer = tx
            .connection
            .prepare_cached(&format!("SELECT 1 FROM tray_values WHERE {plain} AND at_ms > ?5"))?
            .exists(place)?;
        if newer {
            return Ok(());
        }
    }
    let waiting: i64 = tx
        .connection
        .prepare_cached("SELECT count(*) FROM tray_values WHERE owner = ?1 AND owner_key = ?2")?
        .query_row([owner as i64, key], |row| row.get(0))?;
    if waiting >= TRAY_PER_OWNER_MAX {
        return Ok(());
    }
    tx.connection
        .prepare_cached(
            "INSERT OR REPLACE INTO tray_values
               (owner, owner_key, company_key, name, code, value, at_ms, message_hash, grade, source_key, pinned)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            owner as i64,
            key,
            company,
            name,
            code.as_str(),
            value.to_string(),
            stamp.at_ms,
            stamp.order,
            stamp.grade as i64,
            stamp.source.0,
            stamp.pinned
        ])?;
    Ok(())
}

fn is_operation(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| fields.keys().any(|key| key.starts_with('$')))
}

/// Takes a value out of the tray.
///
/// # Errors
/// [`StoreError`] only.
pub fn take_out(tx: &Tx<'_>, name: &str, waiting: &Waiting) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "DELETE FROM tray_values
             WHERE owner = ?1 AND owner_key = ?2 AND company_key = ?3 AND name = ?4 AND message_hash = ?5",
        )?
        .execute(params![waiting.owner as i64, waiting.key, waiting.company, name, waiting.stamp.order])?;
    Ok(())
}
