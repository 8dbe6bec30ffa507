//! A company with all that is known: attributes, activity, what its people do.

use rusqlite::{OptionalExtension, named_params};

use super::days::{self, Comings, CompanyDay, Presence};
use super::doings::{self, Doings};
use super::{CompanyRow, Shelf, SortBy, key, page_of_keys, rows, rows_without_rolls};
use crate::domain::activity::{TREND_DAYS, Trend};
use crate::domain::attributes::{Attributes, Owner};
use crate::domain::duplicates::Why;
use crate::domain::first_page::FirstPage;
use crate::domain::ids::{CompanyKey, UserKey};
use crate::store::list::{self, ListQuery, Page};
use crate::store::users::{self, AttributeValue, Person, SourceNames, UserRow};
use crate::store::{Reader, StoreError, activity, duplicates, email_domains, first_pages, workspace};

/// Ids that are told of a company.
const ALIASES_MAX: i64 = 100;

/// Of those who carry a company so many are named.
const CHAMPIONS: usize = 3;

/// Of those who come more or less often, or no more, so many are named.
const NAMED_MAX: usize = 5;

/// Who carries a company, and who is on the way in or out, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carriers {
    /// Who did most in the last 28 days, and how much.
    pub champions: Vec<(Person, Presence)>,
    /// Events of the last 28 days, everybody's.
    pub events: u64,
    /// Members who come more often than in the 28 days before, by T7's trend of active days; and how many they are.
    pub growing: (Vec<(Person, Presence)>, usize),
    /// Who comes less often, among them who comes no more; likewise.
    pub shrinking: (Vec<(Person, Presence)>, usize),
    /// Who was last active here 7 to 30 days ago; likewise.
    pub quiet: (Vec<(Person, Presence)>, usize),
}

/// A company with all that the API says of one.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyRecord {
    /// As in a list; where many records are read, without the roll.
    pub row: CompanyRow,
    /// Earlier ids, and those of companies merged into it, in the order of the alphabet.
    pub aliases: Vec<String>,
    /// Out of lists and numbers since, Unix milliseconds (C10).
    pub archived_ms: Option<i64>,
    /// Its e-mail domains, the stated one first (C9).
    pub domains: Vec<String>,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// It takes signed members only (C8).
    pub signed_members: bool,
    /// Distinct active people of the last 28 days, and of the 28 before (T7).
    pub active_people: (i64, i64),
    /// The first page of the member who joined first, and that member (A9).
    pub first_page: Option<(UserKey, FirstPage)>,
}

/// A company with all that its page shows beside members, events and history.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyPage {
    /// As in a list.
    pub row: CompanyRow,
    /// Earlier ids, and those of companies merged into it, in the order of the alphabet.
    pub aliases: Vec<String>,
    /// Out of lists and numbers since, Unix milliseconds (C10).
    pub archived_ms: Option<i64>,
    /// Its e-mail domains, the stated one first (C9).
    pub domains: Vec<String>,
    /// All attributes by name.
    pub attributes: Vec<AttributeValue>,
    /// It takes signed members only (C8).
    pub signed_members: bool,
    /// The last 84 days, oldest first, days without activity too.
    pub days: Vec<CompanyDay>,
    /// What its people do.
    pub doings: Doings,
    /// Who carries it; none where its people are too many to be told apart.
    pub carriers: Option<Carriers>,
    /// Distinct active people of the last 28 days, and of the 28 before (T7).
    pub active_people: (i64, i64),
    /// Distinct active people of the last 7 days, and of the 7 before where they are told apart.
    pub active_people_7d: (i64, Option<i64>),
    /// Who came and who left.
    pub comings: Comings,
    /// The first page of the member who joined first, and that member (A9).
    pub first_page: Option<(UserRow, FirstPage)>,
    /// Other companies that may be the same, and why (C5).
    pub possible_duplicates: Vec<(CompanyRow, Why)>,
}

/// A page of companies with all that the API says of each, which has no rolls.
///
/// # Errors
/// [`StoreError`] only.
pub fn records(
    db: &Reader<'_>,
    shelf: Shelf,
    query: &ListQuery<SortBy>,
    now_ms: i64,
) -> Result<Page<CompanyRecord>, StoreError> {
    let (keys, next) = page_of_keys(db, shelf, query, now_ms)?;
    let (today, sources) = (workspace::today(db, now_ms)?, users::source_names(db)?);
    let mut rows = rows_without_rolls(db, &keys)?;
    if query.sort == SortBy::LastSeen {
        list::order_within_hours(&mut rows, query.descending, |row| row.last_seen_ms);
    }
    let rows = rows.into_iter().map(|row| record_of(db, row, today, &sources, None));
    Ok(Page { rows: rows.collect::<Result<_, _>>()?, next })
}

/// All that the API says of a company.
///
/// # Errors
/// [`StoreError`] only.
pub fn record(db: &Reader<'_>, company_id: &str, now_ms: i64) -> Result<Option<CompanyRecord>, StoreError> {
    key(db, company_id)?.map_or(Ok(None), |key| record_of_key(db, key, now_ms))
}

/// A company as a list shows it, without the roll, by our row number, read through merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn row(db: &Reader<'_>, key: CompanyKey) -> Result<Option<CompanyRow>, StoreError> {
    let Some(key) = read_through(db, key)? else { return Ok(None) };
    Ok(rows_without_rolls(db, &[key])?.pop())
}

/// A company's attributes by name.
///
/// # Errors
/// [`StoreError`] only.
pub fn values(db: &Reader<'_>, key: CompanyKey) -> Result<Vec<AttributeValue>, StoreError> {
    let (values, stamps): (String, String) =
        db.0.prepare_cached("SELECT json(attributes), stamps FROM companies WHERE company_key = :company")?
            .query_row(named_params! { ":company": key.0 }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    users::attribute_values(db, Owner::Company, &Attributes::read(&values, &stamps), &users::source_names(db)?)
}

/// The key of the company that a record is today.
fn read_through(db: &Reader<'_>, key: CompanyKey) -> Result<Option<i64>, StoreError> {
    let mut statement =
        db.0.prepare_cached("SELECT coalesce(merged_into, company_key) FROM companies WHERE company_key = :company")?;
    Ok(statement.query_row(named_params! { ":company": key.0 }, |row| row.get(0)).optional()?)
}

/// As [`record`], of our row number, read through merges.
///
/// # Errors
/// [`StoreError`] only.
pub fn record_of_key(db: &Reader<'_>, key: CompanyKey, now_ms: i64) -> Result<Option<CompanyRecord>, StoreError> {
    let Some(key) = read_through(db, key)? else { return Ok(None) };
    let Some(row) = rows(db, &[key], now_ms)?.pop() else { return Ok(None) };
    Ok(Some(record_of(db, row, workspace::today(db, now_ms)?, &users::source_names(db)?, None)?))
}

/// The record of a row; `active` where its active people are known already.
fn record_of(
    db: &Reader<'_>,
    row: CompanyRow,
    today: i32,
    sources: &SourceNames,
    active: Option<(i64, i64)>,
) -> Result<CompanyRecord, StoreError> {
    let (values, stamps, signed_members, archived_ms) =
        db.0.prepare_cached(
            "SELECT json(attributes), stamps, signed_members, archived_ms FROM companies WHERE company_key = :company",
        )?
        .query_row(named_params! { ":company": row.key.0 }, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
        })?;
    Ok(CompanyRecord {
        aliases: aliases(db, &row)?,
        signed_members,
        archived_ms,
        domains: email_domains::of_company(db, row.key)?,
        attributes: users::attribute_values(db, Owner::Company, &Attributes::read(&values, &stamps), sources)?,
        active_people: match active {
            Some(known) => known,
            None => active_people(db, &row, today)?,
        },
        first_page: first_pages::of_company(db, row.key)?,
        row,
    })
}

/// Whether a company takes signed members only (C8).
pub(in crate::store) fn takes_signed_only(db: &Reader<'_>, company: CompanyKey) -> Result<bool, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT signed_members FROM companies WHERE company_key = :company")?;
    Ok(statement.query_row(named_params! { ":company": company.0 }, |row| row.get(0))?)
}

/// The ids that lead to a company, but for its own.
pub(in crate::store) fn aliases(db: &Reader<'_>, row: &CompanyRow) -> Result<Vec<String>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT company_id FROM company_ids WHERE company_key = :company
         UNION SELECT i.company_id FROM companies AS c CROSS JOIN company_ids AS i ON i.company_key = c.company_key
         WHERE c.merged_into = :company LIMIT :limit",
    )?;
    let parameters = named_params! { ":company": row.key.0, ":limit": ALIASES_MAX };
    let mut ids: Vec<String> = statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?;
    ids.retain(|id| *id != row.company_id);
    Ok(ids)
}

/// Distinct active people of the last 28 days, and of the 28 before. Of a company with more people than
/// are told apart the first is who is active in 30 days, and the second an estimate beside it.
pub(in crate::store) fn active_people(db: &Reader<'_>, row: &CompanyRow, today: i32) -> Result<(i64, i64), StoreError> {
    let company = row.key.0;
    let last = activity::last_days(today, TREND_DAYS);
    let before = activity::last_days(today - TREND_DAYS, TREND_DAYS);
    let told_apart = activity::recent_people_of_company(db, company, last.clone())?;
    let people = told_apart.unwrap_or(i64::from(row.active_members));
    let people_before = match activity::people_of_company(db, company, &before)? {
        Some(people) => people,
        None => activity::in_proportion(
            activity::people_days_of_company(db, company, &before)?,
            activity::people_days_of_company(db, company, &last)?,
            people,
        ),
    };
    Ok((people, people_before))
}

/// Distinct active people of the last 7 days; of a company with more people than are told apart an estimate
/// beside those of 28.
fn active_people_7d(db: &Reader<'_>, company: i64, today: i32, people_28d: i64) -> Result<i64, StoreError> {
    let days = activity::last_days(today, 7);
    match activity::recent_people_of_company(db, company, days.clone())? {
        Some(people) => Ok(people),
        None => {
            let people_days = activity::people_days_of_company(db, company, &days)?;
            let of_28 = activity::last_days(today, TREND_DAYS);
            let known = activity::people_days_of_company(db, company, &of_28)?;
            Ok(activity::in_proportion(people_days, known, people_28d))
        }
    }
}

/// All that a company's page shows.
///
/// # Errors
/// [`StoreError`] only.
pub fn page(db: &Reader<'_>, company_id: &str, now_ms: i64) -> Result<Option<CompanyPage>, StoreError> {
    let Some(key) = key(db, company_id)? else { return Ok(None) };
    let Some(row) = rows(db, &[key.0], now_ms)?.pop() else { return Ok(None) };
    let (today, key) = (workspace::today(db, now_ms)?, row.key.0);
    let days = days::of(db, key, today)?;
    let active = days.people.as_ref().map(|_| days.active_28d);
    let record = record_of(db, row, today, &users::source_names(db)?, active)?;
    let CompanyRecord { row, aliases, domains, attributes, archived_ms, signed_members, active_people, first_page } =
        record;
    let first_page = match first_page {
        Some((user, page)) => users::rows(db, &[user.0], now_ms)?.pop().map(|user| (user, page)),
        None => None,
    };
    let active_people_7d = match &days.people {
        Some(_) => (days.active_7d.0, Some(days.active_7d.1)),
        None => (active_people_7d(db, key, today, active_people.0)?, None),
    };
    Ok(Some(CompanyPage {
        signed_members,
        doings: doings::of(db, key, today, now_ms)?,
        carriers: days.people.as_deref().map(|people| carriers(db, key, people, today)).transpose()?,
        comings: days::comings(db, key, row.members, now_ms)?,
        possible_duplicates: duplicates::of_company(db, row.key, now_ms)?,
        row,
        aliases,
        archived_ms,
        domains,
        attributes,
        days: days.days,
        active_people,
        active_people_7d,
        first_page,
    }))
}

/// Who carries a company, of its people, who did most first. Who left is nobody's hope and nobody's worry: only
/// members are told to come more or less often.
fn carriers(db: &Reader<'_>, company: i64, people: &[Presence], today: i32) -> Result<Carriers, StoreError> {
    let trend = |one: &Presence| Trend::between(one.days.1, one.days.0);
    let is_quiet = |one: &Presence| (7..30).contains(&(today - one.last_day));
    let moves = |one: &&Presence| trend(one) != Trend::Steady || is_quiet(one);
    let there = days::still_there(db, company, people.iter().filter(moves).map(|one| one.user))?;
    let members = || people.iter().filter(|one| there.contains(&one.user)).copied();
    let of_trend = |wanted: Trend| -> Vec<Presence> {
        let mut found: Vec<Presence> = members().filter(|one| trend(one) == wanted).collect();
        found.sort_by_key(|one| std::cmp::Reverse((one.days.0 - one.days.1).abs()));
        found
    };
    let (growing, shrinking) = (of_trend(Trend::Growing), of_trend(Trend::Shrinking));
    let mut quiet: Vec<Presence> = members().filter(is_quiet).collect();
    quiet.sort_by_key(|one| std::cmp::Reverse((one.days.0 + one.days.1, one.last_day)));
    let first = |of: &[Presence], most: usize| -> Vec<Presence> { of.iter().take(most).copied().collect() };
    let champions: Vec<Presence> = people.iter().filter(|one| one.events > 0).take(CHAMPIONS).copied().collect();
    let named = [&champions, &first(&growing, NAMED_MAX), &first(&shrinking, NAMED_MAX), &first(&quiet, NAMED_MAX)];
    let mut keys: Vec<UserKey> = named.iter().flat_map(|of| of.iter().map(|one| one.user)).collect();
    keys.sort_unstable();
    keys.dedup();
    let names = if keys.is_empty() { Vec::new() } else { users::names(db, &keys)? };
    let name = |of: &[Presence]| -> Vec<(Person, Presence)> {
        let person =
            |one: &Presence| names.iter().find(|person| person.key == one.user).cloned().map(|person| (person, *one));
        of.iter().filter_map(person).collect()
    };
    Ok(Carriers {
        champions: name(named[0]),
        events: people.iter().map(|one| one.events).sum(),
        growing: (name(named[1]), growing.len()),
        shrinking: (name(named[2]), shrinking.len()),
        quiet: (name(named[3]), quiet.len()),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::domain::change::Subject;
    use crate::domain::profile::Profile;
    use crate::store::companies::{MembersBy, MembersOf, members, roles};
    use crate::store::events::{self, Of};
    use crate::store::list::Count;
    use crate::store::sample::{NOW, Sample, days_ago};
    use crate::store::{changes, notes};

    /// Members who are there, and who left, of the large company.
    const MEMBERS: i64 = 200_000;
    /// Steps of SQLite's machine between two counts.
    const STEPS: i32 = 100;
    /// Steps that one page may take, whatever the company: 50,000 people told apart three times are most of them.
    const STEPS_MAX: u64 = 1_250_000;

    /// People of the file join a company straight away, half of them having left; all were active of late.
    fn fill(sample: &Sample, company: i64, people: i64) {
        let (joined, left, today) = (days_ago(50), days_ago(3), crate::domain::time::day(NOW, chrono_tz::UTC));
        sample.run(&format!(
            "INSERT INTO memberships (user_key, company_key, joined_ms, left_ms, open, stated_ms, grade, source_key, attributes,
               sort_name, last_seen_hour)
             SELECT user_key, {company}, {joined} + user_key, iif(user_key % 2, NULL, {left}), user_key % 2, {joined}, 4, 1,
               jsonb('{{}}'), sort_name, {hour} FROM users WHERE user_key <= {people};
             INSERT INTO company_people SELECT {company}, user_key, {today} - user_key % 28, {hour}, 1 FROM users
             WHERE user_key <= {people};
             INSERT INTO company_people_by_day SELECT {today} - user_key % 56, {company}, user_key, 3 FROM users
             WHERE user_key <= {people};
             INSERT INTO company_days SELECT day, company_key, count(*), sum(events), 0 FROM company_people_by_day
             WHERE company_key = {company} GROUP BY 1, 2;
             INSERT INTO changes (subject, subject_key, change_key, place, company_key, field, after)
             SELECT 2, user_key, 1, user_key + {company} * 1000000, {company}, ' membership', '{{}}' FROM users WHERE user_key <= {people};
             UPDATE companies SET members = {people} / 2, active_members = {people} / 2, last_seen_hour = {hour}
             WHERE company_key = {company};",
            hour = NOW / 3_600_000,
        ));
    }

    /// The steps that all takes which a company's page reads, and those of the dearest of its lists of members.
    fn steps_of_page(sample: &Sample, company_id: &str) -> (CompanyPage, [u64; 2]) {
        let (taken, counted) = (Arc::new(AtomicU64::new(0)), sample.db());
        let count = Arc::clone(&taken);
        let more = move || {
            count.fetch_add(STEPS as u64, Ordering::Relaxed);
            false
        };
        counted.0.progress_handler(STEPS, Some(more)).unwrap();
        let page = page(&sample.db(), company_id, NOW).unwrap().unwrap();
        let (key, mut lists) = (page.row.key, Vec::new());
        for sort in [MembersBy::Name, MembersBy::Role, MembersBy::Joined, MembersBy::LastSeen, MembersBy::Events] {
            for open in [true, false] {
                let query = ListQuery { search: None, filter: None, sort, descending: true, after: None, size: 25 };
                let of = MembersOf { company: key, open, role: None };
                let before = taken.swap(0, Ordering::Relaxed);
                assert!(members(&sample.db(), &of, &query, NOW).unwrap().rows.len() <= 25);
                lists.push(taken.swap(before, Ordering::Relaxed));
            }
        }
        roles(&sample.db(), key, true).unwrap();
        changes::list(&sample.db(), Subject::Company(key), None, 300).unwrap();
        events::list(&sample.db(), Of::Company(key), None, 50).unwrap();
        notes::list(&sample.db(), Profile::Company(key)).unwrap();
        sample.db().0.progress_handler(0, None::<fn() -> bool>).unwrap();
        (page, [taken.load(Ordering::Relaxed), lists.into_iter().max().unwrap_or_default()])
    }

    #[test]
    fn case_40_a_company_of_very_many_members_answers_its_page_by_bounded_work() {
        let sample = Sample::new();
        sample.run(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MEMBERS})
             INSERT INTO users (id, user_id, sort_name, attributes, first_message_ms, first_seen_ms)
             SELECT 'id ' || n, 'user ' || n, 'user ' || n, jsonb('{{}}'), {seen}, {seen} FROM numbers;",
            seen = days_ago(50)
        ));
        sample.change(days_ago(1), "import", &[]);
        let small = sample.company("small", None, "{}", days_ago(60));
        let large = sample.company("large", None, "{}", days_ago(60));
        fill(&sample, small, 100);
        fill(&sample, large, MEMBERS);
        let (_, of_small) = steps_of_page(&sample, "small");
        let (page, of_large) = steps_of_page(&sample, "large");
        assert_eq!((page.row.members, page.comings.left), (100_000, Count::Over));
        assert_eq!(page.active_people.0, 100_000, "who is active in 30 days");
        for (of_small, of_large) in of_small.into_iter().zip(of_large) {
            assert!(of_small < STEPS_MAX / 8, "{of_small}");
            assert!(of_large < STEPS_MAX, "{of_large} steps, {of_small} of a small one");
        }
    }
}
