//! Two companies are one (C10): a person's act, with a preview, taken back by `undo.rs`. The journal and what
//! was said of memberships keep the company as named.

use serde_json::json;

use super::{Becoming, MERGED_INTO, MergeError, unite};
use crate::actions::signed_members;
use crate::domain::access::Grade;
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids::{ChangeKey, CompanyKey, UserKey};
use crate::domain::profile::Profile;
use crate::store::merges::companies::{self as merges, Move};
use crate::store::merges::{memberships as said, own};
use crate::store::{StoreError, Tx, changes, companies, memberships};

/// Merges `other` into `survivor`, whichever they were merged into before: the survivor keeps its values
/// and its gaps are filled, members and domains are united, events follow, the other's ids lead to it.
///
/// # Errors
/// [`MergeError`]; nothing is changed then.
pub fn merge(tx: &mut Tx<'_>, by: &By, survivor: CompanyKey, other: CompanyKey) -> Result<ChangeKey, MergeError> {
    let (survivor, other) = (merges::survivor(tx, survivor), merges::survivor(tx, other));
    if survivor == other {
        return Err(MergeError::OneAlready);
    }
    let moves: Vec<Move> =
        merges::group(tx, other)?.into_iter().map(|company| Move { company, into: Some(survivor) }).collect();
    let into = companies::load(tx, survivor)?.company_id;
    let mut changes = Vec::new();
    for Move { company, .. } in &moves {
        let before = match merges::merged_into(tx, *company) {
            Some(before) => Some(json!(companies::load(tx, before)?.company_id)),
            None => None,
        };
        changes.push(Change::new(Subject::Company(*company), MERGED_INTO, before, Some(json!(into))));
    }
    changes.extend(unite(tx, Profile::Company(survivor), Profile::Company(other))?);
    if tx.catalog().companies_of_signed.contains(&other) {
        // Nobody comes to be a member without proof by way of the other (C8).
        changes.extend(signed_members::set(tx, survivor, true)?);
    }
    changes.extend(rejoin(tx, &moves, Becoming::One)?);
    let change = changes::record(tx, by, changes::MERGE, Grade::Hand, &changes)?;
    change.ok_or(MergeError::OneAlready)
}

/// Moves companies to which they belong now, and works out anew what follows for each and its people.
pub(in crate::actions) fn rejoin(
    tx: &mut Tx<'_>,
    moves: &[Move],
    becoming: Becoming,
) -> Result<Vec<Change>, StoreError> {
    let touched = merges::regroup(tx, moves)?;
    let mut changes = Vec::new();
    for company in touched.iter().filter(|company| merges::merged_into(tx, **company).is_none()) {
        let about = Subject::Company(*company);
        let mut known = companies::load(tx, *company)?;
        let stood = known.attributes.clone();
        if let Becoming::Apart(merge) = becoming {
            known.attributes = own::restored(tx, about, known.attributes, merge)?;
        }
        known.attributes.fill_gaps(&merges::carried_by(tx, *company)?);
        let changed = stood.differences(&known.attributes);
        changes.extend(changed.into_iter().map(|(name, was, is)| Change::new(about, name, was, is)));
        companies::save(tx, &known)?;
    }
    for user in merges::people(tx, &touched)? {
        changes.extend(restate(tx, user, becoming)?);
    }
    Ok(changes)
}

/// Works out anew in which companies a person is, and what was said of each membership.
fn restate(tx: &mut Tx<'_>, user: UserKey, becoming: Becoming) -> Result<Vec<Change>, StoreError> {
    if let Becoming::Apart(_) = becoming {
        said::forget_leaves_of_others(tx, user)?;
    }
    let mut changes = memberships::restate_united(tx, user)?;
    if let Becoming::Apart(merge) = becoming {
        changes.extend(own::restore_memberships(tx, user, merge)?);
    }
    changes.extend(memberships::fill_gaps(tx, user)?);
    Ok(changes)
}
