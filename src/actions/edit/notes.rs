//! Notes about a user or a company (A9): whoever wrote one changes it and takes it away.

use super::{EditError, Edited, Hand};
use crate::domain::access::Grade;
use crate::domain::change::{By, Change};
use crate::domain::ids::NoteKey;
use crate::domain::profile::{NOTE, Note, Profile, note_of};
use crate::store::{StoreError, Tx, changes, notes};

const GONE: &str = "This note no longer exists. Someone may have deleted it.";

/// A note as it is written: its text, and the day of its next date where there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Markdown.
    pub text: String,
    /// `2026-03-01`, or nothing.
    pub next_date: String,
}

impl Written {
    fn checked(&self) -> Result<(String, Option<String>), EditError> {
        note_of(&self.text, &self.next_date).map_err(|(field, sentence)| EditError::Value { field, sentence })
    }
}

/// Writes a note about somebody.
///
/// # Errors
/// Nothing or too much is written, a day that is none, the store's.
pub fn add(tx: &mut Tx<'_>, hand: &Hand, profile: Profile, written: &Written) -> Result<Edited, EditError> {
    let (text, next_date) = written.checked()?;
    let author = author(hand).to_owned();
    let new = Note { key: NoteKey(0), profile, author, text, next_date, made_ms: tx.now_ms, edited_ms: None };
    let note = notes::add(tx, new)?;
    Ok(record(tx, hand, "add_note", profile, None, Some(&note))?)
}

/// Changes a note of one's own.
///
/// # Errors
/// There is none, or it is another's; as [`add`].
pub fn change(tx: &mut Tx<'_>, hand: &Hand, key: NoteKey, written: &Written) -> Result<Edited, EditError> {
    let before = own(tx, hand, key)?;
    let (text, next_date) = written.checked()?;
    if (&text, &next_date) == (&before.text, &before.next_date) {
        return Ok(Edited::default());
    }
    let after = Note { text, next_date, edited_ms: Some(tx.now_ms), ..before.clone() };
    notes::put(tx, &after)?;
    Ok(record(tx, hand, "change_note", before.profile, Some(&before), Some(&after))?)
}

/// What was to be done is done: the note has no date any more, whoever wrote it.
///
/// # Errors
/// There is no such note; the store's.
pub fn done(tx: &mut Tx<'_>, hand: &Hand, key: NoteKey) -> Result<Edited, EditError> {
    let before = notes::find(&tx.reader(), key)?.ok_or(EditError::Note(GONE))?;
    if before.next_date.is_none() {
        return Ok(Edited::default());
    }
    let after = Note { next_date: None, ..before.clone() };
    notes::put(tx, &after)?;
    Ok(record(tx, hand, "change_note", before.profile, Some(&before), Some(&after))?)
}

/// Takes a note of one's own away.
///
/// # Errors
/// There is none, or it is another's; the store's.
pub fn delete(tx: &mut Tx<'_>, hand: &Hand, key: NoteKey) -> Result<Edited, EditError> {
    let note = own(tx, hand, key)?;
    notes::remove(tx, key)?;
    Ok(record(tx, hand, "delete_note", note.profile, Some(&note), None)?)
}

fn author(hand: &Hand) -> &str {
    match &hand.by {
        By::Operator(name) | By::Token(name) => name,
        By::Message(_) | By::Shell | By::Rule(_) => "",
    }
}

fn own(tx: &Tx<'_>, hand: &Hand, key: NoteKey) -> Result<Note, EditError> {
    let note = notes::find(&tx.reader(), key)?.ok_or(EditError::Note(GONE))?;
    if note.author != author(hand) {
        return Err(EditError::Note("This note belongs to someone else. Only its author can change or delete it."));
    }
    Ok(note)
}

fn record(
    tx: &Tx<'_>,
    hand: &Hand,
    cause: &str,
    profile: Profile,
    before: Option<&Note>,
    after: Option<&Note>,
) -> Result<Edited, StoreError> {
    let change = Change::new(profile.subject(), NOTE, before.map(Note::to_value), after.map(Note::to_value));
    let change = changes::record(tx, &hand.by, cause, Grade::Hand, &[change])?;
    Ok(Edited { about: Some(profile.subject()), change, ..Edited::default() })
}
