//! The installation page.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::snippets::{self, Framework};
use super::state::State;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::{Frame, Place, Refresh, live_shell};
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::list::chips;
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say::{Tone, beat, nothing};
use crate::dashboard::parts::section::head;
use crate::dashboard::{codes, links};
use crate::domain::access::Role;
use crate::domain::time::{MINUTE_MS, SECOND_MS};
use crate::http::access::Viewer;
use crate::store::sightings::{self, Complete, Evidence};
use crate::store::{Source, SourceKind};

/// The check looks often for so long, then now and then.
const OFTEN_MS: i64 = 2 * MINUTE_MS;
/// Seconds between two looks at first.
const OFTEN_SECONDS: u32 = 3;
/// Seconds between two looks afterwards.
const SELDOM_SECONDS: u32 = 15;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// All sources that have a key.
    pub sources: Vec<Source>,
    /// The chosen one.
    pub source: Option<Source>,
    /// The mark: what was seen before it proves nothing. Unix milliseconds.
    pub since_ms: i64,
    /// What was seen since.
    pub evidence: Evidence,
    /// The last post that was taken before the mark, Unix milliseconds.
    pub earlier_ms: Option<i64>,
    /// Whose tags the code is written with.
    pub framework: Framework,
}

impl View {
    fn address(&self, source: &Source, framework: Framework, since_ms: Option<i64>) -> String {
        let chosen = (self.sources.len() > 1).then_some(source.source_id.as_str());
        let framework = (framework != Framework::Plain).then(|| framework.name());
        let since = since_ms.map(|at_ms| at_ms.to_string());
        links::with_query("/install", &[("source", chosen), ("fw", framework), ("since", since.as_deref())])
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let Some(source) = &view.source else { return no_source(frame) };
    let state = State::of(&view.evidence, frame.clock.now_ms);
    let here = view.address(source, view.framework, Some(view.since_ms));
    let is_young = frame.clock.now_ms - view.since_ms < OFTEN_MS;
    let refresh = Refresh { seconds: if is_young { OFTEN_SECONDS } else { SELDOM_SECONDS }, address: here.clone() };
    let key = source.write_keys.first().map_or("", String::as_str);
    let content = html! {
        (head(
            html! { "Install" },
            html! { p { "Two snippets, pasted just above " code { "</body>" } " of every page." } },
            html! {},
        ))
        @if view.sources.len() > 1 { (chooser(view, source)) }
        div.split.slim.pad-top {
            div {
                (state_card(frame, view, source, state, &here))
                (site_and_key(frame, source))
                (visitors_step(frame, key, state))
                (people_step(frame, view, source, key, state))
                (company_step(state))
                (sign_out_step(frame, key))
                (try_step(frame, key))
            }
            (contents())
        }
    };
    live_shell(frame, "Install", (state != State::Complete).then_some(&refresh), content)
}

fn no_source(frame: &Frame) -> Markup {
    let content = html! {
        (head(html! { "Install" }, html! {}, html! {}))
        (nothing("No source yet", html! {
            p { "A source is a website or a back end that sends data. It has the key that goes into the snippet." }
            p.row { a.btn.primary href="/settings/sources" { "Add a source" } }
        }))
    };
    live_shell(frame, "Install", None, content)
}

fn chooser(view: &View, chosen: &Source) -> Markup {
    html! {
        nav.tabs.bleed aria-label="Sources" {
            @for source in &view.sources {
                a
                    href=(view.address(source, view.framework, None))
                    aria-current=[(source.key == chosen.key).then_some("page")] {
                    bdi { (source.name) }
                }
            }
            a href="/settings/sources#add" { (small("plus")) " Add source" }
        }
    }
}

/// The state: one sentence and one action. The script looks for this part again.
fn state_card(frame: &Frame, view: &View, source: &Source, state: State, here: &str) -> Markup {
    let clock = frame.clock;
    let again = view.address(source, view.framework, None);
    html! {
        section.card id="state" aria-labelledby="state-h"
            data-live=(here) data-live-since=((clock.now_ms - view.since_ms) / SECOND_MS)
            data-live-done[state == State::Complete] {
            header {
                h2 id="state-h" { (beat(state.tone())) " " (state.sentence()) }
                span.row.end {
                    span.small.muted { "Since " (clock.at(view.since_ms)) }
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
                        a href={ "/settings/sources/" (source.source_id) } { "Let it go on" }
                    }
                }
                @if source.kind == SourceKind::Test {
                    p {
                        (beat(Tone::Info))
                        " This is a "
                        b { "test" }
                        " source: it answers as if it stored, and keeps nothing."
                    }
                }
                (answer(frame, view, state))
                @if let Some(earlier_ms) = view.earlier_ms.filter(|_| state != State::Complete) {
                    p.small.faint {
                        "Before this check, the last message came "
                        (clock.ago(earlier_ms))
                        "; it proves nothing now."
                    }
                }
            }
            (lamps(frame, view))
            footer { (all_answers()) }
        }
    }
}

fn answer(frame: &Frame, view: &View, state: State) -> Markup {
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
                            ". Waiting for what it sends."
                        }
                    }
                    None => {
                        p {
                            "No request has come since this check started. Paste the snippet, then open your site in a private window."
                        }
                    }
                }
                p.row { a.btn.primary href="#visitors" { "Show the snippet" } }
            }
            State::ScriptOnly => {
                @if let Some((at_ms, host)) = &evidence.script {
                    p {
                        "A page of "
                        b { (host) }
                        " fetched the script "
                        (frame.clock.ago(*at_ms))
                        ", and nothing was posted. Look at the browser's console there: does the page's Content-Security-Policy allow "
                        code { "connect-src " (frame.server) }
                        "? Is there consent to wait for? An exception?"
                    }
                }
                p.row { a.btn.primary href="#visitors" { "Compare the snippet" } }
            }
            State::Refused => {
                ul.stack.tight {
                    @for (code, count) in evidence.refused.iter().take(5) {
                        li {
                            b.ink.bad { (number(*count)) }
                            " "
                            a href={ "/help/codes#" (code) } { (code) }
                            @if let Some(known) = codes::explain(code) {
                                " "
                                span.muted { (known.meaning) }
                                " "
                                (known.fix)
                            }
                        }
                    }
                }
                p.row { a.btn.primary href="/refusals" { "Look at what was sent" } }
            }
            State::VisitorsOnly => {
                p { "Page views come in, and none says who is signed in." }
                p.row {
                    a.btn.primary href="#people" { "Add signed-in users" }
                    a.btn.bare href="/visitors" { "Look at the visitors" }
                }
            }
            State::UsersNoCompany => {
                @if let Some(user) = &evidence.user_without_company {
                    p {
                        "The last was "
                        a href=(links::with_query("/users", &[("q", Some(user))])) { bdi { (user) } }
                        ". The page says who that is, and no company."
                    }
                }
                p.row { a.btn.primary href="#company" { "Add the company" } }
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
            " was stored " (frame.clock.ago(complete.at_ms)) ". Users and their companies arrive."
        }
        p.row { a.btn.primary href="/" { "Open the roll" } }
    }
}

/// How far it is, from the script to the company.
fn lamps(frame: &Frame, view: &View) -> Markup {
    let evidence = &view.evidence;
    let refused: u64 = evidence.refused.iter().map(|(_, count)| count).sum();
    let host = evidence.script.as_ref().map_or("not fetched", |(_, host)| host.as_str());
    let posted = evidence.posted_ms.map(|at_ms| frame.clock.relative(at_ms));
    let events = match refused {
        0 => counted(evidence.events, "event", "events"),
        _ => format!("{}, {} refused", number(evidence.events), number(refused)),
    };
    let has_users = evidence.user_without_company.is_some() || evidence.complete.is_some();
    html! {
        ol.cells.lamps aria-label="Progress" {
            (lamp("Script loaded", evidence.script.is_some() || evidence.posted_ms.is_some(), host))
            (lamp("Messages stored", evidence.posted_ms.is_some(), posted.as_deref().unwrap_or("none")))
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

fn site_and_key(frame: &Frame, source: &Source) -> Markup {
    let (ours, adopted) = source.write_keys.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    html! {
        section.stepbox.first id="key" {
            h2 { "Site and key" }
            dl.facts.free {
                div {
                    dt { "Source" }
                    dd {
                        bdi { (source.name) }
                        ", "
                        (if source.kind == SourceKind::Live { "live" } else { "test: keeps nothing" })
                    }
                }
                div {
                    dt { "Write key" }
                    dd { (code::id(ours, "write key")) " " span.muted.small { "Public: it can only add data" } }
                }
                @if !adopted.is_empty() {
                    div { dt { "Adopted keys" } dd { @for key in adopted { (code::id(key, "adopted key")) " " } } }
                }
                div {
                    dt { "Allowed origins" }
                    dd {
                        @if source.origins.is_empty() {
                            "Any page may send"
                        } @else {
                            @for origin in &source.origins { code { (origin) } " " }
                        }
                    }
                }
            }
            @if frame.may(Role::Admin) {
                p { a href={ "/settings/sources/" (source.source_id) } { "Change the source" } }
            }
        }
    }
}

fn step_mark(step: &str, done: bool) -> Markup {
    html! { @if done { span.no.done { (small("check")) span.vh { "Done: " } } } @else { span.no { (step) } } }
}

fn visitors_step(frame: &Frame, key: &str, state: State) -> Markup {
    let done = matches!(state, State::VisitorsOnly | State::UsersNoCompany | State::Complete);
    html! {
        section.stepbox id="visitors" {
            h2 { (step_mark("1", done)) " Visitors" }
            p { "Pages that anybody may read. This is all of it." }
            (code::block("Every public page", snippets::visitors(&frame.server, key)))
        }
    }
}

fn people_step(frame: &Frame, view: &View, source: &Source, key: &str, state: State) -> Markup {
    let done = matches!(state, State::UsersNoCompany | State::Complete);
    let tabs = Framework::ALL.map(|(framework, _, name, _)| {
        let address = format!("{}#people", view.address(source, framework, Some(view.since_ms)));
        (name, address, framework == view.framework)
    });
    html! {
        section.stepbox id="people" {
            h2 { (step_mark("2", done)) " Signed-in users" }
            p {
                "Pages behind your sign-in, instead of the snippet above. Say who it is with your own template's tags; the id is your own, and does not change."
            }
            (chips("Framework", &tabs))
            (code::block(view.framework.file(), snippets::people(view.framework, &frame.server, key)))
            p.small {
                "Why JSON and not a script with the name inside: a user may call herself "
                code { "</script>" }
                ". Written like this no value can break out of its string."
            }
        }
    }
}

fn company_step(state: State) -> Markup {
    html! {
        section.stepbox id="company" {
            h2 { (step_mark("3", state == State::Complete)) " Their company" }
            p {
                "The marked lines above. "
                code { "company_id" }
                " is your own id of the account; it must not change when the name does. A company is stored from its id alone."
            }
            div.cols.thirds {
                div.stack.tight { h3 { "One company" } (code::block("Belongs to it", snippets::one_company())) }
                div.stack.tight {
                    h3 { "Several, one is current" }
                    (code::block("Belongs to all of them", snippets::several_companies()))
                }
                div.stack.tight { h3 { "None here" } (code::block("Nobody leaves anything", snippets::no_company())) }
            }
        }
    }
}

fn sign_out_step(frame: &Frame, key: &str) -> Markup {
    html! {
        section.stepbox id="signout" {
            h2 { (step_mark("4", false)) " Signing out" }
            p { "Pages that know that nobody is signed in say so; the browser then forgets the user by itself." }
            (code::block("Pages without a user", snippets::signed_out(&frame.server, key)))
            p {
                "Where signing out loads no new page, call this when it succeeds. It isn't needed when the next page says "
                code { "user: null" }
                " or another "
                code { "user_id" }
                "."
            }
            (code::block("After sign-out", snippets::reset()))
        }
    }
}

fn try_step(frame: &Frame, key: &str) -> Markup {
    html! {
        section.stepbox id="try" {
            h2 { "Try it from the shell" }
            p {
                "The same call as the page makes. SDKs of Segment and RudderStack work by changing their host to "
                code { (frame.server) }
                "."
            }
            (code::block("Shell", snippets::try_it(&frame.server, key)))
        }
    }
}

fn contents() -> Markup {
    let sections = [
        ("state", "State"),
        ("key", "Site and key"),
        ("visitors", "1 Visitors"),
        ("people", "2 Signed-in users"),
        ("company", "3 Their company"),
        ("signout", "4 Signing out"),
        ("try", "Try it"),
    ];
    html! {
        nav.toc aria-label="On this page" {
            ol { @for (id, text) in sections { li { a href={ "#" (id) } { (text) } } } }
        }
    }
}

/// `GET /install`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let store = desk::store(&request)?;
    let sources: Vec<Source> = store
        .catalog()
        .sources_in_order()
        .into_iter()
        .filter(|source| !source.write_keys.is_empty())
        .cloned()
        .collect();
    let wanted = desk::value(&request, "source");
    let source = sources.iter().find(|source| Some(&source.source_id) == wanted.as_ref()).or(sources.first()).cloned();
    let since_ms = desk::value(&request, "since").and_then(|since| since.parse().ok()).filter(|since| *since >= 0);
    let since_ms = since_ms.unwrap_or_else(|| store.now_ms());
    let key = source.as_ref().map(|source| source.key);
    let (frame, (evidence, earlier_ms)) = desk::read(&request, operator, Place::Install, move |db, _| match key {
        Some(key) => {
            let earlier_ms = sightings::evidence(db, key, 0)?.posted_ms.filter(|at_ms| *at_ms < since_ms);
            Ok((sightings::evidence(db, key, since_ms)?, earlier_ms))
        }
        None => Ok((Evidence::default(), None)),
    })
    .await?;
    let framework = Framework::parse(&desk::value(&request, "fw").unwrap_or_default());
    Ok(desk::page(page(&frame, &View { sources, source, since_ms, evidence, earlier_ms, framework })))
}
