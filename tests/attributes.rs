//! Attributes as an operator's program uses them: definitions, a change of type, a deletion, the tray.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::browser::Browser;
use support::{Answer, Rollcall, message_id, seconds_ago, until};

fn identify(user: &str, traits: Value, seconds: i64) -> Value {
    json!({
        "type": "identify", "messageId": message_id(), "userId": user, "traits": traits,
        "timestamp": seconds_ago(seconds),
    })
}

async fn patch(rollcall: &Rollcall, path: &str, body: Value) -> Answer {
    rollcall.api_as(Method::PATCH, path, &rollcall.token, Some(body)).await
}

async fn post(rollcall: &Rollcall, path: &str, body: Value) -> Answer {
    rollcall.api_as(Method::POST, path, &rollcall.token, Some(body)).await
}

async fn delete(rollcall: &Rollcall, path: &str) -> Answer {
    rollcall.api_as(Method::DELETE, path, &rollcall.token, None).await
}

async fn attribute(rollcall: &Rollcall, user: &str, name: &str) -> Value {
    rollcall.user(user).await["attributes"][name].clone()
}

/// Waits until no work on an attribute is under way.
async fn worked(rollcall: &Rollcall, path: &str) -> Value {
    until("the work ends", || async {
        let answer = rollcall.api(path).await;
        let running =
            answer.body["work"].as_array().is_some_and(|all| all.iter().any(|work| work["state"] == "running"));
        if running || answer.body["deleting"] == true { Err(answer.text) } else { Ok(answer.body) }
    })
    .await
}

async fn closed(rollcall: &Rollcall) {
    let sources = rollcall.list("/sources").await;
    let shop = sources.iter().find(|source| source["name"] == "Shop").expect("the source");
    let path = format!("/sources/{}", shop["source_id"].as_str().expect("an id"));
    assert_eq!(patch(rollcall, &path, json!({ "new_attributes": "closed" })).await.status, 200);
}

/// A2: a change of type says beforehand what it does, does it, loses nothing, and can be changed back.
#[actix_web::test]
async fn a2_a_change_of_type_keeps_in_the_tray_what_does_not_convert_and_gives_it_back() {
    let rollcall = Rollcall::start();
    for (user, tickets) in [("ann", "20"), ("bob", "ten"), ("cem", "7.5")] {
        rollcall.backend_posts(identify(user, json!({ "tickets": tickets }), 60)).await;
    }
    let path = "/attributes/user/tickets";
    assert_eq!(rollcall.api(path).await.body["type"], "string");

    let preview = patch(&rollcall, &format!("{path}?dry_run=1"), json!({ "type": "number" })).await.body;
    assert_eq!(preview["filled"], 3, "{preview}");
    assert_eq!((&preview["converts"], &preview["left_over"]), (&json!(2), &json!(1)), "{preview}");
    assert_eq!(preview["left_over_examples"], json!(["ten"]));
    assert!(preview["examples"].as_array().unwrap().contains(&json!({ "before": "20", "after": 20 })), "{preview}");
    assert_eq!(attribute(&rollcall, "ann", "tickets").await, "20", "a preview changes nothing");

    let changed = patch(&rollcall, path, json!({ "type": "number", "label": "Tickets" })).await;
    assert_eq!((&changed.body["type"], &changed.body["label"]), (&json!("number"), &json!("Tickets")), "{changed:?}");
    let work = &worked(&rollcall, path).await["work"][0];
    assert_eq!((&work["done"], &work["left_over"]), (&json!(2), &json!(1)), "{work}");
    assert_eq!(attribute(&rollcall, "ann", "tickets").await, 20);
    assert_eq!(attribute(&rollcall, "cem", "tickets").await, 7.5);
    assert_eq!(attribute(&rollcall, "bob", "tickets").await, Value::Null);
    let tray = rollcall.list("/refusals/tray").await;
    assert_eq!((tray.len(), &tray[0]["samples"]), (1, &json!(["ten"])), "{tray:?}");
    let history = rollcall.list("/users/bob/changes").await;
    let lost = json!({ "kind": "user", "id": "bob", "field": "tickets", "before": "ten", "after": null });
    assert!(history[0]["changes"].as_array().unwrap().contains(&lost), "{history:?}");

    // Changed back, everything is as it was, at its own time: a later value still wins.
    patch(&rollcall, path, json!({ "type": "string" })).await;
    worked(&rollcall, path).await;
    assert_eq!(attribute(&rollcall, "ann", "tickets").await, "20");
    assert_eq!(attribute(&rollcall, "bob", "tickets").await, "ten");
    assert!(rollcall.list("/refusals/tray").await.is_empty());
    rollcall.backend_posts(identify("bob", json!({ "tickets": "late" }), 90)).await;
    assert_eq!(attribute(&rollcall, "bob", "tickets").await, "ten");
}

/// A2: what came in the wrong type is applied once the attribute can take it, in T2's order.
#[actix_web::test]
async fn a2_a_refused_value_is_applied_when_the_type_allows_it_and_not_over_a_later_one() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify("ann", json!({ "size": 5, "visits": 1 }), 60)).await;
    rollcall.backend_posts(identify("bob", json!({ "visits": 1 }), 60)).await;
    for (user, visits, seconds) in [("ann", "many", 40), ("bob", "few", 40)] {
        let results = rollcall.backend_posts(identify(user, json!({ "visits": visits }), seconds)).await;
        assert_eq!(results[0]["refused_values"][0]["code"], "type_mismatch", "{results:?}");
    }
    rollcall.backend_posts(identify("bob", json!({ "visits": 3 }), 20)).await;
    patch(&rollcall, "/attributes/user/visits", json!({ "type": "string" })).await;
    worked(&rollcall, "/attributes/user/visits").await;
    assert_eq!(attribute(&rollcall, "ann", "visits").await, "many");
    assert_eq!(attribute(&rollcall, "bob", "visits").await, "3", "the later value holds");
    assert!(rollcall.list("/refusals/tray").await.is_empty());
}

/// A1: a date that meets a datetime is one, and so are the dates that are there.
#[actix_web::test]
async fn a1_a_date_widens_to_a_datetime_with_all_its_values() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify("ann", json!({ "renewal": "2026-03-01" }), 60)).await;
    assert_eq!(attribute(&rollcall, "ann", "renewal").await, "2026-03-01");
    rollcall.backend_posts(identify("bob", json!({ "renewal": "2026-03-01T10:00:00+02:00" }), 50)).await;
    assert_eq!(attribute(&rollcall, "bob", "renewal").await, "2026-03-01T08:00:00.000Z");
    assert_eq!(rollcall.api("/attributes/user/renewal").await.body["type"], "datetime");
    worked(&rollcall, "/attributes/user/renewal").await;
    assert_eq!(attribute(&rollcall, "ann", "renewal").await, "2026-03-01", "still that day, wherever the workspace is");
}

/// A deletion asks for the name, takes the values away, and leaves them in history.
#[actix_web::test]
async fn an_attribute_is_deleted_with_all_its_values_when_its_name_is_typed() {
    let rollcall = Rollcall::start();
    for user in ["ann", "bob"] {
        rollcall.backend_posts(identify(user, json!({ "secret question": "dog", "plan": "pro" }), 60)).await;
    }
    let path = "/attributes/user/secret%20question";
    let preview = delete(&rollcall, &format!("{path}?dry_run=1")).await;
    assert_eq!(preview.body["filled"], 2, "{preview:?}");
    let refused = delete(&rollcall, path).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("confirmation_missing")));
    let done = delete(&rollcall, &format!("{path}?confirm=secret%20question")).await;
    assert_eq!((done.status.as_u16(), &done.body["done"]), (200, &json!(2)), "{done:?}");
    assert_eq!(rollcall.api(path).await.status, 404);
    assert_eq!(attribute(&rollcall, "ann", "secret question").await, Value::Null);
    assert_eq!(attribute(&rollcall, "ann", "plan").await, "pro");
    let history = rollcall.list("/users/ann/changes").await;
    assert_eq!(history[0]["cause"], "delete_attribute", "{history:?}");
    assert_eq!(history[0]["changes"][0]["before"], "dog");

    let standard = delete(&rollcall, "/attributes/user/email?confirm=email").await;
    assert_eq!(standard.status, 404, "not seen yet: {standard:?}");
    rollcall.backend_posts(identify("ann", json!({ "name": "Ann" }), 50)).await;
    let standard = delete(&rollcall, "/attributes/user/name?confirm=name").await;
    assert_eq!(standard.body["code"], "attribute_standard", "{standard:?}");
    let fixed = patch(&rollcall, "/attributes/user/name", json!({ "type": "number" })).await;
    assert_eq!((fixed.status.as_u16(), &fixed.body["code"]), (409, &json!("attribute_standard")));
}

/// A large attribute is changed in chunks, goes on after a crash, and ends as it would have without one.
#[actix_web::test]
async fn a_change_of_type_goes_on_after_a_crash() {
    let mut rollcall = Rollcall::start();
    let messages: Vec<Value> = (0..3_000)
        .map(|number| {
            let level = if number % 10 == 0 { "none".to_owned() } else { number.to_string() };
            identify(&format!("user-{number:04}"), json!({ "level": level }), 60)
        })
        .collect();
    for part in messages.chunks(500) {
        rollcall.backend_posts(json!(part)).await;
    }
    let changed = patch(&rollcall, "/attributes/user/level", json!({ "type": "number" })).await;
    assert_eq!(changed.body["work"][0]["state"], "running", "{changed:?}");
    rollcall.kill();
    rollcall.serve();
    let work = worked(&rollcall, "/attributes/user/level").await["work"][0].clone();
    assert_eq!((&work["done"], &work["left_over"]), (&json!(2_700), &json!(300)), "{work}");
    assert_eq!(attribute(&rollcall, "user-2999", "level").await, 2_999);
    assert_eq!(attribute(&rollcall, "user-2990", "level").await, Value::Null);
    patch(&rollcall, "/attributes/user/level", json!({ "type": "string" })).await;
    worked(&rollcall, "/attributes/user/level").await;
    assert_eq!(attribute(&rollcall, "user-2990", "level").await, "none");
}

/// A7: a locked attribute is not for unsigned calls; the rest of the message is stored.
#[actix_web::test]
async fn a7_a_locked_attribute_is_set_by_trusted_callers_alone() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify("ann", json!({ "plan": "pro" }), 60)).await;
    patch(&rollcall, "/attributes/user/plan", json!({ "locked": true })).await;
    let results = rollcall.page_posts(identify("ann", json!({ "plan": "free", "city": "Oslo" }), 50)).await;
    assert_eq!(results[0]["refused_values"][0]["code"], "attribute_locked", "{results:?}");
    rollcall.backend_posts(identify("ann", json!({ "plan": "team" }), 40)).await;
    assert_eq!(attribute(&rollcall, "ann", "plan").await, "team");
    assert_eq!(attribute(&rollcall, "ann", "city").await, "Oslo");
    let unknown = patch(&rollcall, "/attributes/user/plan", json!({ "colour": "red" })).await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["field"]), (400, &json!("colour")), "{unknown:?}");
}

/// A6: history can be off, and what changes then leaves none.
#[actix_web::test]
async fn a6_with_history_off_a_value_changes_and_leaves_no_trace() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify("ann", json!({ "mood": "good" }), 60)).await;
    patch(&rollcall, "/attributes/user/mood", json!({ "history": false })).await;
    let before = rollcall.list("/users/ann/changes").await;
    let results = rollcall.backend_posts(identify("ann", json!({ "mood": "bad" }), 50)).await;
    assert_eq!(results[0]["status"], "stored");
    assert_eq!(attribute(&rollcall, "ann", "mood").await, "bad");
    assert_eq!(rollcall.list("/users/ann/changes").await, before);
}

/// A6: a value that changes all day long keeps the first and the last of that day.
#[actix_web::test]
async fn a6_of_more_than_twenty_changes_in_a_day_the_first_and_the_last_stay() {
    let rollcall = Rollcall::start();
    for number in 0..50 {
        rollcall.backend_posts(identify("ann", json!({ "page": number }), 100 - number)).await;
    }
    let changes = rollcall.list("/users/ann/changes?limit=500").await;
    let of_page: Vec<&Value> = changes
        .iter()
        .flat_map(|set| set["changes"].as_array().expect("changes"))
        .filter(|change| change["field"] == "page")
        .collect();
    assert!(of_page.len() <= 20, "{}", of_page.len());
    assert_eq!(of_page[0]["after"], 49);
    assert_eq!(of_page.last().expect("the first")["after"], 0);
}

/// A8: a closed source's new attributes wait with their samples until somebody decides.
#[actix_web::test]
async fn a8_what_a_closed_source_sends_waits_until_it_is_accepted_mapped_or_ignored() {
    let rollcall = Rollcall::start();
    rollcall.backend_posts(identify("ann", json!({ "plan": "pro" }), 90)).await;
    closed(&rollcall).await;
    let said = json!({ "badges": "3", "Plan": "team", "debug": { "x": 1 }, "city": "Oslo" });
    let results = rollcall.page_posts(identify("ann", said, 60)).await;
    let codes: Vec<&str> =
        results[0]["refused_values"].as_array().unwrap().iter().filter_map(|value| value["code"].as_str()).collect();
    assert_eq!(codes, ["unknown_attribute"; 4], "{results:?}");
    rollcall.page_posts(identify("bob", json!({ "badges": "four" }), 60)).await;
    let tray = rollcall.list("/refusals/tray").await;
    let names: Vec<(&str, u64)> =
        tray.iter().map(|name| (name["name"].as_str().unwrap(), name["count"].as_u64().unwrap())).collect();
    assert_eq!(names, [("Plan", 1), ("badges", 2), ("city", 1), ("debug", 1)]);
    assert_eq!(tray[1]["sources"], json!(["Shop"]));
    assert!(tray[1]["samples"].as_array().unwrap().contains(&json!("3")), "{tray:?}");

    // Accepted as a number: what fits is applied, what does not goes on waiting.
    let preview =
        post(&rollcall, "/refusals/tray/user/badges?dry_run=1", json!({ "decision": "accept", "type": "number" }));
    let preview = preview.await.body;
    assert_eq!((&preview["waiting_fit"], &preview["waiting_left_over"]), (&json!(1), &json!(1)), "{preview}");
    assert_eq!(rollcall.api("/attributes/user/badges").await.status, 404, "a preview makes nothing");
    let accepted =
        post(&rollcall, "/refusals/tray/user/badges", json!({ "decision": "accept", "type": "number" })).await;
    assert_eq!(accepted.body["work"]["done"], 1, "{accepted:?}");
    assert_eq!(attribute(&rollcall, "ann", "badges").await, 3);
    rollcall.page_posts(identify("cem", json!({ "badges": 5 }), 30)).await;
    assert_eq!(attribute(&rollcall, "cem", "badges").await, 5);

    // Mapped: what waits and what comes later is stored under the other name.
    let mapped = post(&rollcall, "/refusals/tray/user/Plan", json!({ "decision": "map", "to": "plan" })).await;
    assert_eq!(mapped.status, 200, "{mapped:?}");
    assert_eq!(attribute(&rollcall, "ann", "plan").await, "team");
    rollcall.page_posts(identify("ann", json!({ "Plan": "solo" }), 20)).await;
    assert_eq!(attribute(&rollcall, "ann", "plan").await, "solo");
    assert_eq!(attribute(&rollcall, "ann", "Plan").await, Value::Null);

    // Ignored: later ones are counted and not kept.
    post(&rollcall, "/refusals/tray/user/debug", json!({ "decision": "ignore" })).await;
    let results = rollcall.page_posts(identify("bob", json!({ "debug": { "x": 2 } }), 10)).await;
    assert_eq!(results[0]["refused_values"][0]["code"], "unknown_attribute");
    let debug = rollcall.list("/refusals/tray").await.into_iter().find(|name| name["name"] == "debug").expect("debug");
    assert_eq!((&debug["count"], &debug["ignored"]), (&json!(1), &json!(true)), "bob's was not kept");
    let names = rollcall.list("/refusals/names").await;
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(delete(&rollcall, "/refusals/names/user/debug").await.status, 204);
    assert_eq!(rollcall.list("/refusals/names").await.len(), 1);

    for (body, code) in [
        (json!({ "decision": "accept", "type": "colour" }), "parameter_invalid"),
        (json!({ "decision": "map", "to": "nothing" }), "attribute_not_found"),
        (json!({ "decision": "apply" }), "attribute_not_found"),
        (json!({ "decision": "burn" }), "parameter_invalid"),
        (json!({ "decision": "accept" }), "parameter_invalid"),
    ] {
        assert_eq!(post(&rollcall, "/refusals/tray/user/city", body).await.body["code"], code);
    }
    let thrown = post(&rollcall, "/refusals/tray/user/city", json!({ "decision": "discard" })).await;
    assert_eq!(thrown.body["work"]["done"], 1, "{thrown:?}");
    assert!(!rollcall.list("/refusals/tray").await.iter().any(|name| name["name"] == "city"));
    let nothing =
        post(&rollcall, "/refusals/tray/user/nothing", json!({ "decision": "accept", "type": "string" })).await;
    assert_eq!(nothing.body["code"], "nothing_waits");
}

/// A4: a stranger makes at most 20 attributes an hour; the rest wait, and are accepted one by one.
#[actix_web::test]
async fn a4_the_twenty_first_new_attribute_of_an_hour_waits_in_the_tray() {
    let rollcall = Rollcall::start();
    let traits: serde_json::Map<String, Value> =
        (0..21).map(|number| (format!("n{number:02}"), json!(number))).collect();
    let results = rollcall.page_posts(identify("ann", Value::Object(traits), 60)).await;
    let refused = results[0]["refused_values"].as_array().expect("one");
    assert_eq!((refused.len(), &refused[0]["code"]), (1, &json!("too_many_attributes")), "{results:?}");
    let tray = rollcall.list("/refusals/tray").await;
    assert_eq!(tray[0]["name"], "n20");
    post(&rollcall, "/refusals/tray/user/n20", json!({ "decision": "accept", "type": "number" })).await;
    assert_eq!(attribute(&rollcall, "ann", "n20").await, 20);
}

/// A visitor's value that waited is the user's once it is accepted (R12).
#[actix_web::test]
async fn a_visitor_s_waiting_value_fills_the_gap_of_its_user() {
    let rollcall = Rollcall::start();
    closed(&rollcall).await;
    let visitor = json!({
        "type": "identify", "messageId": message_id(), "anonymousId": "browser", "traits": { "city": "Oslo" },
        "timestamp": seconds_ago(90),
    });
    rollcall.page_posts(visitor).await;
    let mut linked = identify("ann", json!({}), 60);
    linked["anonymousId"] = json!("browser");
    rollcall.page_posts(linked).await;
    post(&rollcall, "/refusals/tray/user/city", json!({ "decision": "accept", "type": "string" })).await;
    assert_eq!(attribute(&rollcall, "ann", "city").await, "Oslo");
}

/// A3: operations work in every call that carries attributes, once per message id.
#[actix_web::test]
async fn a3_operations_work_in_every_call_once_per_message() {
    let rollcall = Rollcall::start();
    let group = json!({
        "type": "group", "messageId": "g1", "userId": "ann", "groupId": "acme", "timestamp": seconds_ago(60),
        "traits": { "invoices": { "$inc": 2 }, "labels": { "$append": "new" }, "first_plan": { "$once": "trial" } },
        "membership": { "logins": { "$inc": 1 } },
    });
    let said = json!({
        "visits": { "$inc": 1 }, "labels": { "$append": "x" },
        "company": { "company_id": "acme", "invoices": { "$inc": 3 }, "first_plan": { "$once": "pro" }, "membership": { "logins": { "$inc": 4 } } },
    });
    let mut identify = identify("ann", said, 50);
    identify["messageId"] = json!("i1");
    for message in [&group, &identify, &group, &identify] {
        rollcall.backend_posts(message.clone()).await;
    }
    let company = rollcall.company("acme").await["attributes"].clone();
    assert_eq!((&company["invoices"], &company["first_plan"]), (&json!(5), &json!("trial")), "{company}");
    assert_eq!(company["labels"], json!(["new"]));
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["attributes"]["visits"], &ann["attributes"]["labels"]), (&json!(1), &json!(["x"])), "{ann}");
    assert_eq!(ann["companies"][0]["attributes"]["logins"], 5, "{ann}");
    let mut taken = identify.clone();
    taken["timestamp"] = json!(seconds_ago(40));
    taken["messageId"] = json!("i2");
    taken["traits"] = json!({ "labels": { "$remove": "x" } });
    rollcall.backend_posts(taken).await;
    assert_eq!(attribute(&rollcall, "ann", "labels").await, json!([]));
}

/// The list of definitions is one for programs: keyset, by kind, with what each field says.
#[actix_web::test]
async fn definitions_are_listed_page_by_page() {
    let rollcall = Rollcall::start();
    let said = json!({ "a": 1, "b": true, "c": "x", "company": { "company_id": "acme", "seats": 3 } });
    rollcall.page_posts(identify("ann", said, 60)).await;
    let first = rollcall.api("/attributes?limit=3&count=1").await.body;
    assert_eq!((first["data"].as_array().unwrap().len(), &first["total"]), (3, &json!(4)), "{first}");
    assert_eq!((&first["data"][0]["name"], &first["data"][0]["type"]), (&json!("a"), &json!("number")));
    assert_eq!((&first["data"][0]["source"], &first["data"][0]["grade"]), (&json!("Shop"), &json!("unsigned")));
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let rest = rollcall.list(&format!("/attributes?limit=3&cursor={cursor}")).await;
    assert_eq!((rest.len(), &rest[0]["name"], &rest[0]["owner"]), (1, &json!("seats"), &json!("company")));
    assert_eq!(rollcall.list("/attributes?owner=company").await.len(), 1);
    assert_eq!(rollcall.api("/attributes?owner=cat").await.status, 400);
}

/// Case 45 on the page: texts that are numbers are offered as numbers, in one click, and back.
#[actix_web::test]
async fn an_operator_makes_numbers_of_texts_in_one_click_and_takes_it_back() {
    let rollcall = Rollcall::start();
    for (user, tickets) in [("ann", "20"), ("bob", "7")] {
        rollcall.page_posts(identify(user, json!({ "tickets": tickets, "plan": "pro" }), 60)).await;
    }
    let browser = Browser::start().await;
    browser.signs_in(&rollcall).await;
    browser.open(&format!("{}/install", rollcall.address)).await;
    browser.sees("Text values that could be another type").await;
    browser.open(&format!("{}/attributes", rollcall.address)).await;
    browser.sees("Could be number").await;
    browser.click("tickets").await;
    browser.click("As number").await;
    browser.sees("Its values were converted").await;
    assert_eq!(attribute(&rollcall, "ann", "tickets").await, 20);
    browser.click("Change back to text").await;
    until("it is a text again", || async {
        let value = attribute(&rollcall, "ann", "tickets").await;
        if value == "20" { Ok(()) } else { Err(value.to_string()) }
    })
    .await;
    assert_eq!(browser.console().await, Vec::<String>::new());
}

/// What a closed source sent is accepted on the page, ignored, and taken back; a deletion wants the name.
#[actix_web::test]
async fn an_operator_works_through_the_tray_and_deletes_an_attribute() {
    let rollcall = Rollcall::start();
    closed(&rollcall).await;
    rollcall.page_posts(identify("ann", json!({ "badges": "3", "debug": "x" }), 60)).await;
    let browser = Browser::start().await;
    browser.signs_in(&rollcall).await;
    browser.open(&format!("{}/refusals/tray?owner=user&name=badges", rollcall.address)).await;
    browser.click("See what would be applied").await;
    browser.sees("1 value fits").await;
    assert_eq!(rollcall.api("/attributes/user/badges").await.status, 404, "only looked at so far");
    browser.click("Accept it").await;
    browser.sees("What waited in the tray was applied").await;
    assert_eq!(attribute(&rollcall, "ann", "badges").await, 3, "offered as what the samples look like");

    browser.open(&format!("{}/refusals/tray?owner=user&name=debug&decision=ignore", rollcall.address)).await;
    browser.click("Ignore it").await;
    browser.sees("Ignored from now on").await;
    browser.sees("Nothing waiting").await;
    browser.click("Stop ignoring").await;
    browser.sees("Undone").await;
    browser.sees("debug").await;

    browser.open(&format!("{}/attributes/user/badges?delete=1", rollcall.address)).await;
    browser.fill("typed", "badge").await;
    browser.click("Delete all of it").await;
    browser.sees("That name doesn't match").await;
    assert_eq!(attribute(&rollcall, "ann", "badges").await, 3);
    browser.fill("typed", "badges").await;
    browser.click("Delete all of it").await;
    browser.sees("badges is deleted").await;
    assert_eq!(attribute(&rollcall, "ann", "badges").await, Value::Null);
}

/// What is counted of some thousands is counted of all of them.
#[actix_web::test]
async fn the_different_values_of_some_thousands_are_all_counted() {
    let rollcall = Rollcall::start();
    let users: Vec<Value> = (0..1_200)
        .map(|number| identify(&format!("u{number}"), json!({ "email": format!("u{number}@acme.test") }), 60))
        .collect();
    for some in users.chunks(400) {
        rollcall.backend_posts(json!(some)).await;
    }
    let desk = rollcall.desk().await;
    let list = desk.open("/attributes?of=user").await;
    assert!(list.contains("Counted over all 1\u{202f}200 users"), "{list}");
    assert!(list.contains("data-l=\"Different\">1\u{202f}200</td>"), "{list}");
    let one = desk.open("/attributes/user/email").await;
    assert!(
        one.contains("1\u{202f}200 different</span>") && one.contains(">1\u{202f}200</a> of 1\u{202f}200"),
        "{one}"
    );
}

/// A label is read instead of the name, and what is hidden is left out of the page and kept in the API.
#[actix_web::test]
async fn labels_are_shown_and_hidden_attributes_are_not() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "x_mrr": 99, "internal": "secret-thing" }), 60)).await;
    patch(&rollcall, "/attributes/user/x_mrr", json!({ "label": "Monthly revenue" })).await;
    patch(&rollcall, "/attributes/user/internal", json!({ "hidden": true })).await;
    let browser = Browser::start().await;
    browser.signs_in(&rollcall).await;
    browser.open(&format!("{}/users/ann", rollcall.address)).await;
    browser.sees("Monthly revenue").await;
    browser.sees("1 hidden").await;
    let card = browser.run("return document.querySelector('[aria-labelledby=attributes]').textContent").await;
    assert!(!card.to_string().contains("secret-thing"), "{card}");
    assert_eq!(attribute(&rollcall, "ann", "internal").await, "secret-thing");
}

/// A4: each limit is told by its name, at its edge, and nothing else of the message is lost.
#[actix_web::test]
async fn a4_each_limit_is_named_and_costs_nothing_else() {
    let rollcall = Rollcall::start();
    let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({ "in": inner }));
    let list = |items: usize| json!((0..items).map(|number| format!("item {number}")).collect::<Vec<_>>());
    let long = |characters: usize| "n".repeat(characters);
    for (number, (name, value, code)) in [
        (long(100), json!(1), None),
        (long(101), json!(1), Some("attribute_name_invalid")),
        (" ".to_owned(), json!(1), Some("attribute_name_invalid")),
        ("note".to_owned(), json!("x".repeat(8 * 1024)), None),
        ("note".to_owned(), json!("x".repeat(8 * 1024 + 1)), Some("value_too_large")),
        ("labels".to_owned(), list(100), None),
        ("labels".to_owned(), list(101), Some("list_too_long")),
        ("tree".to_owned(), nested(5), None),
        ("tree".to_owned(), nested(6), Some("nesting_too_deep")),
    ]
    .into_iter()
    .enumerate()
    {
        let (user, city) = (format!("user-{number}"), format!("city {number}"));
        let results = rollcall.page_posts(identify(&user, json!({ &name: value, "city": city }), 60)).await;
        let refused = &results[0]["refused_values"];
        assert_eq!(refused[0]["code"].as_str(), code, "{results:?}");
        assert_eq!(refused.as_array().map_or(0, Vec::len), usize::from(code.is_some()));
        assert_eq!(attribute(&rollcall, &user, "city").await, city);
        if code.is_none() {
            assert_ne!(attribute(&rollcall, &user, &name).await, Value::Null);
        }
    }
    let event = |name: &str, properties: Value| {
        json!({
            "type": "track", "messageId": message_id(), "userId": "ann", "event": name, "properties": properties,
            "timestamp": seconds_ago(30),
        })
    };
    let results = rollcall.page_posts(json!([
        event("Saved", json!({ "deep": nested(6), "kept": 1 })),
        event(&"e".repeat(200), json!({})),
        event(&"e".repeat(201), json!({})),
    ]));
    let results = results.await;
    assert_eq!(results[0]["refused_values"][0]["code"], "nesting_too_deep", "{results:?}");
    assert_eq!((&results[1]["status"], &results[2]["code"]), (&json!("stored"), &json!("event_name_too_long")));
    let events = rollcall.list("/users/ann/events").await;
    let saved = events.iter().find(|event| event["name"] == "Saved").expect("stored");
    assert_eq!(saved["properties"], json!({ "kept": 1 }));
}

/// A5: other tools' spellings of standard attributes are stored under ours, anything else under its own name,
/// and a name is made of its parts.
#[actix_web::test]
async fn a5_other_spellings_are_stored_under_ours_and_a_name_is_made_of_its_parts() {
    let rollcall = Rollcall::start();
    let said = json!({
        "firstName": "Ann", "lastName": "Lee", "phone_number": "+48 1", "createdAt": "2023-11-14", "monthly_spend": 9,
        "signed_up_at": 1_700_000_000,
        "company": { "company_id": "acme", "size": 7, "createdAt": 1_700_000_000_000_i64, "monthly_spend": 3 },
    });
    rollcall.page_posts(identify("ann", said, 60)).await;
    let ann = rollcall.user("ann").await;
    assert_eq!(ann["name"], "Ann Lee", "{ann}");
    let of = |name: &str| ann["attributes"][name].clone();
    assert_eq!((of("first_name"), of("last_name"), of("phone")), (json!("Ann"), json!("Lee"), json!("+48 1")));
    assert_eq!(of("created_at"), "2023-11-14");
    assert_eq!((of("signed_up_at"), of("monthly_spend")), (json!("2023-11-14T22:13:20.000Z"), json!(9)));
    let acme = rollcall.company("acme").await["attributes"].clone();
    assert_eq!((&acme["employees"], &acme["created_at"]), (&json!(7), &json!("2023-11-14T22:13:20.000Z")), "{acme}");
    assert_eq!(acme["monthly_spend"], 3);
    rollcall.page_posts(identify("ann", json!({ "name": "Annie" }), 50)).await;
    assert_eq!(rollcall.user("ann").await["name"], "Annie", "a name that is said holds");
}

/// A7: what a definition said is taken back like any deed, its values with it.
#[actix_web::test]
async fn a_change_of_a_definition_is_taken_back() {
    let rollcall = Rollcall::start();
    for (user, tickets) in [("ann", "20"), ("bob", "ten")] {
        rollcall.backend_posts(identify(user, json!({ "tickets": tickets }), 60)).await;
    }
    let path = "/attributes/user/tickets";
    let newest = || async { rollcall.list("/changes?limit=1").await[0]["change_id"].clone() };
    let undo = async |change: Value| post(&rollcall, &format!("/changes/{change}/undo"), json!({})).await;

    patch(&rollcall, path, json!({ "label": "Open tickets", "locked": true })).await;
    let labelled = newest().await;
    patch(&rollcall, path, json!({ "locked": false })).await;
    let undone = undo(labelled).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!(undone.body["conflicts"][0]["field"], "locked", "it has changed since: {undone:?}");
    let tickets = rollcall.api(path).await.body;
    assert_eq!((&tickets["label"], &tickets["locked"]), (&Value::Null, &json!(false)));

    patch(&rollcall, path, json!({ "type": "number" })).await;
    let retyped = newest().await;
    worked(&rollcall, path).await;
    assert_eq!(attribute(&rollcall, "ann", "tickets").await, json!(20));
    assert_eq!(attribute(&rollcall, "bob", "tickets").await, Value::Null);
    let undone = undo(retyped).await;
    assert_eq!((undone.status.as_u16(), &undone.body["conflicts"]), (200, &json!([])), "{undone:?}");
    assert_eq!(worked(&rollcall, path).await["type"], "string");
    assert_eq!(attribute(&rollcall, "ann", "tickets").await, json!("20"));
    assert_eq!(attribute(&rollcall, "bob", "tickets").await, json!("ten"));
    assert!(rollcall.list("/refusals/tray").await.is_empty());
    rollcall.backend_posts(identify("bob", json!({ "tickets": "late" }), 30)).await;
    assert_eq!(attribute(&rollcall, "bob", "tickets").await, "late", "values went back at their own time");
}

/// A fast filter: switched on and off by hand and by a program, taken back, at most five of a kind.
#[actix_web::test]
async fn filters_by_an_attribute_are_made_fast_and_find_the_same() {
    let rollcall = Rollcall::start();
    let said = json!({ "plan": "pro", "a": 1, "b": 2, "c": 3, "d": "x", "e": true, "langs": ["de", "pl"] });
    rollcall.backend_posts(identify("ann", said, 60)).await;
    rollcall.backend_posts(identify("bob", json!({ "plan": "free" }), 50)).await;
    let found = async || {
        let rows = rollcall.list("/users?f=plan:is:pro&sort=name").await;
        rows.iter().map(|row| row["user_id"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let is_fast =
        async |name: &str| rollcall.api(&format!("/attributes/user/{name}")).await.body["fast_filter"].clone();
    let page = "/attributes/user/plan";
    let person = rollcall.desk().await;
    let offered = person.open(page).await;
    assert!(offered.contains("Create an index") && offered.contains("Creating it takes about"), "{offered}");
    let made = person.does(page, &[("deed", "fast"), ("fast_filter", "true")]).await;
    assert!(made.contains("Remove the index") && made.contains("Fast are 1 of 5"), "{made}");
    assert_eq!((found().await, is_fast("plan").await), (vec!["ann".to_owned()], json!(true)));
    // What comes later is found too, and what goes is not.
    rollcall.backend_posts(identify("bob", json!({ "plan": "pro" }), 40)).await;
    rollcall.backend_posts(identify("ann", json!({ "plan": "free" }), 30)).await;
    assert_eq!(found().await, ["bob"]);
    person.undoes(&made).await;
    assert_eq!((found().await, is_fast("plan").await), (vec!["bob".to_owned()], json!(false)));

    for name in ["a", "b", "c", "d", "e"] {
        let path = format!("/attributes/user/{name}");
        assert_eq!(patch(&rollcall, &path, json!({ "fast_filter": true })).await.status, 200, "{name}");
    }
    for (name, code) in [("plan", "too_many_fast_filters"), ("langs", "fast_filter_impossible")] {
        let refused = patch(&rollcall, &format!("/attributes/user/{name}"), json!({ "fast_filter": true })).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!(code)), "{refused:?}");
    }
    let refused = person.is_refused(page, &[("deed", "fast"), ("fast_filter", "true")]).await;
    assert!(refused.contains("which is the limit: a, b, c, d, e."), "{refused}");
    // A list has no index, and an attribute that is made anew has none yet.
    patch(&rollcall, "/attributes/user/d", json!({ "type": "list" })).await;
    worked(&rollcall, "/attributes/user/d").await;
    assert_eq!((is_fast("d").await, is_fast("a").await), (json!(false), json!(true)));
    assert_eq!(delete(&rollcall, "/attributes/user/a?confirm=a").await.status, 200);
    until("it is gone", || async {
        let status = rollcall.api("/attributes/user/a").await.status.as_u16();
        if status == 404 { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    rollcall.backend_posts(identify("ann", json!({ "a": 5 }), 20)).await;
    assert_eq!(is_fast("a").await, json!(false));
    assert_eq!(patch(&rollcall, page, json!({ "fast_filter": true })).await.status, 200);
    assert_eq!(found().await, ["bob"]);
}
