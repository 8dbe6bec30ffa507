//! What the disk and SQLite do with nothing around them: the yardsticks.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use rollcall::domain::ids::EventId;
use rollcall::store::events::HASH_BITS;
use rollcall::store::{Ambient, Store};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use tempfile::TempDir;

use super::folder;
use super::program::Failure;
use super::program::figures::median;
use super::program::process::field;

/// Rows of one transaction of the bare append.
const ROWS_A_COMMIT: usize = 1_000;
const COLUMNS: &str = "event_id, message_hash, received_after_ms, kind, name_key, source_key, visitor_key, user_key, \
                       company_key, session_before_ms, flags, name, page_key, agent_key, properties";

/// A row of `events`, as the server wrote it.
pub type Row = Vec<Value>;

/// At most so many rows of a file's journal from this moment on, about in the order they came.
pub fn rows(file: &Path, since_ms: i64, limit: usize) -> Result<Vec<Row>, Failure> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // The hash orders what came in one millisecond as by chance, as it came.
    let mut statement = connection.prepare(&format!(
        "SELECT {COLUMNS} FROM events WHERE event_id >= ?1 AND kind = 2
         ORDER BY (event_id >> {HASH_BITS}) + received_after_ms, message_hash LIMIT ?2"
    ))?;
    let columns = statement.column_count();
    let rows = statement.query_map([EventId::first_at(since_ms).0, i64::try_from(limit)?], |row| {
        (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<Row>>()
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A fresh file with Rollcall's schema and the writer's settings, to append to.
pub struct Bare {
    connection: Connection,
    _folder: TempDir,
}

/// What an append cost.
pub struct Append {
    /// Rows appended.
    pub rows: usize,
    /// Wall clock.
    pub elapsed: Duration,
    /// Processor time of the one thread.
    pub cpu: Duration,
    /// Bytes it caused to be written to the disk.
    pub written: u64,
}

impl Bare {
    pub fn new() -> Result<Bare, Failure> {
        let folder = folder()?;
        let file = folder.path().join("bare.db");
        Store::open(&file, Ambient::default())?.close();
        let connection = Connection::open(&file)?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768;
             PRAGMA secure_delete = 1; PRAGMA foreign_keys = 0;",
        )?;
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(format!("the bare file's journal_mode is {mode}").into());
        }
        Ok(Bare { connection, _folder: folder })
    }

    /// Appends rows to `events` and nothing else.
    pub fn append(&mut self, rows: &[Row]) -> Result<Append, Failure> {
        let (started, cpu, written) = (Instant::now(), cpu_of_this_thread()?, written_by_this_thread()?);
        for rows in rows.chunks(ROWS_A_COMMIT) {
            let transaction = self.connection.transaction()?;
            {
                let places = (1..=COLUMNS.split(',').count()).map(|place| format!("?{place}")).collect::<Vec<_>>();
                let sql = format!("INSERT INTO events ({COLUMNS}) VALUES ({})", places.join(", "));
                let mut insert = transaction.prepare_cached(&sql)?;
                for row in rows {
                    insert.execute(params_from_iter(row))?;
                }
            }
            transaction.commit()?;
        }
        Ok(Append {
            rows: rows.len(),
            elapsed: started.elapsed(),
            cpu: cpu_of_this_thread()? - cpu,
            written: written_by_this_thread()? - written,
        })
    }
}

/// The medians of writing 4 KB and `fdatasync`, so many times, in microseconds.
pub struct Syncs {
    /// At the end of a file, which the file system must note.
    pub append_us: f64,
    /// Over what is there, as SQLite's log does once it has been as long before.
    pub overwrite_us: f64,
}

pub fn syncs(times: usize) -> Result<Syncs, Failure> {
    let folder = folder()?;
    let mut file = File::create(folder.path().join("log"))?;
    let append_us = sync_us(&mut file, times)?;
    file.seek(SeekFrom::Start(0))?;
    let overwrite_us = sync_us(&mut file, times)?;
    Ok(Syncs { append_us, overwrite_us })
}

fn sync_us(file: &mut File, times: usize) -> Result<f64, Failure> {
    let page = [7; 4096];
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let started = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        took.push(started.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(&took))
}

fn cpu_of_this_thread() -> Result<Duration, Failure> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(text.split_whitespace().next().ok_or("an empty schedstat")?.parse()?))
}

fn written_by_this_thread() -> Result<u64, Failure> {
    field(&std::fs::read_to_string("/proc/thread-self/io")?, "write_bytes")
}

/// What a closed file holds, for people: its tables by size, and the text in its journal.
pub struct Contents {
    /// Bytes of each table or index, the largest first.
    pub tables: Vec<(String, u64)>,
    /// Bytes of properties and context an event, as they were sent.
    pub text_per_event: f64,
}

pub fn contents(file: &Path) -> Result<Contents, Failure> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement =
        connection.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 8")?;
    let tables = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    let text_per_event = connection.query_row(
        "SELECT avg(octet_length(e.properties) + octet_length(p.context) + octet_length(a.context))
         FROM events e JOIN contexts p ON p.context_key = e.page_key JOIN contexts a ON a.context_key = e.agent_key
         WHERE e.kind = 2",
        [],
        |row| row.get(0),
    )?;
    Ok(Contents { tables: tables.collect::<rusqlite::Result<_>>()?, text_per_event })
}
