//! `/settings/account`: one's own password, and how the dashboard looks.

use maud::{Markup, html};

use super::settings;
use crate::dashboard::parts::form::{Line, Mistake};
use crate::dashboard::parts::frame::{Frame, theme_form};
use crate::dashboard::parts::say::{Tone, notice};
use crate::dashboard::password::PASSWORD_CHARS_MIN;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What was wrong with the form.
    pub mistake: Option<Mistake>,
    /// The password was changed just now.
    pub saved: bool,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let mistake = view.mistake.as_ref();
    let (email, role) = frame.operator.as_ref().map_or(("", ""), |(email, role)| (email.as_str(), role.as_str()));
    let content = html! {
        @if view.saved { (notice(Tone::Good, "Your password is changed. Everywhere else you are signed out.")) }
        section.card aria-labelledby="you" {
            header { h2 id="you" { "You" } }
            dl.facts { div { dt { "E-mail" } dd { (email) } } div { dt { "Role" } dd { (role) } } }
        }
        section.card aria-labelledby="password" {
            header { h2 id="password" { "Change the password" } }
            form.body.stack.snug method="post" {
                input type="hidden" name="username" autocomplete="username" value=(email);
                (Line { name: "current", label: "Current password", kind: "password", autocomplete: "current-password", required: true, ..Line::default() }.draw(mistake))
                (Line { name: "new", label: "New password", kind: "password", autocomplete: "new-password", required: true, least: Some(PASSWORD_CHARS_MIN as u32), hint: "At least 10 characters. A sentence is good.", ..Line::default() }.draw(mistake))
                div.row { button.btn.primary { "Change password" } }
            }
        }
        section.card aria-labelledby="looks" {
            header { h2 id="looks" { "Appearance" } }
            div.body.stack.snug { p.muted { "As your system says, or always light or dark in this browser." } (theme_form(frame.theme, "/settings/account")) }
        }
    };
    settings(frame, "/settings/account", content)
}
