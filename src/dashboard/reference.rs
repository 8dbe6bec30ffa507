//! `/api`: every call of the API for people, drawn from the same document that programs read.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::web::Data;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use super::desk::{self, Answer};
use super::links::{encode, with_query};
use super::parts::frame::{Frame, Place, shell};
use super::parts::section::{crumbs, head};
use super::parts::{code, pill};
use crate::domain::codes;
use crate::domain::filter::{BuiltIn, Condition, Fact, Field, Filter, Listed, Test};
use crate::http::access::Viewer;
use crate::http::page::PageError;
use crate::store::list::ListQuery;
use crate::store::{companies, imports, users};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// All calls, in the document's order.
    pub calls: Vec<Call>,
    /// Which group's calls are shown in full; all are listed where none is named.
    pub group: Option<String>,
    /// Schemas by name.
    pub schemas: Map<String, Value>,
    /// A user and a company of this workspace for the examples, by the group that names them.
    pub ids: BTreeMap<&'static str, String>,
}

/// A call as the document describes it.
#[derive(Debug, Clone)]
pub struct Call {
    method: String,
    path: String,
    operation: Operation,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    operation_id: String,
    tags: Vec<String>,
    summary: String,
    #[serde(default)]
    parameters: Vec<Parameter>,
    request_body: Option<Holding>,
    responses: Map<String, Value>,
    #[serde(default)]
    security: Vec<BTreeMap<String, Vec<String>>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Parameter {
    name: String,
    #[serde(rename = "in")]
    place: String,
    description: String,
    example: Option<String>,
}

/// What a body or an answer holds, by its content type.
#[derive(Debug, Clone, Deserialize)]
struct Holding {
    #[serde(default)]
    description: String,
    #[serde(default)]
    content: BTreeMap<String, Content>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Content {
    #[serde(default)]
    schema: Value,
    example: Option<Value>,
}

impl View {
    /// The calls of a document.
    ///
    /// # Errors
    /// A document that is not as ours.
    pub fn of(document: &OpenApi) -> Result<View, serde_json::Error> {
        let document = serde_json::to_value(document)?;
        let mut view = View::default();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let operation = serde_json::from_value(operation.clone())?;
                view.calls.push(Call { method: method.to_uppercase(), path: path.clone(), operation });
            }
        }
        view.schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
        Ok(view)
    }

    /// The groups in their order, each once.
    fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for call in &self.calls {
            if !groups.contains(&call.group()) {
                groups.push(call.group());
            }
        }
        groups
    }

    fn calls_of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| call.group() == group)
    }
}

impl Call {
    fn group(&self) -> &str {
        self.operation.tags.first().map_or("", String::as_str)
    }

    fn scope(&self) -> Option<&str> {
        self.operation.security.first()?.values().next()?.first().map(String::as_str)
    }

    /// The address with an example in the place of each parameter that it needs. What can be rehearsed is,
    /// as the examples name a real user and a real company.
    fn example(&self, ids: &BTreeMap<&'static str, String>) -> String {
        let mut address = self.path.clone();
        for parameter in &self.operation.parameters {
            let Parameter { name, place, example, .. } = parameter;
            let known = match name.as_str() {
                "id" => ids.get(self.group()),
                "user_id" => ids.get("users"),
                "source_id" => ids.get("sources"),
                "webhook_id" => ids.get("webhooks"),
                _ => None,
            };
            let known = known.or(example.as_ref()).filter(|_| example.is_some());
            address = match (place.as_str(), known) {
                ("path", Some(value)) => address.replace(&format!("{{{name}}}"), &encode(value)),
                (_, Some(value)) => with_query(&address, &[(name, Some(value))]),
                (_, None) => address,
            };
        }
        if self.can_be_rehearsed() { with_query(&address, &[("dry_run", Some("1"))]) } else { address }
    }

    /// What stands in the address for an id of which there is none here.
    fn stand_ins(&self, ids: &BTreeMap<&'static str, String>) -> Vec<String> {
        let address = self.example(ids);
        let is_known = |part: &str| ids.values().any(|id| encode(id) == part);
        let is_stand_in = |part: &&str| {
            let is_word = part.len() > 1 && part.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
            is_word && !is_known(part)
        };
        let path = address.split('?').next().unwrap_or_default();
        path.split('/').filter(is_stand_in).map(str::to_owned).collect()
    }

    fn can_be_rehearsed(&self) -> bool {
        self.operation.parameters.iter().any(|parameter| parameter.name == "dry_run")
    }
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    match view.group.as_deref() {
        Some(group) => one_group(frame, view, group),
        None => overview(frame, view),
    }
}

fn title(group: &str) -> String {
    if group == "openapi.json" { "The description itself".to_owned() } else { pill::capital(&group.replace('-', " ")) }
}

fn group_address(group: &str) -> String {
    with_query("/api", &[("of", Some(group))])
}

fn overview(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        div.stack.narrow {
            (head(
                html! { "The API" },
                html! { p { "Everything that programs can read and change here, over HTTP as JSON." } },
                html! { a.btn href="/settings/tokens" { "Tokens" } },
            ))
            (rules(frame))
            @for group in view.groups() {
                section.card aria-labelledby=(group) {
                    header { h2 id=(group) { a href=(group_address(group)) { (title(group)) } } }
                    dl.facts {
                        @for call in view.calls_of(group) {
                            div {
                                dt { a href={ (group_address(group)) "#" (call.operation.operation_id) } { (address(call)) } }
                                dd { (call.operation.summary) }
                            }
                        }
                    }
                }
            }
        }
    };
    shell(frame, "The API", content)
}

fn rules(frame: &Frame) -> Markup {
    html! {
        section.card aria-labelledby="rules" {
            header { h2 id="rules" { "How it works" } }
            div.body { (code::block("Try it", code::call(&frame.server, "/api/v1/users?limit=1"))) }
            dl.facts {
                div { dt { "Who asks" } dd { "A token in the header " code { "Authorization: Bearer …" } "; its scope is read, write or admin, and each includes the ones before it." } }
                div { dt { "Lists" } dd { "Come in pages of " code { "limit" } " rows. Send " code { "next_cursor" } " as " code { "cursor" } " for the next page, until it is null." } }
                div { dt { "Times" } dd { "RFC 3339 in UTC, such as " code { "2026-03-01T09:30:00.000Z" } "." } }
                div { dt { "Refusals" } dd { "Are " code { "application/problem+json" } ": " code { "code" } " does not change, " code { "detail" } " says what to do." } }
                div { dt { "Once" } dd { "A call that writes with an " code { "Idempotency-Key" } " is carried out once, however often it is sent within a day." } }
                div { dt { "Sending data" } dd { "Pages and back ends send to the tracking API below " code { "/v1" } ": " a href="/install" { "Install" } " has an example of each." } }
                div { dt { "For programs" } dd { a href="/api/v1/openapi.json" { "OpenAPI 3.1" } ", to generate clients from." } }
            }
        }
    }
}

fn address(call: &Call) -> Markup {
    html! { code.bare { (call.method) " " (call.path.trim_start_matches("/api/v1")) } }
}

fn one_group(frame: &Frame, view: &View, group: &str) -> Markup {
    let content = html! {
        (crumbs("The API", "/api", &title(group)))
        div.stack.narrow {
            (head(
                html! { (title(group)) },
                html! { p { "The calls below " code { (frame.server) "/api/v1" } "." } },
                html! { a.btn href="/settings/tokens" { "Tokens" } },
            ))
            @for call in view.calls_of(group) { (one_call(frame, view, call)) }
        }
    };
    shell(frame, &title(group), content)
}

fn one_call(frame: &Frame, view: &View, call: &Call) -> Markup {
    let id = &call.operation.operation_id;
    let body = call.operation.request_body.as_ref().and_then(|body| body.content.iter().next());
    let sent = body.map(|(content_type, content)| (content_type.as_str(), text_of(content.example.as_ref())));
    let sent = sent.as_ref().map(|(content_type, text)| (*content_type, text.as_str()));
    html! {
        section.card aria-labelledby=(id) {
            header {
                h2 id=(id) { (address(call)) }
                @if let Some(scope) = call.scope() { (pill::word(scope, "The scope that a token needs")) }
                @else { (pill::word("no token", "Anyone can call it")) }
            }
            div.body.stack.snug {
                p {
                    (call.operation.summary) "."
                    @if call.can_be_rehearsed() { " As written, it only reports what it would do; without dry_run, it does it." }
                }
                @for word in call.stand_ins(&view.ids) {
                    p.muted { code { (word) } " stands for an id: there are none of this kind here yet." }
                }
                (code::block("At the shell", code::call_with(&frame.server, &call.method, &call.example(&view.ids), sent)))
            }
            dl.facts {
                @for parameter in &call.operation.parameters {
                    div {
                        dt { code.bare { (parameter.name) } " " span.small.muted { (parameter.place) } }
                        dd { (parameter.description) }
                    }
                }
                @for (status, answer) in &call.operation.responses { (answered(view, status, answer)) }
            }
        }
    }
}

fn answered(view: &View, status: &str, answer: &Value) -> Markup {
    let Ok(answer) = Holding::deserialize(answer) else { return html! {} };
    let content = answer.content.iter().next().filter(|(kind, _)| kind.as_str() != crate::http::problem::CONTENT);
    html! {
        div {
            dt { @if status == "default" { "Else" } @else { b { (status) } } }
            dd {
                (explained(&answer.description)) "."
                @if let Some((content_type, content)) = content {
                    " " span.muted { (content_type) }
                    @let members = members(view, &content.schema);
                    @if !members.is_empty() { br; @for member in members { code { (member) } " " } }
                }
            }
        }
    }
}

/// What an answer is, its codes as links to their help.
fn explained(description: &str) -> Markup {
    html! {
        @for (place, words) in description.split(", ").enumerate() {
            @if place > 0 { ", " }
            @match codes::explain(words) {
                Some(known) => { a.quiet href=(known.address()) title=(known.meaning) { (words) } }
                None => { (words) }
            }
        }
    }
}

/// The names of what an answer holds; of a list those of its rows.
fn members(view: &View, schema: &Value) -> Vec<String> {
    let named =
        schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).and_then(|name| view.schemas.get(name));
    let schema = named.unwrap_or(schema);
    if let Some(rows) = schema["properties"].get("data") {
        return members(view, &rows["items"]);
    }
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| members(view, part));
    parts.chain(own).collect()
}

/// An example as it is sent: a file as it is, JSON in lines.
fn text_of(example: Option<&Value>) -> String {
    match example {
        Some(Value::String(text)) => text.clone(),
        Some(json) => serde_json::to_string_pretty(json).unwrap_or_default(),
        None => String::new(),
    }
}

/// `GET /api`; with `of=` the calls of one group in full.
///
/// # Errors
/// A group that is none, the store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, document: Data<OpenApi>) -> Answer {
    let mut view = View::of(&document).map_err(PageError::internal)?;
    view.group = desk::value(&request, "of");
    if view.group.as_ref().is_some_and(|group| !view.groups().contains(&group.as_str())) {
        return Err(PageError::not_found());
    }
    let catalog = desk::store(&request)?.catalog();
    // Those that came with the program can't be changed.
    let segments = &catalog.segments;
    let segment = segments.iter().find(|segment| !segment.is_supplied).or(segments.first());
    let segment = segment.map(|segment| segment.segment_id.clone());
    let (frame, ids) = desk::read(&request, operator, Place::Elsewhere, move |db, clock| {
        let has_id = Condition { field: Field::Own(Fact::BuiltIn(BuiltIn::UserId), Listed::Users), test: Test::Set };
        let with_id = ListQuery { filter: Some(Filter::of(has_id)), ..latest(users::SortBy::FirstSeen) };
        let user = users::list(db, &with_id, clock.now_ms)?.rows.pop();
        let import = imports::list(db, None, 1)?.rows.pop();
        let shelf = companies::Shelf::InUse;
        let company = companies::list(db, shelf, &latest(companies::SortBy::FirstSeen), clock.now_ms)?.rows.pop();
        let user = user.and_then(|user| user.user_id).map(|id| ("users", id));
        let company = company.map(|company| ("companies", company.company_id));
        let others = [
            ("segments", segment),
            ("sources", catalog.sources_in_order().first().map(|source| source.source_id.clone())),
            ("webhooks", catalog.webhooks.first().map(|webhook| webhook.webhook_id.clone())),
            ("imports", import.map(|import| import.key.0.to_string())),
        ];
        let others = others.into_iter().filter_map(|(group, id)| Some((group, id?)));
        Ok(user.into_iter().chain(company).chain(others).collect())
    })
    .await?;
    Ok(desk::page(page(&frame, &View { ids, ..view })))
}

/// The first row of a list in this order, the greatest first.
fn latest<S>(sort: S) -> ListQuery<S> {
    ListQuery { search: None, filter: None, sort, descending: true, after: None, size: 1 }
}
