//! One attribute: its values, its settings, a change of its type, its deletion.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{fast, forms, looked_at, percent, type_word, work};
use crate::actions::attributes::{self as deeds, AttributeError, Hand, Preview};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::done::{self, Done};
use crate::dashboard::errors;
use crate::dashboard::happenings::Told;
use crate::dashboard::links;
use crate::dashboard::parts::attributes::grade;
use crate::dashboard::parts::chart::meter;
use crate::dashboard::parts::form::Mistake;
use crate::dashboard::parts::frame::{Frame, Place, Refresh, live_shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say::{Tone, alert};
use crate::dashboard::parts::section::{crumbs, head};
use crate::dashboard::parts::{code, values};
use crate::domain::access::Role;
use crate::domain::attributes::{Owner, Type, is_standard};
use crate::domain::filter::{Fields, Operator};
use crate::domain::segments::Segment;
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::attribute_rows::Looked;
use crate::store::attribute_values::{self, Values};
use crate::store::attribute_work::{self, Deed, Work};
use crate::store::attributes::{self, DefinitionChange, DefinitionRow};
use crate::store::fast_filters;
use crate::store::tray::{self, TrayName};

/// Values that the page lists.
const VALUES_SHOWN_MAX: usize = 20;
/// Seconds after which the page of work under way is loaded again where there is no script.
const LOOK_SECONDS: u32 = 3;

/// What the page asks about before it is done.
#[derive(Debug, Clone)]
pub enum Asked {
    /// A change to this type, which these segments do not survive.
    Type(Type, Preview, Vec<Segment>),
    /// A deletion.
    Delete(Preview),
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The attribute.
    pub definition: DefinitionRow,
    /// How much its numbers stand on.
    pub looked: Looked,
    /// Its values.
    pub values: Values,
    /// The names of sources by key, for where values came from.
    pub sources: Vec<(i64, String)>,
    /// What waits under its name.
    pub waiting: Option<TrayName>,
    /// Work on its values, the newest first.
    pub work: Vec<Work>,
    /// What is asked before it is done.
    pub asked: Option<Asked>,
    /// The attributes of its kind that have a fast filter.
    pub fast: Vec<String>,
    /// The segments that ask for it.
    pub segments: Vec<Segment>,
    /// What a list of those who have it can be asked for.
    pub fields: Fields,
    /// Other names that mean it, as was decided in the tray (A8).
    pub names: Vec<String>,
    /// What was just done.
    pub done: Option<Done>,
    /// What was wrong with a form.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let definition = &view.definition;
    let may = frame.may(Role::Admin) && !definition.deleting;
    let last = view.work.first();
    let title = html! { code.bare { bdi { (definition.name) } } };
    let below = html! {
        p.row.tight {
            @if let Some(label) = &definition.label { b { bdi { (label) } } }
            span.pill { (type_word(definition.kind)) }
            @if is_standard(definition.owner, &definition.name) { span.pill title="Its type is fixed (rule A5)" { "Standard" } }
            @if definition.locked { span.pill.warn title="Unsigned calls may not set it" { (icon("lock")) "Locked" } }
            @if definition.hidden { span.pill title="Not shown on users' and companies' pages" { "Hidden" } }
            @if definition.fast_filter.is_some() { span.pill title="Its values have an index" { (icon("bolt")) "Fast filter" } }
            @if !definition.history { span.pill title="Only the current value is kept (rule A6)" { "Without history" } }
            @if definition.deleting { span.pill.bad { "Being deleted" } }
        }
    };
    let content = html! {
        div { (crumbs("Attributes", &format!("/attributes?of={}", definition.owner.as_str()), &definition.name)) }
        div.stack {
            (head(title, below, html! {}))
            (done::done(view.done.as_ref(), Told::OfUser, &links::attribute(definition.owner, &definition.name), frame.clock, frame.role()))
            @if let Some(asked) = &view.asked { (forms::question(view, asked, may)) }
            @if let Some(work) = last { (work::card(frame, work)) @if may { (forms::change_back(view, work)) } }
            @if may && view.asked.is_none() { (forms::offer(view)) }
            @if let Some(waiting) = &view.waiting { (waits(waiting)) }
            div.split {
                div.stack {
                    (values_card(frame, view))
                    @if may { (forms::settings(view)) (fast::card(view)) (forms::type_card(view)) (forms::delete_card(view)) }
                }
                div.stack {
                    (facts(frame, view))
                    (code::shell_card(&frame.server, &links::attribute_api(definition.owner, &definition.name)))
                }
            }
        }
    };
    let running = last.is_some_and(|work| work.ended_ms.is_none());
    let refresh = Refresh { seconds: LOOK_SECONDS, address: work::here(definition.owner, &definition.name) };
    live_shell(frame, &definition.name, running.then_some(&refresh), content)
}

fn waits(waiting: &TrayName) -> Markup {
    let number = if waiting.more { format!("More than {}", number(waiting.count)) } else { number(waiting.count) };
    let heading = format!("{number} {} in the tray", if waiting.count == 1 { "value waits" } else { "values wait" });
    alert(
        Tone::Warn,
        &heading,
        html! {
            p { "They did not fit when they arrived, such as " code { bdi { (waiting.samples.first().map(work::json).unwrap_or_default()) } } "." }
            p { a.btn href=(links::tray(waiting.owner, &waiting.name)) { "See what to do" } }
        },
    )
}

fn values_card(frame: &Frame, view: &View) -> Markup {
    let most = view.values.counts.first().map_or(0, |(_, count)| *count);
    html! {
        section.card aria-labelledby="values" {
            header {
                h2 id="values" { "Values" }
                span.end.small.muted {
                    (counted(view.values.counts.len() as u64, "different", "different"))
                    @if !view.looked.all { " in the " (counted(view.looked.rows, "row", "rows")) " looked at" }
                }
            }
            @if view.values.counts.is_empty() {
                p.body.faint { "No value in the rows looked at." }
            } @else {
                ul.rows {
                    @for (value, count) in view.values.counts.iter().take(VALUES_SHOWN_MAX) {
                        li {
                            p { (values::value(value, view.definition.kind, frame.clock)) }
                            span.num.small { (meter(*count, most)) " " (linked(list_of_value(view, value), number(*count))) }
                        }
                    }
                }
                @if view.values.counts.len() > VALUES_SHOWN_MAX {
                    footer.small { "The " (VALUES_SHOWN_MAX) " most frequent." }
                }
            }
        }
    }
}

/// The list of those who have a value.
fn list_of_value(view: &View, value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    let DefinitionRow { owner, name, .. } = &view.definition;
    super::list_of(&view.fields, *owner, name, Operator::Is, &text)
}

fn linked(list: Option<String>, number: String) -> Markup {
    html! { @match list { Some(list) => a href=(list) { (number) }, None => (number) } }
}

fn facts(frame: &Frame, view: &View) -> Markup {
    let (definition, values) = (&view.definition, &view.values);
    let (_, word) = grade(definition.grade);
    let filled = super::list_of(&view.fields, definition.owner, &definition.name, Operator::Set, "");
    html! {
        section.card aria-labelledby="facts" {
            header { h2 id="facts" { "Facts" } }
            dl.facts {
                div { dt { "Of" } dd { (super::owners(definition.owner)) } }
                div {
                    dt { "Filled" }
                    dd {
                        (linked(filled, number(values.filled))) " of " (number(view.looked.rows)) ", "
                        (percent(values.filled, view.looked.rows)) " " (meter(values.filled, view.looked.rows))
                    }
                }
                div {
                    dt title="A pinned value is changed by a person alone. It is pinned where the value is edited." { "Pinned" }
                    dd { @if values.pinned == 0 { span.zero { "none" } } @else { (number(values.pinned)) } }
                }
                div { dt { "Last set" } dd { (frame.clock.ago_or_never(values.last_ms)) } }
                div {
                    dt { "Created" }
                    dd {
                        (frame.clock.ago(definition.created_ms)) ", "
                        @if definition.source.is_empty() { (word) } @else { bdi { (definition.source) } " (" (word) ")" }
                    }
                }
                div {
                    dt { "Sent by" }
                    dd {
                        @if values.origins.is_empty() { span.zero { "nobody yet" } }
                        ul.stack.tight {
                            @for origin in &values.origins {
                                li {
                                    (percent(origin.count, values.filled)) " " bdi { (source_name(view, origin.source.0)) } " (" (grade(origin.grade).1) ")"
                                    br; span.small.muted { (frame.clock.ago(origin.last_ms)) }
                                }
                            }
                        }
                    }
                }
                div {
                    dt title="Segments whose filter asks for it" { "Used by" }
                    dd {
                        @if view.segments.is_empty() { span.zero { "no segment" } } @else { (segments(&view.segments)) }
                    }
                }
                @if !view.names.is_empty() {
                    div {
                        dt title="Names that were mapped to it in the tray (rule A8)" { "Also sent as" }
                        dd { ul { @for name in &view.names { li { code.bare { bdi { (name) } } } } } }
                    }
                }
            }
            footer.small.faint { (looked_at(definition.owner, view.looked)) }
        }
    }
}

/// Segments, each with its page.
pub(super) fn segments(segments: &[Segment]) -> Markup {
    html! {
        span.row.tight {
            @for segment in segments {
                a.chip href=(links::segment(&segment.segment_id)) { (icon("segment")) (values::name(&segment.name)) }
            }
        }
    }
}

fn source_name(view: &View, key: i64) -> &str {
    view.sources.iter().find(|(known, _)| *known == key).map_or("", |(_, name)| name)
}

/// What the forms send.
#[derive(Debug, Deserialize)]
pub struct Sent {
    deed: String,
    label: Option<String>,
    locked: Option<String>,
    hidden: Option<String>,
    history: Option<String>,
    fast_filter: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    typed: Option<String>,
}

/// `GET /attributes/{owner}/{name}`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, path: web::Path<(String, String)>) -> Answer {
    let kind = desk::value(&request, "type").as_deref().and_then(Type::parse);
    let delete = desk::value(&request, "delete").is_some();
    let Some((frame, view)) = read(operator, &request, &path, kind, delete).await? else {
        // While it was looked at, its deletion came to its end.
        if let (Some(_), Some(owner)) = (desk::value(&request, "work"), Owner::parse(&path.0)) {
            let name = name_of(&path, &request);
            let pairs = [("of", Some(owner.as_str())), ("deleted", Some(name.as_str()))];
            return Ok(desk::see_other(&links::with_query("/attributes", &pairs)));
        }
        return missing(&request).await;
    };
    Ok(desk::page(page(&frame, &view)))
}

fn name_of(path: &(String, String), request: &HttpRequest) -> String {
    if path.1.is_empty() { desk::value(request, "name").unwrap_or_default() } else { path.1.clone() }
}

async fn missing(request: &HttpRequest) -> Answer {
    let Some(operator) = crate::http::session::operator(request).await? else { return Err(PageError::not_found()) };
    let frame = desk::frame(request, operator, Place::Attributes).await?;
    Ok(desk::page_with(StatusCode::NOT_FOUND, errors::no_page(&frame)))
}

/// Reads the page, with a preview of what is asked.
async fn read(
    operator: crate::store::operators::Operator,
    request: &HttpRequest,
    path: &(String, String),
    kind: Option<Type>,
    delete: bool,
) -> Result<Option<(Frame, View)>, PageError> {
    let Some(owner) = Owner::parse(&path.0) else { return Ok(None) };
    let name = name_of(path, request);
    let catalog = desk::store(request)?.catalog();
    let sources = catalog.sources.iter().map(|(key, source)| (key.0, source.name.clone())).collect();
    let fields = catalog.fields(super::listed(owner));
    let segments = catalog.segments_asking_for(owner, &name);
    let just_done = done::Asked::of(request);
    let (frame, view) = desk::read(request, operator, Place::Attributes, move |db, _| {
        let Some(definition) = attributes::find(db, owner, &name)? else { return Ok(None) };
        let (looked, mut values) = attribute_values::count(db, owner, Some(&name))?;
        let kinds = kind.filter(|kind| *kind != definition.kind).map(|kind| (definition.kind, kind));
        let asked = match kinds {
            Some(kinds) => {
                let preview = deeds::preview(db, owner, &name, Some(kinds), Some(&name))?;
                Some(Asked::Type(kinds.1, preview, catalog.segments_broken_by(owner, &name, kinds.1)))
            }
            None if delete => Some(Asked::Delete(deeds::preview(db, owner, &name, None, None)?)),
            None => None,
        };
        let asked = asked.filter(|_| !is_standard(owner, &name));
        Ok(Some(View {
            looked,
            values: values.remove(&name).unwrap_or_default(),
            sources,
            waiting: tray::of(db, owner, &name)?,
            work: attribute_work::of(db, owner, &name)?,
            // A question stands before everything else.
            fast: if asked.is_some() { Vec::new() } else { fast_filters::names(db, owner)? },
            asked,
            segments,
            fields,
            names: attributes::names_of(db, owner, &name)?,
            done: done::read(db, just_done)?,
            mistake: None,
            definition,
        }))
    })
    .await?;
    Ok(view.map(|view| (frame, view)))
}

/// `POST /attributes/{owner}/{name}`: settings, a change of type, a deletion.
///
/// # Errors
/// No such attribute, the store's.
pub async fn change(
    Admin(operator): Admin,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    sent: web::Form<Sent>,
) -> Answer {
    let owner = Owner::parse(&path.0).ok_or_else(PageError::not_found)?;
    let (name, hand) = (name_of(&path, &request), Hand::operator(&operator.email));
    let store = desk::store(&request)?;
    let page = links::attribute(owner, &name);
    let wanted = sent.into_inner();
    let (deed, wanted_name) = (wanted.deed.clone(), name.clone());
    let done = match deed.as_str() {
        "delete" => {
            let typed = wanted.typed.unwrap_or_default();
            store
                .write(move |tx| deeds::delete(tx, &hand, owner, &wanted_name, &typed))
                .await
                .map(|work| (Some(work), None))
        }
        _ => match changes(&wanted) {
            Ok(changes) => {
                let changed = store.write(move |tx| deeds::change(tx, &hand, owner, &wanted_name, &changes)).await;
                changed.map(|changed| (changed.work, changed.change))
            }
            Err(error) => Err(error),
        },
    };
    match done {
        Ok((Some(work), _)) if work.deed == Deed::Delete && work.ended_ms.is_some() => {
            let pairs = [("of", Some(owner.as_str())), ("deleted", Some(name.as_str()))];
            Ok(desk::see_other(&links::with_query("/attributes", &pairs)))
        }
        Ok((Some(_), _)) => Ok(desk::see_other(&work::here(owner, &name))),
        Ok((None, change)) => {
            Ok(desk::see_other(&change.map_or(done::Asked::Same, done::Asked::Change).address(&page)))
        }
        Err(error) => {
            let mistake = mistake(error)?;
            let found = read(operator, &request, &path, None, deed == "delete").await?;
            let (frame, mut view) = found.ok_or_else(PageError::not_found)?;
            view.mistake = Some(mistake);
            Ok(desk::again(self::page(&frame, &view)))
        }
    }
}

/// What the forms ask for.
fn changes(sent: &Sent) -> Result<Vec<DefinitionChange>, AttributeError> {
    let ticked = |value: &Option<String>| json!(value.is_some());
    let fields = match sent.deed.as_str() {
        "type" => vec![("type", json!(sent.kind))],
        "fast" => vec![("fast_filter", ticked(&sent.fast_filter))],
        _ => vec![
            ("label", json!(sent.label)),
            ("locked", ticked(&sent.locked)),
            ("hidden", ticked(&sent.hidden)),
            ("history", ticked(&sent.history)),
        ],
    };
    fields.into_iter().map(|(field, value)| deeds::parse_change(field, &value)).collect()
}

/// What a person can put right; the rest is a page of its own.
pub fn mistake(error: AttributeError) -> Result<Mistake, PageError> {
    let sentence = error.to_string();
    match error {
        AttributeError::Store(error) => Err(error.into()),
        AttributeError::NotConfirmed(_) => Ok(Mistake::new("typed", sentence)),
        AttributeError::NotIndexed(_) | AttributeError::TooManyFast { .. } => Ok(Mistake::new("fast_filter", sentence)),
        AttributeError::Value { field: "label", .. } => Ok(Mistake::new("label", sentence)),
        _ => {
            Err(PageError::new(StatusCode::CONFLICT, "That didn't work", sentence).action("/attributes", "Attributes"))
        }
    }
}
