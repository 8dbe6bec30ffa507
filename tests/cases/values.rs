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
        assert!(created.starts_with("2023-11-14T"), "{spelling}: {created}");
        assert!(user["first_seen"].as_str().expect("a time").starts_with("2023-11-14"), "{user}");
    }
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
