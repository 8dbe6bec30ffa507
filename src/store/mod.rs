//! The only room that knows SQL: one file, one writer, many readers.
//!
//! - [`Store::write`] runs a job on the thread that owns the only read-write
//!   connection; it is answered when its group is on disk.
//! - [`Store::read`] runs a query on a pooled read-only connection.
//! - [`Store::catalog`] is the copy in memory of what every message asks for:
//!   sources, attribute definitions, settings.
//!
//! Functions on data live in the file of their noun and take a [`Reader`] or
//! a [`Tx`]; nobody outside has a connection to run SQL on.

mod activity;
pub mod arrivals;
mod backup;
mod catalog;
mod connection;
mod contexts;
pub mod cost;
mod days;
mod filter_sql;
mod lock;
mod migrate;
#[cfg(test)]
mod plans;
mod pool;
#[cfg(test)]
pub(crate) mod sample;
mod tx;
mod writer;

pub mod attribute_rows;
pub mod attribute_search;
pub mod attribute_values;
pub mod attribute_work;
pub mod attributes;
pub mod bulk_jobs;
pub mod changes;
pub mod companies;
pub mod disk;
pub mod duplicates;
pub mod email_domains;
pub mod erasure;
pub mod event_names;
pub mod events;
pub mod fast_filters;
pub mod findings;
pub mod first_pages;
pub mod folds;
pub mod history;
pub mod imports;
pub mod list;
pub mod made;
pub mod membership_history;
pub mod memberships;
pub mod merges;
pub mod notes;
pub mod operators;
pub mod outbox;
pub mod profiles;
pub mod proofs;
mod recent_days;
pub mod recount;
pub mod refusals;
mod remembered;
pub mod repeats;
pub mod scripts;
pub mod search;
pub mod segments;
pub mod shown;
pub mod sightings;
pub mod sources;
pub mod staff;
mod stretches;
pub mod tokens;
pub mod tray;
pub mod trials;
pub mod users;
pub mod visitors;
pub mod webhooks;
pub mod workspace;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;

pub use backup::{is_workspace, sync_folder_of};
pub use catalog::{Catalog, Definition, Source, SourceKind};
pub use connection::owner_only;
pub use lock::{Lock, LockError, server_url};
pub use pool::Reader;
pub use tx::Tx;

use pool::Pool;
use writer::Writer;

/// Why the store did not do what was asked. The text is for the log; a door says its own sentence.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("SQLite: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// The disk is full.
    #[error(
        "The disk is full, and nothing of this was stored. Free up disk space and try again; what was stored before is \
         safe."
    )]
    Full,
    /// Who runs this may not write the file, or what SQLite keeps beside it.
    #[error(
        "{path} can't be written by this user. Check who owns the file and its folder; the file itself is not damaged.",
        path = .path.display()
    )]
    NotWritable {
        /// Which one.
        path: PathBuf,
    },
    /// There is nothing in the file.
    #[error(
        "{path} is empty (0 bytes), so there is no workspace in it. If there was one, put a backup in its place: rollcall \
         restore BACKUP. If not, remove the file, and start again.", path = .path.display()
    )]
    Empty {
        /// Which one.
        path: PathBuf,
    },
    /// No reader came free in time.
    #[error("no reader came free: {0}")]
    Pool(#[from] r2d2::Error),
    /// A query ran into the time limit.
    #[error("a query took longer than {} s", pool::READ_SECONDS_MAX)]
    TooSlow,
    /// The writer's queue is full.
    #[error("the queue of the writer is full")]
    Busy,
    /// The writer has ended, or its job panicked.
    #[error("the writer stopped before it answered")]
    Stopped,
    /// The file can't be opened.
    #[error(
        "{path} can't be opened as a workspace: {error}. Name another file with --data, or put a backup in its \
         place: rollcall restore BACKUP.", path = .path.display()
    )]
    Open {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
    /// Another program holds the file for longer than is waited for.
    #[error("{path} is being written to by another program. Try again in a moment.", path = .path.display())]
    Locked {
        /// Which one.
        path: PathBuf,
    },
    /// The file can't be migrated.
    #[error("{0}")]
    Migration(String),
    /// A file that can't be read or written.
    #[error("{path}: {error}", path = .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::Full,
            _ => StoreError::Sqlite(error),
        }
    }
}

impl StoreError {
    /// Of a file that can't be read or written, by its path.
    pub(super) fn of_file(path: &Path, error: std::io::Error) -> StoreError {
        let path = path.to_owned();
        match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::NotWritable { path }
            }
            std::io::ErrorKind::StorageFull => StoreError::Full,
            _ => StoreError::File { path, error },
        }
    }

    /// Whether there was no row where one was asked for.
    pub fn is_missing_row(&self) -> bool {
        matches!(self, StoreError::Sqlite(rusqlite::Error::QueryReturnedNoRows))
    }
}

/// Where a store takes time, chance and its place from; a test hands in its own.
#[derive(Clone)]
pub struct Ambient {
    /// Unix milliseconds.
    pub now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Fills bytes with chance.
    pub fill: Arc<Fill>,
    /// The host under which people reach this server, where it is known.
    pub own_host: Option<String>,
}

/// Fills bytes.
type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Default for Ambient {
    fn default() -> Ambient {
        Ambient {
            now_ms: Arc::new(|| chrono::Utc::now().timestamp_millis()),
            fill: Arc::new(|bytes| rand::rng().fill(bytes)),
            own_host: None,
        }
    }
}

impl Ambient {
    /// Bytes of chance.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }

    /// A token of 32 bytes of chance as URL-safe text.
    pub fn token(&self) -> String {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A new UUID v7.
    pub fn uuid(&self) -> uuid::Uuid {
        let millis = u64::try_from((self.now_ms)()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

/// What came of a job that is undone, whatever came of it.
struct Rehearsal<T, E>(Result<T, E>);

impl<T, E: From<StoreError>> From<StoreError> for Rehearsal<T, E> {
    fn from(error: StoreError) -> Rehearsal<T, E> {
        Rehearsal(Err(error.into()))
    }
}

/// The workspace's file: cheap to clone, one per process.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    ambient: Ambient,
    catalog: catalog::Shared,
    pool: Pool,
    writer: Writer,
}

impl Inner {
    fn open(path: &Path, ambient: Ambient) -> Result<Inner, StoreError> {
        let connection = migrate::open(path, &ambient)?;
        let catalog = catalog::Shared::new(catalog::load(&connection)?);
        let pool = Pool::open(path)?;
        let writer = Writer::start(connection, ambient.clone(), catalog.clone())?;
        Ok(Inner { path: path.to_owned(), ambient, catalog, pool, writer })
    }
}

impl Store {
    /// Opens the file, makes it if there is none, brings it to the newest schema.
    ///
    /// # Errors
    /// The file can't be opened, is of a newer version, or can't be migrated.
    pub fn open(path: &Path, ambient: Ambient) -> Result<Store, StoreError> {
        let inner = Inner::open(path, ambient).map_err(|error| match error {
            StoreError::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                StoreError::Locked { path: path.to_owned() }
            }
            // What is intact needs no backup in its place.
            StoreError::Sqlite(_) if disk::is_full(path) => StoreError::Full,
            StoreError::Sqlite(error) if is_of_rights(&error) => StoreError::NotWritable { path: path.to_owned() },
            StoreError::Sqlite(error) => StoreError::Open { path: path.to_owned(), error },
            other => other,
        })?;
        Ok(Store { inner: Arc::new(inner) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Time and chance.
    pub fn ambient(&self) -> &Ambient {
        &self.inner.ambient
    }

    /// Now, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        (self.inner.ambient.now_ms)()
    }

    /// The copy in memory of sources, definitions and settings, as last committed.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.inner.catalog.get()
    }

    /// Whether what is written is taken: not after the end of the writer.
    pub fn is_writing(&self) -> bool {
        self.inner.writer.is_open()
    }

    /// Whether the last that was to be written found no room on the disk.
    pub fn is_full(&self) -> bool {
        self.inner.writer.is_full()
    }

    /// Runs a query on a read-only connection, off the async threads.
    ///
    /// # Errors
    /// The query's own, no reader free, or the time limit.
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (inner, bill) = (Arc::clone(&self.inner), cost::Bill::of_request());
        let read = move || bill.read(|| inner.pool.read(query));
        tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Stopped)?
    }

    /// As [`Store::read`], after the folds have reached the journal's head as it stands now,
    /// or 200 ms have passed. Answers the lag left, in milliseconds, 0 where there is none.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_folded<T, F>(&self, query: F) -> Result<(T, u64), StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let lag_ms = self.inner.writer.folded(Duration::from_millis(200)).await;
        Ok((self.read(query).await?, lag_ms))
    }

    /// Runs a query on this thread: for the shell.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_now<T>(&self, query: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.inner.pool.read(query)
    }

    /// As [`Store::read_now`], once all that is derived stands at the journal's head: a server beside
    /// may just be at it. After ten seconds it is read as it is.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_settled<T>(&self, query: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let mut query = Some(query);
        loop {
            let late = std::time::Instant::now() > deadline;
            let read = self.inner.pool.read(|db| match query.take() {
                Some(wanted) if late || recount::is_settled(db)? => wanted(db).map(Some),
                wanted => {
                    query = wanted;
                    Ok(None)
                }
            })?;
            if let Some(read) = read {
                return Ok(read);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a job in the writer's next group and answers when it is on disk. A job
    /// that fails undoes what it wrote, alone.
    ///
    /// # Errors
    /// The job's own, a full queue, or a writer that stopped.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match self.inner.writer.submit(job, writer::Queue::Live)?.await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::Stopped.into()),
        }
    }

    /// Runs a job exactly as [`Store::write`] does, answers what came of it, and undoes it: the plan of
    /// a deed is the deed itself, so it cannot say anything else than what the deed would do.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn rehearse<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        // The writer undoes what fails: a rehearsal is a job that always does.
        let job = |tx: &mut Tx<'_>| Err::<Infallible, _>(Rehearsal(job(tx)));
        match self.write(job).await {
            Err(Rehearsal(outcome)) => outcome,
        }
    }

    /// As [`Store::write`], behind everything that people wait for.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_bulk<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match self.inner.writer.submit(job, writer::Queue::Bulk)?.await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::Stopped.into()),
        }
    }

    /// As [`Store::write`] on a thread that may wait: for the shell.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_now<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match self.inner.writer.submit(job, writer::Queue::Live)?.blocking_recv() {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::Stopped.into()),
        }
    }

    /// Copies the file as it stands into a new one, while it is being written to.
    ///
    /// # Errors
    /// The target exists or can't be written.
    pub fn copy(&self, target: &Path) -> Result<(), StoreError> {
        backup::copy(&self.inner.path, target)
    }

    /// A copy that is kept: the workspace knows when its last one was made.
    ///
    /// # Errors
    /// As [`Store::copy`].
    pub fn backup(&self, target: &Path) -> Result<(), StoreError> {
        self.copy(target)?;
        self.write_now(backup::made)
    }

    /// Writes the write-ahead log back into the file and empties it, so that what was deleted is in
    /// neither. Readers that are at it are waited for, for a while; the log is emptied by itself later.
    ///
    /// # Errors
    /// The file can't be opened.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || connection::empty_log(&inner.path))
            .await
            .map_err(|_| StoreError::Stopped)?
    }

    /// Ends the readers, and the writer after all that was accepted is on disk, and closes the file.
    pub fn close(&self) {
        // The last connection to go takes the write-ahead log away, which a reader can't.
        self.inner.pool.close();
        self.inner.writer.close();
    }
}

/// Whether SQLite may not write, or not make what it keeps beside a file.
fn is_of_rights(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    matches!(error.sqlite_error_code(), Some(ReadOnly | PermissionDenied | CannotOpen))
}
