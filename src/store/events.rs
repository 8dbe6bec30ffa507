//! The journal of events.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::list::{Cursor, Page};
use super::{Reader, StoreError, Tx};
use crate::domain::ids::{CompanyKey, EventId, SourceKey, UserKey, VisitorKey};
use crate::domain::limits::{EVENT_NAMES_MAX, OTHER_EVENTS};
use crate::domain::message::Kind;
use crate::domain::time::EPOCH_MS;

/// Bits of an event's id below its time.
pub const HASH_BITS: u32 = 22;
/// Bits of an event's id below its bucket of about 12 days.
pub const BUCKET_BITS: u32 = 52;

impl EventId {
    /// The first id of an instant.
    pub fn first_at(at_ms: i64) -> EventId {
        EventId((at_ms - EPOCH_MS) << HASH_BITS)
    }

    /// The event's time, Unix milliseconds.
    pub fn at_ms(self) -> i64 {
        (self.0 >> HASH_BITS) + EPOCH_MS
    }

    /// Its bucket: fold tables lead with it, so that writes stay in a few warm pages.
    pub fn bucket(self) -> i64 {
        self.0 >> BUCKET_BITS
    }
}

/// An event as a page and the API show it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// Its id.
    pub event_id: EventId,
    /// `page`, the event's name, or the kind of a message that says who someone is.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// A page's or screen's own name.
    pub page_name: Option<String>,
    /// Received, Unix milliseconds.
    pub received_ms: i64,
    /// The user's id, read through links and merges.
    pub user_id: Option<String>,
    /// The user's name, else e-mail, for people.
    pub user_name: Option<String>,
    /// Our id of the user, which a lead has too.
    pub user_uuid: Option<String>,
    /// The browser it names.
    pub anonymous_id: Option<String>,
    /// The company it counts for (C4).
    pub company_id: Option<String>,
    /// Its properties.
    pub properties: serde_json::Map<String, serde_json::Value>,
    /// What is kept of its context.
    pub context: serde_json::Map<String, serde_json::Value>,
    /// The name of its source.
    pub source: String,
}

/// The order of a list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By time, newest first.
    NewestFirst,
    /// By arrival, oldest first, to follow along: the id of an arrival is the cursor.
    Arrival,
}

/// Whose events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Everybody's.
    All,
    /// This user's, through links and merges.
    User(UserKey),
    /// Those that count for this company.
    Company(CompanyKey),
}

/// A page of events, newest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, of: Of, after: Option<&Cursor>, size: usize) -> Result<Page<EventRow>, StoreError> {
    let _ = (db, of, after, size);
    todo!()
}

/// The names of events by text, for the writer.
pub(super) fn names(connection: &Connection) -> Result<HashMap<String, i64>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, name_key FROM event_names")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

// What the writer needs ------------------------------------------------------

/// Flag of an event: staff looking at a customer (R16).
pub const ACTING_AS: i64 = 1;
/// Flag of an event: no activity (T5).
pub const INACTIVE: i64 = 2;

/// An event to be kept, its subjects as named.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent<'a> {
    /// When it happened, Unix milliseconds.
    pub at_ms: i64,
    /// The message's hash.
    pub message_hash: i64,
    /// When it was received, Unix milliseconds.
    pub received_ms: i64,
    /// Its kind.
    pub kind: Kind,
    /// A track call's event, a page's or screen's own name.
    pub name: &'a str,
    /// Its source.
    pub source: SourceKey,
    /// The browser it names.
    pub visitor: Option<VisitorKey>,
    /// The user it names.
    pub user: Option<UserKey>,
    /// The company it counts for (C4).
    pub company: Option<CompanyKey>,
    /// The start of its session, Unix milliseconds (T6).
    pub session_ms: Option<i64>,
    /// [`ACTING_AS`], [`INACTIVE`].
    pub flags: i64,
    /// Properties as JSON.
    pub properties: Option<String>,
    /// What is kept of the context, as JSON.
    pub context: Option<String>,
}

/// The bits of a message's hash in an event's id.
fn first_id(at_ms: i64, message_hash: i64) -> i64 {
    EventId::first_at(at_ms).0 | (message_hash & ((1 << HASH_BITS) - 1))
}

/// Whether a message was here before (R15): at the time it was sent with, or among those
/// without a usable time. `sent_ms` is its own timestamp, which a retry repeats.
///
/// # Errors
/// [`StoreError`] only.
pub fn was_here(tx: &Tx<'_>, message_hash: i64, sent_ms: Option<i64>) -> Result<bool, StoreError> {
    if let Some(sent_ms) = sent_ms.filter(|sent| (EPOCH_MS..EPOCH_MS + (1 << 41)).contains(sent)) {
        let mut statement = tx.connection.prepare_cached("SELECT message_hash FROM events WHERE event_id = ?1")?;
        let mut id = first_id(sent_ms, message_hash);
        while let Some(taken_by) = statement.query_row([id], |row| row.get::<_, i64>(0)).optional()? {
            if taken_by == message_hash {
                return Ok(true);
            }
            id += 1;
        }
    }
    Ok(tx.connection.prepare_cached("SELECT 1 FROM seen_messages WHERE message_hash = ?1")?.exists([message_hash])?)
}

/// Remembers a message whose time is not the one it was sent with.
///
/// # Errors
/// [`StoreError`] only.
pub fn remember(tx: &Tx<'_>, message_hash: i64, received_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("INSERT OR IGNORE INTO seen_messages (message_hash, received_ms) VALUES (?1, ?2)")?
        .execute([message_hash, received_ms])?;
    Ok(())
}

/// Keeps an event, and gives it its place in the order of arrival.
///
/// # Errors
/// [`StoreError`] only.
pub fn append(tx: &mut Tx<'_>, event: &NewEvent<'_>) -> Result<EventId, StoreError> {
    let counted_as = match event.kind {
        Kind::Track => event.name,
        kind => kind.as_str(),
    };
    let (name_key, counted_apart) = name_key(tx, counted_as)?;
    let own_name = match event.kind {
        Kind::Track if counted_apart => None,
        Kind::Identify | Kind::Group | Kind::Alias => None,
        _ => Some(event.name).filter(|name| !name.is_empty()),
    };
    let mut id = first_id(event.at_ms, event.message_hash);
    loop {
        let inserted = tx
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO events (event_id, message_hash, received_ms, kind, name_key, source_key,
                   visitor_key, user_key, company_key, session_ms, flags, name, properties, context)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(params![
                id,
                event.message_hash,
                event.received_ms,
                event.kind as i64,
                name_key,
                event.source.0,
                event.visitor.map(|key| key.0),
                event.user.map(|key| key.0),
                event.company.map(|key| key.0),
                event.session_ms,
                event.flags,
                own_name,
                event.properties,
                event.context,
            ])?;
        if inserted == 1 {
            break;
        }
        id += 1;
    }
    arrive(tx, Some(EventId(id)), None)?;
    Ok(EventId(id))
}

/// Gives an event or a link the next place in the order of arrival.
pub(super) fn arrive(tx: &mut Tx<'_>, event: Option<EventId>, visitor: Option<VisitorKey>) -> Result<i64, StoreError> {
    let seq = tx.state.next_seq;
    tx.connection
        .prepare_cached("INSERT INTO arrivals (seq, event_id, visitor_key) VALUES (?1, ?2, ?3)")?
        .execute(params![seq, event.map(|id| id.0), visitor.map(|key| key.0)])?;
    tx.state.next_seq += 1;
    tx.state.pending += 1;
    Ok(seq)
}

/// The key under which an event is counted, and whether it has one of its own (A4).
fn name_key(tx: &mut Tx<'_>, name: &str) -> Result<(i64, bool), StoreError> {
    if let Some(key) = tx.state.names.get(name) {
        return Ok((*key, true));
    }
    let full = tx.state.names.len() >= EVENT_NAMES_MAX;
    let counted_as = if full { OTHER_EVENTS } else { name };
    if let Some(key) = tx.state.names.get(counted_as) {
        return Ok((*key, !full));
    }
    tx.connection.prepare_cached("INSERT INTO event_names (name) VALUES (?1)")?.execute([counted_as])?;
    let key = tx.connection.last_insert_rowid();
    tx.state.names.insert(counted_as.to_owned(), key);
    Ok((key, !full))
}
