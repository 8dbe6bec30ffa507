//! Attributes with where each value is from, since when, and what it was before.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::icon::icon;
use super::numbers::number;
use super::times::Clock;
use super::values;
use crate::domain::access::Grade;
use crate::store::changes::ChangeRow;
use crate::store::users::AttributeValue;

/// Attributes that a page shows at once; behind a link, all of them.
pub const SHOWN_MAX: usize = 50;
/// Earlier values that a page shows of one attribute.
const EARLIER_MAX: usize = 5;
/// Earlier values that a page shows of all attributes.
const EARLIER_TOTAL_MAX: usize = 80;

/// An earlier value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// The value.
    pub value: Value,
    /// Until when, Unix milliseconds.
    pub until_ms: i64,
    /// Who changed it then.
    pub by: String,
}

/// Earlier values by attribute, the latest first.
pub type History = BTreeMap<String, Vec<Earlier>>;

/// The earlier values that changes tell of, which come newest first.
pub fn history(changes: &[ChangeRow], subject: &str) -> History {
    let (mut history, mut total) = (History::new(), 0);
    for change in changes.iter().filter(|change| change.subject == subject) {
        if let Some(before) = change.before.as_ref().filter(|before| !before.is_null()) {
            let earlier =
                Earlier { value: before.clone(), until_ms: change.at_ms, by: by(&change.by_kind, &change.by_name) };
            let known = history.entry(change.field.clone()).or_default();
            if known.len() < EARLIER_MAX && total < EARLIER_TOTAL_MAX {
                known.push(earlier);
                total += 1;
            }
        }
    }
    history
}

/// Who did something, in words.
pub fn by(kind: &str, name: &str) -> String {
    match (kind, name) {
        ("token", name) => format!("token “{name}”"),
        ("shell", _) => "at the shell".to_owned(),
        ("rule", name) => format!("rule {name}"),
        (_, name) => name.to_owned(),
    }
}

/// The icon and the word for what a sender was worth.
pub fn grade(grade: Grade) -> (&'static str, &'static str) {
    match grade {
        Grade::Rule => ("sliders", "by a rule"),
        Grade::Unsigned => ("globe", "unsigned"),
        Grade::Import => ("import", "imported"),
        Grade::Secret => ("server", "secret token"),
        Grade::Signed => ("shield", "signed"),
        Grade::Hand => ("edit", "by hand"),
    }
}

/// Where something is from: an icon, its source, and the time.
pub fn origin(worth: Grade, source: &str, at_ms: i64, clock: Clock) -> Markup {
    let (drawing, word) = grade(worth);
    html! {
        span title=(word) { (icon(drawing)) span.vh { (word) ", " } }
        " " @if !source.is_empty() { bdi { (source) } " · " } (clock.ago(at_ms))
    }
}

/// The card of all attributes. `all` is the address that shows more than the first ones, `add` leads to
/// where one is added, `link` stands beside each value.
pub fn card(
    attributes: &[AttributeValue],
    history: &History,
    clock: Clock,
    all: Option<&str>,
    add: &Markup,
    link: impl Fn(&AttributeValue) -> Markup,
) -> Markup {
    let mut visible: Vec<&AttributeValue> = attributes.iter().filter(|attribute| !attribute.hidden).collect();
    // What a person pinned is what people look for.
    visible.sort_by_key(|attribute| !attribute.pinned);
    let hidden = attributes.len() - visible.len();
    let shown = if all.is_some() { SHOWN_MAX } else { visible.len() };
    html! {
        section.card aria-labelledby="attributes" {
            header {
                h2 id="attributes" {
                    "Attributes"
                    @if !visible.is_empty() { span.n { (number(visible.len() as u64)) } }
                }
                (add)
            }
            @if attributes.is_empty() {
                p.body.faint { "None yet. Whatever the page or the API sends besides the id appears here." }
            } @else {
                dl.facts {
                    @for attribute in visible.iter().take(shown) {
                        (fact(attribute, history.get(&attribute.name), clock, &link(attribute)))
                    }
                }
            }
            @if let Some(all) = all.filter(|_| visible.len() > SHOWN_MAX) {
                footer { a href=(all) { "All " (number(visible.len() as u64)) " attributes" } }
            }
            @if hidden > 0 {
                footer.small { a href="/attributes?of=hidden" { (number(hidden as u64)) " hidden" } }
            }
        }
    }
}

fn fact(attribute: &AttributeValue, earlier: Option<&Vec<Earlier>>, clock: Clock, link: &Markup) -> Markup {
    let from = origin(attribute.grade, &attribute.source, attribute.at_ms, clock);
    html! {
        div {
            dt title=[attribute.label.as_ref().map(|_| attribute.name.as_str())] {
                bdi { (attribute.label.as_deref().unwrap_or(&attribute.name)) }
            }
            dd {
                (values::value(&attribute.value, attribute.kind, clock))
                @if attribute.pinned {
                    " "
                    span title="Pinned: only a person can change it" { (icon("pin")) span.vh { "pinned" } }
                }
                " " (link)
            }
            dd.src {
                @match earlier {
                    Some(earlier) if !earlier.is_empty() => {
                        details {
                            summary { (from) " " b title="Earlier values" { (earlier.len()) span.vh { " earlier" } } }
                            ul { @for value in earlier { (earlier_value(value, clock)) } }
                        }
                    }
                    _ => (from),
                }
            }
        }
    }
}

fn earlier_value(earlier: &Earlier, clock: Clock) -> Markup {
    html! {
        li {
            del { (values::inline(Some(&earlier.value))) }
            " until "
            (clock.on(earlier.until_ms))
            @if !earlier.by.is_empty() { ", " bdi { (earlier.by) } }
        }
    }
}
