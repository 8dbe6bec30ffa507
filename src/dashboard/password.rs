//! `/password?token=`: setting a password by a link that works once.

use maud::{Markup, html};

use super::parts::form::{Line, Mistake};
use super::parts::frame::{Theme, gate};

/// Characters of a password at least.
pub const PASSWORD_CHARS_MIN: usize = 10;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// How it looks.
    pub theme: Theme,
    /// Whose password.
    pub email: String,
    /// The link's token.
    pub token: String,
    /// What was wrong.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(view: &View) -> Markup {
    let content = html! {
        form.stack method="post" action="/password" {
            h1 { "Set your password" }
            p.muted { "For " b { (view.email) } ". The link works once; afterwards you are signed in." }
            input type="hidden" name="token" value=(view.token);
            input type="hidden" name="username" autocomplete="username" value=(view.email);
            (Line { name: "password", label: "Password", kind: "password", autocomplete: "new-password", required: true, least: Some(PASSWORD_CHARS_MIN as u32), hint: "At least 10 characters. A sentence is good.", ..Line::default() }.draw(view.mistake.as_ref()))
            button.btn.primary.block.tall { "Set password" }
        }
    };
    gate(view.theme, "Set your password", content, html! {})
}

/// The link has been used or has run out.
pub fn used(theme: Theme) -> Markup {
    let content = html! {
        div.stack {
            h1 { "This link does not work any more" }
            p.muted { "It was used, has run out, or a newer one was made. Someone at the server makes another with " code { "rollcall operator reset" } " and your e-mail." }
            a.btn.primary.block.tall href="/sign-in" { "Sign in" }
        }
    };
    gate(theme, "The link was used", content, html! {})
}
