//! Events that go for good, by retention (`jobs/retention.rs`), with an erased person, or with the import that they
//! came in: what they were counted for is taken back, so that every fold says what a recount of the rest says.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, params};

use super::left::{Wanted, last_activity};
use super::sessions::FORGET_DAY;
use super::{ACTIVE_DAYS, Folded, Sums, count_active_members, stored_day, user};
use crate::domain::ids::{CompanyKey, EventId, UserKey, VisitorKey};
use crate::domain::time::HOUR_MS;
use crate::store::list::json_keys;
use crate::store::{StoreError, Tx, contexts, merges, recent_days, visitors};

/// Whose events go.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Gone {
    /// All up to the latest hour among them, of everybody or of one person. Browsers of others that were named beside
    /// the person are seen again by [`see_others_again`].
    Everybody,
    /// Some of many, who keep others. Browsers that were named beside a user who is not theirs are seen again by
    /// [`super::see_browsers_again`].
    Picked,
}

/// Takes events out of the journal and of the folds. All arrivals have been taken.
///
/// # Errors
/// [`StoreError`] only.
pub(in crate::store) fn withdraw(tx: &mut Tx<'_>, events: &[Folded], gone: Gone) -> Result<(), StoreError> {
    let mut sums = Sums::default();
    for event in events {
        let user = user(tx, event, i64::MAX)?;
        sums.count(tx, event, user);
    }
    let connection = tx.connection;
    let mut event_row =
        connection.prepare_cached("DELETE FROM events WHERE event_id = ?1 RETURNING page_key, agent_key")?;
    let mut of_subject = connection
        .prepare_cached("DELETE FROM events_by_subject WHERE bucket = ?1 AND subject = ?2 AND event_id = ?3")?;
    let mut of_company = connection
        .prepare_cached("DELETE FROM events_by_company WHERE bucket = ?1 AND company_key = ?2 AND event_id = ?3")?;
    let mut contexts: BTreeMap<i64, i64> = BTreeMap::new();
    for event in events {
        let bucket = event.id.bucket();
        if let Some(subject) = event.user.or(event.visitor.map(|visitor| -visitor)) {
            of_subject.execute([bucket, subject, event.id.0])?;
        }
        if let Some(company) = event.company {
            of_company.execute([bucket, company, event.id.0])?;
        }
        let named: Option<[Option<i64>; 2]> =
            event_row.query_row([event.id.0], |row| Ok([row.get(0)?, row.get(1)?])).optional()?;
        for context in named.into_iter().flatten().flatten() {
            *contexts.entry(context).or_default() += 1;
        }
    }
    contexts::let_go(tx, &contexts)?;
    sums.subtract(tx, matches!(gone, Gone::Picked))
}

/// When the browsers of others were last seen, of which these events of one person are no longer told: by their own
/// events and those of the users they are linked to. Whether there are any: no index tells which events name a browser
/// beside yet another user, so [`super::see_browsers_again`] looks for those.
///
/// # Errors
/// [`StoreError`] only.
pub(in crate::store) fn see_others_again(tx: &Tx<'_>, events: &[Folded], own: &[i64]) -> Result<bool, StoreError> {
    let named = events.iter().filter(|event| event.is_activity()).filter_map(|event| event.visitor);
    let others: BTreeSet<i64> = named.filter(|visitor| !own.contains(visitor)).collect();
    for visitor in &others {
        let last = last_of_browser(tx, *visitor)?;
        let hour = last.map_or(0, |last| last.at_ms().div_euclid(HOUR_MS));
        tx.connection
            .prepare_cached("UPDATE visitors SET last_seen_hour = ?2 WHERE visitor_key = ?1 AND last_seen_hour <> ?2")?
            .execute([*visitor, hour])?;
    }
    Ok(!others.is_empty())
}

/// The last activity that names a browser, of its own and of the user it is linked to.
fn last_of_browser(tx: &Tx<'_>, visitor: i64) -> Result<Option<EventId>, StoreError> {
    let mut strands = vec![(-visitor, i64::MIN)];
    if let Some(user) = visitors::linked_user(tx, VisitorKey(visitor))? {
        strands.extend(merges::group(tx, user)?.iter().map(|named| (named.0, i64::MIN)));
    }
    last_activity(tx, &strands, &Wanted { visitor: Some(visitor), companies: None })
}

impl Sums {
    /// Takes all of it out of the tables. Where others `stay` of the same people, it is read again when each was last
    /// seen.
    fn subtract(&self, tx: &mut Tx<'_>, others_stay: bool) -> Result<(), StoreError> {
        self.subtract_days(tx)?;
        self.sessions.subtract(tx)?;
        let connection = tx.connection;
        let mut left = Left::default();
        for ((company, user), (_, hour)) in &self.last_in_company {
            let gone = connection
                .prepare_cached(
                    "DELETE FROM company_people WHERE company_key = ?1 AND user_key = ?2 AND last_hour <= ?3",
                )?
                .execute([company, user, hour])?;
            if gone > 0 {
                connection
                    .prepare_cached(
                        "UPDATE memberships SET last_seen_hour = 0 WHERE user_key = ?1 AND company_key = ?2",
                    )?
                    .execute([user, company])?;
                left.in_companies.push((*company, *user));
            }
        }
        for (user, reach) in self.users.iter().filter(|(_, reach)| reach.last_hour > 0) {
            let unseen = connection
                .prepare_cached("UPDATE users SET last_seen_hour = 0 WHERE user_key = ?1 AND last_seen_hour <= ?2")?
                .execute([*user, reach.last_hour])?;
            left.users.extend((unseen > 0).then_some(*user));
        }
        for (visitor, reach) in self.visitors.iter().filter(|(_, reach)| reach.last_hour > 0) {
            let unseen = connection
                .prepare_cached(
                    "UPDATE visitors SET last_seen_hour = 0 WHERE visitor_key = ?1 AND last_seen_hour <= ?2",
                )?
                .execute([*visitor, reach.last_hour])?;
            left.visitors.extend((unseen > 0).then_some(*visitor));
        }
        if others_stay {
            left.see_again(tx)?;
        }
        for (company, reach) in self.companies.iter().filter(|(_, reach)| reach.last_hour > 0) {
            // Others may have been there in the same hour.
            connection
                .prepare_cached(
                    "UPDATE companies SET last_seen_hour =
                       coalesce((SELECT max(last_hour) FROM company_people WHERE company_key = ?1), 0)
                     WHERE company_key = ?1 AND last_seen_hour <= ?2",
                )?
                .execute([*company, reach.last_hour])?;
        }
        // Who is active is told as of the day at which the folds stand.
        let Some(today) = stored_day(connection)? else { return Ok(()) };
        let recent = self.last_in_company.iter().filter(|(_, (days, _))| days.last > today - ACTIVE_DAYS);
        let companies: BTreeSet<i64> = recent.map(|((company, _), _)| *company).collect();
        for company in companies {
            count_active_members(tx, CompanyKey(company), today)?;
        }
        Ok(())
    }

    fn subtract_days(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let connection = tx.connection;
        let mut forget =
            connection.prepare_cached("UPDATE users SET days = days & ~(1 << (last_day - ?2)) WHERE user_key = ?1")?;
        let mut fewer = connection
            .prepare_cached("UPDATE people_by_day SET events = events - ?3 WHERE day = ?1 AND user_key = ?2")?;
        let mut none =
            connection.prepare_cached("DELETE FROM people_by_day WHERE day = ?1 AND user_key = ?2 AND events <= 0")?;
        let mut whole =
            connection.prepare_cached("UPDATE days SET people = people - ?2, events = events - ?3 WHERE day = ?1")?;
        for ((day, user), events) in &self.people {
            fewer.execute(params![day, user, events])?;
            let gone = none.execute(params![day, user])? as i64;
            whole.execute(params![day, gone, events])?;
            if gone > 0 {
                forget.execute(params![user, day])?;
            }
        }
        let mut no_day = connection.prepare_cached("DELETE FROM days WHERE day = ?1 AND people <= 0")?;
        let days: BTreeSet<i32> = self.people.keys().map(|(day, _)| *day).collect();
        for day in days {
            no_day.execute([day])?;
        }
        let mut forget = connection.prepare_cached(
            "UPDATE company_people SET days = days & ~(1 << (last_day - ?3)) WHERE company_key = ?1 AND user_key = ?2",
        )?;
        let mut fewer = connection.prepare_cached(
            "UPDATE company_people_by_day SET events = events - ?4 WHERE day = ?1 AND company_key = ?2 AND user_key = ?3",
        )?;
        let mut none = connection.prepare_cached(
            "DELETE FROM company_people_by_day WHERE day = ?1 AND company_key = ?2 AND user_key = ?3 AND events <= 0",
        )?;
        let mut whole = connection.prepare_cached(
            "UPDATE company_days SET people = people - ?3, events = events - ?4 WHERE day = ?1 AND company_key = ?2",
        )?;
        let mut no_day = connection.prepare_cached(FORGET_DAY)?;
        for ((day, company, user), events) in &self.company_people {
            fewer.execute(params![day, company, user, events])?;
            let gone = none.execute(params![day, company, user])? as i64;
            whole.execute(params![day, company, gone, events])?;
            if gone > 0 {
                forget.execute(params![company, user, day])?;
            }
            no_day.execute(params![day, company])?;
        }
        let mut fewer = connection.prepare_cached(
            "UPDATE company_names_by_day SET events = events - ?4 WHERE day = ?1 AND company_key = ?2 AND name_key = ?3",
        )?;
        let mut none = connection.prepare_cached(
            "DELETE FROM company_names_by_day WHERE day = ?1 AND company_key = ?2 AND name_key = ?3 AND events <= 0",
        )?;
        for ((day, company, name), events) in &self.company_names {
            fewer.execute(params![day, company, name, events])?;
            none.execute(params![day, company, name])?;
        }
        Ok(())
    }
}

/// Who was last seen by events that are gone.
#[derive(Default)]
struct Left {
    in_companies: Vec<(i64, i64)>,
    users: Vec<i64>,
    visitors: Vec<i64>,
}

impl Left {
    /// Reads when they were last seen before that.
    fn see_again(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let hour = |id: EventId| id.at_ms().div_euclid(HOUR_MS);
        let mut strands: BTreeMap<i64, Vec<(i64, i64)>> = BTreeMap::new();
        let people = self.users.iter().chain(self.in_companies.iter().map(|(_, user)| user));
        for user in people.copied().collect::<BTreeSet<i64>>() {
            strands.insert(user, merges::strands_of(tx, UserKey(user))?);
        }
        for user in &self.users {
            if let Some(last) = last_activity(tx, &strands[user], &Wanted::default())? {
                tx.connection
                    .prepare_cached("UPDATE users SET last_seen_hour = ?2 WHERE user_key = ?1")?
                    .execute([*user, hour(last)])?;
            }
        }
        for (company, user) in &self.in_companies {
            let group = merges::companies::group(tx, CompanyKey(*company))?;
            let wanted = Wanted { companies: Some(json_keys(group.iter().map(|key| key.0))), visitor: None };
            let Some(last) = last_activity(tx, &strands[user], &wanted)? else { continue };
            let day = tx.state.days.of(last.at_ms());
            let days = recent_days::in_company(tx.connection, *company, *user, day)?;
            tx.connection
                .prepare_cached(
                    "INSERT INTO company_people (company_key, user_key, last_day, days, last_hour) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![company, user, day, days.bits.cast_signed(), hour(last)])?;
            tx.connection
                .prepare_cached("UPDATE memberships SET last_seen_hour = ?3 WHERE user_key = ?1 AND company_key = ?2")?
                .execute([*user, *company, hour(last)])?;
        }
        for visitor in &self.visitors {
            if let Some(last) = last_of_browser(tx, *visitor)? {
                tx.connection
                    .prepare_cached("UPDATE visitors SET last_seen_hour = ?2 WHERE visitor_key = ?1")?
                    .execute([*visitor, hour(last)])?;
            }
        }
        Ok(())
    }
}
