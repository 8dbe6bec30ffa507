//! Times: relative where they are near, exact behind them. Days are the workspace's (T4).

use chrono::{DateTime, Datelike, TimeZone, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

use crate::domain::time::{self, DAY_MS, HOUR_MS, MINUTE_MS};

/// Now, and the zone in which days and hours are shown.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Unix milliseconds.
    pub now_ms: i64,
    /// The workspace's time zone: that of days.
    pub zone: Tz,
    /// The zone in which instants are shown: the operator's own, else the workspace's.
    pub own: Tz,
}

/// From so long ago on, a relative time says less than a date.
const RELATIVE_MS: i64 = 14 * DAY_MS;

impl Clock {
    /// Today, as days since 1970-01-01.
    pub fn today(self) -> i32 {
        time::day(self.now_ms, self.zone)
    }

    /// The day of an instant.
    pub fn day_of(self, at_ms: i64) -> i32 {
        time::day(at_ms, self.zone)
    }

    fn local(self, at_ms: i64) -> DateTime<Tz> {
        Utc.timestamp_millis_opt(at_ms).single().unwrap_or_default().with_timezone(&self.own)
    }

    /// `15:38`
    pub fn hour(self, at_ms: i64) -> String {
        self.local(at_ms).format("%H:%M").to_string()
    }

    /// `14 Mar 2025`
    pub fn date(self, at_ms: i64) -> String {
        self.local(at_ms).format("%-d %b %Y").to_string()
    }

    /// `Tue 24 Nov 2026, 15:42:08 Europe/Warsaw`
    pub fn exact(self, at_ms: i64) -> String {
        format!("{} {}", self.local(at_ms).format("%a %-d %b %Y, %H:%M:%S"), self.own.name())
    }

    /// Today as `Tuesday, 24 November`
    pub fn today_in_words(self) -> String {
        time::date(self.today()).format("%A, %-d %B").to_string()
    }

    /// `24 Nov 2026, 16:42`
    pub fn date_and_hour(self, at_ms: i64) -> String {
        self.local(at_ms).format("%-d %b %Y, %H:%M").to_string()
    }

    /// A day as a heading: `Today`, `Yesterday`, `Friday, 20 November`, `14 March 2025`.
    pub fn heading(self, day: i32) -> String {
        let date = time::date(day);
        match self.today() - day {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            _ if date.year() == time::date(self.today()).year() => date.format("%A, %-d %B").to_string(),
            _ => date.format("%-d %B %Y").to_string(),
        }
    }

    /// `just now`, `2 min ago`, `3 h ago`, `yesterday`, `9 days ago`, `14 Mar 2025`
    pub fn relative(self, at_ms: i64) -> String {
        let span = self.now_ms - at_ms;
        let days = time::day(self.now_ms, self.own) - time::day(at_ms, self.own);
        match span {
            i64::MIN..MINUTE_MS => "just now".to_owned(),
            MINUTE_MS..HOUR_MS => format!("{} min ago", span / MINUTE_MS),
            HOUR_MS..DAY_MS => format!("{} h ago", span / HOUR_MS),
            DAY_MS..RELATIVE_MS if days <= 1 => "yesterday".to_owned(),
            DAY_MS..RELATIVE_MS => format!("{days} days ago"),
            _ => self.date(at_ms),
        }
    }

    fn element(self, at_ms: i64, text: &str) -> Markup {
        html! { time datetime=(time::rfc3339(at_ms)) title=(self.exact(at_ms)) { (text) } }
    }

    /// A relative time with the exact one behind it.
    pub fn ago(self, at_ms: i64) -> Markup {
        let relative = self.relative(at_ms);
        // Paper shows the exact time beside it.
        let class = (relative != self.date(at_ms)).then_some("r");
        html! { time class=[class] datetime=(time::rfc3339(at_ms)) title=(self.exact(at_ms)) { (relative) } }
    }

    /// As [`Clock::ago`]; `never` where it has not been.
    pub fn ago_or_never(self, at_ms: Option<i64>) -> Markup {
        html! { @match at_ms { Some(at_ms) => (self.ago(at_ms)), None => span.zero { "never" } } }
    }

    /// A date with the exact time behind it.
    pub fn on(self, at_ms: i64) -> Markup {
        self.element(at_ms, &self.date(at_ms))
    }

    /// The second with the exact time behind it: `15:42:08`.
    pub fn second(self, at_ms: i64) -> Markup {
        self.element(at_ms, &self.local(at_ms).format("%H:%M:%S").to_string())
    }

    /// The hour with the exact time behind it.
    pub fn at(self, at_ms: i64) -> Markup {
        self.element(at_ms, &self.hour(at_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        let now_ms = time::instant_from_text("2026-11-24T15:42:08Z").unwrap();
        Clock { now_ms, zone: chrono_tz::Europe::Warsaw, own: chrono_tz::Europe::Warsaw }
    }

    #[test]
    fn an_operator_s_own_zone_shows_instants_and_leaves_days_alone() {
        let there = Clock { own: chrono_tz::Pacific::Auckland, ..clock() };
        assert_eq!(there.today(), clock().today(), "it is Wednesday there already");
        assert_eq!(there.today_in_words(), "Tuesday, 24 November");
        assert_eq!(there.hour(there.now_ms), "04:42");
        assert_eq!(there.exact(there.now_ms), "Wed 25 Nov 2026, 04:42:08 Pacific/Auckland");
        assert_eq!(there.relative(there.now_ms - 5 * HOUR_MS), "5 h ago");
    }

    #[test]
    fn times_are_relative_where_they_are_near() {
        let ago = |ms: i64| clock().relative(clock().now_ms - ms);
        assert_eq!(ago(-5_000), "just now");
        assert_eq!(ago(59_000), "just now");
        assert_eq!(ago(2 * MINUTE_MS), "2 min ago");
        assert_eq!(ago(23 * HOUR_MS), "23 h ago");
        assert_eq!(ago(25 * HOUR_MS), "yesterday");
        assert_eq!(ago(9 * DAY_MS), "9 days ago");
        assert_eq!(ago(20 * DAY_MS), "4 Nov 2026");
    }

    #[test]
    fn the_exact_time_stands_behind_in_the_workspace_s_zone_and_in_utc() {
        let markup = clock().ago(clock().now_ms - 2 * MINUTE_MS).into_string();
        assert_eq!(
            markup,
            r#"<time class="r" datetime="2026-11-24T15:40:08.000Z" title="Tue 24 Nov 2026, 16:40:08 Europe/Warsaw">2 min ago</time>"#
        );
    }

    #[test]
    fn days_as_headings() {
        let heading = |days: i32| clock().heading(clock().today() - days);
        assert_eq!(heading(0), "Today");
        assert_eq!(heading(1), "Yesterday");
        assert_eq!(heading(4), "Friday, 20 November");
        assert_eq!(heading(400), "20 October 2025");
    }
}
