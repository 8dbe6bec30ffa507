//! A company takes signed members only, or any (C8).

use serde_json::json;

use crate::domain::change::{Change, Subject};
use crate::domain::ids::CompanyKey;
use crate::store::{StoreError, Tx, companies};

/// The field of a company in change sets.
pub(super) const SIGNED_MEMBERS: &str = " signed_members";

/// Sets whether a company takes signed members only; answers the change where it is one. Who is in it stays.
pub(super) fn set(tx: &mut Tx<'_>, company: CompanyKey, only_signed: bool) -> Result<Option<Change>, StoreError> {
    let was = tx.catalog().companies_of_signed.contains(&company);
    if was == only_signed {
        return Ok(None);
    }
    companies::ask_for_signed(tx, company, only_signed)?;
    Ok(Some(Change::new(Subject::Company(company), SIGNED_MEMBERS, Some(json!(was)), Some(json!(only_signed)))))
}
