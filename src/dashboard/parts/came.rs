//! How somebody came (A9): the first page, who referred to it, the campaign.

use maud::{Markup, html};

use super::times::Clock;
use super::values;
use crate::domain::attributes::Type;
use crate::domain::first_page::FirstPage;

/// Characters of an address.
const ADDRESS_CHARS_MAX: usize = 80;

/// The card. `through` names the member through whom a company came.
pub fn card(first: Option<&FirstPage>, through: Option<Markup>, clock: Clock) -> Markup {
    html! {
        @if let Some(first) = first {
            section.card aria-labelledby="came" {
                header { h2 id="came" { "How they came" } }
                dl.facts {
                    div {
                        dt title="The first known page view" { "First page" }
                        dd { @match &first.page { Some(page) => (values::address(page, ADDRESS_CHARS_MAX)), None => span.zero { "without an address" } } }
                        dd.src { (clock.ago(first.at_ms)) @if let Some(through) = &through { ", by " (through) } }
                    }
                    div {
                        dt title="The page that led there" { "Referrer" }
                        dd { @match &first.referrer { Some(referrer) => (values::address(referrer, ADDRESS_CHARS_MAX)), None => span.zero { "none" } } }
                    }
                    @for (name, value) in &first.campaign {
                        div { dt { "Campaign " bdi { (name) } } dd { (values::value(value, Type::Text, clock)) } }
                    }
                }
            }
        }
    }
}
