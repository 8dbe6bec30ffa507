//! Which companies a list shows, in which order, and how many there are.

use rusqlite::named_params;

use super::{Shelf, SortBy};
use crate::domain::filter::{Filter, Listed};
use crate::store::filter_sql::{self, FilterSql, Moment};
use crate::store::list::{self, COUNTED_MAX, Count, Cursor, Extent, Keyset, ListQuery, Page};
use crate::store::search::CANDIDATES_MAX;
use crate::store::{Reader, StoreError, workspace};

/// The condition of a search: the lower-case text within name or id, or the text as typed
/// within the id, since SQLite's `lower` knows the letters of ASCII only.
const HAS_TEXT: &str =
    "(instr(sort_name, :text) > 0 OR instr(lower(company_id), :text) > 0 OR instr(company_id, :typed) > 0)";

/// The text that is searched for; none where that is nothing.
fn text_of(search: Option<&str>) -> Option<&str> {
    search.map(str::trim).filter(|text| !text.is_empty())
}

fn bind_text(statement: &mut rusqlite::Statement<'_>, text: Option<&str>) -> rusqlite::Result<()> {
    let Some(text) = text else { return Ok(()) };
    list::bind(statement, ":text", text.to_lowercase())?;
    list::bind(statement, ":typed", text)
}

/// The companies of a page in its order, and where the next one begins. Those that alone can meet the filter are
/// sorted where they are few.
pub(super) fn page_of_keys(
    db: &Reader<'_>,
    shelf: Shelf,
    query: &ListQuery<SortBy>,
    now_ms: i64,
) -> Result<(Vec<i64>, Option<Cursor>), StoreError> {
    let moment = Moment::of_list(db, query.filter.as_ref(), now_ms)?;
    let filter = FilterSql::of(Listed::Companies, query.filter.as_ref(), &moment);
    let keys = filter_sql::candidates(db, Listed::Companies, query.filter.as_ref(), &moment, CANDIDATES_MAX)?;
    let walked = |index: &str, column: &str| {
        vec![(Some(format!("{}_{index}", shelf.indexes())), Some(column.to_owned()), String::new(), None)]
    };
    let stretches = match &query.sort {
        SortBy::LastSeen if let (None, Some(walk)) = (&keys, &filter.walk) => {
            vec![(Some(walk.index.clone()), Some("last_seen_hour".to_owned()), walk.only.clone(), None)]
        }
        SortBy::Name => walked("sort_name", "sort_name"),
        SortBy::FirstSeen => walked("first_seen", "first_seen_ms"),
        SortBy::LastSeen => walked("last_seen", "last_seen_hour"),
        SortBy::Members => walked("members", "members"),
        SortBy::ActiveMembers => walked("active", "active_members"),
        SortBy::Fact(fact) => {
            let (expression, path) =
                filter_sql::sorted_by(fact, Listed::Companies).unwrap_or_else(|| ("NULL".to_owned(), None));
            let stretches = list::sorted(&expression, path).into_iter();
            stretches.map(|(column, only, path)| (None, column, only, path)).collect()
        }
    };
    let search = text_of(query.search.as_deref());
    let mut after = query.after.as_ref();
    let skipped = if after.is_some_and(|cursor| cursor.value.is_null()) { stretches.len() - 1 } else { 0 };
    let mut found = Vec::new();
    for (index, column, only, path) in &stretches[skipped..] {
        let keyset = Keyset { column: column.as_deref(), key: "company_key", descending: query.descending };
        let from = match (&keys, index) {
            (Some(_), _) => "json_each(:keys) AS found CROSS JOIN companies ON company_key = found.value".to_owned(),
            (None, Some(index)) => format!("companies INDEXED BY {index}"),
            (None, None) => "companies NOT INDEXED".to_owned(),
        };
        let mut statement = db.0.prepare_cached(&format!(
            "SELECT company_key, {value} FROM {from}
             WHERE {shelf} {only} {has_text} {filter} {behind} {order} LIMIT :limit",
            value = keyset.value(),
            shelf = shelf.condition(),
            has_text = if search.is_some() { format!("AND {HAS_TEXT}") } else { String::new() },
            filter = filter.condition,
            behind = keyset.behind(after),
            order = keyset.order(),
        ))?;
        list::bind_cursor(&mut statement, &keyset, after)?;
        list::bind(&mut statement, ":limit", (query.size + 1 - found.len()) as i64)?;
        bind_text(&mut statement, search)?;
        filter.bind(&mut statement)?;
        if let Some(path) = path {
            list::bind(&mut statement, ":path", path)?;
        }
        if let Some(keys) = &keys {
            list::bind(&mut statement, ":keys", list::json_keys(keys.iter().copied()))?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let key = row.get(0)?;
            found.push((Cursor { value: list::cursor_value(row.get_ref(1)?), key }, key));
        }
        if found.len() > query.size {
            break;
        }
        after = None;
    }
    let page = Page::cut(found, query.size);
    Ok((page.rows, page.next))
}

/// How many companies a search finds.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, shelf: Shelf, search: Option<&str>) -> Result<Count, StoreError> {
    let (indexes, of_shelf) = (shelf.indexes(), shelf.condition());
    let Some(text) = text_of(search) else {
        let counts = workspace::counts(db)?;
        return Ok(match shelf {
            Shelf::InUse => counts.companies,
            Shelf::Archived => counts.archived_companies,
        });
    };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT count(*) FROM (
           SELECT 1 FROM companies INDEXED BY {indexes}_sort_name WHERE {of_shelf} AND {HAS_TEXT} LIMIT :limit)"
    ))?;
    let parameters = named_params! { ":text": text.to_lowercase(), ":typed": text, ":limit": COUNTED_MAX };
    Ok(Count::of(statement.query_row(parameters, |row| row.get(0))?))
}

/// How many companies a search finds that meet a filter, as of users.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_matching(
    db: &Reader<'_>,
    shelf: Shelf,
    search: Option<&str>,
    filter: Option<&Filter>,
    extent: Extent,
    now_ms: i64,
) -> Result<Count, StoreError> {
    if filter.is_none_or(Filter::is_empty) && extent != Extent::All {
        return count(db, shelf, search);
    }
    let moment = Moment::of_list(db, filter, now_ms)?;
    let condition = FilterSql::of(Listed::Companies, filter, &moment);
    let search = text_of(search);
    let keys = filter_sql::candidates(db, Listed::Companies, filter, &moment, CANDIDATES_MAX)?;
    let by_last_seen = "ORDER BY last_seen_hour DESC, company_key DESC";
    let (from, only, order) = match (&keys, &condition.walk) {
        (Some(_), _) => {
            ("json_each(:keys) AS found CROSS JOIN companies ON company_key = found.value".to_owned(), "", "")
        }
        (None, Some(walk)) => (format!("companies INDEXED BY {}", walk.index), walk.only.as_str(), by_last_seen),
        (None, None) => (format!("companies INDEXED BY {}_last_seen", shelf.indexes()), "", by_last_seen),
    };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT true {has_text} {condition} FROM {from} WHERE {shelf} {only} {walked} {order} LIMIT :rows",
        has_text = if search.is_some() { format!("AND {HAS_TEXT}") } else { String::new() },
        condition = condition.condition,
        walked = condition.of_last_seen,
        shelf = shelf.condition(),
    ))?;
    bind_text(&mut statement, search)?;
    condition.bind(&mut statement)?;
    let rows_max = if extent == Extent::Quickly && keys.is_none() { condition.count_rows_max } else { i64::MAX };
    list::bind(&mut statement, ":rows", rows_max)?;
    if let Some(keys) = keys {
        list::bind(&mut statement, ":keys", list::json_keys(keys))?;
    }
    list::counted(statement.raw_query(), rows_max, extent, |_| true)
}
