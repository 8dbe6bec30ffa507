//! Folds: what is derived from the journal, applied in the order of arrival.
//!
//! Each arrival is an event, or a link: from there on a visitor's events are a
//! user's. An event met before its visitor's link is counted for nobody and
//! counted when the link is met; one met after it is counted at once. Both ends
//! are the same, and the same as a recount (`recount.rs`).
//!
//! A slice is summed up in memory in sorted maps and written once, so that the
//! pages of the fold tables are touched in order.

mod withdrawn;

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, ToSql, params};

use super::arrivals::{self, Arrival, What};
use super::events::{ACTING_AS, INACTIVE, NewEvent};
use super::tx::State;
use super::{Reader, StoreError, Tx, contexts};
use crate::domain::ids::{CompanyKey, EventId, UserKey};
use crate::domain::message::Kind;
use crate::domain::time::HOUR_MS;

pub(super) use withdrawn::{Gone, see_again, withdraw};

/// Days, today among them, within which a member counts as active.
pub(super) const ACTIVE_DAYS: i32 = 30;

/// The next place in the order of arrival, and the last one that the folds have taken.
pub(super) fn positions(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let folded = connection
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM cursors WHERE reader = 'folds'")?
        .query_row([], |row| row.get::<_, i64>(0))?;
    let head = connection
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM arrivals")?
        .query_row([], |row| row.get::<_, i64>(0))?;
    Ok((head.max(folded) + 1, folded))
}

/// The day at which the folds stand: as of it members are active, until it turns.
pub(super) fn day(tx: &mut Tx<'_>) -> Result<i32, StoreError> {
    let today = tx.state.days.of(tx.now_ms);
    Ok(stored_day(tx.connection)?.unwrap_or(today))
}

/// Whether the workspace's day is another than the one the folds stand at.
pub(super) fn day_has_turned(connection: &Connection, state: &mut State, now_ms: i64) -> Result<bool, StoreError> {
    let today = state.days.of(now_ms);
    Ok(stored_day(connection)?.is_some_and(|stored| stored < today))
}

fn stored_day(connection: &Connection) -> Result<Option<i32>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT day FROM cursors WHERE reader = 'folds'")?
        .query_row([], |row| row.get(0))
        .optional()?)
}

/// What a fold reads of an event.
#[derive(Debug, Clone)]
pub(super) struct Folded {
    pub(super) id: EventId,
    kind: Kind,
    name_key: i64,
    visitor: Option<i64>,
    user: Option<i64>,
    company: Option<i64>,
    flags: i64,
    /// The page and the browser, where they were read.
    contexts: [Option<i64>; 2],
}

impl Folded {
    /// Of an event just written.
    pub(super) fn new(id: EventId, event: &NewEvent<'_>, name_key: i64, contexts: [Option<i64>; 2]) -> Folded {
        Folded {
            id,
            kind: event.kind,
            name_key,
            visitor: event.visitor.map(|key| key.0),
            user: event.user.map(|key| key.0),
            company: event.company.map(|key| key.0),
            flags: event.flags,
            contexts,
        }
    }

    /// Reads `event_id, kind, name_key, visitor_key, user_key, company_key, flags` from a column on.
    pub(super) fn of(row: &Row<'_>, first: usize) -> rusqlite::Result<Folded> {
        Ok(Folded {
            id: EventId(row.get(first)?),
            kind: Kind::from_number(row.get(first + 1)?),
            name_key: row.get(first + 2)?,
            visitor: row.get(first + 3)?,
            user: row.get(first + 4)?,
            company: row.get(first + 5)?,
            flags: row.get(first + 6)?,
            contexts: [None, None],
        })
    }

    /// Reads `page_key, agent_key` too, behind those.
    pub(super) fn with_contexts(row: &Row<'_>) -> rusqlite::Result<Folded> {
        Ok(Folded { contexts: [row.get(7)?, row.get(8)?], ..Folded::of(row, 0)? })
    }

    fn is_activity(&self) -> bool {
        self.kind.is_activity() && self.flags & (ACTING_AS | INACTIVE) == 0
    }

    fn hour(&self) -> i64 {
        self.id.at_ms().div_euclid(HOUR_MS)
    }
}

/// Takes at most `limit` arrivals, and turns the day where it has turned.
pub(super) fn apply(tx: &mut Tx<'_>, limit: usize) -> Result<(), StoreError> {
    let today = tx.state.days.of(tx.now_ms);
    turn_day(tx, today)?;
    let (_, folded) = positions(tx.connection)?;
    let arrivals = arrivals::take(tx, folded, limit)?;
    let Some(last) = arrivals.last().map(|arrival| arrival.seq) else {
        tx.state.pending = 0;
        return Ok(());
    };
    let taken = arrivals.len() as i64;
    let mut sums = Sums::default();
    for Arrival { seq, what } in &arrivals {
        match what {
            What::Event(event) => {
                for context in event.contexts.iter().flatten() {
                    *sums.contexts.entry(*context).or_default() += 1;
                }
                let person = person(tx, event, *seq)?;
                sums.place(event);
                sums.count(tx, event, person);
            }
            What::Link(visitor) => {
                // The link counts the visitor's events that were met before it: they must be in place.
                std::mem::take(&mut sums).write(tx, today)?;
                count_earlier_events(tx, visitor.0, &mut sums)?;
            }
            What::Gone => {}
        }
    }
    sums.write(tx, today)?;
    tx.connection
        .prepare_cached(
            "INSERT INTO cursors (reader, seq, day) VALUES ('folds', ?1, ?2)
             ON CONFLICT (reader) DO UPDATE SET seq = excluded.seq, day = max(day, excluded.day)",
        )?
        .execute(params![last, today])?;
    tx.state.pending = (tx.state.pending - taken).max(0);
    Ok(())
}

/// Takes all arrivals there are, for a deed that reads what is derived from them.
pub(super) fn catch_up(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    while tx.state.pending > 0 {
        apply(tx, usize::MAX)?;
    }
    Ok(())
}

/// The person an event met at a place in the order of arrival is counted for: the user it
/// names, else whom its visitor was linked to by then (R2, R5).
pub(super) fn person(tx: &Tx<'_>, event: &Folded, seq: i64) -> Result<Option<i64>, StoreError> {
    let user = match (event.user, event.visitor) {
        (Some(user), _) => Some(user),
        (None, Some(visitor)) => tx
            .connection
            .prepare_cached(
                "SELECT user_key FROM visitors
                 WHERE visitor_key = ?1 AND linked_seq <= ?2 AND linked_from_ms <= ?3",
            )?
            .query_row([visitor, seq, event.id.at_ms()], |row| row.get(0))
            .optional()?,
        (None, None) => None,
    };
    Ok(user.map(|user| survivor(tx, user)))
}

/// Who a user was merged into, else the user.
fn survivor(tx: &Tx<'_>, user: i64) -> i64 {
    tx.state.catalog.survivor(UserKey(user)).0
}

/// Whether a person is one of our own (R16).
fn is_staff(tx: &Tx<'_>, person: i64) -> bool {
    let staff = &tx.state.catalog.staff;
    !staff.is_empty() && staff.contains(&UserKey(person))
}

/// Counts a linked visitor's events that were met before the link.
fn count_earlier_events(tx: &mut Tx<'_>, visitor: i64, sums: &mut Sums) -> Result<(), StoreError> {
    let link: Option<(i64, i64)> = tx
        .connection
        .prepare_cached(
            "SELECT user_key, linked_from_ms FROM visitors WHERE visitor_key = ?1 AND user_key IS NOT NULL",
        )?
        .query_row([visitor], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((user, from_ms)) = link else { return Ok(()) };
    let user = survivor(tx, user);
    let first = EventId::first_at(from_ms.max(crate::domain::time::EPOCH_MS));
    let newest = EventId::first_at(tx.now_ms).bucket();
    for bucket in first.bucket()..=newest {
        let events = of_subject(tx, bucket, -visitor, first.0)?;
        for event in &events {
            sums.count_person(tx, event, user);
        }
    }
    Ok(())
}

/// The buckets that hold events of subjects.
pub(super) fn buckets(db: &Reader<'_>) -> Result<std::ops::RangeInclusive<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT coalesce((SELECT min(bucket) FROM events_by_subject), 0), coalesce((SELECT max(bucket) FROM events_by_subject), -1)",
    )?;
    Ok(statement.query_row([], |row| Ok(row.get::<_, i64>(0)?..=row.get::<_, i64>(1)?))?)
}

/// The events of a subject in one bucket, from one on.
pub(super) fn of_subject(tx: &Tx<'_>, bucket: i64, subject: i64, from: i64) -> Result<Vec<Folded>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT e.event_id, e.kind, e.name_key, e.visitor_key, e.user_key, e.company_key, e.flags
         FROM events_by_subject s JOIN events e ON e.event_id = s.event_id
         WHERE s.bucket = ?1 AND s.subject = ?2 AND s.event_id >= ?3",
    )?;
    Ok(statement.query_map([bucket, subject, from], |row| Folded::of(row, 0))?.collect::<Result<_, _>>()?)
}

/// The events that name a company in one bucket.
pub(super) fn of_company(tx: &Tx<'_>, bucket: i64, company: CompanyKey) -> Result<Vec<Folded>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT e.event_id, e.kind, e.name_key, e.visitor_key, e.user_key, e.company_key, e.flags
         FROM events_by_company s JOIN events e ON e.event_id = s.event_id
         WHERE s.bucket = ?1 AND s.company_key = ?2",
    )?;
    Ok(statement.query_map([bucket, company.0], |row| Folded::of(row, 0))?.collect::<Result<_, _>>()?)
}

/// Counts anew who of a company's members is active in 30 days.
pub(super) fn count_active_members(tx: &Tx<'_>, company: CompanyKey, today: i32) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE companies SET active_members =
               (SELECT count(*) FROM company_people p JOIN memberships m USING (user_key, company_key)
                WHERE p.company_key = ?1 AND p.last_day > ?2 AND m.open = 1)
             WHERE company_key = ?1",
        )?
        .execute([company.0, i64::from(today - ACTIVE_DAYS)])?;
    Ok(())
}

/// Reads anew when a company was last seen, of whose people some are counted no more.
pub(super) fn see_company_again(tx: &Tx<'_>, company: CompanyKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE companies SET last_seen_hour =
               coalesce((SELECT max(last_hour) FROM company_people WHERE company_key = ?1), 0)
             WHERE company_key = ?1",
        )?
        .execute([company.0])?;
    Ok(())
}

/// Earliest and latest of a subject in a slice.
#[derive(Default, Clone, Copy)]
struct Reach {
    first_ms: Option<i64>,
    last_hour: i64,
}

impl Reach {
    fn message(&mut self, at_ms: i64) {
        self.first_ms = Some(self.first_ms.map_or(at_ms, |known| known.min(at_ms)));
    }

    fn activity(&mut self, hour: i64) {
        self.last_hour = self.last_hour.max(hour);
    }
}

/// What a slice adds to the fold tables, in their order.
#[derive(Default)]
pub(super) struct Sums {
    by_subject: Vec<(i64, i64, i64)>,
    by_company: Vec<(i64, i64, i64)>,
    people: BTreeMap<(i32, i64), i64>,
    company_people: BTreeMap<(i32, i64, i64), i64>,
    company_names: BTreeMap<(i32, i64, i64), i64>,
    last_in_company: BTreeMap<(i64, i64), (i32, i64)>,
    users: BTreeMap<i64, Reach>,
    visitors: BTreeMap<i64, Reach>,
    companies: BTreeMap<i64, Reach>,
    contexts: BTreeMap<i64, i64>,
}

impl Sums {
    /// Puts an event in its place under its subject and its company.
    fn place(&mut self, event: &Folded) {
        let bucket = event.id.bucket();
        if let Some(subject) = event.user.or(event.visitor.map(|visitor| -visitor)) {
            self.by_subject.push((bucket, subject, event.id.0));
        }
        if let Some(company) = event.company {
            self.by_company.push((bucket, company, event.id.0));
        }
    }

    /// Counts an event for its browser, its company, and the person where there is one.
    fn count(&mut self, tx: &mut Tx<'_>, event: &Folded, person: Option<i64>) {
        // What staff do as somebody else counts for nobody, nor for their own browser (R16).
        if event.flags & ACTING_AS != 0 {
            return;
        }
        let at_ms = event.id.at_ms();
        if let Some(visitor) = event.visitor {
            let reach = self.visitors.entry(visitor).or_default();
            reach.message(at_ms);
            if event.is_activity() {
                reach.activity(event.hour());
            }
        }
        if let Some(company) = event.company {
            self.companies.entry(company).or_default().message(at_ms);
            let survivor = tx.state.catalog.merged_companies.survivor(CompanyKey(company)).0;
            if survivor != company {
                self.companies.entry(survivor).or_default().message(at_ms);
            }
        }
        if let Some(person) = person {
            self.count_person(tx, event, person);
        }
    }

    /// Counts an event for a person, and for the company it happened in.
    pub(super) fn count_person(&mut self, tx: &mut Tx<'_>, event: &Folded, person: i64) {
        if event.flags & ACTING_AS != 0 {
            return;
        }
        let reach = self.users.entry(person).or_default();
        reach.message(event.id.at_ms());
        if !event.is_activity() {
            return;
        }
        reach.activity(event.hour());
        // Our own people are in no number; when each of them was last seen is told all the same (R16).
        if is_staff(tx, person) {
            return;
        }
        let day = tx.state.days.of(event.id.at_ms());
        *self.people.entry((day, person)).or_default() += 1;
        self.count_in_company(tx, event, person, day);
    }

    /// Counts activity of a person on a day for the company it happened in, read through merges (C10).
    fn count_in_company(&mut self, tx: &Tx<'_>, event: &Folded, person: i64, day: i32) {
        let Some(company) = event.company else { return };
        let company = tx.state.catalog.merged_companies.survivor(CompanyKey(company)).0;
        *self.company_people.entry((day, company, person)).or_default() += 1;
        *self.company_names.entry((day, company, event.name_key)).or_default() += 1;
        self.companies.entry(company).or_default().activity(event.hour());
        let last = self.last_in_company.entry((company, person)).or_insert((day, 0));
        *last = (last.0.max(day), last.1.max(event.hour()));
    }

    /// Counts what people did in a company for the company alone.
    pub(super) fn count_company(&mut self, tx: &mut Tx<'_>, event: &Folded, person: i64) {
        if event.is_activity() && !is_staff(tx, person) {
            let day = tx.state.days.of(event.id.at_ms());
            self.count_in_company(tx, event, person, day);
        }
    }

    fn write(mut self, tx: &mut Tx<'_>, today: i32) -> Result<(), StoreError> {
        self.by_subject.sort_unstable();
        self.by_company.sort_unstable();
        let connection = tx.connection;
        let mut insert = connection.prepare_cached(
            "INSERT OR IGNORE INTO events_by_subject (bucket, subject, event_id) VALUES (?1, ?2, ?3)",
        )?;
        for (bucket, subject, id) in &self.by_subject {
            insert.execute([bucket, subject, id])?;
        }
        let mut insert = connection.prepare_cached(
            "INSERT OR IGNORE INTO events_by_company (bucket, company_key, event_id) VALUES (?1, ?2, ?3)",
        )?;
        for (bucket, company, id) in &self.by_company {
            insert.execute([bucket, company, id])?;
        }
        contexts::count(connection, &self.contexts)?;
        self.write_days(connection)?;
        self.write_last_in_company(connection, today)?;
        self.write_reaches(connection)
    }

    /// The companies in which a person was counted.
    pub(super) fn companies_of_people(&self) -> impl Iterator<Item = i64> {
        self.last_in_company.keys().map(|(company, _)| *company)
    }

    /// A user's own first message stays its own; those of whoever was merged into it are looked up.
    pub(super) fn forget_first(&mut self) {
        self.users.values_mut().for_each(|reach| reach.first_ms = None);
    }

    /// Takes what was counted for people out of the tables again.
    pub(super) fn take_out(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let connection = tx.connection;
        for ((day, user), events) in &self.people {
            connection
                .prepare_cached("DELETE FROM people_by_day WHERE day = ?1 AND user_key = ?2")?
                .execute(params![day, user])?;
            connection
                .prepare_cached("UPDATE days SET people = people - 1, events = events - ?2 WHERE day = ?1")?
                .execute(params![day, events])?;
            connection.prepare_cached("DELETE FROM days WHERE day = ?1 AND people = 0")?.execute([day])?;
        }
        for ((day, company, user), events) in &self.company_people {
            connection
                .prepare_cached(
                    "DELETE FROM company_people_by_day WHERE day = ?1 AND company_key = ?2 AND user_key = ?3",
                )?
                .execute(params![day, company, user])?;
            connection
                .prepare_cached(
                    "UPDATE company_days SET people = people - 1, events = events - ?3 WHERE day = ?1 AND company_key = ?2",
                )?
                .execute(params![day, company, events])?;
            connection
                .prepare_cached("DELETE FROM company_days WHERE day = ?1 AND company_key = ?2 AND people = 0")?
                .execute(params![day, company])?;
        }
        for ((day, company, name), events) in &self.company_names {
            connection
                .prepare_cached(
                    "UPDATE company_names_by_day SET events = events - ?4
                     WHERE day = ?1 AND company_key = ?2 AND name_key = ?3",
                )?
                .execute(params![day, company, name, events])?;
            connection
                .prepare_cached(
                    "DELETE FROM company_names_by_day WHERE day = ?1 AND company_key = ?2 AND name_key = ?3 AND events = 0",
                )?
                .execute(params![day, company, name])?;
        }
        for (company, user) in self.last_in_company.keys() {
            connection
                .prepare_cached("DELETE FROM company_people WHERE company_key = ?1 AND user_key = ?2")?
                .execute([company, user])?;
        }
        Ok(())
    }

    /// Puts what was counted for people into the tables, where nothing is of them.
    pub(super) fn put_in(&self, tx: &Tx<'_>, today: i32) -> Result<(), StoreError> {
        self.write_days(tx.connection)?;
        self.write_last_in_company(tx.connection, today)?;
        self.write_reaches(tx.connection)
    }

    pub(super) fn write_days(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut days: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
        let mut people = Counter::of(
            connection,
            "UPDATE people_by_day SET events = events + ?3 WHERE day = ?1 AND user_key = ?2",
            "INSERT INTO people_by_day (day, user_key, events) VALUES (?1, ?2, ?3)",
        )?;
        for ((day, user), events) in &self.people {
            let is_new = people.add(params![day, user, events])?;
            let sum = days.entry(*day).or_default();
            sum.0 += i64::from(is_new);
            sum.1 += events;
        }
        let mut whole = Counter::of(
            connection,
            "UPDATE days SET people = people + ?2, events = events + ?3 WHERE day = ?1",
            "INSERT INTO days (day, people, events) VALUES (?1, ?2, ?3)",
        )?;
        for (day, (people, events)) in days {
            whole.add(params![day, people, events])?;
        }
        let mut company_days: BTreeMap<(i32, i64), (i64, i64)> = BTreeMap::new();
        let mut people = Counter::of(
            connection,
            "UPDATE company_people_by_day SET events = events + ?4 WHERE day = ?1 AND company_key = ?2 AND user_key = ?3",
            "INSERT INTO company_people_by_day (day, company_key, user_key, events) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for ((day, company, user), events) in &self.company_people {
            let is_new = people.add(params![day, company, user, events])?;
            let sum = company_days.entry((*day, *company)).or_default();
            sum.0 += i64::from(is_new);
            sum.1 += events;
        }
        let mut whole = Counter::of(
            connection,
            "UPDATE company_days SET people = people + ?3, events = events + ?4 WHERE day = ?1 AND company_key = ?2",
            "INSERT INTO company_days (day, company_key, people, events) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for ((day, company), (people, events)) in company_days {
            whole.add(params![day, company, people, events])?;
        }
        let mut names = Counter::of(
            connection,
            "UPDATE company_names_by_day SET events = events + ?4 WHERE day = ?1 AND company_key = ?2 AND name_key = ?3",
            "INSERT INTO company_names_by_day (day, company_key, name_key, events) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for ((day, company, name), events) in &self.company_names {
            names.add(params![day, company, name, events])?;
        }
        Ok(())
    }

    fn write_last_in_company(&self, connection: &Connection, today: i32) -> Result<(), StoreError> {
        let mut find = connection.prepare_cached(
            "SELECT last_day, last_hour FROM company_people WHERE company_key = ?1 AND user_key = ?2",
        )?;
        let mut put = connection.prepare_cached(
            "INSERT INTO company_people (company_key, user_key, last_day, last_hour) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET last_day = excluded.last_day, last_hour = excluded.last_hour",
        )?;
        let mut membership = connection
            .prepare_cached("UPDATE memberships SET last_seen_hour = ?3 WHERE user_key = ?2 AND company_key = ?1")?;
        let mut active = connection.prepare_cached(
            "UPDATE companies SET active_members = active_members + 1
             WHERE company_key = ?1
               AND EXISTS (SELECT 1 FROM memberships WHERE user_key = ?2 AND company_key = ?1 AND open = 1)",
        )?;
        for ((company, user), (day, hour)) in &self.last_in_company {
            let known: Option<(i32, i64)> =
                find.query_row([company, user], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (known_day, known_hour) = known.unwrap_or((i32::MIN, 0));
            if *hour <= known_hour && *day <= known_day {
                continue;
            }
            let (last_day, last_hour) = ((*day).max(known_day), (*hour).max(known_hour));
            put.execute(params![company, user, last_day, last_hour])?;
            membership.execute(params![company, user, last_hour])?;
            let since = today - ACTIVE_DAYS;
            if last_day > since && known_day <= since {
                active.execute([company, user])?;
            }
        }
        Ok(())
    }

    fn write_reaches(&self, connection: &Connection) -> Result<(), StoreError> {
        let write = |reaches: &BTreeMap<i64, Reach>, sql: &str| -> Result<(), StoreError> {
            let mut reached = connection.prepare_cached(sql)?;
            for (key, reach) in reaches {
                reached.execute([*key, reach.first_ms.unwrap_or(i64::MAX), reach.last_hour])?;
            }
            Ok(())
        };
        write(
            &self.users,
            "UPDATE users SET first_message_ms = min(first_message_ms, ?2), first_seen_ms = min(first_seen_ms, ?2),
               last_seen_hour = max(last_seen_hour, ?3)
             WHERE user_key = ?1 AND (first_message_ms > ?2 OR last_seen_hour < ?3)",
        )?;
        write(
            &self.visitors,
            "UPDATE visitors SET first_seen_ms = min(first_seen_ms, ?2), last_seen_hour = max(last_seen_hour, ?3)
             WHERE visitor_key = ?1 AND (first_seen_ms > ?2 OR last_seen_hour < ?3)",
        )?;
        write(
            &self.companies,
            "UPDATE companies SET first_message_ms = min(first_message_ms, ?2), first_seen_ms = min(first_seen_ms, ?2),
               last_seen_hour = max(last_seen_hour, ?3)
             WHERE company_key = ?1 AND (first_message_ms > ?2 OR last_seen_hour < ?3)",
        )
    }
}

/// A table of counts: adds to a row, and makes it where there is none. An upsert that returns the
/// sum would make a table of its own for it, at each row.
struct Counter<'a> {
    update: CachedStatement<'a>,
    insert: CachedStatement<'a>,
}

impl<'a> Counter<'a> {
    fn of(connection: &'a Connection, update: &str, insert: &str) -> Result<Counter<'a>, StoreError> {
        Ok(Counter { update: connection.prepare_cached(update)?, insert: connection.prepare_cached(insert)? })
    }

    /// Whether the row is new.
    fn add(&mut self, values: &[&dyn ToSql]) -> Result<bool, StoreError> {
        if self.update.execute(values)? > 0 {
            return Ok(false);
        }
        self.insert.execute(values)?;
        Ok(true)
    }
}

/// As days pass, members fall out of the 30 days of "active".
fn turn_day(tx: &mut Tx<'_>, today: i32) -> Result<(), StoreError> {
    let Some(stored) = stored_day(tx.connection)?.filter(|stored| *stored < today) else { return Ok(()) };
    tx.connection
        .prepare_cached(
            "UPDATE companies SET active_members = active_members - gone.people
             FROM (SELECT p.company_key, count(*) AS people
                   FROM company_people p JOIN memberships m USING (user_key, company_key)
                   WHERE p.last_day > ?1 AND p.last_day <= ?2 AND m.open = 1 GROUP BY p.company_key) AS gone
             WHERE companies.company_key = gone.company_key",
        )?
        .execute([stored - ACTIVE_DAYS, today - ACTIVE_DAYS])?;
    tx.connection.prepare_cached("UPDATE cursors SET day = ?1 WHERE reader = 'folds'")?.execute([today])?;
    Ok(())
}
