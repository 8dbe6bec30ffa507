//! `/changes/{id}/undo`: what taking a deed back would do, and the deed itself.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::desk::{self, Answer};
use super::done::Asked;
use super::happenings;
use super::links;
use super::parts::attributes::by;
use super::parts::feed::feed;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::section::{crumbs, head};
use crate::actions::undo::{Conflict, UndoError, Undone, undo};
use crate::domain::change::{By, COMPANY_ID, Subject};
use crate::domain::ids::ChangeKey;
use crate::http::access::{self, Admin};
use crate::http::page::PageError;
use crate::store::Tx;
use crate::store::changes::{self, ChangeRow};

/// Fields of a deed that are told.
const TOLD_MAX: usize = 50;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The deed.
    pub change: ChangeKey,
    /// Where to go afterwards.
    pub back: String,
    /// What it changed, the first of it.
    pub deed: Vec<ChangeRow>,
    /// What taking it back changes, as it was rehearsed; or why it can't be taken back.
    pub plan: Result<(Vec<ChangeRow>, Vec<Conflict>), String>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let told = |rows: &[ChangeRow]| feed(&happenings::of_deed(rows, frame.clock), frame.clock);
    let content = html! {
        div.stack.narrow {
            (crumbs("Audit", "/settings/audit", &format!("Change {}", view.change.0)))
            (head(html! { "Undo this change?" }, html! { p { "Earlier values are written again, as new changes made by you." } }, html! {}))
            section.card aria-labelledby="deed" {
                header {
                    h2 id="deed" { "What was done" }
                    @if let Some(row) = view.deed.first() { span.muted { bdi { (by(&row.by_kind, &row.by_name)) } } }
                }
                div.body { (told(&view.deed)) }
            }
            @match &view.plan {
                Ok((rows, conflicts)) => {
                    section.card aria-labelledby="plan" {
                        header { h2 id="plan" { "What undoing it does" } }
                        div.body { (told(rows)) }
                        footer {
                            form.row method="post" action={ "/changes/" (view.change.0) "/undo" } {
                                input type="hidden" name="back" value=(view.back);
                                button.btn.primary { (icon("undo")) " Undo this change" }
                                a.btn.bare href=(view.back) { "Leave it" }
                            }
                        }
                    }
                    @if !conflicts.is_empty() { (left(conflicts)) }
                }
                Err(sentence) => {
                    section.card aria-labelledby="plan" {
                        header { h2 id="plan" { "It can't be undone" } }
                        div.body { p { (sentence) } }
                        footer { a.btn href=(view.back) { "Back" } }
                    }
                }
            }
        }
    };
    shell(frame, "Undo", content)
}

fn left(conflicts: &[Conflict]) -> Markup {
    html! {
        section.card aria-labelledby="left" {
            header { h2 id="left" { "What stays as it is" } }
            ul.rows {
                @for conflict in conflicts {
                    li {
                        p {
                            (conflict.kind) " " bdi { (conflict.id) }
                            @if let Some(company) = &conflict.company_id { " in " bdi { (company) } }
                            ": " (conflict.detail)
                        }
                    }
                }
            }
        }
    }
}

/// Where to go after an undo.
#[derive(Debug, Deserialize)]
pub struct Back {
    back: String,
}

/// `GET /changes/{id}/undo`, with `?back=` the page it was asked on.
///
/// # Errors
/// No such change, the store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest, change: web::Path<i64>) -> Answer {
    let (by, change) = (By::Operator(operator.email.clone()), ChangeKey(change.into_inner()));
    let back = desk::value(&request, "back");
    let back = back.as_deref().map_or("/settings/audit", |back| access::next_or_home(Some(back))).to_owned();
    let deed = move |tx: &mut Tx<'_>| {
        let (deed, _) = changes::first_of_set(&tx.reader(), change, TOLD_MAX)?;
        let plan = match undo(tx, &by, change) {
            Ok(undone) => Ok((changes::first_of_set(&tx.reader(), undone.change, TOLD_MAX)?.0, undone.conflicts)),
            Err(UndoError::Store(error)) => return Err(error),
            Err(error) => Err(error.to_string()),
        };
        Ok((deed, plan))
    };
    let (deed, plan) = desk::store(&request)?.rehearse(deed).await?;
    if deed.is_empty() {
        return Err(PageError::not_found());
    }
    let frame = desk::frame(&request, operator, Place::Settings).await?;
    Ok(desk::page(page(&frame, &View { change, back, deed, plan })))
}

/// `POST /changes/{id}/undo`
///
/// # Errors
/// It can't be taken back, the store's.
pub async fn take_back(
    Admin(operator): Admin,
    request: HttpRequest,
    change: web::Path<i64>,
    sent: web::Form<Back>,
) -> Answer {
    let (by, change) = (By::Operator(operator.email.clone()), ChangeKey(change.into_inner()));
    let back = access::next_or_home(Some(&sent.back)).to_owned();
    let deed = move |tx: &mut Tx<'_>| {
        let undone = undo(tx, &by, change)?;
        let renamed = changes::first_of_set(&tx.reader(), undone.change, TOLD_MAX)?.0.iter().find_map(renamed);
        Ok((undone, renamed))
    };
    match desk::store(&request)?.write(deed).await {
        Ok((undone, renamed)) => {
            let page = page_after(&undone, renamed, back);
            Ok(desk::see_other(&Asked::Undone(undone.conflicts.len() as u64).address(&page)))
        }
        Err(UndoError::Store(error)) => Err(error.into()),
        Err(error) => Err(PageError::new(StatusCode::CONFLICT, "Not undone", error.to_string()).action(back, "Back")),
    }
}

/// The page of a company by the id that it had, and by the one that it has again.
fn renamed(row: &ChangeRow) -> Option<(String, String)> {
    let page = |id: &Option<Value>| id.as_ref().and_then(Value::as_str).map(links::company);
    if row.field == COMPANY_ID { page(&row.before).zip(page(&row.after)) } else { None }
}

/// Where to say what was taken back: a page of somebody who is gone is none any more, nor is one by an id that is free.
fn page_after(undone: &Undone, renamed: Option<(String, String)>, back: String) -> String {
    if let Some((was, is)) = renamed
        && let Some(rest) = back.strip_prefix(&was)
        && (rest.is_empty() || rest.starts_with(['?', '#']))
    {
        return format!("{is}{rest}");
    }
    let gone = |is_it: fn(&Subject) -> bool| undone.gone.iter().any(is_it);
    // A list stays what it was, filter and all.
    let is_page_of =
        |list: &str| back.strip_prefix(list).is_some_and(|rest| rest.starts_with('/') || rest.starts_with("?id="));
    if is_page_of("/users") && gone(|subject| matches!(subject, Subject::User(_))) {
        return "/users".to_owned();
    }
    if is_page_of("/companies") && gone(|subject| matches!(subject, Subject::Company(_))) {
        return "/companies".to_owned();
    }
    back
}
