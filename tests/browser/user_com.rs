//! Pages written for user.com, unchanged but for the script's address.

use super::*;

/// user.com's page, unchanged but for the script's address.
fn civchat(rollcall: &Rollcall, settings: Value) -> String {
    let mut settings = settings;
    settings["apiKey"] = json!(rollcall.write_key);
    format!(
        "<script data-cfasync=\"false\" type=\"text/javascript\">window.civchat = {settings};</script>\
         <script data-cfasync=\"false\" type=\"text/javascript\" src=\"{}/widget.js\"></script>",
        rollcall.address
    )
}

/// user.com's page code, unchanged but for the script's address: each of its calls.
#[actix_web::test]
async fn user_com_pages_work_unchanged() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let settings = json!({
        "user_id": "ann", "name": "Ann Archer", "email": "ann@acme.test", "state": "simple",
        "company": { "company_id": "acme", "name": "Acme", "revenue": 1 },
    });
    site.page("/app", &civchat(&rollcall, settings));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    let ann = user_appears(&rollcall, "ann").await;
    assert_eq!(ann["name"], "Ann Archer");
    assert!(ann["attributes"]["state"].is_null(), "the chat's settings are not attributes: {ann}");
    is_current(&rollcall, "ann", "acme").await;
    // The page's code waits for the function, as theirs does.
    until("userengage is a function", || async {
        let kind = browser.run("return typeof userengage").await;
        if kind == "function" { Ok(()) } else { Err(kind.to_string()) }
    })
    .await;
    browser
        .run("userengage('event.Report exported', {pages: 3}); userengage('client', {x: 1}); userengage('no.such', 1)")
        .await;
    // Case 35: a company without an id is the current one.
    browser.run("UE.pageHit({company: {revenue: 5}, plan: 'pro'})").await;
    until("the event, the plan and the revenue are there", || async {
        let events = rollcall.events_of("ann").await;
        let revenue = rollcall.company("acme").await["attributes"]["revenue"].clone();
        let plan = rollcall.user("ann").await["attributes"]["plan"].clone();
        let exported = events.contains(&"Report exported".to_owned());
        if exported && revenue == 5 && plan == "pro" { Ok(()) } else { Err(format!("{events:?} {revenue} {plan}")) }
    })
    .await;
    browser.run("UE.pageHit({URL: location.origin + '/elsewhere', event: {event_name: 'Paid', amount: 7}})").await;
    until("the event within a page hit", || async {
        let events = rollcall.events_of("ann").await;
        if events.contains(&"Paid".to_owned()) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    browser.run("UE.refresh({plan: 'free'})").await;
    until("refresh changes the attribute", || async {
        let plan = rollcall.user("ann").await["attributes"]["plan"].clone();
        if plan == "free" { Ok(()) } else { Err(plan.to_string()) }
    })
    .await;
    browser.run(&format!("UE.resetAuth({{apiKey: '{}', user_id: 'bob'}})", rollcall.write_key)).await;
    user_appears(&rollcall, "bob").await;
    browser.run(&format!("UE.destroy(); UE.init({{apiKey: '{}', user_id: 'cem'}})", rollcall.write_key)).await;
    user_appears(&rollcall, "cem").await;
    let mut browsers: Vec<String> = Vec::new();
    for id in ["ann", "bob", "cem"] {
        browsers.extend(
            serde_json::from_value::<Vec<String>>(rollcall.user(id).await["anonymous_ids"].clone()).expect("ids"),
        );
    }
    browsers.sort();
    browsers.dedup();
    assert_eq!(browsers.len(), 3, "nobody shares a browser id");
    is_clean(&browser).await;
}

/// What the page's own code sees: `onLoad` is called once, polling ends, nothing of the chat is an attribute.
#[actix_web::test]
async fn the_chat_s_settings_and_callbacks_are_accepted_and_ignored() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let page = format!(
        "<script>window.loads = 0;
           window.civchat = {{apiKey: '{key}', user_id: 'ann', name: 'Ann', state: 'simple', plan: 'pro',
             onLoad: function () {{ loads += 1 }}, onOpen: function () {{}}, onClose: function () {{}},
             onUnreadCountChange: function () {{}}}};
           var timer = setInterval(function () {{
             if (typeof userengage == 'function') {{ clearInterval(timer); userengage('event.Polled for', {{n: 1}}); }}
           }}, 20);</script>
         <script data-cfasync=\"false\" src=\"{host}/widget.js\"></script>
         <script>UE.pageHit({{email: 'ann@acme.test'}}); userengage('event.Two words.and a dot', {{n: 2}});
           userengage('chat.open'); userengage('client', {{a: 1}}); userengage()</script>",
        key = rollcall.write_key,
        host = rollcall.address,
    );
    site.page("/app", &page);
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    until("both events, and one page", || async {
        let mut events = rollcall.api("/users/ann/events").await.body["data"].as_array().cloned().unwrap_or_default();
        events.retain(|event| ["track", "page"].contains(&event["type"].as_str().unwrap_or_default()));
        let mut names: Vec<&str> = events.iter().filter_map(|event| event["name"].as_str()).collect();
        names.sort_unstable();
        if names == ["Polled for", "Two words.and a dot", "page"] { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["email"], "ann@acme.test");
    let attributes: Vec<&String> = ann["attributes"].as_object().expect("attributes").keys().collect();
    assert_eq!(attributes, ["email", "name", "plan"], "{ann}");
    assert_eq!(browser.run("return loads").await, 1, "onLoad is called once");
    is_clean(&browser).await;
}

/// A page that takes its settings back without the key says the key again with a call.
#[actix_web::test]
async fn the_key_may_come_with_a_call() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let page = format!(
        "<script>window.civchat = {{apiKey: '{}', user_id: 'ann'}}</script><script src=\"{}/widget.js\"></script>",
        rollcall.write_key, rollcall.address
    );
    site.page("/app", &page);
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    browser.run("UE.destroy(); delete civchat.apiKey; UE.init({user_id: 'bob'})").await;
    browser.run(&format!("UE.pageHit({{apiKey: '{}', plan: 'pro'}})", rollcall.write_key)).await;
    user_appears(&rollcall, "bob").await;
}

/// A tag manager inserts the script and the settings, in either order, as elements of its own.
#[actix_web::test]
async fn a_tag_manager_inserts_script_and_settings_in_any_order() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let insert = format!(
        "<script>
           function tag(fill) {{ var s = document.createElement('script'); fill(s); document.head.appendChild(s); return s }}
           function script(then) {{ tag(function (s) {{ s.async = true; s.src = '{}/widget.js'; s.onload = then }}) }}
           function settings(id) {{ tag(function (s) {{ s.text = 'window.civchat = {{apiKey: \"{}\", user_id: \"' + id +
             '\", company: {{company_id: \"acme\"}}}}' }}) }}
         </script>",
        rollcall.address, rollcall.write_key
    );
    site.page("/settings-first", &format!("{insert}<script>settings('ann'); script()</script>"));
    let late = "<script>script(function () { UE.pageHit(); userengage('event.Early'); setTimeout(settings, 700, 'bob') })</script>";
    site.page("/script-first", &format!("{insert}{late}"));
    for (path, user) in [("/settings-first", "ann"), ("/script-first", "bob")] {
        let browser = Browser::start().await;
        browser.open(&site.url(path)).await;
        is_current(&rollcall, user, "acme").await;
        until(&format!("one page of {user}"), || async {
            let events = rollcall.list(&format!("/users/{user}/events")).await;
            let pages = events.iter().filter(|event| event["type"] == "page").count();
            if pages == 1 { Ok(()) } else { Err(format!("{events:?}")) }
        })
        .await;
        is_clean(&browser).await;
    }
    until("what was asked before the settings is Bob's", || async {
        let events = rollcall.events_of("bob").await;
        if events.contains(&"Early".to_owned()) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}

/// A page may refuse scripts that it does not know (https://www.w3.org/TR/trusted-types/).
#[actix_web::test]
async fn where_the_page_refuses_what_the_widget_fetches_its_users_are_known_all_the_same() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"require-trusted-types-for 'script'\">";
    let settings = json!({ "user_id": "ann", "company": { "company_id": "acme" } });
    site.page("/app", &format!("{policy}{}", civchat(&rollcall, settings)));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    is_current(&rollcall, "ann", "acme").await;
    events_become(&rollcall, "ann", &["page "]).await;
    let kinds = browser.run("UE.pageHit({}); userengage('event.Saved'); return [typeof UE, typeof userengage]").await;
    assert_eq!(kinds, json!(["object", "function"]), "what the page calls is there and throws nothing");
}
