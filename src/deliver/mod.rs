//! The door out: webhooks are told what changes.
//!
//! For each webhook `gather.rs` reads the change sets and the order of arrival behind the webhook's place, and puts
//! what it asks for into the outbox; `send.rs` sends what is due there. Whoever writes a change knows nothing of it.
//!
//! A delivery is told at least once, under the same id at each attempt. First attempts go in the order in which things
//! happened, one after the other; a delivery that fails steps aside and comes again later, behind newer ones.

mod gather;
mod send;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::{AbortHandle, JoinSet};

use crate::actions::webhooks::give_up;
use crate::domain::ids::WebhookKey;
use crate::domain::limits::DELIVERY_DAYS;
use crate::domain::time::DAY_MS;
use crate::domain::webhooks::retries::{FAILING_MS_MAX, wait_ms};
use crate::domain::webhooks::{State, Webhook};
use crate::store::companies::CompanyRecord;
use crate::store::events::EventRow;
use crate::store::outbox::{self, Delivery, Outcome};
use crate::store::users::{UserMembership, UserRecord};
use crate::store::{Store, StoreError, webhooks};
use gather::Gathered;
use send::{Answered, Sender};

/// How often it is looked whether there is something to tell; without a webhook the look is into memory.
const LOOK_MS: u64 = 250;
/// After the file failed a webhook waits so long, instead of saying so at each look.
const FAILED_WAIT_SECONDS: u64 = 10;
/// Deliveries that one turn of a webhook sends; then it is looked at anew.
const TURN: usize = 100;
/// Deliveries that ended and go when another one ends.
const FORGOTTEN: i64 = 20;
/// The receiver's address is not there any more (RFC 9110, 15.5.11).
const GONE: u16 = 410;

/// How what is told looks as JSON: as another door answers it.
#[derive(Debug, Clone, Copy)]
pub struct Shapes {
    /// A user, now (Unix milliseconds).
    pub user: fn(UserRecord, i64) -> Value,
    /// A company, now (Unix milliseconds).
    pub company: fn(CompanyRecord, i64) -> Value,
    /// A membership.
    pub membership: fn(UserMembership) -> Value,
    /// An event.
    pub event: fn(EventRow) -> Value,
}

/// Runs for ever. `allows_private`: deliveries may go to this machine and into networks of one's own.
pub async fn run(store: Store, shapes: Shapes, allows_private: bool) {
    let sender = Arc::new(Sender::new(allows_private));
    // Each webhook has a task of its own, so that a slow receiver keeps nobody waiting. They end with this one.
    let mut tasks = JoinSet::new();
    let mut busy: HashMap<WebhookKey, AbortHandle> = HashMap::new();
    loop {
        busy.retain(|_, task| !task.is_finished());
        while tasks.try_join_next().is_some() {}
        for webhook in store.catalog().webhooks.iter().filter(|webhook| webhook.wants_any()) {
            let (key, store, sender) = (webhook.key, store.clone(), Arc::clone(&sender));
            busy.entry(key).or_insert_with(|| {
                tasks.spawn(async move {
                    if let Err(error) = serve(&store, shapes, &sender, key).await {
                        let wait_s = FAILED_WAIT_SECONDS;
                        tracing::error!(%error, wait_s, "A webhook could not be served, and is tried again.");
                        tokio::time::sleep(Duration::from_secs(wait_s)).await;
                    }
                })
            });
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

/// A webhook by its number, where it is told anything.
fn active(store: &Store, key: WebhookKey) -> Option<Webhook> {
    store.catalog().webhooks.iter().find(|webhook| webhook.key == key && webhook.wants_any()).cloned()
}

/// Puts what is new into the outbox of a webhook and sends what is due, until there is nothing or the turn is over.
async fn serve(store: &Store, shapes: Shapes, sender: &Arc<Sender>, key: WebhookKey) -> Result<(), StoreError> {
    for _ in 0..TURN {
        let Some(webhook) = active(store, key) else { return Ok(()) };
        let is_more = fill(store, shapes, webhook).await?;
        let now_ms = store.now_ms();
        match store.read(move |db| outbox::next_due(db, key, now_ms)).await? {
            Some(delivery) => attempt(store, sender, key, delivery).await?,
            None if is_more => {}
            None => return Ok(()),
        }
    }
    Ok(())
}

/// Puts some of what is new into the outbox of a webhook; whether there was anything.
async fn fill(store: &Store, shapes: Shapes, webhook: Webhook) -> Result<bool, StoreError> {
    let (key, catalog, now_ms) = (webhook.key, store.catalog(), store.now_ms());
    let erased = Arc::clone(&catalog.erased);
    let gathered = store.read(move |db| gather::gather(db, &webhook, &catalog, shapes, now_ms)).await?;
    let Some(Gathered { new, from, until }) = gathered else { return Ok(false) };
    let write = store.write_bulk(move |tx| {
        // Who was erased meanwhile must not come back; and where the webhook was paused or went on, its place is another.
        if !Arc::ptr_eq(&tx.catalog().erased, &erased) || webhooks::read_until(&tx.reader(), key)? != Some(from) {
            return Ok(());
        }
        for delivery in &new {
            outbox::add(tx, key, delivery)?;
        }
        webhooks::set_read(tx, key, until)
    });
    write.await.map(|()| true)
}

/// Tries a delivery, and notes what came of it.
async fn attempt(store: &Store, sender: &Arc<Sender>, key: WebhookKey, delivery: Delivery) -> Result<(), StoreError> {
    let Some(webhook) = active(store, key) else { return Ok(()) };
    let (now_ms, told, attempts) = (store.now_ms(), delivery.key, delivery.attempts + 1);
    let Answered { attempt, is_taken, asked_ms } = send_apart(sender, webhook, delivery, now_ms).await?;
    store
        .write_bulk(move |tx| {
            let found = tx.catalog().webhooks.iter().find(|webhook| webhook.key == key).cloned();
            let Some(webhook) = found else { return Ok(()) };
            let wait_ms = wait_ms(attempts, tx.ambient.bytes::<1>()[0], asked_ms);
            let is_gone = attempt.status == Some(GONE);
            let outcome = match wait_ms {
                _ if is_taken => Outcome::Delivered,
                Some(wait_ms) if !is_gone => Outcome::Again(tx.now_ms + wait_ms),
                _ => Outcome::Failed,
            };
            outbox::settle(tx, told, &attempt, outcome)?;
            outbox::forget(tx, key, tx.now_ms - DELIVERY_DAYS * DAY_MS, FORGOTTEN)?;
            note(tx, &webhook, is_taken, is_gone)
        })
        .await
}

/// Notes of a webhook whether anything is taken there, and gives it up where nothing is.
fn note(tx: &mut crate::store::Tx<'_>, webhook: &Webhook, is_taken: bool, is_gone: bool) -> Result<(), StoreError> {
    let failing_since_ms = (!is_taken).then(|| webhook.failing_since_ms.unwrap_or(tx.now_ms));
    if failing_since_ms != webhook.failing_since_ms {
        webhooks::set(tx, &Webhook { failing_since_ms, ..webhook.clone() })?;
    }
    let webhook = Webhook { failing_since_ms, ..webhook.clone() };
    let is_failing = failing_since_ms.is_some_and(|since_ms| tx.now_ms - since_ms >= FAILING_MS_MAX);
    match (webhook.wants_any(), is_gone, is_failing) {
        (true, true, _) => give_up(tx, &webhook, State::Gone),
        (true, _, true) => give_up(tx, &webhook, State::Failing),
        _ => Ok(()),
    }
}

/// Sends on a thread of its own: the end of the server waits for no receiver, and what was not noted is sent again.
async fn send_apart(
    sender: &Arc<Sender>,
    webhook: Webhook,
    delivery: Delivery,
    now_ms: i64,
) -> Result<Answered, StoreError> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    let sender = Arc::clone(sender);
    let started = std::thread::Builder::new().name("webhook".to_owned()).spawn(move || {
        // Nobody waits for it any more where the server ends.
        let _ = answer.send(sender.send(&webhook, &delivery, now_ms));
    });
    if let Err(error) = started {
        tracing::error!(%error, "No thread could be started for a webhook.");
    }
    answered.await.map_err(|_| StoreError::Stopped)
}
