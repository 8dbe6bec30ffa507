//! The names of what people do.

use super::{Reader, StoreError};

/// Names of activity in the order of the alphabet, at most so many; there are 2,000 at most (A4). Views of pages
/// and screens go by `page` and `screen`.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, limit: usize) -> Result<Vec<String>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT name FROM event_names WHERE name NOT IN ('identify', 'group', 'alias') ORDER BY name LIMIT ?1",
    )?;
    Ok(statement.query_map([limit as i64], |row| row.get(0))?.collect::<Result<_, _>>()?)
}
