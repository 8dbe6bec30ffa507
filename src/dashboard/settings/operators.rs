//! `/settings/operators`: who signs in to this dashboard.

use maud::{Markup, html};

use super::{only, settings};
use crate::dashboard::parts::code;
use crate::dashboard::parts::form::{Line, Mistake, choice};
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::pill;
use crate::dashboard::parts::say::{Tone, alert};
use crate::dashboard::parts::who::{self, Size};
use crate::domain::access::Role;
use crate::store::operators::Operator;

/// A link that works once, just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Whose.
    pub email: String,
    /// The whole address.
    pub address: String,
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// All operators in the order they were made.
    pub operators: Vec<Operator>,
    /// A link to hand over.
    pub link: Option<Link>,
    /// The e-mail that was filled in.
    pub email: String,
    /// The role that was filled in.
    pub role: Option<Role>,
    /// What was wrong with it.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let may = frame.may(Role::Owner);
    let content = html! {
        @if let Some(link) = &view.link { (hand_over(link)) }
        section.card aria-labelledby="operators" {
            header { h2 id="operators" { "Operators" } span.muted { "People who sign in here" } }
            ul.rows { @for operator in &view.operators { (row(frame, operator, may)) } }
        }
        @if may { (add(view)) } @else { (only("an owner")) }
    };
    settings(frame, "/settings/operators", content)
}

fn hand_over(link: &Link) -> Markup {
    alert(
        Tone::Good,
        "A link for setting the password, shown once",
        html! {
            p { "Send it to " b { (link.email) } ". It works once, within 24 hours." }
            p { (code::id(&link.address, "link")) }
        },
    )
}

fn row(frame: &Frame, operator: &Operator, may: bool) -> Markup {
    let is_self = frame.operator.as_ref().is_some_and(|(email, _)| *email == operator.email);
    html! {
        li {
            span.who {
                (who::face(&operator.email, Size::Row, false))
                span {
                    b { (operator.email) }
                    small {
                        (role_words(operator.role)) @if is_self { ", you" }
                        " · " @match operator.last_sign_in_ms { Some(at_ms) => { "signed in " (frame.clock.ago(at_ms)) }, None => "never signed in" }
                    }
                }
            }
            @if !operator.has_password { (pill::toned("warn", "No password", "The link that was made has not been used yet")) }
            @if may {
                form method="post" action="/settings/operators/link" {
                    input type="hidden" name="email" value=(operator.email);
                    button.btn { "New password link" span.vh { " for " (operator.email) } }
                }
            }
        }
    }
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer: sees everything",
        Role::Admin => "Admin: changes data, sources and settings",
        Role::Owner => "Owner: also operators and tokens",
    }
}

fn add(view: &View) -> Markup {
    let roles = [Role::Viewer, Role::Admin, Role::Owner].map(|role| (role.as_str(), role_words(role)));
    let chosen = view.role.unwrap_or(Role::Viewer);
    html! {
        section.card aria-labelledby="add" {
            header { h2 id="add" { "Add an operator" } }
            form.body.stack.snug method="post" action="/settings/operators" {
                (Line { name: "email", label: "E-mail", kind: "email", value: &view.email, autocomplete: "off", required: true, hint: "Rollcall sends no mail: you get a link to hand over.", ..Line::default() }.draw(view.mistake.as_ref()))
                (choice("role", "Role", &roles, chosen.as_str(), ""))
                div.row { button.btn.primary { "Add operator" } }
            }
        }
    }
}
