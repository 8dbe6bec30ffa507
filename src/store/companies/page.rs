//! A company with all that is known: attributes, activity, what its people do.

use std::ops::RangeInclusive;

use rusqlite::{OptionalExtension, named_params};

use super::{CompanyRow, Shelf, SortBy, key, page_of_keys, rows, rows_without_rolls};
use crate::domain::activity::TREND_DAYS;
use crate::domain::attributes::{Attributes, Owner};
use crate::domain::duplicates::Why;
use crate::domain::first_page::FirstPage;
use crate::domain::ids::{CompanyKey, UserKey};
use crate::store::list::{self, ListQuery, Page};
use crate::store::users::{self, AttributeValue, SourceNames, UserRow};
use crate::store::{Reader, StoreError, activity, duplicates, email_domains, first_pages, workspace};

/// Days of the chart on a company's page.
const CHART_DAYS: i32 = 84;

/// Ids that are told of a company.
const ALIASES_MAX: i64 = 100;

/// Of what people do so much is shown.
const TOP_EVENTS_MAX: usize = 10;

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

/// A company with all that the API says of one.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyRecord {
    /// As in a list; where many records are read, without the roll.
    pub row: CompanyRow,
    /// Earlier ids, and those of companies merged into it, in the order of the alphabet.
    pub aliases: Vec<String>,
    /// Out of lists and numbers since, Unix milliseconds (C10).
    pub archived_ms: Option<i64>,
    /// Its e-mail domains, the stated one first (C9).
    pub domains: Vec<String>,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// It takes signed members only (C8).
    pub signed_members: bool,
    /// Distinct active people of the last 28 days, and of the 28 before (T7).
    pub active_people: (i64, i64),
    /// The first page of the member who joined first, and that member (A9).
    pub first_page: Option<(UserKey, FirstPage)>,
}

/// A company with all that its page shows beside members, events and history.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyPage {
    /// As in a list.
    pub row: CompanyRow,
    /// Earlier ids, and those of companies merged into it, in the order of the alphabet.
    pub aliases: Vec<String>,
    /// Out of lists and numbers since, Unix milliseconds (C10).
    pub archived_ms: Option<i64>,
    /// Its e-mail domains, the stated one first (C9).
    pub domains: Vec<String>,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// It takes signed members only (C8).
    pub signed_members: bool,
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
    /// The first page of the member who joined first, and that member (A9).
    pub first_page: Option<(UserRow, FirstPage)>,
    /// Other companies that may be the same, and why (C5).
    pub possible_duplicates: Vec<(CompanyRow, Why)>,
}

/// A page of companies with all that the API says of each, which has no rolls.
///
/// # Errors
/// [`StoreError`] only.
pub fn records(
    db: &Reader<'_>,
    shelf: Shelf,
    query: &ListQuery<SortBy>,
    now_ms: i64,
) -> Result<Page<CompanyRecord>, StoreError> {
    let (keys, next) = page_of_keys(db, shelf, query)?;
    let (today, sources) = (workspace::today(db, now_ms)?, users::source_names(db)?);
    let mut rows = rows_without_rolls(db, &keys)?;
    if query.sort == SortBy::LastSeen {
        list::order_within_hours(&mut rows, query.descending, |row| row.last_seen_ms);
    }
    let rows = rows.into_iter().map(|row| record_of(db, row, today, &sources));
    Ok(Page { rows: rows.collect::<Result<_, _>>()?, next })
}

/// All that the API says of a company.
///
/// # Errors
/// [`StoreError`] only.
pub fn record(db: &Reader<'_>, company_id: &str, now_ms: i64) -> Result<Option<CompanyRecord>, StoreError> {
    key(db, company_id)?.map_or(Ok(None), |key| record_of_key(db, key, now_ms))
}

/// As [`record`], of our row number, read through merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn record_of_key(db: &Reader<'_>, key: CompanyKey, now_ms: i64) -> Result<Option<CompanyRecord>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT coalesce(merged_into, company_key) FROM companies WHERE company_key = :company")?;
    let read_through = statement.query_row(named_params! { ":company": key.0 }, |row| row.get(0)).optional()?;
    let Some(key): Option<i64> = read_through else { return Ok(None) };
    let Some(row) = rows(db, &[key], now_ms)?.pop() else { return Ok(None) };
    Ok(Some(record_of(db, row, workspace::today(db, now_ms)?, &users::source_names(db)?)?))
}

fn record_of(db: &Reader<'_>, row: CompanyRow, today: i32, sources: &SourceNames) -> Result<CompanyRecord, StoreError> {
    let (values, stamps, signed_members, archived_ms) =
        db.0.prepare_cached(
            "SELECT json(attributes), stamps, signed_members, archived_ms FROM companies WHERE company_key = :company",
        )?
        .query_row(named_params! { ":company": row.key.0 }, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
        })?;
    Ok(CompanyRecord {
        aliases: aliases(db, &row)?,
        signed_members,
        archived_ms,
        domains: email_domains::of_company(db, row.key)?,
        attributes: users::attribute_values(db, Owner::Company, &Attributes::read(&values, &stamps), sources)?,
        active_people: active_people(db, row.key.0, today)?,
        first_page: first_pages::of_company(db, row.key)?,
        row,
    })
}

/// The ids that lead to a company, but for its own.
fn aliases(db: &Reader<'_>, row: &CompanyRow) -> Result<Vec<String>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT company_id FROM company_ids WHERE company_key = :company
         UNION SELECT i.company_id FROM companies AS c CROSS JOIN company_ids AS i ON i.company_key = c.company_key
         WHERE c.merged_into = :company LIMIT :limit",
    )?;
    let parameters = named_params! { ":company": row.key.0, ":limit": ALIASES_MAX };
    let mut ids: Vec<String> = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?;
    ids.retain(|id| *id != row.company_id);
    Ok(ids)
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
    let Some(record) = record(db, company_id, now_ms)? else { return Ok(None) };
    let CompanyRecord { row, aliases, domains, attributes, archived_ms, signed_members, active_people, first_page } =
        record;
    let first_page = match first_page {
        Some((user, page)) => users::rows(db, &[user.0], now_ms)?.pop().map(|user| (user, page)),
        None => None,
    };
    let today = workspace::today(db, now_ms)?;
    let key = row.key.0;
    let days = days(db, key, activity::last_days(today, CHART_DAYS))?;
    let events_7d = days.iter().rev().take(7).map(|day| u64::from(day.events)).sum();
    Ok(Some(CompanyPage {
        signed_members,
        top_events: top_events(db, key, activity::last_days(today, TREND_DAYS))?,
        active_people_7d: activity::recent_people_of_company(db, key, activity::last_days(today, 7))?,
        left: left(db, key)?,
        possible_duplicates: duplicates::of_company(db, row.key, now_ms)?,
        row,
        aliases,
        archived_ms,
        domains,
        attributes,
        days,
        active_people,
        events_7d,
        first_page,
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
