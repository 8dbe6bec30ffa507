//! An import is taken back, in chunks, from its last change on: first the users whom it made and of whom nothing else
//! is known by now, then such companies, then all else it changed, unless it has changed since.

use crate::actions::undo::{UndoError, Undoing};
use crate::domain::access::Grade;
use crate::domain::change::{By, CREATED, Change, Subject};
use crate::domain::ids::{ChangeKey, ImportKey, SourceKey};
use crate::store::changes::ChangeRow;
use crate::store::imports::{self, Import, State};
use crate::store::{StoreError, Tx, changes, made};

/// Change sets of one chunk.
const CHUNK_SETS: usize = 50;

/// What is done with all change sets, one after the other.
const USERS: i64 = 0;
const COMPANIES: i64 = 1;

/// Takes the next chunk of an import back; whether it goes on.
///
/// # Errors
/// [`StoreError`] only.
pub fn step(tx: &mut Tx<'_>, key: ImportKey) -> Result<bool, StoreError> {
    let Some(mut import) = imports::find(&tx.reader(), key)? else { return Ok(false) };
    if import.state != State::Undoing {
        return Ok(false);
    }
    let Some(source) = import.source else { return ended(tx, import) };
    let before = import.undo_before.unwrap_or(i64::MAX);
    let sets = imports::change_sets(&tx.reader(), source, before, CHUNK_SETS)?;
    let mut done = Vec::new();
    for set in &sets {
        let rows = changes::of_set(&tx.reader(), *set)?;
        match import.undo_stage {
            USERS | COMPANIES => take_away(tx, &mut import, source, &rows, &mut done)?,
            _ => take_back(tx, &mut import, *set, &rows)?,
        }
    }
    changes::record(tx, &by(&import), "undo", Grade::Hand, &done)?;
    import.undo_before = sets.last().map(|set| set.0);
    if sets.len() < CHUNK_SETS {
        (import.undo_stage, import.undo_before) = (import.undo_stage + 1, None);
        if import.undo_stage > COMPANIES + 1 {
            return ended(tx, import);
        }
    }
    imports::keep(tx, &import)?;
    Ok(true)
}

fn ended(tx: &mut Tx<'_>, import: Import) -> Result<bool, StoreError> {
    imports::keep(tx, &Import { state: State::Undone, ended_ms: Some(tx.now_ms), ..import })?;
    Ok(false)
}

fn by(import: &Import) -> By {
    match import.by_kind.as_str() {
        "operator" => By::Operator(import.by_name.clone()),
        "token" => By::Token(import.by_name.clone()),
        _ => By::Shell,
    }
}

fn take_away(
    tx: &mut Tx<'_>,
    import: &mut Import,
    source: SourceKey,
    rows: &[ChangeRow],
    done: &mut Vec<Change>,
) -> Result<(), StoreError> {
    for row in rows.iter().filter(|row| row.field == CREATED) {
        let is_of_stage = match row.about {
            Subject::User(_) => import.undo_stage == USERS,
            Subject::Company(_) => import.undo_stage == COMPANIES,
            _ => false,
        };
        if !is_of_stage || !made::is_there(tx, row.about)? {
            continue;
        }
        if let Some(followed) = made::take_away_imported(tx, row.about, source)? {
            done.push(Change::new(row.about, row.field.clone(), row.after.clone(), None));
            done.extend(followed);
            import.taken_back.gone += 1;
        }
    }
    Ok(())
}

fn take_back(tx: &mut Tx<'_>, import: &mut Import, set: ChangeKey, rows: &[ChangeRow]) -> Result<(), StoreError> {
    let Some(deed) = changes::deed(tx, set)?.filter(|deed| deed.undone_by.is_none()) else { return Ok(()) };
    let mut undoing = Undoing::of(tx, deed);
    for row in rows.iter().rev() {
        if !made::is_there(undoing.tx, row.about)? {
            continue;
        }
        match undoing.field(row) {
            Ok(()) => {}
            Err(UndoError::Store(error)) => return Err(error),
            // What can't be taken back stays, and is counted.
            Err(_) => import.taken_back.kept += 1,
        }
    }
    let (changes, conflicts) = undoing.ended();
    import.taken_back.fields += changes.len() as u64;
    import.taken_back.kept += conflicts.len() as u64;
    if let Some(new) = changes::record(tx, &by(import), "undo", Grade::Hand, &changes)? {
        changes::mark_undone(tx, set, new)?;
    }
    Ok(())
}
