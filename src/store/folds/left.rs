//! What is left of somebody when some events are gone: the first and the last among the rest of the journal.

use rusqlite::{OptionalExtension, params};

use super::buckets;
use crate::domain::ids::{CompanyKey, EventId, UserKey, VisitorKey};
use crate::domain::message::Kind;
use crate::domain::time::HOUR_MS;
use crate::store::events::{ACTING_AS, INACTIVE};
use crate::store::{StoreError, Tx, merges};

/// What is looked for among the events of a person.
#[derive(Default)]
pub(super) struct Wanted {
    /// Those alone that name this browser.
    pub(super) visitor: Option<i64>,
    /// Those alone that name one of these companies, as JSON.
    pub(super) companies: Option<String>,
}

/// The last activity that stands under some subjects, from an event on each; folded events alone.
pub(super) fn last_activity(
    tx: &Tx<'_>,
    strands: &[(i64, i64)],
    wanted: &Wanted,
) -> Result<Option<EventId>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT e.event_id FROM events_by_subject AS s CROSS JOIN events AS e ON e.event_id = s.event_id
         WHERE s.bucket = ?1 AND s.subject = ?2 AND s.event_id >= ?3 AND e.kind <= ?4 AND e.flags & ?5 = 0
           AND (?6 IS NULL OR e.visitor_key = ?6)
           AND (?7 IS NULL OR e.company_key IN (SELECT value FROM json_each(?7)))
         ORDER BY s.event_id DESC LIMIT 1",
    )?;
    let (kinds, never) = (Kind::Track as i64, ACTING_AS | INACTIVE);
    for bucket in buckets(&tx.reader())?.rev() {
        let mut last = None;
        for (subject, from) in strands {
            let parameters = params![bucket, subject, from, kinds, never, wanted.visitor, wanted.companies];
            let found: Option<i64> = statement.query_row(parameters, |row| row.get(0)).optional()?;
            last = last.max(found);
        }
        if last.is_some() {
            return Ok(last.map(EventId));
        }
    }
    Ok(None)
}

/// The first event of one place, from an event on: of a subject, or of a company (`events_by_company`).
fn first_at(tx: &Tx<'_>, (table, column): (&str, &str), key: i64, from: i64) -> Result<Option<EventId>, StoreError> {
    let mut statement = tx.connection.prepare_cached(&format!(
        "SELECT e.event_id FROM {table} AS s CROSS JOIN events AS e ON e.event_id = s.event_id
         WHERE s.bucket = ?1 AND s.{column} = ?2 AND s.event_id >= ?3 AND e.flags & ?4 = 0
         ORDER BY s.event_id LIMIT 1"
    ))?;
    for bucket in buckets(&tx.reader())? {
        let found = statement.query_row([bucket, key, from, ACTING_AS], |row| row.get(0).map(EventId)).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The first event of a subject, from one on.
pub(in crate::store) fn first_of_subject(tx: &Tx<'_>, subject: i64, from: i64) -> Result<Option<EventId>, StoreError> {
    first_at(tx, ("events_by_subject", "subject"), subject, from)
}

/// The first event that names a company.
pub(in crate::store) fn first_of_company(tx: &Tx<'_>, company: CompanyKey) -> Result<Option<EventId>, StoreError> {
    first_at(tx, ("events_by_company", "company_key"), company.0, i64::MIN)
}

/// The first event that names a browser beside a user, or one that was merged into it or it into.
pub(in crate::store) fn first_beside(
    tx: &Tx<'_>,
    visitor: VisitorKey,
    user: UserKey,
) -> Result<Option<EventId>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT e.event_id FROM events_by_subject AS s CROSS JOIN events AS e ON e.event_id = s.event_id
         WHERE s.bucket = ?1 AND s.subject = ?2 AND e.visitor_key = ?3 AND e.flags & ?4 = 0
         ORDER BY s.event_id LIMIT 1",
    )?;
    let group = merges::group(tx, tx.state.catalog.survivor(user))?;
    for bucket in buckets(&tx.reader())? {
        let mut first: Option<i64> = None;
        for named in &group {
            let of_bucket = [bucket, named.0, visitor.0, ACTING_AS];
            let found: Option<i64> = statement.query_row(of_bucket, |row| row.get(0)).optional()?;
            first = [first, found].into_iter().flatten().min();
        }
        if first.is_some() {
            return Ok(first.map(EventId));
        }
    }
    Ok(None)
}

/// Says of browsers when they were last seen, where an event among so many before one says a later hour: those named
/// beside a user who is not theirs are found in no other way. Answers the event from which to go on.
///
/// # Errors
/// [`StoreError`] only.
pub(in crate::store) fn see_browsers_again(
    tx: &Tx<'_>,
    before: EventId,
    rows: i64,
) -> Result<Option<EventId>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT event_id, visitor_key, kind <= ?3 AND flags & ?4 = 0 AND user_key IS NOT NULL FROM events
         WHERE event_id < ?1 ORDER BY event_id DESC LIMIT ?2",
    )?;
    let mut later = tx
        .connection
        .prepare_cached("UPDATE visitors SET last_seen_hour = ?2 WHERE visitor_key = ?1 AND last_seen_hour < ?2")?;
    let mut events = statement.query([before.0, rows, Kind::Track as i64, ACTING_AS | INACTIVE])?;
    let (mut read, mut last) = (0, None);
    while let Some(row) = events.next()? {
        let id = EventId(row.get(0)?);
        (read, last) = (read + 1, Some(id));
        if let (Some(visitor), true) = (row.get::<_, Option<i64>>(1)?, row.get(2)?) {
            later.execute([visitor, id.at_ms().div_euclid(HOUR_MS)])?;
        }
    }
    Ok(last.filter(|_| read == rows))
}
