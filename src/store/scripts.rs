//! The scripts that pages pin by their version: kept for ever, as a page may name an old one for years.

use rusqlite::{OptionalExtension, params};

use super::{Reader, StoreError, Tx};

/// A script as it was first served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptScript {
    /// Its path and query, such as `/widget.1.0.0.js` or `/widget.1.0.0.js?compat`.
    pub address: String,
    /// The start of its SHA-256 in hex: its `ETag`.
    pub hash: String,
    /// What it holds, compressed with gzip.
    pub gzip: Vec<u8>,
}

/// The script of an address, if a server of this file ever served it.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, address: &str) -> Result<Option<KeptScript>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT address, hash, gzip FROM scripts WHERE address = ?1")?;
    let script =
        |row: &rusqlite::Row<'_>| Ok(KeptScript { address: row.get(0)?, hash: row.get(1)?, gzip: row.get(2)? });
    Ok(statement.query_row([address], script).optional()?)
}

/// Keeps a script. One that was built anew under the same version takes the place of the other, as only a
/// version that was never released can be built in two ways.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep(tx: &Tx<'_>, script: &KeptScript) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO scripts (address, hash, gzip, since_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET hash = excluded.hash, gzip = excluded.gzip, since_ms = excluded.since_ms
               WHERE hash <> excluded.hash",
        )?
        .execute(params![script.address, script.hash, script.gzip, tx.now_ms])?;
    Ok(())
}
