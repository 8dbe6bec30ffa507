//! Webhooks: another program is told what changes, signed as Standard Webhooks says, at least once and to nobody else.

mod support;

use std::collections::BTreeSet;

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

/// What a receiver knows that keeps a copy by what it is told: users by id, companies, and who is in which.
#[derive(Debug, Default, PartialEq)]
struct Copy {
    users: BTreeSet<String>,
    companies: BTreeSet<String>,
    memberships: BTreeSet<(String, String)>,
}

impl Copy {
    fn of(posted: &[Posted]) -> Copy {
        let mut copy = Copy::default();
        for one in posted {
            let text = |field: &str| one.body["data"][field].as_str().unwrap_or_default().to_owned();
            let (user, company) = (text("id"), text("company_id"));
            match one.kind() {
                "user.created" => drop(copy.users.insert(user)),
                "company.created" => drop(copy.companies.insert(company)),
                "membership.joined" => drop(copy.memberships.insert((user, company))),
                "membership.left" => drop(copy.memberships.remove(&(user, company))),
                "user.merged" | "user.removed" => {
                    copy.users.remove(&user);
                    copy.memberships.retain(|(of, _)| *of != user);
                }
                "company.merged" | "company.removed" => {
                    copy.companies.remove(&company);
                    copy.memberships.retain(|(_, of)| *of != company);
                }
                _ => {}
            }
        }
        copy
    }

    async fn as_it_is(rollcall: &Rollcall) -> Copy {
        let text = |row: &Value, field: &str| row[field].as_str().expect("text").to_owned();
        let mut copy = Copy::default();
        for user in rollcall.list("/users").await {
            let user = rollcall.api(&format!("/users/{}?by=id", text(&user, "id"))).await.body;
            let open = user["companies"].as_array().expect("a list").iter().filter(|one| one["left_at"].is_null());
            copy.memberships.extend(open.map(|one| (text(&user, "id"), text(one, "company_id"))));
            copy.users.insert(text(&user, "id"));
        }
        copy.companies = rollcall.list("/companies").await.iter().map(|company| text(company, "company_id")).collect();
        copy
    }
}

/// Merges, their undoing and an import that is taken back are told so that a copy ends as it is here.
#[actix_web::test]
async fn who_keeps_a_copy_by_what_is_told_has_what_is_here() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let types = [
        "user.created",
        "user.updated",
        "user.merged",
        "user.removed",
        "company.created",
        "company.updated",
        "company.merged",
        "company.removed",
        "membership.joined",
        "membership.left",
    ];
    told(&rollcall, &receiver, &types).await;
    let same = async |what: &str| {
        let is = Copy::as_it_is(&rollcall).await;
        until(what, async || {
            let copy = Copy::of(&receiver.posted());
            if copy == is { Ok(()) } else { Err(format!("{copy:#?} {is:#?}")) }
        })
        .await;
    };
    let last = async |kind: &str| {
        until(kind, async || {
            let posted = receiver.posted();
            posted.into_iter().rev().find(|one| one.kind() == kind).ok_or_else(|| kind.to_owned())
        })
        .await
        .body["data"]
            .clone()
    };
    let undo = async |deed: &Answer| {
        assert_eq!(deed.status, 200, "{deed:?}");
        let path = format!("/changes/{}/undo", deed.body["change_id"]);
        assert_eq!(rollcall.api_as(Method::POST, &path, &rollcall.token, None).await.status, 200);
    };
    for (user, company) in [("ann", "acme"), ("bob", "beta"), ("cid", "beta")] {
        rollcall.page_posts(identify(user, json!({ "company": { "company_id": company } }))).await;
    }
    same("three people in two companies").await;

    let merged = post(&rollcall, "/companies/acme/merge", json!({ "from": "beta" })).await;
    same("two companies are one").await;
    let told = last("company.merged").await;
    assert_eq!((&told["company_id"], &told["into"]["company_id"]), (&json!("beta"), &json!("acme")));
    assert_eq!((&told["into"]["aliases"], &told["into"]["members"]), (&json!(["beta"]), &json!(3)));
    assert_eq!(last("membership.left").await["company_id"], "beta", "they left the one that is no more");
    undo(&merged).await;
    same("they are two again").await;
    assert_eq!(last("company.updated").await["aliases"], json!([]));

    let bob = rollcall.user("bob").await["id"].clone();
    let merged = post(&rollcall, "/users/ann/merge", json!({ "from": "bob" })).await;
    same("two users are one").await;
    let told = last("user.merged").await;
    assert_eq!((&told["id"], &told["user_id"], &told["into"]["user_id"]), (&bob, &json!("bob"), &json!("ann")));
    assert_eq!(told["into"]["aliases"], json!(["bob"]));
    assert_eq!(last("user.updated").await["aliases"], json!(["bob"]));
    undo(&merged).await;
    same("they are two people again").await;
    until("ann has no other id", async || {
        let ann = receiver.posted().into_iter().rev().find(|one| one.kind() == "user.updated").expect("it was told");
        let aliases = ann.body["data"]["aliases"].clone();
        if aliases == json!([]) { Ok(()) } else { Err(aliases.to_string()) }
    })
    .await;

    let path = rollcall.file().with_file_name("people.csv");
    std::fs::write(&path, "user_id,company_id,plan\nann,gamma,pro\ndot,gamma,pro\n").expect("a file");
    let report = rollcall.shell(&["import", path.to_str().expect("a path"), "--json"]);
    same("somebody came with an import").await;
    let dot = rollcall.user("dot").await["id"].clone();
    rollcall.shell(&["import", "--undo", &report["import_id"].to_string(), "--json"]);
    same("the import is taken back").await;
    assert_eq!(last("user.removed").await, json!({ "id": dot, "user_id": "dot" }));
    assert_eq!(last("company.removed").await, json!({ "company_id": "gamma" }));
    until("ann is as she was", async || {
        let posted = receiver.posted();
        let told = |one: &&Posted| one.kind() == "user.updated" && one.body["data"]["user_id"] == "ann";
        let plan = posted.iter().rev().find(told).expect("she was told").body["data"]["attributes"].clone();
        if plan == json!({}) { Ok(()) } else { Err(plan.to_string()) }
    })
    .await;
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
    assert!(refused["problem"].as_str().expect("a sentence").contains("Redirects aren't followed"), "{refused}");
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

#[actix_web::test]
async fn a_person_adds_tests_pauses_and_removes_a_webhook_on_the_page() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let desk = rollcall.desk().await;
    assert!(desk.open("/settings/webhooks").await.contains("No webhooks yet"));
    let url = format!("{}/hook", receiver.address);
    let wrong = desk.send("/settings/webhooks", &[("url", &url), ("description", "Tells the CRM")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.page.contains("asks for at least one type") && wrong.page.contains("Tells the CRM"));
    let fields = [
        ("url", url.as_str()),
        ("description", "Tells the CRM"),
        ("types", "user.created"),
        ("types", "event.tracked"),
        ("events", "Paid, in full\r\n"),
    ];
    let made = desk.send("/settings/webhooks", &fields).await;
    assert!(made.status == 200 && made.page.contains("shown once"), "{made:?}");
    let webhook = rollcall.list("/webhooks").await.remove(0);
    assert_eq!(
        (&webhook["types"], &webhook["events"]),
        (&json!(["user.created", "event.tracked"]), &json!(["Paid, in full"]))
    );
    let page = format!("/settings/webhooks/{}", id_of(&webhook));
    let secret =
        made.page.split("data-copy=\"whsec_").nth(1).and_then(|rest| rest.split('"').next()).expect("a secret");
    let secret = json!(format!("whsec_{secret}"));
    assert!(!desk.open(&page).await.contains(secret.as_str().expect("text")));

    // A company joined on the page arrives signed; a test tells at once what was answered.
    let tested = desk.does(&page, &[("do", "test")]).await;
    assert!(
        tested.contains("webhook.test") && tested.contains("answered <b>200</b>") && tested.contains("taken"),
        "{tested}"
    );
    rollcall.page_posts(identify("ann", json!({ "name": "Ann <b>Lee</b>" }))).await;
    let posted = receiver.has(2).await;
    assert!(posted.iter().all(|one| is_signed(one, &secret)), "{posted:?}");
    stands(&rollcall, &webhook, |newest| newest["type"] == "user.created" && newest["state"] == "delivered").await;
    let told = desk.open(&page).await;
    assert!(told.contains("Ann &lt;b&gt;Lee") && !told.contains("Ann <b>Lee"), "{told}");
    let id = posted[1].id().to_owned();
    desk.does(&page, &[("do", "again"), ("delivery", &id)]).await;
    assert_eq!(receiver.has(3).await[2].id(), id);

    assert!(desk.does(&page, &[("do", "pause")]).await.contains("Paused. Nothing is sent"));
    let refused = desk.send(&page, &[("do", "test")]).await;
    assert!(refused.status == 422 && refused.page.contains("It is paused, and nothing is sent."), "{refused:?}");
    assert!(desk.does(&page, &[("do", "resume")]).await.contains("Resumed"));
    let rotated = desk.send(&page, &[("do", "rotate")]).await;
    assert!(rotated.page.contains("shown once") && !rotated.page.contains(secret.as_str().expect("text")));
    let saved = desk.does(&page, &[("do", "save"), ("url", &url), ("types", "company.created"), ("events", "")]).await;
    assert!(saved.contains("Saved."), "{saved}");
    assert_eq!(rollcall.list("/webhooks").await[0]["types"], json!(["company.created"]));

    let viewer = rollcall.desk_of("viewer@rollcall.test", "viewer").await;
    assert!(viewer.open(&page).await.contains("Changing it takes an admin"));
    assert_eq!(viewer.send(&page, &[("do", "remove")]).await.status, 403);
    assert!(desk.does(&page, &[("do", "remove")]).await.contains("Removed. Nothing more is sent there."));
    assert_eq!(desk.ask(&page).await.0, 404);
    let audit = desk.open("/settings/audit?by=hand").await;
    for told in ["New webhook to", "New secret of the webhook to", "paused", "resumed", "removed"] {
        assert!(audit.contains(told), "{told}: {audit}");
    }
}

#[actix_web::test]
async fn a_webhook_that_was_given_up_is_said_on_the_overview() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let webhook = told(&rollcall, &receiver, &["user.created"]).await;
    let desk = rollcall.desk().await;
    for _ in 0..9 {
        receiver.will_answer("500 Internal Server Error", "", "");
    }
    rollcall.page_posts(identify("ann", json!({}))).await;
    stands(&rollcall, &webhook, |newest| newest["attempts"] == 1).await;
    assert!(!desk.open("/").await.contains("given up"));
    // Three days later it is the same.
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    file.execute("UPDATE webhooks SET failing_since_ms = failing_since_ms - 3 * 24 * 3600 * 1000", [])
        .expect("a webhook");
    until("the server reads it", async || {
        let since = rollcall.list("/webhooks").await[0]["failing_since"].clone();
        let is_old = since.as_str().is_some_and(|since| *since < *seconds_ago(2 * 24 * 3600));
        if is_old { Ok(()) } else { Err(since.to_string()) }
    })
    .await;
    rollcall.page_posts(identify("bob", json!({}))).await;
    until("it is given up", async || {
        let state = rollcall.list("/webhooks").await[0]["state"].clone();
        if state == "failing" { Ok(()) } else { Err(state.to_string()) }
    })
    .await;
    let overview = desk.open("/").await;
    assert!(overview.contains("A webhook was given up") && overview.contains("/settings/webhooks"), "{overview}");
    assert!(desk.open("/settings/webhooks").await.contains("Given up"));
}

#[actix_web::test]
async fn the_shell_adds_lists_and_removes_webhooks_while_the_server_runs() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let added = rollcall.shell(&["webhook", "add", &receiver.address, "--type", "user.created", "--json"]);
    assert!(added["secret"].as_str().expect("a secret").starts_with("whsec_"), "{added}");
    until("the server sees it", async || {
        let all = rollcall.list("/webhooks").await;
        if all.len() == 1 { Ok(()) } else { Err(format!("{all:?}")) }
    })
    .await;
    rollcall.page_posts(identify("ann", json!({}))).await;
    assert!(is_signed(&receiver.has(1).await[0], &added["secret"]));
    let listed = rollcall.shell(&["webhook", "list", "--json"]);
    assert_eq!((&listed["webhook_id"], &listed["state"]), (&added["webhook_id"], &json!("active")));
    assert!(listed.get("secret").is_none());
    let wrong = rollcall.shell_output(&["webhook", "add", &receiver.address, "--type", "user.deleted"], "");
    assert_eq!(wrong.status.code(), Some(2));
    let id = added["webhook_id"].as_str().expect("an id");
    assert_eq!(rollcall.shell(&["webhook", "remove", id, "--json"])["removed"], true);
    assert_eq!(rollcall.shell_output(&["webhook", "remove", id], "").status.code(), Some(1));
}

/// Runs the code that the page shows on a post; what it says of it.
fn verified(language: &str, posted: &Posted, body: &str, secret: &str) -> bool {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dashboard/settings/webhook/verify");
    let folder = folder.to_str().expect("a plain path");
    let headers: serde_json::Map<String, Value> =
        posted.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let (program, arguments) = match language {
        "node" => (
            "node",
            vec![
                "--input-type=module".to_owned(),
                "-e".to_owned(),
                format!(
                    "import {{ isFromRollcall }} from 'file://{folder}/verify.mjs'; \
             const [body, headers, secret] = process.argv.slice(1); \
             console.log(isFromRollcall(body, JSON.parse(headers), secret))"
                ),
            ],
        ),
        "python" => (
            "python3",
            vec![
                "-c".to_owned(),
                format!(
                    "import json, sys; sys.path.insert(0, {folder:?}); sys.dont_write_bytecode = True; \
             from verify import is_from_rollcall; body, headers, secret = sys.argv[1:]; \
             print(str(is_from_rollcall(body.encode(), json.loads(headers), secret)).lower())"
                ),
            ],
        ),
        _ => (
            "php",
            vec![
                "-r".to_owned(),
                format!(
                    "require '{folder}/verify.php'; [, $body, $headers, $secret] = $argv; \
             echo json_encode(is_from_rollcall($body, json_decode($headers, true), $secret));"
                ),
                "--".to_owned(),
            ],
        ),
    };
    let output = std::process::Command::new(program)
        .args(arguments)
        .args([body, &Value::Object(headers).to_string(), secret])
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error} (tests/run installs it)"));
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "{language}: {said}{}", String::from_utf8_lossy(&output.stderr));
    match said.as_str() {
        "true" => true,
        "false" => false,
        other => panic!("{language}: {other}"),
    }
}

#[actix_web::test]
async fn the_code_that_the_page_shows_tells_what_is_signed_from_what_is_not() {
    let (rollcall, receiver) = (start(), Receiver::start());
    let webhook = told(&rollcall, &receiver, &["user.created"]).await;
    rollcall.page_posts(identify("ann", json!({ "name": "Żółć Ünal" }))).await;
    let posted = receiver.has(1).await.remove(0);
    let secret = webhook["secret"].as_str().expect("a secret");
    let rotated = post(&rollcall, &format!("/webhooks/{}/rotate", id_of(&webhook)), json!({})).await;
    let other = rotated.body["secret"].as_str().expect("a secret");
    post(&rollcall, &format!("/webhooks/{}/test", id_of(&webhook)), json!({})).await;
    let by_both = receiver.has(2).await.remove(1);
    let mut late = posted.clone();
    for (name, value) in &mut late.headers {
        if name == "webhook-timestamp" {
            *value = (value.parse::<i64>().expect("seconds") - 3_600).to_string();
        }
    }
    // PHP is there where everything is run.
    let is_full = std::env::var_os("ROLLCALL_FULL").is_some();
    for language in ["node", "python", "php"].into_iter().take(if is_full { 3 } else { 2 }) {
        assert!(verified(language, &posted, &posted.text, secret), "{language}");
        assert!(verified(language, &by_both, &by_both.text, secret), "{language}: the old secret");
        assert!(verified(language, &by_both, &by_both.text, other), "{language}: the new one");
        assert!(!verified(language, &posted, &posted.text, other), "{language}: another secret");
        assert!(!verified(language, &posted, &posted.text.replace("ann", "bob"), secret), "{language}: another body");
        assert!(!verified(language, &late, &late.text, secret), "{language}: an hour ago");
    }
}
