//! A file that says all companies of its users (C1): when its last row is done, each user leaves those that no row of the
//! file named.

use super::row::MESSAGES_OF_ROW_MAX;
use crate::domain::access::Grade;
use crate::domain::change::{By, Change, MEMBERSHIP};
use crate::domain::companies::{Order, Said, Statement};
use crate::domain::ids::SourceKey;
use crate::store::imports::{Import, replaces};
use crate::store::memberships::Member;
use crate::store::{StoreError, Tx, changes, memberships};

/// Users of one chunk.
const CHUNK_USERS: usize = 20;

/// Ends the other memberships of the next users; whether there may be more of them.
///
/// # Errors
/// [`StoreError`] only.
pub(super) fn end_others(tx: &mut Tx<'_>, import: &mut Import, source: SourceKey) -> Result<bool, StoreError> {
    let users = replaces::take(tx, import.key, CHUNK_USERS)?;
    let at_ms = import.started_ms.unwrap_or(tx.now_ms);
    for user in &users {
        let person = tx.catalog().survivor(*user);
        // As if one more row named all companies at once; what is not the current one was stated a moment earlier.
        let named = memberships::joined_by(tx, person, source, at_ms - 1)?;
        let said = std::iter::once(Said::Replaces).chain(named.into_iter().map(Said::Joins));
        let message = (import.rows_done as i64 + 1) * MESSAGES_OF_ROW_MAX;
        let statement = |(place, said)| Statement { order: Order { at_ms, message, place }, said };
        let statements: Vec<Statement> = (0..).zip(said).map(statement).collect();
        memberships::state(tx, Member::User(person), &statements, Grade::Import, source)?;
        let changes = memberships::restate(tx, person)?;
        changes::record(tx, &By::Message(source), changes::IMPORT, Grade::Import, &changes)?;
        import.report.memberships_ended += changes.iter().filter(|change| ends(change)).count() as u64;
    }
    Ok(users.len() == CHUNK_USERS)
}

/// Whether a change ends a membership.
fn ends(change: &Change) -> bool {
    let left = |value: &Option<serde_json::Value>| value.as_ref().and_then(|value| value.get("left_at")).is_some();
    change.field == MEMBERSHIP && change.before.is_some() && !left(&change.before) && left(&change.after)
}
