//! A company's days: how many people were active on each, who is new, who comes more and less often.
//!
//! All of it comes from one walk through the people of each day, in memory: told apart in SQL, each number
//! would be a walk of its own. Of a company with too many people for that the numbers come from the folds.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use rusqlite::named_params;

use crate::domain::activity::TREND_DAYS;
use crate::domain::ids::UserKey;
use crate::domain::time::{self, DAY_MS};
use crate::store::activity::{PEOPLE_TOLD_APART_MAX, last_days};
use crate::store::list::{self, COUNTED_MAX};
use crate::store::{Reader, StoreError, workspace};

/// Days of the chart on a company's page.
pub const CHART_DAYS: i32 = 84;

/// A day of a company's activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CompanyDay {
    /// Days since 1970-01-01 in the workspace's zone.
    pub day: i32,
    /// Distinct active people.
    pub people: u32,
    /// Those of them who joined that day.
    pub new_people: u32,
    /// Events.
    pub events: u32,
    /// Sessions begun that day (T6).
    pub sessions: u32,
}

/// What somebody did in a company of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// Who.
    pub user: UserKey,
    /// Events of the last 28 days.
    pub events: u64,
    /// Active days of the last 28, and of the 28 before.
    pub days: (i64, i64),
    /// The last active day.
    pub last_day: i32,
}

/// A company's last 84 days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompanyDays {
    /// Each of them, oldest first, those without activity too.
    pub days: Vec<CompanyDay>,
    /// Everybody who was active in them, who did most of late first; none where they are too many to be told apart.
    pub people: Option<Vec<Presence>>,
    /// Distinct active people of the last 7 days, and of the 7 before.
    pub active_7d: (i64, i64),
    /// Distinct active people of the last 28 days, and of the 28 before (T7).
    pub active_28d: (i64, i64),
}

/// How the number of members came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comings {
    /// People who left, exact up to the limit of counting.
    pub left: list::Count,
    /// Members 28 days ago.
    pub members_before: i64,
    /// Members now who joined in the last 28 days.
    pub joined_28d: i64,
    /// Everybody who was a member at any time of the last 28 days, and of the 28 before.
    pub members_28d: (i64, i64),
}

/// The days of a company; people are told apart where they are not too many.
pub(super) fn of(db: &Reader<'_>, company: i64, today: i32) -> Result<CompanyDays, StoreError> {
    let span = last_days(today, CHART_DAYS);
    let mut days = totals(db, company, span.clone())?;
    let people_days: i64 = days.iter().map(|day| i64::from(day.people)).sum();
    if people_days > PEOPLE_TOLD_APART_MAX {
        return Ok(CompanyDays { days, people: None, ..CompanyDays::default() });
    }
    let joined = joined(db, company, *span.start())?;
    let first = *span.start();
    let mut people: HashMap<i64, Presence> = HashMap::new();
    let (mut last_7, mut before_7) = (Distinct::default(), Distinct::default());
    let mut statement = db.0.prepare_cached(
        "SELECT fold.day, fold.user_key, fold.events FROM json_each(:days) AS day
         CROSS JOIN company_people_by_day AS fold ON fold.day = day.value AND fold.company_key = :company",
    )?;
    let parameters = named_params! { ":days": list::json_keys(span.map(i64::from)), ":company": company };
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        let (day, user, events): (i32, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let age = today - day;
        let person =
            people.entry(user).or_insert(Presence { user: UserKey(user), events: 0, days: (0, 0), last_day: day });
        person.last_day = person.last_day.max(day);
        if age < TREND_DAYS {
            person.events += events.unsigned_abs();
            person.days.0 += 1;
        } else if age < 2 * TREND_DAYS {
            person.days.1 += 1;
        }
        match age {
            ..7 => last_7.add(user),
            7..14 => before_7.add(user),
            _ => {}
        }
        if joined.get(&user) == Some(&day)
            && let Some(told) = usize::try_from(day - first).ok().and_then(|at| days.get_mut(at))
        {
            told.new_people += 1;
        }
    }
    let active = |days: fn(&Presence) -> i64| people.values().filter(|person| days(person) > 0).count() as i64;
    let active_28d = (active(|person| person.days.0), active(|person| person.days.1));
    let mut people: Vec<Presence> = people.into_values().collect();
    people.sort_unstable_by_key(|person| (std::cmp::Reverse(person.events), person.user));
    Ok(CompanyDays { days, people: Some(people), active_7d: (last_7.count(), before_7.count()), active_28d })
}

/// People of some days, each counted once.
#[derive(Default)]
struct Distinct(HashSet<i64>);

impl Distinct {
    fn add(&mut self, user: i64) {
        self.0.insert(user);
    }

    fn count(&self) -> i64 {
        self.0.len() as i64
    }
}

/// Each day of a span, those without activity too.
fn totals(db: &Reader<'_>, company: i64, span: RangeInclusive<i32>) -> Result<Vec<CompanyDay>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT day.value, coalesce(fold.people, 0), coalesce(fold.events, 0), coalesce(fold.sessions, 0)
         FROM json_each(:days) AS day
         LEFT JOIN company_days AS fold ON fold.day = day.value AND fold.company_key = :company
         ORDER BY day.key",
    )?;
    let parameters = named_params! { ":days": list::json_keys(span.map(i64::from)), ":company": company };
    let rows = statement.query_map(parameters, |row| {
        Ok(CompanyDay {
            day: row.get(0)?,
            people: row.get(1)?,
            new_people: 0,
            events: row.get(2)?,
            sessions: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// On which day each who joined since a day did so.
fn joined(db: &Reader<'_>, company: i64, since_day: i32) -> Result<HashMap<i64, i32>, StoreError> {
    let zone = workspace::settings(db)?.time_zone;
    let since_ms = time::end_of_day(time::date(since_day - 1), zone);
    let mut statement = db.0.prepare_cached(
        "SELECT user_key, joined_ms FROM memberships INDEXED BY memberships_joined
         WHERE company_key = :company AND open IN (0, 1) AND joined_ms >= :since LIMIT :limit",
    )?;
    let parameters = named_params! { ":company": company, ":since": since_ms, ":limit": PEOPLE_TOLD_APART_MAX };
    let mut joined = HashMap::new();
    let mut days = time::Days::new(zone);
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        joined.insert(row.get(0)?, days.of(row.get(1)?));
    }
    Ok(joined)
}

/// Those of some people who are in a company now.
pub(super) fn still_there(
    db: &Reader<'_>,
    company: i64,
    people: impl IntoIterator<Item = UserKey>,
) -> Result<HashSet<UserKey>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT m.user_key FROM json_each(:keys) AS asked
         CROSS JOIN memberships AS m ON m.user_key = asked.value AND m.company_key = :company WHERE m.open = 1",
    )?;
    let keys = list::json_keys(people.into_iter().map(|user| user.0));
    let rows = statement.query_map(named_params! { ":keys": keys, ":company": company }, |row| row.get(0))?;
    Ok(rows.map(|user| user.map(UserKey)).collect::<Result<_, _>>()?)
}

/// Who came and who left since 28 days ago, of at most so many as are counted.
pub(super) fn comings(db: &Reader<'_>, company: i64, members: u32, now_ms: i64) -> Result<Comings, StoreError> {
    let span_ms = i64::from(TREND_DAYS) * DAY_MS;
    let (since_ms, before_ms, members) = (now_ms - span_ms, now_ms - 2 * span_ms, i64::from(members));
    let mut joined = db.0.prepare_cached(
        "SELECT count(*) FROM (
           SELECT 1 FROM memberships INDEXED BY memberships_joined
           WHERE company_key = :company AND open = 1 AND joined_ms >= :since LIMIT :limit)",
    )?;
    let parameters = named_params! { ":company": company, ":since": since_ms, ":limit": COUNTED_MAX };
    let joined_28d: i64 = joined.query_row(parameters, |row| row.get(0))?;
    let mut statement = db.0.prepare_cached(
        "SELECT left_ms, joined_ms FROM memberships INDEXED BY memberships_joined
         WHERE company_key = :company AND open = 0 LIMIT :limit",
    )?;
    let mut rows = statement.query(named_params! { ":company": company, ":limit": COUNTED_MAX })?;
    let (mut left, mut left_28d, mut left_before, mut were_members) = (0, 0, 0, 0);
    while let Some(row) = rows.next()? {
        let (left_ms, joined_ms): (i64, i64) = (row.get(0)?, row.get(1)?);
        left += 1;
        left_28d += i64::from(left_ms >= since_ms);
        left_before += i64::from(left_ms >= before_ms && left_ms < since_ms);
        were_members += i64::from(left_ms >= since_ms && joined_ms < since_ms);
    }
    let members_before = members - joined_28d + were_members;
    let members_28d = (members + left_28d, members_before + left_before);
    Ok(Comings { left: list::Count::of(left), members_before, joined_28d, members_28d })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Kind;
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    #[test]
    fn people_are_told_apart_once_and_counted_for_each_span() {
        let sample = Sample::new();
        let acme = sample.company("acme", None, "{}", days_ago(200));
        let named = ["ann", "bob", "cid", "dee"].map(|id| sample.user(Some(id), None, None, days_ago(200)));
        let [ann, bob, cid, dee] = named;
        for (user, joined, left) in [(ann, 150, None), (bob, 20, None), (cid, 150, Some(10)), (dee, 12, Some(2))] {
            sample.member(user, acme, days_ago(joined), left.map(days_ago));
        }
        for (user, days) in [(ann, &[0, 1, 8, 30, 31][..]), (bob, &[20, 20, 3]), (cid, &[12, 35, 83]), (dee, &[90])] {
            for day in days {
                let named = Named { user: Some(user), company: Some(acme), ..Named::default() };
                sample.event(days_ago(*day), Kind::Page, "", named);
            }
        }
        let today = time::day(NOW, chrono_tz::UTC);
        let days = of(&sample.db(), acme, today).unwrap();
        assert_eq!(days.days.len(), 84);
        assert_eq!(days.days[63], CompanyDay { day: today - 20, people: 1, new_people: 1, events: 2, sessions: 0 });
        assert_eq!((days.days[0].people, days.days[83].people), (1, 1));
        assert_eq!(days.days.iter().map(|day| day.new_people).sum::<u32>(), 1, "dee was not active as she joined");
        assert_eq!((days.active_7d, days.active_28d), ((2, 2), (3, 2)));
        let people: Vec<_> = days.people.unwrap().iter().map(|one| (one.user.0, one.events, one.days)).collect();
        assert_eq!(people, [(ann, 3, (3, 2)), (bob, 3, (2, 0)), (cid, 1, (1, 1))]);
        // Of today's two members one joined of late; one of those who left was there 28 days ago.
        let comings = comings(&sample.db(), acme, 2, NOW).unwrap();
        let left = list::Count::Exactly(2);
        assert_eq!(comings, Comings { left, members_before: 2, joined_28d: 1, members_28d: (4, 2) });
        let there: Vec<i64> =
            still_there(&sample.db(), acme, named.map(UserKey)).unwrap().iter().map(|user| user.0).collect();
        assert!(there.len() == 2 && there.contains(&ann) && there.contains(&bob), "{there:?}");
    }

    #[test]
    fn a_company_without_activity_has_empty_days() {
        let sample = Sample::new();
        let acme = sample.company("acme", None, "{}", days_ago(2));
        let days = of(&sample.db(), acme, time::day(NOW, chrono_tz::UTC)).unwrap();
        assert_eq!((days.days.len(), days.people, days.active_28d), (84, Some(vec![]), (0, 0)));
    }
}
