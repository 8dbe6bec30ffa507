//! Two companies are one (C10): merged with a preview, read through the merge, apart again.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Rollcall, message_id, seconds_ago};

async fn said(rollcall: &Rollcall, user: &str, company: Value) {
    let message = json!({
        "type": "identify", "messageId": message_id(), "userId": user, "timestamp": seconds_ago(600),
        "traits": { "name": user, "company": company },
    });
    rollcall.backend_posts(message).await;
}

async fn did(rollcall: &Rollcall, user: &str, event: &str, company: Option<&str>) {
    let mut message = json!({
        "type": "track", "messageId": message_id(), "userId": user, "event": event, "timestamp": seconds_ago(60),
    });
    if let Some(company) = company {
        message["context"] = json!({ "groupId": company });
    }
    rollcall.backend_posts(message).await;
}

async fn merge(rollcall: &Rollcall, survivor: &str, other: &str, query: &str) -> Answer {
    let path = format!("/companies/{survivor}/merge{query}");
    rollcall.api_as(Method::POST, &path, &rollcall.token, Some(json!({ "from": other }))).await
}

async fn undo(rollcall: &Rollcall, change: &Value) -> Answer {
    rollcall.api_as(Method::POST, &format!("/changes/{change}/undo"), &rollcall.token, None).await
}

/// The folds are those of a recount.
fn checked(rollcall: &mut Rollcall) {
    rollcall.terminate();
    let output = rollcall.shell_output(&["check"], "");
    assert!(output.status.success(), "{output:?}");
    rollcall.serve();
}

async fn ids(rollcall: &Rollcall) -> Vec<String> {
    let companies = rollcall.list("/companies?sort=name").await;
    companies.iter().map(|company| company["company_id"].as_str().expect("an id").to_owned()).collect()
}

async fn members(rollcall: &Rollcall, company: &str) -> Vec<(String, Value)> {
    let members = rollcall.list(&format!("/companies/{company}/members")).await;
    let told = members.iter().map(|one| (one["user_id"].as_str().expect("an id").to_owned(), one["role"].clone()));
    told.collect()
}

async fn events(rollcall: &Rollcall, company: &str) -> Vec<String> {
    let events = rollcall.list(&format!("/companies/{company}/events")).await;
    let named = events.iter().filter(|event| event["type"] == "track");
    let mut names: Vec<String> = named.map(|event| event["name"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

fn without_times(mut company: Value) -> Value {
    company.as_object_mut().expect("a company").remove("last_seen");
    company
}

#[actix_web::test]
async fn two_companies_are_one_messages_for_either_reach_it_and_they_come_apart_again() {
    let mut rollcall = Rollcall::start();
    let acme = json!({ "company_id": "acme", "name": "Acme", "plan": "pro", "membership": { "role": "admin" } });
    let old = json!({ "company_id": "acme-old", "name": "Acme Ltd", "seats": 5, "domain": "acme-old.test",
                      "membership": { "role": "buyer" } });
    said(&rollcall, "ann", acme).await;
    said(&rollcall, "bob", old.clone()).await;
    said(&rollcall, "cid", old).await;
    said(&rollcall, "cid", json!({ "company_id": "acme", "membership": { "title": "CTO" } })).await;
    did(&rollcall, "ann", "first", Some("acme")).await;
    did(&rollcall, "bob", "second", Some("acme-old")).await;
    did(&rollcall, "bob", "of the only company", None).await;
    let before = [rollcall.company("acme").await, rollcall.company("acme-old").await];

    let preview = merge(&rollcall, "acme", "acme-old", "?dry_run=1").await;
    assert_eq!(preview.status, 200, "{preview:?}");
    assert_eq!(preview.body["change_id"], Value::Null);
    assert_eq!(
        [rollcall.company("acme").await, rollcall.company("acme-old").await],
        before,
        "a preview changes nothing"
    );
    let merged = merge(&rollcall, "acme", "acme-old", "").await;
    assert_eq!(merged.body["company"], preview.body["company"], "the deed is what the preview said");

    let company = rollcall.company("acme").await;
    assert_eq!(company["name"], "Acme", "the survivor keeps its values");
    assert_eq!((&company["attributes"]["seats"], &company["attributes"]["plan"]), (&json!(5), &json!("pro")));
    assert_eq!(company["aliases"], json!(["acme-old"]));
    assert_eq!(company["domains"], json!(["acme-old.test"]));
    assert_eq!(company["members"], 3);
    assert_eq!(company["active_members_30d"], 2);
    assert_eq!(rollcall.company("acme-old").await, company, "the other id leads to the survivor");
    assert_eq!(ids(&rollcall).await, ["acme"], "lists know one");
    let found = rollcall.list("/companies?q=acme-old").await;
    let found: Vec<&Value> = found.iter().map(|company| &company["company_id"]).collect();
    assert_eq!(found, ["acme"], "by the domain, which is its own now");
    let people = members(&rollcall, "acme").await;
    let expected = [("ann", "admin"), ("bob", "buyer"), ("cid", "buyer")];
    assert_eq!(people, expected.map(|(id, role)| (id.to_owned(), json!(role))), "members are united, gaps filled");
    assert_eq!(events(&rollcall, "acme").await, ["first", "of the only company", "second"]);
    let of_cid = rollcall.companies_of("cid").await;
    assert_eq!(of_cid.len(), 1, "{of_cid:?}");

    // Messages for the merged id, and some that name no company, go to the survivor.
    did(&rollcall, "bob", "third", Some("acme-old")).await;
    did(&rollcall, "bob", "fourth", None).await;
    said(&rollcall, "dot", json!({ "company_id": "acme-old", "seats": 9 })).await;
    assert_eq!(rollcall.company("acme").await["members"], 4);
    assert_eq!(rollcall.company("acme").await["attributes"]["seats"], 9);
    assert_eq!(ids(&rollcall).await, ["acme"]);
    checked(&mut rollcall);

    let undone = undo(&rollcall, &merged.body["change_id"]).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    let conflicts = undone.body["conflicts"].as_array().expect("conflicts");
    let fields: Vec<&str> = conflicts.iter().filter_map(|one| one["field"].as_str()).collect();
    assert_eq!(fields, ["seats"], "what was said since is told");
    assert_eq!(ids(&rollcall).await, ["acme", "acme-old"], "apart again");
    assert_eq!(events(&rollcall, "acme").await, ["first"]);
    assert_eq!(
        events(&rollcall, "acme-old").await,
        ["fourth", "of the only company", "second", "third"],
        "events count for the company they named, or that their user was in"
    );
    let [survivor, mut other] = [rollcall.company("acme").await, rollcall.company("acme-old").await];
    assert_eq!(
        std::mem::replace(&mut other["attributes"]["seats"], json!(5)),
        9,
        "what was said of the other is its own"
    );
    assert_eq!(std::mem::replace(&mut other["members"], json!(2)), 3, "dot came to the other");
    assert_eq!([survivor, other].map(without_times), before.map(without_times), "as if they had never been one");
    let of_cid: Vec<(String, Value)> =
        members(&rollcall, "acme").await.into_iter().filter(|one| one.0 == "cid").collect();
    assert_eq!(of_cid, [("cid".to_owned(), Value::Null)], "the role was the other membership's");
    assert_eq!(undo(&rollcall, &merged.body["change_id"]).await.body["code"], "already_undone");
    checked(&mut rollcall);
}

/// R11: what was said since the merge of a membership that is there by the merge alone is lost by nobody.
#[actix_web::test]
async fn what_was_said_since_of_a_member_goes_back_with_the_membership() {
    let mut rollcall = Rollcall::start();
    let of = |company: &str, role: &str| json!({ "company_id": company, "membership": { "role": role } });
    said(&rollcall, "bob", of("old", "buyer")).await;
    for company in ["old", "new"] {
        said(&rollcall, "cid", of(company, "seller")).await;
    }
    let merged = merge(&rollcall, "new", "old", "").await.body["change_id"].clone();
    said(&rollcall, "eve", of("old", "late")).await;
    for (user, role) in [("bob", "head buyer"), ("cid", "head seller"), ("eve", "later")] {
        let (path, body) =
            (format!("/companies/new/members/{user}"), json!({ "role": role, "attributes": { "desk": 7 } }));
        let put = rollcall.api_as(Method::PUT, &path, &rollcall.token, Some(body)).await;
        assert_eq!(put.status, 200, "{put:?}");
    }

    let undone = undo(&rollcall, &merged).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    let role = |user: &str, role: &str| (user.to_owned(), json!(role));
    assert_eq!(
        members(&rollcall, "old").await,
        [role("bob", "head buyer"), role("cid", "seller"), role("eve", "later")]
    );
    assert_eq!(members(&rollcall, "new").await, [role("cid", "head seller")], "nobody joined it");
    let bob = rollcall.user("bob").await;
    assert_eq!(bob["companies"][0]["attributes"]["desk"], 7, "{bob}");
    let mut told: Vec<(String, bool)> = Vec::new();
    for conflict in undone.body["conflicts"].as_array().expect("conflicts") {
        let text = |name: &str| conflict[name].as_str().expect("text").to_owned();
        told.push((format!("{} of {}", text("field"), text("id")), text("detail").contains("moves back with it to")));
        assert!(["old", "new"].contains(&text("company_id").as_str()), "{conflict}");
    }
    told.sort();
    let expected = [
        ("desk of bob", true),
        ("desk of cid", false),
        ("desk of eve", true),
        ("role of bob", true),
        ("role of cid", false),
        ("role of eve", true),
    ];
    assert_eq!(told, expected.map(|(what, back)| (what.to_owned(), back)), "and it is said");
    checked(&mut rollcall);
}

#[actix_web::test]
async fn merges_of_companies_are_flattened_and_taken_back_one_by_one() {
    let mut rollcall = Rollcall::start();
    for company in ["a", "b", "c"] {
        said(&rollcall, &format!("of {company}"), json!({ "company_id": company })).await;
        did(&rollcall, &format!("of {company}"), company, Some(company)).await;
    }
    let first = merge(&rollcall, "b", "c", "").await.body["change_id"].clone();
    let second = merge(&rollcall, "a", "b", "").await.body["change_id"].clone();
    assert_eq!(rollcall.company("c").await["company_id"], "a");
    assert_eq!(rollcall.company("a").await["aliases"], json!(["b", "c"]));
    assert_eq!(events(&rollcall, "a").await, ["a", "b", "c"]);
    assert_eq!(merge(&rollcall, "c", "b", "").await.body["code"], "one_already");
    checked(&mut rollcall);
    assert_eq!(undo(&rollcall, &second).await.status, 200);
    assert_eq!(rollcall.company("c").await["company_id"], "b", "what was merged before stays so");
    assert_eq!(rollcall.company("b").await["members"], 2);
    assert_eq!(rollcall.company("a").await["members"], 1);
    assert_eq!(undo(&rollcall, &first).await.status, 200);
    assert_eq!(ids(&rollcall).await, ["a", "b", "c"]);
    checked(&mut rollcall);
}

#[actix_web::test]
async fn whoever_leaves_the_survivor_has_left_the_merged_one_too_and_nobody_leaves_by_a_merge() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({ "company_id": "old" })).await;
    said(&rollcall, "bob", json!({ "company_id": "old" })).await;
    said(&rollcall, "bob", json!({ "company_id": "new" })).await;
    said(&rollcall, "bob", json!({ "company_id": "old", "remove": true })).await;
    merge(&rollcall, "new", "old", "").await;
    assert_eq!(rollcall.company("new").await["members"], 2, "who had moved from one to the other is a member");
    let path = "/companies/new/members/ann";
    let left = rollcall.api_as(Method::DELETE, path, &rollcall.token, None).await;
    assert_eq!(left.status, 200, "{left:?}");
    said(&rollcall, "bob", json!({ "company_id": "new", "remove": true })).await;
    assert_eq!(rollcall.company("new").await["members"], 0);
}

#[actix_web::test]
async fn what_can_t_be_merged_is_said_in_words() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({ "company_id": "acme" })).await;
    assert_eq!(merge(&rollcall, "acme", "nowhere", "").await.body["code"], "company_not_found");
    assert_eq!(merge(&rollcall, "nowhere", "acme", "").await.body["code"], "company_not_found");
    assert_eq!(merge(&rollcall, "acme", "acme", "").await.body["code"], "one_already");
    let read = rollcall.shell(&["token", "add", "Looks", "--scope", "read", "--json"])["token"].clone();
    let body = Some(json!({ "from": "acme" }));
    let answer = rollcall.api_as(Method::POST, "/companies/acme/merge", read.as_str().expect("a token"), body).await;
    assert_eq!(answer.status.as_u16(), 403);
}

#[actix_web::test]
async fn an_operator_compares_two_companies_merges_them_and_takes_it_back() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({ "company_id": "ACME", "name": "Acme" })).await;
    said(&rollcall, "bob", json!({ "company_id": "acme", "city": "Ulm" })).await;
    did(&rollcall, "bob", "exported", Some("acme")).await;
    let desk = rollcall.desk().await;
    let compare = "/companies/ACME/merge?from=acme";
    assert!(desk.open("/companies/ACME").await.contains(compare), "it is offered on the page");
    let kept = "/companies/acme/merge?from=ACME";
    assert!(desk.open("/companies/duplicates").await.contains(kept), "and the one that is in use is to stay");
    let preview = desk.open(compare).await;
    for shown in ["Side by side", "Ulm", "Merge the two", "Members", "Events"] {
        assert!(preview.contains(shown), "{shown} in {preview}");
    }
    let unknown = desk.open("/companies/ACME/merge?from=nowhere").await;
    assert!(unknown.contains("No company has that id"));
    assert!(desk.ask("/companies/nowhere/merge").await.1.contains("nowhere"));
    assert_eq!(ids(&rollcall).await.len(), 2, "a preview changes nothing");

    let page = desk.does("/companies/ACME/merge", &[("from", "acme")]).await;
    assert!(page.contains("Both records are this one now") && page.contains("Ulm"), "{page}");
    assert!(desk.open("/companies/acme").await.contains("exported"), "the merged id leads to the survivor");
    assert!(!desk.open("/companies/duplicates").await.contains(kept));
    let action = page.split("action=\"/changes/").nth(1).and_then(|rest| rest.split('"').next()).expect("an undo");
    let page = desk.does(&format!("/changes/{action}"), &[("back", "/companies/ACME")]).await;
    assert!(page.contains("Everything is as it was"));
    assert_eq!(ids(&rollcall).await.len(), 2);
    assert!(desk.open("/companies/duplicates").await.contains(kept));
}

#[actix_web::test]
async fn owner_tags_and_notes_go_with_the_company_and_back() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", json!({ "company_id": "a" })).await;
    said(&rollcall, "bob", json!({ "company_id": "b" })).await;
    let owner = support::OWNER.0;
    let patch = |id: &'static str, body: Value| {
        let path = format!("/companies/{id}");
        let rollcall = &rollcall;
        async move { rollcall.api_as(Method::PATCH, &path, &rollcall.token, Some(body)).await }
    };
    assert_eq!(patch("a", json!({ "tags": ["vip"] })).await.status, 200);
    assert_eq!(patch("b", json!({ "tags": ["uk"], "owner": owner })).await.status, 200);
    let merged = merge(&rollcall, "a", "b", "").await;
    let company = rollcall.company("a").await;
    assert_eq!((&company["owner"], &company["tags"]), (&json!(owner), &json!(["uk", "vip"])));
    assert_eq!(undo(&rollcall, &merged.body["change_id"]).await.status, 200);
    let company = rollcall.company("a").await;
    assert_eq!((&company["owner"], &company["tags"]), (&Value::Null, &json!(["vip"])));
    assert_eq!(rollcall.company("b").await["tags"], json!(["uk"]));
}

/// C10: what is said of each of two companies while they are one is each one's own when they are apart.
#[actix_web::test]
async fn what_is_said_of_each_company_while_they_are_one_is_each_s_own_when_they_are_apart() {
    let mut rollcall = Rollcall::start();
    let of = |company: &str, role: &str, seats: i64| json!({ "company_id": company, "name": company, "seats": seats, "membership": { "role": role } });
    said(&rollcall, "ann", of("new", "buyer", 1)).await;
    said(&rollcall, "ann", of("old", "seller", 2)).await;
    let before = [rollcall.company("new").await, rollcall.company("old").await];
    let merged = merge(&rollcall, "new", "old", "").await.body["change_id"].clone();
    said(&rollcall, "ann", of("old", "seller", 2)).await;
    let undone = undo(&rollcall, &merged).await;
    assert_eq!([rollcall.company("new").await, rollcall.company("old").await], before, "{undone:?}");

    let merged = merge(&rollcall, "new", "old", "").await.body["change_id"].clone();
    said(&rollcall, "ann", json!({ "company_id": "old", "name": "Old", "membership": { "role": "head seller" } }))
        .await;
    let path = "/companies/old";
    let patched =
        rollcall.api_as(Method::PATCH, path, &rollcall.token, Some(json!({ "attributes": { "seats": 3 } }))).await;
    assert_eq!((patched.status.as_u16(), &patched.body["company_id"]), (200, &json!("new")), "{patched:?}");
    let undone = undo(&rollcall, &merged).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    let of = async |id: &str| rollcall.company(id).await["attributes"].clone();
    assert_eq!(of("new").await, json!({ "name": "new", "seats": 1 }));
    assert_eq!(of("old").await, json!({ "name": "Old", "seats": 3 }));
    let role = |name: &str| ("ann".to_owned(), json!(name));
    assert_eq!(members(&rollcall, "new").await, [role("buyer")], "{undone:?}");
    assert_eq!(members(&rollcall, "old").await, [role("head seller")], "{undone:?}");
    checked(&mut rollcall);
}

/// Who leaves one of two companies that are one has left both; apart again, it is the one that was named.
#[actix_web::test]
async fn whoever_left_while_two_companies_were_one_has_left_the_one_named() {
    let mut rollcall = Rollcall::start();
    for (user, companies) in [("both", vec!["new", "old"]), ("other", vec!["old"]), ("named", vec!["old"])] {
        for company in companies {
            said(&rollcall, user, json!({ "company_id": company })).await;
        }
    }
    let merged = merge(&rollcall, "new", "old", "").await.body["change_id"].clone();
    for (user, company) in [("both", "new"), ("other", "new"), ("named", "old")] {
        let path = format!("/companies/{company}/members/{user}");
        assert_eq!(rollcall.api_as(Method::DELETE, &path, &rollcall.token, None).await.status, 200);
    }
    assert_eq!(rollcall.company("new").await["members"], 0, "while they are one");
    let undone = undo(&rollcall, &merged).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!(members(&rollcall, "new").await, []);
    let left: Vec<String> = members(&rollcall, "old").await.into_iter().map(|one| one.0).collect();
    assert_eq!(left, ["both", "other"]);
    checked(&mut rollcall);
}
