//! A copy of the file in one step, while it is being written to.

use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

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
    let part = with_suffix(target, ".part");
    // A file of this name that is not ours stays as it is.
    connection::owner_only()
        .create_new(true)
        .open(&part)
        .map_err(|error| StoreError::File { path: part.clone(), error })?;
    let copied = (|| -> Result<(), StoreError> {
        let mut copy = Connection::open(&part)?;
        // Whoever holds the file for long leaves the copy empty, which is not an error to SQLite.
        match Backup::new(&reader, &mut copy)?.step(-1)? {
            StepResult::Done => {}
            _ => return Err(StoreError::Locked { path: source.to_owned() }),
        }
        copy.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get::<_, String>(0))?;
        copy.close().map_err(|(_, error)| error)?;
        std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(file)?;
        std::fs::rename(&part, target).map_err(file)?;
        sync_folder_of(target).map_err(file)
    })();
    if copied.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    copied
}

/// A path with something more at the end of its name.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Waits until a file's new name is on disk, which it is once its folder is.
///
/// # Errors
/// The folder can't be read.
pub fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

/// Writes down that a backup was made.
pub(super) fn made(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("INSERT OR REPLACE INTO last_backup (only_one, made_ms) VALUES (1, ?1)")?
        .execute([tx.now_ms])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Ambient, Store};

    #[test]
    fn a_copy_of_a_file_that_is_held_fails_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (file, target) = (folder.path().join("rollcall.db"), folder.path().join("copy.db"));
        Store::open(&file, Ambient::default()).unwrap().close();
        let held = Connection::open(&file).unwrap();
        held.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE held (one INTEGER);")
            .unwrap();
        assert!(copy(&file, &target).is_err());
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("copy")), "{left:?}");
        held.execute_batch("ROLLBACK").unwrap();
        drop(held);
        copy(&file, &target).unwrap();
        assert!(is_workspace(&target).unwrap());
    }

    #[test]
    fn a_copy_touches_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, part) = (folder.path().join("rollcall.db"), folder.path().join("copy.part"));
        Store::open(&file, Ambient::default()).unwrap().close();
        std::fs::write(&part, "a person's own").unwrap();
        copy(&file, &folder.path().join("copy.db")).unwrap();
        assert_eq!(std::fs::read_to_string(&part).unwrap(), "a person's own");
    }
}
