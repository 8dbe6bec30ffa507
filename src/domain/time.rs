//! Time: what a sender's clock says, what we make of it, and which day it is.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;

use crate::domain::codes::warnings::Warning;
use crate::domain::error::{Code, Refused};

/// Milliseconds of a second, minute, hour and day.
pub const SECOND_MS: i64 = 1_000;
/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds of 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A sender's clock is corrected when it is wrong by more than this (T1).
const CLOCK_ERROR_MS: i64 = MINUTE_MS;

/// 2020-01-01T00:00:00Z: the first instant that an event can have, since ids count from there.
pub const EPOCH_MS: i64 = 1_577_836_800_000;

/// From when on events are kept for so many days; 0 keeps all. The beginning of an hour (Unix
/// milliseconds), since activity is told by hours.
pub fn kept_from(now_ms: i64, days: i64) -> i64 {
    if days == 0 { EPOCH_MS } else { ((now_ms - days * DAY_MS).div_euclid(HOUR_MS) * HOUR_MS).max(EPOCH_MS) }
}

/// Numbers from here on are milliseconds, below it seconds: 1e11 s is the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// When a message happened, and how we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageTime {
    /// Unix milliseconds, never later than the time received.
    pub at_ms: i64,
    /// The client's own timestamp was taken as it is, so a retry repeats it.
    pub as_sent: bool,
    /// What was done to it, for the answer's `warnings`.
    pub warning: Option<Warning>,
    /// By how much the sender's clock is wrong, where it was corrected (milliseconds, positive where it is ahead).
    pub clock_error_ms: i64,
}

/// The time of a message (T1): its timestamp, corrected by the sender's clock
/// error (`sent_at` against the time received) when that is over a minute,
/// never later than the time received. All in Unix milliseconds.
pub fn message_time(timestamp: Option<i64>, sent_at: Option<i64>, received_ms: i64) -> MessageTime {
    let Some(timestamp) = timestamp else {
        return MessageTime { at_ms: received_ms, as_sent: false, warning: None, clock_error_ms: 0 };
    };
    // A clock that says 1970 beside a good timestamp is not a clock.
    let sent_at = sent_at.filter(|sent| *sent >= EPOCH_MS || timestamp < EPOCH_MS);
    let clock_error = sent_at.map_or(0, |sent| sent.saturating_sub(received_ms));
    if clock_error.abs() > CLOCK_ERROR_MS {
        return MessageTime {
            at_ms: timestamp.saturating_sub(clock_error).min(received_ms),
            as_sent: false,
            warning: Some(Warning::ClockCorrected),
            clock_error_ms: clock_error,
        };
    }
    if timestamp > received_ms {
        let far = timestamp - received_ms > CLOCK_ERROR_MS;
        let warning = far.then_some(Warning::TimestampInTheFuture);
        return MessageTime { at_ms: received_ms, as_sent: false, warning, clock_error_ms: 0 };
    }
    MessageTime { at_ms: timestamp, as_sent: true, warning: None, clock_error_ms: 0 }
}

/// Reads an instant as SDKs write it: RFC 3339, without a zone (taken as UTC),
/// a date, or Unix seconds or milliseconds as a number or its text.
///
/// # Errors
/// `timestamp_invalid`.
pub fn parse_instant(value: &serde_json::Value) -> Result<i64, Refused> {
    let read = match value {
        serde_json::Value::Number(number) => number.as_f64().and_then(unix_ms),
        serde_json::Value::String(text) => instant_from_text(text),
        _ => None,
    };
    read.ok_or_else(|| {
        Refused::new(
            Code::TimestampInvalid,
            format!(
                "{} is not a time. Send RFC 3339 such as 2026-03-01T09:30:00Z.",
                crate::domain::ids::excerpt(&value.to_string())
            ),
        )
    })
}

/// Unix milliseconds of a number of seconds or milliseconds; `None` where it is not a time.
pub fn unix_ms(number: f64) -> Option<i64> {
    if !number.is_finite() || number.abs() >= 1e15 {
        return None;
    }
    if number.abs() < MILLISECONDS_FROM as f64 { Some((number * 1_000.0).round() as i64) } else { Some(number as i64) }
}

/// Unix milliseconds of a text that names an instant, one without a zone in UTC; `None` where it does not.
pub fn instant_from_text(text: &str) -> Option<i64> {
    instant_in(Tz::UTC, text)
}

/// As [`instant_from_text`], of a text that tells the local time of a zone where it names none: of a date its
/// first moment.
pub fn instant_in(zone: Tz, text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return local(time, zone);
        }
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f UTC"] {
        if let Ok(time) = DateTime::parse_from_str(text, format) {
            return Some(time.timestamp_millis());
        }
    }
    if let Some(date) = date_from_text(text) {
        return local(date.and_hms_opt(0, 0, 0)?, zone);
    }
    if !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_digit()) {
        return unix_ms(text.parse().ok()?);
    }
    None
}

/// Unix milliseconds of a local time of a zone: of two, where clocks are put back, the earlier; one that clocks
/// are put forward over is as long after the hour before it as it says.
pub fn local(time: NaiveDateTime, zone: Tz) -> Option<i64> {
    let at_ms = |time: NaiveDateTime| Some(zone.from_local_datetime(&time).earliest()?.timestamp_millis());
    at_ms(time).or_else(|| {
        // No zone ever skipped more than a day.
        (1..=24).find_map(|hours| Some(at_ms(time - chrono::Duration::hours(hours))? + hours * HOUR_MS))
    })
}

/// A date written `2026-03-01`, nothing else: `01/02/2026` says two things.
pub fn date_from_text(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// RFC 3339 in UTC with milliseconds, so that text sorts as time does.
pub fn rfc3339(at_ms: i64) -> String {
    match Utc.timestamp_millis_opt(at_ms).single() {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Millis, true),
        None => String::new(),
    }
}

/// The day of an instant in the workspace's time zone, as days since 1970-01-01 (T4).
pub fn day(at_ms: i64, zone: Tz) -> i32 {
    let Some(utc) = Utc.timestamp_millis_opt(at_ms).single() else { return 0 };
    // In the first and the last hours of all time the zone's clock would leave it.
    let (utc, offset) = (utc.naive_utc(), zone.offset_from_utc_datetime(&utc.naive_utc()).fix());
    day_number(utc.checked_add_offset(offset).unwrap_or(utc).date())
}

/// The last millisecond of a date in a zone, Unix milliseconds. Where a day begins after midnight, since
/// clocks were put forward then, the one before it ends there.
pub fn end_of_day(date: NaiveDate, zone: Tz) -> i64 {
    let next = date.succ_opt().unwrap_or(date);
    let begins = (0..24).find_map(|hour| zone.from_local_datetime(&next.and_hms_opt(hour, 0, 0)?).earliest());
    begins.map_or(i64::MAX, |begins| begins.timestamp_millis() - 1)
}

/// The first and the last millisecond of a date in a zone, Unix milliseconds.
pub fn span_of_day(date: NaiveDate, zone: Tz) -> (i64, i64) {
    (end_of_day(date.pred_opt().unwrap_or(date), zone).saturating_add(1), end_of_day(date, zone))
}

/// Days from 1970-01-01 to a date.
pub fn day_number(date: NaiveDate) -> i32 {
    date.signed_duration_since(NaiveDate::default()).num_days() as i32
}

/// The date of a day's number; the first or the last date there is where it lies beyond.
pub fn date(day: i32) -> NaiveDate {
    let beyond = if day < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
    NaiveDate::default().checked_add_signed(chrono::Duration::days(i64::from(day))).unwrap_or(beyond)
}

/// Remembers the hour it was last asked for, since the days of a batch are mostly one:
/// a zone's offset only changes on a quarter of an hour.
#[derive(Debug)]
pub struct Days {
    zone: Tz,
    quarter: i64,
    day: i32,
}

impl Days {
    /// The days of a zone.
    pub fn new(zone: Tz) -> Days {
        Days { zone, quarter: i64::MIN, day: 0 }
    }

    /// The days of this zone from now on.
    pub fn follow(&mut self, zone: Tz) {
        if self.zone != zone {
            *self = Days::new(zone);
        }
    }

    /// As [`day`], remembering the last answer.
    pub fn of(&mut self, at_ms: i64) -> i32 {
        let quarter = at_ms.div_euclid(15 * MINUTE_MS);
        if quarter != self.quarter {
            self.quarter = quarter;
            self.day = day(at_ms, self.zone);
        }
        self.day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000_000;

    #[test]
    fn t1_a_clock_a_year_ahead_is_corrected_by_sent_at() {
        let year = 365 * DAY_MS;
        let time = message_time(Some(NOW - 5_000 + year), Some(NOW + year), NOW);
        assert_eq!(time.at_ms, NOW - 5_000);
        assert!(!time.as_sent);
        assert!(time.warning.is_some());
    }

    #[test]
    fn t1_without_sent_at_the_future_is_cut_to_now_with_a_warning() {
        let time = message_time(Some(NOW + 365 * DAY_MS), None, NOW);
        assert_eq!(time.at_ms, NOW);
        assert!(time.warning.is_some());
    }

    #[test]
    fn t1_a_late_message_keeps_its_time() {
        let time = message_time(Some(NOW - 3 * DAY_MS), Some(NOW - 100), NOW);
        assert_eq!(time, MessageTime { at_ms: NOW - 3 * DAY_MS, as_sent: true, warning: None, clock_error_ms: 0 });
    }

    #[test]
    fn instants_are_read_as_sdks_write_them() {
        for text in [
            "2026-11-24T23:30:08.918+00:00",
            "2026-11-24T23:30:08.918Z",
            "2026-11-24T23:30:08.918123",
            "2026-11-24 23:30:08.918",
            "1795563008918",
        ] {
            assert_eq!(parse_instant(&json!(text)).unwrap(), 1_795_563_008_918, "{text}");
        }
        assert_eq!(parse_instant(&json!(1_700_000_000)).unwrap(), 1_700_000_000_000);
        assert_eq!(parse_instant(&json!("01/02/2026")).unwrap_err().code, Code::TimestampInvalid);
        assert_eq!(parse_instant(&json!({})).unwrap_err().code, Code::TimestampInvalid);
    }

    #[test]
    fn a_time_without_a_zone_is_told_in_the_one_that_is_asked_for() {
        let zone = chrono_tz::America::New_York;
        for (text, utc) in [
            ("2025-01-01 09:00", "2025-01-01T14:00:00.000Z"),
            ("2025-07-01T09:00:00", "2025-07-01T13:00:00.000Z"),
            ("2025-01-01", "2025-01-01T05:00:00.000Z"),
            ("2025-01-01T09:00:00Z", "2025-01-01T09:00:00.000Z"),
            // Clocks were put forward over it, and back over it.
            ("2025-03-09 02:30", "2025-03-09T07:30:00.000Z"),
            ("2025-11-02 01:30", "2025-11-02T05:30:00.000Z"),
        ] {
            assert_eq!(instant_in(zone, text).map(rfc3339).as_deref(), Some(utc), "{text}");
        }
        // Lord Howe puts them by half an hour, and Samoa once skipped a day.
        assert!(instant_in(chrono_tz::Australia::Lord_Howe, "2025-10-05 02:10").is_some());
        assert!(instant_in(chrono_tz::Pacific::Apia, "2011-12-30").is_some());
    }

    #[test]
    fn t4_a_day_is_the_workspace_s() {
        let at = instant_from_text("2026-03-01T23:30:00Z").unwrap();
        assert_eq!(date(day(at, Tz::UTC)).to_string(), "2026-03-01");
        assert_eq!(date(day(at, chrono_tz::Europe::Warsaw)).to_string(), "2026-03-02");
        let mut days = Days::new(chrono_tz::Asia::Kathmandu);
        for minute in 0..3_000 {
            let at = at + minute * MINUTE_MS;
            assert_eq!(days.of(at), day(at, chrono_tz::Asia::Kathmandu));
        }
    }

    #[test]
    fn every_number_has_a_day_and_every_day_a_date() {
        let (first, last) = (DateTime::<Utc>::MIN_UTC.timestamp_millis(), DateTime::<Utc>::MAX_UTC.timestamp_millis());
        for at_ms in [i64::MIN, first - 1, first, first + 1, 0, last - 1, last, last + 1, i64::MAX] {
            for zone in [Tz::UTC, chrono_tz::Pacific::Kiritimati, chrono_tz::Pacific::Pago_Pago] {
                let day = day(at_ms, zone);
                for day in [i32::MIN, day.saturating_sub(60), day, day.saturating_add(60), i32::MAX] {
                    let (begins, ends) = span_of_day(date(day), zone);
                    assert!(begins <= ends.saturating_add(1), "{at_ms} {zone} {day}");
                }
            }
        }
        assert_eq!(date(day_number(NaiveDate::MAX)), NaiveDate::MAX);
    }
}
