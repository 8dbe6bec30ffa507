//! Events that meet a filter. No index tells what was done with which properties, so the journal is looked through
//! from its newest event, of a user or a company by the fold of theirs, within the times that the filter asks for.

use std::collections::HashSet;

use super::{EventRow, Of, at, before, ids, joins, rows};
use crate::domain::filter::{BuiltIn, Condition, Fact, Field, Filter, Join, Listed, Test, Value};
use crate::domain::ids::EventId;
use crate::domain::time::EPOCH_MS;
use crate::store::filter_sql::{FilterSql, Moment};
use crate::store::list::{COUNTED_MAX, Count, Cursor, Page, bind, json_keys};
use crate::store::users::{self, UserName};
use crate::store::{Reader, StoreError, companies};

/// Events that are looked at together at most.
const TOGETHER_MAX: usize = 20_000;
/// Events that are looked at for a page, or for a count: what a page takes time for.
const LOOKED_AT_MAX: usize = 200_000;

/// A page of the events that meet a filter, newest first. It may be short, and even empty, with more behind it: so
/// many events are looked at and no more.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(
    db: &Reader<'_>,
    of: Of,
    filter: &Filter,
    after: Option<&Cursor>,
    size: usize,
    now_ms: i64,
) -> Result<Page<EventRow>, StoreError> {
    let found = newest(db, of, filter, before(after), size + 1, now_ms)?;
    let next = found.ids.get(size - 1).filter(|_| found.ids.len() > size).copied().or(found.looked_until);
    let ids = &found.ids[..found.ids.len().min(size)];
    Ok(Page { rows: rows(db, ids)?, next: next.map(at) })
}

/// Keeps of events those that meet a filter.
///
/// # Errors
/// [`StoreError`] only.
pub fn retain(db: &Reader<'_>, events: &mut Vec<EventRow>, filter: &Filter, now_ms: i64) -> Result<(), StoreError> {
    let ids: Vec<i64> = events.iter().map(|event| event.event_id.0).collect();
    let met: HashSet<i64> = Matching::new(db, filter, now_ms)?.of(db, &ids)?.into_iter().collect();
    events.retain(|event| met.contains(&event.event_id.0));
    Ok(())
}

/// How many events meet a filter.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, of: Of, filter: &Filter, now_ms: i64) -> Result<Count, StoreError> {
    let found = newest(db, of, filter, i64::MAX, COUNTED_MAX as usize, now_ms)?;
    Ok(match (Count::of(found.ids.len() as i64), found.looked_until) {
        (Count::Exactly(so_many), Some(_)) => Count::AtLeast(so_many),
        (count, _) => count,
    })
}

/// What meets a filter.
struct Found {
    /// The events, newest first.
    ids: Vec<i64>,
    /// The last that was looked at, where older ones may meet it too.
    looked_until: Option<i64>,
}

/// A filter, as a statement asks it of events.
struct Matching {
    filter: FilterSql,
}

impl Matching {
    fn new(db: &Reader<'_>, filter: &Filter, now_ms: i64) -> Result<Matching, StoreError> {
        Ok(Matching { filter: FilterSql::of(Listed::Events, Some(filter), &Moment::of(db, now_ms)?) })
    }

    /// Those of these events that meet it, in their order.
    fn of(&self, db: &Reader<'_>, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let mut statement = db.0.prepare_cached(&format!(
            "SELECT event.event_id FROM json_each(:ids) AS asked
             CROSS JOIN events AS event ON event.event_id = asked.value
             {}
             WHERE true {} ORDER BY asked.key",
            joins(),
            self.filter.condition
        ))?;
        bind(&mut statement, ":ids", json_keys(ids.iter().copied()))?;
        self.filter.bind(&mut statement)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(row.get(0)?);
        }
        Ok(found)
    }
}

/// The newest events that meet a filter, older than one.
fn newest(
    db: &Reader<'_>,
    of: Of,
    filter: &Filter,
    before: i64,
    limit: usize,
    now_ms: i64,
) -> Result<Found, StoreError> {
    let moment = Moment::of(db, now_ms)?;
    let matching = Matching::new(db, filter, now_ms)?;
    let (from, to) = span(filter, &moment);
    let mut found = Found { ids: Vec::new(), looked_until: None };
    let Some(of) = narrowed(db, of, filter)? else { return Ok(found) };
    let mut before = before.min(EventId::first_at(to.saturating_add(1).clamp(EPOCH_MS, LATEST_MS)).0);
    let oldest = EventId::first_at(from.clamp(EPOCH_MS, LATEST_MS)).0;
    let (mut looked_at, mut together) = (0, (2 * limit).min(TOGETHER_MAX));
    while looked_at < LOOKED_AT_MAX {
        let mut ids = ids(db, of, before, together)?;
        let is_last = ids.len() < together || ids.last().is_some_and(|last| *last < oldest);
        // Where few meet it, more are looked at together.
        (looked_at, together) = (looked_at + ids.len(), (2 * together).min(TOGETHER_MAX));
        ids.retain(|id| *id >= oldest);
        found.ids.extend(matching.of(db, &ids)?);
        if found.ids.len() >= limit {
            found.ids.truncate(limit);
            return Ok(found);
        }
        match ids.last() {
            Some(last) if !is_last => before = *last,
            _ => return Ok(found),
        }
    }
    found.looked_until = Some(before);
    Ok(found)
}

/// The latest millisecond that an event's id can tell: the year 2089.
const LATEST_MS: i64 = EPOCH_MS + (i64::MAX >> super::HASH_BITS);

/// The milliseconds in which all are that meet a filter.
fn span(filter: &Filter, moment: &Moment) -> (i64, i64) {
    let of_time = |condition: &&Condition| {
        matches!(condition.field, Field::Own(Fact::BuiltIn(BuiltIn::Time), _))
            && !matches!(condition.test, Test::Not(_))
    };
    let spans = needed(filter).filter(of_time).map(|condition| moment.range(&condition.test));
    spans.fold((i64::MIN, i64::MAX), |(from, to), (first, last)| {
        (from.max(first.unwrap_or(i64::MIN)), to.min(last.unwrap_or(i64::MAX)))
    })
}

/// Whose events can meet a filter, where all of it must hold: those of one user or one company. `None`: nobody's.
fn narrowed(db: &Reader<'_>, of: Of, filter: &Filter) -> Result<Option<Of>, StoreError> {
    if of != Of::All {
        return Ok(Some(of));
    }
    for condition in needed(filter) {
        let Test::Is(Value::Text(id)) = &condition.test else { continue };
        match condition.field {
            Field::Own(Fact::BuiltIn(BuiltIn::UserId), _) => {
                return Ok(users::key(db, &UserName::UserId(id.clone()))?.map(Of::User));
            }
            Field::Own(Fact::BuiltIn(BuiltIn::CompanyId), _) => {
                return Ok(companies::key(db, id)?.map(Of::Company));
            }
            _ => {}
        }
    }
    Ok(Some(Of::All))
}

/// Conditions that whatever meets a filter meets.
fn needed(filter: &Filter) -> impl Iterator<Item = &Condition> {
    let all = filter.join == Join::All || filter.conditions.len() + filter.groups.len() == 1;
    filter.conditions.iter().filter(move |_| all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::{self, Fields};
    use crate::domain::message::Kind;
    use crate::domain::time::{DAY_MS, HOUR_MS};
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    fn read(text: &str) -> Filter {
        filter::parse(
            form_urlencoded::parse(text.as_bytes()).collect::<Vec<_>>().iter().map(|(n, v)| (&**n, &**v)),
            &Fields::new(Listed::Events, []),
        )
        .unwrap()
    }

    /// What pages of a size find together, and how many there were.
    fn paged(sample: &Sample, text: &str, size: usize) -> (Vec<i64>, usize) {
        let (filter, db) = (read(text), sample.db());
        let (mut all, mut pages, mut after) = (Vec::new(), 0, None);
        loop {
            let page = list(&db, Of::All, &filter, after.as_ref(), size, NOW).unwrap();
            all.extend(page.rows.iter().map(|row| row.event_id.0));
            pages += 1;
            after = page.next;
            if after.is_none() {
                return (all, pages);
            }
        }
    }

    #[test]
    fn pages_of_any_size_meet_each_event_once_and_end() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(90));
        let mut paid = Vec::new();
        for number in 0..700_i64 {
            let name = if number % 7 == 0 { "Paid" } else { "Opened" };
            let user = if number % 2 == 0 { Some(ann) } else { None };
            let named = Named { user, ..Named::default() };
            let id = sample.event(NOW - number * 2 * HOUR_MS, Kind::Track, name, named);
            if number % 7 == 0 {
                paid.push(id);
            }
        }
        for size in [1, 3, 50, 99, 100, 101, 500] {
            assert_eq!(paged(&sample, "f=name:is:Paid", size).0, paid, "{size}");
        }
        let of_ann = |number: usize| number.is_multiple_of(2);
        let both: Vec<i64> = paid.iter().enumerate().filter(|(at, _)| of_ann(*at)).map(|(_, id)| *id).collect();
        assert_eq!(paged(&sample, "f=name:is:Paid&f=user_id:is:ann", 7).0, both);
        let lately = NOW - 10 * DAY_MS;
        let recent: Vec<i64> = paid.iter().copied().filter(|id| EventId(*id).at_ms() >= lately).collect();
        assert_eq!(paged(&sample, "f=time:within:10d&f=name:is:Paid", 4).0, recent);
        let older: Vec<i64> = paid.iter().copied().filter(|id| EventId(*id).at_ms() < lately).collect();
        assert_eq!(paged(&sample, "f=time:ago:10d&f=name:is:Paid", 4).0, older);
        assert_eq!(paged(&sample, "f=time:before:2019-01-01", 4), (Vec::new(), 1));
        let counted = |text| count(&sample.db(), Of::All, &read(text), NOW).unwrap();
        assert_eq!(counted("f=name:is:Paid"), Count::Exactly(100));
        assert_eq!(counted("f=name:is:Sold"), Count::Exactly(0));
    }

    #[test]
    fn a_filter_of_one_time_or_one_user_looks_at_their_events_alone() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(9));
        let db = sample.db();
        let moment = Moment::of(&db, NOW).unwrap();
        assert_eq!(span(&read("f=time:within:2h&f=name:set"), &moment), (NOW - 2 * HOUR_MS, NOW));
        for text in ["f=time:within:2h&f=name:set&match=any", "f=time:not:2026-01-01", "g1.f=time:within:2h"] {
            assert_eq!(span(&read(text), &moment), (i64::MIN, i64::MAX), "{text}");
        }
        let of = |text| narrowed(&db, Of::All, &read(text)).unwrap();
        assert_eq!(of("f=user_id:is:ann&f=name:is:Paid"), Some(Of::User(crate::domain::ids::UserKey(ann))));
        assert_eq!(of("f=user_id:is:bob"), None);
        assert_eq!(of("f=user_id:is:ann&f=name:is:Paid&match=any"), Some(Of::All));
        assert_eq!(of("f=user_id:not:ann"), Some(Of::All));
    }
}
