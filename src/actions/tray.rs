//! What is decided of values in the tray (A2, A4, A8): accepted under their own name, mapped to another
//! attribute, ignored for ever, applied after their attribute changed, thrown away.

use serde_json::json;

use super::attributes::{AttributeError, Hand, begin, found};
use crate::domain::attributes::{Owner, Type, standard};
use crate::domain::change::{CREATED, Change, Subject};
use crate::domain::ids::SourceKey;
use crate::domain::limits::DEFINITIONS_PER_KIND_MAX;
use crate::store::attribute_work::{Deed, Work};
use crate::store::{Tx, attributes as definitions, changes, tray};

/// What is decided of what waits under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It becomes an attribute of this type, and what waits is applied.
    Accept(Type),
    /// It means another attribute, now and in later messages.
    Map(String),
    /// It is not kept, now or later; later ones are counted.
    Ignore,
    /// What waits is applied to the attribute as it is now.
    Apply,
    /// What waits is thrown away; later values are dealt with as ever.
    Discard,
}

/// Does what was decided, as one change set. Answers the work on what waits.
///
/// # Errors
/// Nothing waits, no such attribute to map to, one that is there already, the limit, the store's.
pub fn decide(
    tx: &mut Tx<'_>,
    hand: &Hand,
    owner: Owner,
    name: &str,
    decision: &Decision,
) -> Result<Option<Work>, AttributeError> {
    let waits = tray::of(&tx.reader(), owner, name)?.is_some();
    let nothing = || AttributeError::NothingWaits { owner: owner.as_str(), name: name.to_owned() };
    if !waits && !matches!(decision, Decision::Ignore) {
        return Err(nothing());
    }
    match decision {
        Decision::Accept(kind) => {
            undefined(tx, owner, name)?;
            let known = tx.catalog().definitions.get(&owner).map_or(0, |names| names.len());
            let fixed = standard(owner).iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
            if known >= DEFINITIONS_PER_KIND_MAX && fixed.is_none() {
                return Err(AttributeError::TooMany { owner: owner.as_str(), limit: DEFINITIONS_PER_KIND_MAX });
            }
            definitions::define(tx, owner, name, fixed.unwrap_or(*kind), hand.grade, SourceKey(0))?;
            let definition = found(tx, owner, name)?;
            let after = json!({ "owner": owner.as_str(), "name": name, "type": definition.kind.as_str() });
            let change = Change::new(Subject::Attribute(definition.key), CREATED, None, Some(after));
            let set = changes::record(tx, &hand.by, "accept_attribute", hand.grade, &[change])?;
            begin(tx, Deed::Apply, owner, name, name, set, 1).map(Some)
        }
        Decision::Map(to) => {
            undefined(tx, owner, name)?;
            let definition = found(tx, owner, to)?;
            if definition.deleting {
                return Err(AttributeError::Deleting(definition.name));
            }
            definitions::decide_name(tx, owner, name, Some(to))?;
            let change = Change::new(Subject::Attribute(definition.key), "also_named", None, Some(json!(name)));
            let set = changes::record(tx, &hand.by, "map_attribute", hand.grade, &[change])?;
            begin(tx, Deed::Apply, owner, to, name, set, 1).map(Some)
        }
        Decision::Ignore => {
            undefined(tx, owner, name)?;
            if !waits && tx.catalog().decided(owner, name).is_some() {
                return Err(nothing());
            }
            definitions::decide_name(tx, owner, name, None)?;
            let after = json!({ "owner": owner.as_str(), "name": name });
            let change = Change::new(Subject::Workspace, "ignored_attribute", None, Some(after));
            changes::record(tx, &hand.by, "ignore_attribute", hand.grade, &[change])?;
            Ok(None)
        }
        Decision::Discard => {
            let before = json!({ "owner": owner.as_str(), "name": name });
            let change = Change::new(Subject::Workspace, "tray_values", Some(before), None);
            let set = changes::record(tx, &hand.by, "discard_tray", hand.grade, &[change])?;
            begin(tx, Deed::Discard, owner, name, name, set, 1).map(Some)
        }
        Decision::Apply => {
            let definition = found(tx, owner, name)?;
            if definition.deleting {
                return Err(AttributeError::Deleting(definition.name));
            }
            let change = Change::new(Subject::Attribute(definition.key), "tray", None, Some(json!("applied")));
            let set = changes::record(tx, &hand.by, "apply_tray", hand.grade, &[change])?;
            begin(tx, Deed::Apply, owner, name, name, set, 1).map(Some)
        }
    }
}

/// A file says what was decided of a name: the attribute that is meant, or nothing. Answers the change, where it is one.
///
/// # Errors
/// An attribute has the name; there is no such attribute as is meant; the store's.
pub(super) fn stated(
    tx: &mut Tx<'_>,
    owner: Owner,
    name: &str,
    means: Option<&str>,
) -> Result<Option<Change>, AttributeError> {
    if tx.catalog().decided(owner, name) == Some(means) {
        return Ok(None);
    }
    undefined(tx, owner, name)?;
    let meant = means.map(|means| found(tx, owner, means)).transpose()?;
    definitions::decide_name(tx, owner, name, means)?;
    Ok(Some(match meant {
        Some(meant) => Change::new(Subject::Attribute(meant.key), "also_named", None, Some(json!(name))),
        None => {
            let after = json!({ "owner": owner.as_str(), "name": name });
            Change::new(Subject::Workspace, "ignored_attribute", None, Some(after))
        }
    }))
}

/// Undoes what was decided about a name: it waits in the tray again, or becomes an attribute by itself.
/// What was stored meanwhile stays.
///
/// # Errors
/// Nothing was decided of it, the store's.
pub fn forget(tx: &mut Tx<'_>, hand: &Hand, owner: Owner, name: &str) -> Result<(), AttributeError> {
    let means = tx.catalog().decided(owner, name).map(|means| means.map(str::to_owned));
    let Some(means) = means else {
        return Err(AttributeError::Unknown { owner: owner.as_str(), name: name.to_owned() });
    };
    definitions::forget_name(tx, owner, name)?;
    let field = if means.is_some() { "also_named" } else { "ignored_attribute" };
    let before = json!({ "owner": owner.as_str(), "name": name, "means": means });
    let change = Change::new(Subject::Workspace, field, Some(before), None);
    changes::record(tx, &hand.by, "forget_name", hand.grade, &[change])?;
    Ok(())
}

fn undefined(tx: &Tx<'_>, owner: Owner, name: &str) -> Result<(), AttributeError> {
    match tx.catalog().definition(owner, name) {
        Some(_) => Err(AttributeError::Defined(name.to_owned())),
        None => Ok(()),
    }
}
