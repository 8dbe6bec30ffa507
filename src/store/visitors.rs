//! Visitors: browsers that nobody has signed in on, or that are linked to a user.

use super::list::{ListQuery, Page};
use super::{Reader, StoreError};
use crate::domain::ids::VisitorKey;

/// The columns by which visitors are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Last seen.
    LastSeen,
}

/// A visitor in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct VisitorRow {
    /// Our row number.
    pub key: VisitorKey,
    /// The browser's random id.
    pub anonymous_id: String,
    /// The linked user's id, where there is one.
    pub user_id: Option<String>,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// What the visitor carries.
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// A page of visitors.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, query: &ListQuery<SortBy>) -> Result<Page<VisitorRow>, StoreError> {
    let _ = (db, query);
    todo!()
}
