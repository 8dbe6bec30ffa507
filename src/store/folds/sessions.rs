//! Sessions of a company (T6): distinct pairs of a browser and a session in which one of its people did something
//! there, on the day on which the session began.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use super::Folded;
use super::sums::Counter;
use crate::store::{StoreError, Tx};

/// The day of a company of which nothing is left.
pub(super) const FORGET_DAY: &str =
    "DELETE FROM company_days WHERE day = ?1 AND company_key = ?2 AND people <= 0 AND sessions <= 0";

/// Events of each session in a company.
#[derive(Default)]
pub(super) struct Sessions(BTreeMap<(i64, i64, i64), i64>);

/// A row of the table: the day, the company, when the session began, its browser, and how many events.
type Row = (i32, i64, i64, i64, i64);

impl Sessions {
    /// Counts activity in a company; what has no session belongs to none.
    pub(super) fn count(&mut self, company: i64, event: &Folded) {
        if let (Some(visitor), Some(began_ms)) = (event.visitor, event.session_began_ms) {
            *self.0.entry((company, began_ms, visitor)).or_default() += 1;
        }
    }

    fn rows(&self, tx: &mut Tx<'_>) -> Vec<Row> {
        let row = |(key, events): (&(i64, i64, i64), &i64)| {
            let (company, began_ms, visitor) = *key;
            (tx.state.days.of(began_ms), company, began_ms, visitor, *events)
        };
        let mut rows: Vec<Row> = self.0.iter().map(row).collect();
        rows.sort_unstable();
        rows
    }

    /// Adds them to the tables; of one day alone, where the others are counted already.
    pub(super) fn write(&self, tx: &mut Tx<'_>, only: Option<i32>) -> Result<(), StoreError> {
        let rows = self.rows(tx);
        let connection = tx.connection;
        let mut sessions = Counter::of(
            connection,
            "UPDATE company_sessions SET events = events + ?5
             WHERE day = ?1 AND company_key = ?2 AND began_ms = ?3 AND visitor_key = ?4",
            "INSERT INTO company_sessions (day, company_key, began_ms, visitor_key, events) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut begun: BTreeMap<(i32, i64), i64> = BTreeMap::new();
        for (day, company, began_ms, visitor, events) in rows {
            if only.is_none_or(|only| only == day) && sessions.add(params![day, company, began_ms, visitor, events])? {
                *begun.entry((day, company)).or_default() += 1;
            }
        }
        let mut whole = Counter::of(
            connection,
            "UPDATE company_days SET sessions = sessions + ?3 WHERE day = ?1 AND company_key = ?2",
            "INSERT INTO company_days (day, company_key, people, events, sessions) VALUES (?1, ?2, 0, 0, ?3)",
        )?;
        for ((day, company), sessions) in begun {
            whole.add(params![day, company, sessions])?;
        }
        Ok(())
    }

    /// Takes them out of the tables again.
    pub(super) fn subtract(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let rows = self.rows(tx);
        let connection = tx.connection;
        let mut fewer = connection.prepare_cached(
            "UPDATE company_sessions SET events = events - ?5
             WHERE day = ?1 AND company_key = ?2 AND began_ms = ?3 AND visitor_key = ?4",
        )?;
        let mut none = connection.prepare_cached(
            "DELETE FROM company_sessions
             WHERE day = ?1 AND company_key = ?2 AND began_ms = ?3 AND visitor_key = ?4 AND events <= 0",
        )?;
        let mut whole = connection
            .prepare_cached("UPDATE company_days SET sessions = sessions - 1 WHERE day = ?1 AND company_key = ?2")?;
        let mut days = BTreeSet::new();
        for (day, company, began_ms, visitor, events) in rows {
            fewer.execute(params![day, company, began_ms, visitor, events])?;
            if none.execute(params![day, company, began_ms, visitor])? > 0 {
                whole.execute(params![day, company])?;
                days.insert((day, company));
            }
        }
        let mut forget = connection.prepare_cached(FORGET_DAY)?;
        for (day, company) in days {
            forget.execute(params![day, company])?;
        }
        Ok(())
    }
}
