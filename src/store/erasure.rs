//! A person is erased (R13): every row that is of it or says its words goes, its events go or lose what
//! tells whose they were, and a keyed hash of each of its ids stays, so that a late retry stores nothing.
//!
//! What a deed of the person's size can bear is done at once; the events of somebody who did very much go
//! in chunks, the oldest first, when everything else is gone and nobody finds the person any more. So does the look
//! through all events for browsers of others that were named beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;
use sha2::Sha256;

use super::folds::{self, Gone, withdraw};
use super::list::json_keys;
use super::{
    Reader, StoreError, Tx, contexts, duplicates, email_domains, memberships, merges, remembered, repeats, search,
    segments,
};
use crate::domain::duplicates::{Records, Why};
use crate::domain::ids::{EventId, UserKey};
use crate::domain::known_by::KnownBy;
use crate::domain::segments as rules;
use crate::domain::time::EPOCH_MS;

/// Bytes of a hash that stays.
pub const HASH_BYTES: usize = 16;
/// Events that one step deals with, or those of one bucket where they are more.
const STEP_EVENTS: usize = 2_000;
/// Events that one step looks at for browsers of others.
const STEP_LOOKED_AT: i64 = 10_000;
/// Pages of the search index that one step writes.
const SEARCH_PAGES: i64 = 200;

/// What becomes of an erased person's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// They go, and no number counts them any more.
    Delete,
    /// They stay counted for somebody of whom nothing is known: what was sent with them goes.
    Anonymize,
}

impl Events {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Events::Delete => "delete",
            Events::Anonymize => "anonymize",
        }
    }

    /// What a word means.
    pub fn parse(word: &str) -> Option<Events> {
        [Events::Delete, Events::Anonymize].into_iter().find(|events| events.as_str() == word)
    }
}

/// How a message names somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// By the site's id.
    User(&'a str),
    /// By e-mail address, as compared.
    Email(&'a str),
    /// By a browser's random id.
    Browser(&'a str),
}

impl Named<'_> {
    fn hash(self, key: &[u8; 32]) -> [u8; HASH_BYTES] {
        let (kind, text) = match self {
            Named::User(text) => ("erased user", text),
            Named::Email(text) => ("erased e-mail", text),
            Named::Browser(text) => ("erased browser", text),
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes[..HASH_BYTES].try_into().expect("as many bytes")
    }
}

/// Whether somebody was erased. Asks memory, and only where anybody was.
pub fn is_erased(tx: &Tx<'_>, named: Named<'_>) -> bool {
    let catalog = &tx.state.catalog;
    !catalog.erased.is_empty() && catalog.erased.contains(&named.hash(&catalog.hash_key))
}

/// What went: rows by table, those of events apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Tables and rows, in the order of their names.
    pub rows: Vec<(&'static str, u64)>,
    /// Events, which go in chunks where they are many.
    pub events: u64,
}

/// The records, browsers and words of a person.
struct Person {
    survivor: UserKey,
    /// All records, the survivor first.
    users: Vec<i64>,
    visitors: Vec<i64>,
    ids: Vec<String>,
    emails: Vec<String>,
    browsers: Vec<String>,
    /// Names, and values that were refused.
    words: Vec<String>,
}

impl Person {
    fn of(tx: &Tx<'_>, user: UserKey) -> Result<Person, StoreError> {
        let survivor = tx.catalog().survivor(user);
        let users: Vec<i64> = merges::group(tx, survivor)?.into_iter().map(|user| user.0).collect();
        let keys = json_keys(users.iter().copied());
        let texts = |sql: &str| -> Result<Vec<String>, StoreError> {
            let mut statement = tx.connection.prepare_cached(sql)?;
            let rows = statement.query_map([&keys], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        let mut statement = tx
            .connection
            .prepare_cached("SELECT visitor_key FROM visitors WHERE user_key IN (SELECT value FROM json_each(?1))")?;
        let visitors = statement.query_map([&keys], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Person {
            survivor,
            visitors,
            ids: texts("SELECT user_id FROM user_ids WHERE user_key IN (SELECT value FROM json_each(?1))")?,
            emails: texts(
                "SELECT email FROM users WHERE user_key IN (SELECT value FROM json_each(?1)) AND email IS NOT NULL
                 UNION SELECT after ->> '$' FROM changes
                 WHERE subject = 0 AND subject_key IN (SELECT value FROM json_each(?1)) AND field = 'email'
                   AND json_type(after) = 'text'",
            )?,
            browsers: texts("SELECT anonymous_id FROM visitors WHERE user_key IN (SELECT value FROM json_each(?1))")?,
            words: texts(
                "SELECT name FROM users WHERE user_key IN (SELECT value FROM json_each(?1)) AND name IS NOT NULL
                 UNION SELECT value ->> '$' FROM tray_values
                 WHERE owner IN (0, 2) AND owner_key IN (SELECT value FROM json_each(?1)) AND json_type(value) = 'text'",
            )?,
            users,
        })
    }

    /// Under which subjects its events stand.
    fn subjects(&self) -> impl Iterator<Item = i64> {
        self.users.iter().copied().chain(self.visitors.iter().map(|visitor| -visitor))
    }

    fn known_by(&self) -> KnownBy {
        KnownBy::new(self.ids.iter().chain(&self.emails).chain(&self.browsers))
    }

    /// What tells of it where it is nobody's value: names and refused values too.
    fn told_by(&self) -> KnownBy {
        KnownBy::new(self.ids.iter().chain(&self.emails).chain(&self.browsers).chain(&self.words))
    }
}

/// Erases a person but for its events, which [`step`] deals with. Nobody finds it from here on.
///
/// # Errors
/// [`StoreError`] only.
pub fn begin(tx: &mut Tx<'_>, user: UserKey, events: Events) -> Result<Erased, StoreError> {
    folds::catch_up(tx)?;
    let person = Person::of(tx, user)?;
    let mut erased = Erased { rows: Vec::new(), events: count_events(&tx.reader(), &person)? };
    remember(tx, &person)?;
    let shared = shared_with_others(tx, &person)?;
    forget_companies(tx, &person, &mut erased)?;
    forget_changes(tx, &person, &mut erased)?;
    let keys = json_keys(person.users.iter().copied());
    let visitors = json_keys(person.visitors.iter().copied());
    let subjects = json_keys(person.subjects());
    search::index_now(tx)?;
    for (table, sql, keys) in [
        ("tray_values", "owner = 0 AND owner_key IN (SELECT value FROM json_each(?1))", &subjects),
        ("tray_values", "owner = 2 AND owner_key IN (SELECT value FROM json_each(?1))", &keys),
        ("outbox", "subject IS NOT NULL AND subject IN (SELECT value FROM json_each(?1))", &subjects),
        ("findings", "user_key <> 0 AND user_key IN (SELECT value FROM json_each(?1))", &keys),
        ("profile_tags", "subject = 0 AND subject_key IN (SELECT value FROM json_each(?1))", &keys),
        (
            "notes_search",
            "rowid IN (SELECT note_key FROM notes WHERE subject = 0 AND subject_key IN (SELECT value FROM json_each(?1)))",
            &keys,
        ),
        ("notes", "subject = 0 AND subject_key IN (SELECT value FROM json_each(?1))", &keys),
        ("import_firsts", "subject = 0 AND subject_key IN (SELECT value FROM json_each(?1))", &keys),
        ("import_firsts", "subject = 3 AND subject_key IN (SELECT value FROM json_each(?1))", &visitors),
        ("import_replaces", "user_key IN (SELECT value FROM json_each(?1))", &keys),
        ("user_ids", "user_key IN (SELECT value FROM json_each(?1))", &keys),
        ("users_search", "rowid IN (SELECT value FROM json_each(?1))", &keys),
    ] {
        let rows = tx.connection.prepare_cached(&format!("DELETE FROM {table} WHERE {sql}"))?.execute([keys])?;
        erased.note(table, rows);
    }
    erased.note("refusals", forget_examples(tx)?);
    erased.note("import_refusals", forget_imported_rows(tx, &person)?);
    forget_in_segments(tx, &person.known_by(), &mut erased)?;
    erased.note("repeats", repeats::forget_answers(tx, &person.told_by())?);
    erased.note("visitors", person.visitors.len());
    erased.note("users", person.users.len());
    for user in &person.users {
        blank(tx, *user)?;
    }
    for (why, text) in &shared {
        duplicates::restate(tx, Records::Users, *why, text)?;
    }
    let connection = tx.connection;
    connection
        .prepare_cached(
            "UPDATE visitors SET anonymous_id = 'erased ' || visitor_key || ' ' || hex(randomblob(8)), attributes = jsonb('{}'), stamps = '{}',
               first_page_ms = NULL, first_page = NULL
             WHERE visitor_key IN (SELECT value FROM json_each(?1))",
        )?
        .execute([&visitors])?;
    remembered::forget_ids(tx);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO erasures (user_key, events, next_bucket, started_ms) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![person.survivor.0, events.as_str(), i64::MIN, tx.now_ms])?;
    erased.rows.sort_unstable();
    Ok(erased)
}

/// What the list of possible duplicates may say of the person.
fn shared_with_others(tx: &Tx<'_>, person: &Person) -> Result<BTreeSet<(Why, String)>, StoreError> {
    let mut shared = BTreeSet::new();
    for user in &person.users {
        shared.extend(duplicates::shared_by(&tx.reader(), Records::Users, *user)?);
    }
    Ok(shared)
}

impl Erased {
    fn note(&mut self, table: &'static str, rows: usize) {
        if rows == 0 {
            return;
        }
        match self.rows.iter_mut().find(|(known, _)| *known == table) {
            Some((_, known)) => *known += rows as u64,
            None => self.rows.push((table, rows as u64)),
        }
    }
}

fn count_events(db: &Reader<'_>, person: &Person) -> Result<u64, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT count(*) FROM events_by_subject WHERE bucket = ?1 AND subject = ?2")?;
    let mut events: i64 = 0;
    for bucket in folds::buckets(db)? {
        for subject in person.subjects() {
            events += statement.query_row([bucket, subject], |row| row.get::<_, i64>(0))?;
        }
    }
    Ok(events.unsigned_abs())
}

/// Keeps the hashes of a person's ids, under one number, so that they are allowed again together.
fn remember(tx: &mut Tx<'_>, person: &Person) -> Result<(), StoreError> {
    let key = tx.state.catalog.hash_key;
    let named = (person.ids.iter().map(|id| Named::User(id)))
        .chain(person.emails.iter().map(|email| Named::Email(email)))
        .chain(person.browsers.iter().map(|id| Named::Browser(id)));
    let hashes: Vec<[u8; HASH_BYTES]> = named.map(|named| named.hash(&key)).collect();
    for hash in &hashes {
        tx.connection
            .prepare_cached("INSERT OR REPLACE INTO erased_ids (id_hash, person, at_ms) VALUES (?1, ?2, ?3)")?
            .execute(params![hash.as_slice(), person.survivor.0, tx.now_ms])?;
    }
    Arc::make_mut(&mut tx.catalog_mut().erased).extend(hashes);
    Ok(())
}

fn forget_companies(tx: &mut Tx<'_>, person: &Person, erased: &mut Erased) -> Result<(), StoreError> {
    let keys = json_keys(person.users.iter().copied());
    let count = |tx: &Tx<'_>, table: &str| -> Result<usize, StoreError> {
        let sql = format!("SELECT count(*) FROM {table} WHERE user_key IN (SELECT value FROM json_each(?1))");
        Ok(tx.connection.prepare_cached(&sql)?.query_row([&keys], |row| row.get::<_, i64>(0))?.unsigned_abs() as usize)
    };
    erased.note("memberships", count(tx, "memberships")?);
    erased.note("membership_spans", count(tx, "membership_spans")?);
    let statements = tx
        .connection
        .prepare_cached("DELETE FROM membership_statements WHERE subject IN (SELECT value FROM json_each(?1))")?
        .execute([json_keys(person.subjects())])?;
    erased.note("membership_statements", statements);
    // Where nothing is said there is no membership, and companies count one member less.
    memberships::restate(tx, person.survivor)?;
    for table in ["memberships", "membership_spans"] {
        let sql = format!("DELETE FROM {table} WHERE user_key IN (SELECT value FROM json_each(?1))");
        tx.connection.prepare_cached(&sql)?.execute([&keys])?;
    }
    for table in ["own_users", "own_memberships"] {
        let sql = format!("DELETE FROM {table} WHERE user_key IN (SELECT value FROM json_each(?1))");
        erased.note(table, tx.connection.prepare_cached(&sql)?.execute([&keys])?);
    }
    for user in &person.users {
        email_domains::stop_waiting(tx, UserKey(*user))?;
    }
    Ok(())
}

/// Takes the person's history out of all deeds; of a merge, what it says of the other one too, since that
/// may be the person's.
fn forget_changes(tx: &Tx<'_>, person: &Person, erased: &mut Erased) -> Result<(), StoreError> {
    let keys = json_keys(person.users.iter().copied());
    let visitors = json_keys(person.visitors.iter().copied());
    let mut statement = tx.connection.prepare_cached(
        "SELECT DISTINCT change_key FROM changes
         WHERE subject IN (0, 2) AND subject_key IN (SELECT value FROM json_each(?1))
         UNION SELECT change_key FROM changes
         WHERE subject = 3 AND subject_key IN (SELECT value FROM json_each(?2))",
    )?;
    let sets: Vec<i64> = statement.query_map([&keys, &visitors], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut of_merge = tx.connection.prepare_cached(
        "UPDATE changes INDEXED BY changes_set SET before = NULL, after = NULL
         WHERE change_key = ?1 AND subject IN (0, 2) AND EXISTS (
           SELECT 1 FROM changes AS c INDEXED BY changes_set WHERE c.change_key = ?1 AND c.field IN (' merged_into', ' not_same_as'))",
    )?;
    for set in &sets {
        of_merge.execute([set])?;
    }
    let sets = json_keys(sets);
    let rows = tx
        .connection
        .prepare_cached(
            "DELETE FROM changes WHERE subject IN (0, 2) AND subject_key IN (SELECT value FROM json_each(?1))",
        )?
        .execute([&keys])?;
    erased.note("changes", rows);
    let rows = tx
        .connection
        .prepare_cached("DELETE FROM changes WHERE subject = 3 AND subject_key IN (SELECT value FROM json_each(?1))")?
        .execute([&visitors])?;
    erased.note("changes", rows);
    let rows = tx
        .connection
        .prepare_cached(
            "DELETE FROM change_sets WHERE change_key IN (SELECT value FROM json_each(?1))
               AND NOT EXISTS (SELECT 1 FROM changes INDEXED BY changes_set WHERE changes.change_key = change_sets.change_key)",
        )?
        .execute([&sets])?;
    erased.note("change_sets", rows);
    Ok(())
}

/// Examples and sentences of refusals: whose they were nobody can tell, since what was refused is known of nobody. The
/// counts stay, and the next one that is refused is the example.
fn forget_examples(tx: &Tx<'_>) -> Result<usize, StoreError> {
    let mut forget = tx
        .connection
        .prepare_cached("UPDATE refusals SET example = NULL, detail = '' WHERE example IS NOT NULL OR detail <> ''")?;
    Ok(forget.execute([])?)
}

/// Rows of imported files that hold a word of the person's, and what checks told of them.
fn forget_imported_rows(tx: &Tx<'_>, person: &Person) -> Result<usize, StoreError> {
    // Compared here: SQLite knows no capitals but those of ASCII, and no whole cells.
    let told_by = person.told_by();
    let mut statement =
        tx.connection.prepare_cached("SELECT import_key, row, place, detail, cells FROM import_refusals")?;
    let mut rows = statement.query([])?;
    let mut named: Vec<(i64, i64, i64)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (detail, cells): (String, String) = (row.get(3)?, row.get(4)?);
        if told_by.is_told_in(&detail) || says(&told_by, &cells) {
            named.push((row.get(0)?, row.get(1)?, row.get(2)?));
        }
    }
    let mut forget = tx
        .connection
        .prepare_cached("DELETE FROM import_refusals WHERE import_key = ?1 AND row = ?2 AND place = ?3")?;
    let mut gone = 0;
    for (import, row, place) in named {
        gone += forget.execute([import, row, place])?;
    }
    let mut statement =
        tx.connection.prepare_cached("SELECT import_key, checked FROM imports WHERE checked IS NOT NULL")?;
    let checked: Vec<(i64, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut untell = tx.connection.prepare_cached("UPDATE imports SET checked = NULL WHERE import_key = ?1")?;
    for (import, _) in checked.iter().filter(|(_, checked)| says(&told_by, checked)) {
        untell.execute([import])?;
    }
    Ok(gone)
}

/// Whether some text in JSON names somebody; what is none is taken as one that does.
fn says(told_by: &KnownBy, json: &str) -> bool {
    fn is_in(told_by: &KnownBy, value: &Value) -> bool {
        match value {
            Value::String(text) => told_by.is_in(text) || told_by.is_told_in(text),
            Value::Number(number) => told_by.is_in(&number.to_string()),
            Value::Array(items) => items.iter().any(|item| is_in(told_by, item)),
            Value::Object(fields) => fields.values().any(|value| is_in(told_by, value)),
            Value::Null | Value::Bool(_) => false,
        }
    }
    serde_json::from_str(json).map_or(true, |value| is_in(told_by, &value))
}

/// What segments and their history say of the person.
fn forget_in_segments(tx: &mut Tx<'_>, known_by: &KnownBy, erased: &mut Erased) -> Result<(), StoreError> {
    for segment in tx.catalog().segments.iter().filter(|segment| !segment.is_supplied) {
        let filter = rules::without_person(&segment.filter, known_by);
        let name = rules::name_without_person(&segment.name, known_by);
        if name.is_some() {
            // Its id was made of the name.
            segments::forget_id(tx, segment.key)?;
        }
        if filter.is_some() || name.is_some() {
            let (name, filter) = (name.unwrap_or(segment.name.clone()), filter.unwrap_or(segment.filter.clone()));
            segments::set(tx, segment.key, &name, &filter)?;
            erased.note("segments", 1);
        }
    }
    let says = |text: Option<String>| {
        let value: Value = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let texts = value.as_object().into_iter().flat_map(|told| told.values()).chain([&value]);
        let mut texts = texts.filter_map(Value::as_str);
        texts.any(|text| known_by.has_address_in(text) || rules::without_person(text, known_by).is_some())
    };
    let mut statement = tx
        .connection
        .prepare_cached("SELECT subject_key, change_key, place, before, after FROM changes WHERE subject = 7")?;
    let rows = statement.query_map([], |row| {
        let key: (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((key, row.get::<_, Option<String>>(3)?, row.get::<_, Option<String>>(4)?))
    })?;
    let mut forget = tx.connection.prepare_cached(
        "DELETE FROM changes WHERE subject = 7 AND subject_key = ?1 AND change_key = ?2 AND place = ?3",
    )?;
    let mut forget_set = tx.connection.prepare_cached(
        "DELETE FROM change_sets WHERE change_key = ?1
           AND NOT EXISTS (SELECT 1 FROM changes INDEXED BY changes_set WHERE change_key = ?1)",
    )?;
    for row in rows.collect::<Result<Vec<_>, _>>()? {
        let ((segment, change, place), before, after) = row;
        if says(before) || says(after) {
            erased.note("changes", forget.execute([segment, change, place])?);
            erased.note("change_sets", forget_set.execute([change])?);
        }
    }
    Ok(())
}

/// What people are known by to others; the file is asked as it stands.
///
/// # Errors
/// [`StoreError`] only.
pub fn known_by(tx: &Tx<'_>, users: &[UserKey]) -> Result<KnownBy, StoreError> {
    let people = users.iter().map(|user| Person::of(tx, *user)).collect::<Result<Vec<_>, _>>()?;
    let all = people.iter().flat_map(|person| person.ids.iter().chain(&person.emails).chain(&person.browsers));
    Ok(KnownBy::new(all))
}

/// A record of which nothing is known, out of all lists.
fn blank(tx: &Tx<'_>, user: i64) -> Result<(), StoreError> {
    let id = tx.ambient.uuid().to_string();
    tx.connection
        .prepare_cached(
            "UPDATE users SET id = ?2, user_id = NULL, email = NULL, email_domain = NULL, name = NULL, sort_name = '', attributes = jsonb('{}'),
               stamps = '{}', companies = 0, current_company_key = NULL, signed = 0, archived_ms = ?3,
               owner_key = NULL, first_page_ms = NULL, first_page = NULL
             WHERE user_key = ?1",
        )?
        .execute(params![user, id, tx.now_ms])?;
    Ok(())
}

/// Those whose events are not dealt with to the end.
///
/// # Errors
/// [`StoreError`] only.
pub fn unfinished(tx: &Tx<'_>) -> Result<Option<UserKey>, StoreError> {
    let mut statement = tx.connection.prepare_cached("SELECT user_key FROM erasures ORDER BY user_key LIMIT 1")?;
    Ok(statement.query_row([], |row| row.get(0).map(UserKey)).optional()?)
}

/// Deals with some of an erased person's events, the oldest first, and ends the erasure after the last.
/// Whether there is more to do.
///
/// # Errors
/// [`StoreError`] only.
pub fn step(tx: &mut Tx<'_>, user: UserKey) -> Result<bool, StoreError> {
    let begun: Option<(String, i64, Option<i64>)> = tx
        .connection
        .prepare_cached("SELECT events, next_bucket, look_before FROM erasures WHERE user_key = ?1")?
        .query_row([user.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((events, next_bucket, look_before)) = begun else { return Ok(false) };
    folds::catch_up(tx)?;
    let person = Person::of(tx, user)?;
    let anonymizes = events == Events::Anonymize.as_str();
    let buckets = folds::buckets(&tx.reader())?;
    if let (Some(before), true) = (look_before, next_bucket > *buckets.end()) {
        let next = folds::see_browsers_again(tx, EventId(before), STEP_LOOKED_AT)?;
        set_looked_before(tx, user, next.map(|event| event.0))?;
        return Ok(true);
    }
    let mut found = Vec::new();
    let mut next = None;
    for bucket in next_bucket.max(*buckets.start())..=*buckets.end() {
        if found.len() >= STEP_EVENTS {
            next = Some(bucket);
            break;
        }
        for subject in person.subjects() {
            found.extend(folds::of_subject(tx, bucket, subject, i64::MIN)?);
            if anonymizes {
                anonymize(tx, &person, bucket, subject)?;
            }
        }
    }
    if !anonymizes {
        withdraw(tx, &found, Gone::Everybody)?;
    }
    if folds::see_others_again(tx, &found, &person.visitors)? {
        set_looked_before(tx, user, Some(i64::MAX))?;
    }
    let looks = "SELECT look_before IS NOT NULL FROM erasures WHERE user_key = ?1";
    let looks: bool = tx.connection.prepare_cached(looks)?.query_row([user.0], |row| row.get(0))?;
    if let Some(bucket) = next.or(looks.then(|| *buckets.end() + 1)) {
        tx.connection
            .prepare_cached("UPDATE erasures SET next_bucket = ?2 WHERE user_key = ?1")?
            .execute([user.0, bucket])?;
        return Ok(true);
    }
    end(tx, &person, anonymizes)?;
    Ok(false)
}

/// From which event on it is looked for browsers of others that were named beside the person; none where none are.
fn set_looked_before(tx: &Tx<'_>, user: UserKey, before: Option<i64>) -> Result<(), StoreError> {
    let set = "UPDATE erasures SET look_before = ?2 WHERE user_key = ?1";
    tx.connection.prepare_cached(set)?.execute(params![user.0, before])?;
    Ok(())
}

/// Takes from the events of a subject what was sent with them, and counts all of the person's under one
/// record; what its browsers did before they were its goes.
fn anonymize(tx: &mut Tx<'_>, person: &Person, bucket: i64, subject: i64) -> Result<(), StoreError> {
    if subject < 0 {
        let from_ms: Option<i64> = tx
            .connection
            .prepare_cached("SELECT linked_from_ms FROM visitors WHERE visitor_key = ?1")?
            .query_row([-subject], |row| row.get(0))?;
        let from = EventId::first_at(from_ms.unwrap_or(i64::MAX).clamp(EPOCH_MS, tx.now_ms + 1)).0;
        let earlier: Vec<_> =
            folds::of_subject(tx, bucket, subject, i64::MIN)?.into_iter().filter(|event| event.id.0 < from).collect();
        withdraw(tx, &earlier, Gone::Everybody)?;
    }
    contexts::let_go_of_subject(tx, bucket, subject)?;
    tx.connection
        .prepare_cached(
            "UPDATE events SET user_key = ?3, visitor_key = NULL, session_before_ms = NULL, name = NULL,
               properties = NULL, page_key = NULL, agent_key = NULL
             WHERE event_id IN (SELECT event_id FROM events_by_subject WHERE bucket = ?1 AND subject = ?2)",
        )?
        .execute([bucket, subject, person.survivor.0])?;
    if subject != person.survivor.0 {
        tx.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO events_by_subject (bucket, subject, event_id)
                 SELECT bucket, ?3, event_id FROM events_by_subject WHERE bucket = ?1 AND subject = ?2",
            )?
            .execute([bucket, subject, person.survivor.0])?;
        tx.connection
            .prepare_cached("DELETE FROM events_by_subject WHERE bucket = ?1 AND subject = ?2")?
            .execute([bucket, subject])?;
    }
    Ok(())
}

/// The last of a person: its browsers and its records. Where its events stay counted, one record stays for
/// them, of which nothing is known.
fn end(tx: &mut Tx<'_>, person: &Person, anonymizes: bool) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("DELETE FROM visitors WHERE visitor_key IN (SELECT value FROM json_each(?1))")?
        .execute([json_keys(person.visitors.iter().copied())])?;
    remembered::forget_ids(tx);
    let merged: BTreeSet<i64> = person.users.iter().copied().filter(|user| *user != person.survivor.0).collect();
    tx.connection
        .prepare_cached("DELETE FROM users WHERE user_key IN (SELECT value FROM json_each(?1))")?
        .execute([json_keys(merged.iter().copied())])?;
    if !anonymizes {
        tx.connection.prepare_cached("DELETE FROM users WHERE user_key = ?1")?.execute([person.survivor.0])?;
    }
    tx.connection.prepare_cached("DELETE FROM erasures WHERE user_key = ?1")?.execute([person.survivor.0])?;
    let is_gone = |user: &UserKey| merged.contains(&user.0) || *user == person.survivor && !anonymizes;
    if tx.state.catalog.staff.iter().any(is_gone) {
        Arc::make_mut(&mut tx.catalog_mut().staff).retain(|user| !is_gone(user));
    }
    if !merged.is_empty() {
        Arc::make_mut(&mut tx.catalog_mut().merged_users).retain(|user, _| !merged.contains(&user.0));
    }
    Ok(())
}

/// Allows an erased person again: whoever sends one of its ids makes a new user. Answers how many hashes
/// are forgotten; none where nobody of this name was erased.
///
/// # Errors
/// [`StoreError`] only.
pub fn allow(tx: &mut Tx<'_>, named: Named<'_>) -> Result<u64, StoreError> {
    let hash = named.hash(&tx.state.catalog.hash_key);
    let person: Option<i64> = tx
        .connection
        .prepare_cached("SELECT person FROM erased_ids WHERE id_hash = ?1")?
        .query_row([hash.as_slice()], |row| row.get(0))
        .optional()?;
    let Some(person) = person else { return Ok(0) };
    let rows = tx.connection.prepare_cached("DELETE FROM erased_ids WHERE person = ?1")?.execute([person])?;
    let erased = Arc::new(read(tx.connection)?);
    tx.catalog_mut().erased = erased;
    Ok(rows as u64)
}

/// Whether the search index still holds pieces of words of somebody who was erased.
///
/// # Errors
/// [`StoreError`] only.
pub fn search_holds_pieces(tx: &Tx<'_>) -> Result<bool, StoreError> {
    Ok(tx.connection.prepare_cached("SELECT 1 FROM erased_ids WHERE cleared = 0 LIMIT 1")?.exists([])?)
}

/// Writes some of the search index anew, which takes the pieces out; from the start where `is_first`.
/// Whether there is more to write.
///
/// # Errors
/// [`StoreError`] only.
pub fn clear_search(tx: &Tx<'_>, is_first: bool) -> Result<bool, StoreError> {
    let pages = if is_first { -SEARCH_PAGES } else { SEARCH_PAGES };
    let mut more = false;
    for index in ["users_search", "notes_search"] {
        let before = tx.connection.total_changes();
        let sql = format!("INSERT INTO {index} ({index}, rank) VALUES ('merge', ?1)");
        tx.connection.prepare_cached(&sql)?.execute([pages])?;
        // As SQLite's manual says: fewer than two changes, and nothing was left to merge.
        more |= tx.connection.total_changes() - before >= 2;
    }
    if !more {
        tx.connection.prepare_cached("UPDATE erased_ids SET cleared = 1 WHERE cleared = 0")?.execute([])?;
    }
    Ok(more)
}

/// The hashes of all who were erased, for the catalog.
pub(super) fn read(
    connection: &rusqlite::Connection,
) -> Result<std::collections::HashSet<[u8; HASH_BYTES]>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id_hash FROM erased_ids")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
