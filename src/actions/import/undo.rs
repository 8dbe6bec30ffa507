//! An import is taken back, in chunks, from its last row on: first its events; then links of browsers; then the users
//! whom it made and of whom nothing else is known by now, then such companies; then all else it changed, unless it has
//! changed since, with those whom only that had held; and last the moments at which everybody was first seen. Between two chunks others pass, and where it
//! stands is kept with each.

use crate::actions::undo::{UndoError, Undoing};
use crate::actions::webhooks;
use crate::domain::access::Grade;
use crate::domain::change::{By, CREATED, Change, LINK, Subject};
use crate::domain::ids::{ChangeKey, ImportKey, SourceKey};
use crate::domain::import::Target;
use crate::store::changes::ChangeRow;
use crate::store::imports::{self, Import, State, replaces, said, traces};
use crate::store::{StoreError, Tx, changes, made, memberships, merges, users, visitors};

/// Change sets of one chunk.
const CHUNK_SETS: usize = 20;
/// People of one chunk of those who are given their first moment back.
const CHUNK_FIRSTS: usize = 20;
/// Events of one chunk that are looked at for browsers, and rows of one that are forgotten.
const CHUNK_LOOKED_AT: i64 = 2_000;

/// The stages, in their order.
const EVENTS: i64 = 0;
const LINKS: i64 = 1;
const USERS: i64 = 2;
const COMPANIES: i64 = 3;
const FIELDS: i64 = 4;
/// What it said again of memberships that were known.
const SAID_AGAIN: i64 = 5;
/// Users and companies that only what the import changed of others had held.
const LEFT: i64 = 6;
const FIRSTS: i64 = 7;
const BROWSERS: i64 = 8;
const TRACES: i64 = 9;

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
    let next = match import.undo_stage {
        EVENTS => match traces::take_events(tx, key, source, before)? {
            Some((first_row, gone)) => {
                import.taken_back.events += gone;
                Some(first_row)
            }
            None => None,
        },
        SAID_AGAIN => unsay(tx, &import, source, before)?,
        LINKS..=LEFT => sets_back(tx, &mut import, source, before)?,
        FIRSTS => (traces::set_firsts_back(tx, key, CHUNK_FIRSTS)? == CHUNK_FIRSTS).then_some(before),
        BROWSERS if names_browsers(&import) => traces::see_browsers_again(tx, before, CHUNK_LOOKED_AT)?,
        TRACES => {
            replaces::forget(tx, key)?;
            traces::forget(tx, key, CHUNK_LOOKED_AT as usize)?.then_some(before)
        }
        _ => None,
    };
    import.undo_before = next;
    if next.is_none() {
        import.undo_stage += 1;
        if import.undo_stage > TRACES {
            return ended(tx, import);
        }
    }
    imports::keep(tx, &import)?;
    Ok(true)
}

/// Whether its rows named browsers.
fn names_browsers(import: &Import) -> bool {
    import.mapping.0.iter().any(|column| column.target == Target::AnonymousId)
}

/// Goes back over its next change sets. Answers the last of them, where there may be more.
fn sets_back(tx: &mut Tx<'_>, import: &mut Import, source: SourceKey, before: i64) -> Result<Option<i64>, StoreError> {
    let sets = imports::change_sets(&tx.reader(), source, before, CHUNK_SETS)?;
    let mut done = Vec::new();
    for set in &sets {
        let rows = changes::of_set(&tx.reader(), *set)?;
        match import.undo_stage {
            LINKS => unlink(tx, import.key, &rows, &mut done)?,
            USERS | COMPANIES => take_away(tx, import, source, &rows, &mut done)?,
            FIELDS => take_back(tx, import, source, *set, &rows)?,
            LEFT => {
                take_away(tx, import, source, &rows, &mut done)?;
                hand_over(tx, *set, &rows)?;
                mark_gone(tx, *set, &rows)?;
            }
            _ => {}
        }
    }
    changes::record(tx, &by(import), changes::UNDO, Grade::Hand, &done)?;
    Ok(sets.last().filter(|_| sets.len() == CHUNK_SETS).map(|set| set.0))
}

/// What the import said again of memberships goes with it. Answers the last user, where there may be more.
fn unsay(tx: &mut Tx<'_>, import: &Import, source: SourceKey, before: i64) -> Result<Option<i64>, StoreError> {
    let users = said::members_of(tx, source, before, CHUNK_SETS)?;
    let mut done = Vec::new();
    for user in &users {
        let person = tx.catalog().survivor(*user);
        done.extend(memberships::unsay_all_of(tx, person, source)?.unwrap_or_default());
    }
    changes::record(tx, &by(import), changes::UNDO, Grade::Hand, &done)?;
    Ok(users.last().filter(|_| users.len() == CHUNK_SETS).map(|user| user.0))
}

/// What another import says too is its own now, and goes with that one.
fn hand_over(tx: &Tx<'_>, set: ChangeKey, rows: &[ChangeRow]) -> Result<(), StoreError> {
    for row in rows {
        if made::is_there(tx, row.about)?
            && let Some(heir) = said::heir(tx, row)?
        {
            return said::hand_over(tx, set, heir);
        }
    }
    Ok(())
}

/// The making of somebody who is gone was taken back, by the deed that took them away.
fn mark_gone(tx: &Tx<'_>, set: ChangeKey, rows: &[ChangeRow]) -> Result<(), StoreError> {
    if changes::deed(tx, set)?.is_none_or(|deed| deed.undone_by.is_some()) {
        return Ok(());
    }
    for row in rows.iter().filter(|row| row.field == CREATED) {
        if !made::is_there(tx, row.about)?
            && let Some(latest) = changes::latest(tx, row.about, CREATED)?.filter(|latest| latest.change != set)
        {
            return changes::mark_undone(tx, set, latest.change);
        }
    }
    Ok(())
}

fn ended(tx: &mut Tx<'_>, import: Import) -> Result<bool, StoreError> {
    imports::keep(tx, &Import { state: State::Undone, ended_ms: Some(tx.now_ms), ..import })?;
    Ok(false)
}

/// Who imported it.
pub(super) fn by(import: &Import) -> By {
    match import.by_kind.as_str() {
        "operator" => By::Operator(import.by_name.clone()),
        "token" => By::Token(import.by_name.clone()),
        _ => By::Shell,
    }
}

/// Browsers are nobody's again, with what waited on them; what they carried fills no gaps any more (R12).
fn unlink(tx: &mut Tx<'_>, import: ImportKey, rows: &[ChangeRow], done: &mut Vec<Change>) -> Result<(), StoreError> {
    for row in rows.iter().filter(|row| row.field == LINK) {
        let Subject::Visitor(visitor) = row.about else { continue };
        // A browser is linked once, so it is as the import linked it.
        let Some(user) = visitors::linked_as(tx, visitor)? else { continue };
        if !merges::unlink(tx, visitor, user)? {
            continue;
        }
        done.push(Change::new(row.about, LINK, row.after.clone(), None));
        traces::wait_again(tx, import, visitor, user)?;
        let person = tx.catalog().survivor(user);
        done.extend(memberships::restate(tx, person)?);
        let (carried, mut known) = (users::carried_by(tx, person)?, users::load(tx, person)?);
        for (name, before, after) in known.attributes.fill_gaps(&carried) {
            done.push(Change::new(Subject::User(person), name, before, after));
        }
        users::save(tx, &known)?;
    }
    Ok(())
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
            Subject::User(_) => matches!(import.undo_stage, USERS | LEFT),
            Subject::Company(_) => matches!(import.undo_stage, COMPANIES | LEFT),
            _ => false,
        };
        if !is_of_stage || !made::is_there(tx, row.about)? {
            continue;
        }
        let farewell = webhooks::farewell(tx, row.about)?;
        if let Some(followed) = made::take_away_imported(tx, row.about, source)? {
            if let Some((kind, data)) = farewell {
                webhooks::tell(tx, kind, data)?;
            }
            done.push(Change::new(row.about, row.field.clone(), row.after.clone(), None));
            done.extend(followed);
            import.taken_back.gone += 1;
        } else if import.undo_stage == LEFT {
            import.taken_back.kept += 1;
        } else {
            traces::set_made_back(tx, import.key, row.about)?;
        }
    }
    Ok(())
}

fn take_back(
    tx: &mut Tx<'_>,
    import: &mut Import,
    source: SourceKey,
    set: ChangeKey,
    rows: &[ChangeRow],
) -> Result<(), StoreError> {
    let Some(deed) = changes::deed(tx, set)?.filter(|deed| deed.undone_by.is_none()) else { return Ok(()) };
    let mut undoing = Undoing::of_import(tx, deed, source);
    let links = rows.iter().any(|row| row.field == LINK);
    let is_made = |row: &ChangeRow| row.field == CREATED && matches!(row.about, Subject::User(_) | Subject::Company(_));
    for row in rows.iter().rev().filter(|row| row.field != LINK && !is_made(row)) {
        if !made::is_there(undoing.tx, row.about)? || links && is_back(undoing.tx, row)? {
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
    if let Some(new) = changes::record(tx, &by(import), changes::UNDO, Grade::Hand, &changes)? {
        changes::mark_undone(tx, set, new)?;
    }
    Ok(())
}

/// Whether what a link brought a user went with it.
fn is_back(tx: &Tx<'_>, row: &ChangeRow) -> Result<bool, StoreError> {
    Ok(match row.about {
        Subject::User(user) => users::load(tx, user)?.attributes.get(&row.field) == row.before,
        Subject::Membership(user, company) => memberships::attributes(tx, user, company)?.is_none(),
        _ => false,
    })
}
