//! How a company stood at an earlier moment, with its members as of then.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, named_params};
use serde_json::Value;

use super::{CHANGES_MAX, ProfileThen, Then, back, first_after, profile, standing, stood_for, value};
use crate::domain::attributes::Attributes;
use crate::domain::change::{COMPANY_ID, MEMBERSHIP, Subject};
use crate::domain::ids::{ChangeKey, CompanyKey};
use crate::domain::profile::Profile;
use crate::store::{Reader, StoreError};

/// Members of a company that are named as of a moment.
pub const MEMBERS_SHOWN_MAX: usize = 100;

/// A company as of a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyItselfThen {
    /// The site's id.
    pub company_id: String,
    /// Attributes, owner and tags.
    pub profile: ProfileThen,
    /// How many members it had; none where too many came and went since.
    pub members: Option<u64>,
    /// Some of them, those who joined first.
    pub some_members: Vec<MemberThen>,
    /// When it was merged into another since, Unix milliseconds (C10).
    pub merged_ms: Option<i64>,
}

/// A member of a company as of a moment, as called today.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberThen {
    /// Our id.
    pub id: String,
    /// The site's id.
    pub user_id: Option<String>,
    /// Name, else e-mail.
    pub name: Option<String>,
    /// The role it had.
    pub role: Option<String>,
    /// Unix milliseconds.
    pub joined_ms: i64,
}

/// How a company stood at a moment (Unix milliseconds): whichever a name meant then. `named` is the record that
/// has the name, read through nothing.
///
/// # Errors
/// [`StoreError`] only.
pub fn company(db: &Reader<'_>, named: CompanyKey, at_ms: i64) -> Result<Then<CompanyItselfThen>, StoreError> {
    let since = first_after(db, at_ms)?;
    let company = CompanyKey(stood_for(db, Profile::Company(named), since)?.0);
    let (_, merged_ms) = stood_for(db, Profile::Company(company), since)?;
    let Some(mut back) = back(db, Subject::Company(company), since)? else { return Ok(Then::TooLong) };
    let (company_id, values, stamps, members_now) =
        db.0.prepare_cached(
            "SELECT company_id, json(attributes), stamps, members FROM companies WHERE company_key = :company",
        )?
        .query_row(named_params! { ":company": company.0 }, |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
        })?;
    if let Some(heard_ms) = back.created_ms {
        return Ok(Then::NotYet(heard_ms));
    }
    let company_id = match back.fields.remove(COMPANY_ID) {
        Some(before) => before.and_then(|id| id.as_str().map(str::to_owned)).unwrap_or(company_id),
        None => company_id,
    };
    let profile = profile(db, Profile::Company(company), back, &Attributes::read(&values, &stamps))?;
    let (members, some_members) = match standings_before(db, company, since)? {
        None => (None, Vec::new()),
        Some(before) => members(db, company, before, members_now)?,
    };
    Ok(Then::Known(CompanyItselfThen { company_id, profile, members, some_members, merged_ms }))
}

/// How one stood in a company before a change: each only where it changed since.
#[derive(Default)]
struct Before {
    /// Since when it had been a member, Unix milliseconds; none where it was none.
    joined_ms: Option<Option<i64>>,
    /// Its role.
    role: Option<Option<String>>,
}

/// How those stood whose place in a company changed since, by key. None where too much changed.
fn standings_before(
    db: &Reader<'_>,
    company: CompanyKey,
    since: ChangeKey,
) -> Result<Option<BTreeMap<i64, Before>>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT subject_key, before, field FROM changes INDEXED BY changes_company
         WHERE company_key = :company AND company_key <> 0 AND change_key >= :since
         ORDER BY change_key, place LIMIT :limit",
    )?;
    let parameters = named_params! { ":company": company.0, ":since": since.0, ":limit": CHANGES_MAX as i64 + 1 };
    let (mut before, mut looked_at): (BTreeMap<i64, Before>, usize) = (BTreeMap::new(), 0);
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        if looked_at > CHANGES_MAX {
            return Ok(None);
        }
        let known = before.entry(row.get(0)?).or_default();
        match row.get::<_, String>(2)?.as_str() {
            MEMBERSHIP => {
                let told = value(row.get(1)?);
                let open = standing(told.as_ref()).filter(|(_, left_ms)| left_ms.is_none());
                known.joined_ms.get_or_insert(open.map(|(joined_ms, _)| joined_ms));
            }
            "role" => {
                let told = value(row.get(1)?);
                known.role.get_or_insert(told.as_ref().and_then(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
    Ok(Some(before))
}

/// How many members there were, and some of them: today's, without those who came since and with those
/// who left, or are read through another record since.
fn members(
    db: &Reader<'_>,
    company: CompanyKey,
    mut before: BTreeMap<i64, Before>,
    members_now: i64,
) -> Result<(Option<u64>, Vec<MemberThen>), StoreError> {
    let mut is_member_now = db
        .0
        .prepare_cached("SELECT 1 FROM memberships WHERE user_key = :user AND company_key = :company AND open = 1")?;
    let (mut members, mut keys) = (members_now, Vec::new());
    for (user, then) in &before {
        let Some(joined_ms) = then.joined_ms else { continue };
        let now = is_member_now.exists(named_params! { ":user": user, ":company": company.0 })?;
        members += i64::from(joined_ms.is_some()) - i64::from(now);
        keys.extend(joined_ms.map(|joined_ms| (joined_ms, *user)));
    }
    let mut statement = db.0.prepare_cached(
        "SELECT joined_ms, user_key FROM memberships INDEXED BY memberships_joined
         WHERE company_key = :company AND open = 1 ORDER BY joined_ms, user_key LIMIT :limit",
    )?;
    let limit = (MEMBERS_SHOWN_MAX + before.len()) as i64;
    let now = statement.query_map(named_params! { ":company": company.0, ":limit": limit }, |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    })?;
    for row in now {
        let (joined_ms, user) = row?;
        if before.get(&user).is_none_or(|then| then.joined_ms.is_none()) {
            keys.push((joined_ms, user));
        }
    }
    keys.sort_unstable();
    keys.truncate(MEMBERS_SHOWN_MAX);
    let mut named = db.0.prepare_cached(
        "SELECT u.id, u.user_id, coalesce(u.name, u.email), m.role FROM users AS u
         LEFT JOIN memberships AS m ON m.user_key = u.user_key AND m.company_key = :company WHERE u.user_key = :user",
    )?;
    let mut some = Vec::with_capacity(keys.len());
    for (joined_ms, user) in keys {
        let role = before.get_mut(&user).and_then(|then| then.role.take());
        let member = named.query_row(named_params! { ":user": user, ":company": company.0 }, |row| {
            let (id, user_id, name) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(MemberThen { id, user_id, name, role: role.map_or_else(|| row.get(3), Ok)?, joined_ms })
        });
        // Who was made by mistake is not there any more to be named.
        some.extend(member.optional()?);
    }
    Ok((Some(members.max(0).unsigned_abs()), some))
}
