//! A text in the values of attributes. No index has them all, so it is looked for in those who were active last, of
//! whom a page can look at so many at once; a filter looks at everybody.

use serde_json::Value;

use super::users::json_object;
use super::{Reader, StoreError};

/// Users, and companies, that are looked at.
pub const LOOKED_AT: i64 = 2_000;
/// Characters that a text has at least: fewer are in everything.
const CHARS_MIN: usize = 3;

/// Somebody who has a text in an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Our row number.
    pub key: i64,
    /// The first attribute that has it, by name.
    pub attribute: String,
    /// Its value, or the item of it that has the text.
    pub value: String,
}

/// Users who have a text in an attribute, who was active last first. Names and e-mail addresses are searched elsewhere.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_users(db: &Reader<'_>, text: &str, size: usize) -> Result<Vec<Found>, StoreError> {
    let sql = "SELECT user_key, json(attributes) FROM users INDEXED BY users_last_seen
       WHERE merged_into IS NULL AND archived_ms IS NULL ORDER BY last_seen_hour DESC, user_key DESC LIMIT ?1";
    look(db, sql, &["name", "email"], text, size)
}

/// Companies that have a text in an attribute, likewise.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_companies(db: &Reader<'_>, text: &str, size: usize) -> Result<Vec<Found>, StoreError> {
    let sql = "SELECT company_key, json(attributes) FROM companies INDEXED BY companies_last_seen
       WHERE merged_into IS NULL AND archived_ms IS NULL ORDER BY last_seen_hour DESC, company_key DESC LIMIT ?1";
    look(db, sql, &["name"], text, size)
}

fn look(db: &Reader<'_>, sql: &str, but: &[&str], text: &str, size: usize) -> Result<Vec<Found>, StoreError> {
    let text = text.trim().to_lowercase();
    let mut found = Vec::new();
    if text.chars().count() < CHARS_MIN {
        return Ok(found);
    }
    // What stands escaped in JSON is not seen before it is read.
    let stands_as_it_is = !text.contains(['"', '\\']);
    let mut statement = db.0.prepare_cached(sql)?;
    let mut rows = statement.query([LOOKED_AT])?;
    while let Some(row) = rows.next()? {
        let json = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        if stands_as_it_is && !json.to_lowercase().contains(&text) {
            continue;
        }
        let has_it = json_object(json).into_iter().filter(|(name, _)| !but.contains(&name.as_str()));
        let hit = has_it.filter_map(|(name, value)| Some((name, said_in(&value, &text)?))).next();
        if let Some((attribute, value)) = hit {
            found.push(Found { key: row.get(0)?, attribute, value });
            if found.len() == size {
                break;
            }
        }
    }
    Ok(found)
}

/// The text of a value that has another in it; a number is it or is not.
fn said_in(value: &Value, text: &str) -> Option<String> {
    match value {
        Value::String(said) => said.to_lowercase().contains(text).then(|| said.clone()),
        Value::Number(number) => Some(number.to_string()).filter(|number| number == text),
        Value::Array(items) => items.iter().find_map(|item| said_in(item, text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::{Sample, days_ago};

    #[test]
    fn a_text_is_found_in_values_whatever_the_case_and_never_in_names_of_attributes() {
        let sample = Sample::new();
        let with = |id: &str, attributes: &str| {
            let user = sample.user(Some(id), Some("Norway Nils"), None, days_ago(1));
            let sql = "UPDATE users SET attributes = jsonb(?2) WHERE user_key = ?1";
            sample.connection.execute(sql, rusqlite::params![user, attributes]).unwrap();
            user
        };
        let ann = with("ann", r#"{"country":"NORWAY","name":"Norway Nils"}"#);
        with("bob", r#"{"norway":true,"name":"Norway Nils"}"#);
        let cec = with("cec", r#"{"places":["Oslo","Norway \"N\""],"seats":1234}"#);
        let keys = |text: &str| {
            let mut keys: Vec<i64> = of_users(&sample.db(), text, 9).unwrap().iter().map(|found| found.key).collect();
            keys.sort_unstable();
            keys
        };
        assert_eq!(keys("norway"), [ann, cec]);
        assert_eq!(keys("Norway \"n"), [cec]);
        assert_eq!((keys("1234"), keys("123"), keys("no")), (vec![cec], vec![], vec![]));
        assert_eq!(of_users(&sample.db(), "norway", 1).unwrap().len(), 1);
        let company = sample.company("acme", Some("Acme"), r#"{"region":"Nordic"}"#, days_ago(1));
        let found = of_companies(&sample.db(), "nordic", 9).unwrap();
        assert_eq!((found[0].key, found[0].attribute.as_str(), found[0].value.as_str()), (company, "region", "Nordic"));
    }
}
