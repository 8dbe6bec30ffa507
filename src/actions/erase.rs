//! A person is erased (R13), on an operator's or a program's word; and allowed again.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::import::file;
use super::webhooks;
use crate::domain::access::Grade;
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids::{self, ImportKey, UserKey};
use crate::store::erasure::{self, Events, Named};
use crate::store::{Store, StoreError, Tx, changes, imports, users};

/// What an erasure does not touch.
const BACKUPS: &str =
    "Earlier backups still hold what was erased: they are untouched, and restoring one brings it back.";

/// What was erased, row by row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// `delete` or `anonymize`.
    pub events: &'static str,
    /// Rows by table; `events` are those that went or lost what was sent with them.
    pub rows: Map<String, Value>,
    /// What stays, and why.
    pub kept: Vec<&'static str>,
    /// What it does not touch.
    pub backups: &'static str,
}

/// The files that wait to be imported in which one of these people is named, by an id, an e-mail address or a browser:
/// each is read once, for all of them.
///
/// # Errors
/// [`StoreError`] only.
pub async fn waiting_files(store: &Store, users: &[UserKey]) -> Result<Vec<ImportKey>, StoreError> {
    let users = users.to_vec();
    let known_by = store.write(move |tx| erasure::known_by(tx, &users)).await?;
    let waiting = store.read(imports::waiting).await?;
    let store = store.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let named = waiting.iter().filter(|import| file::names(&store, import, &known_by));
        named.map(|import| import.key).collect()
    });
    looked.await.map_err(|_| StoreError::Stopped)
}

/// Erases a user or lead with all records merged into it, and the imports that wait in which it is named. The events of
/// somebody who did very much go after it, in chunks, and so do the files: [`finish`] ends it.
///
/// # Errors
/// [`StoreError`] only; nothing is changed then.
pub fn erase(
    tx: &mut Tx<'_>,
    by: &By,
    user: UserKey,
    events: Events,
    waiting: &[ImportKey],
) -> Result<Receipt, StoreError> {
    let is_told = webhooks::tell_of_erasure(tx, user)?;
    let mut erased = erasure::begin(tx, user, events)?;
    for import in waiting {
        imports::remove(tx, *import)?;
    }
    if !waiting.is_empty() {
        erased.rows.push(("imports", waiting.len() as u64));
    }
    let survivor = tx.catalog().survivor(user);
    erasure::step(tx, survivor)?;
    let mut rows: Map<String, Value> =
        erased.rows.iter().map(|(table, rows)| ((*table).to_owned(), json!(rows))).collect();
    rows.insert("events".to_owned(), json!(erased.events));
    let after = json!({ "events": events.as_str(), "rows": rows });
    changes::record(tx, by, "erase", Grade::Hand, &[Change::new(Subject::Workspace, "erased", None, Some(after))])?;
    let mut kept = vec![
        "A keyed hash of each id, e-mail address and browser, so that late messages from the person store nothing.",
    ];
    if events == Events::Anonymize {
        kept.push("The events with their names, times and companies, counted for someone about whom nothing is known.");
    }
    if is_told {
        kept.push(
            "The person's ids, for each webhook that asks for user.erased, until it accepts them: three days at most.",
        );
    }
    Ok(Receipt { events: events.as_str(), rows, kept, backups: BACKUPS })
}

/// Ends what was begun, in chunks that let others pass, takes the files away that waited, and what was erased out of
/// the file's write-ahead log.
///
/// # Errors
/// [`StoreError`] only; what is left is ended by the next run.
pub async fn finish(store: &Store, waiting: &[ImportKey]) -> Result<(), StoreError> {
    for import in waiting {
        file::remove(store, *import);
    }
    while let Some(user) = store.write_bulk(|tx| erasure::unfinished(tx)).await? {
        while store.write_bulk(move |tx| erasure::step(tx, user)).await? {}
    }
    store.empty_log().await
}

impl Receipt {
    /// Of nobody so far.
    fn of_nobody(events: Events) -> Receipt {
        Receipt { events: events.as_str(), rows: Map::new(), kept: Vec::new(), backups: BACKUPS }
    }

    /// With what went with somebody else.
    fn and(mut self, other: Receipt) -> Receipt {
        for (table, rows) in other.rows {
            let before = self.rows.get(&table).and_then(Value::as_u64).unwrap_or_default();
            self.rows.insert(table, json!(before + rows.as_u64().unwrap_or_default()));
        }
        self.kept = other.kept;
        self
    }
}

/// Erases many, one after the other, so that what comes in meanwhile waits for none of them. The files that name any of
/// them go with the first.
///
/// # Errors
/// [`StoreError`] only; who was erased by then stays so.
pub async fn erase_many(store: &Store, by: &By, users: &[UserKey], events: Events) -> Result<Receipt, StoreError> {
    let mut receipt = Receipt::of_nobody(events);
    let mut waiting = waiting_files(store, users).await?;
    for user in users.iter().copied() {
        let (by, files) = (by.clone(), waiting.clone());
        let erased = store.write_bulk(move |tx| match users::existing(&tx.reader(), &[user])?.pop() {
            Some(user) => erase(tx, &by, user, events, &files).map(Some),
            // Somebody else was quicker.
            None => Ok(None),
        });
        if let Some(erased) = erased.await? {
            receipt = receipt.and(erased);
            waiting.drain(..).for_each(|import| file::remove(store, import));
        }
    }
    finish(store, &[]).await?;
    Ok(receipt)
}

/// What [`erase_many`] would do.
///
/// # Errors
/// [`StoreError`] only.
pub async fn rehearse_many(store: &Store, by: &By, users: &[UserKey], events: Events) -> Result<Receipt, StoreError> {
    let (mut receipt, mut files) = (Receipt::of_nobody(events), waiting_files(store, users).await?);
    for user in users.iter().copied() {
        let (by, waiting) = (by.clone(), std::mem::take(&mut files));
        let erased: Receipt = store.rehearse(move |tx: &mut Tx<'_>| erase(tx, &by, user, events, &waiting)).await?;
        receipt = receipt.and(erased);
    }
    Ok(receipt)
}

/// Allows an erased person again, named by one of its ids, its e-mail address or a browser's id. Answers
/// how many hashes were forgotten.
///
/// # Errors
/// [`StoreError`] only.
pub fn allow(tx: &mut Tx<'_>, by: &By, text: &str) -> Result<u64, StoreError> {
    let (id, email) = (ids::UserId::parse(text).ok().flatten(), ids::email(text).ok());
    let mut hashes = 0;
    if let Some(id) = &id {
        hashes += erasure::allow(tx, Named::User(id.as_str()))?;
        hashes += erasure::allow(tx, Named::Browser(id.as_str()))?;
    }
    if let Some(email) = &email {
        hashes += erasure::allow(tx, Named::Email(email))?;
    }
    if hashes > 0 {
        let change = Change::new(Subject::Workspace, "erased", Some(json!({ "hashes": hashes })), None);
        changes::record(tx, by, "allow_again", Grade::Hand, &[change])?;
    }
    Ok(hashes)
}
