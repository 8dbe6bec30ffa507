//! The chunks of the work on all values of an attribute.

use chrono_tz::Tz;

use crate::domain::attributes::{self, Attributes, Owner, Type, Write};
use crate::domain::change::{Change, Subject};
use crate::domain::error::{Code, Refused};
use crate::domain::ids::UserKey;
use crate::store::attribute_rows::{self, Table};
use crate::store::attribute_work::{self, BEFORE_ALL, Deed, Work};
use crate::store::merges::own;
use crate::store::tray::{self, Waiting};
use crate::store::{
    Definition, StoreError, Tx, attributes as definitions, changes, companies, memberships, users, visitors,
};

/// Rows of one chunk: the writer is held for so long, then others pass.
const CHUNK_ROWS: u64 = 200;
/// Rows of the first chunk, which belongs to the deed itself: a small workspace is done at once.
const FIRST_ROWS: u64 = 500;

/// What a stage of the work goes through.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Rows(Table),
    Tray,
}

fn stage(work: &Work) -> Option<Stage> {
    let tables = Table::with_own(work.owner);
    match (work.deed, work.stage) {
        (Deed::Apply | Deed::Discard | Deed::Delete, 0) => Some(Stage::Tray),
        (Deed::Apply | Deed::Discard, _) => None,
        (Deed::Delete, stage) => tables.get(stage - 1).copied().map(Stage::Rows),
        (Deed::Convert, stage) if stage == tables.len() => Some(Stage::Tray),
        (Deed::Convert, stage) => tables.get(stage).copied().map(Stage::Rows),
    }
}

/// Does the next chunk of the oldest work; whether there was any.
///
/// # Errors
/// [`StoreError`] only.
pub fn step(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let Some(mut work) = attribute_work::next(tx)? else { return Ok(false) };
    chunk(tx, &mut work, CHUNK_ROWS)?;
    Ok(true)
}

/// The chunk that belongs to the deed.
pub(super) fn first_chunk(tx: &mut Tx<'_>, work: &mut Work) -> Result<(), StoreError> {
    chunk(tx, work, FIRST_ROWS)
}

/// Goes on until so many rows were looked at or all is done.
fn chunk(tx: &mut Tx<'_>, work: &mut Work, rows_max: u64) -> Result<(), StoreError> {
    let mut rows_left = rows_max;
    while let Some(stage) = stage(work) {
        let definition = tx.catalog().definition(work.owner, &work.name);
        let rows = match (stage, definition) {
            (Stage::Tray, _) if matches!(work.deed, Deed::Discard | Deed::Delete) => discard(tx, work, rows_left)?,
            (Stage::Tray, Some(definition)) => waiting(tx, work, definition, rows_left)?,
            (Stage::Rows(table), Some(definition)) => values(tx, work, table, definition, rows_left)?,
            // What has no definition any more has nothing to become.
            (_, None) => break,
        };
        work.seen += rows;
        if rows == rows_left {
            return attribute_work::keep(tx, work);
        }
        rows_left -= rows;
        work.stage += 1;
        work.reached = BEFORE_ALL;
    }
    if work.deed == Deed::Delete {
        definitions::remove(tx, work.owner, &work.name)?;
    }
    work.ended_ms = Some(tx.now_ms);
    attribute_work::keep(tx, work)
}

/// Converts or takes away the values of some rows.
fn values(
    tx: &mut Tx<'_>,
    work: &mut Work,
    table: Table,
    definition: Definition,
    limit: u64,
) -> Result<u64, StoreError> {
    let zone = tx.catalog().settings.time_zone;
    let rows = attribute_rows::after(&tx.reader(), table, (work.reached[0], work.reached[1]), limit)?;
    for row in &rows {
        work.reached = [row.key.0, row.key.1, 0];
        if !row.may_know(&work.name) {
            continue;
        }
        let mut known = row.attributes();
        let (before, after) = match work.deed {
            Deed::Delete => match known.remove(&work.name) {
                Some(_) if table.is_own() => {
                    attribute_rows::put(tx, row, &known)?;
                    continue;
                }
                Some(before) => (before, None),
                None => continue,
            },
            _ => {
                let was = Type::parse(&work.was).unwrap_or(Type::Object);
                let Some(retyped) = known.retype(&work.name, (was, definition.kind), zone) else { continue };
                if table.is_own() {
                    attribute_rows::put(tx, row, &known)?;
                    continue;
                }
                for left in &retyped.left {
                    tray::keep(tx, row.subject(), &work.name, Code::TypeMismatch, &left.value, left.stamp)?;
                }
                work.left_over += u64::from(!retyped.left.is_empty());
                // What says the same in another type is not a change of anyone's.
                let same = retyped.after.is_some() || retyped.before.is_none();
                if same { (None, None) } else { (retyped.before, None) }
            }
        };
        attribute_rows::put(tx, row, &known)?;
        work.done += u64::from(work.deed == Deed::Delete || before.is_none());
        if before.is_some() && definition.history {
            note(tx, work, row.subject(), before, after)?;
        }
    }
    Ok(rows.len() as u64)
}

/// Notes a change of someone's value in the change set of the deed.
fn note(
    tx: &Tx<'_>,
    work: &mut Work,
    subject: Subject,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
) -> Result<(), StoreError> {
    let Some(set) = work.change else { return Ok(()) };
    changes::add(tx, set, work.place, &Change::new(subject, &work.name, before, after))?;
    work.place += 1;
    Ok(())
}

/// Throws away some of what waits in the tray.
fn discard(tx: &mut Tx<'_>, work: &mut Work, limit: u64) -> Result<u64, StoreError> {
    let found = tray::waiting(&tx.reader(), work.owner, &work.name, work.reached, limit)?;
    for waiting in &found {
        work.reached = waiting.place();
        tray::take_out(tx, &work.name, waiting)?;
        work.done += u64::from(work.deed == Deed::Discard);
    }
    Ok(found.len() as u64)
}

/// Applies some of what waits in the tray.
fn waiting(tx: &mut Tx<'_>, work: &mut Work, definition: Definition, limit: u64) -> Result<u64, StoreError> {
    let waits_as = if work.deed == Deed::Apply { work.was.clone() } else { work.name.clone() };
    let zone = tx.catalog().settings.time_zone;
    let found = tray::waiting(&tx.reader(), work.owner, &waits_as, work.reached, limit)?;
    for waiting in &found {
        work.reached = waiting.place();
        match fitting(work.owner, &work.name, definition.kind, &waiting.value, zone) {
            Ok(write) => {
                tray::take_out(tx, &waits_as, waiting)?;
                apply(tx, work, definition, waiting, write)?;
            }
            Err(refused) => {
                if waits_as != work.name {
                    tray::take_out(tx, &waits_as, waiting)?;
                    tray::keep(tx, waiting.subject, &work.name, refused.code, &waiting.value, waiting.stamp)?;
                }
                work.left_over += u64::from(work.deed == Deed::Apply);
            }
        }
    }
    Ok(found.len() as u64)
}

/// What a waiting value writes where it fits the type.
pub(super) fn fitting(
    owner: Owner,
    name: &str,
    kind: Type,
    value: &serde_json::Value,
    zone: Tz,
) -> Result<Write, Refused> {
    attributes::within_limits(name, value)?;
    match Write::of(name, value.clone())? {
        Write::Set(value) if owner == Owner::User && name == "email" => {
            Ok(Write::Set(attributes::email_value(&value)?))
        }
        write => write.converted(name, kind, zone),
    }
}

/// Writes a value that waited, with its own time and grade (T2). Whoever it belonged to may be gone.
fn apply(
    tx: &mut Tx<'_>,
    work: &mut Work,
    definition: Definition,
    waiting: &Waiting,
    write: Write,
) -> Result<(), StoreError> {
    let write_in = |known: &mut Attributes| known.write(&work.name, write.clone(), waiting.stamp);
    if let Some(mut own) = own::of(tx, waiting.subject)? {
        write_in(&mut own);
        own::put(tx, waiting.subject, &own)?;
    }
    let written = match waiting.subject {
        Subject::User(user) => match optional(users::load(tx, user))? {
            Some(mut known) => {
                let written = write_in(&mut known.attributes);
                users::save(tx, &known)?;
                written
            }
            None => return Ok(()),
        },
        Subject::Company(company) => match optional(companies::load(tx, company))? {
            Some(mut known) => {
                let written = write_in(&mut known.attributes);
                companies::save(tx, &known)?;
                written
            }
            None => return Ok(()),
        },
        Subject::Membership(user, company) => match memberships::attributes(tx, user, company)? {
            Some(mut known) => {
                let written = write_in(&mut known);
                memberships::save(tx, user, company, &known)?;
                written
            }
            None => return Ok(()),
        },
        Subject::Visitor(visitor) => match optional(visitors::attributes(tx, visitor))? {
            Some(mut carried) => {
                let written = write_in(&mut carried);
                visitors::save(tx, visitor, &carried)?;
                if let Some(user) = visitors::linked_user(tx, visitor)? {
                    fill_gaps(tx, work, user)?;
                }
                written
            }
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    work.done += 1;
    match written {
        Some((before, after)) if definition.history => note(tx, work, waiting.subject, before, after),
        _ => Ok(()),
    }
}

/// What a visitor carries now fills gaps of its user (R12).
fn fill_gaps(tx: &mut Tx<'_>, work: &mut Work, user: UserKey) -> Result<(), StoreError> {
    let carried = visitors::carried_by(tx, user)?;
    let mut known = users::load(tx, user)?;
    let filled = known.attributes.fill_gaps(&carried);
    users::save(tx, &known)?;
    for (name, before, after) in filled.into_iter().filter(|(name, ..)| *name == work.name) {
        if let Some(set) = work.change {
            changes::add(tx, set, work.place, &Change::new(Subject::User(user), name, before, after))?;
            work.place += 1;
        }
    }
    Ok(())
}

/// What there is; none where it is gone.
fn optional<T>(found: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_missing_row() => Ok(None),
        Err(error) => Err(error),
    }
}
