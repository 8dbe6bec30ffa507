//! The latest calls, and which of them are shown.

use std::sync::Arc;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::{is_kept, live, outcome, source_name, who};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::frame::{Frame, Place, Refresh, live_shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::list::segments;
use crate::dashboard::parts::numbers::counted;
use crate::dashboard::parts::section::head;
use crate::dashboard::parts::{code, say, values};
use crate::domain::time::MINUTE_MS;
use crate::http::access::Viewer;
use crate::http::live::{CALLS_A_SECOND, CALLS_MAX, Call, KEPT_MS};

/// Calls that the page shows.
const ROWS: usize = 100;
/// Seconds after which the page loads itself again where there is no script.
const REFRESH_SECONDS: u32 = 5;

/// Which calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Only {
    /// All.
    #[default]
    All,
    /// Those that were taken.
    Taken,
    /// Those that were not, or not wholly.
    Refused,
}

impl Only {
    const ALL: [(Only, &str, &str); 3] =
        [(Only::All, "All", ""), (Only::Taken, "Accepted", "taken"), (Only::Refused, "Refused", "refused")];

    fn parse(word: &str) -> Only {
        Only::ALL.into_iter().find(|(_, _, known)| *known == word).map_or(Only::All, |(only, ..)| only)
    }
}

/// Which calls the address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The id of a source.
    pub source: String,
    /// A part of a user's or a browser's id, or of an address.
    pub user: String,
    /// A part of a company's id.
    pub company: String,
    /// Taken or refused.
    pub only: Only,
    /// Up to this number: the page is paused.
    pub until: Option<u64>,
}

impl Wanted {
    fn of(request: &HttpRequest) -> Wanted {
        let value = |name: &str| desk::value(request, name).map(|text| text.trim().to_owned()).unwrap_or_default();
        Wanted {
            source: value("source"),
            user: value("user"),
            company: value("company"),
            only: Only::parse(&value("only")),
            until: value("until").parse().ok(),
        }
    }

    /// The address that asks for them.
    fn address(&self) -> String {
        let only = Only::ALL.into_iter().find(|(only, ..)| *only == self.only).map(|(.., word)| word);
        let until = self.until.map(|until| until.to_string());
        links::with_query(
            "/live",
            &[
                ("source", Some(&self.source)),
                ("user", Some(&self.user)),
                ("company", Some(&self.company)),
                ("only", only),
                ("until", until.as_deref()),
            ],
        )
    }

    fn is_narrowed(&self) -> bool {
        *self != Wanted { until: self.until, ..Wanted::default() }
    }

    /// Whether a call is one of them; `source` is the id of its source.
    fn takes(&self, call: &Call, source: Option<&str>) -> bool {
        let holds = |part: &str, text: &str| text.to_lowercase().contains(&part.to_lowercase());
        let said = &call.said;
        let names = [&said.user, &said.visitor];
        let is_partly_refused = matches!(&call.outcome, crate::http::live::Outcome::Dealt { receipt, .. } if !receipt.refused_values.is_empty());
        (self.source.is_empty() || source == Some(&self.source))
            && (self.user.is_empty() || names.into_iter().flatten().any(|name| holds(&self.user, name)))
            && (self.company.is_empty() || said.companies.iter().any(|company| holds(&self.company, company)))
            && match self.only {
                Only::All => true,
                Only::Taken => !call.is_refused(),
                Only::Refused => call.is_refused() || is_partly_refused,
            }
    }
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Which calls.
    pub wanted: Wanted,
    /// The latest of them first, each with the name of its source.
    pub calls: Vec<(Arc<Call>, Option<String>)>,
    /// The number of the latest call of all.
    pub last: u64,
    /// Sources by id and name.
    pub sources: Vec<(String, String)>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let wanted = &view.wanted;
    let below = html! {
        p {
            "What websites and programs send, as it arrives. The last " (CALLS_MAX) " calls from the last " (KEPT_MS / MINUTE_MS)
            " minutes are kept, at most " (CALLS_A_SECOND) " a second, in memory only: nothing on this page is written to the file, and it is gone when the server restarts. "
            "Client addresses, user agents, keys and proofs are left out."
        }
    };
    let content = html! {
        div.stack {
            (head(html! { "Live" }, below, html! {}))
            (narrowed(view))
            (calls(frame, view))
            p.small.muted { "The calls themselves are only in memory, and programs can't read them. This reads what was stored:" }
            (code::shell_card(&frame.server, "/api/v1/events?order=arrival"))
        }
    };
    let refresh = Refresh { seconds: REFRESH_SECONDS, address: wanted.address() };
    live_shell(frame, "Live", wanted.until.is_none().then_some(&refresh), content)
}

fn pause(view: &View) -> Markup {
    html! {
        @match view.wanted.until {
            None => {
                a.btn href=(Wanted { until: Some(view.last), ..view.wanted.clone() }.address()) { (icon("clock")) " Pause" }
            }
            Some(_) => {
                a.btn.primary href=(Wanted { until: None, ..view.wanted.clone() }.address()) { (icon("live")) " Go on" }
            }
        }
    }
}

fn narrowed(view: &View) -> Markup {
    let wanted = &view.wanted;
    let choices = Only::ALL
        .map(|(only, text, _)| (text.to_owned(), Wanted { only, ..wanted.clone() }.address(), wanted.only == only));
    let only = Only::ALL.into_iter().find(|(only, ..)| *only == wanted.only).map_or("", |(.., word)| word);
    html! {
        div.row {
            form.row method="get" action="/live" aria-label="Which calls" {
                @if !only.is_empty() { input type="hidden" name="only" value=(only); }
                @if let Some(until) = wanted.until { input type="hidden" name="until" value=(until); }
                label.vh for="source" { "Source" }
                select.input.auto id="source" name="source" {
                    option value="" { "All sources" }
                    @for (id, name) in &view.sources { option value=(id) selected[*id == wanted.source] { (values::cut(name, 24)) } }
                }
                label.vh for="user" { "User or browser" }
                input.input.auto id="user" name="user" value=(wanted.user) placeholder="User, e-mail or browser" autocomplete="off" maxlength="255";
                label.vh for="company" { "Company" }
                input.input.auto id="company" name="company" value=(wanted.company) placeholder="Company id" autocomplete="off" maxlength="255";
                button.btn { "Show" }
                @if wanted.is_narrowed() { a.btn.bare href=(Wanted { until: wanted.until, ..Wanted::default() }.address()) { "Everything" } }
            }
            span.end { (segments("Outcome", &choices)) }
        }
    }
}

/// The part that the script looks for again.
fn calls(frame: &Frame, view: &View) -> Markup {
    let wanted = &view.wanted;
    html! {
        section.card id="calls" aria-labelledby="calls-h" data-live=(wanted.address()) data-live-often=""
            data-live-done[wanted.until.is_some()] {
            header {
                h2 id="calls-h" {
                    @match wanted.until {
                        None => { (say::beat(say::Tone::Good)) " Arriving" }
                        Some(_) => { (say::beat(say::Tone::None)) " Paused" }
                    }
                }
                @if let Some(until) = wanted.until {
                    @let since = view.last.saturating_sub(until);
                    span.muted { @if since == 0 { "Nothing has come since" } @else { (counted(since, "call has", "calls have")) " come since" } }
                }
                span.end.row {
                    span.small.muted data-told="" { (counted(view.calls.len() as u64, "call shown", "calls shown")) }
                    // Within the part that is looked for again: it stops at what is seen, not at what was when the page came.
                    (pause(view))
                }
            }
            @if view.calls.is_empty() {
                p.body.muted {
                    @if wanted.is_narrowed() { "No recent call matches." }
                    @else { "No calls yet. What a page sends appears here within seconds. " a href="/install" { "Installation" } }
                }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="calls-h" {
                    table.table.cards.last aria-labelledby="calls-h" data-rows="" {
                        thead { tr {
                            th scope="col" { "Call" }
                            th scope="col" { "Outcome" }
                            th scope="col" { "Who" }
                            th scope="col" { "Company" }
                            th scope="col" { "Source" }
                            th scope="col" { "At" }
                        } }
                        tbody { @for (call, source) in &view.calls { (row(frame, call, source.as_deref())) } }
                    }
                }
            }
        }
    }
}

fn row(frame: &Frame, call: &Call, source: Option<&str>) -> Markup {
    let said = &call.said;
    html! {
        tr {
            th.lead scope="row" {
                a href={ "/live/" (call.number) } { (said.kind) }
                @if !said.what.is_empty() { " " span.muted { bdi { (values::cut(&said.what, 36)) } } }
            }
            td.state { (outcome(call)) }
            td data-l="Who" { (who(call)) }
            td data-l="Company" {
                @match said.companies.as_slice() {
                    [] => span.zero { "none" },
                    [first, others @ ..] => {
                        @if is_kept(call) { a href=(links::company(first)) { bdi { (values::cut(first, 24)) } } }
                        @else { bdi { (values::cut(first, 24)) } }
                        @if !others.is_empty() { " " span.faint { "+" (others.len()) } }
                    }
                }
            }
            td data-l="Source" { @match source { Some(source) => bdi { (values::cut(source, 20)) }, None => span.zero { "not known" } } }
            td.muted data-l="At" { (frame.clock.second(call.received_ms)) }
        }
    }
}

/// `GET /live`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let (wanted, catalog) = (Wanted::of(&request), desk::store(&request)?.catalog());
    let frame = desk::frame(&request, operator, Place::Live).await?;
    let source_id = |call: &Call| catalog.sources.get(&call.source?).map(|source| source.source_id.as_str());
    let is_wanted = |call: &Call| wanted.takes(call, source_id(call));
    let (calls, last) = live(&request)?.latest(frame.clock.now_ms, wanted.until, ROWS, is_wanted);
    let calls = calls.into_iter().map(|call| (Arc::clone(&call), source_name(&call, &catalog))).collect();
    let sources = catalog.sources_in_order();
    let sources = sources.into_iter().map(|source| (source.source_id.clone(), source.name.clone())).collect();
    Ok(desk::page(page(&frame, &View { wanted, calls, last, sources })))
}
