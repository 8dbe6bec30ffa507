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
    assert!(ann["attributes"]["state"].is_null(), "the chat's settings are no attributes: {ann}");
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
