//! A company takes signed members only, or any (C8).

use serde_json::json;

use crate::domain::access::Grade;
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids::CompanyKey;
use crate::store::{StoreError, Tx, changes, companies};

/// The field of a company in change sets.
pub const SIGNED_MEMBERS: &str = "signed_members";

/// Says whether a company takes signed members only. Who is in it stays.
///
/// # Errors
/// [`StoreError`] only.
pub fn ask(tx: &mut Tx<'_>, by: &By, company: CompanyKey, only_signed: bool) -> Result<(), StoreError> {
    let change = set(tx, company, only_signed)?;
    changes::record(tx, by, "set_company", Grade::Hand, &Vec::from_iter(change)).map(drop)
}

/// Sets it; answers the change where it is one.
pub(super) fn set(tx: &mut Tx<'_>, company: CompanyKey, only_signed: bool) -> Result<Option<Change>, StoreError> {
    let was = tx.catalog().companies_of_signed.contains(&company);
    if was == only_signed {
        return Ok(None);
    }
    companies::ask_for_signed(tx, company, only_signed)?;
    Ok(Some(Change::new(Subject::Company(company), SIGNED_MEMBERS, Some(json!(was)), Some(json!(only_signed)))))
}
