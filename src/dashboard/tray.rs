//! `/refusals/tray`: values that wait, and what is decided of them (A2, A8).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::attributes::{owners, type_word};
use super::desk::{self, Answer};
use super::errors;
use super::links;
use super::parts::code;
use super::parts::form::{choice, datalist};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::numbers::{counted, number};
use super::parts::say::{self, Tone, notice};
use super::parts::section::{crumbs, head};
use super::parts::values;
use crate::actions::attributes::{AttributeError, Hand, Preview, preview};
use crate::actions::tray::{self as deeds, Decision};
use crate::domain::access::Role;
use crate::domain::attributes::{Owner, Type, is_standard, offered};
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::attributes::{self, DecidedName};
use crate::store::tray::{self, TrayName};

/// Names of one page.
const NAMES: usize = 50;

/// What waits under one name, and as what the attribute is known.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// What waits.
    pub name: TrayName,
    /// The type of the attribute; none where there is no such attribute yet.
    pub known: Option<Type>,
}

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What waits, ignored names left out.
    pub waiting: Vec<Waiting>,
    /// Names that were decided.
    pub decided: Vec<DecidedName>,
    /// The address of the next page.
    pub next: Option<String>,
    /// What was done just now, in a sentence.
    pub done: Option<&'static str>,
}

/// The list.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let below = html! {
        p { "Values that don't fit their attribute's type, and new attributes that need a decision. Nothing is lost." }
    };
    let (new, refused): (Vec<&Waiting>, Vec<&Waiting>) =
        view.waiting.iter().partition(|waiting| waiting.known.is_none());
    let content = html! {
        div.stack.narrow {
            (crumbs("Refusals", "/refusals", "Tray"))
            (head(html! { "Tray" }, below, html! { a.btn href="/attributes" { (icon("tag")) " Attributes" } }))
            @if let Some(done) = view.done { (notice(Tone::Good, done)) }
            @if view.waiting.is_empty() {
                (say::nothing("Nothing waiting", html! {
                    p { "Values of the wrong type wait here, and so do new attributes from a source that is closed to them." }
                    p.row { a.btn href="/settings/sources" { "Sources" } }
                }))
            }
            @if !new.is_empty() { (group("new", "New attributes", "Accept, map to another attribute, or ignore.", &new)) }
            @if !refused.is_empty() {
                (group("refused", "Values of another type", "Change the attribute's type, or apply the values once it has changed.", &refused))
            }
            @if let Some(next) = &view.next { nav.pager aria-label="Pages" { p {} a.btn rel="next" href=(next) { "Next " (icon("right")) } } }
            @if !view.decided.is_empty() { (decided(frame, view)) }
            (code::shell_calls(&frame.server, &[
                ("What waits; a token of scope read", "/api/v1/refusals/tray"),
                ("What was decided", "/api/v1/refusals/names"),
            ]))
        }
    };
    shell(frame, "Tray", content)
}

fn group(id: &str, heading: &str, hint: &str, rows: &[&Waiting]) -> Markup {
    html! {
        section.card aria-labelledby=(id) {
            header { h2 id=(id) { (heading) } span.muted { (hint) } }
            ul.rows.roomy {
                @for waiting in rows {
                    @let name = &waiting.name;
                    li {
                        b.count { (count(name)) }
                        p {
                            code { bdi { (values::cut(&name.name, values::NAME_CHARS_MAX)) } } " of " (owners(name.owner))
                            @if let Some(kind) = waiting.known { ", which is a " (type_word(kind)) }
                            br;
                            span.muted { "Sent: " (samples(name)) }
                            @if !name.sources.is_empty() { br; span.faint { "from " bdi { (name.sources.join(", ")) } } }
                        }
                        a.btn href=(links::tray(name.owner, &name.name)) { "Decide" span.vh { " about " (name.name) } }
                    }
                }
            }
        }
    }
}

fn count(name: &TrayName) -> String {
    if name.more { format!("{}+", number(name.count)) } else { number(name.count) }
}

fn samples(name: &TrayName) -> Markup {
    html! { @for (place, sample) in name.samples.iter().enumerate() { @if place > 0 { ", " } code { bdi { (values::cut(&sample.to_string(), 40)) } } } }
}

fn decided(frame: &Frame, view: &View) -> Markup {
    let may = frame.may(Role::Admin);
    html! {
        section.card aria-labelledby="decided" {
            header { h2 id="decided" { "Decided names" } span.muted { "Each decision applies to every later message with that name." } }
            ul.rows.roomy {
                @for name in &view.decided {
                    li {
                        p {
                            code { bdi { (values::cut(&name.name, values::NAME_CHARS_MAX)) } } " of " (owners(name.owner)) " "
                            @match &name.means {
                                Some(means) => { "is stored as " a href=(links::attribute(name.owner, means)) { code { bdi { (means) } } } }
                                None => "is ignored",
                            }
                            " " span.faint { (frame.clock.ago(name.at_ms)) }
                        }
                        @if may {
                            form method="post" action="/refusals/tray" {
                                (fields(name.owner, &name.name, "forget"))
                                button.btn { (icon("undo")) (if name.means.is_some() { " Stop" } else { " Stop ignoring" }) span.vh { " " (name.name) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn fields(owner: Owner, name: &str, decision: &str) -> Markup {
    html! {
        input type="hidden" name="owner" value=(owner.as_str());
        input type="hidden" name="name" value=(name);
        input type="hidden" name="decision" value=(decision);
    }
}

/// What the page of one name shows.
#[derive(Debug, Clone)]
pub struct OneView {
    /// What waits.
    pub waiting: Waiting,
    /// The names of the attributes that it could mean.
    pub others: Vec<String>,
    /// What is asked before it is done, and what would be applied.
    pub asked: Option<(Decision, Option<Preview>)>,
}

/// The page of one name.
pub fn one(frame: &Frame, view: &OneView) -> Markup {
    let name = &view.waiting.name;
    let may = frame.may(Role::Admin);
    let below = html! {
        p { (counted(name.count, "value waits", "values wait")) @if name.more { " and more" } ", the latest " (frame.clock.ago(name.last_ms)) "." }
    };
    let content = html! {
        div.stack.narrow {
            (crumbs("Tray", "/refusals/tray", &name.name))
            (head(html! { code.bare { bdi { (name.name) } } " of " (owners(name.owner)) }, below, html! {}))
            p { "Sent: " (samples(name)) @if !name.sources.is_empty() { ", from " bdi { (name.sources.join(", ")) } } }
            @if let Some((decision, preview)) = &view.asked { (question(name, decision, preview.as_ref(), may)) }
            @if !may { p.muted { "Only an admin decides. Ask one." } }
            @if may && view.asked.is_none() {
                @match view.waiting.known {
                    Some(kind) => (known(name, kind)),
                    None => (unknown(view)),
                }
                section.card aria-labelledby="discard" {
                    header { h2 id="discard" { "Discard what is waiting" } }
                    div.body {
                        (ask(name, "discard", html! {
                            p { "For values that are of no use. Later ones are handled as usual." }
                            div.row { button.btn.danger { (icon("trash")) " Discard…" } }
                        }))
                    }
                }
            }
        }
    };
    shell(frame, &format!("{} in the tray", name.name), content)
}

/// What can be done with values of an attribute that there is.
fn known(name: &TrayName, kind: Type) -> Markup {
    html! {
        section.card aria-labelledby="apply" {
            header { h2 id="apply" { "The attribute is a " (type_word(kind)) } }
            div.body.stack.snug {
                @let fixed = is_standard(name.owner, &name.name);
                p {
                    @if fixed {
                        "A standard attribute: its type is fixed. Fix the sender; what is waiting doesn't fit and can be discarded."
                    } @else {
                        "Change its type to apply the waiting values that fit the new one, or apply those that fit now."
                    }
                }
                div.row {
                    @if !fixed {
                        a.btn.primary href={ (links::attribute(name.owner, &name.name)) "#type-h" } { "Change its type" }
                    }
                    (ask(name, "apply", html! { button.btn { "See what fits now" } }))
                }
            }
        }
    }
}

fn ask(name: &TrayName, decision: &str, content: Markup) -> Markup {
    html! { form.stack.snug action="/refusals/tray" { (fields(name.owner, &name.name, decision)) (content) } }
}

/// What can be decided of a name that is not an attribute yet.
fn unknown(view: &OneView) -> Markup {
    let name = &view.waiting.name;
    let options: Vec<(&str, &str)> = Type::ALL.iter().map(|kind| (kind.as_str(), type_word(*kind))).collect();
    let guess = guess(name);
    html! {
        section.card aria-labelledby="accept" {
            header { h2 id="accept" { "Accept it" } }
            div.body {
                (ask(name, "accept", html! {
                    (choice("type", "As", &options, guess.as_str(), "The samples look like this one."))
                    div.row { button.btn.primary { "See what would be applied" } }
                }))
            }
        }
        section.card aria-labelledby="map" {
            header { h2 id="map" { "It means another attribute" } }
            div.body {
                @if view.others.is_empty() {
                    p.muted { "There is no other attribute of " (owners(name.owner)) " yet." }
                } @else {
                    (ask(name, "map", html! {
                        (datalist("to", "Store it as", &view.others, "Later messages under this name are stored there too."))
                        div.row { button.btn { "See what would be applied" } }
                    }))
                }
            }
        }
        section.card aria-labelledby="ignore" {
            header { h2 id="ignore" { "Ignore it" } }
            div.body { (ask(name, "ignore", html! { p { "Later values are counted as refusals and not kept." } div.row { button.btn { "Ignore it…" } } })) }
        }
    }
}

/// The type that the samples suggest.
fn guess(name: &TrayName) -> Type {
    let first = name.samples.iter().find_map(|sample| Type::of(&name.name, sample)).unwrap_or(Type::Text);
    if first == Type::Text { offered(name.samples.iter()).unwrap_or(first) } else { first }
}

fn question(name: &TrayName, decision: &Decision, preview: Option<&Preview>, may: bool) -> Markup {
    let (heading, button, word) = match decision {
        Decision::Accept(kind) => (format!("Accept it as {}?", type_word(*kind)), "Accept it", "accept"),
        Decision::Map(to) => (format!("Store it as {to}, now and later?"), "Store it there", "map"),
        Decision::Ignore => ("Ignore it from now on?".to_owned(), "Ignore it", "ignore"),
        Decision::Apply => ("Apply what fits?".to_owned(), "Apply", "apply"),
        Decision::Discard => ("Discard what is waiting?".to_owned(), "Discard", "discard"),
    };
    html! {
        section.card aria-labelledby="asked" {
            header { h2 id="asked" { bdi { (heading) } } }
            div.body.stack.snug {
                @if let Some(preview) = preview {
                    p {
                        b { (counted(preview.waiting_fit, "value fits", "values fit")) } " and will be applied with the original time: a newer value is kept. "
                        @if preview.waiting_left > 0 {
                            b.ink.bad { (counted(preview.waiting_left, "does", "do")) " not" } ", and will keep waiting. "
                        }
                        @if preview.waiting_fit + preview.waiting_left >= tray::COUNTED_MAX {
                            span.muted { "Of the first " (number(tray::COUNTED_MAX)) "." }
                        }
                    }
                } @else if *decision == Decision::Discard {
                    p { (counted(name.count, "value", "values")) @if name.more { " and more" } " will be gone. " b { "This can't be undone." } }
                } @else {
                    p { "What is waiting will be hidden. You can undo this: the name will be under “Decided names”." }
                }
                @if may {
                    form method="post" action="/refusals/tray" {
                        (fields(name.owner, &name.name, word))
                        @match decision {
                            Decision::Accept(kind) => { input type="hidden" name="type" value=(kind.as_str()); }
                            Decision::Map(to) => { input type="hidden" name="to" value=(to); }
                            _ => {}
                        }
                        div.row { button.btn.primary { (button) } a.btn.bare href=(links::tray(name.owner, &name.name)) { "Back" } }
                    }
                }
            }
        }
    }
}

/// What the address or the form says.
#[derive(Debug, Clone, Deserialize)]
pub struct Sent {
    owner: Option<String>,
    name: Option<String>,
    decision: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    to: Option<String>,
    after: Option<String>,
    done: Option<String>,
}

impl Sent {
    fn named(&self) -> Option<(Owner, String)> {
        Some((Owner::parse(self.owner.as_deref()?)?, self.name.clone()?))
    }

    fn decision(&self) -> Option<Decision> {
        Some(match self.decision.as_deref()? {
            "accept" => Decision::Accept(self.kind.as_deref().and_then(Type::parse)?),
            "map" => Decision::Map(self.to.clone().filter(|to| !to.is_empty())?),
            "ignore" => Decision::Ignore,
            "apply" => Decision::Apply,
            "discard" => Decision::Discard,
            _ => return None,
        })
    }
}

/// What was done, in a sentence.
fn sentence(done: &str) -> Option<&'static str> {
    Some(match done {
        "map" => "Stored there from now on. You can undo this below; what was stored stays.",
        "ignore" => "Ignored from now on. You can undo this below.",
        "discard" => "Discarded. Later values are handled as usual.",
        "forget" => "Undone. The name waits here again, or becomes an attribute by itself.",
        _ => return None,
    })
}

/// `GET /refusals/tray`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, sent: web::Query<Sent>) -> Answer {
    let catalog = desk::store(&request)?.catalog();
    if let Some((owner, name)) = sent.named() {
        let decision = sent.decision();
        let known = catalog.definition(owner, &name).map(|known| known.kind);
        let to = match &decision {
            Some(Decision::Accept(kind)) => Some((name.clone(), *kind)),
            Some(Decision::Map(to)) => catalog.definition(owner, to).map(|known| (to.clone(), known.kind)),
            Some(Decision::Apply) => known.map(|kind| (name.clone(), kind)),
            _ => None,
        };
        // A name that nothing is called can't be meant.
        let needs_none = |decision: &Decision| matches!(decision, Decision::Ignore | Decision::Discard);
        let decision = decision.filter(|decision| to.is_some() || needs_none(decision));
        let (frame, found) = desk::read(&request, operator, Place::Refusals, move |db, _| {
            let Some(waiting) = tray::of(db, owner, &name)? else { return Ok(None) };
            let preview = match &to {
                Some((to, kind)) => Some(preview(db, owner, to, Some((*kind, *kind)), Some(&name))?),
                None => None,
            };
            let others = attributes::list(db, Some(owner))?.into_iter().map(|row| row.name).collect();
            let waiting = Waiting { name: waiting, known };
            Ok(Some(OneView { waiting, others, asked: decision.map(|decision| (decision, preview)) }))
        })
        .await?;
        return Ok(match found {
            Some(view) => desk::page(one(&frame, &view)),
            None => desk::page_with(StatusCode::NOT_FOUND, errors::no_page(&frame)),
        });
    }
    let after = sent.after.as_deref().and_then(|after| after.split_once('.'));
    let after = after.and_then(|(owner, name)| Some((Owner::parse(owner)?, name.to_owned())));
    let (frame, ((names, more), decided)) = desk::read(&request, operator, Place::Refusals, move |db, _| {
        let after = after.as_ref().map(|(owner, name)| (*owner, name.as_str()));
        Ok((tray::names(db, after, NAMES)?, attributes::decided_names(db)?))
    })
    .await?;
    let next = names.last().filter(|_| more).map(|last| {
        let after = format!("{}.{}", last.owner.as_str(), last.name);
        links::with_query("/refusals/tray", &[("after", Some(&after))])
    });
    let is_ignored = |name: &TrayName| catalog.decided(name.owner, &name.name) == Some(None);
    let waiting = names
        .into_iter()
        .filter(|name| !is_ignored(name))
        .map(|name| Waiting { known: catalog.definition(name.owner, &name.name).map(|known| known.kind), name });
    let view = View { waiting: waiting.collect(), decided, next, done: sent.done.as_deref().and_then(sentence) };
    Ok(desk::page(page(&frame, &view)))
}

/// `POST /refusals/tray`
///
/// # Errors
/// What can't be done, the store's.
pub async fn decide(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let (owner, name) = sent.named().ok_or_else(PageError::not_found)?;
    let hand = Hand::operator(&operator.email);
    let store = desk::store(&request)?;
    if sent.decision.as_deref() == Some("forget") {
        store.write(move |tx| deeds::forget(tx, &hand, owner, &name)).await.map_err(not_done)?;
        return Ok(desk::see_other("/refusals/tray?done=forget"));
    }
    let decision = sent.decision().ok_or_else(PageError::not_found)?;
    let (wanted, decided) = (name.clone(), decision.clone());
    store.write(move |tx| deeds::decide(tx, &hand, owner, &wanted, &decided)).await.map_err(not_done)?;
    Ok(desk::see_other(&match decision {
        Decision::Accept(_) | Decision::Apply => {
            links::with_query(&links::attribute(owner, &name), &[("work", Some("1"))])
        }
        Decision::Map(_) => "/refusals/tray?done=map".to_owned(),
        Decision::Ignore => "/refusals/tray?done=ignore".to_owned(),
        Decision::Discard => "/refusals/tray?done=discard".to_owned(),
    }))
}

fn not_done(error: AttributeError) -> PageError {
    match error {
        AttributeError::Store(error) => error.into(),
        error => PageError::new(StatusCode::CONFLICT, "That was not done", error.to_string())
            .action("/refusals/tray", "To the tray"),
    }
}
