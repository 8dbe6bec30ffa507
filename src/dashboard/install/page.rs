//! The installation page.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::fields::{Fields, Offered};
use super::frameworks::{self, Framework, Wanted};
use super::proof::Language;
use super::state::State;
use super::{check, hardening, offers, proof, steps};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::frame::{Frame, Place, Refresh, live_shell};
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::say::nothing;
use crate::dashboard::parts::section::head;
use crate::domain::attributes::{Owner, Type};
use crate::domain::time::{DAY_MS, MINUTE_MS};
use crate::http::access::Viewer;
use crate::http::page::PageError;
use crate::store::operators::Operator;
use crate::store::proofs::{self, Share};
use crate::store::sightings::{self, Evidence};
use crate::store::trials::{self, Trials};
use crate::store::{Source, attribute_values};

/// The check looks often for so long, then now and then.
const OFTEN_MS: i64 = 2 * MINUTE_MS;
/// Seconds between two looks at first.
const OFTEN_SECONDS: u32 = 3;
/// Seconds between two looks afterwards.
const SELDOM_SECONDS: u32 = 15;

/// A mark that is set when the page is opened.
const NOW: &str = "now";

/// The page's own path.
const HERE: &str = "/install";

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// All sources that have a key.
    pub sources: Vec<Source>,
    /// The chosen one.
    pub source: Option<Source>,
    /// The mark: what was seen before it proves nothing. Unix milliseconds; a day ago where the address says none.
    pub since_ms: i64,
    /// The address says the mark: without a script the page then loads itself again. Before, somebody may be filling
    /// in which fields the code sends.
    pub is_watched: bool,
    /// What was seen since.
    pub evidence: Evidence,
    /// The last post that was taken before the mark, Unix milliseconds.
    pub earlier_ms: Option<i64>,
    /// Whose tags the code is written with.
    pub framework: &'static Framework,
    /// The language of the back end.
    pub language: &'static Language,
    /// The fields that the code sends.
    pub fields: Fields,
    /// The fields that the checklist offers.
    pub offered: Offered,
    /// How much of what names a user is signed.
    pub share: Share,
    /// Browsers that ask not to be tracked are heeded (setting).
    pub respect_gpc: bool,
    /// What trying it left.
    pub trials: Trials,
    /// Attributes that are texts and could be something else, of each kind.
    pub offers: Vec<(Owner, String, Type)>,
}

impl View {
    /// The address of this page with another source; without a mark the check starts anew.
    pub fn address(&self, source: &Source, since_ms: Option<i64>) -> String {
        let since = since_ms.map(|at_ms| at_ms.to_string());
        self.with(HERE, source, self.framework, self.language, since.as_deref())
    }

    /// The address of this page with a check that starts when it is opened.
    pub fn anew(&self, source: &Source) -> String {
        self.with(HERE, source, self.framework, self.language, Some(NOW))
    }

    /// The address of this page in the words of another framework, and the language that goes with it.
    pub fn with_framework(&self, source: &Source, framework: &'static Framework) -> String {
        self.with(HERE, source, framework, proof::language(None, framework.language), Some(&self.since_ms.to_string()))
    }

    /// The address of this page with the proof of identity in another language.
    pub fn in_language(&self, source: &Source, language: &str) -> String {
        let language = proof::language(Some(language), self.framework.language);
        self.with(HERE, source, self.framework, language, Some(&self.since_ms.to_string()))
    }

    /// The address of the page for somebody else, as a file where it has an ending.
    pub fn hand_over(&self, source: &Source, ending: &str) -> String {
        self.with(&format!("/install/hand-over{ending}"), source, self.framework, self.language, None)
    }

    fn with(
        &self,
        path: &str,
        source: &Source,
        framework: &'static Framework,
        language: &'static Language,
        since: Option<&str>,
    ) -> String {
        let pairs = self.pairs(source, framework, language, since);
        let mut pairs: Vec<(&str, Option<&str>)> =
            pairs.iter().map(|(name, value)| (*name, Some(value.as_str()))).collect();
        pairs.extend(self.fields.pairs().into_iter().map(|(name, value)| (name, Some(value))));
        links::with_query(path, &pairs)
    }

    /// What the address says beside the fields.
    fn pairs(
        &self,
        source: &Source,
        framework: &'static Framework,
        language: &'static Language,
        since: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if self.sources.len() > 1 {
            pairs.push(("source", source.source_id.clone()));
        }
        if framework.name != frameworks::PLAIN {
            pairs.push(("fw", framework.name.to_owned()));
        }
        if language.name != framework.language {
            pairs.push(("lang", language.name.to_owned()));
        }
        pairs.extend(since.map(|since| ("since", since.to_owned())));
        pairs
    }

    /// What the address says beside the fields, for a form that chooses these.
    pub fn kept(&self, source: &Source) -> Vec<(&'static str, String)> {
        self.pairs(source, self.framework, self.language, Some(&self.since_ms.to_string()))
    }

    /// What the code is to say.
    pub fn wanted(&self, server: &str, key: &str) -> Wanted {
        Wanted {
            server: server.to_owned(),
            key: key.to_owned(),
            user: self.fields.names(Owner::User),
            company: self.fields.names(Owner::Company),
            membership: self.fields.names(Owner::Membership),
        }
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let Some(source) = &view.source else { return no_source(frame) };
    let state = State::of(&view.evidence, frame.clock.now_ms);
    let here = view.address(source, Some(view.since_ms));
    let is_young = !view.is_watched || frame.clock.now_ms - view.since_ms < OFTEN_MS;
    let refresh = Refresh { seconds: if is_young { OFTEN_SECONDS } else { SELDOM_SECONDS }, address: here.clone() };
    let key = source.write_keys.first().map_or("", String::as_str);
    let content = html! {
        (head(
            html! { "Install" },
            html! { p { "One snippet for public pages and one for pages behind your sign-in, pasted just above " code { "</body>" } "." } },
            html! { a.btn href=(view.hand_over(source, "")) { (icon("file")) " For your developer" } },
        ))
        @if view.sources.len() > 1 { (chooser(view, source)) }
        div.split.slim.pad-top {
            div {
                (check::card(frame, view, source, state, &here))
                (steps::site_and_key(frame, source))
                (steps::visitors(frame, key, state))
                (steps::people(frame, view, source, key, state))
                (steps::company(frame, view, key, state))
                (steps::sign_out(frame, view, key))
                (proof::step(view, source, |role| frame.may(role)))
                (hardening::step(frame, key, view.respect_gpc))
                (steps::try_it(frame, view, source, key))
                (steps::doctor(view, source))
                (offers::card(frame, &view.offers))
                (steps::hand_over(view, source))
            }
            (contents())
        }
    };
    live_shell(frame, "Install", (view.is_watched && state != State::Complete).then_some(&refresh), content)
}

fn no_source(frame: &Frame) -> Markup {
    let content = html! {
        (head(html! { "Install" }, html! {}, html! {}))
        (nothing("No sources yet", html! {
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
                    href=(view.address(source, None))
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
        ("proof", "5 Proof of identity"),
        ("harden", "Hardening"),
        ("try", "Try it"),
        ("doctor", "Doctor"),
        ("handover", "Hand over"),
    ];
    html! {
        nav.toc aria-label="On this page" {
            ol { @for (id, text) in sections { li { a href={ "#" (id) } { (text) } } } }
        }
    }
}

/// Reads what the page shows.
///
/// # Errors
/// The store's.
pub async fn read(request: &HttpRequest, operator: Operator) -> Result<(Frame, View), PageError> {
    let store = desk::store(request)?;
    let catalog = store.catalog();
    let sources: Vec<Source> =
        catalog.sources_in_order().into_iter().filter(|source| !source.write_keys.is_empty()).cloned().collect();
    let wanted = desk::value(request, "source");
    let source = sources.iter().find(|source| Some(&source.source_id) == wanted.as_ref()).or(sources.first()).cloned();
    let since = desk::value(request, "since");
    let now_ms = store.now_ms();
    let since_ms = match since.as_deref() {
        Some(NOW) => now_ms,
        since => since.and_then(|since| since.parse().ok()).filter(|at_ms| *at_ms >= 0).unwrap_or(now_ms - DAY_MS),
    };
    let key = source.as_ref().map(|source| source.key);
    let (frame, (evidence, earlier_ms, share, trials, offers)) =
        desk::read(request, operator, Place::Install, move |db, clock| match key {
            Some(key) => {
                let earlier_ms = sightings::posted(db, key)?.filter(|at_ms| *at_ms < since_ms);
                let evidence = sightings::evidence(db, key, since_ms)?;
                let share = proofs::share(db, key, clock.now_ms)?;
                Ok((evidence, earlier_ms, share, trials::find(db)?, attribute_values::offers(db)?))
            }
            None => Ok(Default::default()),
        })
        .await?;
    let framework = frameworks::parse(&desk::value(request, "fw").unwrap_or_default());
    let language = proof::language(desk::value(request, "lang").as_deref(), framework.language);
    let (fields, offered) = (Fields::of(request), Offered::of(&catalog));
    let respect_gpc = catalog.settings.respect_gpc;
    let view = View {
        sources,
        source,
        since_ms,
        is_watched: since.is_some(),
        evidence,
        earlier_ms,
        framework,
        language,
        fields,
        offered,
        share,
        respect_gpc,
        trials,
        offers,
    };
    Ok((frame, view))
}

/// `GET /install`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let (frame, view) = read(&request, operator).await?;
    Ok(desk::page(page(&frame, &view)))
}
