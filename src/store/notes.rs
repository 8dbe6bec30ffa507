//! Notes about users and companies (A9): written by operators, found by their text.

use rusqlite::{OptionalExtension, Row, named_params, params};

use super::list::{Cursor, Page};
use super::search::{self, Needle};
use super::{Reader, StoreError, Tx, profiles};
use crate::domain::ids::{CompanyKey, NoteKey, UserKey};
use crate::domain::profile::{Note, Profile};

/// Notes that a page shows of one user or company, the newest.
pub const SHOWN_MAX: usize = 50;
/// Of notes that may have a text so many are looked at, the newest.
const LOOKED_AT_MAX: usize = 500;

/// A note that a search found, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteFound {
    /// The note.
    pub note: Note,
    /// The site's id of the user or company; of a lead ours.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
}

/// The columns that every statement here names first, in this order.
const COLUMNS: &str = "n.note_key, n.subject, n.subject_key, n.author, n.text, n.next_date, n.made_ms, n.edited_ms";

fn note(row: &Row<'_>) -> rusqlite::Result<Note> {
    let key = row.get(2)?;
    Ok(Note {
        key: NoteKey(row.get(0)?),
        profile: if row.get::<_, i64>(1)? == 0 {
            Profile::User(UserKey(key))
        } else {
            Profile::Company(CompanyKey(key))
        },
        author: row.get(3)?,
        text: row.get(4)?,
        next_date: row.get(5)?,
        made_ms: row.get(6)?,
        edited_ms: row.get(7)?,
    })
}

/// The notes about a user or company, and about those merged into it, the newest first; whether there are more.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, profile: Profile) -> Result<(Vec<Note>, bool), StoreError> {
    let mut notes = newest(db, profile, SHOWN_MAX + 1)?;
    let more = notes.len() > SHOWN_MAX;
    notes.truncate(SHOWN_MAX);
    Ok((notes, more))
}

/// As [`list`], all of them.
///
/// # Errors
/// [`StoreError`] only.
pub fn all(db: &Reader<'_>, profile: Profile) -> Result<Vec<Note>, StoreError> {
    newest(db, profile, i32::MAX as usize)
}

fn newest(db: &Reader<'_>, profile: Profile, limit: usize) -> Result<Vec<Note>, StoreError> {
    let (subject, key) = profiles::columns(profile);
    let mut notes: Vec<Note> = Vec::new();
    for key in profiles::merged_with(db, profile)?.into_iter().chain([key]) {
        notes.extend(of_one(db, subject, key, limit)?);
    }
    notes.sort_by_key(|note| std::cmp::Reverse(note.key));
    Ok(notes)
}

fn of_one(db: &Reader<'_>, subject: i64, key: i64, limit: usize) -> Result<Vec<Note>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM notes AS n INDEXED BY notes_subject
         WHERE n.subject = :subject AND n.subject_key = :key ORDER BY n.note_key DESC LIMIT :limit"
    ))?;
    let parameters = named_params! { ":subject": subject, ":key": key, ":limit": limit as i64 };
    Ok(statement.query_map(parameters, note)?.collect::<Result<_, _>>()?)
}

/// A note, and the user or company that it is about by now, merges read through.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteRow {
    /// The note.
    pub note: Note,
    /// Our id of the user.
    pub id: Option<String>,
    /// The site's id of the user; none of a lead.
    pub user_id: Option<String>,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// The site's id of the company.
    pub company_id: Option<String>,
}

/// A page of all notes, the oldest first.
///
/// # Errors
/// [`StoreError`] only.
pub fn page(db: &Reader<'_>, after: Option<&Cursor>, size: usize) -> Result<Page<NoteRow>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS}, u.id, u.user_id, u.email, c.company_id FROM notes AS n
         LEFT JOIN users AS named ON n.subject = 0 AND named.user_key = n.subject_key
         LEFT JOIN users AS u ON u.user_key = coalesce(named.merged_into, named.user_key)
         LEFT JOIN companies AS of ON n.subject = 1 AND of.company_key = n.subject_key
         LEFT JOIN companies AS c ON c.company_key = coalesce(of.merged_into, of.company_key)
         WHERE n.note_key > :after ORDER BY n.note_key LIMIT :limit"
    ))?;
    let parameters = named_params! { ":after": after.map_or(0, |cursor| cursor.key), ":limit": size as i64 + 1 };
    let rows = statement.query_map(parameters, |row| {
        let cursor = Cursor { value: serde_json::Value::Null, key: row.get(0)? };
        let found = NoteRow {
            note: note(row)?,
            id: row.get(8)?,
            user_id: row.get(9)?,
            email: row.get(10)?,
            company_id: row.get(11)?,
        };
        Ok((cursor, found))
    })?;
    Ok(Page::cut(rows.collect::<Result<_, _>>()?, size))
}

/// One note.
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>, key: NoteKey) -> Result<Option<Note>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!("SELECT {COLUMNS} FROM notes AS n WHERE n.note_key = :key"))?;
    Ok(statement.query_row(named_params! { ":key": key.0 }, note).optional()?)
}

/// The newest notes that have a text of at least three letters, at most so many.
///
/// # Errors
/// [`StoreError`] only.
pub fn search(db: &Reader<'_>, text: &str, limit: usize) -> Result<Vec<NoteFound>, StoreError> {
    let Some(needle) = Needle::of(Some(text)).filter(|needle| !needle.is_short()) else { return Ok(Vec::new()) };
    let mut statement = db.0.prepare_cached(
        "SELECT rowid FROM notes_search WHERE notes_search MATCH :pieces ORDER BY rowid DESC LIMIT :limit",
    )?;
    let keys = statement
        .query_map(named_params! { ":pieces": needle.pieces(), ":limit": LOOKED_AT_MAX as i64 }, |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    let mut found = Vec::new();
    for key in keys {
        let Some(note) = find(db, NoteKey(key))? else { continue };
        if needle.is_in([Some(note.text.as_str()), None, None])
            && let Some((id, name)) = named(db, note.profile)?
        {
            found.push(NoteFound { note, id, name });
            if found.len() == limit {
                break;
            }
        }
    }
    Ok(found)
}

/// The id of whom a note is about, and what it is called.
fn named(db: &Reader<'_>, profile: Profile) -> Result<Option<(String, Option<String>)>, StoreError> {
    let (sql, key) = match profile {
        Profile::User(user) => {
            ("SELECT coalesce(user_id, id), coalesce(name, email) FROM users WHERE user_key = :key", user.0)
        }
        Profile::Company(company) => ("SELECT company_id, name FROM companies WHERE company_key = :key", company.0),
    };
    let mut statement = db.0.prepare_cached(sql)?;
    Ok(statement.query_row(named_params! { ":key": key }, |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// A page of the notes that have a date on which something is to be done, up to a day (`2026-03-01`) where one is named,
/// the earliest first; each with whom it is about by now, merges read through.
///
/// # Errors
/// [`StoreError`] only.
pub fn due(
    db: &Reader<'_>,
    until: Option<&str>,
    after: Option<&Cursor>,
    size: usize,
) -> Result<Page<NoteFound>, StoreError> {
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT {COLUMNS}, coalesce(u.user_id, u.id, c.company_id), coalesce(u.name, u.email, c.name)
         FROM notes AS n INDEXED BY notes_next_date
         LEFT JOIN users AS named ON n.subject = 0 AND named.user_key = n.subject_key
         LEFT JOIN users AS u ON u.user_key = coalesce(named.merged_into, named.user_key)
         LEFT JOIN companies AS of ON n.subject = 1 AND of.company_key = n.subject_key
         LEFT JOIN companies AS c ON c.company_key = coalesce(of.merged_into, of.company_key)
         WHERE n.next_date IS NOT NULL AND n.next_date <= :until AND (n.next_date, n.note_key) > (:day, :key)
         ORDER BY n.next_date, n.note_key LIMIT :limit"
    ))?;
    let parameters = named_params! {
        ":until": until.unwrap_or(":"),
        ":day": after.and_then(|cursor| cursor.value.as_str()).unwrap_or_default(),
        ":key": after.map_or(0, |cursor| cursor.key),
        ":limit": size as i64 + 1,
    };
    let rows = statement.query_map(parameters, |row| {
        let note = note(row)?;
        let cursor = Cursor { value: note.next_date.clone().into(), key: note.key.0 };
        let id = row.get::<_, Option<String>>(8)?.unwrap_or_default();
        Ok((cursor, NoteFound { note, id, name: row.get(9)? }))
    })?;
    Ok(Page::cut(rows.collect::<Result<_, _>>()?, size))
}

// What the writer needs ------------------------------------------------------

/// Makes a note; its key is given to it.
///
/// # Errors
/// [`StoreError`] only.
pub fn add(tx: &Tx<'_>, note: Note) -> Result<Note, StoreError> {
    let (subject, key) = profiles::columns(note.profile);
    tx.connection
        .prepare_cached(
            "INSERT INTO notes (subject, subject_key, author, text, next_date, made_ms, edited_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![subject, key, note.author, note.text, note.next_date, note.made_ms, note.edited_ms])?;
    let note = Note { key: NoteKey(tx.connection.last_insert_rowid()), ..note };
    index(tx, &note)?;
    Ok(note)
}

/// Writes a note as it is now, also one that was deleted.
///
/// # Errors
/// [`StoreError`] only.
pub fn put(tx: &Tx<'_>, note: &Note) -> Result<(), StoreError> {
    let (subject, key) = profiles::columns(note.profile);
    tx.connection
        .prepare_cached(
            "INSERT INTO notes (note_key, subject, subject_key, author, text, next_date, made_ms, edited_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (note_key) DO UPDATE SET
               text = excluded.text, next_date = excluded.next_date, edited_ms = excluded.edited_ms",
        )?
        .execute(params![
            note.key.0,
            subject,
            key,
            note.author,
            note.text,
            note.next_date,
            note.made_ms,
            note.edited_ms
        ])?;
    index(tx, note)
}

/// Takes a note away.
///
/// # Errors
/// [`StoreError`] only.
pub fn remove(tx: &Tx<'_>, key: NoteKey) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM notes WHERE note_key = ?1")?.execute([key.0])?;
    tx.connection.prepare_cached("DELETE FROM notes_search WHERE rowid = ?1")?.execute([key.0])?;
    Ok(())
}

fn index(tx: &Tx<'_>, note: &Note) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM notes_search WHERE rowid = ?1")?.execute([note.key.0])?;
    tx.connection
        .prepare_cached("INSERT INTO notes_search (rowid, text) VALUES (?1, ?2)")?
        .execute(params![note.key.0, search::as_compared(&note.text)])?;
    Ok(())
}
