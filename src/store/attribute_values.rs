//! The values that attributes have: counted in all rows where they are some thousands, else in a thousand rows spread
//! over all of them, since a page must not go through a million.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::attribute_rows::{self, AttributesRow, Looked, Table};
use super::{Reader, StoreError, attributes};
use crate::domain::access::Grade;
use crate::domain::attributes::{Attributes, Owner, Type, is_standard, offered};
use crate::domain::ids::SourceKey;

/// Rows that are all counted, on the pages of attributes: as many as lists count exactly.
const COUNTED_ROWS_MAX: u64 = 10_000;
/// Rows that are looked at.
const ROWS_MAX: u64 = 1_000;
/// Rows that are looked at to offer another type.
const OFFER_ROWS_MAX: u64 = 200;

/// The values of one attribute in the rows looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values {
    /// Rows that have one.
    pub filled: u64,
    /// The latest time of one, Unix milliseconds.
    pub last_ms: Option<i64>,
    /// Each different value and in how many rows it is, the most frequent first.
    pub counts: Vec<(Value, u64)>,
    /// Where they came from, the most frequent first.
    pub origins: Vec<Origin>,
    /// Rows in which it is pinned (A7).
    pub pinned: u64,
}

/// Where values came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// What the sender was worth.
    pub grade: Grade,
    /// The source.
    pub source: SourceKey,
    /// Rows whose value it sent.
    pub count: u64,
    /// The latest time of one, Unix milliseconds.
    pub last_ms: i64,
}

impl Values {
    /// What texts are offered to become in one click (A1).
    pub fn offer(&self) -> Option<Type> {
        offered(self.counts.iter().map(|(value, _)| value).filter(|value| **value != ""))
    }
}

/// What is being counted.
#[derive(Default)]
struct Counting {
    filled: u64,
    last_ms: Option<i64>,
    counts: HashMap<String, (Value, u64)>,
    origins: BTreeMap<(Grade, SourceKey), (u64, i64)>,
    pinned: u64,
}

impl Counting {
    fn done(self) -> Values {
        let mut counts: Vec<(Value, u64)> = self.counts.into_values().collect();
        counts.sort_by_cached_key(|(value, count)| (std::cmp::Reverse(*count), value.to_string()));
        let origin = |((grade, source), (count, last_ms))| Origin { grade, source, count, last_ms };
        let mut origins: Vec<Origin> = self.origins.into_iter().map(origin).collect();
        origins.sort_by_key(|origin| std::cmp::Reverse(origin.count));
        Values { filled: self.filled, last_ms: self.last_ms, counts, origins, pinned: self.pinned }
    }
}

/// The values of all attributes of an owner's kind, or of one, and how much was looked at for them.
///
/// # Errors
/// [`StoreError`] only.
pub fn look(
    db: &Reader<'_>,
    owner: Owner,
    only: Option<&str>,
) -> Result<(Looked, BTreeMap<String, Values>), StoreError> {
    look_at(db, owner, only, |_| ROWS_MAX)
}

/// As [`look`], but over all rows where they are no more than 10,000.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(
    db: &Reader<'_>,
    owner: Owner,
    only: Option<&str>,
) -> Result<(Looked, BTreeMap<String, Values>), StoreError> {
    look_at(db, owner, only, |about| if about <= COUNTED_ROWS_MAX { COUNTED_ROWS_MAX } else { ROWS_MAX })
}

/// Attributes that are texts, all of which could be something else (A1): of each kind, by name.
/// They are looked for in fewer rows, since a page asks for them again and again.
///
/// # Errors
/// [`StoreError`] only.
pub fn offers(db: &Reader<'_>) -> Result<Vec<(Owner, String, Type)>, StoreError> {
    let mut offers = Vec::new();
    for owner in Owner::ALL {
        let (_, values) = look_at(db, owner, None, |_| OFFER_ROWS_MAX)?;
        for row in attributes::list(db, Some(owner))? {
            let open = row.kind == Type::Text && !row.hidden && !row.deleting && !is_standard(owner, &row.name);
            let offer = values.get(&row.name).filter(|_| open).and_then(Values::offer);
            offers.extend(offer.map(|kind| (owner, row.name, kind)));
        }
    }
    Ok(offers)
}

fn look_at(
    db: &Reader<'_>,
    owner: Owner,
    only: Option<&str>,
    rows_max: impl Fn(u64) -> u64,
) -> Result<(Looked, BTreeMap<String, Values>), StoreError> {
    let mut counting: BTreeMap<String, Counting> = BTreeMap::new();
    let mut count = |attributes: &Attributes| {
        for (name, stated) in attributes.stated().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
            if !counting.contains_key(name) {
                counting.insert(name.to_owned(), Counting::default());
            }
            let Some(known) = counting.get_mut(name) else { continue };
            known.filled += 1;
            known.last_ms = known.last_ms.max(Some(stated.stamp.at_ms));
            known.pinned += u64::from(stated.stamp.pinned);
            let (count, last_ms) = known.origins.entry((stated.stamp.grade, stated.stamp.source)).or_default();
            (*count, *last_ms) = (*count + 1, stated.stamp.at_ms.max(*last_ms));
            known.counts.entry(stated.value.to_string()).or_insert((stated.value, 0)).1 += 1;
        }
    };
    let wanted = |row: &AttributesRow| only.is_none_or(|name| row.may_know(name));
    let table = Table::of(owner)[0];
    let about = attribute_rows::about(db, table)?;
    let looked = attribute_rows::look_of(db, table, about, rows_max(about), |row| {
        if wanted(row) {
            count(&row.attributes());
        }
    })?;
    Ok((looked, counting.into_iter().map(|(name, counting)| (name, counting.done())).collect()))
}
