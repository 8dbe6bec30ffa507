//! Two users are one (R11), a deed is taken back (A7): the rows 11 and 12 of the rule book, and what
//! else a program sees of it.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Rollcall, message_id, seconds_ago};

async fn said(rollcall: &Rollcall, user: &str, traits: Value, company: Option<&str>) {
    let mut message = json!({
        "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(600),
        "anonymousId": format!("browser-of-{user}"),
    });
    if let Some(company) = company {
        message["traits"]["company"] = json!({ "company_id": company, "membership": { "role": format!("{user}'s") } });
    }
    rollcall.backend_posts(message).await;
}

async fn did(rollcall: &Rollcall, user: &str, event: &str) {
    let message = json!({
        "type": "track", "messageId": message_id(), "userId": user, "event": event, "timestamp": seconds_ago(60),
        "context": { "groupId": "acme" },
    });
    rollcall.backend_posts(message).await;
}

async fn merge(rollcall: &Rollcall, survivor: &str, other: &str, query: &str) -> Answer {
    let path = format!("/users/{survivor}/merge{query}");
    rollcall.api_as(Method::POST, &path, &rollcall.token, Some(json!({ "from": other }))).await
}

async fn undo(rollcall: &Rollcall, change: &Value) -> Answer {
    rollcall.api_as(Method::POST, &format!("/changes/{change}/undo"), &rollcall.token, None).await
}

fn checked(rollcall: &mut Rollcall) {
    rollcall.terminate();
    let output = rollcall.shell_output(&["check"], "");
    assert!(output.status.success(), "{output:?}");
    rollcall.serve();
}

fn without_times(mut user: Value) -> Value {
    user.as_object_mut().expect("a user").remove("last_seen");
    user
}

#[actix_web::test]
async fn case_11_merge_an_event_for_the_merged_one_undo() {
    let mut rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({ "name": "Ann", "plan": "pro" }), Some("acme")).await;
    said(&rollcall, "bob", json!({ "name": "Bob", "city": "Ulm" }), Some("beta")).await;
    did(&rollcall, "ann", "first").await;
    did(&rollcall, "bob", "second").await;
    let before = [rollcall.user("ann").await, rollcall.user("bob").await];

    let preview = merge(&rollcall, "ann", "bob", "?dry_run=1").await;
    assert_eq!(preview.status, 200, "{preview:?}");
    assert_eq!(preview.body["change_id"], Value::Null);
    assert_eq!([rollcall.user("ann").await, rollcall.user("bob").await], before, "a preview changes nothing");
    let merged = merge(&rollcall, "ann", "bob", "").await;
    assert_eq!(merged.body["user"], preview.body["user"], "the deed is what the preview said");

    let ann = rollcall.user("ann").await;
    assert_eq!(ann["attributes"]["name"], "Ann", "the survivor keeps its values");
    assert_eq!(ann["attributes"]["city"], "Ulm", "its gaps are filled");
    assert_eq!(ann["aliases"], json!(["bob"]));
    assert_eq!(ann["anonymous_ids"], json!(["browser-of-bob", "browser-of-ann"]));
    let companies = rollcall.companies_of("ann").await;
    assert_eq!(companies.iter().map(|(id, ..)| id.as_str()).collect::<Vec<_>>().len(), 2, "{companies:?}");
    assert_eq!(rollcall.user("bob").await["id"], ann["id"], "the other id leads to the survivor");
    assert_eq!(rollcall.user_ids().await, ["ann"]);
    assert_eq!(rollcall.list("/companies/beta/members").await.len(), 1);
    assert_eq!(rollcall.company("beta").await["members"], 1);

    did(&rollcall, "bob", "third").await;
    said(&rollcall, "bob", json!({ "plan": "free" }), None).await;
    let mut events = rollcall.events_of("ann").await;
    events.sort();
    assert_eq!(events, ["first", "second", "third"], "{events:?}");
    checked(&mut rollcall);

    let undone = undo(&rollcall, &merged.body["change_id"]).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    let conflicts: Vec<&str> = undone.body["conflicts"]
        .as_array()
        .expect("conflicts")
        .iter()
        .filter_map(|one| one["field"].as_str())
        .collect();
    assert_eq!(conflicts, ["plan"], "what was said since to the id of the other stays with the survivor");
    assert_eq!(rollcall.user_ids().await, ["ann", "bob"], "apart again");
    assert_eq!(rollcall.events_of("ann").await, ["first"]);
    let mut events = rollcall.events_of("bob").await;
    events.sort();
    assert_eq!(events, ["second", "third"], "the new event is the other's");
    let mut now = [rollcall.user("ann").await, rollcall.user("bob").await];
    assert_eq!(std::mem::replace(&mut now[0]["attributes"]["plan"], json!("pro")), "free");
    assert_eq!(now.map(without_times), before.map(without_times), "as if they had never been one");
    assert_eq!(undo(&rollcall, &merged.body["change_id"]).await.body["code"], "already_undone");
    checked(&mut rollcall);
}

/// R11: what was said since the merge of a membership that is there by the merge alone is lost by nobody.
#[actix_web::test]
async fn what_was_said_since_of_the_other_s_membership_goes_back_with_it() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({}), Some("acme")).await;
    said(&rollcall, "bob", json!({}), Some("beta")).await;
    let merged = merge(&rollcall, "ann", "bob", "").await.body["change_id"].clone();
    for company in ["acme", "beta"] {
        let (path, body) = (format!("/companies/{company}/members/ann"), json!({ "role": "boss" }));
        assert_eq!(rollcall.api_as(Method::PUT, &path, &rollcall.token, Some(body)).await.status, 200);
    }
    let undone = undo(&rollcall, &merged).await;
    let role = async |user: &str| rollcall.user(user).await["companies"][0].clone();
    let (ann, bob) = (role("ann").await, role("bob").await);
    assert_eq!((&ann["company_id"], &ann["role"]), (&json!("acme"), &json!("boss")), "it was hers before");
    assert_eq!((&bob["company_id"], &bob["role"]), (&json!("beta"), &json!("boss")), "{undone:?}");
    let conflicts = undone.body["conflicts"].to_string();
    assert!(
        conflicts.contains("moves back with it to bob in beta") && conflicts.contains("stays as it is"),
        "{conflicts}"
    );
}

#[actix_web::test]
async fn case_12_merges_are_flattened() {
    let mut rollcall = Rollcall::start();
    for user in ["ann", "bob", "cid"] {
        said(&rollcall, user, json!({ "name": user }), Some("acme")).await;
    }
    let first = merge(&rollcall, "ann", "bob", "").await.body["change_id"].clone();
    merge(&rollcall, "bob", "cid", "").await;
    did(&rollcall, "cid", "done").await;
    assert_eq!(rollcall.events_of("ann").await, ["done"]);
    assert_eq!(rollcall.user("cid").await["user_id"], "ann");
    assert_eq!(rollcall.company("acme").await["members"], 1);
    assert_eq!(merge(&rollcall, "cid", "bob", "").await.body["code"], "one_already");
    assert_eq!(undo(&rollcall, &first).await.status, 200);
    assert_eq!(rollcall.user("cid").await["user_id"], "ann", "who came later stays");
    assert_eq!(rollcall.user("bob").await["user_id"], "bob");
    assert_eq!(rollcall.company("acme").await["members"], 2);
    checked(&mut rollcall);
}

#[actix_web::test]
async fn what_is_merged_is_refused_in_words_where_it_can_t_be() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({}), None).await;
    assert_eq!(merge(&rollcall, "ann", "nobody", "").await.body["code"], "user_not_found");
    assert_eq!(merge(&rollcall, "ann", "ann", "").await.body["code"], "one_already");
    assert_eq!(undo(&rollcall, &json!(987)).await.body["code"], "change_not_found");
    assert_eq!(undo(&rollcall, &json!("x")).await.status.as_u16(), 404);
    let read = rollcall.shell(&["token", "add", "Looks", "--scope", "read", "--json"])["token"].clone();
    let body = Some(json!({ "from": "ann" }));
    let answer = rollcall.api_as(Method::POST, "/users/ann/merge", read.as_str().expect("a token"), body).await;
    assert_eq!(answer.status.as_u16(), 403);
}

#[actix_web::test]
async fn a_value_goes_back_to_what_it_was_and_later_messages_win_again() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({ "plan": "pro" }), None).await;
    let change = |plan: &str, seconds: i64| {
        json!({
            "type": "identify", "messageId": message_id(), "userId": "ann", "timestamp": seconds_ago(seconds),
            "traits": { "plan": plan, "score": seconds },
        })
    };
    rollcall.backend_posts(change("free", 60)).await;
    let wrong = rollcall.list("/changes?limit=1").await[0]["change_id"].clone();
    let undone = undo(&rollcall, &wrong).await;
    assert_eq!(undone.body["conflicts"], json!([]), "{undone:?}");
    let attributes = rollcall.user("ann").await["attributes"].clone();
    assert_eq!((&attributes["plan"], &attributes["score"]), (&json!("pro"), &Value::Null));
    let history = rollcall.list("/users/ann/changes").await;
    assert_eq!((history[0]["cause"].as_str(), &history[1]["undone_by"]), (Some("undo"), &history[0]["change_id"]));
    rollcall.backend_posts(change("late", 30)).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro", "a message of before");
    let again = undo(&rollcall, &undone.body["change_id"]).await;
    assert_eq!(again.status, 200, "an undo is a deed, and can be taken back: {again:?}");
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "free");
    rollcall.backend_posts(change("new", -30)).await;
    let said = undo(&rollcall, &again.body["change_id"]).await;
    assert!(said.body["detail"].as_str().is_some_and(|text| text.contains("has changed since")) || said.status == 200);
}

#[actix_web::test]
async fn an_operator_compares_two_records_merges_them_and_takes_it_back() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({ "name": "Ann", "email": "ann@acme.test", "plan": "pro" }), Some("acme")).await;
    said(&rollcall, "old ann", json!({ "city": "Ulm", "email": "ann@acme.test", "plan": "free" }), None).await;
    let desk = rollcall.desk().await;
    let id = rollcall.user("ann").await["id"].as_str().expect("an id").to_owned();
    let other = rollcall.user("old ann").await["id"].as_str().expect("an id").to_owned();
    assert!(desk.open("/users/ann").await.contains(&format!("/users/{id}/merge?from={other}")), "it is offered");
    let preview = desk.open(&format!("/users/{id}/merge?from={other}")).await;
    for shown in ["Side by side", "old ann", "Ulm", "Merge the two"] {
        assert!(preview.contains(shown), "{shown} in {preview}");
    }
    assert_eq!(preview.matches("Not kept").count(), 1, "the plan of the other is lost: {preview}");
    assert!(preview.contains(&format!("/users/old%20ann/merge?from={id}")), "the other one may stay: {preview}");
    let unknown = desk.open(&format!("/users/{id}/merge?from=nobody")).await;
    assert!(unknown.contains("No user matches that"));
    assert_eq!(rollcall.user_ids().await.len(), 2, "a preview changes nothing");

    let page = desk.does(&format!("/users/{id}/merge"), &[("from", "nobody")]).await;
    assert!(page.contains("No user matches that"), "{page}");
    let page = desk.does(&format!("/users/{id}/merge"), &[("from", &other)]).await;
    assert!(page.contains("Both records are this one now") && page.contains("Ulm"));
    assert_eq!(rollcall.user_ids().await, ["ann"]);
    let action = page.split("action=\"/changes/").nth(1).and_then(|rest| rest.split('"').next()).expect("an undo");
    let page = desk.does(&format!("/changes/{action}"), &[("back", "/users/ann")]).await;
    assert!(page.contains("Everything is as it was"));
    assert_eq!(rollcall.user_ids().await.len(), 2);
}

/// SDKs send their alias again at each sign-in, whatever operators did meanwhile.
#[actix_web::test]
async fn an_alias_between_two_who_were_merged_says_nothing_new() {
    let rollcall = Rollcall::start();
    for user in ["ann", "bob", "cem"] {
        said(&rollcall, user, json!({}), None).await;
    }
    let alias = async |from: &str, to: &str| {
        let message = json!({ "type": "alias", "messageId": message_id(), "previousId": from, "userId": to });
        rollcall.backend_posts(message).await.remove(0)
    };
    assert_eq!(alias("bob", "ann").await["code"], "alias_taken");
    merge(&rollcall, "ann", "bob", "").await;
    for (from, to) in [("bob", "ann"), ("ann", "bob")] {
        let answer = alias(from, to).await;
        assert_eq!(answer["status"], "unchanged", "{answer}");
    }
    assert_eq!(alias("bob", "cem").await["code"], "alias_taken", "cem is another user still");
    assert_eq!(rollcall.user("ann").await["user_id"], "ann");
}
