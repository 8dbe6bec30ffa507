//! Imports: a file is kept (`file.rs`), set up as a person says, checked, and taken row by row (`row.rs`) in chunks
//! that let others pass; and taken back (`undo.rs`). A row becomes messages and goes the way of all messages.

mod about;
pub mod file;
pub mod package;
mod profile;
mod replace;
mod row;
mod sheet;
mod undo;

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::domain::access::Grade;
use crate::domain::attributes::Owner;
use crate::domain::ids::ImportKey;
use crate::domain::import::{Known, Mapping, Policy, Reader, Reading, Unreadable};
use crate::domain::limits::DEFINITIONS_PER_KIND_MAX;
use crate::domain::message::Delivery;
use crate::domain::table::Kind;
use crate::store::imports::{self, Import, State, replaces, traces};
use crate::store::{Catalog, StoreError, Tx, attributes as definitions};

pub use undo::step as undo_step;

/// So long rows are taken in one transaction; then others pass, who are kept waiting no longer than that. Less would
/// not be worth a commit each, where the disk is slow.
const CHUNK: Duration = Duration::from_millis(5);

/// Why an import is not dealt with.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such import.
    #[error("There is no such import.")]
    Unknown,
    /// It can't be set up so.
    #[error("{0}")]
    SetUp(String),
    /// It stands elsewhere.
    #[error("This import is {}, and {what}.", state.as_str())]
    State {
        /// Where it stands.
        state: State,
        /// What would have to be.
        what: &'static str,
    },
    /// Which events it stored was not kept.
    #[error(
        "It is not known which events this import stored: it ran before Rollcall recorded that. They stay; erase the people \
         they belong to, or let them expire with the retention."
    )]
    EventsStay,
    /// The file can't be read.
    #[error("The file can't be read: {0}")]
    File(#[from] std::io::Error),
    /// The workbook can't be read.
    #[error(transparent)]
    Workbook(#[from] Unreadable),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The attributes that exist.
pub fn known(catalog: &Catalog) -> Known {
    let of = |owner: Owner| {
        let all = catalog.definitions.get(&owner).into_iter().flatten();
        all.map(move |(name, definition)| (owner, name.clone(), definition.kind))
    };
    Known::new(Owner::ALL.into_iter().flat_map(of), catalog.settings.time_zone)
}

fn found(tx: &Tx<'_>, key: ImportKey) -> Result<Import, ImportError> {
    imports::find(&tx.reader(), key)?.ok_or(ImportError::Unknown)
}

fn draft(tx: &Tx<'_>, key: ImportKey, what: &'static str) -> Result<Import, ImportError> {
    let import = found(tx, key)?;
    match import.state {
        State::Draft => Ok(import),
        state => Err(ImportError::State { state, what }),
    }
}

/// How a draft is to be imported.
#[derive(Debug, Clone, PartialEq)]
pub struct SetUp {
    /// What its rows are.
    pub kind: Kind,
    /// How it is read.
    pub reading: Reading,
    /// What its columns are.
    pub mapping: Mapping,
    /// How rows match existing records.
    pub policy: Policy,
}

/// Says how a draft is to be imported; what a check said before holds no more.
///
/// # Errors
/// It is not a draft any more.
pub fn set_up(tx: &mut Tx<'_>, key: ImportKey, set_up: SetUp) -> Result<(), ImportError> {
    let before = draft(tx, key, "can no longer be changed: start again with the same file")?;
    let SetUp { kind, reading, mapping, policy } = set_up;
    Ok(imports::keep(tx, &Import { kind, reading, mapping, policy, checked: None, ..before })?)
}

/// Asks for a check of a draft, which changes nothing.
///
/// # Errors
/// It is not a draft, or its mapping does not say whom a row is about.
pub fn check(tx: &mut Tx<'_>, key: ImportKey) -> Result<(), ImportError> {
    begin(tx, key, State::Checking)
}

/// Lets a draft run.
///
/// # Errors
/// As [`check`].
pub fn run(tx: &mut Tx<'_>, key: ImportKey) -> Result<(), ImportError> {
    begin(tx, key, State::Queued)
}

fn begin(tx: &mut Tx<'_>, key: ImportKey, state: State) -> Result<(), ImportError> {
    let import = draft(tx, key, "has already started")?;
    import.mapping.check(import.kind).map_err(ImportError::SetUp)?;
    imports::forget_refusals(tx, key)?;
    Ok(imports::keep(tx, &Import { state, problem: None, ..import })?)
}

/// Stops an import. What was imported by then stays, and can be taken back; a check leaves nothing.
///
/// # Errors
/// It is not under way.
pub fn cancel(tx: &mut Tx<'_>, key: ImportKey) -> Result<(), ImportError> {
    let import = found(tx, key)?;
    let (state, ended_ms) = match import.state {
        State::Checking => (State::Draft, None),
        State::Queued | State::Running => {
            replaces::forget(tx, key)?;
            (State::Cancelled, Some(tx.now_ms))
        }
        state => return Err(ImportError::State { state, what: "nothing is running that could be stopped" }),
    };
    Ok(imports::keep(tx, &Import { state, ended_ms, ..import })?)
}

/// Lets an import be taken back.
///
/// # Errors
/// It has not run, or nobody kept which events it stored.
pub fn undo(tx: &mut Tx<'_>, key: ImportKey) -> Result<(), ImportError> {
    let import = found(tx, key)?;
    match import.state {
        _ if imports::is_of_shared_source(&tx.catalog(), &import) => Err(ImportError::EventsStay),
        state if state.has_run() => Ok(imports::keep(tx, &Import { state: State::Undoing, ..import })?),
        state => Err(ImportError::State { state, what: "there is nothing to undo" }),
    }
}

/// Throws a draft away.
///
/// # Errors
/// It is not a draft.
pub fn discard(tx: &mut Tx<'_>, key: ImportKey) -> Result<(), ImportError> {
    let import = draft(tx, key, "what it did stays")?;
    Ok(imports::remove(tx, import.key)?)
}

/// Notes that an import can't go on.
///
/// # Errors
/// [`StoreError`] only.
pub fn fail(tx: &mut Tx<'_>, key: ImportKey, problem: &str) -> Result<(), StoreError> {
    let Some(import) = imports::find(&tx.reader(), key)? else { return Ok(()) };
    let state = if import.state == State::Checking { State::Draft } else { State::Failed };
    let ended_ms = Some(tx.now_ms).filter(|_| state == State::Failed);
    replaces::forget(tx, key)?;
    imports::keep(tx, &Import { state, ended_ms, problem: Some(problem.to_owned()), ..import })
}

/// Takes the next rows of an import, from `first` on (from 0), as many as there is time for, and keeps how far it is in
/// the same transaction. How many it took; `None` where it does not go on: these were the last, it was stopped, or
/// somebody else took them.
///
/// # Errors
/// [`StoreError`] only; nothing of the chunk is kept then.
pub fn chunk(
    tx: &mut Tx<'_>,
    key: ImportKey,
    first: u64,
    rows: &[Vec<Value>],
    is_last: bool,
) -> Result<Option<usize>, StoreError> {
    let began = Instant::now();
    let Some(mut import) = imports::find(&tx.reader(), key)? else { return Ok(None) };
    if !matches!(import.state, State::Queued | State::Running) || import.rows_done != first {
        return Ok(None);
    }
    let source = match import.source {
        Some(source) => source,
        None => imports::source(tx, &import)?,
    };
    (import.source, import.state) = (Some(source), State::Running);
    // One moment for all rows, however long they take: a chunk that is taken again says the same.
    let started_ms = *import.started_ms.get_or_insert(tx.now_ms);
    let reader = |import: &Import, tx: &Tx<'_>| {
        let (mapping, reading) = (import.mapping.clone(), import.reading.clone());
        Reader::new(import.kind, mapping, reading, import.policy, known(&tx.catalog()))
    };
    let delivery = Delivery { source, grade: Grade::Import, sent_at_ms: None, received_ms: tx.now_ms };
    if first == 0 {
        let reader = reader(&import, tx);
        define(tx, &mut import, &reader, delivery)?;
    }
    let reader = reader(&import, tx);
    let (source_of_ids, mut events, mut taken) = (imports::source_of_ids(tx)?, Vec::new(), 0);
    for (number, cells) in (first + 1..).zip(rows) {
        let (import, events) = (&mut import, &mut events);
        let at_ms = started_ms;
        let mut taking = row::Taking { tx, import, delivery, at_ms, number, cells, source_of_ids, events };
        taking.take(&reader)?;
        taken += 1;
        if began.elapsed() > CHUNK {
            break;
        }
    }
    traces::keep_events(tx, key, first + 1, &events)?;
    import.rows_done += taken as u64;
    import.report.rows = import.rows_done;
    let is_done = is_last && taken == rows.len() && !replace::end_others(tx, &mut import, source)?;
    if is_done {
        (import.state, import.ended_ms) = (State::Done, Some(tx.now_ms));
    }
    imports::keep(tx, &import)?;
    Ok((!is_done).then_some(taken))
}

/// Makes the attributes that the mapping names, each of the type that it says: the first value does not decide.
fn define(tx: &mut Tx<'_>, import: &mut Import, reader: &Reader, delivery: Delivery) -> Result<(), StoreError> {
    for (owner, name, kind) in reader.new_attributes() {
        let known = tx.catalog().definitions.get(&owner).map_or(0, |names| names.len());
        // Beyond the limit its values are refused one by one, by name (A4).
        if known < DEFINITIONS_PER_KIND_MAX && tx.catalog().decided(owner, &name).is_none() {
            definitions::define(tx, owner, &name, kind, delivery.grade, delivery.source)?;
            import.report.new_attributes.push(format!("{}.{name}", owner.as_str()));
        }
    }
    Ok(())
}
