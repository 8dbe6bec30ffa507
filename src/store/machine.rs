//! What the machine says around a workspace's file: its disk, its readers, its log, its last backup.

use std::path::Path;

use rusqlite::OptionalExtension;

use super::{Reader, Store, StoreError, Tx};
use crate::domain::ids::EventId;
use crate::domain::machine::Machine;

/// Looks at the machine.
///
/// # Errors
/// [`StoreError`] only; what the system does not tell is left out.
pub fn look(store: &Store) -> Result<Machine, StoreError> {
    let (newest_ms, first_ms, backup_ms) = store.read_now(|db| Ok((newest(db)?, first(db)?, last_backup(db)?)))?;
    let path = store.path();
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    Ok(Machine {
        now_ms: store.now_ms(),
        newest_ms,
        backup_ms,
        first_ms,
        file_bytes: bytes(path),
        log_bytes: bytes(Path::new(&log)),
        free_bytes: free(path),
        mode: mode(path),
    })
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    Some(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).ok()?.permissions()))
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}

#[cfg(unix)]
fn free(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

/// When the newest event was received.
fn newest(db: &Reader<'_>) -> Result<Option<i64>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT event_id, received_after_ms FROM events ORDER BY event_id DESC LIMIT 1")?;
    let newest = statement.query_row([], |row| Ok(EventId(row.get(0)?).at_ms() + row.get::<_, i64>(1)?)).optional()?;
    Ok(newest)
}

/// When the first thing was done in the workspace.
fn first(db: &Reader<'_>) -> Result<Option<i64>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT at_ms FROM change_sets ORDER BY change_key LIMIT 1")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

/// When the last backup was made, Unix milliseconds.
///
/// # Errors
/// [`StoreError`] only.
pub fn last_backup(db: &Reader<'_>) -> Result<Option<i64>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT max(made_ms) FROM backups")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Remembers that a backup of so many bytes was made.
///
/// # Errors
/// [`StoreError`] only.
pub fn note_backup(tx: &Tx<'_>, bytes: u64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("INSERT OR REPLACE INTO backups (made_ms, bytes) VALUES (?1, ?2)")?
        .execute([tx.now_ms, i64::try_from(bytes).unwrap_or(i64::MAX)])?;
    Ok(())
}
