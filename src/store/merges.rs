//! Who is who changes: users merged into others, and apart again (R11).
//!
//! The journal names whoever was named; a merge is one column, read through. What is derived for a
//! person is taken out of the folds as it stands, the column is changed, and it is put back as the
//! journal says it now. Both ends equal a recount.

pub mod companies;
pub mod memberships;
pub mod own;

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::params;

use super::folds::{self, Sums};
use super::{StoreError, Tx, duplicates, visitors};
use crate::domain::duplicates::Records;
use crate::domain::ids::{CompanyKey, EventId, UserKey, VisitorKey};
use crate::domain::time::{DAY_MS, EPOCH_MS};

/// A user that goes to another, or back to being nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Who.
    pub user: UserKey,
    /// Whose record it is read through afterwards; none where it stands for itself.
    pub into: Option<UserKey>,
}

/// A user and all that were merged into it, the user first.
///
/// # Errors
/// [`StoreError`] only.
pub fn group(tx: &Tx<'_>, survivor: UserKey) -> Result<Vec<UserKey>, StoreError> {
    let mut keys = vec![survivor];
    if tx.state.catalog.merged_users.is_empty() {
        return Ok(keys);
    }
    let mut statement =
        tx.connection.prepare_cached("SELECT user_key FROM users WHERE merged_into = ?1 ORDER BY user_key")?;
    for key in statement.query_map([survivor.0], |row| row.get(0).map(UserKey))? {
        keys.push(key?);
    }
    Ok(keys)
}

/// Whom a user is merged into.
pub fn merged_into(tx: &Tx<'_>, user: UserKey) -> Option<UserKey> {
    tx.state.catalog.merged_users.get(&user).copied()
}

/// Moves users, and all that the folds say of them. Answers everyone whose memberships and
/// attributes are to be worked out anew.
///
/// # Errors
/// [`StoreError`] only.
pub fn regroup(tx: &mut Tx<'_>, moves: &[Move]) -> Result<BTreeSet<UserKey>, StoreError> {
    folds::catch_up(tx)?;
    let mut touched: BTreeSet<UserKey> = moves.iter().map(|step| step.user).collect();
    touched.extend(moves.iter().filter_map(|step| step.into));
    touched.extend(moves.iter().filter_map(|step| merged_into(tx, step.user)));
    let people =
        |tx: &Tx<'_>| -> BTreeSet<UserKey> { touched.iter().map(|user| tx.state.catalog.survivor(*user)).collect() };
    let mut companies = BTreeSet::new();
    for person in people(tx) {
        let sums = sums_of(tx, person)?;
        companies.extend(sums.companies_of_people());
        sums.take_out(tx)?;
    }
    for user in &touched {
        tx.connection.prepare_cached("UPDATE users SET last_seen_hour = 0 WHERE user_key = ?1")?.execute([user.0])?;
        tx.connection
            .prepare_cached("UPDATE memberships SET last_seen_hour = 0 WHERE user_key = ?1")?
            .execute([user.0])?;
    }
    for Move { user, into } in moves {
        tx.connection
            .prepare_cached("UPDATE users SET merged_into = ?2 WHERE user_key = ?1")?
            .execute(params![user.0, into.map(|into| into.0)])?;
        let merged = Arc::make_mut(&mut tx.catalog_mut().merged_users);
        match into {
            Some(into) => merged.insert(*user, *into),
            None => merged.remove(user),
        };
    }
    for step in moves {
        duplicates::restate_record(tx, Records::Users, step.user.0)?;
    }
    let today = folds::day(tx)?;
    for person in people(tx) {
        sums_of(tx, person)?.put_in(tx, today)?;
    }
    for company in companies {
        folds::count_active_members(tx, CompanyKey(company), today)?;
        if !tx.state.catalog.staff.is_empty() {
            // What one of our own people did counts for whom they are merged into, and no more when apart.
            folds::see_company_again(tx, CompanyKey(company))?;
        }
    }
    Ok(touched)
}

/// Under which subjects a person's events stand, and from which event on: those that name it or one merged into it,
/// and those of their browsers since they are theirs.
pub(super) fn strands_of(tx: &Tx<'_>, person: UserKey) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut strands: Vec<(i64, i64)> = Vec::new();
    for user in group(tx, person)? {
        strands.push((user.0, i64::MIN));
        let mut statement = tx.connection.prepare_cached(
            "SELECT visitor_key, linked_from_ms FROM visitors WHERE user_key = ?1 ORDER BY visitor_key",
        )?;
        let browsers = statement.query_map([user.0], |row| Ok((VisitorKey(row.get(0)?), row.get::<_, i64>(1)?)))?;
        for browser in browsers {
            let (visitor, from_ms) = browser?;
            strands.push((-visitor.0, EventId::first_at(from_ms.max(EPOCH_MS)).0));
        }
    }
    Ok(strands)
}

/// Takes the link of a browser to a user back, and all that its events were counted for by it. Where an event that is
/// in the journal names both, the browser is linked as of the first such. Whether it stands apart.
///
/// # Errors
/// [`StoreError`] only.
pub fn unlink(tx: &mut Tx<'_>, visitor: VisitorKey, user: UserKey) -> Result<bool, StoreError> {
    folds::catch_up(tx)?;
    let person = tx.state.catalog.survivor(user);
    let before = sums_of(tx, person)?;
    let companies: BTreeSet<i64> = before.companies_of_people().collect();
    before.take_out(tx)?;
    tx.connection.prepare_cached("UPDATE users SET last_seen_hour = 0 WHERE user_key = ?1")?.execute([person.0])?;
    tx.connection
        .prepare_cached("UPDATE memberships SET last_seen_hour = 0 WHERE user_key = ?1")?
        .execute([person.0])?;
    visitors::set_apart(tx, visitor)?;
    let today = folds::day(tx)?;
    sums_of(tx, person)?.put_in(tx, today)?;
    for company in companies.into_iter().map(CompanyKey) {
        folds::count_active_members(tx, company, today)?;
        folds::see_company_again(tx, company)?;
    }
    let first = folds::first_beside(tx, visitor, user)?;
    if let Some(first) = first {
        let from_ms = first.at_ms() - tx.catalog().settings.takeover_days * DAY_MS;
        visitors::link(tx, visitor, user, first.at_ms(), from_ms)?;
    }
    Ok(first.is_none())
}

/// What the journal says of a person: of the events that name it or one merged into it, and of
/// their browsers since they are theirs.
pub(super) fn sums_of(tx: &mut Tx<'_>, person: UserKey) -> Result<Sums, StoreError> {
    let mut sums = Sums::default();
    let newest = *folds::buckets(&tx.reader())?.end();
    for (subject, from) in strands_of(tx, person)? {
        for bucket in EventId(from.max(0)).bucket()..=newest {
            for event in folds::of_subject(tx, bucket, subject, from)? {
                sums.count_user(tx, &event, person.0);
            }
        }
    }
    sums.forget_first();
    Ok(sums)
}
