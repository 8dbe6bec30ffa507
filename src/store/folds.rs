//! Folds: what is derived from the journal, applied in the order of arrival.
//!
//! Each arrival is an event, or a link: from there on a visitor's events are a
//! user's. An event met before its visitor's link is counted for nobody and
//! counted when the link is met; one met after it is counted at once. Both ends
//! are the same, and the same as a recount (`recount.rs`).
//!
//! A slice is summed up in memory in sorted maps and written once, so that the
//! pages of the fold tables are touched in order.

mod left;
mod sessions;
mod sums;
mod withdrawn;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::arrivals::{self, Arrival, What};
use super::events::{ACTING_AS, INACTIVE, NewEvent};
use super::tx::State;
use super::{Reader, StoreError, Tx};
use crate::domain::activity::session_began;
use crate::domain::ids::{CompanyKey, EventId, UserKey};
use crate::domain::message::Kind;
use crate::domain::time::HOUR_MS;

pub(super) use left::{first_beside, first_of_company, first_of_subject, see_browsers_again};
pub(super) use sums::Sums;
pub(super) use withdrawn::{Gone, see_others_again, withdraw};

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
    /// When its session began (T6).
    session_began_ms: Option<i64>,
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
            session_began_ms: event.session_ms.map(|sent_ms| session_began(event.at_ms, event.at_ms - sent_ms)),
            contexts,
        }
    }

    /// Reads `event_id, kind, name_key, visitor_key, user_key, company_key, flags, session_before_ms` from a
    /// column on.
    pub(super) fn of(row: &Row<'_>, first: usize) -> rusqlite::Result<Folded> {
        let id = EventId(row.get(first)?);
        let before_ms: Option<i64> = row.get(first + 7)?;
        Ok(Folded {
            id,
            kind: Kind::from_number(row.get(first + 1)?),
            name_key: row.get(first + 2)?,
            visitor: row.get(first + 3)?,
            user: row.get(first + 4)?,
            company: row.get(first + 5)?,
            flags: row.get(first + 6)?,
            session_began_ms: before_ms.map(|before_ms| session_began(id.at_ms(), before_ms)),
            contexts: [None, None],
        })
    }

    /// Reads `page_key, agent_key` too, behind those.
    pub(super) fn with_contexts(row: &Row<'_>) -> rusqlite::Result<Folded> {
        Ok(Folded { contexts: [row.get(8)?, row.get(9)?], ..Folded::of(row, 0)? })
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
                let user = user(tx, event, *seq)?;
                sums.place(event);
                sums.count(tx, event, user);
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

/// The person an event met at a place in the order of arrival is counted for (R11).
pub(super) fn person(tx: &Tx<'_>, event: &Folded, seq: i64) -> Result<Option<i64>, StoreError> {
    Ok(user(tx, event, seq)?.map(|user| survivor(tx, user)))
}

/// The user of an event met at a place in the order of arrival, whoever that one was merged into: whom it names, else
/// whom its visitor was linked to by then (R2, R5).
pub(super) fn user(tx: &Tx<'_>, event: &Folded, seq: i64) -> Result<Option<i64>, StoreError> {
    Ok(match (event.user, event.visitor) {
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
    })
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
    let first = EventId::first_at(from_ms.max(crate::domain::time::EPOCH_MS));
    // Not up to now alone: a clock that ran ahead has put events behind it.
    for bucket in first.bucket()..=*buckets(&tx.reader())?.end() {
        let events = of_subject(tx, bucket, -visitor, first.0)?;
        for event in &events {
            sums.count_user(tx, event, user);
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
        "SELECT e.event_id, e.kind, e.name_key, e.visitor_key, e.user_key, e.company_key, e.flags, e.session_before_ms
         FROM events_by_subject s JOIN events e ON e.event_id = s.event_id
         WHERE s.bucket = ?1 AND s.subject = ?2 AND s.event_id >= ?3",
    )?;
    Ok(statement.query_map([bucket, subject, from], |row| Folded::of(row, 0))?.collect::<Result<_, _>>()?)
}

/// The events that name a company in one bucket.
pub(super) fn of_company(tx: &Tx<'_>, bucket: i64, company: CompanyKey) -> Result<Vec<Folded>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT e.event_id, e.kind, e.name_key, e.visitor_key, e.user_key, e.company_key, e.flags, e.session_before_ms
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
