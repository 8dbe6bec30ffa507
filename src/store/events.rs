//! The journal of events.

use std::collections::HashMap;

use rusqlite::Connection;

use super::list::{Cursor, Page};
use super::{Reader, StoreError};
use crate::domain::ids::{CompanyKey, EventId, UserKey};
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
