//! A company out of lists and numbers, and back (C10). Nothing is erased, and messages for it go on being stored.

use serde_json::json;

use crate::domain::change::{ARCHIVED, Change, Subject};
use crate::domain::ids::CompanyKey;
use crate::store::{StoreError, Tx, companies};

/// Archives a company since an instant (Unix milliseconds), or puts it back; answers the change where it is one.
pub(super) fn set(tx: &Tx<'_>, company: CompanyKey, since_ms: Option<i64>) -> Result<Option<Change>, StoreError> {
    let (was, archived) = (companies::archived_ms(&tx.reader(), company)?.is_some(), since_ms.is_some());
    if was == archived {
        return Ok(None);
    }
    companies::archive(tx, company, since_ms)?;
    Ok(Some(Change::new(Subject::Company(company), ARCHIVED, Some(json!(was)), Some(json!(archived)))))
}
