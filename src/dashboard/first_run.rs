//! `/` before anybody has answered: what to do first.

use maud::{Markup, html};

use super::install::snippets;
use super::install::state::State;
use super::overview::View;
use super::parts::code;
use super::parts::frame::{Frame, Refresh, live_shell};
use super::parts::icon::icon;
use super::parts::say::{Tone, beat};
use super::parts::section::head;

/// Seconds between two looks without a script.
const REFRESH_SECONDS: u32 = 5;

/// The page; it loads itself again until somebody is there.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let refresh = Refresh { seconds: REFRESH_SECONDS, address: "/".to_owned() };
    let content = html! {
        div.stack.narrow {
            (head(
                html! { "Who uses your product?" },
                html! {
                    p { "Nobody has answered yet. Three steps, about ten minutes, and this page calls the roll." }
                },
                html! {},
            ))
            (waiting(frame, view))
            section.card aria-labelledby="first" {
                header { h2 id="first" { "Start here" } }
                ol.rows {
                    li {
                        span.no.now { "1" }
                        div.stack.snug.grow {
                            div {
                                h3 { "Paste this above " code { "</body>" } }
                                p.muted.small {
                                    "Visitors are counted from the next page view."
                                    @if !view.write_key.is_empty() { " Your key is already in it." }
                                }
                            }
                            @if view.write_key.is_empty() {
                                p { "It needs the key of a source, and there is none yet." }
                                p.row { a.btn.primary href="/settings/sources" { "Add a source" } }
                            } @else {
                                (code::block("Every page", snippets::visitors(&frame.server, &view.write_key)))
                            }
                        }
                    }
                    li {
                        span.no { "2" }
                        div.row.grow {
                            div {
                                h3 { "Say who is signed in" }
                                p.muted.small { "Their id and e-mail, from your own template tags." }
                            }
                            a.btn.end href="/install#people" { "Show the snippet" }
                        }
                    }
                    li {
                        span.no { "3" }
                        div.row.grow {
                            div {
                                h3 { "Say which company they belong to" }
                                p.muted.small { "Its id is enough. Name, plan and seats make it useful." }
                            }
                            a.btn.end href="/install#company" { "Add the company" }
                        }
                    }
                }
            }
            section.card aria-labelledby="back-end" {
                header { h2 id="back-end" { "From your back end" } }
                div.body.stack.snug {
                    p.muted { "Segment's and RudderStack's SDKs work once you set their host to this server." }
                    p.row { a.btn href="/install#try" { (icon("server")) " Try a call" } }
                }
            }
            section.card aria-labelledby="soon" {
                header { h2.muted id="soon" { "Active users per day" } }
                div.body.stack.snug {
                    (empty_bars())
                    p.small.muted { "Your first bar appears with the first signed-in user." }
                }
            }
        }
    };
    live_shell(frame, "Overview", Some(&refresh), content)
}

/// The waiting line. The script looks for this part again, and loads the page when it is gone.
fn waiting(frame: &Frame, view: &View) -> Markup {
    let posted_ms = view.sources.iter().filter_map(|source| source.posted_ms).max();
    let refused = view.sources.iter().any(|source| source.state == State::Refused);
    html! {
        div.strip id="state" data-live="/" {
            @match posted_ms {
                Some(posted_ms) if refused => {
                    span {
                        (beat(Tone::Bad))
                        " "
                        b { (State::Refused.sentence()) }
                        ", the last "
                        (frame.clock.ago(posted_ms))
                        ". "
                        a href="/refusals" { "See what was sent" }
                    }
                }
                Some(posted_ms) => {
                    span {
                        (beat(Tone::Good))
                        " "
                        b { "Visitors arrive" }
                        ", nobody is identified. Last message "
                        (frame.clock.ago(posted_ms))
                    }
                }
                None => span { (beat(Tone::None)) " " b { "Waiting" } " for the first request" },
            }
            a.end href="/install" { "What if nothing comes?" }
        }
    }
}

fn empty_bars() -> Markup {
    let height = |day: u32| if day % 7 >= 5 { 11 + day % 3 } else { 34 + day + day * 7 % 9 };
    html! {
        svg width="100%" height="120" aria-hidden="true" {
            @for day in 0..28_u32 {
                @let (x, height) = (f64::from(day) * 3.57 + 0.7, height(day));
                rect.z
                    x={ (format!("{x:.2}")) "%" } width="2.1%" y={ (100 - height) "%" } height={ (height) "%" }
                    rx="2" {}
            }
        }
    }
}
