//! `/settings/retention`: how long things are kept, and what goes then.

use std::collections::HashMap;

use actix_web::{HttpRequest, web};
use maud::{Markup, html};

use super::values::Values;
use super::{form, settings};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Done};
use crate::dashboard::happenings::Told;
use crate::dashboard::parts::form::Line;
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::numbers;
use crate::dashboard::parts::say::{Tone, alert};
use crate::domain::change::By;
use crate::domain::time;
use crate::http::access::{Admin, Viewer};
use crate::store::events;
use crate::store::list::Count;

/// Its address.
const PATH: &str = "/settings/retention";

/// The settings of this page.
const SETTINGS: [&str; 2] = ["visitor_retention_days", "event_retention_days"];

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The settings, as they are or as they were filled in.
    pub values: Values,
    /// What was just done.
    pub done: Option<Done>,
    /// So many events are older than what is kept from now on: asked before it is done.
    pub goes: Option<Count>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        (done::done(view.done.as_ref(), Told::OfUser, PATH, frame.clock, frame.role()))
        (form(frame, "How long things are kept", view.goes.map(question), kept(view)))
        (for_ever())
    };
    settings(frame, PATH, content)
}

/// A shorter time deletes.
fn question(goes: Count) -> Markup {
    alert(
        Tone::Warn,
        "This affects existing data",
        html! {
            p {
                b { (numbers::count(goes)) " " (if goes == Count::Exactly(1) { "event is" } else { "events are" }) " older than the new limit." }
                " They are deleted within an hour, and every number then counts only the rest. This can't be undone; an earlier backup still has them."
            }
            input type="hidden" name="confirmed" value="1";
            p.row { button.btn.primary { "Save anyway" } a.btn href=(PATH) { "Leave it as it was" } }
        },
    )
}

fn days(view: &View, name: &'static str, label: &'static str, hint: &'static str) -> Markup {
    let value = view.values.get(name);
    Line { name, label, kind: "number", value, hint, required: true, ..Line::default() }
        .draw(view.values.mistake.as_ref())
}

fn kept(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="kept" {
            header { h2 id="kept" { "Kept, in days" } }
            div.body.stack.snug {
                (days(
                    view,
                    "visitor_retention_days",
                    "Visitors who never sign in",
                    "After they were last seen. Then they are deleted with their events.",
                ))
                (days(
                    view,
                    "event_retention_days",
                    "Events of known users",
                    "0 keeps them forever. Older ones are deleted, and older messages refused. Users, companies, their values and when \
                     they were first seen stay.",
                ))
            }
        }
    }
}

/// What no setting changes.
fn for_ever() -> Markup {
    html! {
        section.card aria-labelledby="fixed" {
            header { h2 id="fixed" { "Other retention times" } }
            ul.rows.roomy {
                li { p { b { "Users, companies, memberships and their history" } " stay until they are erased: on a user's page, or for everything a filter finds." } }
                li { p { b { "Examples of refusals" } " go after 30 days; how often something was refused stays." } }
                li { p { b { "Calls under Live" } " are in memory only, for an hour at most." } }
                li { p { b { "Backups" } " are your own files: what is deleted here stays in earlier ones. " a href="/settings/backups" { "Backups" } } }
            }
        }
    }
}

/// `GET /settings/retention`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let (frame, values, done) = Values::shown(&request, operator, &SETTINGS).await?;
    Ok(desk::page(page(&frame, &View { values, done, goes: None })))
}

/// `POST /settings/retention`: sets all of them or none; what deletes asks first.
///
/// # Errors
/// The store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<HashMap<String, String>>) -> Answer {
    let store = desk::store(&request)?;
    let values = Values::sent(&sent, &SETTINGS);
    let (kept, days) =
        (store.catalog().settings.event_retention_days, values.get("event_retention_days").trim().parse());
    let days: i64 = days.unwrap_or(0);
    if !sent.contains_key("confirmed") && days > 0 && (kept == 0 || days < kept) {
        let before_ms = time::kept_from(store.now_ms(), days);
        let goes = store.read(move |db| events::count_before(db, before_ms)).await?;
        if goes != Count::Exactly(0) {
            let view = View { values, done: None, goes: Some(goes) };
            return Ok(desk::page(page(&desk::frame(&request, operator, Place::Settings).await?, &view)));
        }
    }
    match values.save(store, By::Operator(operator.email.clone())).await? {
        Ok(asked) => Ok(desk::see_other(&asked.address(PATH))),
        Err(values) => {
            let frame = desk::frame(&request, operator, Place::Settings).await?;
            Ok(desk::again(page(&frame, &View { values, done: None, goes: None })))
        }
    }
}
