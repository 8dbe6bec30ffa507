//! What was done, by whom, and back again: `/settings/audit`, `GET /api/v1/changes`, and the settings of a
//! source, which are deeds like any other.

use super::support::until;
use super::*;

/// The id of the tests' source.
async fn shop(rollcall: &Rollcall) -> String {
    let sources = rollcall.list("/sources").await;
    let shop = sources.iter().find(|source| source["name"] == "Shop").expect("the source of the tests");
    shop["source_id"].as_str().expect("an id").to_owned()
}

/// The newest deed of some, as the API tells it.
async fn newest(rollcall: &Rollcall, by: &str) -> Value {
    rollcall.list(&format!("/changes?by={by}&limit=1")).await.remove(0)
}

const FORM: [(&str, &str); 5] =
    [("name", "Shop"), ("kind", "live"), ("adopted_keys", ""), ("origins", "https://shop.test"), ("closed", "1")];

#[actix_web::test]
async fn every_deed_is_told_with_who_did_it_and_found_by_who_and_day() {
    let rollcall = Rollcall::start();
    let shop = shop(&rollcall).await;
    let desk = rollcall.desk().await;
    rollcall.page_posts(identify("ann", json!({ "company": { "company_id": "acme" } }), 60)).await;
    desk.done(&format!("/settings/sources/{shop}"), &FORM).await;
    patch(&rollcall, "/settings/one_company", json!({ "value": true })).await;
    put(&rollcall, "/settings/one_company", json!({ "value": true })).await;
    rollcall.shell(&["setting", "takeover_days", "20", "--json"]);

    let all = desk.open("/settings/audit").await;
    for told in [
        "New user",
        "href=\"/users/ann\"",
        "href=\"/companies/acme\"",
        "Shop</bdi>, unsigned",
        support::OWNER.0,
        "token “Tests”",
        "at the shell",
        "<b><bdi>new_attributes</bdi></b> and <b><bdi>origins</bdi></b> changed",
        "takeover_days",
    ] {
        assert!(all.contains(told), "{told} in {all}");
    }
    let today = chrono::Utc::now().format("%Y-%m-%d");
    for (query, told, not_told) in [
        ("by=hand", "takeover_days", "one_company"),
        ("by=programs", "one_company", "takeover_days"),
        ("by=messages", "New user", "takeover_days"),
        ("by=rules", "Nothing found", "New user"),
        ("day=2020-01-01", "Nothing found", "New user"),
        (&format!("by=hand&day={today}"), "takeover_days", "New user"),
    ] {
        let page = desk.open(&format!("/settings/audit?{query}")).await;
        assert!(page.contains(told) && !page.contains(&format!(">{not_told}")), "{query}: {page}");
    }
    for (query, said) in
        [("by=ann", "hand, programs, messages, rules"), ("day=today", "2026-03-01"), ("after=x", "cut")]
    {
        let (status, page) = desk.ask(&format!("/settings/audit?{query}")).await;
        assert!(status == 400 && page.contains(said), "{query}: {page}");
        if !query.starts_with("after") {
            let refused = rollcall.api(&format!("/changes?{query}")).await;
            assert_eq!((refused.status.as_u16(), &refused.body["code"]), (400, &json!("parameter_invalid")));
        }
    }
    assert_eq!(rollcall.list("/changes?day=2020-01-01").await, Vec::<Value>::new());
    let by = |set: &Value| set["by"]["kind"].clone();
    assert_eq!(by(&newest(&rollcall, "programs").await), "token");
    assert_eq!(by(&newest(&rollcall, "hand").await), "shell");
    let link = &rollcall.list("/changes?by=messages").await[0]["changes"];
    assert!(!link.to_string().contains("\"after\":1"), "nobody is named by our own number: {link}");
}

/// Who took data out, and what: whom it was about, and what was asked for, may name people and is not kept.
#[actix_web::test]
async fn who_exported_what_stands_in_the_audit() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "email": "ann@acme.test" }), 60)).await;
    let desk = rollcall.desk().await;
    desk.open("/export/users?format=csv&f=email:is:ann@acme.test").await;
    assert_eq!(desk.ask("/users/ann/export").await.0, 200);
    assert_eq!(rollcall.api("/export/companies?format=ndjson").await.status, 200);
    assert_eq!(rollcall.api("/export/users?f=colour:is:red").await.status, 400, "nothing was taken");
    let audit = desk.open("/settings/audit").await;
    for told in ["Users were exported, some of them", "All about one person was exported", "Companies were exported"] {
        assert_eq!(audit.matches(told).count(), 1, "{told}: {audit}");
    }
    let sets = rollcall.list("/changes?by=hand").await;
    let taken: Vec<&Value> = sets.iter().filter(|set| set["cause"] == "export").collect();
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|set| !set["changes"].to_string().contains("ann")), "{taken:?}");
    let again = rollcall
        .api_as(Method::POST, &format!("/changes/{}/undo", taken[0]["change_id"]), &rollcall.token, Some(json!({})))
        .await;
    assert_eq!(again.status, 409, "{again:?}");
}

#[actix_web::test]
async fn pages_of_deeds_go_on_where_the_one_before_ended() {
    let rollcall = Rollcall::start();
    for number in 0..60 {
        rollcall.page_posts(identify(&format!("user-{number}"), json!({}), 60)).await;
    }
    let desk = rollcall.desk().await;
    let first = desk.open("/settings/audit?by=messages").await;
    let older = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let second = desk.open(&older.expect("an older page").replace("&amp;", "&")).await;
    for number in 0..60 {
        let told = |page: &str| page.contains(&format!("href=\"/users/user-{number}\""));
        assert!(told(&first) != told(&second), "user-{number} stands on one page");
    }
    assert!(second.contains("Newest") && !second.contains("rel=\"next\""), "{second}");
}

#[actix_web::test]
async fn the_settings_of_a_source_are_one_deed_and_taken_back_after_a_look() {
    let rollcall = Rollcall::start();
    let source = format!("/settings/sources/{}", shop(&rollcall).await);
    let api = format!("/sources/{}", shop(&rollcall).await);
    let before = rollcall.api(&api).await.body;
    let desk = rollcall.desk().await;

    let to = desk.done(&source, &[&FORM[..], &[("paused", "1")]].concat()).await;
    let saved = desk.open(&to).await;
    assert!(saved.contains("Done") && saved.contains("Undo") && saved.contains("Changed last"), "{saved}");
    let set = newest(&rollcall, "hand").await;
    let fields: Vec<&Value> = set["changes"].as_array().expect("changes").iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["paused", "new_attributes", "origins"], "one deed: {set}");
    assert_eq!(desk.done(&source, &[&FORM[..], &[("paused", "1")]].concat()).await, format!("{source}?same=1"));

    // Somebody else lists another origin meanwhile: that stays.
    patch(&rollcall, &api, json!({ "origins": ["https://other.test"] })).await;
    let undo = format!("/changes/{}/undo", set["change_id"]);
    assert!(desk.open("/settings/audit").await.contains(&undo), "it is offered");
    let asked = desk.open(&format!("{undo}?back=/settings/audit")).await;
    for told in
        ["What undoing it does", "What stays as it is", "It has changed since", "Undo this change", support::OWNER.0]
    {
        assert!(asked.contains(told), "{told} in {asked}");
    }
    assert_eq!(rollcall.api(&api).await.body["paused"], true, "looking changes nothing");
    assert_eq!(desk.done(&undo, &[("back", "/settings/audit")]).await, "/settings/audit?undone=1&left=1");
    let now = rollcall.api(&api).await.body;
    assert_eq!((&now["paused"], &now["new_attributes"]), (&before["paused"], &before["new_attributes"]));
    assert_eq!(now["origins"], json!(["https://other.test"]));

    let audit = desk.open("/settings/audit").await;
    assert!(audit.contains("undone by") && audit.contains("undoing a change"), "{audit}");
    assert!(!audit.contains(&undo), "and is not offered again");
    assert_eq!(desk.send(&undo, &[("back", "/")]).await.status, 409);
    assert!(desk.open(&undo).await.contains("was already undone"));
    assert_eq!(desk.ask("/changes/999999/undo").await.0, 404);
}

#[actix_web::test]
async fn what_can_t_be_taken_back_is_not_offered_and_a_viewer_looks_only() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let viewer = rollcall.desk_of("viewer@rollcall.test", "viewer").await;
    let audit = until("the operator who was added at the shell", || async {
        let page = desk.open("/settings/audit?by=hand").await;
        if page.contains("New operator <b><bdi>viewer@rollcall.test") { Ok(page) } else { Err(page) }
    })
    .await;
    assert!(audit.contains("New token") && audit.contains("Source"), "{audit}");
    let set = newest(&rollcall, "hand").await;
    assert_eq!(set["cause"], "add_operator");
    let undo = format!("/changes/{}/undo", set["change_id"]);
    assert!(!audit.contains(&undo));
    assert!(
        desk.open(&undo).await.contains("can&#39;t be undone") || desk.open(&undo).await.contains("can't be undone")
    );

    let page = viewer.open("/settings/audit").await;
    assert!(page.contains("New operator") && !page.contains("/undo"), "{page}");
    assert_eq!(viewer.ask(&undo).await.0, 403);
}

#[actix_web::test]
async fn operators_get_another_role_and_go_and_an_owner_always_stays() {
    let rollcall = Rollcall::start();
    let (desk, ines) = (rollcall.desk().await, rollcall.desk_of("ines@shop.example", "viewer").await);
    rollcall.page_posts(identify("ann", json!({ "company": { "company_id": "acme" } }), 60)).await;
    let owned = json!({ "owner": "ines@shop.example" });
    assert_eq!(patch(&rollcall, "/companies/acme", owned).await.status, 200);
    let of_ines = [("email", "ines@shop.example")];

    // From the next click on.
    assert_eq!(ines.send("/settings/rules", &[]).await.status, 403);
    let changed = desk.does("/settings/operators/role", &[of_ines[0], ("role", "owner")]).await;
    assert!(changed.contains("Role changed"), "{changed}");
    assert!(ines.open("/settings/operators").await.contains("Add an operator"), "she may add operators now");

    assert_eq!(
        desk.send("/settings/operators/role", &[("email", "nobody@shop.example"), ("role", "admin")]).await.status,
        404
    );
    assert_eq!(desk.send("/settings/operators/role", &[of_ines[0], ("role", "king")]).await.status, 404);
    desk.does("/settings/operators/role", &[of_ines[0], ("role", "admin")]).await;
    assert_eq!(
        ines.send("/settings/operators/remove", &[("email", support::OWNER.0)]).await.status,
        403,
        "not an admin's deed"
    );
    for (path, role) in [("/settings/operators/role", "viewer"), ("/settings/operators/remove", "")] {
        let refused = desk.is_refused(path, &[("email", support::OWNER.0), ("role", role)]).await;
        assert!(refused.contains("is the only owner"), "{refused}");
    }

    let asked = desk.does("/settings/operators/remove", &of_ines).await;
    assert!(asked.contains("1 company</a>") && asked.contains("Who looks after them from now on"), "{asked}");
    assert_eq!(rollcall.company("acme").await["owner"], "ines@shop.example", "nothing is done unasked");
    let to_herself = [of_ines[0], ("to", "ines@shop.example")];
    assert!(desk.is_refused("/settings/operators/remove", &to_herself).await.contains("Choose somebody else"));
    let unsaid = rollcall.shell_output(&["operator", "remove", "ines@shop.example"], "");
    assert!(String::from_utf8_lossy(&unsaid.stderr).contains("--hand-over-to"), "{unsaid:?}");

    let handed = desk.does("/settings/operators/remove", &[of_ines[0], ("to", support::OWNER.0)]).await;
    assert!(handed.contains("ines@shop.example</bdi></b> removed"), "{handed}");
    assert_eq!(rollcall.company("acme").await["owner"], support::OWNER.0);
    let back = desk.undoes(&handed).await;
    assert!(back.contains("Undone") && back.contains("New password link"), "{back}");
    assert_eq!(rollcall.company("acme").await["owner"], "ines@shop.example", "with whom she looked after");

    let removed = desk.does("/settings/operators/remove", &[of_ines[0], ("to", "")]).await;
    assert!(removed.contains("removed"), "{removed}");
    assert!(desk.open("/companies/acme").await.contains("</del> cleared"), "its own history says so");
    let (status, page) = ines.ask("/users").await;
    assert!(status != 200 || !page.contains("ann"), "her sign-in has ended: {status}");
    assert_eq!(rollcall.company("acme").await["owner"], Value::Null);
    let audit = desk.open("/settings/audit").await;
    for told in ["New operator", "is owner now", "is admin now", "removed"] {
        assert!(audit.contains(told), "{told}: {audit}");
    }
    let gone = rollcall.shell_output(&["operator", "remove", "ines@shop.example"], "");
    assert_eq!(gone.status.code(), Some(1), "{gone:?}");
    let last = rollcall.shell_output(&["operator", "role", support::OWNER.0, "viewer"], "");
    assert!(String::from_utf8_lossy(&last.stderr).contains("only owner"), "{last:?}");
}

/// A6 thins out values that change all day long; a deed is no such value.
#[actix_web::test]
async fn of_thirty_deeds_of_a_kind_in_a_day_each_is_told_and_each_note_goes_with_its_import() {
    let rollcall = Rollcall::start();
    let people: Vec<Value> = (0..30)
        .map(|number| json!({ "type": "identify", "userId": format!("u{number}"), "messageId": message_id(), "traits": { "company": { "company_id": "acme" } } }))
        .collect();
    rollcall.backend_posts(json!(people)).await;
    for number in 0..30 {
        rollcall.shell(&["token", "add", &format!("Token {number}"), "--scope", "read", "--json"]);
        let path = format!("/users/u{number}/erase");
        let erased = rollcall.api_as(Method::POST, &path, &rollcall.token, Some(json!({ "events": "delete" }))).await;
        assert_eq!(erased.status, 200, "{erased:?}");
    }
    let told = async |field: &str| {
        let sets = rollcall.list("/changes?limit=500").await;
        let rows = sets.iter().flat_map(|set| set["changes"].as_array().expect("changes"));
        rows.filter(|row| row["field"] == field).count()
    };
    // The one of the stories beside the thirty.
    assert_eq!((told("token").await, told("erased").await), (31, 30));

    let notes: String = (0..30).map(|number| format!("acme,Called {number}\n")).collect();
    let request = rollcall.client.post(format!("{}/api/v1/imports?kind=notes&file_name=notes.csv", rollcall.address));
    let sent = request.bearer_auth(&rollcall.token).body(format!("company_id,text\n{notes}")).send().await;
    assert_eq!(sent.expect("an answer").status(), 202);
    let settles = async |state: &str| {
        until("the import ends", async || {
            let import = rollcall.api("/imports/1").await.body;
            if import["state"] == state { Ok(()) } else { Err(import.to_string()) }
        })
        .await
    };
    let kept = || {
        let output = rollcall.shell_output(&["export", "notes", "--format", "ndjson"], "");
        String::from_utf8(output.stdout).expect("text").lines().count()
    };
    settles("done").await;
    assert_eq!((told("note").await, kept()), (30, 30));
    rollcall.api_as(Method::POST, "/imports/1/undo", &rollcall.token, None).await;
    settles("undone").await;
    assert_eq!(kept(), 0);
}
