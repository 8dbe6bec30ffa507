//! Segments by hand: made, renamed, changed, deleted.

use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::change::{By, CREATED, Change, Subject};
use crate::domain::filter::Listed;
use crate::domain::ids::{ChangeKey, SegmentKey};
use crate::domain::segments::{self as rules, NAME_CHARS_MAX, SEGMENTS_MAX, Segment};
use crate::store::{StoreError, Tx, changes, segments};

/// The field of a segment that no longer exists, in a change.
pub const DELETED: &str = "deleted";

/// No id of a segment: the page that saves one has this address.
const RESERVED: &str = "save";

/// Why something about a segment was not done.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// There is none of this id.
    #[error("There is no segment {0:?}. See them under Segments, or with GET /api/v1/segments.")]
    Unknown(String),
    /// The name does not fit.
    #[error("A segment has a name of 1 to {NAME_CHARS_MAX} characters.")]
    Name,
    /// Another has the name.
    #[error("There is already a segment of {listed} named {name:?}. Choose another name, or change that one.")]
    Taken {
        /// The word for what is listed.
        listed: &'static str,
        /// The name.
        name: String,
    },
    /// The filter can't be saved.
    #[error("{0}")]
    Filter(String),
    /// There are no segments of this list.
    #[error("Segments are of users or of companies, not of {0:?}.")]
    List(String),
    /// It came with the program.
    #[error("{0} comes with Rollcall and can't be changed. Save its list as a segment of your own and change that.")]
    Supplied(String),
    /// No more of a list.
    #[error("You have reached the limit of {SEGMENTS_MAX} segments of {0}. Delete one you don't use.")]
    TooMany(&'static str),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of it: the segment as it is now, and the change set; none where nothing changed.
pub type Outcome = (Segment, Option<ChangeKey>);

/// Saves a filter, the query of an address, as a segment.
///
/// # Errors
/// A name that does not fit or is taken, a filter that can't be saved, too many of them, the store's.
pub fn add(tx: &mut Tx<'_>, by: &By, listed: Listed, name: &str, filter: &str) -> Result<Outcome, SegmentError> {
    let (added, change) = make(tx, by, listed, name, filter)?;
    let change = changes::record(tx, by, "add_segment", Grade::Hand, &[change])?;
    Ok((added, change))
}

fn make(tx: &mut Tx<'_>, by: &By, listed: Listed, name: &str, filter: &str) -> Result<(Segment, Change), SegmentError> {
    if !matches!(listed, Listed::Users | Listed::Companies) {
        return Err(SegmentError::List(listed.as_str().to_owned()));
    }
    let filter = checked_filter(tx, listed, filter)?;
    let name = checked_name(tx, listed, name, None)?;
    let all = tx.catalog().segments.clone();
    if all.iter().filter(|segment| segment.listed == listed).count() >= SEGMENTS_MAX {
        return Err(SegmentError::TooMany(listed.as_str()));
    }
    let is_free = |id: &str| id != RESERVED && all.iter().all(|segment| segment.segment_id != id);
    let made_by = match by {
        By::Operator(name) | By::Token(name) => name.clone(),
        By::Message(_) | By::Shell | By::Rule(_) => String::new(),
    };
    let new = Segment {
        key: SegmentKey(0),
        segment_id: id_of(&name, is_free),
        listed,
        name,
        filter,
        is_supplied: false,
        made_by,
        made_ms: tx.now_ms,
    };
    let added = segments::add(tx, new)?;
    let change = Change::new(Subject::Segment(added.key), CREATED, None, Some(told(&added)));
    Ok((added, change))
}

/// A file says that there is a segment of a name with a filter: it is made, or gets the filter. Answers what changed.
///
/// # Errors
/// As [`add`].
pub(super) fn stated(
    tx: &mut Tx<'_>,
    by: &By,
    listed: Listed,
    name: &str,
    filter: &str,
) -> Result<Vec<Change>, SegmentError> {
    let all = tx.catalog().segments.clone();
    let known = all.iter().find(|one| one.listed == listed && !one.is_supplied && one.name == name.trim());
    let Some(known) = known else { return Ok(vec![make(tx, by, listed, name, filter)?.1]) };
    let filter = checked_filter(tx, listed, filter)?;
    if filter == known.filter {
        return Ok(Vec::new());
    }
    segments::set(tx, known.key, &known.name, &filter)?;
    Ok(vec![Change::new(Subject::Segment(known.key), "filter", Some(json!(known.filter)), Some(json!(filter)))])
}

/// Changes the name of a segment, its filter, or both; nothing is said of what stays.
///
/// # Errors
/// As [`add`]; there is none of this id; it came with the program.
pub fn change(
    tx: &mut Tx<'_>,
    by: &By,
    segment_id: &str,
    name: Option<&str>,
    filter: Option<&str>,
) -> Result<Outcome, SegmentError> {
    let before = own(tx, segment_id)?;
    let filter = match filter {
        Some(filter) => checked_filter(tx, before.listed, filter)?,
        None => before.filter.clone(),
    };
    let name = match name {
        Some(name) => checked_name(tx, before.listed, name, Some(before.key))?,
        None => before.name.clone(),
    };
    let fields = [("name", &before.name, &name), ("filter", &before.filter, &filter)];
    let changed = fields.into_iter().filter(|(_, was, is)| was != is);
    let changes: Vec<Change> = changed
        .map(|(field, was, is)| Change::new(Subject::Segment(before.key), field, Some(json!(was)), Some(json!(is))))
        .collect();
    if !changes.is_empty() {
        segments::set(tx, before.key, &name, &filter)?;
    }
    let change = changes::record(tx, by, "change_segment", Grade::Hand, &changes)?;
    Ok((Segment { name, filter, ..before }, change))
}

/// Deletes a segment. Nobody who is in it is touched.
///
/// # Errors
/// There is none of this id; it came with the program; the store's.
pub fn delete(tx: &mut Tx<'_>, by: &By, segment_id: &str) -> Result<Outcome, SegmentError> {
    let segment = own(tx, segment_id)?;
    segments::remove(tx, segment.key)?;
    let change = Change::new(Subject::Segment(segment.key), DELETED, Some(told(&segment)), None);
    let change = changes::record(tx, by, "delete_segment", Grade::Hand, &[change])?;
    Ok((segment, change))
}

/// A segment as a change tells it.
fn told(segment: &Segment) -> Value {
    json!({
        "segment_id": segment.segment_id,
        "list": segment.listed.as_str(),
        "name": segment.name,
        "filter": segment.filter,
        "made_by": segment.made_by,
        "made_ms": segment.made_ms,
    })
}

/// The segment that a change tells.
pub(super) fn of_told(key: SegmentKey, told: &Value) -> Option<Segment> {
    let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Segment {
        key,
        segment_id: text("segment_id")?,
        listed: Listed::parse(&text("list")?)?,
        name: text("name")?,
        filter: text("filter")?,
        is_supplied: false,
        made_by: text("made_by").unwrap_or_default(),
        made_ms: told.get("made_ms").and_then(Value::as_i64).unwrap_or_default(),
    })
}

fn own(tx: &Tx<'_>, segment_id: &str) -> Result<Segment, SegmentError> {
    let found = tx.catalog().segment(segment_id).cloned();
    let segment = found.ok_or_else(|| SegmentError::Unknown(segment_id.to_owned()))?;
    if segment.is_supplied { Err(SegmentError::Supplied(segment.name)) } else { Ok(segment) }
}

fn checked_filter(tx: &Tx<'_>, listed: Listed, query: &str) -> Result<String, SegmentError> {
    let fields = tx.catalog().fields(listed);
    rules::read_whole(query, &fields).and_then(|filter| rules::saved(&filter, &fields)).map_err(SegmentError::Filter)
}

/// A name that fits and that no other segment of the list has, whatever the case.
pub(super) fn checked_name(
    tx: &Tx<'_>,
    listed: Listed,
    name: &str,
    but: Option<SegmentKey>,
) -> Result<String, SegmentError> {
    let name = rules::name_of(name).ok_or(SegmentError::Name)?;
    let lower = name.to_lowercase();
    let is_taken =
        tx.catalog().segments.iter().any(|segment| {
            segment.listed == listed && Some(segment.key) != but && segment.name.to_lowercase() == lower
        });
    if is_taken { Err(SegmentError::Taken { listed: listed.as_str(), name }) } else { Ok(name) }
}

/// An id that can be read, made of the name: `pays_well`, or `pays_well_2` where that is taken.
fn id_of(name: &str, is_free: impl Fn(&str) -> bool) -> String {
    let letters: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let words: Vec<&str> = letters.split_whitespace().collect();
    let plain = if words.is_empty() { "segment".to_owned() } else { words.join("_") };
    if is_free(&plain) {
        return plain;
    }
    (2..).map(|number| format!("{plain}_{number}")).find(|id| is_free(id)).unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::id_of;

    #[test]
    fn an_id_is_made_of_the_name_and_is_its_own() {
        let is_free = |id: &str| !["pays_well", "pays_well_2"].contains(&id);
        assert_eq!(id_of("Pays, well!", is_free), "pays_well_3");
        assert_eq!(id_of("Płaci", is_free), "p_aci");
        assert_eq!(id_of("שלום", is_free), "segment");
    }
}
