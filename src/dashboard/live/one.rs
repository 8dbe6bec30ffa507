//! One call: what was sent beside what was stored.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::{live, outcome, source_name};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::happenings;
use crate::dashboard::links;
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::section::crumbs;
use crate::dashboard::parts::{code, say, values};
use crate::domain::codes;
use crate::domain::message::{Receipt, Status};
use crate::http::access::Viewer;
use crate::http::live::{Call, Outcome};
use crate::store::changes::{self, ChangeRow};
use crate::store::events::{self, EventRow};

/// Changes of one call that are told.
const CHANGES_MAX: usize = 100;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The call.
    pub call: Arc<Call>,
    /// The name of its source.
    pub source: Option<String>,
    /// What it changed, and how much that is.
    pub changes: (Vec<ChangeRow>, u64),
    /// What the journal has of it.
    pub event: Option<EventRow>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let call = &view.call;
    let title = match call.said.what.as_str() {
        "" => call.said.kind.clone(),
        what => format!("{}: {what}", call.said.kind),
    };
    let content = html! {
        (crumbs("Live", "/live", &format!("Call {}", call.number)))
        header.head {
            div {
                div.row { h1 { bdi { (values::cut(&title, 80)) } } (outcome(call)) }
                p.row.small.muted {
                    span { "Received " (frame.clock.exact(call.received_ms)) }
                    span { "from " @match &view.source { Some(source) => bdi { (source) }, None => "an unknown source" } }
                }
            }
        }
        div.cols {
            section.card aria-labelledby="sent" {
                header { h2 id="sent" { "What was sent" } }
                div.body.stack.snug {
                    @match &call.said.sent {
                        Some(sent) => {
                            (code::block("JSON", html! { (pretty(sent)) }))
                            p.small.muted { "Client addresses, user agents, keys and proofs are left out." }
                        }
                        None => p.muted { "Nothing was kept." },
                    }
                }
            }
            div.stack { (stored(frame, view)) }
        }
    };
    shell(frame, &title, content)
}

fn pretty(json: &str) -> String {
    let value: Option<Value> = serde_json::from_str(json).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| json.to_owned())
}

fn stored(frame: &Frame, view: &View) -> Markup {
    match &view.call.outcome {
        Outcome::Declined { status, code, detail } => html! {
            (refused(code, detail))
            p.muted { "The whole request was answered " (status) ", and nothing was stored." }
        },
        Outcome::Dealt { receipt, keeps } => html! {
            @if let Some(code) = &receipt.code { (refused(code.as_str(), receipt.detail.as_deref().unwrap_or_default())) }
            @else { (taken(frame, view, receipt, *keeps)) }
            @if !receipt.refused_values.is_empty() { (refused_values(receipt)) }
            @if !receipt.warnings.is_empty() {
                section.card aria-labelledby="warned" {
                    header { h2 id="warned" { "Warnings" } }
                    ul.rows { @for warning in &receipt.warnings { li { span.tone.warn { (icon("alert")) } a.quiet href=(warning.address()) { code { (warning.code) } } " " (warning.meaning) } } }
                }
            }
        },
    }
}

fn refused(code: &str, detail: &str) -> Markup {
    html! {
        section.card aria-labelledby="refused" {
            header { h2 id="refused" { span.ink.bad { (icon("refused")) } " Refused: " code.bare { (code) } } }
            div.body.stack.tight {
                @if !detail.is_empty() { p { (detail) } }
                @if let Some(explained) = codes::explain(code) {
                    p.muted { (explained.cause) }
                    p { b { "What to do: " } (explained.fix) }
                }
            }
        }
    }
}

fn taken(frame: &Frame, view: &View, receipt: &Receipt, keeps: bool) -> Markup {
    let (changes, total) = &view.changes;
    html! {
        section.card aria-labelledby="stored" {
            header { h2 id="stored" { "What was stored" } }
            div.body.stack.snug {
                @if !keeps {
                    p { "Nothing: it came from a test source, which stores nothing." }
                } @else {
                    @match receipt.status {
                        Status::Duplicate => p { "Nothing: a message with this id was already received, so it counts once." },
                        Status::Unchanged => p { "Nothing new: everything it says was already known." },
                        Status::Stored | Status::Refused => @if changes.is_empty() && view.event.is_none() {
                            p.muted { "What it created no longer exists, or was merged into something else." }
                        },
                    }
                    @for entry in happenings::of_deed(changes, frame.clock) {
                        div.row.top {
                            span class={ "tone " (entry.tone) } { (icon(entry.icon)) }
                            div.grow { p { (entry.sentence) } @if let Some((_, content)) = entry.more { (content) } }
                        }
                    }
                    @if *total > changes.len() as u64 { p.muted { "and more" } }
                    @if let Some(event) = &view.event { (journal(event)) }
                }
            }
        }
    }
}

/// What the journal has of a call: as the API answers an event.
fn journal(event: &EventRow) -> Markup {
    let mut kept = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() && value != json!({}) {
            kept.insert(name.to_owned(), value);
        }
    };
    put("event_id", json!(event.event_id.0.to_string()));
    put("type", json!(event.kind.as_str()));
    put("name", json!(event.name));
    put("time", json!(crate::domain::time::rfc3339(event.event_id.at_ms())));
    put("user_id", json!(event.user_id));
    put("anonymous_id", json!(event.anonymous_id));
    put("company_id", json!(event.company_id));
    put("properties", Value::Object(event.properties.clone()));
    put("context", Value::Object(event.context.clone()));
    let text = serde_json::to_string_pretty(&kept).unwrap_or_default();
    html! {
        (code::block("In the journal", html! { (text) }))
        p.row.small {
            @if let Some(user) = &event.user_uuid {
                a href=(links::user(event.user_id.as_deref(), user)) { "The user" }
            }
            @if let Some(company) = &event.company_id { a href=(links::company(company)) { "The company it counts for" } }
        }
    }
}

fn refused_values(receipt: &Receipt) -> Markup {
    html! {
        section.card aria-labelledby="values" {
            header { h2 id="values" { "Refused values" } a.end href="/refusals/tray" { "Tray" } }
            ul.rows {
                @for value in &receipt.refused_values {
                    li {
                        span.tone.bad { (icon("refused")) }
                        div.grow {
                            p { b { (values::name(&value.attribute)) } " " code { bdi { (values::cut(&value.value.to_string(), 80)) } } }
                            p.small.muted {
                                a.quiet href={ "/help/codes#" (value.code.as_str()) } { (value.code.as_str()) } " " (value.detail)
                            }
                        }
                    }
                }
            }
        }
    }
}

fn gone(frame: &Frame) -> Markup {
    let content = say::nothing_here(
        "That call is no longer kept",
        html! {
            p { "Calls are kept for a while, in memory only. What it stored is on the user's or the company's page." }
            p.row { a.btn.primary href="/live" { "The latest calls" } }
        },
    );
    shell(frame, "No such call", content)
}

/// `GET /live/{number}`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, number: web::Path<u64>) -> Answer {
    let store = desk::store(&request)?;
    let Some(call) = live(&request)?.find(store.now_ms(), *number) else {
        let frame = desk::frame(&request, operator, Place::Live).await?;
        return Ok(desk::page_with(StatusCode::NOT_FOUND, gone(&frame)));
    };
    let source = source_name(&call, &store.catalog());
    let (change, event) = match &call.outcome {
        Outcome::Dealt { receipt, .. } => (receipt.change, receipt.event),
        Outcome::Declined { .. } => (None, None),
    };
    let (frame, (changes, event)) = desk::read(&request, operator, Place::Live, move |db, _| {
        let changes = change.map(|change| changes::first_of_set(db, change, CHANGES_MAX)).transpose()?;
        Ok((changes.unwrap_or_default(), event.map(|event| events::find(db, event)).transpose()?.flatten()))
    })
    .await?;
    Ok(desk::page(page(&frame, &View { call, source, changes, event })))
}
