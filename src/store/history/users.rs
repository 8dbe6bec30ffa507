//! How a user stood at an earlier moment: also one that was merged since, before and after (R11).

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, named_params};
use serde_json::Value;

use super::{CHANGES_MAX, ProfileThen, Then, back, first_after, profile, standing, stood_for, value, values};
use crate::domain::attributes::{Attributes, Stamp, Write, person_name};
use crate::domain::change::{MEMBERSHIP, Subject, USER_ID};
use crate::domain::first_page::FirstPage;
use crate::domain::ids::{ChangeKey, CompanyKey, UserKey};
use crate::domain::profile::Profile;
use crate::store::list;
use crate::store::users::{CompanyName, json_object};
use crate::store::{Reader, StoreError};

/// Browsers that are named.
const BROWSERS_MAX: usize = 100;
/// Records of one person that are looked at.
const RECORDS_MAX: usize = 100;

/// A user as of a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct UserThen {
    /// Our id.
    pub id: String,
    /// The site's id; none while a lead.
    pub user_id: Option<String>,
    /// Attributes, owner and tags.
    pub profile: ProfileThen,
    /// Companies, those it was in first.
    pub companies: Vec<CompanyThen>,
    /// Former ids of the site that it had, and those of records merged into it by then.
    pub aliases: Vec<String>,
    /// Browsers that were linked to it, the latest first, at most 100.
    pub anonymous_ids: Vec<String>,
    /// Unix milliseconds; as of today.
    pub first_seen_ms: i64,
    /// The first page viewed, where that was by then.
    pub first_page: Option<FirstPage>,
    /// Proof of identity was seen; as of today.
    pub signed: bool,
    /// When it was merged into another since, Unix milliseconds (R11).
    pub merged_ms: Option<i64>,
}

/// A user's place in a company as of a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyThen {
    /// The company, as it is called today.
    pub company: CompanyName,
    /// The membership's attributes, role and title among them.
    pub attributes: BTreeMap<String, Value>,
    /// The current one.
    pub current: bool,
    /// Unix milliseconds.
    pub joined_ms: i64,
    /// Unix milliseconds; none while in it.
    pub left_ms: Option<i64>,
}

/// How a user stood at a moment (Unix milliseconds): whoever a name meant then. `named` is the record that
/// has the name, read through nothing; where it was merged into another by then, it is the other.
///
/// # Errors
/// [`StoreError`] only.
pub fn user(db: &Reader<'_>, named: UserKey, at_ms: i64) -> Result<Then<UserThen>, StoreError> {
    let since = first_after(db, at_ms)?;
    let user = UserKey(stood_for(db, Profile::User(named), since)?.0);
    let (_, merged_ms) = stood_for(db, Profile::User(user), since)?;
    let Some(mut back) = back(db, Subject::User(user), since)? else { return Ok(Then::TooLong) };
    if let Some(heard_ms) = back.created_ms {
        return Ok(Then::NotYet(heard_ms));
    }
    let mut statement = db.0.prepare_cached(
        "SELECT id, user_id, json(attributes), stamps, first_seen_ms, signed, first_page_ms, first_page
         FROM users WHERE user_key = :user",
    )?;
    let (mut then, now) = statement.query_row(named_params! { ":user": user.0 }, |row| {
        let first_page_ms: Option<i64> = row.get::<_, Option<i64>>(6)?.filter(|page_ms| *page_ms <= at_ms);
        let first_page: Option<String> = row.get(7)?;
        let then = UserThen {
            id: row.get(0)?,
            user_id: row.get(1)?,
            profile: ProfileThen::default(),
            companies: Vec::new(),
            aliases: Vec::new(),
            anonymous_ids: Vec::new(),
            first_seen_ms: row.get(4)?,
            first_page: first_page_ms.zip(first_page).map(|(page_ms, kept)| FirstPage::read(page_ms, &kept)),
            signed: row.get(5)?,
            merged_ms,
        };
        Ok((then, Attributes::read(row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?)))
    })?;
    if let Some(before) = back.fields.remove(USER_ID) {
        then.user_id = before.and_then(|id| id.as_str().map(str::to_owned));
    }
    then.profile = profile(db, Profile::User(user), back, &now)?;
    let Some(companies) = companies(db, user, since, at_ms)? else { return Ok(Then::TooLong) };
    then.companies = companies;
    for record in records(db, user, since)? {
        then.aliases.extend(ids_by(db, record, at_ms)?);
        then.anonymous_ids.extend(browsers_by(db, record, at_ms)?);
    }
    then.aliases.retain(|id| Some(id) != then.user_id.as_ref());
    then.anonymous_ids.truncate(BROWSERS_MAX);
    Ok(Then::Known(then))
}

/// A record, and those of its person today that had been merged into it before a change.
fn records(db: &Reader<'_>, user: UserKey, since: ChangeKey) -> Result<Vec<UserKey>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT user_key FROM users
         WHERE merged_into = (SELECT coalesce(merged_into, user_key) FROM users WHERE user_key = :user)
         ORDER BY user_key LIMIT :limit",
    )?;
    let parameters = named_params! { ":user": user.0, ":limit": RECORDS_MAX as i64 };
    let merged = statement.query_map(parameters, |row| row.get(0).map(UserKey))?.collect::<Result<Vec<_>, _>>()?;
    let mut records = vec![user];
    for other in merged {
        if other != user && stood_for(db, Profile::User(other), since)?.0 == user.0 {
            records.push(other);
        }
    }
    Ok(records)
}

/// The ids that the site had for a record by a moment, the first first.
fn ids_by(db: &Reader<'_>, user: UserKey, at_ms: i64) -> Result<Vec<String>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT since_ms, user_id FROM user_ids WHERE user_key = :user")?;
    let ids = statement.query_map(named_params! { ":user": user.0 }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut ids = ids.collect::<Result<Vec<(i64, String)>, _>>()?;
    ids.sort_unstable();
    Ok(ids.into_iter().filter(|(since_ms, _)| *since_ms <= at_ms).map(|(_, id)| id).collect())
}

/// The browsers that were linked to a record by a moment, the latest first.
fn browsers_by(db: &Reader<'_>, user: UserKey, at_ms: i64) -> Result<Vec<String>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT anonymous_id FROM visitors INDEXED BY visitors_user WHERE user_key = :user AND coalesce(linked_ms, first_seen_ms) <= :at
         ORDER BY visitor_key DESC LIMIT :limit",
    )?;
    let parameters = named_params! { ":user": user.0, ":at": at_ms, ":limit": BROWSERS_MAX as i64 };
    let browsers = statement.query_map(parameters, |row| row.get(0))?;
    Ok(browsers.collect::<Result<_, _>>()?)
}

/// A person's name, made of its parts where it was not said (A5).
pub fn person_name_of(values: &BTreeMap<String, Value>) -> Option<String> {
    let mut attributes = Attributes::default();
    let stamp = Stamp {
        pinned: false,
        at_ms: 0,
        grade: crate::domain::access::Grade::Rule,
        order: 0,
        source: crate::domain::ids::SourceKey(0),
    };
    for name in ["name", "first_name", "last_name"] {
        if let Some(value) = values.get(name) {
            attributes.write(name, Write::Set(value.clone()), stamp);
        }
    }
    person_name(&attributes)
}

/// A user's companies; none where too much has changed.
fn companies(
    db: &Reader<'_>,
    user: UserKey,
    since: ChangeKey,
    at_ms: i64,
) -> Result<Option<Vec<CompanyThen>>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT company_key, field, before FROM changes
         WHERE subject = 2 AND subject_key = :user AND change_key >= :since ORDER BY change_key, place LIMIT :limit",
    )?;
    let parameters = named_params! { ":user": user.0, ":since": since.0, ":limit": CHANGES_MAX as i64 + 1 };
    let mut before: BTreeMap<i64, BTreeMap<String, Option<Value>>> = BTreeMap::new();
    let mut looked_at = 0;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        if looked_at > CHANGES_MAX {
            return Ok(None);
        }
        let field: String = row.get(1)?;
        let before_it = value(row.get(2)?);
        before.entry(row.get(0)?).or_default().entry(field).or_insert(before_it);
    }
    let mut statement = db.0.prepare_cached(
        "SELECT c.company_key, c.company_id, c.name, json(m.attributes), m.joined_ms, m.left_ms, c.merged_into IS NULL
         FROM memberships AS m JOIN companies AS c ON c.company_key = m.company_key WHERE m.user_key = :user",
    )?;
    let mut found = Vec::new();
    let mut rows = statement.query(named_params! { ":user": user.0 })?;
    while let Some(row) = rows.next()? {
        let key = row.get(0)?;
        let mut fields = before.remove(&key).unwrap_or_default();
        let standing = match fields.remove(MEMBERSHIP) {
            // That of a company merged by then stands under the one it was merged into.
            None if row.get(6)? || stood_for(db, Profile::Company(CompanyKey(key)), since)?.0 == key => {
                Some((row.get(4)?, row.get(5)?))
            }
            None => None,
            Some(told) => standing(told.as_ref()),
        };
        let Some((joined_ms, left_ms)) = standing else { continue };
        found.push(CompanyThen {
            company: CompanyName { key: CompanyKey(key), company_id: row.get(1)?, name: row.get(2)? },
            attributes: values(json_object(&row.get::<_, String>(3)?).into_iter(), fields),
            current: false,
            joined_ms,
            left_ms,
        });
    }
    let open: Vec<i64> = found.iter().filter(|one| one.left_ms.is_none()).map(|one| one.company.key.0).collect();
    let current = match open[..] {
        [] => None,
        [only] => Some(only),
        _ => stated_last(db, user, &open, at_ms)?,
    };
    for one in &mut found {
        one.current = Some(one.company.key.0) == current;
    }
    found.sort_by_key(|one| (!one.current, one.left_ms.is_some(), std::cmp::Reverse(one.joined_ms)));
    Ok(Some(found))
}

/// Which of some companies a user was said to be in last, by then.
fn stated_last(db: &Reader<'_>, user: UserKey, open: &[i64], at_ms: i64) -> Result<Option<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT company_key FROM membership_statements
         WHERE subject = :user AND at_ms <= :at AND said = 0 AND company_key IN (SELECT value FROM json_each(:open))
         ORDER BY at_ms DESC, message_hash DESC, place DESC LIMIT 1",
    )?;
    let open = list::json_keys(open.iter().copied());
    let parameters = named_params! { ":user": user.0, ":at": at_ms, ":open": open };
    Ok(statement.query_row(parameters, |row| row.get(0)).optional()?)
}
