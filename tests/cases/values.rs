//! The cases about values: which one stands, and what becomes of those that do not fit (A, T2).

use super::*;

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
async fn case_38_four_spellings_of_one_day() {
    let rollcall = Rollcall::start();
    let spellings = [json!(1_700_000_000), json!("1700000000"), json!(1_700_000_000_000_i64), json!("2023-11-14")];
    for (number, spelling) in spellings.iter().enumerate() {
        let id = format!("user-{number}");
        rollcall.page_posts(identify(None, &id, json!({ "created_at": spelling }))).await;
        let user = rollcall.user(&id).await;
        let created = user["attributes"]["created_at"].as_str().expect("a time").to_owned();
        assert!(created.starts_with("2023-11-14"), "{spelling}: {created}");
        assert!(user["first_seen"].as_str().expect("a time").starts_with("2023-11-14"), "{user}");
    }
}

/// T4: a date without a time is that day in the workspace's zone, whatever the zone is; a time without a zone is
/// told in it.
#[actix_web::test]
async fn case_38_a_date_is_that_day_wherever_the_workspace_is() {
    let rollcall = Rollcall::start();
    rollcall.shell(&["setting", "time_zone", "America/New_York"]);
    let says = json!({ "created_at": "2025-01-01", "trial_ends_at": "2025-03-01T00:00:00Z" });
    rollcall.page_posts(identify(None, "ann", says)).await;
    rollcall.page_posts(identify(None, "ann", json!({ "trial_ends_at": "2025-07-01 21:30" }))).await;
    let bob = rollcall.file().with_file_name("bob.csv");
    std::fs::write(&bob, "user_id,created_at,trial_ends_at\nbob,31/12/2024,2025-07-01 22:00\n").expect("a file");
    rollcall.shell(&["import", bob.to_str().expect("a path"), "--json"]);

    let attributes = rollcall.user("ann").await["attributes"].clone();
    assert_eq!(attributes["created_at"], "2025-01-01");
    assert_eq!(attributes["trial_ends_at"], "2025-07-02T01:30:00.000Z", "half past nine in New York");
    assert_eq!(rollcall.user("ann").await["first_seen"], "2025-01-01T05:00:00.000Z");
    assert_eq!(rollcall.user("bob").await["attributes"]["trial_ends_at"], "2025-07-02T02:00:00.000Z");
    for zone in ["America/New_York", "Pacific/Kiritimati"] {
        rollcall.shell(&["setting", "time_zone", zone]);
        for (filter, found) in [
            ("created_at:is:2025-01-01", &["ann"][..]),
            ("created_at:is:2024-12-31", &["bob"]),
            ("created_at:not:2025-01-01", &["bob"]),
            ("created_at:before:2025-01-01", &["bob"]),
            ("created_at:before:2025-01-02", &["ann", "bob"]),
            ("created_at:after:2024-12-31", &["ann"]),
            ("created_at:after:2025-01-01", &[]),
            ("created_at:between:2024-12-31,2025-01-01", &["ann", "bob"]),
            ("created_at:within:9d", &[]),
            ("created_at:ago:9d", &["ann", "bob"]),
            ("trial_ends_at:before:2025-07-02T01:45:00Z", &["ann"]),
        ] {
            let met = rollcall.list(&format!("/users?f={}", support::encoded(filter))).await;
            let mut met: Vec<&str> = met.iter().filter_map(|user| user["user_id"].as_str()).collect();
            met.sort_unstable();
            assert_eq!(met, found, "{filter} in {zone}");
        }
        let page = rollcall.desk().await.open("/users/ann").await;
        assert!(page.contains(">1 Jan 2025</time>") && !page.contains("31 Dec 2024"), "{zone}: {page}");
    }

    // What is exported reads back as it was.
    let exported = rollcall.shell_output(&["export", "users", "--format", "csv"], "").stdout;
    let file = rollcall.file().with_file_name("users.csv");
    std::fs::write(&file, &exported).expect("a file");
    let again = rollcall.shell(&["import", file.to_str().expect("a path"), "--json"]);
    assert_eq!(again["users"]["unchanged"], 2, "{again}");
    assert_eq!(rollcall.user("ann").await["attributes"]["created_at"], "2025-01-01");
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

/// A3: a back end that sends the same message id again stamps it anew; what it adds counts once all the same.
#[actix_web::test]
async fn a_step_counts_once_per_message_id_whatever_time_a_repeat_has() {
    let rollcall = Rollcall::start();
    let order = |seconds: i64| {
        let company = json!({ "company_id": "acme", "seats": { "$inc": 2 } });
        let traits = json!({ "orders": { "$inc": 1 }, "bought": { "$append": "desk" }, "company": company });
        let mut message = at(identify(None, "ann", traits), seconds);
        message["messageId"] = json!("order-1");
        message
    };
    let mut answers = Vec::new();
    for seconds in [180, 120, 60] {
        answers.extend(rollcall.backend_posts(order(seconds)).await);
    }
    assert_eq!(statuses(&answers), ["stored", "duplicate", "duplicate"]);
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["attributes"], json!({ "orders": 1, "bought": ["desk"] }));
    assert_eq!(rollcall.company("acme").await["attributes"]["seats"], 2);

    // One that changed nothing when it came is done all the same.
    let append = |seconds: i64| {
        let mut message = at(identify(None, "ann", json!({ "bought": { "$append": "desk" } })), seconds);
        message["messageId"] = json!("order-2");
        message
    };
    assert_eq!(statuses(&rollcall.backend_posts(append(50)).await), ["unchanged"]);
    rollcall.backend_posts(at(identify(None, "ann", json!({ "bought": { "$remove": "desk" } })), 40)).await;
    assert_eq!(statuses(&rollcall.backend_posts(append(30)).await), ["duplicate"]);
    assert_eq!(rollcall.user("ann").await["attributes"]["bought"], json!([]));
}
