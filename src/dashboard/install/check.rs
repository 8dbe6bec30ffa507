//! Whether the installation works: one sentence, one action, and how far it is.

use maud::{Markup, html};

use super::page::View;
use super::state::{self, State};
use crate::dashboard::links;
use crate::dashboard::parts::frame::Frame;
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say::{Tone, beat};
use crate::domain::codes;
use crate::domain::ids::unrendered_tag;
use crate::domain::time::{DAY_MS, SECOND_MS};
use crate::store::sightings::{Complete, Evidence};
use crate::store::{Source, SourceKind};

/// The state: one sentence and one action. The script looks for this part again.
pub fn card(frame: &Frame, view: &View, source: &Source, state: State, here: &str) -> Markup {
    let clock = frame.clock;
    let again = view.anew(source);
    let tag = unrendered(&view.evidence, state);
    let is_untold = source.kind == SourceKind::Test && state == State::Nothing;
    let sentence = if is_untold { "A test source stores nothing" } else { state.sentence() };
    html! {
        section.card id="state" aria-labelledby="state-h"
            data-live=(here) data-live-since=(if view.is_watched { (clock.now_ms - view.since_ms) / SECOND_MS } else { 0 })
            data-live-done[state == State::Complete] {
            header {
                h2 id="state-h" { (beat(if tag.is_some() { Tone::Warn } else { state.tone() })) " " (sentence) @if tag.is_some() { ", but a template tag was not rendered" } }
                span.row.end {
                    span.small.muted {
                        @if !view.is_watched { "From the last 24 hours" }
                        @else if clock.now_ms - view.since_ms < DAY_MS / 2 { "Since " (clock.at(view.since_ms)) }
                        @else { "Since " (clock.on(view.since_ms)) }
                    }
                    a.btn href=(again) { (icon("refresh")) " Check again" }
                }
            }
            div.body.stack.snug {
                @if source.paused {
                    p {
                        (beat(Tone::Warn))
                        " This source is "
                        b { "paused" }
                        " and answers 403 to everything. "
                        a href={ "/settings/sources/" (source.source_id) } { "Resume it" }
                    }
                }
                @if source.kind == SourceKind::Test {
                    p {
                        (beat(Tone::Info))
                        " This is a "
                        b { "test" }
                        " source: it answers as usual, but stores nothing, so this page can't tell how far it is. "
                        a href=(links::with_query("/live", &[("source", Some(&source.source_id))])) { "Live shows what arrives" }
                        ", and "
                        a href=(links::with_query("/install/doctor", &[("source", Some(&source.source_id))])) { "the doctor" }
                        " each field."
                    }
                }
                @if let Some(tag) = &tag {
                    p {
                        code { (tag) } " is a template tag that was not rendered: the snippet is in a place your framework does not render. "
                        a href=(links::with_query("/install/doctor", &[("source", Some(&source.source_id))])) { "The doctor" } " shows which fields."
                    }
                }
                @if !is_untold { (answer(frame, view, source, state, here)) }
                @if state != State::Complete {
                    noscript {
                        p.small.faint {
                            @if view.is_watched {
                                "The page refreshes itself, and forgets which fields were ticked. "
                                a href=(view.address(source, None)) { "Stop that" }
                            } @else {
                                "“Check again” makes the page refresh itself."
                            }
                        }
                    }
                }
                @if let Some(earlier_ms) = view.earlier_ms.filter(|_| state != State::Complete) {
                    p.small.faint {
                        @if view.is_watched { "Before this check" } @else { "Before that" }
                        ", the last message came "
                        (clock.ago(earlier_ms))
                        "; that doesn't count now."
                    }
                }
            }
            @if !is_untold { (lamps(frame, view)) }
            footer { (all_answers()) }
        }
    }
}

/// What is known, and the one thing to do. A link to a step carries the mark: without a script the page loads itself
/// again, and stays where it is when its address is the same.
fn answer(frame: &Frame, view: &View, source: &Source, state: State, here: &str) -> Markup {
    let evidence = &view.evidence;
    html! {
        @match state {
            State::Nothing => {
                @match &evidence.script {
                    Some((at_ms, host)) => {
                        p {
                            "A page of "
                            b { (host) }
                            " fetched the script "
                            (frame.clock.ago(*at_ms))
                            ". Waiting for a message."
                        }
                    }
                    None => {
                        p {
                            @if view.is_watched { "No requests since this check started." }
                            @else { "No requests in the last 24 hours." }
                            " Paste the snippet, then open your site in a private window."
                        }
                    }
                }
                p.row { a.btn.primary href={ (here) "#visitors" } { "Show the snippet" } }
            }
            State::ScriptOnly => {
                @if let Some((at_ms, host)) = &evidence.script {
                    p {
                        "A page of "
                        b { (host) }
                        " fetched the script "
                        (frame.clock.ago(*at_ms))
                        ", but sent nothing. Check the browser console there: does the page's Content-Security-Policy allow "
                        code { "connect-src " (frame.server) }
                        "? Is it waiting for consent? Is there an exception? "
                        @if view.respect_gpc { "Does your browser ask sites not to track you (Global Privacy Control)?" }
                    }
                }
                p.row { a.btn.primary href={ (here) "#visitors" } { "Compare the snippet" } }
            }
            State::Refused => {
                ul.stack.tight {
                    @for refused in state::refused(evidence).take(5) {
                        li {
                            b.ink.bad { (number(refused.count)) }
                            " "
                            a href={ "/help/codes#" (refused.code) } { (refused.code) }
                            @if ["origin_not_allowed", "source_paused"].contains(&refused.code.as_str()) {
                                " " a href={ "/settings/sources/" (source.source_id) } { "This source's settings" }
                            }
                            @if let Some(known) = codes::explain(&refused.code) {
                                " "
                                span.muted { (known.meaning) }
                                " "
                                (known.fix)
                            }
                        }
                    }
                }
                p.row { a.btn.primary href="/refusals" { "See what was sent" } }
            }
            State::VisitorsOnly => {
                p { "Page views arrive, but none says who is signed in." }
                p.row {
                    a.btn.primary href={ (here) "#people" } { "Add signed-in users" }
                    a.btn.bare href="/visitors" { "See the visitors" }
                }
            }
            State::UsersNoCompany => {
                @if let Some(user) = &evidence.user_without_company {
                    p {
                        "The last was "
                        a href=(links::with_query("/users", &[("q", Some(user))])) { bdi { (user) } }
                        ". The page says who that is, but names no company."
                    }
                }
                p.row { a.btn.primary href={ (here) "#company" } { "Add the company" } }
            }
            State::Complete => { @if let Some(complete) = &evidence.complete { (complete_answer(frame, complete)) } }
        }
    }
}

fn complete_answer(frame: &Frame, complete: &Complete) -> Markup {
    let user = complete.user_name.as_deref().unwrap_or(&complete.user_id);
    let company = complete.company_name.as_deref().unwrap_or(&complete.company_id);
    html! {
        p {
            a href=(links::user(Some(&complete.user_id), "")) { bdi { (user) } }
            " of "
            a href=(links::company(&complete.company_id)) { bdi { (company) } }
            " was stored " (frame.clock.ago(complete.at_ms)) ". Users and their companies are arriving."
        }
        p.row { a.btn.primary href="/" { "Open the roll" } }
    }
}

/// A template tag in the place of a value, where all else works: in a name that stands here, or in any value that came
/// since. With the ids it is a refusal.
fn unrendered(evidence: &Evidence, state: State) -> Option<String> {
    let complete = evidence.complete.as_ref().filter(|_| state == State::Complete)?;
    let names = complete.user_name.iter().chain(&complete.company_name);
    let tag = names.filter_map(|name| unrendered_tag(name)).next().map(ToOwned::to_owned);
    tag.or_else(|| evidence.unrendered.clone())
}

/// How far it is, from the script to the company.
fn lamps(frame: &Frame, view: &View) -> Markup {
    let evidence = &view.evidence;
    let refused: u64 = state::refused(evidence).map(|refused| refused.count).sum();
    let stored = evidence.stored_ms.map(|at_ms| frame.clock.relative(at_ms));
    // What sends has the script from its cache, or needs none.
    let has_script = evidence.script.is_some() || evidence.stored_ms.is_some();
    let script = match &evidence.script {
        Some((_, host)) => host.as_str(),
        None if has_script => "earlier",
        None => "not fetched",
    };
    let events = match refused {
        0 => counted(evidence.events, "event", "events"),
        _ => format!("{}, {} refused", number(evidence.events), number(refused)),
    };
    let has_users = evidence.user_without_company.is_some() || evidence.complete.is_some();
    html! {
        ol.cells.lamps aria-label="Progress" {
            (lamp("Script loaded", has_script, script))
            (lamp("Messages stored", evidence.stored_ms.is_some(), stored.as_deref().unwrap_or("none")))
            (lamp(
                "Events",
                evidence.events > 0,
                &events,
            ))
            (lamp("Users", has_users, if has_users { "identified" } else { "waiting for the first" }))
            (lamp(
                "Companies",
                evidence.complete.is_some(),
                if evidence.complete.is_some() { "stated" } else { "waiting for the first" },
            ))
        }
    }
}

fn lamp(what: &str, done: bool, below: &str) -> Markup {
    html! {
        li {
            @if done {
                span.ink.good { (icon("check")) }
                span.vh { "Done: " }
            } @else {
                span.faint { (icon("clock")) }
                span.vh { "Waiting: " }
            }
            " " (what) " " small { (below) }
        }
    }
}

fn all_answers() -> Markup {
    html! {
        details.fold-body {
            summary { (small("right")) " The six answers this check can give" }
            dl.facts.free {
                @for state in State::ALL {
                    div {
                        dt { (beat(state.tone())) " " code.bare { (state.as_str()) } }
                        dd { b { (state.sentence()) "." } " " span.muted { (state.meaning()) } }
                    }
                }
            }
        }
    }
}
