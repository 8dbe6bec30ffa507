//! A company gets another id, which is an alias; it is archived, and put back (C10).

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Rollcall, message_id, seconds_ago};

async fn said(rollcall: &Rollcall, user: &str, company: &str) {
    let message = json!({
        "type": "identify", "messageId": message_id(), "userId": user, "timestamp": seconds_ago(600),
        "traits": { "company": { "company_id": company } },
    });
    rollcall.backend_posts(message).await;
}

async fn did(rollcall: &Rollcall, user: &str, event: &str, company: &str) {
    let message = json!({
        "type": "track", "messageId": message_id(), "userId": user, "event": event, "timestamp": seconds_ago(60),
        "context": { "groupId": company },
    });
    rollcall.backend_posts(message).await;
}

async fn patch(rollcall: &Rollcall, company: &str, body: Value) -> Answer {
    rollcall.api_as(Method::PATCH, &format!("/companies/{company}"), &rollcall.token, Some(body)).await
}

async fn undo(rollcall: &Rollcall, change: &Value) -> Answer {
    rollcall.api_as(Method::POST, &format!("/changes/{change}/undo"), &rollcall.token, None).await
}

async fn ids(rollcall: &Rollcall, query: &str) -> Vec<String> {
    let companies = rollcall.list(&format!("/companies?sort=name{query}")).await;
    companies.iter().map(|company| company["company_id"].as_str().expect("an id").to_owned()).collect()
}

#[actix_web::test]
async fn a_company_gets_another_id_and_messages_with_the_old_one_reach_it() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", "acme").await;
    said(&rollcall, "zed", "zeta").await;
    let rehearsed = rollcall
        .api_as(Method::PATCH, "/companies/acme?dry_run=1", &rollcall.token, Some(json!({ "company_id": "org_1" })))
        .await;
    assert_eq!((rehearsed.status.as_u16(), &rehearsed.body["company_id"]), (200, &json!("org_1")), "{rehearsed:?}");
    assert_eq!(ids(&rollcall, "").await, ["acme", "zeta"], "a rehearsal changes nothing");

    let renamed = patch(&rollcall, "acme", json!({ "company_id": "org_1" })).await;
    assert_eq!((renamed.status.as_u16(), &renamed.body["company_id"]), (200, &json!("org_1")), "{renamed:?}");
    assert_eq!(renamed.body["aliases"], json!(["acme"]));
    assert_eq!(ids(&rollcall, "").await, ["org_1", "zeta"]);
    said(&rollcall, "bob", "acme").await;
    did(&rollcall, "bob", "exported", "acme").await;
    assert_eq!(rollcall.company("org_1").await["members"], 2);
    assert_eq!(rollcall.company("acme").await["company_id"], "org_1", "links with the old id lead to it");
    for filter in ["company_id:is:acme", "company_id:in:acme,nobody", "company_id:is:org_1"] {
        assert_eq!(ids(&rollcall, &format!("&f={filter}")).await, ["org_1"], "{filter}");
        let members = rollcall.api(&format!("/users?count=1&f=company.{filter}")).await.body;
        assert_eq!(members["total"], 2, "{filter}: {members}");
        let others =
            rollcall.api(&format!("/users?count=1&f=company.{filter}&f=company.company_id:is:zeta")).await.body;
        assert_eq!(others["total"], 0, "{filter}: {others}");
    }
    assert_eq!(rollcall.list("/companies/acme/events").await[0]["company_id"], "org_1");
    assert_eq!(ids(&rollcall, "").await, ["org_1", "zeta"]);

    let taken = patch(&rollcall, "org_1", json!({ "company_id": "zeta" })).await;
    assert_eq!((taken.status.as_u16(), &taken.body["code"]), (409, &json!("alias_taken")), "{taken:?}");
    let wrong = patch(&rollcall, "org_1", json!({ "company_id": "null" })).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["code"]), (400, &json!("id_placeholder")));
    let same = patch(&rollcall, "acme", json!({ "company_id": "org_1" })).await;
    assert_eq!((same.status.as_u16(), &same.body["change_id"]), (200, &Value::Null));

    let undone = undo(&rollcall, &renamed.body["change_id"]).await;
    assert_eq!((undone.status.as_u16(), &undone.body["conflicts"]), (200, &json!([])), "{undone:?}");
    let acme = rollcall.company("acme").await;
    assert_eq!((&acme["company_id"], &acme["aliases"], &acme["members"]), (&json!("acme"), &json!([]), &json!(2)));
    said(&rollcall, "cid", "org_1").await;
    assert_eq!(ids(&rollcall, "").await, ["acme", "org_1", "zeta"], "the id that was free is another company's");
    let again = undo(&rollcall, &undone.body["change_id"]).await;
    assert_eq!(again.status, 409, "it is taken by now: {again:?}");
    assert!(
        again.body["detail"].as_str().is_some_and(|text| text.contains("now belongs to another company")),
        "{again:?}"
    );
    assert_eq!(rollcall.company("acme").await["company_id"], "acme");
}

#[actix_web::test]
async fn an_id_that_a_company_had_is_its_again() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", "one").await;
    patch(&rollcall, "one", json!({ "company_id": "two" })).await;
    let back = patch(&rollcall, "two", json!({ "company_id": "one" })).await;
    assert_eq!((&back.body["company_id"], &back.body["aliases"]), (&json!("one"), &json!(["two"])), "{back:?}");
    let undone = undo(&rollcall, &back.body["change_id"]).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    let two = rollcall.company("two").await;
    assert_eq!((&two["company_id"], &two["aliases"]), (&json!("two"), &json!(["one"])), "no id is lost");
}

#[actix_web::test]
async fn delete_archives_a_company_that_is_known() {
    let rollcall = Rollcall::start();
    let person = json!({ "type": "identify", "userId": "ann", "traits": { "company": { "company_id": "acme" } } });
    rollcall.page_posts(json!([person])).await;
    let delete = async |id: &str| {
        rollcall.api_as(reqwest::Method::DELETE, &format!("/companies/{id}"), &rollcall.token, None).await
    };
    for _ in 0..2 {
        let answer = delete("acme").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body["archived_at"].is_string(), "{answer:?}");
    }
    assert!(rollcall.list("/companies").await.is_empty());
    let nobody = delete("nobody").await;
    assert_eq!((nobody.status.as_u16(), nobody.body["code"].as_str()), (404, Some("company_not_found")));
}

#[actix_web::test]
async fn an_archived_company_is_out_of_lists_and_numbers_and_loses_nothing() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", "acme").await;
    said(&rollcall, "bob", "ACME").await;
    assert_eq!(rollcall.list("/possible-duplicates?kind=company").await.len(), 1);
    let archived = patch(&rollcall, "acme", json!({ "archived": true })).await;
    assert_eq!(archived.status, 200, "{archived:?}");
    assert!(archived.body["archived_at"].is_string());
    assert_eq!(ids(&rollcall, "").await, ["ACME"]);
    assert_eq!(ids(&rollcall, "&q=acme").await, ["ACME"]);
    assert_eq!(ids(&rollcall, "&archived=1").await, ["acme"]);
    assert_eq!(ids(&rollcall, "&archived=1&q=cm").await, ["acme"]);
    assert_eq!(rollcall.api("/companies?count=1").await.body["total"], 1);
    assert_eq!(rollcall.api("/companies?count=1&archived=1").await.body["total"], 1);
    assert_eq!(rollcall.api("/companies?archived=x").await.body["code"], "parameter_invalid");
    assert_eq!(rollcall.list("/possible-duplicates?kind=company").await.len(), 0);

    did(&rollcall, "ann", "exported", "acme").await;
    said(&rollcall, "cid", "acme").await;
    let acme = rollcall.company("acme").await;
    assert_eq!((&acme["members"], &acme["active_members_30d"]), (&json!(2), &json!(1)), "messages go on being stored");
    assert_eq!(ids(&rollcall, "").await, ["ACME"]);
    assert_eq!(patch(&rollcall, "acme", json!({ "archived": true })).await.body["change_id"], Value::Null);
    assert_eq!(patch(&rollcall, "acme", json!({ "archived": "yes" })).await.body["code"], "value_invalid");

    let undone = undo(&rollcall, &archived.body["change_id"]).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!(ids(&rollcall, "").await.len(), 2);
    assert_eq!(rollcall.company("acme").await["archived_at"], Value::Null);
    assert_eq!(rollcall.list("/possible-duplicates?kind=company").await.len(), 1);
}

#[actix_web::test]
async fn an_operator_changes_an_id_archives_and_puts_back() {
    let rollcall = Rollcall::start();
    said(&rollcall, "ann", "acme").await;
    said(&rollcall, "zed", "zeta").await;
    let desk = rollcall.desk().await;
    let page = desk.open("/companies/acme").await;
    let address = page.split("href=\"/edit/company").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let key = address.split("key=").nth(1).and_then(|rest| rest.split('#').next()).expect("a key").to_owned();
    let form = desk.open(&format!("/edit/company{address}")).await;
    assert!(form.contains("Another id") && form.contains("Archive it"), "{form}");

    let sent = desk.send("/edit/company", &[("key", &key), ("deed", "rename"), ("id", "zeta")]).await;
    assert!(sent.to.is_empty() && sent.page.contains("is already the id of another company"), "{sent:?}");
    let sent = desk.send("/edit/company", &[("key", &key), ("deed", "rename"), ("id", "")]).await;
    assert!(sent.to.is_empty() && sent.page.contains("Enter one"), "{sent:?}");
    let sent = desk.send("/edit/company", &[("key", &key), ("deed", "rename"), ("id", "org/1")]).await;
    let page = desk.open(&sent.to).await;
    for shown in ["org/1", "Id ", "Undo", "earlier company id"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let undone = desk.undoes(&page).await;
    assert!(undone.contains("Everything is as it was") && undone.contains("acme"), "{undone}");
    desk.done("/edit/company", &[("key", &key), ("deed", "rename"), ("id", "org/1")]).await;
    let page = desk.does("/companies/org%2F1/merge", &[("from", "nowhere")]).await;
    assert!(page.contains("No company has that id"), "{page}");
    let sent = desk.send("/edit/company", &[("key", &key), ("deed", "archive")]).await;
    let page = desk.open(&sent.to).await;
    assert!(page.contains("Archived: out of lists and numbers") && page.contains("Put it back"), "{page}");
    assert!(page.contains("Archived <time"), "{page}");
    let of_user = desk.open("/users/ann").await;
    assert!(of_user.contains(">Archived</span>"), "{of_user}");
    let found = desk.open("/search?q=org").await;
    assert!(found.contains("org/1") && found.contains(">Archived</span>"), "it is found, with a mark: {found}");
    assert!(found.contains("href=\"/companies?list=archived&amp;q=org\""), "and all of them stand there: {found}");
    assert!(!found.contains("All that match"), "no list in use has it: {found}");
    assert!(!desk.open("/users/zed").await.contains(">Archived</span>"));
    let list = desk.open("/companies").await;
    assert!(!list.contains("org/1") && list.contains("Archived 1"), "{list}");
    assert!(desk.open("/companies?list=archived").await.contains("org/1"));
    let sent = desk.send("/edit/company", &[("key", &key), ("deed", "unarchive")]).await;
    assert!(desk.open(&sent.to).await.contains("Put back into lists and numbers"));
    let list = desk.open("/companies").await;
    assert!(list.contains("org/1") && !list.contains("Archived"), "{list}");
    assert!(desk.open("/companies?list=archived").await.contains("No company is archived"));
}

/// A company is found by each of several words, and by its domain.
#[actix_web::test]
async fn a_company_is_found_by_words_in_any_order_and_by_its_domain() {
    let rollcall = Rollcall::start();
    for (id, name, domain) in [("c1", "Northwind Traders", "nw.example"), ("c2", "Traders Guild", "guild.example")] {
        let company = json!({ "company_id": id, "name": name, "domain": domain });
        rollcall
            .backend_posts(json!([{ "type": "identify", "userId": format!("u-{id}"), "messageId": message_id(), "traits": { "company": company } }]))
            .await;
    }
    assert_eq!(ids(&rollcall, "&q=traders+north").await, ["c1"]);
    assert_eq!(ids(&rollcall, "&q=guild.ex").await, ["c2"]);
    assert!(ids(&rollcall, "&q=example").await.is_empty(), "a domain is found by its beginning");
    assert_eq!(rollcall.api("/companies?count=1&q=nw.example").await.body["total"], 1);
}
