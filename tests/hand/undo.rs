//! Every deed by hand says what it did and offers Undo, and Undo takes it back: to the very state before,
//! as the API tells it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::desk::Desk;
use crate::support::{OWNER, Rollcall, message_id};
use crate::{delete, identify, patch, put, undo};

/// What the API says of Ann, but for when she was last spoken of.
async fn ann(rollcall: &Rollcall) -> Value {
    rollcall.user("ann").await
}

/// Does a deed, sees it said with a way back, takes it back, and finds Ann as she was.
async fn there_and_back(rollcall: &Rollcall, person: &Desk<'_>, path: &str, fields: &[(&str, &str)], said: &str) {
    let before = ann(rollcall).await;
    let page = person.does(path, fields).await;
    let alert = page.split("class=\"alert good\"").nth(1).unwrap_or_else(|| panic!("{said}: nothing is said: {page}"));
    let alert = &alert[..alert.find("</form>").unwrap_or(alert.len())];
    assert!(alert.contains(said) && alert.contains("Undo"), "{said} in {alert}");
    assert_ne!(ann(rollcall).await, before, "{said}");
    let page = person.undoes(&page).await;
    assert!(page.contains("Everything is as it was"), "{said}: {page}");
    assert_eq!(ann(rollcall).await, before, "{said}");
}

#[actix_web::test]
async fn each_deed_by_hand_is_taken_back_by_one_click() {
    let rollcall = Rollcall::start();
    let membership = json!({ "company_id": "acme", "name": "Acme", "membership": { "role": "member" } });
    rollcall.page_posts(identify("ann", json!({ "plan": "free", "company": membership }), 60)).await;
    rollcall.page_posts(identify("bob", json!({ "company": { "company_id": "umbrella" } }), 60)).await;
    let person = rollcall.desk().await;
    let value = [("user", "ann"), ("name", "plan")];
    let deed = |more: &[(&'static str, &'static str)]| [&value[..], more].concat();
    for (fields, said) in [
        (deed(&[("deed", "set"), ("value", "pro")]), "<del><bdi>free</bdi></del>"),
        (deed(&[("deed", "clear")]), "cleared"),
        (vec![("user", "ann"), ("name", "city"), ("deed", "set"), ("value", "Ulm")], "set to"),
    ] {
        there_and_back(&rollcall, &person, "/edit/value", &fields, said).await;
    }
    let tags = |tags: &'static str, owner: &'static str| [("user", "ann"), ("tags", tags), ("owner", owner)];
    there_and_back(&rollcall, &person, "/edit/profile", &tags("vip, eu", ""), "<b>Tags</b> set to").await;
    there_and_back(&rollcall, &person, "/edit/profile", &tags("", OWNER.0), "<b>Owner</b> set to").await;
    person.does("/edit/profile", &tags("vip, eu", OWNER.0)).await;
    there_and_back(&rollcall, &person, "/edit/profile", &tags("vip", OWNER.0), "<del><bdi>eu, vip</bdi></del>").await;
    there_and_back(&rollcall, &person, "/edit/profile", &tags("vip, eu", ""), "<b>Owner</b>").await;

    let member = |company: &'static str, more: &[(&'static str, &'static str)]| {
        [&[("user", "ann"), ("company", company), ("page", "user")], more].concat()
    };
    let path = "/edit/member";
    there_and_back(&rollcall, &person, path, &member("umbrella", &[("deed", "join"), ("role", "boss")]), "Joined")
        .await;
    there_and_back(
        &rollcall,
        &person,
        path,
        &member("acme", &[("deed", "join"), ("role", "boss"), ("current", "true")]),
        "member",
    )
    .await;
    there_and_back(&rollcall, &person, path, &member("acme", &[("deed", "leave")]), "Left").await;
    person.does(path, &member("umbrella", &[("deed", "join"), ("current", "true")])).await;
    let chosen = member("acme", &[("deed", "join"), ("role", "member"), ("current", "true")]);
    there_and_back(&rollcall, &person, path, &chosen, "<b>Current company</b>").await;
    there_and_back(&rollcall, &person, path, &member("new one", &[("deed", "join")]), "New company").await;
    assert_eq!(rollcall.api("/companies/new%20one").await.status, 404, "made with the deed, gone with it");
}

/// A pin is not a value, so the API does not tell it: what a later message does tells it.
#[actix_web::test]
async fn a_pin_is_taken_back() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "plan": "free" }), 60)).await;
    let person = rollcall.desk().await;
    let pin = [("user", "ann"), ("name", "plan"), ("deed", "set"), ("value", "free"), ("pinned", "true")];
    let page = person.does("/edit/value", &pin).await;
    assert!(page.contains("pinned: only a person can change it") && page.contains("Undo"), "{page}");
    rollcall.page_posts(identify("ann", json!({ "plan": "pro" }), 0)).await;
    assert_eq!(ann(&rollcall).await["attributes"]["plan"], "free");
    person.undoes(&page).await;
    rollcall.page_posts(identify("ann", json!({ "plan": "pro" }), 0)).await;
    assert_eq!(ann(&rollcall).await["attributes"]["plan"], "pro");
}

#[actix_web::test]
async fn notes_are_taken_back_and_back_again() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({}), 60)).await;
    let person = rollcall.desk().await;
    let notes = |page: &str| {
        page.split("id=\"notes\"").nth(1).and_then(|rest| rest.split("</section>").next()).map(str::to_owned)
    };
    let before = notes(&person.open("/users/ann").await);
    let page = person.does("/edit/note", &[("user", "ann"), ("deed", "add"), ("text", "First")]).await;
    assert!(page.contains("Note added") && page.contains("Undo"), "{page}");
    person.undoes(&page).await;
    assert_eq!(notes(&person.open("/users/ann").await), before);

    let page = person.does("/edit/note", &[("user", "ann"), ("deed", "add"), ("text", "Second")]).await;
    let key =
        page.split("/edit/note?note=").nth(1).and_then(|rest| rest.split('"').next()).expect("an edit").to_owned();
    let before = notes(&person.open("/users/ann").await);
    for (fields, said) in [
        ([("user", "ann"), ("note", key.as_str()), ("deed", "change"), ("text", "Third")], "Note changed"),
        ([("user", "ann"), ("note", key.as_str()), ("deed", "delete"), ("text", "")], "Note deleted"),
    ] {
        let page = person.does("/edit/note", &fields).await;
        assert!(page.contains(said) && page.contains("Undo") && notes(&page) != before, "{page}");
        person.undoes(&page).await;
        assert_eq!(notes(&person.open("/users/ann").await), before, "{said}");
    }
    assert!(person.open("/search?q=Second").await.contains("/users/ann#notes"), "and it is found again");
}

/// Whoever was made by hand and of whom nothing else is known goes as if never made; else it stays, and
/// the page says so.
#[actix_web::test]
async fn a_user_and_a_company_made_by_hand_are_taken_away_again() {
    let rollcall = Rollcall::start();
    let person = rollcall.desk().await;
    let fields = [("kind", "user"), ("id", "ann"), ("email", "ann@acme.example"), ("name", "Ann"), ("company", "acme")];
    let page = person.does("/edit/new", &fields).await;
    for shown in ["Created", "New company <b><a href=\"/companies/acme\"><bdi>acme</bdi></a></b>", "Undo"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let page = person.undoes(&page).await;
    assert!(
        page.contains("Undone") && page.contains("Everything is as it was") && !page.contains("ann@acme"),
        "{page}"
    );
    assert_eq!(rollcall.api("/users/ann").await.status, 404);
    assert_eq!(rollcall.api("/companies/acme").await.status, 404);
    assert_eq!(rollcall.list("/possible-duplicates?kind=user").await, Vec::<Value>::new());
    assert!(person.open("/search?q=ann@acme").await.contains("Nothing"), "not found any more");

    // The site names her after all: she comes as anybody does.
    rollcall.page_posts(identify("ann", json!({ "company": { "company_id": "acme" } }), 0)).await;
    assert_eq!(rollcall.companies_of("ann").await[0].0, "acme");

    let page = person.does("/edit/new", &[("kind", "company"), ("id", "umbrella"), ("name", "Umbrella")]).await;
    let page = person.undoes(&page).await;
    assert!(page.contains("Undone") && !page.contains("Umbrella"), "{page}");
    assert_eq!(rollcall.api("/companies/umbrella").await.status, 404);

    let made = person.does("/edit/new", &[("kind", "user"), ("id", "bob"), ("name", "Bob")]).await;
    let event = json!({ "type": "track", "event": "Opened", "userId": "bob", "messageId": message_id() });
    rollcall.page_posts(event).await;
    let page = person.undoes(&made).await;
    assert!(page.contains("1 field has changed since"), "{page}");
    assert_eq!(rollcall.user("bob").await["name"], Value::Null, "what the hand said is taken back, but he stays");

    let company = person.does("/edit/new", &[("kind", "company"), ("id", "hartley"), ("name", "Hartley")]).await;
    let waits = json!({ "type": "group", "anonymousId": "v", "groupId": "hartley", "messageId": message_id() });
    rollcall.page_posts(waits).await;
    let page = person.undoes(&company).await;
    assert!(page.contains("1 field has changed since"), "a visitor waits to join it (C11): {page}");
    let link = json!({ "type": "identify", "anonymousId": "v", "userId": "cid", "messageId": message_id() });
    rollcall.page_posts(link).await;
    assert_eq!(rollcall.companies_of("cid").await[0].0, "hartley");
    let checked = rollcall.shell_output(&["check"], "");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// A setting says what it was and offers Undo, of the workspace and of an attribute; who may not set it may not
/// take it back either.
#[actix_web::test]
async fn settings_are_taken_back_by_who_may_set_them() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "plan": "free" }), 60)).await;
    let person = rollcall.desk().await;
    let rules = [
        ("domain_rule", "off"),
        ("protect_signed", "true"),
        ("ignored_domains", ""),
        ("staff_domains", "shop.test"),
        ("takeover_days", "7"),
    ];
    let page = person.does("/settings/rules", &rules).await;
    for shown in ["<b><bdi>domain_rule</bdi></b>", "<del><bdi>suggest</bdi></del>", "<ins><bdi>7</bdi></ins>", "Undo"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let deeds = rollcall.list("/changes").await;
    assert_eq!(
        (&deeds[0]["cause"], deeds[0]["changes"].as_array().map(Vec::len)),
        (&json!("set"), Some(3)),
        "one deed"
    );
    let writer = rollcall.shell(&["token", "add", "Writer", "--scope", "write", "--json"]);
    let path = format!("/changes/{}/undo", deeds[0]["change_id"]);
    let writer = writer["token"].as_str().expect("a token");
    let refused = rollcall.api_as(Method::POST, &path, writer, Some(json!({}))).await;
    assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (403, Some("scope_missing")));
    let page = person.undoes(&page).await;
    assert!(page.contains("Everything is as it was"), "{page}");
    let setting = |name: &'static str| rollcall.api(name);
    assert_eq!(setting("/settings/domain_rule").await.body["value"], "suggest");
    assert_eq!(setting("/settings/takeover_days").await.body["value"], 30);
    assert!(
        person
            .does("/settings/rules", &[("takeover_days", "30"), ("protect_signed", "true")])
            .await
            .contains("Nothing was changed")
    );

    let attribute = "/attributes/user/plan";
    let page =
        person.does(attribute, &[("deed", "set"), ("label", "Plan"), ("locked", "true"), ("history", "true")]).await;
    assert!(page.contains("Undo") && page.contains("Locked"), "{page}");
    let refused = rollcall.page_posts(identify("ann", json!({ "plan": "pro" }), 0)).await;
    assert_eq!(refused[0]["refused_values"][0]["code"], "attribute_locked");
    let page = person.undoes(&page).await;
    assert!(page.contains("Everything is as it was"), "{page}");
    rollcall.page_posts(identify("ann", json!({ "plan": "pro" }), 0)).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    assert_eq!(rollcall.api("/attributes/user/plan").await.body["label"], Value::Null);
}

/// What of an attribute is where: who sends it, how many have it, since when; found and sorted in the list.
#[actix_web::test]
async fn an_attribute_s_page_says_where_it_is_used() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "plan": "free", "city": "Ulm", "Zip": "89073" }), 60)).await;
    rollcall.backend_posts(identify("bob", json!({ "plan": "pro" }), 30)).await;
    let person = rollcall.desk().await;
    let pin = [("user", "ann"), ("name", "plan"), ("deed", "set"), ("value", "team"), ("pinned", "true")];
    person.does("/edit/value", &pin).await;
    let page = person.open("/attributes/user/plan").await;
    for shown in ["href=\"/users?f=plan%3Aset\">2</a> of 2", "Sent by", "secret token", "by hand", "Pinned"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let order = |page: &str| -> Vec<String> {
        let rows = page.split("<th class=\"lead wrap\" scope=\"row\"><a href=\"/attributes/user/").skip(1);
        rows.filter_map(|row| row.split('"').next().map(str::to_owned)).collect()
    };
    assert_eq!(order(&person.open("/attributes").await), ["city", "plan", "Zip"]);
    assert_eq!(order(&person.open("/attributes?of=user&sort=-filled").await)[0], "plan");
    assert_eq!(order(&person.open("/attributes?of=user&q=zi").await), ["Zip"]);
    assert!(person.open("/attributes?of=user&q=nothing").await.contains("No attribute matches"));
    assert_eq!(person.ask("/attributes?sort=colour").await.0, 400);
}

/// A message of now, as a page sends it with each view.
fn says(user: &str, traits: Value) -> Value {
    json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": traits })
}

/// What the site said since is its own, also where it changed nothing: a deed that is taken back takes back what only
/// the deed said.
#[actix_web::test]
async fn what_the_site_said_again_stays_when_a_deed_is_taken_back() {
    let rollcall = Rollcall::start();
    put(&rollcall, "/users/ann", json!({ "attributes": { "plan": "old" } })).await;
    put(&rollcall, "/companies/acme", json!({})).await;

    let set = patch(&rollcall, "/users/ann", json!({ "attributes": { "plan": "new" } })).await;
    assert_eq!(rollcall.backend_posts(says("ann", json!({ "plan": "new" }))).await[0]["status"], "unchanged");
    let refused = undo(&rollcall, &set.body["change_id"]).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("nothing_to_undo")));
    assert_eq!(ann(&rollcall).await["attributes"]["plan"], "new");

    let joined = put(&rollcall, "/companies/acme/members/ann", json!({ "role": "boss" })).await;
    rollcall.page_posts(says("ann", json!({ "company": { "company_id": "acme" } }))).await;
    let undone = undo(&rollcall, &joined.body["change_id"]).await;
    assert_eq!(undone.body["conflicts"][0]["detail"], "The membership was confirmed since, and stays as it is.");
    let membership = |ann: &Value| {
        let of = ann["companies"][0].clone();
        (of["role"].clone(), of["left_at"].is_null())
    };
    assert_eq!(membership(&ann(&rollcall).await), (Value::Null, true), "the role was the hand's alone");

    let left = delete(&rollcall, "/companies/acme/members/ann").await;
    rollcall.page_posts(says("ann", json!({ "company": { "company_id": "acme", "remove": true } }))).await;
    assert_eq!(undo(&rollcall, &left.body["change_id"]).await.status, 409);
    assert!(!membership(&ann(&rollcall).await).1, "the site says so too");

    let made = put(&rollcall, "/users/bob", json!({ "attributes": { "plan": "pro", "city": "Ulm" } })).await;
    rollcall.page_posts(says("bob", json!({ "plan": "pro" }))).await;
    assert_eq!(undo(&rollcall, &made.body["change_id"]).await.status, 200);
    assert_eq!(rollcall.user("bob").await["attributes"], json!({ "plan": "pro" }));
}

/// What an undoing wrote back is nobody's word: deeds are taken back one after the other, and a hand that says it
/// again is.
#[actix_web::test]
async fn deeds_are_taken_back_one_after_the_other() {
    let rollcall = Rollcall::start();
    put(&rollcall, "/users/ann", json!({ "attributes": { "plan": "a" } })).await;
    let plan = async |value: &str| {
        let body = json!({ "attributes": { "plan": value } });
        patch(&rollcall, "/users/ann", body).await.body["change_id"].clone()
    };
    let (first, second) = (plan("b").await, plan("c").await);
    for (change, stands) in [(second, "b"), (first, "a")] {
        let undone = undo(&rollcall, &change).await;
        assert_eq!((undone.status.as_u16(), &undone.body["conflicts"]), (200, &json!([])));
        assert_eq!(ann(&rollcall).await["attributes"]["plan"], stands);
    }
    let third = plan("d").await;
    plan("d").await;
    assert_eq!(undo(&rollcall, &third).await.status, 409, "the hand said it again");
}

/// Whoever is gone has nothing to be taken back, and what was done still says of whom.
#[actix_web::test]
async fn a_deed_about_somebody_who_is_gone_is_refused_and_still_says_who() {
    let rollcall = Rollcall::start();
    let mut deeds = Vec::new();
    for (path, kind) in [("/users/ann", "user"), ("/companies/acme", "company")] {
        let made = put(&rollcall, path, json!({ "name": "A" })).await;
        let undone = undo(&rollcall, &made.body["change_id"]).await;
        assert_eq!(rollcall.api(path).await.status, 404);
        let again = undo(&rollcall, &undone.body["change_id"]).await;
        assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("nothing_to_undo")));
        let id = path.rsplit('/').next().unwrap();
        assert!(again.body["detail"].as_str().unwrap().contains(&format!("{id} no longer exists")), "{}", again.body);
        let told = &rollcall.list("/changes").await[0]["changes"][0];
        assert_eq!((&told["kind"], &told["id"]), (&json!(kind), &json!(id)));
        deeds.extend([made.body["change_id"].clone(), undone.body["change_id"].clone()]);
    }
    let audit = rollcall.desk().await.open("/settings/audit").await;
    for deed in deeds {
        assert!(!audit.contains(&format!("/changes/{deed}/undo")), "{deed} is not offered: {audit}");
    }
}

/// Values that waited, and were let in by a decision, wait again; one that took another's place makes way for it.
#[actix_web::test]
async fn values_that_waited_wait_again_when_the_decision_is_taken_back() {
    let rollcall = Rollcall::start();
    put(&rollcall, "/users/ann", json!({ "attributes": { "score": 5, "seats": 1 } })).await;
    let waiting = async || {
        let names = rollcall.list("/refusals/tray").await;
        names.iter().map(|name| (name["name"].clone(), name["samples"].clone())).collect::<Vec<_>>()
    };
    let latest = async || rollcall.list("/changes").await[0]["change_id"].clone();

    rollcall.backend_posts(says("ann", json!({ "score": "five" }))).await;
    patch(&rollcall, "/attributes/user/score", json!({ "type": "string" })).await;
    assert_eq!(ann(&rollcall).await["attributes"]["score"], "five");
    let undone = undo(&rollcall, &latest().await).await;
    assert_eq!(undone.body["conflicts"], json!([]));
    assert_eq!(ann(&rollcall).await["attributes"]["score"], 5);
    assert_eq!(waiting().await, [(json!("score"), json!(["five"]))]);

    let source = rollcall.list("/sources").await;
    for source in &source {
        let path = format!("/sources/{}", source["source_id"].as_str().unwrap());
        patch(&rollcall, &path, json!({ "new_attributes": "closed" })).await;
    }
    let decide = async |name: &str, decision: Value| {
        let path = format!("/refusals/tray/user/{name}");
        let decided = rollcall.api_as(Method::POST, &path, &rollcall.token, Some(decision)).await;
        assert_eq!(decided.status, 200, "{}", decided.body);
    };
    rollcall.page_posts(says("ann", json!({ "logins": 7, "places": 8 }))).await;
    decide("logins", json!({ "decision": "accept", "type": "number" })).await;
    assert_eq!(ann(&rollcall).await["attributes"]["logins"], 7);
    assert_eq!(undo(&rollcall, &latest().await).await.status, 200);
    decide("places", json!({ "decision": "map", "to": "seats" })).await;
    assert_eq!(ann(&rollcall).await["attributes"]["seats"], 8);
    assert_eq!(undo(&rollcall, &latest().await).await.status, 200);
    assert_eq!(ann(&rollcall).await["attributes"], json!({ "score": 5, "seats": 1 }));
    let expected = ["logins", "places", "score"];
    assert_eq!(waiting().await.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), expected);

    decide("places", json!({ "decision": "ignore" })).await;
    assert_eq!(undo(&rollcall, &latest().await).await.status, 200);
    assert_eq!(rollcall.list("/refusals/names").await, Vec::<Value>::new());
}
