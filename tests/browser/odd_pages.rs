//! Pages whose libraries, tabs and storage behave in their own way: nothing is lost, and nobody is given what another
//! did.

use super::*;
use support::relay::{Relay, Way};

/// The snippet behind a script of the page's own.
fn behind(script: &str, rollcall: &Rollcall, settings: Value) -> String {
    format!("<script>{script}</script>{}", snippet(rollcall, settings))
}

/// The names of what somebody did, once all of these are among them.
async fn did(rollcall: &Rollcall, id: &str, names: &[&str]) -> Vec<String> {
    until(&format!("{id} did {names:?}"), || async {
        let told = rollcall.events_of(id).await;
        if names.iter().all(|name| told.iter().any(|one| one == name)) { Ok(told) } else { Err(format!("{told:?}")) }
    })
    .await
}

/// Datejs gives a date where the browser gives a number.
#[actix_web::test]
async fn a_page_whose_clock_gives_dates_says_everything_once() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    let page = behind(
        "Date.now = () => new Date()",
        &rollcall,
        json!({ "user_id": "ann", "company": { "company_id": "acme" } }),
    );
    site.page("/app", &page.replace(&rollcall.address, &relay.address));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    is_current(&rollcall, "ann", "acme").await;
    browser.run_async("setTimeout(arguments[0], 1500)").await;
    browser.run("rollcall.track('Saved')").await;
    did(&rollcall, "ann", &["Saved"]).await;
    let posts = relay.posts();
    let messages = posts.iter().flat_map(|post| post["batch"].as_array().cloned().unwrap_or_default());
    let identifies = messages.filter(|message| message["type"] == "identify").count();
    assert_eq!((identifies, posts.len() < 6), (1, true), "{posts:?}");
}

/// The page says who it is of; what its browser has forgotten, or another tab has said since, does not make it
/// somebody else's.
#[actix_web::test]
async fn what_a_page_of_somebody_does_is_theirs_whoever_comes_after() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    for user in ["ann", "bob"] {
        site.page(&format!("/{user}"), &snippet(&rollcall, json!({ "user_id": user })));
    }
    let browser = Browser::start().await;
    browser.open(&site.url("/ann")).await;
    user_appears(&rollcall, "ann").await;
    browser.run("localStorage.clear(); rollcall.track('After the clearing')").await;
    did(&rollcall, "ann", &["After the clearing"]).await;

    let first = browser.driver.window().await.expect("the first tab");
    let second = browser.driver.new_tab().await.expect("another tab");
    browser.driver.switch_to_window(second).await.expect("it");
    browser.open(&site.url("/bob")).await;
    user_appears(&rollcall, "bob").await;
    browser.driver.switch_to_window(first).await.expect("the first tab");
    browser.run("rollcall.track('Saved by Ann')").await;
    let of_ann = did(&rollcall, "ann", &["Saved by Ann"]).await;
    assert!(of_ann.contains(&"After the clearing".to_owned()), "{of_ann:?}");
    let of_bob = rollcall.events_of("bob").await;
    assert!(of_bob.iter().all(|name| name.starts_with("page")), "{of_bob:?}");
}

#[actix_web::test]
async fn storage_that_keeps_nothing_and_says_nothing_is_no_storage() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let stub = "Object.defineProperty(window, 'localStorage', { get() {
        return { getItem() { return null }, setItem() {}, removeItem() {} } } })";
    site.page("/app", &behind(stub, &rollcall, json!({ "user_id": "ann", "plan": "pro" })));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    assert_eq!(user_appears(&rollcall, "ann").await["attributes"]["plan"], "pro");
    browser.run("rollcall.track('Saved')").await;
    did(&rollcall, "ann", &["Saved", "page "]).await;
    assert_eq!(rollcall.list("/visitors").await.len(), 1, "one browser");
}

/// A browser prepares a page that nobody opens. Another tab has the same storage, and tells nothing of it.
#[actix_web::test]
async fn a_page_that_was_only_prepared_was_nobody_s() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let rules = r#"<script type="speculationrules">{"prerender":[{"source":"list","urls":["/never"],"eagerness":"immediate"}]}</script>"#;
    site.page("/app", &format!("{rules}{}", snippet(&rollcall, json!({ "user_id": "ann" }))));
    let told = "<script>document.prerendering && (localStorage.prepared = 1)</script>";
    site.page("/never", &format!("{told}{}", snippet(&rollcall, json!({ "user_id": "ann" }))));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    until("the page is prepared", || async {
        let prepared = browser.run("return localStorage.prepared").await;
        if prepared == "1" { Ok(()) } else { Err(prepared.to_string()) }
    })
    .await;
    browser.run_async("setTimeout(arguments[0], 1000)").await;
    browser.run("rollcall.track('Saved')").await;
    did(&rollcall, "ann", &["Saved"]).await;
    let seen = rollcall.list("/users/ann/events").await;
    assert!(seen.iter().all(|event| !event.to_string().contains("/never")), "{seen:?}");
}

#[actix_web::test]
async fn after_a_long_outage_it_is_said_again_who_it_is() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    relay.becomes(Way::Broken);
    let site = Site::start();
    let settings = json!({ "user_id": "ann", "email": "ann@acme.test", "company": { "company_id": "acme" } });
    let page = snippet(&rollcall, settings)
        .replace(&format!("{}/widget.js", rollcall.address), &format!("{}/widget.js", relay.address));
    site.page("/app", &page);
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    until("it was tried", || async { if relay.posts().is_empty() { Err("nothing".to_owned()) } else { Ok(()) } }).await;
    browser.run("for (let n = 1; n <= 150; n++) rollcall.track('No. ' + n)").await;
    relay.becomes(Way::Open);
    is_current(&rollcall, "ann", "acme").await;
    assert_eq!(rollcall.user("ann").await["email"], "ann@acme.test");
    did(&rollcall, "ann", &["No. 150"]).await;
}

#[actix_web::test]
async fn the_page_on_which_somebody_signs_out_at_once_is_theirs() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/app", &snippet(&rollcall, json!({})));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    browser.run("rollcall.identify('ann')").await;
    user_appears(&rollcall, "ann").await;
    browser.run_async("setTimeout(arguments[0], 500)").await;
    browser.run("history.pushState({}, '', '/sign-out'); rollcall.reset()").await;
    until("the page of the sign-out is Ann's", || async {
        let seen = rollcall.list("/users/ann/events").await;
        if seen.iter().any(|event| event.to_string().contains("/sign-out")) { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await;
}
