//! Which users a list shows, in which order, and how many there are.

use super::{SortBy, by_company};
use crate::domain::filter::{Filter, Listed};
use crate::store::filter_sql::{self, FilterSql, Moment};
use crate::store::list::{self, Count, Cursor, Extent, ListQuery};
use crate::store::search::{self, CANDIDATES_MAX, Candidates, Needle};
use crate::store::stretches::{self, Found, Narrowed, Rows, Stretch};
use crate::store::{Reader, StoreError, workspace};

/// So many rows of a list are looked at for a frequent text, before all who have it are sorted.
const WALKED_MAX: u64 = 20_000;

/// So many candidates are sorted rather than all rows looked at, where a walk did not meet enough of them.
const MANY_MAX: usize = 100_000;

/// Who is in no list.
const IN_USE: &str = "u.merged_into IS NULL AND u.archived_ms IS NULL";

/// The list as its statements name it.
pub(super) const USERS: Rows = Rows {
    listed: Listed::Users,
    table: "users AS u",
    key: "u.user_key",
    indexes: "users",
    in_use: IN_USE,
    texts: ", u.name, u.email, u.user_id",
    owned: "users_owner",
    subject: 0,
};

/// The stretches of an order. Users without a value come last, whatever the direction.
fn stretches(db: &Reader<'_>, query: &ListQuery<SortBy>, moment: &Moment) -> Result<Vec<Stretch>, StoreError> {
    let walked = |index: &str, column: &str| vec![Stretch::walked(index.to_owned(), column)];
    Ok(match &query.sort {
        SortBy::Name => walked("users_sort_name", "u.sort_name"),
        SortBy::FirstSeen => walked("users_first_seen", "u.first_seen_ms"),
        SortBy::LastSeen => walked("users_last_seen", "u.last_seen_hour"),
        SortBy::Companies => walked("users_companies", "u.companies"),
        SortBy::Email => vec![
            Stretch {
                only: "AND u.email IS NOT NULL".to_owned(),
                ..Stretch::walked("users_email".to_owned(), "u.email")
            },
            Stretch {
                index: Some("users_without_email".to_owned()),
                only: "AND u.email IS NULL".to_owned(),
                ..Stretch::default()
            },
        ],
        SortBy::Fact(fact) => stretches::of_fact(db, &USERS, fact, query.descending, moment)?,
        SortBy::Membership(fact) => {
            let (expression, path) =
                filter_sql::sorted_by_membership(fact).unwrap_or_else(|| ("NULL".to_owned(), None));
            Stretch::sorted(&expression, path)
        }
        // Company by company.
        SortBy::Company(_) => Vec::new(),
    })
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
            let candidates = |max| filter_sql::candidates(db, Listed::Users, query.filter.as_ref(), &moment, max);
            let few = candidates(CANDIDATES_MAX)?;
            let rows_max = if few.is_some() { u64::MAX } else { WALKED_MAX };
            match find(db, query, &filter, None, few.as_deref(), rows_max, &moment)? {
                Some(found) => Some(found),
                None => find(db, query, &filter, None, candidates(MANY_MAX)?.as_deref(), u64::MAX, &moment)?,
            }
        }
        Some(needle) => match search::candidates(db, &needle, CANDIDATES_MAX)? {
            Candidates::Keys(keys) => find(db, query, &filter, Some(&needle), Some(&keys), u64::MAX, &moment)?,
            Candidates::TooMany => match find(db, query, &filter, Some(&needle), None, WALKED_MAX, &moment)? {
                Some(found) => Some(found),
                None => {
                    let keys = search::all_candidates(db, &needle)?;
                    find(db, query, &filter, Some(&needle), Some(&keys), u64::MAX, &moment)?
                }
            },
        },
    };
    Ok(found.unwrap_or_default().page(query.size))
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
    moment: &Moment,
) -> Result<Option<Found>, StoreError> {
    let narrowed = Narrowed { filter, only: ("", &[]), needle, candidates, rows_max };
    if let SortBy::Company(of) = &query.sort {
        return by_company::find(db, query, of, narrowed, moment);
    }
    let moment = stretches::as_of(query.after.as_ref(), moment);
    let mut stretches = stretches(db, query, &moment)?;
    if let (SortBy::LastSeen, None, Some(walk)) = (&query.sort, candidates, &filter.walk) {
        stretches[0] = Stretch { index: Some(walk.index.clone()), only: walk.only.clone(), ..stretches[0].clone() };
    }
    stretches::find(db, &USERS, &stretches, query, narrowed, &moment)
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
    let texts = if needle.is_some() { ", u.name, u.email, u.user_id" } else { "" };
    let order = if keys.is_some() { "" } else { "ORDER BY u.last_seen_hour DESC, u.user_key DESC" };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT true {condition}{texts} FROM {from} WHERE {IN_USE} {only} {walked} {order} LIMIT :rows",
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
