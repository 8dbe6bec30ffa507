//! Attribute definitions: name, type, what may be done with them.

use rusqlite::{OptionalExtension, Row, named_params, params};

use super::catalog::Definition;
use super::fast_filters::{self, FastFilter};
use super::{Reader, StoreError, Tx, attribute_work};
use crate::domain::access::Grade;
use crate::domain::attributes::{Owner, Type};
use crate::domain::ids::{DefinitionKey, SourceKey};
use crate::domain::time::HOUR_MS;

/// A definition as its page and the API show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionRow {
    /// Our row number.
    pub key: DefinitionKey,
    /// Whose attribute it is.
    pub owner: Owner,
    /// Its name.
    pub name: String,
    /// What people read instead of the name.
    pub label: Option<String>,
    /// Its type.
    pub kind: Type,
    /// Unsigned calls may not set it (A7).
    pub locked: bool,
    /// It is not shown on pages of users and companies.
    pub hidden: bool,
    /// Its history is kept (A6).
    pub history: bool,
    /// Its values are being deleted.
    pub deleting: bool,
    /// The index of its values, if it has one.
    pub fast_filter: Option<FastFilter>,
    /// Made at, Unix milliseconds.
    pub created_ms: i64,
    /// What its first sender was worth.
    pub grade: Grade,
    /// The name of the source that made it; empty where a person did.
    pub source: String,
}

const COLUMNS: &str = "definition_key, owner, attribute_definitions.name, label, type, locked, hidden, history, deleting, \
                       attribute_definitions.created_ms, grade, coalesce(sources.name, ''), fast_filter, fast_bytes, \
                       fast_made_in_ms";

fn definition(row: &Row<'_>) -> rusqlite::Result<DefinitionRow> {
    Ok(DefinitionRow {
        key: DefinitionKey(row.get(0)?),
        owner: Owner::from_number(row.get(1)?),
        name: row.get(2)?,
        label: row.get(3)?,
        kind: Type::parse(row.get_ref(4)?.as_str()?).unwrap_or(Type::Object),
        locked: row.get(5)?,
        hidden: row.get(6)?,
        history: row.get(7)?,
        deleting: row.get(8)?,
        created_ms: row.get(9)?,
        grade: Grade::from_number(row.get(10)?),
        source: row.get(11)?,
        fast_filter: match row.get(12)? {
            true => Some(FastFilter {
                bytes: row.get::<_, i64>(13)?.unsigned_abs(),
                made_in_ms: row.get::<_, i64>(14)?.unsigned_abs(),
            }),
            false => None,
        },
    })
}

/// All definitions of one kind or of all, by kind and name. There are at most 500 of a kind.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, owner: Option<Owner>) -> Result<Vec<DefinitionRow>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM attribute_definitions LEFT JOIN sources USING (source_key)
         WHERE :owner IS NULL OR owner = :owner ORDER BY owner, attribute_definitions.name"
    ))?;
    let rows = statement.query_map(named_params! { ":owner": owner.map(|owner| owner as i64) }, definition)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One definition.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, owner: Owner, name: &str) -> Result<Option<DefinitionRow>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM attribute_definitions LEFT JOIN sources USING (source_key)
         WHERE owner = :owner AND attribute_definitions.name = :name"
    ))?;
    Ok(statement.query_row(named_params! { ":owner": owner as i64, ":name": name }, definition).optional()?)
}

/// The definition of our row number.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_key(db: &Reader<'_>, key: DefinitionKey) -> Result<Option<DefinitionRow>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM attribute_definitions LEFT JOIN sources USING (source_key) WHERE definition_key = :key"
    ))?;
    Ok(statement.query_row(named_params! { ":key": key.0 }, definition).optional()?)
}

/// The names that mean an attribute, in the order of the alphabet (A8).
///
/// # Errors
/// [`StoreError`] only.
pub fn names_of(db: &Reader<'_>, owner: Owner, means: &str) -> Result<Vec<String>, StoreError> {
    let decided = decided_names(db)?.into_iter();
    Ok(decided
        .filter(|name| name.owner == owner && name.means.as_deref() == Some(means))
        .map(|name| name.name)
        .collect())
}

/// A name that was decided by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedName {
    /// Whose attribute it would be.
    pub owner: Owner,
    /// The name as sent.
    pub name: String,
    /// The attribute that is meant; none where it is ignored.
    pub means: Option<String>,
    /// Decided at, Unix milliseconds.
    pub at_ms: i64,
}

/// All names that were decided by hand.
///
/// # Errors
/// [`StoreError`] only.
pub fn decided_names(db: &Reader<'_>) -> Result<Vec<DecidedName>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT owner, name, means, at_ms FROM attribute_names ORDER BY owner, name")?;
    let rows = statement.query_map([], |row| {
        Ok(DecidedName {
            owner: Owner::from_number(row.get(0)?),
            name: row.get(1)?,
            means: row.get(2)?,
            at_ms: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

// What the writer needs ------------------------------------------------------

/// Makes a definition: a name and the type that its first value decided (A1).
///
/// # Errors
/// [`StoreError`] only.
pub fn define(
    tx: &mut Tx<'_>,
    owner: Owner,
    name: &str,
    kind: Type,
    grade: Grade,
    source: SourceKey,
) -> Result<Definition, StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO attribute_definitions (owner, name, type, created_ms, grade, source_key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![owner as i64, name, kind.as_str(), tx.now_ms, grade as i64, source.0])?;
    let definition = Definition { kind, locked: false, history: true, deleting: false };
    let now_ms = tx.now_ms;
    let catalog = tx.catalog_mut();
    catalog.definitions.entry(owner).or_default().insert(name.to_owned(), definition);
    if grade == Grade::Unsigned {
        let times = catalog.unsigned_definitions.entry(source).or_default();
        times.retain(|made| now_ms - made < HOUR_MS);
        times.push(now_ms);
    }
    Ok(definition)
}

/// A date widens to a datetime (A1): dates stay dates, and what waits in the tray is looked at anew, in chunks.
///
/// # Errors
/// [`StoreError`] only.
pub fn widen(tx: &mut Tx<'_>, owner: Owner, name: &str) -> Result<(), StoreError> {
    set(tx, owner, name, &DefinitionChange::Type(Type::Datetime))?;
    attribute_work::start(tx, attribute_work::Deed::Convert, owner, name, Type::Date.as_str(), None)?;
    Ok(())
}

/// What of a definition can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefinitionChange {
    /// What people read.
    Label(Option<String>),
    /// Its type. The values are another matter.
    Type(Type),
    /// Unsigned calls may not set it.
    Locked(bool),
    /// It is not shown.
    Hidden(bool),
    /// Its history is kept.
    History(bool),
    /// Its values have an index.
    FastFilter(bool),
    /// Its values are being deleted.
    Deleting,
}

/// Changes one thing of a definition, here and in the catalog.
///
/// # Errors
/// [`StoreError`] only.
pub fn set(tx: &mut Tx<'_>, owner: Owner, name: &str, change: &DefinitionChange) -> Result<(), StoreError> {
    use DefinitionChange::{Deleting, FastFilter, Hidden, History, Label, Locked, Type};
    if matches!(change, FastFilter(_) | Deleting) {
        set_fast_filter(tx, owner, name, *change == FastFilter(true))?;
    }
    let (column, value): (&str, rusqlite::types::Value) = match change {
        Label(label) => ("label", label.clone().into()),
        Type(kind) => ("type", kind.as_str().to_owned().into()),
        Locked(yes) => ("locked", (*yes).into()),
        Hidden(yes) => ("hidden", (*yes).into()),
        History(yes) => ("history", (*yes).into()),
        FastFilter(yes) => ("fast_filter", (*yes).into()),
        Deleting => ("deleting", true.into()),
    };
    tx.connection
        .prepare_cached(&format!("UPDATE attribute_definitions SET {column} = ?3 WHERE owner = ?1 AND name = ?2"))?
        .execute(params![owner as i64, name, value])?;
    if let Some(definition) = tx.catalog_mut().definitions.get_mut(&owner).and_then(|names| names.get_mut(name)) {
        match change {
            Type(kind) => definition.kind = *kind,
            Locked(yes) => definition.locked = *yes,
            History(yes) => definition.history = *yes,
            Deleting => definition.deleting = true,
            Label(_) | Hidden(_) | FastFilter(_) => {}
        }
    }
    Ok(())
}

/// Makes the index of its values, or takes it away.
fn set_fast_filter(tx: &Tx<'_>, owner: Owner, name: &str, wanted: bool) -> Result<(), StoreError> {
    let Some(definition) = find(&tx.reader(), owner, name)? else { return Ok(()) };
    let cost = match wanted {
        true => fast_filters::make(tx.connection, &definition)?,
        false => {
            fast_filters::drop(tx.connection, &definition)?;
            FastFilter::default()
        }
    };
    tx.connection
        .prepare_cached(
            "UPDATE attribute_definitions SET fast_filter = ?2, fast_bytes = ?3, fast_made_in_ms = ?4
             WHERE definition_key = ?1",
        )?
        .execute(params![definition.key.0, wanted, cost.bytes as i64, cost.made_in_ms as i64])?;
    Ok(())
}

/// Takes out a definition.
///
/// # Errors
/// [`StoreError`] only.
pub fn remove(tx: &mut Tx<'_>, owner: Owner, name: &str) -> Result<(), StoreError> {
    if find(&tx.reader(), owner, name)?.is_some_and(|definition| definition.fast_filter.is_some()) {
        set_fast_filter(tx, owner, name, false)?;
    }
    tx.connection
        .prepare_cached("DELETE FROM attribute_definitions WHERE owner = ?1 AND name = ?2")?
        .execute(params![owner as i64, name])?;
    if let Some(names) = tx.catalog_mut().definitions.get_mut(&owner) {
        names.remove(name);
    }
    Ok(())
}

/// Keeps what was decided of a name (A8): the attribute that is meant, or none to ignore it.
///
/// # Errors
/// [`StoreError`] only.
pub fn decide_name(tx: &mut Tx<'_>, owner: Owner, name: &str, means: Option<&str>) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("INSERT OR REPLACE INTO attribute_names (owner, name, means, at_ms) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![owner as i64, name, means, tx.now_ms])?;
    let names = tx.catalog_mut().names.entry(owner).or_default();
    names.insert(name.to_owned(), means.map(str::to_owned));
    Ok(())
}

/// Forgets the names that mean an attribute.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_names_of(tx: &mut Tx<'_>, owner: Owner, means: &str) -> Result<(), StoreError> {
    let named: Vec<String> = match tx.catalog().names.get(&owner) {
        Some(names) => {
            names.iter().filter(|(_, meant)| meant.as_deref() == Some(means)).map(|(n, _)| n.clone()).collect()
        }
        None => return Ok(()),
    };
    for name in named {
        forget_name(tx, owner, &name)?;
    }
    Ok(())
}

/// Forgets what was decided of a name; whether anything was.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_name(tx: &mut Tx<'_>, owner: Owner, name: &str) -> Result<bool, StoreError> {
    let forgotten = tx
        .connection
        .prepare_cached("DELETE FROM attribute_names WHERE owner = ?1 AND name = ?2")?
        .execute(params![owner as i64, name])?;
    let names = &mut tx.catalog_mut().names;
    if let Some(of_owner) = names.get_mut(&owner) {
        of_owner.remove(name);
    }
    names.retain(|_, of_owner| !of_owner.is_empty());
    Ok(forgotten > 0)
}
