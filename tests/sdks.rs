//! Real clients with only their host changed: what they send ends in the right user, company and
//! events. Their programs are in `tests/sdk/`; `tests/run` installs what they need.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use support::browser::Browser;
use support::site::Site;
use support::{Rollcall, until};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}

/// Runs a client's program to its end, off the test's own thread.
async fn runs(program: PathBuf, script: &'static str, rollcall: &Rollcall) {
    let (address, key) = (rollcall.address.clone(), rollcall.write_key.clone());
    let output: Output = tokio::task::spawn_blocking(move || {
        Command::new(&program)
            .arg(folder().join(script))
            .args([address, key])
            .output()
            .unwrap_or_else(|error| panic!("{}: {error} (tests/run installs it)", program.display()))
    })
    .await
    .expect("the program runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{script}: {}{}", said(&output.stdout), said(&output.stderr));
}

/// What each client's story ends in: Ann of Acme, who exported a report and had seen the prices.
async fn ann_of_acme(rollcall: &Rollcall, sdk: &str) {
    let (ann, acme) = (format!("{sdk}-ann"), format!("{sdk}-acme"));
    until(&format!("{ann} and what she did"), || async {
        let answer = rollcall.api(&format!("/users/{ann}/events")).await;
        let events = answer.body["data"].as_array().cloned().unwrap_or_default();
        let exported = events.iter().any(|event| {
            event["name"] == "Report exported" && event["properties"] == json!({ "format": "pdf", "pages": 12 })
        });
        let seen = events.iter().any(|event| event["type"] == "page" && event.to_string().contains("Pricing"));
        let companies = rollcall.api(&format!("/users/{ann}")).await.body["companies"].clone();
        let member = companies[0]["company_id"] == acme && companies[0]["current"] == true;
        if exported && seen && member { Ok(()) } else { Err(format!("{} {companies}", answer.text)) }
    })
    .await;
    let user = rollcall.user(&ann).await;
    assert_eq!(user["name"], "Ann Lee");
    assert_eq!(user["email"], format!("ann@{sdk}.test"));
    assert_eq!(user["attributes"]["plan"], "pro");
    let company = rollcall.company(&acme).await;
    assert_eq!(company["name"], "Acme");
    assert_eq!(company["attributes"]["plan"], "enterprise");
    assert_eq!(company["members"], 1);
    let refusals = rollcall.list("/refusals").await;
    assert!(refusals.is_empty(), "{refusals:?}");
}

#[actix_web::test]
async fn segment_analytics_node() {
    let rollcall = Rollcall::start();
    runs("node".into(), "segment_node.mjs", &rollcall).await;
    ann_of_acme(&rollcall, "segment-node").await;
}

#[actix_web::test]
async fn segment_analytics_python() {
    let rollcall = Rollcall::start();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/py/bin/python");
    runs(python, "segment_python.py", &rollcall).await;
    ann_of_acme(&rollcall, "segment-python").await;
}

#[actix_web::test]
async fn rudderstack_node() {
    let rollcall = Rollcall::start();
    runs("node".into(), "rudder_node.mjs", &rollcall).await;
    ann_of_acme(&rollcall, "rudder-node").await;
}

async fn browser_sdk(sdk: &str, page: &str) {
    let rollcall = Rollcall::start();
    let site = Site::of_folder(folder());
    let browser = Browser::start().await;
    browser.open(&site.url(&format!("/{page}?host={}&key={}", rollcall.address, rollcall.write_key))).await;
    browser.sees("done").await;
    ann_of_acme(&rollcall, sdk).await;
    assert_eq!(browser.console().await, Vec::<String>::new());
}

/// By `cdnURL` alone.
#[actix_web::test]
async fn segment_analytics_next_in_a_browser() {
    browser_sdk("segment-browser", "segment_browser.html").await;
}

/// By `configUrl` and the data plane's address alone.
#[actix_web::test]
async fn rudderstack_in_a_browser() {
    browser_sdk("rudder-browser", "rudder_browser.html").await;
}
