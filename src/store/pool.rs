//! The readers: a pool of read-only connections, each query with a time limit.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use r2d2::CustomizeConnection;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

use super::workspace::Counts;
use super::{StoreError, connection, cost, recent_days};
use crate::domain::settings::Settings;

/// Readers; more would share the same two or four cores and hold 16 MB of cache each.
const READERS: u32 = 4;
/// Seconds that a caller waits for a reader.
const WAIT_SECONDS: u64 = 5;
/// Seconds after which a query is ended.
pub(super) const READ_SECONDS_MAX: u64 = 10;
/// Virtual-machine steps between two looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Statements that a reader keeps prepared.
const STATEMENTS: usize = 256;

/// A read-only connection, for the functions of this room alone; and what many of them ask within one read.
pub struct Reader<'a>(pub(super) &'a Connection, pub(super) Asked);

/// What one read was told already.
#[derive(Default)]
pub(super) struct Asked {
    /// The settings.
    pub settings: OnceCell<Settings>,
    /// How many there are.
    pub counts: OnceCell<Counts>,
}

impl<'a> Reader<'a> {
    /// For one read, in one transaction.
    pub(super) fn of(connection: &'a Connection) -> Reader<'a> {
        Reader(connection, Asked::default())
    }
}

#[derive(Debug)]
struct Customizer;

impl CustomizeConnection<Connection, rusqlite::Error> for Customizer {
    fn on_acquire(&self, connection: &mut Connection) -> Result<(), rusqlite::Error> {
        connection.busy_timeout(Duration::from_secs(WAIT_SECONDS))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        cost::count(connection);
        recent_days::register(connection)?;
        connection::apply(connection, connection::READER_PRAGMAS)
    }
}

/// None once it is closed.
pub(super) struct Pool(RwLock<Option<r2d2::Pool<SqliteConnectionManager>>>);

impl Pool {
    pub(super) fn open(path: &Path) -> Result<Pool, StoreError> {
        let manager = SqliteConnectionManager::file(path).with_flags(connection::reader_flags());
        let pool = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(WAIT_SECONDS))
            .connection_customizer(Box::new(Customizer))
            .build(manager)?;
        Ok(Pool(RwLock::new(Some(pool))))
    }

    fn connection(&self) -> Result<r2d2::PooledConnection<SqliteConnectionManager>, StoreError> {
        let pool = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(pool.ok_or(StoreError::Stopped)?.get()?)
    }

    /// Closes each connection as soon as its query has ended.
    pub(super) fn close(&self) {
        drop(self.0.write().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Runs a query in one read transaction, so that all it sees is of one moment.
    pub(super) fn read<T>(&self, query: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.connection()?;
        let transaction = Transaction::begin(&connection)?;
        let answer = query(&Reader::of(&connection));
        let ended = transaction.end();
        match answer {
            Err(StoreError::Sqlite(error))
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
            {
                Err(StoreError::TooSlow)
            }
            Err(error) => Err(error),
            Ok(answer) => {
                ended?;
                Ok(answer)
            }
        }
    }
}

/// A read transaction with a time limit. However its query ends, by a panic too, the connection goes back to the pool
/// with neither: the next read would fail for what this one left open.
struct Transaction<'a>(&'a Connection);

impl<'a> Transaction<'a> {
    fn begin(connection: &'a Connection) -> Result<Transaction<'a>, StoreError> {
        let transaction = Transaction(connection);
        let deadline = Instant::now() + Duration::from_secs(READ_SECONDS_MAX);
        connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || Instant::now() > deadline))?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(transaction)
    }

    fn end(self) -> Result<(), rusqlite::Error> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        let without_limit = self.0.progress_handler(0, None::<fn() -> bool>);
        let rolled_back = if self.0.is_autocommit() { Ok(()) } else { self.0.execute_batch("ROLLBACK") };
        if let Err(error) = without_limit.and(rolled_back) {
            tracing::error!(%error, "A reader could not be set back after its query.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pooled_connection_is_read_only_and_set_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        let store = crate::store::Store::open(&path, crate::store::Ambient::default()).unwrap();
        let pool = Pool::open(&path).unwrap();
        let all: Vec<_> = (0..READERS).map(|_| pool.connection().unwrap()).collect();
        for connection in &all {
            for (name, value) in connection::READER_PRAGMAS {
                let set: i64 = connection.pragma_query_value(None, name, |row| row.get(0)).unwrap();
                assert_eq!(set.to_string(), *value, "{name}");
            }
            let error = connection.execute("INSERT INTO settings (name, value) VALUES ('x', 'y')", []);
            assert!(error.is_err(), "a reader wrote");
        }
        store.close();
    }

    #[test]
    fn a_read_that_panics_takes_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        let store = crate::store::Store::open(&path, crate::store::Ambient::default()).unwrap();
        let pool = Pool::open(&path).unwrap();
        let settings = |db: &Reader<'_>| {
            let rows: i64 = db.0.query_row("SELECT count(*) FROM settings", [], |row| row.get(0))?;
            Ok::<i64, StoreError>(rows)
        };
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool.read(|db| -> Result<(), StoreError> {
                settings(db)?;
                panic!("a rule that did not hold")
            })
        }));
        assert!(panicked.is_err());
        for _ in 0..10 {
            pool.read(settings).unwrap();
        }
        for connection in (0..READERS).map(|_| pool.connection().unwrap()).collect::<Vec<_>>() {
            assert!(connection.is_autocommit(), "a transaction was left open");
        }
        store.close();
    }
}
