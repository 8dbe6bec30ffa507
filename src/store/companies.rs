//! Companies.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rusqlite::{OptionalExtension, named_params, params};

use super::list::{self, COUNTED_MAX, Count, Cursor, Keyset, ListQuery, Page};
use super::search::{self, Candidates, Needle};
use super::users::{self, AttributeValue, ROLL_DAYS, UserRow, first_seen};
use super::{Reader, StoreError, Tx, activity, workspace};
use crate::domain::access::Grade;
use crate::domain::activity::TREND_DAYS;
use crate::domain::attributes::{Attributes, Owner};
use crate::domain::ids::{CompanyId, CompanyKey};
use crate::domain::time;

/// Days of the chart on a company's page.
const CHART_DAYS: i32 = 84;
/// Of what people do so much is shown.
const TOP_EVENTS_MAX: usize = 10;

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

/// A company with all that the API says of one.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyRecord {
    /// As in a list.
    pub row: CompanyRow,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// Distinct active people of the last 28 days, and of the 28 before (T7).
    pub active_people: (i64, i64),
}

/// A page of companies.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, query: &ListQuery<SortBy>, now_ms: i64) -> Result<Page<CompanyRow>, StoreError> {
    let (keys, next) = page_of_keys(db, query)?;
    Ok(Page { rows: rows(db, &keys, now_ms)?, next })
}

/// A page of companies with all that the API says of each.
///
/// # Errors
/// [`StoreError`] only.
pub fn records(db: &Reader<'_>, query: &ListQuery<SortBy>, now_ms: i64) -> Result<Page<CompanyRecord>, StoreError> {
    let (keys, next) = page_of_keys(db, query)?;
    let rows = rows(db, &keys, now_ms)?.into_iter().map(|row| record_of(db, row, now_ms));
    Ok(Page { rows: rows.collect::<Result<_, _>>()?, next })
}

/// The condition of a search: the lower-case text within name or id, or the text as typed
/// within the id, since SQLite's `lower` knows the letters of ASCII only.
const HAS_TEXT: &str =
    "(instr(sort_name, :text) > 0 OR instr(lower(company_id), :text) > 0 OR instr(company_id, :typed) > 0)";

/// The companies of a page in its order, and where the next one begins.
fn page_of_keys(db: &Reader<'_>, query: &ListQuery<SortBy>) -> Result<(Vec<i64>, Option<Cursor>), StoreError> {
    let (index, column) = match query.sort {
        SortBy::Name => ("companies_sort_name", "sort_name"),
        SortBy::FirstSeen => ("companies_first_seen", "first_seen_ms"),
        SortBy::LastSeen => ("companies_last_seen", "last_seen_hour"),
        SortBy::Members => ("companies_members", "members"),
        SortBy::ActiveMembers => ("companies_active", "active_members"),
    };
    let keyset = Keyset { column: Some(column), key: "company_key", descending: query.descending };
    let search = query.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT company_key, {column} FROM companies INDEXED BY {index}
         WHERE merged_into IS NULL AND archived_ms IS NULL {has_text} {behind} {order} LIMIT :limit",
        has_text = if search.is_some() { format!("AND {HAS_TEXT}") } else { String::new() },
        behind = keyset.behind(query.after.as_ref()),
        order = keyset.order(),
    ))?;
    list::bind_cursor(&mut statement, &keyset, query.after.as_ref())?;
    list::bind(&mut statement, ":limit", query.size as i64 + 1)?;
    if let Some(text) = search {
        list::bind(&mut statement, ":text", text.to_lowercase())?;
        list::bind(&mut statement, ":typed", text)?;
    }
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key = row.get(0)?;
        found.push((Cursor { value: list::cursor_value(row.get_ref(1)?), key }, key));
    }
    let page = Page::cut(found, query.size);
    Ok((page.rows, page.next))
}

/// Companies as a list shows them, in the order of their keys here.
pub(super) fn rows(db: &Reader<'_>, keys: &[i64], now_ms: i64) -> Result<Vec<CompanyRow>, StoreError> {
    let today = time::day(now_ms, workspace::settings(db)?.time_zone);
    let mut rolls = activity::company_rolls(db, keys, today)?;
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(mut row) = row(db, *key)? {
            row.roll = rolls.remove(key).unwrap_or([0; ROLL_DAYS]);
            rows.push(row);
        }
    }
    Ok(rows)
}

/// One company as a list shows it, but for the roll.
fn row(db: &Reader<'_>, key: i64) -> Result<Option<CompanyRow>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT company_id, name, attributes ->> 'domain', attributes ->> 'plan', members, active_members,
                first_seen_ms, last_seen_hour
         FROM companies WHERE company_key = :key",
    )?;
    let found = statement
        .query_row(named_params! { ":key": key }, |row| {
            let company = CompanyRow {
                key: CompanyKey(key),
                company_id: row.get(0)?,
                name: row.get(1)?,
                domain: row.get(2)?,
                plan: row.get(3)?,
                members: row.get(4)?,
                active_members: row.get(5)?,
                first_seen_ms: row.get(6)?,
                last_seen_ms: None,
                roll: [0; ROLL_DAYS],
            };
            Ok((company, row.get::<_, i64>(7)?))
        })
        .optional()?;
    let Some((mut company, hour)) = found else { return Ok(None) };
    company.last_seen_ms = activity::last_of_company(db, key, hour)?;
    Ok(Some(company))
}

/// How many companies a search finds.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, search: Option<&str>) -> Result<Count, StoreError> {
    let Some(text) = search.map(str::trim).filter(|text| !text.is_empty()) else {
        let mut statement = db.0.prepare_cached(
            "SELECT count(*) FROM (
               SELECT 1 FROM companies INDEXED BY companies_members
               WHERE merged_into IS NULL AND archived_ms IS NULL LIMIT :limit)",
        )?;
        return Ok(Count::of(statement.query_row(named_params! { ":limit": COUNTED_MAX }, |row| row.get(0))?));
    };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT count(*) FROM (
           SELECT 1 FROM companies INDEXED BY companies_sort_name
           WHERE merged_into IS NULL AND archived_ms IS NULL AND {HAS_TEXT} LIMIT :limit)"
    ))?;
    let parameters = named_params! { ":text": text.to_lowercase(), ":typed": text, ":limit": COUNTED_MAX };
    Ok(Count::of(statement.query_row(parameters, |row| row.get(0))?))
}

/// The key of a company, read through aliases and merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn key(db: &Reader<'_>, company_id: &str) -> Result<Option<CompanyKey>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT coalesce(c.merged_into, c.company_key)
         FROM company_ids AS i JOIN companies AS c ON c.company_key = i.company_key WHERE i.company_id = :company_id",
    )?;
    let found = statement.query_row(named_params! { ":company_id": company_id }, |row| row.get(0)).optional()?;
    Ok(found.map(CompanyKey))
}

/// All that the API says of a company.
///
/// # Errors
/// [`StoreError`] only.
pub fn record(db: &Reader<'_>, company_id: &str, now_ms: i64) -> Result<Option<CompanyRecord>, StoreError> {
    let Some(key) = key(db, company_id)? else { return Ok(None) };
    let Some(row) = rows(db, &[key.0], now_ms)?.pop() else { return Ok(None) };
    Ok(Some(record_of(db, row, now_ms)?))
}

fn record_of(db: &Reader<'_>, row: CompanyRow, now_ms: i64) -> Result<CompanyRecord, StoreError> {
    let today = time::day(now_ms, workspace::settings(db)?.time_zone);
    let (values, stamps) =
        db.0.prepare_cached("SELECT json(attributes), stamps FROM companies WHERE company_key = :company")?
            .query_row(named_params! { ":company": row.key.0 }, |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })?;
    Ok(CompanyRecord {
        attributes: users::attribute_values(db, Owner::Company, &Attributes::read(&values, &stamps))?,
        active_people: active_people(db, row.key.0, today)?,
        row,
    })
}

/// Distinct active people of the last 28 days, and of the 28 before.
fn active_people(db: &Reader<'_>, company: i64, today: i32) -> Result<(i64, i64), StoreError> {
    let last = activity::last_days(today, TREND_DAYS);
    let before = activity::last_days(today - TREND_DAYS, TREND_DAYS);
    let people = activity::recent_people_of_company(db, company, last.clone())?;
    let people_before = match activity::people_of_company(db, company, &before)? {
        Some(people) => people,
        None => activity::in_proportion(
            activity::people_days_of_company(db, company, &before)?,
            activity::people_days_of_company(db, company, &last)?,
            people,
        ),
    };
    Ok((people, people_before))
}

/// All that a company's page shows.
///
/// # Errors
/// [`StoreError`] only.
pub fn page(db: &Reader<'_>, company_id: &str, now_ms: i64) -> Result<Option<CompanyPage>, StoreError> {
    let Some(CompanyRecord { row, attributes, active_people }) = record(db, company_id, now_ms)? else {
        return Ok(None);
    };
    let today = time::day(now_ms, workspace::settings(db)?.time_zone);
    let key = row.key.0;
    let days = days(db, key, activity::last_days(today, CHART_DAYS))?;
    let events_7d = days.iter().rev().take(7).map(|day| u64::from(day.events)).sum();
    Ok(Some(CompanyPage {
        top_events: top_events(db, key, activity::last_days(today, TREND_DAYS))?,
        active_people_7d: activity::recent_people_of_company(db, key, activity::last_days(today, 7))?,
        left: left(db, key)?,
        row,
        attributes,
        days,
        active_people,
        events_7d,
    }))
}

/// Each day of a span, those without activity too.
fn days(db: &Reader<'_>, company: i64, span: RangeInclusive<i32>) -> Result<Vec<CompanyDay>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT day.value, coalesce(fold.people, 0), coalesce(fold.events, 0) FROM json_each(:days) AS day
         LEFT JOIN company_days AS fold ON fold.day = day.value AND fold.company_key = :company
         ORDER BY day.key",
    )?;
    let parameters = named_params! { ":days": list::json_keys(span.map(i64::from)), ":company": company };
    let rows = statement
        .query_map(parameters, |row| Ok(CompanyDay { day: row.get(0)?, people: row.get(1)?, events: row.get(2)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What people did most on these days.
fn top_events(db: &Reader<'_>, company: i64, span: RangeInclusive<i32>) -> Result<Vec<TopEvent>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT name.name, top.events FROM (
           SELECT fold.name_key AS name_key, sum(fold.events) AS events FROM json_each(:days) AS day
           CROSS JOIN company_names_by_day AS fold ON fold.day = day.value AND fold.company_key = :company
           GROUP BY fold.name_key ORDER BY 2 DESC, 1 LIMIT :limit) AS top
         CROSS JOIN event_names AS name ON name.name_key = top.name_key
         ORDER BY top.events DESC, name.name",
    )?;
    let parameters = named_params! {
        ":days": list::json_keys(span.map(i64::from)),
        ":company": company,
        ":limit": TOP_EVENTS_MAX as i64,
    };
    let rows = statement.query_map(parameters, |row| {
        Ok(TopEvent { name: row.get(0)?, events: row.get::<_, i64>(1)?.unsigned_abs() })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// People who left.
fn left(db: &Reader<'_>, company: i64) -> Result<u64, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM memberships INDEXED BY memberships_joined WHERE company_key = :company AND open = 0",
    )?;
    let left: i64 = statement.query_row(named_params! { ":company": company }, |row| row.get(0))?;
    Ok(left.unsigned_abs())
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
    let (keys, next) = page_of_members(db, company.0, open, query)?;
    let sources = users::source_names(db)?;
    let mut rows = Vec::with_capacity(keys.len());
    for user in users::rows(db, &keys, now_ms)? {
        rows.push(member(db, company.0, user, &sources)?);
    }
    Ok(Page { rows, next })
}

/// The members of a page in its order, and where the next one begins.
fn page_of_members(
    db: &Reader<'_>,
    company: i64,
    open: bool,
    query: &ListQuery<MembersBy>,
) -> Result<(Vec<i64>, Option<Cursor>), StoreError> {
    let (index, column) = match query.sort {
        MembersBy::Name => ("memberships_sort_name", "m.sort_name"),
        MembersBy::Joined => ("memberships_joined", "m.joined_ms"),
        MembersBy::LastSeen => ("memberships_last_seen", "m.last_seen_hour"),
    };
    let needle = Needle::of(query.search.as_deref());
    let candidates = match &needle {
        Some(needle) => search::candidates(db, needle, search::CANDIDATES_MAX)?,
        None => Candidates::TooMany,
    };
    let (from, keys) = match candidates {
        Candidates::TooMany => (format!("memberships AS m INDEXED BY {index}"), None),
        Candidates::Keys(keys) => (
            "json_each(:keys) AS found CROSS JOIN memberships AS m ON m.user_key = found.value".to_owned(),
            Some(list::json_keys(keys)),
        ),
    };
    let keyset = Keyset { column: Some(column), key: "m.user_key", descending: query.descending };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT m.user_key, {column}, u.name, u.email, u.user_id
         FROM {from} CROSS JOIN users AS u ON u.user_key = m.user_key
         WHERE m.company_key = :company AND m.open = :open AND u.merged_into IS NULL AND u.archived_ms IS NULL
           {behind} {order}",
        behind = keyset.behind(query.after.as_ref()),
        order = keyset.order(),
    ))?;
    list::bind_cursor(&mut statement, &keyset, query.after.as_ref())?;
    list::bind(&mut statement, ":company", company)?;
    list::bind(&mut statement, ":open", open)?;
    if let Some(keys) = keys {
        list::bind(&mut statement, ":keys", keys)?;
    }
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while found.len() <= query.size
        && let Some(row) = rows.next()?
    {
        if needle.as_ref().is_none_or(|needle| needle.is_in(search::texts(row, 2))) {
            let key = row.get(0)?;
            found.push((Cursor { value: list::cursor_value(row.get_ref(1)?), key }, key));
        }
    }
    let page = Page::cut(found, query.size);
    Ok((page.rows, page.next))
}

/// A user as a member of a company.
fn member(
    db: &Reader<'_>,
    company: i64,
    user: UserRow,
    sources: &BTreeMap<i64, String>,
) -> Result<MemberRow, StoreError> {
    let key = user.key.0;
    let mut statement = db.0.prepare_cached(
        "SELECT role, title, json(attributes), joined_ms, left_ms, source_key, grade, last_seen_hour
         FROM memberships WHERE user_key = :user AND company_key = :company",
    )?;
    let (mut member, hour) = statement.query_row(named_params! { ":user": key, ":company": company }, |row| {
        let member = MemberRow {
            role: row.get(0)?,
            title: row.get(1)?,
            attributes: users::json_object(row.get_ref(2)?.as_str()?),
            current: user.company.as_ref().is_some_and(|current| current.key.0 == company),
            joined_ms: row.get(3)?,
            left_ms: row.get(4)?,
            last_seen_ms: None,
            source: sources.get(&row.get(5)?).cloned().unwrap_or_default(),
            grade: Grade::from_number(row.get(6)?),
            user,
        };
        Ok((member, row.get::<_, i64>(7)?))
    })?;
    member.last_seen_ms = activity::last_of_user(db, key, Some(company), hour)?;
    Ok(member)
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
