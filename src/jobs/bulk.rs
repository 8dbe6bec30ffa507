//! Bulk jobs: one deed for many, in chunks behind everything that people wait for. How far it is stands in the file,
//! so that it goes on after a restart where it was.

use std::time::Duration;

use crate::actions::edit::EditError;
use crate::actions::edit::bulk_job::{fail, keep_step, step, try_step};
use crate::domain::ids::BulkJobKey;
use crate::domain::limits::BULK_JOBS_DAYS;
use crate::domain::time::DAY_MS;
use crate::store::bulk_jobs::{self, State};
use crate::store::{Store, StoreError, Tx};

/// How often it is looked whether there is work; the look is into memory.
const LOOK_MS: u64 = 250;
/// Waiting rows of others come first: so long until a full queue is asked again, in milliseconds.
const BUSY_MS: u64 = 100;
/// How often it is looked whether jobs have been kept long enough, in looks.
const LOOKS_BETWEEN_SWEEPS: u32 = 4 * 3_600;

/// Runs for ever.
pub async fn run(store: Store) {
    let mut looks = 0_u32;
    loop {
        if looks.is_multiple_of(LOOKS_BETWEEN_SWEEPS)
            && let Err(error) = sweep(&store).await
        {
            tracing::error!(%error, "Old bulk changes could not be taken away; it is tried again.");
        }
        looks = looks.wrapping_add(1);
        if store.catalog().bulk_work
            && let Err(error) = work(&store).await
        {
            tracing::error!(%error, "A bulk change was interrupted; it is tried again.");
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
}

async fn sweep(store: &Store) -> Result<(), StoreError> {
    let before_ms = store.now_ms() - BULK_JOBS_DAYS * DAY_MS;
    store.write_bulk(move |tx| bulk_jobs::forget(tx, before_ms, None)).await
}

/// Does all the work there is, the oldest first.
///
/// # Errors
/// [`StoreError`] only; what was done by then stays done.
pub async fn work(store: &Store) -> Result<(), StoreError> {
    while let Some(job) = store.read(bulk_jobs::next).await? {
        let key = job.key;
        let gone_on = match job.state {
            State::Checking => check(store, key).await,
            _ => store.write_bulk(move |tx: &mut Tx<'_>| step(tx, key)).await.map(drop),
        };
        match gone_on {
            Ok(()) => {}
            Err(EditError::Store(StoreError::Busy)) => tokio::time::sleep(Duration::from_millis(BUSY_MS)).await,
            Err(EditError::Store(error)) => return Err(error),
            Err(other) => {
                let problem = other.to_string();
                store.write(move |tx| fail(tx, key, &problem)).await?;
            }
        }
    }
    Ok(())
}

/// Looks at what the next chunk would come to: it is done and undone.
async fn check(store: &Store, key: BulkJobKey) -> Result<(), EditError> {
    match store.rehearse(move |tx: &mut Tx<'_>| try_step(tx, key)).await? {
        Some(found) => Ok(store.write(move |tx| keep_step(tx, key, found)).await?),
        None => Ok(()),
    }
}
