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
    assert_eq!(conflicts, ["plan"], "what was said since to the id of the other is told");
    assert_eq!(rollcall.user_ids().await, ["ann", "bob"], "apart again");
    assert_eq!(rollcall.events_of("ann").await, ["first"]);
    let mut events = rollcall.events_of("bob").await;
    events.sort();
    assert_eq!(events, ["second", "third"], "the new event is the other's");
    let mut now = [rollcall.user("ann").await, rollcall.user("bob").await];
    let plan = now[1]["attributes"].as_object_mut().and_then(|attributes| attributes.remove("plan"));
    assert_eq!(plan, Some(json!("free")), "and goes back with that one");
    assert_eq!(now.map(without_times), before.map(without_times), "as if they had never been one");
    assert_eq!(undo(&rollcall, &merged.body["change_id"]).await.body["code"], "already_undone");
    checked(&mut rollcall);
}

/// R11: what was said since by messages about the other goes back with it, and so does when it was first seen.
#[actix_web::test]
async fn what_was_said_since_about_the_other_is_the_other_s_when_they_are_apart() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({ "plan": "pro" }), None).await;
    said(&rollcall, "bob", json!({ "plan": "free", "city": "Ulm" }), None).await;
    let first_seen = async |user: &str| rollcall.user(user).await["first_seen"].clone();
    let before = first_seen("ann").await;
    let merged = merge(&rollcall, "ann", "bob", "").await.body["change_id"].clone();
    let since = |user: &str, traits: Value, seconds: i64| {
        json!({
            "type": "identify", "messageId": message_id(), "userId": user, "traits": traits,
            "timestamp": seconds_ago(seconds),
        })
    };
    let long_ago = seconds_ago(40 * 86_400);
    rollcall
        .backend_posts(json!([
            { "type": "track", "messageId": message_id(), "userId": "bob", "event": "late", "timestamp": long_ago },
            since("bob", json!({ "plan": "team", "city": "Bonn", "team": "blue" }), 50),
            since("ann", json!({ "plan": "gold" }), 40),
            since("ann", json!({ "hat": "red" }), 30),
        ]))
        .await;
    assert_eq!(rollcall.user("ann").await["first_seen"], long_ago, "while they are one");
    let undone = undo(&rollcall, &merged).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!(rollcall.user("ann").await["attributes"], json!({ "plan": "gold", "hat": "red" }), "{undone:?}");
    let bob = rollcall.user("bob").await;
    assert_eq!(bob["attributes"], json!({ "plan": "team", "city": "Bonn", "team": "blue" }), "{undone:?}");
    assert_eq!((first_seen("ann").await, &bob["first_seen"]), (before, &json!(long_ago)));
    let conflicts = undone.body["conflicts"].as_array().expect("conflicts").clone();
    let of = |field: &str| {
        let conflict = conflicts.iter().find(|conflict| conflict["field"] == field).expect("it is told");
        conflict["detail"].as_str().expect("a sentence").to_owned()
    };
    assert!(of("city").contains("moves back") && of("team").contains("about bob"), "{conflicts:?}");
    assert!(of("plan").contains("stays as it is") && of("hat").contains("stays as it is"), "{conflicts:?}");
    rollcall.backend_posts(since("bob", json!({ "city": "Rome" }), 20)).await;
    assert_eq!(rollcall.user("bob").await["attributes"]["city"], "Rome", "later messages win again");
}

/// R11: a lead's only id is the address, which leads to whom the lead was merged into.
#[actix_web::test]
async fn the_address_of_a_merged_lead_leads_to_the_survivor() {
    let rollcall = Rollcall::start();
    let lead = |traits: Value, browser: &str| {
        json!({
            "type": "identify", "messageId": message_id(), "anonymousId": browser, "traits": traits,
            "timestamp": seconds_ago(300),
        })
    };
    said(&rollcall, "ann", json!({ "email": "work@acme.test" }), None).await;
    rollcall.page_posts(lead(json!({ "email": "home@acme.test" }), "laptop")).await;
    let found = async |email: &str| rollcall.api(&format!("/users/{email}?by=email")).await;
    let id = found("home@acme.test").await.body["id"].clone();
    let merged = merge(&rollcall, "ann", id.as_str().expect("our id"), "").await;
    assert_eq!(merged.status, 200, "a lead is named by our id: {merged:?}");

    assert_eq!(found("home@acme.test").await.body["user_id"], "ann");
    let from_laptop = rollcall.page_posts(lead(json!({ "email": "home@acme.test", "city": "Ulm" }), "laptop")).await;
    assert_eq!(from_laptop[0]["anonymous_id"], Value::Null, "her browser stays hers: {from_laptop:?}");
    rollcall.backend_posts(lead(json!({ "email": "home@acme.test", "plan": "pro" }), "phone")).await;
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["attributes"], json!({ "email": "work@acme.test", "city": "Ulm", "plan": "pro" }));
    assert_eq!(rollcall.user_ids().await, ["ann"], "no other record was made");

    // A stranger's browser proves nothing by an address, whoever has it.
    rollcall.page_posts(lead(json!({ "email": "home@acme.test", "plan": "free" }), "strange")).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");

    let undone = undo(&rollcall, &merged.body["change_id"]).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    let lead = rollcall
        .api_as(Method::GET, &format!("/users/{}?by=id", id.as_str().expect("our id")), &rollcall.token, None)
        .await;
    assert_eq!(
        lead.body["attributes"],
        json!({ "email": "home@acme.test", "city": "Ulm", "plan": "pro" }),
        "{undone:?}"
    );
    assert_eq!(rollcall.user("ann").await["attributes"], json!({ "email": "work@acme.test" }));
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
    assert!(
        said.body["detail"].as_str().is_some_and(|text| text.contains("set or confirmed since")) || said.status == 200,
        "{said:?}"
    );
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

/// R11: pages say again and again what they always say. Whose it is is not forgotten by that.
#[actix_web::test]
async fn a_page_that_repeats_itself_while_two_are_one_moves_nothing_to_the_survivor() {
    let mut rollcall = Rollcall::start();
    let snippet = json!({
        "email": "bob@beta.test", "plan": "pro",
        "company": { "company_id": "beta", "industry": "IT", "membership": { "role": "boss" } },
    });
    said(&rollcall, "ann", json!({ "city": "Oslo" }), Some("acme")).await;
    said(&rollcall, "bob", snippet.clone(), None).await;
    let before = [rollcall.user("ann").await, rollcall.user("bob").await];
    let merged = merge(&rollcall, "ann", "bob", "").await.body["change_id"].clone();
    for seconds in [500, 400] {
        let again = json!({
            "type": "identify", "messageId": message_id(), "userId": "bob", "traits": snippet,
            "timestamp": seconds_ago(seconds),
        });
        rollcall.backend_posts(again).await;
    }
    assert_eq!(rollcall.user("ann").await["attributes"]["email"], "bob@beta.test", "while they are one");
    let undone = undo(&rollcall, &merged).await;
    assert_eq!(undone.body["conflicts"], json!([]), "{undone:?}");
    assert_eq!([rollcall.user("ann").await, rollcall.user("bob").await], before, "as if they had never been one");
    checked(&mut rollcall);
}

/// R11: several values of one field, operations, a role in a company of both, what is done by hand: each statement is of
/// whom it named.
#[actix_web::test]
async fn what_is_said_of_each_of_two_while_they_are_one_is_each_s_own_when_they_are_apart() {
    let mut rollcall = Rollcall::start();
    let in_both = |role: &str| json!({ "company": { "company_id": "both", "membership": { "role": role } } });
    said(&rollcall, "ann", in_both("buyer"), None).await;
    said(&rollcall, "bob", in_both("seller"), None).await;
    said(&rollcall, "bob", json!({ "visits": 1 }), None).await;
    let merged = merge(&rollcall, "ann", "bob", "").await.body["change_id"].clone();
    let since = |user: &str, traits: Value, seconds: i64| {
        json!({
            "type": "identify", "messageId": message_id(), "userId": user, "traits": traits,
            "timestamp": seconds_ago(seconds),
        })
    };
    rollcall
        .backend_posts(json!([
            since("bob", json!({ "score": 5, "level": 1 }), 90),
            since("ann", json!({ "score": 7 }), 80),
            since("bob", json!({ "level": 2 }), 70),
            since("bob", json!({ "visits": { "$inc": 2 } }), 60),
            since("bob", in_both("head seller"), 50),
        ]))
        .await;
    assert_eq!(rollcall.user("ann").await["attributes"], json!({ "score": 7, "level": 2, "visits": 3 }));
    let by_hand = json!({ "attributes": { "hat": "red" }, "companies": [{ "company_id": "gamma" }] });
    let patched = rollcall.api_as(Method::PATCH, "/users/bob", &rollcall.token, Some(by_hand)).await;
    assert_eq!((patched.status.as_u16(), &patched.body["user_id"]), (200, &json!("ann")), "{patched:?}");

    let undone = undo(&rollcall, &merged).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!(rollcall.user("ann").await["attributes"], json!({ "score": 7 }), "{undone:?}");
    let bob = rollcall.user("bob").await;
    assert_eq!(bob["attributes"], json!({ "score": 5, "level": 2, "visits": 3, "hat": "red" }), "{undone:?}");
    let role = |user: &Value, company: &str| {
        let all = user["companies"].as_array().expect("companies").clone();
        all.into_iter().find(|one| one["company_id"] == company).map(|one| one["role"].clone())
    };
    assert_eq!(role(&rollcall.user("ann").await, "both"), Some(json!("buyer")));
    assert_eq!(role(&rollcall.user("ann").await, "gamma"), None);
    assert_eq!(
        (role(&bob, "both"), role(&bob, "gamma")),
        (Some(json!("head seller")), Some(Value::Null)),
        "{undone:?}"
    );
    let told = undone.body["conflicts"].to_string();
    for sentence in ["score has changed since", "level was set since by what was said about bob", "about bob in both"] {
        assert!(told.contains(sentence), "{sentence} in {told}");
    }
    checked(&mut rollcall);
}

/// R7, R11: a lead's address fills the gap of one who has none, and is the lead's all the same.
#[actix_web::test]
async fn what_names_a_merged_lead_by_its_address_is_the_lead_s_when_they_are_apart() {
    let rollcall = Rollcall::start();
    let lead = |traits: Value| {
        json!({
            "type": "identify", "messageId": message_id(), "anonymousId": "laptop", "traits": traits,
            "timestamp": seconds_ago(300),
        })
    };
    said(&rollcall, "ann", json!({ "hat": "red" }), None).await;
    rollcall.page_posts(lead(json!({ "email": "home@acme.test", "city": "Ulm" }))).await;
    let found = rollcall.api("/users/home@acme.test?by=email").await.body["id"].clone();
    let id = found.as_str().expect("our id");
    let merged = merge(&rollcall, "ann", id, "").await.body["change_id"].clone();
    assert_eq!(rollcall.user("ann").await["attributes"]["email"], "home@acme.test", "while they are one");
    rollcall.backend_posts(lead(json!({ "email": "home@acme.test", "city": "Bonn", "plan": "pro" }))).await;
    rollcall.backend_posts(lead(json!({ "email": "home@acme.test", "company": { "company_id": "acme" } }))).await;
    assert_eq!(rollcall.user("ann").await["companies"][0]["company_id"], "acme", "while they are one");
    assert_eq!(undo(&rollcall, &merged).await.status, 200);
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["attributes"], &ann["companies"]), (&json!({ "hat": "red" }), &json!([])));
    let lead = rollcall.api(&format!("/users/{id}?by=id")).await.body;
    assert_eq!(lead["attributes"], json!({ "email": "home@acme.test", "city": "Bonn", "plan": "pro" }));
    assert_eq!(lead["companies"][0]["company_id"], "acme");
}

/// Undone is undone: what was one by a merge is not half one again.
#[actix_web::test]
async fn a_merge_that_was_taken_back_is_made_again_by_merging_and_not_by_taking_that_back() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({}), None).await;
    said(&rollcall, "bob", json!({}), None).await;
    let tags = Some(json!({ "tags": ["vip"] }));
    rollcall.api_as(Method::PATCH, "/users/bob", &rollcall.token, tags).await;
    let merged = merge(&rollcall, "ann", "bob", "").await.body["change_id"].clone();
    let undone = undo(&rollcall, &merged).await.body["change_id"].clone();
    let again = undo(&rollcall, &undone).await;
    assert_eq!(again.status, 409, "{again:?}");
    assert_eq!(rollcall.user("ann").await["tags"], json!([]), "nothing was changed");
}

/// C4, R11: an event that states no company counts for the only one of whom it names, where the two who are one have several.
#[actix_web::test]
async fn an_event_of_one_of_two_who_are_one_counts_for_its_own_company() {
    let mut rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({}), Some("acme")).await;
    said(&rollcall, "bob", json!({}), Some("beta")).await;
    let merged = merge(&rollcall, "ann", "bob", "").await.body["change_id"].clone();
    for (user, event) in [("bob", "exported"), ("ann", "saved")] {
        let message = json!({
            "type": "track", "messageId": message_id(), "userId": user, "event": event, "timestamp": seconds_ago(60),
        });
        rollcall.backend_posts(message).await;
    }
    for _ in 0..2 {
        let of = async |company: &str| {
            let events = rollcall.list(&format!("/companies/{company}/events")).await;
            let done = events.iter().filter(|event| event["type"] == "track");
            done.map(|event| event["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!((of("acme").await, of("beta").await), (vec!["saved".to_owned()], vec!["exported".to_owned()]));
        undo(&rollcall, &merged).await;
    }
    checked(&mut rollcall);
}
