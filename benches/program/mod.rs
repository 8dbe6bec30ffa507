//! Rollcall's own program, as a bench runs it: built with the bench's profile, a process of its own,
//! reached by its shell and over HTTP.

#![allow(dead_code, reason = "each bench uses a part")]

pub mod figures;
pub mod process;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use process::Process;

/// Why a run ended early.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A running `rollcall serve`, ended with its owner.
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
}

impl Server {
    /// Starts the program on a file and waits until it says where it listens.
    pub fn start(program: &Path, file: &Path) -> Result<Server, Failure> {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().ok_or("no stderr")?;
        let process = Process::new(child);
        let mut lines = BufReader::new(stderr).lines();
        let mut printed = String::new();
        let address = loop {
            let Some(line) = lines.next() else { return Err(format!("the server did not start: {printed}").into()) };
            let line = line?;
            if let Some(address) = address_in(&line) {
                break address;
            }
            printed.push_str(&line);
            printed.push('\n');
        };
        // Whoever writes to a full pipe waits: keep reading.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Server { process, address })
    }

    /// Reads with what is derived until an answer says no lag; how long that took.
    pub fn settle(&self, token: &str, patience: Duration) -> Result<Duration, Failure> {
        let started = Instant::now();
        let request = format!(
            "GET /api/v1/events?limit=1 HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
            self.address
        );
        loop {
            let answer = exchange(self.address, request.as_bytes())?;
            let head = answer.split("\r\n\r\n").next().unwrap_or_default();
            if !head.starts_with("HTTP/1.1 200 ") {
                return Err(format!("a read was answered: {answer}").into());
            }
            if !head.to_ascii_lowercase().contains("\nrollcall-lag-ms:") {
                return Ok(started.elapsed());
            }
            if started.elapsed() > patience {
                return Err(format!("the folds did not reach the journal within {} s", patience.as_secs()).into());
            }
        }
    }
}

/// Runs a command of the shell on a file, with what it is to read, and answers its first line of JSON.
pub fn shell(program: &Path, file: &Path, arguments: &[&str], input: &str) -> Result<serde_json::Value, Failure> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("ROLLCALL_DATA", file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().ok_or("no stdin")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default())
}

/// One request on a connection of its own.
pub fn exchange(address: SocketAddr, request: &[u8]) -> Result<String, Failure> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The address that a line names.
pub fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ':']).parse().ok()
}
