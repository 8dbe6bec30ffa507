//! Which users a list shows, in which order, and how many there are.

use super::SortBy;
use crate::domain::filter::{Filter, Listed};
use crate::store::filter_sql::{self, FilterSql, Moment};
use crate::store::list::{self, Count, Cursor, Extent, Keyset, ListQuery, Page};
use crate::store::search::{self, CANDIDATES_MAX, Candidates, Needle};
use crate::store::{Reader, StoreError, workspace};

/// So many rows of a list are looked at for a frequent text, before all who have it are sorted.
const WALKED_MAX: u64 = 20_000;

/// Who is in no list.
const IN_USE: &str = "u.merged_into IS NULL AND u.archived_ms IS NULL";

/// A stretch of a list that is read in its order: one that an index serves is walked, any other is sorted.
struct Stretch<'a> {
    index: Option<&'a str>,
    column: Option<String>,
    only: String,
    path: Option<String>,
}

/// The stretches of an order. Users without a value come last, whatever the direction.
fn stretches<'a>(sort: &SortBy) -> Vec<Stretch<'a>> {
    let walked = |index: &'static str, column: &str| Stretch {
        index: Some(index),
        column: Some(column.to_owned()),
        only: String::new(),
        path: None,
    };
    let (expression, path) = match sort {
        SortBy::Name => return vec![walked("users_sort_name", "u.sort_name")],
        SortBy::FirstSeen => return vec![walked("users_first_seen", "u.first_seen_ms")],
        SortBy::LastSeen => return vec![walked("users_last_seen", "u.last_seen_hour")],
        SortBy::Companies => return vec![walked("users_companies", "u.companies")],
        SortBy::Email => {
            let with = Stretch { only: "AND u.email IS NOT NULL".to_owned(), ..walked("users_email", "u.email") };
            let without = Stretch {
                index: Some("users_without_email"),
                column: None,
                only: "AND u.email IS NULL".to_owned(),
                path: None,
            };
            return vec![with, without];
        }
        SortBy::Company => {
            ("(SELECT sort_name FROM companies WHERE company_key = u.current_company_key)".to_owned(), None)
        }
        SortBy::Fact(fact) => filter_sql::sorted_by(fact, Listed::Users).unwrap_or_else(|| ("NULL".to_owned(), None)),
    };
    list::sorted(&expression, path)
        .into_iter()
        .map(|(column, only, path)| Stretch { index: None, column, only, path })
        .collect()
}

/// The users of a page in its order, and where the next one begins.
///
/// Who has a text, or can alone meet the filter, is sorted where they are few. Where they are many, the list is
/// walked in its order, which soon meets enough of them; and where it does not, since they all stand at the
/// other end, they are sorted after all.
pub(super) fn page_of_keys(
    db: &Reader<'_>,
    query: &ListQuery<SortBy>,
    now_ms: i64,
) -> Result<(Vec<i64>, Option<Cursor>), StoreError> {
    let moment = Moment::of_list(db, query.filter.as_ref(), now_ms)?;
    let filter = FilterSql::of(Listed::Users, query.filter.as_ref(), &moment);
    let found = match Needle::of(query.search.as_deref()) {
        None => {
            let keys = filter_sql::candidates(db, Listed::Users, query.filter.as_ref(), &moment, CANDIDATES_MAX)?;
            find(db, query, &filter, None, keys.as_deref(), u64::MAX)?
        }
        Some(needle) => match search::candidates(db, &needle, CANDIDATES_MAX)? {
            Candidates::Keys(keys) => find(db, query, &filter, Some(&needle), Some(&keys), u64::MAX)?,
            Candidates::TooMany => match find(db, query, &filter, Some(&needle), None, WALKED_MAX)? {
                Some(found) => Some(found),
                None => {
                    let keys = search::all_candidates(db, &needle)?;
                    find(db, query, &filter, Some(&needle), Some(&keys), u64::MAX)?
                }
            },
        },
    };
    let page = Page::cut(found.unwrap_or_default(), query.size);
    Ok((page.rows, page.next))
}

/// Those of a list, or of these candidates, who have a text and meet a filter, one beyond the page. `None` where
/// so many rows were walked and the page is not full.
pub(super) fn find(
    db: &Reader<'_>,
    query: &ListQuery<SortBy>,
    filter: &FilterSql,
    needle: Option<&Needle>,
    candidates: Option<&[i64]>,
    rows_max: u64,
) -> Result<Option<Vec<(Cursor, i64)>>, StoreError> {
    let mut stretches = stretches(&query.sort);
    if let (SortBy::LastSeen, None, Some(walk)) = (&query.sort, candidates, &filter.walk) {
        let of_value = Stretch { index: Some(&walk.index), only: walk.only.clone(), ..stretches.swap_remove(0) };
        stretches = vec![of_value];
    }
    let mut after = query.after.as_ref();
    let skipped = if after.is_some_and(|cursor| cursor.value.is_null()) { stretches.len() - 1 } else { 0 };
    let mut found: Vec<(Cursor, i64)> = Vec::new();
    let mut walked = 0;
    for stretch in &stretches[skipped..] {
        let keyset = Keyset { column: stretch.column.as_deref(), key: "u.user_key", descending: query.descending };
        let from = match (candidates, stretch.index) {
            (Some(_), _) => "json_each(:keys) AS found CROSS JOIN users AS u ON u.user_key = found.value".to_owned(),
            (None, Some(index)) => format!("users AS u INDEXED BY {index}"),
            (None, None) => "users AS u NOT INDEXED".to_owned(),
        };
        // What is sorted is sorted only as far as a page goes.
        let is_sorted = needle.is_none() && stretch.index.is_none();
        let mut statement = db.0.prepare_cached(&format!(
            "SELECT u.user_key, {value}, u.name, u.email, u.user_id FROM {from}
             WHERE {IN_USE} {only} {filter} {behind} {order} {limit}",
            value = keyset.value(),
            only = stretch.only,
            filter = filter.condition,
            behind = keyset.behind(after),
            order = keyset.order(),
            limit = if is_sorted { "LIMIT :limit" } else { "" },
        ))?;
        list::bind_cursor(&mut statement, &keyset, after)?;
        filter.bind(&mut statement)?;
        if let Some(path) = &stretch.path {
            list::bind(&mut statement, ":path", path)?;
        }
        if is_sorted {
            list::bind(&mut statement, ":limit", query.size as i64 + 1)?;
        }
        if let Some(keys) = candidates {
            list::bind(&mut statement, ":keys", list::json_keys(keys.iter().copied()))?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if needle.is_none_or(|needle| needle.is_in(search::texts(row, 2))) {
                let key = row.get(0)?;
                found.push((Cursor { value: list::cursor_value(row.get_ref(1)?), key }, key));
                if found.len() > query.size {
                    return Ok(Some(found));
                }
            }
            walked += 1;
            if walked >= rows_max {
                return Ok(None);
            }
        }
        after = None;
    }
    Ok(Some(found))
}

/// How many users a search finds.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, search: Option<&str>) -> Result<Count, StoreError> {
    if let Some(needle) = Needle::of(search) {
        return search::count(db, &needle);
    }
    Ok(workspace::counts(db)?.users)
}

/// How many users a search finds who meet a filter. Where no index says who they may be, so many rows are looked
/// at as a page takes time for, or all where the count is what was asked for.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_matching(
    db: &Reader<'_>,
    search: Option<&str>,
    filter: Option<&Filter>,
    extent: Extent,
    now_ms: i64,
) -> Result<Count, StoreError> {
    if filter.is_none_or(Filter::is_empty) && extent != Extent::All {
        return count(db, search);
    }
    let moment = Moment::of_list(db, filter, now_ms)?;
    let condition = FilterSql::of(Listed::Users, filter, &moment);
    let needle = Needle::of(search);
    let keys = match &needle {
        Some(needle) => match search::candidates(db, needle, CANDIDATES_MAX)? {
            Candidates::Keys(keys) => Some(keys),
            Candidates::TooMany => None,
        },
        None => filter_sql::candidates(db, Listed::Users, filter, &moment, CANDIDATES_MAX)?,
    };
    let (from, only) = match (&keys, &condition.walk) {
        (Some(_), _) => ("json_each(:keys) AS found CROSS JOIN users AS u ON u.user_key = found.value".to_owned(), ""),
        (None, Some(walk)) => (format!("users AS u INDEXED BY {}", walk.index), walk.only.as_str()),
        (None, None) => ("users AS u INDEXED BY users_last_seen".to_owned(), ""),
    };
    let order = if keys.is_some() { "" } else { "ORDER BY u.last_seen_hour DESC, u.user_key DESC" };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT true {condition}, u.name, u.email, u.user_id FROM {from} WHERE {IN_USE} {only} {walked} {order} LIMIT :rows",
        condition = condition.condition,
        walked = condition.of_last_seen,
    ))?;
    condition.bind(&mut statement)?;
    let rows_max = if extent == Extent::Quickly && keys.is_none() { condition.count_rows_max } else { i64::MAX };
    list::bind(&mut statement, ":rows", rows_max)?;
    if let Some(keys) = keys {
        list::bind(&mut statement, ":keys", list::json_keys(keys))?;
    }
    list::counted(statement.raw_query(), rows_max, extent, |row| {
        needle.as_ref().is_none_or(|needle| needle.is_in(search::texts(row, 1)))
    })
}
