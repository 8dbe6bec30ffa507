//! `/settings/sources`: websites and back ends that send data.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{only, proof, settings, source};
use crate::actions::sources::{self, SourceError};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake, lines};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::say::{Tone, notice};
use crate::dashboard::parts::{code, pill};
use crate::domain::access::Role;
use crate::domain::change::By;
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::operators::Operator;
use crate::store::{Source, SourceKind};

/// What is filled in to add a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Its name.
    pub name: String,
    /// Origins, one a line.
    pub origins: Vec<String>,
    /// Keys adopted from another tool, one a line.
    pub adopted_keys: Vec<String>,
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// All sources in the order they were made.
    pub sources: Vec<Source>,
    /// What was filled in.
    pub form: Form,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
    /// What was done just now.
    pub done: Option<&'static str>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        @if let Some(done) = view.done { (notice(Tone::Good, done)) }
        section.card aria-labelledby="sources" {
            header {
                h2 id="sources" { "Sources" }
                span.muted { "Each has a public key for its pages, and a secret to sign identities" }
            }
            ul.rows.roomy { @for source in &view.sources { (row(frame, source)) } }
        }
        @if frame.may(Role::Admin) { (add(view)) } @else { (only("an admin")) }
    };
    settings(frame, "/settings/sources", content)
}

fn row(frame: &Frame, source: &Source) -> Markup {
    html! {
        li {
            span.ink { (icon(if source.write_keys.is_empty() { "server" } else { "globe" })) }
            div.grow.stack.tight {
                p.row.tight {
                    a href={ "/settings/sources/" (source.source_id) } { b { bdi { (source.name) } } }
                    (kind(source))
                    @if source.paused { (pill::toned("bad", "Paused", "Answers 403 to everything")) }
                    @if source.signatures_required {
                        (pill::word("Signed only", "Messages with a user must carry proof of identity"))
                    }
                }
                @if let Some(key) = source.write_keys.first() {
                    p.row.small {
                        (code::id(key, "write key"))
                        span.muted {
                            @if source.origins.is_empty() { "any origin" } @else { (source.origins.join(", ")) }
                        }
                    }
                } @else { p.small.muted { "Built in: what secret tokens send without naming a source" } }
            }
            span.end {
                @if !source.write_keys.is_empty() { a href={ "/install?source=" (source.source_id) } { "Install" } br; }
                "since " (frame.clock.on(source.created_ms))
            }
        }
    }
}

/// Whether a source keeps what it sends.
pub fn kind(source: &Source) -> Markup {
    match source.kind {
        SourceKind::Live => pill::toned("good", "Live", "Stores what is sent"),
        SourceKind::Test => pill::toned("info", "Test", "Answers as usual, but stores nothing"),
        SourceKind::Import => pill::toned("info", "Import", "An imported file"),
    }
}

fn add(view: &View) -> Markup {
    let mistake = view.mistake.as_ref();
    html! {
        section.card aria-labelledby="add" {
            header { h2 id="add" { "Add a source" } }
            form.body.stack.snug method="post" action="/settings/sources#add" {
                (Line {
                    name: "name", label: "Name", value: &view.form.name,
                    hint: "What people call it: App, Help centre, Shop.", required: true, ..Line::default()
                }
                .draw(mistake))
                (lines(
                    "origins",
                    "Allowed origins",
                    &view.form.origins,
                    "One per line, such as https://app.example.com. Empty: pages of any site may send. It guards against mistakes, not against forged senders.",
                    mistake,
                ))
                (lines(
                    "adopted_keys",
                    "Keys adopted from another tool",
                    &view.form.adopted_keys,
                    "One per line. A page that moves over can then keep its key.",
                    mistake,
                ))
                div.row { button.btn.primary { "Add source" } }
            }
        }
    }
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    name: String,
    #[serde(default)]
    origins: String,
    #[serde(default)]
    adopted_keys: String,
}

/// `GET /settings/sources`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let view = View::default();
    Ok(desk::page(answer(operator, &request, view).await?))
}

async fn answer(operator: Operator, request: &HttpRequest, view: View) -> Result<Markup, PageError> {
    let sources = desk::store(request)?.catalog().sources_in_order().into_iter().cloned().collect();
    let frame = desk::frame(request, operator, Place::Settings).await?;
    Ok(page(&frame, &View { sources, ..view }))
}

/// `POST /settings/sources`: adds one, and shows its secret once.
///
/// # Errors
/// The store's.
pub async fn add_one(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let form =
        Form { name: sent.name, origins: desk::lines(&sent.origins), adopted_keys: desk::lines(&sent.adopted_keys) };
    let (by, filled) = (By::Operator(operator.email.clone()), form.clone());
    let added = desk::store(&request)?
        .write(move |tx| sources::add(tx, &by, &filled.name, &filled.origins, &filled.adopted_keys))
        .await;
    match added {
        Ok(added) => {
            let proof = proof::View { made: Some(added.secret), ..proof::View::default() };
            let view = source::View { proof, ..source::View::of(added.source) };
            Ok(desk::page(source::answer(operator, &request, view).await?))
        }
        Err(error) => {
            let view = View { form, mistake: Some(mistake(error)?), ..View::default() };
            Ok(desk::again(answer(operator, &request, view).await?))
        }
    }
}

/// Which field of a source was wrong.
///
/// # Errors
/// What is nobody's mistake.
pub fn mistake(error: SourceError) -> Result<Mistake, PageError> {
    let field = match &error {
        SourceError::Store(_) | SourceError::Unknown(_) | SourceError::UnknownSecret(_) => None,
        SourceError::TooManySecrets | SourceError::SecretNeeded => Some("secret"),
        SourceError::Origin(_) => Some("origins"),
        SourceError::Key(_) | SourceError::KeyTaken { .. } => Some("adopted_keys"),
        SourceError::Name | SourceError::Field(_) | SourceError::Value { .. } => Some("name"),
    };
    match (field, error) {
        (Some(field), error) => Ok(Mistake::new(field, error.to_string())),
        (None, SourceError::Store(error)) => Err(error.into()),
        (None, _) => Err(PageError::not_found()),
    }
}
