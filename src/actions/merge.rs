//! Two users are one (R11): a person's act, with a preview, taken back by `undo.rs`. Two companies
//! likewise (C10): `companies.rs`.

pub mod companies;

use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::change::{By, Change, MERGED_INTO, Subject};
use crate::domain::ids::{ChangeKey, UserKey};
use crate::domain::profile::{OWNER, Profile, TAGS, TAGS_MAX, tags_value};
use crate::store::merges::{self, Move};
use crate::store::{StoreError, Tx, changes, memberships, operators, profiles, users};

/// Why two records are not merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is only one.
    #[error("The two are one already. Nothing was changed.")]
    OneAlready,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Merges `other` into `survivor`, whichever they were merged into before: the survivor keeps its values
/// and its gaps are filled, memberships are united, the other's ids and browsers lead to it.
///
/// # Errors
/// [`MergeError`]; nothing is changed then.
pub fn merge(tx: &mut Tx<'_>, by: &By, survivor: UserKey, other: UserKey) -> Result<ChangeKey, MergeError> {
    let catalog = tx.catalog();
    let (survivor, other) = (catalog.survivor(survivor), catalog.survivor(other));
    if survivor == other {
        return Err(MergeError::OneAlready);
    }
    let moves: Vec<Move> =
        merges::group(tx, other)?.into_iter().map(|user| Move { user, into: Some(survivor) }).collect();
    let mut changes = Vec::new();
    for Move { user, into } in &moves {
        let before = merges::merged_into(tx, *user);
        changes.push(Change::new(Subject::User(*user), MERGED_INTO, named(tx, before)?, named(tx, *into)?));
    }
    changes.extend(unite(tx, Profile::User(survivor), Profile::User(other))?);
    changes.extend(rejoin(tx, &moves)?);
    let change = changes::record(tx, by, "merge", Grade::Hand, &changes)?;
    change.ok_or(MergeError::OneAlready)
}

/// Of owner and tags the survivor keeps what it has: its gap is filled, its tags are united with the other's.
fn unite(tx: &Tx<'_>, survivor: Profile, other: Profile) -> Result<Vec<Change>, StoreError> {
    let db = tx.reader();
    let mut changes = Vec::new();
    if profiles::owner(&db, survivor)?.is_none()
        && let Some(email) = profiles::owner(&db, other)?
        && let Some((operator, _)) = operators::find(&db, &email)?
    {
        profiles::set_owner(tx, survivor, Some(operator.key))?;
        changes.push(Change::new(survivor.subject(), OWNER, None, Some(json!(email))));
    }
    let (ours, theirs) = (profiles::tags(&db, survivor)?, profiles::tags(&db, other)?);
    let mut all = ours.clone();
    all.extend(theirs.into_iter().filter(|tag| !ours.contains(tag)).take(TAGS_MAX.saturating_sub(ours.len())));
    if all != ours {
        profiles::set_tags(tx, survivor, &all)?;
        let united = profiles::tags(&db, survivor)?;
        changes.push(Change::new(survivor.subject(), TAGS, tags_value(&ours), tags_value(&united)));
    }
    Ok(changes)
}

/// Moves users to whom they belong now, and works out anew what follows for each person.
pub(super) fn rejoin(tx: &mut Tx<'_>, moves: &[Move]) -> Result<Vec<Change>, StoreError> {
    let touched = merges::regroup(tx, moves)?;
    let (people, merged): (Vec<UserKey>, Vec<UserKey>) =
        touched.into_iter().partition(|user| merges::merged_into(tx, *user).is_none());
    let mut changes = Vec::new();
    for user in merged {
        changes.extend(memberships::restate(tx, user)?);
    }
    for user in people {
        changes.extend(memberships::restate(tx, user)?);
        changes.extend(memberships::fill_gaps(tx, user)?);
        let mut known = users::load(tx, user)?;
        let filled = known.attributes.fill_gaps(&users::carried_by(tx, user)?);
        changes.extend(filled.into_iter().map(|(name, was, is)| Change::new(Subject::User(user), name, was, is)));
        users::save(tx, &known)?;
    }
    Ok(changes)
}

/// A user as a change set names it: by our id, which is there for leads too and never changes.
fn named(tx: &Tx<'_>, user: Option<UserKey>) -> Result<Option<Value>, StoreError> {
    user.map(|user| Ok(json!(users::id(tx, user)?))).transpose()
}
