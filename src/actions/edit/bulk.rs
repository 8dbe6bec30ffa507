//! One deed for many: users or companies of a list, in one change set, which is taken back as one.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{EditError, Hand, MemberEdit, Wanted, by_hand, keep, known_company, members};
use crate::actions::archive;
use crate::actions::receive::Receiving;
use crate::domain::change::Subject;
use crate::domain::ids::{ChangeKey, CompanyId, CompanyKey, UserKey};
use crate::domain::message::RefusedValue;
use crate::domain::profile::{self, Profile};
use crate::store::{Tx, companies, profiles, users};

/// Users or companies that one deed is done to at most: it holds the writer for so long.
pub const WHOM_MAX: usize = 500;

/// Whom it is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Users and leads.
    Users(Vec<UserKey>),
    /// Companies.
    Companies(Vec<CompanyKey>),
}

/// What is done to each of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Gets a tag, beside those there are.
    Tag(String),
    /// Loses a tag.
    Untag(String),
    /// An operator looks after it, by e-mail; nobody.
    Owner(Option<String>),
    /// An attribute, as sent; `null` clears.
    Set(String, Value),
    /// A user joins a company that there is.
    Join(#[serde(deserialize_with = "stored")] CompanyId),
    /// A user leaves a company.
    Leave(#[serde(deserialize_with = "stored")] CompanyId),
    /// A company is out of lists and numbers, or back.
    Archive(bool),
}

/// Reads the id of a company in a deed that stands in our own file.
fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CompanyId, D::Error> {
    String::deserialize(deserializer).map(CompanyId::stored)
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The change set; none where nothing changed.
    pub change: Option<ChangeKey>,
    /// How many were dealt with.
    pub dealt: usize,
    /// How many of them changed.
    pub changed: usize,
    /// Values that were refused.
    pub refused_values: Vec<RefusedValue>,
    /// How many keep what they have, since it is pinned.
    pub kept: usize,
    /// How many could not have it, and why; the first sentence.
    pub left: (usize, Option<String>),
}

impl Outcome {
    /// Whether some of them could not have it, or keep what they have.
    pub fn says_why(&self) -> bool {
        self.left.0 > 0 || self.kept > 0 || !self.refused_values.is_empty()
    }
}

/// Does one deed to each of them that is there. What one of them can't have is left, and said.
///
/// # Errors
/// The deed can't be done to any: no such operator, no such company, a tag that is none; the store's.
pub fn many(tx: &mut Tx<'_>, hand: &Hand, whom: &Whom, deed: &Deed) -> Result<Outcome, EditError> {
    let mut whom: Vec<Subject> = match whom {
        Whom::Users(users) => users::existing(&tx.reader(), users)?.into_iter().map(Subject::User).collect(),
        Whom::Companies(companies) => {
            companies::existing(&tx.reader(), companies)?.into_iter().map(Subject::Company).collect()
        }
    };
    whom.truncate(WHOM_MAX);
    let Some(first) = whom.first().copied() else { return Ok(Outcome::default()) };
    check(tx, deed)?;
    let mut outcome = Outcome { dealt: whom.len(), ..Outcome::default() };
    let edited = by_hand(tx, hand, "bulk", |receiving| {
        for subject in &whom {
            let (changes, kept) = (receiving.changes.len(), receiving.kept.len());
            match do_to_one(receiving, *subject, deed) {
                Ok(()) => {}
                Err(EditError::Value { sentence, .. }) => {
                    outcome.left.0 += 1;
                    outcome.left.1.get_or_insert(sentence);
                }
                Err(other) => return Err(other),
            }
            outcome.changed += usize::from(receiving.changes.len() > changes);
            outcome.kept += usize::from(receiving.kept.len() > kept);
        }
        Ok(first)
    })?;
    Ok(Outcome { change: edited.change, refused_values: edited.refused_values, ..outcome })
}

/// Refuses what can't be done to any of them.
pub(super) fn check(tx: &Tx<'_>, deed: &Deed) -> Result<(), EditError> {
    match deed {
        Deed::Tag(tag) | Deed::Untag(tag) => {
            let tag = std::slice::from_ref(tag);
            profile::tags(tag).map(drop).map_err(|sentence| EditError::Value { field: "value", sentence })
        }
        Deed::Set(name, _) if name == "email" => {
            let sentence = "An e-mail address belongs to one person. Set it on the person's page.".to_owned();
            Err(EditError::Value { field: "name", sentence })
        }
        Deed::Join(company) | Deed::Leave(company) => known_company(tx, company.as_str()).map(drop),
        _ => Ok(()),
    }
}

fn do_to_one(receiving: &mut Receiving<'_, '_>, subject: Subject, deed: &Deed) -> Result<(), EditError> {
    let Some(profile) = Profile::of(subject) else { return Ok(()) };
    match (deed, subject) {
        (Deed::Tag(tag), _) => {
            let mut tags = profiles::tags(&receiving.tx.reader(), profile)?;
            tags.push(tag.clone());
            keep(receiving, profile, &Wanted { tags: Some(tags), ..Wanted::default() })
        }
        (Deed::Untag(tag), _) => {
            let mut tags = profiles::tags(&receiving.tx.reader(), profile)?;
            tags.retain(|known| known != tag.trim());
            keep(receiving, profile, &Wanted { tags: Some(tags), ..Wanted::default() })
        }
        (Deed::Owner(owner), _) => {
            keep(receiving, profile, &Wanted { owner: Some(owner.clone()), ..Wanted::default() })
        }
        (Deed::Set(name, value), _) => {
            let stamp = receiving.stamp();
            Ok(receiving.say(subject, Map::from_iter([(name.clone(), value.clone())]), stamp)?)
        }
        (Deed::Join(company), Subject::User(user)) => {
            members::join(receiving, user, &[(company.clone(), MemberEdit::default())])
        }
        (Deed::Leave(company), Subject::User(user)) => {
            let company = known_company(receiving.tx, company.as_str())?;
            members::leave_if_member(receiving, user, company)
        }
        (Deed::Archive(archived), Subject::Company(company)) => {
            let change = archive::set(receiving.tx, company, archived.then_some(receiving.tx.now_ms))?;
            receiving.changes.extend(change);
            Ok(())
        }
        (Deed::Join(_) | Deed::Leave(_) | Deed::Archive(_), _) => Ok(()),
    }
}
