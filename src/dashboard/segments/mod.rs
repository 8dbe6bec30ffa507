//! `/segments`: saved filters over users and companies.
//!
//! - `list.rs` all of them, `one.rs` one with its size over time, `save.rs` the page that saves what a list shows;
//! - `beside.rs` what other pages show of segments: the tabs of a list, the segments that somebody is in.

pub mod beside;
pub mod list;
pub mod one;
pub mod save;

use maud::{Markup, html};

use super::parts::form::Mistake;
use super::parts::numbers::number;
use crate::actions::segments::SegmentError;
use crate::domain::filter::Listed;
use crate::domain::segments::Segment;
use crate::domain::time;
use crate::http::page::PageError;
use crate::store::Catalog;
use crate::store::segments::Size;

/// What a segment is of, for one and for several.
fn nouns(listed: Listed) -> (&'static str, &'static str) {
    match listed {
        Listed::Companies => ("company", "companies"),
        _ => ("user", "users"),
    }
}

/// How a size has changed: of one segment more is good, of another it is bad, so it has no colour.
fn since(before: &Size, now: u64) -> Markup {
    let difference = i128::from(now) - i128::from(before.size);
    let sign = if difference > 0 { "+" } else { "" };
    let day = time::date(before.day).format("%-d %b");
    html! {
        @if difference != 0 { span.faint title={ "Since " (day) } { (sign) (number(difference)) } }
    }
}

/// What a segment asks for in words, or why that can't be asked any more.
fn in_words(segment: &Segment, catalog: &Catalog) -> Result<String, String> {
    let filter = segment.filter(&catalog.fields(segment.listed));
    filter.map(|filter| filter.in_words()).map_err(|error| error.sentence)
}

/// The formula behind a supplied segment's words, where they have one.
fn formula(segment: &Segment) -> Option<&'static str> {
    let whose = segment.listed == Listed::Companies;
    Some(match segment.segment_id.as_str() {
        _ if !segment.is_supplied => return None,
        "new" | "new_companies" => "First seen less than 14 days ago.",
        "active" | "active_companies" => "First seen at least 14 days ago, and active within the last 7 days.",
        _ if whose => {
            "Last active 7 to 30 days ago, or at least 25 % fewer active people in the last 28 days than in the 28 before."
        }
        "slipping_away" => {
            "Last active 7 to 30 days ago, or at least 25 % fewer active days in the last 28 days than in the 28 before."
        }
        "without_company" => "No open membership in any company.",
        _ => "Leads: known by an e-mail address, and not by an id of your site.",
    })
}

/// Says beside a field why something was not done.
///
/// # Errors
/// The store's; there is no such segment.
fn mistake(error: SegmentError) -> Result<Mistake, PageError> {
    let sentence = error.to_string();
    match error {
        SegmentError::Store(error) => Err(error.into()),
        SegmentError::Unknown(_) | SegmentError::List(_) => Err(PageError::not_found()),
        SegmentError::Filter(_) | SegmentError::Name | SegmentError::Taken { .. } | SegmentError::TooMany(_) => {
            Ok(Mistake::new("name", sentence))
        }
        SegmentError::Supplied(_) => Ok(Mistake::new("into", sentence)),
    }
}
