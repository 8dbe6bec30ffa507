//! The order of arrival: events and links as they came, which the folds follow.
//!
//! What came in one transaction is one row of `arrivals`, written at its end; so the order costs an event
//! eight bytes and no statement. The writer remembers what the folds take next: the file is asked after a
//! start, or where more waits than is remembered. Rows are kept for a time, for programs that follow.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::folds::Folded;
use super::{Reader, StoreError, Tx};
use crate::domain::ids::{EventId, VisitorKey};

/// Arrivals that the writer remembers until the folds take them.
const REMEMBERED_MAX: usize = 16_384;
/// Bytes of an arrival in its row.
const ITEM: usize = size_of::<i64>();

/// An event or a link in the order of arrival.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// Its place, from 1 on.
    pub(super) seq: i64,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Event(Folded),
    /// From here on the visitor's events are a user's.
    Link(VisitorKey),
    /// An event that is in the journal no more.
    Gone,
}

impl What {
    /// As it stands in a row: the event's id, or the visitor's number below zero.
    fn item(&self) -> i64 {
        match self {
            What::Event(event) => event.id.0,
            What::Link(visitor) => -visitor.0,
            What::Gone => 0,
        }
    }
}

/// What has come and no fold has taken.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Those that the folds take next, without a gap.
    remembered: VecDeque<Arrival>,
    /// Those of this transaction.
    items: Vec<i64>,
    /// So many of them are in a row already.
    written: usize,
}

/// Where the arrivals stand, to go back to when what a job wrote is undone.
pub(super) struct Place {
    items: usize,
    written: usize,
}

impl Arrivals {
    /// Where they stand.
    pub(super) fn place(&self) -> Place {
        Place { items: self.items.len(), written: self.written }
    }

    /// Forgets what came after a place; `next_seq` is the next one again.
    pub(super) fn back_to(&mut self, place: &Place, next_seq: i64) {
        self.items.truncate(place.items);
        self.written = place.written;
        while self.remembered.back().is_some_and(|last| last.seq >= next_seq) {
            self.remembered.pop_back();
        }
    }

    /// The transaction is on disk.
    pub(super) fn settle(&mut self) {
        self.items.clear();
        self.written = 0;
    }

    /// Remembers one, unless there are many or one before it is not known.
    fn remember(&mut self, arrival: Arrival, nothing_waits: bool) {
        let follows = self.remembered.back().map_or(nothing_waits, |last| last.seq + 1 == arrival.seq);
        if follows && self.remembered.len() < REMEMBERED_MAX {
            self.remembered.push_back(arrival);
        }
    }

    /// Takes those that follow a place, at most so many; none where the next one is not remembered.
    fn take(&mut self, folded: i64, limit: usize) -> Vec<Arrival> {
        if self.remembered.front().is_none_or(|first| first.seq != folded + 1) {
            return Vec::new();
        }
        let limit = limit.min(self.remembered.len());
        self.remembered.drain(..limit).collect()
    }

    /// Forgets those up to a place, which were taken from the file.
    fn forget_until(&mut self, seq: i64) {
        while self.remembered.front().is_some_and(|first| first.seq <= seq) {
            self.remembered.pop_front();
        }
    }
}

/// Gives an event or a link the next place; which one.
pub(super) fn append(tx: &mut Tx<'_>, what: What) -> i64 {
    let seq = tx.state.next_seq;
    tx.state.arrivals.items.push(what.item());
    tx.state.arrivals.remember(Arrival { seq, what }, tx.state.pending == 0);
    tx.state.next_seq += 1;
    tx.state.pending += 1;
    seq
}

/// Writes what has come and is in no row yet: at the end of a transaction, and before the file is asked.
pub(super) fn write(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let arrivals = &mut tx.state.arrivals;
    let items: Vec<u8> = arrivals.items[arrivals.written..].iter().flat_map(|item| item.to_be_bytes()).collect();
    if items.is_empty() {
        return Ok(());
    }
    arrivals.written = arrivals.items.len();
    let last = tx.state.next_seq - 1;
    let now_ms = tx.now_ms;
    tx.held("INSERT INTO arrivals (seq, at_ms, items) VALUES (?1, ?2, ?3)")?.execute(params![last, now_ms, items])?;
    Ok(())
}

/// Forgets what came before an instant (Unix milliseconds) and was folded, at most so many rows; whether there
/// may be more.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &mut Tx<'_>, before_ms: i64, limit: i64) -> Result<bool, StoreError> {
    // The newest row stays: it says which place is the last.
    let gone = tx
        .connection
        .prepare_cached(
            "DELETE FROM arrivals WHERE seq IN (
               SELECT seq FROM (SELECT seq, at_ms FROM arrivals ORDER BY seq LIMIT :limit)
               WHERE at_ms < :before AND seq <= (SELECT min(seq) FROM cursors)
                 AND seq <= (SELECT coalesce(min(arrival_seq), seq) FROM webhooks
                             WHERE state = 'active' AND types LIKE '%event.tracked%')
                 AND seq < (SELECT max(seq) FROM arrivals))",
        )?
        .execute(named_params! { ":before": before_ms, ":limit": limit })?;
    Ok(gone as i64 == limit)
}

/// What a program that follows the order of arrival finds behind its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The events, each with its place, and the place up to which was read.
    Events {
        /// Their ids. One that has gone since is among them.
        events: Vec<EventId>,
        /// Where to go on.
        read_until: i64,
    },
    /// What follows the place is kept no more.
    Forgotten,
}

/// The events behind a place in the order of arrival, at most so many; from what is kept on where no place is said.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn follow(db: &Reader<'_>, after: Option<i64>, limit: usize) -> Result<Followed, StoreError> {
    let newest: i64 =
        db.0.prepare_cached("SELECT coalesce(max(seq), 0) FROM arrivals")?.query_row([], |row| row.get(0))?;
    if after.is_some_and(|place| place > newest) {
        // A place of another file, or of one that a backup has taken the place of.
        return Ok(Followed::Forgotten);
    }
    let mut rows = db.0.prepare_cached("SELECT seq, items FROM arrivals WHERE seq > ?1 ORDER BY seq")?;
    let mut rows = rows.query([after.unwrap_or(0)])?;
    let mut read_until = after;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let (last, items): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        for (seq, item) in places(last, &items) {
            match read_until {
                Some(before) if seq <= before => continue,
                Some(before) if seq > before + 1 => return Ok(Followed::Forgotten),
                _ => {}
            }
            if events.len() == limit {
                return Ok(Followed::Events { events, read_until: seq - 1 });
            }
            read_until = Some(seq);
            if item >= 0 {
                events.push(EventId(item));
            }
        }
    }
    Ok(Followed::Events { events, read_until: read_until.unwrap_or(0) })
}

/// The items of a row, each with its place.
fn places(last: i64, items: &[u8]) -> impl Iterator<Item = (i64, i64)> {
    let (items, _) = items.as_chunks::<ITEM>();
    (last - items.len() as i64 + 1..).zip(items.iter().map(|item| i64::from_be_bytes(*item)))
}

/// Takes those that follow a place, at most so many.
pub(super) fn take(tx: &mut Tx<'_>, folded: i64, limit: usize) -> Result<Vec<Arrival>, StoreError> {
    let mut taken = tx.state.arrivals.take(folded, limit);
    if taken.is_empty() {
        write(tx)?;
        taken = read(tx.connection, folded, limit)?;
        if let Some(last) = taken.last() {
            tx.state.arrivals.forget_until(last.seq);
        }
    }
    Ok(taken)
}

/// Those that follow a place, from the file.
fn read(connection: &Connection, folded: i64, limit: usize) -> Result<Vec<Arrival>, StoreError> {
    let mut rows = connection.prepare_cached("SELECT seq, items FROM arrivals WHERE seq > ?1 ORDER BY seq")?;
    let mut event = connection.prepare_cached(
        "SELECT event_id, kind, name_key, visitor_key, user_key, company_key, flags, session_before_ms, page_key, agent_key
         FROM events WHERE event_id = ?1",
    )?;
    let mut rows = rows.query([folded])?;
    let mut arrivals = Vec::new();
    while let Some(row) = rows.next()? {
        let (last, items): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        for (seq, item) in places(last, &items) {
            if seq <= folded {
                continue;
            }
            if arrivals.len() == limit {
                return Ok(arrivals);
            }
            let what = if item < 0 {
                What::Link(VisitorKey(-item))
            } else {
                let known = event.query_row([EventId(item).0], Folded::with_contexts).optional()?;
                known.map_or(What::Gone, What::Event)
            };
            arrivals.push(Arrival { seq, what });
        }
    }
    Ok(arrivals)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::ids::{AnonymousId, SourceKey};
    use crate::domain::message::{Context, Kind};
    use crate::store::events::{self, NewEvent};
    use crate::store::{Ambient, Store, recount, visitors};

    fn places(arrivals: &[Arrival]) -> Vec<(i64, i64)> {
        arrivals.iter().map(|arrival| (arrival.seq, arrival.what.item())).collect()
    }

    #[test]
    fn what_follows_a_gap_is_not_remembered() {
        let arrival = |seq: i64| Arrival { seq, what: What::Link(VisitorKey(seq)) };
        let taken = |arrivals: &mut Arrivals, folded| {
            arrivals.take(folded, 10).iter().map(|arrival| arrival.seq).collect::<Vec<_>>()
        };
        let mut arrivals = Arrivals::default();
        arrivals.remember(arrival(3), false);
        assert_eq!(taken(&mut arrivals, 2), Vec::<i64>::new(), "others wait that another process wrote");
        for seq in [3, 4, 6, 7] {
            arrivals.remember(arrival(seq), true);
        }
        assert_eq!(taken(&mut arrivals, 1), Vec::<i64>::new(), "the next one is not remembered: the file is asked");
        assert_eq!(taken(&mut arrivals, 2), [3, 4]);
        assert_eq!(taken(&mut arrivals, 4), Vec::<i64>::new(), "5 is not remembered, nor is what follows it");
        for seq in 0..=REMEMBERED_MAX as i64 {
            arrivals.remember(arrival(seq), true);
        }
        assert_eq!(arrivals.remembered.len(), REMEMBERED_MAX);
    }

    #[test]
    fn what_is_not_remembered_is_read_from_the_file_and_what_was_undone_is_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let link = |number: i64| What::Link(VisitorKey(number));
        store
            .write_now(move |tx| {
                append(tx, link(1));
                append(tx, link(2));
                write(tx)?;
                append(tx, link(3));
                let (place, next_seq) = (tx.state.arrivals.place(), tx.state.next_seq);
                append(tx, link(4));
                tx.state.arrivals.back_to(&place, next_seq);
                (tx.state.next_seq, tx.state.pending) = (next_seq, 3);
                append(tx, link(5));
                // As after a start: nothing is remembered.
                tx.state.arrivals.remembered.clear();
                assert_eq!(places(&take(tx, 0, 3)?), [(1, -1), (2, -2), (3, -3)]);
                assert_eq!(places(&take(tx, 1, 9)?), [(2, -2), (3, -3), (4, -5)]);
                assert_eq!(places(&take(tx, 4, 9)?), []);
                Err::<(), _>(StoreError::Busy)
            })
            .unwrap_err();
        store
            .write_now(|tx| {
                assert_eq!((tx.state.next_seq, places(&take(tx, 0, 9)?)), (1, Vec::new()));
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store.close();
    }

    #[test]
    fn more_than_is_remembered_is_folded_from_the_file_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rollcall.db");
        let store = Store::open(&file, Ambient::default()).unwrap();
        let many = REMEMBERED_MAX as i64 + 10;
        store
            .write_now(move |tx| {
                let laptop = AnonymousId::stored("laptop".to_owned());
                let visitor = Some(visitors::create(tx, &laptop, tx.now_ms)?);
                for number in 0..many {
                    let (at_ms, received_ms) = (tx.now_ms - number, tx.now_ms);
                    events::append(
                        tx,
                        &NewEvent {
                            at_ms,
                            message_hash: number,
                            received_ms,
                            kind: Kind::Track,
                            name: "Opened",
                            source: SourceKey(1),
                            visitor,
                            user: None,
                            company: None,
                            session_ms: None,
                            flags: 0,
                            properties: None,
                            context: &Context::default(),
                        },
                    )?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(store.inner.writer.folded(Duration::from_secs(60))), 0);
        let (differences, placed) = store
            .read_now(|db| {
                let count = "SELECT count(*) FROM events_by_subject";
                let placed: i64 = db.0.query_row(count, [], |row| row.get(0))?;
                Ok((recount::differences(db)?, placed))
            })
            .unwrap();
        assert_eq!((differences, placed), (Vec::<String>::new(), many));
        store.close();
    }
}
