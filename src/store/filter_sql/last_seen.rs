//! When somebody was last seen, as a condition. A row says the hour, which an index walks; within an hour that the span
//! only touches, the journal says the millisecond.

use super::{Test, Writer};
use crate::domain::filter::Listed;
use crate::domain::ids::EventId;
use crate::domain::time::HOUR_MS;

impl Writer<'_> {
    /// Hour 0 is never.
    pub(super) fn last_seen(&mut self, listed: Listed, alias: &str, test: &Test) -> String {
        let (from, to) = self.moment.range(test);
        let (from, to) = (from.unwrap_or(HOUR_MS).max(HOUR_MS), to.unwrap_or(i64::MAX));
        let (first, last) = (from.div_euclid(HOUR_MS), to.div_euclid(HOUR_MS));
        let mut touched = Vec::new();
        if from > first * HOUR_MS {
            touched.push(first);
        }
        // Behind now there is nothing.
        if to < self.moment.now_ms && to < (last + 1) * HOUR_MS - 1 && !touched.contains(&last) {
            touched.push(last);
        }
        let within = [self.bound(first), self.bound(last)].join(" AND ");
        let mut condition = format!("{alias}.last_seen_hour BETWEEN {within}");
        for hour in touched {
            let (begins, ends) = (hour * HOUR_MS, (hour + 1) * HOUR_MS - 1);
            let wanted = [EventId::first_at(from.max(begins)).0, EventId::first_at(to.min(ends) + 1).0 - 1]
                .map(|id| self.bound(id))
                .join(" AND ");
            let seen = self.last_in_hour(listed, alias, hour);
            let hour = self.bound(hour);
            condition.push_str(&format!(" AND ({alias}.last_seen_hour <> {hour} OR {seen} BETWEEN {wanted})"));
        }
        condition
    }

    /// The last activity of a row in an hour, as an event's id; the first id of the hour where the journal says none.
    fn last_in_hour(&mut self, listed: Listed, alias: &str, hour: i64) -> String {
        let (first, last) = (EventId::first_at(hour * HOUR_MS), EventId(EventId::first_at((hour + 1) * HOUR_MS).0 - 1));
        let (strands, fold, which) = match listed {
            Listed::Users => (
                format!(
                    "SELECT {alias}.user_key AS key
                     UNION ALL SELECT r.user_key FROM users AS r WHERE r.merged_into = {alias}.user_key
                     UNION ALL SELECT -b.visitor_key FROM visitors AS b WHERE b.user_key = {alias}.user_key
                     UNION ALL SELECT -b.visitor_key FROM users AS r CROSS JOIN visitors AS b ON b.user_key = r.user_key
                       WHERE r.merged_into = {alias}.user_key"
                ),
                "events_by_subject AS f ON f.subject = s.key",
                String::new(),
            ),
            Listed::Companies => (
                format!(
                    "SELECT {alias}.company_key AS key
                     UNION ALL SELECT r.company_key FROM companies AS r WHERE r.merged_into = {alias}.company_key"
                ),
                "events_by_company AS f ON f.company_key = s.key",
                "AND (e.user_key IS NOT NULL OR EXISTS (
                   SELECT 1 FROM visitors AS b WHERE b.visitor_key = e.visitor_key AND b.user_key IS NOT NULL))"
                    .to_owned(),
            ),
            // Of events nobody asks when they were last active.
            Listed::Visitors | Listed::Events => (
                format!("SELECT -{alias}.visitor_key AS key UNION ALL SELECT {alias}.user_key"),
                "events_by_subject AS f ON f.subject = s.key",
                format!("AND e.visitor_key = {alias}.visitor_key"),
            ),
        };
        let (buckets, ids) = (
            [self.bound(first.bucket()), self.bound(last.bucket())].join(", "),
            [self.bound(first.0), self.bound(last.0)].join(" AND "),
        );
        let none = self.bound(first.0);
        format!(
            "coalesce((SELECT max(e.event_id) FROM ({strands}) AS s
               CROSS JOIN {fold} AND f.bucket IN ({buckets}) AND f.event_id BETWEEN {ids}
               CROSS JOIN events AS e ON e.event_id = f.event_id
               WHERE e.kind IN (0, 1, 2) AND e.flags & 3 = 0 {which}), {none})"
        )
    }
}
