//! What a job of the writer has in hand: the transaction, the moment, chance, the catalog.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{CachedStatement, Connection};
use sha2::Sha256;

use super::{Ambient, Catalog, Reader, StoreError};
use crate::domain::ids::SourceKey;

/// A transaction of the writer. Its connection is for this room alone.
pub struct Tx<'a> {
    pub(super) connection: &'a Connection,
    pub(super) held: Held<'a>,
    /// The moment of the transaction, Unix milliseconds: fixed when it begins.
    pub now_ms: i64,
    /// Chance.
    pub ambient: &'a Ambient,
    pub(super) state: &'a mut State,
}

/// What the writer remembers between transactions.
pub(super) struct State {
    /// The catalog as this transaction sees it; republished after commit where changed.
    pub(super) catalog: Arc<Catalog>,
    pub(super) catalog_changed: bool,
    /// The next place in the order of arrival.
    pub(super) next_seq: i64,
    /// Arrivals that no fold has taken yet.
    pub(super) pending: i64,
    /// What has come, as far as it is remembered.
    pub(super) arrivals: super::arrivals::Arrivals,
    /// There may be messages whose time is not the one they were sent with (R15).
    pub(super) any_seen: bool,
    /// Whom ids name, as far as it is remembered.
    pub(super) known: RefCell<super::remembered::Known>,
    /// The hash of messages, its key taken in.
    pub(super) keyed_hash: Hmac<Sha256>,
    /// Event names by text.
    pub(super) names: super::events::Names,
    /// Contexts by text.
    pub(super) contexts: super::contexts::Contexts,
    /// The days of the workspace's zone (T4).
    pub(super) days: crate::domain::time::Days,
    /// The text of a user that is not in the index yet.
    pub(super) unindexed: Option<super::search::Unindexed>,
    /// The first change set of today, as of a zone and a quarter of an hour.
    pub(super) first_of_today: std::cell::Cell<Option<((chrono_tz::Tz, i64), i64)>>,
    /// Proofs of identity that were counted and are not written yet.
    pub(super) proofs: super::proofs::Tally,
    /// Days wait to be counted anew.
    pub(super) days_to_recount: bool,
    /// People of domains that are or were our own wait to be counted anew (R16).
    pub(super) staff_to_recount: bool,
}

/// The hash of messages with the key of a file.
pub(super) fn keyed_hash(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

impl State {
    /// What is derived waits to be counted anew.
    pub(super) fn recounts(&self) -> bool {
        self.days_to_recount || self.staff_to_recount
    }
}

/// Statements that stay in hand to the end of a transaction. What every message asks is not looked up by
/// its text each time.
#[derive(Default)]
pub(super) struct Held<'a>(RefCell<Vec<(&'static str, CachedStatement<'a>)>>);

/// A statement in use; it goes back into the hand.
pub(super) struct HeldStatement<'t, 'a> {
    sql: &'static str,
    statement: Option<CachedStatement<'a>>,
    held: &'t Held<'a>,
}

impl<'a> Deref for HeldStatement<'_, 'a> {
    type Target = CachedStatement<'a>;

    fn deref(&self) -> &CachedStatement<'a> {
        self.statement.as_ref().expect("it is there until it goes back")
    }
}

impl<'a> DerefMut for HeldStatement<'_, 'a> {
    fn deref_mut(&mut self) -> &mut CachedStatement<'a> {
        self.statement.as_mut().expect("it is there until it goes back")
    }
}

impl Drop for HeldStatement<'_, '_> {
    fn drop(&mut self) {
        if let Some(statement) = self.statement.take() {
            self.held.0.borrow_mut().push((self.sql, statement));
        }
    }
}

impl<'a> Tx<'a> {
    /// A statement to stay in hand to the end of the transaction.
    pub(super) fn held(&self, sql: &'static str) -> Result<HeldStatement<'_, 'a>, StoreError> {
        let mut held = self.held.0.borrow_mut();
        // A text of the program is the same where it stands at the same place.
        let statement = match held.iter().position(|(known, _)| std::ptr::eq(*known, sql)) {
            Some(place) => held.swap_remove(place).1,
            None => self.connection.prepare_cached(sql)?,
        };
        Ok(HeldStatement { sql, statement: Some(statement), held: &self.held })
    }

    /// Runs a statement without parameters.
    pub(super) fn execute(&self, sql: &'static str) -> Result<(), StoreError> {
        self.held(sql)?.execute([])?;
        Ok(())
    }
}

impl Tx<'_> {
    /// A reader of what this transaction sees.
    pub fn reader(&self) -> Reader<'_> {
        Reader::of(self.connection)
    }

    /// The catalog as this transaction sees it.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.state.catalog)
    }

    /// The catalog to change, within this transaction.
    pub(super) fn catalog_mut(&mut self) -> &mut Catalog {
        self.state.catalog_changed = true;
        Arc::make_mut(&mut self.state.catalog)
    }

    /// The hash of a message: keyed, so that nobody outside can make two that meet. Two
    /// messages without an id are two messages (R15).
    pub fn message_hash(&self, source: SourceKey, message_id: Option<&str>) -> i64 {
        match message_id {
            None => i64::from_be_bytes(self.ambient.bytes()),
            Some(id) => {
                let mut mac = self.state.keyed_hash.clone();
                mac.update(&source.0.to_be_bytes());
                mac.update(id.as_bytes());
                let bytes = mac.finalize().into_bytes();
                i64::from_be_bytes(bytes[..8].try_into().expect("eight bytes"))
            }
        }
    }
}
