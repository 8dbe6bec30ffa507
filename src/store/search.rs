//! Substrings of names, e-mails and ids of users.
//!
//! Each word of a text must stand in one of them, in any order. The index
//! knows which rows have all three-letter pieces of the words, not
//! where; so it names candidates, and the row decides. A text without a word
//! of three letters is looked for as it is, and one of fewer than three at
//! the beginning of names, e-mails and ids.
//! Both sides are made lower case by Rust, which knows more letters than SQLite.

use std::collections::BTreeSet;

use rusqlite::{Row, named_params, params};

use super::list::{self, COUNT_MAX, Count};
use super::{Reader, StoreError, Tx};
use crate::domain::ids::UserKey;

/// Letters of a piece of the index.
const PIECE_CHARS: usize = 3;
/// Pieces of a text that are asked for; the row decides on the rest.
const PIECES_MAX: usize = 64;
/// Up to so many candidates are sorted; a text with more fills a page soon
/// where the list is walked in its order.
pub(super) const CANDIDATES_MAX: usize = 2_000;

/// A text to look for, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needle {
    /// Its words; the whole of it where none is long enough for the index.
    words: Vec<String>,
    at_beginning: bool,
}

impl Needle {
    /// What a list is asked to look for; none where that is nothing.
    pub fn of(search: Option<&str>) -> Option<Needle> {
        let text = search?.trim().replace('\0', "").to_lowercase();
        let is_short = |text: &str| text.chars().count() < PIECE_CHARS;
        let at_beginning = is_short(&text);
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let words = if words.iter().all(|word| is_short(word)) { vec![text] } else { words };
        (words != [""]).then_some(Needle { words, at_beginning })
    }

    /// Whether a row's texts have all its words.
    pub fn is_in<const N: usize>(&self, texts: [Option<&str>; N]) -> bool {
        let texts = texts.map(|text| text.map(str::to_lowercase));
        self.words.iter().all(|word| texts.iter().flatten().any(|text| self.is_word_in(word, text)))
    }

    /// A word of one or two letters is in nearly everything: it must begin a word.
    fn is_word_in(&self, word: &str, text: &str) -> bool {
        if self.at_beginning {
            text.starts_with(word)
        } else if word.chars().count() < PIECE_CHARS {
            text.match_indices(word).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric))
        } else {
            text.contains(word)
        }
    }

    /// Whether it is too short for the index of pieces.
    pub fn is_short(&self) -> bool {
        self.at_beginning
    }

    /// All three-letter pieces of its words, as the index's query language asks for them.
    pub fn pieces(&self) -> String {
        let of_word = |word: &String| {
            let chars: Vec<char> = word.chars().collect();
            chars.windows(PIECE_CHARS).map(|piece| piece.iter().collect::<String>()).collect::<Vec<_>>()
        };
        let pieces: BTreeSet<String> = self.words.iter().flat_map(of_word).take(PIECES_MAX).collect();
        let quoted: Vec<String> = pieces.iter().map(|piece| format!("\"{}\"", piece.replace('"', "\"\""))).collect();
        quoted.join(" AND ")
    }

    /// The first text that does not begin with it, in the order of the indexes.
    pub fn beyond(text: &str) -> String {
        format!("{text}{}", char::MAX)
    }
}

/// A text as the index and a needle have it: in lower case.
pub(super) fn as_compared(text: &str) -> String {
    text.to_lowercase()
}

/// Who may have a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Candidates {
    /// These, each to be checked against its row.
    Keys(Vec<i64>),
    /// More than was asked for.
    TooMany,
}

/// The users who may have a text, merged and archived ones too, if they are at most `max`.
pub(super) fn candidates(db: &Reader<'_>, needle: &Needle, max: usize) -> Result<Candidates, StoreError> {
    let keys = gather(db, needle, max as i64 + 1)?;
    Ok(if keys.len() > max { Candidates::TooMany } else { Candidates::Keys(keys) })
}

/// All users who may have a text, however many.
pub(super) fn all_candidates(db: &Reader<'_>, needle: &Needle) -> Result<Vec<i64>, StoreError> {
    gather(db, needle, i64::MAX)
}

/// The users who may have a text, at most `limit` of each index.
fn gather(db: &Reader<'_>, needle: &Needle, limit: i64) -> Result<Vec<i64>, StoreError> {
    if !needle.at_beginning {
        return with_pieces(db, &needle.pieces(), limit);
    }
    let mut keys = BTreeSet::new();
    for text in &needle.words {
        keys.extend(names_beginning(db, text, limit)?);
        keys.extend(emails_beginning(db, text, limit)?);
        for spelling in spellings(text) {
            keys.extend(user_ids_beginning(db, &spelling, limit)?);
        }
    }
    Ok(keys.into_iter().collect())
}

/// How many users have a text. Where more than [`COUNT_MAX`] may have it, they are not checked.
pub(super) fn count(db: &Reader<'_>, needle: &Needle) -> Result<Count, StoreError> {
    let max = usize::try_from(COUNT_MAX).unwrap_or(usize::MAX);
    let Candidates::Keys(keys) = candidates(db, needle, max)? else { return Ok(Count::Over) };
    let mut statement = db.0.prepare_cached(
        "SELECT u.name, u.email, u.user_id FROM json_each(:keys) AS asked
         CROSS JOIN users AS u ON u.user_key = asked.value
         WHERE u.merged_into IS NULL AND u.archived_ms IS NULL",
    )?;
    let mut rows = statement.query(named_params! { ":keys": list::json_keys(keys) })?;
    let mut counted = 0;
    while let Some(row) = rows.next()? {
        counted += i64::from(needle.is_in(texts(row, 0)));
    }
    Ok(Count::of(counted))
}

/// The three texts of a user's row from this column on.
pub(super) fn texts<'a>(row: &'a Row<'_>, first: usize) -> [Option<&'a str>; 3] {
    [first, first + 1, first + 2].map(|column| row.get_ref(column).ok()?.as_str().ok())
}

/// Rows of the index that have all pieces.
fn with_pieces(db: &Reader<'_>, pieces: &str, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT rowid FROM users_search WHERE users_search MATCH :pieces LIMIT :limit")?;
    let rows = statement.query_map(named_params! { ":pieces": pieces, ":limit": limit }, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn names_beginning(db: &Reader<'_>, text: &str, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT user_key FROM users INDEXED BY users_sort_name
         WHERE merged_into IS NULL AND archived_ms IS NULL AND sort_name >= :text AND sort_name < :beyond
         LIMIT :limit",
    )?;
    let rows = statement
        .query_map(named_params! { ":text": text, ":beyond": Needle::beyond(text), ":limit": limit }, |row| {
            row.get(0)
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn emails_beginning(db: &Reader<'_>, text: &str, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT user_key FROM users INDEXED BY users_email WHERE email >= :text AND email < :beyond LIMIT :limit",
    )?;
    let rows = statement
        .query_map(named_params! { ":text": text, ":beyond": Needle::beyond(text), ":limit": limit }, |row| {
            row.get(0)
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn user_ids_beginning(db: &Reader<'_>, text: &str, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT user_key FROM users WHERE user_id >= :text AND user_id < :beyond LIMIT :limit")?;
    let rows = statement
        .query_map(named_params! { ":text": text, ":beyond": Needle::beyond(text), ":limit": limit }, |row| {
            row.get(0)
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A short text in all its upper and lower case spellings, since ids stand in the index as they are.
fn spellings(text: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::from([String::new()]);
    for letter in text.chars() {
        let cases = [letter.to_lowercase().to_string(), letter.to_uppercase().to_string()];
        all = all.iter().flat_map(|start| cases.iter().map(move |case| format!("{start}{case}"))).collect();
    }
    all
}

/// The text of a user that is to be indexed, before that of the next one or at the end of the job.
///
/// A message makes a user by an id and names it a moment later: the index, which writes out all it has in hand where
/// one row comes twice, meets it once.
#[derive(Debug)]
pub(super) struct Unindexed {
    user: UserKey,
    text: String,
    is_new: bool,
}

/// Indexes the text of a user who was just made.
pub(super) fn index_new_user(tx: &mut Tx<'_>, user: UserKey, text: &str) -> Result<(), StoreError> {
    index_now(tx)?;
    tx.state.unindexed = Some(Unindexed { user, text: as_compared(text), is_new: true });
    Ok(())
}

/// Indexes the text of a user in place of what was indexed before.
pub(super) fn index_user(tx: &mut Tx<'_>, user: UserKey, text: &str) -> Result<(), StoreError> {
    let waiting = tx.state.unindexed.as_ref().filter(|waiting| waiting.user == user);
    let (waits, is_new) = (waiting.is_some(), waiting.is_some_and(|waiting| waiting.is_new));
    if !waits {
        index_now(tx)?;
    }
    tx.state.unindexed = Some(Unindexed { user, text: as_compared(text), is_new });
    Ok(())
}

/// Indexes the text that waits, if there is one.
pub(super) fn index_now(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let Some(Unindexed { user, text, is_new }) = tx.state.unindexed.take() else { return Ok(()) };
    if !is_new {
        tx.connection.prepare_cached("DELETE FROM users_search WHERE rowid = ?1")?.execute([user.0])?;
    }
    tx.connection
        .prepare_cached("INSERT INTO users_search (rowid, text) VALUES (?1, ?2)")?
        .execute(params![user.0, text])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Ambient, Store};

    #[test]
    fn whoever_is_made_and_named_in_one_job_is_found_by_what_holds_last_and_one_of_a_failed_job_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let [seventh, eighth, ninth] = [7, 8, 9].map(UserKey);
        let job = move |tx: &mut Tx<'_>| {
            index_new_user(tx, seventh, "number-7")?;
            index_user(tx, seventh, "number-7\nAnn Seventh")?;
            index_new_user(tx, eighth, "number-8")?;
            index_user(tx, seventh, "number-7\nAnna Seventh")?;
            index_user(tx, seventh, "number-7\nBob Seventh")
        };
        store.write_now(job).unwrap();
        let failing = move |tx: &mut Tx<'_>| {
            index_new_user(tx, ninth, "number-9")?;
            Err::<(), StoreError>(StoreError::Busy)
        };
        assert!(store.write_now(failing).is_err());
        store.write_now(move |tx| index_user(tx, eighth, "number-8\nCarl")).unwrap();
        let found = |text: &str| {
            let needle = Needle::of(Some(text)).unwrap();
            store.read_now(|db| in_order(db, &needle)).unwrap()
        };
        assert_eq!(found("number-"), [7, 8]);
        assert_eq!((found("anna"), found("ann "), found("bob"), found("carl")), (vec![], vec![], vec![7], vec![8]));
        store.close();
    }

    #[test]
    fn each_word_is_somewhere_in_any_order_and_a_short_text_stands_at_the_beginning() {
        let texts = [Some("Ann Smith"), Some("smith@acme.test"), Some("U_7"), None];
        let is_in = |text: &str| Needle::of(Some(text)).unwrap().is_in(texts);
        for found in ["smith ann", "ann acme", "  ANN   u_7 ", "an", "ann s"] {
            assert!(is_in(found), "{found}");
        }
        for other in ["ann jones", "mi", "annsmith", "ann m"] {
            assert!(!is_in(other), "{other}");
        }
        assert_eq!(Needle::of(Some("ann a")).unwrap().pieces(), "\"ann\"", "a short word is left to the row");
        assert_eq!(Needle::of(Some(" \0 ")), None);
    }

    /// What the index alone knows of a text.
    fn in_order(db: &Reader<'_>, needle: &Needle) -> Result<Vec<i64>, StoreError> {
        let mut found = all_candidates(db, needle)?;
        found.sort_unstable();
        Ok(found)
    }
}
