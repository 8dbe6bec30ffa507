//! Rules beyond the numbered cases, named after the rule.

use super::*;

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
    // Whoever leaves is not an active member, whoever was none never was one.
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
