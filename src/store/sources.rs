//! Sources: websites and back ends that send data. Reading goes through the catalog.

use rusqlite::named_params;

use super::{Source, SourceKind, StoreError, Tx};
use crate::domain::ids::SourceKey;

/// A new source with its public key.
///
/// `source_id`, `write_key` and `secret` come from the caller, who shows them once. An adopted
/// key that another source has is left out: it is not among the answer's keys.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(
    tx: &mut Tx<'_>,
    source_id: &str,
    name: &str,
    write_key: &str,
    secret: &str,
    origins: &[String],
    adopted_keys: &[String],
) -> Result<Source, StoreError> {
    let key = SourceKey(
        tx.connection
            .prepare_cached(
                "INSERT INTO sources (source_id, name, created_ms) VALUES (:source_id, :name, :now)
                 RETURNING source_key",
            )?
            .query_row(named_params! { ":source_id": source_id, ":name": name, ":now": tx.now_ms }, |row| row.get(0))?,
    );
    tx.connection
        .prepare_cached("INSERT INTO write_keys (write_key, source_key) VALUES (:write_key, :source)")?
        .execute(named_params! { ":write_key": write_key, ":source": key.0 })?;
    tx.connection
        .prepare_cached("INSERT INTO source_secrets (source_key, secret, created_ms) VALUES (:source, :secret, :now)")?
        .execute(named_params! { ":source": key.0, ":secret": secret, ":now": tx.now_ms })?;
    let source = Source {
        key,
        source_id: source_id.to_owned(),
        name: name.to_owned(),
        kind: SourceKind::Live,
        paused: false,
        closed: false,
        signatures_required: false,
        origins: Vec::new(),
        write_keys: Vec::new(),
        created_ms: tx.now_ms,
    };
    tx.catalog_mut().sources.insert(key, source.clone());
    set_origins(tx, key, origins)?;
    adopt(tx, key, adopted_keys)?;
    Ok(tx.catalog().sources.get(&key).cloned().unwrap_or(source))
}

/// What of a source can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceChange {
    /// Its name.
    Name(String),
    /// Live (true) or test (false).
    Live(bool),
    /// Answers 403 to everything.
    Paused(bool),
    /// New attributes wait in the tray.
    Closed(bool),
    /// Messages with a user must carry proof.
    SignaturesRequired(bool),
    /// The allowed origins, all of them.
    Origins(Vec<String>),
    /// The adopted keys, all of them.
    AdoptedKeys(Vec<String>),
}

/// Changes a source. A key that another source has is left out and named in the answer.
///
/// # Errors
/// [`StoreError`] only.
pub fn change(tx: &mut Tx<'_>, source: SourceKey, change: &SourceChange) -> Result<Vec<String>, StoreError> {
    match change {
        SourceChange::Origins(origins) => set_origins(tx, source, origins)?,
        SourceChange::AdoptedKeys(keys) => return adopt(tx, source, keys),
        SourceChange::Name(name) => set_column(tx, source, "name", name)?,
        SourceChange::Live(live) => set_column(tx, source, "kind", if *live { "live" } else { "test" })?,
        SourceChange::Paused(paused) => set_column(tx, source, "paused", *paused)?,
        SourceChange::Closed(closed) => {
            set_column(tx, source, "new_attributes", if *closed { "closed" } else { "open" })?;
        }
        SourceChange::SignaturesRequired(required) => {
            set_column(tx, source, "signatures", if *required { "required" } else { "optional" })?;
        }
    }
    if let Some(known) = tx.catalog_mut().sources.get_mut(&source) {
        match change {
            SourceChange::Name(name) => known.name.clone_from(name),
            SourceChange::Live(live) => known.kind = if *live { SourceKind::Live } else { SourceKind::Test },
            SourceChange::Paused(paused) => known.paused = *paused,
            SourceChange::Closed(closed) => known.closed = *closed,
            SourceChange::SignaturesRequired(required) => known.signatures_required = *required,
            SourceChange::Origins(_) | SourceChange::AdoptedKeys(_) => {}
        }
    }
    Ok(Vec::new())
}

/// Sets one column of a source; `column` is a name from this file.
fn set_column(
    tx: &Tx<'_>,
    source: SourceKey,
    column: &'static str,
    value: impl rusqlite::ToSql,
) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(&format!("UPDATE sources SET {column} = :value WHERE source_key = :source"))?
        .execute(named_params! { ":source": source.0, ":value": value })?;
    Ok(())
}

/// Puts these origins in the place of the former ones.
fn set_origins(tx: &mut Tx<'_>, source: SourceKey, origins: &[String]) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("DELETE FROM source_origins WHERE source_key = :source")?
        .execute(named_params! { ":source": source.0 })?;
    let mut insert = tx
        .connection
        .prepare_cached("INSERT OR IGNORE INTO source_origins (source_key, origin) VALUES (:source, :origin)")?;
    for origin in origins {
        insert.execute(named_params! { ":source": source.0, ":origin": origin })?;
    }
    let mut kept = origins.to_vec();
    kept.sort_unstable();
    kept.dedup();
    if let Some(known) = tx.catalog_mut().sources.get_mut(&source) {
        known.origins = kept;
    }
    Ok(())
}

/// Puts these adopted keys in the place of the former ones; answers those that another source has.
fn adopt(tx: &mut Tx<'_>, source: SourceKey, keys: &[String]) -> Result<Vec<String>, StoreError> {
    tx.connection
        .prepare_cached("DELETE FROM write_keys WHERE source_key = :source AND adopted = 1")?
        .execute(named_params! { ":source": source.0 })?;
    let mut insert = tx.connection.prepare_cached(
        "INSERT OR IGNORE INTO write_keys (write_key, source_key, adopted) VALUES (:write_key, :source, 1)",
    )?;
    for key in keys {
        insert.execute(named_params! { ":write_key": key, ":source": source.0 })?;
    }
    let mut statement = tx
        .connection
        .prepare_cached("SELECT write_key FROM write_keys WHERE source_key = :source ORDER BY adopted, write_key")?;
    let kept: Vec<String> =
        statement.query_map(named_params! { ":source": source.0 }, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let left_out = keys.iter().filter(|key| !kept.contains(key)).cloned().collect();
    let catalog = tx.catalog_mut();
    catalog.write_keys.retain(|_, owner| *owner != source);
    catalog.write_keys.extend(kept.iter().map(|key| (key.clone(), source)));
    if let Some(known) = catalog.sources.get_mut(&source) {
        known.write_keys = kept;
    }
    Ok(left_out)
}
