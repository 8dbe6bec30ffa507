//! Companies.

use super::list::{Count, ListQuery, Page};
use super::users::{AttributeValue, ROLL_DAYS, UserRow};
use super::{Reader, StoreError};
use crate::domain::access::Grade;
use crate::domain::ids::CompanyKey;

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
