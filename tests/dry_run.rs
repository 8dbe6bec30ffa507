//! `?dry_run=1`: what a call would do and why, asked before it is made. The plan is that of the real
//! call, field by field, and nothing is stored.

mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Rollcall, message_id, seconds_ago};

/// Asks what messages would do, with the token of the stories.
async fn plans(rollcall: &Rollcall, messages: Value) -> Vec<Value> {
    let answer = ask(rollcall, Some(&rollcall.token), json!({ "batch": messages })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["dry_run"], true);
    answer.body["results"].as_array().expect("results").clone()
}

async fn ask(rollcall: &Rollcall, token: Option<&str>, body: Value) -> Answer {
    let mut request = rollcall.client.post(format!("{}/v1/batch?dry_run=1", rollcall.address)).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    Answer::of(request.send().await.expect("an answer")).await
}

fn identify(user: Value, email: &str, traits: Value) -> Value {
    let mut message = json!({
        "type": "identify", "messageId": message_id(), "timestamp": seconds_ago(60), "userId": user, "traits": traits,
    });
    if !email.is_empty() {
        message["traits"]["email"] = json!(email);
    }
    message
}

fn said(planned: &Value) -> String {
    let because = planned["plan"]["because"].as_array().expect("reasons");
    because.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

#[actix_web::test]
async fn the_plan_is_what_the_real_call_then_does() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify(json!("bob"), "", json!({ "plan": "free", "seats": 3 }))).await;
    let before: Vec<Value> =
        rollcall.list("/users/bob/changes").await.iter().map(|set| set["change_id"].clone()).collect();
    let messages = json!([
        identify(json!("ann"), "ann@acme.test", json!({ "plan": "pro", "seats": "ten" })),
        {
            "type": "group", "messageId": message_id(), "timestamp": seconds_ago(50), "userId": "ann",
            "groupId": "acme", "traits": { "name": "Acme", "seats": "ten" }, "membership": { "role": "admin" },
        },
        identify(json!("bob"), "", json!({ "plan": "pro" })),
        identify(json!("cid"), "", json!({ "companies": [{ "company_id": "dc", "seats": "ten" }, { "company_id": "dd", "seats": 5 }] })),
        { "type": "track", "messageId": message_id(), "timestamp": seconds_ago(40), "userId": "ann", "event": "Exported" },
        { "type": "track", "messageId": message_id(), "userId": "{{ user.id }}", "event": "Exported" },
    ]);
    let planned = plans(&rollcall, messages.clone()).await;
    assert_eq!(rollcall.api("/users/ann").await.status, 404, "nothing is stored");
    assert!(rollcall.list("/refusals").await.is_empty(), "nothing is counted");
    let real = rollcall.backend_posts(messages).await;
    for (planned, real) in planned.iter().zip(&real) {
        for field in ["message_id", "status", "code", "refused_values", "warnings"] {
            assert_eq!(planned[field], real[field], "{field}");
        }
    }
    let of_dd =
        planned[3]["plan"]["attributes"].as_array().expect("attributes").iter().find(|one| one["company_id"] == "dd");
    assert_eq!(
        of_dd.map(|one| &one["outcome"]),
        Some(&json!("changed")),
        "the other company's was refused: {:?}",
        planned[3]
    );
    assert_eq!(rollcall.company("dd").await["attributes"]["seats"], 5);
    let mut promised: Vec<Value> = planned.iter().map(|planned| planned["plan"]["changes"].clone()).collect();
    promised.retain(|changes| *changes != json!([]));
    let mut done = Vec::new();
    for path in ["/users/ann/changes", "/users/bob/changes", "/users/cid/changes"] {
        for set in rollcall.list(path).await.iter().filter(|set| !before.contains(&set["change_id"])) {
            done.push(set["change_id"].clone());
            // History tells the last first, and a person's tells nothing of companies' own fields.
            let fields: Vec<&Value> = set["changes"].as_array().expect("changes").iter().rev().collect();
            let place = promised.iter().position(|changes| {
                let changes = changes.as_array().expect("changes").iter();
                changes.filter(|field| field["kind"] != "company").collect::<Vec<_>>() == fields
            });
            promised.remove(place.unwrap_or_else(|| panic!("not planned: {set}")));
        }
    }
    assert_eq!((promised, done.len()), (vec![], 4), "all that was planned was done");
}

#[actix_web::test]
async fn it_says_who_it_is_and_why_value_by_value() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify(json!("ann"), "ann@acme.test", json!({ "plan": "pro", "score": 5 }))).await;
    let late = json!({
        "type": "identify", "messageId": message_id(), "timestamp": seconds_ago(3_600), "userId": "ann",
        "traits": { "plan": "free", "score": 5, "seats": 3, "x": { "$inc": 1 } },
    });
    let planned = plans(&rollcall, json!([
        late,
        identify(Value::Null, "ann@acme.test", json!({})),
        identify(Value::Null, "eve@acme.test", json!({})),
        identify(json!("null"), "", json!({})),
        { "type": "track", "messageId": message_id(), "userId": "ann", "event": "Exported", "timestamp": seconds_ago(5) },
    ]))
    .await;
    let outcome = |name: &str| {
        let values = planned[0]["plan"]["attributes"].as_array().expect("attributes");
        values.iter().find(|value| value["attribute"] == name).map_or(Value::Null, |value| value["outcome"].clone())
    };
    assert_eq!(outcome("plan"), "outranked", "a later value stands");
    assert_eq!(outcome("score"), "unchanged");
    assert_eq!(outcome("seats"), "changed");
    assert_eq!(planned[0]["plan"]["who"]["user_id"], "ann");
    assert_eq!(planned[0]["plan"]["who"]["is_new"], false);
    assert!(said(&planned[1]).contains("R7"), "{}", said(&planned[1]));
    assert_eq!(planned[1]["plan"]["who"]["user_id"], "ann", "a secret caller's e-mail finds her");
    assert_eq!(planned[2]["plan"]["who"]["grade"], "lead");
    assert_eq!(planned[2]["plan"]["who"]["is_new"], true);
    assert_eq!(planned[3]["code"], "id_placeholder");
    assert!(said(&planned[3]).contains("null"));
    assert_eq!(planned[4]["plan"]["event"]["name"], "Exported");
    assert!(said(&planned[4]).contains("counts for none (C4)"), "{}", said(&planned[4]));
}

#[actix_web::test]
async fn a_write_key_alone_may_not_ask_and_a_token_that_only_reads_may() {
    let rollcall = Rollcall::start();
    let body = json!({ "writeKey": rollcall.write_key, "batch": [identify(json!("ann"), "", json!({}))] });
    let answer = ask(&rollcall, None, body.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (401, Some("token_missing")), "{answer:?}");
    assert_eq!(answer.body["success"], false);
    let token = rollcall.shell(&["token", "add", "Looks", "--scope", "read", "--json"])["token"].clone();
    let token = token.as_str().expect("a token");
    assert_eq!(ask(&rollcall, Some(token), body.clone()).await.status, 200);
    assert_eq!(ask(&rollcall, Some("rc_wrong"), body.clone()).await.body["code"], "token_invalid");
    let really = rollcall.client.post(format!("{}/v1/batch", rollcall.address)).bearer_auth(token).json(&body);
    assert_eq!(really.send().await.expect("an answer").status(), 401, "to send takes more");
    assert_eq!(rollcall.api("/users/ann").await.status, 404);
    assert!(
        rollcall.api_as(Method::GET, "/users", token, None).await.body["data"].as_array().is_some_and(Vec::is_empty)
    );
}

#[actix_web::test]
async fn an_operator_who_is_signed_in_asks_as_the_page_would() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify(json!("ann"), "ann@acme.test", json!({}))).await;
    let cookie = rollcall.session_cookie().await;
    let message = identify(Value::Null, "ann@acme.test", json!({}));
    let response = rollcall
        .client
        .post(format!("{}/v1/batch?dry_run=1", rollcall.address))
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin")
        .json(&json!({ "writeKey": rollcall.write_key, "batch": [message] }))
        .send()
        .await;
    let answer = Answer::of(response.expect("an answer")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let planned = &answer.body["results"][0];
    assert_eq!(planned["plan"]["who"]["grade"], "lead", "an unsigned page does not find a user by e-mail: {planned}");
    assert_eq!(rollcall.user_ids().await, ["ann"]);
}

/// A page of the same site has the session's cookie sent along, whatever it asks for (SameSite=Lax), and reads answers.
#[actix_web::test]
async fn a_page_of_a_sister_site_asks_nothing_with_the_operator_s_cookie() {
    let rollcall = Rollcall::start();
    let traits = json!({ "plan": "secret plan", "name": "Ann Lee" });
    rollcall.backend_posts(identify(json!("ann"), "ann@acme.test", traits)).await;
    let cookie = rollcall.session_cookie().await;
    let message = json!({ "writeKey": rollcall.write_key, "userId": "ann", "traits": { "plan": "x" } });
    let data = URL_SAFE_NO_PAD.encode(message.to_string());
    let pixel = format!("{}/v1/pixel/identify?dry_run=1&data={data}", rollcall.address);
    let post = format!("{}/v1/identify?dry_run=1", rollcall.address);
    for (site, may) in
        [(Some("same-origin"), true), (Some("same-site"), false), (Some("cross-site"), false), (None, false)]
    {
        for request in [rollcall.client.get(&pixel), rollcall.client.post(&post).json(&message)] {
            let mut request = request.header("cookie", &cookie);
            if let Some(site) = site {
                request = request.header("sec-fetch-site", site).header("origin", "https://blog.rollcall.test");
            }
            let answer = Answer::of(request.send().await.expect("an answer")).await;
            assert_eq!(answer.status == 200, may, "{site:?}: {answer:?}");
            assert_eq!(answer.text.contains("secret plan"), may, "{site:?}: {answer:?}");
        }
    }
}
