//! The journal of events.

pub mod matching;

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::arrivals::{self, Followed, What};
use super::folds::Folded;
use super::list::{self, COUNTED_MAX, Count, Cursor, Page};
use super::{Reader, StoreError, Tx, contexts, users};
use crate::domain::ids::{CompanyKey, EventId, SourceKey, UserKey, VisitorKey};
use crate::domain::limits::{EVENT_NAMES_MAX, OTHER_EVENTS};
use crate::domain::message::{Context, Kind};
use crate::domain::time::{EPOCH_MS, HOUR_MS};

/// Bits of an event's id below its time.
pub const HASH_BITS: u32 = 22;
/// Bits of an event's id below its bucket of about 12 days.
pub const BUCKET_BITS: u32 = 52;

/// The records and browsers of a user whose events are read, the latest; only an id that
/// many people share has more.
const STRANDS_MAX: usize = 500;

impl EventId {
    /// The first id of an instant.
    pub fn first_at(at_ms: i64) -> EventId {
        EventId((at_ms - EPOCH_MS) << HASH_BITS)
    }

    /// The event's time, Unix milliseconds.
    pub fn at_ms(self) -> i64 {
        (self.0 >> HASH_BITS) + EPOCH_MS
    }

    /// Its bucket: fold tables lead with it, so that writes stay in a few warm pages.
    pub fn bucket(self) -> i64 {
        self.0 >> BUCKET_BITS
    }
}

/// An event as a page and the API show it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// Its id.
    pub event_id: EventId,
    /// `page`, the event's name, or the kind of a message that says who someone is.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// A page's or screen's own name.
    pub page_name: Option<String>,
    /// Received, Unix milliseconds.
    pub received_ms: i64,
    /// The user's id, read through links and merges.
    pub user_id: Option<String>,
    /// The user's name, else e-mail, for people.
    pub user_name: Option<String>,
    /// Our id of the user, which a lead has too.
    pub user_uuid: Option<String>,
    /// The user's e-mail address.
    pub user_email: Option<String>,
    /// The browser it names.
    pub anonymous_id: Option<String>,
    /// The company it counts for (C4).
    pub company_id: Option<String>,
    /// Its properties.
    pub properties: serde_json::Map<String, serde_json::Value>,
    /// What is kept of its context.
    pub context: serde_json::Map<String, serde_json::Value>,
    /// The name of its source.
    pub source: String,
    /// When its session began, Unix milliseconds (T6).
    pub session_ms: Option<i64>,
    /// Staff did it, looking at a customer (R16).
    pub acting_as: bool,
    /// It is no activity (T5).
    pub inactive: bool,
}

/// Whose events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Everybody's.
    All,
    /// This user's, through links and merges.
    User(UserKey),
    /// Those that count for this company.
    Company(CompanyKey),
}

/// A page of events, newest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, of: Of, after: Option<&Cursor>, size: usize) -> Result<Page<EventRow>, StoreError> {
    let ids = ids(db, of, before(after), size + 1)?;
    let rows = rows(db, &ids)?.into_iter().map(|event| (at(event.event_id.0), event)).collect();
    Ok(Page::cut(rows, size))
}

/// The id before which a page's events are.
fn before(after: Option<&Cursor>) -> i64 {
    after.map_or(i64::MAX, |cursor| cursor.key)
}

/// The place of an event in a list.
fn at(event: i64) -> Cursor {
    Cursor { value: serde_json::Value::Null, key: event }
}

/// One event.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, event: EventId) -> Result<Option<EventRow>, StoreError> {
    Ok(rows(db, &[event.0])?.pop())
}

/// A page of events in the order in which they came, behind a place; from what is kept on where no place is said.
/// The next place is always told: there the next events will come. `None`: what follows the place is kept no more.
///
/// # Errors
/// [`StoreError`] only.
pub fn list_by_arrival(db: &Reader<'_>, after: Option<i64>, size: usize) -> Result<Option<Page<EventRow>>, StoreError> {
    let Followed::Events { events, read_until } = arrivals::follow(db, after, size)? else {
        return Ok(None);
    };
    let rows = rows(db, &events.iter().map(|id| id.0).collect::<Vec<_>>())?;
    Ok(Some(Page { rows, next: Some(Cursor { value: serde_json::Value::Null, key: read_until }) }))
}

/// How many events there are.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, of: Of) -> Result<Count, StoreError> {
    Ok(Count::of(ids(db, of, i64::MAX, COUNTED_MAX as usize)?.len() as i64))
}

/// How many events are older than an instant (Unix milliseconds), of those that pages show: page views, screens and what
/// was tracked.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_before(db: &Reader<'_>, before_ms: i64) -> Result<Count, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM events WHERE event_id < :before AND kind IN (0, 1, 2) LIMIT :limit)",
    )?;
    let before = EventId::first_at(before_ms.max(EPOCH_MS)).0;
    Ok(Count::of(statement.query_row(named_params! { ":before": before, ":limit": COUNTED_MAX }, |row| row.get(0))?))
}

/// The newest events, older than one.
fn ids(db: &Reader<'_>, of: Of, before: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
    match of {
        Of::All => newest(db, before, limit),
        Of::User(user) => walk(db, ("events_by_subject", "subject"), &strands_of_user(db, user)?, before, limit),
        Of::Company(company) => {
            walk(db, ("events_by_company", "company_key"), &strands_of_company(db, company)?, before, limit)
        }
    }
}

/// The newest events of all, older than one.
fn newest(db: &Reader<'_>, before: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
    let mut statement = db
        .0
        .prepare_cached("SELECT event_id FROM events WHERE event_id < :before ORDER BY event_id DESC LIMIT :limit")?;
    let rows = statement.query_map(named_params! { ":before": before, ":limit": limit as i64 }, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Events that stand under one key of a fold, from an id on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Strand {
    key: i64,
    from: i64,
}

/// The strands of a user's events: those in which the user is named, or a record merged into
/// it, and those of linked browsers as far back as the link reaches (R5).
fn strands_of_user(db: &Reader<'_>, user: UserKey) -> Result<Vec<Strand>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT :user UNION ALL SELECT user_key FROM users WHERE merged_into = :user")?;
    let users: Vec<i64> =
        statement.query_map(named_params! { ":user": user.0 }, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut strands: Vec<Strand> = users.iter().map(|key| Strand { key: *key, from: i64::MIN }).collect();
    let mut statement = db.0.prepare_cached(
        "SELECT browser.visitor_key, browser.linked_from_ms FROM json_each(:users) AS asked
         CROSS JOIN visitors AS browser ON browser.user_key = asked.value
         ORDER BY asked.key, browser.visitor_key DESC LIMIT :limit",
    )?;
    let limit = STRANDS_MAX.saturating_sub(strands.len()) as i64;
    let parameters = named_params! { ":users": list::json_keys(users.iter().copied()), ":limit": limit };
    let browsers = statement.query_map(parameters, |row| {
        Ok(Strand { key: -row.get::<_, i64>(0)?, from: EventId::first_at(row.get(1)?).0 })
    })?;
    for browser in browsers {
        strands.push(browser?);
    }
    Ok(strands)
}

/// The strands of a company's events: its own, and those of companies merged into it (C10).
fn strands_of_company(db: &Reader<'_>, company: CompanyKey) -> Result<Vec<Strand>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT :company UNION ALL SELECT company_key FROM companies WHERE merged_into = :company LIMIT :limit",
    )?;
    let rows = statement.query_map(named_params! { ":company": company.0, ":limit": STRANDS_MAX as i64 }, |row| {
        Ok(Strand { key: row.get(0)?, from: i64::MIN })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest events of strands, older than one, bucket by bucket down to the journal's oldest, of each strand no
/// more than is wanted in all. `fold` is the table in which they stand, `key` its column of a strand's key.
fn walk(
    db: &Reader<'_>,
    (fold, key): (&str, &str),
    strands: &[Strand],
    before: i64,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    let Some((oldest, newest)) = ends(db)? else { return Ok(found) };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT event.value FROM json_each(:asked) AS asked
         CROSS JOIN json_each((SELECT json_group_array(event_id) FROM (
           SELECT event_id FROM {fold}
           WHERE bucket = asked.value ->> 0 AND {key} = asked.value ->> 1
             AND event_id >= asked.value ->> 2 AND event_id < :before
           ORDER BY event_id DESC LIMIT :limit))) AS event"
    ))?;
    let oldest = EventId(oldest).bucket();
    let mut bucket = EventId(before.saturating_sub(1).min(newest)).bucket();
    // Most pages end in the newest bucket; who was quiet for long is found in steps that grow.
    let mut buckets = 1;
    while bucket >= oldest && found.len() < limit {
        let until = (bucket - buckets).max(oldest - 1);
        let of_bucket = |bucket: i64| {
            let reaching = strands.iter().filter(move |strand| EventId(strand.from).bucket() <= bucket);
            reaching.map(move |strand| [bucket, strand.key, strand.from])
        };
        let asked: Vec<[i64; 3]> = (until + 1..=bucket).flat_map(of_bucket).collect();
        let asked = serde_json::to_string(&asked).expect("numbers are JSON");
        let parameters = named_params! { ":asked": asked, ":before": before, ":limit": limit as i64 };
        let rows = statement.query_map(parameters, |row| row.get(0))?;
        let mut in_buckets = rows.collect::<Result<Vec<i64>, _>>()?;
        in_buckets.sort_unstable_by(|a, b| b.cmp(a));
        found.extend(in_buckets);
        (bucket, buckets) = (until, buckets * 2);
    }
    found.truncate(limit);
    Ok(found)
}

/// The oldest and the newest event of the journal.
fn ends(db: &Reader<'_>) -> Result<Option<(i64, i64)>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT (SELECT min(event_id) FROM events), (SELECT max(event_id) FROM events)")?;
    let (oldest, newest): (Option<i64>, Option<i64>) = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(oldest.zip(newest))
}

/// What is read of an event by a statement that names it `event`: it, the user through link and merge, its company
/// through merges. A table of which a statement asks nothing is not looked at.
fn joins() -> String {
    format!(
        "LEFT JOIN event_names AS name ON name.name_key = event.name_key
         LEFT JOIN contexts AS page ON page.context_key = event.page_key
         LEFT JOIN contexts AS agent ON agent.context_key = event.agent_key
         LEFT JOIN sources AS source ON source.source_key = event.source_key
         LEFT JOIN visitors AS visitor ON visitor.visitor_key = event.visitor_key
         LEFT JOIN users AS meant ON meant.user_key = coalesce(event.user_key,
           CASE WHEN visitor.linked_from_ms <= (event.event_id >> {HASH_BITS}) + {EPOCH_MS} THEN visitor.user_key END)
         LEFT JOIN users AS user ON user.user_key = coalesce(meant.merged_into, meant.user_key)
         LEFT JOIN companies AS stated ON stated.company_key = event.company_key
         LEFT JOIN companies AS company ON company.company_key = coalesce(stated.merged_into, stated.company_key)"
    )
}

/// Events in the order of their ids as asked for, those that are there: the user of each read through link and
/// merge, its company through merges.
fn rows(db: &Reader<'_>, ids: &[i64]) -> Result<Vec<EventRow>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT event.kind, name.name, event.name, event.received_after_ms, user.user_id, coalesce(user.name, user.email),
                user.id, visitor.anonymous_id, company.company_id, event.properties, page.context,
                agent.context, source.name, user.email, event.event_id, event.session_before_ms, event.flags
         FROM json_each(:ids) AS asked
         CROSS JOIN events AS event ON event.event_id = asked.value
         {}
         ORDER BY asked.key",
        joins()
    ))?;
    let found = statement.query_map(named_params! { ":ids": list::json_keys(ids.iter().copied()) }, |row| {
        let event_id = EventId(row.get(14)?);
        let kind = Kind::from_number(row.get(0)?);
        let counted_as: Option<String> = row.get(1)?;
        let own_name: Option<String> = row.get(2)?;
        let is_track = kind == Kind::Track;
        let flags: i64 = row.get(16)?;
        let object = |column| -> rusqlite::Result<_> {
            Ok(users::json_object(row.get_ref(column)?.as_str_or_null()?.unwrap_or_default()))
        };
        let mut context = object(10)?;
        context.extend(object(11)?);
        Ok(EventRow {
            event_id,
            name: own_name.clone().or(counted_as).filter(|_| is_track).unwrap_or_else(|| kind.as_str().to_owned()),
            kind,
            page_name: own_name.filter(|_| !is_track),
            received_ms: event_id.at_ms() + row.get::<_, i64>(3)?,
            user_id: row.get(4)?,
            user_name: row.get(5)?,
            user_uuid: row.get(6)?,
            user_email: row.get(13)?,
            anonymous_id: row.get(7)?,
            company_id: row.get(8)?,
            properties: object(9)?,
            context,
            source: row.get::<_, Option<String>>(12)?.unwrap_or_default(),
            session_ms: row.get::<_, Option<i64>>(15)?.map(|before_ms| event_id.at_ms() - before_ms),
            acting_as: flags & ACTING_AS != 0,
            inactive: flags & INACTIVE != 0,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The key of each event's name, for the writer.
pub(super) type Names = HashMap<String, i64, foldhash::quality::RandomState>;

pub(super) fn names(connection: &Connection) -> Result<Names, StoreError> {
    let mut statement = connection.prepare_cached("SELECT name, name_key FROM event_names")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

// What the writer needs ------------------------------------------------------

/// Flag of an event: staff looking at a customer (R16).
pub const ACTING_AS: i64 = 1;
/// Flag of an event: no activity (T5).
pub const INACTIVE: i64 = 2;

/// An event to be kept, its subjects as named.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent<'a> {
    /// When it happened, Unix milliseconds.
    pub at_ms: i64,
    /// The message's hash.
    pub message_hash: i64,
    /// When it was received, Unix milliseconds.
    pub received_ms: i64,
    /// Its kind.
    pub kind: Kind,
    /// A track call's event, a page's or screen's own name.
    pub name: &'a str,
    /// Its source.
    pub source: SourceKey,
    /// The browser it names.
    pub visitor: Option<VisitorKey>,
    /// The user it names.
    pub user: Option<UserKey>,
    /// The company it counts for (C4).
    pub company: Option<CompanyKey>,
    /// The start of its session, Unix milliseconds (T6).
    pub session_ms: Option<i64>,
    /// [`ACTING_AS`], [`INACTIVE`].
    pub flags: i64,
    /// Properties as JSON.
    pub properties: Option<&'a str>,
    /// What is kept of the context.
    pub context: &'a Context,
}

/// The bits of a message's hash in an event's id.
fn first_id(at_ms: i64, message_hash: i64) -> i64 {
    EventId::first_at(at_ms).0 | (message_hash & ((1 << HASH_BITS) - 1))
}

/// Whether a message was here before (R15): at the time it was sent with, or among those
/// without a usable time. `sent_ms` is its own timestamp, which a retry repeats.
///
/// # Errors
/// [`StoreError`] only.
pub fn was_here(tx: &Tx<'_>, message_hash: i64, sent_ms: Option<i64>) -> Result<bool, StoreError> {
    if let Some(sent_ms) = sent_ms.filter(|sent| (EPOCH_MS..EPOCH_MS + (1 << 41)).contains(sent)) {
        let mut statement = tx.held("SELECT message_hash FROM events WHERE event_id = ?1")?;
        let mut id = first_id(sent_ms, message_hash);
        while let Some(taken_by) = statement.query_row([id], |row| row.get::<_, i64>(0)).optional()? {
            if taken_by == message_hash {
                return Ok(true);
            }
            id += 1;
        }
    }
    if !tx.state.any_seen {
        return Ok(false);
    }
    Ok(tx.held("SELECT 1 FROM seen_messages WHERE message_hash = ?1")?.exists([message_hash])?)
}

/// Whether there are messages whose time is not the one they were sent with.
pub(super) fn any_seen(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM seen_messages LIMIT 1")?.exists([])?)
}

/// Remembers a message whose time is not the one it was sent with.
///
/// # Errors
/// [`StoreError`] only.
pub fn remember(tx: &mut Tx<'_>, message_hash: i64, received_ms: i64) -> Result<(), StoreError> {
    tx.state.any_seen = true;
    tx.connection
        .prepare_cached("INSERT OR IGNORE INTO seen_messages (message_hash, received_ms) VALUES (?1, ?2)")?
        .execute([message_hash, received_ms])?;
    Ok(())
}

/// Forgets message ids that were seen before an instant (Unix milliseconds), at most so many; whether
/// there may be more.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_seen(tx: &Tx<'_>, before_ms: i64, rows: i64) -> Result<bool, StoreError> {
    let gone = tx
        .connection
        .prepare_cached(
            "DELETE FROM seen_messages WHERE message_hash IN
               (SELECT message_hash FROM seen_messages WHERE received_ms < ?1 LIMIT ?2)",
        )?
        .execute([before_ms, rows])?;
    Ok(gone as i64 == rows)
}

/// Keeps an event, and gives it its place in the order of arrival.
///
/// # Errors
/// [`StoreError`] only.
pub fn append(tx: &mut Tx<'_>, event: &NewEvent<'_>) -> Result<EventId, StoreError> {
    let counted_as = match event.kind {
        Kind::Track => event.name,
        kind => kind.as_str(),
    };
    let (name_key, counted_apart) = name_key(tx, counted_as)?;
    let own_name = match event.kind {
        Kind::Track if counted_apart => None,
        Kind::Identify | Kind::Group | Kind::Alias => None,
        _ => Some(event.name).filter(|name| !name.is_empty()),
    };
    let [page_key, agent_key] = [&event.context.page, &event.context.agent];
    let page_key = page_key.as_deref().map(|text| contexts::key(tx, text)).transpose()?;
    let agent_key = agent_key.as_deref().map(|text| contexts::key(tx, text)).transpose()?;
    let mut id = first_id(event.at_ms, event.message_hash);
    loop {
        let inserted = tx
            .held(
                "INSERT OR IGNORE INTO events (event_id, message_hash, received_after_ms, kind, name_key,
                   source_key, visitor_key, user_key, company_key, session_before_ms, flags, name, page_key, agent_key,
                   properties)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute(params![
                id,
                event.message_hash,
                event.received_ms - event.at_ms,
                event.kind as i64,
                name_key,
                event.source.0,
                event.visitor.map(|key| key.0),
                event.user.map(|key| key.0),
                event.company.map(|key| key.0),
                event.session_ms.map(|began_ms| event.at_ms - began_ms),
                event.flags,
                own_name,
                page_key,
                agent_key,
                event.properties,
            ])?;
        if inserted == 1 {
            break;
        }
        id += 1;
    }
    let folded = Folded::new(EventId(id), event, name_key, [page_key, agent_key]);
    arrivals::append(tx, What::Event(folded));
    Ok(EventId(id))
}

/// The company that an event counts for, as named (C4).
///
/// # Errors
/// [`StoreError`] only; also where there is no such event.
pub fn company_of(tx: &Tx<'_>, event: EventId) -> Result<Option<CompanyKey>, StoreError> {
    let mut statement = tx.held("SELECT company_key FROM events WHERE event_id = ?1")?;
    Ok(statement.query_row([event.0], |row| row.get::<_, Option<i64>>(0))?.map(CompanyKey))
}

/// Takes out events of before the beginning of an hour (Unix milliseconds), the oldest hours first: of at
/// least one, and of as many as hold so many events. Whether there may be more. Folds then say what a
/// recount of the rest says; when people were first seen stays.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget_before(tx: &mut Tx<'_>, before_ms: i64, limit: i64) -> Result<bool, StoreError> {
    let before = EventId::first_at(before_ms).0;
    let find = |offset: i64| -> Result<Option<EventId>, StoreError> {
        let mut statement = tx
            .connection
            .prepare_cached("SELECT event_id FROM events WHERE event_id < ?1 ORDER BY event_id LIMIT 1 OFFSET ?2")?;
        Ok(statement.query_row([before, offset], |row| row.get(0).map(EventId)).optional()?)
    };
    let Some(oldest) = find(0)? else { return Ok(false) };
    let hour_of = |id: EventId| id.at_ms().div_euclid(HOUR_MS);
    let until = match find(limit)? {
        Some(beyond) => EventId::first_at(hour_of(beyond).max(hour_of(oldest) + 1) * HOUR_MS).0.min(before),
        None => before,
    };
    super::folds::catch_up(tx)?;
    let mut statement = tx.connection.prepare_cached(
        "SELECT event_id, kind, name_key, visitor_key, user_key, company_key, flags, session_before_ms
         FROM events WHERE event_id < ?1",
    )?;
    let gone = statement.query_map([until], |row| Folded::of(row, 0))?.collect::<Result<Vec<_>, _>>()?;
    drop(statement);
    super::folds::withdraw(tx, &gone, super::folds::Gone::Everybody)?;
    Ok(until < before)
}

/// The key under which an event is counted, and whether it has one of its own (A4).
fn name_key(tx: &mut Tx<'_>, name: &str) -> Result<(i64, bool), StoreError> {
    if let Some(key) = tx.state.names.get(name) {
        return Ok((*key, true));
    }
    let full = tx.state.names.len() >= EVENT_NAMES_MAX;
    let counted_as = if full { OTHER_EVENTS } else { name };
    if let Some(key) = tx.state.names.get(counted_as) {
        return Ok((*key, !full));
    }
    tx.connection.prepare_cached("INSERT INTO event_names (name) VALUES (?1)")?.execute([counted_as])?;
    let key = tx.connection.last_insert_rowid();
    tx.state.names.insert(counted_as.to_owned(), key);
    Ok((key, !full))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    #[test]
    fn a4_the_two_thousand_and_first_name_is_counted_as_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::store::Store::open(&folder.path().join("rollcall.db"), Default::default()).unwrap();
        let keys = store.write_now(|tx| {
            let known = (0..EVENT_NAMES_MAX).map(|number| name_key(tx, &format!("event {number}")));
            let known = known.collect::<Result<Vec<_>, StoreError>>()?;
            Ok::<_, StoreError>((
                known,
                [name_key(tx, "one more")?, name_key(tx, "another")?, name_key(tx, "event 7")?],
            ))
        });
        let (known, [one, another, seventh]) = keys.unwrap();
        assert!(known.iter().all(|(_, own)| *own));
        assert_eq!((one, one.1), (another, false), "both are counted as one name");
        assert_eq!(seventh, known[7]);
        assert_eq!(store.read_now(|db| names(db.0)).unwrap()[OTHER_EVENTS], one.0);
    }

    fn all(sample: &Sample, of: Of, size: usize) -> Vec<EventRow> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let page = list(&sample.db(), of, after.as_ref(), size).unwrap();
            rows.extend(page.rows);
            after = page.next;
            if after.is_none() {
                return rows;
            }
        }
    }

    #[test]
    fn r5_a_user_s_events_reach_back_through_the_link_and_no_further() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), Some("Ann"), None, days_ago(10));
        let laptop = sample.visitor("laptop", days_ago(50), Some((ann, days_ago(40))));
        let strange = sample.visitor("strange", days_ago(50), None);
        let seen_by = |visitor| Named { visitor: Some(visitor), ..Named::default() };
        let too_old = sample.event(days_ago(41), Kind::Page, "", seen_by(laptop));
        let before = sample.event(days_ago(39), Kind::Page, "Pricing", seen_by(laptop));
        let by_name = sample.event(
            days_ago(10),
            Kind::Identify,
            "",
            Named { user: Some(ann), visitor: Some(laptop), company: None },
        );
        let nobody_s = sample.event(days_ago(9), Kind::Page, "", seen_by(strange));
        let late = sample.event(days_ago(1), Kind::Track, "Opened", seen_by(laptop));

        let rows = all(&sample, Of::User(UserKey(ann)), 50);
        assert_eq!(rows.iter().map(|row| row.event_id.0).collect::<Vec<_>>(), [late, by_name, before]);
        assert!(rows.iter().all(|row| row.user_id.as_deref() == Some("ann")));
        let names: Vec<(&str, Option<&str>)> =
            rows.iter().map(|row| (row.name.as_str(), row.page_name.as_deref())).collect();
        assert_eq!(names, [("Opened", None), ("identify", None), ("page", Some("Pricing"))]);

        let everybody = all(&sample, Of::All, 50);
        assert_eq!(everybody.len(), 5);
        let of = |id: i64| everybody.iter().find(|row| row.event_id.0 == id).unwrap();
        assert_eq!((of(too_old).user_id.as_deref(), of(nobody_s).user_id.as_deref()), (None, None));
        assert_eq!(of(too_old).anonymous_id.as_deref(), Some("laptop"));
        assert_eq!((of(late).received_ms, of(late).event_id.at_ms()), (days_ago(1) + 5, days_ago(1)));
    }

    #[test]
    fn a_browser_s_event_that_names_another_user_is_the_other_s() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(10));
        let bob = sample.user(Some("bob"), None, None, days_ago(10));
        let laptop = sample.visitor("laptop", days_ago(50), Some((ann, days_ago(40))));
        sample.event(days_ago(1), Kind::Page, "", Named { user: Some(bob), visitor: Some(laptop), company: None });
        assert_eq!(all(&sample, Of::User(UserKey(ann)), 50), []);
        assert_eq!(all(&sample, Of::User(UserKey(bob)), 50)[0].user_id.as_deref(), Some("bob"));
    }

    #[test]
    fn merged_users_and_companies_are_read_through() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(10));
        let old = sample.user(Some("old"), None, None, days_ago(10));
        let acme = sample.company("acme", None, "{}", days_ago(10));
        let acme2 = sample.company("acme2", None, "{}", days_ago(10));
        let phone = sample.visitor("phone", days_ago(9), Some((old, days_ago(39))));
        sample.event(days_ago(2), Kind::Page, "", Named { user: Some(old), company: Some(acme2), visitor: None });
        sample.event(days_ago(1), Kind::Page, "", Named { visitor: Some(phone), ..Named::default() });
        sample.run(&format!("UPDATE users SET merged_into = {ann} WHERE user_key = {old}"));
        sample.run(&format!("UPDATE companies SET merged_into = {acme} WHERE company_key = {acme2}"));
        let rows = all(&sample, Of::User(UserKey(ann)), 50);
        assert_eq!(rows.iter().map(|row| row.user_id.as_deref()).collect::<Vec<_>>(), [Some("ann"); 2]);
        let rows = all(&sample, Of::Company(CompanyKey(acme)), 50);
        assert_eq!(rows.iter().map(|row| row.company_id.as_deref()).collect::<Vec<_>>(), [Some("acme")]);
    }

    #[test]
    fn pages_run_through_the_buckets_and_show_each_event_once_newest_first() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(300));
        let acme = sample.company("acme", None, "{}", days_ago(300));
        let laptop = sample.visitor("laptop", days_ago(300), Some((ann, days_ago(300))));
        for number in 0..90 {
            let named = if number % 2 == 0 {
                Named { user: Some(ann), company: Some(acme), visitor: None }
            } else {
                Named { visitor: Some(laptop), company: Some(acme), user: None }
            };
            // Three at each of thirty moments, nine days apart and with a gap of a hundred.
            let day = number / 3 * 9 + if number > 45 { 100 } else { 0 };
            sample.event(days_ago(day), Kind::Track, "Opened", named);
        }
        for of in [Of::All, Of::User(UserKey(ann)), Of::Company(CompanyKey(acme))] {
            for size in [1, 4, 50, 90] {
                let ids: Vec<i64> = all(&sample, of, size).iter().map(|row| row.event_id.0).collect();
                assert_eq!(ids.len(), if of == Of::User(UserKey(ann)) { user_events(&sample) } else { 90 }, "{of:?}");
                assert!(ids.is_sorted_by(|a, b| a > b), "{of:?} by {size}");
            }
        }
        assert_eq!(NOW, days_ago(0));
    }

    /// Of the events above, those that the link of 300 days reaches.
    fn user_events(sample: &Sample) -> usize {
        let from = EventId::first_at(days_ago(300)).0;
        let count: i64 = sample
            .connection
            .query_row("SELECT count(*) FROM events WHERE user_key IS NOT NULL OR event_id >= ?1", [from], |row| {
                row.get(0)
            })
            .unwrap();
        count as usize
    }

    #[test]
    fn an_empty_journal_has_no_events() {
        let sample = Sample::new();
        for of in [Of::All, Of::User(UserKey(1)), Of::Company(CompanyKey(1))] {
            assert_eq!(all(&sample, of, 50), []);
        }
    }
}
