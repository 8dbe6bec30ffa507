//! Webhooks by hand: added, changed, paused, tested, removed; and what they are told of who is not there any more.

use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids::{UserKey, WebhookKey, hex};
use crate::domain::limits::EVENT_NAME_CHARS_MAX;
use crate::domain::time::DAY_MS;
use crate::domain::webhooks::{
    self as rules, DESCRIPTION_CHARS_MAX, DeliveryType, EVENT_NAMES_MAX, State, UrlError, WEBHOOKS_MAX, Webhook,
    signature,
};
use crate::store::outbox::{self, About, Delivery, New};
use crate::store::{StoreError, Tx, changes, companies, users, webhooks};

/// The old secret signs too for so long after a new one was made, milliseconds.
pub const BOTH_SIGN_MS: i64 = DAY_MS;

/// Why something about a webhook was not done.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// There is none of this id.
    #[error("There is no webhook {0:?}. See them under Settings, Webhooks, or with GET /api/v1/webhooks.")]
    Unknown(String),
    /// It has no such delivery.
    #[error("The webhook has no delivery {0:?}. Finished deliveries are kept for 7 days, the last 100 of them.")]
    UnknownDelivery(String),
    /// The address can't be told.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// It asks for nothing.
    #[error("A webhook asks for at least one type: {types}.", types = words())]
    NoTypes,
    /// There is no such type.
    #[error("There is no type {word:?}. Use {types}.", types = words())]
    Type {
        /// The word.
        word: String,
    },
    /// Names of events that can't be.
    #[error(
        "events are at most {EVENT_NAMES_MAX} names of 1 to {EVENT_NAME_CHARS_MAX} characters, for a webhook that asks for \
         event.tracked."
    )]
    Events,
    /// What it is for is too long.
    #[error("A description has at most {DESCRIPTION_CHARS_MAX} characters.")]
    Description,
    /// No more of them.
    #[error("You have reached the limit of {WEBHOOKS_MAX} webhooks. Remove one you don't use.")]
    TooMany,
    /// Nothing is sent to it.
    #[error("{} Resume it first.", .0.meaning())]
    NotActive(State),
    /// It told of an erasure.
    #[error("This delivery reported an erasure. Its content is kept no longer than needed.")]
    Forgotten,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn words() -> String {
    DeliveryType::to_choose().map(DeliveryType::as_str).collect::<Vec<_>>().join(", ")
}

/// What is said of a webhook; nothing of what stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its address.
    pub url: Option<String>,
    /// What it is told, in words.
    pub types: Option<Vec<String>>,
    /// Names of events, for `event.tracked`.
    pub events: Option<Vec<String>>,
    /// What it is for.
    pub description: Option<String>,
    /// Nothing is sent.
    pub paused: Option<bool>,
}

/// Adds a webhook, which is told what comes from now on. `allows_private`: addresses of this machine and of
/// networks of one's own will do.
///
/// # Errors
/// [`WebhookError`].
pub fn add(tx: &mut Tx<'_>, by: &By, wanted: Wanted, allows_private: bool) -> Result<Webhook, WebhookError> {
    if tx.catalog().webhooks.len() >= WEBHOOKS_MAX {
        return Err(WebhookError::TooMany);
    }
    let empty = Webhook {
        key: WebhookKey(0),
        webhook_id: format!("wh_{}", hex(&tx.ambient.bytes::<6>())),
        url: String::new(),
        description: String::new(),
        types: Vec::new(),
        events: Vec::new(),
        secret: signature::secret_of(&tx.ambient.bytes::<32>()),
        old_secret: None,
        state: State::Active,
        failing_since_ms: None,
        created_ms: tx.now_ms,
    };
    let wanted =
        Wanted { url: Some(wanted.url.unwrap_or_default()), types: Some(wanted.types.unwrap_or_default()), ..wanted };
    let webhook = webhooks::add(tx, with(empty, wanted, allows_private)?)?;
    record(tx, by, "add_webhook", None, Some(told(&webhook)))?;
    Ok(webhook)
}

/// Changes a webhook. One that goes on after a pause is told what comes from then on.
///
/// # Errors
/// [`WebhookError`].
pub fn change(
    tx: &mut Tx<'_>,
    by: &By,
    webhook_id: &str,
    wanted: Wanted,
    allows_private: bool,
) -> Result<Webhook, WebhookError> {
    let before = known(tx, webhook_id)?;
    let webhook = with(before.clone(), wanted, allows_private)?;
    if webhook == before {
        return Ok(before);
    }
    webhooks::set(tx, &webhook)?;
    let goes_on = !before.wants_any() && webhook.wants_any();
    let follows = !before.wants(DeliveryType::EventTracked) && webhook.wants(DeliveryType::EventTracked);
    if goes_on || follows {
        let mut read = webhooks::end_of_all(tx)?;
        if !goes_on && let Some(known) = webhooks::read_until(&tx.reader(), webhook.key)? {
            read.change = known.change;
        }
        webhooks::set_read(tx, webhook.key, read)?;
    }
    record(tx, by, "change_webhook", Some(told(&before)), Some(told(&webhook)))?;
    Ok(webhook)
}

/// Removes a webhook with its deliveries, those that wait too.
///
/// # Errors
/// There is none of this id, the store's.
pub fn remove(tx: &mut Tx<'_>, by: &By, webhook_id: &str) -> Result<Webhook, WebhookError> {
    let webhook = known(tx, webhook_id)?;
    webhooks::remove(tx, webhook.key)?;
    record(tx, by, "remove_webhook", Some(told(&webhook)), None)?;
    Ok(webhook)
}

/// Makes another secret. The old one signs too for a day, so that a receiver can take the new one in its own time.
///
/// # Errors
/// There is none of this id, the store's.
pub fn rotate(tx: &mut Tx<'_>, by: &By, webhook_id: &str) -> Result<Webhook, WebhookError> {
    let before = known(tx, webhook_id)?;
    let webhook = Webhook {
        secret: signature::secret_of(&tx.ambient.bytes::<32>()),
        old_secret: Some((before.secret.clone(), tx.now_ms + BOTH_SIGN_MS)),
        ..before
    };
    webhooks::set(tx, &webhook)?;
    let after = json!({ "webhook_id": webhook.webhook_id, "url": webhook.url });
    let change = Change::new(Subject::Workspace, "webhook_secret", None, Some(after));
    changes::record(tx, by, "rotate_webhook_secret", Grade::Hand, &[change])?;
    Ok(webhook)
}

/// Sends a webhook a test.
///
/// # Errors
/// There is none of this id, it is not active, the store's.
pub fn test(tx: &mut Tx<'_>, webhook_id: &str) -> Result<Delivery, WebhookError> {
    let webhook = active(tx, webhook_id)?;
    let kind = DeliveryType::Test;
    let body = rules::body(kind, tx.now_ms, json!({ "webhook_id": webhook.webhook_id }));
    Ok(outbox::add(tx, webhook.key, &New { kind, about: About::Nobody, body })?)
}

/// Sends a delivery once more, under its id.
///
/// # Errors
/// There is no such webhook or delivery, it is not active, what was said is kept no more, the store's.
pub fn send_again(tx: &mut Tx<'_>, webhook_id: &str, delivery_id: &str) -> Result<Delivery, WebhookError> {
    let webhook = active(tx, webhook_id)?;
    let unknown = || WebhookError::UnknownDelivery(delivery_id.to_owned());
    let delivery = outbox::find(&tx.reader(), webhook.key, delivery_id)?.ok_or_else(unknown)?;
    if delivery.body.is_empty() {
        return Err(WebhookError::Forgotten);
    }
    outbox::again(tx, delivery.key)?;
    outbox::find(&tx.reader(), webhook.key, delivery_id)?.ok_or_else(unknown)
}

/// Tells the webhooks that ask for it that a person is erased, before it is: who has a copy is to erase it too
/// (Article 19 of the GDPR). The ids are all that a receiver can find it by, and all that is told; they go from
/// here once they were told. Answers whether anybody is told.
///
/// # Errors
/// [`StoreError`] only.
pub fn tell_of_erasure(tx: &mut Tx<'_>, user: UserKey) -> Result<bool, StoreError> {
    let kind = DeliveryType::UserErased;
    if !is_asked_for(tx, kind) {
        return Ok(false);
    }
    let survivor = tx.catalog().survivor(user);
    let Some(person) = users::record_of_key(&tx.reader(), survivor, tx.now_ms)? else { return Ok(false) };
    let aliases: Vec<&str> =
        person.identifiers.iter().filter(|id| id.kind == "alias").map(|id| id.value.as_str()).collect();
    let data = json!({ "id": person.row.id, "user_id": person.row.user_id, "aliases": aliases });
    tell(tx, kind, data)?;
    Ok(true)
}

/// What webhooks are told of a user or company that may be taken away with the deed that made it: read before, since
/// nothing is there to be read afterwards. None where nobody asks for it.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn farewell(tx: &Tx<'_>, about: Subject) -> Result<Option<(DeliveryType, Value)>, StoreError> {
    let db = tx.reader();
    Ok(match about {
        Subject::User(user) if is_asked_for(tx, DeliveryType::UserRemoved) => users::row(&db, user)?
            .map(|user| (DeliveryType::UserRemoved, json!({ "id": user.id, "user_id": user.user_id }))),
        Subject::Company(company) if is_asked_for(tx, DeliveryType::CompanyRemoved) => companies::named(&db, company)?
            .map(|company| (DeliveryType::CompanyRemoved, json!({ "company_id": company.company_id }))),
        _ => None,
    })
}

/// Tells the webhooks that ask for it of somebody who is not there any more.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn tell(tx: &Tx<'_>, kind: DeliveryType, data: Value) -> Result<(), StoreError> {
    let body = rules::body(kind, tx.now_ms, data);
    for webhook in tx.catalog().webhooks.iter().filter(|webhook| webhook.wants(kind)) {
        // Of nobody: what else is in the outbox of the person goes with it.
        outbox::add(tx, webhook.key, &New { kind, about: About::Nobody, body: body.clone() })?;
    }
    Ok(())
}

fn is_asked_for(tx: &Tx<'_>, kind: DeliveryType) -> bool {
    tx.catalog().webhooks.iter().any(|webhook| webhook.wants(kind))
}

fn known(tx: &Tx<'_>, webhook_id: &str) -> Result<Webhook, WebhookError> {
    tx.catalog().webhook(webhook_id).cloned().ok_or_else(|| WebhookError::Unknown(webhook_id.to_owned()))
}

fn active(tx: &Tx<'_>, webhook_id: &str) -> Result<Webhook, WebhookError> {
    let webhook = known(tx, webhook_id)?;
    if webhook.wants_any() { Ok(webhook) } else { Err(WebhookError::NotActive(webhook.state)) }
}

/// A webhook as it is wanted.
fn with(mut webhook: Webhook, wanted: Wanted, allows_private: bool) -> Result<Webhook, WebhookError> {
    if let Some(url) = wanted.url {
        webhook.url = rules::checked_url(&url, allows_private)?;
    }
    if let Some(words) = wanted.types {
        let mut types = words
            .iter()
            .map(|word| {
                DeliveryType::parse(word).ok_or_else(|| WebhookError::Type { word: word.chars().take(100).collect() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        types.sort_unstable();
        types.dedup();
        if types.is_empty() {
            return Err(WebhookError::NoTypes);
        }
        webhook.types = types;
    }
    if let Some(names) = wanted.events {
        let mut events: Vec<String> = Vec::new();
        for name in names.iter().map(|name| name.trim()) {
            if name.is_empty() || name.chars().count() > EVENT_NAME_CHARS_MAX || events.len() == EVENT_NAMES_MAX {
                return Err(WebhookError::Events);
            }
            if !events.iter().any(|known| known == name) {
                events.push(name.to_owned());
            }
        }
        webhook.events = events;
    }
    if !webhook.events.is_empty() && !webhook.types.contains(&DeliveryType::EventTracked) {
        return Err(WebhookError::Events);
    }
    if let Some(description) = wanted.description {
        webhook.description = description.trim().to_owned();
        if webhook.description.chars().count() > DESCRIPTION_CHARS_MAX {
            return Err(WebhookError::Description);
        }
    }
    match wanted.paused {
        Some(true) if webhook.state == State::Active => webhook.state = State::Paused,
        Some(false) if webhook.state != State::Active => {
            (webhook.state, webhook.failing_since_ms) = (State::Active, None);
        }
        _ => {}
    }
    Ok(webhook)
}

/// A webhook as a change tells it: without its secret.
fn told(webhook: &Webhook) -> Value {
    let types: Vec<&str> = webhook.types.iter().map(|kind| kind.as_str()).collect();
    json!({
        "webhook_id": webhook.webhook_id,
        "url": webhook.url,
        "types": types,
        "events": webhook.events,
        "description": webhook.description,
        "state": webhook.state.as_str(),
    })
}

fn record(
    tx: &mut Tx<'_>,
    by: &By,
    cause: &str,
    before: Option<Value>,
    after: Option<Value>,
) -> Result<(), WebhookError> {
    let change = Change::new(Subject::Workspace, "webhook", before, after);
    changes::record(tx, by, cause, Grade::Hand, &[change])?;
    Ok(())
}

/// Notes that a webhook is told nothing any more, since nothing is taken there.
///
/// # Errors
/// [`StoreError`] only.
pub fn give_up(tx: &mut Tx<'_>, before: &Webhook, state: State) -> Result<(), StoreError> {
    let webhook = Webhook { state, ..before.clone() };
    webhooks::set(tx, &webhook)?;
    let change = Change::new(Subject::Workspace, "webhook", Some(told(before)), Some(told(&webhook)));
    changes::record(tx, &By::Rule("webhooks"), "disable_webhook", Grade::Hand, &[change])?;
    Ok(())
}
