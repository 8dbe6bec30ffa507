//! The two servers: Rollcall as it is shipped, and one that reads the body and answers a constant.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use tempfile::TempDir;

use super::folder;
use super::messages::{self, ORIGIN};
use super::program::process::Process;
use super::program::{Failure, Server, address_in, exchange, shell};

/// What a single message is answered; the empty server answers the same.
const NOOP_ANSWER: &str =
    r#"{"success":true,"results":[{"message_id":"1844674407-3709551615-2891336453-0000000000","status":"stored"}]}"#;

/// A running Rollcall on a fresh file, with everybody identified.
pub struct Rollcall {
    pub server: Server,
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
        let shell = |arguments: &[&str]| shell(program, &file, arguments, "");
        let source = shell(&["source", "add", "Bench", "--origin", ORIGIN, "--json"])?;
        let token = shell(&["token", "add", "Bench", "--scope", "read", "--json"])?;
        shell(&["setting", "rate_limit", "1000000", "--json"])?;
        let server = Server::start(program, &file)?;
        std::thread::sleep(Duration::from_millis(500));
        let resident_idle = server.process.resident()?;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let (write_key, token) = (text(&source["write_key"]), text(&token["token"]));
        let rollcall = Rollcall { server, write_key, resident_idle, token, folder };
        rollcall.identify_everybody()?;
        Ok(rollcall)
    }

    /// The workspace's file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("rollcall.db")
    }

    /// Threads that answer requests.
    pub fn workers(&self) -> Result<usize, Failure> {
        Ok(self.server.process.threads("actix-rt|")?.len())
    }

    /// Waits until what is derived has reached the journal; how long that took.
    pub fn settle(&self) -> Result<Duration, Failure> {
        self.server.settle(&self.token, Duration::from_secs(120))
    }

    fn identify_everybody(&self) -> Result<(), Failure> {
        for request in messages::identify_everybody(&self.write_key) {
            let request = String::from_utf8(request)?.replacen("\r\nAccept: ", "\r\nConnection: close\r\nAccept: ", 1);
            let answer = exchange(self.server.address, request.as_bytes())?;
            if answer.matches(r#""status":"stored""#).count() != 100 {
                return Err(format!("the people were not identified: {answer}").into());
            }
        }
        self.settle()?;
        Ok(())
    }
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
