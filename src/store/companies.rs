//! Companies.

mod days;
mod doings;
mod growing;
mod ids;
mod listed;
mod members;
mod page;

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{OptionalExtension, named_params, params};

pub use days::{CHART_DAYS, Comings, CompanyDay, CompanyDays, Presence};
pub use doings::{Doings, TopEvent, TopPage};
pub use growing::{Growing, growing};
pub use ids::{drop_id, give_former_id, give_id, id_since_ms, key_of_id};
pub(super) use listed::in_order;
use listed::page_of_keys;
pub use listed::{count, count_matching};
pub use members::{
    MemberRow, MembersBy, MembersOf, ROLES_MAX, RoleIs, Roles, count_members, days_of_events, members, roles,
};
pub use page::{Carriers, CompanyPage, CompanyRecord, page, record, record_of_key, records, row, values};
pub(super) use page::{active_people, aliases, takes_signed_only};

use super::list::{self, ListQuery, Page};
use super::users::{CompanyName, ROLL_DAYS, first_seen};
use super::{Reader, StoreError, Tx, activity, merges, profiles, workspace};
use crate::domain::attributes::Attributes;
use crate::domain::duplicates::Records;
use crate::domain::email_domains::of_website;
use crate::domain::filter::{BuiltIn, Fact, Field, Fields, Listed};
use crate::domain::ids::{CompanyId, CompanyKey};

/// What companies are sorted by; each of its own words has an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortBy {
    /// Name, else id.
    Name,
    /// First seen.
    FirstSeen,
    /// Last activity.
    LastSeen,
    /// Members.
    Members,
    /// Members active in 30 days.
    ActiveMembers,
    /// Anything else that is known of them: words are walked, all else has no index.
    Fact(Fact),
}

impl SortBy {
    /// The order of a word, of the fields that there are.
    ///
    /// # Errors
    /// A sentence: there is no such order, and why.
    pub fn named(word: &str, fields: &Fields) -> Result<SortBy, String> {
        match fields.sorted_by(word, SortBy::of) {
            // As addresses had it before.
            Err(_) if word == "active_members" => Ok(SortBy::ActiveMembers),
            named => named,
        }
    }

    /// Sorted by a field of companies; none where that has no order.
    pub fn of(field: Field) -> Option<SortBy> {
        let has_order = field.kind().has_order();
        let Field::Own(fact, _) = field else { return None };
        has_order.then_some(match fact {
            Fact::BuiltIn(BuiltIn::Name) => SortBy::Name,
            Fact::BuiltIn(BuiltIn::FirstSeen) => SortBy::FirstSeen,
            Fact::BuiltIn(BuiltIn::LastSeen) => SortBy::LastSeen,
            Fact::BuiltIn(BuiltIn::Members) => SortBy::Members,
            Fact::BuiltIn(BuiltIn::ActiveMembers) => SortBy::ActiveMembers,
            other => SortBy::Fact(other),
        })
    }

    /// Its word.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            SortBy::Name => "name".into(),
            SortBy::FirstSeen => "first_seen".into(),
            SortBy::LastSeen => "last_seen".into(),
            SortBy::Members => "members".into(),
            SortBy::ActiveMembers => "active_members_30d".into(),
            SortBy::Fact(fact) => Field::Own(fact.clone(), Listed::Companies).to_string().into(),
        }
    }
}

/// Those of some companies that are there and not merged into another, each once.
///
/// # Errors
/// [`StoreError`] only.
pub fn existing(db: &Reader<'_>, companies: &[CompanyKey]) -> Result<Vec<CompanyKey>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT DISTINCT c.company_key FROM json_each(:keys) AS wanted
         CROSS JOIN companies AS c ON c.company_key = wanted.value WHERE c.merged_into IS NULL",
    )?;
    let keys = list::json_keys(companies.iter().map(|company| company.0));
    let rows = statement.query_map(named_params! { ":keys": keys }, |row| Ok(CompanyKey(row.get(0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A company in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyRow {
    /// Our row number.
    pub key: CompanyKey,
    /// The site's id.
    pub company_id: String,
    /// Name.
    pub name: Option<String>,
    /// The standard attribute `domain`.
    pub domain: Option<String>,
    /// The standard attribute `plan`.
    pub plan: Option<String>,
    /// Open memberships.
    pub members: u32,
    /// Members active in the last 30 days.
    pub active_members: u32,
    /// The operator who looks after it, by e-mail (A9).
    pub owner: Option<String>,
    /// Tags in the order of the alphabet.
    pub tags: Vec<String>,
    /// Unix milliseconds.
    pub first_seen_ms: i64,
    /// Last activity, Unix milliseconds.
    pub last_seen_ms: Option<i64>,
    /// Active people per day, the last 28 days, oldest first.
    pub roll: [u32; ROLL_DAYS],
}

/// Which companies a list shows (C10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shelf {
    /// Those in use.
    #[default]
    InUse,
    /// Those out of lists and numbers.
    Archived,
}

impl Shelf {
    /// The condition of its rows, which are those of its indexes.
    fn condition(self) -> &'static str {
        match self {
            Shelf::InUse => "merged_into IS NULL AND archived_ms IS NULL",
            Shelf::Archived => "merged_into IS NULL AND archived_ms IS NOT NULL",
        }
    }

    /// What the names of its indexes begin with.
    fn indexes(self) -> &'static str {
        match self {
            Shelf::InUse => "companies",
            Shelf::Archived => "archived_companies",
        }
    }
}

/// A page of companies.
///
/// # Errors
/// [`StoreError`] only.
pub fn list(
    db: &Reader<'_>,
    shelf: Shelf,
    query: &ListQuery<SortBy>,
    now_ms: i64,
) -> Result<Page<CompanyRow>, StoreError> {
    let (keys, next) = page_of_keys(db, shelf, query, now_ms)?;
    let mut rows = rows(db, &keys, now_ms)?;
    if query.sort == SortBy::LastSeen {
        list::order_within_hours(&mut rows, query.descending, |row| row.last_seen_ms);
    }
    Ok(Page { rows, next })
}

/// Companies as a list shows them, in the order of their keys here.
pub(super) fn rows(db: &Reader<'_>, keys: &[i64], now_ms: i64) -> Result<Vec<CompanyRow>, StoreError> {
    let today = workspace::today(db, now_ms)?;
    let mut rolls = activity::company_rolls(db, keys, today)?;
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
pub fn rows_without_rolls(db: &Reader<'_>, keys: &[i64]) -> Result<Vec<CompanyRow>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT c.company_id, c.name, c.attributes ->> 'domain', c.attributes ->> 'plan', c.members, c.active_members,
                c.first_seen_ms, c.last_seen_hour,
                (SELECT email FROM operators WHERE operator_key = c.owner_key),
                (SELECT json_group_array(tag) FROM profile_tags WHERE subject = 1 AND subject_key = c.company_key),
                c.company_key
         FROM json_each(:keys) AS asked CROSS JOIN companies AS c ON c.company_key = asked.value
         ORDER BY asked.key",
    )?;
    let found = statement.query_map(named_params! { ":keys": list::json_keys(keys.iter().copied()) }, |row| {
        let company = CompanyRow {
            key: CompanyKey(row.get(10)?),
            company_id: row.get(0)?,
            name: row.get(1)?,
            domain: row.get(2)?,
            plan: row.get(3)?,
            members: row.get(4)?,
            active_members: row.get(5)?,
            owner: row.get(8)?,
            tags: profiles::tags_in_order(row.get_ref(9)?.as_str()?),
            first_seen_ms: row.get(6)?,
            last_seen_ms: None,
            roll: [0; ROLL_DAYS],
        };
        Ok((company, row.get::<_, i64>(7)?))
    })?;
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let hours: Vec<(i64, i64)> = found.iter().map(|(company, hour)| (company.key.0, *hour)).collect();
    let last = activity::last_of_companies(db, &hours)?;
    let seen =
        |(company, _): (CompanyRow, i64)| CompanyRow { last_seen_ms: last.get(&company.key.0).copied(), ..company };
    Ok(found.into_iter().map(seen).collect())
}

/// The key of a company, read through aliases and merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn key(db: &Reader<'_>, company_id: &str) -> Result<Option<CompanyKey>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT coalesce(c.merged_into, c.company_key)
         FROM company_ids AS i JOIN companies AS c ON c.company_key = i.company_key WHERE i.company_id = :company_id",
    )?;
    let found = statement.query_row(named_params! { ":company_id": company_id }, |row| row.get(0)).optional()?;
    Ok(found.map(CompanyKey))
}

/// The record that has an id itself, read through nothing: one that was merged since is found as it was.
///
/// # Errors
/// [`StoreError`] only.
pub fn named_key(db: &Reader<'_>, company_id: &str) -> Result<Option<CompanyKey>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT company_key FROM company_ids WHERE company_id = :company_id")?;
    let found = statement.query_row(named_params! { ":company_id": company_id }, |row| row.get(0)).optional()?;
    Ok(found.map(CompanyKey))
}

/// A company as others name it, read through nothing.
///
/// # Errors
/// [`StoreError`] only.
pub fn named(db: &Reader<'_>, key: CompanyKey) -> Result<Option<CompanyName>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT company_id, name FROM companies WHERE company_key = :company")?;
    let found = statement.query_row(named_params! { ":company": key.0 }, |row| {
        Ok(CompanyName { key, company_id: row.get(0)?, name: row.get(1)? })
    });
    Ok(found.optional()?)
}

// What the writer needs ------------------------------------------------------

/// A company as the rules need it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownCompany {
    /// Our row number.
    pub key: CompanyKey,
    /// The site's id.
    pub company_id: String,
    /// Name.
    pub name: Option<String>,
    /// All attributes.
    pub attributes: Attributes,
    /// The earliest message, Unix milliseconds.
    pub first_message_ms: i64,
}

/// The company that another is read through, else itself (C10).
pub fn survivor(tx: &Tx<'_>, key: CompanyKey) -> CompanyKey {
    merges::companies::survivor(tx, key)
}

/// Sets whether a company takes signed members only (C8).
///
/// # Errors
/// [`StoreError`] only.
pub fn ask_for_signed(tx: &mut Tx<'_>, company: CompanyKey, only_signed: bool) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE companies SET signed_members = ?2 WHERE company_key = ?1")?
        .execute(params![company.0, only_signed])?;
    let asking = Arc::make_mut(&mut tx.catalog_mut().companies_of_signed);
    if only_signed {
        asking.insert(company);
    } else {
        asking.remove(&company);
    }
    Ok(())
}

/// When a company was archived, Unix milliseconds (C10).
///
/// # Errors
/// [`StoreError`] only; also where there is no such row.
pub fn archived_ms(db: &Reader<'_>, key: CompanyKey) -> Result<Option<i64>, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT archived_ms FROM companies WHERE company_key = :key")?;
    Ok(statement.query_row(named_params! { ":key": key.0 }, |row| row.get(0))?)
}

/// Takes a company out of lists and numbers from an instant on (Unix milliseconds), or puts it back (C10).
///
/// # Errors
/// [`StoreError`] only.
pub fn archive(tx: &Tx<'_>, key: CompanyKey, at_ms: Option<i64>) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE companies SET archived_ms = ?2 WHERE company_key = ?1")?
        .execute(params![key.0, at_ms])?;
    super::duplicates::restate_record(tx, Records::Companies, key.0)
}

/// Makes a company of its id alone (C5). `at_ms` is the time of the message that names it.
///
/// # Errors
/// [`StoreError`] only.
pub fn create(tx: &Tx<'_>, company_id: &CompanyId, at_ms: i64) -> Result<CompanyKey, StoreError> {
    tx.connection
        .prepare_cached(
            "INSERT INTO companies (company_id, sort_name, attributes, first_message_ms, first_seen_ms)
             VALUES (?1, ?2, jsonb('{}'), ?3, ?3)",
        )?
        .execute(params![company_id.as_str(), company_id.as_str().to_lowercase(), at_ms])?;
    let key = CompanyKey(tx.connection.last_insert_rowid());
    ids::add_id(tx, key, company_id, at_ms)?;
    Ok(key)
}

/// A company as the rules need it.
///
/// # Errors
/// [`StoreError`] only; also where there is no such row.
pub fn load(tx: &Tx<'_>, key: CompanyKey) -> Result<KnownCompany, StoreError> {
    Ok(tx
        .connection
        .prepare_cached(
            "SELECT company_id, name, json(attributes), stamps,
               min(first_message_ms, coalesce(
                 (SELECT min(first_message_ms) FROM companies m WHERE m.merged_into = ?1), first_message_ms))
             FROM companies WHERE company_key = ?1",
        )?
        .query_row([key.0], |row| {
            Ok(KnownCompany {
                key,
                company_id: row.get(0)?,
                name: row.get(1)?,
                attributes: Attributes::read(row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?),
                first_message_ms: row.get(4)?,
            })
        })?)
}

/// Writes a company's attributes and what is derived from them.
///
/// # Errors
/// [`StoreError`] only.
pub fn save(tx: &Tx<'_>, company: &KnownCompany) -> Result<(), StoreError> {
    let (values, stamps) = company.attributes.columns();
    let name = company.attributes.text("name");
    let sort_name = name.as_ref().unwrap_or(&company.company_id).to_lowercase();
    let first_seen_ms = first_seen(tx, company.first_message_ms, &company.attributes);
    tx.connection
        .prepare_cached(
            "UPDATE companies SET attributes = jsonb(?2), stamps = ?3, name = ?4, sort_name = ?5, first_seen_ms = ?6
             WHERE company_key = ?1",
        )?
        .execute(params![company.key.0, values, stamps, name, sort_name, first_seen_ms])?;
    let stated = ["domain", "website"].iter().find_map(|name| of_website(&company.attributes.text(name)?));
    super::email_domains::state(tx, company.key, stated.as_deref())
}

/// Notes that a message of this time named a company: its first may be an earlier one (T5), and that of
/// the one it was merged into.
///
/// # Errors
/// [`StoreError`] only.
pub fn named_at(tx: &Tx<'_>, key: CompanyKey, at_ms: i64) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached(
            "UPDATE companies SET first_message_ms = ?2, first_seen_ms = min(first_seen_ms, ?2)
             WHERE company_key = ?1 AND first_message_ms > ?2",
        )?
        .execute(params![key.0, at_ms])?;
    if let Some(into) = merges::companies::merged_into(tx, key) {
        tx.connection
            .prepare_cached("UPDATE companies SET first_seen_ms = ?2 WHERE company_key = ?1 AND first_seen_ms > ?2")?
            .execute(params![into.0, at_ms])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::message::Kind;
    use crate::store::list::Count;
    use crate::store::sample::{NOW, Named, Sample, days_ago};

    const ORDERS: [SortBy; 5] =
        [SortBy::Name, SortBy::FirstSeen, SortBy::LastSeen, SortBy::Members, SortBy::ActiveMembers];

    fn query(sort: SortBy, search: Option<&str>) -> ListQuery<SortBy> {
        ListQuery { search: search.map(str::to_owned), filter: None, sort, descending: true, after: None, size: 7 }
    }

    #[test]
    fn pages_in_any_order_show_every_company_once() {
        let sample = Sample::new();
        for number in 0..60 {
            sample.company(&format!("c{number}"), (number % 2 == 0).then_some("Same name"), "{}", days_ago(number % 4));
        }
        sample.run("UPDATE companies SET merged_into = 1 WHERE company_key = 5; UPDATE companies SET archived_ms = 1 WHERE company_key = 6;");
        for sort in ORDERS {
            for descending in [false, true] {
                let mut query = ListQuery { descending, ..query(sort.clone(), None) };
                let mut keys = Vec::new();
                loop {
                    let page = list(&sample.db(), Shelf::InUse, &query, NOW).unwrap();
                    keys.extend(page.rows.iter().map(|row| row.key.0));
                    query.after = page.next;
                    if query.after.is_none() {
                        break;
                    }
                }
                let once = BTreeSet::from_iter(keys.iter().copied());
                assert_eq!((keys.len(), once.len()), (58, 58), "{sort:?}");
                assert!(!once.contains(&5) && !once.contains(&6));
            }
        }
        assert_eq!(count(&sample.db(), Shelf::InUse, None).unwrap(), Count::Exactly(58));
        assert_eq!(key(&sample.db(), "c4").unwrap(), Some(CompanyKey(1)), "a merged company's id leads to the other");
        assert_eq!(key(&sample.db(), "C1").unwrap(), None);
    }

    #[test]
    fn a_search_finds_any_part_of_name_and_id_in_any_case() {
        let sample = Sample::new();
        sample.company("Ł-77", None, "{}", days_ago(1));
        sample.company("x1", Some("Żabka"), r#"{"domain":"zabka.test","plan":"pro"}"#, days_ago(1));
        let found = |text: &str| {
            let rows = list(&sample.db(), Shelf::InUse, &query(SortBy::Name, Some(text)), NOW).unwrap().rows;
            assert_eq!(count(&sample.db(), Shelf::InUse, Some(text)).unwrap(), Count::Exactly(rows.len() as u64));
            rows.into_iter().map(|row| row.company_id).collect::<Vec<_>>()
        };
        assert_eq!(found("ŻAB"), ["x1"]);
        assert_eq!(found("X1"), ["x1"]);
        assert_eq!(found("ł-7"), ["Ł-77"]);
        assert_eq!(found("x1 żab"), ["x1"], "each word somewhere, in any order");
        assert_eq!(found("żab x1 and further words"), [] as [&str; 0]);
        assert_eq!(found("%"), [] as [&str; 0]);
        let row = list(&sample.db(), Shelf::InUse, &query(SortBy::Name, Some("x1")), NOW).unwrap().rows.remove(0);
        assert_eq!((row.domain.as_deref(), row.plan.as_deref()), (Some("zabka.test"), Some("pro")));
    }

    #[test]
    fn a_company_s_page_tells_who_is_active_and_what_they_do() {
        let sample = Sample::new();
        let acme = sample.company("acme", Some("Acme"), r#"{"seats":20}"#, days_ago(90));
        for number in 0..4 {
            let user = sample.user(Some(&format!("u{number}")), None, None, days_ago(90));
            sample.member(user, acme, days_ago(90), (number == 3).then(|| days_ago(2)));
            let named = Named { user: Some(user), company: Some(acme), ..Named::default() };
            sample.event(days_ago(40), Kind::Page, "", named);
            if number < 2 {
                sample.event(days_ago(10), Kind::Track, "Exported", named);
                sample.event(days_ago(10) + 1, Kind::Track, "Opened", named);
                sample.event(days_ago(number) - 9, Kind::Track, "Opened", named);
            }
        }
        let page = page(&sample.db(), "acme", NOW).unwrap().unwrap();
        assert_eq!(page.active_people, (2, 4));
        let events_7d: u32 = page.days.iter().rev().take(7).map(|day| day.events).sum();
        assert_eq!((page.active_people_7d.0, events_7d, page.comings.left), (2, 2, Count::Exactly(1)));
        assert_eq!(page.row.members, 3);
        assert_eq!(page.row.last_seen_ms, Some(NOW - 9));
        assert_eq!(page.days.len(), 84);
        assert_eq!((page.days[83].people, page.days[82].people, page.days[0].people), (1, 1, 0));
        assert_eq!((page.days[73].people, page.days[73].events), (2, 4));
        let top: Vec<(&str, u64)> = page.doings.events.iter().map(|top| (top.name.as_str(), top.events)).collect();
        assert_eq!(top, [("Opened", 4), ("Exported", 2)]);
        assert_eq!(page.attributes[0].value, 20);
        assert_eq!(page.row.roll[27], 1);
    }
}
