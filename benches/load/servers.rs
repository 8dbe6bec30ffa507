//! The two servers: Rollcall as it is shipped, and one that reads the body and answers a constant.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use tempfile::TempDir;

use super::messages::{self, ORIGIN};
use super::process::Process;
use super::{Failure, folder};

/// What a single message is answered; the empty server answers the same.
const NOOP_ANSWER: &str =
    r#"{"success":true,"results":[{"message_id":"1844674407-3709551615-2891336453-0000000000","status":"stored"}]}"#;

/// A running Rollcall on a fresh file, with everybody identified.
pub struct Rollcall {
    pub process: Process,
    pub address: SocketAddr,
    pub write_key: String,
    /// Resident after the start, before the first request, in bytes.
    pub resident_idle: u64,
    token: String,
    folder: TempDir,
}

impl Rollcall {
    pub fn start(program: &Path) -> Result<Rollcall, Failure> {
        let folder = folder()?;
        let file = folder.path().join("rollcall.db");
        let shell = |arguments: &[&str]| shell(program, &file, arguments);
        let source = shell(&["source", "add", "Bench", "--origin", ORIGIN, "--json"])?;
        let token = shell(&["token", "add", "Bench", "--scope", "read", "--json"])?;
        shell(&["setting", "rate_limit", "1000000", "--json"])?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&file)
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
        std::thread::sleep(Duration::from_millis(500));
        let resident_idle = process.resident()?;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let (write_key, token) = (text(&source["write_key"]), text(&token["token"]));
        let rollcall = Rollcall { process, address, write_key, resident_idle, token, folder };
        rollcall.identify_everybody()?;
        Ok(rollcall)
    }

    /// The workspace's file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("rollcall.db")
    }

    /// Threads that answer requests.
    pub fn workers(&self) -> Result<usize, Failure> {
        Ok(self.process.threads("actix-rt|")?.len())
    }

    /// Reads with what is derived until an answer says no lag; how long that took.
    pub fn settle(&self) -> Result<Duration, Failure> {
        let started = Instant::now();
        let request = format!(
            "GET /api/v1/events?limit=1 HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.address, self.token
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
            if started.elapsed() > Duration::from_secs(120) {
                return Err("the folds did not reach the journal within two minutes".into());
            }
        }
    }

    fn identify_everybody(&self) -> Result<(), Failure> {
        for request in messages::identify_everybody(&self.write_key) {
            let request = String::from_utf8(request)?.replacen("\r\nAccept: ", "\r\nConnection: close\r\nAccept: ", 1);
            let answer = exchange(self.address, request.as_bytes())?;
            if answer.matches(r#""status":"stored""#).count() != 100 {
                return Err(format!("the people were not identified: {answer}").into());
            }
        }
        self.settle()?;
        Ok(())
    }
}

/// Runs a command of the shell on a file, and answers its first line of JSON.
fn shell(program: &Path, file: &Path, arguments: &[&str]) -> Result<serde_json::Value, Failure> {
    let output = Command::new(program).args(arguments).env("ROLLCALL_DATA", file).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(format!("{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default())
}

/// One request on a connection of its own.
fn exchange(address: SocketAddr, request: &[u8]) -> Result<String, Failure> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ':']).parse().ok()
}

/// A running empty server: this same program, started again.
pub struct Noop {
    pub process: Process,
    pub address: SocketAddr,
}

impl Noop {
    pub fn start(workers: usize) -> Result<Noop, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--noop", &workers.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let process = Process::new(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = address_in(&line).ok_or_else(|| format!("the empty server printed {line:?}"))?;
        Ok(Noop { process, address })
    }
}

/// The empty server's own process.
pub fn run_noop(workers: usize) -> Result<(), Failure> {
    async fn answer(_body: web::Bytes) -> HttpResponse {
        HttpResponse::Ok().content_type("application/json").body(NOOP_ANSWER)
    }
    actix_web::rt::System::new().block_on(async move {
        let server =
            HttpServer::new(|| App::new().default_service(web::to(answer))).workers(workers).bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            println!("http://{address}");
        }
        server.run().await
    })?;
    Ok(())
}
