//! All deeds, the newest first: by whoever did them, of whichever day.

use std::collections::HashMap;

use rusqlite::named_params;
use serde_json::Value;

use super::{ChangeRow, ChangeSet, Place, rows as changes_of, set_of};
use crate::domain::change::Doer;
use crate::domain::ids::ChangeKey;
use crate::store::history::first_after;
use crate::store::list::{self, COUNTED_MAX, Count, Cursor, Page};
use crate::store::{Reader, StoreError};

/// Which deeds are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Of whom; of everybody where nothing is said.
    pub doer: Option<Doer>,
    /// Within these instants, both inclusive (Unix milliseconds).
    pub span_ms: Option<(i64, i64)>,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Deeds of a page.
    pub size: usize,
    /// Fields of a deed that are read.
    pub fields: usize,
}

/// A page of deeds, newest first. Of a deed whose changes were erased nothing is left to tell: a page may
/// hold fewer than `size`.
///
/// # Errors
/// [`StoreError`] only.
pub fn all(db: &Reader<'_>, wanted: &Wanted) -> Result<Page<ChangeSet>, StoreError> {
    let (first, end) = span(db, wanted)?;
    let before = wanted.after.as_ref().map_or(end, |cursor| cursor.key.min(end));
    let mut keys = Vec::new();
    match wanted.doer {
        None => keys.extend(newest(db, None, first, before, wanted.size + 1)?),
        Some(doer) => {
            for kind in doer.kinds() {
                keys.extend(newest(db, Some(kind), first, before, wanted.size + 1)?);
            }
        }
    }
    keys.sort_unstable_by(|a, b| b.cmp(a));
    let next = (keys.len() > wanted.size).then(|| Cursor { value: Value::Null, key: keys[wanted.size - 1] });
    keys.truncate(wanted.size);
    Ok(Page { rows: sets(db, &keys, wanted.fields)?, next })
}

/// How many deeds there are of those that a list shows, all its pages together.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, wanted: &Wanted) -> Result<Count, StoreError> {
    let (first, end) = span(db, wanted)?;
    let of = |kind| newest(db, kind, first, end, COUNTED_MAX as usize).map(|keys| keys.len() as i64);
    let deeds = match wanted.doer {
        None => of(None)?,
        Some(doer) => doer.kinds().iter().map(|kind| of(Some(kind))).sum::<Result<i64, _>>()?,
    };
    Ok(Count::of(deeds))
}

/// The first deed of a list, and the one behind its last.
fn span(db: &Reader<'_>, wanted: &Wanted) -> Result<(i64, i64), StoreError> {
    Ok(match wanted.span_ms {
        Some((from_ms, to_ms)) => (first_after(db, from_ms - 1)?.0, first_after(db, to_ms)?.0),
        None => (0, i64::MAX),
    })
}

/// The first of what one deed changed, in the order in which it did, and how much it is.
///
/// # Errors
/// [`StoreError`] only.
pub fn first_of_set(db: &Reader<'_>, change: ChangeKey, size: usize) -> Result<(Vec<ChangeRow>, u64), StoreError> {
    let deed = sets(db, &[change.0], size)?.pop();
    Ok(deed.map_or_else(Default::default, |deed| {
        let total = deed.changes.len() as u64 + deed.beyond;
        (deed.changes, total)
    }))
}

/// Deeds with the first of what each changed, newest first, without those of which nothing is left.
fn sets(db: &Reader<'_>, keys: &[i64], fields: usize) -> Result<Vec<ChangeSet>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT asked.value,
                (SELECT json_group_array(json_array(first.subject, first.subject_key, first.place)) FROM (
                   SELECT subject, subject_key, place FROM changes INDEXED BY changes_set
                   WHERE change_key = asked.value ORDER BY place LIMIT :fields) AS first),
                (SELECT coalesce(max(place) + 1, 0) FROM changes INDEXED BY changes_set WHERE change_key = asked.value)
         FROM json_each(:keys) AS asked",
    )?;
    let parameters = named_params! { ":keys": list::json_keys(keys.iter().copied()), ":fields": fields as i64 };
    let mut rows = statement.query(parameters)?;
    let (mut places, mut totals) = (Vec::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        let (change_key, total): (i64, i64) = (row.get(0)?, row.get(2)?);
        let first: Vec<[i64; 3]> = serde_json::from_str(&row.get::<_, String>(1)?).unwrap_or_default();
        places.extend(first.iter().map(|[subject, key, place]| Place {
            change_key,
            place: *place,
            subject: *subject,
            subject_key: *key,
        }));
        totals.insert(change_key, total.unsigned_abs());
    }
    let mut sets: Vec<ChangeSet> = Vec::new();
    for row in changes_of(db, &places)? {
        match sets.last_mut() {
            Some(set) if set.change == row.change => set.changes.push(row),
            _ => sets.push(set_of(row)),
        }
    }
    sets.sort_by_key(|set| std::cmp::Reverse(set.change));
    for set in &mut sets {
        let total = totals.get(&set.change.0).copied().unwrap_or_default();
        set.beyond = total.saturating_sub(set.changes.len() as u64);
    }
    Ok(sets)
}

/// The newest deeds of a kind below a key. Messages are nearly all there are, so they are met along the way;
/// the others stand in an index of their own.
fn newest(db: &Reader<'_>, kind: Option<&str>, first: i64, before: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
    let sql = match kind {
        None => {
            "SELECT change_key FROM change_sets
             WHERE change_key >= :first AND change_key < :before ORDER BY change_key DESC LIMIT :limit"
        }
        Some("message") => {
            "SELECT change_key FROM change_sets
             WHERE by_kind = :kind AND change_key >= :first AND change_key < :before
             ORDER BY change_key DESC LIMIT :limit"
        }
        Some(_) => {
            "SELECT change_key FROM change_sets INDEXED BY change_sets_by
             WHERE by_kind = :kind AND by_kind <> 'message' AND change_key >= :first AND change_key < :before
             ORDER BY change_key DESC LIMIT :limit"
        }
    };
    let mut statement = db.0.prepare_cached(sql)?;
    list::bind(&mut statement, ":first", first)?;
    list::bind(&mut statement, ":before", before)?;
    list::bind(&mut statement, ":limit", limit as i64)?;
    if let Some(kind) = kind {
        list::bind(&mut statement, ":kind", kind)?;
    }
    let mut rows = statement.raw_query();
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(row.get(0)?);
    }
    Ok(keys)
}
