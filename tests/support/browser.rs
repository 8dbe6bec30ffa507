//! A real Chromium, driven through its driver.

use std::io::{BufRead, BufReader};
use std::mem::ManuallyDrop;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;

use super::{OWNER, Rollcall};

/// Starts the browser's driver on a port that it chooses: its process and the port.
///
/// It takes the port that the system gives it for one kind of address on the other kind too, and ends when that one is
/// taken already. Beside other stories this happens now and then, so it is started again.
fn start_driver() -> (Child, String) {
    for _ in 0..5 {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed (tests/run installs it)");
        let mut lines = BufReader::new(process.stdout.take().expect("stdout")).lines();
        let port = lines.by_ref().find_map(|line| {
            let line = line.expect("text");
            line.split("started successfully on port ").nth(1).map(|rest| rest.trim_end_matches('.').to_owned())
        });
        if let Some(port) = port {
            std::thread::spawn(move || lines.for_each(drop));
            return (process, port);
        }
        process.wait().expect("it has ended");
    }
    panic!("chromedriver ended five times before it said its port")
}

/// A browser with a profile of its own.
pub struct Browser {
    /// Drives it.
    pub driver: ManuallyDrop<WebDriver>,
    process: Child,
    address: String,
    client: reqwest::Client,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser with nothing in it.
    pub async fn start() -> Browser {
        Browser::start_with(&[], json!({})).await
    }

    /// Starts a browser with more arguments and preferences.
    pub async fn start_with(arguments: &[&str], preferences: Value) -> Browser {
        let (process, port) = start_driver();
        let profile = tempfile::tempdir().expect("a folder");
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--force-prefers-reduced-motion",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1440,900",
            &format!("--user-data-dir={}", profile.path().display()),
        ]
        .into_iter()
        .chain(arguments.iter().copied())
        {
            capabilities.add_arg(argument).expect("an argument");
        }
        capabilities.add_experimental_option("prefs", preferences).expect("preferences");
        capabilities.set("goog:loggingPrefs", json!({ "browser": "ALL" })).expect("a capability");
        let address = format!("http://127.0.0.1:{port}");
        let driver = WebDriver::new(&address, capabilities).await.expect("a session");
        driver.set_page_load_timeout(Duration::from_secs(20)).await.expect("a time-out");
        Browser {
            driver: ManuallyDrop::new(driver),
            process,
            address,
            client: reqwest::Client::new(),
            _profile: profile,
        }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.driver.goto(url).await.expect("the page opens");
    }

    /// Runs a script in the page, and answers what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.expect("the script runs").json().clone()
    }

    /// Runs a script in the page that says when it is done, by calling its last argument.
    pub async fn run_async(&self, script: &str) -> Value {
        self.driver.execute_async(script, Vec::new()).await.expect("the script runs").json().clone()
    }

    /// The text that a person reads on the page.
    pub async fn text(&self) -> String {
        // The page may go while it is read: then the next one is.
        for _ in 0..10 {
            if let Ok(body) = self.driver.find(By::Tag("body")).await
                && let Ok(text) = body.text().await
            {
                return text;
            }
        }
        panic!("no page stays on {}", self.address().await)
    }

    /// Fills a field, found by its name.
    pub async fn fill(&self, name: &str, value: &str) {
        let field = self.driver.find(By::Name(name)).await.unwrap_or_else(|_| panic!("a field {name}"));
        field.clear().await.expect("it is cleared");
        field.send_keys(value).await.expect("it takes keys");
    }

    /// Presses the button or follows the link with this text.
    pub async fn click(&self, text: &str) {
        let path = format!("//*[self::button or self::a or self::summary][contains(normalize-space(.), {text:?})]");
        let found = self.driver.find_all(By::XPath(path)).await.expect("a search");
        for element in found {
            if element.is_displayed().await.unwrap_or(false) {
                return element.click().await.expect("it is clicked");
            }
        }
        panic!("nothing says {text:?} on {}:\n{}", self.address().await, self.text().await);
    }

    /// Signs the owner in to the dashboard.
    pub async fn signs_in(&self, rollcall: &Rollcall) {
        self.open(&format!("{}/sign-in", rollcall.address)).await;
        self.fill("email", OWNER.0).await;
        self.fill("password", OWNER.1).await;
        self.click("Sign in").await;
        super::until("the first page", || async {
            let address = self.address().await;
            if address.contains("sign-in") { Err(address) } else { Ok(()) }
        })
        .await;
    }

    /// The address that the browser shows.
    pub async fn address(&self) -> String {
        self.driver.current_url().await.expect("an address").to_string()
    }

    /// Waits until the page says a text.
    pub async fn sees(&self, text: &str) {
        super::until(&format!("the page says {text:?}"), || async {
            let seen = self.text().await;
            if seen.contains(text) { Ok(()) } else { Err(seen) }
        })
        .await;
    }

    /// Runs no script in this tab from now on; other tabs do.
    pub async fn stops_scripts_here(&self) {
        self.command("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Gives a command of the DevTools protocol.
    pub async fn command(&self, name: &str, parameters: Value) {
        let url = format!("{}/session/{}/goog/cdp/execute", self.address, self.driver.session_id());
        let command = json!({ "cmd": name, "params": parameters });
        let answer = self.client.post(url).json(&command).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// What stands on the console since it was last asked, warnings and errors.
    pub async fn console(&self) -> Vec<String> {
        let url = format!("{}/session/{}/se/log", self.address, self.driver.session_id());
        let answer: Value = self
            .client
            .post(url)
            .json(&json!({ "type": "browser" }))
            .send()
            .await
            .expect("the log")
            .json()
            .await
            .expect("the log");
        let entries = answer["value"].as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .filter_map(|entry| entry["message"].as_str().map(str::to_owned))
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser that it started too. The session is not ended by itself (`ManuallyDrop`):
        // a story that failed would wait two minutes for it.
        let _ = Command::new("pkill").args(["-P", &self.process.id().to_string()]).status();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
