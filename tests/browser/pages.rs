//! Our own snippet on a page: visitors, users, companies, tabs, single-page applications.

use super::*;

/// A visit without a name, then a sign-in with a company: both pages are the user's (case 1), and a
/// person at the dashboard sees user and company.
#[actix_web::test]
async fn a_visitor_signs_in_and_stands_on_the_dashboard_with_the_company() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page(
        "/",
        &format!(
            "<script async src=\"{}/widget.js\" data-write-key=\"{}\"></script>",
            rollcall.address, rollcall.write_key
        ),
    );
    site.page(
        "/app",
        &snippet(
            &rollcall,
            json!({
                "user_id": "ann", "email": "ann@acme.test", "name": "Ann Archer", "plan": "pro",
                "company": { "company_id": "acme", "name": "Acme", "seats": 12, "membership": { "role": "admin" } },
            }),
        ),
    );
    let browser = Browser::start().await;
    browser.open(&site.url("/")).await;
    until("the visitor is there", || async {
        let visitors = rollcall.list("/visitors").await;
        if visitors.len() == 1 { Ok(()) } else { Err(format!("{visitors:?}")) }
    })
    .await;
    browser.open(&site.url("/app")).await;
    let ann = user_appears(&rollcall, "ann").await;
    assert_eq!(ann["name"], "Ann Archer");
    assert_eq!(ann["email"], "ann@acme.test");
    assert_eq!(ann["attributes"]["plan"], "pro");
    is_current(&rollcall, "ann", "acme").await;
    assert_eq!(rollcall.user("ann").await["companies"][0]["role"], "admin");
    until("both pages are Ann's", || async {
        let events = rollcall.list("/users/ann/events").await;
        let pages = events.iter().filter(|event| event["type"] == "page").count();
        if pages == 2 { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    assert_eq!(rollcall.company("acme").await["attributes"]["seats"], 12);
    is_clean(&browser).await;

    browser.signs_in(&rollcall).await;
    browser.open(&format!("{}/users/ann", rollcall.address)).await;
    for text in ["Ann Archer", "ann@acme.test", "Acme", "admin"] {
        browser.sees(text).await;
    }
    browser.open(&format!("{}/companies/acme", rollcall.address)).await;
    for text in ["Acme", "Ann Archer", "12"] {
        browser.sees(text).await;
    }
    is_clean(&browser).await;
}

/// Cases 3 to 5 as a page tells them: a switch of user, a reset, a signed-out page that says so.
#[actix_web::test]
async fn case_03_04_05_a_shared_browser_never_joins_two_people() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/ann", &snippet(&rollcall, json!({ "user_id": "ann" })));
    site.page("/bob", &snippet(&rollcall, json!({ "user_id": "bob" })));
    site.page("/cem", &snippet(&rollcall, json!({ "user_id": "cem" })));
    site.page("/signed-out", &snippet(&rollcall, json!({ "user": null })));
    site.page("/quiet", &snippet(&rollcall, json!({})));
    let browser = Browser::start().await;
    let pages_of = |id: &'static str, expected: usize| {
        let rollcall = &rollcall;
        async move {
            until(&format!("{id} has {expected} pages"), || async {
                let answer = rollcall.api(&format!("/users/{id}/events")).await;
                let events = answer.body["data"].as_array().cloned().unwrap_or_default();
                let pages = events.iter().filter(|event| event["type"] == "page").count();
                if pages == expected { Ok(()) } else { Err(answer.text) }
            })
            .await;
        }
    };
    browser.open(&site.url("/ann")).await;
    pages_of("ann", 1).await;
    let of_ann = anonymous_id(&browser).await;
    // A page that says nothing of a user keeps the user (R14).
    browser.open(&site.url("/quiet")).await;
    pages_of("ann", 2).await;
    // Another user: the widget forgets the first (R4).
    browser.open(&site.url("/bob")).await;
    pages_of("bob", 1).await;
    assert_ne!(anonymous_id(&browser).await, of_ann);
    // A page that says that nobody is signed in resets by itself; what is seen then is the next one's.
    browser.open(&site.url("/signed-out")).await;
    until("the signed-out page is a visitor's", || async {
        let visitors = rollcall.list("/visitors").await;
        if visitors.iter().any(|visitor| visitor["user_id"].is_null()) { Ok(()) } else { Err(format!("{visitors:?}")) }
    })
    .await;
    browser.open(&site.url("/cem")).await;
    pages_of("cem", 2).await;
    pages_of("bob", 1).await;
    pages_of("ann", 2).await;
    is_clean(&browser).await;
}

/// Case 22: two tabs of one browser, each with its company; each event is stamped right.
#[actix_web::test]
async fn case_22_two_tabs_two_companies() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    for company in ["x", "y"] {
        let settings = json!({ "user_id": "ann", "company": { "company_id": company } });
        site.page(&format!("/{company}"), &snippet(&rollcall, settings));
    }
    let browser = Browser::start().await;
    browser.open(&site.url("/x")).await;
    is_current(&rollcall, "ann", "x").await;
    let first = browser.driver.window().await.expect("a tab");
    let second = browser.driver.new_tab().await.expect("a second tab");
    browser.driver.switch_to_window(second).await.expect("the second tab");
    browser.open(&site.url("/y")).await;
    is_current(&rollcall, "ann", "y").await;
    browser.driver.switch_to_window(first).await.expect("the first tab");
    browser.run("rollcall.track('In the first tab')").await;
    until("the event counts for the first tab's company", || async {
        let events = rollcall.list("/users/ann/events").await;
        match events.iter().find(|event| event["name"] == "In the first tab") {
            Some(event) if event["company_id"] == "x" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    is_clean(&browser).await;
}

/// Case 30: with storage refused, all works within the page, and the console stays clean.
#[actix_web::test]
async fn case_30_storage_refused() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/app", &snippet(&rollcall, json!({ "user_id": "ann", "company": { "company_id": "acme" } })));
    // 2: Chromium's "block"; it makes localStorage and sessionStorage throw on every access.
    let preferences = json!({ "profile.default_content_setting_values.cookies": 2 });
    let browser = Browser::start_with(&[], preferences).await;
    browser.open(&site.url("/app")).await;
    let refused = browser.run("try { localStorage.getItem('x'); return false } catch (error) { return true }").await;
    assert_eq!(refused, true, "the browser refuses storage");
    is_current(&rollcall, "ann", "acme").await;
    browser.run("rollcall.track('Without storage')").await;
    until("the event is Ann's", || async {
        let events = rollcall.events_of("ann").await;
        if events.contains(&"Without storage".to_owned()) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    is_clean(&browser).await;
}

/// Case 31: a single-page application: one request for one tick, the last company wins, navigation is a page.
#[actix_web::test]
async fn case_31_a_single_page_application() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/app*", &snippet(&rollcall, json!({ "user_id": "ann" })));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    let posts = "return performance.getEntriesByType('resource').filter(r => r.name.includes('/v1/')).length";
    until("the first page has been sent", || async {
        let sent = browser.run(posts).await;
        if sent.as_u64() >= Some(1) { Ok(()) } else { Err(sent.to_string()) }
    })
    .await;
    let before = browser.run(posts).await.as_u64().unwrap_or_default();
    browser
        .run(
            "history.pushState({}, '', '/app/reports');
             rollcall.identify('ann', {plan: 'pro', company: {company_id: 'x'}});
             rollcall.group('y', {name: 'Why'});
             rollcall.track('Report opened')",
        )
        .await;
    is_current(&rollcall, "ann", "y").await;
    until("the page of the navigation", || async {
        let events = rollcall.list("/users/ann/events").await;
        let page = events.iter().find(|event| {
            event["type"] == "page" && event.to_string().contains("/app/reports") && event["company_id"] == "y"
        });
        page.map(|_| ()).ok_or_else(|| format!("{events:?}"))
    })
    .await;
    // One request for what one tick asked, one for the page 300 ms later.
    assert_eq!(browser.run(posts).await.as_u64(), Some(before + 2));
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["attributes"]["plan"], "pro");
    assert_eq!(rollcall.companies_of("ann").await, [("x".into(), false, false), ("y".into(), true, false)]);
    is_clean(&browser).await;
}

/// Calls made before the script has loaded wait in the queue, and so do those after.
#[actix_web::test]
async fn calls_before_the_script_has_loaded_are_kept() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page(
        "/app",
        &format!(
            "<script>(window.rollcallQueue = window.rollcallQueue || []).push(['identify', 'ann', {{plan: 'pro'}}]);
             rollcallQueue.push(['track', 'Before the script', {{pages: 2}}])</script>
             <script async src=\"{}/widget.js\" data-write-key=\"{}\"></script>",
            rollcall.address, rollcall.write_key
        ),
    );
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    browser.run("rollcallQueue.push(['track', 'After the script'])").await;
    until("both events are Ann's", || async {
        let events = rollcall.events_of("ann").await;
        let both = ["Before the script", "After the script"].iter().all(|name| events.contains(&(*name).to_owned()));
        if both { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    // reset(): the next page is nobody's.
    browser.run("rollcall.reset(); rollcall.track('After reset')").await;
    until("the event after the reset is a visitor's", || async {
        let events = rollcall.list("/events").await;
        match events.iter().find(|event| event["name"] == "After reset") {
            Some(event) if event["user_id"].is_null() => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    is_clean(&browser).await;
}

/// What was answered is on disk: after SIGTERM, and after SIGKILL, all of it is there, once.
#[actix_web::test]
async fn what_the_page_sent_survives_the_end_of_the_server() {
    let mut rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/app", &snippet(&rollcall, json!({ "user_id": "ann", "company": { "company_id": "acme" } })));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    is_current(&rollcall, "ann", "acme").await;
    browser.run("rollcall.track('Before the end')").await;
    until("the event is there", || async {
        let events = rollcall.events_of("ann").await;
        if events.contains(&"Before the end".to_owned()) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    let events = rollcall.events_of("ann").await;
    let status = rollcall.terminate();
    assert_eq!(status.code(), Some(0), "SIGTERM ends in order");
    rollcall.serve();
    events_become(&rollcall, "ann", &events.iter().map(String::as_str).collect::<Vec<_>>()).await;
    rollcall.kill();
    rollcall.serve();
    events_become(&rollcall, "ann", &events.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(rollcall.companies_of("ann").await, [("acme".into(), true, false)]);
}

/// R7: an e-mail address alone finds the user whose browser it is only where it is the user's own.
#[actix_web::test]
async fn a_page_that_says_an_address_alone_does_not_give_it_to_the_user_known_before() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/account", &snippet(&rollcall, json!({ "user_id": "ann", "plan": "pro" })));
    site.page("/shared", &snippet(&rollcall, json!({ "email": "bob@x.test", "plan": "free" })));
    let browser = Browser::start().await;
    browser.open(&site.url("/account")).await;
    user_appears(&rollcall, "ann").await;
    let id_of_browser = "return JSON.parse(localStorage.rollcall).anonymous_id";
    let first = browser.run(id_of_browser).await;
    browser.open(&site.url("/shared")).await;
    let bob = until("Bob is there", || async {
        let answer = rollcall.api("/users/bob@x.test?by=email").await;
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.text) }
    })
    .await;
    assert_eq!((&bob["user_id"], &bob["attributes"]["plan"]), (&json!(null), &json!("free")), "{bob}");
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["email"], &ann["attributes"]["plan"]), (&json!(null), &json!("pro")), "{ann}");
    assert_ne!(browser.run(id_of_browser).await, first, "the browser is somebody else's now");

    // In a call it is who is known: so Segment's pages say it.
    browser.open(&site.url("/account")).await;
    browser.run("rollcall.identify({ email: 'ann@x.test' })").await;
    until("Ann has an address", || async {
        let ann = rollcall.user("ann").await;
        if ann["email"] == "ann@x.test" { Ok(()) } else { Err(ann.to_string()) }
    })
    .await;
}
