//! How soon each page of the dashboard begins to arrive from a big file, printed as Markdown:
//! `cargo bench --bench pages` (`-- --scale 0.1` for a tenth of it).
//!
//! **The file.** A million users with 12 attributes in 50,000 companies (one with 27,000 members),
//! 1.2 million memberships, 20 million events of 90 days, 400,000 visitors: sent through the tracking
//! API as a site's server sends them, with a secret token. That takes long and is done once; the file
//! stays in `target/tmp/pages-SCALE.db` (`-- --again` makes it anew, as a changed schema asks for).
//!
//! **The pages.** Found as a person finds them: from `/` along every link, one address of each kind (a
//! path whose ids are left out, and the names of what it asks for), and the views of big lists below.
//! Each is asked once for its links, then in `--rounds` rounds one after the other, on a connection of
//! its own, compressed as browsers ask for it.
//!
//! - *First byte*: from connecting to the first byte of the answer; its median and worst.
//! - *File*: time within SQLite and statements, as the page says itself (`Server-Timing`); medians.
//! - *HTML*: bytes before compression.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]

mod fill;
#[path = "../program/mod.rs"]
mod program;
mod visit;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::Utc;
use clap::Parser;

use program::figures::{machine, median, whole};
use program::{Failure, Server, shell};
use visit::Visit;

/// The longest that a first byte may take, in ms.
const GOAL_MS: f64 = 100.0;
/// The most bytes that a page may have before compression.
const HTML_MAX: usize = 100_000;
/// Who looks.
const OPERATOR: (&str, &str) = ("bench@example.com", "a password for the bench");
/// Views that people ask of big lists, beside those that links lead to.
const VIEWS: [&str; 28] = [
    "/users?f=plan:is:pro",
    "/users?f=plan:is:pro&f=country:is:DE",
    "/users?f=country:is:IS&f=team:is:none",
    "/users?match=any&f=plan:is:pro&f=country:is:DE",
    "/users?f=company.plan:is:enterprise",
    "/users?f=company.plan:is:enterprise&sort=name",
    "/users?f=membership.role:is:admin",
    "/users?f=last_seen:ago:14d",
    "/users?f=last_seen:within:1d&f=monthly_spend:gt:900",
    "/users?f=event.Report%20exported:done:3,30d",
    "/users?f=event.Report%20exported:not_done:1,30d&f=plan:is:pro",
    "/users?f=companies:is:0",
    "/users?f=state:is:quiet",
    "/users?f=trend:is:shrinking",
    "/users?f=email:starts:person0099",
    "/users?f=email:has:nobody-has-this",
    "/users?sort=name",
    "/users?sort=-monthly_spend",
    "/users?sort=first_seen",
    "/users?q=person%20500",
    "/companies?sort=-members",
    "/companies?sort=employees",
    "/companies?f=plan:is:enterprise&f=state:is:active",
    "/companies?f=members:gt:100",
    "/companies?f=event.Report%20exported:done:3,30d",
    "/companies?q=company%2001",
    "/search?q=person%20099",
    "/search?q=domain07.example",
];

/// Measures the first bytes of pages; see the top of benches/pages/main.rs.
#[derive(Parser)]
struct Arguments {
    /// The part of the big file's size.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// So many rounds.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Makes the file anew.
    #[arg(long)]
    again: bool,
    /// The program under test; without it the one that cargo builds beside this.
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_rollcall"))]
    program: PathBuf,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.bench {
        eprintln!("this is run by: cargo bench --bench pages [-- --scale 0.1]");
        return ExitCode::FAILURE;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("pages-{}.db", arguments.scale));
    if arguments.again || !file.exists() {
        make(&arguments.program, &file, arguments.scale)?;
    }
    let mut server = Server::start(&arguments.program, &file)?;
    let visitor = visit::sign_in(server.address, OPERATOR)?;
    let mut pages = visitor.pages(&VIEWS)?;
    for _ in 0..arguments.rounds {
        for page in &mut pages {
            page.visits.push(visitor.visit(&page.address)?);
        }
    }
    let resident = server.process.resident_max()?;
    server.process.terminate()?;

    println!("# First bytes, {}\n", Utc::now().format("%Y-%m-%d %H:%M UTC"));
    println!("{}.\n", machine(folder)?);
    println!(
        "A file of {} MB (scale {}), {} rounds; at most {} MB resident.\n",
        whole(std::fs::metadata(&file)?.len() as f64 / 1e6),
        arguments.scale,
        arguments.rounds,
        whole(resident as f64 / 1e6)
    );
    println!("| page | first byte, ms | worst | file, ms | statements | HTML, KB | |");
    println!("|---|---|---|---|---|---|---|");
    let first_byte = |page: &visit::Page| median(&figures(page, |visit| visit.first_byte_ms));
    pages.sort_by(|a, b| first_byte(b).total_cmp(&first_byte(a)));
    let mut over = 0;
    for page in &pages {
        let first = first_byte(page);
        let worst = figures(page, |visit| visit.first_byte_ms).into_iter().fold(0.0, f64::max);
        let missed = first > GOAL_MS || page.html_bytes > HTML_MAX;
        over += usize::from(missed);
        println!(
            "| {} | {first:.1} | {worst:.1} | {:.1} | {} | {:.0} | {} |",
            page.address.replace('|', "\\|"),
            median(&figures(page, |visit| visit.file_ms)),
            median(&figures(page, |visit| visit.statements)),
            page.html_bytes as f64 / 1e3,
            if missed { "**over**" } else { "" }
        );
    }
    println!("\n{} kinds of pages; {over} over {GOAL_MS} ms or {HTML_MAX} bytes.", pages.len());
    Ok(())
}

fn figures(page: &visit::Page, figure: impl Fn(&Visit) -> f64) -> Vec<f64> {
    page.visits.iter().map(figure).collect()
}

/// Makes the big file under another name, so that one which is there is whole.
fn make(program: &Path, file: &Path, scale: f64) -> Result<(), Failure> {
    let unfinished = file.with_extension("unfinished");
    for ending in ["", "-wal", "-shm", ".lock"] {
        let left = format!("{}{ending}", unfinished.display());
        if let Err(error) = std::fs::remove_file(&left)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(format!("{left}: {error}").into());
        }
    }
    let (email, password) = OPERATOR;
    shell(program, &unfinished, &["operator", "add", email, "--password-stdin"], password)?;
    let token = shell(program, &unfinished, &["token", "add", "Bench", "--scope", "admin", "--json"], "")?;
    let token = token["token"].as_str().ok_or("no token")?;
    let mut server = Server::start(program, &unfinished)?;
    fill::send(server.address, token, &fill::Size::of(scale))?;
    server.settle(token, std::time::Duration::from_secs(600))?;
    server.process.terminate()?;
    std::fs::rename(&unfinished, file)?;
    Ok(())
}
