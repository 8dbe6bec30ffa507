//! The cases of the rule book, each a story named after its row: what is sent, and what the API
//! says then. Those that need a real page (4, 5, 30, 31, and the page's side of 3, 21 and 22) are
//! told in `browser.rs`.

mod support;

use rollcall::actions::receive::receive;
use rollcall::domain::access::Grade;
use rollcall::domain::ids::{CompanyId, UserId};
use rollcall::domain::message::{CompanyStatement, Delivery, Kind, Message, Standing, Status};
use rollcall::store::{Ambient, Store, StoreError};
use serde_json::{Value, json};
use support::{Rollcall, message_id, seconds_ago};

fn page(visitor: &str, path: &str) -> Value {
    json!({
        "type": "page", "messageId": message_id(), "anonymousId": visitor, "timestamp": seconds_ago(60),
        "properties": { "path": path },
    })
}

fn identify(visitor: Option<&str>, user: &str, traits: Value) -> Value {
    let mut message = json!({
        "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(30),
    });
    if let Some(visitor) = visitor {
        message["anonymousId"] = json!(visitor);
    }
    message
}

fn track(user: &str, event: &str) -> Value {
    json!({ "type": "track", "messageId": message_id(), "userId": user, "event": event, "timestamp": seconds_ago(20) })
}

/// The same at another time.
fn at(mut message: Value, seconds: i64) -> Value {
    message["timestamp"] = json!(seconds_ago(seconds));
    message
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().unwrap_or_default()).collect()
}

#[actix_web::test]
async fn case_01_pages_before_identify_are_the_users() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(json!([at(page("v", "/"), 90), at(page("v", "/prices"), 60)])).await;
    rollcall.page_posts(identify(Some("v"), "ann", json!({}))).await;
    assert_eq!(rollcall.events_of("ann").await, ["page /", "page /prices"]);
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["anonymous_ids"], json!(["v"]));
    assert!(!ann["last_seen"].is_null(), "{ann}");
}

#[actix_web::test]
async fn case_02_the_same_identify_again_is_unchanged_and_leaves_no_history() {
    let rollcall = Rollcall::start();
    let said = |seconds| at(identify(None, "ann", json!({ "plan": "pro", "name": "Ann" })), seconds);
    assert_eq!(statuses(&rollcall.backend_posts(said(30)).await), ["stored"]);
    let before = rollcall.list("/users/ann/changes").await;
    assert_eq!(statuses(&rollcall.backend_posts(said(20)).await), ["unchanged"]);
    assert_eq!(rollcall.list("/users/ann/changes").await, before);
    let told = rollcall.page_posts(said(10)).await;
    assert_eq!(statuses(&told), ["stored"], "an unsigned caller learns nothing");
}

#[actix_web::test]
async fn case_03_another_identify_on_the_same_browser_gets_a_fresh_anonymous_id() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(json!([page("v", "/"), identify(Some("v"), "ann", json!({ "plan": "pro" }))])).await;
    let results = rollcall.page_posts(identify(Some("v"), "bob", json!({}))).await;
    let fresh = results[0]["anonymous_id"].as_str().expect("a fresh anonymous id").to_owned();
    assert_ne!(fresh, "v");
    assert_eq!(rollcall.user_ids().await, ["ann", "bob"]);
    assert_eq!(rollcall.user("bob").await["anonymous_ids"], json!([fresh]));
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["anonymous_ids"], json!(["v"]));
    assert_eq!(ann["attributes"]["plan"], "pro");
    assert_eq!(rollcall.events_of("ann").await, ["page /"]);
    assert!(rollcall.events_of("bob").await.is_empty());
}

#[actix_web::test]
async fn case_04_after_a_reset_the_page_is_the_next_users() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify(Some("v1"), "ann", json!({}))).await;
    rollcall.page_posts(page("v2", "/after-reset")).await;
    rollcall.page_posts(identify(Some("v2"), "bob", json!({}))).await;
    assert_eq!(rollcall.events_of("bob").await, ["page /after-reset"]);
    assert!(rollcall.events_of("ann").await.is_empty());
}

#[actix_web::test]
async fn case_05_without_a_reset_the_page_stays_with_the_one_before() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify(Some("v"), "ann", json!({}))).await;
    rollcall.page_posts(page("v", "/signed-out")).await;
    rollcall.page_posts(identify(Some("v"), "bob", json!({}))).await;
    assert_eq!(rollcall.events_of("ann").await, ["page /signed-out"]);
    assert!(rollcall.events_of("bob").await.is_empty());
}

#[actix_web::test]
async fn case_06_a_phone_and_a_laptop_are_one_user() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify(Some("phone"), "ann", json!({}))).await;
    rollcall.page_posts(identify(Some("laptop"), "ann", json!({}))).await;
    assert_eq!(rollcall.user_ids().await, ["ann"]);
    let mut browsers: Vec<String> =
        serde_json::from_value(rollcall.user("ann").await["anonymous_ids"].clone()).expect("ids");
    browsers.sort();
    assert_eq!(browsers, ["laptop", "phone"]);
}

#[actix_web::test]
async fn case_07_placeholders_are_refused_and_the_page_is_kept_for_the_visitor() {
    let rollcall = Rollcall::start();
    let placeholders = [
        "null",
        "undefined",
        "None",
        "nil",
        "NaN",
        "true",
        "false",
        "[object Object]",
        "0",
        "-1",
        "anonymous",
        "guest",
        "{{ user.id }}",
        "{% user %}",
        "<%= user.id %>",
        "${user.id}",
        "[[user]]",
        "%USER_ID%",
        "00000000-0000-0000-0000-000000000000",
        "USER_ID",
        "COMPANY_ID",
        "YOUR_USER_ID",
    ];
    for (number, placeholder) in placeholders.iter().enumerate() {
        let visitor = format!("v{number}");
        let mut seen = page(&visitor, "/");
        seen["userId"] = json!(placeholder);
        let results =
            rollcall.page_posts(json!([identify(Some(&visitor), placeholder, json!({ "a": 1 })), seen])).await;
        assert_eq!(statuses(&results), ["refused", "stored"], "{placeholder}");
        assert_eq!(results[0]["code"], "id_placeholder", "{placeholder}");
        assert!(results[0]["detail"].as_str().expect("a sentence").contains("placeholder"));
        assert_eq!(results[1]["refused_values"][0]["code"], "id_placeholder", "{placeholder}");
    }
    assert!(rollcall.user_ids().await.is_empty());
    assert_eq!(rollcall.list("/visitors").await.len(), placeholders.len());
    let refusals = rollcall.list("/refusals").await;
    let counted: u64 = refusals.iter().filter_map(|refusal| refusal["count"].as_u64()).sum();
    assert_eq!(counted, 2 * placeholders.len() as u64, "{refusals:?}");
    assert!(refusals.iter().all(|refusal| refusal["code"] == "id_placeholder"));
}

#[actix_web::test]
async fn case_09_an_alias_joins_a_visitor_to_a_user_and_never_goes_in_a_circle() {
    let rollcall = Rollcall::start();
    let alias = |previous: &str, user: &str| json!({ "type": "alias", "messageId": message_id(), "previousId": previous, "userId": user });
    rollcall.page_posts(page("v", "/")).await;
    assert_eq!(statuses(&rollcall.page_posts(alias("v", "a")).await), ["stored"]);
    assert_eq!(rollcall.events_of("a").await, ["page /"]);
    // A public key renames nobody, and is not told whether the ids are users'.
    assert_eq!(statuses(&rollcall.page_posts(alias("a", "b2")).await), ["stored"]);
    assert_eq!(rollcall.user("a").await["user_id"], "a");
    assert_ne!(rollcall.user("b2").await["id"], rollcall.user("a").await["id"]);
    assert_eq!(statuses(&rollcall.backend_posts(alias("a", "b")).await), ["stored"]);
    assert_eq!(statuses(&rollcall.backend_posts(alias("b", "c")).await), ["stored"]);
    let results = rollcall.backend_posts(alias("c", "a")).await;
    assert_eq!(results[0]["code"], "alias_loop", "{results:?}");
    assert_eq!(rollcall.user_ids().await, ["b2", "c"]);
    for id in ["a", "b", "c"] {
        assert_eq!(rollcall.user(id).await["user_id"], "c");
    }
    assert_eq!(statuses(&rollcall.backend_posts(alias("c", "c")).await), ["unchanged"], "an alias to itself");
}

#[actix_web::test]
async fn case_10_an_alias_to_a_taken_id_is_refused_with_a_hint() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(json!([identify(None, "a", json!({})), identify(None, "b", json!({}))])).await;
    let results = rollcall.backend_posts(json!({ "type": "alias", "previousId": "a", "userId": "b" })).await;
    assert_eq!(results[0]["code"], "alias_taken");
    assert!(results[0]["detail"].as_str().expect("a sentence").contains("Merge"));
    assert_eq!(rollcall.user_ids().await, ["a", "b"]);
}

#[actix_web::test]
async fn case_13_identify_may_arrive_before_the_pages_it_follows() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify(Some("v"), "ann", json!({}))).await;
    rollcall.page_posts(json!([at(page("v", "/a"), 90), at(page("v", "/b"), 80)])).await;
    assert_eq!(rollcall.events_of("ann").await, ["page /a", "page /b"]);
}

#[actix_web::test]
async fn case_14_a_late_queue_brings_its_events_and_not_the_old_plan() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify(None, "ann", json!({ "plan": "pro" }))).await;
    let three_days = 3 * 86_400;
    rollcall
        .page_posts(json!([
            at(identify(None, "ann", json!({ "plan": "free", "city": "Oslo" })), three_days),
            at(track("ann", "Report exported"), three_days - 5),
        ]))
        .await;
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["attributes"]["plan"], "pro");
    assert_eq!(ann["attributes"]["city"], "Oslo");
    let events = rollcall.list("/users/ann/events").await;
    let exported = events.iter().find(|event| event["name"] == "Report exported").expect("the event");
    assert_eq!(&exported["time"].as_str().expect("a time")[..16], &seconds_ago(three_days - 5)[..16]);
}

#[actix_web::test]
async fn case_15_a_clock_a_year_ahead_is_corrected_or_cut() {
    let rollcall = Rollcall::start();
    let year = 365 * 86_400;
    let sent = json!({
        "writeKey": rollcall.write_key, "sentAt": seconds_ago(-year),
        "batch": [at(track("ann", "Corrected"), 600 - year)],
    });
    let answer = rollcall.post("/v1/batch", sent).await;
    assert_eq!(answer.body["results"][0]["status"], "stored", "{answer:?}");
    let results = rollcall.page_posts(at(track("ann", "Cut"), -year)).await;
    assert!(!results[0]["warnings"].as_array().expect("a warning").is_empty());
    let events = rollcall.list("/users/ann/events").await;
    let time_of = |name: &str| {
        let event = events.iter().find(|event| event["name"] == name).expect("the event");
        chrono::DateTime::parse_from_rfc3339(event["time"].as_str().expect("a time")).expect("a time").timestamp()
    };
    let now = chrono::Utc::now().timestamp();
    assert!((now - time_of("Corrected") - 600).abs() < 10);
    assert!((now - time_of("Cut")).abs() < 10);
}

#[actix_web::test]
async fn case_16_the_same_message_twice_is_one() {
    let rollcall = Rollcall::start();
    let message = track("ann", "Paid");
    let (first, second) = futures(&rollcall, &message, &message).await;
    let mut both = [statuses(&first)[0].to_owned(), statuses(&second)[0].to_owned()];
    both.sort();
    assert_eq!(both, ["duplicate", "stored"]);
    // Tried again by a client whose clock went wrong in between.
    let retry = json!({
        "writeKey": rollcall.write_key, "sentAt": seconds_ago(-86_400), "batch": [message],
    });
    assert_eq!(rollcall.post("/v1/batch", retry).await.body["results"][0]["status"], "duplicate");
    // And the other way: first with the wrong clock, then with the right one, then without any.
    let other = track("ann", "Paid");
    for sent_at in [Some(seconds_ago(-86_400)), Some(seconds_ago(0)), None] {
        let body = json!({ "writeKey": rollcall.write_key, "sentAt": sent_at, "batch": [other] });
        rollcall.post("/v1/batch", body).await;
    }
    assert_eq!(rollcall.events_of("ann").await, ["Paid", "Paid"]);
}

/// Two posts at the same moment on two connections.
async fn futures(rollcall: &Rollcall, one: &Value, other: &Value) -> (Vec<Value>, Vec<Value>) {
    tokio::join!(rollcall.page_posts(one.clone()), rollcall.page_posts(other.clone()))
}

#[actix_web::test]
async fn case_17_one_company_means_the_new_one_replaces_the_old() {
    let rollcall = Rollcall::start();
    rollcall.shell(&["setting", "one_company", "true"]);
    support::until("the server sees the setting", || async {
        let answer = rollcall.api("/settings/one_company").await;
        (answer.body.to_string().contains("true")).then_some(()).ok_or(answer.text)
    })
    .await;
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "company_id": "x" } })), 20)).await;
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "company_id": "y" } })), 10)).await;
    assert_eq!(rollcall.companies_of("ann").await, [("x".into(), false, true), ("y".into(), true, false)]);
    let cookie = rollcall.session_cookie().await;
    let request = rollcall.client.get(format!("{}/users/ann", rollcall.address)).header("cookie", &cookie);
    let page = request.send().await.expect("an answer").text().await.expect("a page");
    assert_eq!(page.matches("Moved from ").count(), 1, "one line says it");
}

#[actix_web::test]
async fn case_18_several_companies_and_an_event_that_states_none() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "company_id": "x" } })), 40)).await;
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "company_id": "y" } })), 30)).await;
    rollcall.page_posts(track("ann", "Report exported")).await;
    assert_eq!(rollcall.companies_of("ann").await, [("x".into(), false, false), ("y".into(), true, false)]);
    let events = rollcall.list("/users/ann/events").await;
    let exported = events.iter().find(|event| event["name"] == "Report exported").expect("the event");
    assert!(exported["company_id"].is_null(), "{exported}");
}

#[actix_web::test]
async fn case_19_replace_leaves_the_others() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "company_id": "x" } })), 40)).await;
    let traits = json!({ "companies": [{ "company_id": "y" }], "companies_mode": "replace" });
    rollcall.page_posts(at(identify(None, "ann", traits), 30)).await;
    assert_eq!(rollcall.companies_of("ann").await, [("x".into(), false, true), ("y".into(), true, false)]);
}

#[actix_web::test]
async fn case_20_a_known_company_with_another_name_is_renamed_and_history_says_so() {
    let rollcall = Rollcall::start();
    let named = |name: &str| identify(None, "ann", json!({ "company": { "company_id": "x", "name": name } }));
    rollcall.page_posts(at(named("Acme"), 40)).await;
    rollcall.page_posts(at(named("Acme Ltd"), 30)).await;
    assert_eq!(rollcall.company("x").await["name"], "Acme Ltd");
    let changes = rollcall.list("/companies/x/changes").await;
    let text = serde_json::to_string(&changes).expect("text");
    assert!(text.contains(r#""before":"Acme""#) && text.contains(r#""after":"Acme Ltd""#), "{text}");
}

#[actix_web::test]
async fn case_21_a_company_before_identify_waits_for_the_user() {
    let rollcall = Rollcall::start();
    let group = json!({
        "type": "group", "messageId": message_id(), "anonymousId": "v", "groupId": "x", "traits": { "name": "Acme" },
        "membership": { "role": "admin" }, "timestamp": seconds_ago(40),
    });
    let results = rollcall.page_posts(group).await;
    assert_eq!(statuses(&results), ["stored"]);
    assert!(results[0]["warnings"].to_string().contains("company_waits_for_user"), "{results:?}");
    rollcall.page_posts(identify(Some("v"), "ann", json!({}))).await;
    assert_eq!(rollcall.companies_of("ann").await, [("x".into(), true, false)]);
    assert_eq!(rollcall.user("ann").await["companies"][0]["role"], "admin");
    assert_eq!(rollcall.company("x").await["members"], 1);
}

#[actix_web::test]
async fn case_22_two_tabs_with_two_companies_stamp_each_event_right() {
    let rollcall = Rollcall::start();
    let in_company = |company: &str, event: &str| {
        let mut message = track("ann", event);
        message["context"] = json!({ "groupId": company });
        message
    };
    let traits = json!({ "companies": [{ "company_id": "x" }, { "company_id": "y" }] });
    rollcall.page_posts(identify(None, "ann", traits)).await;
    rollcall.page_posts(json!([in_company("x", "One"), in_company("y", "Two")])).await;
    let events = rollcall.list("/users/ann/events").await;
    let company_of = |name: &str| events.iter().find(|event| event["name"] == name).expect("it")["company_id"].clone();
    assert_eq!(company_of("One"), "x");
    assert_eq!(company_of("Two"), "y");
    assert_eq!(rollcall.company("x").await["active_members_30d"], 1);
}

#[actix_web::test]
async fn case_23_staff_acting_as_a_user_touch_nobody() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify(None, "ann", json!({ "plan": "pro" }))).await;
    let before = rollcall.user("ann").await;
    let mut looked = track("ann", "Looked");
    looked["anonymousId"] = json!("staff-browser");
    looked["context"] = json!({ "acting_as": true });
    let mut said = identify(Some("staff-browser"), "ann", json!({ "plan": "free", "company": { "company_id": "x" } }));
    said["context"] = json!({ "acting_as": true });
    rollcall.page_posts(json!([looked, said])).await;
    assert_eq!(rollcall.user("ann").await, before);
}

#[actix_web::test]
async fn case_32_a_role_that_an_import_sets_is_kept_when_the_widget_sends_none() {
    let mut rollcall = Rollcall::start();
    rollcall.terminate();
    // A row of an imported file goes the same way as a message, with the grade of an import.
    let store = Store::open(&rollcall.file(), Ambient::default()).expect("the file opens");
    let mut row = Message::new(Kind::Identify);
    row.user_id = UserId::parse("ann").expect("an id");
    let role = json!({ "role": "admin" }).as_object().cloned().expect("an object");
    row.companies = vec![CompanyStatement {
        company_id: CompanyId::parse("acme").expect("an id"),
        standing: Standing::Joins,
        attributes: serde_json::Map::new(),
        membership: role,
    }];
    let received_ms = store.now_ms();
    row.timestamp_ms = Some(received_ms - 60_000);
    let source = store.catalog().api_source().expect("the source API").key;
    let delivery = Delivery { source, grade: Grade::Import, sent_at_ms: None, received_ms };
    let receipt: Result<_, StoreError> = store.write(move |tx| receive(tx, &delivery, row)).await;
    assert_eq!(receipt.expect("it is stored").status, Status::Stored);
    store.close();
    rollcall.serve();
    for company in [json!({ "company_id": "acme" }), json!({ "company_id": "acme", "membership": { "title": "CTO" } })]
    {
        rollcall.page_posts(at(identify(None, "ann", json!({ "company": company })), 10)).await;
    }
    let acme = rollcall.user("ann").await["companies"][0].clone();
    assert_eq!((&acme["role"], &acme["title"]), (&json!("admin"), &json!("CTO")), "{acme}");
}

#[actix_web::test]
async fn case_26_after_an_erasure_nothing_comes_back() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(json!([page("v", "/"), identify(Some("v"), "ann", json!({ "name": "Ann" }))])).await;
    let (path, body) = ("/users/ann/erase", json!({ "events": "delete" }));
    let receipt = rollcall.api_as(reqwest::Method::POST, path, &rollcall.token, Some(body)).await;
    assert_eq!((receipt.status.as_u16(), receipt.body["rows"]["events"].as_u64()), (200, Some(2)), "{receipt:?}");
    let late =
        || json!([track("ann", "Paid"), page("v", "/late"), identify(Some("v"), "ann", json!({ "name": "Ann" }))]);
    for result in rollcall.backend_posts(late()).await {
        assert_eq!((&result["status"], &result["code"]), (&json!("refused"), &json!("erased")), "{result}");
    }
    assert_eq!(
        statuses(&rollcall.page_posts(late()).await),
        ["stored", "stored", "stored"],
        "a stranger learns nothing"
    );
    assert!(rollcall.user_ids().await.is_empty() && rollcall.list("/events").await.is_empty());
    assert!(rollcall.list("/visitors").await.is_empty());
}

#[actix_web::test]
async fn case_28_a_free_mail_address_names_no_company() {
    let rollcall = Rollcall::start();
    rollcall.shell(&["setting", "domain_rule", "create"]);
    support::until("the server sees the setting", || async {
        let answer = rollcall.api("/settings/domain_rule").await;
        (answer.body.to_string().contains("create")).then_some(()).ok_or(answer.text)
    })
    .await;
    for (user, email) in [("ann", "ann@gmail.com"), ("bob", "bob@mailinator.com"), ("cem", "cem@acme.test")] {
        rollcall.page_posts(identify(None, user, json!({ "email": email }))).await;
    }
    assert!(rollcall.companies_of("ann").await.is_empty() && rollcall.companies_of("bob").await.is_empty());
    assert_eq!(rollcall.companies_of("cem").await, [("acme.test".to_owned(), true, false)]);
    assert_eq!(rollcall.list("/companies").await.len(), 1);
}

#[actix_web::test]
async fn case_29_another_address_moves_nobody_and_the_page_says_so() {
    let rollcall = Rollcall::start();
    let company = json!({ "company_id": "acme", "domain": "acme.test" });
    let traits = json!({ "email": "ann@acme.test", "company": company });
    rollcall.page_posts(at(identify(None, "ann", traits), 40)).await;
    let hint = "no domain of the user&#39;s company";
    let cookie = rollcall.session_cookie().await;
    let page = async || {
        let request = rollcall.client.get(format!("{}/users/ann", rollcall.address)).header("cookie", &cookie);
        request.send().await.expect("an answer").text().await.expect("a page").replace('\'', "&#39;")
    };
    assert!(!page().await.contains(hint));
    rollcall.page_posts(at(identify(None, "ann", json!({ "email": "ann@umbrella.test" })), 30)).await;
    assert_eq!(rollcall.companies_of("ann").await, [("acme".into(), true, false)]);
    assert!(page().await.contains(hint));
    assert!(rollcall.list("/suggested-domains").await.is_empty());
}

#[actix_web::test]
async fn case_33_a_value_that_does_not_fit_waits_in_the_tray_and_the_rest_is_stored() {
    let rollcall = Rollcall::start();
    let traits = json!({ "plan": "pro", "company": { "company_id": "x", "seats": "ten", "name": "Acme" } });
    let results = rollcall.page_posts(identify(None, "ann", traits)).await;
    assert_eq!(statuses(&results), ["stored"]);
    let refused = &results[0]["refused_values"][0];
    assert_eq!(refused["code"], "type_mismatch", "{results:?}");
    assert!(refused["attribute"].as_str().expect("a name").contains("seats"));
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    let company = rollcall.company("x").await;
    assert_eq!(company["name"], "Acme");
    assert!(company["attributes"]["seats"].is_null());
    let refusals = rollcall.list("/refusals").await;
    assert_eq!(refusals[0]["code"], "type_mismatch");
    assert!(refusals[0]["example"].to_string().contains("ten"), "{refusals:?}");
}

#[actix_web::test]
async fn case_34_limits_refuse_by_name_and_lose_nothing_else() {
    let rollcall = Rollcall::start();
    for start in [0, 250] {
        let traits: serde_json::Map<String, Value> =
            (start..start + 250).map(|number| (format!("attribute-{number:03}"), json!(number))).collect();
        rollcall.backend_posts(identify(None, "ann", Value::Object(traits))).await;
    }
    let results = rollcall.backend_posts(identify(None, "ann", json!({ "one-more": 1, "name": "Ann" }))).await;
    assert_eq!(results[0]["refused_values"][0]["code"], "too_many_attributes", "{results:?}");
    assert_eq!(results[0]["refused_values"][0]["attribute"], "one-more");
    assert_eq!(rollcall.user("ann").await["name"], "Ann");

    let big = identify(None, "bob", json!({ "note": "x".repeat(33 * 1024) }));
    let mut alone = big.clone();
    alone["writeKey"] = json!(rollcall.write_key);
    let answer = rollcall.post("/v1/identify", alone).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body["code"], "message_too_large");
    let results = rollcall.page_posts(json!([big, track("bob", "Kept")])).await;
    assert_eq!(statuses(&results), ["refused", "stored"]);
    assert_eq!(results[0]["code"], "message_too_large");

    let deep = (0..20).fold(json!(1), |inner, _| json!({ "inner": inner }));
    let results = rollcall.page_posts(identify(None, "cem", json!({ "name": "Cem", "deep": deep }))).await;
    assert_eq!(results[0]["refused_values"][0]["code"], "nesting_too_deep", "{results:?}");
    assert_eq!(rollcall.user("cem").await["name"], "Cem");
}

#[actix_web::test]
async fn case_35_a_company_without_id_means_the_current_one() {
    let rollcall = Rollcall::start();
    let results =
        rollcall.page_posts(identify(None, "ann", json!({ "company": { "revenue": 5 }, "plan": "pro" }))).await;
    assert_eq!(statuses(&results), ["stored"]);
    assert_eq!(results[0]["refused_values"][0]["code"], "company_id_missing", "{results:?}");
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    rollcall.page_posts(identify(None, "ann", json!({ "company": { "company_id": "x" } }))).await;
    rollcall.page_posts(identify(None, "ann", json!({ "company": { "revenue": 5 } }))).await;
    assert_eq!(rollcall.company("x").await["attributes"]["revenue"], 5);
}

#[actix_web::test]
async fn case_36_a_lead_becomes_a_user_in_the_same_browser() {
    let rollcall = Rollcall::start();
    let lead = json!({
        "type": "identify", "messageId": message_id(), "anonymousId": "v", "traits": { "email": "Ann@Example.com " },
    });
    rollcall.page_posts(lead).await;
    assert_eq!(rollcall.user_ids().await, ["(lead)"]);
    rollcall.page_posts(identify(Some("v"), "ann", json!({ "email": "ann@example.com" }))).await;
    assert_eq!(rollcall.user_ids().await, ["ann"]);
}

#[actix_web::test]
async fn case_37_and_44_from_another_browser_it_stays_apart() {
    let rollcall = Rollcall::start();
    let lead = |visitor: &str| {
        json!({
            "type": "identify", "messageId": message_id(), "anonymousId": visitor,
            "traits": { "email": "ann@example.com", "plan": "free" },
        })
    };
    rollcall.page_posts(lead("v1")).await;
    rollcall.page_posts(identify(Some("v2"), "ann", json!({ "email": "ann@example.com", "plan": "pro" }))).await;
    assert_eq!(rollcall.user_ids().await, ["(lead)", "ann"]);
    rollcall.page_posts(lead("v3")).await;
    assert_eq!(rollcall.user_ids().await, ["(lead)", "ann"], "the lead is found, the user untouched");
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
}

#[actix_web::test]
async fn case_38_four_spellings_of_one_day() {
    let rollcall = Rollcall::start();
    let spellings = [json!(1_700_000_000), json!("1700000000"), json!(1_700_000_000_000_i64), json!("2023-11-14")];
    for (number, spelling) in spellings.iter().enumerate() {
        let id = format!("user-{number}");
        rollcall.page_posts(identify(None, &id, json!({ "created_at": spelling }))).await;
        let user = rollcall.user(&id).await;
        let created = user["attributes"]["created_at"].as_str().expect("a time").to_owned();
        assert!(created.starts_with("2023-11-14T"), "{spelling}: {created}");
        assert!(user["first_seen"].as_str().expect("a time").starts_with("2023-11-14"), "{user}");
    }
}

#[actix_web::test]
async fn case_39_spaces_and_unicode_forms_are_one_user() {
    let rollcall = Rollcall::start();
    for spelling in ["ÅSA", " ÅSA ", "A\u{30a}SA"] {
        rollcall.page_posts(identify(None, spelling, json!({}))).await;
    }
    assert_eq!(rollcall.user_ids().await, ["ÅSA"]);
}

#[actix_web::test]
async fn case_41_a_late_value_does_not_overwrite() {
    let rollcall = Rollcall::start();
    for (seconds, plan) in [(50, "pro"), (30, "pro"), (40, "free")] {
        rollcall.page_posts(at(identify(None, "ann", json!({ "plan": plan })), seconds)).await;
    }
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
}

#[actix_web::test]
async fn case_42_increments_after_the_newest_plain_value_count() {
    let rollcall = Rollcall::start();
    for (seconds, score) in [(50, json!(5)), (30, json!({ "$inc": 2 })), (40, json!(1))] {
        rollcall.page_posts(at(identify(None, "ann", json!({ "score": score })), seconds)).await;
    }
    assert_eq!(rollcall.user("ann").await["attributes"]["score"], 3);
}

#[actix_web::test]
async fn case_43_leave_may_arrive_before_join() {
    let rollcall = Rollcall::start();
    let leaves = json!({ "company": { "company_id": "x", "remove": true } });
    rollcall.page_posts(at(identify(None, "ann", leaves), 30)).await;
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "company_id": "x" } })), 40)).await;
    assert_eq!(rollcall.companies_of("ann").await, [("x".into(), false, true)]);
    assert_eq!(rollcall.company("x").await["members"], 0);
}

#[actix_web::test]
async fn case_45_numbers_stay_numbers() {
    let rollcall = Rollcall::start();
    for (seconds, revenue) in [(50, json!(100)), (40, json!(99.5))] {
        rollcall.page_posts(at(identify(None, "ann", json!({ "revenue": revenue })), seconds)).await;
        assert_eq!(rollcall.user("ann").await["attributes"]["revenue"], revenue);
    }
    // A quoted number decides the type "string"; the page of attributes offers to change it.
    rollcall.page_posts(identify(None, "ann", json!({ "tickets": "20" }))).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["tickets"], "20");
    rollcall.page_posts(identify(None, "ann", json!({ "company": { "company_id": "x", "seats": "20" } }))).await;
    assert_eq!(rollcall.company("x").await["attributes"]["seats"], 20, "seats is a number from the start");
}

/// T4: the workspace's zone defines every day; a change of it counts all days anew.
#[actix_web::test]
async fn t4_a_change_of_the_time_zone_counts_the_days_anew() {
    let rollcall = Rollcall::start();
    for number in 0..5 {
        let traits = json!({ "company": { "company_id": "acme" } });
        rollcall.page_posts(identify(None, &format!("user-{number}"), traits)).await;
    }
    for day in 2..8 {
        for hour in 0..12 {
            let user = format!("user-{}", hour % 5);
            let mut paid = at(track(&user, "Paid"), day * 86_400 + hour * 7_000);
            paid["context"] = json!({ "groupId": "acme" });
            rollcall.page_posts(paid).await;
        }
    }
    for zone in ["Pacific/Kiritimati", "America/St_Johns", "UTC"] {
        rollcall.shell(&["setting", "time_zone", zone]);
        // `check` compares every day with a recount in the zone that holds now.
        support::until(&format!("the days are those of {zone}"), || async {
            let checked = rollcall.shell_output(&["check", "--json"], "");
            let said = String::from_utf8_lossy(&checked.stdout).into_owned();
            if checked.status.success() { Ok(()) } else { Err(said) }
        })
        .await;
    }
    assert_eq!(rollcall.company("acme").await["active_members_30d"], 5);
    // Whoever leaves is no active member, whoever was none never was one.
    let leaves = json!({ "company": { "company_id": "acme", "remove": true } });
    rollcall.page_posts(at(identify(None, "user-0", leaves), 1)).await;
    let mut guest = track("guest", "Paid");
    guest["context"] = json!({ "groupId": "acme" });
    rollcall.page_posts(guest).await;
    let acme = rollcall.company("acme").await;
    assert_eq!((acme["members"].as_i64(), acme["active_members_30d"].as_i64()), (Some(4), Some(4)));
    assert!(rollcall.shell_output(&["check"], "").status.success());
}

/// A4: what a stranger's names cost is bounded, and the answer says that there were more.
#[actix_web::test]
async fn a4_a_thousand_new_names_fill_neither_the_answer_nor_the_file() {
    let rollcall = Rollcall::start();
    let traits: serde_json::Map<String, Value> = (0..1_000).map(|number| (format!("n{number}"), json!(1))).collect();
    let results = rollcall.page_posts(identify(None, "ann", Value::Object(traits))).await;
    assert_eq!(results[0]["refused_values"].as_array().expect("a list").len(), 50);
    assert!(results[0]["warnings"].to_string().contains("more_values_refused"));
    assert_eq!(rollcall.list("/refusals?limit=500").await.len(), 50);
}

/// A3: an operation that can't be is refused, and decides no type.
#[actix_web::test]
async fn a3_an_operation_with_a_wrong_operand_is_refused_and_decides_nothing() {
    let rollcall = Rollcall::start();
    for (seconds, operation) in [
        (50, json!({ "$inc": "1" })),
        (49, json!({ "$inc": null })),
        (48, json!({ "$inc": 1, "$once": 2 })),
        (47, json!({ "$once": { "$inc": 1 } })),
        (46, json!({ "$once": null })),
        (45, json!({ "$append": null })),
    ] {
        let said = at(identify(None, "ann", json!({ "logins": operation })), seconds);
        let results = rollcall.backend_posts(said).await;
        assert_eq!(results[0]["refused_values"][0]["code"], "type_mismatch", "{operation}: {results:?}");
    }
    rollcall.backend_posts(identify(None, "ann", json!({ "logins": { "$inc": 2 } }))).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["logins"], 2);
    let tags = json!((0..100).map(|number| format!("t{number}")).collect::<Vec<_>>());
    rollcall.backend_posts(at(identify(None, "ann", json!({ "labels": tags })), 20)).await;
    let results =
        rollcall.backend_posts(at(identify(None, "ann", json!({ "labels": { "$append": "one more" } })), 10)).await;
    assert_eq!(results[0]["refused_values"][0]["code"], "list_too_long", "{results:?}");
}

/// C6: a company without an id also speaks of the membership in it, and of the company just stated.
#[actix_web::test]
async fn c6_a_company_without_id_speaks_of_the_membership_too() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "company_id": "x" } })), 40)).await;
    let said = json!({ "company": { "membership": { "role": "boss" } } });
    rollcall.page_posts(at(identify(None, "ann", said), 30)).await;
    assert_eq!(rollcall.user("ann").await["companies"][0]["role"], "boss");
    let both = json!({ "companies": [{ "company_id": "y" }], "company": { "revenue": 7 } });
    rollcall.page_posts(at(identify(None, "ann", both), 20)).await;
    assert_eq!(rollcall.company("y").await["attributes"]["revenue"], 7);
}

/// R15: a repeat changes nothing, also of a message that said nothing new and has no time of its own.
#[actix_web::test]
async fn r15_a_repeat_of_an_unchanged_message_changes_nothing() {
    let rollcall = Rollcall::start();
    let said = |id: &str, phone: &str| json!({ "type": "identify", "messageId": id, "userId": "ann", "traits": { "phone": phone } });
    for (id, phone, status) in
        [("m1", "1", "stored"), ("m2", "1", "unchanged"), ("m3", "2", "stored"), ("m2", "1", "duplicate")]
    {
        assert_eq!(statuses(&rollcall.backend_posts(said(id, phone)).await), [status]);
    }
    assert_eq!(rollcall.user("ann").await["attributes"]["phone"], "2");
}
