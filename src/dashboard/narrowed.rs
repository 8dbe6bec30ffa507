//! What lists share that are filtered and shown in columns of choice: the form of a condition becomes an address,
//! columns are kept for the operator, a field suggests values.

use actix_web::web::{self, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::desk::{self, Answer};
use super::parts::columns::{COLUMNS_MAX, Columns};
use super::parts::filter::{
    self as form, Builder, DAYS, Draft, EVENTS_MAX, FIELD, GROUP, NAMED, OPERATOR, TIMES, VALUE, attribute_of,
};
use super::parts::list::{Address, COLUMNS, COUNT, Column};
use super::parts::pill;
use super::{companies, links, users};
use crate::domain::activity::Trend;
use crate::domain::filter::{self, BuiltIn, Condition, Fact, Field, Fields, Filter, Kind, Listed, compose};
use crate::domain::table;
use crate::http::access::{Viewer, next_or_home};
use crate::store::list::Extent;
use crate::store::{Reader, StoreError, attribute_values, event_names, imports, operators, profiles};

/// Values that a field suggests at most.
const SUGGESTED_MAX: usize = 30;
/// Characters of a value that is suggested at most.
const SUGGESTED_CHARS_MAX: usize = 100;

/// All that an address's query says, in its order.
pub fn pairs(request: &HttpRequest) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::from_query(request.query_string()).map(Query::into_inner).unwrap_or_default()
}

/// How far a list is counted: to the end where the address asks for it.
pub fn extent(request: &HttpRequest) -> Extent {
    if desk::value(request, COUNT).is_some() { Extent::All } else { Extent::Quickly }
}

/// What the form of a condition sent, if it was sent.
pub enum Sent {
    /// Nothing.
    Nothing,
    /// The address of the list with the condition.
    Address(String),
    /// It is none.
    Wrong(Draft),
}

/// Adds what the form sent to the filter of an address.
pub fn sent<S: Column>(pairs: &[(String, String)], address: &Address<S>, fields: &Fields) -> Sent {
    let value = |name: &str| {
        pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let mut draft = Draft {
        field: value(FIELD),
        operator: value(OPERATOR),
        value: value(VALUE),
        times: value(TIMES),
        days: value(DAYS),
        group: value(GROUP),
        sentence: String::new(),
    };
    let named = value(NAMED);
    if !named.is_empty() {
        draft.field = named;
    }
    if draft.field.is_empty() {
        return Sent::Nothing;
    }
    let is_activity = fields.find(&draft.field).is_some_and(|field| field.kind() == Kind::Activity);
    let is_span = matches!(draft.operator.as_str(), "within" | "ago");
    let text = match draft.value.parse::<u32>() {
        _ if is_activity => format!("{},{}d", draft.times, draft.days),
        Ok(days) if is_span => format!("{days}d"),
        _ => draft.value.clone(),
    };
    let group = draft.group.parse::<usize>().ok().filter(|group| *group > 0).map(|group| group - 1);
    match compose(&draft.field, &draft.operator, &text, fields) {
        Ok(condition) => Sent::Address(address.filtered(address.filter.with(group, condition))),
        Err(sentence) => {
            draft.sentence = sentence;
            Sent::Wrong(draft)
        }
    }
}

/// What the form of a list's filter chooses from.
///
/// # Errors
/// [`StoreError`] only.
pub fn builder(db: &Reader<'_>, fields: Fields, draft: Option<Draft>) -> Result<Builder, StoreError> {
    let events = if fields.listed == Listed::Visitors { Vec::new() } else { event_names::list(db, EVENTS_MAX)? };
    Ok(Builder { fields, events, draft })
}

/// The trend that was read of a row, as its mark.
pub fn trend(values: Option<&Map<String, Value>>, of: &str) -> Markup {
    match values.and_then(|values| values.get(BuiltIn::Trend.as_str())).and_then(Value::as_str) {
        Some("growing") => pill::trend(Trend::Growing, of),
        Some("shrinking") => pill::trend(Trend::Shrinking, of),
        _ => html! {},
    }
}

/// A value that is there in other capitals than the filter asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Spelled {
    /// What the filter asks for.
    pub asked: String,
    /// How it is written.
    pub value: String,
    /// The filter with it.
    pub filter: Filter,
}

/// What of a filter that nobody meets is written in other capitals, of the values that were looked at.
///
/// # Errors
/// [`StoreError`] only.
pub fn spelled_otherwise(db: &Reader<'_>, filter: &Filter) -> Result<Vec<Spelled>, StoreError> {
    let mut all = Vec::new();
    for condition in filter.all_conditions() {
        let (Some((owner, name)), filter::Test::Is(filter::Value::Text(asked))) =
            (attribute_of(&condition.field), &condition.test)
        else {
            continue;
        };
        let (_, found) = attribute_values::look(db, owner, Some(name))?;
        let texts = found.get(name).into_iter().flat_map(|values| &values.counts).flat_map(|(value, _)| match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            value => value.as_str().into_iter().collect::<Vec<_>>(),
        });
        let texts: Vec<&str> = texts.collect();
        let other = texts.iter().find(|text| **text != *asked && text.to_lowercase() == asked.to_lowercase());
        if let Some(other) = other.filter(|_| !texts.contains(&asked.as_str())) {
            let spelled = Condition {
                field: condition.field.clone(),
                test: filter::Test::Is(filter::Value::Text((*other).to_owned())),
            };
            let filter = filter.with_other(condition, &spelled);
            all.push(Spelled { asked: asked.clone(), value: (*other).to_owned(), filter });
        }
    }
    Ok(all)
}

/// What is said of them where nobody matches.
pub fn spellings<S: Column>(all: &[Spelled], address: &Address<S>) -> Markup {
    html! {
        @for Spelled { asked, value, filter } in all {
            p {
                "“" bdi { (asked) } "” is written “" bdi { (value) } "” here; capitals count. "
                a href=(address.filtered(filter.clone())) { "Ask for “" bdi { (value) } "”" }
            }
        }
    }
}

/// `POST /columns`: keeps the columns of a list for the operator, and goes back to it.
///
/// # Errors
/// The store's.
pub async fn keep_columns(
    Viewer(operator): Viewer,
    request: HttpRequest,
    sent: web::Form<Vec<(String, String)>>,
) -> Answer {
    let value = |name: &str| sent.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let store = desk::store(&request)?;
    let listed = value("list").and_then(Listed::parse).unwrap_or(Listed::Users);
    let fields = store.catalog().fields(listed);
    let known = if listed == Listed::Companies { companies::COLUMNS } else { users::COLUMNS };
    let chosen = sent.iter().filter(|(name, word)| name == "col" && !word.is_empty());
    let mut words: Vec<String> = chosen.map(|(_, word)| word.trim().to_owned()).take(COLUMNS_MAX).collect();
    if let Some(place) = value("earlier").and_then(|word| words.iter().position(|known| known == word)) {
        words.swap(place, place.saturating_sub(1));
    }
    if value("usual").is_some() {
        words.clear();
    }
    let chosen = words.iter().filter_map(|word| filter::Column::named(word, &fields).ok()).collect();
    let columns = Columns::of(Some(chosen), None, known, &fields);
    let kept = (!words.is_empty()).then(|| columns.words());
    let (key, to_keep) = (operator.key, kept.clone());
    store.write(move |tx| operators::keep_columns(tx, key, listed.as_str(), to_keep.as_deref())).await?;
    let back = next_or_home(value("back"));
    Ok(desk::see_other(&links::with_query(back, &[(COLUMNS, kept.as_deref())])))
}

/// `GET /filter/values`: what the values of a field are, for the form to suggest, as JSON.
///
/// # Errors
/// The store's.
pub async fn suggest(Viewer(_): Viewer, request: HttpRequest) -> Answer {
    let store = desk::store(&request)?;
    let listed = desk::value(&request, "list").as_deref().and_then(Listed::parse).unwrap_or(Listed::Users);
    let name = desk::value(&request, form::FIELD).unwrap_or_default();
    let fields = store.catalog().fields(listed);
    let Some(field) = fields.find(&name) else {
        return Ok(HttpResponse::Ok().json(Vec::<String>::new()));
    };
    let segments: Vec<String> = fields.segments().map(|segment| segment.segment_id.clone()).collect();
    let values = store.read(move |db| values_of(db, &field, &segments)).await?;
    Ok(HttpResponse::Ok().json(values))
}

fn values_of(db: &Reader<'_>, field: &Field, segments: &[String]) -> Result<Vec<String>, StoreError> {
    if let Kind::Word(words) = field.kind() {
        return Ok(words.iter().map(|word| (*word).to_owned()).collect());
    }
    if field.kind() == Kind::Segment {
        return Ok(segments.to_vec());
    }
    let mut values: Vec<String> = match field {
        Field::Own(Fact::BuiltIn(BuiltIn::Tags), _) | Field::Company(Fact::BuiltIn(BuiltIn::Tags)) => {
            profiles::known_tags(db, SUGGESTED_MAX)?
        }
        Field::Own(Fact::BuiltIn(BuiltIn::Import), _) | Field::Company(Fact::BuiltIn(BuiltIn::Import)) => {
            let imports = imports::list(db, None, SUGGESTED_MAX)?.rows.into_iter();
            imports.filter(|import| import.kind != table::Kind::Events).map(|import| import.key.0.to_string()).collect()
        }
        Field::Own(Fact::BuiltIn(BuiltIn::Owner), _) | Field::Company(Fact::BuiltIn(BuiltIn::Owner)) => {
            operators::list(db)?.into_iter().map(|operator| operator.email).collect()
        }
        field => match attribute_of(field) {
            None => Vec::new(),
            Some(_) if matches!(field.kind(), Kind::Object | Kind::Instant | Kind::Day) => Vec::new(),
            Some((owner, name)) => {
                let (_, found) = attribute_values::look(db, owner, Some(name))?;
                let values = found.into_values().flat_map(|values| values.counts).map(|(value, _)| value);
                let texts = values.flat_map(|value| match value {
                    serde_json::Value::Array(items) => items,
                    other => vec![other],
                });
                texts.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
            }
        },
    };
    let mut once = std::collections::BTreeSet::new();
    values.retain(|value| {
        !value.is_empty() && value.chars().count() <= SUGGESTED_CHARS_MAX && once.insert(value.clone())
    });
    values.truncate(SUGGESTED_MAX);
    Ok(values)
}
