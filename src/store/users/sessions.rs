//! A user's sessions of late (T6), in whole days of the workspace (T4) with today: as the events of each browser say them. Only companies have a fold of them, so
//! of a user with very many events the first of the span are looked at, and the number says that there are more.

use std::collections::HashMap;

use rusqlite::named_params;

use crate::domain::activity::{TREND_DAYS, session_began};
use crate::domain::ids::{EventId, UserKey};
use crate::domain::message::Kind;
use crate::domain::time::{self, EPOCH_MS};
use crate::store::events::HASH_BITS;
use crate::store::filter_sql::Moment;
use crate::store::{Reader, StoreError, list};

/// Events that are looked at.
const LOOKED_AT_MAX: usize = 10_000;
/// Browsers that are looked at, the latest.
const BROWSERS_MAX: i64 = 20;
/// Sessions that are told one by one, the latest.
const TOLD_MAX: usize = 6;

/// A session, as far as its events tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// When it began, Unix milliseconds.
    pub began_ms: i64,
    /// Its last event, Unix milliseconds.
    pub last_ms: i64,
    /// Page views and screens.
    pub pages: u64,
    /// Other events.
    pub events: u64,
}

/// How many sessions somebody had.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sessions {
    /// The latest, newest first.
    pub latest: Vec<Session>,
    /// Begun in the last 28 days.
    pub last: u64,
    /// Begun in the 28 before.
    pub before: u64,
    /// There are more events than were looked at.
    pub more: bool,
}

/// The sessions of a user, through links and merges.
pub(super) fn of(db: &Reader<'_>, user: UserKey, now_ms: i64) -> Result<Sessions, StoreError> {
    let now = EventId::first_at(now_ms);
    let (moment, days) = (Moment::of(db, now_ms)?, TREND_DAYS);
    let start_of = |days: i32| moment.start_of(time::date(moment.today() - days + 1));
    let (last_ms, before_ms) = (start_of(days), start_of(2 * days));
    let since = EventId::first_at(before_ms.max(EPOCH_MS));
    let mut statement = db.0.prepare_cached(
        "SELECT event.visitor_key, (event.event_id >> :hash_bits) + :epoch, event.session_before_ms,
           event.kind
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
    let (mut begun, mut looked_at) = (HashMap::new(), 0);
    while let Some(row) = rows.next()? {
        looked_at += 1;
        let (browser, at_ms): (Option<i64>, i64) = (row.get(0)?, row.get(1)?);
        let began_ms = session_began(at_ms, row.get(2)?);
        let session =
            begun.entry((browser, began_ms)).or_insert(Session { began_ms, last_ms: at_ms, pages: 0, events: 0 });
        session.last_ms = session.last_ms.max(at_ms);
        if Kind::from_number(row.get(3)?) == Kind::Track { session.events += 1 } else { session.pages += 1 }
    }
    let mut latest: Vec<Session> = begun.into_values().collect();
    latest.sort_unstable_by_key(|session| std::cmp::Reverse((session.began_ms, session.last_ms)));
    let within =
        |from: i64, to: i64| latest.iter().filter(|session| (from..to).contains(&session.began_ms)).count() as u64;
    let (last, before) = (within(last_ms, i64::MAX), within(before_ms, last_ms));
    latest.truncate(TOLD_MAX);
    Ok(Sessions { latest, last, before, more: looked_at == LOOKED_AT_MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
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
            // Less than 28 times 24 hours ago, and before the 28 days with today.
            (days_ago(28) + 60_000, Some(ann), 0),
        ] {
            begun(sample.event(at_ms, Kind::Page, "", named(user)), before_ms);
        }
        sample.event(days_ago(3), Kind::Track, "By the server", Named { user: Some(ann), ..Named::default() });
        let sessions = of(&sample.db(), UserKey(ann), NOW).unwrap();
        assert_eq!((sessions.last, sessions.before, sessions.more), (2, 2, false));
        let one = |began_ms, last_ms, pages| Session { began_ms, last_ms, pages, events: 0 };
        let [fourth, third, second, first] = [days_ago(50), days_ago(28) + 60_000, days_ago(2), days_ago(1)];
        assert_eq!(
            sessions.latest,
            [one(first, first, 1), one(second, second + 60_000, 2), one(third, third, 1), one(fourth, fourth, 1)],
            "the newest first"
        );
    }
}
