//! The members of a company; which of them, in which order, is in `listed.rs`.

mod listed;

use std::collections::HashMap;

use rusqlite::named_params;

use crate::domain::access::Grade;
use crate::domain::ids::CompanyKey;
use crate::store::list::{self, Count, ListQuery, Page};
use crate::store::membership_history::{self, MembershipHistory};
use crate::store::users::{self, UserRow};
use crate::store::{Reader, StoreError, activity, workspace};

pub use listed::{ROLES_MAX, count_members, days_of_events, roles};

/// The columns by which members are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersBy {
    /// Name, else e-mail, else id.
    Name,
    /// Role; last who has none.
    Role,
    /// Joined.
    Joined,
    /// Last activity in the company.
    LastSeen,
    /// Events of the last 28 days in the company, or of fewer days ([`days_of_events`]); behind them who did
    /// nothing, by the hour of the last activity.
    Events,
}

/// Which members of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersOf {
    /// The company.
    pub company: CompanyKey,
    /// Those in it, not those who left.
    pub open: bool,
    /// Only those of this role.
    pub role: Option<RoleIs>,
}

impl MembersOf {
    /// All who are in a company.
    pub fn now(company: CompanyKey) -> MembersOf {
        MembersOf { company, open: true, role: None }
    }
}

/// A role in a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleIs {
    /// This one, as it was said.
    Text(String),
    /// None.
    Unset,
}

impl RoleIs {
    /// The role's text, where there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            RoleIs::Text(text) => Some(text),
            RoleIs::Unset => None,
        }
    }
}

/// The roles that members of a company have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Each with how many have it, by their text; last those who have none.
    pub roles: Vec<(RoleIs, Count)>,
    /// There are no others.
    pub are_all: bool,
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

/// A page of a company's members.
///
/// # Errors
/// [`StoreError`] only.
pub fn members(
    db: &Reader<'_>,
    of: &MembersOf,
    query: &ListQuery<MembersBy>,
    now_ms: i64,
) -> Result<Page<MemberRow>, StoreError> {
    let today = workspace::today(db, now_ms)?;
    let (keys, next) = listed::page_of_members(db, of, query, today)?;
    let mut rows = standing(db, of.company.0, users::rows(db, &keys, now_ms)?, today)?;
    if query.sort == MembersBy::LastSeen {
        list::order_within_hours(&mut rows, query.descending, |member| member.last_seen_ms);
    }
    Ok(Page { rows, next })
}

/// Users as members of a company, in the order in which they come.
fn standing(db: &Reader<'_>, company: i64, users: Vec<UserRow>, today: i32) -> Result<Vec<MemberRow>, StoreError> {
    let keys: Vec<i64> = users.iter().map(|user| user.key.0).collect();
    let sources = users::source_names(db)?;
    let events = activity::events_in_company(db, company, &keys, today)?;
    let mut history = membership_history::of_users(db, &keys, CompanyKey(company))?;
    let mut users: HashMap<i64, UserRow> = users.into_iter().map(|user| (user.key.0, user)).collect();
    let mut statement = db.0.prepare_cached(
        "SELECT m.role, m.title, json(m.attributes), m.joined_ms, m.left_ms, m.source_key, m.grade, m.last_seen_hour,
                m.user_key
         FROM json_each(:keys) AS asked
         CROSS JOIN memberships AS m ON m.user_key = asked.value AND m.company_key = :company ORDER BY asked.key",
    )?;
    let mut rows = statement.query(named_params! { ":keys": list::json_keys(keys), ":company": company })?;
    let (mut members, mut hours) = (Vec::with_capacity(users.len()), Vec::with_capacity(users.len()));
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(8)?;
        let Some(user) = users.remove(&key) else { continue };
        hours.push((key, row.get(7)?));
        members.push(MemberRow {
            role: row.get(0)?,
            title: row.get(1)?,
            attributes: users::json_object(&row.get::<_, String>(2)?),
            current: user.company.as_ref().is_some_and(|current| current.key.0 == company),
            joined_ms: row.get(3)?,
            left_ms: row.get(4)?,
            last_seen_ms: None,
            events_28d: events.get(&key).copied().unwrap_or(0),
            source: users::said_by(&sources, row.get(5)?, Grade::from_number(row.get(6)?)),
            grade: Grade::from_number(row.get(6)?),
            history: history.remove(&key).unwrap_or_default(),
            user,
        });
    }
    let last = activity::last_of_users(db, &hours, Some(company))?;
    for member in &mut members {
        member.last_seen_ms = last.get(&member.user.key.0).copied();
    }
    Ok(members)
}
