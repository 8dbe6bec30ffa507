//! What will become of all values of an attribute, what is being done with them, and what came of it.

use maud::{Markup, html};
use serde_json::Value;

use super::{looked_at, owners, type_word};
use crate::actions::attributes::Preview;
use crate::dashboard::links;
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say::{Tone, beat};
use crate::dashboard::parts::values;
use crate::domain::attributes::{Owner, Type};
use crate::domain::time::SECOND_MS;
use crate::store::attribute_work::{Deed, Work};

/// The address that a piece of work is looked at from.
pub fn here(owner: Owner, name: &str) -> String {
    links::with_query(&links::attribute(owner, name), &[("work", Some("1"))])
}

/// What is being done or was done last. The script looks for this part again.
pub fn card(frame: &Frame, work: &Work) -> Markup {
    let running = work.ended_ms.is_none();
    let (doing, done) = match work.deed {
        Deed::Convert => ("Its values are being converted", "Its values were converted"),
        Deed::Apply => ("What waits in the tray is being applied", "What waited in the tray was applied"),
        Deed::Discard => ("What waits in the tray is being discarded", "What waited in the tray was discarded"),
        Deed::Delete => ("Its values are being deleted", "Its values were deleted"),
    };
    let word = match work.deed {
        Deed::Convert => "converted",
        Deed::Apply => "applied",
        Deed::Discard => "discarded",
        Deed::Delete => "deleted",
    };
    html! {
        section.card id="work" aria-labelledby="work-h"
            data-live=(here(work.owner, &work.name)) data-live-since=((frame.clock.now_ms - work.started_ms) / SECOND_MS)
            data-live-done[!running] {
            header {
                h2 id="work-h" { (beat(if running { Tone::Info } else { Tone::Good })) " " (if running { doing } else { done }) }
                span.end.small.muted { (frame.clock.ago(work.started_ms)) }
            }
            div.body.stack.tight {
                p {
                    b { (counted(work.done, "value", "values")) } " " (word)
                    @if work.left_over > 0 {
                        ", " b { (counted(work.left_over, "does", "do")) " not fit" } " and "
                        (if work.left_over == 1 { "waits" } else { "wait" }) " in the "
                        a href="/refusals/tray" { "tray" }
                    }
                    ". " span.muted { (counted(work.seen, "row", "rows")) " looked at" @if running { " so far" } "." }
                }
                @if running {
                    p.small.muted { "This continues by itself, even after a restart. What arrives in the meantime follows the new rule at once." }
                }
            }
        }
    }
}

/// What a change to a type will do.
pub fn preview(owner: Owner, preview: &Preview, (from, to): (Type, Type)) -> Markup {
    html! {
        div.stack.snug {
            p {
                "From " b { (type_word(from)) } " to " b { (type_word(to)) } ": of " (number(preview.looked.rows)) " " (owners(owner))
                " looked at, " (number(preview.filled)) " " (if preview.filled == 1 { "has" } else { "have" }) " a value; "
                b { (number(preview.converts)) " " (if preview.converts == 1 { "converts" } else { "convert" }) } ", "
                b.ink.bad[preview.left_over > 0] { (number(preview.left_over)) " " (if preview.left_over == 1 { "does" } else { "do" }) " not" } "."
            }
            @if !preview.examples.is_empty() || !preview.left_examples.is_empty() {
                dl.facts.free {
                    @for (before, after) in &preview.examples {
                        div { dt { code.bare { bdi { (json(before)) } } } dd { "becomes " code { bdi { (json(after)) } } } }
                    }
                    @for value in &preview.left_examples {
                        div { dt { code.bare { bdi { (json(value)) } } } dd.ink.bad { "does not fit" } }
                    }
                }
            }
            @if preview.left_over > 0 {
                p {
                    "What does not fit is not lost: it waits in the tray with its time and source, and comes back when the type is changed back."
                }
            }
            @if preview.waiting_fit > 0 {
                p { (counted(preview.waiting_fit, "value that waits", "values that wait")) " in the tray will then fit, and be applied." }
            }
            p.small.faint { (looked_at(owner, preview.looked)) }
        }
    }
}

/// A value as it was sent, short.
pub fn json(value: &Value) -> String {
    values::cut(&value.to_string(), 60)
}
