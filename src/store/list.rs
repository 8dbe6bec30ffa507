//! Lists: what is searched, how it is sorted, where the page before ended.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::types::Value as Bound;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::domain::filter::Filter;

/// Rows of a page in the dashboard.
pub const PAGE_ROWS: usize = 50;
/// Rows of a page in the API at most.
pub const PAGE_ROWS_MAX: usize = 500;
/// An exact count goes so far; beyond it a list says "10,000+".
pub const COUNT_MAX: u64 = 10_000;
/// So many rows are looked at for a count that a filter needs, where nobody asked for it.
pub(super) const COUNT_ROWS_MAX: i64 = 20_000;
/// So many rows are counted at most, to tell "more than [`COUNT_MAX`]".
pub(super) const COUNTED_MAX: i64 = COUNT_MAX as i64 + 1;

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

    /// The sort value as a statement binds it.
    pub(super) fn bound(&self) -> Bound {
        match &self.value {
            serde_json::Value::String(text) => Bound::Text(text.clone()),
            serde_json::Value::Number(number) => number.as_i64().map_or(Bound::Null, Bound::Integer),
            // A number with a fraction, as [`cursor_value`] keeps it.
            serde_json::Value::Array(parts) => {
                let real = parts.first().and_then(serde_json::Value::as_str).and_then(|text| text.parse().ok());
                real.map_or(Bound::Null, Bound::Real)
            }
            _ => Bound::Null,
        }
    }
}

/// What of a list is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery<S> {
    /// Only what has this in its names, e-mails or ids.
    pub search: Option<String>,
    /// Only what meets this.
    pub filter: Option<Filter>,
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

impl<T> Page<T> {
    /// A page of at most `size` rows, of rows that were read one beyond it, each with its cursor.
    pub fn cut(mut rows: Vec<(Cursor, T)>, size: usize) -> Page<T> {
        let more = rows.len() > size;
        rows.truncate(size);
        let next = if more { rows.last().map(|(cursor, _)| cursor.clone()) } else { None };
        Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next }
    }
}

/// Puts the rows of a page that is sorted by the hour of the last activity in the order of its
/// milliseconds: only rows of one hour change places. The cursor stays that of the last row as
/// sorted by hour and key, so that paging neither skips nor repeats.
pub(super) fn order_within_hours<T>(rows: &mut [T], descending: bool, last_seen_ms: impl Fn(&T) -> Option<i64>) {
    if descending {
        rows.sort_by_key(|row| std::cmp::Reverse(last_seen_ms(row)));
    } else {
        rows.sort_by_key(last_seen_ms);
    }
}

/// A list's order as SQL: a sorted column and the key, both in one direction, so that one
/// index serves it and a cursor neither skips nor repeats.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keyset<'a> {
    /// The sorted column; none where the key alone decides.
    pub column: Option<&'a str>,
    /// The key's column.
    pub key: &'static str,
    /// The greatest first.
    pub descending: bool,
}

impl<'a> Keyset<'a> {
    /// The condition for rows behind a cursor, bound as `:value` and `:key`; empty without one.
    pub fn behind(&self, after: Option<&Cursor>) -> String {
        let Keyset { key, descending, .. } = self;
        let sign = if *descending { "<" } else { ">" };
        match (after, self.column) {
            (None, _) => String::new(),
            (Some(_), Some(column)) => format!("AND ({column}, {key}) {sign} (:value, :key)"),
            (Some(_), None) => format!("AND {key} {sign} :key"),
        }
    }

    /// The order.
    pub fn order(&self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        match self.column {
            Some(column) => format!("ORDER BY {column} {direction}, {} {direction}", self.key),
            None => format!("ORDER BY {} {direction}", self.key),
        }
    }

    /// The sorted column's expression, for the cursor of a row.
    pub fn value(&self) -> &'a str {
        self.column.unwrap_or("NULL")
    }
}

/// Counts the rows of which the first column says that they meet a filter, and which are wanted besides.
pub(super) fn counted(
    mut rows: rusqlite::Rows<'_>,
    rows_max: i64,
    extent: Extent,
    is_wanted: impl Fn(&rusqlite::Row<'_>) -> bool,
) -> Result<Count, StoreError> {
    let (mut looked_at, mut hits) = (0_i64, 0_i64);
    while let Some(row) = rows.next()? {
        looked_at += 1;
        hits += i64::from(row.get::<_, Option<bool>>(0)?.unwrap_or(false) && is_wanted(row));
        if hits >= COUNTED_MAX && extent != Extent::All {
            return Ok(Count::Over);
        }
    }
    let hits = hits.unsigned_abs();
    Ok(if looked_at < rows_max { Count::Exactly(hits) } else { Count::AtLeast(hits) })
}

/// Binds a cursor to a statement of [`Keyset::behind`].
pub(super) fn bind_cursor(
    statement: &mut rusqlite::Statement<'_>,
    keyset: &Keyset<'_>,
    after: Option<&Cursor>,
) -> rusqlite::Result<()> {
    let Some(after) = after else { return Ok(()) };
    bind(statement, ":key", after.key)?;
    if keyset.column.is_some() {
        bind(statement, ":value", after.bound())?;
    }
    Ok(())
}

/// Binds one value by the name of its parameter, which the statement has.
pub(super) fn bind(
    statement: &mut rusqlite::Statement<'_>,
    name: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<()> {
    match statement.parameter_index(name)? {
        Some(index) => statement.raw_bind_parameter(index, value),
        None => Err(rusqlite::Error::InvalidParameterName(name.to_owned())),
    }
}

/// A row's sort value as a cursor keeps it.
pub(super) fn cursor_value(value: rusqlite::types::ValueRef<'_>) -> serde_json::Value {
    match value {
        rusqlite::types::ValueRef::Integer(number) => number.into(),
        // Written out and in brackets: JSON may round it, and a page would begin beside its row.
        rusqlite::types::ValueRef::Real(number) => serde_json::json!([number.to_string()]),
        rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        _ => serde_json::Value::Null,
    }
}

/// Keys as the JSON that a statement reads with `json_each`.
pub(super) fn json_keys(keys: impl IntoIterator<Item = i64>) -> String {
    serde_json::Value::from_iter(keys).to_string()
}

/// A count that stops at [`COUNT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Exactly so many.
    Exactly(u64),
    /// More than [`COUNT_MAX`].
    Over,
    /// At least so many: no more rows were looked at than a page takes time for.
    AtLeast(u64),
}

/// How far a list is counted where a filter says who is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// As far as a page takes time for.
    Quickly,
    /// Up to [`COUNT_MAX`].
    ToMax,
    /// All of it, since somebody asked.
    All,
}

impl Count {
    /// At least as many as are known to be there.
    #[must_use]
    pub fn at_least(self, known: u64) -> Count {
        match self {
            Count::AtLeast(counted) => Count::AtLeast(counted.max(known)),
            counted => counted,
        }
    }
}

impl Count {
    /// A count of rows of which at most one beyond [`COUNT_MAX`] was counted.
    pub(super) fn of(counted: i64) -> Count {
        if counted < COUNTED_MAX { Count::Exactly(counted.unsigned_abs()) } else { Count::Over }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CompanyKey;
    use crate::domain::message::Kind;
    use crate::domain::time::HOUR_MS;
    use crate::store::companies::MembersOf;
    use crate::store::sample::{NOW, Named, Sample, days_ago};
    use crate::store::{companies, users, visitors};

    /// What each page of a list says: keys, and when each was last seen.
    type Pages = Vec<Vec<(i64, Option<i64>)>>;

    fn pages<S, R>(
        sort: S,
        descending: bool,
        mut read: impl FnMut(&ListQuery<S>) -> Result<Page<R>, StoreError>,
        view: impl Fn(&R) -> (i64, Option<i64>),
    ) -> Pages {
        let mut query = ListQuery { search: None, filter: None, sort, descending, after: None, size: 4 };
        let mut pages = Vec::new();
        loop {
            let page = read(&query).unwrap();
            pages.push(page.rows.iter().map(&view).collect());
            query.after = page.next;
            if query.after.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn within_an_hour_a_page_goes_by_the_millisecond_and_paging_meets_each_once() {
        let sample = Sample::new();
        let one = sample.company("one", None, "{}", days_ago(9));
        for number in 0..11 {
            // Minutes in no order, over two hours.
            let at_ms = NOW - HOUR_MS * (number % 2) - (number * 37 % 50 + 1) * 60_000;
            let user = sample.user(Some(&format!("u{number}")), None, None, days_ago(9));
            let own = sample.company(&format!("c{number}"), None, "{}", days_ago(9));
            let visitor = sample.visitor(&format!("v{number}"), days_ago(9), None);
            sample.member(user, one, days_ago(8), None);
            sample.event(at_ms, Kind::Page, "", Named { visitor: Some(visitor), ..Named::default() });
            for (company, later) in [(one, 1), (own, 2)] {
                let named = Named { user: Some(user), company: Some(company), ..Named::default() };
                sample.event(at_ms + later, Kind::Track, "Opened", named);
            }
        }
        let db = sample.db();
        for descending in [true, false] {
            let lists: [(&str, usize, Pages); 6] = [
                ("users", 11, {
                    let read = |query: &_| users::list(&db, query, NOW);
                    pages(users::SortBy::LastSeen, descending, read, |row| (row.key.0, row.last_seen_ms))
                }),
                ("users of the API", 11, {
                    let read = |query: &_| users::records(&db, query, NOW);
                    pages(users::SortBy::LastSeen, descending, read, |user| (user.row.key.0, user.row.last_seen_ms))
                }),
                ("companies", 12, {
                    let read = |query: &_| companies::list(&db, companies::Shelf::InUse, query, NOW);
                    pages(companies::SortBy::LastSeen, descending, read, |row| (row.key.0, row.last_seen_ms))
                }),
                ("companies of the API", 12, {
                    let read = |query: &_| companies::records(&db, companies::Shelf::InUse, query, NOW);
                    pages(companies::SortBy::LastSeen, descending, read, |company| {
                        (company.row.key.0, company.row.last_seen_ms)
                    })
                }),
                ("members", 11, {
                    let read = |query: &_| companies::members(&db, &MembersOf::now(CompanyKey(one)), query, NOW);
                    pages(companies::MembersBy::LastSeen, descending, read, |row| (row.user.key.0, row.last_seen_ms))
                }),
                ("visitors", 11, {
                    let read = |query: &_| visitors::list(&db, query, NOW);
                    pages(visitors::SortBy::LastSeen, descending, read, |row| (row.key.0, row.last_seen_ms))
                }),
            ];
            for (list, size, pages) in lists {
                let keys: std::collections::BTreeSet<i64> = pages.iter().flatten().map(|(key, _)| *key).collect();
                let rows = pages.iter().map(Vec::len).sum::<usize>();
                assert_eq!((rows, keys.len()), (size, size), "{list}");
                for page in pages {
                    let seen: Vec<Option<i64>> = page.iter().map(|(_, seen)| *seen).collect();
                    assert!(seen.iter().all(Option::is_some), "{list}: {seen:?}");
                    let in_order = if descending { seen.is_sorted_by(|a, b| a >= b) } else { seen.is_sorted() };
                    assert!(in_order, "{list}: {seen:?}");
                }
            }
        }
    }
}
