//! Which companies a list shows, in which order, and how many there are.

use super::{Shelf, SortBy};
use crate::domain::filter::{Filter, Listed};
use crate::store::filter_sql::{self, FilterSql, Moment};
use crate::store::list::{self, COUNTED_MAX, Count, Cursor, Extent, ListQuery};
use crate::store::search::{CANDIDATES_MAX, Needle};
use crate::store::stretches::{self, Found, Narrowed, Rows, Stretch};
use crate::store::{Reader, StoreError, workspace};

/// The parameters of the words of a search: in lower case, as typed, and what no domain that begins so goes beyond.
/// There are no more: what is left of a text is looked for as it is, with the last of them.
const WORDS: [(&str, &str, &str); 4] = [
    (":word1", ":typed1", ":beyond1"),
    (":word2", ":typed2", ":beyond2"),
    (":word3", ":typed3", ":beyond3"),
    (":word4", ":typed4", ":beyond4"),
];

/// A search as a condition.
struct Words {
    /// `AND (…)`; empty where nothing is searched for.
    condition: String,
    bound: Vec<(&'static str, String)>,
}

impl Words {
    /// Each word must stand in the name or the id, or a domain of the company begins with it. SQLite's `lower` knows the
    /// letters of ASCII only: so an id may have the word as typed, too.
    fn of(search: Option<&str>) -> Words {
        let mut words: Vec<&str> = search.unwrap_or_default().split_whitespace().collect();
        let last = words.split_off(words.len().min(WORDS.len() - 1)).join(" ");
        let words = words.into_iter().chain(Some(last.as_str()).filter(|last| !last.is_empty()));
        let (mut condition, mut bound) = (String::new(), Vec::new());
        for (typed, (word, as_typed, beyond)) in words.zip(WORDS) {
            condition.push_str(&format!(
                " AND (instr(companies.sort_name, {word}) > 0 OR instr(lower(companies.company_id), {word}) > 0
                   OR instr(companies.company_id, {as_typed}) > 0
                   OR companies.company_key IN (
                        SELECT company_key FROM company_domains WHERE domain >= {word} AND domain < {beyond}))"
            ));
            let lower = typed.to_lowercase();
            bound.extend([(beyond, Needle::beyond(&lower)), (word, lower), (as_typed, typed.to_owned())]);
        }
        Words { condition, bound }
    }

    fn are_none(&self) -> bool {
        self.bound.is_empty()
    }

    fn bind(&self, statement: &mut rusqlite::Statement<'_>) -> rusqlite::Result<()> {
        self.bound.iter().try_for_each(|(name, text)| list::bind(statement, name, text))
    }
}

/// The list as its statements name it.
fn rows_of(shelf: Shelf) -> Rows {
    Rows {
        listed: Listed::Companies,
        table: "companies",
        key: "companies.company_key",
        indexes: shelf.indexes(),
        in_use: shelf.condition(),
        texts: "",
        owned: "companies_owner",
        subject: 1,
    }
}

/// The stretches of an order.
fn stretches(
    db: &Reader<'_>,
    rows: &Rows,
    query: &ListQuery<SortBy>,
    moment: &Moment,
) -> Result<Vec<Stretch>, StoreError> {
    let walked = |index: &str, column: &str| {
        vec![Stretch::walked(format!("{}_{index}", rows.indexes), &format!("companies.{column}"))]
    };
    Ok(match &query.sort {
        SortBy::Name => walked("sort_name", "sort_name"),
        SortBy::FirstSeen => walked("first_seen", "first_seen_ms"),
        SortBy::LastSeen => walked("last_seen", "last_seen_hour"),
        SortBy::Members => walked("members", "members"),
        SortBy::ActiveMembers => walked("active", "active_members"),
        SortBy::Fact(fact) => stretches::of_fact(db, rows, fact, query.descending, moment)?,
    })
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
    let words = Words::of(query.search.as_deref());
    let only = (words.condition.as_str(), words.bound.as_slice());
    let narrowed = Narrowed { filter: &filter, only, needle: None, candidates: keys.as_deref(), rows_max: u64::MAX };
    Ok(found(db, shelf, query, narrowed, &moment)?.page(query.size))
}

/// Companies in an order, one beyond so many; of these alone, if so asked.
pub(in crate::store) fn in_order(
    db: &Reader<'_>,
    shelf: Shelf,
    query: &ListQuery<SortBy>,
    candidates: Option<&[i64]>,
    moment: &Moment,
) -> Result<Found, StoreError> {
    let filter = FilterSql::default();
    let narrowed = Narrowed { filter: &filter, only: ("", &[]), needle: None, candidates, rows_max: u64::MAX };
    found(db, shelf, query, narrowed, moment)
}

fn found(
    db: &Reader<'_>,
    shelf: Shelf,
    query: &ListQuery<SortBy>,
    narrowed: Narrowed<'_>,
    moment: &Moment,
) -> Result<Found, StoreError> {
    let (rows, moment) = (rows_of(shelf), stretches::as_of(query.after.as_ref(), moment));
    let mut stretches = stretches(db, &rows, query, &moment)?;
    if let (SortBy::LastSeen, None, Some(walk)) = (&query.sort, narrowed.candidates, &narrowed.filter.walk) {
        stretches[0] = Stretch { index: Some(walk.index.clone()), only: walk.only.clone(), ..stretches[0].clone() };
    }
    Ok(stretches::find(db, &rows, &stretches, query, narrowed, &moment)?.unwrap_or_default())
}

/// How many companies a search finds.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, shelf: Shelf, search: Option<&str>) -> Result<Count, StoreError> {
    let (indexes, of_shelf) = (shelf.indexes(), shelf.condition());
    let words = Words::of(search);
    if words.are_none() {
        let counts = workspace::counts(db)?;
        return Ok(match shelf {
            Shelf::InUse => counts.companies,
            Shelf::Archived => counts.archived_companies,
        });
    }
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT count(*) FROM (
           SELECT 1 FROM companies INDEXED BY {indexes}_sort_name WHERE {of_shelf} {has_words} LIMIT :limit)",
        has_words = words.condition,
    ))?;
    words.bind(&mut statement)?;
    list::bind(&mut statement, ":limit", COUNTED_MAX)?;
    let counted = statement.raw_query().next()?.map_or(Ok(0), |row| row.get(0))?;
    Ok(Count::of(counted))
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
    let words = Words::of(search);
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
        "SELECT true {has_words} {condition} FROM {from} WHERE {shelf} {only} {walked} {order} LIMIT :rows",
        has_words = words.condition,
        condition = condition.condition,
        walked = condition.of_last_seen,
        shelf = shelf.condition(),
    ))?;
    words.bind(&mut statement)?;
    condition.bind(&mut statement)?;
    let rows_max = if extent == Extent::Quickly && keys.is_none() { condition.count_rows_max } else { i64::MAX };
    list::bind(&mut statement, ":rows", rows_max)?;
    if let Some(keys) = keys {
        list::bind(&mut statement, ":keys", list::json_keys(keys))?;
    }
    list::counted(statement.raw_query(), rows_max, extent, |_| true)
}
