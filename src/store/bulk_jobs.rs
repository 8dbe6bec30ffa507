//! One deed for more users or companies than one transaction holds: whom, and how far it is, stand in the file, so
//! that it goes on after a restart where it was.

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde::{Deserialize, Serialize};

use super::list::json_keys;
use super::{Reader, StoreError, Tx};
use crate::domain::filter::Listed;
use crate::domain::ids::{BulkJobKey, ChangeKey};

/// Users or companies of one job at most.
pub const JOB_MAX: usize = 100_000;
/// Those that are dealt with in one transaction.
const CHUNK: usize = 50;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// What it would do is being looked at.
    Checking,
    /// That is known, and nothing is done yet.
    Planned,
    /// It is being done.
    Running,
    /// All of it is done.
    Done,
    /// Somebody stopped it: what was done by then stays.
    Stopped,
    /// It could not go on.
    Failed,
    /// What it did is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
}

impl State {
    const ALL: [State; 8] = [
        State::Checking,
        State::Planned,
        State::Running,
        State::Done,
        State::Stopped,
        State::Failed,
        State::Undoing,
        State::Undone,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Checking => "checking",
            State::Planned => "planned",
            State::Running => "running",
            State::Done => "done",
            State::Stopped => "stopped",
            State::Failed => "failed",
            State::Undoing => "undoing",
            State::Undone => "undone",
        }
    }

    /// Whether it goes on by itself.
    pub fn is_under_way(self) -> bool {
        matches!(self, State::Checking | State::Running | State::Undoing)
    }
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// How many were dealt with.
    pub dealt: u64,
    /// How many of them changed.
    pub changed: u64,
    /// How many keep what they have, since it is pinned.
    pub kept: u64,
    /// How many could not have it; of an undo, what has changed since.
    pub left: u64,
    /// Why, of the first.
    pub why: Option<String>,
}

impl Tally {
    /// Together with another.
    pub fn add(&mut self, other: Tally) {
        self.dealt += other.dealt;
        self.changed += other.changed;
        self.kept += other.kept;
        self.left += other.left;
        self.why = self.why.take().or(other.why);
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its number.
    pub key: BulkJobKey,
    /// Whose deed it is, by e-mail address.
    pub operator: String,
    /// Who takes it back.
    pub undone_by: Option<String>,
    /// Users or companies.
    pub listed: Listed,
    /// What is done to each, as JSON.
    pub deed: String,
    /// How far it is.
    pub state: State,
    /// How many it is about.
    pub total: u64,
    /// Chunks of them.
    pub chunks: i64,
    /// Chunks that the step at hand has dealt with.
    pub place: i64,
    /// What it would do.
    pub checked: Tally,
    /// What it did.
    pub done: Tally,
    /// What taking it back did.
    pub taken_back: Tally,
    /// Why it failed.
    pub problem: Option<String>,
    /// Unix milliseconds.
    pub made_ms: i64,
    /// When it was begun, Unix milliseconds.
    pub started_ms: Option<i64>,
    /// When it ended, Unix milliseconds.
    pub ended_ms: Option<i64>,
}

/// Some of a job's users or companies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Their keys.
    pub keys: Vec<i64>,
    /// The change set that it became; none where nothing was done or changed.
    pub change: Option<ChangeKey>,
}

const COLUMNS: &str = "job_key, operator, undone_by, listed, deed, state, total, chunks, place, checked, done, \
                       taken_back, problem, made_ms, started_ms, ended_ms";

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let tally = |index: usize| {
        Ok::<_, rusqlite::Error>(serde_json::from_str(row.get_ref(index)?.as_str()?).unwrap_or_default())
    };
    let state: String = row.get(5)?;
    Ok(Job {
        key: BulkJobKey(row.get(0)?),
        operator: row.get(1)?,
        undone_by: row.get(2)?,
        listed: Listed::parse(row.get_ref(3)?.as_str()?).unwrap_or(Listed::Users),
        deed: row.get(4)?,
        state: State::ALL.into_iter().find(|known| known.as_str() == state).unwrap_or(State::Failed),
        total: row.get::<_, i64>(6)?.unsigned_abs(),
        chunks: row.get(7)?,
        place: row.get(8)?,
        checked: tally(9)?,
        done: tally(10)?,
        taken_back: tally(11)?,
        problem: row.get(12)?,
        made_ms: row.get(13)?,
        started_ms: row.get(14)?,
        ended_ms: row.get(15)?,
    })
}

/// A job.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, key: BulkJobKey) -> Result<Option<Job>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!("SELECT {COLUMNS} FROM bulk_jobs WHERE job_key = :key"))?;
    Ok(statement.query_row(named_params! { ":key": key.0 }, job).optional()?)
}

/// The job that goes on next, the oldest.
///
/// # Errors
/// [`StoreError`] only.
pub fn next(db: &Reader<'_>) -> Result<Option<Job>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM bulk_jobs INDEXED BY bulk_jobs_at_work
         WHERE state IN ('checking', 'running', 'undoing') ORDER BY job_key LIMIT 1"
    ))?;
    Ok(statement.query_row([], job).optional()?)
}

/// The latest jobs that were begun.
///
/// # Errors
/// [`StoreError`] only.
pub fn latest(db: &Reader<'_>, limit: usize) -> Result<Vec<Job>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM bulk_jobs WHERE started_ms IS NOT NULL ORDER BY job_key DESC LIMIT :limit"
    ))?;
    let rows = statement.query_map(named_params! { ":limit": limit as i64 }, job)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A chunk of a job.
///
/// # Errors
/// [`StoreError`] only.
pub fn chunk(db: &Reader<'_>, key: BulkJobKey, place: i64) -> Result<Option<Chunk>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT keys, change_key FROM bulk_chunks WHERE job_key = :key AND place = :place")?;
    let read = statement.query_row(named_params! { ":key": key.0, ":place": place }, |row| {
        Ok(Chunk {
            keys: serde_json::from_str(row.get_ref(0)?.as_str()?).unwrap_or_default(),
            change: row.get::<_, Option<i64>>(1)?.map(ChangeKey),
        })
    });
    Ok(read.optional()?)
}

// What the writer needs ------------------------------------------------------

/// Whether any job goes on by itself.
pub(super) fn waits(connection: &Connection) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM bulk_jobs INDEXED BY bulk_jobs_at_work WHERE state IN ('checking', 'running', 'undoing')",
    )?;
    Ok(statement.exists([])?)
}

/// Makes a job, which is checked first.
///
/// # Errors
/// [`StoreError`] only.
pub fn make(
    tx: &mut Tx<'_>,
    operator: &str,
    listed: Listed,
    deed: &str,
    keys: &[i64],
) -> Result<BulkJobKey, StoreError> {
    let keys = &keys[..keys.len().min(JOB_MAX)];
    tx.connection
        .prepare_cached(
            "INSERT INTO bulk_jobs (operator, listed, deed, state, total, chunks, made_ms)
             VALUES (?1, ?2, ?3, 'checking', ?4, ?5, ?6)",
        )?
        .execute(params![
            operator,
            listed.as_str(),
            deed,
            keys.len() as i64,
            keys.len().div_ceil(CHUNK) as i64,
            tx.now_ms
        ])?;
    let key = tx.connection.last_insert_rowid();
    let mut add = tx.connection.prepare_cached("INSERT INTO bulk_chunks (job_key, place, keys) VALUES (?1, ?2, ?3)")?;
    for (place, chunk) in keys.chunks(CHUNK).enumerate() {
        add.execute(params![key, place as i64, json_keys(chunk.iter().copied())])?;
    }
    drop(add);
    look_again(tx)?;
    Ok(BulkJobKey(key))
}

/// Keeps how far a job is.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    let text = |tally: &Tally| serde_json::to_string(tally).unwrap_or_default();
    tx.connection
        .prepare_cached(
            "UPDATE bulk_jobs SET undone_by = ?2, state = ?3, place = ?4, checked = ?5, done = ?6, taken_back = ?7,
               problem = ?8, started_ms = ?9, ended_ms = ?10
             WHERE job_key = ?1",
        )?
        .execute(params![
            job.key.0,
            job.undone_by,
            job.state.as_str(),
            job.place,
            text(&job.checked),
            text(&job.done),
            text(&job.taken_back),
            job.problem,
            job.started_ms,
            job.ended_ms
        ])?;
    look_again(tx)
}

/// Keeps which change set a chunk became.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep_change(tx: &Tx<'_>, key: BulkJobKey, place: i64, change: Option<ChangeKey>) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE bulk_chunks SET change_key = ?3 WHERE job_key = ?1 AND place = ?2")?
        .execute(params![key.0, place, change.map(|change| change.0)])?;
    Ok(())
}

/// Forgets jobs that were made before an instant (Unix milliseconds) and don't go on, and a job that was never begun.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, before_ms: i64, never_begun: Option<BulkJobKey>) -> Result<(), StoreError> {
    const OLD: &str = "SELECT job_key FROM bulk_jobs
                       WHERE (made_ms < ?1 AND state NOT IN ('checking', 'running', 'undoing'))
                          OR (job_key = ?2 AND started_ms IS NULL)";
    for sql in [
        format!("DELETE FROM bulk_chunks WHERE job_key IN ({OLD})"),
        format!("DELETE FROM bulk_jobs WHERE job_key IN ({OLD})"),
    ] {
        tx.connection.prepare_cached(&sql)?.execute(params![before_ms, never_begun.map(|key| key.0)])?;
    }
    Ok(())
}

fn look_again(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let waits = waits(tx.connection)?;
    if tx.catalog().bulk_work != waits {
        tx.catalog_mut().bulk_work = waits;
    }
    Ok(())
}
