//! A time line: what happened, by day, the newest first.

use maud::{Markup, html};

use super::icon::{icon, small};
use super::times::Clock;

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// `good`, `warn`, `bad`, `info` or nothing.
    pub tone: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// One sentence.
    pub sentence: Markup,
    /// What unfolds below it: a summary and its content.
    pub more: Option<(Markup, Markup)>,
}

/// Entries by day. They come newest first.
pub fn feed(entries: &[Entry], clock: Clock) -> Markup {
    html! {
        div.feed {
            @for day in entries.chunk_by(|one, next| clock.day_of(one.at_ms) == clock.day_of(next.at_ms)) {
                h3 { (clock.heading(clock.day_of(day[0].at_ms))) }
                ol { @for entry in day { (line(entry, clock)) } }
            }
        }
    }
}

fn line(entry: &Entry, clock: Clock) -> Markup {
    html! {
        li {
            span class={ "tone " (entry.tone) } { (icon(entry.icon)) }
            @match &entry.more {
                None => p { (entry.sentence) },
                Some((summary, content)) => {
                    div { p { (entry.sentence) } details { summary { (small("right")) " " (summary) } (content) } }
                }
            }
            (clock.at(entry.at_ms))
        }
    }
}
