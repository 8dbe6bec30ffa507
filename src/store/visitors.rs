//! Visitors: browsers that nobody has signed in on, or that are linked to a user.

use rusqlite::{OptionalExtension, params};

use super::list::{ListQuery, Page};
use super::{Reader, StoreError, Tx};
use crate::domain::attributes::Attributes;
use crate::domain::identity::Link;
use crate::domain::ids::{AnonymousId, UserKey, VisitorKey};

/// The columns by which visitors are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Last seen.
    LastSeen,
}

/// A visitor in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitorRow {
    /// Our row number.
    pub key: VisitorKey,
    /// The browser's random id.
    pub anonymous_id: String,
    /// The linked user's id, where there is one.
    pub user_id: Option<String>,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// What the visitor carries.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// A page of visitors.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, query: &ListQuery<SortBy>) -> Result<Page<VisitorRow>, StoreError> {
    let _ = (db, query);
    todo!()
}

// What the writer needs ------------------------------------------------------

/// A visitor as the rules need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownVisitor {
    /// Our row number.
    pub key: VisitorKey,
    /// Whom it is linked to.
    pub link: Option<Link>,
    /// Time of the linking message, Unix milliseconds.
    pub linked_ms: Option<i64>,
    /// Events from here on are the user's (R5), Unix milliseconds.
    pub linked_from_ms: Option<i64>,
}

/// The visitor of an anonymous id.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(tx: &Tx<'_>, anonymous_id: &AnonymousId) -> Result<Option<KnownVisitor>, StoreError> {
    Ok(tx
        .connection
        .prepare_cached(
            "SELECT v.visitor_key, v.linked_ms, v.linked_from_ms, u.user_key, u.user_id IS NULL, u.email
             FROM visitors v
             LEFT JOIN users linked ON linked.user_key = v.user_key
             LEFT JOIN users u ON u.user_key = coalesce(linked.merged_into, linked.user_key)
             WHERE v.anonymous_id = ?1",
        )?
        .query_row([anonymous_id.as_str()], |row| {
            let user: Option<i64> = row.get(3)?;
            let link = match user {
                None => None,
                Some(user) => Some(Link { user: UserKey(user), is_lead: row.get(4)?, email: row.get(5)? }),
            };
            Ok(KnownVisitor { key: VisitorKey(row.get(0)?), link, linked_ms: row.get(1)?, linked_from_ms: row.get(2)? })
        })
        .optional()?)
}

/// Makes a visitor of its anonymous id. `at_ms` is the time of the message that names it.
///
/// # Errors
/// [`StoreError`] only.
pub fn create(tx: &Tx<'_>, anonymous_id: &AnonymousId, at_ms: i64) -> Result<VisitorKey, StoreError> {
    tx.connection
        .prepare_cached("INSERT INTO visitors (anonymous_id, attributes, first_seen_ms) VALUES (?1, jsonb('{}'), ?2)")?
        .execute(params![anonymous_id.as_str(), at_ms])?;
    Ok(VisitorKey(tx.connection.last_insert_rowid()))
}

/// Links a visitor to a user, once (R2): events from `from_ms` on are the user's. The link
/// takes its place in the order of arrival, where the folds meet it.
///
/// # Errors
/// [`StoreError`] only.
pub fn link(tx: &mut Tx<'_>, visitor: VisitorKey, user: UserKey, at_ms: i64, from_ms: i64) -> Result<(), StoreError> {
    let seq = super::events::arrive(tx, None, Some(visitor))?;
    tx.connection
        .prepare_cached(
            "UPDATE visitors SET user_key = ?2, linked_ms = ?3, linked_from_ms = ?4, linked_seq = ?5
             WHERE visitor_key = ?1 AND user_key IS NULL",
        )?
        .execute(params![visitor.0, user.0, at_ms, from_ms, seq])?;
    Ok(())
}

/// What a visitor carries.
///
/// # Errors
/// [`StoreError`] only.
pub fn attributes(tx: &Tx<'_>, visitor: VisitorKey) -> Result<Attributes, StoreError> {
    Ok(tx
        .connection
        .prepare_cached("SELECT json(attributes), stamps FROM visitors WHERE visitor_key = ?1")?
        .query_row([visitor.0], |row| Ok(Attributes::read(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?)))?)
}

/// Writes what a visitor carries.
///
/// # Errors
/// [`StoreError`] only.
pub fn save(tx: &Tx<'_>, visitor: VisitorKey, attributes: &Attributes) -> Result<(), StoreError> {
    let (values, stamps) = attributes.columns();
    tx.connection
        .prepare_cached("UPDATE visitors SET attributes = jsonb(?2), stamps = ?3 WHERE visitor_key = ?1")?
        .execute(params![visitor.0, values, stamps])?;
    Ok(())
}

/// Notes that a message of this time named a visitor: its first may be an earlier one.
///
/// # Errors
/// [`StoreError`] only.
pub fn named_at(tx: &Tx<'_>, visitor: VisitorKey, at_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE visitors SET first_seen_ms = ?2 WHERE visitor_key = ?1 AND first_seen_ms > ?2")?
        .execute([visitor.0, at_ms])?;
    Ok(())
}

/// Linked visitors whose attributes are looked at; further ones carry nothing.
const CARRYING_MAX: i64 = 100;

/// What the visitors linked to a user carry, those that carry anything, at most 100.
///
/// # Errors
/// [`StoreError`] only.
pub fn carried_by(tx: &Tx<'_>, user: UserKey) -> Result<Vec<Attributes>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT json(attributes), stamps FROM visitors WHERE user_key = ?1 AND stamps <> '{}' ORDER BY visitor_key LIMIT ?2",
    )?;
    let rows = statement.query_map([user.0, CARRYING_MAX], |row| {
        Ok(Attributes::read(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
