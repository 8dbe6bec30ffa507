//! Users and leads.

mod by_company;
mod known;
mod listed;
mod names;
mod page;
mod sessions;

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, named_params};
use serde_json::{Map, Value};

pub(super) use known::first_seen;
pub use known::{
    KnownUser, called, carried_by, contact, create, give_former_id, give_id, id, is_signed, key_of_id, key_of_our_id,
    load, merged_with_email, named, named_at, save, sign, with_email,
};
use listed::page_of_keys;
pub use listed::{count, count_matching};
pub use names::{Person, names};
pub use page::{
    AttributeValue, Identifier, UserMembership, UserPage, UserRecord, membership_values, memberships_of, page, record,
    record_of_key, records, row, values,
};
pub(super) use page::{active_days, attribute_values, identifiers, is_proved};
pub use sessions::{Session, Sessions};

use super::list::{self, COUNTED_MAX, Count, ListQuery, Page};
use super::{Reader, StoreError, activity, companies, profiles, workspace};
use crate::domain::access::Grade;
use crate::domain::filter::{BuiltIn, Fact, Field, Fields, Listed};
use crate::domain::identity::the_one;
use crate::domain::ids::{CompanyKey, UserKey};

/// The days of a roll: one small bar each.
pub const ROLL_DAYS: usize = 28;

/// What users are sorted by; each of its own words has an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortBy {
    /// Name, else e-mail, else id.
    Name,
    /// E-mail address.
    Email,
    /// First seen.
    FirstSeen,
    /// Last activity.
    LastSeen,
    /// Number of companies.
    Companies,
    /// What the current company is sorted by.
    Company(companies::SortBy),
    /// Something that is known of the place in the current company, without an index.
    Membership(Fact),
    /// Anything else that is known of them: words are walked, all else has no index.
    Fact(Fact),
}

impl SortBy {
    /// The order of a word, of the fields that there are.
    ///
    /// # Errors
    /// A sentence: there is no such order, and why.
    pub fn named(word: &str, fields: &Fields) -> Result<SortBy, String> {
        match word {
            "company" => Ok(SortBy::Company(companies::SortBy::Name)),
            _ => fields.sorted_by(word, SortBy::of),
        }
    }

    /// Sorted by a field; none where that has no order.
    pub fn of(field: Field) -> Option<SortBy> {
        if !field.kind().has_order() {
            return None;
        }
        Some(match field {
            Field::Own(Fact::BuiltIn(BuiltIn::Name), _) => SortBy::Name,
            Field::Own(Fact::BuiltIn(BuiltIn::Email), _) => SortBy::Email,
            Field::Own(Fact::BuiltIn(BuiltIn::FirstSeen), _) => SortBy::FirstSeen,
            Field::Own(Fact::BuiltIn(BuiltIn::LastSeen), _) => SortBy::LastSeen,
            Field::Own(Fact::BuiltIn(BuiltIn::Companies), _) => SortBy::Companies,
            Field::Own(fact, _) => SortBy::Fact(fact),
            Field::Company(fact) => SortBy::Company(companies::SortBy::of(Field::Own(fact, Listed::Companies))?),
            Field::Membership(fact) => SortBy::Membership(fact),
            Field::Event(_) | Field::Property(_) => return None,
        })
    }

    /// Its word.
    pub fn name(&self) -> Cow<'static, str> {
        let field = match self {
            SortBy::Name => return "name".into(),
            SortBy::Email => return "email".into(),
            SortBy::FirstSeen => return "first_seen".into(),
            SortBy::LastSeen => return "last_seen".into(),
            SortBy::Companies => return "companies".into(),
            SortBy::Company(companies::SortBy::Name) => return "company".into(),
            SortBy::Company(companies::SortBy::Fact(fact)) => Field::Company(fact.clone()),
            SortBy::Company(other) => return format!("company.{}", other.name()).into(),
            SortBy::Membership(fact) => Field::Membership(fact.clone()),
            SortBy::Fact(fact) => Field::Own(fact.clone(), Listed::Users),
        };
        field.to_string().into()
    }
}

/// A company as a row of something else names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyName {
    /// Our row number.
    pub key: CompanyKey,
    /// The site's id.
    pub company_id: String,
    /// Its name.
    pub name: Option<String>,
}

/// A user in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    /// Our row number.
    pub key: UserKey,
    /// Our id, a UUID v7.
    pub id: String,
    /// The site's id; none for a lead.
    pub user_id: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// The current company (C1).
    pub company: Option<CompanyName>,
    /// Open memberships.
    pub companies: u32,
    /// The operator who looks after them, by e-mail (A9).
    pub owner: Option<String>,
    /// Tags in the order of the alphabet.
    pub tags: Vec<String>,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Last activity, Unix milliseconds, to the millisecond where the journal says it.
    pub last_seen_ms: Option<i64>,
    /// Events per day, the last 28 days in the workspace's zone, oldest first.
    pub roll: [u32; ROLL_DAYS],
}

/// How a user is named from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserName {
    /// The site's id, or an alias of it.
    UserId(String),
    /// The one with this e-mail, the one user before leads (R7); else the first made, where it is [shared](is_shared).
    Email(String),
    /// Our id.
    Id(String),
}

impl UserName {
    /// The text of it.
    pub fn text(&self) -> &str {
        match self {
            UserName::UserId(text) | UserName::Email(text) | UserName::Id(text) => text,
        }
    }
}

/// Those of some users that are there and not merged into another, each once.
///
/// # Errors
/// [`StoreError`] only.
pub fn existing(db: &Reader<'_>, users: &[UserKey]) -> Result<Vec<UserKey>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT DISTINCT u.user_key FROM json_each(:keys) AS wanted CROSS JOIN users AS u ON u.user_key = wanted.value
         WHERE u.merged_into IS NULL",
    )?;
    let keys = list::json_keys(users.iter().map(|user| user.0));
    let rows = statement.query_map(named_params! { ":keys": keys }, |row| Ok(UserKey(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A page of users.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(db: &Reader<'_>, query: &ListQuery<SortBy>, now_ms: i64) -> Result<Page<UserRow>, StoreError> {
    let (keys, next) = page_of_keys(db, query, now_ms)?;
    let mut rows = rows(db, &keys, now_ms)?;
    if query.sort == SortBy::LastSeen {
        list::order_within_hours(&mut rows, query.descending, |row| row.last_seen_ms);
    }
    Ok(Page { rows, next })
}

/// Users as a list shows them, in the order of their keys here.
pub(super) fn rows(db: &Reader<'_>, keys: &[i64], now_ms: i64) -> Result<Vec<UserRow>, StoreError> {
    let today = workspace::today(db, now_ms)?;
    let mut rolls = activity::user_rolls(db, keys, today)?;
    let mut rows = rows_without_rolls(db, keys)?;
    for row in &mut rows {
        row.roll = rolls.remove(&row.key.0).unwrap_or([0; ROLL_DAYS]);
    }
    Ok(rows)
}

/// As a list shows them, in the order of their keys here, with rolls of zeros, for those who show none.
///
/// # Errors
/// [`StoreError`] only.
pub fn rows_without_rolls(db: &Reader<'_>, keys: &[i64]) -> Result<Vec<UserRow>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT u.id, u.user_id, u.email, u.name, u.companies, u.first_seen_ms, u.last_seen_hour,
                c.company_key, c.company_id, c.name,
                (SELECT email FROM operators WHERE operator_key = u.owner_key),
                (SELECT json_group_array(tag) FROM profile_tags WHERE subject = 0 AND subject_key = u.user_key),
                u.user_key
         FROM json_each(:keys) AS asked CROSS JOIN users AS u ON u.user_key = asked.value
         LEFT JOIN companies AS c ON c.company_key = u.current_company_key
         ORDER BY asked.key",
    )?;
    let found = statement.query_map(named_params! { ":keys": list::json_keys(keys.iter().copied()) }, |row| {
        let company = match row.get::<_, Option<i64>>(7)? {
            None => None,
            Some(key) => Some(CompanyName { key: CompanyKey(key), company_id: row.get(8)?, name: row.get(9)? }),
        };
        let user = UserRow {
            key: UserKey(row.get(12)?),
            id: row.get(0)?,
            user_id: row.get(1)?,
            email: row.get(2)?,
            name: row.get(3)?,
            company,
            companies: row.get(4)?,
            owner: row.get(10)?,
            tags: profiles::tags_in_order(row.get_ref(11)?.as_str()?),
            first_seen_ms: row.get(5)?,
            last_seen_ms: None,
            roll: [0; ROLL_DAYS],
        };
        Ok((user, row.get::<_, i64>(6)?))
    })?;
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let hours: Vec<(i64, i64)> = found.iter().map(|(user, hour)| (user.key.0, *hour)).collect();
    let last = activity::last_of_users(db, &hours, None)?;
    let seen = |(user, _): (UserRow, i64)| UserRow { last_seen_ms: last.get(&user.key.0).copied(), ..user };
    Ok(found.into_iter().map(seen).collect())
}

/// How many users have several companies (C2).
///
/// # Errors
/// [`StoreError`] only.
pub fn count_with_several_companies(db: &Reader<'_>) -> Result<Count, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (
           SELECT 1 FROM users INDEXED BY users_companies
           WHERE merged_into IS NULL AND archived_ms IS NULL AND companies > 1 LIMIT :limit)",
    )?;
    Ok(Count::of(statement.query_row(named_params! { ":limit": COUNTED_MAX }, |row| row.get(0))?))
}

/// The record that has a name itself, read through nothing: one that was merged since is found as it was. Of an
/// e-mail address, which many records may have, it is today's.
///
/// # Errors
/// [`StoreError`] only.
pub fn named_key(db: &Reader<'_>, name: &UserName) -> Result<Option<UserKey>, StoreError> {
    let (sql, text) = match name {
        UserName::UserId(id) => ("SELECT user_key FROM user_ids WHERE user_id = :text", id.clone()),
        UserName::Id(id) => ("SELECT user_key FROM users WHERE id = :text", id.to_lowercase()),
        UserName::Email(_) => return key(db, name),
    };
    let found = db.0.prepare_cached(sql)?.query_row(named_params! { ":text": text }, |row| row.get(0)).optional()?;
    Ok(found.map(UserKey))
}

/// The key of a user, read through aliases and merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn key(db: &Reader<'_>, name: &UserName) -> Result<Option<UserKey>, StoreError> {
    let (sql, text) = match name {
        UserName::UserId(id) => (
            "SELECT coalesce(u.merged_into, u.user_key)
             FROM user_ids AS i JOIN users AS u ON u.user_key = i.user_key WHERE i.user_id = :text",
            id.clone(),
        ),
        UserName::Email(email) => {
            let found = with_email(db, &email.trim().to_lowercase())?;
            return Ok(the_one(&found).or(found.first().map(|(user, _)| *user)));
        }
        UserName::Id(id) => ("SELECT coalesce(merged_into, user_key) FROM users WHERE id = :text", id.to_lowercase()),
    };
    let found = db.0.prepare_cached(sql)?.query_row(named_params! { ":text": text }, |row| row.get(0)).optional()?;
    Ok(found.map(UserKey))
}

/// Whether a name is an e-mail address that several have, of whom nobody can say which one is meant.
///
/// # Errors
/// [`StoreError`] only.
pub fn is_shared(db: &Reader<'_>, name: &UserName) -> Result<bool, StoreError> {
    let UserName::Email(email) = name else { return Ok(false) };
    let found = with_email(db, &email.trim().to_lowercase())?;
    Ok(found.len() > 1)
}

/// An object of a JSON column; text that is none reads as an empty one.
pub(super) fn json_object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Names of sources by key, for rows that name theirs.
pub(super) type SourceNames = BTreeMap<i64, String>;

/// Where a membership is from (C7): the source's name, the rule of e-mail domains, or a person's hand.
pub(super) fn said_by(sources: &SourceNames, source: i64, grade: Grade) -> String {
    match (sources.get(&source), grade) {
        (Some(name), Grade::Signed) => format!("{name}, signed"),
        (Some(name), _) => name.clone(),
        (None, Grade::Rule) => "domain".to_owned(),
        (None, Grade::Hand) => "by hand".to_owned(),
        (None, _) => String::new(),
    }
}

/// The names of all sources.
pub(super) fn source_names(db: &Reader<'_>) -> Result<SourceNames, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT source_key, name FROM sources")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::listed::find;
    use super::*;
    use crate::domain::message::Kind;
    use crate::store::filter_sql::{FilterSql, Moment};
    use crate::store::list::{Count, Cursor};
    use crate::store::sample::{NOW, Named, Sample, days_ago};
    use crate::store::search::{self, Needle};

    /// 120 users of whom many share a name, an hour, or have no e-mail address; one merged, one archived.
    fn a_hundred_and_twenty() -> (Sample, BTreeSet<i64>) {
        let sample = Sample::new();
        let mut all = BTreeSet::new();
        for number in 0..120 {
            let id = format!("u{number}");
            let name = (number % 3 != 0).then(|| format!("Name {}", number % 10));
            let email = (number % 2 == 0).then(|| format!("mail{}@acme.test", number % 20));
            let user = sample.user(Some(&id), name.as_deref(), email.as_deref(), days_ago(number % 7));
            sample.run(&format!(
                "UPDATE users SET last_seen_hour = {}, companies = {} WHERE user_key = {user}",
                number % 5,
                number % 4
            ));
            all.insert(user);
        }
        sample.run("UPDATE users SET merged_into = 1 WHERE user_key = 60; UPDATE users SET archived_ms = 1 WHERE user_key = 61;");
        all.remove(&60);
        all.remove(&61);
        (sample, all)
    }

    fn pages(sample: &Sample, mut query: ListQuery<SortBy>, mut between: impl FnMut()) -> Vec<UserRow> {
        let mut rows = Vec::new();
        loop {
            let page = list(&sample.db(), &query, NOW).unwrap();
            assert!(page.rows.len() <= query.size);
            rows.extend(page.rows);
            let Some(next) = page.next else { return rows };
            query.after = Cursor::decode(&next.encode());
            assert!(query.after.is_some());
            between();
        }
    }

    const ORDERS: [SortBy; 5] = [SortBy::Name, SortBy::Email, SortBy::FirstSeen, SortBy::LastSeen, SortBy::Companies];

    fn query(sort: SortBy, descending: bool) -> ListQuery<SortBy> {
        ListQuery { search: None, filter: None, sort, descending, after: None, size: 7 }
    }

    #[test]
    fn pages_in_any_order_show_everyone_once_and_never_who_is_merged_or_archived() {
        let (sample, all) = a_hundred_and_twenty();
        for sort in ORDERS {
            for descending in [false, true] {
                let rows = pages(&sample, query(sort.clone(), descending), || {});
                let keys: Vec<i64> = rows.iter().map(|row| row.key.0).collect();
                assert_eq!(keys.len(), all.len(), "{sort:?}");
                assert_eq!(BTreeSet::from_iter(keys), all, "{sort:?}");
            }
        }
        assert_eq!(count(&sample.db(), None).unwrap(), Count::Exactly(118));
    }

    #[test]
    fn users_without_an_email_address_come_last_both_ways() {
        let (sample, _) = a_hundred_and_twenty();
        for descending in [false, true] {
            let rows = pages(&sample, query(SortBy::Email, descending), || {});
            let first_without = rows.iter().position(|row| row.email.is_none()).unwrap();
            assert!(rows[first_without..].iter().all(|row| row.email.is_none()));
            let emails: Vec<&String> = rows.iter().filter_map(|row| row.email.as_ref()).collect();
            assert!(if descending { emails.is_sorted_by(|a, b| a >= b) } else { emails.is_sorted() });
        }
    }

    #[test]
    fn who_comes_or_goes_between_two_pages_moves_nobody_else() {
        let (sample, mut all) = a_hundred_and_twenty();
        let mut number = 0;
        let rows = pages(&sample, query(SortBy::Name, false), || {
            number += 1;
            sample.user(Some(&format!("new{number}")), Some("Aaron"), None, NOW);
            sample.run(&format!("UPDATE users SET archived_ms = 1 WHERE user_key = {}", 80 + number));
        });
        let keys: Vec<i64> = rows.iter().map(|row| row.key.0).filter(|key| *key <= 120).collect();
        let once = BTreeSet::from_iter(keys.iter().copied());
        assert_eq!(once.len(), keys.len());
        all.retain(|key| *key <= 80);
        assert!(once.is_superset(&all));
    }

    #[test]
    fn a_search_finds_any_part_of_name_email_and_id_in_any_case() {
        let sample = Sample::new();
        let zoe = sample.user(Some("U-Zoë-9"), Some("Zoë Żółć"), Some("zoe@example.com"), days_ago(3));
        let ann = sample.user(Some("ann"), Some("Ann \"Q\" O'Neil"), Some("ann@acme.test"), days_ago(2));
        let lead = sample.user(None, None, Some("lead@acme.test"), days_ago(1));
        let found = |text: &str| -> Vec<i64> {
            let query = ListQuery {
                search: Some(text.to_owned()),
                filter: None,
                sort: SortBy::FirstSeen,
                descending: false,
                after: None,
                size: 50,
            };
            let rows = list(&sample.db(), &query, NOW).unwrap().rows;
            assert_eq!(count(&sample.db(), Some(text)).unwrap(), Count::Exactly(rows.len() as u64), "{text}");
            rows.into_iter().map(|row| row.key.0).collect()
        };
        assert_eq!(found("żółć"), [zoe]);
        assert_eq!(found("ŻÓŁ"), [zoe]);
        assert_eq!(found("xample"), [zoe]);
        assert_eq!(found("u-zoë"), [zoe]);
        assert_eq!(found("acme.test"), [ann, lead]);
        assert_eq!(found(" o'neil "), [ann]);
        assert_eq!(found("\"q\""), [ann]);
        assert_eq!(found("zo"), [zoe], "two letters are looked for at the beginning");
        assert_eq!(found("u-"), [zoe], "in any case, of an id too");
        assert_eq!(found("nn"), [] as [i64; 0]);
        assert_eq!(found("acmetest"), [] as [i64; 0]);
        assert_eq!(found("tes com"), [] as [i64; 0]);
        assert_eq!(found("zoo OR ann"), [] as [i64; 0], "a text is not a query language");
        assert_eq!(found("  ").len(), 3);
    }

    #[test]
    fn a_frequent_text_is_paged_like_any_other() {
        let sample = Sample::new();
        sample.run("BEGIN");
        for number in 0..2_100 {
            let email = format!("p{number}@{}.test", if number % 3 == 0 { "acme" } else { "umbrella" });
            sample.user(Some(&format!("p{number}")), None, Some(&email), days_ago(number % 11));
        }
        sample.run("COMMIT");
        for (text, expected) in [("test", 2_100), ("acme", 700), ("p", 2_100), ("p1", 1_111)] {
            let query = ListQuery {
                search: Some(text.to_owned()),
                filter: None,
                sort: SortBy::FirstSeen,
                descending: true,
                after: None,
                size: 500,
            };
            let rows = pages(&sample, query, || {});
            let keys = BTreeSet::from_iter(rows.iter().map(|row| row.key));
            assert_eq!((rows.len(), keys.len()), (expected, expected), "{text}");
            assert!(rows.is_sorted_by(|a, b| a.first_seen_ms >= b.first_seen_ms), "{text}");
        }
    }

    #[test]
    fn where_a_walk_meets_too_few_the_sorted_candidates_say_the_same() {
        let (sample, _) = a_hundred_and_twenty();
        let (needle, all) = (Needle::of(Some("acme.test")).unwrap(), FilterSql::default());
        let now = Moment::of(&sample.db(), NOW).unwrap();
        for sort in ORDERS {
            let query = query(sort.clone(), true);
            assert_eq!(find(&sample.db(), &query, &all, Some(&needle), None, 6, &now).unwrap(), None, "{sort:?}");
            let walked = find(&sample.db(), &query, &all, Some(&needle), None, 1_000, &now).unwrap();
            let keys = search::all_candidates(&sample.db(), &needle).unwrap();
            assert_eq!(
                find(&sample.db(), &query, &all, Some(&needle), Some(&keys), 1_000, &now).unwrap(),
                walked,
                "{sort:?}"
            );
            assert_eq!(walked.unwrap().rows.len(), query.size + 1);
        }
    }

    #[test]
    fn a_user_is_found_by_id_alias_email_and_uuid_and_through_a_merge() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), Some("Ann"), Some("ann@acme.test"), days_ago(3));
        let old = sample.user(Some("old ann/1"), None, Some("ann@acme.test"), days_ago(9));
        let db = sample.db();
        assert_eq!(key(&db, &UserName::Email(" ANN@acme.test".into())).unwrap(), Some(UserKey(ann)));
        sample.run(&format!("UPDATE users SET merged_into = {ann} WHERE user_key = {old}"));
        sample.run(&format!("INSERT INTO user_ids VALUES ('annie', {ann}, 1, NULL, NULL)"));
        for id in ["ann", "annie", "old ann/1"] {
            assert_eq!(key(&db, &UserName::UserId(id.into())).unwrap(), Some(UserKey(ann)), "{id}");
        }
        let uuid: String =
            sample.connection.query_row("SELECT id FROM users WHERE user_key = ?1", [old], |row| row.get(0)).unwrap();
        assert_eq!(key(&db, &UserName::Id(uuid.to_uppercase())).unwrap(), Some(UserKey(ann)));
        assert_eq!(key(&db, &UserName::UserId("ANN".into())).unwrap(), None, "ids are compared exactly");
        assert_eq!(key(&db, &UserName::Email("nobody@acme.test".into())).unwrap(), None);
    }

    #[test]
    fn a_list_says_when_someone_was_last_active_to_the_millisecond_and_shows_the_roll() {
        let sample = Sample::new();
        let ann = sample.user(Some("ann"), None, None, days_ago(50));
        let quiet = sample.user(Some("quiet"), None, None, days_ago(50));
        let laptop = sample.visitor("laptop", days_ago(50), Some((ann, days_ago(80))));
        let by_name = Named { user: Some(ann), ..Named::default() };
        sample.event(days_ago(2), Kind::Track, "Opened", by_name);
        sample.event(NOW - 5_000, Kind::Page, "", Named { visitor: Some(laptop), ..Named::default() });
        sample.event(NOW - 1_000, Kind::Identify, "", by_name);
        let page = list(&sample.db(), &query(SortBy::LastSeen, true), NOW).unwrap();
        assert_eq!(page.rows[0].last_seen_ms, Some(NOW - 5_000), "who says who they are is not active by it");
        assert_eq!((page.rows[1].key.0, page.rows[1].last_seen_ms), (quiet, None));
        let roll = page.rows[0].roll;
        assert_eq!((roll[27], roll[25], roll.iter().sum::<u32>()), (1, 1, 2));
        sample
            .run(&format!("UPDATE users SET last_seen_hour = {} WHERE user_key = {quiet}", days_ago(100) / 3_600_000));
        let page = list(&sample.db(), &query(SortBy::LastSeen, true), NOW).unwrap();
        assert_eq!(page.rows[1].last_seen_ms, Some(days_ago(100)), "the hour, where the journal says nothing");
    }
}
