//! What a source was seen doing: the evidence of the installation page.

use super::{Reader, StoreError, Tx};
use crate::domain::ids::SourceKey;

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sight {
    /// The script was fetched by a page of a host.
    Script,
    /// A post was answered 200.
    Post,
}

/// What the installation page knows of a source since an instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The script was fetched: when (Unix milliseconds) and by a page of which host.
    pub script: Option<(i64, String)>,
    /// Something was posted and taken: when.
    pub posted_ms: Option<i64>,
    /// Refusals of the source since: code and count.
    pub refused: Vec<(String, u64)>,
    /// Events since, of visitors or users.
    pub events: u64,
    /// The last user seen since with no company: id or e-mail.
    pub user_without_company: Option<String>,
    /// The last user and company stored since: user (id, name), company (id, name), when.
    pub complete: Option<Complete>,
}

/// A user and the company it was just stored with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complete {
    /// The user's id.
    pub user_id: String,
    /// The user's name or e-mail.
    pub user_name: Option<String>,
    /// The company's id.
    pub company_id: String,
    /// The company's name.
    pub company_name: Option<String>,
    /// When, Unix milliseconds.
    pub at_ms: i64,
}

/// Notes a sight of a source, at most once a minute for each host.
///
/// # Errors
/// [`StoreError`] only.
pub fn note(tx: &mut Tx<'_>, source: SourceKey, sight: Sight, host: &str) -> Result<(), StoreError> {
    let _ = (tx, source, sight, host);
    todo!()
}

/// The evidence of a source since an instant (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn evidence(db: &Reader<'_>, source: SourceKey, since_ms: i64) -> Result<Evidence, StoreError> {
    let _ = (db, source, since_ms);
    todo!()
}
