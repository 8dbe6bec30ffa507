//! Attributes by hand: what a definition says, a change of type, a deletion.
//!
//! A change of type or a deletion holds at once for what comes in; the values there are follow in
//! chunks (`work.rs`), the first of them within the deed itself, so that a small workspace is done
//! when the answer comes. `preview.rs` says beforehand what will become of them.

mod preview;
mod work;

use serde_json::{Value, json};

pub use preview::{Looked, Preview, preview};
pub use work::step;

use crate::domain::access::Grade;
use crate::domain::attributes::{Owner, Type, is_standard};
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids::ChangeKey;
use crate::store::attribute_work::{self, Deed, Work};
use crate::store::attributes::{self as definitions, DefinitionChange, DefinitionRow};
use crate::store::fast_filters::{self, FAST_FILTERS_MAX};
use crate::store::{Reader, StoreError, Tx, changes};

/// Characters of a label.
const LABEL_CHARS_MAX: usize = 100;

/// Why something about an attribute was not done.
#[derive(Debug, thiserror::Error)]
pub enum AttributeError {
    /// There is none of this name.
    #[error("There is no {owner} attribute {name:?}. See them under Attributes, or with GET /api/v1/attributes.")]
    Unknown {
        /// The word for whose it would be.
        owner: &'static str,
        /// The name.
        name: String,
    },
    /// Nothing waits under this name.
    #[error("Nothing is waiting in the tray for the {owner} attribute {name:?}. It may have been handled already.")]
    NothingWaits {
        /// The word for whose it would be.
        owner: &'static str,
        /// The name.
        name: String,
    },
    /// There is nothing of this name to set.
    #[error("An attribute has no {0:?} to set. It has: label, type, locked, hidden, history, fast_filter.")]
    Field(String),
    /// The value does not fit.
    #[error("{field} can't be {value}: use {expected}.")]
    Value {
        /// What was to be set.
        field: &'static str,
        /// What was given.
        value: String,
        /// What would be taken.
        expected: &'static str,
    },
    /// It is a standard attribute.
    #[error("{0} is a standard attribute: its type is fixed and it can't be deleted. It can be hidden.")]
    Standard(String),
    /// It is being deleted.
    #[error("{0} is being deleted. Wait until that has finished.")]
    Deleting(String),
    /// The name is not what was to be deleted.
    #[error("That name doesn't match. To delete the attribute and all its values, type {0}.")]
    NotConfirmed(String),
    /// An attribute with this name already exists.
    #[error("{0} is already an attribute. Apply the waiting values to it instead.")]
    Defined(String),
    /// No more definitions of a kind.
    #[error("You have reached the limit of {limit} {owner} attributes. Delete one you don't use.")]
    TooMany {
        /// The word for whose they are.
        owner: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// No index makes filters by it faster.
    #[error(
        "Filters by {0} can't be made faster: lists and objects have no index, and name, e-mail, role and title need none."
    )]
    NotIndexed(String),
    /// No more indexes of a kind.
    #[error(
        "{FAST_FILTERS_MAX} {owner} attributes have a fast filter, which is the limit: {names}. Remove it from one of them."
    )]
    TooManyFast {
        /// The word for whose they are.
        owner: &'static str,
        /// Their names, parted by commas.
        names: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who does something, and what that is worth.
#[derive(Debug, Clone)]
pub struct Hand {
    /// Who.
    pub by: By,
    /// An operator's hand, or a token.
    pub grade: Grade,
}

impl Hand {
    /// An operator, by e-mail.
    pub fn operator(email: &str) -> Hand {
        Hand { by: By::Operator(email.to_owned()), grade: Grade::Hand }
    }

    /// A token, by name.
    pub fn token(name: &str) -> Hand {
        Hand { by: By::Token(name.to_owned()), grade: Grade::Secret }
    }
}

/// What of a definition can be set beside its type.
pub const FIELDS: [&str; 5] = ["label", "locked", "hidden", "history", "fast_filter"];

/// The change that a field and its value ask for.
///
/// # Errors
/// No such field, or a value that does not fit.
pub fn parse_change(field: &str, value: &Value) -> Result<DefinitionChange, AttributeError> {
    let misfit = |field, expected| AttributeError::Value {
        field,
        value: crate::domain::ids::excerpt(&value.to_string()),
        expected,
    };
    let yes_or_no = |field| value.as_bool().ok_or_else(|| misfit(field, "true or false"));
    Ok(match field {
        "label" => match value {
            Value::Null => DefinitionChange::Label(None),
            Value::String(text) if text.trim().is_empty() => DefinitionChange::Label(None),
            Value::String(text) if text.trim().chars().count() <= LABEL_CHARS_MAX => {
                DefinitionChange::Label(Some(text.trim().to_owned()))
            }
            _ => return Err(misfit("label", "text of at most 100 characters")),
        },
        "locked" => DefinitionChange::Locked(yes_or_no("locked")?),
        "hidden" => DefinitionChange::Hidden(yes_or_no("hidden")?),
        "history" => DefinitionChange::History(yes_or_no("history")?),
        "fast_filter" => DefinitionChange::FastFilter(yes_or_no("fast_filter")?),
        "type" => {
            let kind = value.as_str().and_then(Type::parse);
            let expected = "string, number, boolean, date, datetime, list or object";
            DefinitionChange::Type(kind.ok_or_else(|| misfit("type", expected))?)
        }
        other => return Err(AttributeError::Field(other.to_owned())),
    })
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// The change set; none where all was so already.
    pub change: Option<ChangeKey>,
    /// The work on its values, where its type is another.
    pub work: Option<Work>,
}

/// Changes what a definition says, all or nothing, as one change set.
///
/// # Errors
/// No such attribute, a fixed type, the store's.
pub fn change(
    tx: &mut Tx<'_>,
    hand: &Hand,
    owner: Owner,
    name: &str,
    wanted: &[DefinitionChange],
) -> Result<Changed, AttributeError> {
    let was = found(tx, owner, name)?.kind;
    let changes = set(tx, owner, name, wanted)?;
    let retyped = changes.iter().any(|change| change.field == "type");
    let cause = if retyped { "change_type" } else { "set_attribute" };
    let change = changes::record(tx, &hand.by, cause, hand.grade, &changes)?;
    if !retyped {
        return Ok(Changed { change, work: None });
    }
    // Further fields stand before the values in the change set.
    let work = begin(tx, Deed::Convert, owner, name, was.as_str(), change, changes.len())?;
    Ok(Changed { change, work: Some(work) })
}

/// Changes what a definition says; answers the changes.
///
/// # Errors
/// As [`change`].
pub(super) fn set(
    tx: &mut Tx<'_>,
    owner: Owner,
    name: &str,
    wanted: &[DefinitionChange],
) -> Result<Vec<Change>, AttributeError> {
    let before = found(tx, owner, name)?;
    if before.deleting {
        return Err(AttributeError::Deleting(before.name));
    }
    // What becomes a list or an object loses its index.
    let loses = |change: &DefinitionChange| matches!(change, DefinitionChange::Type(Type::List | Type::Object));
    let slower = wanted.iter().any(loses).then_some(DefinitionChange::FastFilter(false));
    let mut changes = Vec::new();
    for change in wanted.iter().chain(&slower) {
        let (field, was, is) = match change {
            DefinitionChange::Label(label) => ("label", json!(before.label), json!(label)),
            DefinitionChange::Locked(yes) => ("locked", json!(before.locked), json!(yes)),
            DefinitionChange::Hidden(yes) => ("hidden", json!(before.hidden), json!(yes)),
            DefinitionChange::History(yes) => ("history", json!(before.history), json!(yes)),
            DefinitionChange::FastFilter(yes) => ("fast_filter", json!(before.fast_filter.is_some()), json!(yes)),
            DefinitionChange::Type(kind) => ("type", json!(before.kind.as_str()), json!(kind.as_str())),
            DefinitionChange::Deleting => continue,
        };
        if was == is {
            continue;
        }
        if field == "type" && is_standard(owner, name) {
            return Err(AttributeError::Standard(before.name));
        }
        if *change == DefinitionChange::FastFilter(true) {
            may_be_fast(&tx.reader(), &before)?;
        }
        definitions::set(tx, owner, name, change)?;
        let some = |value: Value| (!value.is_null()).then_some(value);
        changes.push(Change::new(Subject::Attribute(before.key), field, some(was), some(is)));
    }
    Ok(changes)
}

/// Whether filters by an attribute can be made faster.
///
/// # Errors
/// It has no values to compare, or as many attributes are fast as may be.
pub fn may_be_fast(db: &Reader<'_>, definition: &DefinitionRow) -> Result<(), AttributeError> {
    if !is_indexed(definition) {
        return Err(AttributeError::NotIndexed(definition.name.clone()));
    }
    let names = fast_filters::names(db, definition.owner)?;
    if names.len() >= FAST_FILTERS_MAX {
        return Err(AttributeError::TooManyFast { owner: definition.owner.as_str(), names: names.join(", ") });
    }
    Ok(())
}

/// Whether an index can find the values of an attribute, and none does already.
pub fn is_indexed(definition: &DefinitionRow) -> bool {
    let has_column = match definition.owner {
        Owner::User => ["name", "email"].contains(&definition.name.as_str()),
        Owner::Company => definition.name == "name",
        Owner::Membership => ["role", "title"].contains(&definition.name.as_str()),
    };
    !has_column && !matches!(definition.kind, Type::List | Type::Object)
}

/// Deletes an attribute with all its values. `typed` is its name once more, so that nobody does it by mistake.
/// What the values were stays in the history of whom they belong to.
///
/// # Errors
/// No such attribute, a standard one, another name, the store's.
pub fn delete(tx: &mut Tx<'_>, hand: &Hand, owner: Owner, name: &str, typed: &str) -> Result<Work, AttributeError> {
    let before = found(tx, owner, name)?;
    if is_standard(owner, name) {
        return Err(AttributeError::Standard(before.name));
    }
    if before.deleting {
        return Err(AttributeError::Deleting(before.name));
    }
    if typed.trim() != before.name {
        return Err(AttributeError::NotConfirmed(before.name));
    }
    definitions::set(tx, owner, name, &DefinitionChange::Deleting)?;
    definitions::forget_names_of(tx, owner, name)?;
    let was = json!({ "owner": owner.as_str(), "name": before.name, "type": before.kind.as_str() });
    let change = Change::new(Subject::Attribute(before.key), "deleted", Some(was), None);
    let set = changes::record(tx, &hand.by, "delete_attribute", hand.grade, &[change])?;
    begin(tx, Deed::Delete, owner, name, before.kind.as_str(), set, 1)
}

/// The definition of a name.
pub(super) fn found(tx: &Tx<'_>, owner: Owner, name: &str) -> Result<DefinitionRow, AttributeError> {
    definitions::find(&tx.reader(), owner, name)?
        .ok_or_else(|| AttributeError::Unknown { owner: owner.as_str(), name: name.to_owned() })
}

/// Starts work on values, and does its first chunk.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    deed: Deed,
    owner: Owner,
    name: &str,
    was: &str,
    set: Option<ChangeKey>,
    places: usize,
) -> Result<Work, AttributeError> {
    let mut work = attribute_work::start(tx, deed, owner, name, was, set)?;
    work.place = i64::try_from(places).unwrap_or(i64::MAX);
    work::first_chunk(tx, &mut work)?;
    Ok(work)
}
