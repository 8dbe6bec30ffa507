//! What ingest costs, in one run, printed as Markdown: `cargo bench --bench load`
//! (`-- --short` in about a minute, `-- --rounds N` for more). Cargo gives the program under test the
//! features of the dev-dependencies too; `-- --program FILE` measures one that was built without them.
//!
//! **Servers.** Rollcall's own program, built with this profile, as `rollcall serve` on a fresh file,
//! its source and token made by its shell; and the empty server ("noop"): actix-web with as many
//! workers, which reads the body and answers a constant of the same form. Before anything is
//! measured 1,000 users in 50 companies are identified; the events are spread over them. The load
//! runs in this process, on the same cores: keep-alive connections that each send, wait, and send
//! again, with what the widget sends (each message new, its time now). Only a 200 whose results are
//! all "stored" counts; anything else ends the run with the answer's text.
//!
//! **Rounds.** What is compared is run in turn (A B A B …), and a ratio is the median of the rounds'
//! ratios; so a machine that others use too spoils both sides alike. Figures are medians of rounds.
//!
//! - *CPU*: user and system time of the server process (`/proc/PID/stat`), from before the first
//!   request until the folds have reached the journal: derived work included. *Writer*: the part of
//!   the thread that owns the file.
//! - *Latency*: from the first byte written to the last byte read, per request.
//! - *Bytes written*: `write_bytes` of the server process (`/proc/PID/io`): pages it made dirty,
//!   those of the log and of the file, whatever their number of bytes was. About 64 events a commit
//!   are had by two connections with batches of 64: while one is committed the other waits.
//! - *Bare*: the rows that the server has just written, read back from its file and appended to the
//!   `events` table of a fresh file with the same schema: one thread, no HTTP, 1,000 rows a commit,
//!   `synchronous = FULL`.
//! - *fdatasync*: writing 4 KB to a file on the same disk, and `fdatasync`; over what is there, as the
//!   log does once it has its length (the shorter of the two, so the harder yardstick).
//! - *File*: the bytes of the file after all was folded and the server has ended (its log is then
//!   taken in), by the events in it: everything in it counts.
//! - *Resident*: `VmRSS` half a second after the start, `VmHWM` after the load.
//! - *Lag*: how long after the last answer a read that waits for the folds finds none left.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the tables are what this program is for")]

mod bare;
mod generator;
mod messages;
#[path = "../program/mod.rs"]
mod program;
mod report;
mod servers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chrono::Utc;
use clap::Parser;
use tempfile::TempDir;

use bare::Bare;
use generator::Load;
use messages::Request;
use program::Failure;
use program::figures::{machine, median, whole};
use program::process::Process;
use report::{Goal, Side};
use servers::{Noop, Rollcall};

/// Connections of the single messages.
const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];
/// Connections of the batches.
const BATCH_CONNECTIONS: usize = 16;
/// Events of a batch.
const BATCH_EVENTS: usize = 100;
/// Events of a batch where a commit shall hold so many.
const COMMIT_EVENTS: usize = 64;
/// Rows that a round of the bare append takes at most.
const BARE_ROWS_MAX: usize = 50_000;
/// Times that a round appends and syncs.
const SYNCS: usize = 200;

/// Measures what ingest costs; see the top of benches/load/main.rs.
#[derive(Parser)]
struct Arguments {
    /// Three rounds of a second each instead of five of two.
    #[arg(long)]
    short: bool,
    /// So many rounds.
    #[arg(long)]
    rounds: Option<usize>,
    /// Single messages at so many connections, and nothing else.
    #[arg(long)]
    connections: Option<usize>,
    /// Batches alone.
    #[arg(long, conflicts_with = "connections")]
    batches: bool,
    /// The program under test; without it the one that cargo builds beside this.
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_rollcall"))]
    program: PathBuf,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the empty server with so many workers.
    #[arg(long, hide = true, value_name = "WORKERS")]
    noop: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match arguments.noop {
        Some(workers) => servers::run_noop(workers),
        None if !arguments.bench => Err("this is run by: cargo bench --bench load [-- --short]".into()),
        None => run(&arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// A folder on the disk that is measured; gone with its owner.
fn folder() -> Result<TempDir, Failure> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let rounds = arguments.rounds.unwrap_or(if arguments.short { 3 } else { 5 }).max(1);
    let duration = Duration::from_secs(if arguments.short { 1 } else { 2 });
    println!("# Load, {}\n", Utc::now().format("%Y-%m-%d %H:%M UTC"));
    println!("{}.", machine(Path::new(env!("CARGO_TARGET_TMPDIR")))?);
    println!(
        "Medians of {rounds} rounds of {} s, servers in turn; the load runs on the same cores. The limit of 50 requests \
         a second and public key is raised to 1,000,000 here, else the figures would be the limiter's.\n",
        duration.as_secs()
    );
    let program = &arguments.program;
    let mut goals = match arguments.connections {
        Some(connections) => single_messages(program, &[connections], rounds, duration)?,
        None if arguments.batches => batches(program, rounds, duration)?,
        None => {
            let mut goals = single_messages(program, &CONNECTIONS, rounds, duration)?;
            goals.push(bytes_written(program, duration)?);
            goals.extend(batches(program, rounds, duration)?);
            goals
        }
    };
    goals.sort_by_key(|goal| goal.number.parse::<u32>().unwrap_or_default());
    report::goals(&goals);
    Ok(())
}

/// One load on one server, by request.
struct Measured {
    events: usize,
    requests_per_s: f64,
    events_per_s: f64,
    cpu_us: f64,
    writer_us: f64,
    p50_us: f64,
    p99_us: f64,
    written: f64,
    lag: Duration,
}

/// Runs a load on a server; `settle` waits until the server has nothing left to do.
fn measure(
    process: &Process,
    load: Load,
    duration: Duration,
    settle: impl FnOnce() -> Result<Duration, Failure>,
) -> Result<Measured, Failure> {
    let (cpu, writer, written) = (process.cpu()?, process.cpu_of_threads("writer")?, process.written()?);
    let outcome = load.run(duration)?;
    let lag = settle()?;
    let requests = outcome.requests as f64;
    Ok(Measured {
        events: outcome.events,
        requests_per_s: requests / outcome.elapsed.as_secs_f64(),
        events_per_s: outcome.events as f64 / outcome.elapsed.as_secs_f64(),
        cpu_us: (process.cpu()? - cpu).as_secs_f64() * 1e6 / requests,
        writer_us: (process.cpu_of_threads("writer")? - writer).as_secs_f64() * 1e6 / requests,
        p50_us: outcome.latency_us(0.50),
        p99_us: outcome.latency_us(0.99),
        written: (process.written()? - written) as f64 / requests,
        lag,
    })
}

/// The median over the rounds of what is taken from each.
fn over<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    median(&rounds.iter().map(figure).collect::<Vec<_>>())
}

/// Goals 1, 2, 3, and 10: one message a request, against the empty server.
fn single_messages(
    program: &Path,
    connections: &[usize],
    rounds: usize,
    duration: Duration,
) -> Result<Vec<Goal>, Failure> {
    let rollcall = Rollcall::start(program)?;
    let workers = rollcall.workers()?;
    let noop = Noop::start(workers)?;
    println!("## One message a request, {workers} workers\n");
    println!(
        "| connections | durable/s | p50 ms | p99 ms | CPU µs (writer) | bytes written | noop/s | p50 ms | p99 ms | \
         CPU µs | rate | CPU |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut pairs: Vec<Vec<(Measured, Measured)>> = connections.iter().map(|_| Vec::new()).collect();
    let mut syncs = Vec::new();
    for _ in 0..rounds {
        syncs.push(bare::syncs(SYNCS)?);
        for (&connections, pairs) in connections.iter().zip(&mut pairs) {
            let request = |connection| Request::track(&rollcall.write_key, connection);
            let load = Load::connect(rollcall.server.address, connections, request)?;
            let durable = measure(&rollcall.server.process, load, duration, || rollcall.settle())?;
            let load = Load::connect(noop.address, connections, request)?;
            let empty = measure(&noop.process, load, duration, || Ok(Duration::ZERO))?;
            pairs.push((durable, empty));
        }
    }
    let mut goals = Vec::new();
    for (&connections, pairs) in connections.iter().zip(&pairs) {
        let rate = over(pairs, |(durable, noop)| durable.requests_per_s / noop.requests_per_s);
        let cpu = over(pairs, |(durable, noop)| durable.cpu_us / noop.cpu_us);
        println!(
            "| {connections} | {} | {:.2} | {:.2} | {:.1} ({:.1}) | {} | {} | {:.2} | {:.2} | {:.1} | {rate:.2} x | {cpu:.2} x |",
            whole(over(pairs, |(durable, _)| durable.requests_per_s)),
            over(pairs, |(durable, _)| durable.p50_us) / 1e3,
            over(pairs, |(durable, _)| durable.p99_us) / 1e3,
            over(pairs, |(durable, _)| durable.cpu_us),
            over(pairs, |(durable, _)| durable.writer_us),
            whole(over(pairs, |(durable, _)| durable.written)),
            whole(over(pairs, |(_, noop)| noop.requests_per_s)),
            over(pairs, |(_, noop)| noop.p50_us) / 1e3,
            over(pairs, |(_, noop)| noop.p99_us) / 1e3,
            over(pairs, |(_, noop)| noop.cpu_us),
        );
        let wanted = match connections {
            64 => Some(((2.5, 4.5), 0.6)),
            256 => Some(((2.0, 3.5), 0.7)),
            _ => None,
        };
        if let Some(((cpu_goal, cpu_floor), rate_goal)) = wanted {
            goals.push(Goal {
                number: "1",
                what: format!("durable POST: CPU, times noop, {connections} connections"),
                measured: cpu,
                decimals: 2,
                unit: " x",
                side: Side::AtMost,
                goal: cpu_goal,
                floor: Some(cpu_floor),
            });
            goals.push(Goal {
                number: "2",
                what: format!("durable POST/s, times noop, {connections} connections"),
                measured: rate,
                decimals: 2,
                unit: " x",
                side: Side::AtLeast,
                goal: rate_goal,
                floor: None,
            });
        }
    }
    let sync_us = over(&syncs, |syncs| syncs.overwrite_us);
    let alone = &pairs[0];
    let durable_us = over(alone, |(durable, _)| durable.p50_us);
    let noop_us = over(alone, |(_, noop)| noop.p50_us);
    let lag = over(&pairs[pairs.len() - 1], |(durable, _)| durable.lag.as_secs_f64());
    println!(
        "\nfdatasync p50 {sync_us:.0} µs ({:.0} µs at the end of a growing file), noop p50 at one connection {noop_us:.0} µs, durable {durable_us:.0} µs. \
         Fold lag after {} connections {:.0} ms. {} events.\n",
        over(&syncs, |syncs| syncs.append_us),
        connections[connections.len() - 1],
        lag * 1e3,
        whole(pairs.iter().flatten().map(|(durable, _)| durable.events as f64).sum()),
    );
    if connections[0] == 1 {
        goals.push(Goal {
            number: "3",
            what: "one connection: p50, times (fdatasync p50 + noop p50)".to_owned(),
            measured: durable_us / (sync_us + noop_us),
            decimals: 2,
            unit: " x",
            side: Side::AtMost,
            goal: 1.5,
            floor: Some(4.0),
        });
    }
    goals.push(resident("10", "resident, idle", rollcall.resident_idle, 25.0, 40.0));
    let most = rollcall.server.process.resident_max()?;
    goals.push(resident("10", "resident, at most, single messages", most, 100.0, 150.0));
    Ok(goals)
}

fn resident(number: &'static str, what: &str, bytes: u64, goal: f64, floor: f64) -> Goal {
    Goal {
        number,
        what: what.to_owned(),
        measured: bytes as f64 / 1e6,
        decimals: 0,
        unit: " MB",
        side: Side::AtMost,
        goal,
        floor: Some(floor),
    }
}

/// Goal 5: bytes written an event at about 64 events a commit, in a fresh file.
fn bytes_written(program: &Path, duration: Duration) -> Result<Goal, Failure> {
    let rollcall = Rollcall::start(program)?;
    let load = Load::connect(rollcall.server.address, 2, |connection| {
        Request::batch(&rollcall.write_key, connection, COMMIT_EVENTS)
    })?;
    let measured = measure(&rollcall.server.process, load, duration * 2, || rollcall.settle())?;
    println!("## Bytes written, two connections with batches of {COMMIT_EVENTS}, fresh file\n");
    println!(
        "{} events, {}/s, {:.1} µs of CPU and {} bytes written an event (`write_bytes` of the server process).\n",
        whole(measured.events as f64),
        whole(measured.events_per_s),
        measured.cpu_us / COMMIT_EVENTS as f64,
        whole(measured.written / COMMIT_EVENTS as f64),
    );
    Ok(Goal {
        number: "5",
        what: format!("bytes written an event, {COMMIT_EVENTS} a commit, fresh file"),
        measured: measured.written / COMMIT_EVENTS as f64 / 1e3,
        decimals: 2,
        unit: " KB",
        side: Side::AtMost,
        goal: 1.5,
        floor: Some(2.0),
    })
}

/// Goals 4, 10 and 11: batches of 100, against the bare append of the same rows.
fn batches(program: &Path, rounds: usize, duration: Duration) -> Result<Vec<Goal>, Failure> {
    let mut rollcall = Rollcall::start(program)?;
    let mut bare = Bare::new()?;
    let mut pairs = Vec::new();
    for _ in 0..rounds {
        let since_ms = Utc::now().timestamp_millis();
        let load = Load::connect(rollcall.server.address, BATCH_CONNECTIONS, |connection| {
            Request::batch(&rollcall.write_key, connection, BATCH_EVENTS)
        })?;
        let durable = measure(&rollcall.server.process, load, duration, || rollcall.settle())?;
        let appended = bare.append(&bare::rows(&rollcall.file(), since_ms, BARE_ROWS_MAX)?)?;
        pairs.push((durable, appended));
    }
    let per_event = 1.0 / BATCH_EVENTS as f64;
    let bare_cpu_us = |append: &bare::Append| append.cpu.as_secs_f64() * 1e6 / append.rows as f64;
    let bare_rate = |append: &bare::Append| append.rows as f64 / append.elapsed.as_secs_f64();
    let cpu = over(&pairs, |(durable, append)| durable.cpu_us * per_event / bare_cpu_us(append));
    let rate = over(&pairs, |(durable, append)| durable.events_per_s / bare_rate(append));
    let p99_ms = over(&pairs, |(durable, _)| durable.p99_us) / 1e3;
    println!("## Batches of {BATCH_EVENTS} events, {BATCH_CONNECTIONS} connections\n");
    println!("| | events/s | CPU µs an event | bytes written an event | p50 ms | p99 ms | fold lag ms |");
    println!("|---|---|---|---|---|---|---|");
    println!(
        "| durable | {} | {:.1} (writer {:.1}) | {} | {:.1} | {p99_ms:.1} | {:.0} |",
        whole(over(&pairs, |(durable, _)| durable.events_per_s)),
        over(&pairs, |(durable, _)| durable.cpu_us) * per_event,
        over(&pairs, |(durable, _)| durable.writer_us) * per_event,
        whole(over(&pairs, |(durable, _)| durable.written) * per_event),
        over(&pairs, |(durable, _)| durable.p50_us) / 1e3,
        over(&pairs, |(durable, _)| durable.lag.as_secs_f64()) * 1e3,
    );
    println!(
        "| bare | {} | {:.1} | {} | | | |",
        whole(over(&pairs, |(_, append)| bare_rate(append))),
        over(&pairs, |(_, append)| bare_cpu_us(append)),
        whole(over(&pairs, |(_, append)| append.written as f64 / append.rows as f64)),
    );
    println!("| ratio | {rate:.2} x | {cpu:.2} x | | | | |\n");
    let most = rollcall.server.process.resident_max()?;
    rollcall.server.process.terminate()?;
    let events: usize = pairs.iter().map(|(durable, _)| durable.events).sum();
    let file_bytes = std::fs::metadata(rollcall.file())?.len() as f64;
    let contents = bare::contents(&rollcall.file())?;
    println!(
        "The file after {} events: {:.1} MB, {:.0} bytes an event, {:.0} of them the text of properties and context \
         as the widget sends it. The largest parts, bytes an event: {}.\n",
        whole(events as f64),
        file_bytes / 1e6,
        file_bytes / events as f64,
        contents.text_per_event,
        contents
            .tables
            .iter()
            .map(|(name, bytes)| format!("{name} {:.1}", *bytes as f64 / events as f64))
            .collect::<Vec<_>>()
            .join(", "),
    );
    let ratio = |what: &str, measured, side, goal, floor| Goal {
        number: "4",
        what: format!("batches of {BATCH_EVENTS}: {what}"),
        measured,
        decimals: 2,
        unit: " x",
        side,
        goal,
        floor,
    };
    Ok(vec![
        ratio("CPU an event, derived work included, times bare", cpu, Side::AtMost, 2.0, Some(3.5)),
        ratio("events/s, times bare", rate, Side::AtLeast, 0.35, None),
        Goal { unit: " ms", decimals: 0, ..ratio("p99", p99_ms, Side::AtMost, 50.0, None) },
        resident("10", "resident, at most, batches", most, 100.0, 150.0),
        Goal {
            number: "11",
            what: "file an event, all in, folded and checkpointed".to_owned(),
            measured: file_bytes / events as f64,
            decimals: 0,
            unit: " B",
            side: Side::AtMost,
            goal: 150.0,
            floor: Some(200.0),
        },
    ])
}
