//! Lists: what is searched, how it is sorted, where the page before ended.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Rows of a page in the dashboard.
pub const PAGE_ROWS: usize = 50;
/// Rows of a page in the API at most.
pub const PAGE_ROWS_MAX: usize = 500;
/// An exact count goes so far; beyond it a list says "10,000+".
pub const COUNT_MAX: u64 = 10_000;

/// Where a page ended: the sort value and the key of its last row. Opaque outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last row's value in the sorted column.
    pub value: serde_json::Value,
    /// The last row's key, which decides between equal values.
    pub key: i64,
}

impl Cursor {
    /// The cursor as text for an address or an answer.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The cursor of a text; `None` where it is none of ours.
    pub fn decode(text: &str) -> Option<Cursor> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}

/// What of a list is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery<S> {
    /// Only what has this in its names, e-mails or ids.
    pub search: Option<String>,
    /// The sorted column.
    pub sort: S,
    /// The greatest first.
    pub descending: bool,
    /// Behind this row.
    pub after: Option<Cursor>,
    /// So many rows at most.
    pub size: usize,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// A count that stops at [`COUNT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Exactly so many.
    Exactly(u64),
    /// More than [`COUNT_MAX`].
    Over,
}
