//! Reading the fields of a JSON object that anybody may have written.

use std::borrow::Cow;

use serde_json::Value;

use super::json::{Json, Object};
use crate::domain::error::Refused;
use crate::domain::message::RefusedValue;
use crate::domain::time;

/// Whether a field says nothing: absent, `null` or `""` (R9).
pub fn is_absent(value: Option<&Json<'_>>) -> bool {
    match value {
        None | Some(Json::Null) => true,
        Some(Json::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

/// The first of these fields that says something, taken out.
pub fn take_first<'a>(fields: &mut Object<'a>, names: &[&str]) -> Option<Json<'a>> {
    names.iter().find_map(|name| fields.remove(name).filter(|value| !is_absent(Some(value))))
}

/// A field as text: a text, a number or a truth value as JSON writes it. Lists and objects are none.
pub fn text(value: Option<Json<'_>>) -> Option<Cow<'_, str>> {
    match value? {
        Json::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Json::Number(number) => Some(number.to_string().into()),
        Json::Bool(word) => Some(word.to_string().into()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A field as an object; none where it is something else.
pub fn object(value: Option<Json<'_>>) -> Option<Object<'_>> {
    match value? {
        Json::Object(fields) => Some(fields),
        _ => None,
    }
}

/// Reads an id (R9): `parse` is its reader of texts, `from_json` of all else.
///
/// # Errors
/// The reader's.
pub fn id<T>(
    sent: Option<&Json<'_>>,
    parse: fn(&str) -> Result<Option<T>, Refused>,
    from_json: fn(Option<&Value>) -> Result<Option<T>, Refused>,
) -> Result<Option<T>, Refused> {
    match sent {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => parse(text),
        Some(other) => from_json(Some(&other.clone().into_value())),
    }
}

/// Reads an instant, Unix milliseconds (T1).
///
/// # Errors
/// `timestamp_invalid`.
pub fn instant(sent: &Json<'_>) -> Result<i64, Refused> {
    match sent.as_str().and_then(time::instant_from_text) {
        Some(at_ms) => Ok(at_ms),
        None => time::parse_instant(&sent.clone().into_value()),
    }
}

/// A value that is not taken while the rest is.
pub fn refused_value(name: impl Into<String>, sent: Json<'_>, refused: Refused) -> RefusedValue {
    RefusedValue::new(name, sent.into_value(), refused)
}

/// Whether a field says yes; template tags make a text of `true`.
pub fn is_true(value: Option<&Json<'_>>) -> bool {
    match value {
        Some(Json::Bool(word)) => *word,
        Some(Json::String(word)) => word == "true",
        _ => false,
    }
}

/// Whether a field says no.
pub fn is_false(value: Option<&Json<'_>>) -> bool {
    match value {
        Some(Json::Bool(word)) => !word,
        Some(Json::String(word)) => word == "false",
        _ => false,
    }
}
