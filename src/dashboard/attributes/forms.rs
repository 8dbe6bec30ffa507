//! The forms of one attribute: its settings, a change of its type, its deletion, and what is asked
//! before it is done.

use maud::{Markup, html};

use super::one::{self, Asked, View};
use super::{looked_at, type_word, work};
use crate::dashboard::links;
use crate::dashboard::parts::form::{Line, choice, tick};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say::{Tone, alert};
use crate::domain::attributes::{Type, is_standard};
use crate::store::attribute_work::{Deed, Work};

/// A form that posts to this page.
pub(super) fn post(view: &View, deed: &str, content: Markup) -> Markup {
    html! {
        form.stack.snug method="post" action=(links::attribute(view.definition.owner, &view.definition.name)) {
            input type="hidden" name="deed" value=(deed);
            (content)
        }
    }
}

pub(super) fn question(view: &View, asked: &Asked, may: bool) -> Markup {
    let back = links::attribute(view.definition.owner, &view.definition.name);
    match asked {
        Asked::Type(kind, preview, broken) => html! {
            section.card aria-labelledby="asked" {
                header { h2 id="asked" { "Change the type?" } }
                div.body.stack.snug {
                    (work::preview(view.definition.owner, preview, (view.definition.kind, *kind)))
                    @if !broken.is_empty() {
                        (alert(Tone::Warn, &counted(broken.len() as u64, "segment stops working", "segments stop working"), html! {
                            p { "What it asks for can't be asked of " b { (type_word(*kind)) } ". Change its filter afterwards." }
                            (one::segments(broken))
                        }))
                    }
                    @if may {
                        (post(view, "type", html! {
                            input type="hidden" name="type" value=(kind.as_str());
                            div.row {
                                button.btn.primary { "Change to " (type_word(*kind)) }
                                a.btn.bare href=(back) { "Cancel" }
                            }
                        }))
                    }
                }
            }
        },
        Asked::Delete(preview) => html! {
            section.card aria-labelledby="asked" {
                header { h2 id="asked" { "Delete the attribute and all its values?" } }
                div.body.stack.snug {
                    p {
                        b { (counted(preview.filled, "value", "values")) } " of " (number(preview.looked.rows))
                        " rows looked at will be deleted, and what waits in the tray under the name. Histories still show what they were. "
                        b { "This can't be undone." }
                    }
                    @if !view.segments.is_empty() {
                        (alert(Tone::Warn, &counted(view.segments.len() as u64, "segment asks for it", "segments ask for it"), html! {
                            p { "Nobody can match such a segment afterwards." }
                            (one::segments(&view.segments))
                        }))
                    }
                    p.small.faint { (looked_at(view.definition.owner, preview.looked)) }
                    @if may {
                        (post(view, "delete", html! {
                            (Line {
                                name: "typed", label: "Type the name of the attribute", hint: &view.definition.name,
                                autocomplete: "off", required: true, ..Line::default()
                            }
                            .draw(view.mistake.as_ref()))
                            div.row {
                                button.btn.danger { (icon("trash")) " Delete all of it" }
                                a.btn.bare href=(back) { "Cancel" }
                            }
                        }))
                    }
                }
            }
        },
    }
}

/// After a change of type: the way back.
pub(super) fn change_back(view: &View, work: &Work) -> Markup {
    let was = Type::parse(&work.was).filter(|was| work.deed == Deed::Convert && *was != view.definition.kind);
    html! {
        @if let Some(was) = was {
            (post(view, "type", html! {
                input type="hidden" name="type" value=(was.as_str());
                div.row {
                    button.btn { (icon("undo")) " Change back to " (type_word(was)) }
                    span.small.muted { "What has waited in the tray since is taken out again." }
                }
            }))
        }
    }
}

/// Texts that all say something else are offered as that in one click (A1).
pub(super) fn offer(view: &View) -> Markup {
    let kind = view
        .values
        .offer()
        .filter(|_| view.definition.kind == Type::Text && !is_standard(view.definition.owner, &view.definition.name));
    html! {
        @if let Some(kind) = kind {
            @let what = match kind {
                Type::Boolean => "yes or no",
                Type::Date => "a date",
                Type::Datetime => "a date and time",
                _ => "a number",
            };
            (alert(Tone::Info, &format!("Every text looked at could be {what}"), html! {
                p {
                    "Template tags in quotes turn everything into text. As " (what) " it sorts and compares as one. "
                    "Text that turns out to be something else waits in the tray."
                }
                (post(view, "type", html! {
                    input type="hidden" name="type" value=(kind.as_str());
                    div.row { button.btn { "As " (type_word(kind)) } }
                }))
            }))
        }
    }
}

pub(super) fn settings(view: &View) -> Markup {
    let definition = &view.definition;
    html! {
        section.card aria-labelledby="settings" {
            header { h2 id="settings" { "Settings" } }
            div.body {
                (post(view, "set", html! {
                    (Line {
                        name: "label", label: "Label", value: definition.label.as_deref().unwrap_or_default(),
                        hint: "What people read on pages instead of the name.", ..Line::default()
                    }
                    .draw(view.mistake.as_ref()))
                    (tick("locked", "Locked", "Unsigned calls can't set it: signed calls, secret tokens and operators can.", definition.locked))
                    (tick("hidden", "Hidden", "It is left out of users' and companies' pages. It is still stored, and in the API.", definition.hidden))
                    (tick("history", "Keep its history", "Off: only the current value is kept, and changes can't be undone.", definition.history))
                    div.row { button.btn.primary { "Save" } }
                }))
            }
        }
    }
}

pub(super) fn type_card(view: &View) -> Markup {
    let definition = &view.definition;
    let options: Vec<(&str, &str)> = Type::ALL.iter().map(|kind| (kind.as_str(), type_word(*kind))).collect();
    html! {
        section.card aria-labelledby="type-h" {
            header { h2 id="type-h" { "Type" } }
            div.body {
                @if is_standard(definition.owner, &definition.name) {
                    p.muted { "A standard attribute: it is a " (type_word(definition.kind)) " in every workspace." }
                } @else {
                    form.stack.snug action=(links::attribute(definition.owner, &definition.name)) {
                        (choice("type", "Change to", &options, definition.kind.as_str(), "You first see what converts and what would wait in the tray."))
                        div.row { button.btn { "Preview the change" } }
                    }
                }
            }
        }
    }
}

pub(super) fn delete_card(view: &View) -> Markup {
    let definition = &view.definition;
    html! {
        @if !is_standard(definition.owner, &definition.name) {
            section.card aria-labelledby="delete-h" {
                header {
                    h2 id="delete-h" { "Delete" }
                    a.btn.danger.end href=(links::with_query(&links::attribute(definition.owner, &definition.name), &[("delete", Some("1"))])) {
                        (icon("trash")) " Delete with all values"
                    }
                }
            }
        }
    }
}
