//! Days counted anew after a change of the workspace's time zone (T4).
//!
//! One day is one step of the writer: its rows are replaced by what the journal says of it, so that
//! a day is always either wholly of the old zone or wholly of the new one, new events go on being
//! counted meanwhile, and a restart goes on with the next day.

use rusqlite::{OptionalExtension, params};

use super::events::{ACTING_AS, INACTIVE};
use super::folds::{self, ACTIVE_DAYS, Folded, Sums};
use super::{StoreError, Tx, recent_days};
use crate::domain::ids::EventId;
use crate::domain::message::Kind;
use crate::domain::time::{DAY_MS, EPOCH_MS, HOUR_MS};

/// No zone's day begins further from that of UTC than this (UTC-12 to UTC+14).
const ZONE_MS_MAX: i64 = 15 * HOUR_MS;

/// Asks for all days with activity to be counted anew.
pub(super) fn ask(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.connection.execute(
        "INSERT OR REPLACE INTO day_recounts (id, next_day, last_day)
         SELECT 1, min(day) - 2, max(day) + 1 FROM days HAVING count(*) > 0",
        [],
    )?;
    tx.state.days_to_recount = is_asked(tx.connection)?;
    Ok(())
}

/// Whether days wait to be counted anew.
pub(super) fn is_asked(connection: &rusqlite::Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM day_recounts")?.exists([])?)
}

/// Counts the next day anew; after the last one, who is active in which company.
pub(super) fn step(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let next: Option<(i32, i32)> = tx
        .connection
        .prepare_cached("SELECT next_day, last_day FROM day_recounts")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((day, last)) = next else {
        tx.state.days_to_recount = false;
        return Ok(());
    };
    if day > last {
        count_active_members(tx)?;
        tx.connection.execute("DELETE FROM day_recounts", [])?;
        tx.state.days_to_recount = false;
        return Ok(());
    }
    recount(tx, day)?;
    tx.connection.prepare_cached("UPDATE day_recounts SET next_day = ?1")?.execute([day + 1])?;
    Ok(())
}

fn recount(tx: &mut Tx<'_>, day: i32) -> Result<(), StoreError> {
    // What waits to be folded would be counted here and once more then.
    folds::catch_up(tx)?;
    let start_ms = i64::from(day) * DAY_MS;
    // What began on the day may have gone on until the end of the next one.
    let bounds = [start_ms - ZONE_MS_MAX, start_ms + 2 * DAY_MS + ZONE_MS_MAX];
    let bounds = bounds.map(|at_ms| EventId::first_at(at_ms.max(EPOCH_MS)).0);
    let mut sums = Sums::default();
    let connection = tx.connection;
    let mut statement = connection.prepare_cached(
        "SELECT event_id, kind, name_key, visitor_key, user_key, company_key, flags, session_before_ms FROM events
         WHERE event_id BETWEEN ?1 AND ?2 AND kind <= ?3 AND flags & ?4 = 0",
    )?;
    let mut rows = statement.query(params![bounds[0], bounds[1], Kind::Track as i64, ACTING_AS | INACTIVE])?;
    while let Some(row) = rows.next()? {
        let event = Folded::of(row, 0)?;
        if let Some(user) = folds::user(tx, &event, i64::MAX)? {
            sums.count_user(tx, &event, user);
        }
    }
    sums.replace_day(tx, day)
}

fn count_active_members(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let today = tx.state.days.of(tx.now_ms);
    recent_days::count_again(tx.connection)?;
    tx.connection.execute(
        "UPDATE companies SET active_members =
           (SELECT count(*) FROM company_people p JOIN memberships m USING (user_key, company_key)
            WHERE p.company_key = companies.company_key AND p.last_day > ?1 AND m.open = 1)",
        [today - ACTIVE_DAYS],
    )?;
    tx.connection.execute("UPDATE cursors SET day = ?1 WHERE reader = 'folds'", [today])?;
    Ok(())
}
