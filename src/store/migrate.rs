//! Forward-only migrations: numbered files, one transaction each, a copy of the file before.

use std::path::Path;
use std::sync::LazyLock;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations, SchemaVersion};

use super::{Ambient, StoreError, backup, connection, is_of_rights};

const FILES: &[&str] = &[
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_webhooks.sql"),
    include_str!("migrations/0003_taken_back_events.sql"),
    include_str!("migrations/0004_statistics.sql"),
    include_str!("migrations/0005_recent_days.sql"),
    include_str!("migrations/0006_looks.sql"),
    include_str!("migrations/0007_joined_left_erased.sql"),
    include_str!("migrations/0008_imports_said_again.sql"),
    include_str!("migrations/0009_bulk_jobs.sql"),
    include_str!("migrations/0010_own_of_merged.sql"),
];

static MIGRATIONS: LazyLock<Migrations<'static>> =
    LazyLock::new(|| Migrations::new(FILES.iter().map(|sql| M::up(sql)).collect()));

/// Opens the file, makes it if there is none, and brings it to the newest schema.
pub(super) fn open(path: &Path, ambient: &Ambient) -> Result<Connection, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::of_file(folder, error))?;
    }
    if is_empty(path) {
        return Err(StoreError::Empty { path: path.to_owned() });
    }
    let mut connection = connection::open_writer(path)?;
    let failed = |error: rusqlite_migration::Error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } if is_of_rights(&err) => StoreError::Sqlite(err),
        rusqlite_migration::Error::RusqliteError { err, .. }
            if err.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) =>
        {
            StoreError::Full
        }
        other => StoreError::Migration(other.to_string()),
    };
    match MIGRATIONS.current_version(&connection).map_err(failed)? {
        SchemaVersion::Outside(found) => {
            return Err(StoreError::Migration(format!(
                "{} was written by a newer version of Rollcall (schema {found}; this program knows {}). \
                 Install the newer version, or restore a backup made before it.",
                path.display(),
                FILES.len()
            )));
        }
        SchemaVersion::Inside(found) if found.get() < FILES.len() => {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".before-{}", FILES.len()));
            let target = std::path::PathBuf::from(name);
            if !target.exists() {
                backup::copy(path, &target)?;
            }
        }
        SchemaVersion::Inside(_) | SchemaVersion::NoneSet => {}
    }
    MIGRATIONS.to_latest(&mut connection).map_err(failed)?;
    first_rows(&connection, ambient)?;
    Ok(connection)
}

/// Whether a file is there with nothing in it, and no log beside it: what SQLite would take for a new one may be what is
/// left of an old one.
fn is_empty(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let bytes = |path: &Path| path.metadata().map(|file| file.len()).ok();
    bytes(path) == Some(0) && bytes(Path::new(&log)).unwrap_or(0) == 0
}

/// What every workspace has from its first moment: its secret, and the built-in source "API". A command that only
/// reads need not wait for who writes.
fn first_rows(connection: &Connection, ambient: &Ambient) -> Result<(), StoreError> {
    let there = "SELECT EXISTS (SELECT 1 FROM secrets WHERE name = 'hash_key')
                    AND EXISTS (SELECT 1 FROM sources WHERE source_id = 'api')";
    if connection.query_row(there, [], |row| row.get(0))? {
        return Ok(());
    }
    connection
        .execute("INSERT OR IGNORE INTO secrets (name, value) VALUES ('hash_key', ?1)", [ambient.bytes::<32>()])?;
    connection.execute(
        "INSERT OR IGNORE INTO sources (source_id, name, created_ms) VALUES ('api', 'API', ?1)",
        [(ambient.now_ms)()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_valid() {
        MIGRATIONS.validate().unwrap();
    }

    #[test]
    fn a_newer_file_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        drop(open(&path, &Ambient::default()).unwrap());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
        let error = open(&path, &Ambient::default()).unwrap_err().to_string();
        assert!(error.contains("newer version of Rollcall"), "{error}");
    }

    #[test]
    fn an_older_file_is_copied_before_it_is_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.db");
        drop(open(&path, &Ambient::default()).unwrap());
        assert!(
            !folder.path().join(format!("rollcall.db.before-{}", FILES.len())).exists(),
            "a new file needs no copy"
        );
    }
}
