//! Segments: saved filters that lists, pages and programs ask for by name.

mod support;

use reqwest::Method;
use serde_json::{Value, json};

use support::{Answer, Rollcall, message_id, seconds_ago};

fn identify(user: &str, traits: Value) -> Value {
    json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(60) })
}

/// Three people and a lead; two of them are at Acme, which pays.
async fn four_people() -> Rollcall {
    let rollcall = Rollcall::start();
    let acme = json!({ "company_id": "acme", "name": "Acme", "plan": "pro" });
    rollcall
        .backend_posts(json!([
            identify("ann", json!({ "name": "Ann", "email": "ann@acme.test", "company": acme })),
            identify("bob", json!({ "name": "Bob", "company": { "company_id": "acme" } })),
            identify("cec", json!({ "name": "Cec" })),
            { "type": "identify", "messageId": message_id(), "traits": { "email": "lea@lead.test" }, "timestamp": seconds_ago(60) },
        ]))
        .await;
    rollcall
}

async fn send(rollcall: &Rollcall, method: &str, path: &str, body: Value) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    rollcall.api_as(method, path, &rollcall.token, Some(body)).await
}

async fn in_segment(rollcall: &Rollcall, segment: &str) -> Vec<Value> {
    let answer = rollcall.api(&format!("/users?sort=name&columns=user_id&f=segment:is:{segment}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["data"].as_array().expect("rows").iter().map(|row| row["user_id"].clone()).collect()
}

/// The path and query of an answer that leads on.
fn path(to: &str) -> &str {
    to.split('?').next().expect("a path")
}

#[actix_web::test]
async fn what_a_list_shows_is_saved_renamed_changed_deleted_and_each_is_taken_back() {
    let rollcall = four_people().await;
    let desk = rollcall.desk().await;
    let list = desk.open("/users?f=company.plan%3Ais%3Apro").await;
    let save = "/segments/save?list=users&amp;f=company.plan%3Ais%3Apro";
    assert!(list.contains(save), "the list leads to where it is saved");
    let form = desk.open("/segments/save?list=users&f=company.plan%3Ais%3Apro").await;
    assert!(form.contains("company plan is pro") && form.contains("2 users match it now"), "{form}");

    let filter = ("filter", "f=company.plan%3Ais%3Apro");
    let sentence = desk.is_refused("/segments/save", &[("list", "users"), filter, ("name", "active")]).await;
    assert!(sentence.contains("There is already a segment of users named &quot;active&quot;"), "{sentence}");
    let to = desk.done("/segments/save", &[("list", "users"), filter, ("name", " Paying  teams ")]).await;
    assert_eq!(path(&to), "/segments/paying_teams");
    let page = desk.open(&to).await;
    assert!(page.contains("saved") && page.contains("company plan is pro"), "{page}");
    assert_eq!(in_segment(&rollcall, "paying_teams").await, [json!("ann"), json!("bob")]);

    let page = desk.does("/segments/paying_teams", &[("deed", "rename"), ("name", "Pay")]).await;
    assert!(
        page.contains("Paying teams") && page.contains("<ins><bdi>Pay</bdi></ins>"),
        "before and after are told: {page}"
    );
    let page = desk.undoes(&page).await;
    assert!(page.contains("Undone") && page.contains("<h1><bdi>Paying teams</bdi></h1>"), "{page}");

    let into = [("list", "users"), ("filter", "f=email%3Aset"), ("name", ""), ("into", "paying_teams")];
    let page = desk.does("/segments/save", &into).await;
    assert!(page.contains("has an e-mail"), "{page}");
    assert_eq!(in_segment(&rollcall, "paying_teams").await.len(), 2, "ann and the lead");
    desk.undoes(&page).await;
    assert_eq!(in_segment(&rollcall, "paying_teams").await, [json!("ann"), json!("bob")]);

    let page = desk.does("/segments/paying_teams", &[("deed", "delete")]).await;
    assert!(page.contains("deleted") && !page.contains("href=\"/segments/paying_teams\""), "{page}");
    assert_eq!(desk.ask("/segments/paying_teams").await.0, 404);
    let refused = rollcall.api("/users?f=segment:is:paying_teams").await.body;
    assert_eq!(refused["code"], "filter_invalid", "{refused}");
    desk.undoes(&page).await;
    assert_eq!(in_segment(&rollcall, "paying_teams").await, [json!("ann"), json!("bob")], "under the same id");

    let audit = desk.open("/settings/audit").await;
    for told in ["saved", "deleted", "filter changed"] {
        assert!(audit.contains(told), "{told}");
    }
}

#[actix_web::test]
async fn lists_stand_under_their_segments_and_pages_say_which_they_are_in() {
    let rollcall = four_people().await;
    let desk = rollcall.desk().await;
    let list = desk.open("/users?f=segment%3Ais%3Awithout_company").await;
    assert!(list.contains("in the segment “Without a company”"), "{list}");
    assert!(list.contains("href=\"/users/cec\"") && !list.contains("href=\"/users/ann\""));
    assert!(!list.contains("Save as a segment"), "it is one already");
    let narrowed = desk.open("/users?f=segment%3Ais%3Awithout_company&f=user_id%3Aset").await;
    assert!(narrowed.contains("href=\"/users/cec\"") && narrowed.contains("Save as a segment"));

    let card = |page: &str| {
        let card = page.split("id=\"segments\"").nth(1).expect("a card").split("</section>").next().unwrap_or_default();
        card.split("href=\"/segments/")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
            .collect()
    };
    let of = async |path: &str| -> Vec<String> { card(&desk.open(path).await) };
    assert_eq!(of("/users/ann").await, ["new"]);
    assert_eq!(of("/users/cec").await, ["new", "without_company"]);
    assert_eq!(of("/users/lea@lead.test").await, ["new", "without_company", "email_only"]);
    assert_eq!(of("/companies/acme").await, ["new_companies"]);

    let all = desk.open("/segments").await;
    for name in ["New", "Active", "Slipping away", "Without a company", "E-mail only"] {
        assert!(all.contains(&format!("<bdi>{name}</bdi>")), "{name}");
    }
    let one = desk.open("/segments/slipping_away").await;
    assert!(one.contains("Last active 7 to 30 days ago"), "the formula is said");
    assert!(!one.contains("Delete the segment"), "what is supplied stays");
}

#[actix_web::test]
async fn whoever_only_looks_saves_nothing() {
    let rollcall = four_people().await;
    let desk = rollcall.desk_of("vera@acme.test", "viewer").await;
    assert!(!desk.open("/users?f=email%3Aset").await.contains("Save as a segment"));
    assert_eq!(desk.ask("/segments/save?list=users&f=email%3Aset").await.0, 403);
    let sent = desk.send("/segments/save", &[("list", "users"), ("filter", "f=email%3Aset"), ("name", "x")]).await;
    assert_eq!(sent.status, 403);
    assert!(!desk.open("/segments").await.contains("<bdi>x</bdi>"));
}

#[actix_web::test]
async fn a_program_keeps_segments_and_what_can_t_be_one_is_refused() {
    let rollcall = four_people().await;
    let answer = rollcall.api("/segments").await.body;
    let ids: Vec<&str> =
        answer["data"].as_array().expect("rows").iter().filter_map(|row| row["segment_id"].as_str()).collect();
    assert_eq!(ids[..5], ["new", "active", "slipping_away", "without_company", "email_only"]);
    let new = json!({ "list": "companies", "name": "Pros", "filter": "f=plan:is:pro" });
    let rehearsed = send(&rollcall, "POST", "/segments?dry_run=1", new.clone()).await;
    assert_eq!((rehearsed.status.as_u16(), &rehearsed.body["change_id"]), (200, &Value::Null));
    assert_eq!(rollcall.api("/segments/pros").await.status, 404, "a rehearsal keeps nothing");
    let made = send(&rollcall, "POST", "/segments", new.clone()).await;
    assert_eq!((made.status.as_u16(), made.body["in_words"].as_str()), (201, Some("plan is pro")), "{made:?}");
    let one = rollcall.api("/segments/pros").await.body;
    assert_eq!((&one["size"], &one["list"]), (&json!(1), &json!("companies")));

    let changed = send(&rollcall, "PATCH", "/segments/pros", json!({ "filter": "f=plan:not:pro" })).await;
    assert_eq!((changed.status.as_u16(), changed.body["name"].as_str()), (200, Some("Pros")));
    assert_eq!(rollcall.api("/segments/pros").await.body["size"], json!(0));
    let undo = format!("/changes/{}/undo", changed.body["change_id"]);
    assert_eq!(send(&rollcall, "POST", &undo, json!({})).await.status, 200);
    assert_eq!(rollcall.api("/segments/pros").await.body["size"], json!(1));

    for (method, path, body, status, code) in [
        ("POST", "/segments", new, 409, "name_taken"),
        (
            "POST",
            "/segments",
            json!({ "list": "visitors", "name": "x", "filter": "f=user_id:set" }),
            400,
            "value_invalid",
        ),
        ("POST", "/segments", json!({ "list": "users", "name": " ", "filter": "f=email:set" }), 400, "value_invalid"),
        ("POST", "/segments", json!({ "list": "users", "name": "x", "filter": "" }), 400, "filter_invalid"),
        (
            "POST",
            "/segments",
            json!({ "list": "users", "name": "x", "filter": "f=colour:is:red" }),
            400,
            "filter_invalid",
        ),
        ("POST", "/segments", json!({ "list": "users", "name": "x", "filter": "email=set" }), 400, "filter_invalid"),
        (
            "POST",
            "/segments",
            json!({ "list": "users", "name": "x", "filter": "f=segment:not:new" }),
            400,
            "filter_invalid",
        ),
        ("PATCH", "/segments/new", json!({ "name": "Newest" }), 409, "segment_supplied"),
        ("PATCH", "/segments/none", json!({ "name": "x" }), 404, "segment_not_found"),
        ("DELETE", "/segments/none", json!({}), 404, "segment_not_found"),
    ] {
        let answer = send(&rollcall, method, path, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body["code"].as_str()),
            (status, Some(code)),
            "{method} {path}: {answer:?}"
        );
    }
    let deleted = send(&rollcall, "DELETE", "/segments/pros", json!({})).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    assert_eq!(rollcall.api("/segments/pros").await.status, 404);
}

#[actix_web::test]
async fn a_segment_whose_attribute_is_gone_says_so_and_nobody_is_in_it() {
    let rollcall = four_people().await;
    rollcall.backend_posts(json!([identify("ann", json!({ "level": 3 }))])).await;
    let made = json!({ "list": "users", "name": "High", "filter": "f=level:gt:2" });
    assert_eq!(send(&rollcall, "POST", "/segments", made).await.status, 201);
    assert_eq!(in_segment(&rollcall, "high").await, [json!("ann")]);
    let desk = rollcall.desk().await;
    let page = desk.open("/attributes/user/level").await;
    assert!(page.contains("href=\"/segments/high\""), "where it is used: {page}");
    assert!(page.contains("<a href=\"/users?f=level%3Ais%3A3\">1</a>"), "each value leads to who has it: {page}");
    let asked = desk.open("/attributes/user/level?delete=1").await;
    assert!(asked.contains("1 segment asks for it"), "{asked}");
    desk.done("/attributes/user/level", &[("deed", "delete"), ("typed", "level")]).await;
    let page = desk.open("/segments/high").await;
    assert!(page.contains("It refers to something that no longer exists"), "{page}");
    let refused = rollcall.api("/users?f=segment:is:high").await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["detail"].as_str().expect("a sentence").contains("level"), "{refused:?}");
    assert!(desk.open("/users/ann").await.contains("id=\"segments\""), "pages stand all the same");
    let list = desk.open("/users").await;
    assert!(
        list.contains("<a href=\"/segments/high\"><bdi>High</bdi></a>"),
        "its page says why, no list could: {list}"
    );
}
