//! The cases about companies and who belongs to them (C).

use super::*;

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
    // Of a list it is the last one, as if they had been stated one after the other.
    let list = json!({ "companies": [{ "company_id": "v", "name": "V" }, { "company_id": "w" }] });
    let said = rollcall.page_posts(at(identify(None, "bob", list), 10)).await;
    assert_eq!(said[0]["warnings"], json!(["one_company_alone"]), "{said:?}");
    assert_eq!(rollcall.companies_of("bob").await, [("w".into(), true, false)]);
    assert_eq!(rollcall.company("v").await["name"], "V", "what it says of the other one is kept");
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
    let receipt: Result<_, StoreError> = store.write(move |tx| receive(tx, &delivery, &mut row)).await;
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
    let hint = "isn&#39;t a domain of the user&#39;s company";
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

/// C6: whichever of two companies was current at the message's time is meant, whatever arrived first.
#[actix_web::test]
async fn a_late_company_without_id_means_the_one_that_was_current_then() {
    let rollcall = Rollcall::start();
    let joins =
        |company: &str, seconds| at(identify(None, "ann", json!({ "company": { "company_id": company } })), seconds);
    rollcall.page_posts(json!([joins("x", 40), joins("y", 20)])).await;
    let revenue =
        |number: i64, seconds| at(identify(None, "ann", json!({ "company": { "revenue": number } })), seconds);
    rollcall.page_posts(json!([revenue(5, 30), revenue(7, 10)])).await;
    assert_eq!(rollcall.company("x").await["attributes"]["revenue"], 5);
    assert_eq!(rollcall.company("y").await["attributes"]["revenue"], 7);
    let before_both = rollcall.page_posts(revenue(9, 50)).await;
    assert_eq!(before_both[0]["refused_values"][0]["code"], "company_id_missing", "{before_both:?}");
    assert_eq!(rollcall.company("x").await["attributes"]["revenue"], 5);
}

/// A clock that is a little behind says so of the only company that there ever was.
#[actix_web::test]
async fn a_company_without_id_from_just_before_joining_the_only_one_means_that_one() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "company_id": "x" } })), 20)).await;
    rollcall.page_posts(at(identify(None, "ann", json!({ "company": { "revenue": 5 } })), 30)).await;
    assert_eq!(rollcall.company("x").await["attributes"]["revenue"], 5);
}

/// C1: of a list that is to be all there are, a company without its id is refused, and nobody leaves by that.
#[actix_web::test]
async fn a_list_that_replaces_leaves_nobody_where_a_company_in_it_has_no_id() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify(None, "ann", json!({ "company": { "company_id": "x" } }))).await;
    let list = json!({ "companies": [{ "company_id": "y" }, { "name": "Acme" }], "companies_mode": "replace" });
    let results = rollcall.page_posts(identify(None, "ann", list)).await;
    assert_eq!(results[0]["refused_values"][0]["code"], "company_id_missing", "{results:?}");
    assert_eq!(results[0]["warnings"], json!(["companies_not_replaced"]));
    let companies = rollcall.companies_of("ann").await;
    assert!(companies.iter().all(|(_, _, has_left)| !has_left) && companies.len() == 2, "{companies:?}");
    assert!(rollcall.company("y").await["name"].is_null(), "whose name that was nobody said");
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
