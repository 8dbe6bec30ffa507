//! One deed for more than one transaction holds: it is checked, done and taken back chunk by chunk, each of which is
//! a change set of its own.

use super::EditError;
use super::bulk::{Deed, Outcome, Whom, check, many};
use crate::actions::attributes::Hand;
use crate::actions::undo::{UndoError, undo};
use crate::domain::change::By;
use crate::domain::filter::Listed;
use crate::domain::ids::{BulkJobKey, CompanyKey, UserKey};
use crate::store::bulk_jobs::{self, Chunk, Job, State, Tally};
use crate::store::{StoreError, Tx};

/// Why nothing is done with a job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// There is none of this number.
    #[error("There is no such bulk change. They are kept for 30 days.")]
    Unknown,
    /// It is not at the point where this can be done.
    #[error("The bulk change is {}, so this can't be done now. Open it again to see what can.", .0.as_str())]
    State(State),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Prepares a deed for all of these: what it would do is looked at next.
///
/// # Errors
/// The deed can't be done to any, as in [`many`]; the store's.
pub fn prepare(tx: &mut Tx<'_>, operator: &str, whom: &Whom, deed: &Deed) -> Result<BulkJobKey, EditError> {
    check(tx, deed)?;
    let (listed, keys): (Listed, Vec<i64>) = match whom {
        Whom::Users(users) => (Listed::Users, users.iter().map(|user| user.0).collect()),
        Whom::Companies(companies) => (Listed::Companies, companies.iter().map(|company| company.0).collect()),
    };
    let deed = serde_json::to_string(deed).expect("a deed is JSON");
    Ok(bulk_jobs::make(tx, operator, listed, &deed, &keys)?)
}

/// Begins a job whose plan is known.
///
/// # Errors
/// [`JobError`].
pub fn start(tx: &mut Tx<'_>, key: BulkJobKey) -> Result<(), JobError> {
    let job = known(tx, key, &[State::Planned])?;
    let started_ms = Some(tx.now_ms);
    Ok(bulk_jobs::keep(tx, &Job { state: State::Running, place: 0, started_ms, ..job })?)
}

/// Stops a job: what was done by then stays, and can be taken back. One that was not begun is forgotten.
///
/// # Errors
/// [`JobError`].
pub fn stop(tx: &mut Tx<'_>, key: BulkJobKey) -> Result<(), JobError> {
    let job = known(tx, key, &[State::Checking, State::Planned, State::Running])?;
    let (has_begun, ended_ms) = (job.state == State::Running, Some(tx.now_ms));
    bulk_jobs::keep(tx, &Job { state: State::Stopped, ended_ms, ..job })?;
    if !has_begun {
        bulk_jobs::forget(tx, i64::MIN, Some(key))?;
    }
    Ok(())
}

/// Begins to take a job back, the last chunk first.
///
/// # Errors
/// [`JobError`].
pub fn take_back(tx: &mut Tx<'_>, operator: &str, key: BulkJobKey) -> Result<(), JobError> {
    let job = known(tx, key, &[State::Done, State::Stopped, State::Failed])?;
    let undone_by = Some(operator.to_owned());
    Ok(bulk_jobs::keep(tx, &Job { state: State::Undoing, place: 0, undone_by, ended_ms: None, ..job })?)
}

fn known(tx: &Tx<'_>, key: BulkJobKey, states: &[State]) -> Result<Job, JobError> {
    let job = bulk_jobs::find(&tx.reader(), key)?.ok_or(JobError::Unknown)?;
    if states.contains(&job.state) { Ok(job) } else { Err(JobError::State(job.state)) }
}

/// What the next chunk of a job that is checked would come to: to be run and undone. `None`: it is checked no more.
///
/// # Errors
/// The deed can't be done to any; the store's.
pub fn try_step(tx: &mut Tx<'_>, key: BulkJobKey) -> Result<Option<Tally>, EditError> {
    let Some(job) = bulk_jobs::find(&tx.reader(), key)?.filter(|job| job.state == State::Checking) else {
        return Ok(None);
    };
    let Some(chunk) = bulk_jobs::chunk(&tx.reader(), key, job.place)? else { return Ok(Some(Tally::default())) };
    Ok(Some(do_to(tx, &job, &chunk)?.1))
}

/// Keeps what [`try_step`] found.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep_step(tx: &mut Tx<'_>, key: BulkJobKey, found: Tally) -> Result<(), StoreError> {
    let Some(mut job) = bulk_jobs::find(&tx.reader(), key)?.filter(|job| job.state == State::Checking) else {
        return Ok(());
    };
    job.checked.add(found);
    job.place += 1;
    if job.place >= job.chunks {
        job.state = State::Planned;
    }
    bulk_jobs::keep(tx, &job)
}

/// Does the next chunk of a job that runs, or takes the one before back. `false`: there is none.
///
/// # Errors
/// The deed can't be done to any, which fails the job; the store's.
pub fn step(tx: &mut Tx<'_>, key: BulkJobKey) -> Result<bool, EditError> {
    let Some(mut job) = bulk_jobs::find(&tx.reader(), key)? else { return Ok(false) };
    match job.state {
        State::Running => {
            if let Some(chunk) = bulk_jobs::chunk(&tx.reader(), key, job.place)? {
                let (outcome, tally) = do_to(tx, &job, &chunk)?;
                bulk_jobs::keep_change(tx, key, job.place, outcome.change)?;
                job.done.add(tally);
            }
            job.place += 1;
            if job.place >= job.chunks {
                (job.state, job.ended_ms) = (State::Done, Some(tx.now_ms));
            }
        }
        State::Undoing => {
            let place = job.chunks - 1 - job.place;
            if let Some(chunk) = bulk_jobs::chunk(&tx.reader(), key, place)? {
                let tally = take_chunk_back(tx, &job, &chunk)?;
                job.taken_back.add(tally);
            }
            job.place += 1;
            if job.place >= job.chunks {
                (job.state, job.ended_ms) = (State::Undone, Some(tx.now_ms));
            }
        }
        _ => return Ok(false),
    }
    bulk_jobs::keep(tx, &job)?;
    Ok(job.state.is_under_way())
}

/// Ends a job that can't go on, and says why.
///
/// # Errors
/// [`StoreError`] only.
pub fn fail(tx: &mut Tx<'_>, key: BulkJobKey, problem: &str) -> Result<(), StoreError> {
    let Some(job) = bulk_jobs::find(&tx.reader(), key)? else { return Ok(()) };
    let (problem, ended_ms) = (Some(problem.to_owned()), Some(tx.now_ms));
    bulk_jobs::keep(tx, &Job { state: State::Failed, problem, ended_ms, ..job })
}

/// The deed of a job.
///
/// # Errors
/// The file says one that this version does not know.
pub fn deed_of(job: &Job) -> Result<Deed, serde_json::Error> {
    serde_json::from_str(&job.deed)
}

fn do_to(tx: &mut Tx<'_>, job: &Job, chunk: &Chunk) -> Result<(Outcome, Tally), EditError> {
    let deed = deed_of(job).map_err(|_| EditError::Value {
        field: "deed",
        sentence: "This version doesn't know what was to be done.".to_owned(),
    })?;
    let whom = match job.listed {
        Listed::Companies => Whom::Companies(chunk.keys.iter().map(|key| CompanyKey(*key)).collect()),
        _ => Whom::Users(chunk.keys.iter().map(|key| UserKey(*key)).collect()),
    };
    let outcome = many(tx, &Hand::operator(&job.operator), &whom, &deed)?;
    let refused = outcome.refused_values.first().map(|value| format!("{}: {}", value.code.as_str(), value.detail));
    let tally = Tally {
        dealt: outcome.dealt as u64,
        changed: outcome.changed as u64,
        kept: outcome.kept as u64,
        left: (outcome.left.0 + outcome.refused_values.len()) as u64,
        why: outcome.left.1.clone().or(refused),
    };
    Ok((outcome, tally))
}

fn take_chunk_back(tx: &mut Tx<'_>, job: &Job, chunk: &Chunk) -> Result<Tally, StoreError> {
    let mut tally = Tally { dealt: chunk.keys.len() as u64, ..Tally::default() };
    let Some(change) = chunk.change else { return Ok(tally) };
    let by = By::Operator(job.undone_by.clone().unwrap_or_else(|| job.operator.clone()));
    match undo(tx, &by, change) {
        Ok(undone) => {
            tally.changed = 1;
            tally.left = undone.conflicts.len() as u64;
            tally.why = undone.conflicts.into_iter().next().map(|conflict| conflict.detail);
        }
        Err(UndoError::Store(error)) => return Err(error),
        // It was taken back by itself, or with the people.
        Err(UndoError::Unknown | UndoError::AlreadyUndone(_)) => {}
        Err(error) => (tally.left, tally.why) = (chunk.keys.len() as u64, Some(error.to_string())),
    }
    Ok(tally)
}
