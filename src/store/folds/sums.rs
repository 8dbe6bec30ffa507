//! What a slice of the journal adds up to, and how it is written into the fold tables, taken out, and put back.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, ToSql, params};

use super::sessions::{FORGET_DAY, Sessions};
use super::{ACTIVE_DAYS, Folded, is_staff, survivor};
use crate::domain::activity::RecentDays;
use crate::domain::ids::{CompanyKey, UserKey};
use crate::store::events::ACTING_AS;
use crate::store::{StoreError, Tx, companies, contexts, recent_days, users};

/// Earliest and latest of a subject in a slice.
#[derive(Default, Clone, Copy)]
pub(super) struct Reach {
    first_ms: Option<i64>,
    pub(super) last_hour: i64,
    /// Of a person who counts: the days.
    days: RecentDays,
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
pub(in crate::store) struct Sums {
    by_subject: Vec<(i64, i64, i64)>,
    by_company: Vec<(i64, i64, i64)>,
    pub(super) people: BTreeMap<(i32, i64), i64>,
    pub(super) company_people: BTreeMap<(i32, i64, i64), i64>,
    pub(super) company_names: BTreeMap<(i32, i64, i64), i64>,
    pub(super) sessions: Sessions,
    pub(super) last_in_company: BTreeMap<(i64, i64), (RecentDays, i64)>,
    pub(super) users: BTreeMap<i64, Reach>,
    pub(super) visitors: BTreeMap<i64, Reach>,
    pub(super) companies: BTreeMap<i64, Reach>,
    pub(super) contexts: BTreeMap<i64, i64>,
    /// The first messages of who was merged, by whom they name: theirs, when they are apart again (R11, C10).
    first_of_merged: FirstOfMerged,
}

/// The earliest message of each, Unix milliseconds.
#[derive(Default)]
struct FirstOfMerged {
    users: BTreeMap<i64, i64>,
    companies: BTreeMap<i64, i64>,
}

/// Keeps the earlier of two times.
fn keep_first(of: &mut BTreeMap<i64, i64>, key: i64, at_ms: i64) {
    of.entry(key).and_modify(|known| *known = at_ms.min(*known)).or_insert(at_ms);
}

impl Sums {
    /// Puts an event in its place under its subject and its company.
    pub(super) fn place(&mut self, event: &Folded) {
        let bucket = event.id.bucket();
        if let Some(subject) = event.user.or(event.visitor.map(|visitor| -visitor)) {
            self.by_subject.push((bucket, subject, event.id.0));
        }
        if let Some(company) = event.company {
            self.by_company.push((bucket, company, event.id.0));
        }
    }

    /// Counts an event for its browser, its company, and the person where there is one.
    pub(super) fn count(&mut self, tx: &mut Tx<'_>, event: &Folded, user: Option<i64>) {
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
            if tx.state.catalog.merged_companies.is_merged(CompanyKey(company)) {
                keep_first(&mut self.first_of_merged.companies, company, at_ms);
            } else {
                self.companies.entry(company).or_default().message(at_ms);
            }
        }
        if let Some(user) = user {
            self.count_user(tx, event, user);
        }
    }

    /// Counts an event for the person that a user is, and for the company it happened in.
    pub(in crate::store) fn count_user(&mut self, tx: &mut Tx<'_>, event: &Folded, user: i64) {
        if event.flags & ACTING_AS != 0 {
            return;
        }
        let person = survivor(tx, user);
        if person == user {
            self.users.entry(person).or_default().message(event.id.at_ms());
        } else {
            keep_first(&mut self.first_of_merged.users, user, event.id.at_ms());
        }
        if !event.is_activity() {
            return;
        }
        self.users.entry(person).or_default().activity(event.hour());
        // Our own people are in no number; when each of them was last seen is told all the same (R16).
        if is_staff(tx, person) {
            return;
        }
        let day = tx.state.days.of(event.id.at_ms());
        let reach = self.users.entry(person).or_default();
        reach.days = reach.days.join(RecentDays::of(day));
        *self.people.entry((day, person)).or_default() += 1;
        self.count_in_company(tx, event, person, day);
    }

    /// Counts activity of a person on a day for the company it happened in, read through merges (C10).
    fn count_in_company(&mut self, tx: &Tx<'_>, event: &Folded, person: i64, day: i32) {
        let Some(company) = event.company else { return };
        let company = tx.state.catalog.merged_companies.survivor(CompanyKey(company)).0;
        *self.company_people.entry((day, company, person)).or_default() += 1;
        *self.company_names.entry((day, company, event.name_key)).or_default() += 1;
        self.sessions.count(company, event);
        self.companies.entry(company).or_default().activity(event.hour());
        let last = self.last_in_company.entry((company, person)).or_default();
        *last = (last.0.join(RecentDays::of(day)), last.1.max(event.hour()));
    }

    /// Counts what people did in a company for the company alone.
    pub(in crate::store) fn count_company(&mut self, tx: &mut Tx<'_>, event: &Folded, person: i64) {
        if event.is_activity() && !is_staff(tx, person) {
            let day = tx.state.days.of(event.id.at_ms());
            self.count_in_company(tx, event, person, day);
        }
    }

    pub(super) fn write(mut self, tx: &mut Tx<'_>, today: i32) -> Result<(), StoreError> {
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
        self.sessions.write(tx, None)?;
        self.write_last_in_company(connection, today)?;
        self.write_reaches(tx)
    }

    /// The companies in which a person was counted.
    pub(in crate::store) fn companies_of_people(&self) -> impl Iterator<Item = i64> {
        self.last_in_company.keys().map(|(company, _)| *company)
    }

    /// A user's own first message stays its own; those of whoever was merged into it are looked up.
    pub(in crate::store) fn forget_first(&mut self) {
        self.users.values_mut().for_each(|reach| reach.first_ms = None);
        self.first_of_merged = FirstOfMerged::default();
    }

    /// Takes what was counted for people out of the tables again.
    pub(in crate::store) fn take_out(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let connection = tx.connection;
        for ((day, user), events) in &self.people {
            connection
                .prepare_cached("DELETE FROM people_by_day WHERE day = ?1 AND user_key = ?2")?
                .execute(params![day, user])?;
            connection
                .prepare_cached("UPDATE days SET people = people - 1, events = events - ?2 WHERE day = ?1")?
                .execute(params![day, events])?;
            connection.prepare_cached("DELETE FROM days WHERE day = ?1 AND people = 0")?.execute([day])?;
            connection
                .prepare_cached("UPDATE users SET days = 0 WHERE user_key = ?1 AND days <> 0")?
                .execute([user])?;
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
            connection.prepare_cached(FORGET_DAY)?.execute(params![day, company])?;
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
        self.sessions.subtract(tx)
    }

    /// Puts what was counted for people into the tables, where nothing is of them.
    pub(in crate::store) fn put_in(&self, tx: &mut Tx<'_>, today: i32) -> Result<(), StoreError> {
        self.write_days(tx.connection)?;
        self.sessions.write(tx, None)?;
        self.write_last_in_company(tx.connection, today)?;
        self.write_reaches(tx)
    }

    /// Replaces what the tables say of one day, from sums of that day and those beside it.
    pub(in crate::store) fn replace_day(mut self, tx: &mut Tx<'_>, day: i32) -> Result<(), StoreError> {
        for table in [
            "people_by_day",
            "company_people_by_day",
            "company_sessions",
            "company_days",
            "company_names_by_day",
            "days",
        ] {
            tx.connection.prepare_cached(&format!("DELETE FROM {table} WHERE day = ?1"))?.execute([day])?;
        }
        self.people.retain(|(of, _), _| *of == day);
        self.company_people.retain(|(of, ..), _| *of == day);
        self.company_names.retain(|(of, ..), _| *of == day);
        self.write_days(tx.connection)?;
        self.sessions.write(tx, Some(day))
    }

    /// Adds what happened on each day.
    fn write_days(&self, connection: &Connection) -> Result<(), StoreError> {
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
            "SELECT last_day, days, last_hour FROM company_people WHERE company_key = ?1 AND user_key = ?2",
        )?;
        let mut put = connection.prepare_cached(
            "INSERT INTO company_people (company_key, user_key, last_day, days, last_hour) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET last_day = excluded.last_day, days = excluded.days, last_hour = excluded.last_hour",
        )?;
        let mut membership = connection
            .prepare_cached("UPDATE memberships SET last_seen_hour = ?3 WHERE user_key = ?2 AND company_key = ?1")?;
        let mut active = connection.prepare_cached(
            "UPDATE companies SET active_members = active_members + 1
             WHERE company_key = ?1
               AND EXISTS (SELECT 1 FROM memberships WHERE user_key = ?2 AND company_key = ?1 AND open = 1)",
        )?;
        for ((company, user), (days, hour)) in &self.last_in_company {
            let known: Option<(RecentDays, i64)> =
                find.query_row([company, user], |row| Ok((recent_days::of(row, 0)?, row.get(2)?))).optional()?;
            let (known_days, known_hour) = known.unwrap_or_default();
            let (all_days, last_hour) = (days.join(known_days), (*hour).max(known_hour));
            if (all_days, last_hour) == (known_days, known_hour) {
                continue;
            }
            put.execute(params![company, user, all_days.last, all_days.bits.cast_signed(), last_hour])?;
            if last_hour > known_hour {
                membership.execute(params![company, user, last_hour])?;
            }
            let since = today - ACTIVE_DAYS;
            if all_days.last > since && known_days.last <= since {
                active.execute([company, user])?;
            }
        }
        Ok(())
    }

    fn write_reaches(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        for (user, at_ms) in &self.first_of_merged.users {
            users::named_at(tx, UserKey(*user), *at_ms)?;
        }
        for (company, at_ms) in &self.first_of_merged.companies {
            companies::named_at(tx, CompanyKey(*company), *at_ms)?;
        }
        let connection = tx.connection;
        let mut reached = connection.prepare_cached(
            "UPDATE users SET first_message_ms = min(first_message_ms, ?2), first_seen_ms = min(first_seen_ms, ?2),
               last_seen_hour = max(last_seen_hour, ?3), last_day = iif(days = 0, ?4, max(last_day, ?4)),
               days = joined_days(last_day, days, ?4, ?5)
             WHERE user_key = ?1
               AND (first_message_ms > ?2 OR last_seen_hour < ?3 OR last_day < ?4
                    OR days <> joined_days(last_day, days, ?4, ?5))",
        )?;
        for (key, reach) in &self.users {
            let RecentDays { last, bits } = reach.days;
            let first_ms = reach.first_ms.unwrap_or(i64::MAX);
            reached.execute(params![key, first_ms, reach.last_hour, last, bits.cast_signed()])?;
        }
        let write = |reaches: &BTreeMap<i64, Reach>, sql: &str| -> Result<(), StoreError> {
            let mut reached = connection.prepare_cached(sql)?;
            for (key, reach) in reaches {
                reached.execute([*key, reach.first_ms.unwrap_or(i64::MAX), reach.last_hour])?;
            }
            Ok(())
        };
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
pub(super) struct Counter<'a> {
    update: CachedStatement<'a>,
    insert: CachedStatement<'a>,
}

impl<'a> Counter<'a> {
    pub(super) fn of(connection: &'a Connection, update: &str, insert: &str) -> Result<Counter<'a>, StoreError> {
        Ok(Counter { update: connection.prepare_cached(update)?, insert: connection.prepare_cached(insert)? })
    }

    /// Whether the row is new.
    pub(super) fn add(&mut self, values: &[&dyn ToSql]) -> Result<bool, StoreError> {
        if self.update.execute(values)? > 0 {
            return Ok(false);
        }
        self.insert.execute(values)?;
        Ok(true)
    }
}
