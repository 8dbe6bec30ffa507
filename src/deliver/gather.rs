//! What changed and what was done behind a webhook's place, as deliveries.
//!
//! What is told is how somebody stands now, so what happened to one of them within a moment is told once.

use serde_json::{Map, Value, json};

use super::Shapes;
use crate::domain::change::{CREATED, MEMBERSHIP, Subject};
use crate::domain::ids::{CompanyKey, UserKey};
use crate::domain::time::rfc3339;
use crate::domain::webhooks::{self as rules, DeliveryType, Webhook};
use crate::store::changes::{Told, told_since};
use crate::store::outbox::{About, New, WAITING_MAX};
use crate::store::webhooks::Read;
use crate::store::{Catalog, Reader, StoreError, companies, events, outbox, users, webhooks};

/// Changes and events that are read at once: a reader is held for a moment alone.
const CHUNK: usize = 100;

/// What was found.
pub(super) struct Gathered {
    /// What is told.
    pub new: Vec<New>,
    /// From where on was read.
    pub from: Read,
    /// Up to where.
    pub until: Read,
}

/// Something to tell of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct News {
    kind: DeliveryType,
    about: Subject,
    at_ms: i64,
}

/// What is new for a webhook; none where nothing is, or enough waits to be sent.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn gather(
    db: &Reader<'_>,
    webhook: &Webhook,
    catalog: &Catalog,
    shapes: Shapes,
    now_ms: i64,
) -> Result<Option<Gathered>, StoreError> {
    let Some(from) = webhooks::read_until(db, webhook.key)? else { return Ok(None) };
    let changes = told_since(db, from.change, CHUNK)?;
    let mut until = from;
    if let Some(last) = changes.last() {
        until.change = last.place;
    }
    let mut came = Vec::new();
    if webhook.wants(DeliveryType::EventTracked) {
        let mut page = events::list_by_arrival(db, Some(from.arrival), CHUNK)?;
        if page.is_none() {
            tracing::warn!(webhook.webhook_id, "Events came for a webhook that are kept in no order any more.");
            page = events::list_by_arrival(db, None, CHUNK)?;
        }
        if let Some(page) = page {
            until.arrival = page.next.map_or(from.arrival, |next| next.key);
            came = page.rows;
        }
    }
    if until == from || outbox::count_waiting(db, webhook.key)? >= WAITING_MAX {
        return Ok(None);
    }
    let mut new = Vec::new();
    for news in news(&changes, catalog).into_iter().filter(|news| webhook.wants(news.kind)) {
        new.extend(delivery(db, news, shapes, now_ms)?);
    }
    for event in came.into_iter().filter(|event| webhook.wants_event(&event.name, event.kind)) {
        let (kind, about) = (DeliveryType::EventTracked, About::Event(event.event_id));
        let body = rules::body(kind, event.event_id.at_ms(), (shapes.event)(event));
        new.push(New { kind, about, body });
    }
    Ok(Some(Gathered { new, from, until }))
}

/// What changes tell, each of somebody once, in the order in which it began. Of who was merged the survivor is told.
fn news(changes: &[Told], catalog: &Catalog) -> Vec<News> {
    let user = |user| catalog.survivor(user);
    let company = |company| catalog.merged_companies.survivor(company);
    let mut all: Vec<News> = Vec::new();
    for change in changes {
        let told = match change.about {
            Some(Subject::User(key)) => {
                // A record that became somebody else's is no new user.
                let is_new = change.field == CREATED && change.after.is_some();
                let kind = if is_new { DeliveryType::UserCreated } else { DeliveryType::UserUpdated };
                (kind, Subject::User(user(key)))
            }
            Some(Subject::Company(key)) => {
                let is_new = change.field == CREATED && change.after.is_some();
                let kind = if is_new { DeliveryType::CompanyCreated } else { DeliveryType::CompanyUpdated };
                (kind, Subject::Company(company(key)))
            }
            Some(Subject::Membership(of, within)) => {
                (of_membership(change), Subject::Membership(user(of), company(within)))
            }
            _ => continue,
        };
        let (kind, about) = told;
        let includes = |known: &DeliveryType| match kind {
            DeliveryType::UserUpdated => *known == DeliveryType::UserCreated,
            DeliveryType::CompanyUpdated => *known == DeliveryType::CompanyCreated,
            DeliveryType::MembershipUpdated => *known == DeliveryType::MembershipJoined,
            _ => false,
        };
        match all.iter_mut().find(|news| news.about == about && (news.kind == kind || includes(&news.kind))) {
            Some(news) => news.at_ms = change.at_ms,
            None => all.push(News { kind, about, at_ms: change.at_ms }),
        }
    }
    all
}

/// What a change of a membership tells.
fn of_membership(change: &Told) -> DeliveryType {
    let is_in = |text: &Option<String>| {
        let value: Option<Value> = text.as_ref().and_then(|text| serde_json::from_str(text).ok());
        value.is_some_and(|value| value.get("joined_at").is_some() && value.get("left_at").is_none())
    };
    match (change.field == MEMBERSHIP, is_in(&change.before), is_in(&change.after)) {
        (true, false, true) => DeliveryType::MembershipJoined,
        (true, true, false) => DeliveryType::MembershipLeft,
        _ => DeliveryType::MembershipUpdated,
    }
}

/// A delivery of how somebody stands now; none where they are not there any more.
fn delivery(db: &Reader<'_>, news: News, shapes: Shapes, now_ms: i64) -> Result<Option<New>, StoreError> {
    let told = match news.about {
        Subject::User(user) => {
            users::record_of_key(db, user, now_ms)?.map(|record| ((shapes.user)(record, now_ms), About::User(user)))
        }
        Subject::Company(company) => companies::record_of_key(db, company, now_ms)?
            .map(|record| ((shapes.company)(record, now_ms), About::Nobody)),
        Subject::Membership(user, company) => {
            membership(db, (user, company), news, shapes)?.map(|data| (data, About::User(user)))
        }
        _ => None,
    };
    Ok(told.map(|(data, about)| New { kind: news.kind, about, body: rules::body(news.kind, news.at_ms, data) }))
}

/// A membership with whose it is. One that was taken back is not there any more: its company and when is all.
fn membership(
    db: &Reader<'_>,
    (user, company): (UserKey, CompanyKey),
    news: News,
    shapes: Shapes,
) -> Result<Option<Value>, StoreError> {
    let Some(row) = users::row(db, user)? else { return Ok(None) };
    let found = users::memberships_of(db, user)?.into_iter().find(|membership| membership.company.key == company);
    let rest = match (found, companies::row(db, company)?) {
        (Some(membership), _) => (shapes.membership)(membership),
        (None, Some(company)) if news.kind == DeliveryType::MembershipLeft => {
            json!({ "company_id": company.company_id, "name": company.name, "left_at": rfc3339(news.at_ms) })
        }
        _ => return Ok(None),
    };
    let mut data = Map::new();
    data.insert("id".to_owned(), json!(row.id));
    data.insert("user_id".to_owned(), json!(row.user_id));
    data.extend(rest.as_object().cloned().unwrap_or_default());
    Ok(Some(Value::Object(data)))
}
