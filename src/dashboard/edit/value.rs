//! `/edit/value`: one attribute of a user, a company or a membership: set, cleared, pinned (A7), restored;
//! with everything it was before (A6).

use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Found, Whom, address, back, missing, mistake, named, placed, whole};
use crate::actions::attributes::Hand;
use crate::actions::edit::{self, Absent, EditError, Edited, MemberEdit, Wanted};
use crate::dashboard::attributes::type_word;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::attributes::{by, grade, origin};
use crate::dashboard::parts::form::{self, Line, Mistake, choice, tick};
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::section::{crumbs, head};
use crate::dashboard::parts::values;
use crate::domain::access::Role;
use crate::domain::attributes::{Owner, Type, standard, ungrouped, yes_or_no};
use crate::domain::ids::ChangeKey;
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::changes::ChangeRow;
use crate::store::operators::Operator;
use crate::store::users::AttributeValue;
use crate::store::{Store, attributes, companies, history, users};

/// Changes of the value that the page shows.
const HISTORY_MAX: usize = 100;
/// Characters from which on a text is written in a field of several lines.
const LINE_CHARS_MAX: usize = 80;
/// Characters of a former value on the button that brings it back.
const RESTORED_CHARS_MAX: usize = 20;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Whose it is.
    pub found: Found,
    /// The attribute's name; empty where one is added.
    pub name: String,
    /// Its type, where it is defined.
    pub kind: Option<Type>,
    /// The value, where there is one.
    pub value: Option<AttributeValue>,
    /// Its changes, the newest first.
    pub history: Vec<ChangeRow>,
    /// Its history is kept.
    pub keeps_history: bool,
    /// What was sent and not taken.
    pub sent: Option<Sent>,
    /// Why not.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let (found, may) = (&view.found, frame.may(Role::Admin));
    let name = found.name();
    let title = if view.name.is_empty() { "Add an attribute".to_owned() } else { view.name.clone() };
    let below = html! {
        p.row.tight {
            @if let Some(kind) = view.kind { span.pill { (type_word(kind)) } }
            @if view.value.as_ref().is_some_and(|value| value.pinned) {
                span.pill.info title="Only a person changes it" { (icon("pin")) "Pinned" }
            }
            @if let Some(value) = &view.value { span { (origin(value.grade, &value.source, value.at_ms, frame.clock)) } }
        }
    };
    let content = html! {
        div.narrow.start.stack {
            (crumbs(&name, &found.page(), &title))
            (head(html! { bdi { (values::cut(&title, values::NAME_CHARS_MAX)) } }, html! {
                p { bdi { (values::cut(&name, values::NAME_CHARS_MAX)) } }
                (below)
            }, html! {}))
            @if may { (form_card(view)) }
            @else if let Some(value) = &view.value {
                section.card aria-labelledby="now" {
                    header { h2 id="now" { "Now" } }
                    p.body { (values::value(&value.value, value.kind, frame.clock)) }
                }
            }
            @if !view.name.is_empty() { (history_card(frame, view, may)) }
        }
    };
    shell(frame, &format!("{title}: {name}"), content)
}

fn form_card(view: &View) -> Markup {
    let sent = view.sent.as_ref();
    let is_new = view.name.is_empty();
    let options: Vec<(&str, &str)> = Type::ALL.iter().map(|kind| (kind.as_str(), type_word(*kind))).collect();
    let now = view.value.as_ref().map(|value| text_of(&value.value, value.kind));
    let text = sent.map(|sent| sent.value.clone()).or(now).unwrap_or_default();
    let pinned = match sent {
        Some(sent) => sent.pinned.is_some(),
        None => view.value.as_ref().is_some_and(|value| value.pinned),
    };
    html! {
        section.card aria-labelledby="value-h" {
            header { h2 id="value-h" { @if is_new { "The attribute" } @else { "Change it" } } }
            div.body {
                form.stack.snug method="post" action="/edit/value" {
                    (named(&view.found.whom()))
                    @if is_new {
                        (Line {
                            name: "name", label: "Name", value: sent.map_or("", |sent| sent.name.as_str()), required: true,
                            autocomplete: "off", hint: "As your site would send it, such as plan or renewal_date.", ..Line::default()
                        }
                        .draw(view.mistake.as_ref()))
                    } @else {
                        input type="hidden" name="name" value=(view.name);
                    }
                    @if view.kind.is_none() {
                        (choice("type", "Type", &options, sent.map_or("string", |sent| sent.kind.as_str()), "An existing attribute keeps its type."))
                    }
                    (field(view.kind, &text, view.mistake.as_ref()))
                    (tick("pinned", "Pin it", "A pinned value stays, whatever the site sends; only a person can change it. Without a pin, the later value wins.", pinned))
                    div.row {
                        button.btn.primary name="deed" value="set" { "Save" }
                        @if view.value.is_some() { button.btn name="deed" value="clear" { "Clear" } }
                        a.btn.bare href=(view.found.page()) { "Cancel" }
                    }
                }
            }
        }
    }
}

/// The field of a value, by its type.
fn field(kind: Option<Type>, text: &str, mistake: Option<&Mistake>) -> Markup {
    let line = |kind: &'static str, hint: &'static str| {
        Line { name: "value", label: "Value", kind, value: text, hint, autocomplete: "off", ..Line::default() }
            .draw(mistake)
    };
    let lines = |hint: &str| {
        let rows: Vec<String> = text.lines().map(str::to_owned).collect();
        form::lines("value", "Value", &rows, hint, mistake)
    };
    match kind {
        Some(Type::Boolean) => choice("value", "Value", &[("true", "Yes"), ("false", "No")], text, ""),
        Some(Type::Date) => line("date", ""),
        Some(Type::Datetime) => line(
            "",
            "A day such as 2026-03-01, or a time such as 2026-03-01 09:30, in the workspace's time zone. With its own time zone: 2026-03-01T09:30:00Z.",
        ),
        Some(Type::Number) => line("", "A number, with a point for decimals."),
        Some(Type::List) => lines("One item per line."),
        Some(Type::Object) => lines("JSON."),
        Some(Type::Text) if text.chars().count() > LINE_CHARS_MAX || text.contains('\n') => lines(""),
        Some(Type::Text) => line("", ""),
        None => lines("For a list, one item per line."),
    }
}

fn history_card(frame: &Frame, view: &View, may: bool) -> Markup {
    html! {
        section.card aria-labelledby="history" {
            header { h2 id="history" { "History" } span.muted { "what it was, who changed it, and when" } }
            @if !view.keeps_history {
                p.body.muted { "The history of this attribute is not kept. You can turn it on under Attributes." }
            } @else if view.history.is_empty() {
                p.body.muted { "Nothing has changed yet." }
            } @else {
                ul.rows.roomy {
                    @for change in &view.history { (change_row(frame, view, change, may)) }
                }
                @if view.history.len() == HISTORY_MAX { footer.small { "The latest " (HISTORY_MAX) "." } }
            }
        }
    }
}

fn change_row(frame: &Frame, view: &View, change: &ChangeRow, may: bool) -> Markup {
    let (drawing, word) = grade(change.grade);
    let stands = view.value.as_ref().map(|value| &value.value);
    let is_other = change.before.as_ref() != stands;
    let shown = |value: &Option<Value>| match value {
        Some(value) => values::value(value, view.kind.unwrap_or(Type::Text), frame.clock),
        None => html! { span.zero { "nothing" } },
    };
    html! {
        li {
            p {
                del { (shown(&change.before)) } " → " ins { (shown(&change.after)) }
                br;
                span.small.muted {
                    (frame.clock.ago(change.at_ms)) ", " bdi { (by(&change.by_kind, &change.by_name)) }
                    " (" (icon(drawing)) " " (word) ")"
                }
            }
            @if may && is_other {
                form.end method="post" action="/edit/value" {
                    (named(&view.found.whom()))
                    input type="hidden" name="name" value=(view.name);
                    input type="hidden" name="change" value=(change.change.0);
                    input type="hidden" name="place" value=(change.place);
                    button.btn.mini name="deed" value="restore" {
                        (icon("undo")) " Restore " b { (restored(change)) }
                    }
                }
            }
        }
    }
}

/// What would stand again, short.
fn restored(change: &ChangeRow) -> Markup {
    match &change.before {
        Some(value) => html! { bdi { (values::cut(&values::plain(value), RESTORED_CHARS_MAX)) } },
        None => html! { "nothing" },
    }
}

/// A value as the field of its type writes it.
fn text_of(value: &Value, kind: Type) -> String {
    match (value, kind) {
        (Value::String(text), _) => text.clone(),
        (Value::Array(items), Type::List) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join("\n"),
        (other, Type::Object) => serde_json::to_string_pretty(other).unwrap_or_default(),
        (other, _) => other.to_string(),
    }
}

/// What the forms send.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(flatten)]
    whom: Whom,
    #[serde(default)]
    name: String,
    deed: String,
    #[serde(default)]
    value: String,
    #[serde(default, rename = "type")]
    kind: String,
    pinned: Option<String>,
    #[serde(default)]
    change: String,
    #[serde(default)]
    place: String,
}

/// What was written, as the type would send it.
pub fn value_of(text: &str, kind: Type) -> Result<Value, Mistake> {
    let trimmed = text.trim();
    Ok(match kind {
        Type::Boolean => yes_or_no(trimmed).map_or_else(|| json!(trimmed), Value::Bool),
        // What is not a number is refused in the words of the attribute.
        Type::Number => {
            let plain = ungrouped(trimmed);
            serde_json::from_str::<serde_json::Number>(&plain).map_or_else(|_| json!(plain), Value::Number)
        }
        Type::List => text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| json!(line)).collect(),
        Type::Object if !trimmed.is_empty() => serde_json::from_str(trimmed)
            .map_err(|error| Mistake::new("value", format!("That is not valid JSON: {error}.")))?,
        Type::Text => json!(text.replace("\r\n", "\n")),
        _ => json!(trimmed),
    })
}

/// `GET /edit/value?user=&company=&name=`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let name = desk::value(&request, "name").unwrap_or_default();
    let whom = Whom::of(&request);
    let (frame, view) = read(&request, operator, whom.clone(), name).await?;
    match view {
        Some(view) => Ok(desk::page(page(&frame, &view))),
        None => missing(&frame, &whom),
    }
}

async fn read(
    request: &HttpRequest,
    operator: Operator,
    whom: Whom,
    name: String,
) -> Result<(Frame, Option<View>), PageError> {
    let read = desk::read(request, operator, Place::Elsewhere, move |db, _| {
        let Some(found) = whom.find(db)? else { return Ok(None) };
        let owner = found.owner();
        let definition = attributes::find(db, owner, &name)?;
        let fixed = standard(owner).iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let all = match &found {
            Found::User(user) => users::values(db, user.key)?,
            Found::Company(company) => companies::values(db, company.key)?,
            Found::Member(user, company) => users::membership_values(db, user.key, company.key)?,
        };
        Ok(Some(View {
            value: all.into_iter().find(|value| value.name == name),
            kind: definition.as_ref().map(|definition| definition.kind).or(fixed),
            keeps_history: definition.is_none_or(|definition| definition.history),
            history: history::of_field(db, found.subject(), &name, HISTORY_MAX)?,
            found,
            name,
            sent: None,
            mistake: None,
        }))
    });
    Ok(placed(read.await?, |view| &view.found))
}

/// `POST /edit/value`
///
/// # Errors
/// Nobody of this id, the store's.
pub async fn change(Admin(operator): Admin, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let sent = sent.into_inner();
    let whom = sent.whom.clone();
    let (frame, view) = read(&request, operator.clone(), whom.clone(), sent.name.trim().to_owned()).await?;
    let Some(mut view) = view else { return missing(&frame, &whom) };
    let hand = Hand::operator(&operator.email);
    if view.name.is_empty() {
        view.mistake = Some(Mistake::new("name", "Give it a name, such as plan."));
        view.sent = Some(sent);
        return Ok(desk::again(page(&frame, &view)));
    }
    match deed(desk::store(&request)?, hand, &view, &sent).await? {
        Ok(edited) => back(&view.found.page(), &edited),
        Err(mistake) => {
            (view.sent, view.mistake) = (Some(sent), Some(mistake));
            Ok(desk::again(page(&frame, &view)))
        }
    }
}

async fn deed(store: &Store, hand: Hand, view: &View, sent: &Sent) -> Result<Result<Edited, Mistake>, PageError> {
    let outcome =
        if let ("restore", Ok(change), Ok(place)) = (sent.deed.as_str(), sent.change.parse(), sent.place.parse()) {
            store.write(move |tx| edit::restore(tx, &hand, ChangeKey(change), place)).await
        } else {
            let kind = view.kind.or_else(|| Type::parse(&sent.kind)).unwrap_or(Type::Text);
            let value = match sent.deed.as_str() {
                "clear" => Value::Null,
                _ => match value_of(&sent.value, kind) {
                    Ok(value) => value,
                    Err(mistake) => return Ok(Err(mistake)),
                },
            };
            let pinned = sent.pinned.is_some() && sent.deed != "clear";
            set(store, hand, &view.found, &view.name, value, pinned).await
        };
    Ok(match outcome.and_then(|edited| whole(edited, |_| "value")) {
        Ok(edited) => Ok(edited),
        Err(error) => Err(mistake(error, "value")?),
    })
}

async fn set(
    store: &Store,
    hand: Hand,
    found: &Found,
    name: &str,
    value: Value,
    pinned: bool,
) -> Result<Edited, EditError> {
    let values = Map::from_iter([(name.to_owned(), value)]);
    let (user, company) = (found.user_name(), found.company_id().to_owned());
    let wanted = Wanted { values: values.clone(), pinned, ..Wanted::default() };
    match found.owner() {
        Owner::User => store.write(move |tx| edit::user(tx, &hand, &user, &wanted, Absent::Refuse)).await,
        Owner::Company => store.write(move |tx| edit::company(tx, &hand, &company, &wanted, Absent::Refuse)).await,
        Owner::Membership => {
            let wanted = MemberEdit { values, pinned, current: None };
            store.write(move |tx| edit::of_member(tx, &hand, &company, &user, &wanted)).await
        }
    }
}

/// The link to the page of a value, beside it.
pub fn link(whom: &Whom, attribute: &AttributeValue, may: bool) -> Markup {
    let verb = if may { "Edit" } else { "History of" };
    html! {
        a.quiet.faint href=(address("value", whom, &[("name", Some(&attribute.name))])) {
            (icon(if may { "edit" } else { "clock" })) span.vh { (verb) " " (values::cut(&attribute.name, 40)) }
        }
    }
}

/// The link to where an attribute is added, in the head of a card.
pub fn add(frame: &Frame, whom: &Whom) -> Markup {
    html! {
        @if frame.may(Role::Admin) {
            a.btn.bare.end href=(address("value", whom, &[])) { (icon("plus")) " Add" span.vh { " an attribute" } }
        }
    }
}
