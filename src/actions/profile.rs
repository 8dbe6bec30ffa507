//! Who looks after a user or a company, and its tags (A9).

use serde_json::Value;

use crate::domain::change::Change;
use crate::domain::profile::{self, OWNER, Profile, TAGS, tags_value};
use crate::store::{StoreError, Tx, operators, profiles};

/// Why an owner or tags were not set.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The owner is nobody who signs in here.
    #[error("No operator has the e-mail address {0:?}. See them under Settings, Operators.")]
    NoOperator(String),
    /// A tag that is none, or too many.
    #[error("{0}")]
    Tags(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts the operator of an e-mail address in charge of a user or company, or nobody; answers the change where it is
/// one.
///
/// # Errors
/// [`ProfileError`]; nothing is changed then.
pub(super) fn set_owner(tx: &Tx<'_>, profile: Profile, email: Option<&str>) -> Result<Option<Change>, ProfileError> {
    let found = match email {
        None => None,
        Some(email) => {
            let found = operators::find(&tx.reader(), email)?;
            Some(found.ok_or_else(|| ProfileError::NoOperator(email.to_owned()))?.0)
        }
    };
    let before = profiles::owner(&tx.reader(), profile)?.map(Value::from);
    profiles::set_owner(tx, profile, found.as_ref().map(|operator| operator.key))?;
    let after = found.map(|operator| Value::from(operator.email));
    Ok((before != after).then(|| Change::new(profile.subject(), OWNER, before, after)))
}

/// Gives a user or company these tags and no others; answers the change where it is one.
///
/// # Errors
/// [`ProfileError`]; nothing is changed then.
pub(super) fn set_tags(tx: &Tx<'_>, profile: Profile, tags: &[String]) -> Result<Option<Change>, ProfileError> {
    let tags = profile::tags(tags).map_err(ProfileError::Tags)?;
    let before = profiles::tags(&tx.reader(), profile)?;
    if before == tags {
        return Ok(None);
    }
    profiles::set_tags(tx, profile, &tags)?;
    Ok(Some(Change::new(profile.subject(), TAGS, tags_value(&before), tags_value(&tags))))
}
