//! Attributes: names, types, conversion without loss (A1-A5); what a message wants of one is in `write.rs`, which of
//! two values holds in `values.rs`, what becomes of values when the type changes in `retype.rs`.

mod retype;
mod values;
mod write;

use chrono_tz::Tz;
use serde_json::{Number, Value, json};

pub use retype::{Left, Retyped};
pub use values::{Attributes, Changed, Stamp, Stated};
pub use write::Write;

use crate::domain::error::{Code, Refused};
use crate::domain::ids::{self, excerpt};
use crate::domain::limits::{ATTRIBUTE_NAME_CHARS_MAX, LIST_ITEMS_MAX, NESTING_LEVELS_MAX, VALUE_BYTES_MAX};
use crate::domain::time;

/// Whose attribute it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i64)]
pub enum Owner {
    /// A user, lead or visitor.
    User = 0,
    /// A company.
    Company = 1,
    /// A user's place in a company.
    Membership = 2,
}

impl Owner {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Owner::User => "user",
            Owner::Company => "company",
            Owner::Membership => "membership",
        }
    }

    /// All owners.
    pub const ALL: [Owner; 3] = [Owner::User, Owner::Company, Owner::Membership];

    /// The owner of a word.
    pub fn parse(word: &str) -> Option<Owner> {
        Owner::ALL.into_iter().find(|known| known.as_str() == word)
    }

    /// The owner of its number in a row.
    pub fn from_number(number: i64) -> Owner {
        match number {
            1 => Owner::Company,
            2 => Owner::Membership,
            _ => Owner::User,
        }
    }
}

/// The type of an attribute (A1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// `true` or `false`.
    Boolean,
    /// A number; whole ones stay exact.
    Number,
    /// A day, `2026-03-01`.
    Date,
    /// An instant, RFC 3339 in UTC; or a date, which is that day wherever the workspace is (T4).
    Datetime,
    /// A list of texts.
    List,
    /// A text.
    Text,
    /// Kept as JSON.
    Object,
}

impl Type {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Type::Boolean => "boolean",
            Type::Number => "number",
            Type::Date => "date",
            Type::Datetime => "datetime",
            Type::List => "list",
            Type::Text => "string",
            Type::Object => "object",
        }
    }

    /// All types.
    pub const ALL: [Type; 7] =
        [Type::Text, Type::Number, Type::Boolean, Type::Date, Type::Datetime, Type::List, Type::Object];

    /// The type of a word.
    pub fn parse(word: &str) -> Option<Type> {
        Type::ALL.into_iter().find(|known| known.as_str() == word)
    }

    /// The type that a first value decides; none for `null` and `""`, which never decide (A1).
    pub fn of(name: &str, value: &Value) -> Option<Type> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Type::Boolean,
            Value::Number(number) if name.ends_with("_at") && number.is_i64() && instant(value).is_some() => {
                Type::Datetime
            }
            Value::Number(_) => Type::Number,
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) if time::date_from_text(text).is_some() => Type::Date,
            Value::String(text) if is_rfc3339(text) => Type::Datetime,
            Value::String(_) => Type::Text,
            Value::Array(items) if items.iter().any(|item| list_item(item).is_none()) => Type::Object,
            Value::Array(_) => Type::List,
            Value::Object(_) => Type::Object,
        })
    }
}

fn is_rfc3339(text: &str) -> bool {
    text.len() >= 20 && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

/// Plausible instants of an integer: from 1971 on, so that small counts are not dates.
fn instant(value: &Value) -> Option<i64> {
    let number = value.as_f64()?;
    (number.abs() >= 31_536_000.0).then(|| time::unix_ms(number)).flatten().filter(is_writable)
}

/// Whether an instant (Unix milliseconds) is in a year of four digits, as RFC 3339 writes it.
fn is_writable(at_ms: &i64) -> bool {
    (-62_167_219_200_000..=253_402_300_799_999).contains(at_ms)
}

/// The standard attributes of an owner and their fixed types (A5).
pub fn standard(owner: Owner) -> &'static [(&'static str, Type)] {
    match owner {
        Owner::User => &[
            ("name", Type::Text),
            ("first_name", Type::Text),
            ("last_name", Type::Text),
            ("email", Type::Text),
            ("phone", Type::Text),
            ("avatar", Type::Text),
            ("title", Type::Text),
            ("created_at", Type::Datetime),
        ],
        Owner::Company => &[
            ("name", Type::Text),
            ("domain", Type::Text),
            ("website", Type::Text),
            ("industry", Type::Text),
            ("plan", Type::Text),
            ("employees", Type::Number),
            ("seats", Type::Number),
            ("created_at", Type::Datetime),
        ],
        Owner::Membership => &[("role", Type::Text), ("title", Type::Text)],
    }
}

/// The name under which we store an attribute: trimmed, and other tools'
/// spellings of the standard ones under ours (A5).
///
/// # Errors
/// `attribute_name_invalid`.
pub fn name(owner: Owner, sent: &str) -> Result<String, Refused> {
    let trimmed = sent.trim();
    let chars = trimmed.chars().count();
    if chars == 0 || chars > ATTRIBUTE_NAME_CHARS_MAX || trimmed.chars().any(char::is_control) {
        return Err(Refused::new(
            Code::AttributeNameInvalid,
            format!(
                "The attribute name {:?} has {chars} characters; use 1 to {ATTRIBUTE_NAME_CHARS_MAX}, without control characters.",
                excerpt(trimmed)
            ),
        ));
    }
    let ours = match (owner, trimmed) {
        (Owner::User, "firstName") => "first_name",
        (Owner::User, "lastName") => "last_name",
        (Owner::User, "phone_number") => "phone",
        (Owner::User | Owner::Company, "createdAt") => "created_at",
        (Owner::Company, "employee_count" | "size") => "employees",
        _ => trimmed,
    };
    Ok(ours.to_owned())
}

/// Checks a value against the limits of size, length and depth (A4).
///
/// # Errors
/// `value_too_large`, `list_too_long`, `nesting_too_deep`.
pub fn within_limits(name: &str, value: &Value) -> Result<(), Refused> {
    match value {
        Value::String(text) if text.len() <= VALUE_BYTES_MAX / 8 => return Ok(()),
        Value::Null | Value::Bool(_) | Value::Number(_) => return Ok(()),
        _ => {}
    }
    let levels = depth(value, 0);
    if levels > NESTING_LEVELS_MAX {
        return Err(Refused::new(
            Code::NestingTooDeep,
            format!("{name} nests deeper than {NESTING_LEVELS_MAX} levels. Send a flatter value."),
        ));
    }
    if let Value::Array(items) = value
        && items.len() > LIST_ITEMS_MAX
    {
        return Err(Refused::new(
            Code::ListTooLong,
            format!("{name} has {} items; the limit is {LIST_ITEMS_MAX}. Send fewer.", items.len()),
        ));
    }
    let bytes = match value {
        Value::String(text) => text.len(),
        value => value.to_string().len(),
    };
    if bytes > VALUE_BYTES_MAX {
        return Err(Refused::new(
            Code::ValueTooLarge,
            format!("{name} is {bytes} bytes; the limit is {VALUE_BYTES_MAX}. Send a shorter value."),
        ));
    }
    Ok(())
}

/// Whether a list has room for one item more (A4).
///
/// # Errors
/// `list_too_long`, `value_too_large`.
pub fn has_room(name: &str, items: &[Value], item: &Value) -> Result<(), Refused> {
    Room::of(items).for_one_more(name, item).map(drop)
}

/// How much of what a list may hold is taken (A4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    items: usize,
    /// As JSON.
    bytes: usize,
}

impl Room {
    /// Of a list as it is.
    pub(crate) fn of(items: &[Value]) -> Room {
        // Brackets, and a comma before each but the first.
        Room { items: items.len(), bytes: items.iter().map(|item| item.to_string().len() + 1).sum::<usize>() + 1 }
    }

    /// With one item more.
    ///
    /// # Errors
    /// As [`has_room`].
    pub(crate) fn for_one_more(self, name: &str, item: &Value) -> Result<Room, Refused> {
        if self.items >= LIST_ITEMS_MAX {
            return Err(Refused::new(
                Code::ListTooLong,
                format!("{name} has {LIST_ITEMS_MAX} items already, which is the limit. Remove some first."),
            ));
        }
        let bytes = self.bytes + item.to_string().len() + 1;
        if bytes > VALUE_BYTES_MAX {
            return Err(Refused::new(
                Code::ValueTooLarge,
                format!(
                    "{name} would have {bytes} bytes with this item; the limit is {VALUE_BYTES_MAX}. Remove some first."
                ),
            ));
        }
        Ok(Room { items: self.items + 1, bytes })
    }
}

/// Levels of objects and lists; stops counting one level beyond the limit.
fn depth(value: &Value, above: usize) -> usize {
    if above > NESTING_LEVELS_MAX {
        return above;
    }
    match value {
        Value::Array(items) => items.iter().map(|item| depth(item, above + 1)).max().unwrap_or(above + 1),
        Value::Object(fields) => fields.values().map(|item| depth(item, above + 1)).max().unwrap_or(above + 1),
        _ => above,
    }
}

/// The value as the type writes it, when nothing is lost on the way (A2). A time without a zone is the local time
/// of `zone`, the workspace's (T4).
///
/// # Errors
/// `type_mismatch`.
pub fn convert(name: &str, kind: Type, value: &Value, zone: Tz) -> Result<Value, Refused> {
    let converted = match (kind, value) {
        (Type::Boolean, Value::Bool(_)) | (Type::Object, Value::Object(_) | Value::Array(_)) => Some(value.clone()),
        (Type::Boolean, Value::String(text)) => match text.trim() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        (Type::Number, Value::Number(number)) => Some(Value::Number(plain_number(number))),
        (Type::Number, Value::String(text)) => number_from_text(text).map(Value::Number),
        (Type::Date, Value::String(text)) => {
            // Many programs write a date as its midnight.
            let day = text.trim();
            time::date_from_text(day.strip_suffix(MIDNIGHT).unwrap_or(day)).map(|date| json!(date.to_string()))
        }
        // A date stays one: it is another instant in each zone.
        (Type::Datetime, Value::String(text)) => match time::date_from_text(text.trim()) {
            Some(date) => Some(json!(date.to_string())),
            None => time::instant_in(zone, text).filter(is_writable).map(|at| json!(time::rfc3339(at))),
        },
        (Type::Datetime, Value::Number(_)) => instant(value).map(|at| json!(time::rfc3339(at))),
        (Type::Text, Value::String(_)) => Some(value.clone()),
        (Type::Text, Value::Number(number)) => Some(Value::String(plain_number(number).to_string())),
        (Type::Text, Value::Bool(word)) => Some(Value::String(word.to_string())),
        (Type::List, Value::Array(items)) => items.iter().map(list_item).collect::<Option<Vec<_>>>().map(Value::Array),
        (Type::List, Value::String(_) | Value::Number(_) | Value::Bool(_)) => {
            list_item(value).map(|item| json!([item]))
        }
        _ => None,
    };
    converted.ok_or_else(|| {
        Refused::new(
            Code::TypeMismatch,
            format!(
                "{name} is a {} and {} is not one. Send a {}, or change the attribute's type.",
                kind.as_str(),
                excerpt(&value.to_string()),
                kind.as_str()
            ),
        )
    })
}

/// What follows the day in a midnight.
const MIDNIGHT: &str = "T00:00:00.000Z";

/// As [`convert`], for a value that is stored as another type: what became a list of one or an
/// instant can be what it was again.
///
/// # Errors
/// `type_mismatch`.
pub fn reconvert(name: &str, (from, to): (Type, Type), value: &Value, zone: Tz) -> Result<Value, Refused> {
    let convert = |name: &str, kind: Type, value: &Value| convert(name, kind, value, zone);
    match (from, to, value) {
        (_, Type::List | Type::Object, _) => convert(name, to, value),
        (Type::List, _, Value::Array(items)) if items.len() == 1 => convert(name, to, &items[0]),
        (Type::Datetime, Type::Number, Value::String(text)) => {
            let at_ms = time::instant_from_text(text).unwrap_or_default();
            let numbers = [json!(at_ms / time::SECOND_MS), json!(at_ms), json!(at_ms as f64 / 1_000.0)];
            let same = numbers.iter().find(|number| convert(name, from, number).as_ref() == Ok(value));
            convert(name, to, same.unwrap_or(value))
        }
        _ => convert(name, to, value),
    }
}

fn list_item(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        Value::Number(number) => Some(Value::String(plain_number(number).to_string())),
        Value::Bool(word) => Some(Value::String(word.to_string())),
        _ => None,
    }
}

/// Whole numbers are written without a fraction: 12.0 is 12.
fn plain_number(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9.007_199_254_740_992e15 => {
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

/// What a person means by yes and no, in any case; also as programs write them.
pub fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

/// A number as pages show it, `1 885` with any space and `−3`, as programs write it. Other texts stay as they are.
pub fn ungrouped(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let plain = plain.replace('−', "-");
    let groups: Vec<&str> = text.split_whitespace().collect();
    let three = |group: &&str| group.split('.').next().is_some_and(|digits| digits.len() == 3);
    let is_grouped = groups.iter().skip(1).all(three) && number_from_text(&plain).is_some();
    if is_grouped { plain } else { text.to_owned() }
}

/// A number written plainly, or as we write it ourselves; `007`, `1,5` and `1e3` are texts.
fn number_from_text(text: &str) -> Option<Number> {
    let text = text.trim();
    if text.contains("e+") || text.contains("e-") {
        return Number::from_f64(text.parse().ok()?).filter(|number| number.to_string() == text);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) || fraction.is_some_and(|f| !all_digits(f)) {
        return None;
    }
    // What a double does not hold to the last digit would be lost.
    let significant = |text: &str| text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    match fraction {
        None => text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok(),
        Some(_) => {
            let number = Number::from_f64(text.parse().ok()?)?;
            (significant(text) <= 15 || number.to_string() == text).then(|| plain_number(&number))
        }
    }
}

/// What texts are offered to become in one click (A1): the first of these types that all of them
/// convert to. None where there is no text, or one that converts to none.
pub fn offered<'a>(texts: impl Iterator<Item = &'a Value> + Clone) -> Option<Type> {
    texts.clone().next()?;
    [Type::Number, Type::Boolean, Type::Date, Type::Datetime]
        .into_iter()
        .find(|kind| texts.clone().all(|text| is_plainly(*kind, text)))
}

/// Whether a text says what a type says, and not only could be read so: `1700000000` is a number.
fn is_plainly(kind: Type, text: &Value) -> bool {
    let Some(word) = text.as_str() else { return false };
    match kind {
        Type::Datetime => is_rfc3339(word),
        _ => convert("", kind, text, Tz::UTC).is_ok(),
    }
}

/// Whether an attribute is a standard one, whose type is fixed (A1, A5).
pub fn is_standard(owner: Owner, name: &str) -> bool {
    standard(owner).iter().any(|(known, _)| *known == name)
}

/// The name of a person: `name`, else made of its parts (A5).
pub fn person_name(attributes: &Attributes) -> Option<String> {
    attributes.text("name").or_else(|| {
        let parts: Vec<String> = ["first_name", "last_name"].iter().filter_map(|name| attributes.text(name)).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

/// Checks an e-mail attribute: the address as compared, or why it is none (R7).
///
/// # Errors
/// `email_invalid`.
pub fn email_value(value: &Value) -> Result<Value, Refused> {
    match value {
        Value::String(text) => ids::email(text).map(Value::String),
        other => Err(Refused::new(
            Code::EmailInvalid,
            format!("{} is not an e-mail address. Send one such as ann@example.com.", excerpt(&other.to_string())),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_the_first_value_decides_the_type() {
        for (name, value, kind) in [
            ("a", json!(true), Some(Type::Boolean)),
            ("a", json!(1), Some(Type::Number)),
            ("renewed_at", json!(1_700_000_000), Some(Type::Datetime)),
            ("looked_at", json!(3), Some(Type::Number)),
            ("a", json!("2026-03-01"), Some(Type::Date)),
            ("a", json!("2026-03-01T10:00:00Z"), Some(Type::Datetime)),
            ("a", json!("x"), Some(Type::Text)),
            ("a", json!(["x", 1]), Some(Type::List)),
            ("a", json!([{"x": 1}]), Some(Type::Object)),
            ("a", json!({"x": 1}), Some(Type::Object)),
            ("a", json!(""), None),
            ("a", json!(null), None),
        ] {
            assert_eq!(Type::of(name, &value), kind, "{value}");
        }
    }

    #[test]
    fn a2_a_value_is_converted_when_nothing_is_lost() {
        for (kind, sent, stored) in [
            (Type::Number, json!("12"), json!(12)),
            (Type::Number, json!("99.5"), json!(99.5)),
            (Type::Number, json!(12.0), json!(12)),
            (Type::Text, json!(12), json!("12")),
            (Type::Text, json!(true), json!("true")),
            (Type::Boolean, json!("false"), json!(false)),
            (Type::Datetime, json!("2023-11-14"), json!("2023-11-14")),
            (Type::Datetime, json!("2023-11-14 09:30"), json!("2023-11-14T14:30:00.000Z")),
            (Type::Datetime, json!("2023-11-14T09:30:00+01:00"), json!("2023-11-14T08:30:00.000Z")),
            (Type::Datetime, json!(1_700_000_000), json!("2023-11-14T22:13:20.000Z")),
            (Type::Datetime, json!("1700000000"), json!("2023-11-14T22:13:20.000Z")),
            (Type::Datetime, json!(1_700_000_000_000_i64), json!("2023-11-14T22:13:20.000Z")),
            (Type::List, json!("x"), json!(["x"])),
            (Type::List, json!([1, "x"]), json!(["1", "x"])),
        ] {
            assert_eq!(convert("a", kind, &sent, chrono_tz::America::New_York).unwrap(), stored, "{sent}");
        }
        for (kind, sent) in [
            (Type::Number, json!("ten")),
            (Type::Number, json!("007")),
            (Type::Number, json!("1e3")),
            (Type::Number, json!("9007199254740993.5")),
            (Type::Number, json!(true)),
            (Type::Boolean, json!(1)),
            (Type::Date, json!("01/02/2026")),
            (Type::Text, json!(["x"])),
            (Type::Text, json!({"x": 1})),
        ] {
            assert_eq!(convert("a", kind, &sent, Tz::UTC).unwrap_err().code, Code::TypeMismatch, "{sent}");
        }
    }

    #[test]
    fn limits_name_themselves() {
        let deep = (0..20).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(within_limits("a", &deep).unwrap_err().code, Code::NestingTooDeep);
        assert_eq!(within_limits("a", &json!(vec![1; 101])).unwrap_err().code, Code::ListTooLong);
        assert_eq!(within_limits("a", &json!("x".repeat(9_000))).unwrap_err().code, Code::ValueTooLarge);
        assert!(within_limits("a", &json!([[[[1]]]])).is_ok());
    }
}
