//! A user with all that is known: attributes, ids, companies.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, named_params};

use super::sessions::{self, Sessions};
use super::{
    CompanyName, SortBy, SourceNames, UserName, UserRow, json_object, key, page_of_keys, rows, rows_without_rolls,
    source_names,
};
use crate::domain::access::Grade;
use crate::domain::activity::TREND_DAYS;
use crate::domain::attributes::{Attributes, Owner, Type};
use crate::domain::duplicates::Why;
use crate::domain::email_domains::of_email;
use crate::domain::first_page::FirstPage;
use crate::domain::ids::{CompanyKey, EventId, UserKey};
use crate::domain::time::DAY_MS;
use crate::store::list::{self, ListQuery, Page};
use crate::store::membership_history::{self, MembershipHistory};
use crate::store::tray::{self, RefusedOf};
use crate::store::{Reader, StoreError, activity, duplicates, email_domains, first_pages, staff, workspace};

/// Of a user's browsers so many are named.
const BROWSERS_SHOWN_MAX: usize = 100;

/// Refused values that are told of a user.
const REFUSED_MAX: usize = 10;

/// Of a user's events so many are looked at for one that states no company.
const UNSTATED_LOOKED_AT_MAX: usize = 10_000;

/// An id that a user has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// `user_id`, `alias` or `anonymous_id`.
    pub kind: &'static str,
    /// The id.
    pub value: String,
    /// Since when, Unix milliseconds.
    pub since_ms: i64,
}

/// An attribute with where it came from, as a page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeValue {
    /// Its name.
    pub name: String,
    /// What people read instead of the name.
    pub label: Option<String>,
    /// It is left out of pages; the API has it.
    pub hidden: bool,
    /// Its value, as JSON.
    pub value: serde_json::Value,
    /// Its type.
    pub kind: Type,
    /// Since when it is so, Unix milliseconds.
    pub at_ms: i64,
    /// What the sender was worth.
    pub grade: Grade,
    /// The name of the source.
    pub source: String,
    /// Pinned by hand.
    pub pinned: bool,
}

/// A membership as a user's page and the API show it.
#[derive(Debug, Clone, PartialEq)]
pub struct UserMembership {
    /// The company.
    pub company: CompanyName,
    /// The company is out of lists and numbers (C10).
    pub archived: bool,
    /// Role in it.
    pub role: Option<String>,
    /// Title in it.
    pub title: Option<String>,
    /// The membership's own attributes.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// The current one (C1).
    pub current: bool,
    /// Unix milliseconds.
    pub joined_ms: i64,
    /// Unix milliseconds; none while in it.
    pub left_ms: Option<i64>,
    /// The name of the source that said so; `domain` and `by hand` where none did (C7).
    pub source: String,
    /// What its sender was worth.
    pub grade: Grade,
    /// What was before (C7).
    pub history: MembershipHistory,
}

/// A user with all that the API says of one.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRecord {
    /// As in a list; where many records are read, without the roll.
    pub row: UserRow,
    /// All ids, of browsers the latest 100.
    pub identifiers: Vec<Identifier>,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// Companies, current and past, the current one first.
    pub memberships: Vec<UserMembership>,
    /// Active days of the last 28 days, and of the 28 before (T7).
    pub active_days: (i64, i64),
    /// Proof of identity was seen.
    pub signed: bool,
    /// The first page viewed (A9).
    pub first_page: Option<FirstPage>,
}

/// A user with all that its page shows beside events and history.
#[derive(Debug, Clone, PartialEq)]
pub struct UserPage {
    /// As in a list.
    pub row: UserRow,
    /// All ids.
    pub identifiers: Vec<Identifier>,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// Companies, current and past, the current one first.
    pub memberships: Vec<UserMembership>,
    /// Active days of the last 28 days, and of the 28 before (T7).
    pub active_days: (i64, i64),
    /// Sessions of the last 28 days, and of the 28 before (T6).
    pub sessions: Sessions,
    /// Values that were refused, the latest 10.
    pub refused: Vec<RefusedOf>,
    /// Events of the last 28 days that count for no company though the user has several (C4).
    pub unstated_events: u64,
    /// The e-mail address is of this domain, and no company that the user belongs to has it, though they
    /// have others (C9).
    pub elsewhere: Option<String>,
    /// Other users that may be the same, and why.
    pub possible_duplicates: Vec<(UserRow, Why)>,
    /// Of our own people, who are in no number (R16).
    pub is_staff: bool,
    /// Proof of identity was seen.
    pub signed: bool,
    /// The first page viewed (A9).
    pub first_page: Option<FirstPage>,
}

/// A page of users with all that the API says of each, which has no rolls.
///
/// # Errors
/// [`StoreError`] only.
pub fn records(db: &Reader<'_>, query: &ListQuery<SortBy>, now_ms: i64) -> Result<Page<UserRecord>, StoreError> {
    let (keys, next) = page_of_keys(db, query, now_ms)?;
    let (today, sources) = (workspace::today(db, now_ms)?, source_names(db)?);
    let mut rows = rows_without_rolls(db, &keys)?;
    if query.sort == SortBy::LastSeen {
        list::order_within_hours(&mut rows, query.descending, |row| row.last_seen_ms);
    }
    let rows = rows.into_iter().map(|row| record_of(db, row, today, &sources));
    Ok(Page { rows: rows.collect::<Result<_, _>>()?, next })
}

/// All that the API says of a user.
///
/// # Errors
/// [`StoreError`] only.
pub fn record(db: &Reader<'_>, name: &UserName, now_ms: i64) -> Result<Option<UserRecord>, StoreError> {
    key(db, name)?.map_or(Ok(None), |key| record_of_key(db, key, now_ms))
}

/// A user as a list shows it, without the roll.
///
/// # Errors
/// [`StoreError`] only.
pub fn row(db: &Reader<'_>, key: UserKey) -> Result<Option<UserRow>, StoreError> {
    Ok(rows_without_rolls(db, &[key.0])?.pop())
}

/// A user's attributes by name.
///
/// # Errors
/// [`StoreError`] only.
pub fn values(db: &Reader<'_>, key: UserKey) -> Result<Vec<AttributeValue>, StoreError> {
    Ok(stored_values(db, key, &source_names(db)?)?.0)
}

/// A user's companies, current and past, the current one first.
///
/// # Errors
/// [`StoreError`] only.
pub fn memberships_of(db: &Reader<'_>, key: UserKey) -> Result<Vec<UserMembership>, StoreError> {
    memberships(db, key.0, &source_names(db)?)
}

/// A user's attributes, and whether proof of identity was seen.
fn stored_values(
    db: &Reader<'_>,
    key: UserKey,
    sources: &SourceNames,
) -> Result<(Vec<AttributeValue>, bool), StoreError> {
    let (values, stamps, signed) =
        db.0.prepare_cached("SELECT json(attributes), stamps, signed FROM users WHERE user_key = :user")?
            .query_row(named_params! { ":user": key.0 }, |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?))
            })?;
    Ok((attribute_values(db, Owner::User, &Attributes::read(&values, &stamps), sources)?, signed))
}

/// As [`record`], of our row number.
///
/// # Errors
/// [`StoreError`] only.
pub fn record_of_key(db: &Reader<'_>, key: UserKey, now_ms: i64) -> Result<Option<UserRecord>, StoreError> {
    let Some(row) = rows(db, &[key.0], now_ms)?.pop() else { return Ok(None) };
    Ok(Some(record_of(db, row, workspace::today(db, now_ms)?, &source_names(db)?)?))
}

fn record_of(db: &Reader<'_>, row: UserRow, today: i32, sources: &SourceNames) -> Result<UserRecord, StoreError> {
    let key = row.key.0;
    let (attributes, signed) = stored_values(db, row.key, sources)?;
    Ok(UserRecord {
        identifiers: identifiers(db, &row)?,
        attributes,
        memberships: memberships(db, key, sources)?,
        active_days: active_days_until(db, key, today)?,
        first_page: first_pages::of_user(db, row.key)?,
        signed,
        row,
    })
}

/// On how many days a user was active in the last 28, and in the 28 before (T7).
pub(in crate::store) fn active_days(db: &Reader<'_>, user: UserKey, now_ms: i64) -> Result<(i64, i64), StoreError> {
    active_days_until(db, user.0, workspace::today(db, now_ms)?)
}

fn active_days_until(db: &Reader<'_>, user: i64, today: i32) -> Result<(i64, i64), StoreError> {
    Ok((
        activity::active_days(db, user, activity::last_days(today, TREND_DAYS))?,
        activity::active_days(db, user, activity::last_days(today - TREND_DAYS, TREND_DAYS))?,
    ))
}

/// Whether proof of identity was seen of a user.
pub(in crate::store) fn is_proved(db: &Reader<'_>, user: UserKey) -> Result<bool, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT signed FROM users WHERE user_key = :user")?;
    Ok(statement.query_row(named_params! { ":user": user.0 }, |row| row.get(0))?)
}

/// All that a user's page shows.
///
/// # Errors
/// [`StoreError`] only.
pub fn page(db: &Reader<'_>, name: &UserName, now_ms: i64) -> Result<Option<UserPage>, StoreError> {
    let Some(record) = record(db, name, now_ms)? else { return Ok(None) };
    let UserRecord { row, identifiers, attributes, memberships, active_days, signed, first_page } = record;
    let is_staff = staff::is_left_out(db, row.key)?;
    let unstated_events = if row.companies > 1 { unstated_events(db, row.key.0, now_ms)? } else { 0 };
    let sessions = sessions::of(db, row.key, now_ms)?;
    let refused = tray::of_user(db, row.key, REFUSED_MAX)?;
    let domain = row.email.as_deref().and_then(of_email);
    let elsewhere = match domain {
        Some(domain) if email_domains::is_elsewhere(db, row.key, &domain)? => Some(domain),
        _ => None,
    };
    let possible_duplicates = duplicates::of_user(db, row.key, now_ms)?;
    Ok(Some(UserPage {
        row,
        identifiers,
        attributes,
        memberships,
        active_days,
        sessions,
        refused,
        unstated_events,
        elsewhere,
        possible_duplicates,
        is_staff,
        signed,
        first_page,
    }))
}

/// A user's ids: the site's own, the former ones, and those of the latest browsers.
pub(in crate::store) fn identifiers(db: &Reader<'_>, user: &UserRow) -> Result<Vec<Identifier>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT user_id, since_ms FROM user_ids WHERE user_key = :user
         UNION ALL
         SELECT i.user_id, i.since_ms FROM users AS u JOIN user_ids AS i ON i.user_key = u.user_key
         WHERE u.merged_into = :user",
    )?;
    let rows = statement.query_map(named_params! { ":user": user.key.0 }, |row| {
        Ok(Identifier { kind: "alias", value: row.get(0)?, since_ms: row.get(1)? })
    })?;
    let mut identifiers: Vec<Identifier> = rows.collect::<Result<_, _>>()?;
    for identifier in &mut identifiers {
        if user.user_id.as_ref() == Some(&identifier.value) {
            identifier.kind = "user_id";
        }
    }
    identifiers.sort_by_key(|identifier| (identifier.kind != "user_id", identifier.since_ms));
    let mut statement = db.0.prepare_cached(
        "SELECT v.anonymous_id, coalesce(v.linked_ms, v.first_seen_ms)
         FROM (SELECT :user AS user_key UNION ALL SELECT user_key FROM users WHERE merged_into = :user) AS named
         JOIN visitors AS v ON v.user_key = named.user_key ORDER BY v.visitor_key DESC LIMIT :limit",
    )?;
    let rows = statement
        .query_map(named_params! { ":user": user.key.0, ":limit": BROWSERS_SHOWN_MAX as i64 }, |row| {
            Ok(Identifier { kind: "anonymous_id", value: row.get(0)?, since_ms: row.get(1)? })
        })?;
    for row in rows {
        identifiers.push(row?);
    }
    Ok(identifiers)
}

/// Attributes by name with their types and the names of their sources.
pub(in crate::store) fn attribute_values(
    db: &Reader<'_>,
    owner: Owner,
    attributes: &Attributes,
    sources: &SourceNames,
) -> Result<Vec<AttributeValue>, StoreError> {
    let stated: Vec<_> = attributes.stated().collect();
    let names: Vec<&str> = stated.iter().map(|(name, _)| *name).collect();
    let mut statement = db.0.prepare_cached(
        "SELECT definition.name, definition.type, definition.label, definition.hidden FROM json_each(:names) AS asked
         CROSS JOIN attribute_definitions AS definition
           ON definition.owner = :owner AND definition.name = asked.value",
    )?;
    let parameters = named_params! { ":owner": owner as i64, ":names": serde_json::json!(names).to_string() };
    let mut definitions: HashMap<String, (String, Option<String>, bool)> = statement
        .query_map(parameters, |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))?
        .collect::<Result<_, _>>()?;
    let mut values = Vec::new();
    for (name, stated) in stated {
        let (word, label, hidden) = definitions.remove(name).unwrap_or_default();
        let kind = Type::parse(&word).or_else(|| Type::of(name, &stated.value));
        values.push(AttributeValue {
            name: name.to_owned(),
            label,
            hidden,
            kind: kind.unwrap_or(Type::Text),
            at_ms: stated.stamp.at_ms,
            grade: stated.stamp.grade,
            source: sources.get(&stated.stamp.source.0).cloned().unwrap_or_default(),
            pinned: stated.stamp.pinned,
            value: stated.value,
        });
    }
    Ok(values)
}

/// The attributes of a user's place in a company, role and title among them; none where there is none.
///
/// # Errors
/// [`StoreError`] only.
pub fn membership_values(
    db: &Reader<'_>,
    user: UserKey,
    company: CompanyKey,
) -> Result<Vec<AttributeValue>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT json(attributes), stamps FROM memberships WHERE user_key = :user AND company_key = :company",
    )?;
    let found = statement
        .query_row(named_params! { ":user": user.0, ":company": company.0 }, |row| {
            Ok(Attributes::read(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?))
        })
        .optional()?;
    match found {
        Some(attributes) => attribute_values(db, Owner::Membership, &attributes, &source_names(db)?),
        None => Ok(Vec::new()),
    }
}

/// A user's companies: the current one, the others stated last first, then those left, the last first.
fn memberships(db: &Reader<'_>, user: i64, sources: &SourceNames) -> Result<Vec<UserMembership>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT c.company_key, c.company_id, c.name, m.role, m.title, json(m.attributes),
                m.open AND u.current_company_key IS m.company_key AS current,
                m.joined_ms, m.left_ms, m.source_key, m.grade, c.archived_ms IS NOT NULL
         FROM memberships AS m
         JOIN companies AS c ON c.company_key = m.company_key
         JOIN users AS u ON u.user_key = m.user_key
         WHERE m.user_key = :user AND c.merged_into IS NULL
         ORDER BY current DESC, m.open DESC, coalesce(m.left_ms, m.stated_ms) DESC, m.company_key",
    )?;
    let rows = statement.query_map(named_params! { ":user": user }, |row| {
        Ok(UserMembership {
            company: CompanyName { key: CompanyKey(row.get(0)?), company_id: row.get(1)?, name: row.get(2)? },
            archived: row.get(11)?,
            role: row.get(3)?,
            title: row.get(4)?,
            attributes: json_object(row.get_ref(5)?.as_str()?),
            current: row.get(6)?,
            joined_ms: row.get(7)?,
            left_ms: row.get(8)?,
            source: super::said_by(sources, row.get(9)?, Grade::from_number(row.get(10)?)),
            grade: Grade::from_number(row.get(10)?),
            history: MembershipHistory::default(),
        })
    })?;
    let mut memberships = rows.collect::<Result<Vec<_>, _>>()?;
    let companies = memberships.iter().map(|membership| membership.company.key);
    let mut histories = membership_history::of_companies(db, UserKey(user), companies)?;
    for membership in &mut memberships {
        membership.history = histories.remove(&membership.company.key.0).unwrap_or_default();
    }
    Ok(memberships)
}

/// Activity of the last 28 days in which the user was named and no company, of at most
/// [`UNSTATED_LOOKED_AT_MAX`] events (C4).
fn unstated_events(db: &Reader<'_>, user: i64, now_ms: i64) -> Result<u64, StoreError> {
    let since = EventId::first_at(now_ms - i64::from(TREND_DAYS) * DAY_MS);
    let buckets = since.bucket()..=EventId::first_at(now_ms).bucket();
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (
           SELECT fold.event_id FROM json_each(:buckets) AS bucket
           CROSS JOIN events_by_subject AS fold
             ON fold.bucket = bucket.value AND fold.subject = :user AND fold.event_id >= :since
           LIMIT :limit) AS named
         CROSS JOIN events AS event ON event.event_id = named.event_id
         WHERE event.company_key IS NULL AND event.kind IN (0, 1, 2) AND event.flags & 3 = 0",
    )?;
    let parameters = named_params! {
        ":buckets": list::json_keys(buckets),
        ":user": user,
        ":since": since.0,
        ":limit": UNSTATED_LOOKED_AT_MAX as i64,
    };
    let unstated: i64 = statement.query_row(parameters, |row| row.get(0))?;
    Ok(unstated.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::Kind;
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    #[test]
    fn a_user_s_page_tells_ids_attributes_companies_and_activity() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), Some("Ann"), Some("ann@acme.test"), days_ago(60));
        let twin = sample.user(Some("twin"), None, Some("ann@acme.test"), days_ago(5));
        let (acme, umbrella, past) = (
            sample.company("acme", Some("Acme"), "{}", days_ago(60)),
            sample.company("umbrella", None, "{}", days_ago(60)),
            sample.company("past", None, "{}", days_ago(60)),
        );
        sample.member(ann, past, days_ago(60), Some(days_ago(50)));
        sample.member(ann, umbrella, days_ago(50), None);
        sample.member(ann, acme, days_ago(40), None);
        sample.visitor("laptop", days_ago(61), Some((ann, days_ago(90))));
        sample.run(&format!("INSERT INTO user_ids VALUES ('annie', {ann}, {}, NULL, NULL)", days_ago(70)));
        for day in [1, 2, 3, 30, 31] {
            let named = Named { user: Some(ann), company: Some(acme), ..Named::default() };
            sample.event(days_ago(day), Kind::Track, "Opened", named);
        }
        sample.event(days_ago(1) + 5, Kind::Page, "", Named { user: Some(ann), ..Named::default() });

        let page = page(&sample.db(), &UserName::UserId("ann".into()), NOW).unwrap().unwrap();
        let ids: Vec<(&str, &str)> = page.identifiers.iter().map(|id| (id.kind, id.value.as_str())).collect();
        assert_eq!(ids, [("user_id", "ann"), ("alias", "annie"), ("anonymous_id", "laptop")]);
        let attributes: Vec<(&str, Option<&str>, &str)> =
            page.attributes.iter().map(|a| (a.name.as_str(), a.value.as_str(), a.source.as_str())).collect();
        assert_eq!(attributes, [("email", Some("ann@acme.test"), "API"), ("name", Some("Ann"), "API")]);
        assert_eq!(page.attributes[0].grade, Grade::Unsigned);
        let companies: Vec<(&str, bool, bool)> =
            page.memberships.iter().map(|m| (m.company.company_id.as_str(), m.current, m.left_ms.is_some())).collect();
        assert_eq!(companies, [("acme", true, false), ("umbrella", false, false), ("past", false, true)]);
        assert_eq!(page.memberships[0].role.as_deref(), Some("admin"));
        assert_eq!(page.memberships[0].attributes["seat"], 3);
        assert_eq!(page.active_days, (3, 2));
        assert_eq!(page.unstated_events, 1);
        assert_eq!(
            page.possible_duplicates.iter().map(|(row, why)| (row.key.0, *why)).collect::<Vec<_>>(),
            [(twin, Why::Email)]
        );
        assert_eq!(page.row.company.unwrap().company_id, "acme");
    }

    #[test]
    fn nobody_of_this_name_is_nobody() {
        let sample = Sample::new();
        assert_eq!(page(&sample.db(), &UserName::UserId("ann".into()), NOW).unwrap(), None);
    }
}
