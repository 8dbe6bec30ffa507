//! Users and leads.

use std::collections::BTreeMap;

use super::list::{Count, ListQuery, Page};
use super::{Reader, StoreError};
use crate::domain::access::Grade;
use crate::domain::attributes::Type;
use crate::domain::ids::{CompanyKey, UserKey};

/// The days of a roll: one small bar each.
pub const ROLL_DAYS: usize = 28;

/// The columns by which users are sorted; each has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Name, else e-mail, else id.
    Name,
    /// E-mail address.
    Email,
    /// First seen.
    FirstSeen,
    /// Last activity.
    LastSeen,
    /// Number of companies.
    Companies,
}

/// A company as a row of something else names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyName {
    /// Our row number.
    pub key: CompanyKey,
    /// The site's id.
    pub company_id: String,
    /// Its name.
    pub name: Option<String>,
}

/// A user in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    /// Our row number.
    pub key: UserKey,
    /// Our id, a UUID v7.
    pub id: String,
    /// The site's id; none for a lead.
    pub user_id: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// The current company (C1).
    pub company: Option<CompanyName>,
    /// Open memberships.
    pub companies: u32,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Last activity, Unix milliseconds, to the millisecond where the journal says it.
    pub last_seen_ms: Option<i64>,
    /// Events per day, the last 28 days in the workspace's zone, oldest first.
    pub roll: [u32; ROLL_DAYS],
}

/// An id that a user has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// `user_id`, `alias` or `anonymous_id`.
    pub kind: &'static str,
    /// The id.
    pub value: String,
    /// Since when, Unix milliseconds.
    pub since_ms: i64,
}

/// An attribute with where it came from, as a page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeValue {
    /// Its name.
    pub name: String,
    /// Its value, as JSON.
    pub value: serde_json::Value,
    /// Its type.
    pub kind: Type,
    /// Since when it is so, Unix milliseconds.
    pub at_ms: i64,
    /// What the sender was worth.
    pub grade: Grade,
    /// The name of the source.
    pub source: String,
    /// Pinned by hand.
    pub pinned: bool,
}

/// A membership as a user's page and the API show it.
#[derive(Debug, Clone, PartialEq)]
pub struct UserMembership {
    /// The company.
    pub company: CompanyName,
    /// Role in it.
    pub role: Option<String>,
    /// Title in it.
    pub title: Option<String>,
    /// The membership's own attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// The current one (C1).
    pub current: bool,
    /// Unix milliseconds.
    pub joined_ms: i64,
    /// Unix milliseconds; none while in it.
    pub left_ms: Option<i64>,
    /// The name of the source that said so.
    pub source: String,
    /// What its sender was worth.
    pub grade: Grade,
}

/// A user with all that its page shows beside events and history.
#[derive(Debug, Clone, PartialEq)]
pub struct UserPage {
    /// As in a list.
    pub row: UserRow,
    /// All ids.
    pub identifiers: Vec<Identifier>,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// Companies, current and past, the current one first.
    pub memberships: Vec<UserMembership>,
    /// Active days of the last 28 days, and of the 28 before (T7).
    pub active_days: (i64, i64),
    /// Events of the last 28 days that count for no company though the user has several (C4).
    pub unstated_events: u64,
    /// Other users with the same e-mail.
    pub possible_duplicates: Vec<UserRow>,
    /// Proof of identity was seen.
    pub signed: bool,
}

/// How a user is named from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserName {
    /// The site's id, or an alias of it.
    UserId(String),
    /// The one with this e-mail; the first made, where there are several.
    Email(String),
    /// Our id.
    Id(String),
}

/// A page of users.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, query: &ListQuery<SortBy>, now_ms: i64) -> Result<Page<UserRow>, StoreError> {
    let _ = (db, query, now_ms);
    todo!()
}

/// How many users a search finds.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, search: Option<&str>) -> Result<Count, StoreError> {
    let _ = (db, search);
    todo!()
}

/// The key of a user, read through aliases and merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn key(db: &Reader<'_>, name: &UserName) -> Result<Option<UserKey>, StoreError> {
    let _ = (db, name);
    todo!()
}

/// All that a user's page shows.
///
/// # Errors
/// [`StoreError`] only.
pub fn page(db: &Reader<'_>, name: &UserName, now_ms: i64) -> Result<Option<UserPage>, StoreError> {
    let _ = (db, name, now_ms);
    todo!()
}

/// Names of sources by key, for rows that name theirs.
pub(super) fn source_names(db: &Reader<'_>) -> Result<BTreeMap<i64, String>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT source_key, name FROM sources")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
