//! Change sets: written with each deed, read as history.

mod deeds;
mod former;
mod since;

use rusqlite::{OptionalExtension, named_params, params};
use serde_json::Value;

pub use deeds::{Wanted, all, count, first_of_set};
pub use former::{Latest, former, latest};
pub use since::{Told, fields_since, told_since};

use super::list::{self, Cursor, Page};
use super::{Reader, StoreError, Tx};
use crate::domain::access::Grade;
use crate::domain::attributes::Owner;
use crate::domain::change::{By, Change, LINK, MEMBERSHIP as STANDING, Subject};
use crate::domain::ids::{ChangeKey, CompanyKey, DefinitionKey, SegmentKey, SourceKey, UserKey, VisitorKey};
use crate::domain::limits::CHANGES_PER_DAY_MAX;
use crate::domain::time::{self, MINUTE_MS};

/// Fields of one deed about someone that a page of deeds keeps together.
pub const SET_ROWS_MAX: usize = 1_000;
/// Records merged into a user or company whose history is read.
const MERGED_MAX: usize = 100;

// The numbers of subjects in a row.
const USER: i64 = 0;
const COMPANY: i64 = 1;
const MEMBERSHIP: i64 = 2;
const VISITOR: i64 = 3;
const WORKSPACE: i64 = 4;
const SOURCE: i64 = 5;
const ATTRIBUTE: i64 = 6;
const SEGMENT: i64 = 7;

/// The cause of what a row of an imported file changed; its source is the import's.
pub const IMPORT: &str = "import";
/// The cause of two that became one.
pub const MERGE: &str = "merge";
/// The cause of what taking a deed back changed.
pub const UNDO: &str = "undo";

/// A change of one field, as history shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRow {
    /// Its change set.
    pub change: ChangeKey,
    /// Its place in it.
    pub place: i64,
    /// When it was done, Unix milliseconds.
    pub at_ms: i64,
    /// `message`, `operator`, `token`, `shell`, `rule`.
    pub by_kind: String,
    /// The operator, the token, or the source's name.
    pub by_name: String,
    /// The deed in a word.
    pub cause: String,
    /// The change set that took it back.
    pub undone_by: Option<ChangeKey>,
    /// What its sender was worth.
    pub grade: Grade,
    /// Whom it is about.
    pub about: Subject,
    /// `user`, `company`, `membership` …
    pub subject: &'static str,
    /// The site's id of whom it is about; of a lead the e-mail address.
    pub subject_id: String,
    /// Whom it is about is there: nobody has taken the making back.
    pub is_there: bool,
    /// The name of whom it is about, else the e-mail address; of users, companies and sources.
    pub subject_name: Option<String>,
    /// Of an attribute's definition: whose attribute it is.
    pub attribute_of: Option<Owner>,
    /// Of a membership: the company's id.
    pub company_id: Option<String>,
    /// Of a membership: the company's name.
    pub company_name: Option<String>,
    /// The field.
    pub field: String,
    /// Before.
    pub before: Option<serde_json::Value>,
    /// After.
    pub after: Option<serde_json::Value>,
}

/// One deed and what it changed about someone.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeSet {
    /// Its number.
    pub change: ChangeKey,
    /// When it was done, Unix milliseconds.
    pub at_ms: i64,
    /// `message`, `operator`, `token`, `shell`, `rule`.
    pub by_kind: String,
    /// The operator, the token, or the source's name.
    pub by_name: String,
    /// The deed in a word.
    pub cause: String,
    /// The change set that took it back.
    pub undone_by: Option<ChangeKey>,
    /// Field by field.
    pub changes: Vec<ChangeRow>,
    /// How many more it changed, which are not read.
    pub beyond: u64,
}

/// A page of what changed about someone, newest first. A user's and a company's includes memberships. A deed
/// that goes on beyond the page begins the next one, so that it is told whole, as long as it changed no more
/// than a page holds.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(
    db: &Reader<'_>,
    subject: Subject,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<ChangeRow>, StoreError> {
    let mut places = newest_of_strands(db, &strands(db, subject)?, after, size + 1)?;
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.dedup();
    let goes_on =
        places.get(size).and_then(|beyond| places.iter().position(|place| place.change_key == beyond.change_key));
    let size = goes_on.filter(|begins| *begins > 0).unwrap_or(size);
    places.truncate(size + 1);
    let rows = rows(db, &places)?.into_iter();
    let rows = rows.map(|row| (Cursor { value: row.place.into(), key: row.change.0 }, row));
    Ok(Page::cut(rows.collect(), size))
}

/// A page of the deeds that changed something about someone, newest first, each whole as long
/// as it changed no more than 1,000 fields. A page may hold fewer than `size`.
///
/// # Errors
/// [`StoreError`] only.
pub fn sets(
    db: &Reader<'_>,
    subject: Subject,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<ChangeSet>, StoreError> {
    let page = list(db, subject, after, size.max(SET_ROWS_MAX))?;
    let mut sets: Vec<ChangeSet> = Vec::new();
    for row in page.rows {
        match sets.last_mut() {
            Some(set) if set.change == row.change => set.changes.push(row),
            _ => sets.push(set_of(row)),
        }
    }
    if page.next.is_none() && sets.len() <= size {
        return Ok(Page { rows: sets, next: None });
    }
    sets.truncate(size);
    let last = sets.last().and_then(|set| set.changes.last());
    let next = last.map(|row| Cursor { value: row.place.into(), key: row.change.0 });
    Ok(Page { rows: sets, next })
}

/// A change set that begins with a row.
fn set_of(row: ChangeRow) -> ChangeSet {
    ChangeSet {
        change: row.change,
        at_ms: row.at_ms,
        by_kind: row.by_kind.clone(),
        by_name: row.by_name.clone(),
        cause: row.cause.clone(),
        undone_by: row.undone_by,
        changes: vec![row],
        beyond: 0,
    }
}

/// Where a change stands: in the order of its change set, then of its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub change_key: i64,
    pub place: i64,
    pub subject: i64,
    pub subject_key: i64,
}

/// Records whose changes are one history: of each its number and key.
struct Strands {
    /// Whose own changes they are.
    of: Vec<(i64, i64)>,
    /// Companies of whose memberships.
    memberships_of: Vec<i64>,
}

/// The strands of a subject's history; of a user and a company also those of records merged into it.
fn strands(db: &Reader<'_>, subject: Subject) -> Result<Strands, StoreError> {
    let (number, key, _) = subject_columns(subject);
    let merged = |sql: &str| -> Result<Vec<i64>, StoreError> {
        let mut statement = db.0.prepare_cached(sql)?;
        let rows = statement.query_map(named_params! { ":key": key, ":limit": MERGED_MAX as i64 }, |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let mut keys = vec![key];
    match subject {
        Subject::User(_) => {
            keys.extend(merged("SELECT user_key FROM users WHERE merged_into = :key LIMIT :limit")?);
            let of = keys.iter().flat_map(|key| [(number, *key), (MEMBERSHIP, *key)]);
            Ok(Strands { of: of.collect(), memberships_of: Vec::new() })
        }
        Subject::Company(_) => {
            keys.extend(merged("SELECT company_key FROM companies WHERE merged_into = :key LIMIT :limit")?);
            Ok(Strands { of: keys.iter().map(|key| (number, *key)).collect(), memberships_of: keys })
        }
        _ => Ok(Strands { of: vec![(number, key)], memberships_of: Vec::new() }),
    }
}

/// The newest changes of each strand, behind a cursor.
fn newest_of_strands(
    db: &Reader<'_>,
    strands: &Strands,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Vec<Place>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT place.value ->> 0, place.value ->> 1, place.value ->> 2, place.value ->> 3
         FROM json_each(:of) AS strand CROSS JOIN json_each((
           SELECT json_group_array(json_array(change_key, place, subject, subject_key)) FROM (
             SELECT change_key, place, subject, subject_key FROM changes
             WHERE subject = strand.value ->> 0 AND subject_key = strand.value ->> 1
               AND (change_key, place) < (:change, :place)
             ORDER BY change_key DESC, place DESC LIMIT :limit))) AS place
         UNION ALL
         SELECT place.value ->> 0, place.value ->> 1, place.value ->> 2, place.value ->> 3
         FROM json_each(:companies) AS strand CROSS JOIN json_each((
           SELECT json_group_array(json_array(change_key, place, subject, subject_key)) FROM (
             SELECT change_key, place, subject, subject_key FROM changes INDEXED BY changes_company
             WHERE company_key = strand.value AND company_key <> 0 AND (change_key, place) < (:change, :place)
             ORDER BY change_key DESC, place DESC LIMIT :limit))) AS place",
    )?;
    let parameters = named_params! {
        ":of": serde_json::to_string(&strands.of).expect("numbers are JSON"),
        ":companies": list::json_keys(strands.memberships_of.iter().copied()),
        ":change": after.map_or(i64::MAX, |cursor| cursor.key),
        ":place": after.and_then(|cursor| cursor.value.as_i64()).unwrap_or(i64::MAX),
        ":limit": limit as i64,
    };
    let places = statement.query_map(parameters, |row| {
        Ok(Place { change_key: row.get(0)?, place: row.get(1)?, subject: row.get(2)?, subject_key: row.get(3)? })
    })?;
    Ok(places.collect::<Result<_, _>>()?)
}

/// What one deed changed, field by field, in the order in which it did.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_set(db: &Reader<'_>, change: ChangeKey) -> Result<Vec<ChangeRow>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT subject, subject_key, place FROM changes INDEXED BY changes_set WHERE change_key = :change ORDER BY place",
    )?;
    let places = statement.query_map(named_params! { ":change": change.0 }, |row| {
        Ok(Place { change_key: change.0, subject: row.get(0)?, subject_key: row.get(1)?, place: row.get(2)? })
    })?;
    rows(db, &places.collect::<Result<Vec<_>, _>>()?)
}

/// The id that a user or a company was made with, as its history tells it.
macro_rules! made_as {
    ($subject:literal, $key:literal) => {
        concat!(
            "(SELECT coalesce(m.after, m.before) ->> '$' FROM changes AS m WHERE m.subject = ",
            $subject,
            " AND m.subject_key = ",
            $key,
            " AND m.field = ' created' ORDER BY m.change_key LIMIT 1)"
        )
    };
}

/// Changes with their change sets, and the names of whom they are about, in the order of their places.
pub(super) fn rows(db: &Reader<'_>, places: &[Place]) -> Result<Vec<ChangeRow>, StoreError> {
    // What is kept of a link is our number of the user, whose id may be another by now. Who was taken away again is
    // told by the id of its making, which goes with its history where somebody is erased.
    let mut statement = db.0.prepare_cached(concat!(
        "SELECT s.at_ms, s.by_kind, CASE s.by_kind WHEN 'message' THEN coalesce(source.name, '') ELSE s.by_name END,
                s.cause, c.field, c.before,
                CASE c.field WHEN :link
                  THEN (SELECT json_quote(coalesce(user_id, email, id)) FROM users WHERE user_key = c.after)
                  ELSE c.after END,
                coalesce(company.company_id, CASE c.subject WHEN 2 THEN ",
        made_as!("1", "c.company_key"),
        " END),
                CASE c.subject
                  WHEN 1 THEN coalesce((SELECT company_id FROM companies WHERE company_key = c.subject_key), ",
        made_as!("1", "c.subject_key"),
        ")
                  WHEN 3 THEN (SELECT anonymous_id FROM visitors WHERE visitor_key = c.subject_key)
                  WHEN 4 THEN ''
                  WHEN 5 THEN (SELECT source_id FROM sources WHERE source_key = c.subject_key)
                  WHEN 6 THEN (SELECT name FROM attribute_definitions WHERE definition_key = c.subject_key)
                  WHEN 7 THEN (SELECT segment_id FROM segments WHERE segment_key = c.subject_key)
                  ELSE coalesce((SELECT coalesce(user_id, email, id) FROM users WHERE user_key = c.subject_key), ",
        made_as!("0", "c.subject_key"),
        ") END,
                CASE WHEN c.subject IN (0, 2) THEN (SELECT coalesce(name, email) FROM users WHERE user_key = c.subject_key)
                     WHEN c.subject = 1 THEN (SELECT name FROM companies WHERE company_key = c.subject_key)
                     WHEN c.subject = 5 THEN (SELECT name FROM sources WHERE source_key = c.subject_key)
                     WHEN c.subject = 7 THEN (SELECT name FROM segments WHERE segment_key = c.subject_key) END,
                company.name, c.company_key, s.grade,
                CASE c.subject WHEN 6 THEN (SELECT owner FROM attribute_definitions WHERE definition_key = c.subject_key) END,
                s.undone_by, c.subject, c.subject_key, c.change_key, c.place,
                CASE WHEN c.subject IN (0, 2) THEN EXISTS (SELECT 1 FROM users WHERE user_key = c.subject_key)
                     WHEN c.subject = 1 THEN EXISTS (SELECT 1 FROM companies WHERE company_key = c.subject_key)
                     ELSE true END
                  AND (c.subject <> 2 OR company.company_key IS NOT NULL)
         FROM json_each(:places) AS asked
         CROSS JOIN changes AS c ON c.subject = asked.value ->> 0 AND c.subject_key = asked.value ->> 1
           AND c.change_key = asked.value ->> 2 AND c.place = asked.value ->> 3
         JOIN change_sets AS s ON s.change_key = c.change_key
         LEFT JOIN sources AS source ON source.source_key = s.source_key
         LEFT JOIN companies AS company ON company.company_key = c.company_key AND c.subject = 2
         ORDER BY asked.key"
    ))?;
    let asked = places.iter().map(|place| [place.subject, place.subject_key, place.change_key, place.place]);
    let asked = serde_json::to_string(&asked.collect::<Vec<_>>()).expect("numbers are JSON");
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let found = statement.query_map(named_params! { ":places": asked, ":link": LINK }, |row| {
        let (subject, subject_key) = (row.get(15)?, row.get(16)?);
        Ok(ChangeRow {
            change: ChangeKey(row.get(17)?),
            place: row.get(18)?,
            at_ms: row.get(0)?,
            by_kind: row.get(1)?,
            by_name: row.get(2)?,
            cause: row.get(3)?,
            undone_by: row.get::<_, Option<i64>>(14)?.map(ChangeKey),
            grade: Grade::from_number(row.get(12)?),
            about: subject_of(subject, subject_key, row.get(11)?),
            subject: subject_word(subject),
            subject_id: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
            is_there: row.get(19)?,
            subject_name: row.get(9)?,
            attribute_of: row.get::<_, Option<i64>>(13)?.map(Owner::from_number),
            company_id: row.get(7)?,
            company_name: row.get(10)?,
            field: row.get(4)?,
            before: json(row.get(5)?),
            after: json(row.get(6)?),
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Whom a row's numbers mean.
fn subject_of(subject: i64, key: i64, company: i64) -> Subject {
    match subject {
        USER => Subject::User(UserKey(key)),
        COMPANY => Subject::Company(CompanyKey(key)),
        MEMBERSHIP => Subject::Membership(UserKey(key), CompanyKey(company)),
        VISITOR => Subject::Visitor(VisitorKey(key)),
        SOURCE => Subject::Source(SourceKey(key)),
        ATTRIBUTE => Subject::Attribute(DefinitionKey(key)),
        SEGMENT => Subject::Segment(SegmentKey(key)),
        _ => Subject::Workspace,
    }
}

fn subject_word(number: i64) -> &'static str {
    match number {
        USER => "user",
        COMPANY => "company",
        MEMBERSHIP => "membership",
        VISITOR => "visitor",
        WORKSPACE => "workspace",
        ATTRIBUTE => "attribute",
        SEGMENT => "segment",
        _ => "source",
    }
}

// What the writer needs ------------------------------------------------------

/// The columns that name a subject: kind, key, and of a membership the company.
pub(super) fn subject_columns(subject: Subject) -> (i64, i64, i64) {
    match subject {
        Subject::User(user) => (USER, user.0, 0),
        Subject::Company(company) => (COMPANY, company.0, 0),
        Subject::Membership(user, company) => (MEMBERSHIP, user.0, company.0),
        Subject::Visitor(visitor) => (VISITOR, visitor.0, 0),
        Subject::Workspace => (WORKSPACE, 0, 0),
        Subject::Source(source) => (SOURCE, source.0, 0),
        Subject::Attribute(definition) => (ATTRIBUTE, definition.0, 0),
        Subject::Segment(segment) => (SEGMENT, segment.0, 0),
    }
}

/// A deed, without its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    /// Its number.
    pub change: ChangeKey,
    /// When it was done, Unix milliseconds.
    pub at_ms: i64,
    /// A message did it, not a person or a program.
    pub by_message: bool,
    /// The change set that took it back.
    pub undone_by: Option<ChangeKey>,
}

/// The deed of a change set.
///
/// # Errors
/// [`StoreError`] only.
pub fn deed(tx: &Tx<'_>, change: ChangeKey) -> Result<Option<Deed>, StoreError> {
    let mut statement = tx
        .connection
        .prepare_cached("SELECT at_ms, undone_by, by_kind = 'message' FROM change_sets WHERE change_key = ?1")?;
    let deed = statement.query_row([change.0], |row| {
        let undone_by: Option<i64> = row.get(1)?;
        Ok(Deed { change, at_ms: row.get(0)?, undone_by: undone_by.map(ChangeKey), by_message: row.get(2)? })
    });
    Ok(deed.optional()?)
}

/// Notes that a deed was taken back.
///
/// # Errors
/// [`StoreError`] only.
pub fn mark_undone(tx: &Tx<'_>, change: ChangeKey, by: ChangeKey) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE change_sets SET undone_by = ?2 WHERE change_key = ?1")?
        .execute([change.0, by.0])?;
    Ok(())
}

/// Writes one change set; nothing where nothing changed.
///
/// # Errors
/// [`StoreError`] only.
pub fn record(
    tx: &Tx<'_>,
    by: &By,
    cause: &str,
    grade: Grade,
    changes: &[Change],
) -> Result<Option<ChangeKey>, StoreError> {
    if changes.is_empty() {
        return Ok(None);
    }
    let (by_name, source) = match by {
        By::Message(source) => ("", Some(source.0)),
        By::Operator(name) | By::Token(name) => (name.as_str(), None),
        By::Rule(name) => (*name, None),
        By::Shell => ("", None),
    };
    tx.connection
        .prepare_cached(
            "INSERT INTO change_sets (at_ms, by_kind, by_name, cause, grade, source_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![tx.now_ms, by.kind(), by_name, cause, grade as i64, source])?;
    let set = ChangeKey(tx.connection.last_insert_rowid());
    let mut asked = None;
    for (place, change) in (0..).zip(changes) {
        if asked.is_none_or(|(subject, _)| subject != change.subject) {
            asked = Some((change.subject, may_be_too_many(tx, change.subject)?));
        }
        if matches!(asked, Some((_, true))) {
            thin_out(tx, change)?;
        }
        insert(tx, set, place, change)?;
    }
    Ok(Some(set))
}

/// Adds a change to a change set at a free place: what a deed does in chunks.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(tx: &Tx<'_>, set: ChangeKey, place: i64, change: &Change) -> Result<(), StoreError> {
    thin_out(tx, change)?;
    insert(tx, set, place, change)
}

fn insert(tx: &Tx<'_>, set: ChangeKey, place: i64, change: &Change) -> Result<(), StoreError> {
    let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
    let (subject, key, company) = subject_columns(change.subject);
    tx.connection
        .prepare_cached(
            "INSERT INTO changes (subject, subject_key, change_key, place, company_key, field, before, after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            subject,
            key,
            set.0,
            place,
            company,
            change.field,
            text(&change.before),
            text(&change.after)
        ])?;
    Ok(())
}

/// Whether so much of somebody changed today that one value may have changed too often. It is asked once for all values
/// of a deed: a message says a dozen, and nearly nobody has changed so often.
fn may_be_too_many(tx: &Tx<'_>, subject: Subject) -> Result<bool, StoreError> {
    let (subject, key, _) = subject_columns(subject);
    let mut statement = tx.connection.prepare_cached(
        "SELECT 1 FROM changes WHERE subject = ?1 AND subject_key = ?2 AND change_key >= ?3 LIMIT 1 OFFSET ?4",
    )?;
    let beyond = CHANGES_PER_DAY_MAX as i64 - 1;
    Ok(statement.exists(params![subject, key, first_of_today(tx)?, beyond])?)
}

/// A value that changes more than 20 times in a day of the workspace keeps the first of them and the last (A6).
fn thin_out(tx: &Tx<'_>, change: &Change) -> Result<(), StoreError> {
    if !change.is_of_attribute() {
        return Ok(());
    }
    let (subject, key, company) = subject_columns(change.subject);
    let field = &change.field;
    let mut statement = tx.connection.prepare_cached(
        "SELECT change_key, place FROM changes
         WHERE subject = ?1 AND subject_key = ?2 AND change_key >= ?3 AND company_key = ?4 AND field = ?5
         ORDER BY change_key DESC LIMIT ?6",
    )?;
    let today = statement
        .query_map(params![subject, key, first_of_today(tx)?, company, field, CHANGES_PER_DAY_MAX as i64], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    if today.len() < CHANGES_PER_DAY_MAX {
        return Ok(());
    }
    for (set, place) in &today[..today.len() - 1] {
        tx.connection
            .prepare_cached(
                "DELETE FROM changes WHERE subject = ?1 AND subject_key = ?2 AND change_key = ?3 AND place = ?4",
            )?
            .execute(params![subject, key, set, place])?;
    }
    Ok(())
}

/// The first change set that a change of today can be in. Days begin with a quarter of an hour in
/// every zone, so it is looked up once in each.
fn first_of_today(tx: &Tx<'_>) -> Result<i64, StoreError> {
    let zone = tx.state.catalog.settings.time_zone;
    let quarter = tx.now_ms.div_euclid(15 * MINUTE_MS);
    if let Some((known, first)) = tx.state.first_of_today.get()
        && known == (zone, quarter)
    {
        return Ok(first);
    }
    let today = time::day(tx.now_ms, zone);
    // Their times rise with their keys, so halving finds it.
    let last: i64 = tx
        .connection
        .prepare_cached("SELECT coalesce(max(change_key), 0) FROM change_sets")?
        .query_row([], |row| row.get(0))?;
    let (mut first, mut end) = (1, last + 1);
    let mut at = tx.connection.prepare_cached(
        "SELECT change_key, at_ms FROM change_sets WHERE change_key >= ?1 ORDER BY change_key LIMIT 1",
    )?;
    while first < end {
        let middle = first + (end - first) / 2;
        let (set, at_ms): (i64, i64) = at.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if time::day(at_ms, zone) < today { first = set + 1 } else { end = middle }
    }
    tx.state.first_of_today.set(Some(((zone, quarter), first)));
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::{CREATED, MEMBERSHIP};
    use crate::domain::ids::{CompanyKey, UserKey};
    use crate::store::sample::{Sample, days_ago};

    #[test]
    fn history_is_newest_first_and_includes_memberships() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(9));
        let acme = sample.company("acme", None, "{}", days_ago(9));
        let created = sample.change(
            days_ago(9),
            "identify",
            &[(0, ann, 0, CREATED), (0, ann, 0, "name"), (1, acme, 0, CREATED), (2, ann, acme, MEMBERSHIP)],
        );
        let renamed = sample.change(days_ago(1), "group", &[(1, acme, 0, "name")]);
        let page = list(&sample.db(), Subject::User(UserKey(ann)), None, 50).unwrap();
        let rows: Vec<(&str, &str, Option<&str>)> =
            page.rows.iter().map(|row| (row.subject, row.field.as_str(), row.company_id.as_deref())).collect();
        assert_eq!(rows, [("membership", MEMBERSHIP, Some("acme")), ("user", "name", None), ("user", CREATED, None)]);
        assert!(page.rows.iter().all(|row| row.subject_id == "ann" && row.by_name == "API"));
        assert_eq!(page.rows[0].after, Some("x".into()));

        let sets = sets(&sample.db(), Subject::Company(CompanyKey(acme)), None, 50).unwrap();
        let told: Vec<(i64, usize)> = sets.rows.iter().map(|set| (set.change.0, set.changes.len())).collect();
        assert_eq!(told, [(renamed, 1), (created, 2)]);
    }

    #[test]
    fn a6_a_day_is_the_workspace_s_and_its_first_and_last_change_stay() {
        use crate::store::{Ambient, Store, workspace};
        use std::sync::Arc;
        use std::sync::atomic::{AtomicI64, Ordering};

        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(time::instant_from_text("2026-11-24T22:40:00Z").unwrap()));
        let hand = Arc::clone(&clock);
        let ambient = Ambient { now_ms: Arc::new(move || hand.load(Ordering::Relaxed)), ..Ambient::default() };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        store.write_now(|tx| workspace::set(tx, "time_zone", "Europe/Warsaw")).unwrap();
        let change = |from: i64, count: i64| {
            for number in from..from + count {
                let change = Change::new(Subject::User(UserKey(1)), "page", None, Some(number.into()));
                store.write_now(|tx| record(tx, &By::Shell, "test", Grade::Hand, &[change])).unwrap();
            }
        };
        let kept = || {
            let sql = "SELECT after FROM changes WHERE field = 'page' ORDER BY change_key";
            let read = store.read_now(|db| {
                let mut statement = db.0.prepare(sql)?;
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            });
            read.unwrap()
        };
        change(0, 15);
        // Forty minutes on it is the next day in Warsaw, and not yet in London.
        clock.fetch_add(40 * MINUTE_MS, Ordering::Relaxed);
        change(15, 15);
        assert_eq!(kept().len(), 30, "fifteen on each of two days");
        change(30, 30);
        let kept = kept();
        assert_eq!(
            (&kept[..16], kept.last().unwrap().as_str()),
            (&(0..16).map(|n| n.to_string()).collect::<Vec<_>>()[..], "59")
        );
        assert!(kept.len() <= 15 + CHANGES_PER_DAY_MAX, "{kept:?}");
        store.close();
    }

    #[test]
    fn pages_show_each_change_once_and_keep_a_deed_together() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(9));
        for _ in 0..7 {
            sample.change(days_ago(1), "identify", &[(0, ann, 0, "a"), (2, ann, 1, "role"), (0, ann, 0, "b")]);
        }
        let subject = Subject::User(UserKey(ann));
        for size in [1, 2, 5] {
            let (mut rows, mut deeds) = (0, 0);
            let mut after = None;
            loop {
                let page = list(&sample.db(), subject, after.as_ref(), size).unwrap();
                assert!(size < 3 || page.rows.len() == 3, "a deed is told whole where a page holds it");
                rows += page.rows.len();
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            loop {
                let page = sets(&sample.db(), subject, after.as_ref(), size).unwrap();
                assert!(page.rows.iter().all(|set| set.changes.len() == 3));
                assert!(page.rows.len() <= size);
                deeds += page.rows.len();
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!((rows, deeds), (21, 7), "by {size}");
        }
    }
}
