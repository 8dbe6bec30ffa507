//! What is known of the data of a user or company itself: since when, how often it changed, and the values as they are kept.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::icon::small;
use super::numbers::number;
use super::times::Clock;
use crate::store::changes::ChangeRow;
use crate::store::list::Page;
use crate::store::users::AttributeValue;

/// Bytes of values that are shown as they are kept; the API has them all.
const SHOWN_BYTES_MAX: usize = 8_192;

/// How often anything changed, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    /// How often, of those that were read.
    pub times: usize,
    /// There are more.
    pub more: bool,
    /// When last, Unix milliseconds.
    pub last_ms: Option<i64>,
}

impl Changed {
    /// Of the newest changes.
    pub fn of(changes: &Page<ChangeRow>) -> Changed {
        let last_ms = changes.rows.first().map(|change| change.at_ms);
        Changed { times: changes.rows.len(), more: changes.next.is_some(), last_ms }
    }
}

/// The card.
pub fn card(attributes: &[AttributeValue], first_seen_ms: i64, changed: &Changed, clock: Clock) -> Markup {
    let values: Map<String, Value> =
        attributes.iter().map(|attribute| (attribute.name.clone(), attribute.value.clone())).collect();
    let json = serde_json::to_string_pretty(&values).unwrap_or_default();
    html! {
        section.card aria-labelledby="data" {
            header { h2 id="data" { "Data" } }
            dl.facts {
                div { dt title="The earlier of the first message and created_at" { "First seen" } dd { (clock.on(first_seen_ms)) } }
                div {
                    dt { "Changes" }
                    dd {
                        (number(changed.times as u64)) @if changed.more { "+" }
                        @if let Some(last_ms) = changed.last_ms { ", the last one " (clock.ago(last_ms)) }
                    }
                }
            }
            @if !values.is_empty() {
                details.fold-body {
                    summary { (small("right")) " Attributes as JSON" }
                    @if json.len() <= SHOWN_BYTES_MAX {
                        pre tabindex="0" role="group" aria-label="Attributes as JSON" { code { (json) } }
                    } @else {
                        p.body.muted { "They are " (number(json.len() as u64)) " bytes: ask the API for them, as below." }
                    }
                }
            }
        }
    }
}
