//! `/settings/webhooks`: addresses of other programs that are told what changes.

use actix_web::web::Form as Body;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};

use super::{only, settings, webhook};
use crate::actions::webhooks::{self as deeds, Wanted, WebhookError};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake, lines};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::say::{Tone, nothing, notice};
use crate::dashboard::parts::{numbers, pill};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::domain::webhooks::{DeliveryType, State, Webhook};
use crate::http::access::{Admin, Viewer};
use crate::http::client::Site;
use crate::http::page::PageError;
use crate::store::operators::Operator;

/// What is filled in of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Its address.
    pub url: String,
    /// What it is told, in words.
    pub types: Vec<String>,
    /// Names of events, one a line.
    pub events: Vec<String>,
    /// What it is for.
    pub description: String,
}

impl Form {
    /// A webhook as it is.
    pub fn of(webhook: &Webhook) -> Form {
        Form {
            url: webhook.url.clone(),
            types: webhook.types.iter().map(|kind| kind.as_str().to_owned()).collect(),
            events: webhook.events.clone(),
            description: webhook.description.clone(),
        }
    }

    /// What a form sent: a type stands in it once for each that is ticked.
    pub fn sent(pairs: &[(String, String)]) -> Form {
        let text = |name: &str| pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
        Form {
            url: text("url").to_owned(),
            types: pairs.iter().filter(|(name, _)| name == "types").map(|(_, value)| value.clone()).collect(),
            // The name of an event may hold a comma.
            events: text("events").lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            description: text("description").to_owned(),
        }
    }

    /// All of it, as what is wanted.
    pub fn wanted(self) -> Wanted {
        Wanted {
            url: Some(self.url),
            types: Some(self.types),
            events: Some(self.events),
            description: Some(self.description),
            paused: None,
        }
    }
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// All webhooks in the order they were made.
    pub webhooks: Vec<Webhook>,
    /// What was filled in.
    pub form: Form,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
    /// One was removed just now.
    pub removed: bool,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        @if view.removed { (notice(Tone::Good, "Removed. Nothing more is sent there.")) }
        section.card aria-labelledby="webhooks" {
            header {
                h2 id="webhooks" { "Webhooks" }
                span.muted { "Other programs are told about changes, at their own address" }
            }
            @if view.webhooks.is_empty() {
                (nothing("No webhooks yet", html! { p { "A CRM, a chat or your own back end hears about a new user within a second." } }))
            }
            ul.rows.roomy { @for webhook in &view.webhooks { (row(frame, webhook)) } }
        }
        @if frame.may(Role::Admin) { (add(view)) } @else { (only("an admin")) }
    };
    settings(frame, "/settings/webhooks", content)
}

fn row(frame: &Frame, webhook: &Webhook) -> Markup {
    html! {
        li {
            span.ink { (icon("bolt")) }
            div.grow.stack.tight {
                p.row.tight {
                    a href=(webhook::path(webhook)) { b { bdi { (webhook::name(webhook)) } } }
                    (state(frame, webhook))
                }
                p.small.muted {
                    @if !webhook.description.is_empty() { bdi { (webhook.url) } br; }
                    (webhook.types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "))
                    @if !webhook.events.is_empty() {
                        " (" (numbers::counted(webhook.events.len() as u64, "name", "names")) ")"
                    }
                }
            }
            span.end { "since " (frame.clock.on(webhook.created_ms)) }
        }
    }
}

/// How a webhook stands.
pub fn state(frame: &Frame, webhook: &Webhook) -> Markup {
    let meaning = webhook.state.meaning();
    match (webhook.state, webhook.failing_since_ms) {
        (State::Active, None) => pill::toned("good", "Active", meaning),
        (State::Active, Some(since_ms)) => {
            let title = format!("Nothing was accepted since {}", frame.clock.exact(since_ms));
            pill::toned("warn", "Every delivery fails", &title)
        }
        (State::Paused, _) => pill::toned("", "Paused", meaning),
        (State::Gone | State::Failing, _) => pill::toned("bad", "Given up", meaning),
    }
}

/// The fields of a webhook.
pub fn fields(form: &Form, mistake: Option<&Mistake>) -> Markup {
    let wrong = mistake.filter(|mistake| mistake.field == "types");
    html! {
        (Line {
            name: "url", label: "Address", value: &form.url, required: true, placeholder: "https://hooks.example.com/rollcall",
            hint: "Deliveries are posted to it over https; it must answer 2xx within 10 seconds, with no redirect.", ..Line::default()
        }
        .draw(mistake))
        (Line {
            name: "description", label: "What it is for", value: &form.description,
            hint: "For people: Tells the CRM.", ..Line::default()
        }
        .draw(mistake))
        fieldset.stack.snug {
            legend { "What it receives" }
            @if let Some(wrong) = wrong { p.error { (small("alert")) span { (wrong.sentence) } } }
            @for kind in DeliveryType::to_choose() {
                div.field {
                    label.check {
                        input
                            type="checkbox" name="types" value=(kind.as_str())
                            checked[form.types.iter().any(|word| word == kind.as_str())]
                            aria-describedby={ (kind.as_str()) "-note" };
                        " "
                        code { (kind.as_str()) }
                    }
                    p.hint id={ (kind.as_str()) "-note" } { (kind.meaning()) }
                }
            }
            p.hint {
                "Changes to everybody's values at once are not sent one by one, since there may be a million: "
                "an attribute that gets another type or is deleted, and values applied from the tray. "
                "Read them again after that, with an export or the API."
            }
        }
        (lines(
            "events",
            "Only events of these names",
            &form.events,
            "One per line, for event.tracked. Empty: every tracked event; page and screen views only if page or screen is listed here.",
            mistake,
        ))
    }
}

fn add(view: &View) -> Markup {
    html! {
        section.card aria-labelledby="add" {
            header { h2 id="add" { "Add a webhook" } }
            form.body.stack.snug method="post" action="/settings/webhooks#add" {
                (fields(&view.form, view.mistake.as_ref()))
                div.row { button.btn.primary { "Add webhook" } }
            }
        }
    }
}

/// `GET /settings/webhooks`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let view = View { removed: desk::value(&request, "removed").is_some(), ..View::default() };
    Ok(desk::page(answer(operator, &request, view).await?))
}

async fn answer(operator: Operator, request: &HttpRequest, view: View) -> Result<Markup, PageError> {
    let webhooks = desk::store(request)?.catalog().webhooks.to_vec();
    let frame = desk::frame(request, operator, Place::Settings).await?;
    Ok(page(&frame, &View { webhooks, ..view }))
}

/// `POST /settings/webhooks`: adds one, and shows its secret once.
///
/// # Errors
/// The store's.
pub async fn add_one(
    Admin(operator): Admin,
    request: HttpRequest,
    sent: Body<Vec<(String, String)>>,
    site: web::Data<Site>,
) -> Answer {
    let form = Form::sent(&sent);
    let (by, wanted, allows_private) =
        (By::Operator(operator.email.clone()), form.clone().wanted(), site.private_webhooks);
    match desk::store(&request)?.write(move |tx| deeds::add(tx, &by, wanted, allows_private)).await {
        Ok(added) => {
            let view = webhook::View { secret: Some(added.secret.clone()), ..webhook::View::of(added) };
            Ok(desk::page(webhook::answer(operator, &request, view).await?))
        }
        Err(error) => {
            let view = View { form, mistake: Some(mistake(error)?), ..View::default() };
            Ok(desk::again(answer(operator, &request, view).await?))
        }
    }
}

/// Which field of a webhook was wrong.
///
/// # Errors
/// What is nobody's mistake.
pub fn mistake(error: WebhookError) -> Result<Mistake, PageError> {
    let field = match &error {
        WebhookError::Url(_) | WebhookError::TooMany => "url",
        WebhookError::NoTypes | WebhookError::Type { .. } => "types",
        WebhookError::Events => "events",
        WebhookError::Description => "description",
        WebhookError::NotActive(_) | WebhookError::Forgotten => "delivery",
        WebhookError::Unknown(_) | WebhookError::UnknownDelivery(_) => return Err(PageError::not_found()),
        WebhookError::Store(_) => "",
    };
    match error {
        WebhookError::Store(error) => Err(error.into()),
        error => Ok(Mistake::new(field, error.to_string())),
    }
}
