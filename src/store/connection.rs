//! How a connection is set up. A test asks every connection for what stands here.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{StoreError, recent_days};

/// Pages of the write-ahead log after which it is written back (16 MB).
const CHECKPOINT_PAGES: u32 = 4_000;
/// Milliseconds that a writer waits for one of another process (the shell's commands).
const BUSY_MS: u32 = 5_000;
/// It looks again after so many milliseconds.
const BUSY_STEP_MS: u32 = 10;
/// And says that it waits after so many.
const BUSY_SAID_MS: u32 = 2_000;

/// The pragmas of the one read-write connection.
pub(super) const WRITER_PRAGMAS: &[(&str, &str)] = &[
    ("synchronous", "2"),
    ("foreign_keys", "0"),
    ("cache_size", "-32768"),
    ("temp_store", "2"),
    ("secure_delete", "1"),
    ("mmap_size", "0"),
];

/// The pragmas of every reader.
pub(super) const READER_PRAGMAS: &[(&str, &str)] =
    &[("query_only", "1"), ("cache_size", "-16384"), ("temp_store", "2"), ("mmap_size", "1073741824")];

/// Opens files for reading and writing; one that is made thereby is its owner's alone. SQLite gives
/// the files that it makes beside a workspace's the same rights.
pub fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens the file for reading and writing, and makes it if there is none.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    owner_only().open(path).map_err(|error| StoreError::of_file(path, error))?;
    let connection = Connection::open(path)?;
    connection.busy_handler(Some(wait_for_others))?;
    connection.pragma_update(None, "page_size", 4096)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    apply(&connection, WRITER_PRAGMAS)?;
    // Without this promise SQLite looks at bound values when it plans, and plans anew at each execution.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    recent_days::register(&connection)?;
    Ok(connection)
}

/// Waits a moment for another process that writes, the `times`-th one in a row; whether it is tried again. Whoever
/// has waited for long is told why.
fn wait_for_others(times: i32) -> bool {
    let waited_ms = u32::try_from(times).unwrap_or_default() * BUSY_STEP_MS;
    if waited_ms == BUSY_SAID_MS {
        tracing::warn!(waited_ms, "Waiting for another program that is writing to the file.");
    }
    std::thread::sleep(Duration::from_millis(u64::from(BUSY_STEP_MS)));
    waited_ms < BUSY_MS
}

/// Empties the write-ahead log, beside the writer's connection.
pub(super) fn empty_log(path: &Path) -> Result<(), StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_millis(u64::from(BUSY_MS)))?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// The flags of a reader's connection.
pub(super) fn reader_flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI
}

/// Sets pragmas, one by one.
pub(super) fn apply(connection: &Connection, pragmas: &[(&str, &str)]) -> rusqlite::Result<()> {
    for (name, value) in pragmas {
        connection.execute_batch(&format!("PRAGMA {name} = {value}"))?;
    }
    Ok(())
}
