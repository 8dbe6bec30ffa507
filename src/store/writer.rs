//! The writer: one thread, one connection, group commit.
//!
//! SQLite has one writer, so the program has one. Jobs wait in two bounded
//! queues, live before bulk. The writer takes all that waits, runs each job in
//! a savepoint of its own, commits once, and only then answers: an answer
//! means disk, and many callers share one fsync.
//!
//! Folds (see `folds.rs`) are applied by the same thread: with the group where
//! it is small, in sorted slices where much waits, at once when nothing else does.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{Notify, oneshot};

use super::arrivals::{self, Arrivals};
use super::catalog::{self, Shared};
use super::contexts::Contexts;
use super::tx::{self, Held, State};
use super::{Ambient, StoreError, Tx, days, folds, remembered, search, staff};
use crate::domain::time::Days;

/// Jobs that may wait in each queue; one more is answered "busy".
const WAITING_MAX: usize = 16_384;
/// Jobs of one group.
const GROUP_JOBS_MAX: usize = 4_096;
/// Work of one group, in milliseconds.
const GROUP_MS: u64 = 5;
/// Arrivals wait so long for others to be folded with them, in milliseconds; a reader who waits ends it.
const FOLD_WAIT_MS: u64 = 250;
/// So many waiting arrivals are folded in one sorted slice.
const FOLD_SLICE: usize = 4_096;
/// Commits that may fail one after the other, 50 ms apart, before a writer that is told to end gives up.
const FAILURES_AT_THE_END_MAX: u32 = 20;
/// A `data_version` that no file has.
const NEVER_READ: i64 = -1;
/// How often the writer looks whether another process wrote, in milliseconds.
const LOOK_MS: u64 = 500;

/// Which of the two queues.
#[derive(Debug, Clone, Copy)]
pub(super) enum Queue {
    /// What a visitor or an operator waits for.
    Live,
    /// What can wait.
    Bulk,
}

/// A job in two steps: what it does in the transaction, and its answer after the commit.
trait Job: Send {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    fn answer(self: Box<Self>, committed: &Result<(), StoreError>);
}

struct Typed<F, T, E> {
    work: Option<F>,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Typed<F, T, E>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(tx)));
        if outcome.is_err() {
            tracing::error!("A job of the writer panicked; what it wrote was undone.");
        }
        let outcome = outcome.unwrap_or_else(|_| Err(StoreError::Stopped.into()));
        let kept = outcome.is_ok();
        self.outcome = Some(outcome);
        kept
    }

    fn answer(self: Box<Self>, committed: &Result<(), StoreError>) {
        let outcome = match (self.outcome, committed) {
            (Some(outcome), committed) if committed.is_ok() || outcome.is_err() => outcome,
            (_, Err(StoreError::Full)) => Err(StoreError::Full.into()),
            _ => Err(StoreError::Stopped.into()),
        };
        // Whoever asked may have gone away; what was done stays done.
        let _ = self.answer.send(outcome);
    }
}

#[derive(Default)]
struct Waiting {
    live: VecDeque<Box<dyn Job>>,
    bulk: VecDeque<Box<dyn Job>>,
    closed: bool,
    /// A reader waits for the folds.
    hurried: bool,
}

struct Line {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    /// The last place in the order of arrival that is on disk.
    head: AtomicI64,
    /// The last place that the folds have taken.
    folded: AtomicI64,
    fold_moved: Notify,
    /// The last that was to be written found no room on the disk.
    full: AtomicBool,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no more jobs, and lets those who wait for one know at once.
    fn end(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        let left = (std::mem::take(&mut waiting.live), std::mem::take(&mut waiting.bulk));
        drop(waiting);
        // A job that goes takes the place of its answer with it.
        drop(left);
    }
}

pub(super) struct Writer {
    line: Arc<Line>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, ambient: Ambient, shared: Shared) -> Result<Writer, StoreError> {
        let mut thread = Thread::new(connection, ambient, shared)?;
        let line = Arc::clone(&thread.line);
        let handle = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                if catch_unwind(AssertUnwindSafe(|| thread.run())).is_err() {
                    tracing::error!("The writer panicked and has ended: nothing is written until the next start.");
                    thread.line.end();
                }
            })
            .map_err(|error| StoreError::File { path: "writer".into(), error })?;
        Ok(Writer { line, thread: Mutex::new(Some(handle)) })
    }

    /// Whether jobs are taken.
    pub(super) fn is_full(&self) -> bool {
        self.line.full.load(Ordering::Acquire)
    }

    /// Whether it takes jobs.
    pub(super) fn is_open(&self) -> bool {
        !self.line.lock().closed
    }

    pub(super) fn submit<T, E, F>(&self, work: F, queue: Queue) -> Result<oneshot::Receiver<Result<T, E>>, StoreError>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job = Box::new(Typed { work: Some(work), outcome: None, answer: sender });
        let mut waiting = self.line.lock();
        if waiting.closed {
            return Err(StoreError::Stopped);
        }
        let idle = waiting.live.is_empty() && waiting.bulk.is_empty();
        let line = match queue {
            Queue::Live => &mut waiting.live,
            Queue::Bulk => &mut waiting.bulk,
        };
        if line.len() >= WAITING_MAX {
            return Err(StoreError::Busy);
        }
        line.push_back(job);
        drop(waiting);
        if idle {
            self.line.arrived.notify_one();
        }
        Ok(receiver)
    }

    /// Waits until the folds have reached the head as it stands now; the lag left in milliseconds.
    pub(super) async fn folded(&self, limit: Duration) -> u64 {
        let head = self.line.head.load(Ordering::Acquire);
        let started = Instant::now();
        loop {
            let moved = self.line.fold_moved.notified();
            if self.line.folded.load(Ordering::Acquire) >= head {
                return 0;
            }
            self.line.lock().hurried = true;
            self.line.arrived.notify_one();
            let left = limit.saturating_sub(started.elapsed());
            if left.is_zero() || tokio::time::timeout(left, moved).await.is_err() {
                return u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            }
        }
    }

    /// Ends the thread after everything that was accepted.
    pub(super) fn close(&self) {
        self.line.lock().closed = true;
        self.line.arrived.notify_one();
        let handle = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle
            && handle.thread().id() != std::thread::current().id()
        {
            let _ = handle.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Thread {
    connection: Connection,
    ambient: Ambient,
    shared: Shared,
    state: State,
    line: Arc<Line>,
    data_version: i64,
    /// When the first arrival came that waits to be folded.
    waits_since: Instant,
    /// The next group is that of a bulk job, where one waits.
    bulk_in_turn: bool,
}

impl Thread {
    fn new(connection: Connection, ambient: Ambient, shared: Shared) -> Result<Thread, StoreError> {
        let catalog = shared.get();
        let zone_days = Days::new(catalog.settings.time_zone);
        let (next_seq, folded) = folds::positions(&connection)?;
        let state = State {
            keyed_hash: tx::keyed_hash(&catalog.hash_key),
            catalog,
            catalog_changed: false,
            next_seq,
            pending: next_seq - 1 - folded,
            arrivals: Arrivals::default(),
            any_seen: super::events::any_seen(&connection)?,
            known: Default::default(),
            names: super::events::names(&connection)?,
            contexts: Contexts::load(&connection)?,
            days: zone_days,
            unindexed: None,
            first_of_today: std::cell::Cell::default(),
            proofs: super::proofs::Tally::default(),
            days_to_recount: days::is_asked(&connection)?,
            staff_to_recount: staff::is_asked(&connection)?,
        };
        let line = Arc::new(Line {
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            head: AtomicI64::new(next_seq - 1),
            folded: AtomicI64::new(folded),
            fold_moved: Notify::new(),
            full: AtomicBool::new(false),
        });
        let mut thread = Thread {
            connection,
            ambient,
            shared,
            state,
            line,
            data_version: 0,
            waits_since: Instant::now(),
            bulk_in_turn: false,
        };
        thread.data_version = thread.read_data_version()?;
        Ok(thread)
    }

    fn run(&mut self) {
        let mut failures = 0_u32;
        loop {
            let (jobs, closing, hurried) = self.next_group();
            let result = if jobs.is_empty() { self.fold_alone(closing) } else { self.commit_group(jobs, hurried) };
            match result {
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    // It is tried again many times a second.
                    if failures.is_power_of_two() {
                        tracing::error!(%error, failures, "The writer could not commit.");
                    }
                    // A full disk does not get better by asking at once.
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            // What can't be derived now waits in the file for the next start: the end must come in time.
            if closing && (self.is_done() || failures >= FAILURES_AT_THE_END_MAX) {
                break;
            }
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);") {
            tracing::warn!(%error, "The write-ahead log stays beside the file; the next start takes it in.");
        }
    }

    /// Waits for jobs; none where there is only folding to do, or nothing for a while. Whether a reader waits.
    fn next_group(&mut self) -> (Vec<Box<dyn Job>>, bool, bool) {
        let line = Arc::clone(&self.line);
        let mut waiting = line.lock();
        let patience = self.patience(waiting.hurried);
        if waiting.live.is_empty() && waiting.bulk.is_empty() && !waiting.closed && !patience.is_zero() {
            waiting = self.line.arrived.wait_timeout(waiting, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
        let hurried = std::mem::take(&mut waiting.hurried);
        // A bulk job holds the writer for a bounded chunk, and nobody waits for the answer of two: it has a group of its
        // own, in turn with what is live.
        let bulk = if self.bulk_in_turn || waiting.live.is_empty() { waiting.bulk.pop_front() } else { None };
        self.bulk_in_turn = bulk.is_none();
        let live = if bulk.is_none() { waiting.live.len().min(GROUP_JOBS_MAX) } else { 0 };
        let jobs: Vec<Box<dyn Job>> = bulk.into_iter().chain(waiting.live.drain(..live)).collect();
        let closing = waiting.closed && waiting.live.is_empty() && waiting.bulk.is_empty();
        (jobs, closing, hurried)
    }

    /// How long to wait for jobs before doing what else there is to do.
    fn patience(&self, hurried: bool) -> Duration {
        if self.is_idle() {
            return Duration::from_millis(LOOK_MS);
        }
        if hurried || self.state.recounts() || self.state.pending >= FOLD_SLICE as i64 {
            return Duration::ZERO;
        }
        Duration::from_millis(FOLD_WAIT_MS).saturating_sub(self.waits_since.elapsed())
    }

    fn commit_group(&mut self, jobs: Vec<Box<dyn Job>>, hurried: bool) -> Result<(), StoreError> {
        let started = Instant::now();
        if self.state.pending == 0 {
            self.waits_since = started;
        }
        let mut done: Vec<Box<dyn Job>> = Vec::with_capacity(jobs.len());
        let mut jobs = VecDeque::from(jobs);
        let result = self.transaction(false, |tx| {
            while let Some(mut job) = jobs.pop_front() {
                let outcome = run_job(tx, job.as_mut());
                done.push(job);
                outcome?;
                if started.elapsed() > Duration::from_millis(GROUP_MS) {
                    break;
                }
            }
            if hurried || tx.state.pending >= FOLD_SLICE as i64 { fold(tx) } else { Ok(()) }
        });
        if !jobs.is_empty() {
            let mut waiting = self.line.lock();
            while let Some(job) = jobs.pop_back() {
                waiting.live.push_front(job);
            }
        }
        for job in done {
            job.answer(&result);
        }
        result
    }

    fn fold_alone(&mut self, closing: bool) -> Result<(), StoreError> {
        self.look_for_other_writers()?;
        let now_ms = (self.ambient.now_ms)();
        let proofs = self.state.proofs.is_due(now_ms) || closing && self.state.proofs.waits();
        if self.is_idle() && !proofs && !folds::day_has_turned(&self.connection, &mut self.state, now_ms)? {
            return Ok(());
        }
        self.transaction(closing, fold)
    }

    /// One transaction, committed; what it changed in memory is published, or taken back where it failed.
    fn transaction(
        &mut self,
        closing: bool,
        work: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let result = (|| {
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            self.look_for_other_writers()?;
            let now_ms = (self.ambient.now_ms)();
            let (connection, ambient, state) = (&self.connection, &self.ambient, &mut self.state);
            let mut tx = Tx { connection, held: Held::default(), now_ms, ambient, state };
            work(&mut tx)?;
            if tx.state.proofs.is_due(now_ms) || closing && tx.state.proofs.waits() {
                tx.state.proofs.write(connection, now_ms)?;
            }
            arrivals::write(&mut tx)?;
            tx.execute("COMMIT")
        })();
        self.finish(&result);
        match &result {
            Ok(()) => self.line.full.store(false, Ordering::Release),
            Err(StoreError::Full) => self.line.full.store(true, Ordering::Release),
            Err(_) => {}
        }
        result
    }

    /// Nothing waits to be derived, and no job was put back for another group.
    fn is_done(&self) -> bool {
        let waiting = self.line.lock();
        self.state.pending == 0 && !self.state.proofs.waits() && waiting.live.is_empty() && waiting.bulk.is_empty()
    }

    /// Nothing waits to be derived.
    fn is_idle(&self) -> bool {
        self.state.pending == 0 && !self.state.recounts()
    }

    /// Publishes what was committed, or takes the memory back to what the file says.
    fn finish(&mut self, result: &Result<(), StoreError>) {
        self.state.proofs.settle(result.is_ok(), (self.ambient.now_ms)());
        if result.is_err() {
            let _ = self.connection.execute_batch("ROLLBACK");
            if let Err(error) = self.reload() {
                tracing::error!(%error, "The writer could not read its own file after a failed commit.");
                // What it remembers was not committed: nothing is done before a look at the file has worked.
                self.data_version = NEVER_READ;
            }
        } else if self.state.catalog_changed {
            self.shared.publish(Arc::clone(&self.state.catalog));
        }
        self.state.catalog_changed = false;
        self.state.arrivals.settle();
        self.line.head.store(self.state.next_seq - 1, Ordering::Release);
        self.line.folded.store(self.state.next_seq - 1 - self.state.pending, Ordering::Release);
        self.line.fold_moved.notify_waiters();
    }

    fn reload(&mut self) -> Result<(), StoreError> {
        let catalog = Arc::new(catalog::load(&self.connection)?);
        self.state.days.follow(catalog.settings.time_zone);
        self.state.days_to_recount = days::is_asked(&self.connection)?;
        self.state.staff_to_recount = staff::is_asked(&self.connection)?;
        self.state.keyed_hash = tx::keyed_hash(&catalog.hash_key);
        self.state.catalog = Arc::clone(&catalog);
        self.shared.publish(catalog);
        let (next_seq, folded) = folds::positions(&self.connection)?;
        self.state.next_seq = next_seq;
        self.state.pending = next_seq - 1 - folded;
        self.state.arrivals = Arrivals::default();
        self.state.any_seen = super::events::any_seen(&self.connection)?;
        self.state.known.take();
        self.state.names = super::events::names(&self.connection)?;
        self.state.contexts = Contexts::load(&self.connection)?;
        Ok(())
    }

    /// The shell's commands write to the file too; SQLite says so by `data_version`. Asked within a
    /// transaction it holds to the transaction's end.
    fn look_for_other_writers(&mut self) -> Result<(), StoreError> {
        let version = self.read_data_version()?;
        if version != self.data_version {
            self.reload()?;
            self.data_version = version;
        }
        Ok(())
    }

    fn read_data_version(&self) -> Result<i64, StoreError> {
        Ok(self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
    }
}

/// Runs a job in a savepoint of its own; one that fails or panics undoes itself alone.
fn run_job(tx: &mut Tx<'_>, job: &mut dyn Job) -> Result<(), StoreError> {
    tx.execute("SAVEPOINT job")?;
    let before = (tx.state.next_seq, tx.state.pending, Arc::clone(&tx.state.catalog), tx.state.catalog_changed);
    let (names, contexts) = (tx.state.names.len(), tx.state.contexts.made);
    let (arrivals, proofs) = (tx.state.arrivals.place(), tx.state.proofs.place());
    if job.run(tx) {
        search::index_now(tx)?;
        return tx.execute("RELEASE job");
    }
    tx.state.unindexed = None;
    (tx.state.next_seq, tx.state.pending, tx.state.catalog, tx.state.catalog_changed) = before;
    tx.state.arrivals.back_to(&arrivals, tx.state.next_seq);
    tx.state.proofs.back_to(proofs);
    remembered::forget_ids(tx);
    tx.execute("ROLLBACK TO job")?;
    tx.execute("RELEASE job")?;
    if tx.state.names.len() != names {
        tx.state.names = super::events::names(tx.connection)?;
    }
    if tx.state.contexts.made != contexts {
        tx.state.contexts = Contexts::load(tx.connection)?;
    }
    Ok(())
}

fn fold(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.state.days.follow(tx.state.catalog.settings.time_zone);
    folds::apply(tx, FOLD_SLICE)?;
    if tx.state.days_to_recount {
        days::step(tx)
    } else if tx.state.staff_to_recount {
        staff::step(tx)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn told_to_end_it_answers_all_that_was_accepted_though_it_takes_many_groups() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let job = |number: u64| {
            move |_: &mut Tx<'_>| {
                // Longer than a group: each job ends one, and the rest is put back.
                std::thread::sleep(Duration::from_millis(GROUP_MS + 1));
                Ok::<u64, StoreError>(number)
            }
        };
        let answers: Vec<_> =
            (0..6).map(|number| store.inner.writer.submit(job(number), Queue::Live).unwrap()).collect();
        store.close();
        let answers: Vec<u64> = answers.into_iter().map(|answer| answer.blocking_recv().unwrap().unwrap()).collect();
        assert_eq!(answers, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_rehearsal_says_what_the_deed_does_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let names = |tx: &Tx<'_>| -> Result<i64, StoreError> {
            Ok(tx.connection.query_row("SELECT count(*) FROM settings WHERE name = 'tried'", [], |row| row.get(0))?)
        };
        let job = move |tx: &mut Tx<'_>| {
            tx.connection.execute("INSERT INTO settings (name, value) VALUES ('tried', '')", [])?;
            tx.catalog_mut().settings.one_company = true;
            names(tx)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(store.rehearse(job)).unwrap(), 1);
        assert_eq!(runtime.block_on(store.write(move |tx: &mut Tx<'_>| names(tx))).unwrap(), 0);
        assert!(!store.catalog().settings.one_company);
        let failing = |_: &mut Tx<'_>| Err::<(), _>(StoreError::TooSlow);
        assert!(matches!(runtime.block_on(store.rehearse(failing)), Err(StoreError::TooSlow)));
        store.close();
    }

    #[test]
    fn a_job_that_finds_no_room_on_the_disk_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let write = |bytes: usize, pages: Option<i64>| {
            store.write_now(move |tx: &mut Tx<'_>| {
                let now: i64 = tx.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                let most = pages.unwrap_or(now);
                tx.connection.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))?;
                tx.connection.execute("INSERT INTO settings (name, value) VALUES ('x', ?1)", ["x".repeat(bytes)])?;
                tx.connection.execute("DELETE FROM settings WHERE name = 'x'", [])?;
                Ok::<(), StoreError>(())
            })
        };
        let refused = write(1 << 20, None).unwrap_err();
        assert!(matches!(refused, StoreError::Full) && refused.to_string().contains("Free up"), "{refused}");
        write(1 << 20, Some(1 << 30)).unwrap();
        assert!(!store.is_full());
    }

    #[test]
    fn a_job_that_fails_or_panics_undoes_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        let put = |name: &'static str, end: fn() -> Result<(), StoreError>| {
            let job = move |tx: &mut Tx<'_>| {
                tx.connection.execute("INSERT INTO settings (name, value) VALUES (?1, '')", [name])?;
                end()
            };
            store.inner.writer.submit(job, Queue::Live).unwrap()
        };
        let answers =
            [put("kept", || Ok(())), put("failed", || Err(StoreError::Busy)), put("panicked", || panic!("so"))];
        let kept: Vec<bool> = answers.into_iter().map(|answer| answer.blocking_recv().unwrap().is_ok()).collect();
        assert_eq!(kept, [true, false, false]);
        let names = store.read_now(|db| {
            let mut statement = db.0.prepare("SELECT name FROM settings")?;
            let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(names)
        });
        assert_eq!(names.unwrap(), ["kept"]);
        store.close();
    }

    /// A panic outside of what a job does: a fault of ours, in folds or in the writer itself.
    struct Breaks;

    impl Job for Breaks {
        fn run(&mut self, _: &mut Tx<'_>) -> bool {
            panic!("a fault")
        }

        fn answer(self: Box<Self>, _: &Result<(), StoreError>) {}
    }

    #[test]
    fn a_writer_that_broke_says_so_at_once_and_to_all() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("rollcall.db"), Ambient::default()).unwrap();
        assert!(store.is_writing());
        let writer = &store.inner.writer;
        let (begun, begins) = std::sync::mpsc::channel();
        let waits = move |_: &mut Tx<'_>| begins.recv().map_err(|_| StoreError::Stopped);
        let first = writer.submit(waits, Queue::Live).unwrap();
        writer.line.lock().live.push_back(Box::new(Breaks));
        let behind = writer.submit(|_: &mut Tx<'_>| Ok::<(), StoreError>(()), Queue::Live).unwrap();
        let bulk = writer.submit(|_: &mut Tx<'_>| Ok::<(), StoreError>(()), Queue::Bulk).unwrap();
        begun.send(()).unwrap();
        for answer in [behind, bulk] {
            assert!(!matches!(answer.blocking_recv(), Ok(Ok(()))), "nothing was committed");
        }
        drop(first);
        // Those who wait are told as the thread unwinds, a moment before it has ended.
        while store.is_writing() {
            std::thread::yield_now();
        }
        assert!(matches!(store.write_now(|_| Ok::<(), StoreError>(())), Err(StoreError::Stopped)));
        store.read_now(crate::store::operators::any).unwrap();
        store.close();
    }

    #[test]
    fn after_a_commit_and_a_look_at_the_file_that_both_failed_the_memory_is_the_file_s() {
        let folder = tempfile::tempdir().unwrap();
        let ambient = Ambient::default();
        let connection = crate::store::migrate::open(&folder.path().join("rollcall.db"), &ambient).unwrap();
        let shared = Shared::new(catalog::load(&connection).unwrap());
        let mut thread = Thread::new(connection, ambient, shared).unwrap();
        let next_seq = thread.state.next_seq;
        thread.connection.execute_batch("ALTER TABLE event_names RENAME TO away").unwrap();
        let failed = thread.transaction(false, |tx| {
            tx.state.next_seq += 7;
            tx.catalog_mut().settings.one_company = true;
            Err(StoreError::TooSlow)
        });
        assert!(failed.is_err());
        assert!(thread.transaction(false, |_| Ok(())).is_err(), "nothing is done on what was rolled back");
        thread.connection.execute_batch("ALTER TABLE away RENAME TO event_names").unwrap();
        let seen = thread.transaction(false, |tx| {
            assert_eq!((tx.state.next_seq, tx.state.catalog.settings.one_company), (next_seq, false));
            Ok(())
        });
        seen.unwrap();
    }
}
