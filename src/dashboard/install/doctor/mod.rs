//! `/install/doctor`: an operator opens the own site with a one-time mark in its address, and sees what the page
//! said beside what was stored, field by field.

mod fix;
pub mod verdicts;

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use verdicts::{Oddity, Verdict};

use super::frameworks::{self, Framework};
use super::page;
use crate::actions::sources;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::form::{Line, Mistake};
use crate::dashboard::parts::frame::{Frame, Refresh, live_shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::pill;
use crate::dashboard::parts::say::{Tone, alert, beat};
use crate::dashboard::parts::section::crumbs;
use crate::domain::codes;
use crate::http::access::Viewer;
use crate::http::doctor::{Doctor, MARK_MS, Post, VISIT_MS, Visit};
use crate::http::page::PageError;
use crate::store::{Source, SourceKind};

/// Seconds between two looks while messages are expected.
const LOOK_SECONDS: u32 = 3;
/// A page that has the widget sends something within this time, in milliseconds.
const PATIENCE_MS: i64 = 30_000;
/// What the widget looks for in an address (`static/widget.js`).
const MARK: &str = "#rollcall-doctor=";

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The source whose page is looked at.
    pub source: Source,
    /// The visit that is shown.
    pub visit: Option<Visit>,
    /// Whose tags the fix is written with.
    pub framework: &'static Framework,
    /// The name of another source, whose key the page has.
    pub other_source: Option<String>,
    /// The address in the form.
    pub address: String,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let here = address(&view.source, view.visit.as_ref().map(|visit| visit.number), view.framework);
    let waits = view.visit.as_ref().is_some_and(|visit| visit.is_open(frame.clock.now_ms));
    let refresh = Refresh { seconds: LOOK_SECONDS, address: here.clone() };
    let content = html! {
        (crumbs("Install", &links::with_query("/install", &[("source", Some(&view.source.source_id))]), "Doctor"))
        header.head {
            div {
                h1 { "Doctor" }
                p { "Opens a page of " bdi { (view.source.name) } " with a one-time mark in its URL, then shows what the page sent beside what was stored." }
            }
        }
        div.stack {
        form.card method="post" action="/install/doctor" {
            div.body.stack.snug {
                input type="hidden" name="source" value=(view.source.source_id);
                input type="hidden" name="fw" value=(view.framework.name);
                (Line {
                    name: "address", label: "Page to open", kind: "url", required: true, value: &view.address,
                    hint: "A page behind your sign-in, where you are signed in. It will look as usual; the mark takes the place of what stands behind a #.", ..Line::default()
                }
                .draw(view.mistake.as_ref()))
                @if view.visit.is_none() {
                    p.row { button.btn.primary { (icon("bolt")) " Create a mark" } }
                } @else {
                    p.row { button.btn { (icon("bolt")) " Create another mark" } }
                }
            }
        }
        @if let Some(visit) = &view.visit {
            div.stack id="state" data-live=[waits.then_some(here.as_str())] data-live-since="0" data-live-done[!waits] {
                (shown(frame, view, visit))
            }
        }
        }
    };
    live_shell(frame, "Doctor", waits.then_some(&refresh), content)
}

fn shown(frame: &Frame, view: &View, visit: &Visit) -> Markup {
    let now_ms = frame.clock.now_ms;
    let link = format!("{}{MARK}{}", visit.address, visit.mark);
    let oddities = verdicts::oddities(visit, &frame.server, view.other_source.as_deref());
    html! {
        @if visit.posts.is_empty() {
            section.card aria-labelledby="open" {
                header { h2 id="open" { (beat(Tone::None)) @if visit.is_open(now_ms) { " Ready" } @else { " The mark has expired" } } }
                div.body.stack.snug {
                    @if visit.is_open(now_ms) {
                        p { "Open your page with the mark. It works once, within " (MARK_MS / 60_000) " minutes." }
                        p.row { a.btn.primary href=(link) target="_blank" rel="noopener" { (icon("out")) " Open the page" } }
                        @if now_ms - visit.made_ms > PATIENCE_MS { (silence(&frame.server)) }
                    } @else {
                        p { "Nothing arrived with it. Create another one above." }
                        (silence(&frame.server))
                    }
                }
            }
        }
        @if !oddities.is_empty() { (oddities_card(&oddities)) }
        @for (number, post) in visit.posts.iter().enumerate() { (of_post(frame, number, post)) }
        (fix::card(frame, view, visit))
        @if !visit.posts.is_empty() {
            p.small.muted {
                "Data with this mark is shown for " (VISIT_MS / 1000) " s from its first message on, kept in memory only, and forgotten after an hour. "
                @if view.source.kind == SourceKind::Test { "This is a test source: nothing was stored." }
            }
        }
    }
}

/// Why a page may be silent.
fn silence(server: &str) -> Markup {
    alert(
        Tone::Warn,
        "Opened it, but nothing arrived?",
        html! {
            ul {
                li { "Is the snippet on this page? Look in its source for " code { "widget.js" } "." }
                li { "Does its Content-Security-Policy allow " code { "script-src " (server) } " and " code { "connect-src " (server) } "? The browser console will say." }
                li { "Does the page wait for consent, or does your browser ask not to be tracked, or block trackers?" }
                li { "Did the page redirect at once? Only the first address has the mark." }
            }
        },
    )
}

fn oddities_card(oddities: &[Oddity]) -> Markup {
    html! {
        section.card aria-labelledby="odd" {
            header { h2 id="odd" { "What looks odd on the page" } }
            ul.rows.roomy {
                @for (tone, sentence, fix) in oddities {
                    li {
                        span class={ "tone ink " (tone) } { (icon("alert")) }
                        div.grow { p { (sentence) } p.small.muted { (fix) } }
                    }
                }
            }
        }
    }
}

fn of_post(frame: &Frame, number: usize, post: &Post) -> Markup {
    html! {
        @if let Some((code, detail)) = &post.declined {
            section.card aria-labelledby={ "p" (number) } {
                header { h2 id={ "p" (number) } { span.ink.bad { (icon("refused")) } " Refused: " code.bare { (code) } } }
                div.body.stack.tight {
                    p { (detail) }
                    @if let Some(known) = codes::explain(code) { p.muted { (known.cause) } p { b { "What to do: " } (known.fix) } }
                }
            }
        } @else {
            @for (place, (sent, answer)) in post.messages.iter().enumerate() {
                (of_message(frame, &format!("p{number}-{place}"), post.at_ms, sent, answer))
            }
        }
    }
}

/// One message: as sent, and the answer with its plan, field by field.
pub fn of_message(frame: &Frame, id: &str, at_ms: i64, sent: &serde_json::Value, answer: &serde_json::Value) -> Markup {
    let verdicts = verdicts::of_message(sent, answer);
    let kind = sent["type"].as_str().unwrap_or("message");
    let bad = verdicts.iter().filter(|verdict| verdict.code.is_some()).count();
    let because = answer["plan"]["because"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    html! {
        section.card aria-labelledby=(id) {
            header {
                h2 id=(id) { (kind) }
                span.muted { (frame.clock.ago(at_ms)) }
                span.end.row.tight {
                    (pill::toned(
                        if answer["status"] == "refused" { "bad" } else { "good" },
                        answer["status"].as_str().unwrap_or("refused"),
                        "What the page was answered",
                    ))
                    @if bad > 0 { (pill::toned("bad", &format!("{bad} refused"), "Values that were refused")) }
                }
            }
            @if !verdicts.is_empty() { (table(id, &verdicts)) }
            footer {
                details.fold-body {
                    summary { (icon("right")) " Why" }
                    ul { @for reason in because { li { (verdicts::for_people(reason)) } } }
                }
            }
        }
    }
}

fn table(id: &str, verdicts: &[Verdict]) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby=(id) {
            table.table.dense.cards.last aria-labelledby=(id) {
                thead {
                    tr {
                        th scope="col" { "Field" }
                        th scope="col" { "Verdict" }
                        th scope="col" { "What the page sent" }
                        th scope="col" { "What was stored" }
                        th scope="col" { "Reason and fix" }
                    }
                }
                tbody {
                    @for verdict in verdicts {
                        tr {
                            th.lead scope="row" { code { bdi { (verdict.field) } } }
                            td.state { (pill::toned(verdict.tone, verdict.word, "")) }
                            td data-l="Page" { span.mono.small { bdi { (verdict.said) } } }
                            td data-l="Stored" class=[verdict.stored.is_none().then_some("zero")] {
                                span.mono.small { bdi { (verdict.stored.as_deref().unwrap_or("–")) } }
                            }
                            td.wrap.muted {
                                @if let Some(code) = &verdict.code { a.quiet href={ "/help/codes#" (code) } { code { (code) } } " " }
                                (verdict.why)
                            }
                        }
                    }
                }
            }
        }
    }
}

fn address(source: &Source, visit: Option<u64>, framework: &Framework) -> String {
    let number = visit.map(|number| number.to_string());
    let framework = (framework.name != frameworks::PLAIN).then_some(framework.name);
    let pairs = [("source", Some(source.source_id.as_str())), ("visit", number.as_deref()), ("fw", framework)];
    links::with_query("/install/doctor", &pairs)
}

/// The address without a fragment, where it is one that a browser opens, of an allowed origin.
fn page_to_open(source: &Source, text: &str) -> Result<String, Mistake> {
    let text = text.trim().split('#').next().unwrap_or_default();
    let refused = || Mistake::new("address", "Enter the full address, such as https://app.example.com/projects.");
    let origin = sources::origin_of(text).ok_or_else(refused)?;
    if !source.origins.is_empty() && !source.origins.contains(&origin) {
        let sentence = format!("{origin} is not one of this source's allowed origins: {}.", source.origins.join(", "));
        return Err(Mistake::new("address", sentence));
    }
    Ok(text.to_owned())
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    source: String,
    address: String,
    #[serde(default)]
    fw: String,
}

/// `GET /install/doctor`
///
/// # Errors
/// The store's; the page is not there without a source that has a key.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let (frame, view) = page::read(&request, operator).await?;
    let framework = view.framework;
    let Some(source) = view.source else { return Ok(desk::see_other("/install")) };
    let number = desk::value(&request, "visit").and_then(|number| number.parse().ok());
    let visit = number.and_then(|number| doctor(&request).ok()?.find(frame.clock.now_ms, number));
    let visit = visit.filter(|visit| visit.source == source.key);
    let other = visit.as_ref().and_then(|visit| visit.posts.iter().find_map(|post| post.other_source));
    let other_source = view.sources.iter().find(|known| Some(known.key) == other).map(|known| known.name.clone());
    // Where the script was last seen; before that, where it may be.
    let fetched = view.evidence.script.as_ref().map(|(_, host)| host).filter(|host| !host.is_empty());
    let is_of = |origin: &&String| fetched.is_none_or(|host| origin.split("://").nth(1) == Some(host));
    let origin = source.origins.iter().find(is_of).or(source.origins.first()).cloned();
    // A page of https can't post to http, so where this server is reached by http the site is too.
    let scheme = if frame.server.starts_with("https://") { "https" } else { "http" };
    let usual = origin.or_else(|| fetched.map(|host| format!("{scheme}://{host}")));
    let usual = usual.map(|origin| format!("{origin}/")).unwrap_or_default();
    let address = visit.as_ref().map_or(usual, |visit| visit.address.clone());
    Ok(desk::page(page(&frame, &View { source, visit, framework, other_source, address, mistake: None })))
}

/// `POST /install/doctor`
///
/// # Errors
/// The store's.
pub async fn make(Viewer(operator): Viewer, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let store = desk::store(&request)?;
    let catalog = store.catalog();
    let source = catalog.source_by_id(&sent.source).cloned().ok_or_else(PageError::not_found)?;
    let framework = frameworks::parse(&sent.fw);
    match page_to_open(&source, &sent.address) {
        Ok(page) => {
            let number = doctor(&request)?.make(store.now_ms(), store.ambient().token(), source.key, page);
            Ok(desk::see_other(&address(&source, Some(number), framework)))
        }
        Err(mistake) => {
            let (frame, _) = page::read(&request, operator).await?;
            let address = sent.address.clone();
            let view = View { source, visit: None, framework, other_source: None, address, mistake: Some(mistake) };
            Ok(desk::again(self::page(&frame, &view)))
        }
    }
}

fn doctor(request: &HttpRequest) -> Result<&Doctor, PageError> {
    Doctor::of(request).map(|doctor| doctor.get_ref()).ok_or_else(|| PageError::internal("the server has no doctor"))
}
