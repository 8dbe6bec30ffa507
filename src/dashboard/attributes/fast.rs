//! The fast filter of one attribute: an index of its values, what it costs, and the switch.

use maud::{Markup, html};

use super::one::View;
use super::{forms, owners};
use crate::actions::attributes::is_indexed;
use crate::dashboard::links;
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::numbers::number;
use crate::domain::attributes::{Owner, Type};
use crate::store::fast_filters::{FAST_FILTERS_MAX, ROWS_A_SECOND};

/// The card.
pub(super) fn card(view: &View) -> Markup {
    let definition = &view.definition;
    let of = owners(definition.owner);
    let mistake = view.mistake.as_ref().filter(|mistake| mistake.field == "fast_filter");
    html! {
        section.card aria-labelledby="fast" {
            header { h2 id="fast" { "Fast filter" } }
            div.body.stack.snug {
                @if let Some(cost) = definition.fast_filter {
                    p {
                        "An index of its values finds the " (of) " that a filter asks for. It took "
                        (seconds(cost.made_in_ms)) " to create, and "
                        (megabytes(cost.bytes)) " of the file."
                    }
                    (forms::post(view, "fast", html! { div.row { button.btn { (icon("x")) " Remove the index" } } }))
                } @else if !is_indexed(definition) {
                    p.muted {
                        @if matches!(definition.kind, Type::List | Type::Object) { "Lists and objects have no index of their values." }
                        @else { "Filters by it are fast without an index of its own." }
                    }
                } @else {
                    p {
                        "A filter by it looks one by one at the " (of) ", until a page is full: quick if many have the "
                        "value, slow if few of very many do. An index of its values finds them at once."
                    }
                    p.small.muted {
                        "Creating it takes about " (seconds(view.looked.about.saturating_mul(1_000) / ROWS_A_SECOND)) " here. What arrives "
                        "in the meantime waits and is stored then. From then on each change of "
                        (match definition.owner { Owner::User => "a user", Owner::Company => "a company", Owner::Membership => "a membership" })
                        " takes a little longer, so at most " (FAST_FILTERS_MAX) " of a kind can be fast."
                    }
                    @if let Some(mistake) = mistake { p.error { (small("alert")) " " (mistake.sentence) } }
                    (forms::post(view, "fast", html! {
                        input type="hidden" name="fast_filter" value="true";
                        div.row { button.btn disabled[view.fast.len() >= FAST_FILTERS_MAX] { (icon("bolt")) " Create an index" } }
                    }))
                }
                @if !view.fast.is_empty() {
                    p.small.muted {
                        "Fast are " (number(view.fast.len() as u64)) " of " (FAST_FILTERS_MAX) ": "
                        @for (place, name) in view.fast.iter().enumerate() {
                            @if place > 0 { ", " }
                            a href={ (links::attribute(definition.owner, name)) "#fast" } { (name) }
                        }
                        "."
                    }
                }
            }
        }
    }
}

fn seconds(ms: u64) -> String {
    match ms {
        0..=99 => "less than 0.1 s".to_owned(),
        100..=9_949 => format!("{}.{} s", ms.saturating_add(50) / 1_000, ms.saturating_add(50) % 1_000 / 100),
        _ => format!("{} s", number((ms + 500) / 1_000)),
    }
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..=99_999 => "less than 0.1 MB".to_owned(),
        100_000..=9_949_999 => {
            format!("{}.{} MB", (bytes + 50_000) / 1_000_000, (bytes + 50_000) % 1_000_000 / 100_000)
        }
        _ => format!("{} MB", number((bytes + 500_000) / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_cost_is_said_as_people_say_it() {
        assert_eq!(
            [0, 99, 100, 949, 950, 9_949, 9_950].map(seconds).join(", "),
            "less than 0.1 s, less than 0.1 s, 0.1 s, 0.9 s, 1.0 s, 9.9 s, 10 s"
        );
        let bytes = [4_096, 100_000, 949_999, 950_000, 21_340_160];
        assert_eq!(bytes.map(megabytes).join(", "), "less than 0.1 MB, 0.1 MB, 0.9 MB, 1.0 MB, 21 MB");
    }
}
