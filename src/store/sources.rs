//! Sources: websites and back ends that send data. Reading goes through the catalog.

use rusqlite::named_params;

use super::{Source, SourceKind, StoreError, Tx};
use crate::domain::ids::{SecretKey, SourceKey};
use crate::domain::proof::Secret;

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
        secrets: Vec::new(),
        created_ms: tx.now_ms,
    };
    tx.catalog_mut().sources.insert(key, source.clone());
    add_secret(tx, key, secret)?;
    set_origins(tx, key, origins)?;
    adopt(tx, key, adopted_keys)?;
    Ok(tx.catalog().sources.get(&key).cloned().unwrap_or(source))
}

/// Adds a secret to those that a source's site signs with.
///
/// # Errors
/// [`StoreError`] only.
pub fn add_secret(tx: &mut Tx<'_>, source: SourceKey, secret: &str) -> Result<SecretKey, StoreError> {
    let key = SecretKey(
        tx.connection
            .prepare_cached(
                "INSERT INTO source_secrets (source_key, secret, created_ms) VALUES (:source, :secret, :now)
                 RETURNING secret_key",
            )?
            .query_row(named_params! { ":source": source.0, ":secret": secret, ":now": tx.now_ms }, |row| row.get(0))?,
    );
    if let Some(known) = tx.catalog_mut().sources.get_mut(&source) {
        known.secrets.insert(0, Secret { key, text: secret.to_owned() });
    }
    Ok(key)
}

/// Takes a secret away: what it signed holds no more.
///
/// # Errors
/// [`StoreError`] only.
pub fn retire_secret(tx: &mut Tx<'_>, source: SourceKey, secret: SecretKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("DELETE FROM source_secrets WHERE secret_key = :secret")?
        .execute(named_params! { ":secret": secret.0 })?;
    if let Some(known) = tx.catalog_mut().sources.get_mut(&source) {
        known.secrets.retain(|known| known.key != secret);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Ambient, Store, catalog};

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    /// The catalog in memory is what a reader of the file would find.
    fn catalog_is_the_file_s(store: &Store) {
        let connection = rusqlite::Connection::open(store.path()).unwrap();
        let read = catalog::load(&connection).unwrap();
        assert_eq!(store.catalog().sources, read.sources);
        assert_eq!(store.catalog().write_keys, read.write_keys);
    }

    #[test]
    fn a_source_is_known_at_once_by_each_of_its_keys() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let shop = store
            .write_now(|tx| {
                add(
                    tx,
                    "shop",
                    "Shop",
                    "wk_shop",
                    "secret",
                    &texts(&["https://b.test", "https://a.test"]),
                    &texts(&["abc"]),
                )
            })
            .unwrap();
        assert_eq!(shop.write_keys, ["wk_shop", "abc"]);
        assert_eq!(shop.origins, ["https://a.test", "https://b.test"]);
        assert_eq!(store.catalog().source_of("abc"), Some(&shop));
        let blog =
            store.write_now(|tx| add(tx, "blog", "Blog", "wk_blog", "secret", &[], &texts(&["abc", "xyz"]))).unwrap();
        assert_eq!(blog.write_keys, ["wk_blog", "xyz"], "a key has one source");
        catalog_is_the_file_s(&store);
        store.close();
    }

    #[test]
    fn a_source_is_changed_in_the_file_and_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let shop = store.write_now(|tx| add(tx, "shop", "Shop", "wk_shop", "secret", &[], &texts(&["abc"]))).unwrap();
        let blog = store.write_now(|tx| add(tx, "blog", "Blog", "wk_blog", "secret", &[], &[])).unwrap();
        for deed in [
            SourceChange::Name("Store".into()),
            SourceChange::Live(false),
            SourceChange::Paused(true),
            SourceChange::Closed(true),
            SourceChange::SignaturesRequired(true),
            SourceChange::Origins(texts(&["https://z.test", "https://a.test", "https://a.test"])),
        ] {
            assert_eq!(store.write_now(move |tx| change(tx, shop.key, &deed)).unwrap(), [] as [&str; 0]);
            catalog_is_the_file_s(&store);
        }
        let changed = store.catalog().source_by_id("shop").cloned().unwrap();
        assert_eq!((changed.name.as_str(), changed.kind, changed.paused), ("Store", SourceKind::Test, true));
        assert!(changed.closed && changed.signatures_required);
        assert_eq!(changed.origins, ["https://a.test", "https://z.test"]);

        let adopt = SourceChange::AdoptedKeys(texts(&["abc", "new", "wk_blog"]));
        let left_out = store.write_now(move |tx| change(tx, blog.key, &adopt)).unwrap();
        assert_eq!(left_out, ["abc"]);
        catalog_is_the_file_s(&store);
        let drop = SourceChange::AdoptedKeys(Vec::new());
        store.write_now(move |tx| change(tx, shop.key, &drop)).unwrap();
        assert_eq!(store.catalog().source_of("abc"), None);
        assert_eq!(store.catalog().source_of("wk_shop").unwrap().source_id, "shop");
        catalog_is_the_file_s(&store);
        store.close();
    }
}
