//! What repeats in the contexts of events, kept once: the page that many look at, the browser and
//! system that many have. An event names both by row number.
//!
//! No index finds a context by its text: writes at random places would cost more than the rows they
//! save. The writer remembers the last ones, so a context may stand in the table more than once. How
//! many events name each is a fold; a row that none names any more goes with the last that did.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::remembered::Remembered;
use super::{StoreError, Tx};

/// Rows that are looked at when the memory is made anew, the newest.
const LOADED_MAX: usize = 512;

/// The contexts that the writer remembers; a very long one is one event's alone.
#[derive(Default)]
pub(super) struct Contexts {
    keys: Remembered<i64>,
    /// Rows made, and times that some went: if a job that did so is undone, what is remembered is not true.
    pub(super) made: u64,
}

impl Contexts {
    /// The newest of the file.
    pub(super) fn load(connection: &Connection) -> Result<Contexts, StoreError> {
        let mut contexts = Contexts::default();
        let mut statement = connection
            .prepare_cached("SELECT context, context_key FROM contexts ORDER BY context_key DESC LIMIT ?1")?;
        let rows = statement.query_map([LOADED_MAX as i64], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        for row in rows {
            let (text, key) = row?;
            contexts.keys.put(&text, key);
        }
        Ok(contexts)
    }
}

/// The row of a context, made where it is not remembered.
pub(super) fn key(tx: &mut Tx<'_>, text: &str) -> Result<i64, StoreError> {
    if let Some(key) = tx.state.contexts.keys.get(text) {
        return Ok(key);
    }
    tx.connection.prepare_cached("INSERT INTO contexts (context) VALUES (?1)")?.execute([text])?;
    let key = tx.connection.last_insert_rowid();
    tx.state.contexts.made += 1;
    tx.state.contexts.keys.put(text, key);
    Ok(key)
}

/// How many more events name each context.
pub(super) fn count(connection: &Connection, events: &BTreeMap<i64, i64>) -> Result<(), StoreError> {
    let mut update = connection.prepare_cached("UPDATE contexts SET events = events + ?2 WHERE context_key = ?1")?;
    for (key, events) in events {
        update.execute(params![key, events])?;
    }
    Ok(())
}

/// Events that named these contexts, so many each, are gone; what nobody names any more goes too.
pub(super) fn let_go(tx: &mut Tx<'_>, events: &BTreeMap<i64, i64>) -> Result<(), StoreError> {
    let less = events.iter().map(|(key, events)| (*key, -events)).collect();
    count(tx.connection, &less)?;
    let mut delete = tx.connection.prepare_cached("DELETE FROM contexts WHERE context_key = ?1 AND events = 0")?;
    let mut gone = 0;
    for key in events.keys() {
        gone += delete.execute([key])?;
    }
    if gone > 0 {
        // What is remembered may be among them; if this is undone, it is so again.
        tx.state.contexts = Contexts { made: tx.state.contexts.made + 1, ..Contexts::load(tx.connection)? };
    }
    Ok(())
}

/// The events of a subject in one bucket are about to name no context any more.
pub(super) fn let_go_of_subject(tx: &mut Tx<'_>, bucket: i64, subject: i64) -> Result<(), StoreError> {
    let mut events: BTreeMap<i64, i64> = BTreeMap::new();
    let mut statement = tx.connection.prepare_cached(
        "SELECT e.page_key, e.agent_key FROM events_by_subject s JOIN events e ON e.event_id = s.event_id
         WHERE s.bucket = ?1 AND s.subject = ?2",
    )?;
    for named in statement.query_map([bucket, subject], |row| Ok([row.get::<_, Option<i64>>(0)?, row.get(1)?]))? {
        for key in named?.into_iter().flatten() {
            *events.entry(key).or_default() += 1;
        }
    }
    drop(statement);
    let_go(tx, &events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::remembered::{GENERATION, TEXT_MAX};

    #[test]
    fn what_is_undone_is_not_remembered_and_two_generations_are() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), crate::store::Ambient::default()).unwrap();
        let known = store.write_now(|tx| key(tx, "{\"browser\":\"Firefox\"}")).unwrap();
        let undone = store.write_now(|tx| {
            key(tx, "{\"browser\":\"Safari\"}")?;
            Err::<(), _>(StoreError::Busy)
        });
        assert!(undone.is_err());
        let rows = |tx: &mut Tx<'_>| -> Result<i64, StoreError> {
            Ok(tx.connection.query_row("SELECT count(*) FROM contexts", [], |row| row.get(0))?)
        };
        store
            .write_now(move |tx| {
                assert_eq!((key(tx, "{\"browser\":\"Firefox\"}")?, rows(tx)?), (known, 1));
                let safari = key(tx, "{\"browser\":\"Safari\"}")?;
                assert_eq!((key(tx, "{\"browser\":\"Safari\"}")?, rows(tx)?), (safari, 2));
                for number in 0..GENERATION {
                    key(tx, &format!("{{\"page\":{number}}}"))?;
                }
                assert_eq!(key(tx, "{\"browser\":\"Safari\"}")?, safari, "of the generation before");
                assert_eq!(rows(tx)?, 2 + GENERATION as i64);
                let long = "x".repeat(TEXT_MAX + 1);
                assert_ne!(key(tx, &long)?, key(tx, &long)?);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store.close();
    }
}
