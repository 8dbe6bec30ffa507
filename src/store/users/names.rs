//! What people are called, where nothing else of them is shown.

use rusqlite::named_params;

use crate::domain::ids::UserKey;
use crate::store::{Reader, StoreError, list};

/// A user or lead by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Our row number.
    pub key: UserKey,
    /// Our own id.
    pub id: String,
    /// The site's id; a lead has none.
    pub user_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// The names of these users, in this order; who is not there is left out.
///
/// # Errors
/// [`StoreError`] only.
pub fn names(db: &Reader<'_>, keys: &[UserKey]) -> Result<Vec<Person>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT user.user_key, user.id, user.user_id, user.name, user.email FROM json_each(:keys) AS key
         CROSS JOIN users AS user ON user.user_key = key.value ORDER BY key.key",
    )?;
    let keys = list::json_keys(keys.iter().map(|key| key.0));
    let rows = statement.query_map(named_params! { ":keys": keys }, |row| {
        Ok(Person {
            key: UserKey(row.get(0)?),
            id: row.get(1)?,
            user_id: row.get(2)?,
            name: row.get(3)?,
            email: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
