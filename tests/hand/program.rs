//! As a program: with a token, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{self, Rollcall};
use crate::{delete, identify, patch, put, undo};

/// A program makes a user, changes what it names and clears what it says is null; one change set each.
#[actix_web::test]
async fn a_program_puts_and_patches_a_user() {
    let rollcall = Rollcall::start();
    let made = put(
        &rollcall,
        "/users/ann%2F1",
        json!({
            "email": " Ann@Acme.test", "attributes": { "plan": "pro", "logins": 3 },
            "companies": [{ "company_id": "acme", "role": "admin", "attributes": { "desk": 7 } }],
            "owner": support::OWNER.0, "tags": ["vip", "beta"],
        }),
    )
    .await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["user_id"], "ann/1");
    assert_eq!(made.body["email"], "ann@acme.test");
    assert_eq!(made.body["attributes"]["logins"], 3);
    assert_eq!((&made.body["owner"], &made.body["tags"]), (&json!(support::OWNER.0), &json!(["beta", "vip"])));
    let company = &made.body["companies"][0];
    assert_eq!(
        (&company["company_id"], &company["role"], &company["current"]),
        (&json!("acme"), &json!("admin"), &json!(true))
    );
    assert_eq!(company["attributes"]["desk"], 7);

    let changed = patch(&rollcall, "/users/ann%2F1", json!({ "name": "Ann", "attributes": { "plan": null } })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["attributes"], json!({ "email": "ann@acme.test", "logins": 3, "name": "Ann" }));
    assert_eq!(changed.body["tags"], json!(["beta", "vip"]), "what is absent stays");
    let fields: Vec<&str> =
        changed.body["changes"].as_array().unwrap().iter().map(|change| change["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["plan", "name"]);

    // 201 says that she was made, not that something beside her was.
    let joined = patch(&rollcall, "/users/ann%2F1", json!({ "companies": [{ "company_id": "globex" }] })).await;
    assert_eq!(joined.status, 200, "{joined:?}");
    undo(&rollcall, &joined.body["change_id"]).await;

    let same = patch(&rollcall, "/users/ann%2F1", json!({ "name": "Ann" })).await;
    assert_eq!((same.status.as_u16(), &same.body["change_id"]), (200, &Value::Null), "nothing new is not a change set");

    let history = rollcall.list("/users/ann%2F1/changes").await;
    assert_eq!(history.len(), 4, "made, changed, joined, and that taken back");
    assert_eq!(history[0]["by"], json!({ "kind": "token", "name": "Tests" }));
    assert_eq!(history[3]["cause"], "edit");

    let gone = patch(&rollcall, "/users/ann%2F1?by=user_id", json!({ "owner": null, "tags": null })).await;
    assert_eq!((&gone.body["owner"], &gone.body["tags"]), (&Value::Null, &json!([])));
    let back = undo(&rollcall, &gone.body["change_id"]).await;
    assert_eq!((back.status.as_u16(), &back.body["conflicts"]), (200, &json!([])), "{back:?}");
    let ann = rollcall.user("ann/1").await;
    assert_eq!((&ann["owner"], &ann["tags"]), (&json!(support::OWNER.0), &json!(["beta", "vip"])));
}

/// Ids that can't stand in a path, leads by their address, and rehearsals.
#[actix_web::test]
async fn a_program_names_users_as_it_can() {
    let rollcall = Rollcall::start();
    assert_eq!(put(&rollcall, "/users?id=..", json!({})).await.status, 201);
    assert_eq!(put(&rollcall, "/users/?id=.", json!({ "name": "Dot" })).await.body["name"], "Dot");
    assert_eq!(rollcall.user_ids().await, [".", ".."]);

    let lead = put(&rollcall, "/users/lea%40acme.test?by=email", json!({ "name": "Lea" })).await;
    assert_eq!((lead.status.as_u16(), &lead.body["user_id"]), (201, &Value::Null), "{lead:?}");
    let moved = patch(&rollcall, "/users/lea%40acme.test?by=email", json!({ "email": "lea@umbrella.test" })).await;
    assert_eq!(moved.body["email"], "lea@umbrella.test", "{moved:?}");

    let plan = put(&rollcall, "/users/nobody?dry_run=1", json!({ "name": "No Body" })).await;
    assert_eq!((plan.status.as_u16(), &plan.body["change_id"]), (200, &Value::Null), "{plan:?}");
    assert_eq!(plan.body["changes"][0]["field"], "created");
    assert_eq!(rollcall.api("/users/nobody").await.status, 404);
}

/// What can't be is refused by name; a value that does not fit costs the others nothing.
#[actix_web::test]
async fn what_can_t_be_done_by_hand_is_refused_in_words() {
    let rollcall = Rollcall::start();
    put(&rollcall, "/companies/acme", json!({ "name": "Acme", "attributes": { "seats": 20 } })).await;
    let partly = patch(&rollcall, "/companies/acme", json!({ "attributes": { "seats": "ten", "plan": "pro" } })).await;
    assert_eq!(partly.status, 200);
    assert_eq!(partly.body["refused_values"][0]["code"], "type_mismatch");
    assert_eq!(partly.body["refused_values"][0]["attribute"], "company.seats");
    assert_eq!((&partly.body["attributes"]["seats"], &partly.body["attributes"]["plan"]), (&json!(20), &json!("pro")));
    assert_eq!(rollcall.list("/refusals").await.len(), 0, "who asked is told, and nothing waits");

    for (method, path, body, status, code) in [
        (Method::PATCH, "/users/nobody", json!({}), 404, "user_not_found"),
        (Method::PATCH, "/companies/nothing", json!({}), 404, "company_not_found"),
        (Method::PUT, "/users/null", json!({}), 400, "id_placeholder"),
        (Method::PUT, "/users/x?by=email", json!({}), 400, "email_invalid"),
        (Method::PUT, "/users/x?by=id", json!({}), 404, "user_not_found"),
        (Method::PUT, "/users/x", json!({ "plan": "pro" }), 400, "field_unknown"),
        (Method::PUT, "/users/x", json!({ "owner": "nobody@x.test" }), 400, "value_invalid"),
        (Method::PUT, "/users/x", json!({ "tags": ["a,b"] }), 400, "value_invalid"),
        (Method::PUT, "/users/x", json!([1]), 400, "value_invalid"),
        (Method::PUT, "/users/x?plan=pro", json!({}), 400, "parameter_invalid"),
        (Method::POST, "/users/x", json!({}), 405, "method_not_allowed"),
        (Method::PUT, "/companies/acme/members/nobody", json!({}), 404, "user_not_found"),
        (Method::DELETE, "/companies/acme/members/nobody", json!({}), 404, "user_not_found"),
    ] {
        let answer = rollcall.api_as(method.clone(), path, &rollcall.token, Some(body)).await;
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)), "{method} {path}");
        assert!(answer.header("content-type").starts_with("application/problem+json"));
    }
    assert_eq!(rollcall.user_ids().await, [""; 0], "nothing of a refused body was done");

    let reader = rollcall.shell(&["token", "add", "Reader", "--scope", "read", "--json"]);
    let token = reader["token"].as_str().unwrap();
    let answer = rollcall.api_as(Method::PUT, "/users/x", token, Some(json!({}))).await;
    assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (403, Some("scope_missing")));
}

/// C1, C7: members come, change, are current or not, leave and come back, by hand.
#[actix_web::test]
async fn a_program_puts_members_into_companies_and_takes_them_out() {
    let rollcall = Rollcall::start();
    for path in ["/users/ann", "/companies/acme", "/companies/umbrella"] {
        put(&rollcall, path, json!({})).await;
    }
    let joined = put(&rollcall, "/companies/acme/members/ann", json!({ "role": "admin", "title": "Boss" })).await;
    assert_eq!(joined.status, 200, "{joined:?}");
    assert_eq!(
        (&joined.body["role"], &joined.body["current"], &joined.body["left_at"]),
        (&json!("admin"), &json!(true), &Value::Null)
    );
    put(&rollcall, "/companies/umbrella/members/ann", json!({ "current": false })).await;
    let of = |current: &str| {
        let expected =
            [("acme".to_owned(), current == "acme", false), ("umbrella".to_owned(), current == "umbrella", false)];
        let rollcall = &rollcall;
        async move { assert_eq!(rollcall.companies_of("ann").await, expected) }
    };
    of("acme").await;
    put(&rollcall, "/companies/umbrella/members/ann", json!({ "title": "Adviser" })).await;
    of("acme").await;
    put(&rollcall, "/companies/umbrella/members/ann", json!({ "current": true })).await;
    of("umbrella").await;
    put(&rollcall, "/companies/umbrella/members/ann", json!({ "current": false })).await;
    of("acme").await;

    let left = delete(&rollcall, "/companies/acme/members/ann").await;
    assert_eq!(left.status, 200, "{left:?}");
    assert!(!left.body["left_at"].is_null(), "{left:?}");
    assert_eq!(delete(&rollcall, "/companies/acme/members/ann").await.body["code"], "membership_not_found");
    let only = put(&rollcall, "/companies/umbrella/members/ann", json!({ "current": false })).await;
    assert_eq!((only.status.as_u16(), &only.body["code"]), (409, &json!("only_company")));

    let back = undo(&rollcall, &left.body["change_id"]).await;
    assert_eq!(back.status, 200, "{back:?}");
    let companies = rollcall.companies_of("ann").await;
    assert_eq!(companies[0], ("acme".to_owned(), true, false), "the way back is a new statement");
    let ann = rollcall.user("ann").await;
    let acme = ann["companies"].as_array().unwrap().iter().find(|company| company["company_id"] == "acme").unwrap();
    assert_eq!((&acme["role"], &acme["title"]), (&json!("admin"), &json!("Boss")), "what was said of it was kept");
    assert_eq!(rollcall.company("acme").await["members"], 1);
}

/// C2: with one company a user moves.
#[actix_web::test]
async fn with_one_company_a_user_moves_by_hand_too() {
    let rollcall = Rollcall::start();
    assert_eq!(put(&rollcall, "/settings/one_company", json!({ "value": true })).await.status, 200);
    put(&rollcall, "/users/ann", json!({ "companies": [{ "company_id": "acme" }] })).await;
    put(&rollcall, "/companies/umbrella", json!({})).await;
    put(&rollcall, "/companies/umbrella/members/ann", json!({})).await;
    let companies = rollcall.companies_of("ann").await;
    assert_eq!(companies, [("acme".to_owned(), false, true), ("umbrella".to_owned(), true, false)]);
}

/// A7: a token's value yields to later messages and holds against earlier ones.
#[actix_web::test]
async fn a7_the_later_of_a_program_and_a_message_holds() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "plan": "free" }), 3600)).await;
    assert_eq!(patch(&rollcall, "/users/ann", json!({ "attributes": { "plan": "pro" } })).await.status, 200);
    rollcall.page_posts(identify("ann", json!({ "plan": "basic" }), 1800)).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro", "said before, told late");
    rollcall.page_posts(identify("ann", json!({ "plan": "basic" }), 0)).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "basic");
}
