//! A user's sessions of late (T6): as the events of each browser say them. Only companies have a fold of them, so
//! of a user with very many events the first of the span are looked at, and the number says that there are more.

use std::collections::HashSet;

use rusqlite::named_params;

use crate::domain::activity::{TREND_DAYS, session_began};
use crate::domain::ids::{EventId, UserKey};
use crate::domain::time::{DAY_MS, EPOCH_MS};
use crate::store::events::HASH_BITS;
use crate::store::{Reader, StoreError, list};

/// Events that are looked at.
const LOOKED_AT_MAX: usize = 10_000;
/// Browsers that are looked at, the latest.
const BROWSERS_MAX: i64 = 20;

/// How many sessions somebody had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sessions {
    /// Begun in the last 28 days.
    pub last: u64,
    /// Begun in the 28 before.
    pub before: u64,
    /// There are more events than were looked at.
    pub more: bool,
}

/// The sessions of a user, through links and merges.
pub(super) fn of(db: &Reader<'_>, user: UserKey, now_ms: i64) -> Result<Sessions, StoreError> {
    let (span_ms, now) = (i64::from(TREND_DAYS) * DAY_MS, EventId::first_at(now_ms));
    let since = EventId::first_at((now_ms - 2 * span_ms).max(EPOCH_MS));
    let mut statement = db.0.prepare_cached(
        "SELECT event.visitor_key, (event.event_id >> :hash_bits) + :epoch, event.session_before_ms
         FROM (SELECT :user AS subject, 0 AS from_ms
               UNION ALL SELECT user_key, 0 FROM users WHERE merged_into = :user
               UNION ALL SELECT -visitor_key, linked_from_ms FROM (
                 SELECT visitor_key, linked_from_ms FROM visitors
                 WHERE user_key = :user ORDER BY visitor_key DESC LIMIT :browsers)) AS strand
         CROSS JOIN json_each(:buckets) AS bucket
         CROSS JOIN events_by_subject AS fold
           ON fold.bucket = bucket.value AND fold.subject = strand.subject AND fold.event_id >= :since
         CROSS JOIN events AS event ON event.event_id = fold.event_id
         WHERE event.session_before_ms IS NOT NULL AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0
           AND (event.event_id >> :hash_bits) + :epoch >= strand.from_ms
         LIMIT :limit",
    )?;
    let mut rows = statement.query(named_params! {
        ":hash_bits": HASH_BITS,
        ":epoch": EPOCH_MS,
        ":user": user.0,
        ":browsers": BROWSERS_MAX,
        ":buckets": list::json_keys((since.bucket()..=now.bucket()).rev()),
        ":since": since.0,
        ":limit": LOOKED_AT_MAX as i64,
    })?;
    let (mut begun, mut looked_at) = (HashSet::new(), 0);
    while let Some(row) = rows.next()? {
        looked_at += 1;
        begun.insert((row.get::<_, Option<i64>>(0)?, session_began(row.get(1)?, row.get(2)?)));
    }
    let within = |from: i64, to: i64| begun.iter().filter(|(_, at_ms)| (from..to).contains(at_ms)).count() as u64;
    Ok(Sessions {
        last: within(now_ms - span_ms, i64::MAX),
        before: within(now_ms - 2 * span_ms, now_ms - span_ms),
        more: looked_at == LOOKED_AT_MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Kind;
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    #[test]
    fn a_session_is_one_browser_s_and_counts_once_whatever_happened_in_it() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(90));
        let laptop = sample.visitor("laptop", days_ago(80), Some((ann, days_ago(30))));
        let named = |user: Option<i64>| Named { user, visitor: Some(laptop), company: None };
        let begun = |event: i64, before_ms: i64| {
            sample.run(&format!("UPDATE events SET session_before_ms = {before_ms} WHERE event_id = {event}"));
        };
        for (at_ms, user, before_ms) in [
            (days_ago(2), Some(ann), 0),
            (days_ago(2) + 60_000, Some(ann), 60_000),
            (days_ago(1), None, 0),
            // Before the link reaches back, and before either span.
            (days_ago(40), None, 0),
            (days_ago(50), Some(ann), 0),
            (days_ago(70), Some(ann), 0),
        ] {
            begun(sample.event(at_ms, Kind::Page, "", named(user)), before_ms);
        }
        sample.event(days_ago(3), Kind::Track, "By the server", Named { user: Some(ann), ..Named::default() });
        let sessions = of(&sample.db(), UserKey(ann), NOW).unwrap();
        assert_eq!(sessions, Sessions { last: 2, before: 1, more: false });
    }
}
