//! The members of a company.

use rusqlite::named_params;

use crate::domain::access::Grade;
use crate::domain::ids::CompanyKey;
use crate::store::list::{self, COUNT_MAX, Count, Cursor, Keyset, ListQuery, Page};
use crate::store::membership_history::{self, MembershipHistory};
use crate::store::search::{self, Candidates, Needle};
use crate::store::users::{self, SourceNames, UserRow};
use crate::store::{Reader, StoreError, activity, workspace};

/// The columns by which members are sorted; each has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersBy {
    /// Name, else e-mail, else id.
    Name,
    /// Joined.
    Joined,
    /// Last activity in the company.
    LastSeen,
}

/// A member in a company's list.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRow {
    /// The user, with the roll of this user's days in all companies.
    pub user: UserRow,
    /// Role in the company.
    pub role: Option<String>,
    /// Title in the company.
    pub title: Option<String>,
    /// The membership's own attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// The company is the user's current one.
    pub current: bool,
    /// Unix milliseconds.
    pub joined_ms: i64,
    /// Unix milliseconds; none while in it.
    pub left_ms: Option<i64>,
    /// Last activity in this company, Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// Events in this company of the last 28 days.
    pub events_28d: u64,
    /// The name of the source that said so; `domain` and `by hand` where none did (C7).
    pub source: String,
    /// What its sender was worth.
    pub grade: Grade,
    /// What was before (C7).
    pub history: MembershipHistory,
}

/// A page of a company's members: those in it, or those who left.
///
/// # Errors
/// [`StoreError`] only.
pub fn members(
    db: &Reader<'_>,
    company: CompanyKey,
    open: bool,
    query: &ListQuery<MembersBy>,
    now_ms: i64,
) -> Result<Page<MemberRow>, StoreError> {
    let (keys, next) = page_of_members(db, company.0, open, query)?;
    let sources = users::source_names(db)?;
    let mut rows = Vec::with_capacity(keys.len());
    let events = activity::events_in_company(db, company.0, &keys, workspace::today(db, now_ms)?)?;
    for user in users::rows(db, &keys, now_ms)? {
        let events_28d = events.get(&user.key.0).copied().unwrap_or(0);
        rows.push(MemberRow { events_28d, ..member(db, company.0, user, &sources)? });
    }
    if query.sort == MembersBy::LastSeen {
        list::order_within_hours(&mut rows, query.descending, |member| member.last_seen_ms);
    }
    Ok(Page { rows, next })
}

/// How many of a company's members a search finds: of those in it, or of those who left.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_members(
    db: &Reader<'_>,
    company: CompanyKey,
    open: bool,
    search: Option<&str>,
) -> Result<Count, StoreError> {
    let all = ListQuery {
        search: search.map(str::to_owned),
        filter: None,
        sort: MembersBy::Name,
        descending: false,
        after: None,
        size: COUNT_MAX as usize,
    };
    let (keys, more) = page_of_members(db, company.0, open, &all)?;
    Ok(if more.is_some() { Count::Over } else { Count::Exactly(keys.len() as u64) })
}

/// The members of a page in its order, and where the next one begins.
fn page_of_members(
    db: &Reader<'_>,
    company: i64,
    open: bool,
    query: &ListQuery<MembersBy>,
) -> Result<(Vec<i64>, Option<Cursor>), StoreError> {
    let (index, column) = match query.sort {
        MembersBy::Name => ("memberships_sort_name", "m.sort_name"),
        MembersBy::Joined => ("memberships_joined", "m.joined_ms"),
        MembersBy::LastSeen => ("memberships_last_seen", "m.last_seen_hour"),
    };
    let needle = Needle::of(query.search.as_deref());
    let candidates = match &needle {
        Some(needle) => search::candidates(db, needle, search::CANDIDATES_MAX)?,
        None => Candidates::TooMany,
    };
    let (from, keys) = match candidates {
        Candidates::TooMany => (format!("memberships AS m INDEXED BY {index}"), None),
        Candidates::Keys(keys) => (
            "json_each(:keys) AS found CROSS JOIN memberships AS m ON m.user_key = found.value".to_owned(),
            Some(list::json_keys(keys)),
        ),
    };
    let keyset = Keyset { column: Some(column), key: "m.user_key", descending: query.descending };
    let mut statement = db.0.prepare_cached(&format!(
        "SELECT m.user_key, {column}, u.name, u.email, u.user_id
         FROM {from} CROSS JOIN users AS u ON u.user_key = m.user_key
         WHERE m.company_key = :company AND m.open = :open AND u.merged_into IS NULL AND u.archived_ms IS NULL
           {behind} {order}",
        behind = keyset.behind(query.after.as_ref()),
        order = keyset.order(),
    ))?;
    list::bind_cursor(&mut statement, &keyset, query.after.as_ref())?;
    list::bind(&mut statement, ":company", company)?;
    list::bind(&mut statement, ":open", open)?;
    if let Some(keys) = keys {
        list::bind(&mut statement, ":keys", keys)?;
    }
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while found.len() <= query.size
        && let Some(row) = rows.next()?
    {
        if needle.as_ref().is_none_or(|needle| needle.is_in(search::texts(row, 2))) {
            let key = row.get(0)?;
            found.push((Cursor { value: list::cursor_value(row.get_ref(1)?), key }, key));
        }
    }
    let page = Page::cut(found, query.size);
    Ok((page.rows, page.next))
}

/// A user as a member of a company.
fn member(db: &Reader<'_>, company: i64, user: UserRow, sources: &SourceNames) -> Result<MemberRow, StoreError> {
    let key = user.key.0;
    let mut statement = db.0.prepare_cached(
        "SELECT role, title, json(attributes), joined_ms, left_ms, source_key, grade, last_seen_hour
         FROM memberships WHERE user_key = :user AND company_key = :company",
    )?;
    let (mut member, hour) = statement.query_row(named_params! { ":user": key, ":company": company }, |row| {
        let member = MemberRow {
            role: row.get(0)?,
            title: row.get(1)?,
            attributes: users::json_object(row.get_ref(2)?.as_str()?),
            current: user.company.as_ref().is_some_and(|current| current.key.0 == company),
            joined_ms: row.get(3)?,
            left_ms: row.get(4)?,
            last_seen_ms: None,
            events_28d: 0,
            source: users::said_by(sources, row.get(5)?, Grade::from_number(row.get(6)?)),
            grade: Grade::from_number(row.get(6)?),
            history: MembershipHistory::default(),
            user,
        };
        Ok((member, row.get::<_, i64>(7)?))
    })?;
    member.history = membership_history::of(db, member.user.key, CompanyKey(company))?;
    member.last_seen_ms = activity::last_of_user(db, key, Some(company), hour)?;
    Ok(member)
}
