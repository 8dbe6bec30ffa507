//! What is found without being asked: nobody was refused for it, and something is wrong all the same.

use super::codes::codes;
use super::identity::SHARED_BY;
use super::ids::excerpt;
use super::time::MINUTE_MS;

/// A sender's clock that is wrong by more than this is a finding; less is corrected without a word (T1).
const CLOCK_WRONG_MS: i64 = 5 * MINUTE_MS;

codes! {
    /// What is found.
    pub enum Finding {
        IdSharedByMany = "id_shared_by_many" {
            "One user id came from twenty browsers or more within an hour.",
            "The id stands in the page's code, or it is the id of something else: of the account, the shop, the template.",
            "Render the id of whoever is signed in into the page, and leave user_id out where nobody is: all these \
             browsers are one user now. Erase that user once the page is right.",
        }
        ClockWrong = "clock_wrong" {
            "Messages come from a clock that is wrong by more than five minutes.",
            "A computer whose clock was never set; whole hours are a server that writes local time without its zone.",
            "Browsers may be wrong: nothing to do. A server of yours sets its clock by NTP and writes its times with \
             their zone, such as 2026-03-01T09:30:00Z.",
        }
    }
}

impl Finding {
    /// How bad it is: a `warning` is about what is stored, an `info` about what was put right.
    pub fn severity(self) -> &'static str {
        match self {
            Finding::IdSharedByMany => "warning",
            Finding::ClockWrong => "info",
        }
    }

    /// What it counts for the first time: a shared id is found when so many browsers have it.
    pub fn first_count(self) -> i64 {
        match self {
            Finding::IdSharedByMany => SHARED_BY,
            Finding::ClockWrong => 1,
        }
    }

    /// What is so: of an example, so many times.
    pub fn sentence(self, example: &str, count: u64) -> String {
        match self {
            Finding::IdSharedByMany => format!(
                "The user id {:?} came from at least {count} browsers, {SHARED_BY} of them within an hour.",
                excerpt(example)
            ),
            Finding::ClockWrong => format!(
                "{count} {} from a clock that is wrong by more than five minutes, the last one {example}. The times were \
                 corrected.",
                if count == 1 { "message came" } else { "messages came" }
            ),
        }
    }
}

/// The example of a clock, where its error (milliseconds, positive where it is ahead) is a finding.
pub fn clock_wrong(error_ms: i64) -> Option<String> {
    if error_ms.saturating_abs() <= CLOCK_WRONG_MS {
        return None;
    }
    let minutes = error_ms.saturating_abs().saturating_add(MINUTE_MS / 2) / MINUTE_MS;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let span = match hours {
        0 => format!("{minutes} min"),
        1..48 => format!("{hours} h {minutes} min"),
        _ => format!("{} days", hours / 24),
    };
    Some(format!("{span} {}", if error_ms > 0 { "ahead" } else { "behind" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY_MS, HOUR_MS};

    #[test]
    fn a_clock_is_told_by_how_far_it_is_ahead_or_behind() {
        for (error_ms, told) in [
            (0, None),
            (5 * MINUTE_MS, None),
            (-5 * MINUTE_MS, None),
            (365 * DAY_MS - 700, Some("365 days ahead")),
            (6 * MINUTE_MS, Some("6 min ahead")),
            (-2 * HOUR_MS, Some("2 h 0 min behind")),
            (365 * DAY_MS, Some("365 days ahead")),
            (i64::MIN, Some("106751991167 days behind")),
        ] {
            assert_eq!(clock_wrong(error_ms).as_deref(), told, "{error_ms}");
        }
    }
}
