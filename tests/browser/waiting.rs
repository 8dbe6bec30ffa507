//! What can't be sent waits in the browser: for the network, for a busy server, for one of many tabs.

use super::*;
use support::relay::{Relay, Way};

/// The snippet, with everything on its way through the relay.
fn through(relay: &Relay, rollcall: &Rollcall, settings: Value) -> String {
    snippet(rollcall, settings)
        .replace(&format!("{}/widget.js", rollcall.address), &format!("{}/widget.js", relay.address))
}

/// The events that wait in the browser, by name.
async fn waiting(browser: &Browser) -> Vec<String> {
    let script = "return Object.keys(localStorage).filter(key => key.startsWith('rollcall ')).sort()
                  .map(key => JSON.parse(localStorage[key])).map(message => message.event || message.type)";
    serde_json::from_value(browser.run(script).await).expect("names")
}

async fn wait_in_the_browser(browser: &Browser, names: &[&str]) {
    until(&format!("{names:?} wait"), || async {
        let found = waiting(browser).await;
        if names.iter().all(|name| found.iter().any(|event| event == name)) {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    })
    .await;
}

async fn nothing_waits(browser: &Browser) {
    until("nothing waits", || async {
        let found = waiting(browser).await;
        if found.is_empty() { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}

async fn has_once(rollcall: &Rollcall, id: &str, names: &[&str]) {
    until(&format!("{id} has {names:?}, each once"), || async {
        let answer = rollcall.api(&format!("/users/{id}/events?limit=500")).await;
        let events = answer.body["data"].as_array().cloned().unwrap_or_default();
        let times = |name: &&str| events.iter().filter(|event| event["name"] == **name).count();
        if names.iter().all(|name| times(name) == 1) { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

fn no_message_twice(relay: &Relay) {
    let mut ids = relay.message_ids();
    let sent = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), sent, "no message is sent twice: {:?}", relay.posts());
}

#[actix_web::test]
async fn what_is_asked_without_a_network_is_sent_after_a_reload() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    site.page("/app", &through(&relay, &rollcall, json!({ "user_id": "ann", "company": { "company_id": "acme" } })));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    is_current(&rollcall, "ann", "acme").await;
    nothing_waits(&browser).await;
    relay.becomes(Way::Broken);
    browser.run("rollcall.track('In the tunnel'); rollcall.identify('ann', {plan: 'pro'})").await;
    wait_in_the_browser(&browser, &["In the tunnel", "identify"]).await;
    until("the browser has seen that the network is broken", || async {
        let told = relay.posts().iter().map(Value::to_string).collect::<String>();
        if told.contains("In the tunnel") { Ok(()) } else { Err(told) }
    })
    .await;
    browser.open(&site.url("/app")).await;
    browser.run("rollcall.track('Still in the tunnel')").await;
    wait_in_the_browser(&browser, &["In the tunnel", "Still in the tunnel"]).await;
    relay.becomes(Way::Open);
    browser.open(&site.url("/app")).await;
    has_once(&rollcall, "ann", &["In the tunnel", "Still in the tunnel"]).await;
    nothing_waits(&browser).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    let events = rollcall.list("/users/ann/events").await;
    let in_the_tunnel = events.iter().find(|event| event["name"] == "In the tunnel").expect("the event");
    assert_eq!(in_the_tunnel["company_id"], "acme", "stamped when it was asked");
}

async fn three_tabs(rollcall: &Rollcall, origin: impl Fn(&Site) -> String, browser: &Browser, has_locks: bool) {
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    site.page("/app", &through(&relay, rollcall, json!({ "user_id": "ann" })));
    let page = format!("{}/app", origin(&site));
    browser.open(&page).await;
    user_appears(rollcall, "ann").await;
    nothing_waits(browser).await;
    let locks = browser.run("return Boolean(navigator.locks)").await;
    assert_eq!(locks, has_locks);
    let mut tabs = vec![browser.driver.window().await.expect("a tab")];
    for _ in 0..2 {
        let tab = browser.driver.new_tab().await.expect("a tab");
        browser.driver.switch_to_window(tab.clone()).await.expect("the tab");
        browser.open(&page).await;
        tabs.push(tab);
    }
    nothing_waits(browser).await;
    relay.becomes(Way::Broken);
    let names = ["In tab 0", "In tab 1", "In tab 2"];
    for (tab, name) in tabs.iter().zip(names) {
        browser.driver.switch_to_window(tab.clone()).await.expect("the tab");
        browser.run(&format!("rollcall.track('{name}')")).await;
    }
    wait_in_the_browser(browser, &names).await;
    // All tabs hear at once that the network is back.
    for tab in &tabs {
        browser.driver.switch_to_window(tab.clone()).await.expect("the tab");
        let listen = "new BroadcastChannel('test').onmessage = () => dispatchEvent(new Event('online'))";
        browser.run(&format!("window.heard = {listen}; window.channel = new BroadcastChannel('test')")).await;
    }
    until("each tab has seen its request fail", || async {
        let posts = relay.posts();
        let told = posts.iter().map(Value::to_string).collect::<String>();
        if names.iter().all(|name| told.contains(name)) { Ok(()) } else { Err(told) }
    })
    .await;
    if !has_locks {
        // A tab that was killed while its clock was ahead has left its note.
        browser.run("localStorage.rollcall_sends = Date.now() + 9e8").await;
    }
    relay.becomes(Way::Open);
    relay.forget();
    browser.run("channel.postMessage(1); dispatchEvent(new Event('online'))").await;
    has_once(rollcall, "ann", &names).await;
    nothing_waits(browser).await;
    no_message_twice(&relay);
}

#[actix_web::test]
async fn of_many_tabs_one_sends_what_waits() {
    let rollcall = Rollcall::start();
    three_tabs(&rollcall, |site| site.origin.clone(), &Browser::start().await, true).await;
}

/// Browsers have Web Locks on https and on this very machine only.
#[actix_web::test]
async fn of_many_tabs_one_sends_what_waits_on_a_site_without_https_too() {
    let rollcall = Rollcall::start();
    let arguments = ["--host-resolver-rules=MAP shop.test 127.0.0.1"];
    let browser = Browser::start_with(&arguments, json!({})).await;
    three_tabs(&rollcall, |site| site.origin.replace("localhost", "shop.test"), &browser, false).await;
}

/// A click that is told and leads to another page at once: neither lost nor told twice.
#[actix_web::test]
async fn what_is_on_its_way_when_the_page_is_left_is_sent_once() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    let page = through(&relay, &rollcall, json!({ "user_id": "ann" }));
    site.page("/app", &(page + "<a href=/app>Again</a>"));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    let names: Vec<String> = (0..5).map(|n| format!("Click {n}")).collect();
    for name in &names {
        browser.run(&format!("rollcall.track('{name}'); document.querySelector('a').click()")).await;
        browser.run_async("document.readyState == 'complete' ? arguments[0]() : onload = () => arguments[0]()").await;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    has_once(&rollcall, "ann", &names).await;
    nothing_waits(&browser).await;
    no_message_twice(&relay);
}

#[actix_web::test]
async fn a_busy_server_is_left_alone_as_long_as_it_asks_for() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    site.page("/app", &through(&relay, &rollcall, json!({ "user_id": "ann" })));
    let browser = Browser::start().await;
    relay.becomes(Way::Answers("503 Service Unavailable", "Retry-After: 3600\r\n"));
    browser.open(&site.url("/app")).await;
    until("the first request", || async { if relay.posts().is_empty() { Err(String::new()) } else { Ok(()) } }).await;
    relay.becomes(Way::Open);
    let until_later = "return JSON.parse(localStorage.rollcall).wait > Date.now() + 3500000";
    until("the browser knows for how long", || async {
        let known = browser.run(until_later).await;
        if known == true { Ok(()) } else { Err(known.to_string()) }
    })
    .await;
    browser.open(&site.url("/app")).await;
    browser.run("rollcall.track('Meanwhile')").await;
    wait_in_the_browser(&browser, &["identify", "Meanwhile"]).await;
    browser.run("dispatchEvent(new Event('online'))").await;
    browser.open(&site.url("/app")).await;
    wait_in_the_browser(&browser, &["identify", "Meanwhile"]).await;
    assert_eq!(relay.posts().len(), 1, "nobody asks again before the time: {:?}", relay.posts());
    // The time has come.
    browser
        .run("let me = JSON.parse(localStorage.rollcall); me.wait = 1; localStorage.rollcall = JSON.stringify(me)")
        .await;
    browser.open(&site.url("/app")).await;
    has_once(&rollcall, "ann", &["Meanwhile"]).await;
    nothing_waits(&browser).await;
}

#[actix_web::test]
async fn what_the_server_refuses_for_good_is_dropped_with_one_line() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    site.page("/app", &through(&relay, &rollcall, json!({ "user_id": "ann" })));
    let browser = Browser::start().await;
    relay.becomes(Way::Answers("400 Bad Request", ""));
    browser.open(&site.url("/app")).await;
    until("the first request", || async { if relay.posts().is_empty() { Err(String::new()) } else { Ok(()) } }).await;
    browser.run("rollcall.track('Refused')").await;
    until("the event has been sent", || async {
        let posts = relay.posts();
        let sent = posts.iter().any(|post| post.to_string().contains("Refused"));
        if sent { Ok(()) } else { Err(format!("{posts:?}")) }
    })
    .await;
    nothing_waits(&browser).await;
    relay.becomes(Way::Open);
    browser.run("rollcall.track('Taken')").await;
    has_once(&rollcall, "ann", &["Taken"]).await;
    let lines = browser.console().await;
    let ours: Vec<&String> = lines.iter().filter(|line| line.contains("Rollcall:")).collect();
    assert_eq!(ours.len(), 1, "{lines:?}");
    assert!(ours[0].contains("400"), "{ours:?}");
    no_message_twice(&relay);
}

#[actix_web::test]
async fn a_hundred_messages_wait_for_a_week_at_most() {
    let rollcall = Rollcall::start();
    let relay = Relay::to(&rollcall.address);
    let site = Site::start();
    site.page("/app", &through(&relay, &rollcall, json!({ "user_id": "ann" })));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    nothing_waits(&browser).await;
    relay.becomes(Way::Broken);
    browser.run("rollcall.track('First')").await;
    let tried = || async {
        let posts = relay.posts();
        if posts.iter().any(|post| post.to_string().contains("First")) { Ok(()) } else { Err(format!("{posts:?}")) }
    };
    until("it was tried", tried).await;
    wait_in_the_browser(&browser, &["First"]).await;
    browser.run("for (let n = 1; n <= 120; n++) rollcall.track('No. ' + n)").await;
    until("the newest hundred wait", || async {
        let found = waiting(&browser).await;
        let newest: Vec<String> = (21..=120).map(|n| format!("No. {n}")).collect();
        if found == newest { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
    let old = "let day = Date.now() - 8 * 86400000;
               let message = {type: 'track', event: 'Too old', messageId: 'old', anonymousId: 'x', userId: 'ann'};
               localStorage['rollcall ' + day + ' old'] = JSON.stringify(message)";
    browser.run(old).await;
    relay.becomes(Way::Open);
    browser.open(&site.url("/app")).await;
    has_once(&rollcall, "ann", &["No. 21", "No. 120"]).await;
    nothing_waits(&browser).await;
    let names: Vec<String> = rollcall.events_of("ann").await;
    assert!(!names.contains(&"Too old".to_owned()) && !names.contains(&"No. 20".to_owned()), "{names:?}");
}
