//! What people of a company do: the events and pages of the last 28 days, with how many people.

use maud::{Markup, html};

use crate::dashboard::parts::chart::meter;
use crate::dashboard::parts::numbers::{cell, number};
use crate::dashboard::parts::values;
use crate::store::companies::Doings;

/// The name under which page views are counted.
const PAGE: &str = "page";

/// The card.
pub fn card(doings: &Doings) -> Markup {
    let most_done = doings.events.iter().map(|event| event.events).max().unwrap_or(0);
    let most_viewed = doings.pages.iter().map(|page| page.views).max().unwrap_or(0);
    html! {
        section.card aria-labelledby="does" {
            header { h2 id="does" { "What they do" } span.muted { "in 28 days" } }
            @if doings.events.is_empty() { p.body.muted { "Nothing in the last 28 days." } } @else {
                div.cols {
                (table("Event", "Times", most_done, doings.events.iter().map(|event| {
                    let name = html! { @if event.name == PAGE { "Page views" } @else { (values::name(&event.name)) } };
                    (name, event.events, event.people)
                })))
                @if !doings.pages.is_empty() {
                    (table("Page", "Views", most_viewed, doings.pages.iter().map(|page| {
                        (html! { code { (values::name(&page.path)) } }, page.views, page.people)
                    })))
                }
                }
            }
            @if let Some(looked_at) = doings.looked_at {
                footer { span.small.muted { "People and pages are from the newest " (number(looked_at as u64)) " events." } }
            }
        }
    }
}

fn table(what: &str, times: &str, most: u64, rows: impl Iterator<Item = (Markup, u64, u64)>) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label={ "Top of: " (what) } {
            table.table.dense.last aria-label={ "Top of: " (what) } {
                thead { tr { th scope="col" { (what) } td {} th.num scope="col" { (times) } th.num scope="col" { "People" } } }
                tbody {
                    @for (name, count, people) in rows {
                        tr {
                            th.wrap scope="row" { (name) }
                            td { (meter(count, most)) }
                            td.num { (number(count)) }
                            td.num { (cell(people)) }
                        }
                    }
                }
            }
        }
    }
}
