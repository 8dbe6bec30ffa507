//! Events that go for good, by retention (`jobs/retention.rs`) or with an erased person: what they were
//! counted for is taken back, so that every fold says what a recount of the rest says.

use rusqlite::params;

use super::{ACTIVE_DAYS, Folded, Sums, count_active_members, person};
use crate::domain::ids::CompanyKey;
use crate::store::{StoreError, Tx};

/// Takes events out of the journal and of the folds. They are all that their people did up to the latest
/// hour among them: of retention everybody's, of an erasure the person's. All arrivals have been taken.
///
/// # Errors
/// [`StoreError`] only.
pub(in crate::store) fn withdraw(tx: &mut Tx<'_>, events: &[Folded]) -> Result<(), StoreError> {
    let mut sums = Sums::default();
    for event in events {
        let person = person(tx, event, i64::MAX)?;
        sums.count(tx, event, person);
    }
    let connection = tx.connection;
    let mut event_row = connection.prepare_cached("DELETE FROM events WHERE event_id = ?1")?;
    let mut of_subject = connection
        .prepare_cached("DELETE FROM events_by_subject WHERE bucket = ?1 AND subject = ?2 AND event_id = ?3")?;
    let mut of_company = connection
        .prepare_cached("DELETE FROM events_by_company WHERE bucket = ?1 AND company_key = ?2 AND event_id = ?3")?;
    for event in events {
        let bucket = event.id.bucket();
        if let Some(subject) = event.user.or(event.visitor.map(|visitor| -visitor)) {
            of_subject.execute([bucket, subject, event.id.0])?;
        }
        if let Some(company) = event.company {
            of_company.execute([bucket, company, event.id.0])?;
        }
        event_row.execute([event.id.0])?;
    }
    sums.subtract(tx)
}

impl Sums {
    fn subtract(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.subtract_days(tx)?;
        let connection = tx.connection;
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
            }
        }
        for (user, reach) in self.users.iter().filter(|(_, reach)| reach.last_hour > 0) {
            connection
                .prepare_cached("UPDATE users SET last_seen_hour = 0 WHERE user_key = ?1 AND last_seen_hour <= ?2")?
                .execute([*user, reach.last_hour])?;
        }
        for (visitor, reach) in self.visitors.iter().filter(|(_, reach)| reach.last_hour > 0) {
            connection
                .prepare_cached(
                    "UPDATE visitors SET last_seen_hour = 0 WHERE visitor_key = ?1 AND last_seen_hour <= ?2",
                )?
                .execute([*visitor, reach.last_hour])?;
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
        let today = tx.state.days.of(tx.now_ms);
        let recent = self.last_in_company.iter().filter(|(_, (day, _))| *day > today - ACTIVE_DAYS - 2);
        let companies: std::collections::BTreeSet<i64> = recent.map(|((company, _), _)| *company).collect();
        for company in companies {
            count_active_members(tx, CompanyKey(company), today)?;
        }
        Ok(())
    }

    fn subtract_days(&self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let connection = tx.connection;
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
        }
        let mut no_day = connection.prepare_cached("DELETE FROM days WHERE day = ?1 AND people <= 0")?;
        let days: std::collections::BTreeSet<i32> = self.people.keys().map(|(day, _)| *day).collect();
        for day in days {
            no_day.execute([day])?;
        }
        let mut fewer = connection.prepare_cached(
            "UPDATE company_people_by_day SET events = events - ?4 WHERE day = ?1 AND company_key = ?2 AND user_key = ?3",
        )?;
        let mut none = connection.prepare_cached(
            "DELETE FROM company_people_by_day WHERE day = ?1 AND company_key = ?2 AND user_key = ?3 AND events <= 0",
        )?;
        let mut whole = connection.prepare_cached(
            "UPDATE company_days SET people = people - ?3, events = events - ?4 WHERE day = ?1 AND company_key = ?2",
        )?;
        let mut no_day = connection
            .prepare_cached("DELETE FROM company_days WHERE day = ?1 AND company_key = ?2 AND people <= 0")?;
        for ((day, company, user), events) in &self.company_people {
            fewer.execute(params![day, company, user, events])?;
            let gone = none.execute(params![day, company, user])? as i64;
            whole.execute(params![day, company, gone, events])?;
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
