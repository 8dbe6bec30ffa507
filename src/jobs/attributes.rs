//! The work on all values of an attribute: a change of type, a deletion, what waited in the tray. It
//! stands in the file, so it goes on after a restart where it was.

use std::time::Duration;

use crate::actions::attributes::step;
use crate::store::{Store, StoreError};

/// How often it is looked whether there is work; the look is into memory.
const LOOK_MS: u64 = 250;

/// Runs for ever.
pub async fn run(store: Store) {
    loop {
        if store.catalog().attribute_work
            && let Err(error) = work(&store).await
        {
            tracing::error!(%error, "The work on an attribute was interrupted; it is tried again.");
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

/// Does all the work there is, in chunks that let others pass.
///
/// # Errors
/// [`StoreError`] only; what was done by then stays done.
pub async fn work(store: &Store) -> Result<(), StoreError> {
    while store.write_bulk(step).await? {}
    Ok(())
}
