//! Activity as lists and pages show it: a roll of days, the last one to the
//! millisecond, distinct people of a span. Read from the folds; the journal is
//! asked for single hours only.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use rusqlite::named_params;

use super::events::BUCKET_BITS;
use super::list::json_keys;
use super::users::ROLL_DAYS;
use super::{Reader, StoreError};
use crate::domain::ids::EventId;
use crate::domain::time::HOUR_MS;

/// A roll: one number a day, the oldest first.
pub(super) type Roll = [u32; ROLL_DAYS];

/// Of a user's merged records and browsers so many are asked for an hour's activity.
const SUBJECTS_ASKED_MAX: usize = 20;
/// Up to so many people of single days are told apart; beyond it a span is estimated.
pub(super) const PEOPLE_TOLD_APART_MAX: i64 = 50_000;

/// The days of a roll that ends today.
pub(super) fn roll_days(today: i32) -> RangeInclusive<i32> {
    last_days(today, ROLL_DAYS as i32)
}

/// So many days up to this one, itself among them.
pub(super) fn last_days(today: i32, count: i32) -> RangeInclusive<i32> {
    today - count + 1..=today
}

/// Events per day of each of these users.
pub(super) fn user_rolls(db: &Reader<'_>, users: &[i64], today: i32) -> Result<HashMap<i64, Roll>, StoreError> {
    rolls(
        db,
        "SELECT fold.user_key, fold.day, fold.events
         FROM json_each(:keys) AS key CROSS JOIN json_each(:days) AS day
         CROSS JOIN people_by_day AS fold ON fold.day = day.value AND fold.user_key = key.value",
        users,
        today,
    )
}

/// Active people per day of each of these companies.
pub(super) fn company_rolls(db: &Reader<'_>, companies: &[i64], today: i32) -> Result<HashMap<i64, Roll>, StoreError> {
    rolls(
        db,
        "SELECT fold.company_key, fold.day, fold.people
         FROM json_each(:keys) AS key CROSS JOIN json_each(:days) AS day
         CROSS JOIN company_days AS fold ON fold.day = day.value AND fold.company_key = key.value",
        companies,
        today,
    )
}

/// Events of each of these users in a company, of the days of a roll.
pub(super) fn events_in_company(
    db: &Reader<'_>,
    company: i64,
    users: &[i64],
    today: i32,
) -> Result<HashMap<i64, u64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT fold.user_key, sum(fold.events)
         FROM json_each(:keys) AS key CROSS JOIN json_each(:days) AS day
         CROSS JOIN company_people_by_day AS fold
           ON fold.day = day.value AND fold.company_key = :company AND fold.user_key = key.value
         GROUP BY fold.user_key",
    )?;
    let parameters = named_params! {
        ":keys": json_keys(users.iter().copied()),
        ":days": json_keys(roll_days(today).map(i64::from)),
        ":company": company,
    };
    let rows = statement.query_map(parameters, |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn rolls(db: &Reader<'_>, sql: &str, keys: &[i64], today: i32) -> Result<HashMap<i64, Roll>, StoreError> {
    let days = roll_days(today);
    let first = *days.start();
    let mut statement = db.0.prepare_cached(sql)?;
    let mut rows = statement.query(named_params! {
        ":keys": json_keys(keys.iter().copied()),
        ":days": json_keys(days.map(i64::from)),
    })?;
    let mut rolls: HashMap<i64, Roll> = HashMap::with_capacity(keys.len());
    while let Some(row) = rows.next()? {
        let roll = rolls.entry(row.get(0)?).or_insert([0; ROLL_DAYS]);
        let place = usize::try_from(row.get::<_, i32>(1)? - first).unwrap_or(ROLL_DAYS);
        if let Some(day) = roll.get_mut(place) {
            *day = row.get(2)?;
        }
    }
    Ok(rolls)
}

/// On how many of these days a user was active.
pub(super) fn active_days(db: &Reader<'_>, user: i64, days: RangeInclusive<i32>) -> Result<i64, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM json_each(:days) AS day
         CROSS JOIN people_by_day AS fold ON fold.day = day.value AND fold.user_key = :user",
    )?;
    let days = json_keys(days.map(i64::from));
    Ok(statement.query_row(named_params! { ":days": days, ":user": user }, |row| row.get(0))?)
}

/// The milliseconds of the last activity of users, of whom the hour is known, where the journal says them;
/// in one company if so asked. The hour's beginning where it does not; nobody whose hour is 0.
pub(super) fn last_of_users(
    db: &Reader<'_>,
    hours: &[(i64, i64)],
    company: Option<i64>,
) -> Result<HashMap<i64, i64>, StoreError> {
    // Under which subjects the latest activity may stand: the user's own, those of the records merged into it,
    // and its latest browsers.
    let mut statement = db.0.prepare_cached(
        "SELECT strand.user_key, max((
           SELECT event.event_id FROM events_by_subject AS fold
           CROSS JOIN events AS event ON event.event_id = fold.event_id
           WHERE fold.bucket = strand.bucket AND fold.subject = strand.subject
             AND fold.event_id BETWEEN strand.first AND strand.last
             AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0
             AND (:company IS NULL OR event.company_key = :company
               OR event.company_key IN (SELECT company_key FROM companies WHERE merged_into = :company))
           ORDER BY fold.event_id DESC LIMIT 1))
         FROM (
           SELECT value ->> 0 AS user_key, value ->> 1 AS bucket, value ->> 2 AS first, value ->> 3 AS last,
             value ->> 0 AS subject FROM json_each(:asked)
           UNION ALL
           SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, merged.user_key FROM json_each(:asked)
           CROSS JOIN users AS merged ON merged.merged_into = value ->> 0
           UNION ALL
           SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, -browser.visitor_key FROM json_each(:asked)
           CROSS JOIN visitors AS browser ON browser.user_key = value ->> 0 AND browser.visitor_key >= coalesce((
             SELECT visitor_key FROM visitors WHERE user_key = value ->> 0
             ORDER BY visitor_key DESC LIMIT 1 OFFSET :browsers), 0)
           UNION ALL
           SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, -browser.visitor_key FROM json_each(:asked)
           CROSS JOIN users AS merged ON merged.merged_into = value ->> 0
           CROSS JOIN visitors AS browser ON browser.user_key = merged.user_key AND browser.visitor_key >= coalesce((
             SELECT visitor_key FROM visitors WHERE user_key = merged.user_key
             ORDER BY visitor_key DESC LIMIT 1 OFFSET :browsers), 0)) AS strand
         GROUP BY strand.user_key",
    )?;
    let parameters = named_params! {
        ":asked": asked(hours),
        ":company": company,
        ":browsers": SUBJECTS_ASKED_MAX as i64 - 1,
    };
    last_of(&mut statement, parameters, hours)
}

/// As [`last_of_users`], of companies.
pub(super) fn last_of_companies(db: &Reader<'_>, hours: &[(i64, i64)]) -> Result<HashMap<i64, i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT strand.company_key, max((
           SELECT event.event_id FROM events_by_company AS fold
           CROSS JOIN events AS event ON event.event_id = fold.event_id
           WHERE fold.bucket = strand.bucket AND fold.company_key = strand.named
             AND fold.event_id BETWEEN strand.first AND strand.last
             AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0
             AND (event.user_key IS NOT NULL OR EXISTS (
               SELECT 1 FROM visitors WHERE visitor_key = event.visitor_key AND user_key IS NOT NULL))
           ORDER BY fold.event_id DESC LIMIT 1))
         FROM (
           SELECT value ->> 0 AS company_key, value ->> 1 AS bucket, value ->> 2 AS first, value ->> 3 AS last,
             value ->> 0 AS named FROM json_each(:asked)
           UNION ALL
           SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, merged.company_key FROM json_each(:asked)
           CROSS JOIN companies AS merged ON merged.merged_into = value ->> 0) AS strand
         GROUP BY strand.company_key",
    )?;
    last_of(&mut statement, named_params! { ":asked": asked(hours) }, hours)
}

/// What is asked of each: key, bucket, and the first and last id of the hour in it.
fn asked(hours: &[(i64, i64)]) -> String {
    let asked = hours.iter().filter(|(_, hour)| *hour != 0).flat_map(|(key, hour)| {
        let (first, last) = hour_ids(*hour);
        buckets(first, last).map(move |bucket| (*key, bucket, first, last))
    });
    serde_json::json!(asked.collect::<Vec<_>>()).to_string()
}

fn last_of(
    statement: &mut rusqlite::CachedStatement<'_>,
    parameters: &[(&str, &dyn rusqlite::ToSql)],
    hours: &[(i64, i64)],
) -> Result<HashMap<i64, i64>, StoreError> {
    let known = hours.iter().filter(|(_, hour)| *hour != 0);
    let mut last: HashMap<i64, i64> = known.map(|(key, hour)| (*key, hour * HOUR_MS)).collect();
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        if let Some(event_id) = row.get(1)? {
            last.insert(row.get(0)?, EventId(event_id).at_ms());
        }
    }
    Ok(last)
}

/// As [`last_of_users`], of visitors: what they did by themselves, and what they were named beside their user in.
pub(super) fn last_of_visitors(db: &Reader<'_>, hours: &[(i64, i64)]) -> Result<HashMap<i64, i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT strand.visitor_key, max((
           SELECT event.event_id FROM events_by_subject AS fold
           CROSS JOIN events AS event ON event.event_id = fold.event_id
           WHERE fold.bucket = strand.bucket AND fold.subject = strand.subject
             AND fold.event_id BETWEEN strand.first AND strand.last
             AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0 AND event.visitor_key = strand.visitor_key
           ORDER BY fold.event_id DESC LIMIT 1))
         FROM (
           SELECT value ->> 0 AS visitor_key, value ->> 1 AS bucket, value ->> 2 AS first, value ->> 3 AS last,
             -(value ->> 0) AS subject FROM json_each(:asked)
           UNION ALL
           SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, browser.user_key FROM json_each(:asked)
           CROSS JOIN visitors AS browser ON browser.visitor_key = value ->> 0 AND browser.user_key IS NOT NULL) AS strand
         GROUP BY strand.visitor_key",
    )?;
    last_of(&mut statement, named_params! { ":asked": asked(hours) }, hours)
}

/// A company and those merged into it.
pub(super) fn named_companies(db: &Reader<'_>, company: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT :company UNION ALL SELECT company_key FROM companies WHERE merged_into = :company LIMIT :limit",
    )?;
    let parameters = named_params! { ":company": company, ":limit": SUBJECTS_ASKED_MAX as i64 };
    Ok(statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The first and the last id that an event of an hour can have.
fn hour_ids(hour: i64) -> (i64, i64) {
    (EventId::first_at(hour * HOUR_MS).0, EventId::first_at((hour + 1) * HOUR_MS).0 - 1)
}

/// The buckets of two ids, the later first: one, but for an hour in which a bucket begins.
fn buckets(first: i64, last: i64) -> impl Iterator<Item = i64> {
    let (first, last) = (first >> BUCKET_BITS, last >> BUCKET_BITS);
    (first..=last).rev()
}

/// The people of a span of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanPeople {
    /// Those of its single days, added up.
    pub people_days: i64,
    /// Distinct people; none where those of its single days are more than [`PEOPLE_TOLD_APART_MAX`].
    pub people: Option<i64>,
}

/// The active users of the workspace in spans of days.
pub(super) fn people<const N: usize>(
    db: &Reader<'_>,
    spans: &[RangeInclusive<i32>; N],
) -> Result<[SpanPeople; N], StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT people_days, CASE WHEN people_days <= :told_apart THEN (
           SELECT count(DISTINCT user_key) FROM people_by_day WHERE day BETWEEN first AND last) END
         FROM (SELECT key, value ->> 0 AS first, value ->> 1 AS last, (
                 SELECT coalesce(sum(people), 0) FROM days WHERE day BETWEEN value ->> 0 AND value ->> 1) AS people_days
               FROM json_each(:spans))
         ORDER BY key",
    )?;
    let spans: Vec<[i32; 2]> = spans.iter().map(|span| [*span.start(), *span.end()]).collect();
    let parameters = named_params! {
        ":spans": serde_json::to_string(&spans).expect("numbers are JSON"),
        ":told_apart": PEOPLE_TOLD_APART_MAX,
    };
    let rows = statement
        .query_map(parameters, |row| Ok(SpanPeople { people_days: row.get(0)?, people: row.get(1)? }))?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(rows.try_into().expect("a row of each span"))
}

/// Distinct active users of a company in a span of days; none where the people of its single days are more than
/// [`PEOPLE_TOLD_APART_MAX`].
pub(super) fn people_of_company(
    db: &Reader<'_>,
    company: i64,
    span: &RangeInclusive<i32>,
) -> Result<Option<i64>, StoreError> {
    if people_days_of_company(db, company, span)? > PEOPLE_TOLD_APART_MAX {
        return Ok(None);
    }
    let mut statement = db.0.prepare_cached(
        "SELECT count(DISTINCT fold.user_key) FROM json_each(:days) AS day
         CROSS JOIN company_people_by_day AS fold ON fold.day = day.value AND fold.company_key = :company",
    )?;
    let days = json_keys(span.clone().map(i64::from));
    Ok(Some(statement.query_row(named_params! { ":days": days, ":company": company }, |row| row.get(0))?))
}

/// The people of the single days of a span in a company, added up.
pub(super) fn people_days_of_company(
    db: &Reader<'_>,
    company: i64,
    span: &RangeInclusive<i32>,
) -> Result<i64, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT coalesce(sum(fold.people), 0) FROM json_each(:days) AS day
         CROSS JOIN company_days AS fold ON fold.day = day.value AND fold.company_key = :company",
    )?;
    let days = json_keys(span.clone().map(i64::from));
    Ok(statement.query_row(named_params! { ":days": days, ":company": company }, |row| row.get(0))?)
}

/// An estimate of the distinct people of a span too large to tell them apart: as many as the
/// people of its single days suggest, beside a span of which both numbers are known.
pub(super) fn in_proportion(people_days: i64, known_people_days: i64, known_people: i64) -> i64 {
    if known_people_days == 0 { people_days } else { people_days.saturating_mul(known_people) / known_people_days }
}

/// Distinct people active in a company on these days, which end today: those whose last day is one of them;
/// none where they are more than [`PEOPLE_TOLD_APART_MAX`].
pub(super) fn recent_people_of_company(
    db: &Reader<'_>,
    company: i64,
    days: RangeInclusive<i32>,
) -> Result<Option<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (
           SELECT 1 FROM json_each(:days) AS day
           CROSS JOIN company_people AS fold INDEXED BY company_people_last_day
             ON fold.last_day = day.value AND fold.company_key = :company LIMIT :limit)",
    )?;
    let days = json_keys(days.map(i64::from));
    let parameters = named_params! { ":days": days, ":company": company, ":limit": PEOPLE_TOLD_APART_MAX + 1 };
    let people: i64 = statement.query_row(parameters, |row| row.get(0))?;
    Ok((people <= PEOPLE_TOLD_APART_MAX).then_some(people))
}
