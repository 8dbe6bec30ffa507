//! Whom a value is about that was said while two were one: it goes back with that one (R11).

use rusqlite::params;

use crate::domain::attributes::Stamp;
use crate::domain::ids::{EventId, UserKey};
use crate::domain::message::{Kind, is_order_of};
use crate::domain::time::EPOCH_MS;
use crate::store::{StoreError, Tx};

/// The user that the message named which a value came from; none where the journal has no such message.
///
/// # Errors
/// [`StoreError`] only.
pub fn said_of(tx: &Tx<'_>, stamp: Stamp) -> Result<Option<UserKey>, StoreError> {
    let moment = [stamp.at_ms, stamp.at_ms + 1].map(|at_ms| EventId::first_at(at_ms.max(EPOCH_MS)).0);
    let mut statement = tx.connection.prepare_cached(
        "SELECT message_hash, user_key FROM events
         WHERE event_id >= ?1 AND event_id < ?2 AND kind = ?3 AND source_key = ?4 AND user_key IS NOT NULL",
    )?;
    let mut messages = statement.query(params![moment[0], moment[1], Kind::Identify as i64, stamp.source.0])?;
    while let Some(row) = messages.next()? {
        if is_order_of(stamp.order, row.get(0)?) {
            return Ok(Some(UserKey(row.get(1)?)));
        }
    }
    Ok(None)
}
