//! Guesses from samples: whether there are headings, how numbers are written, which type a column has.

use chrono_tz::Tz;
use serde_json::Value;

use super::reading::Reading;
use super::{cell, dates};
use crate::domain::attributes::Type;
use crate::domain::ids;

/// A heading in lower case, words parted by `_`.
pub(super) fn plain(heading: &str) -> String {
    let words = heading.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_lowercase()
}

/// Whether the first row holds headings: texts that are not values.
pub(super) fn is_header(rows: &[Vec<Value>]) -> bool {
    let Some(first) = rows.first() else { return true };
    let text = |cell: &Value| cell.as_str().map(str::trim).map(str::to_owned).unwrap_or_default();
    let is_value = |cell: &Value| {
        let text = text(cell);
        cell.is_number()
            || cell.is_boolean()
            || text.parse::<f64>().is_ok()
            || ids::email(&text).is_ok()
            || dates::is_one(&text)
    };
    !first.iter().any(is_value) && first.iter().any(|cell| !text(cell).is_empty())
}

/// Whether numbers have a comma before their fraction.
pub(super) fn decimal_comma<'a>(cells: impl Iterator<Item = &'a str>, delimiter: char) -> bool {
    let (mut comma, mut point) = (0, 0);
    for cell in cells {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let parts = |mark: char| {
            let cell = cell.trim().trim_start_matches('-');
            cell.rsplit_once(mark).filter(|(whole, part)| digits(&whole.replace(['.', ',', ' '], "")) && digits(part))
        };
        // Three digits behind a mark may be thousands.
        comma += usize::from(parts(',').is_some_and(|(_, part)| part.len() != 3));
        point += usize::from(parts('.').is_some_and(|(_, part)| part.len() != 3));
    }
    comma > point || comma == 0 && point == 0 && delimiter == ';'
}

/// The type of a column from its samples: what all of them are. Texts that begin with a nought, as codes of places
/// and telephones do, are texts.
pub(super) fn type_of(samples: &[&Value], reading: &Reading) -> Type {
    let samples: Vec<&Value> =
        samples.iter().copied().filter(|cell| !cell::is_empty(cell) && !cell.is_object()).collect();
    let all = |of: Type| samples.iter().all(|cell| cell::value(cell, of, reading, Tz::UTC).is_ok());
    let text = |cell: &&Value| cell::shown(cell).trim().to_owned();
    let is_code = |cell: &&Value| {
        let text = text(cell);
        text.len() > 1 && text.starts_with('0') && !text.starts_with("0.") && !text.starts_with("0,")
            || text.starts_with('+')
            || text.trim_start_matches('-').len() > 15 && cell.is_string()
    };
    if samples.is_empty() {
        return Type::Text;
    }
    let is_word = |cell: &&Value| cell.is_boolean() || text(cell).chars().all(char::is_alphabetic);
    // A cross says yes beside one that is empty or says no; where it stands alone it may be a name.
    let is_cross = |cell: &&Value| text(cell).eq_ignore_ascii_case("x");
    if all(Type::Boolean) && samples.iter().all(is_word) && !samples.iter().all(is_cross) {
        return Type::Boolean;
    }
    if all(Type::Number) && !samples.iter().any(is_code) {
        return Type::Number;
    }
    match () {
        () if all(Type::Date) => Type::Date,
        () if all(Type::Datetime) && !all(Type::Number) => Type::Datetime,
        () => Type::Text,
    }
}

/// Whether what is there are e-mail addresses.
pub(super) fn are_emails(samples: &[&Value]) -> bool {
    samples
        .iter()
        .filter_map(|cell| cell::text(cell).ok())
        .filter(|text| !text.is_empty())
        .all(|text| ids::email(&text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_type_of_a_column_is_what_all_of_it_is() {
        let reading = Reading::default();
        let of = |cells: &[&str]| {
            let cells: Vec<Value> = cells.iter().map(|cell| json!(cell)).collect();
            type_of(&cells.iter().collect::<Vec<_>>(), &reading)
        };
        assert_eq!(of(&["1", "", "2.5"]), Type::Number);
        assert_eq!(of(&["01067", "80331"]), Type::Text);
        assert_eq!(of(&["1", "x"]), Type::Text);
        assert_eq!(of(&["yes", "no"]), Type::Boolean);
        assert_eq!(of(&["1", "0"]), Type::Number);
        assert_eq!(of(&["2026-03-01", "31/12/2025"]), Type::Date);
        assert_eq!(of(&["2026-03-01T10:00:00Z", "31.12.2025 08:15"]), Type::Datetime);
        assert_eq!(of(&["", ""]), Type::Text);
    }

    #[test]
    fn commas_tell() {
        assert!(decimal_comma(["1,5", "1.234,75"].into_iter(), ';'));
        assert!(!decimal_comma(["1.5", "1,234.75"].into_iter(), ';'));
        assert!(!decimal_comma(["1,234"].into_iter(), ','));
    }
}
