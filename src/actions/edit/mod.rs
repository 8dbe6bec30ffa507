//! By hand: an operator on a page, or a program with a token, sets what is true of a user, a company or
//! a membership. Values take the same way as a message's (`receive`): the same conversion, limits and
//! definitions. An operator's are worth a hand, a token's a secret token (A7). One deed is one change set.
//!
//! - `members.rs` who belongs to which company (C1, C7);
//! - `bulk.rs` one deed for many of a list;
//! - `notes.rs` notes about a user or a company (A9).

pub mod bulk;
pub mod bulk_job;
mod members;
pub mod notes;

use serde_json::{Map, Value};

pub use members::{MemberEdit, join_one, leave, member, of_member};

use super::attributes::Hand;
use super::email_domains;
use super::profile::{self, ProfileError};
use super::receive::Receiving;
use super::rename::{self, RenameError};
use super::{archive, signed_members};
use crate::domain::access::Grade;
use crate::domain::attributes::{Owner, Stamp, email_value};
use crate::domain::change::{CREATED, Change, Subject};
use crate::domain::error::{Code, Refused};
use crate::domain::ids::{ChangeKey, CompanyId, CompanyKey, SourceKey, UserId, UserKey};
use crate::domain::message::{Delivery, RefusedValue};
use crate::domain::profile::Profile;
use crate::store::erasure::{self, Named};
use crate::store::users::UserName;
use crate::store::{StoreError, Tx, changes, companies, memberships, users};

/// Why something was not done by hand. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The id or e-mail address can't be one.
    #[error("{}", .0.detail)]
    Refused(#[from] Refused),
    /// Nobody is known by this name.
    #[error("No user matches {0:?}. Check it; to create a user, give an id or an e-mail address.")]
    NoUser(String),
    /// Several are known by this e-mail address.
    #[error(
        "Several users have the e-mail address {0:?}, so it doesn't say who is meant. Name the user by id, or by our id."
    )]
    SeveralUsers(String),
    /// No such company.
    #[error("No company has the id {0:?}. Check the id; it is case-sensitive.")]
    NoCompany(String),
    /// The id is another company's.
    #[error(transparent)]
    Rename(RenameError),
    /// The user is not in the company.
    #[error("The user is not a member of the company now, so there is nothing to change or leave.")]
    NoMember,
    /// It is the only company there is.
    #[error(
        "The user has no other company that could become the current one. Leave current out, or leave the company."
    )]
    OnlyCompany,
    /// The owner is nobody who signs in here.
    #[error("No operator has the e-mail address {0:?}. See them under Settings, Operators.")]
    NoOperator(String),
    /// A tag, a note or a date that is none.
    #[error("{sentence}")]
    Value {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        sentence: String,
    },
    /// There is no such note, or it is another's.
    #[error("{0}")]
    Note(&'static str),
    /// There is no such change to go back to.
    #[error("That change no longer exists. It may have been erased, or thinned out because its value changed often.")]
    NoChange,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RenameError> for EditError {
    fn from(error: RenameError) -> EditError {
        match error {
            RenameError::Store(error) => EditError::Store(error),
            taken => EditError::Rename(taken),
        }
    }
}

impl From<ProfileError> for EditError {
    fn from(error: ProfileError) -> EditError {
        match error {
            ProfileError::NoOperator(email) => EditError::NoOperator(email),
            ProfileError::Tags(sentence) => EditError::Value { field: "tags", sentence },
            ProfileError::Store(error) => EditError::Store(error),
        }
    }
}

/// What is to be set of a user or a company. What is not named stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Attributes as sent; `null` clears.
    pub values: Map<String, Value>,
    /// The values are pinned (A7); only a hand pins.
    pub pinned: bool,
    /// The operator who looks after it, by e-mail; `Some(None)` is nobody.
    pub owner: Option<Option<String>>,
    /// All its tags.
    pub tags: Option<Vec<String>>,
    /// A company takes signed members only (C8).
    pub signed_members: Option<bool>,
    /// Another id of a company (C10).
    pub company_id: Option<CompanyId>,
    /// A company is out of lists and numbers (C10).
    pub archived: Option<bool>,
    /// Companies that a user belongs to, beside those there are.
    pub companies: Vec<(CompanyId, MemberEdit)>,
}

/// Whether whoever is not known is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Made.
    Create,
    /// An error.
    Refuse,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edited {
    /// Whom it was about.
    pub about: Option<Subject>,
    /// The change set; none where nothing changed.
    pub change: Option<ChangeKey>,
    /// A value changed whose history is not kept.
    pub unrecorded: bool,
    /// The user or company that it was about is new.
    pub created: bool,
    /// Values that were refused, while the rest was.
    pub refused_values: Vec<RefusedValue>,
    /// Attributes that a pin keeps as they are.
    pub kept: Vec<String>,
}

/// How a hand's values are delivered: by itself, or through the built-in source "API".
fn delivery(tx: &Tx<'_>, hand: &Hand) -> Delivery {
    let api = tx.catalog().api_source().map_or(SourceKey(0), |source| source.key);
    let source = if hand.grade == Grade::Hand { SourceKey(0) } else { api };
    Delivery { source, grade: hand.grade, sent_at_ms: None, received_ms: tx.now_ms }
}

/// Runs a deed by hand and records its change set.
fn by_hand(
    tx: &mut Tx<'_>,
    hand: &Hand,
    cause: &str,
    deed: impl FnOnce(&mut Receiving<'_, '_>) -> Result<Subject, EditError>,
) -> Result<Edited, EditError> {
    let delivery = delivery(tx, hand);
    let mut receiving = Receiving::by_hand(tx, &delivery);
    let about = deed(&mut receiving)?;
    let Receiving { changes, refused_values, kept, new_email, news, .. } = receiving;
    if let Some((user, email)) = new_email {
        email_domains::consider(tx, user, email.as_deref(), tx.now_ms)?; // C9
    }
    let created = changes.iter().any(|change| change.subject == about && change.field == CREATED);
    let change = changes::record(tx, &hand.by, cause, hand.grade, &changes)?;
    Ok(Edited { about: Some(about), change, unrecorded: news, created, refused_values, kept })
}

/// Sets what is true of a user, and of its places in companies.
///
/// # Errors
/// [`EditError`]; nothing is changed then.
pub fn user(
    tx: &mut Tx<'_>,
    hand: &Hand,
    name: &UserName,
    wanted: &Wanted,
    absent: Absent,
) -> Result<Edited, EditError> {
    let known = found_user(tx, name)?;
    by_hand(tx, hand, "edit", |receiving| {
        let named = match (known, absent) {
            (Some(named), _) => named,
            (None, Absent::Create) => create_user(receiving, name)?,
            (None, Absent::Refuse) => return Err(EditError::NoUser(name.text().to_owned())),
        };
        let user = receiving.tx.catalog().survivor(named);
        let stamp = Stamp { pinned: pins(hand, wanted), ..receiving.stamp() };
        receiving.say(Subject::User(named), wanted.values.clone(), stamp)?;
        members::join(receiving, named, &wanted.companies)?;
        keep(receiving, Profile::User(user), wanted)?;
        Ok(Subject::User(user))
    })
}

/// Sets what is true of a company.
///
/// # Errors
/// [`EditError`]; nothing is changed then.
pub fn company(tx: &mut Tx<'_>, hand: &Hand, id: &str, wanted: &Wanted, absent: Absent) -> Result<Edited, EditError> {
    let known = companies::named_key(&tx.reader(), id)?;
    by_hand(tx, hand, "edit", |receiving| {
        let named = match (known, absent) {
            (Some(named), _) => named,
            (None, Absent::Create) => receiving.company(&company_id(id)?)?,
            (None, Absent::Refuse) => return Err(EditError::NoCompany(id.to_owned())),
        };
        let company = companies::survivor(receiving.tx, named);
        let stamp = Stamp { pinned: pins(hand, wanted), ..receiving.stamp() };
        receiving.say(Subject::Company(named), wanted.values.clone(), stamp)?;
        keep(receiving, Profile::Company(company), wanted)?;
        if let Some(only_signed) = wanted.signed_members {
            receiving.changes.extend(signed_members::set(receiving.tx, company, only_signed)?);
        }
        if let Some(id) = &wanted.company_id {
            receiving.changes.extend(rename::company(receiving.tx, company, id)?);
        }
        if let Some(archived) = wanted.archived {
            receiving.changes.extend(archive::set(receiving.tx, company, archived.then_some(receiving.tx.now_ms))?);
        }
        Ok(Subject::Company(company))
    })
}

/// Writes the value that an attribute had before a change, as said by hand now (A6). A pin stays.
///
/// # Errors
/// [`EditError`]; nothing is changed then.
pub fn restore(tx: &mut Tx<'_>, hand: &Hand, change: ChangeKey, place: i64) -> Result<Edited, EditError> {
    let rows = changes::of_set(&tx.reader(), change)?;
    let row = rows.into_iter().find(|row| row.place == place).ok_or(EditError::NoChange)?;
    let (owner, attributes) = match row.about {
        Subject::User(user) => (Owner::User, Some(users::load(tx, user)?.attributes)),
        Subject::Company(company) => (Owner::Company, Some(companies::load(tx, company)?.attributes)),
        Subject::Membership(user, company) => (Owner::Membership, memberships::attributes(tx, user, company)?),
        _ => return Err(EditError::NoChange),
    };
    let attributes = attributes.ok_or(EditError::NoMember)?;
    tx.catalog().definition(owner, &row.field).ok_or(EditError::NoChange)?;
    let pinned = attributes.is_pinned(&row.field);
    let values = Map::from_iter([(row.field, row.before.unwrap_or_default())]);
    by_hand(tx, hand, "restore", |receiving| {
        let stamp = Stamp { pinned, ..receiving.stamp() };
        receiving.say(row.about, values, stamp)?;
        Ok(row.about)
    })
}

/// Only a hand pins.
fn pins(hand: &Hand, wanted: &Wanted) -> bool {
    wanted.pinned && hand.grade == Grade::Hand
}

/// A company's id as it is kept (R9).
///
/// # Errors
/// It can't be one.
pub fn company_id(id: &str) -> Result<CompanyId, EditError> {
    CompanyId::parse(id)?.ok_or_else(|| EditError::NoCompany(id.to_owned()))
}

/// Makes a user of an id, or a lead of an e-mail address.
fn create_user(receiving: &mut Receiving<'_, '_>, name: &UserName) -> Result<UserKey, EditError> {
    let at_ms = receiving.tx.now_ms;
    let (user_id, email) = match name {
        UserName::UserId(id) => (Some(UserId::parse(id)?.ok_or_else(|| EditError::NoUser(id.clone()))?), None),
        UserName::Email(email) => (None, Some(email_value(&Value::String(email.clone()))?)),
        UserName::Id(id) => return Err(EditError::NoUser(id.clone())),
    };
    let named = user_id.as_ref().map(|id| Named::User(id.as_str()));
    let named = named.or(email.as_ref().and_then(Value::as_str).map(Named::Email));
    if named.is_some_and(|named| erasure::is_erased(receiving.tx, named)) {
        let detail =
            "This person was erased, and nothing is stored for the id or address until an admin allows it again.";
        return Err(Refused::new(Code::Erased, detail).into());
    }
    let user = users::create(receiving.tx, user_id.as_ref(), at_ms)?;
    let after = user_id.map_or_else(|| Value::from("lead"), |id| Value::from(id.as_str()));
    receiving.changes.push(Change::new(Subject::User(user), CREATED, None, Some(after)));
    if let Some(email) = email {
        let stamp = receiving.stamp();
        receiving.say(Subject::User(user), Map::from_iter([("email".to_owned(), email)]), stamp)?;
    }
    Ok(user)
}

/// Owner and tags (A9).
fn keep(receiving: &mut Receiving<'_, '_>, profile: Profile, wanted: &Wanted) -> Result<(), EditError> {
    if let Some(owner) = &wanted.owner {
        receiving.changes.extend(profile::set_owner(receiving.tx, profile, owner.as_deref())?);
    }
    if let Some(tags) = &wanted.tags {
        receiving.changes.extend(profile::set_tags(receiving.tx, profile, tags)?);
    }
    Ok(())
}

/// A company of the file by the site's id, as it is named: merged or not.
fn known_company(tx: &Tx<'_>, id: &str) -> Result<CompanyKey, EditError> {
    companies::named_key(&tx.reader(), id)?.ok_or_else(|| EditError::NoCompany(id.to_owned()))
}

/// A user of the file by a name, as it is named: merged or not.
fn known_user(tx: &Tx<'_>, name: &UserName) -> Result<UserKey, EditError> {
    found_user(tx, name)?.ok_or_else(|| EditError::NoUser(name.text().to_owned()))
}

/// The user of a name, where there is one, as it is named.
fn found_user(tx: &Tx<'_>, name: &UserName) -> Result<Option<UserKey>, EditError> {
    if users::is_shared(&tx.reader(), name)? {
        return Err(EditError::SeveralUsers(name.text().to_owned()));
    }
    Ok(users::named(tx, name)?)
}
