//! The installation page.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::snippets::Framework;
use super::state::State;
use super::{check, offers, steps};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::frame::{Frame, Place, Refresh, live_shell};
use crate::dashboard::parts::icon::small;
use crate::dashboard::parts::say::nothing;
use crate::dashboard::parts::section::head;
use crate::domain::attributes::{Owner, Type};
use crate::domain::time::MINUTE_MS;
use crate::http::access::Viewer;
use crate::store::Source;
use crate::store::attribute_values;
use crate::store::sightings::{self, Evidence};

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
    /// Browsers that ask not to be tracked are heeded (setting).
    pub respect_gpc: bool,
    /// Attributes that are texts and could be something else, of each kind.
    pub offers: Vec<(Owner, String, Type)>,
}

impl View {
    /// The address of this page with another choice; without a mark the check starts anew.
    pub fn address(&self, source: &Source, framework: Framework, since_ms: Option<i64>) -> String {
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
                (check::card(frame, view, source, state, &here))
                (steps::site_and_key(frame, source))
                (steps::visitors(frame, key, state))
                (steps::people(frame, view, source, key, state))
                (steps::company(state))
                (steps::sign_out(frame, key))
                (steps::hardening(frame, key, view.respect_gpc))
                (steps::try_it(frame, key))
                (offers::card(frame, &view.offers))
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
                    @if view.sources.iter().filter(|other| other.name == source.name).count() > 1 {
                        " "
                        code.bare { (source.source_id) }
                    }
                }
            }
            a href="/settings/sources#add" { (small("plus")) " Add source" }
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
        ("harden", "Hardening"),
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
    let catalog = store.catalog();
    let respect_gpc = catalog.settings.respect_gpc;
    let sources: Vec<Source> =
        catalog.sources_in_order().into_iter().filter(|source| !source.write_keys.is_empty()).cloned().collect();
    let wanted = desk::value(&request, "source");
    let source = sources.iter().find(|source| Some(&source.source_id) == wanted.as_ref()).or(sources.first()).cloned();
    let since_ms = desk::value(&request, "since").and_then(|since| since.parse().ok()).filter(|since| *since >= 0);
    let since_ms = since_ms.unwrap_or_else(|| store.now_ms());
    let key = source.as_ref().map(|source| source.key);
    let (frame, (evidence, earlier_ms, offers)) =
        desk::read(&request, operator, Place::Install, move |db, _| match key {
            Some(key) => {
                let earlier_ms = sightings::evidence(db, key, 0)?.posted_ms.filter(|at_ms| *at_ms < since_ms);
                Ok((sightings::evidence(db, key, since_ms)?, earlier_ms, attribute_values::offers(db)?))
            }
            None => Ok((Evidence::default(), None, Vec::new())),
        })
        .await?;
    let framework = Framework::parse(&desk::value(&request, "fw").unwrap_or_default());
    Ok(desk::page(page(
        &frame,
        &View { sources, source, since_ms, evidence, earlier_ms, framework, respect_gpc, offers },
    )))
}
