//! A company with all that is known: attributes, activity, what its people do.

use std::ops::RangeInclusive;

use rusqlite::{OptionalExtension, named_params};

use super::{CompanyRow, Shelf, SortBy, key, page_of_keys, rows, rows_without_rolls};
use crate::domain::activity::TREND_DAYS;
use crate::domain::attributes::{Attributes, Owner};
use crate::domain::duplicates::Why;
use crate::domain::first_page::FirstPage;
use crate::domain::ids::{CompanyKey, UserKey};
use crate::store::list::{self, COUNTED_MAX, Count, ListQuery, Page};
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
    pub left: Count,
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
    let (keys, next) = page_of_keys(db, shelf, query, now_ms)?;
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
        active_people: active_people(db, &row, today)?,
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

/// Distinct active people of the last 28 days, and of the 28 before. Of a company with more people than
/// are told apart the first is who is active in 30 days, and the second an estimate beside it.
fn active_people(db: &Reader<'_>, row: &CompanyRow, today: i32) -> Result<(i64, i64), StoreError> {
    let company = row.key.0;
    let last = activity::last_days(today, TREND_DAYS);
    let before = activity::last_days(today - TREND_DAYS, TREND_DAYS);
    let told_apart = activity::recent_people_of_company(db, company, last.clone())?;
    let people = told_apart.unwrap_or(i64::from(row.active_members));
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

/// Distinct active people of the last 7 days; of a company with more people than are told apart an estimate
/// beside those of 28.
fn active_people_7d(db: &Reader<'_>, company: i64, today: i32, people_28d: i64) -> Result<i64, StoreError> {
    let days = activity::last_days(today, 7);
    match activity::recent_people_of_company(db, company, days.clone())? {
        Some(people) => Ok(people),
        None => {
            let people_days = activity::people_days_of_company(db, company, &days)?;
            let of_28 = activity::last_days(today, TREND_DAYS);
            let known = activity::people_days_of_company(db, company, &of_28)?;
            Ok(activity::in_proportion(people_days, known, people_28d))
        }
    }
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
        active_people_7d: active_people_7d(db, key, today, active_people.0)?,
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
fn left(db: &Reader<'_>, company: i64) -> Result<Count, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (
           SELECT 1 FROM memberships INDEXED BY memberships_joined
           WHERE company_key = :company AND open = 0 LIMIT :limit)",
    )?;
    let parameters = named_params! { ":company": company, ":limit": COUNTED_MAX };
    Ok(Count::of(statement.query_row(parameters, |row| row.get(0))?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::domain::change::Subject;
    use crate::domain::profile::Profile;
    use crate::store::companies::{MembersBy, members};
    use crate::store::events::{self, Of};
    use crate::store::sample::{NOW, Sample, days_ago};
    use crate::store::{changes, notes};

    /// Members who are there, and who left, of the large company.
    const MEMBERS: i64 = 200_000;
    /// Steps of SQLite's machine between two counts.
    const STEPS: i32 = 100;
    /// Steps that one page may take, whatever the company: 50,000 people told apart three times are most of them.
    const STEPS_MAX: u64 = 1_250_000;

    /// People of the file join a company straight away, half of them having left; all were active of late.
    fn fill(sample: &Sample, company: i64, people: i64) {
        let (joined, left, today) = (days_ago(50), days_ago(3), crate::domain::time::day(NOW, chrono_tz::UTC));
        sample.run(&format!(
            "INSERT INTO memberships (user_key, company_key, joined_ms, left_ms, open, stated_ms, grade, source_key, attributes,
               sort_name, last_seen_hour)
             SELECT user_key, {company}, {joined} + user_key, iif(user_key % 2, NULL, {left}), user_key % 2, {joined}, 4, 1,
               jsonb('{{}}'), sort_name, {hour} FROM users WHERE user_key <= {people};
             INSERT INTO company_people SELECT {company}, user_key, {today} - user_key % 28, {hour} FROM users
             WHERE user_key <= {people};
             INSERT INTO company_people_by_day SELECT {today} - user_key % 56, {company}, user_key, 3 FROM users
             WHERE user_key <= {people};
             INSERT INTO company_days SELECT day, company_key, count(*), sum(events) FROM company_people_by_day
             WHERE company_key = {company} GROUP BY 1, 2;
             INSERT INTO changes (subject, subject_key, change_key, place, company_key, field, after)
             SELECT 2, user_key, 1, user_key + {company} * 1000000, {company}, ' membership', '{{}}' FROM users WHERE user_key <= {people};
             UPDATE companies SET members = {people} / 2, active_members = {people} / 2, last_seen_hour = {hour}
             WHERE company_key = {company};",
            hour = NOW / 3_600_000,
        ));
    }

    /// The steps that all takes which a company's page reads.
    fn steps_of_page(sample: &Sample, company_id: &str) -> (CompanyPage, u64) {
        let (taken, counted) = (Arc::new(AtomicU64::new(0)), sample.db());
        let count = Arc::clone(&taken);
        let more = move || {
            count.fetch_add(STEPS as u64, Ordering::Relaxed);
            false
        };
        counted.0.progress_handler(STEPS, Some(more)).unwrap();
        let page = page(&sample.db(), company_id, NOW).unwrap().unwrap();
        let key = page.row.key;
        for sort in [MembersBy::Name, MembersBy::Joined, MembersBy::LastSeen] {
            for open in [true, false] {
                let query = ListQuery { search: None, filter: None, sort, descending: true, after: None, size: 25 };
                assert!(members(&sample.db(), key, open, &query, NOW).unwrap().rows.len() <= 25);
            }
        }
        changes::list(&sample.db(), Subject::Company(key), None, 300).unwrap();
        events::list(&sample.db(), Of::Company(key), None, 50).unwrap();
        notes::list(&sample.db(), Profile::Company(key)).unwrap();
        sample.db().0.progress_handler(0, None::<fn() -> bool>).unwrap();
        (page, taken.load(Ordering::Relaxed))
    }

    #[test]
    fn case_40_a_company_of_very_many_members_answers_its_page_by_bounded_work() {
        let sample = Sample::new();
        sample.run(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MEMBERS})
             INSERT INTO users (id, user_id, sort_name, attributes, first_message_ms, first_seen_ms)
             SELECT 'id ' || n, 'user ' || n, 'user ' || n, jsonb('{{}}'), {seen}, {seen} FROM numbers;",
            seen = days_ago(50)
        ));
        sample.change(days_ago(1), "import", &[]);
        let small = sample.company("small", None, "{}", days_ago(60));
        let large = sample.company("large", None, "{}", days_ago(60));
        fill(&sample, small, 100);
        fill(&sample, large, MEMBERS);
        let (_, of_small) = steps_of_page(&sample, "small");
        let (page, of_large) = steps_of_page(&sample, "large");
        assert_eq!((page.row.members, page.left), (100_000, Count::Over));
        assert_eq!(page.active_people.0, 100_000, "who is active in 30 days");
        assert!(of_small < STEPS_MAX / 10, "{of_small}");
        assert!(of_large < STEPS_MAX, "{of_large} steps, {of_small} of a small one");
    }
}
