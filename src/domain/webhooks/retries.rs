//! When a delivery that failed is tried again.

use chrono::DateTime;

use crate::domain::time::{DAY_MS, MINUTE_MS, SECOND_MS};

/// The waits after the first, second … attempt, milliseconds: 71 hours in all.
pub const WAITS_MS: [i64; 10] = [
    5 * SECOND_MS,
    MINUTE_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * 60 * MINUTE_MS,
    5 * 60 * MINUTE_MS,
    10 * 60 * MINUTE_MS,
    13 * 60 * MINUTE_MS,
    20 * 60 * MINUTE_MS,
    20 * 60 * MINUTE_MS,
];
/// A webhook that took nothing for so long is told nothing any more, milliseconds.
pub const FAILING_MS_MAX: i64 = 3 * DAY_MS;
/// A receiver may ask for so long a wait, milliseconds.
const ASKED_MS_MAX: i64 = DAY_MS;

/// How long to wait after so many attempts; none where there is no further one. `chance` makes it up to a tenth
/// longer, so that what failed together does not come together again; `asked_ms` is the receiver's `Retry-After`.
pub fn wait_ms(attempts: u32, chance: u8, asked_ms: Option<i64>) -> Option<i64> {
    let wait_ms = *WAITS_MS.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    let longer_ms = wait_ms * i64::from(chance) / (10 * i64::from(u8::MAX));
    Some((wait_ms + longer_ms).max(asked_ms.unwrap_or_default().min(ASKED_MS_MAX)))
}

/// The wait that a receiver asks for by `Retry-After` at an instant (Unix milliseconds), in milliseconds: seconds, or
/// the date of HTTP (RFC 9110, 10.2.3), as in `Sun, 06 Nov 1994 08:49:37 GMT`. A date that is past asks for none.
pub fn asked_ms(retry_after: &str, now_ms: i64) -> Option<i64> {
    let text = retry_after.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * SECOND_MS);
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some((date.timestamp_millis() - now_ms).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_end_after_three_days_and_heed_the_receiver() {
        assert_eq!(wait_ms(1, 0, None), Some(5_000));
        assert_eq!(wait_ms(1, 255, None), Some(5_500));
        assert_eq!(wait_ms(2, 0, Some(90_000)), Some(90_000));
        assert_eq!(wait_ms(9, 0, Some(90_000)), Some(20 * 60 * MINUTE_MS), "no sooner than without it");
        assert_eq!(wait_ms(1, 0, Some(i64::MAX)), Some(DAY_MS));
        assert_eq!((wait_ms(0, 0, None), wait_ms(11, 0, None)), (None, None));
        assert!(WAITS_MS.is_sorted());
        let all: i64 = WAITS_MS.iter().sum();
        assert!((FAILING_MS_MAX - 3 * 60 * MINUTE_MS..FAILING_MS_MAX).contains(&all));
    }

    #[test]
    fn a_receiver_asks_for_a_wait_in_seconds_or_until_a_date() {
        let at_ms = 784_111_777_000;
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(asked_ms("120", at_ms), Some(120_000));
        assert_eq!(asked_ms(date, at_ms - 90_000), Some(90_000));
        assert_eq!(asked_ms(date, at_ms + 1), Some(0));
        for nothing in ["", "-1", "soon", "99999999999", "1994-11-06T08:49:37Z"] {
            assert_eq!(asked_ms(nothing, at_ms), None, "{nothing}");
        }
    }
}
