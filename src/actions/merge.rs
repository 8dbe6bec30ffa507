//! Two users are one (R11): a person's act, with a preview, taken back by `undo.rs`. Two companies
//! likewise (C10): `companies.rs`.

pub mod companies;

use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::change::{By, Change, MERGED_INTO, Subject};
use crate::domain::ids::{ChangeKey, UserKey};
use crate::domain::profile::{OWNER, Profile, TAGS, TAGS_MAX, tags_value};
use crate::store::merges::{self, Move, own};
use crate::store::{StoreError, Tx, changes, memberships, operators, profiles, users};

/// Why two records are not merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There is only one.
    #[error("The two are already one record. Nothing was changed.")]
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
    changes.extend(rejoin(tx, &moves, Becoming::One)?);
    let change = changes::record(tx, by, changes::MERGE, Grade::Hand, &changes)?;
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

/// What becomes of those who are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Becoming {
    /// They are one.
    One,
    /// They are apart again: this merge is taken back.
    Apart(ChangeKey),
}

/// Moves users to whom they belong now, and works out anew what follows for each person.
pub(super) fn rejoin(tx: &mut Tx<'_>, moves: &[Move], becoming: Becoming) -> Result<Vec<Change>, StoreError> {
    let touched = merges::regroup(tx, moves)?;
    let (people, merged): (Vec<UserKey>, Vec<UserKey>) =
        touched.into_iter().partition(|user| merges::merged_into(tx, *user).is_none());
    let mut changes = Vec::new();
    for user in merged {
        changes.extend(memberships::restate(tx, user)?);
    }
    for user in people {
        let about = Subject::User(user);
        changes.extend(memberships::restate(tx, user)?);
        let mut known = users::load(tx, user)?;
        let stood = known.attributes.clone();
        if let Becoming::Apart(merge) = becoming {
            changes.extend(own::restore_memberships(tx, user, merge)?);
            known.attributes = own::restored(tx, about, known.attributes, merge)?;
        }
        changes.extend(memberships::fill_gaps(tx, user)?);
        known.attributes.fill_gaps(&users::carried_by(tx, user)?);
        let changed = stood.differences(&known.attributes);
        changes.extend(changed.into_iter().map(|(name, was, is)| Change::new(about, name, was, is)));
        users::save(tx, &known)?;
    }
    Ok(changes)
}

/// A user as a change set names it: by our id, which is there for leads too and never changes.
fn named(tx: &Tx<'_>, user: Option<UserKey>) -> Result<Option<Value>, StoreError> {
    user.map(|user| Ok(json!(users::id(tx, user)?))).transpose()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::actions::receive::receive;
    use crate::actions::undo::undo;
    use crate::domain::ids::{CompanyId, CompanyKey, UserId};
    use crate::domain::message::{CompanyContext, CompanyStatement, Delivery, Kind, Message, Standing};
    use crate::domain::time::DAY_MS;
    use crate::store::{Ambient, Store, companies as stored, recount};

    const START: i64 = 1_800_000_000_000;

    /// Somebody is in a company and does something there, now.
    async fn works(store: &Store, user: &str, company: &str) {
        let source = store.catalog().api_source().unwrap().key;
        let company = CompanyId::parse(company).unwrap().unwrap();
        for kind in [Kind::Identify, Kind::Track] {
            let mut message = Message::new(kind);
            message.user_id = UserId::parse(user).unwrap();
            message.name = "Exported".to_owned();
            message.company_context = CompanyContext::In(company.clone());
            message.companies.extend((kind == Kind::Identify).then(|| CompanyStatement {
                company_id: Some(company.clone()),
                standing: Standing::Joins,
                attributes: serde_json::Map::new(),
                membership: serde_json::Map::new(),
            }));
            let delivery = Delivery { source, grade: Grade::Secret, sent_at_ms: None, received_ms: store.now_ms() };
            store
                .write(move |tx| receive(tx, &delivery, &mut message))
                .await
                .map_err(|error: StoreError| error)
                .unwrap();
        }
        while !store.read_folded(recount::is_settled).await.unwrap().0 {}
    }

    /// How many are active in each of the two companies, when what somebody else did has turned the day.
    async fn active(store: &Store) -> [u32; 2] {
        works(store, "cid", "gamma").await;
        assert_eq!(store.read(recount::differences).await.unwrap(), Vec::<String>::new());
        let count = |company: &'static str| {
            store.read(move |db| Ok(stored::record(db, company, START)?.unwrap().row.active_members))
        };
        [count("acme").await.unwrap(), count("beta").await.unwrap()]
    }

    /// Who is active is told as of the day at which the folds stand: a merge on a later day counts by that day
    /// too, or those who fell out of the 30 days would be taken away twice when the day turns.
    #[tokio::test]
    async fn active_members_after_a_merge_are_those_of_the_day() {
        // A clock that ran ahead and was set right is as much as forty days behind.
        for (days, of_each) in [(1, 1), (29, 1), (30, 0), (45, 0), (-40, 1)] {
            for merges_companies in [true, false] {
                let folder = tempfile::tempdir().unwrap();
                let clock = Arc::new(AtomicI64::new(START));
                let hand = Arc::clone(&clock);
                let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::Relaxed)), ..Ambient::default() };
                let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
                works(&store, "ann", "acme").await;
                works(&store, "bob", "beta").await;
                assert_eq!(active(&store).await, [1, 1]);
                clock.store(START + days * DAY_MS, Ordering::Relaxed);
                let merged = store.write(move |tx| {
                    if merges_companies {
                        companies::merge(tx, &By::Shell, CompanyKey(1), CompanyKey(2))
                    } else {
                        merge(tx, &By::Shell, UserKey(1), UserKey(2))
                    }
                });
                let change = merged.await.unwrap();
                let expected = if merges_companies { [2 * of_each, 2 * of_each] } else { [of_each, of_each] };
                assert_eq!(active(&store).await, expected, "merged after {days} days");
                store.write(move |tx| undo(tx, &By::Shell, change).map(drop)).await.unwrap();
                assert_eq!(active(&store).await, [of_each, of_each], "apart again after {days} days");
                store.close();
            }
        }
    }
}
