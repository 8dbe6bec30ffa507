//! Who else says what an import said: where it is taken back, what others say stays.

use rusqlite::{OptionalExtension, params};

use crate::domain::access::Grade;
use crate::domain::attributes::{Attributes, Stamp};
use crate::domain::change::{MEMBERSHIP, Subject};
use crate::domain::ids::{ChangeKey, CompanyKey, SourceKey, UserKey};
use crate::store::changes::{self, ChangeRow};
use crate::store::{SourceKind, StoreError, Tx, companies, memberships, merges, users};

/// Whether a source is that of an import which was taken back, or is being.
///
/// # Errors
/// [`StoreError`] only.
pub fn is_taken_back(tx: &Tx<'_>, source: SourceKey) -> Result<bool, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT 1 FROM imports INDEXED BY imports_taken_back
         WHERE source_key = ?1 AND state IN ('undoing', 'undone')",
    )?;
    Ok(statement.exists([source.0])?)
}

/// Whether somebody whose word holds said what is there: not an import that was taken back, nor the taking back of a deed.
///
/// # Errors
/// [`StoreError`] only.
pub fn stands(tx: &Tx<'_>, about: Subject, field: &str, stamp: Stamp) -> Result<bool, StoreError> {
    // A hand has no source; undoing is one.
    if stamp.source == SourceKey(0) {
        let latest = changes::latest(tx, about, field)?;
        return Ok(!latest.is_some_and(|latest| latest.cause == changes::UNDO && latest.at_ms >= stamp.at_ms));
    }
    Ok(!is_taken_back(tx, stamp.source)?)
}

/// Whether somebody whose word holds said after a moment (Unix milliseconds) that a user is in a company, or is not.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_membership_since(
    tx: &Tx<'_>,
    (user, company): (UserKey, CompanyKey),
    is_member: bool,
    after_ms: i64,
) -> Result<bool, StoreError> {
    let about = Subject::Membership(user, company);
    let companies = merges::companies::group(tx, company)?;
    let mut statement = tx.connection.prepare_cached(
        "SELECT at_ms, grade, source_key, said, company_key FROM membership_statements
         WHERE subject = ?1 AND at_ms > ?2",
    )?;
    for named in merges::group(tx, user)? {
        let mut rows = statement.query([named.0, after_ms])?;
        while let Some(row) = rows.next()? {
            let grade = Grade::from_number(row.get(1)?);
            let is_of_company = companies.contains(&CompanyKey(row.get(4)?));
            let says_so = match row.get::<_, i64>(3)? {
                0 => is_member && is_of_company,
                1 => !is_member && is_of_company,
                _ => !is_member,
            };
            let stamp = Stamp { pinned: false, at_ms: row.get(0)?, grade, order: 0, source: SourceKey(row.get(2)?) };
            if says_so && grade > Grade::Rule && stands(tx, about, MEMBERSHIP, stamp)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The attributes of a user, a company or a membership.
fn attributes_of(tx: &Tx<'_>, about: Subject) -> Result<Option<Attributes>, StoreError> {
    Ok(match about {
        Subject::User(user) => Some(users::load(tx, user)?.attributes),
        Subject::Company(company) => Some(companies::load(tx, company)?.attributes),
        Subject::Membership(user, company) => memberships::attributes(tx, user, company)?,
        _ => None,
    })
}

/// Where what is known of a field came from last, also where it was cleared.
///
/// # Errors
/// [`StoreError`] only.
pub fn stamp_of(tx: &Tx<'_>, about: Subject, field: &str) -> Result<Option<Stamp>, StoreError> {
    Ok(attributes_of(tx, about)?.and_then(|known| known.stamp_of(field)))
}

/// The import that says the same as a change of one that is taken back, where there is one: the change is its own then.
///
/// # Errors
/// [`StoreError`] only.
pub fn heir(tx: &Tx<'_>, row: &ChangeRow) -> Result<Option<SourceKey>, StoreError> {
    let is_heir = |source: SourceKey| -> Result<bool, StoreError> {
        let is_import = tx.catalog().sources.get(&source).is_some_and(|known| known.kind == SourceKind::Import);
        Ok(is_import && !is_taken_back(tx, source)?)
    };
    if !row.field.starts_with(' ') {
        let stated = attributes_of(tx, row.about)?.and_then(|known| known.stated_of(&row.field));
        let same = stated.filter(|stated| Some(&stated.value) == row.after.as_ref()).map(|stated| stated.stamp.source);
        return Ok(match same {
            Some(source) if is_heir(source)? => Some(source),
            _ => None,
        });
    }
    for stated in attributes_of(tx, row.about)?.iter().flat_map(Attributes::stated) {
        if row.field != MEMBERSHIP && is_heir(stated.1.stamp.source)? {
            return Ok(Some(stated.1.stamp.source));
        }
    }
    match row.about {
        Subject::User(user) => of_memberships(tx, user, None),
        Subject::Membership(user, company) => of_memberships(tx, user, Some(company.0)),
        _ => Ok(None),
    }
}

/// An import, not taken back, that said something of a user's memberships.
fn of_memberships(tx: &Tx<'_>, user: UserKey, company: Option<i64>) -> Result<Option<SourceKey>, StoreError> {
    for named in merges::group(tx, user)? {
        let mut statement = tx.connection.prepare_cached(
            "SELECT source_key FROM membership_statements
             WHERE subject = ?1 AND grade = ?2 AND company_key = coalesce(?3, company_key)
               AND source_key NOT IN (SELECT source_key FROM imports INDEXED BY imports_taken_back
                                      WHERE state IN ('undoing', 'undone') AND source_key IS NOT NULL)
             ORDER BY at_ms DESC LIMIT 1",
        )?;
        let found = statement
            .query_row(params![named.0, Grade::Import as i64, company], |row| row.get(0).map(SourceKey))
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Lets a change set be that of another import, which said the same.
///
/// # Errors
/// [`StoreError`] only.
pub fn hand_over(tx: &Tx<'_>, set: ChangeKey, to: SourceKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE change_sets SET source_key = ?2, undone_by = NULL WHERE change_key = ?1")?
        .execute([set.0, to.0])?;
    Ok(())
}

/// The next users below one, the greatest keys first, of whose memberships an import still says something.
///
/// # Errors
/// [`StoreError`] only.
pub fn members_of(tx: &Tx<'_>, source: SourceKey, before: i64, limit: usize) -> Result<Vec<UserKey>, StoreError> {
    debug_assert_eq!(Grade::Import as i64, 2, "the index says so");
    let mut statement = tx.connection.prepare_cached(
        "SELECT DISTINCT subject FROM membership_statements INDEXED BY membership_statements_import
         WHERE grade = 2 AND source_key = ?1 AND subject > 0 AND subject < ?2 ORDER BY subject DESC LIMIT ?3",
    )?;
    let rows = statement.query_map(params![source.0, before, limit as i64], |row| row.get(0).map(UserKey))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
