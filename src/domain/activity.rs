//! Activity and what is computed from it: state and trend (T5, T7).

use std::ops::RangeInclusive;

use serde::Serialize;

use crate::domain::time::DAY_MS;

/// Days of each of the two spans that a trend compares.
pub const TREND_DAYS: i32 = 28;
/// A trend needs a difference of at least this many people (or days).
pub const TREND_DIFFERENCE_MIN: i64 = 2;
/// A trend needs a change of at least this share of the earlier span, in percent.
pub const TREND_PERCENT_MIN: i64 = 25;

/// When a session began (T6), of an event and how long before it the session began as its browser says, all in
/// milliseconds. A session that goes on for more than a day counts anew each 24 hours: so what began long ago, or
/// is a number and no moment, belongs to a day near the event.
pub fn session_began(at_ms: i64, before_ms: i64) -> i64 {
    at_ms - before_ms.rem_euclid(DAY_MS)
}

/// The last days on which somebody was active: of the 64 that end with the last of them. Days are those since 1970-01-01
/// in the workspace's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecentDays {
    /// The last of them; of nobody's days any.
    pub last: i32,
    /// Bit n stands for the day n days before it.
    pub bits: u64,
}

impl RecentDays {
    /// How many days it reaches back.
    pub const REACH: i32 = 64;

    /// One day.
    pub fn of(day: i32) -> RecentDays {
        RecentDays { last: day, bits: 1 }
    }

    /// The days of both.
    #[must_use]
    pub fn join(self, other: RecentDays) -> RecentDays {
        let (newer, older) = if self.last >= other.last { (self, other) } else { (other, self) };
        if newer.bits == 0 {
            return older;
        }
        let before = older.bits.checked_shl(newer.last.abs_diff(older.last)).unwrap_or(0);
        RecentDays { last: newer.last, bits: newer.bits | before }
    }

    /// How many of these days are among them.
    pub fn within(self, days: &RangeInclusive<i32>) -> i64 {
        i64::from((self.reaching(*days.end()) & !self.reaching(days.start().saturating_sub(1))).count_ones())
    }

    /// The bits of the days up to one.
    fn reaching(self, day: i32) -> u64 {
        let later = self.last.saturating_sub(day);
        if later <= 0 { self.bits } else { u64::MAX.checked_shl(later.unsigned_abs()).unwrap_or(0) & self.bits }
    }
}

/// The state of a user or a company, first match from the top (T7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// First seen less than 14 days ago.
    New,
    /// Activity within 7 days.
    Active,
    /// Activity within 30 days.
    Quiet,
    /// Activity, but longer ago.
    Gone,
    /// No activity at all.
    Never,
}

/// Where the number of active people is going (T7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// At least a quarter and 2 more than in the 28 days before.
    Growing,
    /// At least a quarter and 2 fewer.
    Shrinking,
    /// Neither.
    Steady,
}

impl State {
    /// `new`: first seen less than so many milliseconds ago.
    pub const NEW_MS: i64 = 14 * DAY_MS;
    /// `active`: activity within so many milliseconds.
    pub const ACTIVE_MS: i64 = 7 * DAY_MS;
    /// `quiet`: activity within so many milliseconds.
    pub const QUIET_MS: i64 = 30 * DAY_MS;

    /// The state at a moment. All in Unix milliseconds; `last_seen` is the last activity.
    pub fn at(now_ms: i64, first_seen_ms: i64, last_seen_ms: Option<i64>) -> State {
        let within = |span: i64| last_seen_ms.is_some_and(|seen| now_ms - seen < span);
        if now_ms - first_seen_ms < State::NEW_MS {
            State::New
        } else if within(State::ACTIVE_MS) {
            State::Active
        } else if within(State::QUIET_MS) {
            State::Quiet
        } else if last_seen_ms.is_some() {
            State::Gone
        } else {
            State::Never
        }
    }

    /// The word a person reads.
    pub fn as_str(self) -> &'static str {
        match self {
            State::New => "new",
            State::Active => "active",
            State::Quiet => "quiet",
            State::Gone => "gone",
            State::Never => "never",
        }
    }

    /// Its formula in words, for a title or the help.
    pub fn formula(self) -> &'static str {
        match self {
            State::New => "first seen less than 14 days ago",
            State::Active => "activity within the last 7 days",
            State::Quiet => "last activity 7 to 30 days ago",
            State::Gone => "last activity more than 30 days ago",
            State::Never => "no activity so far",
        }
    }
}

impl Trend {
    /// The trend between two spans of 28 days: distinct active people
    /// (of a user: active days) in the last one and in the one before.
    pub fn between(before: i64, last: i64) -> Trend {
        let difference = last - before;
        let enough = difference.abs() >= TREND_DIFFERENCE_MIN && difference.abs() * 100 >= before * TREND_PERCENT_MIN;
        match difference {
            _ if !enough => Trend::Steady,
            1.. => Trend::Growing,
            _ => Trend::Shrinking,
        }
    }

    /// The word a person reads.
    pub fn as_str(self) -> &'static str {
        match self {
            Trend::Growing => "growing",
            Trend::Shrinking => "shrinking",
            Trend::Steady => "steady",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t7_states_are_the_first_that_match() {
        let now = 100 * DAY_MS;
        let state =
            |first: i64, last: Option<i64>| State::at(now, now - first * DAY_MS, last.map(|d| now - d * DAY_MS));
        assert_eq!(state(13, None), State::New);
        assert_eq!(state(14, Some(6)), State::Active);
        assert_eq!(state(90, Some(7)), State::Quiet);
        assert_eq!(state(90, Some(30)), State::Gone);
        assert_eq!(state(90, None), State::Never);
    }

    proptest::proptest! {
        #[test]
        fn recent_days_are_those_of_the_last_64(
            days in proptest::collection::btree_set(20_000..20_150, 0..40),
            order in proptest::num::u64::ANY,
            first in 19_990..20_160_i32,
            length in 0..80,
        ) {
            let mut shuffled: Vec<i32> = days.iter().copied().collect();
            shuffled.sort_by_key(|day| (i64::from(*day) as u64).wrapping_mul(order | 1));
            let recent = shuffled.iter().map(|day| RecentDays::of(*day)).fold(RecentDays::default(), RecentDays::join);
            let asked = first..=first + length;
            let reaches_back = days.last().map_or(0, |last| last - RecentDays::REACH);
            let expected = days.iter().filter(|day| asked.contains(day) && **day > reaches_back).count();
            proptest::prop_assert_eq!(recent.within(&asked), expected as i64);
        }
    }

    #[test]
    fn t7_a_trend_needs_a_quarter_and_two() {
        assert_eq!(Trend::between(8, 10), Trend::Growing);
        assert_eq!(Trend::between(4, 5), Trend::Steady);
        assert_eq!(Trend::between(100, 110), Trend::Steady);
        assert_eq!(Trend::between(10, 7), Trend::Shrinking);
        assert_eq!(Trend::between(0, 2), Trend::Growing);
        assert_eq!(Trend::between(0, 0), Trend::Steady);
    }
}
