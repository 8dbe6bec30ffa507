//! `/settings/tokens`: secret keys for programs.

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::{only, settings};
use crate::actions::tokens::{self as deeds, TokenError};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake, choice};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::say::{Tone, alert, notice};
use crate::dashboard::parts::{code, pill};
use crate::domain::access::{Role, Scope};
use crate::domain::change::By;
use crate::http::access::{Owner, Viewer};
use crate::http::page::PageError;
use crate::store::operators::Operator;
use crate::store::tokens::{self, Token};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// All tokens in the order they were made.
    pub tokens: Vec<Token>,
    /// The text of a token that was made just now; it is kept nowhere.
    pub fresh: Option<String>,
    /// The name that was filled in.
    pub name: String,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
    /// A token was revoked just now.
    pub revoked: bool,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let may = frame.may(Role::Owner);
    let content = html! {
        @if let Some(fresh) = &view.fresh { (shown_once(fresh)) }
        @if view.revoked { (notice(Tone::Good, "Revoked. Programs that use it get a 401 from now on.")) }
        section.card aria-labelledby="tokens" {
            header {
                h2 id="tokens" { "Tokens" }
                span.muted { "For programs that use " a href="/api" { "the API" } ", or send data as your back end" }
            }
            @if view.tokens.is_empty() { p.body.muted { "None yet." } }
            ul.rows.roomy { @for token in &view.tokens { (row(frame, token, may)) } }
        }
        @if may { (add(view)) } @else { (only("an owner")) }
    };
    settings(frame, "/settings/tokens", content)
}

fn shown_once(text: &str) -> Markup {
    alert(
        Tone::Warn,
        "The token is shown once",
        html! {
            p { "Only its hash is kept. Put it where your program finds its secrets." }
            p { (code::id(text, "token")) }
        },
    )
}

fn row(frame: &Frame, token: &Token, may: bool) -> Markup {
    html! {
        li {
            span.ink { (icon("key")) }
            div.grow.stack.tight {
                p.row.tight {
                    b { bdi { (token.name) } } (pill::word(token.scope.as_str(), scope_words(token.scope)))
                    @if let Some(revoked_ms) = token.revoked_ms {
                        (pill::toned("", "Revoked", &frame.clock.exact(revoked_ms)))
                    }
                }
                p.small.muted {
                    "made "
                    (frame.clock.ago(token.created_ms))
                    ", used "
                    (frame.clock.ago_or_never(token.last_used_ms))
                    " · "
                    code.bare { (token.token_id) }
                }
            }
            @if may && token.revoked_ms.is_none() {
                details.menu.right {
                    summary.btn.danger { "Revoke" span.vh { " " (token.name) } }
                    form method="post" action="/settings/tokens/revoke" {
                        div.body.stack.snug {
                            p {
                                "Programs that use “"
                                bdi { (token.name) }
                                "” stop working at once. This can't be undone."
                            }
                            input type="hidden" name="token_id" value=(token.token_id);
                            button.btn.danger { "Revoke it" }
                        }
                    }
                }
            }
        }
    }
}

fn scope_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "Reads",
        Scope::Write => "Reads and sends data",
        Scope::Admin => "Also changes settings and sources",
    }
}

fn add(view: &View) -> Markup {
    let scopes = [Scope::Read, Scope::Write, Scope::Admin].map(|scope| (scope.as_str(), scope_words(scope)));
    html! {
        section.card aria-labelledby="add" {
            header { h2 id="add" { "Create a token" } }
            form.body.stack.snug method="post" action="/settings/tokens" {
                (Line {
                    name: "name", label: "Name", value: &view.name,
                    hint: "Which program uses it: Billing, Nightly job.", required: true, ..Line::default()
                }
                .draw(view.mistake.as_ref()))
                (choice("scope", "What it may do", &scopes, "read", ""))
                div.row { button.btn.primary { "Create token" } }
            }
        }
    }
}

/// What the forms send.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    name: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    token_id: String,
}

/// `GET /settings/tokens`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let view = View { revoked: desk::value(&request, "revoked").is_some(), ..View::default() };
    Ok(desk::page(answer(operator, &request, view).await?))
}

async fn answer(operator: Operator, request: &HttpRequest, view: View) -> Result<Markup, PageError> {
    let (frame, tokens) = desk::read(request, operator, Place::Settings, |db, _| tokens::list(db)).await?;
    Ok(page(&frame, &View { tokens, ..view }))
}

/// `POST /settings/tokens`: makes one, and shows its text once.
///
/// # Errors
/// The store's.
pub async fn add_one(Owner(operator): Owner, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let (by, name) = (By::Operator(operator.email.clone()), sent.name.clone());
    let scope = sent.scope.parse().unwrap_or(Scope::Read);
    match desk::store(&request)?.write(move |tx| deeds::add(tx, &by, &name, scope)).await {
        Ok(added) => {
            let view = View { fresh: Some(added.text), ..View::default() };
            Ok(desk::page(answer(operator, &request, view).await?))
        }
        Err(TokenError::Store(error)) => Err(error.into()),
        Err(error) => {
            let mistake = Some(Mistake::new("name", error.to_string()));
            Ok(desk::again(answer(operator, &request, View { name: sent.name, mistake, ..View::default() }).await?))
        }
    }
}

/// `POST /settings/tokens/revoke`
///
/// # Errors
/// No such token, the store's.
pub async fn revoke(Owner(operator): Owner, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let (by, token_id) = (By::Operator(operator.email), sent.into_inner().token_id);
    match desk::store(&request)?.write(move |tx| deeds::revoke(tx, &by, &token_id)).await {
        // Whoever presses twice wanted the same once.
        Ok(()) | Err(TokenError::Unknown(_)) => Ok(desk::see_other("/settings/tokens?revoked=1")),
        Err(TokenError::Store(error)) => Err(error.into()),
        Err(TokenError::Name) => Err(PageError::not_found()),
    }
}
