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
use crate::domain::time::{self, DAY_MS};
use crate::http::access::{Admin, Viewer};
use crate::store::list::Count;
use crate::store::{events, visitors};

/// Its address.
const PATH: &str = "/settings/retention";

/// No more than so many days can be asked for: older than that is nothing.
const DAYS_MAX: i64 = 36_500;

/// The settings of this page.
const SETTINGS: [&str; 2] = ["visitor_retention_days", "event_retention_days"];

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The settings, as they are or as they were filled in.
    pub values: Values,
    /// What was just done.
    pub done: Option<Done>,
    /// What is older than what is kept from now on: asked before it is done.
    pub goes: Option<Goes>,
}

/// What a shorter time deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goes {
    /// Visitors who never signed in, with their events.
    pub visitors: Count,
    /// Events.
    pub events: Count,
}

impl Goes {
    const NOTHING: Goes = Goes { visitors: Count::Exactly(0), events: Count::Exactly(0) };
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        (done::done(view.done.as_ref(), Told::OfUser, PATH, frame.clock, frame.role()))
        (form(frame, "How long things are kept", view.goes.map(|goes| question(&view.values, goes)), kept(view)))
        (for_ever())
    };
    settings(frame, PATH, content)
}

/// A shorter time deletes.
fn question(values: &Values, Goes { visitors, events }: Goes) -> Markup {
    let older = |count: Count, one: &str, many: &str| {
        format!("{} {}", numbers::count(count), if count == Count::Exactly(1) { one } else { many })
    };
    alert(
        Tone::Warn,
        "This affects existing data",
        html! {
            @if visitors != Count::Exactly(0) {
                p { b { (older(visitors, "visitor was", "visitors were")) " last seen before the new limit." } " They are deleted with all their events." }
            }
            @if events != Count::Exactly(0) {
                p { b { (older(events, "event is", "events are")) " older than the new limit." } " Every number then counts only the rest." }
            }
            p { "It is deleted within an hour. This can't be undone; an earlier backup still has it." }
            input type="hidden" name="confirmed" value=(asked_about(values));
            p.row { button.btn.primary { "Save anyway" } a.btn href=(PATH) { "Leave it as it was" } }
        },
    )
}

/// What a question was about: its answer goes for nothing else.
fn asked_about(values: &Values) -> String {
    SETTINGS.map(|name| values.get(name).trim().to_owned()).join(" ")
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
    let (kept, now_ms) = (store.catalog().settings.clone(), store.now_ms());
    let shorter = |name: &str, kept: i64| {
        let days: i64 = values.get(name).trim().parse().unwrap_or(0);
        (days > 0 && (kept == 0 || days < kept)).then_some(days.min(DAYS_MAX))
    };
    let of_visitors = shorter("visitor_retention_days", kept.visitor_retention_days);
    let of_events = shorter("event_retention_days", kept.event_retention_days);
    if sent.get("confirmed") != Some(&asked_about(&values)) && of_visitors.or(of_events).is_some() {
        let goes = store.read(move |db| {
            let none = Count::Exactly(0);
            let visitors = of_visitors.map_or(Ok(none), |days| visitors::count_unlinked(db, now_ms - days * DAY_MS))?;
            let events = of_events.map_or(Ok(none), |days| events::count_before(db, time::kept_from(now_ms, days)))?;
            Ok(Goes { visitors, events })
        });
        let goes = goes.await?;
        if goes != Goes::NOTHING {
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
