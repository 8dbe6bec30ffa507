//! A company out of lists and numbers, and back (C10). Nothing is erased, and messages for it go on being stored.

use serde_json::json;

use crate::domain::change::{ARCHIVED, Change, Subject};
use crate::domain::ids::CompanyKey;
use crate::store::{StoreError, Tx, companies};

/// Archives a company, or puts it back; answers the change where it is one.
pub(super) fn set(tx: &Tx<'_>, company: CompanyKey, archived: bool) -> Result<Option<Change>, StoreError> {
    let was = companies::archived_ms(&tx.reader(), company)?.is_some();
    if was == archived {
        return Ok(None);
    }
    companies::archive(tx, company, archived.then_some(tx.now_ms))?;
    Ok(Some(Change::new(Subject::Company(company), ARCHIVED, Some(json!(was)), Some(json!(archived)))))
}
