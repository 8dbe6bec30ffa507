//! History read backwards (A6): the changes of one value, and how somebody stood at an earlier moment.
//!
//! How somebody stood is today's row with every change since taken back: of each field the value before
//! the first change after the moment. So it is what Rollcall knew then; what was told later about that
//! time is not in it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, named_params};
use serde_json::Value;

use super::changes::{self, ChangeRow, Place, subject_columns};
use super::list;
use super::users::{CompanyName, json_object};
use super::{Reader, StoreError};
use crate::domain::attributes::{Attributes, Owner, Stamp, Write, person_name};
use crate::domain::change::{COMPANY_ID, CREATED, MEMBERSHIP, Subject, USER_ID};
use crate::domain::ids::{ChangeKey, CompanyKey, UserKey};
use crate::domain::profile::{OWNER, Profile, TAGS, tags_of_value};
use crate::domain::time::{self, instant_from_text};

/// Changes since a moment that are looked through; with more, how somebody stood can't be said.
const CHANGES_MAX: usize = 20_000;
/// Members of a company that are named as of a moment.
pub const MEMBERS_SHOWN_MAX: usize = 100;

/// The changes of one field of somebody, the newest first, at most `limit`.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_field(db: &Reader<'_>, subject: Subject, field: &str, limit: usize) -> Result<Vec<ChangeRow>, StoreError> {
    let (number, key, company) = subject_columns(subject);
    let mut statement = db.0.prepare_cached(
        "SELECT change_key, place FROM changes
         WHERE subject = :subject AND subject_key = :key AND company_key = :company AND field = :field
         ORDER BY change_key DESC, place DESC LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":subject": number, ":key": key, ":company": company, ":field": field, ":limit": limit as i64,
    };
    let places = statement
        .query_map(parameters, |row| {
            Ok(Place { change_key: row.get(0)?, place: row.get(1)?, subject: number, subject_key: key })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    places.into_iter().map(|place| changes::row(db, place)).collect()
}

/// What was known of somebody at a moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Then<T> {
    /// This.
    Known(T),
    /// Nothing: the first that Rollcall heard was later, at this instant (Unix milliseconds).
    NotYet(i64),
    /// So much has changed since that it can't be said.
    TooLong,
}

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
}

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
}

/// What users and companies have in common.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProfileThen {
    /// Attributes by name.
    pub attributes: BTreeMap<String, Value>,
    /// The operator who looked after it.
    pub owner: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Attributes whose history is not kept: they stand here as they are today.
    pub without_history: Vec<String>,
}

impl ProfileThen {
    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
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

/// A member of a company as of a moment, as called today.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberThen {
    /// Our id.
    pub id: String,
    /// The site's id.
    pub user_id: Option<String>,
    /// Name, else e-mail.
    pub name: Option<String>,
    /// Unix milliseconds.
    pub joined_ms: i64,
}

/// How a user stood at a moment (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn user(db: &Reader<'_>, user: UserKey, at_ms: i64) -> Result<Then<UserThen>, StoreError> {
    let since = first_after(db, at_ms)?;
    let Some(mut back) = back(db, Subject::User(user), since)? else { return Ok(Then::TooLong) };
    let (id, user_id, values, stamps) =
        db.0.prepare_cached("SELECT id, user_id, json(attributes), stamps FROM users WHERE user_key = :user")?
            .query_row(named_params! { ":user": user.0 }, |row| {
                Ok((row.get(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
            })?;
    if let Some(heard_ms) = back.created_ms {
        return Ok(Then::NotYet(heard_ms));
    }
    let user_id = match back.fields.remove(USER_ID) {
        Some(before) => before.and_then(|id| id.as_str().map(str::to_owned)),
        None => user_id,
    };
    let profile = profile(db, Profile::User(user), back, &Attributes::read(&values, &stamps))?;
    let Some(companies) = companies(db, user, since, at_ms)? else { return Ok(Then::TooLong) };
    Ok(Then::Known(UserThen { id, user_id, profile, companies }))
}

/// How a company stood at a moment (Unix milliseconds).
///
/// # Errors
/// [`StoreError`] only.
pub fn company(db: &Reader<'_>, company: CompanyKey, at_ms: i64) -> Result<Then<CompanyItselfThen>, StoreError> {
    let since = first_after(db, at_ms)?;
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
        Some(before) => members(db, company, &before, members_now)?,
    };
    Ok(Then::Known(CompanyItselfThen { company_id, profile, members, some_members }))
}

/// A person's name, made of its parts where it was not said (A5).
pub fn person_name_of(values: &BTreeMap<String, Value>) -> Option<String> {
    let mut attributes = Attributes::default();
    let stamp = Stamp {
        pinned: false,
        at_ms: 0,
        grade: crate::domain::access::Grade::Rule,
        message_hash: 0,
        source: crate::domain::ids::SourceKey(0),
    };
    for name in ["name", "first_name", "last_name"] {
        if let Some(value) = values.get(name) {
            attributes.write(name, Write::Set(value.clone()), stamp);
        }
    }
    person_name(&attributes)
}

/// What the changes since a moment say of how it was before.
#[derive(Default)]
struct Back {
    /// Each field's value before its first change.
    fields: BTreeMap<String, Option<Value>>,
    /// When it came to be known, Unix milliseconds, where that was since.
    created_ms: Option<i64>,
}

/// The first change set after a moment. Their times rise with their numbers, so halving finds it.
fn first_after(db: &Reader<'_>, at_ms: i64) -> Result<ChangeKey, StoreError> {
    let last: i64 =
        db.0.prepare_cached("SELECT coalesce(max(change_key), 0) FROM change_sets")?.query_row([], |row| row.get(0))?;
    let mut at = db.0.prepare_cached(
        "SELECT change_key, at_ms FROM change_sets WHERE change_key >= ?1 ORDER BY change_key LIMIT 1",
    )?;
    let (mut first, mut end) = (1, last + 1);
    while first < end {
        let middle = first + (end - first) / 2;
        let (set, set_ms): (i64, i64) = at.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if set_ms <= at_ms { first = set + 1 } else { end = middle }
    }
    Ok(ChangeKey(first))
}

/// The fields of a subject before the changes from one on; none where those are too many.
fn back(db: &Reader<'_>, subject: Subject, since: ChangeKey) -> Result<Option<Back>, StoreError> {
    let (number, key, _) = subject_columns(subject);
    let mut statement = db.0.prepare_cached(
        "SELECT c.field, c.before, s.at_ms FROM changes AS c CROSS JOIN change_sets AS s ON s.change_key = c.change_key
         WHERE c.subject = :subject AND c.subject_key = :key AND c.change_key >= :since
         ORDER BY c.change_key, c.place LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":subject": number, ":key": key, ":since": since.0, ":limit": CHANGES_MAX as i64 + 1,
    };
    let (mut back, mut looked_at) = (Back::default(), 0);
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        if looked_at > CHANGES_MAX {
            return Ok(None);
        }
        let field: String = row.get(0)?;
        if field == CREATED {
            back.created_ms = back.created_ms.or(Some(row.get(2)?));
        } else if let Entry::Vacant(vacant) = back.fields.entry(field) {
            vacant.insert(value(row.get(1)?));
        }
    }
    Ok(Some(back))
}

fn value(text: Option<String>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(&text).ok()).filter(|value: &Value| !value.is_null())
}

fn profile(db: &Reader<'_>, profile: Profile, back: Back, attributes: &Attributes) -> Result<ProfileThen, StoreError> {
    let owner = match back.fields.get(OWNER) {
        Some(before) => before.as_ref().and_then(Value::as_str).map(str::to_owned),
        None => super::profiles::owner(db, profile)?,
    };
    let tags = match back.fields.get(TAGS) {
        Some(before) => tags_of_value(before.as_ref()),
        None => super::profiles::tags(db, profile)?,
    };
    let kind = match profile {
        Profile::User(_) => Owner::User,
        Profile::Company(_) => Owner::Company,
    };
    let attributes = values(attributes.stated().map(|(name, stated)| (name.to_owned(), stated.value)), back.fields);
    let mut statement =
        db.0.prepare_cached("SELECT name FROM attribute_definitions WHERE owner = :owner AND history = 0")?;
    let off: BTreeSet<String> =
        statement.query_map(named_params! { ":owner": kind as i64 }, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let without_history = attributes.keys().filter(|name| off.contains(*name)).cloned().collect();
    Ok(ProfileThen { attributes, owner, tags, without_history })
}

/// Values with the changes since taken back.
fn values(
    now: impl Iterator<Item = (String, Value)>,
    before: BTreeMap<String, Option<Value>>,
) -> BTreeMap<String, Value> {
    let mut values: BTreeMap<String, Value> = now.collect();
    for (name, value) in before {
        if name.starts_with(' ') {
            continue;
        }
        match value {
            Some(value) => values.insert(name, value),
            None => values.remove(&name),
        };
    }
    values
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
            None if row.get(6)? => Some((row.get(4)?, row.get(5)?)),
            // That of a company merged by then stands under the one it was merged into.
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

/// When a membership began and ended, as a change set tells it; none where there was none.
fn standing(told: Option<&Value>) -> Option<(i64, Option<i64>)> {
    let at = |name: &str| told?.get(name)?.as_str().and_then(instant_from_text);
    Some((at("joined_at")?, at("left_at")))
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

/// How those stood whose membership of a company changed since: none for who was not in it. None at all
/// where too many changed.
fn standings_before(
    db: &Reader<'_>,
    company: CompanyKey,
    since: ChangeKey,
) -> Result<Option<BTreeMap<i64, Option<i64>>>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT subject_key, before, field FROM changes INDEXED BY changes_company
         WHERE company_key = :company AND company_key <> 0 AND change_key >= :since
         ORDER BY change_key, place LIMIT :limit",
    )?;
    let parameters = named_params! { ":company": company.0, ":since": since.0, ":limit": CHANGES_MAX as i64 + 1 };
    let (mut before, mut looked_at) = (BTreeMap::new(), 0);
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        if looked_at > CHANGES_MAX {
            return Ok(None);
        }
        if row.get::<_, String>(2)? == MEMBERSHIP {
            let user: i64 = row.get(0)?;
            if let std::collections::btree_map::Entry::Vacant(entry) = before.entry(user) {
                let told = value(row.get(1)?);
                let open = standing(told.as_ref()).filter(|(_, left_ms)| left_ms.is_none());
                entry.insert(open.map(|(joined_ms, _)| joined_ms));
            }
        }
    }
    Ok(Some(before))
}

/// How many members there were, and some of them: today's, without those who came since and with those
/// who left.
fn members(
    db: &Reader<'_>,
    company: CompanyKey,
    before: &BTreeMap<i64, Option<i64>>,
    members_now: i64,
) -> Result<(Option<u64>, Vec<MemberThen>), StoreError> {
    let mut is_member_now = db
        .0
        .prepare_cached("SELECT 1 FROM memberships WHERE user_key = :user AND company_key = :company AND open = 1")?;
    let mut members = members_now;
    for (user, joined_ms) in before {
        let now = is_member_now.exists(named_params! { ":user": user, ":company": company.0 })?;
        members += i64::from(joined_ms.is_some()) - i64::from(now);
    }
    let mut keys: Vec<(i64, i64)> =
        before.iter().filter_map(|(user, joined_ms)| joined_ms.map(|joined_ms| (joined_ms, *user))).collect();
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
        if !before.contains_key(&user) {
            keys.push((joined_ms, user));
        }
    }
    keys.sort_unstable();
    keys.truncate(MEMBERS_SHOWN_MAX);
    let mut named =
        db.0.prepare_cached("SELECT id, user_id, coalesce(name, email) FROM users WHERE user_key = :user")?;
    let mut some = Vec::with_capacity(keys.len());
    for (joined_ms, user) in keys {
        let member = named.query_row(named_params! { ":user": user }, |row| {
            Ok(MemberThen { id: row.get(0)?, user_id: row.get(1)?, name: row.get(2)?, joined_ms })
        });
        // Who was made by mistake is not there any more to be named.
        some.extend(member.optional()?);
    }
    Ok((Some(members.max(0).unsigned_abs()), some))
}

/// The last millisecond of a day that has come, in a zone; none where the text is no day or has not come.
pub fn end_of_day(text: &str, zone: chrono_tz::Tz, now_ms: i64) -> Option<i64> {
    let date = time::date_from_text(text)?;
    (time::day_number(date) <= time::day(now_ms, zone)).then(|| time::end_of_day(date, zone).min(now_ms))
}
