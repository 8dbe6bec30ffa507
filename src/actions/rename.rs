//! A company gets another id (C10): the old one stays an alias, so that messages with it reach the company.

use serde_json::json;

use crate::domain::change::{COMPANY_ID, Change, Subject};
use crate::domain::ids::{CompanyId, CompanyKey};
use crate::store::{StoreError, Tx, companies};

/// Why a company keeps its id.
#[derive(Debug, thiserror::Error)]
pub enum RenameError {
    /// Another company has the id, or one that was merged into this one.
    #[error("{0:?} is already the id of another company. Merge the two if they are the same.")]
    Taken(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives a company another id; answers the change where it is one. An id that it had before is its again.
///
/// # Errors
/// [`RenameError`]; nothing is changed then.
pub(super) fn company(tx: &Tx<'_>, company: CompanyKey, id: &CompanyId) -> Result<Option<Change>, RenameError> {
    let was = companies::load(tx, company)?.company_id;
    if was == id.as_str() {
        return Ok(None);
    }
    if companies::key_of_id(tx, id)?.is_some_and(|owner| owner != company) {
        return Err(RenameError::Taken(id.as_str().to_owned()));
    }
    companies::give_id(tx, company, id, tx.now_ms)?;
    Ok(Some(Change::new(Subject::Company(company), COMPANY_ID, Some(json!(was)), Some(json!(id.as_str())))))
}

/// Gives a company its former id again. The id that it got by a deed of an instant (Unix milliseconds) is
/// free again, so that another company may come to have it. Where it keeps its id, why.
pub(super) fn back(
    tx: &Tx<'_>,
    company: CompanyKey,
    before: &CompanyId,
    after: &CompanyId,
    at_ms: i64,
) -> Result<Result<Change, &'static str>, StoreError> {
    if companies::load(tx, company)?.company_id != after.as_str() {
        return Ok(Err("It has been given another id since, and keeps it."));
    }
    if companies::key_of_id(tx, before)?.is_some_and(|owner| owner != company) {
        return Ok(Err("Its old id now belongs to another company."));
    }
    companies::give_id(tx, company, before, tx.now_ms)?;
    if companies::id_since_ms(tx, company, after)? == Some(at_ms) {
        companies::drop_id(tx, company, after)?;
    }
    let (was, is) = (json!(after.as_str()), json!(before.as_str()));
    Ok(Ok(Change::new(Subject::Company(company), COMPANY_ID, Some(was), Some(is))))
}
