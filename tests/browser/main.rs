//! A real browser on a page of another origin: what the page says ends on the dashboard and in the API.

mod consent;
mod intercom;
mod mistakes;
mod odd_pages;
mod pages;
mod script;
mod segment;
#[path = "../support/mod.rs"]
mod support;
mod user_com;
mod waiting;

use serde_json::{Value, json};
use support::browser::Browser;
use support::site::Site;
use support::{Rollcall, until};

/// The snippet that the installation page shows for signed-in users.
fn snippet(rollcall: &Rollcall, settings: Value) -> String {
    let mut settings = settings;
    settings["write_key"] = json!(rollcall.write_key);
    format!(
        "<script type=\"application/json\" id=\"rollcall-settings\">{settings}</script>\
         <script async src=\"{}/widget.js\"></script>",
        rollcall.address
    )
}

async fn user_appears(rollcall: &Rollcall, id: &str) -> Value {
    until(&format!("{id} is a user"), || async {
        let answer = rollcall.api(&format!("/users/{id}")).await;
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.text) }
    })
    .await
}

async fn events_become(rollcall: &Rollcall, id: &str, expected: &[&str]) {
    until(&format!("the events of {id} are {expected:?}"), || async {
        let events = rollcall.events_of(id).await;
        if events == expected { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}

async fn is_current(rollcall: &Rollcall, user: &str, company: &str) {
    until(&format!("{company} is the current company of {user}"), || async {
        let answer = rollcall.api(&format!("/users/{user}")).await;
        let companies = answer.body["companies"].as_array().cloned().unwrap_or_default();
        let current = companies.iter().any(|known| known["company_id"] == company && known["current"] == true);
        if current { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

async fn anonymous_id(browser: &Browser) -> String {
    let stored = browser.run("return Object.values(localStorage).join(' ')").await;
    stored.as_str().unwrap_or_default().to_owned()
}

async fn is_clean(browser: &Browser) {
    assert_eq!(browser.console().await, Vec::<String>::new(), "the console is clean");
}
