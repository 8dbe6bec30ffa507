//! A membership's past (C7): earlier times in the company, and the roles and titles before.

use std::collections::HashMap;

use rusqlite::named_params;
use serde_json::Value;

use super::{Reader, StoreError};
use crate::domain::ids::{CompanyKey, UserKey};

/// So many of a user's latest changes of memberships are looked at.
const LOOKED_AT_MAX: i64 = 200;

/// An earlier time in a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Unix milliseconds.
    pub joined_ms: i64,
    /// Unix milliseconds.
    pub left_ms: Option<i64>,
}

/// Another role or title.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleChange {
    /// When it was heard of, Unix milliseconds.
    pub at_ms: i64,
    /// `role` or `title`.
    pub field: String,
    /// Before; none where there was none.
    pub before: Option<Value>,
    /// After; none where it was cleared.
    pub after: Option<Value>,
}

/// What was before of a membership.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MembershipHistory {
    /// Earlier times in the company, the oldest first; the last one is the membership's own.
    pub earlier: Vec<Earlier>,
    /// Changes of role and title, the latest first.
    pub roles: Vec<RoleChange>,
}

impl MembershipHistory {
    /// Nothing was before.
    pub fn is_empty(&self) -> bool {
        self.earlier.is_empty() && self.roles.is_empty()
    }
}

/// What was before of users' memberships in a company, by user.
pub(super) fn of_users(
    db: &Reader<'_>,
    users: &[i64],
    company: CompanyKey,
) -> Result<HashMap<i64, MembershipHistory>, StoreError> {
    let places: Vec<(i64, i64)> = users.iter().map(|user| (*user, company.0)).collect();
    Ok(of(db, &places)?.into_iter().map(|((user, _), history)| (user, history)).collect())
}

/// What was before of a user's memberships in companies, by company.
pub(super) fn of_companies(
    db: &Reader<'_>,
    user: UserKey,
    companies: impl Iterator<Item = CompanyKey>,
) -> Result<HashMap<i64, MembershipHistory>, StoreError> {
    let places: Vec<(i64, i64)> = companies.map(|company| (user.0, company.0)).collect();
    Ok(of(db, &places)?.into_iter().map(|((_, company), history)| (company, history)).collect())
}

/// What was before of memberships, by user and company.
fn of(db: &Reader<'_>, places: &[(i64, i64)]) -> Result<HashMap<(i64, i64), MembershipHistory>, StoreError> {
    let asked = serde_json::json!(places).to_string();
    let mut histories: HashMap<(i64, i64), MembershipHistory> = HashMap::new();
    let mut statement = db.0.prepare_cached(
        "SELECT span.user_key, span.company_key, span.joined_ms, span.left_ms FROM json_each(:asked) AS asked
         CROSS JOIN membership_spans AS span
           ON span.user_key = asked.value ->> 0 AND span.company_key = asked.value ->> 1
         ORDER BY asked.key, span.joined_ms",
    )?;
    let mut rows = statement.query(named_params! { ":asked": asked })?;
    while let Some(row) = rows.next()? {
        let earlier = Earlier { joined_ms: row.get(2)?, left_ms: row.get(3)? };
        histories.entry((row.get(0)?, row.get(1)?)).or_default().earlier.push(earlier);
    }
    let mut statement = db.0.prepare_cached(
        "SELECT change.subject_key, change.company_key, change_set.at_ms, change.field, change.before, change.after
         FROM json_each(:asked) AS asked
         CROSS JOIN changes AS change ON change.subject = 2 AND change.subject_key = asked.value ->> 0
           AND change.change_key >= coalesce((
             SELECT change_key FROM changes WHERE subject = 2 AND subject_key = asked.value ->> 0
             ORDER BY change_key DESC LIMIT 1 OFFSET :looked_at), 0)
         CROSS JOIN change_sets AS change_set ON change_set.change_key = change.change_key
         WHERE change.company_key = asked.value ->> 1 AND change.field IN ('role', 'title') AND change.before IS NOT NULL
         ORDER BY asked.key, change.change_key DESC, change.place DESC",
    )?;
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let mut rows = statement.query(named_params! { ":asked": asked, ":looked_at": LOOKED_AT_MAX - 1 })?;
    while let Some(row) = rows.next()? {
        let change =
            RoleChange { at_ms: row.get(2)?, field: row.get(3)?, before: json(row.get(4)?), after: json(row.get(5)?) };
        histories.entry((row.get(0)?, row.get(1)?)).or_default().roles.push(change);
    }
    Ok(histories)
}
