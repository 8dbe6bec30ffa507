//! Webhooks: addresses that are told what changes, and how far was read for each.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Reader, StoreError, Tx};
use crate::domain::ids::WebhookKey;
use crate::domain::webhooks::{DeliveryType, State, Webhook};

/// How far was read for a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Change sets: the number of one, and a place in it.
    pub change: (i64, i64),
    /// The order of arrival.
    pub arrival: i64,
}

/// All webhooks in the order they were made.
pub(super) fn load(connection: &Connection) -> Result<Vec<Webhook>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT webhook_key, webhook_id, url, description, types, events, secret, old_secret, old_until_ms, state,
                failing_since_ms, created_ms
         FROM webhooks ORDER BY webhook_key",
    )?;
    let rows = statement.query_map([], webhook)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A webhook of the columns of [`load`].
fn webhook(row: &Row<'_>) -> rusqlite::Result<Webhook> {
    let list = |text: String| serde_json::from_str::<Vec<String>>(&text).unwrap_or_default();
    let old_secret: Option<String> = row.get(7)?;
    Ok(Webhook {
        key: WebhookKey(row.get(0)?),
        webhook_id: row.get(1)?,
        url: row.get(2)?,
        description: row.get(3)?,
        types: list(row.get(4)?).iter().filter_map(|word| DeliveryType::parse(word)).collect(),
        events: list(row.get(5)?),
        secret: row.get(6)?,
        old_secret: old_secret.zip(row.get(8)?),
        // The table takes no other word.
        state: State::parse(row.get_ref(9)?.as_str()?).unwrap_or(State::Paused),
        failing_since_ms: row.get(10)?,
        created_ms: row.get(11)?,
    })
}

/// How far was read for a webhook; none where it is not there any more.
///
/// # Errors
/// [`StoreError`] only.
pub fn read_until(db: &Reader<'_>, key: WebhookKey) -> Result<Option<Read>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT change_key, change_place, arrival_seq FROM webhooks WHERE webhook_key = ?1")?;
    let read =
        statement.query_row([key.0], |row| Ok(Read { change: (row.get(0)?, row.get(1)?), arrival: row.get(2)? }));
    Ok(read.optional()?)
}

// What the writer needs ------------------------------------------------------

/// What stands at the end of all that could be read.
///
/// # Errors
/// [`StoreError`] only.
pub fn end_of_all(tx: &Tx<'_>) -> Result<Read, StoreError> {
    let last = tx
        .connection
        .prepare_cached("SELECT coalesce(max(change_key), 0) FROM change_sets")?
        .query_row([], |row| row.get(0))?;
    Ok(Read { change: (last, i64::MAX), arrival: tx.state.next_seq - 1 })
}

/// Adds a webhook under the next key, and answers it. It is told what comes from now on.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(tx: &mut Tx<'_>, new: Webhook) -> Result<Webhook, StoreError> {
    let read = end_of_all(tx)?;
    tx.connection
        .prepare_cached(
            "INSERT INTO webhooks (webhook_id, url, description, types, events, secret, state, change_key, change_place,
               arrival_seq, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            new.webhook_id,
            new.url,
            new.description,
            types_text(&new),
            list_text(new.events.iter().map(String::as_str)),
            new.secret,
            new.state.as_str(),
            read.change.0,
            read.change.1,
            read.arrival,
            new.created_ms
        ])?;
    let added = Webhook { key: WebhookKey(tx.connection.last_insert_rowid()), ..new };
    publish(tx, |all| all.push(added.clone()));
    Ok(added)
}

/// Writes a webhook as it is to be.
///
/// # Errors
/// [`StoreError`] only.
pub fn set(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<(), StoreError> {
    let (old_secret, old_until_ms) = webhook.old_secret.clone().unzip();
    tx.connection
        .prepare_cached(
            "UPDATE webhooks SET url = ?2, description = ?3, types = ?4, events = ?5, secret = ?6, old_secret = ?7,
               old_until_ms = ?8, state = ?9, failing_since_ms = ?10
             WHERE webhook_key = ?1",
        )?
        .execute(params![
            webhook.key.0,
            webhook.url,
            webhook.description,
            types_text(webhook),
            list_text(webhook.events.iter().map(String::as_str)),
            webhook.secret,
            old_secret,
            old_until_ms,
            webhook.state.as_str(),
            webhook.failing_since_ms
        ])?;
    publish(tx, |all| {
        if let Some(known) = all.iter_mut().find(|known| known.key == webhook.key) {
            *known = webhook.clone();
        }
    });
    Ok(())
}

/// Notes how far was read for a webhook.
///
/// # Errors
/// [`StoreError`] only.
pub fn set_read(tx: &Tx<'_>, key: WebhookKey, read: Read) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE webhooks SET change_key = ?2, change_place = ?3, arrival_seq = ?4 WHERE webhook_key = ?1",
        )?
        .execute([key.0, read.change.0, read.change.1, read.arrival])?;
    Ok(())
}

/// Takes a webhook out, with its deliveries.
///
/// # Errors
/// [`StoreError`] only.
pub fn remove(tx: &mut Tx<'_>, key: WebhookKey) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM outbox WHERE webhook_key = ?1")?.execute([key.0])?;
    tx.connection.prepare_cached("DELETE FROM webhooks WHERE webhook_key = ?1")?.execute([key.0])?;
    publish(tx, |all| all.retain(|webhook| webhook.key != key));
    Ok(())
}

fn types_text(webhook: &Webhook) -> String {
    list_text(webhook.types.iter().map(|kind| kind.as_str()))
}

fn list_text<'a>(items: impl Iterator<Item = &'a str>) -> String {
    serde_json::json!(items.collect::<Vec<_>>()).to_string()
}

fn publish(tx: &mut Tx<'_>, change: impl FnOnce(&mut Vec<Webhook>)) {
    let catalog = tx.catalog_mut();
    let mut all = catalog.webhooks.to_vec();
    change(&mut all);
    catalog.webhooks = all.into();
}
