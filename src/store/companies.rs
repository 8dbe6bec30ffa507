//! Companies.

use rusqlite::{OptionalExtension, params};

use super::list::{Count, ListQuery, Page};
use super::users::{AttributeValue, ROLL_DAYS, UserRow, first_seen};
use super::{Reader, StoreError, Tx};
use crate::domain::access::Grade;
use crate::domain::attributes::Attributes;
use crate::domain::ids::{CompanyId, CompanyKey};

/// The columns by which companies are sorted; each has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Name, else id.
    Name,
    /// First seen.
    FirstSeen,
    /// Last activity.
    LastSeen,
    /// Members.
    Members,
    /// Members active in 30 days.
    ActiveMembers,
}

/// The columns by which members are sorted; each has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersBy {
    /// Name, else e-mail, else id.
    Name,
    /// Joined.
    Joined,
    /// Last activity in the company.
    LastSeen,
}

/// A company in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyRow {
    /// Our row number.
    pub key: CompanyKey,
    /// The site's id.
    pub company_id: String,
    /// Name.
    pub name: Option<String>,
    /// The standard attribute `domain`.
    pub domain: Option<String>,
    /// The standard attribute `plan`.
    pub plan: Option<String>,
    /// Open memberships.
    pub members: u32,
    /// Members active in the last 30 days.
    pub active_members: u32,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Last activity, Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// Active people per day, the last 28 days, oldest first.
    pub roll: [u32; ROLL_DAYS],
}

/// A day of a company's activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompanyDay {
    /// Days since 1970-01-01 in the workspace's zone.
    pub day: i32,
    /// Distinct active people.
    pub people: u32,
    /// Events.
    pub events: u32,
}

/// What people of a company do, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopEvent {
    /// The event's name.
    pub name: String,
    /// Times in the last 28 days.
    pub events: u64,
}

/// A company with all that its page shows beside members, events and history.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyPage {
    /// As in a list.
    pub row: CompanyRow,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// The last 84 days, oldest first, days without activity too.
    pub days: Vec<CompanyDay>,
    /// Top events of 28 days, at most 10.
    pub top_events: Vec<TopEvent>,
    /// Distinct active people of the last 28 days, and of the 28 before (T7).
    pub active_people: (i64, i64),
    /// Distinct active people of the last 7 days.
    pub active_people_7d: i64,
    /// Events of the last 7 days.
    pub events_7d: u64,
    /// People who left.
    pub left: u64,
}

/// A member in a company's list.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRow {
    /// The user, with the roll of this user's days in all companies.
    pub user: UserRow,
    /// Role in the company.
    pub role: Option<String>,
    /// Title in the company.
    pub title: Option<String>,
    /// The membership's own attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// The company is the user's current one.
    pub current: bool,
    /// Unix milliseconds.
    pub joined_ms: i64,
    /// Unix milliseconds; none while in it.
    pub left_ms: Option<i64>,
    /// Last activity in this company, Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// The name of the source that said so.
    pub source: String,
    /// What its sender was worth.
    pub grade: Grade,
}

/// A page of companies.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, query: &ListQuery<SortBy>, now_ms: i64) -> Result<Page<CompanyRow>, StoreError> {
    let _ = (db, query, now_ms);
    todo!()
}

/// How many companies a search finds.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, search: Option<&str>) -> Result<Count, StoreError> {
    let _ = (db, search);
    todo!()
}

/// The key of a company, read through aliases and merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn key(db: &Reader<'_>, company_id: &str) -> Result<Option<CompanyKey>, StoreError> {
    let _ = (db, company_id);
    todo!()
}

/// All that a company's page shows.
///
/// # Errors
/// [`StoreError`] only.
pub fn page(db: &Reader<'_>, company_id: &str, now_ms: i64) -> Result<Option<CompanyPage>, StoreError> {
    let _ = (db, company_id, now_ms);
    todo!()
}

/// A page of a company's members: those in it, or those who left.
///
/// # Errors
/// [`StoreError`] only.
pub fn members(
    db: &Reader<'_>,
    company: CompanyKey,
    open: bool,
    query: &ListQuery<MembersBy>,
    now_ms: i64,
) -> Result<Page<MemberRow>, StoreError> {
    let _ = (db, company, open, query, now_ms);
    todo!()
}

// What the writer needs ------------------------------------------------------

/// A company as the rules need it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownCompany {
    /// Our row number.
    pub key: CompanyKey,
    /// The site's id.
    pub company_id: String,
    /// Name.
    pub name: Option<String>,
    /// All attributes.
    pub attributes: Attributes,
    /// The earliest message, Unix milliseconds.
    pub first_message_ms: i64,
}

/// The company of an id, read through aliases and merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn key_of_id(tx: &Tx<'_>, company_id: &CompanyId) -> Result<Option<CompanyKey>, StoreError> {
    Ok(tx
        .connection
        .prepare_cached("SELECT company_key FROM company_ids WHERE company_id = ?1")?
        .query_row([company_id.as_str()], |row| row.get(0).map(CompanyKey))
        .optional()?)
}

/// Makes a company of its id alone (C5). `at_ms` is the time of the message that names it.
///
/// # Errors
/// [`StoreError`] only.
pub fn create(tx: &Tx<'_>, company_id: &CompanyId, at_ms: i64) -> Result<CompanyKey, StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO companies (company_id, sort_name, attributes, first_message_ms, first_seen_ms)
             VALUES (?1, ?2, jsonb('{}'), ?3, ?3)",
        )?
        .execute(params![company_id.as_str(), company_id.as_str().to_lowercase(), at_ms])?;
    let key = CompanyKey(tx.connection.last_insert_rowid());
    tx.connection
        .prepare_cached("INSERT INTO company_ids (company_id, company_key, since_ms) VALUES (?1, ?2, ?3)")?
        .execute(params![company_id.as_str(), key.0, at_ms])?;
    Ok(key)
}

/// A company as the rules need it.
///
/// # Errors
/// [`StoreError`] only; also where there is no such row.
pub fn load(tx: &Tx<'_>, key: CompanyKey) -> Result<KnownCompany, StoreError> {
    Ok(tx
        .connection
        .prepare_cached(
            "SELECT company_id, name, json(attributes), stamps, first_message_ms FROM companies WHERE company_key = ?1",
        )?
        .query_row([key.0], |row| {
            Ok(KnownCompany {
                key,
                company_id: row.get(0)?,
                name: row.get(1)?,
                attributes: Attributes::read(row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?),
                first_message_ms: row.get(4)?,
            })
        })?)
}

/// Writes a company's attributes and what is derived from them.
///
/// # Errors
/// [`StoreError`] only.
pub fn save(tx: &Tx<'_>, company: &KnownCompany) -> Result<(), StoreError> {
    let (values, stamps) = company.attributes.columns();
    let name = company.attributes.text("name");
    let sort_name = name.as_ref().unwrap_or(&company.company_id).to_lowercase();
    let first_seen_ms = first_seen(company.first_message_ms, &company.attributes);
    tx.connection
        .prepare_cached(
            "UPDATE companies SET attributes = jsonb(?2), stamps = ?3, name = ?4, sort_name = ?5, first_seen_ms = ?6
             WHERE company_key = ?1",
        )?
        .execute(params![company.key.0, values, stamps, name, sort_name, first_seen_ms])?;
    Ok(())
}

/// Notes that a message of this time named a company: its first may be an earlier one (T5).
///
/// # Errors
/// [`StoreError`] only.
pub fn named_at(tx: &Tx<'_>, key: CompanyKey, at_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE companies SET first_message_ms = ?2, first_seen_ms = min(first_seen_ms, ?2)
             WHERE company_key = ?1 AND first_message_ms > ?2",
        )?
        .execute(params![key.0, at_ms])?;
    Ok(())
}
