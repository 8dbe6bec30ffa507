//! A copy of the file in one step, while it is being written to.

use std::path::Path;

use rusqlite::Connection;

use super::{StoreError, connection};

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
