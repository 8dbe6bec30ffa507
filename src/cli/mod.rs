//! The shell: one file a command.
//!
//! With `--json` a command prints one JSON object a line on stdout; what it says to people
//! goes to stderr. Exit codes: 0 done, 1 failed, 2 wrong use.

mod backup;
mod check;
mod demo;
mod export;
mod import;
mod operator;
mod restore;
mod serve;
mod setting;
mod source;
mod token;
mod webhook;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use serde_json::Value;

use crate::server::checked_url;
use crate::store::{Ambient, LockError, Store, StoreError, server_url};

/// Who uses your product, and which company does each of them belong to.
#[derive(Parser)]
#[command(name = "rollcall", version)]
struct CommandLine {
    #[command(flatten)]
    workspace: Workspace,
    #[command(subcommand)]
    command: Command,
}

/// The workspace's file, where none is named.
const DATA: &str = "data/rollcall.db";

/// Which workspace, and how to answer: understood by every command.
#[derive(Args, Clone)]
struct Workspace {
    /// The workspace's file
    #[arg(long, global = true, env = "ROLLCALL_DATA", value_name = "FILE", default_value = DATA, value_parser = resolved)]
    data: PathBuf,
    /// The address under which people and websites reach this server, such as https://rollcall.example.com
    #[arg(long, global = true, env = "ROLLCALL_PUBLIC_URL", value_name = "URL", value_parser = checked_url)]
    public_url: Option<String>,
    /// Print one JSON object a line on stdout
    #[arg(long, global = true)]
    json: bool,
}

/// The file that a link leads to: the lock, the log and what a restore renames stand beside it, by whichever name it is
/// called.
fn resolved(text: &str) -> Result<PathBuf, std::io::Error> {
    let path = PathBuf::from(text);
    if path.is_symlink() { path.canonicalize().or(Ok(path)) } else { Ok(path) }
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (this is what `rollcall` alone does)
    Serve(Box<serve::Serve>),
    /// Try everything: a filled throw-away file, and a sample site with the widget
    Demo(Box<demo::Demo>),
    /// Operators: the people who sign in to the dashboard
    #[command(subcommand)]
    Operator(operator::Operator),
    /// Sources: websites and back ends that send data
    #[command(subcommand)]
    Source(source::Source),
    /// Tokens: secret keys of programs
    #[command(subcommand)]
    Token(token::Token),
    /// Webhooks: addresses of other programs that are told what changes
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Show the settings, show one, or change one
    Setting(setting::Setting),
    /// Take users, companies, memberships or events from a file
    Import(Box<import::Import>),
    /// Write all users, companies, memberships or events to a file
    Export(export::Export),
    /// Copy the workspace into a new file, while the server runs
    Backup(backup::Backup),
    /// Put a backup in the place of the workspace's file; the server must not run
    Restore(restore::Restore),
    /// Check the file (that it is whole, and that what is derived from the events equals a recount) and its machine
    Check(check::Check),
}

/// Why a command did not do what was asked.
#[derive(Debug)]
enum Failure {
    /// It failed: exit code 1.
    Failed(String),
    /// It was used wrongly: exit code 2.
    Usage(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Failed(error.to_string())
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Failure {
        Failure::Failed(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Failed(error.to_string())
    }
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let line = match CommandLine::try_parse_from(with_command(arguments)) {
        Ok(line) => line,
        Err(error) => {
            // Help and version go to stdout and are no failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(reason)) => {
            say(format_args!("rollcall: {reason}"));
            ExitCode::from(1)
        }
        Err(Failure::Usage(reason)) => {
            say(format_args!("rollcall: {reason}"));
            ExitCode::from(2)
        }
    }
}

/// `serve` is the command where none is named.
fn with_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut line = CommandLine::command();
    line.build();
    let serve = line.find_subcommand("serve").expect("serve is a command");
    let takes_value = |flag: &str| {
        serve.get_arguments().any(|known| known.get_long() == Some(flag) && known.get_action().takes_values())
    };
    let mut words = arguments.iter().skip(1).map(|word| word.to_str().unwrap_or_default());
    let is_serve = loop {
        match words.next() {
            None => break true,
            Some("-h" | "--help" | "-V" | "--version") => break false,
            Some(word) => match word.strip_prefix("--") {
                Some(flag) if takes_value(flag) => drop(words.next()),
                Some(_) => {}
                // The name of a command, or of none.
                None => break false,
            },
        }
    };
    if is_serve {
        arguments.insert(1.min(arguments.len()), "serve".into());
    }
    arguments
}

fn run(line: CommandLine) -> Result<(), Failure> {
    let workspace = line.workspace;
    match line.command {
        Command::Serve(serve) => serve.run(workspace),
        Command::Demo(demo) => demo.run(&workspace),
        other => {
            serve::log(serve::LogFormat::Text, serve::LogLevel::Warn);
            match other {
                Command::Operator(operator) => operator.run(&workspace),
                Command::Source(source) => source.run(&workspace),
                Command::Token(token) => token.run(&workspace),
                Command::Webhook(webhook) => webhook.run(&workspace),
                Command::Setting(setting) => setting.run(&workspace),
                Command::Import(import) => import.run(&workspace),
                Command::Export(export) => export.run(&workspace),
                Command::Backup(backup) => backup.run(&workspace),
                Command::Restore(restore) => restore.run(&workspace),
                Command::Check(check) => check.run(&workspace),
                Command::Serve(_) | Command::Demo(_) => Ok(()),
            }
        }
    }
}

impl Workspace {
    /// Opens the file, and makes it if there is none; a running server goes on beside.
    fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.data, Ambient::default())?)
    }

    /// The file must exist: for commands that look, and those that nobody begins with.
    fn open_existing(&self) -> Result<Store, Failure> {
        self.must_exist()?;
        self.open()
    }

    fn must_exist(&self) -> Result<(), Failure> {
        if self.data.exists() {
            return Ok(());
        }
        let path = self.data.display();
        Err(Failure::Failed(format!(
            "There is no file {path}. Name the workspace's file with --data; a new one is made by rollcall serve, operator add, \
             source add or restore."
        )))
    }

    /// Where people reach the server, as far as it is known at the shell: as it is said here, else
    /// as the server said when it started.
    fn known_url(&self) -> Option<String> {
        self.public_url.clone().or_else(|| server_url(&self.data))
    }

    /// An address of the dashboard.
    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.known_url().as_deref().unwrap_or("http://127.0.0.1:8080"))
    }

    /// An answer: a JSON object, or lines for people.
    ///
    /// Who reads them may have heard enough, as `head` has; that is the end of the command, and no failure.
    fn answer(&self, json: &Value, lines: impl std::fmt::Display) {
        let mut stdout = std::io::stdout().lock();
        let told = if self.json { writeln!(stdout, "{json}") } else { writeln!(stdout, "{lines}") };
        if told.and_then(|()| stdout.flush()).is_err() {
            std::process::exit(0);
        }
    }
}

/// Says something to the person at the shell.
#[expect(clippy::print_stderr, reason = "stdout is for answers, which a program may read")]
fn say(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// Waits for a deed that runs off this thread.
fn wait<T>(deed: impl Future<Output = T>) -> Result<T, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(deed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &str) -> String {
        let arguments = line.split(' ').map(OsString::from).collect();
        with_command(arguments).iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn rollcall_alone_serves() {
        assert_eq!(completed("rollcall"), "rollcall serve");
        assert_eq!(completed("rollcall --listen 127.0.0.1:0"), "rollcall serve --listen 127.0.0.1:0");
        assert_eq!(completed("rollcall --data x.db"), "rollcall serve --data x.db");
        for named in [
            "rollcall serve",
            "rollcall --data x.db operator list",
            "rollcall --help",
            "rollcall -V",
            "rollcall nonsense",
        ] {
            assert_eq!(completed(named), named);
        }
    }
}
