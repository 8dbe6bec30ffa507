//! What is found without being asked, counted by source and by whom it is about.

use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, named_params, params};
use serde_json::json;

use super::list::{self, COUNTED_MAX, Count, Cursor, Page};
use super::{Reader, StoreError, Tx};
use crate::domain::findings::Finding;
use crate::domain::ids::{SourceKey, UserKey};
use crate::domain::time::{DAY_MS, HOUR_MS};

/// A finding as pages and the API show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// What is found.
    pub finding: Finding,
    /// The source's name.
    pub source: String,
    /// The user's id as it now is, of a lead our own; of a finding about a user.
    pub user: Option<String>,
    /// How often.
    pub count: u64,
    /// First found at, Unix milliseconds.
    pub since_ms: i64,
    /// Last found at, Unix milliseconds.
    pub last_seen_ms: i64,
    /// What it was the last time.
    pub example: String,
}

/// A page of all that was found, the latest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn page(db: &Reader<'_>, after: Option<&Cursor>, size: usize) -> Result<Page<FindingRow>, StoreError> {
    let behind = if after.is_some() {
        "WHERE (f.last_seen_ms, f.code, f.source_key, f.user_key) < (:last_seen, :code, :source, :user)"
    } else {
        ""
    };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT f.code, coalesce(s.name, ''), coalesce(u.user_id, u.id), f.count, f.since_ms, f.last_seen_ms, f.example,
           f.source_key, f.user_key
         FROM findings AS f INDEXED BY findings_last_seen
           LEFT JOIN sources AS s ON s.source_key = f.source_key
           LEFT JOIN users AS u ON u.user_key = f.user_key
         {behind} ORDER BY f.last_seen_ms DESC, f.code DESC, f.source_key DESC, f.user_key DESC LIMIT :limit"
    ))?;
    list::bind(&mut statement, ":limit", size as i64 + 1)?;
    if let Some(after) = after {
        list::bind(&mut statement, ":last_seen", after.key)?;
        list::bind(&mut statement, ":code", after.value[0].as_str())?;
        list::bind(&mut statement, ":source", after.value[1].as_i64())?;
        list::bind(&mut statement, ":user", after.value[2].as_i64())?;
    }
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let finding = finding(row)?;
        let value = json!([finding.finding.as_str(), row.get::<_, i64>(7)?, row.get::<_, i64>(8)?]);
        found.push((Cursor { value, key: finding.last_seen_ms }, finding));
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
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM findings INDEXED BY findings_last_seen LIMIT :limit)")?;
    Ok(Count::of(statement.query_row(named_params! { ":limit": COUNTED_MAX }, |row| row.get(0))?))
}

fn finding(row: &Row<'_>) -> rusqlite::Result<FindingRow> {
    let code = Finding::parse(row.get_ref(0)?.as_str()?);
    let user: Option<String> = row.get(2)?;
    let example: String = row.get(6)?;
    Ok(FindingRow {
        finding: code.ok_or_else(|| rusqlite::Error::InvalidColumnType(0, "code".to_owned(), Type::Text))?,
        source: row.get(1)?,
        count: row.get::<_, i64>(3)?.unsigned_abs(),
        since_ms: row.get(4)?,
        last_seen_ms: row.get(5)?,
        example: user.clone().unwrap_or(example),
        user,
    })
}

/// What was found since an instant (Unix milliseconds) of one kind, of whichever source: the last example, and how often.
///
/// # Errors
/// [`StoreError`] only.
pub fn last(db: &Reader<'_>, finding: Finding, since_ms: i64) -> Result<Option<(String, u64)>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT example, count FROM findings WHERE code = :code AND last_seen_ms >= :since
         ORDER BY last_seen_ms DESC LIMIT 1",
    )?;
    let parameters = named_params! { ":code": finding.as_str(), ":since": since_ms };
    let found = statement.query_row(parameters, |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())));
    Ok(found.optional()?)
}

/// Of the users active since an instant (Unix milliseconds), the latest 10,000 of them: how many no browser was ever
/// linked to, and how many there are.
///
/// # Errors
/// [`StoreError`] only.
pub fn without_browser(db: &Reader<'_>, since_ms: i64) -> Result<(u64, u64), StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FILTER (WHERE NOT EXISTS (
             SELECT 1 FROM visitors AS v WHERE v.user_key = u.user_key)
           AND NOT EXISTS (
             SELECT 1 FROM users AS m CROSS JOIN visitors AS v ON v.user_key = m.user_key
             WHERE m.merged_into = u.user_key)), count(*)
         FROM (SELECT user_key FROM users INDEXED BY users_last_seen
           WHERE merged_into IS NULL AND archived_ms IS NULL AND staff = 0 AND last_seen_hour >= :hour
           ORDER BY last_seen_hour DESC LIMIT :limit) AS u",
    )?;
    let parameters = named_params! { ":hour": since_ms.div_euclid(HOUR_MS), ":limit": COUNTED_MAX };
    let count = |row: &Row<'_>, at| Ok::<_, rusqlite::Error>(row.get::<_, i64>(at)?.unsigned_abs());
    Ok(statement.query_row(parameters, |row| Ok((count(row, 0)?, count(row, 1)?)))?)
}

// What the writer needs ------------------------------------------------------

/// Counts a finding, about a user or with an example of its own.
///
/// # Errors
/// [`StoreError`] only.
pub fn note(
    tx: &Tx<'_>,
    finding: Finding,
    source: SourceKey,
    user: Option<UserKey>,
    example: &str,
) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO findings (code, source_key, user_key, count, since_ms, last_seen_ms, example)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
             ON CONFLICT DO UPDATE SET
               count = count + 1, last_seen_ms = excluded.last_seen_ms, example = excluded.example",
        )?
        .execute(params![
            finding.as_str(),
            source.0,
            user.map_or(0, |user| user.0),
            finding.first_count(),
            tx.now_ms,
            example,
        ])?;
    Ok(())
}

/// Counts a finding of a source once a day, with an example: what every message may be costs no row a message.
///
/// # Errors
/// [`StoreError`] only.
pub fn note_daily(tx: &Tx<'_>, finding: Finding, source: SourceKey, example: &str) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO findings (code, source_key, user_key, count, since_ms, last_seen_ms, example)
             VALUES (?1, ?2, 0, 1, ?3, ?3, ?4)
             ON CONFLICT DO UPDATE SET
               count = count + 1, last_seen_ms = excluded.last_seen_ms, example = excluded.example
               WHERE last_seen_ms <= excluded.last_seen_ms - ?5",
        )?
        .execute(params![finding.as_str(), source.0, tx.now_ms, example, DAY_MS])?;
    Ok(())
}

/// Forgets what was last found before an instant (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, before_ms: i64) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM findings WHERE last_seen_ms < ?1")?.execute([before_ms])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{Sample, days_ago};

    #[test]
    fn findings_are_listed_latest_first_and_paged() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(9));
        let lead = sample.user(None, None, Some("lead@acme.test"), days_ago(9));
        for (code, user, at_ms) in
            [("id_shared_by_many", ann, 5), ("id_shared_by_many", lead, 5), ("clock_wrong", 0, 9)]
        {
            sample.run(&format!("INSERT INTO findings VALUES ('{code}', 1, {user}, 20, 1, {at_ms}, '2 h ahead')"));
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = page(&sample.db(), after.as_ref(), 1).unwrap();
            assert!(page.rows.len() <= 1);
            seen.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let told: Vec<(Finding, &str)> = seen.iter().map(|row| (row.finding, row.example.as_str())).collect();
        let lead = seen[1].user.clone().unwrap();
        assert_eq!(lead.len(), 36, "our own id of a lead");
        assert_eq!(
            told,
            [
                (Finding::ClockWrong, "2 h ahead"),
                (Finding::IdSharedByMany, lead.as_str()),
                (Finding::IdSharedByMany, "ann")
            ]
        );
        assert!(seen.iter().all(|row| row.source == "API"));
    }
}
