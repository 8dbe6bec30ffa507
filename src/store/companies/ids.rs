//! The ids of a company: its own, and those it had before (C10).

use rusqlite::{OptionalExtension, params};

use crate::domain::duplicates::{self, Records, Why};
use crate::domain::ids::{CompanyId, CompanyKey};
use crate::store::{self, StoreError, Tx, remembered};

/// The company of an id, read through aliases: as it is named, merged or not.
///
/// # Errors
/// [`StoreError`] only.
pub fn key_of_id(tx: &Tx<'_>, company_id: &CompanyId) -> Result<Option<CompanyKey>, StoreError> {
    let id = company_id.as_str();
    remembered::by_id(
        tx,
        |known| &mut known.companies,
        id,
        || {
            let mut statement = tx.held("SELECT company_key FROM company_ids WHERE company_id = ?1")?;
            Ok(statement.query_row([id], |row| row.get(0).map(CompanyKey)).optional()?)
        },
    )
}

/// Since when a company has an id, Unix milliseconds; none where it is not its.
///
/// # Errors
/// [`StoreError`] only.
pub fn id_since_ms(tx: &Tx<'_>, key: CompanyKey, company_id: &CompanyId) -> Result<Option<i64>, StoreError> {
    let mut statement =
        tx.connection.prepare_cached("SELECT since_ms FROM company_ids WHERE company_id = ?1 AND company_key = ?2")?;
    Ok(statement.query_row(params![company_id.as_str(), key.0], |row| row.get(0)).optional()?)
}

/// Gives a company another id, which is free or one that it had before; the old one stays as an alias.
///
/// # Errors
/// [`StoreError`] only.
pub fn give_id(tx: &Tx<'_>, key: CompanyKey, company_id: &CompanyId, at_ms: i64) -> Result<(), StoreError> {
    if id_since_ms(tx, key, company_id)?.is_none() {
        add_id(tx, key, company_id, at_ms)?;
    }
    tx.connection
        .prepare_cached("UPDATE companies SET company_id = ?2 WHERE company_key = ?1")?
        .execute(params![key.0, company_id.as_str()])?;
    // The name that sorts it may be its id.
    super::save(tx, &super::load(tx, key)?)
}

/// Gives a company an id that it had before, which is free; its own stays.
///
/// # Errors
/// [`StoreError`] only.
pub fn give_former_id(tx: &Tx<'_>, key: CompanyKey, company_id: &CompanyId, at_ms: i64) -> Result<(), StoreError> {
    add_id(tx, key, company_id, at_ms)
}

/// Takes an alias of a company away: it is free again.
///
/// # Errors
/// [`StoreError`] only.
pub fn drop_id(tx: &Tx<'_>, key: CompanyKey, company_id: &CompanyId) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("DELETE FROM company_ids WHERE company_id = ?1 AND company_key = ?2")?
        .execute(params![company_id.as_str(), key.0])?;
    remembered::forget_ids(tx);
    store::duplicates::restate(tx, Records::Companies, Why::Id, &duplicates::form(company_id.as_str()))
}

/// Adds an id to those of a company.
pub(super) fn add_id(tx: &Tx<'_>, key: CompanyKey, company_id: &CompanyId, at_ms: i64) -> Result<(), StoreError> {
    let form = duplicates::form(company_id.as_str());
    let other = (form != company_id.as_str()).then_some(&form);
    tx.connection
        .prepare_cached("INSERT INTO company_ids (company_id, company_key, since_ms, form) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![company_id.as_str(), key.0, at_ms, other])?;
    store::duplicates::restate(tx, Records::Companies, Why::Id, &form)
}
