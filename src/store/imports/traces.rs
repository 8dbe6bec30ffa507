//! What an import leaves beside its change sets, so that it can be taken back: its events in the journal, and the
//! moments and pages that its rows put before the first ones known.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};

use crate::domain::change::Subject;
use crate::domain::ids::{CompanyKey, EventId, ImportKey, SourceKey, UserKey, VisitorKey};
use crate::domain::time::EPOCH_MS;
use crate::store::folds::{self, Folded, Gone};
use crate::store::{StoreError, Tx, companies, first_pages, merges, users, visitors};

/// Bytes of an event's id in a row.
const ITEM: usize = size_of::<i64>();

/// Keeps which events a chunk of rows became; `first_row` counts from 1.
///
/// # Errors
/// [`StoreError`] only.
pub fn keep_events(tx: &Tx<'_>, import: ImportKey, first_row: u64, events: &[EventId]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let items: Vec<u8> = events.iter().flat_map(|event| event.0.to_be_bytes()).collect();
    tx.connection
        .prepare_cached("INSERT INTO import_events (import_key, first_row, events) VALUES (?1, ?2, ?3)")?
        .execute(params![import.0, first_row as i64, items])?;
    Ok(())
}

/// Takes the events of the last chunk before a row out of the journal and the folds. Answers the first row of that
/// chunk and how many went; none where there is no such chunk.
///
/// # Errors
/// [`StoreError`] only.
pub fn take_events(
    tx: &mut Tx<'_>,
    import: ImportKey,
    source: SourceKey,
    before_row: i64,
) -> Result<Option<(i64, u64)>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT first_row, events FROM import_events WHERE import_key = ?1 AND first_row < ?2
         ORDER BY first_row DESC LIMIT 1",
    )?;
    let chunk: Option<(i64, Vec<u8>)> =
        statement.query_row([import.0, before_row], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    drop(statement);
    let Some((first_row, items)) = chunk else { return Ok(None) };
    folds::catch_up(tx)?;
    // One that went since, with its person or by its age, may have come again from elsewhere: it is not of this import.
    let mut event = tx.connection.prepare_cached(
        "SELECT event_id, kind, name_key, visitor_key, user_key, company_key, flags, session_before_ms, message_hash
         FROM events WHERE event_id = ?1 AND source_key = ?2",
    )?;
    let mut seen = tx.connection.prepare_cached("DELETE FROM seen_messages WHERE message_hash = ?1")?;
    let mut events = Vec::new();
    for item in items.as_chunks::<ITEM>().0 {
        let found = event
            .query_row([i64::from_be_bytes(*item), source.0], |row| Ok((Folded::of(row, 0)?, row.get::<_, i64>(8)?)));
        if let Some((folded, message_hash)) = found.optional()? {
            seen.execute([message_hash])?;
            events.push(folded);
        }
    }
    drop((event, seen));
    folds::withdraw(tx, &events, Gone::Picked)?;
    Ok(Some((first_row, events.len() as u64)))
}

/// Says of browsers when they were last seen, after events that named them went: looks at so many events before one.
/// Answers where to go on.
///
/// # Errors
/// [`StoreError`] only.
pub fn see_browsers_again(tx: &Tx<'_>, before: i64, rows: i64) -> Result<Option<i64>, StoreError> {
    Ok(folds::see_browsers_again(tx, EventId(before), rows)?.map(|event| event.0))
}

/// Forgets some of what an import left; whether there is more.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, import: ImportKey, rows: usize) -> Result<bool, StoreError> {
    let gone = tx
        .connection
        .prepare_cached(
            "DELETE FROM import_events WHERE import_key = ?1 AND first_row IN
               (SELECT first_row FROM import_events WHERE import_key = ?1 ORDER BY first_row LIMIT ?2)",
        )?
        .execute(params![import.0, rows as i64])?;
    Ok(gone == rows)
}

/// The number of a subject in the table, and its key.
fn place(about: Subject) -> Option<(i64, i64)> {
    match about {
        Subject::User(key) => Some((0, key.0)),
        Subject::Company(key) => Some((1, key.0)),
        Subject::Visitor(key) => Some((3, key.0)),
        _ => None,
    }
}

/// Keeps when somebody was first seen, where an import is about to say an earlier moment (Unix milliseconds), or a
/// page viewed before the first.
///
/// # Errors
/// [`StoreError`] only.
pub fn note_first(tx: &Tx<'_>, import: ImportKey, about: Subject, at_ms: i64, is_page: bool) -> Result<(), StoreError> {
    let (sql, key) = match about {
        Subject::User(key) => (
            "INSERT OR IGNORE INTO import_firsts
             SELECT ?1, 0, user_key, first_message_ms, first_page_ms, first_page, NULL FROM users
             WHERE user_key = ?2 AND (first_message_ms > ?3 OR ?4 AND coalesce(first_page_ms > ?3, true))",
            key.0,
        ),
        Subject::Company(key) => (
            "INSERT OR IGNORE INTO import_firsts
             SELECT ?1, 1, company_key, first_message_ms, NULL, NULL, NULL FROM companies
             WHERE company_key = ?2 AND first_message_ms > ?3 AND ?4 IS NOT NULL",
            key.0,
        ),
        Subject::Visitor(key) => (
            "INSERT OR IGNORE INTO import_firsts
             SELECT ?1, 3, visitor_key, first_seen_ms, first_page_ms, first_page, NULL FROM visitors
             WHERE visitor_key = ?2 AND (first_seen_ms > ?3 OR ?4 AND coalesce(first_page_ms > ?3, true))",
            key.0,
        ),
        _ => return Ok(()),
    };
    tx.connection.prepare_cached(sql)?.execute(params![import.0, key, at_ms, is_page])?;
    Ok(())
}

/// Keeps that an import made a visitor.
///
/// # Errors
/// [`StoreError`] only.
pub fn note_made(tx: &Tx<'_>, import: ImportKey, visitor: VisitorKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("INSERT OR IGNORE INTO import_firsts (import_key, subject, subject_key) VALUES (?1, 3, ?2)")?
        .execute([import.0, visitor.0])?;
    Ok(())
}

/// Keeps what waits on a visitor (C11) whom an import is about to link.
///
/// # Errors
/// [`StoreError`] only.
pub fn note_waiting(tx: &Tx<'_>, import: ImportKey, visitor: VisitorKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE import_firsts SET waited =
               (SELECT json_group_array(json_array(at_ms, message_hash, place, membership))
                FROM membership_statements WHERE subject = -?2)
             WHERE import_key = ?1 AND subject = 3 AND subject_key = ?2 AND waited IS NULL",
        )?
        .execute([import.0, visitor.0])?;
    Ok(())
}

/// What waited on a visitor before an import linked it to a user waits on it again.
///
/// # Errors
/// [`StoreError`] only.
pub fn wait_again(tx: &Tx<'_>, import: ImportKey, visitor: VisitorKey, user: UserKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE OR IGNORE membership_statements SET subject = -?2, membership = waited.value ->> 3
             FROM import_firsts AS noted, json_each(noted.waited) AS waited
             WHERE noted.import_key = ?1 AND noted.subject = 3 AND noted.subject_key = ?2
               AND membership_statements.subject = ?3 AND at_ms = waited.value ->> 0
               AND message_hash = waited.value ->> 1 AND place = waited.value ->> 2",
        )?
        .execute([import.0, visitor.0, user.0])?;
    Ok(())
}

/// What stood before an import; of whom it made, nothing.
#[derive(Debug, Clone, Default)]
struct First {
    at_ms: Option<i64>,
    page: Option<(i64, String)>,
}

impl First {
    /// The earlier of each.
    fn min(self, other: First) -> First {
        First {
            at_ms: [self.at_ms, other.at_ms].into_iter().flatten().min(),
            page: [self.page, other.page].into_iter().flatten().min_by_key(|(at_ms, _)| *at_ms),
        }
    }
}

/// Sets the next few back to when they were first seen without an import, as far as its events are gone. Answers how
/// many there were.
///
/// # Errors
/// [`StoreError`] only.
pub fn set_firsts_back(tx: &mut Tx<'_>, import: ImportKey, rows: usize) -> Result<usize, StoreError> {
    folds::catch_up(tx)?;
    let mut statement = tx.connection.prepare_cached(
        "SELECT subject, subject_key, first_ms, first_page_ms, first_page FROM import_firsts
         WHERE import_key = ?1 ORDER BY subject, subject_key LIMIT ?2",
    )?;
    let noted = statement.query_map(params![import.0, rows as i64], |row| {
        let key: i64 = row.get(1)?;
        let about = match row.get(0)? {
            0 => Subject::User(UserKey(key)),
            1 => Subject::Company(CompanyKey(key)),
            _ => Subject::Visitor(VisitorKey(key)),
        };
        let page = row.get::<_, Option<i64>>(3)?.zip(row.get(4)?);
        Ok((about, First { at_ms: row.get(2)?, page }))
    })?;
    let noted = noted.collect::<Result<Vec<_>, _>>()?;
    drop(statement);
    for (about, before) in &noted {
        set_back(tx, import, *about, before.clone())?;
        if let Some((subject, key)) = place(*about) {
            tx.connection
                .prepare_cached(
                    "DELETE FROM import_firsts WHERE import_key = ?1 AND subject = ?2 AND subject_key = ?3",
                )?
                .execute([import.0, subject, key])?;
        }
    }
    Ok(noted.len())
}

/// Somebody whom an import made stays, since more is known: when it was first seen, the rest of the journal says.
///
/// # Errors
/// [`StoreError`] only.
pub fn set_made_back(tx: &mut Tx<'_>, import: ImportKey, about: Subject) -> Result<(), StoreError> {
    set_back(tx, import, about, First::default())
}

fn set_back(tx: &mut Tx<'_>, import: ImportKey, about: Subject, before: First) -> Result<(), StoreError> {
    // What a later import found may be what this one said.
    if let Some((subject, key)) = place(about) {
        let page = before.page.as_ref();
        tx.connection
            .prepare_cached(
                "UPDATE import_firsts INDEXED BY import_firsts_subject SET
                   first_ms = CASE WHEN first_ms < ?4 OR ?4 IS NULL THEN ?4 ELSE first_ms END,
                   first_page = CASE WHEN first_page_ms < ?5 OR ?5 IS NULL THEN ?6 ELSE first_page END,
                   first_page_ms = CASE WHEN first_page_ms < ?5 OR ?5 IS NULL THEN ?5 ELSE first_page_ms END
                 WHERE subject = ?1 AND subject_key = ?2 AND import_key > ?3",
            )?
            .execute(params![
                subject,
                key,
                import.0,
                before.at_ms,
                page.map(|(at_ms, _)| at_ms),
                page.map(|(_, kept)| kept)
            ])?;
    }
    match about {
        Subject::User(user) => user_back(tx, user, before),
        Subject::Company(company) => company_back(tx, company, before),
        Subject::Visitor(visitor) => visitor_back(tx, visitor, before),
        _ => Ok(()),
    }
}

/// The first event of some subjects, from an event on each, and the first page view of some, on one browser alone where
/// it is named.
fn first_left(
    tx: &Tx<'_>,
    of_messages: &[(i64, i64)],
    of_pages: &[(i64, i64)],
    browser: Option<VisitorKey>,
) -> Result<First, StoreError> {
    let mut first = First::default();
    for (subject, from) in of_messages {
        let found = folds::first_of_subject(tx, *subject, *from)?;
        first = first.min(First { at_ms: found.map(EventId::at_ms), page: None });
    }
    let buckets = folds::buckets(&tx.reader())?;
    for (subject, from) in of_pages {
        let page = first_pages::of_subject(tx, *subject, EventId(*from), buckets.clone(), browser)?;
        first = first.min(First { at_ms: None, page });
    }
    Ok(first)
}

fn user_back(tx: &mut Tx<'_>, user: UserKey, before: First) -> Result<(), StoreError> {
    let exists = tx.connection.prepare_cached("SELECT 1 FROM users WHERE user_key = ?1")?.exists([user.0])?;
    if !exists {
        return Ok(());
    }
    let mut own = vec![(user.0, i64::MIN)];
    let mut statement =
        tx.connection.prepare_cached("SELECT visitor_key, linked_from_ms FROM visitors WHERE user_key = ?1")?;
    let browsers = statement.query_map([user.0], |row| {
        Ok((-row.get::<_, i64>(0)?, EventId::first_at(row.get::<_, i64>(1)?.max(EPOCH_MS)).0))
    })?;
    own.extend(browsers.collect::<Result<Vec<_>, _>>()?);
    drop(statement);
    let First { at_ms, page } = before.min(first_left(tx, &merges::strands_of(tx, user)?, &own, None)?);
    let (page_ms, page) = page.unzip();
    tx.connection
        .prepare_cached(
            "UPDATE users SET first_message_ms = coalesce(?2, first_message_ms), first_page_ms = ?3, first_page = ?4
             WHERE user_key = ?1",
        )?
        .execute(params![user.0, at_ms, page_ms, page])?;
    // Whom it is read as was first seen when any of those was that are one.
    for one in BTreeSet::from([user, tx.catalog().survivor(user)]) {
        let known = users::load(tx, one)?;
        let first_seen_ms = users::first_seen(tx, known.first_message_ms, &known.attributes);
        tx.connection
            .prepare_cached("UPDATE users SET first_seen_ms = ?2 WHERE user_key = ?1")?
            .execute([one.0, first_seen_ms])?;
    }
    Ok(())
}

fn company_back(tx: &mut Tx<'_>, company: CompanyKey, before: First) -> Result<(), StoreError> {
    let exists = tx.connection.prepare_cached("SELECT 1 FROM companies WHERE company_key = ?1")?.exists([company.0])?;
    if !exists {
        return Ok(());
    }
    let mut at_ms = before.at_ms;
    for named in merges::companies::group(tx, company)? {
        let found = folds::first_of_company(tx, named)?.map(EventId::at_ms);
        at_ms = [at_ms, found].into_iter().flatten().min();
    }
    tx.connection
        .prepare_cached(
            "UPDATE companies SET first_message_ms = coalesce(?2, first_message_ms) WHERE company_key = ?1",
        )?
        .execute(params![company.0, at_ms])?;
    for one in BTreeSet::from([company, companies::survivor(tx, company)]) {
        let known = companies::load(tx, one)?;
        let first_seen_ms = users::first_seen(tx, known.first_message_ms, &known.attributes);
        tx.connection
            .prepare_cached("UPDATE companies SET first_seen_ms = ?2 WHERE company_key = ?1")?
            .execute([one.0, first_seen_ms])?;
    }
    Ok(())
}

/// A visitor whom the import made goes, where nothing else is known of it.
fn visitor_back(tx: &mut Tx<'_>, visitor: VisitorKey, before: First) -> Result<(), StoreError> {
    let mut left = first_left(tx, &[(-visitor.0, i64::MIN)], &[(-visitor.0, i64::MIN)], None)?;
    if let Some(user) = visitors::linked_user(tx, visitor)? {
        let beside = folds::first_beside(tx, visitor, user)?;
        left = left.min(First { at_ms: beside.map(EventId::at_ms), page: None });
        let named: Vec<(i64, i64)> = merges::group(tx, user)?.iter().map(|user| (user.0, i64::MIN)).collect();
        left = left.min(first_left(tx, &[], &named, Some(visitor))?);
    }
    if before.at_ms.is_none() && left.at_ms.is_none() && visitors::forget_unknown(tx, visitor)? {
        return Ok(());
    }
    let First { at_ms, page } = before.min(left);
    let (page_ms, page) = page.unzip();
    let mut statement = tx.connection.prepare_cached(
        "UPDATE visitors SET first_seen_ms = coalesce(?2, first_seen_ms), first_page_ms = ?3, first_page = ?4
         WHERE visitor_key = ?1 RETURNING anonymous_id",
    )?;
    let of_row = params![visitor.0, at_ms, page_ms, page];
    if let Some(id) = statement.query_row(of_row, |row| row.get::<_, String>(0)).optional()? {
        visitors::changed(tx, &id);
    }
    Ok(())
}
