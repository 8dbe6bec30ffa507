//! Work on all values of an attribute: rows in the file say how far it is, so that it is done in
//! chunks that let others pass, and goes on after a restart.

use rusqlite::{Connection, Row, named_params, params};

use super::{Reader, StoreError, Tx};
use crate::domain::attributes::Owner;
use crate::domain::ids::ChangeKey;

/// What is done with each value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It is converted to the attribute's type; what does not fit waits in the tray.
    Convert,
    /// What waits in the tray is applied.
    Apply,
    /// What waits in the tray is thrown away.
    Discard,
    /// It is taken away.
    Delete,
}

impl Deed {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Deed::Convert => "convert",
            Deed::Apply => "apply",
            Deed::Discard => "discard",
            Deed::Delete => "delete",
        }
    }
}

/// The place before all rows of a table.
pub const BEFORE_ALL: [i64; 3] = [i64::MIN; 3];

/// A piece of work, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Its number.
    pub key: i64,
    /// Whose attribute.
    pub owner: Owner,
    /// The attribute.
    pub name: String,
    /// What is done.
    pub deed: Deed,
    /// Convert: the type before. Apply: the name under which the values wait.
    pub was: String,
    /// The change set of the deed.
    pub change: Option<ChangeKey>,
    /// The next free place in it.
    pub place: i64,
    /// How many tables are done.
    pub stage: usize,
    /// The last row done in the table at hand.
    pub reached: [i64; 3],
    /// Rows looked at.
    pub seen: u64,
    /// Values converted, applied or taken away.
    pub done: u64,
    /// Values that wait in the tray since.
    pub left_over: u64,
    /// Unix milliseconds.
    pub started_ms: i64,
    /// Unix milliseconds; none while it is under way.
    pub ended_ms: Option<i64>,
}

const COLUMNS: &str = "work_key, owner, name, deed, was, change_key, place, stage, reached, seen, done, left_over, \
                       started_ms, ended_ms";

fn work(row: &Row<'_>) -> rusqlite::Result<Work> {
    let deed: String = row.get(3)?;
    let count = |index: usize| row.get::<_, i64>(index).map(i64::unsigned_abs);
    Ok(Work {
        key: row.get(0)?,
        owner: Owner::from_number(row.get(1)?),
        name: row.get(2)?,
        deed: [Deed::Apply, Deed::Discard, Deed::Delete]
            .into_iter()
            .find(|known| known.as_str() == deed)
            .unwrap_or(Deed::Convert),
        was: row.get(4)?,
        change: row.get::<_, Option<i64>>(5)?.map(ChangeKey),
        place: row.get(6)?,
        stage: usize::try_from(row.get::<_, i64>(7)?).unwrap_or_default(),
        reached: serde_json::from_str(row.get_ref(8)?.as_str()?).unwrap_or(BEFORE_ALL),
        seen: count(9)?,
        done: count(10)?,
        left_over: count(11)?,
        started_ms: row.get(12)?,
        ended_ms: row.get(13)?,
    })
}

/// The work on an attribute that is under way or was done last, the newest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn of(db: &Reader<'_>, owner: Owner, name: &str) -> Result<Vec<Work>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM attribute_work WHERE owner = :owner AND name = :name ORDER BY work_key DESC"
    ))?;
    let rows = statement.query_map(named_params! { ":owner": owner as i64, ":name": name }, work)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

// What the writer needs ------------------------------------------------------

/// Whether any work waits.
pub(super) fn waits(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM attribute_work WHERE ended_ms IS NULL")?.exists([])?)
}

/// Starts a piece of work. It takes the place of earlier work on the attribute: a change of type of an
/// earlier one, since the rows left then are converted to the new type at once; a deletion of all.
///
/// # Errors
/// [`StoreError`] only.
pub fn start(
    tx: &mut Tx<'_>,
    deed: Deed,
    owner: Owner,
    name: &str,
    was: &str,
    change: Option<ChangeKey>,
) -> Result<Work, StoreError> {
    let replaces = match deed {
        Deed::Convert => "deed = 'convert'",
        Deed::Apply | Deed::Discard => "deed IN ('apply', 'discard') AND ended_ms IS NOT NULL",
        Deed::Delete => "true",
    };
    tx.connection
        .prepare_cached(&format!("DELETE FROM attribute_work WHERE owner = ?1 AND name = ?2 AND {replaces}"))?
        .execute(params![owner as i64, name])?;
    // The first place of a change set is the definition's own.
    let work = tx
        .connection
        .prepare_cached(&format!(
            "INSERT INTO attribute_work (owner, name, deed, was, change_key, place, reached, started_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, 1, ?7, ?6) RETURNING {COLUMNS}"
        ))?
        .query_row(
            params![
                owner as i64,
                name,
                deed.as_str(),
                was,
                change.map(|change| change.0),
                tx.now_ms,
                serde_json::json!(BEFORE_ALL).to_string()
            ],
            work,
        )?;
    tx.catalog_mut().attribute_work = true;
    Ok(work)
}

/// The oldest work that is not done.
///
/// # Errors
/// [`StoreError`] only.
pub fn next(tx: &mut Tx<'_>) -> Result<Option<Work>, StoreError> {
    let found = {
        let mut statement = tx.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM attribute_work WHERE ended_ms IS NULL ORDER BY work_key LIMIT 1"
        ))?;
        let mut rows = statement.query([])?;
        rows.next()?.map(work).transpose()?
    };
    if found.is_none() && tx.catalog().attribute_work {
        tx.catalog_mut().attribute_work = false;
    }
    Ok(found)
}

/// Keeps how far a piece of work is.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep(tx: &mut Tx<'_>, work: &Work) -> Result<(), StoreError> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    tx.connection
        .prepare_cached(
            "UPDATE attribute_work SET place = ?2, stage = ?3, reached = ?4, seen = ?5, done = ?6, left_over = ?7,
               ended_ms = ?8
             WHERE work_key = ?1",
        )?
        .execute(params![
            work.key,
            work.place,
            work.stage as i64,
            serde_json::json!(work.reached).to_string(),
            count(work.seen),
            count(work.done),
            count(work.left_over),
            work.ended_ms
        ])?;
    if work.ended_ms.is_some() {
        let waits = waits(tx.connection)?;
        tx.catalog_mut().attribute_work = waits;
    }
    Ok(())
}
