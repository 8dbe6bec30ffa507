//! How a connection is set up. A test asks every connection for what stands here.

use std::fs::OpenOptions;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{StoreError, recent_days};

/// Pages of the write-ahead log after which it is written back (16 MB).
const CHECKPOINT_PAGES: u32 = 4_000;
/// Milliseconds that a writer waits for one of another process (the shell's commands).
const BUSY_MS: u32 = 5_000;

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
    owner_only().open(path).map_err(|error| StoreError::File { path: path.to_owned(), error })?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_millis(u64::from(BUSY_MS)))?;
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

/// Empties the write-ahead log, beside the writer's connection.
pub(super) fn empty_log(path: &Path) -> Result<(), StoreError> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_millis(u64::from(BUSY_MS)))?;
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
