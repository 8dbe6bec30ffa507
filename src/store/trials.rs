//! Users and companies that came from trying the installation: their ids begin as its examples do.

use rusqlite::named_params;

use super::{Reader, StoreError};
use crate::domain::ids::{CompanyKey, TRIAL, UserKey};

/// So many of a kind are looked for at once.
const TRIALS_MAX: i64 = 100;

/// What is there, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trials {
    /// Users, at most 100.
    pub users: Vec<(UserKey, String)>,
    /// Companies, at most 100.
    pub companies: Vec<(CompanyKey, String)>,
}

impl Trials {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.companies.is_empty()
    }
}

/// Users and companies of whose ids one begins with [`TRIAL`].
///
/// # Errors
/// [`StoreError`] only.
pub fn find(db: &Reader<'_>) -> Result<Trials, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT * FROM (SELECT 1, u.user_key, i.user_id FROM user_ids AS i CROSS JOIN users AS u ON u.user_key = i.user_key
           WHERE i.user_id >= :first AND i.user_id < :behind AND u.merged_into IS NULL LIMIT :limit)
         UNION ALL
         SELECT * FROM (SELECT 0, c.company_key, i.company_id FROM company_ids AS i
           CROSS JOIN companies AS c ON c.company_key = i.company_key
           WHERE i.company_id >= :first AND i.company_id < :behind AND c.merged_into IS NULL LIMIT :limit)",
    )?;
    // The greatest character ends every text that begins so.
    let behind = format!("{TRIAL}{}", char::MAX);
    let mut rows = statement.query(named_params! { ":first": TRIAL, ":behind": behind, ":limit": TRIALS_MAX })?;
    let mut trials = Trials::default();
    while let Some(row) = rows.next()? {
        let (is_user, key, id): (bool, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if is_user { trials.users.push((UserKey(key), id)) } else { trials.companies.push((CompanyKey(key), id)) }
    }
    Ok(trials)
}
