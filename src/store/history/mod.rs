//! History read backwards (A6): the changes of one value, and how somebody stood at an earlier moment.
//!
//! How somebody stood is today's row with every change since taken back: of each field the value before
//! the first change after the moment. So it is what Rollcall knew then; what was told later about that
//! time is not in it.

mod companies;
mod users;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, named_params};
use serde_json::Value;

pub use companies::{CompanyItselfThen, MEMBERS_SHOWN_MAX, MemberThen, company};
pub use users::{CompanyThen, UserThen, person_name_of, user};

use super::changes::{self, ChangeRow, Place, subject_columns};
use super::{Reader, StoreError};
use crate::domain::attributes::{Attributes, Owner};
use crate::domain::change::{CREATED, MERGED_INTO, Subject};
use crate::domain::ids::ChangeKey;
use crate::domain::profile::{OWNER, Profile, TAGS, tags_of_value};
use crate::domain::time::{self, instant_from_text};

/// Changes since a moment that are looked through; with more, how somebody stood can't be said.
const CHANGES_MAX: usize = 20_000;
/// The changes of one field of somebody, the newest first, at most `limit`.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_field(db: &Reader<'_>, subject: Subject, field: &str, limit: usize) -> Result<Vec<ChangeRow>, StoreError> {
    let (number, key, company) = subject_columns(subject);
    let mut statement = db.0.prepare_cached(
        "SELECT change_key, place FROM changes
         WHERE subject = :subject AND subject_key = :key AND company_key = :company AND field = :field
         ORDER BY change_key DESC, place DESC LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":subject": number, ":key": key, ":company": company, ":field": field, ":limit": limit as i64,
    };
    let places = statement
        .query_map(parameters, |row| {
            Ok(Place { change_key: row.get(0)?, place: row.get(1)?, subject: number, subject_key: key })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    changes::rows(db, &places)
}

/// What was known of somebody at a moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Then<T> {
    /// This.
    Known(T),
    /// Nothing: the first that Rollcall heard was later, at this instant (Unix milliseconds).
    NotYet(i64),
    /// So much has changed since that it can't be said.
    TooLong,
}

/// What users and companies have in common.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProfileThen {
    /// Attributes by name.
    pub attributes: BTreeMap<String, Value>,
    /// The operator who looked after it.
    pub owner: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Attributes whose history is not kept: they stand here as they are today.
    pub without_history: Vec<String>,
}

impl ProfileThen {
    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

/// What the changes since a moment say of how it was before.
#[derive(Default)]
struct Back {
    /// Each field's value before its first change.
    fields: BTreeMap<String, Option<Value>>,
    /// When it came to be known, Unix milliseconds, where that was since.
    created_ms: Option<i64>,
}

/// The first change set after a moment. Their times rise with their numbers, so halving finds it.
pub(super) fn first_after(db: &Reader<'_>, at_ms: i64) -> Result<ChangeKey, StoreError> {
    let last: i64 =
        db.0.prepare_cached("SELECT coalesce(max(change_key), 0) FROM change_sets")?.query_row([], |row| row.get(0))?;
    let mut at = db.0.prepare_cached(
        "SELECT change_key, at_ms FROM change_sets WHERE change_key >= ?1 ORDER BY change_key LIMIT 1",
    )?;
    let (mut first, mut end) = (1, last + 1);
    while first < end {
        let middle = first + (end - first) / 2;
        let (set, set_ms): (i64, i64) = at.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if set_ms <= at_ms { first = set + 1 } else { end = middle }
    }
    Ok(ChangeKey(first))
}

/// The fields of a subject before the changes from one on; none where those are too many.
fn back(db: &Reader<'_>, subject: Subject, since: ChangeKey) -> Result<Option<Back>, StoreError> {
    let (number, key, _) = subject_columns(subject);
    let mut statement = db.0.prepare_cached(
        "SELECT c.field, c.before, s.at_ms FROM changes AS c CROSS JOIN change_sets AS s ON s.change_key = c.change_key
         WHERE c.subject = :subject AND c.subject_key = :key AND c.change_key >= :since
         ORDER BY c.change_key, c.place LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":subject": number, ":key": key, ":since": since.0, ":limit": CHANGES_MAX as i64 + 1,
    };
    let (mut back, mut looked_at) = (Back::default(), 0);
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        if looked_at > CHANGES_MAX {
            return Ok(None);
        }
        let field: String = row.get(0)?;
        if field == CREATED {
            back.created_ms = back.created_ms.or(Some(row.get(2)?));
        } else if let Entry::Vacant(vacant) = back.fields.entry(field) {
            vacant.insert(value(row.get(1)?));
        }
    }
    Ok(Some(back))
}

fn value(text: Option<String>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(&text).ok()).filter(|value: &Value| !value.is_null())
}

fn profile(db: &Reader<'_>, profile: Profile, back: Back, attributes: &Attributes) -> Result<ProfileThen, StoreError> {
    let owner = match back.fields.get(OWNER) {
        Some(before) => before.as_ref().and_then(Value::as_str).map(str::to_owned),
        None => super::profiles::owner(db, profile)?,
    };
    let tags = match back.fields.get(TAGS) {
        Some(before) => tags_of_value(before.as_ref()),
        None => super::profiles::tags(db, profile)?,
    };
    let kind = match profile {
        Profile::User(_) => Owner::User,
        Profile::Company(_) => Owner::Company,
    };
    let attributes = values(attributes.stated().map(|(name, stated)| (name.to_owned(), stated.value)), back.fields);
    let mut statement =
        db.0.prepare_cached("SELECT name FROM attribute_definitions WHERE owner = :owner AND history = 0")?;
    let off: BTreeSet<String> =
        statement.query_map(named_params! { ":owner": kind as i64 }, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let without_history = attributes.keys().filter(|name| off.contains(*name)).cloned().collect();
    Ok(ProfileThen { attributes, owner, tags, without_history })
}

/// Values with the changes since taken back.
fn values(
    now: impl Iterator<Item = (String, Value)>,
    before: BTreeMap<String, Option<Value>>,
) -> BTreeMap<String, Value> {
    let mut values: BTreeMap<String, Value> = now.collect();
    for (name, value) in before {
        if name.starts_with(' ') {
            continue;
        }
        match value {
            Some(value) => values.insert(name, value),
            None => values.remove(&name),
        };
    }
    values
}

/// When a membership began and ended, as a change set tells it; none where there was none.
fn standing(told: Option<&Value>) -> Option<(i64, Option<i64>)> {
    let at = |name: &str| told?.get(name)?.as_str().and_then(instant_from_text);
    Some((at("joined_at")?, at("left_at")))
}

/// As which record a record stood before a change, by key: itself, or the one it was merged into. And when it
/// was merged into another from then on, Unix milliseconds.
fn stood_for(db: &Reader<'_>, record: Profile, since: ChangeKey) -> Result<(i64, Option<i64>), StoreError> {
    let (subject, key, _) = subject_columns(record.subject());
    let mut statement = db.0.prepare_cached(
        "SELECT c.before, c.after, s.at_ms FROM changes AS c CROSS JOIN change_sets AS s ON s.change_key = c.change_key
         WHERE c.subject = :subject AND c.subject_key = :key AND c.change_key >= :since AND c.field = :field
         ORDER BY c.change_key, c.place LIMIT 1",
    )?;
    let parameters = named_params! {
        ":subject": subject, ":key": key, ":since": since.0, ":field": MERGED_INTO,
    };
    let next = statement
        .query_row(parameters, |row| Ok((value(row.get(0)?), value(row.get(1)?), row.get::<_, i64>(2)?)))
        .optional()?;
    let (merged_into, of_id) = match record {
        Profile::User(_) => {
            ("SELECT merged_into FROM users WHERE user_key = :key", "SELECT user_key FROM users WHERE id = :id")
        }
        Profile::Company(_) => (
            "SELECT merged_into FROM companies WHERE company_key = :key",
            "SELECT company_key FROM company_ids WHERE company_id = :id",
        ),
    };
    let (stood_for, merged_ms): (Option<i64>, _) = match next {
        None => (db.0.prepare_cached(merged_into)?.query_row(named_params! { ":key": key }, |row| row.get(0))?, None),
        Some((Some(Value::String(id)), _, _)) => {
            (db.0.prepare_cached(of_id)?.query_row(named_params! { ":id": id }, |row| row.get(0)).optional()?, None)
        }
        Some((_, after, at_ms)) => (None, after.map(|_| at_ms)),
    };
    Ok((stood_for.unwrap_or(key), merged_ms))
}

/// The last millisecond of a day that has come, in a zone; none where the text is not a day or has not come.
pub fn end_of_day(text: &str, zone: chrono_tz::Tz, now_ms: i64) -> Option<i64> {
    let date = time::date_from_text(text)?;
    (time::day_number(date) <= time::day(now_ms, zone)).then(|| time::end_of_day(date, zone).min(now_ms))
}
