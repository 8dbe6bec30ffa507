//! What changed behind a place, in the order in which it did: for programs that follow, and for who takes a deed back.

use std::collections::BTreeSet;

use rusqlite::named_params;

use super::{ATTRIBUTE, COMPANY, ChangeRow, MEMBERSHIP, MERGE, STANDING, USER, list, subject_of};
use crate::domain::change::Subject;
use crate::domain::ids::ChangeKey;
use crate::store::{Reader, StoreError};

/// So many changes are looked back at for what has changed since a deed.
const SINCE_MAX: usize = 100;

/// A change of one field, as far as it is told to programs that follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its place: its change set, and its place in it.
    pub place: (i64, i64),
    /// When it was done, Unix milliseconds.
    pub at_ms: i64,
    /// A user, a company or a membership; none where nobody is told.
    pub about: Option<Subject>,
    /// The field.
    pub field: String,
    /// Before, as JSON text.
    pub before: Option<String>,
    /// After, as JSON text.
    pub after: Option<String>,
}

/// The changes behind a place, oldest first, at most so many. What becomes of everybody's values when an attribute
/// changes is nobody's in particular and told of nobody: it comes in chunks, behind what was read already.
///
/// # Errors
/// [`StoreError`] only.
pub fn told_since(db: &Reader<'_>, place: (i64, i64), limit: usize) -> Result<Vec<Told>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT c.change_key, c.place, s.at_ms, c.subject, c.subject_key, c.company_key, c.field, c.before, c.after,
                (SELECT first.subject FROM changes AS first INDEXED BY changes_set
                 WHERE first.change_key = c.change_key ORDER BY first.place LIMIT 1)
         FROM changes AS c INDEXED BY changes_set CROSS JOIN change_sets AS s ON s.change_key = c.change_key
         WHERE (c.change_key, c.place) > (:change, :place)
         ORDER BY c.change_key, c.place LIMIT :limit",
    )?;
    let parameters = named_params! { ":change": place.0, ":place": place.1, ":limit": limit as i64 };
    let rows = statement.query_map(parameters, |row| {
        let subject: i64 = row.get(3)?;
        let is_told = [USER, COMPANY, MEMBERSHIP].contains(&subject) && row.get::<_, i64>(9)? != ATTRIBUTE;
        let about = subject_of(subject, row.get(4)?, row.get(5)?);
        Ok(Told {
            place: (row.get(0)?, row.get(1)?),
            at_ms: row.get(2)?,
            about: is_told.then_some(about),
            field: row.get(6)?,
            before: row.get(7)?,
            after: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The latest change since a deed of each field of someone, and of each value of their memberships, the latest changed
/// first; at most 100 changes back. In which companies somebody is follows from what was said, and is no such field; what
/// a merge made of a field was said by nobody.
///
/// # Errors
/// [`StoreError`] only.
pub fn fields_since(db: &Reader<'_>, subject: Subject, change: ChangeKey) -> Result<Vec<ChangeRow>, StoreError> {
    let mut fields: Vec<ChangeRow> = Vec::new();
    let mut known: BTreeSet<(Subject, String)> = BTreeSet::new();
    for row in list(db, subject, None, SINCE_MAX)?.rows.into_iter().filter(|row| row.change > change) {
        let is_of_membership = matches!(row.about, Subject::Membership(..)) && row.field != STANDING;
        let is_said = (row.about == subject || is_of_membership) && row.cause != MERGE;
        if is_said && known.insert((row.about, row.field.clone())) {
            fields.push(row);
        }
    }
    Ok(fields)
}
