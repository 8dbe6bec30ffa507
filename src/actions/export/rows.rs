//! The rows of an export, as the API says them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Wanted;
use super::view::{Sort, View};
use crate::domain::activity::{State, Trend};
use crate::domain::attributes::Owner;
use crate::domain::ids::{CompanyKey, UserKey};
use crate::domain::import::SetupDraft;
use crate::domain::settings::{NAMES, Settings};
use crate::domain::table::Kind;
use crate::domain::time::rfc3339;
use crate::store::attributes::DefinitionRow;
use crate::store::companies::{self, CompanyRecord, Shelf};
use crate::store::events::{self, EventRow, Of};
use crate::store::list::{Cursor, ListQuery, Page};
use crate::store::membership_history::Earlier;
use crate::store::notes::{self, NoteRow};
use crate::store::shown::{self, Places};
use crate::store::users::{AttributeValue, UserMembership, UserRecord};
use crate::store::visitors::VisitorRecord;
use crate::store::{Catalog, Reader, StoreError, attributes, email_domains, users, visitors};

/// A row by the names of its columns, its attributes below `attributes`.
pub(super) type Row = Map<String, Value>;

/// A page of rows: users and companies who were first seen first, events the newest first. Of the memberships those
/// of a page of users, of the companies those of a shelf.
pub(super) fn page(
    db: &Reader<'_>,
    wanted: &Wanted,
    shelf: Shelf,
    after: Option<Cursor>,
    size: usize,
    now_ms: i64,
) -> Result<Page<Row>, StoreError> {
    match wanted.kind {
        Kind::Attributes => {
            let all = attributes::list(db, None)?.into_iter().filter(|one| !one.deleting);
            Ok(Page { rows: all.map(definition).collect(), next: None })
        }
        Kind::Users => {
            let (sort, descending) = match wanted.view.as_ref().and_then(|view| view.sort.clone()) {
                Some((Sort::Users(sort), descending)) => (sort, descending),
                _ => (users::SortBy::FirstSeen, false),
            };
            let query = ListQuery { descending, ..query(wanted, sort, after, size) };
            let mut page = match &wanted.rows {
                None => users::records(db, &query, now_ms)?,
                Some(keys) => {
                    let of = |key: &i64| users::record_of_key(db, UserKey(*key), now_ms).transpose();
                    Page { rows: keys.iter().filter_map(of).collect::<Result<_, _>>()?, next: None }
                }
            };
            let Some(view) = &wanted.view else { return Ok(each(page, |one| vec![user(one, now_ms)])) };
            let keys: Vec<i64> = page.rows.iter().map(|one| one.row.key.0).collect();
            let met = Places::met(db, &keys, wanted.filter.as_ref(), now_ms)?;
            met.name_companies(page.rows.iter_mut().map(|one| &mut one.row));
            let mut beside = shown::of_users(db, &keys, &view.to_read(), &met, now_ms)?;
            Ok(each(page, |one| {
                let read = beside.remove(&one.row.key.0).unwrap_or_default();
                let mut row = user_as_listed(one, &met, now_ms);
                row.extend(read);
                vec![row]
            }))
        }
        Kind::Visitors => Ok(each(visitors::records(db, None, after.as_ref(), size)?, |one| vec![visitor(one)])),
        Kind::Memberships => {
            let users = users::records(db, &query(wanted, users::SortBy::FirstSeen, after, size), now_ms)?;
            Ok(each(users, memberships))
        }
        Kind::Companies => {
            let (sort, descending) = match wanted.view.as_ref().and_then(|view| view.sort.clone()) {
                Some((Sort::Companies(sort), descending)) => (sort, descending),
                _ => (companies::SortBy::FirstSeen, false),
            };
            let query = ListQuery { descending, ..query(wanted, sort, after, size) };
            let mut rows = Vec::with_capacity(size);
            let page = match &wanted.rows {
                None => companies::records(db, shelf, &query, now_ms)?,
                Some(keys) => {
                    let of = |key: &i64| companies::record_of_key(db, CompanyKey(*key), now_ms).transpose();
                    Page { rows: keys.iter().filter_map(of).collect::<Result<_, _>>()?, next: None }
                }
            };
            let keys: Vec<i64> = page.rows.iter().map(|one| one.row.key.0).collect();
            let to_read = wanted.view.as_ref().map(View::to_read).unwrap_or_default();
            let mut beside = shown::of_companies(db, &keys, &to_read, now_ms)?;
            for record in page.rows {
                let read = beside.remove(&record.row.key.0).unwrap_or_default();
                let given = email_domains::given_to(db, record.row.key)?;
                let seen = wanted.view.as_ref().map(|_| company_as_listed(&record)).unwrap_or_default();
                let mut row = company(record, given, now_ms);
                row.extend(seen.into_iter().chain(read));
                rows.push(row);
            }
            Ok(Page { rows, next: page.next })
        }
        // It stands in memory, and is not read.
        Kind::Setup => Ok(Page { rows: Vec::new(), next: None }),
        Kind::Notes => Ok(each(notes::page(db, after.as_ref(), size)?, |one| vec![note(one)])),
        Kind::Events => {
            let events = match &wanted.filter {
                Some(filter) => events::matching::list(db, Of::All, filter, after.as_ref(), size, now_ms)?,
                None => events::list(db, Of::All, after.as_ref(), size)?,
            };
            // Who somebody is stands in the other files.
            Ok(each(events, |one| one.kind.is_activity().then(|| event(one)).into_iter().collect()))
        }
    }
}

fn query<S>(wanted: &Wanted, sort: S, after: Option<Cursor>, size: usize) -> ListQuery<S> {
    ListQuery { search: wanted.search.clone(), filter: wanted.filter.clone(), sort, descending: false, after, size }
}

fn each<T>(page: Page<T>, rows: impl FnMut(T) -> Vec<Row>) -> Page<Row> {
    Page { rows: page.rows.into_iter().flat_map(rows).collect(), next: page.next }
}

/// The object that a `json!` makes.
pub(super) fn row(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

fn values(attributes: Vec<AttributeValue>) -> Map<String, Value> {
    attributes.into_iter().map(|attribute| (attribute.name, attribute.value)).collect()
}

/// A user with what a list shows beside.
fn user_as_listed(record: UserRecord, met: &Places, now_ms: i64) -> Row {
    let of = &record.row;
    let company = of.company.as_ref().map(|company| company.name.as_ref().unwrap_or(&company.company_id));
    let current = record.memberships.iter().find(|one| one.current);
    let shown = row(json!({
        "name": of.name,
        "email": of.email,
        "company_id": of.company.as_ref().map(|company| &company.company_id),
        "company": company,
        "role": met.role(of.key.0).cloned().or_else(|| current.map(|one| json!(one.role))),
        "companies": of.companies,
        "active_days_28d": record.active_days.0,
    }));
    let mut row = user(record, now_ms);
    row.extend(shown);
    row
}

/// What a list shows of a company beside.
fn company_as_listed(record: &CompanyRecord) -> Row {
    row(json!({ "name": record.row.name, "active_people_28d": record.active_people.0 }))
}

pub(super) fn user(user: UserRecord, now_ms: i64) -> Row {
    let UserRecord { row: of, identifiers, attributes, active_days, signed, .. } = user;
    let ids =
        |kind: &str| identifiers.iter().filter(|id| id.kind == kind).map(|id| id.value.clone()).collect::<Vec<_>>();
    row(json!({
        "id": of.id,
        "user_id": of.user_id,
        "attributes": values(attributes),
        "aliases": ids("alias"),
        "anonymous_ids": ids("anonymous_id"),
        "owner": of.owner,
        "tags": of.tags,
        "state": State::at(now_ms, of.first_seen_ms, of.last_seen_ms).as_str(),
        "trend": Trend::between(active_days.1, active_days.0).as_str(),
        "first_seen": rfc3339(of.first_seen_ms),
        "last_seen": of.last_seen_ms.map(rfc3339),
        "signed": signed,
    }))
}

pub(super) fn memberships(user: UserRecord) -> Vec<Row> {
    let UserRecord { row: of, memberships, .. } = user;
    let named = |company_id: &str| {
        row(json!({ "id": of.id, "user_id": of.user_id, "email": of.email, "company_id": company_id }))
    };
    // What is said of a membership is said of the last time in the company.
    let former = |earlier: &Earlier, company_id: &str| {
        let mut row = named(company_id);
        row.extend(self::row(json!({
            "attributes": {},
            "current": false,
            "joined_at": rfc3339(earlier.joined_ms),
            "left_at": earlier.left_ms.map(rfc3339),
            "source": null,
        })));
        row
    };
    let membership = |membership: UserMembership| {
        let company_id = membership.company.company_id.as_str();
        let mut rows: Vec<Row> = membership.history.earlier.iter().map(|one| former(one, company_id)).collect();
        let mut last = named(company_id);
        let mut attributes = membership.attributes;
        // Role and title are attributes too, and stand among them in a table.
        for (name, value) in [("role", membership.role), ("title", membership.title)] {
            if let Some(value) = value {
                attributes.insert(name.to_owned(), Value::String(value));
            }
        }
        last.extend(row(json!({
            "attributes": attributes,
            "current": membership.current,
            "joined_at": rfc3339(membership.joined_ms),
            "left_at": membership.left_ms.map(rfc3339),
            "source": membership.source,
        })));
        rows.push(last);
        rows
    };
    memberships.into_iter().flat_map(membership).collect()
}

fn company(company: CompanyRecord, given_domains: Vec<String>, now_ms: i64) -> Row {
    let CompanyRecord { row: of, aliases, domains, attributes, active_people, signed_members, archived_ms, .. } =
        company;
    row(json!({
        "company_id": of.company_id,
        "attributes": values(attributes),
        "aliases": aliases,
        "domains": domains,
        "given_domains": given_domains,
        "members": of.members,
        "active_members_30d": of.active_members,
        "owner": of.owner,
        "tags": of.tags,
        "state": State::at(now_ms, of.first_seen_ms, of.last_seen_ms).as_str(),
        "trend": Trend::between(active_people.1, active_people.0).as_str(),
        "first_seen": rfc3339(of.first_seen_ms),
        "last_seen": of.last_seen_ms.map(rfc3339),
        "signed_members": signed_members,
        "archived_at": archived_ms.map(rfc3339),
    }))
}

pub(super) fn visitor(of: VisitorRecord) -> Row {
    // What a linked browser carried its user has.
    let attributes = if of.linked_ms.is_some() { Map::new() } else { of.attributes };
    row(json!({
        "anonymous_id": of.anonymous_id,
        "id": of.id,
        "user_id": of.user_id,
        "email": of.email,
        "linked_at": of.linked_ms.map(rfc3339),
        "attributes": attributes,
        "first_seen": rfc3339(of.first_seen_ms),
        "last_seen": of.last_seen_ms.map(rfc3339),
    }))
}

fn definition(of: DefinitionRow) -> Row {
    row(json!({
        "owner": of.owner.as_str(),
        "name": of.name,
        "type": of.kind.as_str(),
        "label": of.label,
        "locked": of.locked,
        "hidden": of.hidden,
        "history": of.history,
        "fast_filter": of.fast_filter.is_some(),
    }))
}

/// How the workspace is set up: all settings, the segments of its own, what was decided of names in the tray.
pub(super) fn setup(catalog: &Catalog) -> Vec<Row> {
    let setting = |name: &&str| {
        let value = catalog.settings.get(name)?;
        // A workspace that has no name yet gives none.
        Settings::default().set(name, &value).ok()?;
        Some(SetupDraft::Setting((*name).to_owned(), value))
    };
    let own = catalog.segments.iter().filter(|segment| !segment.is_supplied);
    let segments = own.map(|own| SetupDraft::Segment(own.listed, own.name.clone(), own.filter.clone()));
    let mut all: Vec<SetupDraft> = NAMES.iter().filter_map(setting).chain(segments).collect();
    for owner in Owner::ALL {
        let decided = catalog.names.get(&owner).into_iter().flatten();
        let sorted: BTreeMap<&String, &Option<String>> = decided.collect();
        all.extend(sorted.into_iter().map(|(name, means)| SetupDraft::Name(owner, name.clone(), means.clone())));
    }
    all.into_iter()
        .map(|draft| {
            let what = draft.word();
            let (name, value) = match draft {
                SetupDraft::Setting(name, value) | SetupDraft::Segment(_, name, value) => (name, Some(value)),
                SetupDraft::Name(_, name, means) => (name, means),
            };
            row(json!({ "what": what, "name": name, "value": value }))
        })
        .collect()
}

fn note(row_of: NoteRow) -> Row {
    let NoteRow { note, id, user_id, email, company_id } = row_of;
    row(json!({
        "id": id,
        "user_id": user_id,
        "email": email,
        "company_id": company_id,
        "author": note.author,
        "text": note.text,
        "next_date": note.next_date,
        "made_at": rfc3339(note.made_ms),
        "edited_at": note.edited_ms.map(rfc3339),
    }))
}

pub(super) fn event(event: EventRow) -> Row {
    row(json!({
        // Text: JavaScript rounds numbers of this size.
        "event_id": event.event_id.0.to_string(),
        "name": event.name,
        "type": event.kind.as_str(),
        "page_name": event.page_name,
        "time": rfc3339(event.event_id.at_ms()),
        "received_at": rfc3339(event.received_ms),
        "id": event.user_uuid,
        "user_id": event.user_id,
        "email": event.user_email,
        "anonymous_id": event.anonymous_id,
        "company_id": event.company_id,
        "source": event.source,
        "session_id": event.session_ms,
        "acting_as": event.acting_as.then_some(true),
        "active": event.inactive.then_some(false),
        "properties": Value::Object(event.properties),
        "context": Value::Object(event.context),
    }))
}
