//! The outbox: what webhooks are to be told, each delivery with what became of it.

use rusqlite::{OptionalExtension, Row, named_params, params};

use super::list::{Cursor, Page};
use super::{Reader, StoreError, Tx};
use crate::domain::ids::{DeliveryKey, EventId, UserKey, WebhookKey};
use crate::domain::webhooks::DeliveryType;

/// Deliveries of a webhook that ended and are kept.
pub const ENDED_MAX: i64 = 100;
/// Deliveries of a webhook that wait: beyond it nothing more is read for it until they are fewer.
pub const WAITING_MAX: u64 = 10_000;

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A user.
    User(UserKey),
    /// Whoever did it.
    Event(EventId),
    /// Nobody.
    Nobody,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// What it is.
    pub kind: DeliveryType,
    /// Whom it tells of: it goes when they are erased (R13).
    pub about: About,
    /// The body.
    pub body: String,
}

/// A delivery with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Our row number.
    pub key: DeliveryKey,
    /// Its id: the same at each attempt.
    pub delivery_id: String,
    /// What it is, in the word of [`DeliveryType`].
    pub kind: String,
    /// The body; empty once an erasure was told.
    pub body: String,
    /// Made at, Unix milliseconds.
    pub made_ms: i64,
    /// The next attempt, Unix milliseconds; none where it ended.
    pub due_ms: Option<i64>,
    /// Attempts so far.
    pub attempts: u32,
    /// It was taken.
    pub is_delivered: bool,
    /// The last attempt; none before the first.
    pub last: Option<Attempt>,
}

impl Delivery {
    /// How it stands, in a word.
    pub fn state(&self) -> &'static str {
        match self.due_ms {
            Some(_) => "waiting",
            None if self.is_delivered => "delivered",
            None => "failed",
        }
    }
}

/// An attempt and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attempt {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// What was answered; none where nothing was.
    pub status: Option<u16>,
    /// The first of the answer's body.
    pub answer: String,
    /// Why nothing was answered, or what is wrong with the answer.
    pub problem: String,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered,
    /// The next attempt is at this instant, Unix milliseconds.
    Again(i64),
    /// There is no further attempt.
    Failed,
}

const COLUMNS: &str = "delivery_key, delivery_id, type, body, made_ms, due_ms, attempts, delivered, tried_ms, took_ms, \
                       status, answer, problem";

/// A delivery of [`COLUMNS`].
fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let tried_ms: Option<i64> = row.get(8)?;
    let last = tried_ms.map(|at_ms| {
        Ok::<_, rusqlite::Error>(Attempt {
            at_ms,
            took_ms: row.get(9)?,
            status: row.get(10)?,
            answer: row.get(11)?,
            problem: row.get(12)?,
        })
    });
    Ok(Delivery {
        key: DeliveryKey(row.get(0)?),
        delivery_id: row.get(1)?,
        kind: row.get(2)?,
        body: row.get(3)?,
        made_ms: row.get(4)?,
        due_ms: row.get(5)?,
        attempts: row.get(6)?,
        is_delivered: row.get(7)?,
        last: last.transpose()?,
    })
}

/// A page of a webhook's deliveries, newest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(
    db: &Reader<'_>,
    webhook: WebhookKey,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<Delivery>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox INDEXED BY outbox_webhook
         WHERE webhook_key = :webhook AND delivery_key < :before ORDER BY delivery_key DESC LIMIT :limit"
    ))?;
    let before = after.map_or(i64::MAX, |cursor| cursor.key);
    let parameters = named_params! { ":webhook": webhook.0, ":before": before, ":limit": size as i64 + 1 };
    let rows = statement.query_map(parameters, delivery)?;
    let cursor = |row: Delivery| (Cursor { value: serde_json::Value::Null, key: row.key.0 }, row);
    Ok(Page::cut(rows.map(|row| row.map(cursor)).collect::<Result<_, _>>()?, size))
}

/// How many deliveries of a webhook wait.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_waiting(db: &Reader<'_>, webhook: WebhookKey) -> Result<u64, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT count(*) FROM outbox WHERE webhook_key = ?1 AND due_ms IS NOT NULL")?;
    Ok(statement.query_row([webhook.0], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// The delivery of a webhook that is to be tried now: the one that waits longest.
///
/// # Errors
/// [`StoreError`] only.
pub fn next_due(db: &Reader<'_>, webhook: WebhookKey, now_ms: i64) -> Result<Option<Delivery>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox INDEXED BY outbox_due
         WHERE webhook_key = ?1 AND due_ms <= ?2 ORDER BY due_ms, delivery_key LIMIT 1"
    ))?;
    Ok(statement.query_row([webhook.0, now_ms], delivery).optional()?)
}

/// A delivery of a webhook by its id.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, webhook: WebhookKey, delivery_id: &str) -> Result<Option<Delivery>, StoreError> {
    let mut statement =
        db.0.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE delivery_id = ?2 AND webhook_key = ?1"))?;
    Ok(statement.query_row(params![webhook.0, delivery_id], delivery).optional()?)
}

// What the writer needs ------------------------------------------------------

/// Adds a delivery that is due at once, and answers it.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(tx: &Tx<'_>, webhook: WebhookKey, new: &New) -> Result<Delivery, StoreError> {
    let subject: Option<i64> = match new.about {
        About::User(user) => Some(user.0),
        About::Event(event) => tx
            .connection
            .prepare_cached("SELECT coalesce(user_key, -visitor_key) FROM events WHERE event_id = ?1")?
            .query_row([event.0], |row| row.get(0))
            .optional()?
            .flatten(),
        About::Nobody => None,
    };
    let delivery_id = format!("msg_{}", tx.ambient.uuid().simple());
    let mut statement = tx.connection.prepare_cached(&format!(
        "INSERT INTO outbox (delivery_id, webhook_key, type, subject, body, made_ms, due_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) RETURNING {COLUMNS}"
    ))?;
    let parameters = params![delivery_id, webhook.0, new.kind.as_str(), subject, new.body, tx.now_ms];
    Ok(statement.query_row(parameters, delivery)?)
}

/// Notes an attempt and what follows from it. What told of an erasure is kept no longer than it is needed.
///
/// # Errors
/// [`StoreError`] only.
pub fn settle(tx: &Tx<'_>, key: DeliveryKey, attempt: &Attempt, outcome: Outcome) -> Result<(), StoreError> {
    let due_ms = if let Outcome::Again(due_ms) = outcome { Some(due_ms) } else { None };
    tx.connection
        .prepare_cached(
            "UPDATE outbox SET attempts = attempts + 1, due_ms = :due, delivered = :delivered, tried_ms = :at,
               took_ms = :took, status = :status, answer = :answer, problem = :problem,
               body = CASE WHEN :due IS NULL AND type = :erased THEN '' ELSE body END
             WHERE delivery_key = :key",
        )?
        .execute(named_params! {
            ":key": key.0,
            ":due": due_ms,
            ":delivered": outcome == Outcome::Delivered,
            ":at": attempt.at_ms,
            ":took": attempt.took_ms,
            ":status": attempt.status,
            ":answer": attempt.answer,
            ":problem": attempt.problem,
            ":erased": DeliveryType::UserErased.as_str(),
        })?;
    Ok(())
}

/// Makes a delivery that ended due again, as if it were new; its id stays.
///
/// # Errors
/// [`StoreError`] only.
pub fn again(tx: &Tx<'_>, key: DeliveryKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE outbox SET due_ms = ?2, attempts = 0, delivered = 0 WHERE delivery_key = ?1")?
        .execute([key.0, tx.now_ms])?;
    Ok(())
}

/// Takes out the deliveries of a webhook that are older than an instant (Unix milliseconds), and of those that ended all
/// but the last [`ENDED_MAX`]; at most so many. Whether there may be more.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, webhook: WebhookKey, before_ms: i64, limit: i64) -> Result<bool, StoreError> {
    let gone = tx
        .connection
        .prepare_cached(
            "DELETE FROM outbox WHERE delivery_key IN (
               SELECT delivery_key FROM (
                 SELECT delivery_key, made_ms FROM outbox INDEXED BY outbox_webhook
                 WHERE webhook_key = :webhook ORDER BY delivery_key LIMIT :limit) WHERE made_ms < :before
               UNION
               SELECT delivery_key FROM (
                 SELECT delivery_key FROM outbox INDEXED BY outbox_ended
                 WHERE webhook_key = :webhook AND due_ms IS NULL
                 ORDER BY delivery_key DESC LIMIT :limit OFFSET :kept))",
        )?
        .execute(named_params! {
            ":webhook": webhook.0,
            ":before": before_ms,
            ":limit": limit,
            ":kept": ENDED_MAX,
        })?;
    Ok(gone as i64 >= limit)
}
