//! `/sign-in`, and signing out.

use maud::{Markup, html};

use super::parts::form::{Line, Mistake};
use super::parts::frame::{Theme, gate};
use super::parts::say::{Tone, notice};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The workspace's name.
    pub workspace: String,
    /// How it looks.
    pub theme: Theme,
    /// The e-mail that was filled in.
    pub email: String,
    /// Where to go afterwards.
    pub next: String,
    /// What was wrong.
    pub mistake: Option<Mistake>,
    /// What was done just now.
    pub done: Option<&'static str>,
}

/// The page.
pub fn page(view: &View) -> Markup {
    let content = html! {
        form.stack method="post" action="/sign-in" {
            h1 { "Sign in" @if !view.workspace.is_empty() { " to " bdi { (view.workspace) } } }
            @if let Some(done) = view.done { (notice(Tone::Good, done)) }
            @if !view.next.is_empty() { input type="hidden" name="next" value=(view.next); }
            (Line { name: "email", label: "E-mail", kind: "email", value: &view.email, autocomplete: "username", required: true, ..Line::default() }.draw(view.mistake.as_ref()))
            (Line { name: "password", label: "Password", kind: "password", autocomplete: "current-password", required: true, ..Line::default() }.draw(view.mistake.as_ref()))
            button.btn.primary.block.tall { "Sign in" }
        }
    };
    let below = html! { p.small.muted { "Forgotten? Someone at the server runs " code { "rollcall operator reset" } " with your e-mail and sends you the link." } };
    gate(view.theme, "Sign in", content, below)
}
