//! What each of those who are one by a merge would be without it (R11, C10). The one who stays is written as before, and
//! read; beside it everyone named keeps for itself what was said of it, repeats too, so that all of it is there when they
//! are apart. Nothing is kept until something is said: until then each row says it.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use super::companies as of_companies;
use crate::domain::attributes::{Attributes, Stamp, Write};
use crate::domain::change::{Change, MERGED_INTO, Subject};
use crate::domain::ids::{ChangeKey, CompanyKey, UserKey};
use crate::store::changes::subject_columns;
use crate::store::{StoreError, Tx, companies, memberships, users};

/// The table that keeps it, and its two keys; a table of one key has no second.
fn table(about: Subject) -> Option<(&'static str, &'static str, &'static str, (i64, i64))> {
    match about {
        Subject::User(user) => Some(("own_users", "user_key", "0", (user.0, 0))),
        Subject::Company(company) => Some(("own_companies", "company_key", "0", (company.0, 0))),
        Subject::Membership(user, company) => Some(("own_memberships", "user_key", "company_key", (user.0, company.0))),
        _ => None,
    }
}

/// What is kept of somebody; none where nothing was said since it is one with others.
///
/// # Errors
/// [`StoreError`] only.
pub fn of(tx: &Tx<'_>, about: Subject) -> Result<Option<Attributes>, StoreError> {
    let Some((name, first, second, key)) = table(about) else { return Ok(None) };
    let sql = format!("SELECT json(attributes), stamps FROM {name} WHERE {first} = ?1 AND {second} = ?2");
    let mut statement = tx.connection.prepare_cached(&sql)?;
    let found = statement
        .query_row([key.0, key.1], |row| Ok(Attributes::read(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?)));
    Ok(found.optional()?)
}

/// Keeps what is said of somebody.
///
/// # Errors
/// [`StoreError`] only.
pub fn put(tx: &Tx<'_>, about: Subject, own: &Attributes) -> Result<(), StoreError> {
    let Some((name, first, second, key)) = table(about) else { return Ok(()) };
    let (values, stamps) = own.columns();
    if second == "0" {
        let sql = format!("INSERT OR REPLACE INTO {name} ({first}, attributes, stamps) VALUES (?1, jsonb(?2), ?3)");
        tx.connection.prepare_cached(&sql)?.execute(params![key.0, values, stamps])?;
    } else {
        let sql = format!(
            "INSERT OR REPLACE INTO {name} ({first}, {second}, attributes, stamps) VALUES (?1, ?2, jsonb(?3), ?4)"
        );
        tx.connection.prepare_cached(&sql)?.execute(params![key.0, key.1, values, stamps])?;
    }
    Ok(())
}

/// Forgets what is kept of somebody, who stands alone or is not there any more.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, about: Subject) -> Result<(), StoreError> {
    let Some((name, first, second, key)) = table(about) else { return Ok(()) };
    let sql = format!("DELETE FROM {name} WHERE {first} = ?1 AND {second} = ?2");
    tx.connection.prepare_cached(&sql)?.execute([key.0, key.1])?;
    Ok(())
}

/// Whom somebody is read as.
pub fn read_as(tx: &Tx<'_>, named: Subject) -> Subject {
    let user = |user| tx.state.catalog.survivor(user);
    let company = |company| of_companies::survivor(tx, company);
    match named {
        Subject::User(named) => Subject::User(user(named)),
        Subject::Company(named) => Subject::Company(company(named)),
        Subject::Membership(one, named) => Subject::Membership(user(one), company(named)),
        other => other,
    }
}

/// Who is one with somebody that stands for itself.
///
/// # Errors
/// [`StoreError`] only.
pub fn others(tx: &Tx<'_>, about: Subject) -> Result<Vec<Subject>, StoreError> {
    let mut all: Vec<Subject> = match about {
        Subject::User(user) => super::group(tx, user)?.into_iter().map(Subject::User).collect(),
        Subject::Company(company) => of_companies::group(tx, company)?.into_iter().map(Subject::Company).collect(),
        Subject::Membership(user, company) => {
            let companies = of_companies::group(tx, company)?;
            let of = |user: UserKey| companies.iter().map(move |company| Subject::Membership(user, *company));
            super::group(tx, user)?.into_iter().flat_map(of).collect()
        }
        _ => return Ok(Vec::new()),
    };
    all.retain(|one| *one != about);
    Ok(all)
}

/// What somebody that a statement names keeps of it, beside the one it is read as, which stands like this before it is
/// heard. None where nobody is one with that one.
///
/// # Errors
/// [`StoreError`] only.
pub fn heard_by(
    tx: &Tx<'_>,
    named: Subject,
    one: Subject,
    stands: &Attributes,
) -> Result<Option<Attributes>, StoreError> {
    if others(tx, one)?.is_empty() {
        return Ok(None);
    }
    let own_of_one = of(tx, one)?;
    if named == one {
        return Ok(own_of_one.or_else(|| Some(stands.clone())));
    }
    if own_of_one.is_none() {
        put(tx, one, stands)?;
    }
    match of(tx, named)? {
        Some(own) => Ok(Some(own)),
        None => row(tx, named).map(Some),
    }
}

/// The attributes in the row of somebody, as they were merged.
fn row(tx: &Tx<'_>, about: Subject) -> Result<Attributes, StoreError> {
    Ok(match about {
        Subject::User(user) => users::load(tx, user)?.attributes,
        Subject::Company(company) => companies::load(tx, company)?.attributes,
        Subject::Membership(user, company) => memberships::attributes(tx, user, company)?.unwrap_or_default(),
        _ => Attributes::default(),
    })
}

/// Takes a value back that was said of one of those who are one with somebody: each that says it has again what it had
/// when it was merged.
///
/// # Errors
/// [`StoreError`] only.
pub fn take_back(
    tx: &Tx<'_>,
    about: Subject,
    field: &str,
    said: Option<&Value>,
    stamp: Stamp,
) -> Result<(), StoreError> {
    for other in others(tx, about)? {
        let Some(mut own) = of(tx, other)?.filter(|own| own.get(field).as_ref() == said) else { continue };
        own.write(field, row(tx, other)?.get(field).map_or(Write::Clear, Write::Set), stamp);
        put(tx, other, &own)?;
    }
    Ok(())
}

/// Of whom what stands was said last, of those who are one with somebody; none where it was that one.
///
/// # Errors
/// [`StoreError`] only.
pub fn said_last(tx: &Tx<'_>, about: Subject, field: &str) -> Result<Option<Subject>, StoreError> {
    let Some(stands) = row(tx, about)?.stamp_of(field) else { return Ok(None) };
    let says_it = |own: Option<Attributes>| own.is_some_and(|own| own.stamp_of(field) == Some(stands));
    if says_it(of(tx, about)?) {
        return Ok(None);
    }
    for other in others(tx, about)? {
        if says_it(of(tx, other)?) {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// What somebody that stands for itself is, once others are apart from it: what was said of it, and what was said of
/// those who are one with it still, since they are. The merge that is taken back counts no more.
///
/// # Errors
/// [`StoreError`] only.
pub fn restored(
    tx: &Tx<'_>,
    about: Subject,
    stands: Attributes,
    taken_back: ChangeKey,
) -> Result<Attributes, StoreError> {
    let own = of(tx, about)?;
    let others = others(tx, about)?;
    if others.is_empty() {
        forget(tx, about)?;
        return Ok(own.unwrap_or(stands));
    }
    let is_kept = own.is_some();
    let mut restored = own.unwrap_or(stands);
    let alone = restored.clone();
    let mut heard = false;
    for other in others {
        if let Some(own) = of(tx, other)? {
            restored.hear(own.since(merged_ms(tx, other, taken_back)?));
            heard = true;
        }
    }
    if heard && !is_kept {
        put(tx, about, &alone)?;
    }
    Ok(restored)
}

/// Since when somebody is one with another, Unix milliseconds, but for a merge that is taken back.
fn merged_ms(tx: &Tx<'_>, about: Subject, taken_back: ChangeKey) -> Result<i64, StoreError> {
    if let Subject::Membership(user, company) = about {
        let of_user = merged_ms(tx, Subject::User(user), taken_back)?;
        return Ok(of_user.max(merged_ms(tx, Subject::Company(company), taken_back)?));
    }
    let (subject, key, _) = subject_columns(about);
    let mut statement = tx.connection.prepare_cached(
        "SELECT max(s.at_ms) FROM changes AS c JOIN change_sets AS s USING (change_key)
         WHERE c.subject = ?1 AND c.subject_key = ?2 AND c.field = ?3
           AND s.cause = 'merge' AND s.undone_by IS NULL AND s.change_key <> ?4",
    )?;
    let latest: Option<i64> =
        statement.query_row(params![subject, key, MERGED_INTO, taken_back.0], |row| row.get(0))?;
    Ok(latest.unwrap_or(i64::MIN))
}

/// The memberships of a user that stands for itself are what was said of them, as [`restored`]. Answers what changed.
///
/// # Errors
/// [`StoreError`] only.
pub fn restore_memberships(tx: &Tx<'_>, user: UserKey, taken_back: ChangeKey) -> Result<Vec<Change>, StoreError> {
    let mut companies = BTreeSet::new();
    for named in super::group(tx, user)? {
        let mut statement =
            tx.connection.prepare_cached("SELECT company_key FROM own_memberships WHERE user_key = ?1")?;
        for company in statement.query_map([named.0], |row| row.get(0).map(CompanyKey))? {
            companies.insert(of_companies::survivor(tx, company?));
        }
    }
    let mut changes = Vec::new();
    for company in companies {
        let about = Subject::Membership(user, company);
        let Some(stands) = memberships::attributes(tx, user, company)? else {
            forget(tx, about)?;
            continue;
        };
        let restored = restored(tx, about, stands.clone(), taken_back)?;
        let changed = stands.differences(&restored);
        changes.extend(changed.into_iter().map(|(name, before, after)| Change::new(about, name, before, after)));
        memberships::save(tx, user, company, &restored)?;
    }
    Ok(changes)
}
