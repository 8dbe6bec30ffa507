//! `/settings/…`: sources, the workspace, its rules, how long things are kept, backups, operators, tokens, webhooks, what was done,
//! how the dashboard looks, one's own account.

pub mod account;
pub mod appearance;
pub mod audit;
pub mod backups;
pub mod operators;
pub mod proof;
pub mod retention;
pub mod rules;
pub mod source;
pub mod sources;
pub mod tokens;
pub(in crate::dashboard) mod values;
pub mod webhook;
pub mod webhooks;
pub mod workspace;

use maud::{Markup, html};

use super::parts::frame::{Frame, shell};
use super::parts::section::head;
use crate::domain::access::Role;

/// The pages of the settings: address, name.
const TABS: [(&str, &str); 11] = [
    ("/settings/sources", "Sources"),
    ("/settings/workspace", "Workspace"),
    ("/settings/rules", "Rules"),
    ("/settings/retention", "Retention"),
    ("/settings/backups", "Backups"),
    ("/settings/operators", "Operators"),
    ("/settings/tokens", "Tokens"),
    ("/settings/webhooks", "Webhooks"),
    ("/settings/audit", "Audit"),
    ("/settings/appearance", "Appearance"),
    ("/settings/account", "Your account"),
];

/// A page of the settings, under its tab.
fn settings(frame: &Frame, tab: &str, content: Markup) -> Markup {
    let name = TABS.iter().find(|(address, _)| *address == tab).map_or("Settings", |(_, name)| name);
    let content = html! {
        (head(html! { "Settings" }, html! {}, html! {}))
        nav.tabs.bleed aria-label="Settings" {
            @for (address, text) in TABS {
                a href=(address) aria-current=[(address == tab).then_some("page")] { (text) }
            }
        }
        div.stack.narrow.start.pad-top { (content) }
    };
    shell(frame, name, content)
}

/// The form of settings, for those who may save them. `asked` is a question that is answered first, with its
/// own way on.
fn form(frame: &Frame, legend: &str, asked: Option<Markup>, cards: Markup) -> Markup {
    let may = frame.may(Role::Admin);
    html! {
        form.stack method="post" {
            @if let Some(asked) = &asked { (asked) }
            fieldset.stack disabled[!may] { legend.vh { (legend) } (cards) }
            @if may && asked.is_none() { div.row { button.btn.primary { "Save" } } }
            @if !may { (only("an admin")) }
        }
    }
}

/// Who may change what stands here, for those who may not.
fn only(role: &str) -> Markup {
    html! { p.small.muted { "You can view this. Changing it takes " (role) "." } }
}
