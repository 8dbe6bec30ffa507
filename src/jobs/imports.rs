//! Imports: rows are taken in chunks behind everything that people wait for, and how far it is stands in the file, so
//! that it goes on after a restart where it was.
//!
//! A check is the run itself, in a copy of the workspace that is thrown away: it can't say anything else than what the
//! run would do, and never holds the writer. It costs as much room on the disk as the workspace has, and the time of
//! copying it. What is sent between the check and the run makes the one difference.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::actions::import::{self, file};
use crate::domain::change::{MEMBERSHIP, Subject};
use crate::domain::ids::ImportKey;
use crate::domain::import::{EXAMPLES_MAX, Example, Report, Rows};
use crate::domain::limits::{IMPORT_DRAFTS_DAYS, IMPORT_REFUSALS_DAYS};
use crate::domain::time::DAY_MS;
use crate::store::imports::{self, Import, Refusal, State};
use crate::store::{Store, StoreError, Tx, changes};

/// How often it is looked whether there is work; the look is into memory.
const LOOK_MS: u64 = 250;
/// Waiting rows of others come first: so long until a full queue is asked again, in milliseconds.
const BUSY_MS: u64 = 100;
/// What the store could not do is tried again after so long each time: a disk may have room again. Then the import has
/// failed.
const TRIED_AGAIN: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
];
/// Rows that are read from a file at a time.
const READ_ROWS: usize = 100;
/// Refused rows that are copied from a check at a time.
const REFUSALS_CHUNK: usize = 500;
/// A check looks through so many change sets for what changes.
const SETS_LOOKED_AT: usize = 2_000;

/// How often it is looked whether files and rows have been kept long enough, in looks.
const LOOKS_BETWEEN_SWEEPS: u32 = 4 * 3_600;

/// Runs for ever.
pub async fn run(store: Store) {
    // What a check that was killed left.
    file::remove_leftovers(&store);
    let mut looks = 0;
    loop {
        if looks % LOOKS_BETWEEN_SWEEPS == 0
            && let Err(error) = sweep(&store).await
        {
            tracing::error!(%error, "Old files of imports could not be taken away; it is tried again.");
        }
        looks = looks.wrapping_add(1);
        if store.catalog().import_work
            && let Err(error) = work(&store).await
        {
            tracing::error!(%error, "An import was interrupted; it is tried again.");
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

/// Takes away what was kept long enough: files that nobody imported, rows that were refused.
async fn sweep(store: &Store) -> Result<(), StoreError> {
    let now_ms = store.now_ms();
    let (ended, kept) = (now_ms - IMPORT_REFUSALS_DAYS * DAY_MS, now_ms - IMPORT_DRAFTS_DAYS * DAY_MS);
    for draft in store.write_bulk(move |tx| imports::forget(tx, ended, kept)).await? {
        file::remove(store, draft);
    }
    Ok(())
}

/// Does all the work there is, the oldest first.
///
/// # Errors
/// [`StoreError`] only, where not even the failure of an import could be kept; what was done by then stays done.
pub async fn work(store: &Store) -> Result<(), StoreError> {
    work_patiently(store, &TRIED_AGAIN).await
}

/// As [`work`], trying again after each of these.
async fn work_patiently(store: &Store, tried_again: &[Duration]) -> Result<(), StoreError> {
    let mut failures = 0;
    while let Some(import) = store.read(imports::next).await? {
        let key = import.key;
        let problem = match go_on(store, &import).await {
            Ok(()) => None,
            Err(Stop::File(error)) if error.kind() == io::ErrorKind::NotFound => {
                let sentence = "The file isn't here any more: a backup doesn't hold files that are being imported. Start again \
                                with the same file; rows already imported are not imported twice.";
                Some(sentence.to_owned())
            }
            Err(Stop::File(error)) => Some(format!("The file can't be read: {error}")),
            Err(Stop::Store(error)) => {
                tracing::error!(%error, import = key.0, failures, "An import was interrupted.");
                failures += 1;
                if let Some(wait) = tried_again.get(failures - 1) {
                    tokio::time::sleep(*wait).await;
                    continue;
                }
                Some(problem(failures, &error))
            }
        };
        failures = 0;
        if let Some(problem) = problem {
            store.write(move |tx| import::fail(tx, key, &problem)).await?;
        }
        let now = store.read(move |db| imports::find(db, key)).await?;
        if now.is_none_or(|now| !now.state.is_under_way() && now.state != State::Draft) {
            file::remove(store, key);
        }
    }
    Ok(())
}

/// What a person is told of an import that the store could not go on with, however often it was tried.
fn problem(times: usize, error: &StoreError) -> String {
    format!(
        "The workspace's file could not be written or read, {times} times in a row: {error}. Check whether the disk has \
         room (rollcall check), then start again with the same file: rows already imported are not imported twice."
    )
}

async fn go_on(store: &Store, import: &Import) -> Result<(), Stop> {
    let key = import.key;
    match import.state {
        State::Checking => check(store, import).await,
        State::Undoing => {
            while in_turn(store, || move |tx: &mut Tx<'_>| import::undo_step(tx, key)).await? {}
            Ok(())
        }
        _ => take(store, key, &file::path(store, key)).await,
    }
}

/// Does what must wait for all that people wait for, as soon as the queue has room.
async fn in_turn<T, Deed>(store: &Store, deed: impl Fn() -> Deed) -> Result<T, StoreError>
where
    T: Send + 'static,
    Deed: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
{
    loop {
        match store.write_bulk(deed()).await {
            Err(StoreError::Busy) => tokio::time::sleep(Duration::from_millis(BUSY_MS)).await,
            done => return done,
        }
    }
}

/// Why an import did not come to its end.
enum Stop {
    Store(StoreError),
    File(io::Error),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Stop {
        Stop::Store(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::File(error)
    }
}

/// Reads the next rows off the async threads; fewer than [`READ_ROWS`] at the end.
async fn next_rows(mut rows: Rows, skip: u64) -> Result<(Rows, Vec<Vec<serde_json::Value>>), Stop> {
    let read = move || -> io::Result<_> {
        for _ in 0..skip {
            rows.next().transpose()?;
        }
        let chunk = rows.by_ref().take(READ_ROWS).collect::<io::Result<Vec<_>>>()?;
        Ok((rows, chunk))
    };
    Ok(tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Stopped)??)
}

/// Takes the rows of a file that were not taken yet.
async fn take(store: &Store, key: ImportKey, path: &Path) -> Result<(), Stop> {
    let Some(import) = store.read(move |db| imports::find(db, key)).await? else { return Ok(()) };
    let (mut rows, mut first) = (file::rows(path, &import.reading)?, import.rows_done);
    let mut skip = first;
    loop {
        let (rest, read) = next_rows(rows, skip).await?;
        (rows, skip) = (rest, 0);
        let (is_last, read) = (read.len() < READ_ROWS, Arc::new(read));
        let mut taken = 0;
        while taken < read.len() || is_last {
            let take_some = || {
                let read = Arc::clone(&read);
                move |tx: &mut Tx<'_>| import::chunk(tx, key, first, &read[taken..], is_last)
            };
            let Some(more) = in_turn(store, take_some).await? else { return Ok(()) };
            taken += more;
            first += more as u64;
        }
    }
}

/// Runs an import in a copy of the workspace, and tells what came of it.
async fn check(store: &Store, import: &Import) -> Result<(), Stop> {
    let (key, path) = (import.key, file::scratch(store, import.key));
    remove_scratch(&path);
    let checked = in_copy(store, key, &path).await;
    remove_scratch(&path);
    let (report, refused) = checked?;
    for chunk in refused.chunks(REFUSALS_CHUNK) {
        let keep = || {
            let chunk = chunk.to_vec();
            move |tx: &mut Tx<'_>| chunk.iter().try_for_each(|refusal| imports::refuse(tx, key, refusal))
        };
        in_turn(store, keep).await?;
    }
    store
        .write(move |tx| match imports::find(&tx.reader(), key)? {
            Some(import) if import.state == State::Checking => {
                imports::keep(tx, &Import { state: State::Draft, checked: Some(report), ..import })
            }
            _ => Ok(()),
        })
        .await?;
    Ok(())
}

/// What a run did in a copy, with the rows that it did not take.
type Checked = (Report, Vec<Refusal>);

async fn in_copy(store: &Store, key: ImportKey, path: &Path) -> Result<Checked, Stop> {
    let (source, target) = (store.clone(), path.to_owned());
    let opened = tokio::task::spawn_blocking(move || {
        source.copy(&target)?;
        Store::open(&target, source.ambient().clone())
    });
    let copy = opened.await.map_err(|_| StoreError::Stopped)??;
    let checked = run_behind_earlier(store, &copy, key).await;
    let closed = tokio::task::spawn_blocking(move || copy.close()).await;
    closed.map_err(|_| StoreError::Stopped)?;
    checked
}

/// Runs an import in a copy, behind those of the same zip that come before it and have not run yet.
async fn run_behind_earlier(store: &Store, copy: &Store, key: ImportKey) -> Result<Checked, Stop> {
    let earlier = move |db: &crate::store::Reader<'_>| {
        let package = imports::find(db, key)?.and_then(|import| import.package);
        let all = package.map(|package| imports::of_package(db, package)).transpose()?.unwrap_or_default();
        Ok(all.into_iter().filter(|one| one.key < key && !one.state.has_run()).map(|one| one.key).collect::<Vec<_>>())
    };
    for earlier in copy.read(earlier).await? {
        run_in(copy, earlier, &file::path(store, earlier)).await?;
    }
    run_in(copy, key, &file::path(store, key)).await
}

async fn run_in(copy: &Store, key: ImportKey, path: &Path) -> Result<Checked, Stop> {
    copy.write(move |tx| match imports::find(&tx.reader(), key)? {
        Some(import) => imports::keep(tx, &Import { state: State::Queued, ..import }),
        None => Ok(()),
    })
    .await?;
    take(copy, key, path).await?;
    let read = move |db: &crate::store::Reader<'_>| {
        let Some(import) = imports::find(db, key)? else { return Ok((Report::default(), Vec::new())) };
        let report = Report { examples: examples(db, &import)?, ..import.report };
        let (mut refused, mut after) = (Vec::new(), None);
        loop {
            let page = imports::refusals(db, key, after.as_ref(), REFUSALS_CHUNK)?;
            refused.extend(page.rows);
            after = page.next;
            if after.is_none() {
                return Ok((report, refused));
            }
        }
    };
    Ok(copy.read(read).await?)
}

/// What an import changed of what was known before it, the first of it: memberships that end before values.
fn examples(db: &crate::store::Reader<'_>, import: &Import) -> Result<Vec<Example>, StoreError> {
    let Some(source) = import.source else { return Ok(Vec::new()) };
    let (mut ended, mut values) = (Vec::new(), Vec::new());
    let mut sets = imports::change_sets(db, source, i64::MAX, SETS_LOOKED_AT)?;
    sets.reverse();
    for set in sets {
        for row in changes::of_set(db, set)? {
            let has_left = |value: &Value| value.get("left_at").is_some();
            let ends = row.field == MEMBERSHIP
                && row.before.as_ref().is_some_and(|before| !has_left(before))
                && row.after.as_ref().is_none_or(has_left);
            let is_value = !row.field.starts_with(' ')
                && matches!(row.about, Subject::User(_) | Subject::Company(_) | Subject::Membership(..));
            let id = match &row.company_id {
                Some(company) => format!("{} in {company}", row.subject_id),
                None => row.subject_id,
            };
            let kind = row.subject.to_owned();
            if ends && ended.len() < EXAMPLES_MAX {
                let (before, after) = (true.into(), false.into());
                ended.push(Example { kind, id, field: "member".to_owned(), before, after });
            } else if let (true, Some(before)) = (is_value && values.len() < EXAMPLES_MAX, row.before) {
                let after = row.after.unwrap_or_default();
                values.push(Example { kind, id, field: row.field, before, after });
            }
        }
    }
    ended.extend(values);
    ended.truncate(EXAMPLES_MAX);
    Ok(ended)
}

/// A copy and what SQLite keeps beside it.
fn remove_scratch(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let _ = std::fs::remove_file(name);
    }
}

#[cfg(test)]
mod tests;
