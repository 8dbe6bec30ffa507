//! Visitors: browsers that nobody has signed in on, or that are linked to a user.

use rusqlite::named_params;

use super::list::{self, COUNTED_MAX, Count, Cursor, Keyset, ListQuery, Page};
use super::search::CANDIDATES_MAX;
use super::{Reader, StoreError, activity, users};
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

/// A page of visitors; a search finds what their ids begin with.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, query: &ListQuery<SortBy>) -> Result<Page<VisitorRow>, StoreError> {
    let SortBy::LastSeen = query.sort;
    let keyset = Keyset { column: Some("last_seen_hour"), key: "visitor_key", descending: query.descending };
    let search = query.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let few = search.map_or(Ok(false), |text| are_few(db, text))?;
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT visitor_key, last_seen_hour FROM visitors INDEXED BY {index}
         WHERE true {begins} {behind} {order} LIMIT :limit",
        index = if few { "visitors_anonymous_id" } else { "visitors_last_seen" },
        begins = if search.is_some() { "AND anonymous_id >= :text AND anonymous_id < :beyond" } else { "" },
        behind = keyset.behind(query.after.as_ref()),
        order = keyset.order(),
    ))?;
    list::bind_cursor(&mut statement, &keyset, query.after.as_ref())?;
    list::bind(&mut statement, ":limit", query.size as i64 + 1)?;
    if let Some(text) = search {
        list::bind(&mut statement, ":text", text)?;
        list::bind(&mut statement, ":beyond", beyond(text))?;
    }
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(found_row) = rows.next()? {
        let key = found_row.get(0)?;
        let hour: i64 = found_row.get(1)?;
        found.push((Cursor { value: hour.into(), key }, row(db, key, hour)?));
    }
    Ok(Page::cut(found, query.size))
}

/// Whether so few visitors' ids begin with a text that they are best sorted; the list of
/// last seen, walked in its order, soon meets one of many.
fn are_few(db: &Reader<'_>, text: &str) -> Result<bool, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM visitors INDEXED BY visitors_anonymous_id
           WHERE anonymous_id >= :text AND anonymous_id < :beyond LIMIT :limit)",
    )?;
    let limit = CANDIDATES_MAX as i64 + 1;
    let parameters = named_params! { ":text": text, ":beyond": beyond(text), ":limit": limit };
    Ok(statement.query_row(parameters, |row| Ok(row.get::<_, i64>(0)? < limit))?)
}

/// The first text that does not begin with this one, in the order of the index.
fn beyond(text: &str) -> String {
    format!("{text}{}", char::MAX)
}

/// One visitor as a list shows it.
fn row(db: &Reader<'_>, key: i64, hour: i64) -> Result<VisitorRow, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT visitor.anonymous_id, user.user_id, visitor.first_seen_ms, json(visitor.attributes)
         FROM visitors AS visitor
         LEFT JOIN users AS linked ON linked.user_key = visitor.user_key
         LEFT JOIN users AS user ON user.user_key = coalesce(linked.merged_into, linked.user_key)
         WHERE visitor.visitor_key = :key",
    )?;
    let mut visitor = statement.query_row(named_params! { ":key": key }, |row| {
        Ok(VisitorRow {
            key: VisitorKey(key),
            anonymous_id: row.get(0)?,
            user_id: row.get(1)?,
            first_seen_ms: row.get(2)?,
            last_seen_ms: None,
            attributes: users::json_object(row.get_ref(3)?.as_str()?),
        })
    })?;
    visitor.last_seen_ms = activity::last_of_visitor(db, key, hour)?;
    Ok(visitor)
}

/// How many visitors there are.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>) -> Result<Count, StoreError> {
    let mut statement = db
        .0
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM visitors INDEXED BY visitors_last_seen LIMIT :limit)")?;
    Ok(Count::of(statement.query_row(named_params! { ":limit": COUNTED_MAX }, |row| row.get(0))?))
}
