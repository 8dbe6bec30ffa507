//! What trying the installation left goes again, in one deed.

use serde_json::json;

use super::erase::{self, Receipt};
use crate::domain::access::Grade;
use crate::domain::change::{By, CREATED, Change, Subject};
use crate::domain::ids::UserKey;
use crate::store::erasure::Events;
use crate::store::{Store, StoreError, Tx, changes, made, trials};

/// What went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Ids of the users.
    pub users: Vec<String>,
    /// Ids of the companies.
    pub companies: Vec<String>,
    /// Ids of companies that stay, since something else is known of them.
    pub kept: Vec<String>,
    /// Rows that went with the users.
    pub receipt: Receipt,
}

/// Deletes the users and companies whose ids begin as those of the examples do, with all that they did. The same ids may
/// come again: nobody asked to be forgotten.
///
/// # Errors
/// [`StoreError`] only; what went by then is gone.
pub async fn delete(store: &Store, by: &By) -> Result<Deleted, StoreError> {
    let found = store.read(trials::find).await?;
    let mut keys: Vec<UserKey> = found.users.iter().map(|(key, _)| *key).collect();
    keys.dedup();
    let mut receipt = erase::erase_many(store, by, &keys, Events::Delete).await?;
    receipt.kept.clear();
    let users: Vec<String> = found.users.into_iter().map(|(_, id)| id).collect();
    let (by, ids, companies) = (by.clone(), users.clone(), found.companies);
    let (companies, kept) = store
        .write(move |tx: &mut Tx<'_>| {
            for id in &ids {
                erase::allow(tx, &by, id)?;
            }
            let (mut gone, mut kept, mut changes) = (Vec::new(), Vec::new(), Vec::new());
            for (company, id) in companies {
                if made::take_away_unused(tx, company)? {
                    changes.push(Change::new(Subject::Company(company), CREATED, Some(json!(id)), None));
                    gone.push(id);
                } else {
                    kept.push(id);
                }
            }
            changes::record(tx, &by, "delete", Grade::Hand, &changes)?;
            Ok::<_, StoreError>((gone, kept))
        })
        .await?;
    Ok(Deleted { users, companies, kept, receipt })
}
