//! What a message wants of an attribute: a value, or an operation (A3).

use chrono_tz::Tz;
use serde_json::{Number, Value};

use super::{Type, convert, list_item};
use crate::domain::error::{Code, Refused};

/// What a message wants of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// This value.
    Set(Value),
    /// No value (`null`).
    Clear,
    /// `{"$inc": n}`
    Increment(Number),
    /// `{"$append": text}`
    Append(Value),
    /// `{"$remove": text}`
    Remove(Value),
    /// `{"$once": value}`: only where nothing was set.
    Once(Value),
}

/// The keys of operations (A3).
const OPERATIONS: [&str; 4] = ["$inc", "$append", "$remove", "$once"];

/// Those that do something else the second time.
const STEPS: [&str; 3] = ["$inc", "$append", "$remove"];

fn misfit(name: &str, why: &str) -> Refused {
    Refused::new(Code::TypeMismatch, format!("{name} can't be changed that way: {why}."))
}

impl Write {
    /// Reads a value as sent: an operation, `null`, or a value.
    ///
    /// # Errors
    /// `type_mismatch`: an operation with an operand that it can't take, or with another beside it.
    pub fn of(name: &str, value: Value) -> Result<Write, Refused> {
        let Value::Object(mut fields) = value else {
            return Ok(if value.is_null() { Write::Clear } else { Write::Set(value) });
        };
        let Some(operation) = OPERATIONS.iter().find(|operation| fields.contains_key(**operation)) else {
            return Ok(Write::Set(Value::Object(fields)));
        };
        let operand = fields.remove(*operation).unwrap_or_default();
        match (*operation, operand) {
            _ if !fields.is_empty() => Err(misfit(name, "An operation must be the only key; send one for each value")),
            ("$inc", Value::Number(number)) => Ok(Write::Increment(number)),
            ("$inc", _) => Err(misfit(name, "$inc takes a number")),
            ("$once", Value::Object(_)) | (_, Value::Null) => Err(misfit(name, "The operation needs a value")),
            (_, Value::String(text)) if text.is_empty() => Err(misfit(name, "The operation needs a value")),
            ("$append", item) => Ok(Write::Append(item)),
            ("$remove", item) => Ok(Write::Remove(item)),
            (_, item) => Ok(Write::Once(item)),
        }
    }

    /// Whether a value as sent says by how much to change, so that it must not be taken twice.
    pub fn is_step(value: &Value) -> bool {
        value.as_object().is_some_and(|fields| STEPS.iter().any(|operation| fields.contains_key(*operation)))
    }

    /// The type that it decides where the attribute is new (A1).
    pub fn type_of(&self, name: &str) -> Option<Type> {
        match self {
            Write::Set(value) | Write::Once(value) => Type::of(name, value),
            Write::Clear => None,
            Write::Increment(_) => Some(Type::Number),
            Write::Append(_) | Write::Remove(_) => Some(Type::List),
        }
    }

    /// The same with its value as the type writes it in a zone; an empty text clears what is not a text (A3).
    ///
    /// # Errors
    /// `type_mismatch`.
    pub fn converted(self, name: &str, kind: Type, zone: Tz) -> Result<Write, Refused> {
        let misfit = |operation: &str| {
            Refused::new(
                Code::TypeMismatch,
                format!("{operation} does not work on {name}, which is a {}.", kind.as_str()),
            )
        };
        let empty = |value: &Value| kind != Type::Text && value.as_str().is_some_and(str::is_empty);
        Ok(match self {
            Write::Set(value) if empty(&value) => Write::Clear,
            Write::Set(value) => Write::Set(convert(name, kind, &value, zone)?),
            Write::Once(value) => Write::Once(convert(name, kind, &value, zone)?),
            Write::Clear => Write::Clear,
            Write::Increment(_) if kind != Type::Number => return Err(misfit("$inc")),
            Write::Append(_) if kind != Type::List => return Err(misfit("$append")),
            Write::Remove(_) if kind != Type::List => return Err(misfit("$remove")),
            Write::Append(item) => Write::Append(list_item(&item).ok_or_else(|| misfit("$append of a nested value"))?),
            Write::Remove(item) => Write::Remove(list_item(&item).ok_or_else(|| misfit("$remove of a nested value"))?),
            increment @ Write::Increment(_) => increment,
        })
    }
}
