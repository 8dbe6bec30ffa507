//! Our own people (R16): whoever has an address of the workspace's own e-mail domains is in no number.
//!
//! A flag on the user says so, and the folds follow it. It changes with the address, at once; a change of
//! the domains themselves asks for all who have an address of them, and each step of the writer takes one
//! person out of the numbers or puts one back, so that others pass, and a restart goes on with the next.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::list::{COUNTED_MAX, Count};
use super::{Reader, StoreError, Tx, folds, merges};
use crate::domain::email_domains;
use crate::domain::ids::{CompanyKey, UserKey};

/// Domains that are in one list and not in the other.
pub fn only_in(list: &[String], other: &[String]) -> Vec<String> {
    list.iter().filter(|domain| !other.contains(domain)).cloned().collect()
}

/// How many users have an address of these domains, counted up to a limit.
///
/// # Errors
/// [`StoreError`] only.
pub fn count(db: &Reader<'_>, domains: &[String]) -> Result<Count, StoreError> {
    let mut statement = db.0.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM users INDEXED BY users_email_domain
           WHERE email_domain = :domain LIMIT :limit)",
    )?;
    let mut people = 0;
    for domain in domains {
        let parameters = named_params! { ":domain": domain, ":limit": COUNTED_MAX };
        people += statement.query_row(parameters, |row| row.get::<_, i64>(0))?;
    }
    Ok(Count::of(people.min(COUNTED_MAX)))
}

/// Whether a user is one of our own, as the folds stand.
///
/// # Errors
/// [`StoreError`] only; also where there is no such row.
pub fn is_left_out(db: &Reader<'_>, user: UserKey) -> Result<bool, StoreError> {
    let mut statement = db.0.prepare_cached("SELECT staff FROM users WHERE user_key = :user")?;
    Ok(statement.query_row(named_params! { ":user": user.0 }, |row| row.get(0))?)
}

/// Asks for all who have an address of these domains to be counted anew.
pub(super) fn ask(tx: &mut Tx<'_>, domains: &[String]) -> Result<(), StoreError> {
    for domain in domains {
        tx.connection.prepare_cached("INSERT OR IGNORE INTO staff_recounts (domain) VALUES (?1)")?.execute([domain])?;
    }
    tx.state.staff_to_recount |= !domains.is_empty();
    Ok(())
}

/// Whether people wait to be counted anew.
pub(super) fn is_asked(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM staff_recounts")?.exists([])?)
}

/// Counts the next person anew; a domain goes when nobody of it is left.
pub(super) fn step(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let next: Option<String> = tx
        .connection
        .prepare_cached("SELECT domain FROM staff_recounts ORDER BY domain LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(domain) = next else {
        tx.state.staff_to_recount = false;
        return Ok(());
    };
    let is_staff = tx.state.catalog.settings.staff_domains.contains(&domain);
    let user: Option<i64> = tx
        .connection
        .prepare_cached(
            "SELECT user_key FROM users INDEXED BY users_email_domain
             WHERE email_domain = ?1 AND staff = ?2 LIMIT 1",
        )?
        .query_row(params![domain, !is_staff], |row| row.get(0))
        .optional()?;
    match user {
        Some(user) => set(tx, UserKey(user), is_staff),
        None => {
            tx.connection.prepare_cached("DELETE FROM staff_recounts WHERE domain = ?1")?.execute([domain])?;
            Ok(())
        }
    }
}

/// The address of a user changed: they may be one of our own people from now on, or no more.
pub(super) fn follow(tx: &mut Tx<'_>, user: UserKey, email: Option<&str>) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE users SET email_domain = ?2 WHERE user_key = ?1")?
        .execute(params![user.0, email.and_then(email_domains::at)])?;
    let is_staff = tx.state.catalog.settings.is_staff(email);
    if is_staff == tx.state.catalog.staff.contains(&user) { Ok(()) } else { set(tx, user, is_staff) }
}

/// Takes a person out of the numbers, or puts one back. Whoever is merged is counted with whom they are
/// merged into.
fn set(tx: &mut Tx<'_>, user: UserKey, is_staff: bool) -> Result<(), StoreError> {
    if merges::merged_into(tx, user).is_some() {
        return flag(tx, user, is_staff);
    }
    folds::catch_up(tx)?;
    let today = folds::day(tx)?;
    let sums = if is_staff {
        let sums = merges::sums_of(tx, user)?;
        sums.take_out(tx)?;
        tx.connection
            .prepare_cached("UPDATE memberships SET last_seen_hour = 0 WHERE user_key = ?1")?
            .execute([user.0])?;
        flag(tx, user, true)?;
        sums
    } else {
        flag(tx, user, false)?;
        let sums = merges::sums_of(tx, user)?;
        sums.put_in(tx, today)?;
        sums
    };
    for company in sums.companies_of_people().map(CompanyKey) {
        folds::count_active_members(tx, company, today)?;
        folds::see_company_again(tx, company)?;
    }
    Ok(())
}

fn flag(tx: &mut Tx<'_>, user: UserKey, is_staff: bool) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("UPDATE users SET staff = ?2 WHERE user_key = ?1")?
        .execute(params![user.0, is_staff])?;
    let staff = Arc::make_mut(&mut tx.catalog_mut().staff);
    if is_staff {
        staff.insert(user);
    } else {
        staff.remove(&user);
    }
    Ok(())
}
