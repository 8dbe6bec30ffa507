//! A membership's past (C7): earlier times in the company, and the roles and titles before.

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

/// What was before of a user's membership in a company.
pub(super) fn of(db: &Reader<'_>, user: UserKey, company: CompanyKey) -> Result<MembershipHistory, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT joined_ms, left_ms FROM membership_spans
         WHERE user_key = :user AND company_key = :company ORDER BY joined_ms",
    )?;
    let earlier = statement
        .query_map(named_params! { ":user": user.0, ":company": company.0 }, |row| {
            Ok(Earlier { joined_ms: row.get(0)?, left_ms: row.get(1)? })
        })?
        .collect::<Result<_, _>>()?;
    let mut statement = db.0.prepare_cached(
        "SELECT s.at_ms, c.field, c.before, c.after
         FROM (SELECT * FROM changes WHERE subject = 2 AND subject_key = :user
               ORDER BY change_key DESC, place DESC LIMIT :limit) AS c
         CROSS JOIN change_sets AS s ON s.change_key = c.change_key
         WHERE c.company_key = :company AND c.field IN ('role', 'title') AND c.before IS NOT NULL
         ORDER BY c.change_key DESC, c.place DESC",
    )?;
    let parameters = named_params! { ":user": user.0, ":company": company.0, ":limit": LOOKED_AT_MAX };
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let roles = statement
        .query_map(parameters, |row| {
            Ok(RoleChange {
                at_ms: row.get(0)?,
                field: row.get(1)?,
                before: json(row.get(2)?),
                after: json(row.get(3)?),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(MembershipHistory { earlier, roles })
}
