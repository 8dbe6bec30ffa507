//! A copy of the file in one step, while it is being written to.

use std::io::Read;
use std::path::Path;

use rusqlite::Connection;

use super::{StoreError, Tx, connection};

/// Whether a file is a workspace's, of this version of Rollcall or any other: an SQLite
/// file (its first 16 bytes say so) with a schema of ours (bytes 60 to 63 number it).
///
/// # Errors
/// The file can't be read.
pub fn is_workspace(path: &Path) -> Result<bool, StoreError> {
    let mut head = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut head))
        .map_err(|error| StoreError::File { path: path.to_owned(), error })?;
    Ok(head.len() == 100 && head.starts_with(b"SQLite format 3\0") && head[60..64] != [0; 4])
}

/// Copies the file as it stands into a new one, in one step (a copy in many
/// steps starts anew whenever something is written).
pub(super) fn copy(source: &Path, target: &Path) -> Result<(), StoreError> {
    let file = |error| StoreError::File { path: target.to_owned(), error };
    if target.exists() {
        return Err(file(std::io::Error::other("the file exists; name a new one")));
    }
    let reader = Connection::open_with_flags(source, connection::reader_flags())?;
    let part = target.with_extension("part");
    let copied = (|| -> Result<(), StoreError> {
        connection::owner_only().open(&part).map_err(file)?;
        let mut copy = Connection::open(&part)?;
        rusqlite::backup::Backup::new(&reader, &mut copy)?.step(-1)?;
        copy.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get::<_, String>(0))?;
        copy.close().map_err(|(_, error)| error)?;
        std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(file)?;
        std::fs::rename(&part, target).map_err(file)
    })();
    if copied.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    copied
}

/// Writes down that a backup was made.
pub(super) fn made(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("INSERT OR REPLACE INTO last_backup (only_one, made_ms) VALUES (1, ?1)")?
        .execute([tx.now_ms])?;
    Ok(())
}
