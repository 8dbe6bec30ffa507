//! What people of a company do, and how many of them: the events and pages of the last 28 days.
//!
//! How often comes from the fold. By how many people, and on which page, only the journal says: of a
//! company of many events the newest are looked at.

use std::collections::{HashMap, HashSet};

use rusqlite::named_params;

use crate::domain::activity::TREND_DAYS;
use crate::domain::ids::EventId;
use crate::domain::message::Kind;
use crate::domain::time::{self, EPOCH_MS};
use crate::store::activity::{self, last_days};
use crate::store::events::HASH_BITS;
use crate::store::list;
use crate::store::workspace::settings;
use crate::store::{Reader, StoreError};

/// Of what people do so much is shown.
const TOP_MAX: usize = 10;
/// So many events are looked at for people and pages, the newest.
const LOOKED_AT_MAX: usize = 4_000;

/// Something that people of a company do, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopEvent {
    /// The event's name.
    pub name: String,
    /// Times in the last 28 days.
    pub events: u64,
    /// By how many people, among the events that were looked at.
    pub people: u64,
}

/// A page that people of a company look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopPage {
    /// Its path.
    pub path: String,
    /// How often, among the events that were looked at.
    pub views: u64,
    /// By how many people.
    pub people: u64,
}

/// What people of a company do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Doings {
    /// Events, at most 10, what is done most first.
    pub events: Vec<TopEvent>,
    /// Pages, at most 10, likewise.
    pub pages: Vec<TopPage>,
    /// There were more events than this, the newest of which were looked at for people and pages.
    pub looked_at: Option<usize>,
}

/// How often, and by whom.
#[derive(Default)]
struct Tally {
    times: u64,
    people: HashSet<i64>,
}

/// What people of a company did in the 28 days up to now.
pub(super) fn of(db: &Reader<'_>, company: i64, today: i32, now_ms: i64) -> Result<Doings, StoreError> {
    let (by_name, by_page, looked_at) = looked_at(db, company, today, now_ms)?;
    let mut events = top_events(db, company, today)?;
    let events = events.drain(..).map(|(key, name, events)| {
        let people = by_name.get(&key).map_or(0, |tally| tally.people.len() as u64);
        TopEvent { name, events, people }
    });
    Ok(Doings {
        events: events.collect(),
        pages: top_pages(db, by_page)?,
        looked_at: (looked_at == LOOKED_AT_MAX).then_some(LOOKED_AT_MAX),
    })
}

/// What people did most: the name's key, the name, how often.
fn top_events(db: &Reader<'_>, company: i64, today: i32) -> Result<Vec<(i64, String, u64)>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT top.name_key, name.name, top.events FROM (
           SELECT fold.name_key AS name_key, sum(fold.events) AS events FROM json_each(:days) AS day
           CROSS JOIN company_names_by_day AS fold ON fold.day = day.value AND fold.company_key = :company
           GROUP BY fold.name_key ORDER BY 2 DESC, 1 LIMIT :limit) AS top
         CROSS JOIN event_names AS name ON name.name_key = top.name_key
         ORDER BY top.events DESC, name.name",
    )?;
    let parameters = named_params! {
        ":days": list::json_keys(last_days(today, TREND_DAYS).map(i64::from)),
        ":company": company,
        ":limit": TOP_MAX as i64,
    };
    let rows =
        statement.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

type Tallies = HashMap<i64, Tally>;

/// The newest events of 28 days, which end today: by name, by page, and how many they were.
fn looked_at(db: &Reader<'_>, company: i64, today: i32, now_ms: i64) -> Result<(Tallies, Tallies, usize), StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT event.name_key, event.page_key, event.kind, coalesce(who.merged_into, who.user_key)
         FROM events_by_company AS fold
         CROSS JOIN events AS event ON event.event_id = fold.event_id
         CROSS JOIN users AS who ON who.user_key = coalesce(event.user_key, (
           SELECT user_key FROM visitors
           WHERE visitor_key = event.visitor_key AND linked_from_ms <= (event.event_id >> :hash_bits) + :epoch))
         WHERE fold.bucket = :bucket AND fold.company_key = :company AND fold.event_id >= :since
           AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0 AND who.staff = 0
         ORDER BY fold.event_id DESC LIMIT :limit",
    )?;
    let (mut by_name, mut by_page, mut seen) = (Tallies::new(), Tallies::new(), 0);
    let companies = activity::named_companies(db, company)?;
    let first_day = time::date(today - TREND_DAYS + 1);
    let since = EventId::first_at(time::span_of_day(first_day, settings(db)?.time_zone).0.max(EPOCH_MS));
    for bucket in (since.bucket()..=EventId::first_at(now_ms).bucket()).rev() {
        for company in &companies {
            let parameters = named_params! {
                ":bucket": bucket, ":company": company, ":since": since.0, ":hash_bits": HASH_BITS,
                ":epoch": EPOCH_MS, ":limit": (LOOKED_AT_MAX - seen) as i64,
            };
            let mut rows = statement.query(parameters)?;
            while let Some(row) = rows.next()? {
                seen += 1;
                let person: i64 = row.get(3)?;
                let count = |tallies: &mut Tallies, key: i64| {
                    let tally = tallies.entry(key).or_default();
                    tally.times += 1;
                    tally.people.insert(person);
                };
                count(&mut by_name, row.get(0)?);
                if row.get::<_, i64>(2)? == Kind::Page as i64
                    && let Some(page) = row.get(1)?
                {
                    count(&mut by_page, page);
                }
            }
        }
    }
    Ok((by_name, by_page, seen))
}

/// The pages that are looked at most, of contexts that name them.
fn top_pages(db: &Reader<'_>, by_context: Tallies) -> Result<Vec<TopPage>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT context.context_key, coalesce(context.context ->> '$.page.url', context.context ->> '$.page.path')
         FROM json_each(:keys) AS key CROSS JOIN contexts AS context ON context.context_key = key.value",
    )?;
    let mut by_path: HashMap<String, Tally> = HashMap::new();
    let mut rows = statement.query(named_params! { ":keys": list::json_keys(by_context.keys().copied()) })?;
    while let Some(row) = rows.next()? {
        let Some(address) = row.get::<_, Option<String>>(1)? else { continue };
        let Some(tally) = by_context.get(&row.get(0)?) else { continue };
        let of_path = by_path.entry(path(&address).to_owned()).or_default();
        of_path.times += tally.times;
        of_path.people.extend(&tally.people);
    }
    let mut pages: Vec<TopPage> = by_path
        .into_iter()
        .map(|(path, tally)| TopPage { path, views: tally.times, people: tally.people.len() as u64 })
        .collect();
    pages.sort_unstable_by(|one, other| other.views.cmp(&one.views).then_with(|| one.path.cmp(&other.path)));
    pages.truncate(TOP_MAX);
    Ok(pages)
}

/// The path of an address: without the host, and what was asked for.
fn path(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = match rest.find('/') {
        Some(at) => &rest[at..],
        None if rest.len() < address.len() => "/",
        None => rest,
    };
    path.split(['?', '#']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    #[test]
    fn a_path_is_an_address_without_host_and_query() {
        for (address, expected) in [
            ("https://app.example/jobs/1?tab=2#top", "/jobs/1"),
            ("https://app.example", "/"),
            ("https://app.example?x", "/"),
            ("/pricing", "/pricing"),
        ] {
            assert_eq!(path(address), expected, "{address}");
        }
    }

    #[test]
    fn events_and_pages_say_by_how_many_people_through_links_and_merges() {
        let sample = Sample::new();
        let acme = sample.company("acme", None, "{}", days_ago(90));
        let merged = sample.company("acme-old", None, "{}", days_ago(90));
        sample.run(&format!("UPDATE companies SET merged_into = {acme} WHERE company_key = {merged}"));
        let (ann, bob, twin) = (
            sample.user(Some("ann"), None, None, days_ago(90)),
            sample.user(Some("bob"), None, None, days_ago(90)),
            sample.user(Some("twin"), None, None, days_ago(90)),
        );
        sample.run(&format!("UPDATE users SET merged_into = {ann} WHERE user_key = {twin}"));
        let laptop = sample.visitor("laptop", days_ago(80), Some((bob, days_ago(70))));
        sample.run(
            r#"INSERT INTO contexts VALUES (1, '{"page":{"url":"https://app.example/jobs?tab=1"}}', 2),
               (2, '{"page":{"url":"https://app.example/jobs?tab=2"}}', 1)"#,
        );
        let of_ann = Named { user: Some(ann), company: Some(acme), ..Named::default() };
        let of_twin = Named { user: Some(twin), company: Some(merged), ..Named::default() };
        let of_laptop = Named { visitor: Some(laptop), company: Some(acme), ..Named::default() };
        for (days, named, page) in [(1, of_ann, 1), (2, of_twin, 1), (3, of_laptop, 2), (40, of_ann, 1)] {
            let event = sample.event(days_ago(days), Kind::Page, "", named);
            sample.run(&format!("UPDATE events SET page_key = {page} WHERE event_id = {event}"));
        }
        sample.event(days_ago(4), Kind::Track, "Quote sent", of_ann);
        let today = time::day(NOW, chrono_tz::UTC);
        let doings = of(&sample.db(), acme, today, NOW).unwrap();
        let pages: Vec<_> = doings.pages.iter().map(|page| (page.path.as_str(), page.views, page.people)).collect();
        assert_eq!(pages, [("/jobs", 3, 2)]);
        let events: Vec<_> = doings.events.iter().map(|event| (event.name.as_str(), event.people)).collect();
        assert!(events.contains(&("Quote sent", 1)) && events.contains(&("page", 2)), "{events:?}");
        assert_eq!(doings.looked_at, None);
    }
}
