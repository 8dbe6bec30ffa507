//! `/companies/{id}/merge`: two records of one company, side by side, before they are made one (C10).

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde_json::Value;

use super::{Sent, framed, line, one_already, question, said, side_by_side, value_line};
use crate::actions::merge::MergeError;
use crate::actions::merge::companies::merge;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::Asked;
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::numbers::{count, number};
use crate::dashboard::parts::times::Clock;
use crate::dashboard::parts::who;
use crate::dashboard::{errors, links};
use crate::domain::change::By;
use crate::domain::ids::{CompanyId, CompanyKey};
use crate::http::access::Admin;
use crate::store::companies::{self, CompanyRecord};
use crate::store::events::{self, Of};
use crate::store::list::Count;
use crate::store::{Reader, Store, StoreError, Tx};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The company that stays.
    pub survivor: Side,
    /// What is typed as the other.
    pub from: String,
    /// The other, and what the company is afterwards, where it was found.
    pub preview: Option<Preview>,
    /// Why there is none.
    pub mistake: Option<Mistake>,
}

/// A company and how many events count for it.
#[derive(Debug, Clone)]
pub struct Side {
    /// The company.
    pub company: CompanyRecord,
    /// Its events.
    pub events: Count,
}

/// A merge as it was rehearsed.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The company that goes into the other.
    pub other: Side,
    /// What that one is afterwards.
    pub after: Side,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let row = &view.survivor.company.row;
    let name = who::company_name(row.name.as_deref(), &row.company_id);
    let path = links::company(&row.company_id);
    let below = "Two records of one company become one. The other's ids, members, domains and events will point here.";
    let content = match &view.preview {
        Some(preview) => comparison(frame.clock, view, preview, &path),
        None => {
            let id = row_id(&row.company_id);
            question("Which company?", "Company id of the other", &view.from, view.mistake.as_ref(), id)
        }
    };
    framed(frame, (name, &path), "Merge another company into ", below, content)
}

/// Of an id that can't stand in a path the form sends it along.
fn row_id(id: &str) -> Option<&str> {
    matches!(id, "." | "..").then_some(id)
}

fn comparison(clock: Clock, view: &View, preview: &Preview, path: &str) -> Markup {
    let (ours, theirs, after) = (&view.survivor, &preview.other, &preview.after);
    let sides = [ours, theirs, after];
    let attributes = sides.map(|side| {
        let values = side.company.attributes.iter();
        values.map(|one| (one.name.as_str(), &one.value)).collect::<BTreeMap<&str, &Value>>()
    });
    let ids = |company: &CompanyRecord| {
        let ids = std::iter::once(&company.row.company_id).chain(&company.aliases);
        ids.map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let row = |name: &str, of: &dyn Fn(&Side) -> String| line(name, sides.map(of));
    let text = |value: Option<&&Value>| value.map(|value| said(value, clock)).unwrap_or_default();
    let both = i64::from(ours.company.row.members) + i64::from(theirs.company.row.members)
        - i64::from(after.company.row.members);
    let lines = html! {
        (row("Ids", &|side| ids(&side.company)))
        (row("Members", &|side| number(side.company.row.members)))
        (row("Events", &|side| count(side.events)))
        (row("E-mail domains", &|side| side.company.domains.join(", ")))
        (row("Owner", &|side| side.company.row.owner.clone().unwrap_or_default()))
        (row("Tags", &|side| side.company.row.tags.join(", ")))
        @for name in attributes[0].keys().chain(attributes[1].keys().filter(|name| !attributes[0].contains_key(*name))) {
            (value_line(name, [0, 1, 2].map(|side| text(attributes[side].get(name)))))
        }
    };
    let action = links::company_merge(&ours.company.row.company_id);
    let more = html! { @if both > 0 { (number(both)) " are members of both. " } };
    let others = links::company_merge(&theirs.company.row.company_id);
    let swap = links::with_query(&others, &[("from", Some(&ours.company.row.company_id))]);
    side_by_side("company", &lines, (&action, &theirs.company.row.company_id, path), &swap, more)
}

/// `GET /companies/{id}/merge`, with `?from=` the preview.
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest, path: web::Path<String>) -> Answer {
    let id = named(&request, path.into_inner());
    let from = desk::value(&request, "from").unwrap_or_default();
    let (wanted, other) = (id.clone(), from.clone());
    let by = By::Operator(operator.email.clone());
    let (frame, found) = desk::read(&request, operator, Place::Companies, move |db, clock| {
        let other = if other.is_empty() { None } else { side(db, &other, clock.now_ms)? };
        Ok((side(db, &wanted, clock.now_ms)?, other))
    })
    .await?;
    let (Some(survivor), other) = found else {
        return Ok(desk::page_with(StatusCode::NOT_FOUND, errors::no_company(&frame, &id)));
    };
    let mut view = View { survivor, from, preview: None, mistake: None };
    match other {
        None if view.from.is_empty() => {}
        None => {
            view.mistake = Some(Mistake::new("from", "No company has that id. Ids must match exactly, capitals too."))
        }
        Some(other) => match rehearsed(desk::store(&request)?, by, &view.survivor, other).await {
            Ok(preview) => view.preview = Some(preview),
            Err(MergeError::OneAlready) => {
                view.mistake = Some(Mistake::new("from", "That is this same company."));
            }
            Err(MergeError::Store(error)) => return Err(error.into()),
        },
    }
    Ok(desk::page(page(&frame, &view)))
}

/// The company an address names.
fn named(request: &HttpRequest, path: String) -> String {
    if path.is_empty() { desk::value(request, "id").unwrap_or_default() } else { path }
}

fn side(db: &Reader<'_>, id: &str, now_ms: i64) -> Result<Option<Side>, StoreError> {
    match key(db, id)? {
        Some(key) => side_of_key(db, key, now_ms),
        None => Ok(None),
    }
}

/// A company by an id as it was typed (R9).
fn key(db: &Reader<'_>, typed: &str) -> Result<Option<CompanyKey>, StoreError> {
    let Ok(Some(id)) = CompanyId::parse(typed) else { return Ok(None) };
    companies::key(db, id.as_str())
}

fn side_of_key(db: &Reader<'_>, key: CompanyKey, now_ms: i64) -> Result<Option<Side>, StoreError> {
    let Some(company) = companies::record_of_key(db, key, now_ms)? else { return Ok(None) };
    Ok(Some(Side { events: events::count(db, Of::Company(key))?, company }))
}

/// The merge itself, undone again: so that the page says nothing else than the deed does.
async fn rehearsed(store: &Store, by: By, survivor: &Side, other: Side) -> Result<Preview, MergeError> {
    let (to, from, now_ms) = (survivor.company.row.key, other.company.row.key, store.now_ms());
    let deed = move |tx: &mut Tx<'_>| {
        merge(tx, &by, to, from)?;
        side_of_key(&tx.reader(), to, now_ms)?.ok_or(MergeError::Store(StoreError::Stopped))
    };
    Ok(Preview { other, after: store.rehearse(deed).await? })
}

/// `POST /companies/{id}/merge`
///
/// # Errors
/// They are one already, the store's.
pub async fn confirm(
    Admin(operator): Admin,
    request: HttpRequest,
    path: web::Path<String>,
    sent: web::Form<Sent>,
) -> Answer {
    let by = By::Operator(operator.email.clone());
    let (wanted, other) = (named(&request, path.into_inner()), sent.into_inner().from);
    // The form says beside its field what is not there.
    let again = links::with_query(&links::company_merge(&wanted), &[("from", Some(&other))]);
    let deed = move |tx: &mut Tx<'_>| {
        let db = tx.reader();
        let (Some(survivor), Some(other)) = (key(&db, &wanted)?, key(&db, &other)?) else { return Ok(None) };
        let change = merge(tx, &by, survivor, other)?;
        Ok::<_, MergeError>(Some((companies::load(tx, survivor)?.company_id, change)))
    };
    match desk::store(&request)?.write(deed).await {
        Ok(Some((id, change))) => Ok(desk::see_other(&Asked::Change(change).address(&links::company(&id)))),
        Ok(None) => Ok(desk::see_other(&again)),
        Err(MergeError::OneAlready) => Err(one_already("company", "/companies", "To the companies")),
        Err(MergeError::Store(error)) => Err(error.into()),
    }
}
