//! All deeds, the newest first: by whoever did them, of whichever day.

use serde_json::Value;

use super::{ChangeSet, first_of_set, set_of};
use crate::domain::change::Doer;
use crate::domain::ids::ChangeKey;
use crate::store::history::first_after;
use crate::store::list::{self, Cursor, Page};
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
    let (first, end) = match wanted.span_ms {
        Some((from_ms, to_ms)) => (first_after(db, from_ms - 1)?.0, first_after(db, to_ms)?.0),
        None => (0, i64::MAX),
    };
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
    let mut sets = Vec::new();
    for key in keys.into_iter().take(wanted.size) {
        let (rows, total) = first_of_set(db, ChangeKey(key), wanted.fields)?;
        let read = rows.len() as u64;
        let mut rows = rows.into_iter();
        let Some(first) = rows.next() else { continue };
        let mut set = set_of(db, first)?;
        set.changes.extend(rows);
        set.beyond = total.saturating_sub(read);
        sets.push(set);
    }
    Ok(Page { rows: sets, next })
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
