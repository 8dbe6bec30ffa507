//! What was refused: counted by source, code and attribute, with one example.

use rusqlite::{Row, named_params, params};
use serde_json::json;

use super::list::{self, COUNTED_MAX, Count, Cursor, Page};
use super::{Reader, StoreError, Tx};
use crate::domain::ids::{SourceKey, excerpt};
use crate::domain::limits::{OTHER_EVENTS, REFUSALS_PER_SOURCE_MAX};

/// A refusal as its page and the API show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRow {
    /// The contract's code; also `write_key_unknown` and its like, for whole requests.
    pub code: String,
    /// The source's name; none where the key was not known.
    pub source: Option<String>,
    /// The attribute; none where the whole message was refused.
    pub attribute: Option<String>,
    /// How often.
    pub count: u64,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Unix milliseconds.
    pub last_seen_ms: i64,
    /// The last one, cut; gone after 30 days.
    pub example: Option<String>,
    /// The sentence that the last one was answered with.
    pub detail: String,
}

/// What was refused since an instant (Unix milliseconds), the latest first, at most `size`.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, since_ms: i64, size: usize) -> Result<Vec<RefusalRow>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT r.code, s.name, r.attribute, r.count, r.first_seen_ms, r.last_seen_ms, r.example, r.detail
         FROM refusals AS r INDEXED BY refusals_last_seen LEFT JOIN sources AS s ON s.source_key = r.source_key
         WHERE r.last_seen_ms >= :since ORDER BY r.last_seen_ms DESC LIMIT :limit",
    )?;
    let rows = statement.query_map(named_params! { ":since": since_ms, ":limit": size as i64 }, refusal)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A page of all that was refused, the latest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn page(db: &Reader<'_>, after: Option<&Cursor>, size: usize) -> Result<Page<RefusalRow>, StoreError> {
    let behind = if after.is_some() {
        "WHERE (r.last_seen_ms, r.source_key, r.code, r.attribute) < (:last_seen, :source, :code, :attribute)"
    } else {
        ""
    };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT r.code, s.name, r.attribute, r.count, r.first_seen_ms, r.last_seen_ms, r.example, r.detail, r.source_key
         FROM refusals AS r INDEXED BY refusals_last_seen LEFT JOIN sources AS s ON s.source_key = r.source_key
         {behind} ORDER BY r.last_seen_ms DESC, r.source_key DESC, r.code DESC, r.attribute DESC LIMIT :limit",
    ))?;
    list::bind(&mut statement, ":limit", size as i64 + 1)?;
    if let Some(after) = after {
        list::bind(&mut statement, ":last_seen", after.key)?;
        list::bind(&mut statement, ":source", after.value[0].as_i64())?;
        list::bind(&mut statement, ":code", after.value[1].as_str())?;
        list::bind(&mut statement, ":attribute", after.value[2].as_str())?;
    }
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let refusal = refusal(row)?;
        let value = json!([row.get::<_, i64>(8)?, refusal.code, refusal.attribute.as_deref().unwrap_or_default()]);
        found.push((Cursor { value, key: refusal.last_seen_ms }, refusal));
    }
    Ok(Page::cut(found, size))
}

/// How many rows [`page`] has in all.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_rows(db: &Reader<'_>) -> Result<Count, StoreError> {
    let mut statement = db
        .0
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM refusals INDEXED BY refusals_last_seen LIMIT :limit)")?;
    Ok(Count::of(statement.query_row(named_params! { ":limit": COUNTED_MAX }, |row| row.get(0))?))
}

fn refusal(row: &Row<'_>) -> rusqlite::Result<RefusalRow> {
    let attribute: String = row.get(2)?;
    Ok(RefusalRow {
        code: row.get(0)?,
        source: row.get(1)?,
        attribute: (!attribute.is_empty()).then_some(attribute),
        count: row.get::<_, i64>(3)?.unsigned_abs(),
        first_seen_ms: row.get(4)?,
        last_seen_ms: row.get(5)?,
        example: row.get(6)?,
        detail: row.get(7)?,
    })
}

// What the writer needs ------------------------------------------------------

/// The name under which a refusal is counted. Names come from whoever sends; beyond the limit they
/// are counted as one, so that nobody fills the file with them.
fn attribute_counted(tx: &Tx<'_>, source: i64, code: &str, attribute: String) -> Result<String, StoreError> {
    let known = tx
        .connection
        .prepare_cached("SELECT 1 FROM refusals WHERE source_key = ?1 AND code = ?2 AND attribute = ?3")?
        .exists(params![source, code, attribute])?;
    if known || attribute.is_empty() {
        return Ok(attribute);
    }
    let names: i64 = tx
        .connection
        .prepare_cached("SELECT count(*) FROM refusals WHERE source_key = ?1")?
        .query_row([source], |row| row.get(0))?;
    Ok(if names < REFUSALS_PER_SOURCE_MAX { attribute } else { OTHER_EVENTS.to_owned() })
}

/// Forgets the examples of what was not refused since an instant (Unix milliseconds), and its sentences, in which the
/// same values stand.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_examples(tx: &Tx<'_>, before_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE refusals SET example = NULL, detail = ''
             WHERE last_seen_ms < ?1 AND (example IS NOT NULL OR detail <> '')",
        )?
        .execute([before_ms])?;
    Ok(())
}

/// Counts a refusal, with an example that is cut to 100 characters.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(
    tx: &Tx<'_>,
    source: Option<SourceKey>,
    code: &str,
    attribute: Option<&str>,
    detail: &str,
    example: Option<&str>,
) -> Result<(), StoreError> {
    count_many(tx, source, code, attribute, detail, example, 1)
}

/// As [`count`], for so many of the same.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_many(
    tx: &Tx<'_>,
    source: Option<SourceKey>,
    code: &str,
    attribute: Option<&str>,
    detail: &str,
    example: Option<&str>,
    times: u64,
) -> Result<(), StoreError> {
    let source = source.map_or(0, |key| key.0);
    let attribute = attribute_counted(tx, source, code, attribute.map(excerpt).unwrap_or_default())?;
    tx.connection
        .prepare_cached(
            "INSERT INTO refusals (source_key, code, attribute, count, first_seen_ms, last_seen_ms, example, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)
             ON CONFLICT (source_key, code, attribute) DO UPDATE SET
               count = count + excluded.count, last_seen_ms = excluded.last_seen_ms,
               example = excluded.example, detail = excluded.detail",
        )?
        .execute(params![
            source,
            code,
            attribute,
            i64::try_from(times).unwrap_or(i64::MAX),
            tx.now_ms,
            example.map(excerpt),
            detail,
        ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::Sample;

    #[test]
    fn refusals_are_listed_latest_first_and_paged() {
        let sample = Sample::new();
        for number in 0..9 {
            let source = number % 2;
            sample.run(&format!(
                "INSERT INTO refusals VALUES ({source}, 'type_mismatch', 'a{number}', 3, 1, {}, 'ten', 'A sentence.')",
                number / 3
            ));
        }
        sample.run("INSERT INTO refusals VALUES (1, 'bot', '', 3, 1, 7, NULL, '')");
        let rows = list(&sample.db(), 2, 50).unwrap();
        assert_eq!(rows.len(), 4);
        assert_eq!((rows[0].code.as_str(), rows[0].attribute.as_deref()), ("bot", None));
        assert_eq!(rows[0].source.as_deref(), Some("API"));
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = page(&sample.db(), after.as_ref(), 2).unwrap();
            seen.extend(page.rows.into_iter().map(|row| (row.code, row.attribute, row.source)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let once = std::collections::BTreeSet::from_iter(&seen);
        assert_eq!((seen.len(), once.len()), (10, 10));
        let of_nobody = seen.iter().filter(|(_, _, source)| source.is_none());
        assert_eq!(of_nobody.count(), 5, "whose write key was not known");
    }
}
