//! What an e-mail's domain says of a company (C9), as a site, a person and a program meet it.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::desk::Sent;
use support::{Answer, Rollcall, message_id, seconds_ago};

fn identify(user: &str, traits: Value, seconds: i64) -> Value {
    json!({
        "type": "identify", "messageId": message_id(), "userId": user, "traits": traits,
        "timestamp": seconds_ago(seconds),
    })
}

async fn set(rollcall: &Rollcall, name: &str, value: Value) -> Answer {
    rollcall.api_as(Method::PUT, &format!("/settings/{name}"), &rollcall.token, Some(json!({ "value": value }))).await
}

async fn waiting(rollcall: &Rollcall) -> Vec<(String, u64)> {
    let rows = rollcall.list("/suggested-domains").await;
    rows.iter().map(|row| (row["domain"].as_str().unwrap().to_owned(), row["people"].as_u64().unwrap())).collect()
}

#[actix_web::test]
async fn a_person_accepts_a_domain_and_its_people_become_members() {
    let rollcall = Rollcall::start();
    for (user, email) in [("ann", "ann@acme.test"), ("bob", "bob@sales.acme.test"), ("cem", "cem@umbrella.test")] {
        rollcall.page_posts(identify(user, json!({ "email": email }), 60)).await;
    }
    rollcall
        .page_posts(identify("dan", json!({ "email": "dan@acme.test", "company": { "company_id": "x" } }), 60))
        .await;
    assert_eq!(waiting(&rollcall).await, [("acme.test".to_owned(), 2), ("umbrella.test".to_owned(), 1)]);
    let desk = rollcall.desk().await;
    assert!(desk.open("/companies").await.contains("/companies/suggested"));
    let page = desk.open("/companies/suggested").await;
    assert!(page.contains("acme.test") && page.contains("2 people") && page.contains("ann@acme.test"), "{page}");

    let accept = [("decision", "accept"), ("domain", "acme.test"), ("company_id", "acme")];
    let to = desk.done("/companies/suggested", &accept).await;
    let page = desk.open(&to).await;
    assert!(page.contains("acme.test is now a domain of this company") && page.contains("2 became members"), "{page}");
    assert_eq!(waiting(&rollcall).await, [("umbrella.test".to_owned(), 1)]);
    for user in ["ann", "bob"] {
        assert_eq!(rollcall.companies_of(user).await, [("acme".to_owned(), true, false)]);
        assert_eq!(rollcall.user(user).await["companies"][0]["source"], "domain");
    }
    assert_eq!(rollcall.companies_of("dan").await, [("x".to_owned(), true, false)], "who has a company is never moved");
    assert_eq!(rollcall.company("acme").await["domains"], json!(["acme.test"]));

    rollcall.page_posts(identify("eve", json!({ "email": "eve@acme.test" }), 50)).await;
    assert_eq!(rollcall.companies_of("eve").await, [("acme".to_owned(), true, false)], "the domain is decided");
}

#[actix_web::test]
async fn a_domain_is_linked_as_a_further_one_or_ignored_for_ever() {
    let rollcall = Rollcall::start();
    rollcall
        .backend_posts(json!({
            "type": "group", "messageId": message_id(), "groupId": "acme",
            "traits": { "name": "Acme", "website": "https://www.acme.test/about" }, "timestamp": seconds_ago(90),
        }))
        .await;
    assert_eq!(rollcall.company("acme").await["domains"], json!(["acme.test"]));
    rollcall.page_posts(identify("ann", json!({ "email": "ann@acme-europe.test" }), 60)).await;
    rollcall.page_posts(identify("bob", json!({ "email": "bob@agency.test" }), 60)).await;
    let body = json!({ "decision": "accept", "company_id": "acme" });
    let path = "/suggested-domains/acme-europe.test";
    let answer = rollcall.api_as(Method::POST, path, &rollcall.token, Some(body)).await;
    assert_eq!((answer.status.as_u16(), answer.body["new_members"].as_u64()), (200, Some(1)), "{answer:?}");
    assert_eq!(rollcall.company("acme").await["domains"], json!(["acme.test", "acme-europe.test"]));

    let ignore = json!({ "decision": "ignore" });
    let answer = rollcall.api_as(Method::POST, "/suggested-domains/agency.test", &rollcall.token, Some(ignore)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    rollcall.page_posts(identify("cem", json!({ "email": "cem@agency.test" }), 50)).await;
    assert!(waiting(&rollcall).await.is_empty());
    assert_eq!(rollcall.api("/settings/ignored_domains").await.body["value"], json!(["agency.test"]));
    for body in [json!({ "decision": "accept", "company_id": "null" }), json!({ "decision": "perhaps" })] {
        let answer = rollcall.api_as(Method::POST, path, &rollcall.token, Some(body)).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

#[actix_web::test]
async fn the_rule_makes_companies_where_it_may_and_gives_way_to_what_the_site_states() {
    let rollcall = Rollcall::start();
    assert_eq!(set(&rollcall, "domain_rule", json!("create")).await.status, 200);
    assert_eq!(set(&rollcall, "staff_domains", json!(["us.test"])).await.status, 200);
    rollcall.page_posts(identify("ann", json!({ "email": "ann@acme.test" }), 60)).await;
    rollcall.page_posts(identify("bob", json!({ "email": "bob@us.test" }), 60)).await;
    let company = rollcall.company("acme.test").await;
    assert_eq!((company["members"].as_u64(), &company["domains"]), (Some(1), &json!(["acme.test"])));
    assert_eq!(rollcall.companies_of("bob").await, [], "the workspace's own people are not customers");
    assert!(waiting(&rollcall).await.is_empty());
    let changes = rollcall.list("/users/ann/changes").await;
    assert!(changes.iter().any(|set| set["by"]["kind"] == "rule"), "{changes:?}");

    rollcall.page_posts(identify("ann", json!({ "company": { "company_id": "org_1" } }), 30)).await;
    assert_eq!(
        rollcall.companies_of("ann").await,
        [("acme.test".to_owned(), false, true), ("org_1".to_owned(), true, false)]
    );
    rollcall.page_posts(identify("ann", json!({ "email": "ann@elsewhere.test" }), 20)).await;
    assert_eq!(rollcall.companies_of("ann").await.len(), 2, "a later address moves nobody");

    assert_eq!(set(&rollcall, "domain_rule", json!("off")).await.status, 200);
    rollcall.page_posts(identify("cem", json!({ "email": "cem@acme.test" }), 20)).await;
    assert_eq!(rollcall.companies_of("cem").await, []);
}

#[actix_web::test]
async fn c2_turning_one_company_on_says_first_whom_it_touches() {
    let rollcall = Rollcall::start();
    for company in ["x", "y"] {
        rollcall.page_posts(identify("ann", json!({ "company": { "company_id": company } }), 60)).await;
    }
    let desk = rollcall.desk().await;
    let fields = [
        ("one_company", "true"),
        ("domain_rule", "off"),
        ("ignored_domains", "Agency.test, other.test"),
        ("staff_domains", ""),
        ("takeover_days", "30"),
    ];
    let Sent { status, page, .. } = desk.send("/settings/rules", &fields).await;
    assert!(status == 200 && page.contains("1 user has") && page.contains("Save anyway"), "{page}");
    assert_eq!(rollcall.api("/settings/one_company").await.body["value"], false, "asked first");

    let confirmed = [&fields[..], &[("confirmed", "1")]].concat();
    let to = desk.done("/settings/rules", &confirmed).await;
    assert!(to.starts_with("/settings/rules?change="), "{to}");
    assert_eq!(rollcall.api("/settings/one_company").await.body["value"], true);
    assert_eq!(rollcall.api("/settings/ignored_domains").await.body["value"], json!(["agency.test", "other.test"]));
    assert_eq!(rollcall.companies_of("ann").await.iter().filter(|(_, _, left)| !left).count(), 2, "nobody moved by it");

    let wrong = [("takeover_days", "many"), ("one_company", "true")];
    let Sent { status, page, .. } = desk.send("/settings/rules", &wrong).await;
    assert!(status == 422 && page.contains("use a number of days"), "{status} {page}");
}

#[actix_web::test]
async fn c7_a_membership_keeps_its_earlier_times_and_roles() {
    let rollcall = Rollcall::start();
    let member = |role: &str| json!({ "company": { "company_id": "acme", "membership": { "role": role } } });
    rollcall.backend_posts(identify("ann", member("viewer"), 900)).await;
    let leaves = json!({ "company": { "company_id": "acme", "remove": true } });
    rollcall.backend_posts(identify("ann", leaves, 700)).await;
    let left = rollcall.list("/companies/acme/members?left=1").await;
    assert_eq!((left.len(), &left[0]["history"]["earlier"]), (1, &json!([])), "{left:?}");
    rollcall.backend_posts(identify("ann", member("admin"), 500)).await;
    let row = &rollcall.list("/companies/acme/members").await[0];
    let history = &row["history"];
    assert_eq!(history["earlier"].as_array().map(Vec::len), Some(1), "{row}");
    assert!(history["earlier"][0]["joined_at"].as_str() < history["earlier"][0]["left_at"].as_str(), "{row}");
    let change = &history["changes"][0];
    assert_eq!(
        (&change["field"], &change["before"], &change["after"]),
        (&json!("role"), &json!("viewer"), &json!("admin"))
    );
    assert_eq!(row["source"], "API");
    let desk = rollcall.desk().await;
    for path in ["/users/ann", "/companies/acme"] {
        let page = desk.open(path).await;
        assert!(page.contains("Before</summary>") && page.contains("viewer"), "{path}");
    }
}
