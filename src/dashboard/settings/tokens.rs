//! `/settings/tokens`: secret keys for programs.

use maud::{Markup, html};

use super::{only, settings};
use crate::dashboard::parts::code;
use crate::dashboard::parts::form::{Line, Mistake, choice};
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::pill;
use crate::dashboard::parts::say::{Tone, alert, notice};
use crate::domain::access::{Role, Scope};
use crate::store::tokens::Token;

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
        @if view.revoked { (notice(Tone::Good, "Revoked. Programs that use it are answered 401 from now on.")) }
        section.card aria-labelledby="tokens" {
            header { h2 id="tokens" { "Tokens" } span.muted { "For programs that use the API, or send data as your back end" } }
            @if view.tokens.is_empty() { p.body.muted { "None so far." } }
            ul.rows { @for token in &view.tokens { (row(frame, token, may)) } }
        }
        @if may { (add(view)) } @else { (only("an owner")) }
    };
    settings(frame, "/settings/tokens", content)
}

fn shown_once(text: &str) -> Markup {
    alert(
        Tone::Warn,
        "The token is shown once",
        html! { p { "Only its hash is kept. Put it where your program finds its secrets." } p { (code::id(text, "token")) } },
    )
}

fn row(frame: &Frame, token: &Token, may: bool) -> Markup {
    html! {
        li {
            span.ink { (icon("key")) }
            div.grow.stack.tight {
                p.row.tight {
                    b { bdi { (token.name) } } (pill::word(token.scope.as_str(), scope_words(token.scope)))
                    @if let Some(revoked_ms) = token.revoked_ms { (pill::toned("", "Revoked", &frame.clock.exact(revoked_ms))) }
                }
                p.small.muted { "made " (frame.clock.ago(token.created_ms)) ", used " (frame.clock.ago_or_never(token.last_used_ms)) " · " code.bare { (token.token_id) } }
            }
            @if may && token.revoked_ms.is_none() {
                details.menu.right {
                    summary.btn.danger { "Revoke" span.vh { " " (token.name) } }
                    form method="post" action="/settings/tokens/revoke" {
                        div.body.stack.snug {
                            p { "Programs that use “" bdi { (token.name) } "” stop working at once. This can't be undone." }
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
            header { h2 id="add" { "Make a token" } }
            form.body.stack.snug method="post" action="/settings/tokens" {
                (Line { name: "name", label: "Name", value: &view.name, hint: "Which program uses it: Billing, Nightly job.", required: true, ..Line::default() }.draw(view.mistake.as_ref()))
                (choice("scope", "What it may do", &scopes, "read", ""))
                div.row { button.btn.primary { "Make token" } }
            }
        }
    }
}
