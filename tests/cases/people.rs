//! The cases about who somebody is (R, T).

use super::*;

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
    assert_eq!(rollcall.api("/users/b2").await.status, 404, "and makes nobody of whom it would be");
    let refusals = rollcall.list("/refusals").await;
    assert_eq!(
        (refusals.len(), &refusals[0]["code"]),
        (1, &json!("alias_unknown")),
        "operators are told: {refusals:?}"
    );
    assert_eq!(statuses(&rollcall.backend_posts(alias("a", "b")).await), ["stored"]);
    assert_eq!(statuses(&rollcall.backend_posts(alias("b", "c")).await), ["stored"]);
    let results = rollcall.backend_posts(alias("c", "a")).await;
    assert_eq!(results[0]["code"], "alias_loop", "{results:?}");
    assert_eq!(rollcall.user_ids().await, ["c"]);
    for id in ["a", "b", "c"] {
        assert_eq!(rollcall.user(id).await["user_id"], "c");
    }
    assert_eq!(statuses(&rollcall.backend_posts(alias("c", "c")).await), ["unchanged"], "an alias to itself");
}

#[actix_web::test]
async fn r10_of_two_aliases_the_later_by_time_is_the_current_id_whichever_arrives_first() {
    let rollcall = Rollcall::start();
    let alias = |user: &str, seconds: i64| {
        let message = json!({ "type": "alias", "messageId": message_id(), "previousId": "a", "userId": user });
        at(message, seconds)
    };
    rollcall.backend_posts(identify(None, "a", json!({ "name": "Ann" }))).await;
    assert_eq!(statuses(&rollcall.backend_posts(alias("later", 10)).await), ["stored"]);
    assert_eq!(statuses(&rollcall.backend_posts(alias("earlier", 20)).await), ["stored"]);
    assert_eq!(rollcall.user("a").await["user_id"], "later");
    assert_eq!(rollcall.user("earlier").await["aliases"], json!(["a", "earlier"]));
    let sets = rollcall.list("/users/a/changes").await;
    let told = |set: &Value| (set["changes"][0]["field"].clone(), set["changes"][0]["after"].clone());
    assert_eq!(told(&sets[0]), (json!("alias"), json!("earlier")), "every deed is a change set, a late one too");
    assert_eq!(told(&sets[1]), (json!("user_id"), json!("later")));
    let audit = rollcall.desk().await.open("/settings/audit").await;
    assert!(audit.contains("Another id, <ins><bdi>earlier</bdi></ins>"), "{audit}");
    assert_eq!(statuses(&rollcall.backend_posts(alias("latest", 5)).await), ["stored"]);
    assert_eq!(rollcall.user("a").await["user_id"], "latest");
    assert_eq!(rollcall.user_ids().await, ["latest"]);
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
async fn case_15_a_clock_a_year_ahead_is_corrected_or_cut() {
    let rollcall = Rollcall::start();
    let year = 365 * 86_400;
    let sent = json!({
        "writeKey": rollcall.write_key, "sentAt": seconds_ago(-year),
        "batch": [at(track("ann", "Corrected"), 600 - year)],
    });
    let a_little = json!({
        "writeKey": rollcall.write_key, "sentAt": seconds_ago(-120), "batch": [at(track("ann", "A little off"), -100)],
    });
    assert_eq!(rollcall.post("/v1/batch", a_little).await.body["results"][0]["warnings"], json!(["clock_corrected"]));
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

    let found = rollcall.list("/findings").await;
    assert_eq!(found.len(), 1, "a clock a little off, and one that nothing tells of, are none: {found:?}");
    assert_eq!((&found[0]["code"], &found[0]["count"]), (&json!("clock_wrong"), &json!(1)));
    assert!(found[0]["sentence"].as_str().expect("a sentence").contains("365 days ahead"), "{found:?}");
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
async fn case_27_one_id_in_a_hundred_browsers_is_one_user_and_is_warned_of() {
    let rollcall = Rollcall::start();
    let mut warned = Vec::new();
    for browsers in (0..100).collect::<Vec<u32>>().chunks(25) {
        let messages = browsers.iter().map(|number| identify(Some(&format!("v{number}")), "USER-ID", json!({})));
        let results = rollcall.page_posts(Value::Array(messages.collect())).await;
        let has = |result: &Value| {
            let warnings = result["warnings"].as_array();
            warnings.is_some_and(|warnings| warnings.contains(&json!("id_shared_by_many")))
        };
        assert!(results.iter().all(|result| result["status"] == "stored"), "{results:?}");
        warned.extend(results.iter().map(has));
    }
    assert_eq!(warned.iter().position(|warned| *warned), Some(19), "from the twentieth browser on");
    assert!(warned[19..].iter().all(|warned| *warned));
    assert_eq!(rollcall.list("/users").await.len(), 1);
    let again = rollcall.page_posts(json!([page("v7", "/")])).await;
    assert_eq!(again[0]["warnings"], Value::Null, "whoever is linked already is not counted again: {again:?}");

    let found = rollcall.api("/findings?count=1").await.body;
    assert_eq!(found["total"], 1, "{found}");
    let found = &found["data"][0];
    assert_eq!(
        (&found["code"], &found["severity"], &found["count"], &found["example"], &found["source"]),
        (&json!("id_shared_by_many"), &json!("warning"), &json!(100), &json!("USER-ID"), &json!("Shop"))
    );
    assert!(found["since"].is_string() && found["last_seen"].is_string(), "{found}");
    let (sentence, fix) = (found["sentence"].as_str().expect("one"), found["fix"].as_str().expect("one"));
    assert!(sentence.contains("at least 100 browsers") && fix.contains("Erase that user"), "{found}");

    let desk = rollcall.desk().await;
    assert!(desk.open("/").await.contains("at least 100 browsers"), "the overview says so");
    let page = desk.open("/refusals").await;
    for shown in ["at least 100 browsers", fix, "href=\"/users/USER-ID\"", "/help/codes#id_shared_by_many"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let help = desk.open("/help/codes").await;
    assert!(help.contains("id=\"id_shared_by_many\"") && help.contains("id=\"clock_wrong\""));

    let (path, body) = ("/users/USER-ID/erase", json!({ "events": "delete" }));
    let receipt = rollcall.api_as(reqwest::Method::POST, path, &rollcall.token, Some(body)).await;
    assert_eq!(receipt.body["rows"]["findings"], 1, "{receipt:?}");
    assert_eq!(rollcall.list("/findings").await, Vec::<Value>::new(), "what names an erased person goes");
    assert!(!desk.open("/refusals").await.contains("USER-ID"));
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
async fn case_39_spaces_and_unicode_forms_are_one_user() {
    let rollcall = Rollcall::start();
    for spelling in ["ÅSA", " ÅSA ", "A\u{30a}SA"] {
        rollcall.page_posts(identify(None, spelling, json!({}))).await;
    }
    assert_eq!(rollcall.user_ids().await, ["ÅSA"]);
}
