//! Two records that look alike are not the same: a person's word, kept (R1, C5).

use serde_json::json;

use crate::domain::access::Grade;
use crate::domain::change::{By, Change, NOT_SAME_AS, Subject};
use crate::domain::duplicates::Records;
use crate::domain::ids::{ChangeKey, CompanyKey, UserKey};
use crate::store::{StoreError, Tx, changes, companies, duplicates, users};

/// Keeps that two users are not the same. They are not shown as possible duplicates again. None where it
/// was said before, or they are one.
///
/// # Errors
/// [`StoreError`] only; nothing is changed then.
pub fn users_differ(tx: &Tx<'_>, by: &By, one: UserKey, other: UserKey) -> Result<Option<ChangeKey>, StoreError> {
    if one == other || !duplicates::tell_apart(tx, Records::Users, one.0, other.0, true)? {
        return Ok(None);
    }
    let told = |of: UserKey, apart_from: UserKey| -> Result<Change, StoreError> {
        Ok(Change::new(Subject::User(of), NOT_SAME_AS, None, Some(json!(users::id(tx, apart_from)?))))
    };
    changes::record(tx, by, "tell_apart", Grade::Hand, &[told(one, other)?, told(other, one)?])
}

/// Keeps that two companies are not the same, as [`users_differ`] does of users.
///
/// # Errors
/// [`StoreError`] only; nothing is changed then.
pub fn companies_differ(
    tx: &Tx<'_>,
    by: &By,
    one: CompanyKey,
    other: CompanyKey,
) -> Result<Option<ChangeKey>, StoreError> {
    let (one, other) = (companies::survivor(tx, one), companies::survivor(tx, other));
    if one == other || !duplicates::tell_apart(tx, Records::Companies, one.0, other.0, true)? {
        return Ok(None);
    }
    let told = |of: CompanyKey, apart_from: CompanyKey| -> Result<Change, StoreError> {
        let id = companies::load(tx, apart_from)?.company_id;
        Ok(Change::new(Subject::Company(of), NOT_SAME_AS, None, Some(json!(id))))
    };
    changes::record(tx, by, "tell_apart", Grade::Hand, &[told(one, other)?, told(other, one)?])
}
