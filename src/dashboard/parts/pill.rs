//! Words that classify. A computed word says its formula in the title.

use maud::{Markup, html};

use super::icon::icon;
use super::times::Clock;
use crate::domain::activity::{State, TREND_DAYS, Trend};

/// A computed word.
pub fn state(state: State) -> Markup {
    let tone = match state {
        State::New => "info",
        State::Active => "good",
        State::Quiet => "warn",
        State::Gone | State::Never => "",
    };
    html! {
        span class={ "pill dot " (tone) } title={ (capital(state.as_str())) ": " (state.formula()) } {
            (capital(state.as_str()))
        }
    }
}

/// How somebody stands and when they were last seen: the cell of a list.
pub fn standing(clock: Clock, first_seen_ms: i64, last_seen_ms: Option<i64>) -> Markup {
    html! {
        span.row {
            (state(State::at(clock.now_ms, first_seen_ms, last_seen_ms)))
            @if let Some(last_seen_ms) = last_seen_ms { (clock.ago(last_seen_ms)) }
        }
    }
}

/// Where the activity is going; nothing where it is steady. `of` says what is counted.
pub fn trend(trend: Trend, of: &str) -> Markup {
    let (tone, arrow, by) = match trend {
        Trend::Growing => ("good", "up", "more"),
        Trend::Shrinking => ("bad", "down", "fewer"),
        Trend::Steady => return html! {},
    };
    let title = format!("{of}: a quarter and 2 {by} than in the {TREND_DAYS} days before");
    html! {
        span class={ "pill " (tone) } title=(title) {
            (icon(arrow)) (capital(trend.as_str()))
        }
    }
}

/// A plain word with its explanation.
pub fn word(text: &str, title: &str) -> Markup {
    html! { span.pill title=(title) { (text) } }
}

/// A word with a tone (`good`, `warn`, `bad`, `info`) and a dot.
pub fn toned(tone: &str, text: &str, title: &str) -> Markup {
    html! { span class={ "pill dot " (tone) } title=(title) { (text) } }
}

/// The word with a capital letter.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
