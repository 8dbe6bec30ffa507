//! What the reads of a request cost: statements and time, counted by SQLite's own trace.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

thread_local! {
    /// Statements that this thread has begun.
    static BEGUN: Cell<u32> = const { Cell::new(0) };
}

tokio::task_local! {
    /// What the request in hand has cost so far.
    static OF_REQUEST: Arc<Counted>;
}

/// What reads cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Statements begun, without those that begin and end a transaction.
    pub statements: u32,
    /// Time within reads, with the wait for a reader.
    pub time: Duration,
}

#[derive(Debug, Default)]
struct Counted {
    statements: AtomicU32,
    micros: AtomicU64,
}

/// Does the work of a request, and says what its reads cost.
pub async fn of<T>(work: impl Future<Output = T>) -> (T, Cost) {
    let counted = Arc::<Counted>::default();
    let done = OF_REQUEST.scope(Arc::clone(&counted), work).await;
    let statements = counted.statements.load(Ordering::Relaxed);
    (done, Cost { statements, time: Duration::from_micros(counted.micros.load(Ordering::Relaxed)) })
}

/// Has the statements of a connection counted.
pub(super) fn count(connection: &Connection) {
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(begun));
}

fn begun(event: TraceEvent<'_>) {
    // What the index of texts asks of its own tables (https://sqlite.org/fts5.html) is not a statement of ours.
    if let TraceEvent::Stmt(_, sql) = event
        && !sql.contains("'main'.")
    {
        tracing::trace!(sql, "A statement began.");
        BEGUN.set(BEGUN.get() + 1);
    }
}

/// Where a read of this request is to be counted, if it is; the read itself may run on another thread.
pub(super) struct Bill(Option<Arc<Counted>>);

impl Bill {
    /// Of the request in hand.
    pub(super) fn of_request() -> Bill {
        Bill(OF_REQUEST.try_with(Arc::clone).ok())
    }

    /// Reads, and puts down what it cost.
    pub(super) fn read<T>(self, read: impl FnOnce() -> T) -> T {
        let Some(counted) = self.0 else { return read() };
        let (before, started) = (BEGUN.get(), Instant::now());
        let done = read();
        // Each read begins and ends a transaction of its own.
        let statements = (BEGUN.get() - before).saturating_sub(2);
        counted.statements.fetch_add(statements, Ordering::Relaxed);
        counted.micros.fetch_add(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Ambient, Store};

    #[tokio::test]
    async fn the_reads_of_a_request_are_counted_and_nobody_else_s() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let three = |db: &super::super::Reader<'_>| {
            for _ in 0..3 {
                db.0.query_row("SELECT 1", [], |_| Ok(()))?;
            }
            Ok(())
        };
        store.read(three).await.unwrap();
        let (_, cost) = of(async {
            store.read(three).await.unwrap();
            store.read(three).await.unwrap();
        })
        .await;
        assert_eq!(cost.statements, 6);
        assert!(cost.time > Duration::ZERO);
        let (_, nothing) = of(async {}).await;
        assert_eq!(nothing, Cost::default());
        store.close();
    }
}
