//! The workspace as a whole: settings, numbers of the first page, the file's health.

use std::ops::RangeInclusive;

use rusqlite::{OptionalExtension, named_params};

use super::activity::SpanPeople;
use super::companies::{self, CompanyRow, Growing};
use super::list::{COUNTED_MAX, Count, ListQuery};
use super::users::{self, UserRow};
use super::{Reader, StoreError, Tx, activity, days, staff};
use crate::domain::activity::{State, TREND_DAYS};
use crate::domain::duplicates::Records;
use crate::domain::ids::EventId;
use crate::domain::settings::{SettingError, Settings};
use crate::domain::time::{self, DAY_MS, HOUR_MS};

/// Days of the chart on the first page.
const CHART_DAYS: i32 = 84;
/// New people are told apart from the others up to so many.
const NEW_PEOPLE_MAX: usize = 20_000;
/// Rows of each short list on the first page.
const SHORT_LIST_ROWS: usize = 5;
/// Findings of SQLite's check that are told.
const FINDINGS_MAX: usize = 100;

/// A day of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01 in the workspace's zone.
    pub day: i32,
    /// Distinct active users.
    pub people: u32,
    /// Those of them who were first seen that day; 0 where so many were new of late that they are not told apart.
    pub new_people: u32,
    /// Events of known users.
    pub events: u32,
}

/// What the first page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// Users and leads, exact up to the limit of counting.
    pub users: Count,
    /// Companies.
    pub companies: Count,
    /// Of them who was first seen in the last 28 days, likewise.
    pub new_users_28d: Count,
    /// Of the companies those first seen in the last 28 days, likewise.
    pub new_companies_28d: Count,
    /// The last 84 days, oldest first.
    pub days: Vec<Day>,
    /// Of each day it is known who was new.
    pub tells_new: bool,
    /// Distinct active users of the last 7 days and of the 7 before. Beyond 50,000 people of
    /// single days the first counts whole hours, and the second is an estimate.
    pub active_7d: (u64, u64),
    /// Distinct active users of the last 30 days and of the 30 before, likewise.
    pub active_30d: (u64, u64),
    /// Newest users, at most 5.
    pub newest_users: Vec<UserRow>,
    /// Newest companies, at most 5.
    pub newest_companies: Vec<CompanyRow>,
    /// Companies quiet or gone that have members, those gone quiet last first, at most 5.
    pub quiet_companies: Vec<CompanyRow>,
    /// Companies that grow, at most 5, and their active people of the last 28 days and of the 28 before.
    pub growing_companies: Vec<Growing>,
    /// The kinds of refusals seen in the last 7 days, as many as the page of refusals lists of them.
    pub refused_7d: u64,
}

/// What the first page shows.
///
/// # Errors
/// [`StoreError`] only.
pub fn overview(db: &Reader<'_>, now_ms: i64) -> Result<Overview, StoreError> {
    let today = today(db, now_ms)?;
    let (descending, size) = (true, SHORT_LIST_ROWS);
    let users_query =
        ListQuery { search: None, filter: None, sort: users::SortBy::FirstSeen, descending, after: None, size };
    let companies_query =
        ListQuery { search: None, filter: None, sort: companies::SortBy::FirstSeen, descending, after: None, size };
    let mut days = days(db, activity::last_days(today, CHART_DAYS))?;
    let tells_new = mark_new(db, &mut days)?;
    let Counts { users, companies, .. } = counts(db)?;
    let [active_7d, active_30d] = active(db, today, [7, 30])?;
    Ok(Overview {
        users,
        companies,
        new_users_28d: first_seen_since(db, "users", now_ms - i64::from(TREND_DAYS) * DAY_MS)?,
        new_companies_28d: first_seen_since(db, "companies", now_ms - i64::from(TREND_DAYS) * DAY_MS)?,
        days,
        tells_new,
        active_7d,
        active_30d,
        newest_users: users::list(db, &users_query, now_ms)?.rows,
        newest_companies: companies::list(db, companies::Shelf::InUse, &companies_query, now_ms)?.rows,
        quiet_companies: quiet_companies(db, now_ms)?,
        growing_companies: companies::growing(db, now_ms, SHORT_LIST_ROWS)?,
        refused_7d: refused_since(db, now_ms - 7 * DAY_MS)?,
    })
}

/// How many there are, for the navigation and the heads of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Users.
    pub users: Count,
    /// Companies in use.
    pub companies: Count,
    /// Companies out of lists and numbers (C10).
    pub archived_companies: Count,
    /// Groups of users that may be one (C5).
    pub users_alike: Count,
    /// Groups of companies that may be one (C5).
    pub companies_alike: Count,
    /// E-mail domains that may be a company's (C9).
    pub suggested_domains: Count,
}

/// How many there are, each counted as far as 10,000.
///
/// # Errors
/// [`StoreError`] only.
pub fn counts(db: &Reader<'_>) -> Result<Counts, StoreError> {
    if let Some(known) = db.1.counts.get() {
        return Ok(*known);
    }
    let mut statement = db.0.prepare_cached(
        "SELECT (SELECT count(*) FROM (
                   SELECT 1 FROM users INDEXED BY users_companies
                   WHERE merged_into IS NULL AND archived_ms IS NULL LIMIT :limit)),
                (SELECT count(*) FROM (
                   SELECT 1 FROM companies INDEXED BY companies_members
                   WHERE merged_into IS NULL AND archived_ms IS NULL LIMIT :limit)),
                (SELECT count(*) FROM (
                   SELECT 1 FROM companies INDEXED BY archived_companies_members
                   WHERE merged_into IS NULL AND archived_ms IS NOT NULL LIMIT :limit)),
                (SELECT count(*) FROM (
                   SELECT 1 FROM possible_duplicates INDEXED BY possible_duplicates_since
                   WHERE records = :users LIMIT :limit)),
                (SELECT count(*) FROM (
                   SELECT 1 FROM possible_duplicates INDEXED BY possible_duplicates_since
                   WHERE records = :companies LIMIT :limit)),
                (SELECT count(*) FROM (
                   SELECT 1 FROM suggested_domains INDEXED BY suggested_domains_people
                   WHERE people > 0 LIMIT :limit))",
    )?;
    let parameters = named_params! {
        ":limit": COUNTED_MAX,
        ":users": Records::Users as i64,
        ":companies": Records::Companies as i64,
    };
    let counts = statement.query_row(parameters, |row| {
        Ok(Counts {
            users: Count::of(row.get(0)?),
            companies: Count::of(row.get(1)?),
            archived_companies: Count::of(row.get(2)?),
            users_alike: Count::of(row.get(3)?),
            companies_alike: Count::of(row.get(4)?),
            suggested_domains: Count::of(row.get(5)?),
        })
    })?;
    Ok(*db.1.counts.get_or_init(|| counts))
}

/// The workspace's settings as they stand in the file.
///
/// # Errors
/// [`StoreError`] only.
pub fn settings(db: &Reader<'_>) -> Result<Settings, StoreError> {
    if let Some(known) = db.1.settings.get() {
        return Ok(known.clone());
    }
    let mut settings = Settings::default();
    let mut statement = db.0.prepare_cached("SELECT name, value FROM settings")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // What is not understood keeps its default; the catalog warns of it once.
        let _ = settings.set(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?);
    }
    Ok(db.1.settings.get_or_init(|| settings).clone())
}

/// The workspace's day of an instant (T4).
pub(super) fn today(db: &Reader<'_>, now_ms: i64) -> Result<i32, StoreError> {
    Ok(time::day(now_ms, settings(db)?.time_zone))
}

/// Each day of a span, those without activity too.
fn days(db: &Reader<'_>, span: RangeInclusive<i32>) -> Result<Vec<Day>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT day, people, events FROM days WHERE day BETWEEN :first AND :last ORDER BY day")?;
    let rows = statement.query_map(named_params! { ":first": span.start(), ":last": span.end() }, |row| {
        Ok(Day { day: row.get(0)?, people: row.get(1)?, new_people: 0, events: row.get(2)? })
    })?;
    let mut active = rows.collect::<Result<Vec<_>, _>>()?.into_iter().peekable();
    Ok(span
        .map(|day| active.next_if(|known| known.day == day).unwrap_or(Day { day, people: 0, new_people: 0, events: 0 }))
        .collect())
}

/// Rows of users or companies that were first seen since an instant.
fn first_seen_since(db: &Reader<'_>, table: &str, since_ms: i64) -> Result<Count, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT count(*) FROM (
           SELECT 1 FROM {table} INDEXED BY {table}_first_seen
           WHERE merged_into IS NULL AND archived_ms IS NULL AND first_seen_ms >= :since LIMIT :limit)"
    ))?;
    let parameters = named_params! { ":since": since_ms, ":limit": COUNTED_MAX };
    Ok(Count::of(statement.query_row(parameters, |row| row.get(0))?))
}

/// Marks of each day how many of its people were first seen then; whether they are not too many for that.
fn mark_new(db: &Reader<'_>, days: &mut [Day]) -> Result<bool, StoreError> {
    let Some(first) = days.first().map(|day| day.day) else { return Ok(true) };
    let zone = settings(db)?.time_zone;
    let mut statement = db.0.prepare_cached(
        "SELECT first_seen_ms, user_key FROM users INDEXED BY users_first_seen
         WHERE merged_into IS NULL AND archived_ms IS NULL AND first_seen_ms >= :since LIMIT :limit",
    )?;
    let since = time::end_of_day(time::date(first - 1), zone);
    let parameters = named_params! { ":since": since, ":limit": NEW_PEOPLE_MAX as i64 + 1 };
    let mut zone_days = time::Days::new(zone);
    let rows = statement.query_map(parameters, |row| Ok((zone_days.of(row.get(0)?), row.get(1)?)))?;
    let came: Vec<(i32, i64)> = rows.collect::<Result<_, _>>()?;
    if came.len() > NEW_PEOPLE_MAX {
        return Ok(false);
    }
    let mut statement = db.0.prepare_cached(
        "SELECT fold.day, count(*) FROM json_each(:came) AS came
         CROSS JOIN people_by_day AS fold
           ON fold.day = came.value ->> 0 AND fold.user_key = came.value ->> 1
         GROUP BY fold.day",
    )?;
    let mut rows = statement.query(named_params! { ":came": serde_json::json!(came).to_string() })?;
    while let Some(row) = rows.next()? {
        let day: i32 = row.get(0)?;
        if let Some(day) = usize::try_from(day - first).ok().and_then(|at| days.get_mut(at)) {
            day.new_people = row.get(1)?;
        }
    }
    Ok(true)
}

/// Distinct active users of so many days up to today, and of as many before, for each of two counts of days.
fn active(db: &Reader<'_>, today: i32, counts: [i32; 2]) -> Result<[(u64, u64); 2], StoreError> {
    let [short, long] = counts;
    let before = |count: i32| activity::last_days(today - count, count);
    let spans = [activity::last_days(today, short), before(short), activity::last_days(today, long), before(long)];
    let [short_last, short_before, long_last, long_before] = activity::people(db, &spans)?;
    let zone = settings(db)?.time_zone;
    let told = |count: i32, last: SpanPeople, before: SpanPeople| -> Result<(u64, u64), StoreError> {
        let people = match last.people {
            Some(people) => people,
            None => seen_since(db, time::span_of_day(time::date(today - count + 1), zone).0 / HOUR_MS)?,
        };
        let estimate = || activity::in_proportion(before.people_days, last.people_days, people);
        Ok((people.unsigned_abs(), before.people.unwrap_or_else(estimate).unsigned_abs()))
    };
    Ok([told(short, short_last, short_before)?, told(long, long_last, long_before)?])
}

/// Users whose last activity is of this hour or later.
fn seen_since(db: &Reader<'_>, hour: i64) -> Result<i64, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM users INDEXED BY users_last_seen
         WHERE merged_into IS NULL AND archived_ms IS NULL AND last_seen_hour >= :hour",
    )?;
    let all: i64 = statement.query_row(named_params! { ":hour": hour }, |row| row.get(0))?;
    // Our own people are in no number (R16).
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM users INDEXED BY users_staff
         WHERE staff = 1 AND last_seen_hour >= :hour AND merged_into IS NULL AND archived_ms IS NULL",
    )?;
    let staff: i64 = statement.query_row(named_params! { ":hour": hour }, |row| row.get(0))?;
    Ok(all - staff)
}

/// Companies quiet or gone that have members, those gone quiet last first.
fn quiet_companies(db: &Reader<'_>, now_ms: i64) -> Result<Vec<CompanyRow>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT company_key FROM companies INDEXED BY companies_last_seen
         WHERE merged_into IS NULL AND archived_ms IS NULL AND last_seen_hour BETWEEN 1 AND :hour
           AND members > 0 AND first_seen_ms <= :known_since
         ORDER BY last_seen_hour DESC LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":hour": (now_ms - 7 * DAY_MS) / HOUR_MS,
        ":known_since": now_ms - 14 * DAY_MS,
        ":limit": 2 * SHORT_LIST_ROWS as i64,
    };
    let keys: Vec<i64> = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut rows = companies::rows(db, &keys, now_ms)?;
    rows.retain(|row| matches!(State::at(now_ms, row.first_seen_ms, row.last_seen_ms), State::Quiet | State::Gone));
    rows.truncate(SHORT_LIST_ROWS);
    Ok(rows)
}

/// How many kinds of refusals were seen since an instant: of each it is kept how often it was seen in all.
fn refused_since(db: &Reader<'_>, since_ms: i64) -> Result<u64, StoreError> {
    let mut statement = db
        .0
        .prepare_cached("SELECT count(*) FROM refusals INDEXED BY refusals_last_seen WHERE last_seen_ms >= :since")?;
    let refused: i64 = statement.query_row(named_params! { ":since": since_ms }, |row| row.get(0))?;
    Ok(refused.unsigned_abs())
}

/// Why a setting was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// It does not fit.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes a setting, in the file and in the catalog.
///
/// # Errors
/// An unknown name, a value that does not fit, or the store's.
pub fn set(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), SetError> {
    let mut settings = tx.catalog().settings.clone();
    settings.set(name, value)?;
    tx.connection
        .prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (:name, :value)")
        .and_then(|mut statement| {
            statement.execute(named_params! { ":name": name, ":value": settings.get(name).unwrap_or_default() })
        })
        .map_err(StoreError::from)?;
    let before = &tx.catalog().settings;
    let moved = before.time_zone != settings.time_zone;
    let (was, is) = (&before.staff_domains, &settings.staff_domains);
    let domains = [staff::only_in(was, is), staff::only_in(is, was)].concat();
    tx.catalog_mut().settings = settings;
    staff::ask(tx, &domains)?;
    if moved {
        days::ask(tx)?;
    }
    Ok(())
}

/// Runs SQLite's own check of the file; each finding is a sentence. None is good.
///
/// # Errors
/// [`StoreError`] only.
pub fn integrity(db: &Reader<'_>) -> Result<Vec<String>, StoreError> {
    // A check of a large file takes longer than any page may.
    db.0.progress_handler(0, None::<fn() -> bool>)?;
    let mut statement = db.0.prepare(&format!("PRAGMA integrity_check({FINDINGS_MAX})"))?;
    let mut findings = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    findings.retain(|finding| finding != "ok");
    Ok(findings)
}

/// Writes something that leaves nothing: it fails where the disk has no room.
///
/// # Errors
/// [`StoreError`] only.
pub fn prove_room(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.connection.prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES ('room', '')")?.execute([])?;
    tx.connection.prepare_cached("DELETE FROM settings WHERE name = 'room'")?.execute([])?;
    Ok(())
}

/// What the file says of itself to who looks at its machine. Times are Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upkeep {
    /// Bytes of the file, without its write-ahead log.
    pub bytes: u64,
    /// When the workspace was made.
    pub made_ms: i64,
    /// When the newest event was received, by this machine's clock.
    pub newest_received_ms: Option<i64>,
    /// When `rollcall backup` last copied the file.
    pub last_backup_ms: Option<i64>,
}

/// When `rollcall backup` last copied the file, Unix milliseconds.
///
/// # Errors
/// [`StoreError`] only.
pub fn last_backup(db: &Reader<'_>) -> Result<Option<i64>, StoreError> {
    Ok(db.0.prepare_cached("SELECT max(made_ms) FROM last_backup")?.query_row([], |row| row.get(0))?)
}

/// What the file says of itself.
///
/// # Errors
/// [`StoreError`] only.
pub fn upkeep(db: &Reader<'_>) -> Result<Upkeep, StoreError> {
    let bytes =
        db.0.query_row("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", [], |row| {
            row.get::<_, i64>(0)
        })?;
    let newest =
        db.0.prepare_cached(
            "SELECT event_id, received_after_ms FROM events WHERE event_id = (SELECT max(event_id) FROM events)",
        )?
        .query_row([], |row| Ok(EventId(row.get(0)?).at_ms() + row.get::<_, i64>(1)?))
        .optional()?;
    Ok(Upkeep {
        bytes: bytes.unsigned_abs(),
        made_ms: db.0.query_row("SELECT coalesce(min(created_ms), 0) FROM sources", [], |row| row.get(0))?,
        newest_received_ms: newest,
        last_backup_ms: last_backup(db)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Kind;
    use crate::store::sample::{NOW, Named, Sample, days_ago};
    use crate::store::{Ambient, Store};

    #[test]
    fn the_first_page_tells_who_is_there_and_who_went_quiet() {
        let sample = Sample::new();
        let busy = sample.company("busy", None, "{}", days_ago(80));
        let quiet = sample.company("quiet", None, "{}", days_ago(80));
        let long_gone = sample.company("gone", None, "{}", days_ago(80));
        let empty = sample.company("empty", None, "{}", days_ago(80));
        for number in 0..7 {
            let user = sample.user(Some(&format!("u{number}")), None, None, days_ago(70 - number));
            let (company, last) =
                [(busy, 1), (busy, 9), (quiet, 12), (long_gone, 40), (empty, 20), (busy, 8), (busy, 3)]
                    [number as usize];
            if company != empty {
                sample.member(user, company, days_ago(60), None);
            }
            let named = Named { user: Some(user), company: Some(company), visitor: None };
            sample.event(days_ago(last), Kind::Page, "", named);
            sample.event(days_ago(50), Kind::Page, "", named);
        }
        sample.run(&format!("INSERT INTO refusals VALUES (1, 'bot', '', 3, 1, {}, NULL, '')", days_ago(6)));
        sample.run(&format!("INSERT INTO refusals VALUES (1, 'erased', '', 5, 1, {}, NULL, '')", days_ago(8)));
        let overview = overview(&sample.db(), NOW).unwrap();
        assert_eq!((overview.users, overview.companies), (Count::Exactly(7), Count::Exactly(4)));
        assert_eq!(overview.active_7d, (2, 3));
        assert_eq!(overview.active_30d, (6, 7));
        assert_eq!((overview.days.len(), overview.days[83].people, overview.days[33].people), (84, 0, 7));
        let newest: Vec<_> = overview.newest_users.iter().filter_map(|user| user.user_id.as_deref()).collect();
        assert_eq!(newest, ["u6", "u5", "u4", "u3", "u2"]);
        let quiet: Vec<_> = overview.quiet_companies.iter().map(|company| company.company_id.as_str()).collect();
        assert_eq!(quiet, ["quiet", "gone"]);
        assert_eq!(overview.newest_companies.len(), 4);
        assert_eq!((overview.new_users_28d, overview.new_companies_28d), (Count::Exactly(0), Count::Exactly(0)));
        assert!(overview.tells_new && overview.growing_companies.is_empty());
        assert_eq!(overview.refused_7d, 1);
    }

    #[test]
    fn an_empty_workspace_has_an_overview_too() {
        let overview = overview(&Sample::new().db(), NOW).unwrap();
        assert_eq!((overview.users, overview.active_7d, overview.refused_7d), (Count::Exactly(0), (0, 0), 0));
    }

    #[test]
    fn a_setting_is_kept_and_known_at_once_and_one_that_does_not_fit_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        let store = Store::open(&path, Ambient::default()).unwrap();
        store.write_now(|tx| set(tx, "time_zone", " Europe/Warsaw ")).unwrap();
        assert!(matches!(store.write_now(|tx| set(tx, "time_zone", "Warsaw")), Err(SetError::Setting(_))));
        assert!(matches!(store.write_now(|tx| set(tx, "colour", "red")), Err(SetError::Setting(_))));
        assert_eq!(store.catalog().settings.time_zone, chrono_tz::Europe::Warsaw);
        assert_eq!(store.read_now(settings).unwrap(), store.catalog().settings);
        store.close();
    }

    #[test]
    fn a_sound_file_has_no_findings() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        assert_eq!(store.read_now(integrity).unwrap(), Vec::<String>::new());
        store.close();
    }
}
