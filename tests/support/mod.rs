//! The stage for the stories: a real server on a port of its own with a fresh file, and those
//! who talk to it.

#![allow(dead_code, reason = "each test file uses its part of the stage")]

pub mod browser;
pub mod desk;
pub mod receiver;
pub mod relay;
pub mod site;

use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rollcall");

/// A running Rollcall with one source, one token and one operator.
pub struct Rollcall {
    folder: TempDir,
    server: Option<Child>,
    arguments: Vec<String>,
    /// `http://127.0.0.1:PORT`
    pub address: String,
    /// The public key of the source "Shop".
    pub write_key: String,
    /// A secret token of scope `admin`.
    pub token: String,
    /// Talks HTTP; follows no redirect.
    pub client: reqwest::Client,
}

/// The operator that each story has.
pub const OWNER: (&str, &str) = ("owner@rollcall.test", "correct horse battery");

impl Rollcall {
    /// Starts a server on a fresh file.
    pub fn start() -> Rollcall {
        Rollcall::start_with(&[])
    }

    /// Starts a server on a fresh file with more arguments to `serve`.
    pub fn start_with(arguments: &[&str]) -> Rollcall {
        let mut rollcall = Rollcall::prepare(arguments);
        rollcall.set_up();
        rollcall
    }

    /// Adds the source, the token and the operator to the file, and starts the server.
    pub fn set_up(&mut self) {
        let rollcall = self;
        let source = rollcall.shell(&["source", "add", "Shop", "--json"]);
        rollcall.write_key = source["write_key"].as_str().expect("a write key").to_owned();
        let token = rollcall.shell(&["token", "add", "Tests", "--scope", "admin", "--json"]);
        rollcall.token = token["token"].as_str().expect("a token").to_owned();
        rollcall
            .shell_with_input(&["operator", "add", OWNER.0, "--role", "owner", "--password-stdin", "--json"], OWNER.1);
        rollcall.shell(&["setting", "rate_limit", "100000", "--json"]);
        rollcall.serve();
    }

    /// A folder for a fresh file, and nothing started.
    pub fn prepare(arguments: &[&str]) -> Rollcall {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client");
        Rollcall {
            folder: tempfile::tempdir().expect("a folder"),
            server: None,
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            address: String::new(),
            write_key: String::new(),
            token: String::new(),
            client,
        }
    }

    /// The workspace's file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("rollcall.db")
    }

    /// Starts the server, and answers what it printed until it was ready.
    pub fn serve(&mut self) -> Vec<String> {
        let mut server = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(self.file())
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(server.stderr.take().expect("stderr")).lines();
        let mut printed = Vec::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("the server ended: {printed:?}")).expect("text");
            let address = ["https://127.0.0.1:", "http://127.0.0.1:"]
                .iter()
                .find_map(|scheme| line.find("istening on").and_then(|_| line.find(scheme)))
                .map(|start| {
                    let rest = &line[start..];
                    let end = rest.find(|c: char| c == '"' || c.is_whitespace()).unwrap_or(rest.len());
                    rest[..end].trim_end_matches(['.', ',', '/']).to_owned()
                });
            printed.push(line);
            if let Some(address) = address {
                self.address = address;
                break;
            }
        }
        // Whoever writes to a full pipe waits: keep reading.
        std::thread::spawn(move || lines.for_each(drop));
        self.server = Some(server);
        printed
    }

    /// Runs a command of the shell on the file, and answers its first line of JSON.
    pub fn shell(&self, arguments: &[&str]) -> Value {
        self.shell_with_input(arguments, "")
    }

    /// As `shell`, with something to read.
    pub fn shell_with_input(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.shell_output(arguments, input);
        assert!(
            output.status.success(),
            "{arguments:?} failed: {}{}",
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null)
    }

    /// Runs a command of the shell on the file.
    pub fn shell_output(&self, arguments: &[&str], input: &str) -> std::process::Output {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .env("ROLLCALL_DATA", self.file())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        // A command that reads nothing may have ended already.
        let _ = child.stdin.take().expect("stdin").write_all(input.as_bytes());
        child.wait_with_output().expect("the command ends")
    }

    /// Sends SIGTERM and waits for the end.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("-TERM")
    }

    /// Sends SIGHUP, as a terminal does that is closed, and waits for the end.
    pub fn hang_up(&mut self) -> ExitStatus {
        self.signal("-HUP")
    }

    fn signal(&mut self, signal: &str) -> ExitStatus {
        let mut server = self.server.take().expect("a running server");
        let told = Command::new("kill").args([signal, &server.id().to_string()]).status().expect("kill");
        assert!(told.success());
        server.wait().expect("the server ends")
    }

    /// Sends SIGKILL: no time for anything.
    pub fn kill(&mut self) {
        let mut server = self.server.take().expect("a running server");
        server.kill().expect("the server is killed");
        server.wait().expect("the server ends");
    }

    /// Posts as a page does: with the public key.
    pub async fn page_posts(&self, messages: Value) -> Vec<Value> {
        let batch = if messages.is_array() { messages } else { json!([messages]) };
        let answer = self.post("/v1/batch", json!({ "writeKey": self.write_key, "batch": batch })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["results"].as_array().expect("results").clone()
    }

    /// Posts as a back end does: with a secret token, for the source "Shop".
    pub async fn backend_posts(&self, messages: Value) -> Vec<Value> {
        let batch = if messages.is_array() { messages } else { json!([messages]) };
        let response = self
            .client
            .post(format!("{}/v1/batch", self.address))
            .bearer_auth(&self.token)
            .json(&json!({ "batch": batch }))
            .send()
            .await
            .expect("an answer");
        let answer = Answer::of(response).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["results"].as_array().expect("results").clone()
    }

    /// Posts JSON without any key in the head.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let response = self.client.post(format!("{}{path}", self.address)).json(&body).send().await;
        Answer::of(response.expect("an answer")).await
    }

    /// Asks the API with the token.
    pub async fn api(&self, path: &str) -> Answer {
        self.api_as(Method::GET, path, &self.token, None).await
    }

    /// Asks the API in any way.
    pub async fn api_as(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.address)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request.send().await.expect("an answer")).await
    }

    /// Signs the owner in without a browser.
    pub async fn session_cookie(&self) -> String {
        self.session_cookie_of(OWNER).await
    }

    /// Signs an operator in, by e-mail address and password.
    pub async fn session_cookie_of(&self, (email, password): (&str, &str)) -> String {
        let response = self
            .client
            .post(format!("{}/sign-in", self.address))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("email={}&password={}", encoded(email), encoded(password)))
            .send()
            .await
            .expect("an answer");
        assert!(response.status().is_redirection(), "{}", response.status());
        let cookie = response.headers().get("set-cookie").expect("a cookie").to_str().expect("text");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().expect("a cookie").to_owned()
    }

    /// A user by id; panics where there is none.
    pub async fn user(&self, id: &str) -> Value {
        let answer = self.api(&format!("/users/{}", encoded(id))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// A company by id; panics where there is none.
    pub async fn company(&self, id: &str) -> Value {
        let answer = self.api(&format!("/companies/{}", encoded(id))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// All rows of a list.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.api(path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["data"].as_array().expect("data").clone()
    }

    /// The ids of all users, sorted.
    pub async fn user_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self
            .list("/users?limit=500")
            .await
            .iter()
            .map(|user| user["user_id"].as_str().unwrap_or("(lead)").to_owned())
            .collect();
        ids.sort();
        ids
    }

    /// A user's events of activity: their names, the oldest first.
    pub async fn events_of(&self, id: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .list(&format!("/users/{}/events", encoded(id)))
            .await
            .iter()
            .filter(|event| ["page", "track", "screen"].contains(&event["type"].as_str().unwrap_or_default()))
            .map(|event| match event["type"].as_str() {
                Some("page") => format!("page {}", event["properties"]["path"].as_str().unwrap_or_default()),
                _ => event["name"].as_str().unwrap_or_default().to_owned(),
            })
            .collect();
        names.reverse();
        names
    }

    /// The companies of a user: `(id, current, left)`, sorted by id.
    pub async fn companies_of(&self, id: &str) -> Vec<(String, bool, bool)> {
        let user = self.user(id).await;
        let mut companies: Vec<(String, bool, bool)> = user["companies"]
            .as_array()
            .expect("companies")
            .iter()
            .map(|company| {
                let id = company["company_id"].as_str().unwrap_or_default().to_owned();
                (id, company["current"] == true, !company["left_at"].is_null())
            })
            .collect();
        companies.sort();
        companies
    }
}

impl Drop for Rollcall {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as JSON; null where it is none.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Answer {
        let status = response.status();
        let headers = response.headers().clone();
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, body, text }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// An id as it stands in a path.
pub fn encoded(id: &str) -> String {
    id.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

static MESSAGES: AtomicU64 = AtomicU64::new(0);

/// A fresh message id.
pub fn message_id() -> String {
    format!("message-{}", MESSAGES.fetch_add(1, Ordering::Relaxed))
}

/// RFC 3339 of some seconds ago.
pub fn seconds_ago(seconds: i64) -> String {
    (chrono::Utc::now() - chrono::Duration::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Waits until something is so, for at most five seconds; panics with the last thing seen.
pub async fn until<T, F, Fut>(what: &str, mut look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    let started = std::time::Instant::now();
    loop {
        match look().await {
            Ok(seen) => return seen,
            Err(seen) if started.elapsed() > Duration::from_secs(5) => panic!("{what}: {seen}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
}
