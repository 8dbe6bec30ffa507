//! Lists narrowed by filters: the same words for programs and in the address bar.

mod support;

use serde_json::{Value, json};

use support::{Rollcall, encoded, message_id, seconds_ago};

fn identify(user: &str, traits: Value) -> Value {
    json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(60) })
}

fn track(user: &str, name: &str) -> Value {
    json!({ "type": "track", "messageId": message_id(), "userId": user, "event": name, "timestamp": seconds_ago(50) })
}

/// Four people: two of Acme, which is on the plan pro, one of a company on free, one of none.
async fn four_people() -> Rollcall {
    let rollcall = Rollcall::start();
    let acme = |role: &str| json!({ "company_id": "acme", "name": "Acme", "plan": "pro", "seats": 20, "membership": { "role": role } });
    rollcall
        .backend_posts(json!([
            identify("ann", json!({ "name": "Ann", "email": "ann@acme.test", "visits": 3, "langs": ["en", "pl"], "company": acme("admin") })),
            identify("bob", json!({ "name": "Bob", "visits": 12.5, "paying": true, "born": "1990-04-01", "company": acme("member") })),
            identify("cec", json!({ "name": "Żółć, Cecylia", "company": { "company_id": "umbrella", "plan": "free" } })),
            identify("dan", json!({ "state": "CA" })),
            track("ann", "Report exported"),
            track("ann", "Report exported"),
            track("cec", "Report exported"),
        ]))
        .await;
    rollcall
}

async fn ids(rollcall: &Rollcall, list: &str, query: &str) -> Vec<String> {
    let path = format!("/{list}?sort=name&count=1&{query}");
    let answer = rollcall.api(&path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let rows = answer.body["data"].as_array().expect("rows");
    assert_eq!(answer.body["total"].as_u64(), Some(rows.len() as u64), "{path}");
    let id = if list == "users" { "user_id" } else { "company_id" };
    rows.iter().map(|row| row[id].as_str().expect("an id").to_owned()).collect()
}

#[actix_web::test]
async fn a_program_asks_for_users_by_what_is_known_of_them() {
    let rollcall = four_people().await;
    for (query, expected) in [
        ("f=visits:gt:3", &["bob"][..]),
        ("f=visits:set", &["ann", "bob"]),
        ("f=langs:is:pl", &["ann"]),
        ("f=paying:not:true", &["ann", "dan", "cec"]),
        ("f=born:before:1991-01-01", &["bob"]),
        ("f=name:has:żółć", &["cec"]),
        ("f=name:in:Ann,Żółć\\, Cecylia", &["ann", "cec"]),
        ("f=email:unset", &["bob", "dan", "cec"]),
        ("f=companies:unset", &["dan"]),
        ("f=company.plan:is:pro", &["ann", "bob"]),
        ("f=company.plan:not:pro", &["dan", "cec"]),
        ("f=company.company_id:is:acme&f=membership.role:is:admin", &["ann"]),
        ("f=company.seats:between:10,20", &["ann", "bob"]),
        ("f=state:is:new", &["ann", "bob", "dan", "cec"]),
        ("f=attribute.state:is:CA", &["dan"]),
        ("f=last_seen:within:1d", &["ann", "cec"]),
        ("f=last_seen:unset", &["bob", "dan"]),
        ("f=first_seen:ago:1h", &[]),
        ("f=event.Report exported:done:2,30d", &["ann"]),
        ("f=event.Report exported:not_done", &["bob", "dan"]),
        ("f=company.plan:is:free&f=visits:gt:10&match=any", &["bob", "cec"]),
        ("f=company.plan:is:pro&g1.f=visits:lt:5&g1.f=user_id:is:dan&g1.match=any", &["ann"]),
        ("f=visits:set&q=ann", &["ann"]),
    ] {
        let query: Vec<String> = query
            .split('&')
            .map(|pair| pair.split_once('=').expect("a pair"))
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        assert_eq!(ids(&rollcall, "users", &query.join("&")).await, expected, "{query:?}");
    }
}

#[actix_web::test]
async fn and_for_companies_and_visitors() {
    let rollcall = four_people().await;
    rollcall
        .page_posts(json!([
            { "type": "page", "messageId": message_id(), "anonymousId": "browser-1", "timestamp": seconds_ago(40) },
            { "type": "identify", "messageId": message_id(), "anonymousId": "browser-2", "userId": "ann", "timestamp": seconds_ago(40) },
        ]))
        .await;
    for (query, expected) in [
        ("f=plan:is:pro", &["acme"][..]),
        ("f=members:gte:2", &["acme"]),
        ("f=seats:unset", &["umbrella"]),
        ("f=event.Report%20exported:done:1,7d", &["acme", "umbrella"]),
        ("f=event.Report%20exported:done:2,7d", &["acme"]),
        ("f=tags:unset&f=owner:unset", &["acme", "umbrella"]),
        ("f=company_id:starts:UMB", &["umbrella"]),
    ] {
        assert_eq!(ids(&rollcall, "companies", query).await, expected, "{query}");
    }
    let linked = rollcall.api("/visitors?f=user_id:set&count=1").await.body;
    assert_eq!((&linked["total"], &linked["data"][0]["anonymous_id"]), (&json!(1), &json!("browser-2")));
}

#[actix_web::test]
async fn a_list_is_sorted_by_any_attribute_and_cut_to_the_columns_asked_for() {
    let rollcall = four_people().await;
    let mut visits = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = rollcall.api(&format!("/users?sort=-visits&limit=1&columns=name,visits{cursor}")).await.body;
        let row = &page["data"][0];
        assert_eq!(
            row.as_object().expect("a row").keys().collect::<Vec<_>>(),
            if row["attributes"].is_null() {
                vec!["id", "user_id", "name"]
            } else {
                vec!["id", "user_id", "name", "attributes"]
            }
        );
        visits.push(row["attributes"]["visits"].clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={}", encoded(next));
    }
    assert_eq!(visits, [json!(12.5), json!(3), Value::Null, Value::Null], "who has none comes last");
    let rows = rollcall.api("/companies?columns=members&sort=plan").await.body;
    assert_eq!(
        rows["data"],
        json!([{ "company_id": "umbrella", "members": 1 }, { "company_id": "acme", "members": 2 }])
    );
}

#[actix_web::test]
async fn what_a_filter_can_t_be_is_refused_with_its_place() {
    let rollcall = four_people().await;
    for (path, code, number, character, hint) in [
        ("/users?f=colour:is:red", "filter_invalid", 1, 1, "langs"),
        ("/users?f=visits:set&f=visits:like:3", "filter_invalid", 2, 8, "gt, gte"),
        ("/users?f=visits:is:many", "filter_invalid", 1, 11, "a number such as 12"),
        ("/users?f=company.seats:is:many", "filter_invalid", 1, 18, "a number such as 12"),
        ("/companies?f=membership.role:is:x", "filter_invalid", 1, 1, "plan"),
        ("/companies?f=state:is:asleep", "filter_invalid", 1, 10, "new, active, quiet, gone, never"),
        ("/visitors?f=company.plan:is:x", "filter_invalid", 1, 1, "anonymous_id"),
    ] {
        let problem = rollcall.api(path).await.body;
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(400)), "{problem}");
        assert_eq!(
            (problem["number"].as_u64(), problem["character"].as_u64()),
            (Some(number), Some(character)),
            "{problem}"
        );
        assert!(problem["detail"].as_str().expect("a sentence").contains(hint), "{problem}");
    }
    for path in ["/users?columns=name,colour", "/users?sort=langs", "/companies?sort=tags"] {
        assert_eq!(rollcall.api(path).await.body["code"], "parameter_invalid", "{path}");
    }
}
