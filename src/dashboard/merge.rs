//! `/users/{id}/merge`: two records of one person, side by side, before they are made one (R11); those of
//! companies are in `companies.rs`.

pub mod companies;

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::desk::{self, Answer};
use super::done::Asked;
use super::parts::form::{Line, Mistake};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::section::{crumbs, head};
use super::parts::times::Clock;
use super::parts::{pill, values, who};
use super::{errors, links, user};
use crate::actions::merge::{MergeError, merge};
use crate::actions::undo::MERGE_UNDO_DAYS;
use crate::domain::change::By;
use crate::domain::time;
use crate::http::access::Admin;
use crate::http::page::PageError;
use crate::store::users::{UserPage, UserRecord};
use crate::store::{Store, StoreError, Tx, users};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The record that stays.
    pub survivor: UserPage,
    /// What is typed as the other.
    pub from: String,
    /// The other, and who it is afterwards, where it was found.
    pub preview: Option<Preview>,
    /// Why there is none.
    pub mistake: Option<Mistake>,
}

/// A merge as it was rehearsed.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The record that goes into the other.
    pub other: UserPage,
    /// Who it is afterwards.
    pub after: UserRecord,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let row = &view.survivor.row;
    let name = who::user_name(row);
    let path = links::user(row.user_id.as_deref(), &row.id);
    let below =
        "Two records of one person become one. The other's ids, browsers, companies and events will point here.";
    let content = match &view.preview {
        Some(preview) => comparison(frame.clock, view, preview, &path),
        None => {
            let label = "User id, e-mail address or id of the other record";
            question("Which record?", label, &view.from, view.mistake.as_ref(), None)
        }
    };
    framed(frame, (name, &path), "Merge another record into ", below, content)
}

/// The frame of a merge into whoever has this name and page.
fn framed(frame: &Frame, (name, path): (&str, &str), title: &str, below: &str, content: Markup) -> Markup {
    let content = html! {
        div.stack {
            (crumbs(name, path, "Merge"))
            (head(
                html! { (title) bdi { (values::cut(name, values::NAME_CHARS_MAX)) } },
                html! { (below) },
                html! {},
            ))
            (content)
        }
    };
    shell(frame, "Merge", content)
}

/// Asks for the other record. `id` is the one that stays, where the address can't say it in its path.
fn question(heading: &str, label: &str, from: &str, mistake: Option<&Mistake>, id: Option<&str>) -> Markup {
    html! {
        section.card aria-labelledby="which" {
            header { h2 id="which" { (heading) } }
            div.body {
                form.stack.snug method="get" {
                    @if let Some(id) = id { input type="hidden" name="id" value=(id); }
                    (Line {
                        name: "from", label, value: from,
                        autocomplete: "off", required: true, hint: "Nothing is changed yet: the next page shows both side by side.",
                        ..Line::default()
                    }
                    .draw(mistake))
                    div.row { button.btn.primary { "Show both" } }
                }
            }
        }
    }
}

fn comparison(clock: Clock, view: &View, preview: &Preview, path: &str) -> Markup {
    let (survivor, other, after) = (&view.survivor, &preview.other, &preview.after);
    let names = |user: &UserPage| -> BTreeMap<String, Value> {
        user.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.value.clone())).collect()
    };
    let (ours, theirs) = (names(survivor), names(other));
    let afterwards: BTreeMap<&str, &Value> =
        after.attributes.iter().map(|attribute| (attribute.name.as_str(), &attribute.value)).collect();
    let companies = |list: &[users::UserMembership]| {
        let open = list.iter().filter(|one| one.left_ms.is_none());
        open.map(|one| one.company.name.clone().unwrap_or_else(|| one.company.company_id.clone()))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let ids = |list: &[users::Identifier]| list.iter().map(|id| id.value.clone()).collect::<Vec<_>>().join(", ");
    let text = |value: Option<&Value>| value.map(|value| said(value, clock)).unwrap_or_default();
    let lines = html! {
        (line("Ids and browsers", [ids(&survivor.identifiers), ids(&other.identifiers), ids(&after.identifiers)]))
        (line("Companies", [companies(&survivor.memberships), companies(&other.memberships), companies(&after.memberships)]))
        @for name in ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name))) {
            (value_line(name, [text(ours.get(name)), text(theirs.get(name)), text(afterwards.get(name.as_str()).copied())]))
        }
    };
    let others = links::user(other.row.user_id.as_deref(), &other.row.id);
    let swap = links::with_query(&format!("{others}/merge"), &[("from", Some(&survivor.row.id))]);
    side_by_side("record", &lines, (&format!("{path}/merge"), &other.row.id, path), &swap, html! {})
}

/// A value as text, a time as times are written everywhere.
fn said(value: &Value, clock: Clock) -> String {
    let at_ms = value.as_str().filter(|text| text.len() > "2026-03-01".len()).and_then(time::instant_from_text);
    at_ms.map_or_else(|| values::plain(value), |at_ms| clock.date(at_ms))
}

/// Both, field by field, and the form that merges them: where it is sent to, which is the other one, and the
/// page of the one that stays; `swap` leads to the same the other way round. `noun` says what they are, `more` what
/// else there is to know.
fn side_by_side(
    noun: &str,
    lines: &Markup,
    (action, from, path): (&str, &str, &str),
    swap: &str,
    more: Markup,
) -> Markup {
    html! {
        section.card aria-labelledby="both" {
            header { h2 id="both" { "Side by side" } span.muted { "The " (noun) " that stays keeps its values; its gaps are filled." } a.end href=(swap) { "Keep the other instead" } }
            div.scroll tabindex="0" role="group" aria-labelledby="both" {
                table.table.cards.last aria-labelledby="both" {
                    thead { tr {
                        th scope="col" { span.vh { "Field" } }
                        th scope="col" { "Stays" }
                        th scope="col" { "Merged into it" }
                        th scope="col" { "Afterwards" }
                    } }
                    tbody { (lines) }
                }
            }
            footer {
                form.row method="post" action=(action) {
                    input type="hidden" name="from" value=(from);
                    button.btn.primary { (icon("merge")) " Merge the two" }
                    a.btn.bare href=(path) { "Keep them apart" }
                    span.small.muted { (more) "It can be undone for " (MERGE_UNDO_DAYS) " days." }
                }
            }
        }
    }
}

/// A field of the record that stays, of the other, and of the one afterwards.
fn line(name: &str, values: [String; 3]) -> Markup {
    let [ours, theirs, after] = values;
    html! {
        tr {
            th.lead.wrap scope="row" { (name) }
            td.wrap data-l="Stays" { (cell(&ours)) }
            td.wrap data-l="Goes" { (cell(&theirs)) }
            td.wrap data-l="Afterwards" { b { (cell(&after)) } }
        }
    }
}

/// As [`line`], of a value: one of the other that is not kept is marked.
fn value_line(name: &str, values: [String; 3]) -> Markup {
    let [ours, theirs, after] = values;
    let is_lost = !theirs.is_empty() && theirs != after;
    html! {
        tr {
            th.lead.wrap scope="row" { (name) }
            td.wrap data-l="Stays" { (cell(&ours)) }
            td.wrap data-l="Goes" { (cell(&theirs)) @if is_lost { " " (pill::toned("warn", "Not kept", "Afterwards only the history shows it")) } }
            td.wrap data-l="Afterwards" { b { (cell(&after)) } }
        }
    }
}

fn cell(text: &str) -> Markup {
    html! { @if text.is_empty() { span.zero { "–" } } @else { bdi { (values::cut(text, 200)) } } }
}

/// `GET /users/{id}/merge`, with `?from=` the preview.
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest, id: web::Path<String>) -> Answer {
    let from = desk::value(&request, "from").unwrap_or_default();
    let (wanted, other) = (id.clone(), from.clone());
    let by = By::Operator(operator.email.clone());
    let (frame, found) = desk::read(&request, operator, Place::Users, move |db, clock| {
        let other = if other.is_empty() { None } else { user::find(db, &other, clock.now_ms)? };
        Ok((user::find(db, &wanted, clock.now_ms)?, other))
    })
    .await?;
    let (Some(survivor), other) = found else {
        return Ok(desk::page_with(StatusCode::NOT_FOUND, errors::no_user(&frame, &id)));
    };
    let mut view = View { survivor, from, preview: None, mistake: None };
    match other {
        None if view.from.is_empty() => {}
        None => {
            view.mistake = Some(Mistake::new("from", "No user matches that. Ids must match exactly, capitals too."))
        }
        Some(other) => match rehearsed(desk::store(&request)?, by, &view.survivor, other).await {
            Ok(preview) => view.preview = Some(preview),
            Err(MergeError::OneAlready) => {
                view.mistake = Some(Mistake::new("from", "That is this same record."));
            }
            Err(MergeError::Store(error)) => return Err(error.into()),
        },
    }
    Ok(desk::page(page(&frame, &view)))
}

/// The merge itself, undone again: so that the page says nothing else than the deed does.
async fn rehearsed(store: &Store, by: By, survivor: &UserPage, other: UserPage) -> Result<Preview, MergeError> {
    let (to, from, now_ms) = (survivor.row.key, other.row.key, store.now_ms());
    let name = users::UserName::Id(survivor.row.id.clone());
    let deed = move |tx: &mut Tx<'_>| {
        merge(tx, &by, to, from)?;
        let record = users::record(&tx.reader(), &name, now_ms)?;
        record.ok_or(MergeError::Store(StoreError::Stopped))
    };
    Ok(Preview { other, after: store.rehearse(deed).await? })
}

/// The other record, by our id.
#[derive(Debug, Deserialize)]
pub struct Sent {
    from: String,
}

/// `POST /users/{id}/merge`
///
/// # Errors
/// They are one already, the store's.
pub async fn confirm(
    Admin(operator): Admin,
    request: HttpRequest,
    id: web::Path<String>,
    sent: web::Form<Sent>,
) -> Answer {
    let by = By::Operator(operator.email.clone());
    let (wanted, other) = (id.into_inner(), sent.into_inner().from);
    // The form says beside its field what is not there.
    let again = links::with_query(&format!("{}/merge", links::user(None, &wanted)), &[("from", Some(&other))]);
    let store = desk::store(&request)?;
    let now_ms = store.now_ms();
    let deed = move |tx: &mut Tx<'_>| {
        let db = tx.reader();
        let (Some(survivor), Some(other)) = (user::find(&db, &wanted, now_ms)?, user::find(&db, &other, now_ms)?)
        else {
            return Ok(None);
        };
        let change = merge(tx, &by, survivor.row.key, other.row.key)?;
        Ok::<_, MergeError>(Some((survivor.row, change)))
    };
    match store.write(deed).await {
        Ok(Some((row, change))) => {
            let path = links::user(row.user_id.as_deref(), &row.id);
            Ok(desk::see_other(&Asked::Change(change).address(&path)))
        }
        Ok(None) => Ok(desk::see_other(&again)),
        Err(MergeError::OneAlready) => Err(one_already("user", "/users", "To the users")),
        Err(MergeError::Store(error)) => Err(error.into()),
    }
}

fn one_already(noun: &str, list: &str, there: &str) -> PageError {
    let sentence = format!("The two records are already one {noun}. Nothing was changed.");
    PageError::new(StatusCode::CONFLICT, "They are already one", sentence).action(list, there)
}
