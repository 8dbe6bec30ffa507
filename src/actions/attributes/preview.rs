//! What a change of type, a deletion or a decision in the tray will do: the same rules over the rows there
//! are, or over many of them where there are too many to look at each.

use serde_json::Value;

use super::work::fitting;
use crate::domain::attributes::{Owner, Type};
use crate::store::attribute_rows::{self, Table};
use crate::store::attribute_work::BEFORE_ALL;
use crate::store::{Reader, StoreError, tray, workspace};

pub use crate::store::attribute_rows::Looked;

/// Rows of each table that a preview looks at.
const ROWS_MAX: u64 = 10_000;
/// Examples of each outcome.
const EXAMPLES_MAX: usize = 5;

/// What will become of the values of an attribute.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preview {
    /// How many users, companies or memberships were looked at.
    pub looked: Looked,
    /// How many of them have a value.
    pub filled: u64,
    /// Values that convert; of a deletion none.
    pub converts: u64,
    /// Values that will wait in the tray.
    pub left_over: u64,
    /// Before and after.
    pub examples: Vec<(Value, Value)>,
    /// Values that will wait.
    pub left_examples: Vec<Value>,
    /// Waiting values that fit, and will be applied; of at most 1,000.
    pub waiting_fit: u64,
    /// Waiting values that don't; of at most 1,000.
    pub waiting_left: u64,
}

/// Looks at what there is of a name. `to` is the type it will have and the one it has; none where it
/// will be deleted. `waits_as` is the name under which values wait, where any are to be applied.
///
/// # Errors
/// [`StoreError`] only.
pub fn preview(
    db: &Reader<'_>,
    owner: Owner,
    name: &str,
    to: Option<(Type, Type)>,
    waits_as: Option<&str>,
) -> Result<Preview, StoreError> {
    let zone = workspace::settings(db)?.time_zone;
    let mut found = Preview::default();
    for (place, table) in Table::of(owner).iter().enumerate() {
        let looked = attribute_rows::look(db, *table, ROWS_MAX, |row| {
            if !row.may_know(name) {
                return;
            }
            let mut known = row.attributes();
            let Some(before) = known.get(name) else { return };
            found.filled += u64::from(place == 0);
            let Some(kinds) = to else { return };
            let retyped = known.retype(name, kinds, zone);
            match retyped {
                Some(retyped) if !retyped.left.is_empty() => {
                    found.left_over += 1;
                    push(&mut found.left_examples, before);
                }
                Some(retyped) => {
                    found.converts += 1;
                    push(&mut found.examples, (before, retyped.after.unwrap_or_default()));
                }
                None => found.converts += 1,
            }
        })?;
        if place == 0 {
            found.looked = looked;
        }
    }
    if let (Some((_, kind)), Some(waits_as)) = (to, waits_as) {
        for waiting in tray::waiting(db, owner, waits_as, BEFORE_ALL, tray::COUNTED_MAX)? {
            if fitting(owner, name, kind, &waiting.value, zone).is_ok() {
                found.waiting_fit += 1;
            } else {
                found.waiting_left += 1;
            }
        }
    }
    Ok(found)
}

fn push<T: PartialEq>(examples: &mut Vec<T>, example: T) {
    if examples.len() < EXAMPLES_MAX && !examples.contains(&example) {
        examples.push(example);
    }
}
