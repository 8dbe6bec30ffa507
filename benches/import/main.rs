//! What an import of the largest file costs, printed as Markdown: `cargo bench --bench import` (with `-- --megabytes N` a
//! smaller file, `-- --minutes N` at most so long; `-- --program FILE` measures a program that was built before).
//!
//! Rollcall's own program serves a fresh file. The file to be imported is made here: users with their company, about a
//! kilobyte a row, as CSV, or as a workbook whose texts are all shared, which is what takes memory (`-- --workbook`). It
//! is sent over HTTP, and runs while a website goes on sending: one connection, a page view every 50 ms, each timed from
//! the first byte written to the last byte read. Before that the same is timed with nothing else going on. Memory is
//! `VmHWM` of the server, the most that was ever resident.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]

#[path = "../program/mod.rs"]
mod program;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use program::process::Process;
use program::{Failure, shell};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

/// Between two page views of the website.
const EVERY: Duration = Duration::from_millis(50);
/// How long the idle server is timed.
const IDLE: Duration = Duration::from_secs(20);
/// Texts of a row, beside who it is.
const TEXTS: usize = 8;
/// Rows of a workbook: its texts come near to the limit of those that cells share, 64 MB.
const WORKBOOK_ROWS: u32 = 62_000;

/// Measures an import of the largest file; see the top of benches/import/main.rs.
#[derive(Parser)]
struct Arguments {
    /// The size of the file.
    #[arg(long, default_value_t = 1_000)]
    megabytes: u64,
    /// Stops the import after so long.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// A workbook in the file's place, of the largest size that is read.
    #[arg(long)]
    workbook: bool,
    /// The program under test.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_rollcall"))]
    program: PathBuf,
    /// Cargo says this to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let file = folder.path().join("people");
    let rows = if arguments.workbook { workbook(&file)? } else { csv(&file, arguments.megabytes * 1_000_000)? };
    let bytes = file.metadata()?.len();
    eprintln!("made a file of {rows} rows, {} MB", bytes / 1_000_000);
    let mut server = Server::start(&arguments.program, folder.path())?;
    let resident_idle = server.process.resident()?;
    let idle = Website::open(&server)?.ends_after(IDLE)?;
    let website = Website::open(&server)?;

    let began = Instant::now();
    let id = server.send(&file)?;
    let sent = began.elapsed();
    let resident_sent = server.process.resident_max()?;
    std::fs::remove_file(&file)?;
    let (done, state) = server.follow(id, Duration::from_secs(arguments.minutes * 60), began)?;
    let took = began.elapsed();
    let beside = website.ends()?;
    let resident_max = server.process.resident_max()?;
    server.process.terminate()?;

    let megabytes = |bytes: u64| bytes / 1_000_000;
    println!("| an import of {} MB, {rows} rows | |", megabytes(bytes));
    println!("|---|---|");
    println!("| sent and kept | {:.0} s |", sent.as_secs_f64());
    println!(
        "| {done} rows taken, state {state} | {:.0} s, {:.0} rows a second |",
        took.as_secs_f64(),
        done as f64 / (took - sent).as_secs_f64()
    );
    println!(
        "| resident memory idle / while it was sent / at most | {} / {} / {} MB |",
        megabytes(resident_idle),
        megabytes(resident_sent),
        megabytes(resident_max)
    );
    println!("| page views beside, median / 99th of 100 / longest | {} |", times(&beside));
    println!("| the same with nothing else going on | {} |", times(&idle));
    Ok(())
}

fn times(latencies: &[Duration]) -> String {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let at = |part: f64| {
        let index = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(index).copied().unwrap_or_default().as_secs_f64() * 1_000.0
    };
    format!("{:.1} / {:.1} / {:.1} ms of {}", at(0.5), at(0.99), at(1.0), sorted.len())
}

/// The texts of a row: none is like that of another row.
fn texts(row: u64) -> impl Iterator<Item = String> {
    (0..TEXTS).map(move |column| format!("row {row} column {column} {}", "of what a sales team writes down ".repeat(3)))
}

const HEADINGS: [&str; 5] = ["user_id", "email", "name", "company_id", "role"];

fn csv(path: &Path, bytes: u64) -> Result<u64, Failure> {
    let mut file = BufWriter::new(File::create(path)?);
    let notes: Vec<String> = (1..=TEXTS).map(|number| format!("note {number} (string)")).collect();
    let head = format!("{},seats (number),{}\n", HEADINGS.join(","), notes.join(","));
    file.write_all(head.as_bytes())?;
    let (mut written, mut row) = (head.len() as u64, 0);
    while written < bytes {
        let notes: Vec<String> = texts(row).collect();
        let line =
            format!("u{row},u{row}@x.example,User {row},c{},member,{},{}\n", row / 20, row % 500, notes.join(","));
        file.write_all(line.as_bytes())?;
        (written, row) = (written + line.len() as u64, row + 1);
    }
    file.into_inner()?;
    Ok(row)
}

fn workbook(path: &Path) -> Result<u64, Failure> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let notes: Vec<String> = (1..=TEXTS).map(|number| format!("note {number} (string)")).collect();
    for (column, heading) in (0..).zip(HEADINGS.into_iter().chain(notes.iter().map(String::as_str))) {
        sheet.write(0, column, heading)?;
    }
    for row in 0..WORKBOOK_ROWS {
        let who = [format!("u{row}"), format!("u{row}@x.example"), format!("User {row}"), format!("c{}", row / 20)];
        let cells = who.into_iter().chain(["member".to_owned()]).chain(texts(row.into()));
        for (column, text) in (0..).zip(cells) {
            sheet.write(row + 1, column, text)?;
        }
    }
    book.save(path)?;
    Ok(WORKBOOK_ROWS.into())
}

/// A running Rollcall on a fresh file.
struct Server {
    process: Process,
    address: SocketAddr,
    write_key: String,
    token: String,
}

impl Server {
    fn start(program: &Path, folder: &Path) -> Result<Server, Failure> {
        let file = folder.join("rollcall.db");
        let source = shell(program, &file, &["source", "add", "Bench", "--json"], "")?;
        let token = shell(program, &file, &["token", "add", "Bench", "--scope", "write", "--json"], "")?;
        let program::Server { process, address } = program::Server::start(program, &file)?;
        std::thread::sleep(Duration::from_millis(500));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Server { process, address, write_key: text(&source["write_key"]), token: text(&token["token"]) })
    }

    fn head(&self, line: &str, kind: &str, bytes: u64) -> String {
        format!(
            "{line} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {kind}\r\nContent-Length: {bytes}\r\n\r\n",
            self.address, self.token
        )
    }

    /// Sends the file; the number of its import.
    fn send(&self, file: &Path) -> Result<u64, Failure> {
        let mut stream = TcpStream::connect(self.address)?;
        let bytes = file.metadata()?.len();
        stream.write_all(self.head("POST /api/v1/imports?kind=users", "application/octet-stream", bytes).as_bytes())?;
        std::io::copy(&mut File::open(file)?, &mut stream)?;
        let answer = answer(&mut BufReader::new(stream))?;
        answer["import_id"].as_u64().ok_or_else(|| format!("the file was answered: {answer}").into())
    }

    /// Waits until it is done, and stops it where that takes too long; how many rows were taken, and how it stands.
    fn follow(&self, id: u64, at_most: Duration, began: Instant) -> Result<(u64, String), Failure> {
        let mut connection = BufReader::new(TcpStream::connect(self.address)?);
        let mut ask = |line: &str| -> Result<Value, Failure> {
            connection.get_mut().write_all(self.head(line, "application/json", 0).as_bytes())?;
            answer(&mut connection)
        };
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let import = ask(&format!("GET /api/v1/imports/{id}"))?;
            let (rows, state) =
                (import["rows"].as_u64().unwrap_or_default(), import["state"].as_str().unwrap_or_default());
            if !matches!(state, "queued" | "running") {
                return Ok((rows, state.to_owned()));
            }
            if began.elapsed() > at_most {
                ask(&format!("POST /api/v1/imports/{id}/cancel"))?;
            }
        }
    }
}

/// Reads an answer with a body of JSON.
fn answer(stream: &mut impl BufRead) -> Result<Value, Failure> {
    let (mut line, mut bytes) = (String::new(), 0);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err("the server hung up".into());
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(length) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            bytes = length.trim().parse()?;
        }
    }
    let mut body = vec![0; bytes];
    stream.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

/// Somebody who looks at one page after the other until it is enough.
struct Website {
    is_enough: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Result<Vec<Duration>, Failure>>,
}

impl Website {
    fn open(server: &Server) -> Result<Website, Failure> {
        let mut connection = BufReader::new(TcpStream::connect(server.address)?);
        connection.get_ref().set_nodelay(true)?;
        let is_enough = Arc::new(AtomicBool::new(false));
        let (asked, address, write_key) = (Arc::clone(&is_enough), server.address, server.write_key.clone());
        let thread = std::thread::spawn(move || {
            let mut latencies = Vec::new();
            while !asked.load(Ordering::Relaxed) {
                let number = latencies.len();
                let page = json!({ "writeKey": write_key, "type": "page", "anonymousId": format!("browser-{}", number % 100),
                    "properties": { "url": format!("https://app.example/{number}") } });
                let body = page.to_string();
                let request = format!(
                    "POST /v1/page HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                let began = Instant::now();
                connection.get_mut().write_all(request.as_bytes())?;
                let answer = answer(&mut connection)?;
                latencies.push(began.elapsed());
                if answer["results"][0]["status"] != "stored" {
                    return Err(format!("a page view was answered: {answer}").into());
                }
                std::thread::sleep(EVERY);
            }
            Ok(latencies)
        });
        Ok(Website { is_enough, thread })
    }

    fn ends_after(self, wait: Duration) -> Result<Vec<Duration>, Failure> {
        std::thread::sleep(wait);
        self.ends()
    }

    fn ends(self) -> Result<Vec<Duration>, Failure> {
        self.is_enough.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the website broke off")?
    }
}
