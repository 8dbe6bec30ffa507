//! A user's latest sessions (T6): when each began, how long it went on, what happened in it.

use maud::{Markup, html};

use crate::dashboard::parts::numbers::counted;
use crate::dashboard::parts::times::Clock;
use crate::domain::time::{HOUR_MS, MINUTE_MS};
use crate::store::users::{Session, Sessions};

/// The card; nothing where there is no session.
pub fn card(sessions: &Sessions, clock: Clock) -> Markup {
    html! {
        @if !sessions.latest.is_empty() {
            section.card aria-labelledby="sessions" {
                header { h2 id="sessions" { "Sessions" } span.muted { "the latest" } }
                ul.rows {
                    @for session in &sessions.latest {
                        li {
                            span.who { span { (clock.ago(session.began_ms)) small { (doings(session)) } } }
                            span.end.muted { (lasted(session)) }
                        }
                    }
                }
            }
        }
    }
}

fn doings(session: &Session) -> String {
    let pages = (session.pages > 0).then(|| counted(session.pages, "page", "pages"));
    let events = (session.events > 0).then(|| counted(session.events, "event", "events"));
    pages.into_iter().chain(events).collect::<Vec<_>>().join(", ")
}

/// From its beginning to its last event.
fn lasted(session: &Session) -> String {
    let span = session.last_ms - session.began_ms;
    match (span / HOUR_MS, span % HOUR_MS / MINUTE_MS) {
        (0, 0) => "under a minute".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
