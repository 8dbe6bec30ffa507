//! Reading the fields of a JSON object that anybody may have written.

use serde_json::{Map, Value};

/// Whether a field says nothing: absent, `null` or `""` (R9).
pub fn is_absent(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

/// The first of these fields that says something, taken out.
pub fn take_first(fields: &mut Map<String, Value>, names: &[&str]) -> Option<Value> {
    names.iter().find_map(|name| fields.remove(*name).filter(|value| !is_absent(Some(value))))
}

/// A field as text: a text, a number or a truth value as JSON writes it. Lists and objects are none.
pub fn text(value: Option<Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(word) => Some(word.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A field as an object; none where it is something else.
pub fn object(value: Option<Value>) -> Option<Map<String, Value>> {
    match value? {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

/// Whether a field says yes; template tags make a text of `true`.
pub fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(word)) => *word,
        Some(Value::String(word)) => word == "true",
        _ => false,
    }
}

/// Whether a field says no.
pub fn is_false(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(word)) => !word,
        Some(Value::String(word)) => word == "false",
        _ => false,
    }
}
