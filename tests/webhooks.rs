//! Webhooks: another program is told what changes, signed as Standard Webhooks says, at least once and to nobody else.

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use support::receiver::{Posted, Receiver};
use support::{Answer, Rollcall, message_id, seconds_ago, until};

/// A server whose webhooks may lead to this machine.
fn start() -> Rollcall {
    Rollcall::start_with(&["--allow-private-webhooks"])
}

async fn post(rollcall: &Rollcall, path: &str, body: Value) -> Answer {
    rollcall.api_as(Method::POST, path, &rollcall.token, Some(body)).await
}

async fn patch(rollcall: &Rollcall, path: &str, body: Value) -> Answer {
    rollcall.api_as(Method::PATCH, path, &rollcall.token, Some(body)).await
}

/// Adds a webhook that leads to a receiver.
async fn told(rollcall: &Rollcall, receiver: &Receiver, types: &[&str]) -> Value {
    let body = json!({ "url": format!("{}/hook", receiver.address), "types": types });
    let added = post(rollcall, "/webhooks", body).await;
    assert_eq!(added.status, 201, "{added:?}");
    added.body
}

fn identify(user: &str, traits: Value) -> Value {
    json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": traits })
}

fn track(user: &str, event: &str) -> Value {
    json!({
        "type": "track", "messageId": message_id(), "userId": user, "event": event, "timestamp": seconds_ago(5),
        "properties": { "format": "pdf" },
    })
}

fn id_of(webhook: &Value) -> &str {
    webhook["webhook_id"].as_str().expect("an id")
}

async fn deliveries(rollcall: &Rollcall, webhook: &Value) -> Vec<Value> {
    rollcall.list(&format!("/webhooks/{}/deliveries", id_of(webhook))).await
}

/// Waits until the newest delivery of a webhook stands so.
async fn stands(rollcall: &Rollcall, webhook: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    until("the delivery stands so", async || {
        let newest = deliveries(rollcall, webhook).await.into_iter().next().unwrap_or_default();
        if wanted(&newest) { Ok(newest) } else { Err(newest.to_string()) }
    })
    .await
}

/// What a receiver computes, from the standard's text alone.
fn is_signed(posted: &Posted, secret: &Value) -> bool {
    let key =
        STANDARD.decode(secret.as_str().expect("text").strip_prefix("whsec_").expect("its form")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(format!("{}.{}.{}", posted.id(), posted.header("webhook-timestamp"), posted.text).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    posted.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

#[actix_web::test]
async fn who_comes_joins_changes_and_leaves_is_told_in_order_as_the_api_answers() {
    let (rollcall, receiver) = (start(), Receiver::start());
    rollcall.page_posts(identify("before", json!({ "name": "Earlier" }))).await;
    let types = [
        "user.created",
        "user.updated",
        "company.created",
        "company.updated",
        "membership.joined",
        "membership.left",
        "membership.updated",
        "event.tracked",
    ];
    let webhook = told(&rollcall, &receiver, &types).await;
    let company = json!({ "company_id": "acme", "name": "Acme", "membership": { "role": "admin" } });
    rollcall.page_posts(identify("ann", json!({ "name": "Ann Lee", "company": company }))).await;
    let posted = receiver.has(3).await;
    let kinds: Vec<&str> = posted.iter().map(Posted::kind).collect();
    assert_eq!(kinds, ["user.created", "company.created", "membership.joined"], "and nothing from before it was made");
    assert_eq!(posted[0].body["data"], rollcall.user("ann").await);
    assert_eq!(posted[1].body["data"], rollcall.company("acme").await);
    let (joined, user) = (&posted[2].body["data"], rollcall.user("ann").await);
    assert_eq!((&joined["user_id"], &joined["id"]), (&json!("ann"), &user["id"]));
    for field in ["company_id", "name", "role", "current", "joined_at", "left_at"] {
        assert_eq!(joined[field], user["companies"][0][field], "{field}");
    }
    for one in &posted {
        assert!(is_signed(one, &webhook["secret"]), "{one:?}");
        assert!(one.id().starts_with("msg_") && one.header("content-type") == "application/json", "{one:?}");
        assert_eq!((one.path.as_str(), one.header("user-agent").starts_with("Rollcall/")), ("/hook", true));
        let told_s: i64 = one.header("webhook-timestamp").parse().expect("seconds");
        assert!((told_s - chrono::Utc::now().timestamp()).abs() < 60, "{told_s}");
        assert_eq!(one.body.as_object().expect("an object").keys().collect::<Vec<_>>(), ["type", "timestamp", "data"]);
    }

    rollcall.page_posts(identify("ann", json!({ "plan": "pro" }))).await;
    assert_eq!(receiver.has(4).await[3].kind(), "user.updated");
    assert_eq!(receiver.posted()[3].body["data"]["attributes"]["plan"], "pro");
    rollcall.backend_posts(json!({ "type": "group", "messageId": message_id(), "userId": "ann", "groupId": "acme", "traits": { "plan": "team" } })).await;
    assert_eq!(receiver.has(5).await[4].kind(), "company.updated");
    let role =
        rollcall.api_as(Method::PUT, "/companies/acme/members/ann", &rollcall.token, Some(json!({ "role": "owner" })));
    assert_eq!(role.await.status, 200);
    let updated = &receiver.has(6).await[5];
    assert_eq!((updated.kind(), &updated.body["data"]["role"]), ("membership.updated", &json!("owner")));
    rollcall.page_posts(track("ann", "Report exported")).await;
    let event = &receiver.has(7).await[6];
    assert_eq!((event.kind(), &event.body["data"]["name"]), ("event.tracked", &json!("Report exported")));
    let events = rollcall.list("/events").await;
    let answered = events.iter().find(|one| one["event_id"] == event.body["data"]["event_id"]);
    assert_eq!(answered, Some(&event.body["data"]));
    let left = rollcall.api_as(Method::DELETE, "/companies/acme/members/ann", &rollcall.token, None).await;
    assert_eq!(left.status, 200, "{left:?}");
    let left = &receiver.has(8).await[7];
    assert_eq!((left.kind(), left.body["data"]["left_at"].is_string()), ("membership.left", true));
    let newest = stands(&rollcall, &webhook, |newest| newest["state"] == "delivered").await;
    assert_eq!((&newest["status"], &newest["answer"], &newest["attempts"]), (&json!(200), &json!("taken"), &json!(1)));
    assert_eq!(newest["body"], left.body);
}

#[actix_web::test]
async fn a_webhook_is_told_what_it_asked_for_alone() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let body = json!({
        "url": receiver.address, "types": ["event.tracked", "company.created"], "events": ["Paid", "page"],
        "description": " Tells the CRM ",
    });
    let added = post(&rollcall, "/webhooks", body).await;
    assert_eq!((added.status.as_u16(), &added.body["description"]), (201, &json!("Tells the CRM")), "{added:?}");
    let page = json!({ "type": "page", "messageId": message_id(), "userId": "ann", "properties": { "path": "/a" } });
    rollcall.page_posts(json!([track("ann", "Opened"), track("ann", "Paid"), page])).await;
    let names: Vec<Value> = receiver.has(2).await.iter().map(|one| one.body["data"]["name"].clone()).collect();
    assert_eq!(names, ["Paid", "page"], "no user.created, nothing that was opened");
}

#[actix_web::test]
async fn what_fails_comes_again_with_the_same_id_and_nothing_is_told_twice_that_was_taken() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let webhook = told(&rollcall, &receiver, &["user.created"]).await;
    receiver.will_answer("503 Service Unavailable", "retry-after: 1\r\n", &"busy ".repeat(300));
    rollcall.page_posts(identify("ann", json!({}))).await;
    let waiting = stands(&rollcall, &webhook, |newest| newest["attempts"] == 1).await;
    assert_eq!((&waiting["state"], &waiting["status"]), (&json!("waiting"), &json!(503)));
    assert_eq!(waiting["answer"].as_str().expect("text").len(), 499, "the first 500 bytes, trimmed");
    let shown = rollcall.api(&format!("/webhooks/{}", id_of(&webhook))).await.body;
    assert_eq!((&shown["state"], shown["failing_since"].is_string()), (&json!("active"), true));

    // Who comes later does not wait for it.
    rollcall.page_posts(identify("bob", json!({}))).await;
    assert_eq!(receiver.has(2).await[1].body["data"]["user_id"], "bob");

    // It would be in five seconds; by hand it is now.
    let id = waiting["delivery_id"].as_str().expect("an id");
    let again = post(&rollcall, &format!("/webhooks/{}/deliveries/{id}/again", id_of(&webhook)), json!({})).await;
    assert_eq!(again.status, 200, "{again:?}");
    let posted = receiver.has(3).await;
    assert_eq!((posted[2].id(), &posted[2].text), (posted[0].id(), &posted[0].text), "the same, told again");
    assert_ne!(posted[1].id(), posted[0].id());
    until("both are delivered", async || {
        let all = deliveries(&rollcall, &webhook).await;
        if all.iter().all(|one| one["state"] == "delivered") { Ok(()) } else { Err(format!("{all:?}")) }
    })
    .await;
    let shown = rollcall.api(&format!("/webhooks/{}", id_of(&webhook))).await.body;
    assert_eq!(shown["failing_since"], Value::Null);
    assert_eq!(receiver.posted().len(), 3);
}

#[actix_web::test]
async fn a_retry_comes_by_itself_and_a_restart_loses_nothing() {
    let (mut rollcall, receiver) = (start(), Receiver::start());
    let webhook = told(&rollcall, &receiver, &["user.created"]).await;
    receiver.will_answer("500 Internal Server Error", "", "");
    rollcall.page_posts(identify("ann", json!({}))).await;
    stands(&rollcall, &webhook, |newest| newest["attempts"] == 1).await;
    rollcall.kill();
    // The five seconds of the first wait are over: the file says when.
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    assert_eq!(file.execute("UPDATE outbox SET due_ms = due_ms - 6000", []).expect("one waits"), 1);
    drop(file);
    rollcall.serve();
    let posted = receiver.has(2).await;
    assert_eq!(posted[0].id(), posted[1].id());

    // What came while nothing was sent is told after the start.
    rollcall.kill();
    rollcall.serve();
    rollcall.page_posts(identify("bob", json!({}))).await;
    rollcall.kill();
    rollcall.serve();
    let posted = until("bob is told", async || {
        let posted = receiver.posted();
        let is_bob = |one: &&Posted| one.body["data"]["user_id"] == "bob";
        if posted.iter().any(|one| is_bob(&one)) { Ok(posted) } else { Err(format!("{posted:?}")) }
    })
    .await;
    let ids: std::collections::BTreeSet<&str> = posted.iter().map(Posted::id).collect();
    assert_eq!(ids.len(), 2, "ann and bob, each under one id: {posted:?}");
    assert!(rollcall.terminate().success());
}

#[actix_web::test]
async fn a_redirect_is_not_followed_and_who_is_gone_is_told_nothing_more() {
    let (rollcall, receiver, other) = (start(), Receiver::start(), Receiver::start());
    let webhook = told(&rollcall, &receiver, &["user.created"]).await;
    receiver.will_answer("307 Temporary Redirect", &format!("location: {}/\r\n", other.address), "");
    rollcall.page_posts(identify("ann", json!({}))).await;
    let refused = stands(&rollcall, &webhook, |newest| newest["attempts"] == 1).await;
    assert_eq!((&refused["status"], &refused["state"]), (&json!(307), &json!("waiting")), "{refused}");
    assert!(refused["problem"].as_str().expect("a sentence").contains("redirect is not followed"), "{refused}");
    receiver.will_answer("410 Gone", "", "");
    rollcall.page_posts(identify("bob", json!({}))).await;
    until("it is given up", async || {
        let shown = rollcall.api(&format!("/webhooks/{}", id_of(&webhook))).await.body;
        if shown["state"] == "gone" { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    rollcall.page_posts(identify("cid", json!({}))).await;
    let refused = post(&rollcall, &format!("/webhooks/{}/test", id_of(&webhook)), json!({})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("webhook_not_active")));
    let changes = rollcall.list("/changes?by=rules&limit=5").await;
    assert!(changes.iter().any(|set| set["cause"] == "disable_webhook"), "{changes:?}");

    // Somebody lets it go on: what is new from then on is told.
    let on = patch(&rollcall, &format!("/webhooks/{}", id_of(&webhook)), json!({ "paused": false })).await;
    assert_eq!(on.body["state"], "active");
    rollcall.page_posts(identify("dot", json!({}))).await;
    let posted = receiver.has(3).await;
    assert_eq!(posted[2].body["data"]["user_id"], "dot", "cid came while nothing was told");
    assert!(other.posted().is_empty());
}

#[actix_web::test]
async fn a_paused_webhook_sends_nothing_and_a_removed_one_leaves_nothing() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let webhook = told(&rollcall, &receiver, &["user.created"]).await;
    let address = format!("/webhooks/{}", id_of(&webhook));
    let paused = patch(&rollcall, &address, json!({ "paused": true })).await;
    assert_eq!((&paused.body["state"], &paused.body["paused"]), (&json!("paused"), &json!(true)));
    rollcall.page_posts(identify("ann", json!({}))).await;
    patch(&rollcall, &address, json!({ "paused": false })).await;
    rollcall.page_posts(identify("bob", json!({}))).await;
    assert_eq!(receiver.has(1).await[0].body["data"]["user_id"], "bob");
    let removed = rollcall.api_as(Method::DELETE, &address, &rollcall.token, None).await;
    assert_eq!((removed.status.as_u16(), &removed.body["webhook_id"]), (200, &webhook["webhook_id"]));
    assert_eq!(rollcall.api(&address).await.body["code"], "webhook_not_found");
    assert!(rollcall.list("/webhooks").await.is_empty());
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    let rows: i64 = file.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).expect("a number");
    assert_eq!(rows, 0);
    rollcall.page_posts(identify("cid", json!({}))).await;
    assert_eq!(receiver.posted().len(), 1);
}

#[actix_web::test]
async fn a_new_secret_and_the_old_one_both_sign_for_a_day_and_a_test_is_told_by_hand() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let webhook = told(&rollcall, &receiver, &["company.created"]).await;
    assert!(webhook["secret"].as_str().expect("a secret").starts_with("whsec_"));
    let shown = rollcall.api(&format!("/webhooks/{}", id_of(&webhook))).await;
    assert!(!shown.text.contains(webhook["secret"].as_str().expect("text")), "the secret is told once");
    let rotated = post(&rollcall, &format!("/webhooks/{}/rotate", id_of(&webhook)), json!({})).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_ne!(rotated.body["secret"], webhook["secret"]);
    let test = post(&rollcall, &format!("/webhooks/{}/test", id_of(&webhook)), json!({})).await;
    assert_eq!((test.status.as_u16(), &test.body["state"]), (201, &json!("waiting")), "{test:?}");
    let posted = receiver.has(1).await.remove(0);
    assert_eq!((posted.kind(), &posted.body["data"]), ("webhook.test", &json!({ "webhook_id": id_of(&webhook) })));
    assert!(is_signed(&posted, &webhook["secret"]) && is_signed(&posted, &rotated.body["secret"]));
    assert_eq!(json!(posted.id()), test.body["delivery_id"]);
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    file.execute("UPDATE webhooks SET old_until_ms = 1", []).expect("a day later");
    let test = async || {
        post(&rollcall, &format!("/webhooks/{}/test", id_of(&webhook)), json!({})).await;
    };
    until("the old secret signs no more", async || {
        test().await;
        let last = receiver.has(2).await.pop().expect("a post");
        if is_signed(&last, &webhook["secret"]) { Err(format!("{last:?}")) } else { Ok(()) }
    })
    .await;
}

#[actix_web::test]
async fn what_can_be_no_webhook_is_refused_with_the_field_and_why() {
    let rollcall = Rollcall::start();
    let url = "https://hooks.acme.example/rollcall";
    let types = json!(["user.created"]);
    for (field, body) in [
        ("url", json!({ "url": "http://hooks.acme.example/", "types": types })),
        ("url", json!({ "url": "https://127.0.0.1/", "types": types })),
        ("url", json!({ "url": "https://169.254.169.254/latest/meta-data", "types": types })),
        ("url", json!({ "url": "https://localhost:8080/", "types": types })),
        ("url", json!({ "url": "https://u:p@hooks.acme.example/", "types": types })),
        ("url", json!({ "url": "ftp://hooks.acme.example/", "types": types })),
        ("types", json!({ "url": url, "types": [] })),
        ("types", json!({ "url": url, "types": ["user.created", "user.deleted"] })),
        ("types", json!({ "url": url, "types": ["webhook.test"] })),
        ("events", json!({ "url": url, "types": types, "events": ["Paid"] })),
        ("events", json!({ "url": url, "types": ["event.tracked"], "events": [""] })),
        ("description", json!({ "url": url, "types": types, "description": "x".repeat(201) })),
    ] {
        let refused = post(&rollcall, "/webhooks", body.clone()).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["code"], &refused.body["field"]),
            (400, &json!("value_invalid"), &json!(field)),
            "{body}: {refused:?}"
        );
        assert!(refused.body["detail"].as_str().expect("a sentence").len() > 20);
    }
    assert!(rollcall.list("/webhooks").await.is_empty());
    for number in 0..20 {
        let added = post(&rollcall, "/webhooks", json!({ "url": format!("{url}/{number}"), "types": types })).await;
        assert_eq!(added.status, 201, "{added:?}");
    }
    let refused = post(&rollcall, "/webhooks", json!({ "url": url, "types": types })).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("too_many_webhooks")));
    let reader = rollcall.shell(&["token", "add", "Reader", "--scope", "write", "--json"])["token"].clone();
    let (reader, body) = (reader.as_str().expect("a token"), json!({ "url": url, "types": types }));
    let refused = rollcall.api_as(Method::POST, "/webhooks", reader, Some(body)).await;
    assert_eq!(refused.status, 403);
    for path in ["/webhooks/wh_none", "/webhooks/wh_none/deliveries"] {
        assert_eq!(rollcall.api(path).await.body["code"], "webhook_not_found");
    }
}

#[actix_web::test]
async fn a_name_that_leads_into_a_private_network_is_told_nothing() {
    // The address is looked at when it is connected to, not when it was written down.
    let (rollcall, receiver) = (Rollcall::start(), Receiver::start());
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    let added =
        post(&rollcall, "/webhooks", json!({ "url": "https://hooks.acme.example/", "types": ["user.created"] })).await;
    assert_eq!(added.status, 201, "{added:?}");
    for url in [receiver.address.clone(), receiver.address.replace("http://127.0.0.1", "https://localhost")] {
        file.execute("UPDATE webhooks SET url = ?1", [&url]).expect("it leads here");
        let told = until("it is tried there", async || {
            post(&rollcall, &format!("/webhooks/{}/test", id_of(&added.body)), json!({})).await;
            let tried = stands(&rollcall, &added.body, |newest| newest["attempts"] == 1).await;
            if tried["problem"].as_str().is_some_and(|problem| problem.contains("private network")) {
                Ok(tried)
            } else {
                Err(tried.to_string())
            }
        })
        .await;
        assert_eq!((&told["status"], &told["state"]), (&Value::Null, &json!("waiting")));
    }
    assert!(receiver.posted().is_empty());
}

#[actix_web::test]
async fn r13_an_erased_person_leaves_the_outbox_and_who_has_a_copy_is_told() {
    let (rollcall, receiver, deaf) = (start(), Receiver::start(), Receiver::start());
    let webhook = told(&rollcall, &receiver, &["user.created", "user.erased"]).await;
    let other = told(&rollcall, &deaf, &["user.created", "event.tracked", "membership.joined"]).await;
    for _ in 0..4 {
        deaf.will_answer("500 Internal Server Error", "", "no");
    }
    let ann = identify("zebedee-id", json!({ "name": "Zebedee", "company": { "company_id": "acme" } }));
    rollcall.page_posts(json!([ann, track("zebedee-id", "Jumped")])).await;
    rollcall.page_posts(identify("florence", json!({}))).await;
    receiver.has(2).await;
    deaf.has(4).await;
    let uuid = rollcall.user("zebedee-id").await["id"].clone();
    let plan = post(&rollcall, "/users/zebedee-id/erase?dry_run=1", json!({ "events": "delete" })).await;
    assert_eq!(plan.body["rows"]["outbox"], 4, "{plan:?}");
    let receipt = post(&rollcall, "/users/zebedee-id/erase", json!({ "events": "delete" })).await;
    assert_eq!(receipt.body["rows"]["outbox"], 4, "three that waited and one that was taken: {receipt:?}");
    assert!(receipt.body["kept"].to_string().contains("user.erased"), "{receipt:?}");
    let erased = &receiver.has(3).await[2];
    assert_eq!(erased.kind(), "user.erased");
    assert_eq!(erased.body["data"], json!({ "id": uuid, "user_id": "zebedee-id", "aliases": [] }));
    let newest = stands(&rollcall, &webhook, |newest| newest["state"] == "delivered").await;
    assert_eq!((&newest["type"], &newest["body"]), (&json!("user.erased"), &Value::Null), "told, and kept no longer");
    let left: Vec<Value> = deliveries(&rollcall, &other).await;
    assert_eq!(left.len(), 1, "florence stays: {left:?}");
    let id = newest["delivery_id"].as_str().expect("an id");
    let again = post(&rollcall, &format!("/webhooks/{}/deliveries/{id}/again", id_of(&webhook)), json!({})).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("delivery_forgotten")));
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    let rows: i64 = file
        .query_row("SELECT count(*) FROM outbox WHERE body LIKE '%zebedee%'", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(rows, 0);
    assert!(rollcall.shell_output(&["check"], "").status.success());
}

#[actix_web::test]
async fn an_idempotency_key_makes_one_webhook() {
    let rollcall = Rollcall::start();
    let add = async || {
        let request = rollcall.client.post(format!("{}/api/v1/webhooks", rollcall.address));
        let request = request.bearer_auth(&rollcall.token).header("idempotency-key", "one");
        let body = json!({ "url": "https://hooks.acme.example/", "types": ["user.created"] });
        Answer::of(request.json(&body).send().await.expect("an answer")).await
    };
    let (first, second) = (add().await, add().await);
    assert_eq!((first.status.as_u16(), &first.body), (201, &second.body));
    assert_eq!(rollcall.list("/webhooks").await.len(), 1);
}
