//! Whether a visitor may be counted: consent, and browsers that ask all sites not to track.

use super::*;
use support::relay::Relay;

/// Everything in the page's storage, and what its browser has posted.
async fn leaves_no_trace(browser: &Browser, relay: &Relay) {
    // Longer than the widget ever waits before it sends.
    browser.run_async("setTimeout(arguments[0], 2500)").await;
    let stored = browser.run("return [...Object.entries(localStorage), ...Object.entries(sessionStorage)]").await;
    assert_eq!(stored, json!([]), "nothing is stored");
    assert_eq!(browser.run("return document.cookie").await, "");
    assert!(relay.posts().is_empty(), "nothing is sent: {:?}", relay.posts());
}

#[actix_web::test]
async fn nothing_is_stored_or_sent_until_the_visitor_agrees() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    let settings = json!({ "user_id": "ann", "company": { "company_id": "acme" }, "consent": false });
    site.page("/app*", &snippet(&rollcall, settings).replace(&rollcall.address, &relay.address));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    browser.run("rollcall.track('Before'); history.pushState({}, '', '/app/two')").await;
    leaves_no_trace(&browser, &relay).await;

    browser.run("rollcall.consent(true)").await;
    is_current(&rollcall, "ann", "acme").await;
    browser.run("rollcall.track('Agreed')").await;
    until("the event is Ann's", || async {
        let events = rollcall.events_of("ann").await;
        if events.contains(&"Agreed".to_owned()) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    // The next page knows it.
    browser.open(&site.url("/app/three")).await;
    browser.run("rollcall.track('On the next page')").await;
    until("the next event is Ann's", || async {
        let events = rollcall.events_of("ann").await;
        if events.contains(&"On the next page".to_owned()) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;

    browser.run("rollcall.consent(false)").await;
    relay.forget();
    browser.run("rollcall.track('After'); rollcall.identify('ann', {plan: 'pro'})").await;
    leaves_no_trace(&browser, &relay).await;
    browser.open(&site.url("/app/four")).await;
    leaves_no_trace(&browser, &relay).await;
    let events = rollcall.events_of("ann").await;
    assert!(!events.contains(&"After".to_owned()), "{events:?}");
    is_clean(&browser).await;
}

#[actix_web::test]
async fn a_refusal_is_remembered_where_pages_do_not_ask_first() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    site.page("/app", &snippet(&rollcall, json!({ "user_id": "ann" })).replace(&rollcall.address, &relay.address));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    browser.run("rollcall.consent(false)").await;
    relay.forget();
    browser.open(&site.url("/app")).await;
    browser.run_async("setTimeout(arguments[0], 2500)").await;
    assert_eq!(browser.run("return Object.entries(localStorage)").await, json!([["rollcall", "{\"consent\":false}"]]));
    assert!(relay.posts().is_empty(), "{:?}", relay.posts());
    browser.run("rollcall.consent(true); rollcall.track('Agreed again')").await;
    until("the event is Ann's", || async {
        let events = rollcall.events_of("ann").await;
        if events.contains(&"Agreed again".to_owned()) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}

const GPC: &str = "<script>Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})</script>";

#[actix_web::test]
async fn a_browser_that_asks_not_to_be_tracked_is_heeded_unless_the_setting_says_otherwise() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    let page = snippet(&rollcall, json!({ "user_id": "ann" })).replace(&rollcall.address, &relay.address);
    site.page("/dnt", &page);
    site.page("/gpc", &format!("{GPC}{page}"));
    let do_not_track = json!({ "enable_do_not_track": true });

    let browser = Browser::start().await;
    browser.open(&site.url("/gpc")).await;
    leaves_no_trace(&browser, &relay).await;
    is_clean(&browser).await;
    let browser = Browser::start_with(&[], do_not_track.clone()).await;
    browser.open(&site.url("/dnt")).await;
    assert_eq!(browser.run("return navigator.doNotTrack").await, "1");
    leaves_no_trace(&browser, &relay).await;
    // Who agrees on this very site has the last word.
    browser.run("rollcall.consent(true)").await;
    user_appears(&rollcall, "ann").await;

    rollcall.shell(&["setting", "respect_gpc", "false", "--json"]);
    until("the server serves the other widget", || async {
        let script = rollcall.client.get(format!("{}/widget.js", rollcall.address)).send().await.expect("a script");
        let tag = script.headers()["etag"].to_str().expect("text").to_owned();
        let other =
            rollcall.client.get(format!("{}/widget.{}-without-gpc.js", rollcall.address, env!("CARGO_PKG_VERSION")));
        let expected = other.send().await.expect("a script").headers()["etag"].to_str().expect("text").to_owned();
        if tag == expected { Ok(()) } else { Err(tag) }
    })
    .await;
    site.page("/dnt", &page.replace("\"ann\"", "\"bob\""));
    let browser = Browser::start_with(&[], do_not_track).await;
    browser.open(&site.url("/dnt")).await;
    user_appears(&rollcall, "bob").await;
}

#[actix_web::test]
async fn the_script_tag_alone_can_ask_for_consent_first() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    let tag = format!(
        "<script async src=\"{}/widget.js\" data-write-key=\"{}\" data-consent=\"false\"></script>",
        relay.address, rollcall.write_key
    );
    site.page("/", &tag);
    let browser = Browser::start().await;
    browser.open(&site.url("/")).await;
    leaves_no_trace(&browser, &relay).await;
    browser.run("rollcall.consent(true)").await;
    until("the visit is counted", || async {
        let visitors = rollcall.list("/visitors").await;
        if visitors.len() == 1 { Ok(()) } else { Err(format!("{visitors:?}")) }
    })
    .await;
}
