//! A recount of the journal: each fold must equal it (the promise of `folds.rs`).
//!
//! The journal is walked in the order of time, so the days come one after the
//! other and only one of them is in memory at once.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::activity::last_days;
use super::events::{ACTING_AS, INACTIVE};
use super::folds::ACTIVE_DAYS;
use super::{Reader, StoreError, days, recent_days, staff, workspace};
use crate::domain::activity::{RecentDays, TREND_DAYS, session_began};
use crate::domain::ids::EventId;
use crate::domain::message::Kind;
use crate::domain::time::{Days, HOUR_MS};

/// Findings that are told; more of them say nothing new.
const FINDINGS_MAX: usize = 20;

/// Whether all that is derived stands at the journal's head: nothing waits to be folded or counted anew.
///
/// # Errors
/// [`StoreError`] only.
pub fn is_settled(db: &Reader<'_>) -> Result<bool, StoreError> {
    let waiting =
        db.0.prepare_cached(
            "SELECT 1 FROM arrivals WHERE seq > (SELECT coalesce(max(seq), 0) FROM cursors WHERE reader = 'folds')",
        )?
        .exists([])?;
    Ok(!waiting && !days::is_asked(db.0)? && !staff::is_asked(db.0)?)
}

/// Compares every fold with a recount of the journal; each difference is a sentence. None is
/// good. Only what [`is_settled`] can be compared.
///
/// # Errors
/// [`StoreError`] only.
pub fn differences(db: &Reader<'_>) -> Result<Vec<String>, StoreError> {
    // A recount of a large file takes longer than any page may.
    db.0.progress_handler(0, None::<fn() -> bool>)?;
    let mut recount = Recount::new(db)?;
    let mut statement = db.0.prepare(
        "SELECT event_id, kind, name_key, visitor_key, user_key, company_key, flags, page_key, agent_key,
           session_before_ms FROM events ORDER BY event_id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = EventId(row.get(0)?);
        let activity =
            Kind::from_number(row.get(1)?).is_activity() && row.get::<_, i64>(6)? & (ACTING_AS | INACTIVE) == 0;
        for context in [row.get::<_, Option<i64>>(7)?, row.get(8)?].into_iter().flatten() {
            *recount.contexts.entry(context).or_default() += 1;
        }
        let named = Named { visitor: row.get(3)?, user: row.get(4)?, company: row.get(5)? };
        recount.event(id, activity, row.get(2)?, named, row.get(9)?)?;
    }
    recount.end()
}

/// Sums that stand for a table of places: how many, and a product of keys.
#[derive(Default, PartialEq, Debug)]
struct Places {
    rows: i64,
    product: i64,
}

/// A prime below 2^16: products of two remainders add up without overflow.
const REMAINDER: i64 = 65_521;

impl Places {
    fn add(&mut self, subject: i64, event: i64) {
        self.rows += 1;
        self.product += (subject.abs() % REMAINDER) * (event % REMAINDER);
    }
}

/// Whom an event names.
struct Named {
    visitor: Option<i64>,
    user: Option<i64>,
    company: Option<i64>,
}

struct Recount<'a> {
    db: &'a Reader<'a>,
    days: Days,
    links: HashMap<i64, (i64, i64)>,
    merged: HashMap<i64, i64>,
    staff: HashSet<i64>,
    merged_companies: HashMap<i64, i64>,
    day: Option<i32>,
    seen_days: Vec<i32>,
    people: BTreeMap<i64, i64>,
    company_people: BTreeMap<(i64, i64), i64>,
    company_names: BTreeMap<(i64, i64), i64>,
    /// Of the days that may still have more: what began on one goes on until the end of the next.
    sessions: BTreeMap<i32, BTreeMap<(i64, i64, i64), i64>>,
    session_days: Vec<i32>,
    by_subject: Places,
    by_company: Places,
    user_hours: HashMap<i64, i64>,
    visitor_hours: HashMap<i64, i64>,
    company_hours: HashMap<i64, i64>,
    recent_days: HashMap<i64, RecentDays>,
    last_in_company: BTreeMap<(i64, i64), (RecentDays, i64)>,
    contexts: HashMap<i64, i64>,
    found: Vec<String>,
}

impl<'a> Recount<'a> {
    fn new(db: &'a Reader<'a>) -> Result<Recount<'a>, StoreError> {
        let mut statement = db.0.prepare(
            "SELECT v.visitor_key, coalesce(u.merged_into, u.user_key), v.linked_from_ms
             FROM visitors v JOIN users u ON u.user_key = v.user_key",
        )?;
        let links =
            statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?.collect::<Result<_, _>>()?;
        let mut statement = db.0.prepare("SELECT user_key, merged_into FROM users WHERE merged_into IS NOT NULL")?;
        let merged = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let mut statement = db.0.prepare("SELECT user_key FROM users WHERE staff = 1")?;
        let staff = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut statement =
            db.0.prepare("SELECT company_key, merged_into FROM companies WHERE merged_into IS NOT NULL")?;
        let merged_companies =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        Ok(Recount {
            db,
            days: Days::new(workspace::settings(db)?.time_zone),
            links,
            merged,
            staff,
            merged_companies,
            day: None,
            seen_days: Vec::new(),
            people: BTreeMap::new(),
            company_people: BTreeMap::new(),
            company_names: BTreeMap::new(),
            sessions: BTreeMap::new(),
            session_days: Vec::new(),
            by_subject: Places::default(),
            by_company: Places::default(),
            user_hours: HashMap::new(),
            visitor_hours: HashMap::new(),
            company_hours: HashMap::new(),
            recent_days: HashMap::new(),
            last_in_company: BTreeMap::new(),
            contexts: HashMap::new(),
            found: Vec::new(),
        })
    }

    fn event(
        &mut self,
        id: EventId,
        activity: bool,
        name: i64,
        Named { visitor, user, company }: Named,
        session_before_ms: Option<i64>,
    ) -> Result<(), StoreError> {
        let at_ms = id.at_ms();
        if let Some(subject) = user.or(visitor.map(|visitor| -visitor)) {
            self.by_subject.add(subject, id.0);
        }
        if let Some(company) = company {
            self.by_company.add(company, id.0);
        }
        if !activity {
            return Ok(());
        }
        let hour = at_ms.div_euclid(HOUR_MS);
        let latest = |hours: &mut HashMap<i64, i64>, key: i64| {
            let known = hours.entry(key).or_default();
            *known = hour.max(*known);
        };
        if let Some(visitor) = visitor {
            latest(&mut self.visitor_hours, visitor);
        }
        let linked = visitor.and_then(|visitor| self.links.get(&visitor)).filter(|(_, from_ms)| *from_ms <= at_ms);
        let Some(person) = user.or(linked.map(|(user, _)| *user)) else { return Ok(()) };
        let person = self.merged.get(&person).copied().unwrap_or(person);
        latest(&mut self.user_hours, person);
        if self.staff.contains(&person) {
            return Ok(());
        }
        let day = self.days.of(at_ms);
        if self.day != Some(day) {
            self.compare_day()?;
            self.day = Some(day);
        }
        *self.people.entry(person).or_default() += 1;
        let days = self.recent_days.entry(person).or_default();
        *days = days.join(RecentDays::of(day));
        if let Some(company) = company {
            let company = self.merged_companies.get(&company).copied().unwrap_or(company);
            latest(&mut self.company_hours, company);
            *self.company_people.entry((company, person)).or_default() += 1;
            *self.company_names.entry((company, name)).or_default() += 1;
            if let (Some(visitor), Some(before_ms)) = (visitor, session_before_ms) {
                let began_ms = session_began(at_ms, before_ms);
                let begun = self.sessions.entry(self.days.of(began_ms)).or_default();
                *begun.entry((company, began_ms, visitor)).or_default() += 1;
            }
            let last = self.last_in_company.entry((company, person)).or_default();
            *last = (last.0.join(RecentDays::of(day)), last.1.max(hour));
        }
        Ok(())
    }

    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, fold: &T, recount: &T) {
        if fold != recount && self.found.len() < FINDINGS_MAX {
            self.found.push(format!("{what}: the fold says {fold:?}, a recount {recount:?}."));
        }
    }

    fn pairs(&self, sql: &str, day: i32) -> Result<BTreeMap<(i64, i64), i64>, StoreError> {
        let mut statement = self.db.0.prepare_cached(sql)?;
        let rows = statement.query_map([day], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn compare_day(&mut self) -> Result<(), StoreError> {
        let Some(day) = self.day else { return Ok(()) };
        self.seen_days.push(day);
        let people = std::mem::take(&mut self.people);
        let company_people = std::mem::take(&mut self.company_people);
        let company_names = std::mem::take(&mut self.company_names);
        let whole = (people.len() as i64, people.values().sum::<i64>());
        let mut company_days: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        for ((company, _), events) in &company_people {
            *company_days.entry((*company, 0)).or_default() += 1;
            *company_days.entry((*company, 1)).or_default() += events;
        }
        let people = people.into_iter().map(|(user, events)| ((user, 0), events)).collect();
        let fold = self.pairs("SELECT user_key, 0, events FROM people_by_day WHERE day = ?1", day)?;
        self.compare(&format!("people of day {day}"), &fold, &people);
        let fold = self.pairs("SELECT company_key, user_key, events FROM company_people_by_day WHERE day = ?1", day)?;
        self.compare(&format!("people by company of day {day}"), &fold, &company_people);
        let fold = self.pairs("SELECT company_key, name_key, events FROM company_names_by_day WHERE day = ?1", day)?;
        self.compare(&format!("event names by company of day {day}"), &fold, &company_names);
        let fold = self.pairs(
            "SELECT company_key, 0, people FROM company_days WHERE day = ?1 AND people > 0
             UNION ALL SELECT company_key, 1, events FROM company_days WHERE day = ?1 AND people > 0",
            day,
        )?;
        self.compare(&format!("companies of day {day}"), &fold, &company_days);
        let fold = self
            .db
            .0
            .prepare_cached("SELECT coalesce(max(people), 0), coalesce(max(events), 0) FROM days WHERE day = ?1")?
            .query_row([day], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.compare(&format!("day {day}"), &fold, &whole);
        self.compare_sessions(day - 1)
    }

    /// Compares the sessions that began before a day.
    fn compare_sessions(&mut self, before: i32) -> Result<(), StoreError> {
        while let Some(first) = self.sessions.first_entry().filter(|first| *first.key() < before) {
            let (day, sessions) = first.remove_entry();
            self.session_days.push(day);
            let mut statement = self.db.0.prepare_cached(
                "SELECT company_key, began_ms, visitor_key, events FROM company_sessions WHERE day = ?1",
            )?;
            let fold: BTreeMap<(i64, i64, i64), i64> = statement
                .query_map([day], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?)))?
                .collect::<Result<_, _>>()?;
            self.compare(&format!("sessions of day {day}"), &fold, &sessions);
            let mut of_company: BTreeMap<(i64, i64), i64> = BTreeMap::new();
            for (company, ..) in sessions.keys() {
                *of_company.entry((*company, 0)).or_default() += 1;
            }
            let fold =
                self.pairs("SELECT company_key, 0, sessions FROM company_days WHERE day = ?1 AND sessions <> 0", day)?;
            self.compare(&format!("sessions by company of day {day}"), &fold, &of_company);
        }
        Ok(())
    }

    fn places(&self, table: &str, subject: &str) -> Result<Places, StoreError> {
        let sql = format!(
            "SELECT count(*), coalesce(sum((abs({subject}) % {REMAINDER}) * (event_id % {REMAINDER})), 0) FROM {table}"
        );
        Ok(self.db.0.query_row(&sql, [], |row| Ok(Places { rows: row.get(0)?, product: row.get(1)? }))?)
    }

    fn compare_hours(&mut self, what: &str, sql: &str, recount: &HashMap<i64, i64>) -> Result<(), StoreError> {
        let mut statement = self.db.0.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (key, hour): (i64, i64) = (row.get(0)?, row.get(1)?);
            let counted = recount.get(&key).copied().unwrap_or(0);
            self.compare(&format!("last seen of {what} {key}"), &hour, &counted);
        }
        Ok(())
    }

    fn end(mut self) -> Result<Vec<String>, StoreError> {
        self.compare_day()?;
        let mut statement = self.db.0.prepare(
            "SELECT day FROM days UNION SELECT day FROM people_by_day
             UNION SELECT day FROM company_days WHERE people > 0 ORDER BY day",
        )?;
        let days: Vec<i32> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let seen = std::mem::take(&mut self.seen_days);
        self.compare("days", &days, &seen);
        self.compare_sessions(i32::MAX)?;
        let mut statement = self.db.0.prepare(
            "SELECT day FROM company_sessions UNION SELECT day FROM company_days WHERE sessions <> 0 ORDER BY day",
        )?;
        let days: Vec<i32> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let seen = std::mem::take(&mut self.session_days);
        self.compare("days of sessions", &days, &seen);
        let (subjects, companies) = (std::mem::take(&mut self.by_subject), std::mem::take(&mut self.by_company));
        let fold = self.places("events_by_subject", "subject")?;
        self.compare("events by subject", &fold, &subjects);
        let fold = self.places("events_by_company", "company_key")?;
        self.compare("events by company", &fold, &companies);
        let hours = std::mem::take(&mut self.user_hours);
        self.compare_hours("user", "SELECT user_key, last_seen_hour FROM users", &hours)?;
        let hours = std::mem::take(&mut self.visitor_hours);
        self.compare_hours("visitor", "SELECT visitor_key, last_seen_hour FROM visitors", &hours)?;
        let hours = std::mem::take(&mut self.company_hours);
        self.compare_hours("company", "SELECT company_key, last_seen_hour FROM companies", &hours)?;
        self.compare_recent_days()?;
        self.compare_contexts()?;
        self.compare_people_of_companies()?;
        self.compare_members()?;
        self.compare_staff()?;
        Ok(self.found)
    }

    /// The day at which the folds stand.
    fn folded_day(&self) -> Result<i32, StoreError> {
        let sql = "SELECT coalesce(max(day), 0) FROM cursors WHERE reader = 'folds'";
        Ok(self.db.0.query_row(sql, [], |row| row.get(0))?)
    }

    /// The days of users that trends are told of: what is further back, nobody asks for.
    fn compare_recent_days(&mut self) -> Result<(), StoreError> {
        let recount = std::mem::take(&mut self.recent_days);
        let today = self.folded_day()?;
        let mut statement = self.db.0.prepare("SELECT user_key, last_day, days FROM users")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let user: i64 = row.get(0)?;
            let kept = of_trend(recent_days::of(row, 1)?, today);
            let counted = of_trend(recount.get(&user).copied().unwrap_or_default(), today);
            self.compare(&format!("recent days of user {user}"), &kept, &counted);
        }
        Ok(())
    }

    fn compare_contexts(&mut self) -> Result<(), StoreError> {
        let mut recount = std::mem::take(&mut self.contexts);
        let mut statement = self.db.0.prepare("SELECT context_key, events FROM contexts")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (key, events): (i64, i64) = (row.get(0)?, row.get(1)?);
            self.compare(&format!("events of context {key}"), &events, &recount.remove(&key).unwrap_or(0));
        }
        self.compare("contexts that events name and the file has not", &HashMap::new(), &recount);
        Ok(())
    }

    fn compare_people_of_companies(&mut self) -> Result<(), StoreError> {
        let recount = std::mem::take(&mut self.last_in_company);
        let mut statement =
            self.db.0.prepare("SELECT company_key, user_key, last_day, days, last_hour FROM company_people")?;
        let fold: BTreeMap<(i64, i64), (RecentDays, i64)> = statement
            .query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (recent_days::of(row, 2)?, row.get(4)?))))?
            .collect::<Result<_, _>>()?;
        let today = self.folded_day()?;
        let compared = |all: &BTreeMap<(i64, i64), (RecentDays, i64)>| -> BTreeMap<(i64, i64), (i32, Vec<i32>, i64)> {
            all.iter().map(|(key, (days, hour))| (*key, (days.last, of_trend(*days, today), *hour))).collect()
        };
        self.compare("people of companies", &compared(&fold), &compared(&recount));
        let since = today - ACTIVE_DAYS;
        let mut active: HashMap<i64, i64> = HashMap::new();
        let mut statement = self.db.0.prepare("SELECT company_key, user_key, last_seen_hour, open FROM memberships")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (company, user, hour, open): (i64, i64, i64, bool) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let last = recount.get(&(company, user)).copied();
            let counted = last.map_or(0, |(_, hour)| hour);
            self.compare(&format!("last seen of user {user} in company {company}"), &hour, &counted);
            *active.entry(company).or_default() += i64::from(open && last.is_some_and(|(days, _)| days.last > since));
        }
        let mut statement = self.db.0.prepare("SELECT company_key, active_members FROM companies")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (company, members): (i64, i64) = (row.get(0)?, row.get(1)?);
            let counted = active.get(&company).copied().unwrap_or(0);
            self.compare(&format!("active members of company {company}"), &members, &counted);
        }
        Ok(())
    }

    /// Whoever has an address of our own domains is left out, and nobody else who has one (R16).
    fn compare_staff(&mut self) -> Result<(), StoreError> {
        let settings = workspace::settings(self.db)?;
        let mut statement = self.db.0.prepare("SELECT user_key, email, staff FROM users WHERE email IS NOT NULL")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let email: String = row.get(1)?;
            let is_staff = settings.is_staff(Some(&email));
            self.compare(&format!("own people: user {}", row.get::<_, i64>(0)?), &row.get::<_, bool>(2)?, &is_staff);
        }
        Ok(())
    }

    fn compare_members(&mut self) -> Result<(), StoreError> {
        for (what, sql) in [
            (
                "members of company",
                "SELECT company_key, members, (SELECT count(*) FROM memberships m
                   WHERE m.company_key = c.company_key AND m.open = 1) FROM companies c",
            ),
            (
                "companies of user",
                "SELECT user_key, companies, (SELECT count(*) FROM memberships m
                   WHERE m.user_key = u.user_key AND m.open = 1) FROM users u",
            ),
        ] {
            let mut statement = self.db.0.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (key, kept, counted): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                self.compare(&format!("{what} {key}"), &kept, &counted);
            }
        }
        Ok(())
    }
}

/// Which days a trend is told of as of a day, among the last days of somebody.
fn of_trend(days: RecentDays, today: i32) -> Vec<i32> {
    last_days(today, 2 * TREND_DAYS).filter(|day| days.within(&(*day..=*day)) > 0).collect()
}
