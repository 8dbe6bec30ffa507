//! Which companies are one changes: merged into others, and apart again (C10). As of users, the journal and
//! the statements of memberships name whoever was named.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::params;

use crate::domain::attributes::Attributes;
use crate::domain::duplicates::Records;
use crate::domain::ids::{CompanyKey, UserKey};
use crate::store::folds::{self, Sums};
use crate::store::{StoreError, Tx, companies, duplicates};

/// A company that goes to another, or back to being itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Which.
    pub company: CompanyKey,
    /// The one it is read through afterwards; none where it stands for itself.
    pub into: Option<CompanyKey>,
}

/// A company and all that were merged into it, the company first.
///
/// # Errors
/// [`StoreError`] only.
pub fn group(tx: &Tx<'_>, survivor: CompanyKey) -> Result<Vec<CompanyKey>, StoreError> {
    let mut keys = vec![survivor];
    if !tx.state.catalog.merged_companies.has_others(survivor) {
        return Ok(keys);
    }
    let mut statement = tx
        .connection
        .prepare_cached("SELECT company_key FROM companies WHERE merged_into = ?1 ORDER BY company_key")?;
    for key in statement.query_map([survivor.0], |row| row.get(0).map(CompanyKey))? {
        keys.push(key?);
    }
    Ok(keys)
}

/// The company that another is read through, else itself.
pub fn survivor(tx: &Tx<'_>, company: CompanyKey) -> CompanyKey {
    tx.state.catalog.merged_companies.survivor(company)
}

/// The company that another is merged into.
pub fn merged_into(tx: &Tx<'_>, company: CompanyKey) -> Option<CompanyKey> {
    Some(survivor(tx, company)).filter(|into| *into != company)
}

/// What fills a company's gaps: the attributes of those that were merged into it.
///
/// # Errors
/// [`StoreError`] only.
pub fn carried_by(tx: &Tx<'_>, company: CompanyKey) -> Result<Vec<Attributes>, StoreError> {
    group(tx, company)?[1..].iter().map(|merged| Ok(companies::load(tx, *merged)?.attributes.without_gaps())).collect()
}

/// Who is or was a member of a company under any of its rows: a person stands for whoever was merged into it.
///
/// # Errors
/// [`StoreError`] only.
pub fn people(tx: &Tx<'_>, companies: &BTreeSet<CompanyKey>) -> Result<BTreeSet<UserKey>, StoreError> {
    let mut people = BTreeSet::new();
    let mut statement = tx
        .connection
        .prepare_cached("SELECT user_key FROM memberships INDEXED BY memberships_joined WHERE company_key = ?1")?;
    for company in companies {
        for user in statement.query_map([company.0], |row| row.get(0).map(UserKey))? {
            people.insert(tx.state.catalog.survivor(user?));
        }
    }
    Ok(people)
}

/// Moves companies, and all that the folds say of them. Answers all those whose memberships and
/// attributes are to be worked out anew.
///
/// # Errors
/// [`StoreError`] only.
pub fn regroup(tx: &mut Tx<'_>, moves: &[Move]) -> Result<BTreeSet<CompanyKey>, StoreError> {
    folds::catch_up(tx)?;
    let mut touched: BTreeSet<CompanyKey> = moves.iter().map(|step| step.company).collect();
    touched.extend(moves.iter().filter_map(|step| step.into));
    touched.extend(moves.iter().filter_map(|step| merged_into(tx, step.company)));
    let survivors = |tx: &Tx<'_>| -> BTreeSet<CompanyKey> { touched.iter().map(|one| survivor(tx, *one)).collect() };
    for company in survivors(tx) {
        sums_of(tx, company)?.take_out(tx)?;
    }
    for company in &touched {
        tx.connection
            .prepare_cached("UPDATE companies SET last_seen_hour = 0 WHERE company_key = ?1")?
            .execute([company.0])?;
        tx.connection
            .prepare_cached("UPDATE memberships SET last_seen_hour = 0 WHERE company_key = ?1")?
            .execute([company.0])?;
    }
    for Move { company, into } in moves {
        tx.connection
            .prepare_cached("UPDATE companies SET merged_into = ?2 WHERE company_key = ?1")?
            .execute(params![company.0, into.map(|into| into.0)])?;
        let merged = tx.state.catalog.merged_companies.with(*company, *into);
        tx.catalog_mut().merged_companies = Arc::new(merged);
    }
    for step in moves {
        duplicates::restate_record(tx, Records::Companies, step.company.0)?;
    }
    let day = folds::day(tx)?;
    for company in survivors(tx) {
        sums_of(tx, company)?.put_in(tx, day)?;
    }
    for company in &touched {
        folds::count_active_members(tx, *company, day)?;
    }
    Ok(touched)
}

/// What the journal says of a company: of the events that name it or one merged into it.
fn sums_of(tx: &mut Tx<'_>, company: CompanyKey) -> Result<Sums, StoreError> {
    let mut sums = Sums::default();
    let buckets = folds::buckets(&tx.reader())?;
    for named in group(tx, company)? {
        for bucket in buckets.clone() {
            for event in folds::of_company(tx, bucket, named)? {
                if let Some(person) = folds::person(tx, &event, i64::MAX)? {
                    sums.count_company(tx, &event, person);
                }
            }
        }
    }
    Ok(sums)
}
