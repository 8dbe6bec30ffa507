//! Possible duplicates: shown, never joined (R1, R7, R8, C5). The rows 8, 37 and 44 of the rule book, and
//! the list that a person or a program works through.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Rollcall, message_id};

fn identify(visitor: Option<&str>, user: Option<&str>, email: Option<&str>) -> Value {
    json!({
        "type": "identify", "messageId": message_id(), "anonymousId": visitor, "userId": user, "traits": { "email": email },
    })
}

fn company(id: &str) -> Value {
    json!({ "type": "group", "messageId": message_id(), "groupId": id, "traits": { "plan": "pro" } })
}

async fn listed(rollcall: &Rollcall, kind: &str) -> Vec<Value> {
    rollcall.list(&format!("/possible-duplicates?kind={kind}")).await
}

/// What is shared, and who shares it.
async fn groups(rollcall: &Rollcall, kind: &str) -> Vec<(String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or("(lead)").to_owned();
    let ids = |group: &Value| -> Vec<String> {
        let records = group["records"].as_array().expect("records");
        records.iter().map(|record| text(record.get("user_id").unwrap_or(&record["company_id"]))).collect()
    };
    listed(rollcall, kind).await.iter().map(|group| (text(&group["shared"]), ids(group))).collect()
}

async fn not_the_same(rollcall: &Rollcall, kind: &str, pair: &Value) -> Answer {
    let body = json!({ "kind": kind, "not_the_same": pair });
    rollcall.api_as(Method::POST, "/possible-duplicates", &rollcall.token, Some(body)).await
}

fn shared(text: &str, ids: &[&str]) -> (String, Vec<String>) {
    (text.to_owned(), ids.iter().map(|id| (*id).to_owned()).collect())
}

#[actix_web::test]
async fn case_08_two_users_with_one_e_mail_address_are_two_and_shown() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify(None, Some("1"), Some("ann@acme.test"))).await;
    assert_eq!(groups(&rollcall, "user").await, []);
    rollcall.backend_posts(identify(None, Some("2"), Some(" Ann@Acme.test"))).await;
    assert_eq!(rollcall.user_ids().await, ["1", "2"]);
    assert_eq!(groups(&rollcall, "user").await, [shared("ann@acme.test", &["1", "2"])]);
    assert_eq!(listed(&rollcall, "user").await[0]["why"], "same_email");
    rollcall.backend_posts(identify(None, Some("2"), Some("bob@acme.test"))).await;
    assert_eq!(groups(&rollcall, "user").await, [], "it is another's address now");
}

#[actix_web::test]
async fn case_37_from_another_browser_it_is_another_record_and_shown() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify(Some("v1"), None, Some("ann@acme.test"))).await;
    rollcall.page_posts(identify(Some("v2"), Some("ann"), Some("ann@acme.test"))).await;
    assert_eq!(groups(&rollcall, "user").await, [shared("ann@acme.test", &["(lead)", "ann"])]);
}

#[actix_web::test]
async fn case_44_an_unsigned_address_alone_makes_a_lead_that_is_shown() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify(None, Some("ann"), Some("ann@acme.test"))).await;
    let before = rollcall.user("ann").await;
    rollcall.page_posts(identify(Some("v"), None, Some("ann@acme.test"))).await;
    assert_eq!(rollcall.user("ann").await, before, "untouched");
    assert_eq!(groups(&rollcall, "user").await, [shared("ann@acme.test", &["ann", "(lead)"])]);
}

#[actix_web::test]
async fn c5_ids_that_differ_in_case_or_form_are_shown_and_never_joined() {
    let rollcall = Rollcall::start();
    for id in ["ACME", "other", "acme"] {
        rollcall.backend_posts(company(id)).await;
    }
    assert_eq!(groups(&rollcall, "company").await, [shared("acme", &["ACME", "acme"])]);
    for id in ["ann-b", "Ann_B", "annb"] {
        rollcall.backend_posts(identify(None, Some(id), None)).await;
    }
    assert_eq!(groups(&rollcall, "user").await, [shared("ann-b", &["ann-b", "Ann_B"])]);
    assert_eq!(rollcall.user_ids().await.len(), 3);
    // A former id looks like another's as much as the one of today.
    let alias = json!({ "type": "alias", "messageId": message_id(), "previousId": "Ann_B", "userId": "quite another" });
    rollcall.backend_posts(alias).await;
    assert_eq!(groups(&rollcall, "user").await, [shared("ann-b", &["ann-b", "quite another"])]);
}

#[actix_web::test]
async fn who_was_told_apart_or_merged_is_shown_no_more_and_again_after_an_undo() {
    let rollcall = Rollcall::start();
    for id in ["1", "2", "3"] {
        rollcall.backend_posts(identify(None, Some(id), Some("team@acme.test"))).await;
    }
    let of = |groups: Vec<Value>| -> Vec<Value> { groups.iter().map(|group| group["pairs"].clone()).collect() };
    let id = async |user: &str| rollcall.user(user).await["id"].clone();
    let (one, two, three) = (id("1").await, id("2").await, id("3").await);
    assert_eq!(of(listed(&rollcall, "user").await), [json!([[one, two], [one, three]])]);

    let told = not_the_same(&rollcall, "user", &json!([three, one])).await;
    assert_eq!(of(listed(&rollcall, "user").await), [json!([[one, two], [two, three]])]);
    assert_eq!(not_the_same(&rollcall, "user", &json!([one, three])).await.body, json!({ "change_id": null }));
    not_the_same(&rollcall, "user", &json!([one, two])).await;
    not_the_same(&rollcall, "user", &json!([three, two])).await;
    assert_eq!(groups(&rollcall, "user").await, [], "all is decided");
    let undo = async |change: &Value| {
        let answer = rollcall.api_as(Method::POST, &format!("/changes/{change}/undo"), &rollcall.token, None).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    undo(&told.body["change_id"]).await;
    assert_eq!(of(listed(&rollcall, "user").await), [json!([[one, three]])]);

    let merged = rollcall.api_as(Method::POST, "/users/1/merge", &rollcall.token, Some(json!({ "from": "3" }))).await;
    assert_eq!(groups(&rollcall, "user").await, []);
    undo(&merged.body["change_id"]).await;
    assert_eq!(of(listed(&rollcall, "user").await), [json!([[one, three]])]);
}

#[actix_web::test]
async fn who_is_erased_is_nobody_s_duplicate() {
    let rollcall = Rollcall::start();
    for id in ["1", "2"] {
        rollcall.backend_posts(identify(None, Some(id), Some("ann@acme.test"))).await;
    }
    assert_eq!(groups(&rollcall, "user").await.len(), 1);
    let erased =
        rollcall.api_as(Method::POST, "/users/2/erase", &rollcall.token, Some(json!({ "events": "delete" }))).await;
    assert_eq!(erased.status, 200, "{erased:?}");
    assert_eq!(groups(&rollcall, "user").await, []);
}

#[actix_web::test]
async fn what_can_t_be_is_refused_with_what_to_send() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(company("acme")).await;
    let refused = rollcall.api("/possible-duplicates?kind=visitor").await;
    assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (400, Some("parameter_invalid")));
    let unknown = not_the_same(&rollcall, "company", &json!(["acme", "ACME"])).await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.body["detail"].as_str().is_some_and(|text| text.contains("case-sensitive")), "{unknown:?}");
    let three = not_the_same(&rollcall, "company", &json!(["acme", "b", "c"])).await;
    assert_eq!((three.status.as_u16(), three.body["code"].as_str()), (400, Some("invalid_json")));
    let same = not_the_same(&rollcall, "company", &json!(["acme", "acme"])).await;
    assert_eq!(same.body, json!({ "change_id": null }));
}

#[actix_web::test]
async fn a_person_works_through_the_list_and_takes_a_word_back() {
    let rollcall = Rollcall::start();
    for id in ["ACME", "acme"] {
        rollcall.backend_posts(company(id)).await;
    }
    rollcall.backend_posts(identify(None, Some("ann"), Some("ann@acme.test"))).await;
    rollcall.backend_posts(identify(None, Some("annie"), Some("ann@acme.test"))).await;
    let desk = rollcall.desk().await;
    assert!(desk.open("/users").await.contains("href=\"/users/duplicates\""));
    assert!(desk.open("/companies/acme").await.contains("Perhaps the same company"));
    let list = desk.open("/users/duplicates").await;
    let (one, other) = (rollcall.user("ann").await["id"].clone(), rollcall.user("annie").await["id"].clone());
    let (one, other) = (one.as_str().expect("an id"), other.as_str().expect("an id"));
    assert!(list.contains(&format!("/users/{one}/merge?from={other}")), "{list}");
    let track = json!({ "type": "track", "event": "Paid", "userId": "annie", "messageId": message_id() });
    rollcall.backend_posts(json!([track])).await;
    let list = desk.open("/users/duplicates").await;
    assert!(
        list.contains(&format!("/users/{other}/merge?from={one}")),
        "who is here stays, who never was goes: {list}"
    );

    let address = desk.done("/users/duplicates", &[("one", one), ("other", other), ("back", "/users/ann")]).await;
    assert!(address.starts_with("/users/ann?change="), "back to where it was said: {address}");
    let page = desk.open(&address).await;
    assert!(page.contains("The two are not shown as possible duplicates again") && !page.contains("Perhaps the same"));
    assert!(desk.open("/users/duplicates").await.contains("No two look alike"));
    assert!(!desk.open("/users").await.contains("href=\"/users/duplicates\""));
    let action = page.split("action=\"/changes/").nth(1).and_then(|rest| rest.split('"').next()).expect("an undo");
    desk.done(&format!("/changes/{action}"), &[("back", "/users/duplicates")]).await;
    assert!(desk.open("/users/ann").await.contains("Perhaps the same person"));

    let address = desk.done("/companies/duplicates", &[("one", "ACME"), ("other", "acme")]).await;
    assert!(address.starts_with("/companies/duplicates?change="), "{address}");
    assert!(desk.open(&address).await.contains("No two look alike"));
}
