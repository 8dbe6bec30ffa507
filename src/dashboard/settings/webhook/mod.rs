//! `/settings/webhooks/{id}`: one webhook: what it is told, what became of each delivery, how its receiver knows that it
//! is us.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Form as Body;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde_json::Value;

use super::webhooks::{self as all, Form};
use super::{only, settings};
use crate::actions::webhooks::{self as deeds, Wanted, WebhookError};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::errors;
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::numbers::counted;
use crate::dashboard::parts::say::{Tone, alert, notice};
use crate::dashboard::parts::section::crumbs;
use crate::dashboard::parts::values::cut;
use crate::dashboard::parts::{code, pill};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::domain::webhooks::Webhook;
use crate::http::access::{Admin, Viewer};
use crate::http::client::Site;
use crate::http::page::PageError;
use crate::store::list::{Cursor, Page};
use crate::store::operators::Operator;
use crate::store::outbox::{self, Delivery};
use crate::store::{Store, StoreError, Tx};

/// Deliveries of a page.
const DELIVERIES: usize = 20;
/// Characters of a body that a page shows; the API answers all of it.
const BODY_CHARS_MAX: usize = 4_000;
/// So often and so long is waited for what is answered to a delivery that was sent by hand, milliseconds.
const LOOK_MS: u64 = 100;
const LOOKS: usize = 30;

/// How a receiver checks a signature: the language, and code that the tests run.
pub const VERIFY: [(&str, &str); 3] = [
    ("Node", include_str!("verify/verify.mjs")),
    ("Python", include_str!("verify/verify.py")),
    ("PHP", include_str!("verify/verify.php")),
];

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The webhook.
    pub webhook: Webhook,
    /// It as it is, or as it was filled in.
    pub form: Form,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
    /// What was done just now.
    pub done: Option<&'static str>,
    /// A secret that was made just now, shown once.
    pub secret: Option<String>,
    /// What was sent and answered, the newest first.
    pub deliveries: Page<Delivery>,
}

impl View {
    /// A webhook as it is.
    pub fn of(webhook: Webhook) -> View {
        View {
            form: Form::of(&webhook),
            webhook,
            mistake: None,
            done: None,
            secret: None,
            deliveries: Page { rows: Vec::new(), next: None },
        }
    }
}

/// The address of its page.
pub fn path(webhook: &Webhook) -> String {
    format!("/settings/webhooks/{}", webhook.webhook_id)
}

/// What people call it.
pub fn name(webhook: &Webhook) -> &str {
    if webhook.description.is_empty() { &webhook.url } else { &webhook.description }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let (webhook, may) = (&view.webhook, frame.may(Role::Admin));
    let content = html! {
        div { (crumbs("Webhooks", "/settings/webhooks", name(webhook))) }
        @if let Some(done) = view.done { (notice(Tone::Good, done)) }
        @if let Some(mistake) = view.mistake.as_ref().filter(|mistake| mistake.field == "delivery") {
            (notice(Tone::Bad, &mistake.sentence))
        }
        @if let Some(secret) = &view.secret { (secret_once(secret)) }
        (standing(frame, webhook, may))
        (deliveries(frame, view, may))
        section.card aria-labelledby="webhook" {
            header { h2 id="webhook" { "What it receives" } span.end.muted { "since " (frame.clock.on(webhook.created_ms)) } }
            @if may {
                form.body.stack.snug method="post" action=(path(webhook)) {
                    (all::fields(&view.form, view.mistake.as_ref()))
                    div.row { button.btn.primary name="do" value="save" { "Save" } a.btn.bare href="/settings/webhooks" { "Back" } }
                }
            } @else {
                ul.rows { @for kind in &webhook.types { li { code { (kind.as_str()) } span.muted { (kind.meaning()) } } } }
                div.body { (only("an admin")) }
            }
        }
        (verify(webhook, may))
    };
    settings(frame, "/settings/webhooks", content)
}

/// How it stands, with what stops it and lets it go on.
fn standing(frame: &Frame, webhook: &Webhook, may: bool) -> Markup {
    html! {
        section.card aria-labelledby="standing" {
            header { h2 id="standing" { bdi { (cut(name(webhook), 80)) } } (all::state(frame, webhook)) }
            dl.facts {
                div { dt { "Address" } dd { (code::id(&webhook.url, "address")) } }
                div { dt { "Webhook id" } dd { (code::id(&webhook.webhook_id, "webhook id")) " " span.small.muted { "for the shell and the API" } } }
                @if !webhook.wants_any() { div { dt { "State" } dd { (webhook.state.meaning()) } } }
                @else if let Some(since_ms) = webhook.failing_since_ms {
                    div {
                        dt { "Every delivery fails" }
                        dd { "since " (frame.clock.ago(since_ms)) ". After three days, sending stops." }
                    }
                }
            }
            @if may {
                footer {
                    form method="post" action=(path(webhook)) {
                        @if webhook.wants_any() { button.btn name="do" value="pause" { "Pause" } }
                        @else { button.btn.primary name="do" value="resume" { "Resume it" } }
                    }
                    @if !webhook.wants_any() { span.small.muted { "It receives what happens from then on." } }
                    details.menu.right.end {
                        summary.btn.danger { "Remove" }
                        form method="post" action=(path(webhook)) {
                            div.body.stack.snug {
                                p { "Nothing more is sent there, and waiting deliveries are deleted. This can't be undone." }
                                button.btn.danger name="do" value="remove" { "Remove it" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn secret_once(secret: &str) -> Markup {
    alert(
        Tone::Warn,
        "The secret of this webhook is shown once",
        html! {
            p { "The receiver uses it to check that a delivery is from here. Keep it where its other secrets are." }
            p { (code::id(secret, "secret")) }
        },
    )
}

fn deliveries(frame: &Frame, view: &View, may: bool) -> Markup {
    let webhook = &view.webhook;
    html! {
        section.card aria-labelledby="deliveries" {
            header {
                h2 id="deliveries" { "Deliveries" }
                span.muted { "The last 100 finished ones, for 7 days, and those waiting" }
                @if may && webhook.wants_any() {
                    form.end method="post" action=(path(webhook)) { button.btn name="do" value="test" { "Send a test" } }
                }
            }
            @if view.deliveries.rows.is_empty() { p.body.muted { "None yet." } }
            ul.rows.roomy { @for delivery in &view.deliveries.rows { (row(frame, webhook, delivery, may)) } }
            @if let Some(next) = &view.deliveries.next {
                footer { a.btn href={ (path(webhook)) "?before=" (next.key) "#deliveries" } { "Older" } }
            }
        }
    }
}

fn row(frame: &Frame, webhook: &Webhook, delivery: &Delivery, may: bool) -> Markup {
    let tone = match delivery.state() {
        "delivered" => "good",
        "failed" => "bad",
        _ if delivery.attempts > 0 => "warn",
        _ => "info",
    };
    html! {
        li {
            div.grow.stack.tight {
                p.row.tight {
                    code { (delivery.kind) }
                    (pill::toned(tone, &pill::capital(delivery.state()), "How it stands"))
                    @if let Some(status) = delivery.last.as_ref().and_then(|last| last.status) { span { "answered " b { (status) } } }
                }
                p.small.muted {
                    (frame.clock.ago(delivery.made_ms))
                    @if let Some(last) = &delivery.last {
                        ", " (counted(u64::from(delivery.attempts), "attempt", "attempts"))
                        ", " (last.took_ms) " ms"
                    }
                    @if let Some(due_ms) = delivery.due_ms.filter(|_| delivery.attempts > 0) {
                        ", next attempt at " (frame.clock.at(due_ms))
                    }
                }
                @if let Some(problem) = delivery.last.as_ref().map(|last| &last.problem).filter(|problem| !problem.is_empty()) {
                    p.small { (problem) }
                }
                details {
                    summary.small { (small("right")) " Sent and received" }
                    div.stack.snug {
                        @if delivery.body.is_empty() {
                            p.muted { "It was about an erasure, so its content was kept only as long as needed." }
                        } @else { (code::block("Sent", html! { (cut(&pretty(&delivery.body), BODY_CHARS_MAX)) })) }
                        @if let Some(answer) = delivery.last.as_ref().map(|last| &last.answer).filter(|answer| !answer.is_empty()) {
                            (code::block("Answer, first 500 bytes", html! { (answer) }))
                        }
                        p.small.muted { "webhook-id " (code::id(&delivery.delivery_id, "delivery id")) }
                    }
                }
            }
            @if may && webhook.wants_any() && !delivery.body.is_empty() {
                form.end method="post" action=(path(webhook)) {
                    input type="hidden" name="delivery" value=(delivery.delivery_id);
                    button.btn name="do" value="again" { (if delivery.due_ms.is_some() { "Send now" } else { "Send again" }) }
                }
            }
        }
    }
}

fn pretty(json: &str) -> String {
    let value: Option<Value> = serde_json::from_str(json).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| json.to_owned())
}

/// The secret, and how a receiver checks what comes.
fn verify(webhook: &Webhook, may: bool) -> Markup {
    html! {
        section.card aria-labelledby="signature" {
            header {
                h2 id="signature" { "Secret and signature" }
                span.end { (icon("key")) code.bare { "…" (webhook.secret_end()) } }
            }
            div.body.stack.snug {
                p {
                    "Each delivery is signed as "
                    a href="https://www.standardwebhooks.com/" rel="noreferrer" { "Standard Webhooks" }
                    " describes, with libraries in many languages. Without one, it takes a dozen lines; answer 400 if the check fails. "
                    "A delivery may arrive twice: its " code { "webhook-id" } " is then the same."
                }
                @for (language, text) in VERIFY {
                    details { summary { (small("right")) " " (language) } (code::block(language, html! { (text.trim_end()) })) }
                }
            }
            @if may {
                footer {
                    details.menu {
                        summary.btn { (icon("key")) " Create another secret" }
                        form method="post" action=(path(webhook)) {
                            div.body.stack.snug {
                                p { "The new one is shown once. For a day both sign, so that the receiver can switch in its own time." }
                                button.btn name="do" value="rotate" { "Make it" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `GET /settings/webhooks/{id}`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, id: web::Path<String>) -> Answer {
    let Some(webhook) = desk::store(&request)?.catalog().webhook(&id).cloned() else {
        let frame = desk::frame(&request, operator, Place::Settings).await?;
        return Ok(desk::page_with(StatusCode::NOT_FOUND, errors::no_page(&frame)));
    };
    let done = match desk::value(&request, "done").as_deref() {
        Some("save") => Some("Saved."),
        Some("pause") => Some("Paused. Nothing is sent, and changes in the meantime are not sent later."),
        Some("resume") => Some("Resumed, with what happens from now on."),
        Some("test" | "again") => Some("Sent: see the answer below."),
        _ => None,
    };
    Ok(desk::page(answer(operator, &request, View { done, ..View::of(webhook) }).await?))
}

/// The page, with its deliveries.
///
/// # Errors
/// The store's.
pub async fn answer(operator: Operator, request: &HttpRequest, view: View) -> Result<Markup, PageError> {
    let key = view.webhook.key;
    let before = desk::value(request, "before").and_then(|text| text.parse().ok());
    let after = before.map(|key| Cursor { value: Value::Null, key });
    let read =
        desk::read(request, operator, Place::Settings, move |db, _| outbox::list(db, key, after.as_ref(), DELIVERIES));
    let (frame, deliveries) = read.await?;
    Ok(page(&frame, &View { deliveries, ..view }))
}

/// `POST /settings/webhooks/{id}`: what the button says.
///
/// # Errors
/// No such webhook, the store's.
pub async fn change(
    Admin(operator): Admin,
    request: HttpRequest,
    id: web::Path<String>,
    sent: Body<Vec<(String, String)>>,
    site: web::Data<Site>,
) -> Answer {
    let store = desk::store(&request)?;
    let webhook = store.catalog().webhook(&id).cloned().ok_or_else(PageError::not_found)?;
    let (by, id, allows_private) =
        (By::Operator(operator.email.clone()), webhook.webhook_id.clone(), site.private_webhooks);
    let text = |name: &str| sent.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value).to_owned();
    let (asked, delivery, form) = (text("do"), text("delivery"), Form::sent(&sent));
    let wanted = match asked.as_str() {
        "save" => Some(form.clone().wanted()),
        "pause" | "resume" => Some(Wanted { paused: Some(asked == "pause"), ..Wanted::default() }),
        _ => None,
    };
    let outcome = match (asked.as_str(), wanted) {
        (_, Some(wanted)) => {
            store.write(move |tx| deeds::change(tx, &by, &id, wanted, allows_private)).await.map(|_| ())
        }
        ("remove", _) => {
            let removed = store.write(move |tx| deeds::remove(tx, &by, &id)).await;
            return match removed {
                // Whoever presses twice wanted the same once.
                Ok(_) | Err(WebhookError::Unknown(_)) => Ok(desk::see_other("/settings/webhooks?removed=1")),
                Err(error) => Err(all::mistake(error).map_or_else(|error| error, |_| PageError::not_found())),
            };
        }
        ("rotate", _) => match store.write(move |tx| deeds::rotate(tx, &by, &id)).await {
            Ok(webhook) => {
                let view = View { secret: Some(webhook.secret.clone()), ..View::of(webhook) };
                return Ok(desk::page(answer(operator, &request, view).await?));
            }
            Err(error) => Err(error),
        },
        ("test", _) => answered(store, &webhook, store.write(move |tx: &mut Tx<'_>| deeds::test(tx, &id)).await).await,
        ("again", _) => {
            let again = store.write(move |tx: &mut Tx<'_>| deeds::send_again(tx, &id, &delivery)).await;
            answered(store, &webhook, again).await
        }
        _ => return Err(PageError::not_found()),
    };
    match outcome {
        Ok(()) => Ok(desk::see_other(&format!("{}?done={asked}", path(&webhook)))),
        Err(error) => {
            let mistake = Some(all::mistake(error)?);
            let form = if asked == "save" { form } else { Form::of(&webhook) };
            let view = View { form, mistake, ..View::of(webhook) };
            Ok(desk::again(answer(operator, &request, view).await?))
        }
    }
}

/// Waits a moment for what is answered to a delivery, so that the page can tell it.
async fn answered(store: &Store, webhook: &Webhook, sent: Result<Delivery, WebhookError>) -> Result<(), WebhookError> {
    let sent = sent?;
    for _ in 0..LOOKS {
        let (key, id) = (webhook.key, sent.delivery_id.clone());
        let found: Result<_, StoreError> = store.read(move |db| outbox::find(db, key, &id)).await;
        if found?.is_none_or(|delivery| delivery.attempts > 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
    Ok(())
}
