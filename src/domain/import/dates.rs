//! Dates and times as files write them: by numbers in either order, with months by name, with clocks of twelve hours, in
//! a zone or in none.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::reading::Dates;
use crate::domain::time;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Clocks, as `chrono` writes them.
const CLOCKS: [&str; 7] = ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S%.f %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p", "%I %p"];
/// No zone is further from UTC, in hours.
const OFFSET_HOURS_MAX: i64 = 14;

/// An instant, Unix milliseconds; one without a zone is of this one, a date its first moment.
pub(super) fn instant(text: &str, order: Dates, zone: Tz) -> Option<i64> {
    let text = plain(text);
    if let Some(at_ms) = time::instant_in(zone, &text) {
        return Some(at_ms);
    }
    let (date, rest) = leading(&text, order)?;
    let (clock, offset_ms) = clock_and_zone(rest)?;
    let at = date.and_time(clock);
    match offset_ms {
        Some(offset_ms) => Some(at.and_utc().timestamp_millis() - offset_ms),
        None => time::local(at, zone),
    }
}

/// A date, or its midnight.
pub(super) fn day(text: &str, order: Dates) -> Option<NaiveDate> {
    let text = plain(text);
    let (date, rest) = leading(&text, order)?;
    let (clock, offset_ms) = clock_and_zone(rest)?;
    (clock == NaiveTime::MIN && offset_ms.unwrap_or(0) == 0).then_some(date)
}

/// A date without any time.
pub(super) fn day_alone(text: &str, order: Dates) -> Option<NaiveDate> {
    let text = plain(text);
    let (date, rest) = leading(&text, order)?;
    rest.is_empty().then_some(date)
}

/// Whether a text begins with a date, whatever its order.
pub(super) fn is_one(text: &str) -> bool {
    let text = plain(text);
    parts(&text).is_some() || by_name(&text).is_some()
}

/// The order of dates, and whether that is a guess: days beyond the twelfth tell, and points stand between days and months;
/// clocks of twelve hours are of a country that writes the month first.
pub(super) fn order<'a>(cells: impl Iterator<Item = &'a str>) -> (Dates, bool) {
    let (mut day_first, mut month_first, mut either, mut twelve_hours) = (0, 0, 0, 0);
    for cell in cells {
        let Some([a, b, _]) = parts(cell).filter(|[a, ..]| *a <= 31) else { continue };
        let has_points = cell.trim().chars().find(|c| !c.is_ascii_digit()) == Some('.');
        day_first += usize::from(a > 12 || has_points);
        month_first += usize::from(b > 12);
        if a <= 12 && b <= 12 && a != b && !has_points {
            either += 1;
            twelve_hours += usize::from(cell.trim_end().to_uppercase().ends_with(['M']));
        }
    }
    match (day_first, month_first) {
        (0, 0) if either > 0 => (if twelve_hours > 0 { Dates::Mdy } else { Dates::Dmy }, true),
        _ if month_first > day_first => (Dates::Mdy, false),
        _ => (Dates::Dmy, false),
    }
}

/// The three numbers of a date that is not written as we do: `31.12.2026`, `1/2/26 10:00`.
fn parts(text: &str) -> Option<[u32; 3]> {
    let day = text.trim().split([' ', 'T', ',']).next()?;
    let separator = day.chars().find(|c| "./-".contains(*c))?;
    let parts: Vec<u32> = day.split(separator).map(str::parse).collect::<Result<_, _>>().ok()?;
    let [a, b, c] = parts[..] else { return None };
    (day.len() >= 6 && (a <= 31 && b <= 31 || a > 999 && b <= 12)).then_some([a, b, c])
}

/// The text with plain blanks between its words.
fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.contains(['\u{a0}', '\u{202f}']) {
        return Cow::Owned(text.replace(['\u{a0}', '\u{202f}'], " "));
    }
    Cow::Borrowed(text)
}

/// The date that a text begins with, and what follows.
fn leading(text: &str, order: Dates) -> Option<(NaiveDate, &str)> {
    let end = text.find([' ', 'T', ',']).unwrap_or(text.len());
    let (day, rest) = text.split_at(end);
    match by_numbers(day, order) {
        Some(date) => Some((date, rest.trim_start_matches([',', 'T', ' ']))),
        None => by_name(text),
    }
}

fn by_numbers(day: &str, order: Dates) -> Option<NaiveDate> {
    if let Some(date) = time::date_from_text(day) {
        return Some(date);
    }
    let [a, b, c] = parts(day)?;
    if a > 999 {
        return NaiveDate::from_ymd_opt(a as i32, b, c);
    }
    let (month, day) = if order == Dates::Mdy { (a, b) } else { (b, a) };
    NaiveDate::from_ymd_opt(year(c), month, day)
}

fn year(number: u32) -> i32 {
    let year = match number {
        0..=69 => 2_000 + number,
        70..=99 => 1_900 + number,
        year => year,
    };
    year as i32
}

/// A date whose month has its name: `1-Mar-2026`, `March 1, 2026`, `Sun, 01 Mar 2026 10:00:00 GMT`.
fn by_name(text: &str) -> Option<(NaiveDate, &str)> {
    let is_between = |c: char| " -/,.".contains(c);
    let mut rest = text;
    let mut word = || {
        rest = rest.trim_start_matches(is_between);
        let (word, behind) = rest.split_at(rest.find(is_between).unwrap_or(rest.len()));
        rest = behind;
        word
    };
    let mut first = word();
    if named(first, &WEEKDAYS).is_some() {
        first = word();
    }
    let (second, third) = (word(), word());
    let number = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let is_day = ["", "st", "nd", "rd", "th"].contains(&word[digits.len()..].to_lowercase().as_str());
        digits.parse::<u32>().ok().filter(|_| is_day)
    };
    let month = |word: &str| named(word, &MONTHS).map(|place| place as u32 + 1);
    let (year_of, month, day) = match (month(first), month(second)) {
        (Some(month), _) => (number(third)?, month, number(second)?),
        (None, Some(month)) if number(first)? > 999 => (number(first)?, month, number(third)?),
        (None, Some(month)) => (number(third)?, month, number(first)?),
        _ => return None,
    };
    Some((NaiveDate::from_ymd_opt(year(year_of), month, day)?, rest.trim_start_matches([',', 'T', ' '])))
}

/// The place of a name, which may be cut after three letters or more.
fn named(word: &str, names: &[&str]) -> Option<usize> {
    let word = word.to_lowercase();
    names.iter().position(|name| word.len() >= 3 && (name.starts_with(&word) || word == "sept" && *name == "september"))
}

/// The zone that a heading names: `Created (UTC)`, `Create Date (GMT+2)`.
pub(super) fn zone_of(heading: &str) -> Option<Tz> {
    let (_, named) = heading.trim().strip_suffix(')')?.rsplit_once('(')?;
    let named = named.trim().to_uppercase();
    let offset = named.strip_prefix("UTC").or_else(|| named.strip_prefix("GMT"))?;
    if offset.is_empty() {
        return Some(Tz::UTC);
    }
    let (sign, hours) = offset.split_at_checked(1)?;
    let hours: i64 = hours.split(':').next()?.parse().ok().filter(|hours| *hours <= OFFSET_HOURS_MAX)?;
    // Such names count the other way round.
    let turned = match sign {
        "+" => '-',
        "-" | "\u{2212}" => '+',
        _ => return None,
    };
    let is_whole = offset.rsplit_once(':').is_none_or(|(_, minutes)| minutes == "00");
    if is_whole { format!("Etc/GMT{turned}{hours}").parse().ok() } else { None }
}

/// A clock, midnight where there is none, and how far its zone is ahead of UTC in milliseconds, where one is named.
fn clock_and_zone(text: &str) -> Option<(NaiveTime, Option<i64>)> {
    let upper = text.to_uppercase().replace("A.M.", "AM").replace("P.M.", "PM");
    let mut clock = upper.as_str();
    let mut offset_ms = None;
    if let Some(place) = clock.rfind(['+', '-']) {
        let digits = clock[place + 1..].replace(':', "");
        let is_offset = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let (hours, minutes) = digits.split_at(2.min(digits.len()));
        let hours = hours.parse::<i64>().ok().filter(|hours| is_offset && *hours <= OFFSET_HOURS_MAX)?;
        let ahead = (hours * 60 + minutes.parse::<i64>().unwrap_or(0)) * time::MINUTE_MS;
        offset_ms = Some(if clock[place..].starts_with('-') { -ahead } else { ahead });
        clock = clock[..place].trim_end();
    }
    for utc in ["UTC", "GMT", "Z"] {
        if let Some(before) = clock.strip_suffix(utc) {
            clock = before.trim_end();
            offset_ms = offset_ms.or(Some(0));
        }
    }
    if clock.is_empty() {
        return Some((NaiveTime::MIN, offset_ms));
    }
    let parsed = CLOCKS.iter().find_map(|form| NaiveTime::parse_from_str(clock, form).ok())?;
    Some((parsed, offset_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::rfc3339;

    #[test]
    fn times_are_read_as_programs_and_people_write_them() {
        let zone = chrono_tz::Europe::Warsaw;
        let read = |text: &str, order| instant(text, order, zone).map(rfc3339).unwrap_or_default();
        for (text, at) in [
            ("12/31/2025 11:59 PM", "2025-12-31T22:59:00.000Z"),
            ("12/31/2025, 12:05:07\u{202f}AM", "2025-12-30T23:05:07.000Z"),
            ("1/2/2026 1:05 p.m.", "2026-01-02T12:05:00.000Z"),
            ("01-Mar-2026", "2026-02-28T23:00:00.000Z"),
            ("1 March 2026 8:30", "2026-03-01T07:30:00.000Z"),
            ("Mar 1st, 2026 8:30 AM UTC", "2026-03-01T08:30:00.000Z"),
            ("Sun, 01 Mar 2026 10:00:00 GMT", "2026-03-01T10:00:00.000Z"),
            ("2026-Sept-01", "2026-08-31T22:00:00.000Z"),
            ("2026-03-01 10:11:12 UTC", "2026-03-01T10:11:12.000Z"),
            ("2026-03-01 10:11 UTC", "2026-03-01T10:11:00.000Z"),
            ("2026-03-01T10:11:12+0200", "2026-03-01T08:11:12.000Z"),
            ("2026-03-01 10:11:12 -0530", "2026-03-01T15:41:12.000Z"),
            ("03/01/2026 10:11 +02", "2026-03-01T08:11:00.000Z"),
        ] {
            assert_eq!(read(text, Dates::Mdy), at, "{text}");
        }
        for text in [
            "",
            "soon",
            "31/12",
            "12/31/2026 25:00",
            "12/31/2026 13:00 PM",
            "12/31/2026 10:00 EST",
            "32 Mar 2026",
            "Mar 2026",
            "May",
            "12/31/2026 10:00 +99",
            "10:30",
            "-",
            "+",
            "1/2/2026 x",
        ] {
            assert_eq!(read(text, Dates::Mdy), "", "{text}");
        }
        assert_eq!(day("31-Dec-2026 12:00 AM", Dates::Dmy).unwrap().to_string(), "2026-12-31");
        assert_eq!(day("31-Dec-2026 12:00 PM", Dates::Dmy), None);
        assert_eq!(day_alone("31 Dec 26", Dates::Dmy).unwrap().to_string(), "2026-12-31");
    }

    #[test]
    fn a_heading_may_name_the_zone_of_its_times() {
        let at = |heading: &str| {
            let zone = zone_of(heading)?;
            instant("2025-07-04 11:12", Dates::Dmy, zone).map(rfc3339)
        };
        for (heading, time) in [
            ("Created (UTC)", Some("2025-07-04T11:12:00.000Z")),
            ("Signed up (GMT)", Some("2025-07-04T11:12:00.000Z")),
            ("Create Date (GMT+2)", Some("2025-07-04T09:12:00.000Z")),
            ("Create Date (GMT-05:00)", Some("2025-07-04T16:12:00.000Z")),
            ("Created", None),
            ("Price (EUR)", None),
            ("Created (GMT+05:30)", None),
            ("Created (UTC?)", None),
        ] {
            assert_eq!(at(heading).as_deref(), time, "{heading}");
        }
    }

    #[test]
    fn the_order_is_what_the_file_tells_or_a_guess_that_is_said_to_be_one() {
        for (cells, told) in [
            (&["01/02/2026", "12/31/2026"][..], (Dates::Mdy, false)),
            (&["01/02/2026", "31/12/2026"], (Dates::Dmy, false)),
            (&["01/02/2026", "03/03/2026"], (Dates::Dmy, true)),
            (&["01/02/2026 10:00 AM"], (Dates::Mdy, true)),
            (&["01.02.2026"], (Dates::Dmy, false)),
            (&["03/03/2026", "2026-01-02", "", "x"], (Dates::Dmy, false)),
        ] {
            assert_eq!(order(cells.iter().copied()), told, "{cells:?}");
        }
    }

    #[test]
    fn dates_that_are_none_are_refused_with_what_would_be_taken() {
        use crate::domain::attributes::Type;
        use crate::domain::import::Reading;
        use crate::domain::import::cell::value;
        use serde_json::json;

        let read =
            |text: &str, of: Type, reading: &Reading| value(&json!(text), of, reading, chrono_tz::Europe::Warsaw).ok();
        let (dmy, mdy) = (Reading::default(), Reading { dates: Dates::Mdy, ..Reading::default() });
        assert_eq!(read("01/02/2026", Type::Date, &dmy), Some(json!("2026-02-01")));
        assert_eq!(read("01/02/2026", Type::Date, &mdy), Some(json!("2026-01-02")));
        assert_eq!(read("1.2.99", Type::Date, &dmy), Some(json!("1999-02-01")));
        assert_eq!(read("2026/12/31", Type::Date, &mdy), Some(json!("2026-12-31")));
        assert_eq!(read("2026-12-31 00:00:00", Type::Date, &mdy), Some(json!("2026-12-31")));
        assert_eq!(read("31/12/2026 8:30", Type::Datetime, &dmy), Some(json!("2026-12-31T07:30:00.000Z")));
        assert_eq!(read("31/12/2026 8:30Z", Type::Datetime, &dmy), Some(json!("2026-12-31T08:30:00.000Z")));
        assert_eq!(read("31/12/2026", Type::Datetime, &dmy), Some(json!("2026-12-31")));
        for text in ["31/02/2026", "12/31/2026", "soon", "31/12", "2026-13-01", "31/12/2026 10:00"] {
            let refused = value(&json!(text), Type::Date, &dmy, Tz::UTC).unwrap_err();
            assert!(refused.contains("2026-12-31"), "{refused}");
        }
    }
}
