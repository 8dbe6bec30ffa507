//! Fast filters: an index of the values of an attribute, made where an operator asks for it. It is named after the
//! definition's row, so that an attribute that is made anew has none.
//!
//! The index is one of SQLite's own, on an expression: whatever writes a row keeps it right. It is made in one go,
//! which holds the writer for as long ([`ROWS_A_SECOND`]).

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, named_params};

use super::attribute_rows::Table;
use super::attributes::DefinitionRow;
use super::{Reader, StoreError};
use crate::domain::attributes::Owner;

/// So many fast filters of a kind at most: each makes every change of a row dearer.
pub const FAST_FILTERS_MAX: usize = 5;

/// About so many rows are indexed in a second (`cargo bench --bench pages` says how many).
pub const ROWS_A_SECOND: u64 = 300_000;

/// What an index of values cost when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FastFilter {
    /// Bytes of the file.
    pub bytes: u64,
    /// Milliseconds for which the writer was held.
    pub made_in_ms: u64,
}

/// The attributes that have one, with their numbers: as it is in the file that a reader looks at.
#[derive(Debug, Clone, Default)]
pub(super) struct Fast(Vec<(Owner, String, i64)>);

impl Fast {
    /// All there are.
    pub fn of(db: &Reader<'_>) -> Result<Fast, StoreError> {
        let mut statement = db.0.prepare_cached(
            "SELECT owner, name, definition_key FROM attribute_definitions WHERE fast_filter = 1 AND deleting = 0",
        )?;
        let rows = statement.query_map([], |row| Ok((Owner::from_number(row.get(0)?), row.get(1)?, row.get(2)?)))?;
        Ok(Fast(rows.collect::<Result<_, _>>()?))
    }

    /// The index of an attribute, if it has one.
    pub fn index(&self, owner: Owner, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(of, known, _)| *of == owner && known == name);
        found.map(|(_, _, key)| index(owner, *key))
    }
}

/// The names of the attributes of a kind that have one, in the order of the alphabet.
///
/// # Errors
/// [`StoreError`] only.
pub fn names(db: &Reader<'_>, owner: Owner) -> Result<Vec<String>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT name FROM attribute_definitions WHERE fast_filter = 1 AND owner = :owner ORDER BY name",
    )?;
    Ok(statement.query_map(named_params! { ":owner": owner as i64 }, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The table whose rows are indexed. What browsers carry is in no index.
fn table(owner: Owner) -> Table {
    match owner {
        Owner::User => Table::Users,
        Owner::Company => Table::Companies,
        Owner::Membership => Table::Memberships,
    }
}

fn index(owner: Owner, definition_key: i64) -> String {
    format!("fast_{}_{definition_key}", table(owner).name())
}

/// The place of an attribute in the JSON of a row.
pub(super) fn path(name: &str) -> String {
    format!("$.{}", serde_json::Value::from(name))
}

/// The value of an attribute, written out: an index knows its expression by its text alone.
pub(super) fn expression(row: &str, name: &str) -> String {
    format!("({row}attributes ->> '{}')", path(name).replace('\'', "''"))
}

/// Makes the index of an attribute.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn make(connection: &Connection, definition: &DefinitionRow) -> Result<FastFilter, StoreError> {
    let (pages, started) = (used_bytes(connection)?, Instant::now());
    let (index, value) = (index(definition.owner, definition.key.0), expression("", &definition.name));
    // Lists show who was last seen first, and never who is merged; a membership that ended meets no filter.
    let (columns, only) = match definition.owner {
        Owner::User => ("last_seen_hour, user_key", "merged_into IS NULL AND archived_ms IS NULL"),
        Owner::Company => ("last_seen_hour, company_key", "merged_into IS NULL"),
        Owner::Membership => ("user_key", "open = 1"),
    };
    connection.execute_batch(&format!(
        "CREATE INDEX {index} ON {table} ({value}, {columns}) WHERE {only} AND {value} IS NOT NULL",
        table = table(definition.owner).name(),
    ))?;
    tell_planner(connection, &index, table(definition.owner).name())?;
    let made_in_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(FastFilter { bytes: used_bytes(connection)?.saturating_sub(pages), made_in_ms })
}

/// Says how many rows of the index have the same value, of a file as big as all statistics are of
/// (`migrations/0004_statistics.sql`).
fn tell_planner(connection: &Connection, index: &str, table: &str) -> Result<(), StoreError> {
    connection.execute_batch(&format!("ANALYZE {index}; DELETE FROM sqlite_stat4 WHERE idx = '{index}';"))?;
    let found: Option<String> = connection
        .query_row("SELECT stat FROM sqlite_stat1 WHERE idx = :index", named_params! { ":index": index }, |row| {
            row.get(0)
        })
        .optional()?;
    // An index of no rows has no statistics.
    let Some(here) = found else { return Ok(()) };
    let told: Option<i64> = connection.query_row(
        "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = :table AND idx <> :index",
        named_params! { ":table": table, ":index": index },
        |row| row.get(0),
    )?;
    let rows: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
    let times = (told.unwrap_or(rows) / rows.max(1)).max(1);
    let there = here.split(' ').filter_map(|number| number.parse::<i64>().ok()).map(|number| match number {
        1 => "1".to_owned(),
        number => number.saturating_mul(times).to_string(),
    });
    connection.execute(
        "UPDATE sqlite_stat1 SET stat = :stat WHERE idx = :index",
        named_params! { ":stat": there.collect::<Vec<_>>().join(" "), ":index": index },
    )?;
    Ok(())
}

/// Takes the index of an attribute away, if it has one.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn drop(connection: &Connection, definition: &DefinitionRow) -> Result<(), StoreError> {
    connection.execute_batch(&format!("DROP INDEX IF EXISTS {}", index(definition.owner, definition.key.0)))?;
    Ok(())
}

/// Bytes of the file that hold something.
fn used_bytes(connection: &Connection) -> Result<u64, StoreError> {
    let of = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    Ok(((of("page_count")? - of("freelist_count")?) * of("page_size")?).unsigned_abs())
}
