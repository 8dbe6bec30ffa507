//! What a cell says as a value of a type.

use std::borrow::Cow;

use chrono_tz::Tz;
use serde_json::{Number, Value, json};

use super::dates;
use super::reading::{Dates, Reading};
use crate::domain::attributes::Type;
use crate::domain::ids::excerpt;
use crate::domain::{table, time};

/// Words for yes and no, in lower case.
const YES: [&str; 5] = ["true", "yes", "y", "1", "x"];
const NO: [&str; 4] = ["false", "no", "n", "0"];

/// Below it (2^53) every whole number that a workbook keeps has all its digits.
pub(super) const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// The words of a cell that can't be taken.
const SHOWN: &str = "shown";
const REFUSED: &str = "refused";

/// A cell that can't be taken: what it shows, and the sentence that says why.
pub(super) fn refused(shown: &str, reason: &str) -> Value {
    json!({ SHOWN: shown, REFUSED: reason })
}

/// Why a cell can't be taken, where that is known of the file alone.
fn reason(cell: &Value) -> Option<&str> {
    cell.get(REFUSED)?.as_str()
}

/// What a cell shows to people.
pub fn shown(cell: &Value) -> Cow<'_, str> {
    match cell {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        Value::Object(_) => Cow::Borrowed(cell.get(SHOWN).and_then(Value::as_str).unwrap_or_default()),
        other => Cow::Owned(other.to_string()),
    }
}

/// Whether a cell is of nothing.
pub(super) fn is_empty(cell: &Value) -> bool {
    match cell {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// The text of a cell, as an id or a name has it.
///
/// # Errors
/// A sentence: it says none.
pub(super) fn text(cell: &Value) -> Result<String, String> {
    match cell {
        Value::String(text) => Ok(table::unguarded(text).trim().to_owned()),
        Value::Null => Ok(String::new()),
        Value::Number(number) if number.as_f64().is_some_and(|number| number.abs() >= WHOLE_MAX) => Err(format!(
            "{number} has more digits than a number of a spreadsheet keeps. Format the column as text, and write it anew."
        )),
        other => reason(other).map_or_else(|| Ok(other.to_string()), |reason| Err(reason.to_owned())),
    }
}

/// A cell as a value of a type; a time without a zone is of this one.
///
/// # Errors
/// A sentence that says what would be taken.
pub(super) fn value(cell: &Value, of: Type, reading: &Reading, zone: Tz) -> Result<Value, String> {
    let text = match cell {
        // Beyond it digits were lost before the file was written.
        Value::Number(number)
            if of == Type::Number && number.as_f64().is_some_and(|number| number.abs() < WHOLE_MAX) =>
        {
            return Ok(cell.clone());
        }
        Value::String(text) => table::unguarded(text),
        other => Cow::Owned(self::text(other)?),
    };
    let wrong = |what: &str| format!("{} is not a {what}", excerpt(text.trim()));
    match of {
        Type::Text => Ok(Value::String(text.into_owned())),
        Type::List => Ok(Value::Array(table::items(&text))),
        Type::Object => serde_json::from_str(&text).map_err(|_| wrong("JSON value, such as {\"a\": 1}.")),
        Type::Boolean => match text.trim().to_lowercase() {
            word if YES.contains(&word.as_str()) => Ok(true.into()),
            word if NO.contains(&word.as_str()) => Ok(false.into()),
            _ => Err(format!("{} is neither yes nor no. Write true or false.", excerpt(text.trim()))),
        },
        Type::Number => {
            let example = if reading.decimal_comma { "1234,5" } else { "1234.5" };
            number(text.trim(), reading).map(Value::Number).ok_or_else(|| wrong(&format!("number. Write {example}.")))
        }
        Type::Date => dates::day(&text, reading.dates).map(|date| json!(date.to_string())).ok_or_else(|| {
            let example = if reading.dates == Dates::Mdy { "12/31/2026" } else { "31/12/2026" };
            wrong(&format!("date. Write 2026-12-31 or {example}."))
        }),
        Type::Datetime => match dates::day_alone(&text, reading.dates) {
            Some(date) => Ok(json!(date.to_string())),
            None => dates::instant(&text, reading.dates, zone)
                .map(|at_ms| json!(time::rfc3339(at_ms)))
                .ok_or_else(|| wrong("time. Write 2026-12-31T09:30:00Z.")),
        },
    }
}

/// A number as the file writes it, its thousands parted or not.
fn number(text: &str, reading: &Reading) -> Option<Number> {
    let (mark, other) = if reading.decimal_comma { (',', '.') } else { ('.', ',') };
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once(mark).map_or((unsigned, None), |(whole, part)| (whole, Some(part)));
    // One mark all through: what begins with another kind may be a fraction.
    let between = whole
        .chars()
        .find(|letter| !letter.is_ascii_digit())
        .filter(|letter| *letter == other || matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\''));
    let parts: Vec<&str> = between.map_or_else(|| vec![whole], |mark| whole.split(mark).collect());
    let are_thousands = (1..=3).contains(&parts[0].len()) && parts[1..].iter().all(|part| part.len() == 3);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() > 1 && !are_thousands || !parts.iter().all(|part| digits(part)) {
        // As programs write them: 1e21.
        let plain = text.parse::<f64>().ok().filter(|number| number.is_finite() && text.contains(['e', 'E']));
        return plain.and_then(Number::from_f64);
    }
    if fraction.is_some_and(|part| !digits(part)) {
        return None;
    }
    let whole = parts.concat();
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if text.starts_with('-') { "-" } else { "" };
    let plain = fraction.map_or_else(|| format!("{sign}{whole}"), |part| format!("{sign}{whole}.{part}"));
    serde_json::from_str(&plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, of: Type, reading: &Reading) -> Option<Value> {
        value(&json!(text), of, reading, chrono_tz::Europe::Warsaw).ok()
    }

    #[test]
    fn numbers_are_read_as_the_file_writes_them() {
        let (point, comma) = (Reading::default(), Reading { decimal_comma: true, ..Reading::default() });
        for (text, number) in [("1,234.5", json!(1234.5)), ("-5", json!(-5)), ("007", json!(7)), ("1 000", json!(1000))]
        {
            assert_eq!(read(text, Type::Number, &point), Some(number), "{text}");
        }
        assert_eq!(read("1.234,5", Type::Number, &comma), Some(json!(1234.5)));
        for text in
            ["1,5", "1,23,4", "", "ten", "1.", "--1", "NaN", "1.234.5", "1234,567", "1 234'567,890", "12345,678.9"]
        {
            assert_eq!(read(text, Type::Number, &point), None, "{text}");
        }
        for text in ["12345.678", "1234.567.890", "1'234.567"] {
            assert_eq!(read(text, Type::Number, &comma), None, "{text}");
        }
    }
}
