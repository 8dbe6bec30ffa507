//! Activity as lists and pages show it: a roll of days, the last one to the
//! millisecond, distinct people of a span. Read from the folds; the journal is
//! asked for single hours only.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use rusqlite::{OptionalExtension, named_params};

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

/// The milliseconds of a user's last activity, of which the hour is known, where the journal
/// says them; in one company if so asked. The hour's beginning where it does not.
pub(super) fn last_of_user(
    db: &Reader<'_>,
    user: i64,
    company: Option<i64>,
    hour: i64,
) -> Result<Option<i64>, StoreError> {
    if hour == 0 {
        return Ok(None);
    }
    let mut last = None;
    for subject in subjects(db, user)? {
        last = last.max(last_in_hour(db, subject, company, hour)?);
    }
    Ok(last.or(Some(hour * HOUR_MS)))
}

/// As [`last_of_user`], of a visitor.
pub(super) fn last_of_visitor(db: &Reader<'_>, visitor: i64, hour: i64) -> Result<Option<i64>, StoreError> {
    if hour == 0 {
        return Ok(None);
    }
    Ok(last_in_hour(db, -visitor, None, hour)?.or(Some(hour * HOUR_MS)))
}

/// As [`last_of_user`], of a company.
pub(super) fn last_of_company(db: &Reader<'_>, company: i64, hour: i64) -> Result<Option<i64>, StoreError> {
    if hour == 0 {
        return Ok(None);
    }
    let mut last = None;
    for named in named_companies(db, company)? {
        last = last.max(last_of_company_in_hour(db, named, hour)?);
    }
    Ok(last.or(Some(hour * HOUR_MS)))
}

/// A company and those merged into it.
pub(super) fn named_companies(db: &Reader<'_>, company: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT :company UNION ALL SELECT company_key FROM companies WHERE merged_into = :company LIMIT :limit",
    )?;
    let parameters = named_params! { ":company": company, ":limit": SUBJECTS_ASKED_MAX as i64 };
    Ok(statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn last_of_company_in_hour(db: &Reader<'_>, company: i64, hour: i64) -> Result<Option<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT event.event_id FROM events_by_company AS fold
         CROSS JOIN events AS event ON event.event_id = fold.event_id
         WHERE fold.bucket = :bucket AND fold.company_key = :company AND fold.event_id BETWEEN :first AND :last
           AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0
           AND (event.user_key IS NOT NULL OR EXISTS (
             SELECT 1 FROM visitors WHERE visitor_key = event.visitor_key AND user_key IS NOT NULL))
         ORDER BY fold.event_id DESC LIMIT 1",
    )?;
    let (first, last) = hour_ids(hour);
    for bucket in buckets(first, last) {
        let found = statement
            .query_row(
                named_params! { ":bucket": bucket, ":company": company, ":first": first, ":last": last },
                |row| row.get(0),
            )
            .optional()?;
        if let Some(event_id) = found {
            return Ok(Some(EventId(event_id).at_ms()));
        }
    }
    Ok(None)
}

/// Under which subjects a user's latest activity may stand: the user's own, those of the
/// records merged into it, and its latest browsers.
fn subjects(db: &Reader<'_>, user: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT user_key FROM users WHERE merged_into = :user
         UNION ALL
         SELECT -visitor_key FROM (
           SELECT visitor_key FROM visitors WHERE user_key = :user ORDER BY visitor_key DESC LIMIT :limit)
         LIMIT :limit",
    )?;
    let rows =
        statement.query_map(named_params! { ":user": user, ":limit": SUBJECTS_ASKED_MAX as i64 }, |row| row.get(0))?;
    let mut subjects = vec![user];
    for subject in rows {
        subjects.push(subject?);
    }
    Ok(subjects)
}

fn last_in_hour(db: &Reader<'_>, subject: i64, company: Option<i64>, hour: i64) -> Result<Option<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT event.event_id FROM events_by_subject AS fold
         CROSS JOIN events AS event ON event.event_id = fold.event_id
         WHERE fold.bucket = :bucket AND fold.subject = :subject AND fold.event_id BETWEEN :first AND :last
           AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0
           AND (:company IS NULL OR event.company_key = :company
             OR event.company_key IN (SELECT company_key FROM companies WHERE merged_into = :company))
         ORDER BY fold.event_id DESC LIMIT 1",
    )?;
    let (first, last) = hour_ids(hour);
    for bucket in buckets(first, last) {
        let found = statement
            .query_row(
                named_params! { ":bucket": bucket, ":subject": subject, ":first": first, ":last": last, ":company": company },
                |row| row.get(0),
            )
            .optional()?;
        if let Some(event_id) = found {
            return Ok(Some(EventId(event_id).at_ms()));
        }
    }
    Ok(None)
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

/// Distinct active users of the workspace in a span of days; none where the people of its
/// single days are more than [`PEOPLE_TOLD_APART_MAX`].
pub(super) fn people(db: &Reader<'_>, span: &RangeInclusive<i32>) -> Result<Option<i64>, StoreError> {
    if people_days(db, span)? > PEOPLE_TOLD_APART_MAX {
        return Ok(None);
    }
    let mut statement =
        db.0.prepare_cached("SELECT count(DISTINCT user_key) FROM people_by_day WHERE day BETWEEN :first AND :last")?;
    let people =
        statement.query_row(named_params! { ":first": span.start(), ":last": span.end() }, |row| row.get(0))?;
    Ok(Some(people))
}

/// The people of the single days of a span, added up.
pub(super) fn people_days(db: &Reader<'_>, span: &RangeInclusive<i32>) -> Result<i64, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT coalesce(sum(people), 0) FROM days WHERE day BETWEEN :first AND :last")?;
    Ok(statement.query_row(named_params! { ":first": span.start(), ":last": span.end() }, |row| row.get(0))?)
}

/// As [`people`], of a company.
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

/// As [`people_days`], of a company.
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
