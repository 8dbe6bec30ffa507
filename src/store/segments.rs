//! Segments: saved filters, and how many met each of them on each day.

use std::collections::HashMap;

use rusqlite::{Connection, Row, named_params, params};
use sha2::{Digest, Sha256};

use super::companies::Shelf;
use super::filter_sql::{self, Moment};
use super::list::{Count, Extent, ListQuery, PAGE_ROWS};
use super::{Reader, StoreError, Tx, companies, users};
use crate::domain::filter::{Filter, Listed};
use crate::domain::ids::{CompanyKey, SegmentKey, UserKey};
use crate::domain::segments::Segment;

/// The size of a segment on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The day, days since 1970-01-01 in the workspace's zone.
    pub day: i32,
    /// How many met its filter.
    pub size: u64,
    /// Counted at, Unix milliseconds: the last time of the day.
    pub counted_ms: i64,
}

/// Whether someone is in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Someone {
    /// A user or lead.
    User(UserKey),
    /// A company.
    Company(CompanyKey),
}

/// All segments in the order they were made, those supplied first.
pub(super) fn load(connection: &Connection) -> Result<Vec<Segment>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT segment_key, segment_id, list, name, filter, supplied, made_by, made_ms FROM segments ORDER BY segment_key",
    )?;
    let rows = statement.query_map([], segment)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A segment of the eight columns of [`load`].
fn segment(row: &Row<'_>) -> rusqlite::Result<Segment> {
    Ok(Segment {
        key: SegmentKey(row.get(0)?),
        segment_id: row.get(1)?,
        // The table takes no other word.
        listed: Listed::parse(row.get_ref(2)?.as_str()?).unwrap_or(Listed::Users),
        name: row.get(3)?,
        filter: row.get(4)?,
        is_supplied: row.get(5)?,
        made_by: row.get(6)?,
        made_ms: row.get(7)?,
    })
}

/// What stands for a filter: sizes belong to it, so that they are there again when it is.
pub(super) fn edition(filter: &str) -> i64 {
    let hash = Sha256::digest(filter.as_bytes());
    i64::from_be_bytes(hash[..8].try_into().expect("eight bytes"))
}

/// The sizes of a segment on the last days on which it was counted, oldest first, at most so many.
///
/// # Errors
/// [`StoreError`] only.
pub fn sizes(db: &Reader<'_>, segment: &Segment, days: usize) -> Result<Vec<Size>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT day, size, counted_ms FROM segment_days
         WHERE segment_key = :segment AND edition = :edition ORDER BY day DESC LIMIT :days",
    )?;
    let parameters = named_params! {
        ":segment": segment.key.0,
        ":edition": edition(&segment.filter),
        ":days": days as i64,
    };
    let rows = statement.query_map(parameters, |row| {
        Ok(Size { day: row.get(0)?, size: row.get::<_, i64>(1)?.unsigned_abs(), counted_ms: row.get(2)? })
    })?;
    let mut sizes = rows.collect::<Result<Vec<_>, _>>()?;
    sizes.reverse();
    Ok(sizes)
}

/// The sizes of these segments since a day, each oldest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn recent(
    db: &Reader<'_>,
    segments: &[Segment],
    since_day: i32,
) -> Result<HashMap<SegmentKey, Vec<Size>>, StoreError> {
    let wanted: Vec<(i64, i64)> = segments.iter().map(|segment| (segment.key.0, edition(&segment.filter))).collect();
    let mut statement = db.0.prepare_cached(
        "SELECT d.segment_key, d.day, d.size, d.counted_ms FROM json_each(:wanted) AS wanted
         CROSS JOIN segment_days AS d
           ON d.segment_key = wanted.value ->> 0 AND d.edition = wanted.value ->> 1 AND d.day >= :since
         ORDER BY d.segment_key, d.day",
    )?;
    let parameters = named_params! { ":wanted": serde_json::json!(wanted).to_string(), ":since": since_day };
    let mut rows = statement.query(parameters)?;
    let mut sizes: HashMap<SegmentKey, Vec<Size>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let size = Size { day: row.get(1)?, size: row.get::<_, i64>(2)?.unsigned_abs(), counted_ms: row.get(3)? };
        sizes.entry(SegmentKey(row.get(0)?)).or_default().push(size);
    }
    Ok(sizes)
}

/// How many meet a filter.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(
    db: &Reader<'_>,
    listed: Listed,
    filter: &Filter,
    extent: Extent,
    now_ms: i64,
) -> Result<Count, StoreError> {
    match listed {
        Listed::Companies => companies::count_matching(db, Shelf::InUse, None, Some(filter), extent, now_ms),
        _ => users::count_matching(db, None, Some(filter), extent, now_ms),
    }
}

/// How many meet a filter, as the first page of their list says it: few exactly, many as far as a page takes time for.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_as_listed(db: &Reader<'_>, listed: Listed, filter: &Filter, now_ms: i64) -> Result<Count, StoreError> {
    let counted = count(db, listed, filter, Extent::Quickly, now_ms)?;
    if !matches!(counted, Count::AtLeast(_)) {
        return Ok(counted);
    }
    let filter = Some(filter.clone());
    let (rows, is_all) = match listed {
        Listed::Companies => {
            let sort = companies::SortBy::LastSeen;
            let query = ListQuery { search: None, filter, sort, descending: true, after: None, size: PAGE_ROWS };
            let page = companies::list(db, Shelf::InUse, &query, now_ms)?;
            (page.rows.len() as u64, page.next.is_none())
        }
        _ => {
            let sort = users::SortBy::LastSeen;
            let query = ListQuery { search: None, filter, sort, descending: true, after: None, size: PAGE_ROWS };
            let page = users::list(db, &query, now_ms)?;
            (page.rows.len() as u64, page.next.is_none())
        }
    };
    Ok(if is_all { Count::Exactly(rows) } else { counted.at_least(rows) })
}

/// Which of these filters somebody meets, in their order.
///
/// # Errors
/// [`StoreError`] only.
pub fn met(db: &Reader<'_>, someone: Someone, filters: &[&Filter], now_ms: i64) -> Result<Vec<bool>, StoreError> {
    let (listed, key) = match someone {
        Someone::User(user) => (Listed::Users, user.0),
        Someone::Company(company) => (Listed::Companies, company.0),
    };
    filter_sql::met(db, listed, key, filters, &Moment::of(db, now_ms)?)
}

// What the writer needs ------------------------------------------------------

/// Adds a segment under the next key, and answers it. Its id and name are its own.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(tx: &mut Tx<'_>, new: Segment) -> Result<Segment, StoreError> {
    insert(tx, None, &new)?;
    let added = Segment { key: SegmentKey(tx.connection.last_insert_rowid()), ..new };
    publish(tx, |all| all.push(added.clone()));
    Ok(added)
}

/// Puts a segment back that was taken out, under the key that it had.
///
/// # Errors
/// [`StoreError`] only.
pub fn put_back(tx: &mut Tx<'_>, segment: &Segment) -> Result<(), StoreError> {
    insert(tx, Some(segment.key), segment)?;
    publish(tx, |all| {
        all.push(segment.clone());
        all.sort_by_key(|known| known.key);
    });
    Ok(())
}

fn insert(tx: &Tx<'_>, key: Option<SegmentKey>, segment: &Segment) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO segments (segment_key, segment_id, list, name, filter, made_by, made_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            key.map(|key| key.0),
            segment.segment_id,
            segment.listed.as_str(),
            segment.name,
            segment.filter,
            segment.made_by,
            segment.made_ms
        ])?;
    Ok(())
}

/// Changes the name and the filter of a segment.
///
/// # Errors
/// [`StoreError`] only.
pub fn set(tx: &mut Tx<'_>, key: SegmentKey, name: &str, filter: &str) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE segments SET name = ?2, filter = ?3 WHERE segment_key = ?1")?
        .execute(params![key.0, name, filter])?;
    publish(tx, |all| {
        if let Some(segment) = all.iter_mut().find(|segment| segment.key == key) {
            (segment.name, segment.filter) = (name.to_owned(), filter.to_owned());
        }
    });
    Ok(())
}

/// Gives a segment an id that says nothing, of its key.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_id(tx: &mut Tx<'_>, key: SegmentKey) -> Result<(), StoreError> {
    let id = format!("segment_{}_{}", key.0, &tx.ambient.token()[..6]);
    tx.connection
        .prepare_cached("UPDATE segments SET segment_id = ?2 WHERE segment_key = ?1")?
        .execute(params![key.0, id])?;
    publish(tx, |all| {
        if let Some(segment) = all.iter_mut().find(|segment| segment.key == key) {
            segment.segment_id = id;
        }
    });
    Ok(())
}

/// Takes a segment out. Its sizes stay until they are old, for the case that it is put back.
///
/// # Errors
/// [`StoreError`] only.
pub fn remove(tx: &mut Tx<'_>, key: SegmentKey) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM segments WHERE segment_key = ?1")?.execute([key.0])?;
    publish(tx, |all| all.retain(|segment| segment.key != key));
    Ok(())
}

fn publish(tx: &mut Tx<'_>, change: impl FnOnce(&mut Vec<Segment>)) {
    let catalog = tx.catalog_mut();
    let mut all = catalog.segments.to_vec();
    change(&mut all);
    catalog.segments = all.into();
}

/// Keeps the size of a segment on a day: the last of the day stands.
///
/// # Errors
/// [`StoreError`] only.
pub fn note_size(tx: &mut Tx<'_>, segment: &Segment, size: Size) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO segment_days (segment_key, edition, day, size, counted_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET size = excluded.size, counted_ms = excluded.counted_ms",
        )?
        .execute(params![
            segment.key.0,
            edition(&segment.filter),
            size.day,
            i64::try_from(size.size).unwrap_or(i64::MAX),
            size.counted_ms
        ])?;
    Ok(())
}

/// Takes out sizes of before a day, so many at most; whether there are more.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_sizes(tx: &mut Tx<'_>, before_day: i32, rows_max: i64) -> Result<bool, StoreError> {
    let forgotten = tx
        .connection
        .prepare_cached(
            "DELETE FROM segment_days WHERE (segment_key, edition, day) IN (
               SELECT segment_key, edition, day FROM segment_days INDEXED BY segment_days_day
               WHERE day < ?1 LIMIT ?2)",
        )?
        .execute(params![before_day, rows_max])?;
    Ok(forgotten as i64 == rows_max)
}
