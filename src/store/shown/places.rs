//! The place in a company that a list shows of each of its users: the membership that met the list's filter, where
//! it asks for one, else the current one. So a row says what it was found by.

use std::collections::HashMap;

use rusqlite::Row;
use serde_json::{Map, Value, json};

use crate::domain::filter::{BuiltIn, Fact, Filter};
use crate::domain::ids::CompanyKey;
use crate::domain::time::rfc3339;
use crate::store::filter_sql::{FilterSql, Moment};
use crate::store::list::{self, json_keys};
use crate::store::users::{CompanyName, UserRow, json_object};
use crate::store::{Reader, StoreError};

/// The memberships that met a filter, by the keys of their users.
#[derive(Debug, Clone, Default)]
pub struct Places(HashMap<i64, Place>);

/// A user's place in a company.
#[derive(Debug, Clone)]
struct Place {
    company: CompanyName,
    /// Role and title among the attributes.
    values: Map<String, Value>,
    joined_ms: i64,
    left_ms: Option<i64>,
}

impl Places {
    /// Those that met a filter: of several the current one, else who left last. None where the filter asks for no
    /// membership; nothing is read then.
    ///
    /// # Errors
    /// [`StoreError`] only.
    pub fn met(db: &Reader<'_>, keys: &[i64], filter: Option<&Filter>, now_ms: i64) -> Result<Places, StoreError> {
        let Some(filter) = filter.filter(|filter| !keys.is_empty() && !filter.is_empty()) else {
            return Ok(Places::default());
        };
        let Some(asked) = FilterSql::of_memberships(filter, &Moment::of(db, now_ms)?) else {
            return Ok(Places::default());
        };
        let mut statement = db.0.prepare_cached(&format!(
            "SELECT u.user_key, m.joined_ms, m.left_ms, m.role, m.title, json(m.attributes),
                    c.company_key, c.company_id, c.name
             FROM json_each(:keys) AS found CROSS JOIN users AS u ON u.user_key = found.value
             CROSS JOIN memberships AS m ON m.user_key = u.user_key
             CROSS JOIN companies AS c ON c.company_key = m.company_key
             WHERE c.merged_into IS NULL {}
             ORDER BY m.open = 1 AND m.company_key IS u.current_company_key DESC, m.left_ms DESC, m.stated_ms DESC",
            asked.condition
        ))?;
        list::bind(&mut statement, ":keys", json_keys(keys.iter().copied()))?;
        asked.bind(&mut statement)?;
        let mut rows = statement.raw_query();
        let mut places = HashMap::new();
        while let Some(row) = rows.next()? {
            places.entry(row.get(0)?).or_insert(place(row)?);
        }
        Ok(Places(places))
    }

    /// Names beside each user the company of its place.
    pub fn name_companies<'a>(&self, rows: impl IntoIterator<Item = &'a mut UserRow>) {
        for row in rows {
            if let Some(place) = self.0.get(&row.key.0) {
                row.company = Some(place.company.clone());
            }
        }
    }

    /// Whether a user was found by one.
    pub(super) fn knows(&self, user: i64) -> bool {
        self.0.contains_key(&user)
    }

    /// What a user's place says, where it was found by one.
    pub fn value(&self, user: i64, fact: &Fact) -> Option<Value> {
        let place = self.0.get(&user)?;
        Some(match fact {
            Fact::BuiltIn(BuiltIn::LeftAt) => place.left_ms.map(rfc3339).into(),
            Fact::BuiltIn(_) => rfc3339(place.joined_ms).into(),
            Fact::Attribute(name, _) => place.values.get(name).cloned().unwrap_or_default(),
        })
    }

    /// The role of a user's place, where it was found by one.
    pub fn role(&self, user: i64) -> Option<&Value> {
        self.0.get(&user).map(|place| place.values.get("role").unwrap_or(&Value::Null))
    }
}

fn place(row: &Row<'_>) -> Result<Place, StoreError> {
    let mut values = json_object(row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?);
    for (name, column) in [("role", 3), ("title", 4)] {
        values.insert(name.to_owned(), json!(row.get::<_, Option<String>>(column)?));
    }
    Ok(Place {
        company: CompanyName { key: CompanyKey(row.get(6)?), company_id: row.get(7)?, name: row.get(8)? },
        values,
        joined_ms: row.get(1)?,
        left_ms: row.get(2)?,
    })
}
