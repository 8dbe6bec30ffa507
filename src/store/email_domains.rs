//! E-mail domains of companies, and those that wait for a person's decision (C9).

use std::collections::HashMap;

use rusqlite::{OptionalExtension, named_params, params};
use serde_json::Value;

use super::list::{Count, Cursor, Page, json_keys};
use super::users::{self, UserRow};
use super::{Reader, StoreError, Tx, workspace};
use crate::domain::ids::{CompanyKey, UserKey};

/// People who are shown of each domain.
const EXAMPLES_MAX: i64 = 3;
/// Companies that are asked for; two are several.
const COMPANIES_MAX: i64 = 2;

/// A domain that waits for a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The registrable domain.
    pub domain: String,
    /// How many people have an address of it and no company.
    pub people: u64,
    /// Since when it waits, Unix milliseconds.
    pub since_ms: i64,
    /// Some of them.
    pub examples: Vec<UserRow>,
    /// Ids and names of companies that state the domain, at most two.
    pub companies: Vec<(String, Option<String>)>,
}

/// A page of the domains that wait, those with the most people first.
///
/// # Errors
/// [`StoreError`] only.
pub fn suggested(
    db: &Reader<'_>,
    after: Option<&Cursor>,
    size: usize,
    now_ms: i64,
) -> Result<Page<Suggestion>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT domain, people, since_ms FROM suggested_domains INDEXED BY suggested_domains_people
         WHERE (people, domain) < (:people, :domain) ORDER BY people DESC, domain DESC LIMIT :limit",
    )?;
    let parameters = named_params! {
        ":people": after.map_or(i64::MAX, |cursor| cursor.key),
        ":domain": after.and_then(|cursor| cursor.value.as_str()).unwrap_or_default(),
        ":limit": size as i64 + 1,
    };
    let waiting = statement
        .query_map(parameters, |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    let domains = Value::from_iter(waiting.iter().map(|(domain, ..)| domain.as_str())).to_string();
    let (people_of, mut companies_of) = (first_people(db, &domains)?, companies_stating(db, &domains)?);
    let keys: Vec<i64> = people_of.values().flatten().copied().collect();
    let known: HashMap<i64, UserRow> =
        users::rows(db, &keys, now_ms)?.into_iter().map(|user| (user.key.0, user)).collect();
    let suggestion = |(domain, people, since_ms): (String, i64, i64)| {
        let examples = people_of.get(&domain).into_iter().flatten().filter_map(|key| known.get(key).cloned());
        let cursor = Cursor { value: Value::String(domain.clone()), key: people };
        let suggestion = Suggestion {
            people: people.unsigned_abs(),
            since_ms,
            examples: examples.collect(),
            companies: companies_of.remove(&domain).unwrap_or_default(),
            domain,
        };
        (cursor, suggestion)
    };
    let rows = waiting.into_iter().map(suggestion).collect();
    Ok(Page::cut(rows, size))
}

/// How many domains wait.
///
/// # Errors
/// [`StoreError`] only.
pub fn count_suggested(db: &Reader<'_>) -> Result<Count, StoreError> {
    Ok(workspace::counts(db)?.suggested_domains)
}

/// Those who wait for a domain, behind one of them.
fn people_of(db: &Reader<'_>, domain: &str, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT user_key FROM suggested_people INDEXED BY suggested_people_domain
         WHERE domain = :domain AND user_key > :after ORDER BY user_key LIMIT :limit",
    )?;
    let parameters = named_params! { ":domain": domain, ":after": after, ":limit": limit };
    Ok(statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The first who wait for each of these domains, a list as JSON.
fn first_people(db: &Reader<'_>, domains: &str) -> Result<HashMap<String, Vec<i64>>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT asked.value, (SELECT json_group_array(first.user_key) FROM (
           SELECT user_key FROM suggested_people INDEXED BY suggested_people_domain
           WHERE domain = asked.value ORDER BY user_key LIMIT :limit) AS first)
         FROM json_each(:domains) AS asked",
    )?;
    let rows = statement.query_map(named_params! { ":domains": domains, ":limit": EXAMPLES_MAX }, |row| {
        Ok((row.get(0)?, serde_json::from_str(row.get_ref(1)?.as_str()?).unwrap_or_default()))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ids and names of companies.
type Names = Vec<(String, Option<String>)>;

/// The companies that state each of these domains, a list as JSON.
fn companies_stating(db: &Reader<'_>, domains: &str) -> Result<HashMap<String, Names>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT asked.value, (SELECT json_group_array(json_array(found.company_id, found.name)) FROM (
           SELECT DISTINCT c.company_id, c.name FROM company_domains AS d INDEXED BY company_domains_domain
           CROSS JOIN companies AS named ON named.company_key = d.company_key
           CROSS JOIN companies AS c ON c.company_key = coalesce(named.merged_into, named.company_key)
           WHERE d.domain = asked.value LIMIT :limit) AS found)
         FROM json_each(:domains) AS asked",
    )?;
    let rows = statement.query_map(named_params! { ":domains": domains, ":limit": COMPANIES_MAX }, |row| {
        Ok((row.get(0)?, serde_json::from_str(row.get_ref(1)?.as_str()?).unwrap_or_default()))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A company's domains: the one its attributes state first, then those it was given, the oldest first; then
/// those of companies merged into it.
///
/// # Errors
/// [`StoreError`] only.
pub fn of_company(db: &Reader<'_>, company: CompanyKey) -> Result<Vec<String>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT domain FROM company_domains
         WHERE company_key = :company OR company_key IN (SELECT company_key FROM companies WHERE merged_into = :company)
         ORDER BY company_key <> :company, accepted, since_ms, domain",
    )?;
    let mut domains: Vec<String> = Vec::new();
    for domain in statement.query_map(named_params! { ":company": company.0 }, |row| row.get(0))? {
        let domain = domain?;
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    Ok(domains)
}

/// The domains that a company was given, and those of companies merged into it: who has an address of one joins.
///
/// # Errors
/// [`StoreError`] only.
pub fn given_to(db: &Reader<'_>, company: CompanyKey) -> Result<Vec<String>, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT DISTINCT domain FROM company_domains
         WHERE accepted = 1
           AND (company_key = :company OR company_key IN (SELECT company_key FROM companies WHERE merged_into = :company))
         ORDER BY domain",
    )?;
    let rows = statement.query_map(named_params! { ":company": company.0 }, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a user's open memberships are in companies with domains, none of which is this one: who has
/// changed the address may have changed the company, and a person decides (C9).
///
/// # Errors
/// [`StoreError`] only.
pub fn is_elsewhere(db: &Reader<'_>, user: UserKey, domain: &str) -> Result<bool, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*), coalesce(sum(d.domain = :domain), 0)
         FROM memberships AS m
         CROSS JOIN companies AS c ON c.company_key = m.company_key OR c.merged_into = m.company_key
         CROSS JOIN company_domains AS d ON d.company_key = c.company_key
         WHERE m.user_key = :user AND m.open = 1",
    )?;
    let (domains, same): (i64, i64) = statement
        .query_row(named_params! { ":user": user.0, ":domain": domain }, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(domains > 0 && same == 0)
}

// What the writer needs ------------------------------------------------------

/// The companies that have a domain, merges read through, at most two; and whether the domain was
/// given to each.
///
/// # Errors
/// [`StoreError`] only.
pub fn companies_of(tx: &Tx<'_>, domain: &str) -> Result<Vec<(CompanyKey, bool)>, StoreError> {
    let mut statement = tx.connection.prepare_cached(
        "SELECT coalesce(c.merged_into, c.company_key) AS company, max(d.accepted)
         FROM company_domains AS d INDEXED BY company_domains_domain
         CROSS JOIN companies AS c ON c.company_key = d.company_key
         WHERE d.domain = ?1 AND c.archived_ms IS NULL GROUP BY company LIMIT ?2",
    )?;
    let rows = statement
        .query_map(params![domain, COMPANIES_MAX], |row| Ok((CompanyKey(row.get(0)?), row.get::<_, bool>(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps the domain that a company's attributes state in step with them. One that was given stays.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn state(tx: &Tx<'_>, company: CompanyKey, stated: Option<&str>) -> Result<(), StoreError> {
    let known: Option<String> = tx
        .connection
        .prepare_cached("SELECT domain FROM company_domains WHERE company_key = ?1 AND accepted = 0")?
        .query_row([company.0], |row| row.get(0))
        .optional()?;
    if known.as_deref() == stated {
        return Ok(());
    }
    tx.connection
        .prepare_cached("DELETE FROM company_domains WHERE company_key = ?1 AND accepted = 0")?
        .execute([company.0])?;
    if let Some(domain) = stated {
        tx.connection
            .prepare_cached(
                "INSERT OR IGNORE INTO company_domains (company_key, domain, accepted, since_ms) VALUES (?1, ?2, 0, ?3)",
            )?
            .execute(params![company.0, domain, tx.now_ms])?;
    }
    Ok(())
}

/// Gives a domain to a company: who has an address of it joins. Whether that is new.
///
/// # Errors
/// [`StoreError`] only.
pub fn give(tx: &Tx<'_>, company: CompanyKey, domain: &str) -> Result<bool, StoreError> {
    let given = tx
        .connection
        .prepare_cached(
            "INSERT INTO company_domains (company_key, domain, accepted, since_ms) VALUES (?1, ?2, 1, ?3)
             ON CONFLICT (company_key, domain) DO UPDATE SET accepted = 1 WHERE accepted = 0",
        )?
        .execute(params![company.0, domain, tx.now_ms])?;
    Ok(given > 0)
}

/// Nobody waits for a domain any more.
///
/// # Errors
/// [`StoreError`] only.
pub fn forget(tx: &Tx<'_>, domain: &str) -> Result<(), StoreError> {
    tx.connection.prepare_cached("DELETE FROM suggested_people WHERE domain = ?1")?.execute([domain])?;
    tx.connection.prepare_cached("DELETE FROM suggested_domains WHERE domain = ?1")?.execute([domain])?;
    Ok(())
}

/// A user waits for the decision about a domain, and for no other.
///
/// # Errors
/// [`StoreError`] only.
pub fn wait(tx: &Tx<'_>, user: UserKey, domain: &str) -> Result<(), StoreError> {
    stop_waiting(tx, user)?;
    tx.connection
        .prepare_cached("INSERT INTO suggested_people (user_key, domain) VALUES (?1, ?2)")?
        .execute(params![user.0, domain])?;
    tx.connection
        .prepare_cached(
            "INSERT INTO suggested_domains (domain, people, since_ms) VALUES (?1, 1, ?2)
             ON CONFLICT (domain) DO UPDATE SET people = people + 1",
        )?
        .execute(params![domain, tx.now_ms])?;
    Ok(())
}

/// A user waits no longer: it has a company, or another address.
///
/// # Errors
/// [`StoreError`] only.
pub fn stop_waiting(tx: &Tx<'_>, user: UserKey) -> Result<(), StoreError> {
    let domain: Option<String> = tx
        .connection
        .prepare_cached("DELETE FROM suggested_people WHERE user_key = ?1 RETURNING domain")?
        .query_row([user.0], |row| row.get(0))
        .optional()?;
    let Some(domain) = domain else { return Ok(()) };
    tx.connection
        .prepare_cached("UPDATE suggested_domains SET people = people - 1 WHERE domain = ?1")?
        .execute([&domain])?;
    tx.connection
        .prepare_cached("DELETE FROM suggested_domains WHERE domain = ?1 AND people <= 0")?
        .execute([&domain])?;
    Ok(())
}

/// Takes out some of those who wait for a domain, at most so many, and answers them.
///
/// # Errors
/// [`StoreError`] only.
pub fn take_waiting(tx: &Tx<'_>, domain: &str, limit: i64) -> Result<Vec<UserKey>, StoreError> {
    let keys = people_of(&tx.reader(), domain, 0, limit)?;
    tx.connection
        .prepare_cached("DELETE FROM suggested_people WHERE user_key IN (SELECT value FROM json_each(?1))")?
        .execute([json_keys(keys.iter().copied())])?;
    tx.connection
        .prepare_cached("UPDATE suggested_domains SET people = people - ?2 WHERE domain = ?1")?
        .execute(params![domain, keys.len() as i64])?;
    tx.connection
        .prepare_cached("DELETE FROM suggested_domains WHERE domain = ?1 AND people <= 0")?
        .execute([domain])?;
    Ok(keys.into_iter().map(UserKey).collect())
}
