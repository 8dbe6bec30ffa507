//! `/users/{id}/erase`: what goes with a person, before it goes (R13), and the receipt; `POST
//! /settings/rules/allow` allows an erased person again. Many at once: `erase/many.rs`.

pub mod many;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::parts::form::{Line, Mistake};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::numbers::number;
use super::parts::say::{self, Tone};
use super::parts::section::{crumbs, head};
use super::parts::{code, values, who};
use super::{errors, links, user};
use crate::actions::erase::{self as deeds, Receipt};
use crate::domain::change::By;
use crate::http::access::Admin;
use crate::http::doctor::Doctor;
use crate::http::live::Live;
use crate::http::page::PageError;
use crate::store::Tx;
use crate::store::erasure::Events;
use crate::store::users::UserRow;

/// What the page shows before it is done.
#[derive(Debug, Clone)]
pub struct View {
    /// The user.
    pub user: UserRow,
    /// What would go, as it was rehearsed.
    pub receipt: Receipt,
    /// The choice as it was made.
    pub events: Events,
    /// What was wrong with what was typed.
    pub mistake: Option<Mistake>,
}

/// What has to be typed: how the person is known.
fn typed(user: &UserRow) -> &str {
    user.user_id.as_deref().or(user.email.as_deref()).unwrap_or(&user.id)
}

/// The page before it is done.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let name = who::user_name(&view.user);
    let path = links::user(view.user.user_id.as_deref(), &view.user.id);
    let content = html! {
        div.stack.narrow {
            (crumbs(name, &path, "Erase"))
            (head(
                html! { "Erase " bdi { (values::cut(name, values::NAME_CHARS_MAX)) } },
                html! { p { "This can't be undone. Late messages from the person store nothing until someone allows the person again." } },
                html! {},
            ))
            (rows(&view.receipt, "What goes"))
            section.card aria-labelledby="sure" {
                header { h2 id="sure" { "Are you sure?" } }
                form.body.stack.snug method="post" action={ (links::user(None, &view.user.id)) "/erase" } {
                    (choices(view.events))
                    p.small { "To confirm that it is this person, type " (code::id(typed(&view.user), "id")) }
                    (Line {
                        name: "typed", label: "How the person is known", autocomplete: "off", required: true, ..Line::default()
                    }
                    .draw(view.mistake.as_ref()))
                    div.row {
                        button.btn.danger { (icon("trash")) " Erase for ever" }
                        a.btn.bare href=(path) { "Keep" }
                    }
                }
            }
        }
    };
    shell(frame, "Erase", content)
}

/// What may become of the events.
fn choices(chosen: Events) -> Markup {
    let choices = [
        (
            Events::Delete,
            "Delete the events too",
            "Every number then comes from the remaining events; the company's past changes.",
        ),
        (
            Events::Anonymize,
            "Keep the events anonymously",
            "Their names, times and companies still count, for someone about whom nothing is known. What was sent with them goes, \
             and so does what the browsers did before the events attached at sign-in.",
        ),
    ];
    html! {
        fieldset.stack.tight {
            legend { "What happens to the events" }
            @for (choice, label, hint) in choices {
                div.field {
                    label.check {
                        input type="radio" name="events" value=(choice.as_str()) checked[choice == chosen]
                            aria-describedby={ "events-" (choice.as_str()) };
                        " " (label)
                    }
                    p.hint id={ "events-" (choice.as_str()) } { (hint) }
                }
            }
        }
    }
}

/// The receipt of so many people.
pub fn done(frame: &Frame, people: usize, receipt: &Receipt) -> Markup {
    let gone = if people == 1 {
        "The person was erased.".to_owned()
    } else {
        format!("{} people were erased.", number(people as u64))
    };
    let content = html! {
        div.stack.narrow {
            (crumbs("Users", "/users", "Erased"))
            (head(html! { "Erased" }, html! { p { (gone) " This page is shown once: print it, or keep a copy, if you have to prove it." } }, html! {}))
            (rows(receipt, "What went"))
        }
    };
    shell(frame, "Erased", content)
}

/// What went, or would go, row by row.
pub fn rows(receipt: &Receipt, title: &str) -> Markup {
    html! {
        section.card aria-labelledby="rows" {
            header { h2 id="rows" { (title) } span.muted { "Rows of the workspace's file, by table" } }
            div.scroll tabindex="0" role="group" aria-labelledby="rows" {
                table.table aria-labelledby="rows" {
                    thead { tr { th scope="col" { "Table" } th.num scope="col" { "Rows" } } }
                    tbody {
                        @for (table, rows) in &receipt.rows {
                            tr { th scope="row" { code.bare { (table) } } td.num { (number(rows.as_u64().unwrap_or_default())) } }
                        }
                    }
                }
            }
            div.body.stack.tight.pad-top {
                @for kept in &receipt.kept { p.small { b { "Stays: " } (kept) } }
                p.small.muted { (receipt.backups) }
            }
        }
    }
}

/// `GET /users/{id}/erase`
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest, id: web::Path<String>) -> Answer {
    let by = By::Operator(operator.email.clone());
    let (frame, found) = found(operator, &request, &id).await?;
    let Some(user) = found else { return Ok(desk::page_with(StatusCode::NOT_FOUND, errors::no_user(&frame, &id))) };
    let receipt = rehearsed(&request, by, &user, Events::Delete).await?;
    Ok(desk::page(page(&frame, &View { user, receipt, events: Events::Delete, mistake: None })))
}

async fn found(
    operator: crate::store::operators::Operator,
    request: &HttpRequest,
    id: &str,
) -> Result<(Frame, Option<UserRow>), PageError> {
    let wanted = id.to_owned();
    desk::read(request, operator, Place::Users, move |db, _| user::row(db, &wanted)).await
}

async fn rehearsed(request: &HttpRequest, by: By, user: &UserRow, events: Events) -> Result<Receipt, PageError> {
    let (store, key) = (desk::store(request)?, user.key);
    let waiting = deeds::waiting_files(store, &[key]).await?;
    Ok(store.rehearse(move |tx: &mut Tx<'_>| deeds::erase(tx, &by, key, events, &waiting)).await?)
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    events: String,
    #[serde(default)]
    typed: String,
}

/// `POST /users/{id}/erase`
///
/// # Errors
/// The store's.
pub async fn confirm(
    Admin(operator): Admin,
    request: HttpRequest,
    id: web::Path<String>,
    sent: web::Form<Sent>,
) -> Answer {
    let by = By::Operator(operator.email.clone());
    let (frame, found) = found(operator, &request, &id).await?;
    let Some(user) = found else { return Ok(desk::page_with(StatusCode::NOT_FOUND, errors::no_user(&frame, &id))) };
    let events = Events::parse(&sent.events);
    if sent.typed.trim() != typed(&user) || events.is_none() {
        let events = events.unwrap_or(Events::Delete);
        let receipt = rehearsed(&request, by, &user, events).await?;
        let mistake = Some(Mistake::new("typed", "That doesn't match this person. Nothing was erased."));
        return Ok(desk::again(page(&frame, &View { user, receipt, events, mistake })));
    }
    let (store, key, events) = (desk::store(&request)?, user.key, events.unwrap_or(Events::Delete));
    let waiting = deeds::waiting_files(store, &[key]).await?;
    let files = waiting.clone();
    let receipt: Receipt = store.write(move |tx| deeds::erase(tx, &by, key, events, &files)).await?;
    Live::of(&request).inspect(|live| live.forget());
    Doctor::of(&request).inspect(|doctor| doctor.forget());
    deeds::finish(store, &waiting).await?;
    Ok(desk::page(done(&frame, 1, &receipt)))
}

/// What the form of the rules sends.
#[derive(Debug, Deserialize)]
pub struct Allowed {
    #[serde(default)]
    erased: String,
}

/// The form by which an erased person is allowed again, and what came of it.
pub fn allow_card(allowed: Option<bool>) -> Markup {
    html! {
        section.card aria-labelledby="erased-people" {
            header { h2 id="erased-people" { "Erased people" } }
            div.body.stack.snug {
                @match allowed {
                    Some(true) => (say::notice(Tone::Good, "Allowed again. The next message creates a new user, about whom nothing is known yet.")),
                    Some(false) => (say::notice(Tone::Warn, "Nobody known by that was erased. Ids are case-sensitive.")),
                    None => {}
                }
                p.small {
                    "Once someone is erased, only keyed hashes stay, so that late messages store nothing. Anyone who becomes a customer again can be "
                    "allowed again here. You erase people on their own pages."
                }
                form.stack.snug method="post" action="/settings/rules/allow" {
                    (Line {
                        name: "erased", label: "User id, e-mail address or anonymous id", autocomplete: "off", required: true, ..Line::default()
                    }
                    .draw(None))
                    div.row { button.btn { "Allow again" } }
                }
            }
        }
    }
}

/// `POST /settings/rules/allow`
///
/// # Errors
/// The store's.
pub async fn allow(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Allowed>) -> Answer {
    let (by, text) = (By::Operator(operator.email), sent.into_inner().erased);
    let hashes = desk::store(&request)?.write(move |tx| deeds::allow(tx, &by, &text)).await?;
    let said = if hashes > 0 { "1" } else { "0" };
    Ok(desk::see_other(&format!("/settings/rules?allowed={said}#erased-people")))
}
