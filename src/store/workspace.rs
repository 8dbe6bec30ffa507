//! The workspace as a whole: settings, numbers of the first page, the file's health.

use super::companies::CompanyRow;
use super::users::UserRow;
use super::{Reader, StoreError, Tx};
use crate::domain::settings::SettingError;

/// A day of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01 in the workspace's zone.
    pub day: i32,
    /// Distinct active users.
    pub people: u32,
    /// Events of known users.
    pub events: u32,
}

/// What the first page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// Users and leads, exact up to the limit of counting.
    pub users: super::list::Count,
    /// Companies.
    pub companies: super::list::Count,
    /// The last 84 days, oldest first.
    pub days: Vec<Day>,
    /// Distinct active users of the last 7 days and of the 7 before.
    pub active_7d: (u64, u64),
    /// Distinct active users of the last 30 days and of the 30 before.
    pub active_30d: (u64, u64),
    /// Newest users, at most 5.
    pub newest_users: Vec<UserRow>,
    /// Newest companies, at most 5.
    pub newest_companies: Vec<CompanyRow>,
    /// Companies quiet or gone that have members, those gone quiet last first, at most 5.
    pub quiet_companies: Vec<CompanyRow>,
    /// Messages and values refused in the last 7 days.
    pub refused_7d: u64,
}

/// What the first page shows.
///
/// # Errors
/// [`StoreError`] only.
pub fn overview(db: &Reader<'_>, now_ms: i64) -> Result<Overview, StoreError> {
    let _ = (db, now_ms);
    todo!()
}

/// Why a setting was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// It does not fit.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes a setting, in the file and in the catalog.
///
/// # Errors
/// An unknown name, a value that does not fit, or the store's.
pub fn set(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), SetError> {
    let _ = (tx, name, value);
    todo!()
}

/// Runs SQLite's own check of the file; each finding is a sentence. None is good.
///
/// # Errors
/// [`StoreError`] only.
pub fn integrity(db: &Reader<'_>) -> Result<Vec<String>, StoreError> {
    let _ = db;
    todo!()
}

/// The settings as they stand in the file.
pub(super) fn settings(db: &Reader<'_>) -> Result<crate::domain::settings::Settings, StoreError> {
    let mut settings = crate::domain::settings::Settings::default();
    let mut statement = db.0.prepare_cached("SELECT name, value FROM settings")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    for row in rows {
        let (name, value) = row?;
        // What an older or newer program wrote and this one does not know keeps its default.
        let _ = settings.set(&name, &value);
    }
    Ok(settings)
}
