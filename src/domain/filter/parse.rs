//! Reading filters: each thing that can't be is refused with its place and what would be taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;
use serde_json::{Number, json};

use super::fields::{ATTRIBUTE, COMPANY, EVENT, MEMBERSHIP, PROPERTY};
use super::{
    CONDITIONS_MAX, Condition, DAYS_MAX, Fields, Filter, GROUPS_MAX, Group, Join, Kind, Listed, Often, Operator, Saved,
    Span, TIMES_MAX, Test, VALUE_CHARS_MAX, Value, escaped,
};
use crate::domain::attributes::{Owner, Type, convert, ungrouped, yes_or_no};
use crate::domain::ids::excerpt;
use crate::domain::time;

/// Names of attributes that a refusal lists at most.
const NAMES_SAID_MAX: usize = 20;

/// Why a filter can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct FilterError {
    /// The parameter: `f`, `match`, `g1.f` …
    pub parameter: String,
    /// Which of the parameters of this name, from 1.
    pub number: usize,
    /// The character of its value at which it goes wrong, from 1.
    pub character: usize,
    /// A sentence that says what would be taken.
    pub sentence: String,
}

/// The group that a parameter belongs to (0: none), and whether it is a condition; `None` where it is not a word of filters.
fn place(parameter: &str) -> Option<(usize, bool)> {
    let (group, word) = match parameter.split_once('.') {
        Some((group, word)) => (group.strip_prefix('g')?.parse().ok().filter(|number| *number > 0)?, word),
        None => (0, parameter),
    };
    match word {
        "f" => Some((group, true)),
        "match" => Some((group, false)),
        _ => None,
    }
}

/// Whether a parameter of an address is a word of filters.
pub fn is_parameter(name: &str) -> bool {
    place(name).is_some()
}

/// The filter that these parameters say; others are passed over, and so are empty ones.
///
/// # Errors
/// A field, an operator or a value that isn't known.
pub fn parse<'a>(
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    fields: &Fields,
) -> Result<Filter, FilterError> {
    let mut parts: BTreeMap<usize, (Option<Join>, Vec<Condition>)> = BTreeMap::new();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut count = 0;
    for (name, text) in parameters {
        let Some((group, is_condition)) = place(name) else { continue };
        let number = numbers.entry(name).or_default();
        *number += 1;
        if text.is_empty() {
            continue;
        }
        let wrong = |(character, sentence): Wrong| FilterError {
            parameter: name.to_owned(),
            number: *number,
            character,
            sentence,
        };
        if group > GROUPS_MAX {
            return Err(wrong((1, format!("There is no group g{group}. Use g1 to g{GROUPS_MAX}."))));
        }
        let part = parts.entry(group).or_default();
        if is_condition {
            count += 1;
            if count > CONDITIONS_MAX {
                return Err(wrong((1, format!("A filter has at most {CONDITIONS_MAX} conditions. Leave some out."))));
            }
            part.1.push(condition(text, fields).map_err(wrong)?);
        } else if part.0.is_some() {
            return Err(wrong((1, format!("{name} is given twice. Send it once."))));
        } else {
            let unknown = || (1, format!("{name} can't be {}. Use all or any.", excerpt(text)));
            part.0 = Some(Join::parse(text).ok_or_else(unknown).map_err(wrong)?);
        }
    }
    let mut filter = Filter::default();
    for (group, (join, conditions)) in parts {
        let join = join.unwrap_or_default();
        match group {
            0 => (filter.join, filter.conditions) = (join, conditions),
            _ if conditions.is_empty() => {}
            _ => filter.groups.push(Group { join, conditions }),
        }
    }
    Ok(filter)
}

/// The character (from 1) at which something is wrong, and the sentence.
type Wrong = (usize, String);

/// Reads `FIELD:OP[:VALUE]`.
fn condition(text: &str, fields: &Fields) -> Result<Condition, Wrong> {
    let (name, rest) = first_part(text, ':');
    let field = fields.find(&name).ok_or_else(|| (1, unknown_field(&name, fields)))?;
    let operators = field.kind().operators();
    let known = || operators.iter().map(|operator| operator.as_str()).collect::<Vec<_>>().join(", ");
    let at = text.chars().count() - rest.map_or(0, |rest| rest.chars().count()) + 1;
    let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
        return Err((at, format!("{} needs a colon and an operator after it. It takes {}.", excerpt(&name), known())));
    };
    let (word, value) = match rest.split_once(':') {
        Some((word, value)) => (word, Some(value)),
        None => (rest, None),
    };
    let operator = Operator::parse(word).filter(|operator| operators.contains(operator)).ok_or_else(|| {
        (at, format!("{} doesn't take the operator {}. It takes {}.", excerpt(&name), excerpt(word), known()))
    })?;
    let at = at + word.chars().count() + 1;
    let read = match field.kind() {
        Kind::Segment => in_segment(operator, value.unwrap_or_default(), fields),
        kind => test(kind, operator, value, fields.zone()),
    };
    let test = read.map_err(|expected| {
        let said = match value.filter(|value| !value.is_empty()) {
            Some(value) => format!("can't be {}", excerpt(value)),
            None => "needs a value".to_owned(),
        };
        (at, format!("The value of {}:{word} {said}. {expected}", excerpt(&name)))
    })?;
    Ok(Condition { field, test })
}

/// The test whether somebody is in a segment, or what would be taken.
fn in_segment(operator: Operator, id: &str, fields: &Fields) -> Result<Test, String> {
    let known = || fields.segments().map(|segment| segment.segment_id.as_str()).collect::<Vec<_>>().join(", ");
    let segment = fields.segments().find(|segment| segment.segment_id == id);
    let segment = segment.ok_or_else(|| format!("Use the id of a segment: {}.", known()))?;
    let filter = segment.filter(fields).map_err(|error| {
        format!("The segment “{}” asks for something that no longer exists: {}", segment.name, error.sentence)
    })?;
    let saved = Saved { segment_id: segment.segment_id.clone(), name: segment.name.clone(), filter };
    let value = Value::Segment(Arc::new(saved));
    Ok(if operator == Operator::Not { Test::Not(value) } else { Test::Is(value) })
}

/// The condition of a field by its name, an operator's word and a value, as a form sends them; a value that the
/// operator does not take is left out.
///
/// # Errors
/// A sentence that says what would be taken.
pub fn compose(name: &str, operator: &str, value: &str, fields: &Fields) -> Result<Condition, String> {
    let field = fields.find(name).ok_or_else(|| unknown_field(name, fields))?;
    let operators = field.kind().operators();
    let said = Operator::parse(operator);
    let operator = said.filter(|operator| operators.contains(operator)).ok_or_else(|| {
        let choices: Vec<String> = operators.iter().map(|operator| format!("“{}”", operator.choice())).collect();
        let said = said.map_or_else(|| excerpt(operator), |operator| operator.choice().to_owned());
        format!("“{said}” can't be used with {}. Choose one of {}.", field.in_words(), choices.join(", "))
    })?;
    let value = if operator.is_alone() { None } else { Some(value) };
    let read = match field.kind() {
        Kind::Segment => in_segment(operator, value.unwrap_or_default(), fields),
        kind => test(kind, operator, value, fields.zone()),
    };
    let test = read.map_err(|expected| match value.filter(|value| !value.is_empty()) {
        Some(value) => format!("The value {} does not fit {}. {expected}", excerpt(value), field.in_words()),
        None => format!("A value is missing. {expected}"),
    })?;
    Ok(Condition { field, test })
}

/// The text before the first parting character, without its backslashes, and what comes after it.
fn first_part(text: &str, parting: char) -> (String, Option<&str>) {
    let mut part = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == parting {
            return (part, Some(&text[at + c.len_utf8()..]));
        }
        match text[at..].chars().nth(1).filter(|next| c == '\\' && (*next == parting || *next == '\\')) {
            Some(next) => {
                part.push(next);
                chars.next();
            }
            None => part.push(c),
        }
    }
    (part, None)
}

pub(super) fn unknown_field(name: &str, fields: &Fields) -> String {
    let (owner, listed, prefix) = match fields.listed {
        Listed::Users if name.starts_with(COMPANY) => (Some(Owner::Company), Some(Listed::Companies), COMPANY),
        Listed::Users if name.starts_with(MEMBERSHIP) => (Some(Owner::Membership), None, MEMBERSHIP),
        listed => (listed.owner(), Some(listed), ""),
    };
    let built_in: Vec<String> = listed
        .into_iter()
        .flat_map(|listed| fields.built_in(Some(listed)))
        .map(|known| format!("{prefix}{}", escaped(known.as_str(), ':')))
        .collect();
    let Some(owner) = owner else {
        return format!(
            "{} is not a field of {}. Use {}, or {PROPERTY}NAME; a colon in a name is written \\:.",
            excerpt(name),
            fields.listed.as_str(),
            built_in.join(", "),
        );
    };
    let all: Vec<&str> = fields.attributes(owner).map(|(name, _)| name).collect();
    let mut attributes: Vec<String> =
        all.iter().take(NAMES_SAID_MAX).map(|name| format!("{prefix}{}", escaped(name, ':'))).collect();
    if all.len() > NAMES_SAID_MAX {
        attributes.push(format!("and {} more", all.len() - NAMES_SAID_MAX));
    }
    let others = match fields.listed {
        Listed::Users if prefix.is_empty() => format!(", {COMPANY}NAME, {MEMBERSHIP}NAME or {EVENT}NAME"),
        Listed::Companies => format!(", or {EVENT}NAME"),
        _ => String::new(),
    };
    let built_in = match built_in.is_empty() {
        true => String::new(),
        false => format!("built in: {}; ", built_in.join(", ")),
    };
    format!(
        "{} is not a field of {}. Use one of these, {built_in}attributes: {}{others}. An attribute whose name is also that of \
         another field is written {ATTRIBUTE}NAME; a colon in a name is written \\:.",
        excerpt(name),
        fields.listed.as_str(),
        attributes.join(", "),
    )
}

/// The test of an operator and its value, or what would be taken; a time without a zone is of this one.
fn test(kind: Kind, operator: Operator, text: Option<&str>, zone: Tz) -> Result<Test, String> {
    if operator.is_alone() {
        return match text.is_none_or(str::is_empty) {
            true => Ok(if operator == Operator::Set { Test::Set } else { Test::Unset }),
            false => Err("This operator takes no value: leave it out.".to_owned()),
        };
    }
    let text = text.unwrap_or_default();
    if text.chars().count() > VALUE_CHARS_MAX {
        return Err(format!("Use at most {VALUE_CHARS_MAX} characters."));
    }
    match operator {
        Operator::Done | Operator::NotDone if text.is_empty() => {
            let often = Often { times: 1, days: 30 };
            return Ok(if operator == Operator::Done { Test::Done(often) } else { Test::NotDone(often) });
        }
        _ if text.is_empty() => return Err(format!("Use {}.", expected(kind))),
        _ => {}
    }
    Ok(match operator {
        Operator::Is => Test::Is(value(kind, zone, text)?),
        Operator::Not => Test::Not(value(kind, zone, text)?),
        Operator::In => Test::In(items(text).iter().map(|item| value(kind, zone, item)).collect::<Result<_, _>>()?),
        Operator::Has => Test::Has(text.to_owned()),
        Operator::Starts => Test::Starts(text.to_owned()),
        Operator::Greater => Test::Greater(number(text)?),
        Operator::AtLeast => Test::AtLeast(number(text)?),
        Operator::Less => Test::Less(number(text)?),
        Operator::AtMost => Test::AtMost(number(text)?),
        // Of what may be a text or a number only numbers have an order.
        Operator::Between if kind == Kind::Property => between(Kind::Number, zone, text)?,
        Operator::Between => between(kind, zone, text)?,
        Operator::Before => Test::Before(value(kind, zone, text)?),
        Operator::After => Test::After(value(kind, zone, text)?),
        Operator::Within => Test::Within(span(kind, text)?),
        Operator::Ago => Test::Ago(span(kind, text)?),
        Operator::Next => Test::Next(span(kind, text)?),
        Operator::Done => Test::Done(often(text)?),
        Operator::NotDone => Test::NotDone(often(text)?),
        Operator::Set => Test::Set,
        Operator::Unset => Test::Unset,
    })
}

/// The items of a list, of which each may have `\,` in it; empty ones, and spaces around one, are none.
fn items(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (item, behind) = first_part(text, ',');
        items.push(item.trim().to_owned());
        rest = behind;
    }
    items.retain(|item| !item.is_empty());
    items
}

/// What a value of a kind looks like.
fn expected(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::List | Kind::Object | Kind::Segment => "a text".to_owned(),
        Kind::Property => "a text, a number, true or false".to_owned(),
        Kind::Email => "an e-mail address such as ann@example.com".to_owned(),
        Kind::Number => "a number such as 12 or 0.5".to_owned(),
        Kind::Boolean => "yes or no, true or false".to_owned(),
        Kind::Day => "a day such as 2026-03-01".to_owned(),
        Kind::Instant => "a day such as 2026-03-01, or a time such as 2026-03-01T09:30:00Z".to_owned(),
        Kind::Word(words) => words.join(", "),
        Kind::Import => "the number of an import, such as 12".to_owned(),
        Kind::Activity => {
            format!("how often in how many days, such as 3,30d: 1 to {TIMES_MAX} times, in 1d to {DAYS_MAX}d")
        }
    }
}

fn value(kind: Kind, zone: Tz, text: &str) -> Result<Value, String> {
    let read = match kind {
        Kind::Text | Kind::List | Kind::Property => Some(Value::Text(text.to_owned())),
        Kind::Email => Some(Value::Text(text.trim().to_lowercase())).filter(|value| !value.to_string().is_empty()),
        Kind::Number => return Ok(Value::Number(number(text)?)),
        Kind::Boolean => yes_or_no(text).map(Value::Boolean),
        Kind::Day => time::date_from_text(text).map(Value::Day),
        Kind::Instant => match time::date_from_text(text) {
            Some(day) => Some(Value::Day(day)),
            None => converted(Type::Datetime, text, zone)
                .and_then(|value| time::instant_from_text(value.as_str()?))
                .filter(|_| text.len() > 10)
                .map(Value::Instant),
        },
        Kind::Word(words) => words.contains(&text).then(|| Value::Text(text.to_owned())),
        Kind::Import => whole(text, u32::MAX).map(|number| Value::Number(number.into())),
        Kind::Object | Kind::Activity | Kind::Segment => None,
    };
    read.ok_or_else(|| format!("Use {}.", expected(kind)))
}

fn converted(kind: Type, text: &str, zone: Tz) -> Option<serde_json::Value> {
    convert("", kind, &json!(text), zone).ok()
}

fn number(text: &str) -> Result<Number, String> {
    match converted(Type::Number, &ungrouped(text), Tz::UTC) {
        Some(serde_json::Value::Number(number)) => Ok(number),
        _ => Err(format!("Use {}.", expected(Kind::Number))),
    }
}

fn between(kind: Kind, zone: Tz, text: &str) -> Result<Test, String> {
    let refused = || format!("Use two values, the lower first, with a comma between them, each {}.", expected(kind));
    let (from, to) = text.split_once(',').ok_or_else(refused)?;
    let (from, to) = (value(kind, zone, from).map_err(|_| refused())?, value(kind, zone, to).map_err(|_| refused())?);
    let in_order = match (&from, &to) {
        (Value::Number(from), Value::Number(to)) => from.as_f64() <= to.as_f64(),
        (Value::Day(from), Value::Day(to)) => from <= to,
        (Value::Instant(from), Value::Instant(to)) => from <= to,
        // A day and an instant meet in a zone, which is not known here.
        _ => true,
    };
    if in_order { Ok(Test::Between(from, to)) } else { Err(refused()) }
}

/// A whole number from 1 on, written plainly.
fn whole(text: &str, max: u32) -> Option<u32> {
    let plain = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number <= max)
}

fn span(kind: Kind, text: &str) -> Result<Span, String> {
    let days = text.strip_suffix('d').and_then(|days| whole(days, DAYS_MAX * 10)).map(Span::Days);
    let hours = text.strip_suffix('h').and_then(|hours| whole(hours, DAYS_MAX * 24)).map(Span::Hours);
    days.or(hours.filter(|_| kind == Kind::Instant)).ok_or_else(|| match kind {
        Kind::Instant => "Use days or hours, such as 14d or 12h.".to_owned(),
        _ => "Use days, such as 14d.".to_owned(),
    })
}

fn often(text: &str) -> Result<Often, String> {
    let read = || {
        let (times, days) = text.split_once(',')?;
        Some(Often { times: whole(times, TIMES_MAX)?, days: whole(days.strip_suffix('d')?, DAYS_MAX)? })
    };
    read().ok_or_else(|| format!("Use {}.", expected(Kind::Activity)))
}
