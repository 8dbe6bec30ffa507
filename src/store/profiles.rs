//! Owners and tags of users and companies (A9).

use rusqlite::{OptionalExtension, params};

use super::{Reader, StoreError, Tx};
use crate::domain::ids::OperatorKey;
use crate::domain::profile::Profile;

/// Records merged into a user or company whose notes are read.
const MERGED_MAX: i64 = 50;

/// The columns that name a user or a company.
pub(super) fn columns(profile: Profile) -> (i64, i64) {
    match profile {
        Profile::User(user) => (0, user.0),
        Profile::Company(company) => (1, company.0),
    }
}

/// The keys of those merged into a user or company, at most so many as a page shows notes.
pub(super) fn merged_with(db: &Reader<'_>, profile: Profile) -> Result<Vec<i64>, StoreError> {
    let (sql, key) = match profile {
        Profile::User(user) => ("SELECT user_key FROM users WHERE merged_into = ?1 LIMIT ?2", user.0),
        Profile::Company(company) => ("SELECT company_key FROM companies WHERE merged_into = ?1 LIMIT ?2", company.0),
    };
    let mut statement = db.0.prepare_cached(sql)?;
    Ok(statement.query_map([key, MERGED_MAX], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The tags of a user or company, in the order of the alphabet.
///
/// # Errors
/// [`StoreError`] only.
pub fn tags(db: &Reader<'_>, profile: Profile) -> Result<Vec<String>, StoreError> {
    let (subject, key) = columns(profile);
    let mut statement =
        db.0.prepare_cached("SELECT tag FROM profile_tags WHERE subject = ?1 AND subject_key = ?2 ORDER BY tag")?;
    let tags = statement.query_map([subject, key], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(in_order(tags))
}

/// Tags of a column of JSON, in the order of the alphabet.
pub(super) fn tags_in_order(json: &str) -> Vec<String> {
    in_order(serde_json::from_str(json).unwrap_or_default())
}

fn in_order(mut tags: Vec<String>) -> Vec<String> {
    tags.sort_by_cached_key(|tag| (tag.to_lowercase(), tag.clone()));
    tags
}

/// The e-mail of the operator who looks after a user or company.
///
/// # Errors
/// [`StoreError`] only.
pub fn owner(db: &Reader<'_>, profile: Profile) -> Result<Option<String>, StoreError> {
    // NOT INDEXED: in a small file the planner would go through the index of owners instead of to the row.
    let (sql, key) = match profile {
        Profile::User(user) => (
            "SELECT o.email FROM users p NOT INDEXED JOIN operators o ON o.operator_key = p.owner_key WHERE p.user_key = ?1",
            user.0,
        ),
        Profile::Company(company) => (
            "SELECT o.email FROM companies p NOT INDEXED JOIN operators o ON o.operator_key = p.owner_key WHERE p.company_key = ?1",
            company.0,
        ),
    };
    Ok(db.0.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?)
}

/// Puts somebody in charge of a user or company, or nobody.
///
/// # Errors
/// [`StoreError`] only.
pub fn set_owner(tx: &Tx<'_>, profile: Profile, owner: Option<OperatorKey>) -> Result<(), StoreError> {
    let (sql, key) = match profile {
        Profile::User(user) => ("UPDATE users SET owner_key = ?2 WHERE user_key = ?1", user.0),
        Profile::Company(company) => ("UPDATE companies SET owner_key = ?2 WHERE company_key = ?1", company.0),
    };
    tx.connection.prepare_cached(sql)?.execute(params![key, owner.map(|owner| owner.0)])?;
    Ok(())
}

/// Gives a user or company these tags and no others.
///
/// # Errors
/// [`StoreError`] only.
pub fn set_tags(tx: &Tx<'_>, profile: Profile, tags: &[String]) -> Result<(), StoreError> {
    let (subject, key) = columns(profile);
    tx.connection
        .prepare_cached("DELETE FROM profile_tags WHERE subject = ?1 AND subject_key = ?2")?
        .execute([subject, key])?;
    let mut insert =
        tx.connection.prepare_cached("INSERT INTO profile_tags (subject, subject_key, tag) VALUES (?1, ?2, ?3)")?;
    for tag in tags {
        insert.execute(params![subject, key, tag])?;
    }
    Ok(())
}

/// Tags in use, in the order of the alphabet, at most so many: what a field suggests.
///
/// # Errors
/// [`StoreError`] only.
pub fn known_tags(db: &Reader<'_>, limit: usize) -> Result<Vec<String>, StoreError> {
    // Each step of the recursion is one look into the index of tags, however often a tag is used.
    let mut statement = db.0.prepare_cached(
        "WITH RECURSIVE known (tag) AS (
           SELECT min(tag) FROM profile_tags
           UNION ALL
           SELECT (SELECT min(t.tag) FROM profile_tags AS t WHERE t.tag > known.tag) FROM known WHERE known.tag IS NOT NULL)
         SELECT tag FROM known WHERE tag IS NOT NULL LIMIT ?1",
    )?;
    Ok(statement.query_map([limit as i64], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// All tags in use, in the order in which a row shows its own.
pub(super) fn all_tags(db: &Reader<'_>) -> Result<Vec<String>, StoreError> {
    Ok(in_order(known_tags(db, i64::MAX as usize)?))
}
