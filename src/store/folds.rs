//! Folds: what is derived from the journal, applied in order of arrival.

use rusqlite::Connection;

use super::tx::State;
use super::{StoreError, Tx};

/// The next place in the order of arrival, and the last one that the folds have taken.
pub(super) fn positions(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let folded = connection
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM cursors WHERE reader = 'folds'")?
        .query_row([], |row| row.get::<_, i64>(0))?;
    let head = connection
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM arrivals")?
        .query_row([], |row| row.get::<_, i64>(0))?;
    Ok((head.max(folded) + 1, folded))
}

/// Whether the workspace's day is another than the one the folds stand at.
pub(super) fn day_has_turned(connection: &Connection, state: &mut State, now_ms: i64) -> Result<bool, StoreError> {
    let _ = (connection, state, now_ms);
    Ok(false)
}

/// Takes at most `limit` arrivals.
pub(super) fn apply(tx: &mut Tx<'_>, limit: i64) -> Result<(), StoreError> {
    let _ = limit;
    tx.state.pending = 0;
    Ok(())
}
