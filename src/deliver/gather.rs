//! What changed and what was done behind a webhook's place, as deliveries.
//!
//! What is told is how somebody stands now, so what happened to one of them within a moment is told once.

use serde_json::{Map, Value, json};

use super::Shapes;
use crate::domain::change::{CREATED, MEMBERSHIP, MERGED_INTO, Subject};
use crate::domain::ids::{CompanyKey, UserKey};
use crate::domain::time::rfc3339;
use crate::domain::webhooks::{self as rules, DeliveryType, Webhook};
use crate::store::changes::{Told, told_since};
use crate::store::outbox::{About, New, WAITING_MAX};
use crate::store::users::{CompanyName, UserName};
use crate::store::webhooks::Read;
use crate::store::{Catalog, Reader, StoreError, companies, events, memberships, outbox, users, webhooks};

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
    for news in news(db, &changes, catalog)?.into_iter().filter(|news| webhook.wants(news.kind)) {
        new.extend(delivery(db, news, catalog, shapes, now_ms)?);
    }
    for event in came.into_iter().filter(|event| webhook.wants_event(&event.name, event.kind)) {
        let (kind, about) = (DeliveryType::EventTracked, About::Event(event.event_id));
        let body = rules::body(kind, event.event_id.at_ms(), (shapes.event)(event));
        new.push(New { kind, about, body });
    }
    Ok(Some(Gathered { new, from, until }))
}

/// What changes tell, each of somebody once, in the order in which it began; but of coming and going the last is
/// told last.
fn news(db: &Reader<'_>, changes: &[Told], catalog: &Catalog) -> Result<Vec<News>, StoreError> {
    let mut all: Vec<News> = Vec::new();
    for change in changes {
        for (kind, about) in told(db, change, catalog)? {
            let includes = |known: DeliveryType| match kind {
                DeliveryType::UserUpdated => known == DeliveryType::UserCreated,
                DeliveryType::CompanyUpdated => known == DeliveryType::CompanyCreated,
                DeliveryType::MembershipUpdated => known == DeliveryType::MembershipJoined,
                _ => false,
            };
            let news = News { kind, about, at_ms: change.at_ms };
            match all.iter().position(|known| known.about == about && (known.kind == kind || includes(known.kind))) {
                Some(place) if matches!(kind, DeliveryType::MembershipJoined | DeliveryType::MembershipLeft) => {
                    all.remove(place);
                    all.push(news);
                }
                Some(place) => all[place].at_ms = change.at_ms,
                None => all.push(news),
            }
        }
    }
    Ok(all)
}

/// What a change tells, and of whom. Of who was merged the survivor is told, but for what ended by it.
fn told(
    db: &Reader<'_>,
    change: &Told,
    catalog: &Catalog,
) -> Result<impl Iterator<Item = (DeliveryType, Subject)> + use<>, StoreError> {
    let survivor = |about: Subject| match about {
        Subject::User(user) => Subject::User(catalog.survivor(user)),
        Subject::Company(company) => Subject::Company(catalog.merged_companies.survivor(company)),
        Subject::Membership(user, company) => {
            Subject::Membership(catalog.survivor(user), catalog.merged_companies.survivor(company))
        }
        other => other,
    };
    let [created, updated, merged] = match change.about {
        Some(Subject::User(_)) => [DeliveryType::UserCreated, DeliveryType::UserUpdated, DeliveryType::UserMerged],
        _ => [DeliveryType::CompanyCreated, DeliveryType::CompanyUpdated, DeliveryType::CompanyMerged],
    };
    let is_one = |about: Subject| survivor(about) != about;
    let told = match change.about {
        Some(about @ (Subject::User(_) | Subject::Company(_))) => match change.field.as_str() {
            CREATED if change.after.is_some() && !is_one(about) => [Some((created, about)), None],
            MERGED_INTO if is_one(about) => [Some((merged, about)), Some((updated, survivor(about)))],
            // Apart again: it is there anew, and the one that it was has an id less.
            MERGED_INTO => {
                let was = merged_into(db, change, about)?;
                [Some((created, about)), was.map(|was| (updated, survivor(was)))]
            }
            _ => [Some((updated, survivor(about))), None],
        },
        Some(about @ Subject::Membership(..)) => match of_membership(change) {
            DeliveryType::MembershipLeft => [Some((DeliveryType::MembershipLeft, about)), None],
            kind => [Some((kind, survivor(about))), None],
        },
        _ => [None, None],
    };
    Ok(told.into_iter().flatten())
}

/// The record that another one was merged into before a change.
fn merged_into(db: &Reader<'_>, change: &Told, about: Subject) -> Result<Option<Subject>, StoreError> {
    let before: Option<Value> = change.before.as_ref().and_then(|text| serde_json::from_str(text).ok());
    let Some(id) = before.as_ref().and_then(Value::as_str) else { return Ok(None) };
    Ok(match about {
        Subject::User(_) => users::named_key(db, &UserName::Id(id.to_owned()))?.map(Subject::User),
        _ => companies::named_key(db, id)?.map(Subject::Company),
    })
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
fn delivery(
    db: &Reader<'_>,
    news: News,
    catalog: &Catalog,
    shapes: Shapes,
    now_ms: i64,
) -> Result<Option<New>, StoreError> {
    let user = |key: UserKey| -> Result<Option<Value>, StoreError> {
        Ok(users::record_of_key(db, key, now_ms)?.map(|record| (shapes.user)(record, now_ms)))
    };
    let company = |key: CompanyKey| -> Result<Option<Value>, StoreError> {
        Ok(companies::record_of_key(db, key, now_ms)?.map(|record| (shapes.company)(record, now_ms)))
    };
    let told = match (news.kind, news.about) {
        (DeliveryType::UserMerged, Subject::User(other)) => {
            let into = catalog.survivor(other);
            users::row(db, other)?.zip(user(into)?).map(|(other, now)| {
                (json!({ "id": other.id, "user_id": other.user_id, "into": now }), About::User(into))
            })
        }
        (DeliveryType::CompanyMerged, Subject::Company(other)) => companies::named(db, other)?
            .zip(company(other)?)
            .map(|(other, now)| (json!({ "company_id": other.company_id, "into": now }), About::Nobody)),
        (_, Subject::User(key)) => user(key)?.map(|data| (data, About::User(key))),
        (_, Subject::Company(key)) => company(key)?.map(|data| (data, About::Nobody)),
        (_, Subject::Membership(user, company)) => {
            membership(db, (user, company), news, shapes)?.map(|data| (data, About::User(user)))
        }
        _ => None,
    };
    Ok(told.map(|(data, about)| New { kind: news.kind, about, body: rules::body(news.kind, news.at_ms, data) }))
}

/// A membership with whose it is. One that was taken back, or ended as two became one, is not there any more: its
/// company and when is all. Of who left and is there again nothing is told of the leaving.
fn membership(
    db: &Reader<'_>,
    (user, company): (UserKey, CompanyKey),
    news: News,
    shapes: Shapes,
) -> Result<Option<Value>, StoreError> {
    let Some(row) = users::row(db, user)? else { return Ok(None) };
    let found = users::memberships_of(db, user)?.into_iter().find(|membership| membership.company.key == company);
    let rest = match (found, news.kind) {
        (Some(_), DeliveryType::MembershipLeft) if memberships::is_open(db, user, company)? => return Ok(None),
        (Some(membership), DeliveryType::MembershipLeft) if membership.left_ms.is_none() => {
            ended(&membership.company, news)
        }
        (Some(membership), _) => (shapes.membership)(membership),
        (None, DeliveryType::MembershipLeft) => match companies::named(db, company)? {
            Some(company) => ended(&company, news),
            None => return Ok(None),
        },
        (None, _) => return Ok(None),
    };
    let mut data = Map::new();
    data.insert("id".to_owned(), json!(row.id));
    data.insert("user_id".to_owned(), json!(row.user_id));
    data.extend(rest.as_object().cloned().unwrap_or_default());
    Ok(Some(Value::Object(data)))
}

fn ended(company: &CompanyName, news: News) -> Value {
    json!({ "company_id": company.company_id, "name": company.name, "left_at": rfc3339(news.at_ms) })
}
