//! `/set-up?token=`: the workspace's name and zone, and the first operator.

use maud::{Markup, html};

use super::parts::form::{Line, Mistake, time_zones};
use super::parts::frame::{Theme, gate};
use super::password::PASSWORD_CHARS_MIN;

/// What is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// The link's token.
    pub token: String,
    /// The workspace's name.
    pub workspace_name: String,
    /// An IANA name.
    pub time_zone: String,
    /// The first operator's e-mail.
    pub email: String,
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// How it looks.
    pub theme: Theme,
    /// What was filled in.
    pub form: Form,
    /// What was wrong.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(view: &View) -> Markup {
    let mistake = view.mistake.as_ref();
    let content = html! {
        form.stack method="post" action="/set-up" {
            div { h1 { "Set up Rollcall" } p.muted { "Once, for the whole workspace. All of it can be changed later." } }
            input type="hidden" name="token" value=(view.form.token);
            (Line { name: "workspace_name", label: "Workspace", value: &view.form.workspace_name, hint: "The name of your company or product.", autocomplete: "organization", required: true, ..Line::default() }.draw(mistake))
            (Line { name: "time_zone", label: "Time zone", value: &view.form.time_zone, hint: "Where your days begin, such as Europe/Warsaw.", required: true, list: Some("zones"), autocomplete: "off", ..Line::default() }.draw(mistake))
            (time_zones())
            (Line { name: "email", label: "Your e-mail", kind: "email", value: &view.form.email, autocomplete: "username", required: true, ..Line::default() }.draw(mistake))
            (Line { name: "password", label: "Password", kind: "password", autocomplete: "new-password", required: true, least: Some(PASSWORD_CHARS_MIN as u32), hint: "At least 10 characters. A sentence is good.", ..Line::default() }.draw(mistake))
            button.btn.primary.block.tall { "Set up" }
        }
    };
    let below = html! { p.small.muted { "Next: the snippet for your pages." } };
    gate(view.theme, "Set up", content, below)
}

/// The set-up is over, or the link is another one.
pub fn over(theme: Theme) -> Markup {
    let content = html! {
        div.stack {
            h1 { "This link does not work any more" }
            p.muted { "Rollcall is set up, or was started again since and printed a newer link. Look at what the server printed last, or run " code { "rollcall operator add" } " at the server." }
            a.btn.primary.block.tall href="/sign-in" { "Sign in" }
        }
    };
    gate(theme, "Set up", content, html! {})
}
