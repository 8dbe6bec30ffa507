//! As a person: forms over HTTP as a browser without scripts sends them, and a real browser with the
//! keyboard alone.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::support::browser::Browser;
use crate::support::{OWNER, Rollcall, message_id, seconds_ago, until};
use crate::{identify, put};

/// A7: what a person sets holds against earlier messages and yields to later ones, unless it is pinned.
#[actix_web::test]
async fn a7_a_pinned_value_yields_to_a_hand_alone_and_an_unpinned_one_to_later_messages() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "plan": "free" }), 60)).await;
    let person = rollcall.desk().await;
    let page = person.open("/users/ann").await;
    assert!(page.contains("/edit/value?user="), "each value leads to where it is edited");

    let value = [("user", "ann"), ("name", "plan"), ("deed", "set")];
    let page = person.does("/edit/value", &[&value[..], &[("value", "pro")]].concat()).await;
    assert!(page.contains("Done") && page.contains("<del><bdi>free</bdi></del>") && page.contains("Undo"), "{page}");
    rollcall.page_posts(identify("ann", json!({ "plan": "late" }), 30)).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro", "said before the hand");
    rollcall.page_posts(identify("ann", json!({ "plan": "basic" }), 0)).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "basic", "said after it");

    let pinned = [&value[..], &[("value", "pro"), ("pinned", "true")]].concat();
    let page = person.does("/edit/value", &pinned).await;
    assert!(page.contains("pinned: only a person can change it"), "{page}");
    rollcall.page_posts(identify("ann", json!({ "plan": "free" }), 0)).await;
    let told = put(&rollcall, "/users/ann", json!({ "attributes": { "plan": "free", "city": "Ulm" } })).await;
    assert_eq!((&told.body["kept"], &told.body["attributes"]["plan"]), (&json!(["plan"]), &json!("pro")), "{told:?}");
    assert_eq!(told.body["attributes"]["city"], "Ulm");

    let page = person.does("/edit/value", &[&value[..], &[("value", "team")]].concat()).await;
    assert!(page.contains("no longer pinned"), "{page}");
    let page = person.undoes(&page).await;
    assert!(page.contains("Everything is as it was"), "{page}");
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    rollcall.page_posts(identify("ann", json!({ "plan": "free" }), 0)).await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro", "the pin is back too");
}

/// A6: the history of a value, by whom and worth what; a former value comes back by one click.
#[actix_web::test]
async fn a6_a_former_value_comes_back_by_one_click() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "plan": "free" }), 60)).await;
    rollcall.backend_posts(identify("ann", json!({ "plan": "pro" }), 30)).await;
    let person = rollcall.desk().await;
    let page = person.open("/edit/value?user=ann&name=plan").await;
    for shown in ["unsigned", "secret token", "Restore", "value=\"pro\""] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let after = page.split("value=\"restore\"").next().expect("a form");
    let field = |name: &str| {
        let start = after.rfind(&format!("name=\"{name}\" value=\"")).expect("a field");
        after[start..].split('"').nth(3).expect("a value").to_owned()
    };
    let (change, place) = (field("change"), field("place"));
    let fields = [("user", "ann"), ("name", "plan"), ("deed", "restore"), ("change", &change), ("place", &place)];
    let page = person.does("/edit/value", &fields).await;
    assert!(page.contains("Restored"), "{page}");
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "free");
    let history = rollcall.list("/users/ann/changes").await;
    assert_eq!(history[0]["by"], json!({ "kind": "operator", "name": OWNER.0 }));
    let unknown = [("user", "ann"), ("name", "plan"), ("deed", "restore"), ("change", "9999"), ("place", "0")];
    assert_eq!(person.send("/edit/value", &unknown).await.status, 409);
}

/// Values of each type are written, cleared, refused in words, and added.
#[actix_web::test]
async fn values_of_each_type_are_written_by_hand() {
    let rollcall = Rollcall::start();
    put(
        &rollcall,
        "/companies/a%2Fb",
        json!({ "attributes": {
        "seats": 20, "beta": true, "renewal": "2027-03-01", "labels": ["a", "b"], "address": { "city": "Ulm" },
    } }),
    )
    .await;
    let person = rollcall.desk().await;
    let set = |name: &'static str, value: &'static str| {
        [("company", "a/b"), ("name", name), ("deed", "set"), ("value", value)]
    };
    for (name, value) in [
        ("seats", "25.5"),
        ("beta", "false"),
        ("renewal", "2028-01-31"),
        ("labels", "x\r\n y \r\n\r\n"),
        ("address", "{\"city\": \"Bonn\"}"),
    ] {
        person.does("/edit/value", &set(name, value)).await;
    }
    assert_eq!(
        rollcall.company("a/b").await["attributes"],
        json!({ "seats": 25.5, "beta": false, "renewal": "2028-01-31", "labels": ["x", "y"], "address": { "city": "Bonn" } })
    );
    for (name, value, why) in [
        ("seats", "ten", "seats is a number and"),
        ("address", "{", "That is not valid JSON"),
        ("", "x", "Give it a name"),
    ] {
        let page = person.is_refused("/edit/value", &set(name, value)).await;
        assert!(page.contains(why), "{why} in {page}");
    }
    assert_eq!(rollcall.list("/refusals").await.len(), 0, "who is there to put it right is told");

    let new = [("company", "a/b"), ("name", " note "), ("deed", "set"), ("type", "number"), ("value", "7")];
    person.does("/edit/value", &new).await;
    assert_eq!(rollcall.company("a/b").await["attributes"]["note"], 7);
    let page =
        person.does("/edit/value", &[("company", "a/b"), ("name", "note"), ("deed", "clear"), ("value", "7")]).await;
    assert!(page.contains("cleared"), "{page}");
    assert_eq!(rollcall.company("a/b").await["attributes"]["note"], Value::Null);
    let page = person.does("/edit/value", &[("company", "a/b"), ("name", "note"), ("deed", "clear")]).await;
    assert!(page.contains("Nothing was changed"), "{page}");
}

/// C1, C7: members are added, changed and marked as left, with a way back.
#[actix_web::test]
async fn members_come_change_and_leave_by_hand() {
    let rollcall = Rollcall::start();
    put(&rollcall, "/users/ann", json!({ "name": "Ann" })).await;
    put(&rollcall, "/companies/acme", json!({ "name": "Acme" })).await;
    let person = rollcall.desk().await;
    let page = person
        .is_refused("/edit/member", &[("company", "acme"), ("user", "bob"), ("page", "company"), ("deed", "join")])
        .await;
    assert!(page.contains("No user matches"), "{page}");
    let page = person
        .does(
            "/edit/member",
            &[
                ("company", "acme"),
                ("user", "ann"),
                ("page", "company"),
                ("deed", "join"),
                ("role", "admin"),
                ("current", "true"),
            ],
        )
        .await;
    assert!(page.contains("joined as <bdi>admin</bdi>") && page.contains("Acme"), "{page}");
    let user = rollcall.user("ann").await;
    assert_eq!((&user["companies"][0]["role"], &user["companies"][0]["title"]), (&json!("admin"), &Value::Null));

    let page = person
        .does("/edit/member", &[("user", "ann"), ("company", "new one"), ("page", "user"), ("deed", "join")])
        .await;
    assert!(page.contains("new one"), "a company that is not known is made: {page}");
    assert_eq!(rollcall.companies_of("ann").await[0], ("acme".to_owned(), true, false), "which is not the current one");

    let membership = person.open("/edit/member?user=ann&company=acme").await;
    for shown in ["Mark as left", "Joined", "value=\"admin\""] {
        assert!(membership.contains(shown), "{shown} in {membership}");
    }
    let adds =
        [("company", "acme"), ("user", "ann"), ("page", "company"), ("deed", "join"), ("adds", "1"), ("role", "")];
    let page = person.is_refused("/edit/member", &adds).await;
    assert!(page.contains("is a member of the company already"), "whose role nobody saw, keeps it: {page}");
    let of_company = person.open("/companies/acme").await;
    let link = of_company.split("/edit/member?user=").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let form = person.open(&format!("/edit/member?user={}", link.replace("&amp;", "&"))).await;
    assert!(form.contains("name=\"page\" value=\"company\""), "it leads back to where it was opened: {form}");
    let page =
        person.does("/edit/member", &[("user", "ann"), ("company", "acme"), ("page", "user"), ("deed", "leave")]).await;
    assert!(page.contains("Left ") && page.contains("Undo"), "{page}");
    assert_eq!(rollcall.companies_of("ann").await[0], ("acme".to_owned(), false, true));
    person.undoes(&page).await;
    assert_eq!(rollcall.companies_of("ann").await[0].0, "acme");
    assert!(!rollcall.companies_of("ann").await[0].2, "a member again");
    assert_eq!(rollcall.user("ann").await["companies"][0]["source"], "by hand");
    let attribute =
        [("user", "ann"), ("company", "acme"), ("name", "desk"), ("type", "number"), ("value", "7"), ("deed", "set")];
    person.does("/edit/value", &attribute).await;
    let user = rollcall.user("ann").await;
    let acme =
        user["companies"].as_array().expect("companies").iter().find(|one| one["company_id"] == "acme").expect("it");
    assert_eq!((&acme["attributes"]["desk"], &acme["role"]), (&json!(7), &json!("admin")));
}

/// Two colleagues have the same form open: each changes what they changed, and nobody's work is lost.
#[actix_web::test]
async fn a9_what_a_colleague_changed_meanwhile_stays() {
    let rollcall = Rollcall::start();
    put(&rollcall, "/users/ann", json!({ "name": "Ann" })).await;
    let person = rollcall.desk().await;
    person.does("/edit/profile", &[("user", "ann"), ("owner", ""), ("tags", "beta, old")]).await;
    let form = person.open("/edit/profile?user=ann").await;
    assert!(form.contains("name=\"was_tags\" value=\"beta, old\""), "{form}");
    let as_found = [("user", "ann"), ("was_owner", ""), ("was_tags", "beta, old")];
    let first = [("owner", OWNER.0), ("tags", "beta, old, first")];
    person.does("/edit/profile", &[&as_found[..], &first].concat()).await;
    person.does("/edit/profile", &[&as_found[..], &[("owner", ""), ("tags", "beta, second")]].concat()).await;
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["tags"], &ann["owner"]), (&json!(["beta", "first", "second"]), &json!(OWNER.0)));
}

/// A9: owner, tags and notes, in the feed, in the search, with a way back; a note is its author's.
#[actix_web::test]
async fn a9_owner_tags_and_notes() {
    let rollcall = Rollcall::start();
    put(&rollcall, "/users/ann", json!({ "attributes": { "owner": "the site's own word" } })).await;
    let person = rollcall.desk().await;
    let page = person.does("/edit/profile", &[("user", "ann"), ("owner", OWNER.0), ("tags", "vip, beta , vip")]).await;
    assert!(page.contains("vip") && page.contains("Undo"), "{page}");
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["owner"], &ann["tags"]), (&json!(OWNER.0), &json!(["beta", "vip"])));
    assert_eq!(ann["attributes"]["owner"], "the site's own word", "which is another thing");
    assert!(person.open("/users").await.contains("vip"), "the list shows tags");
    person.undoes(&page).await;
    let ann = rollcall.user("ann").await;
    assert_eq!(
        (&ann["owner"], &ann["tags"], &ann["attributes"]["owner"]),
        (&Value::Null, &json!([]), &json!("the site's own word"))
    );
    let page = person.is_refused("/edit/profile", &[("user", "ann"), ("tags", &"x".repeat(51))]).await;
    assert!(page.contains("1 to 50 characters"), "{page}");

    let text = "**Call** about the <script>alert(1)</script> [plan](javascript:alert(1)) zeppelin";
    let page = person
        .does("/edit/note", &[("user", "ann"), ("deed", "add"), ("text", text), ("next_date", "2027-03-01")])
        .await;
    assert!(
        page.contains("<strong>Call</strong>") && page.contains("&lt;script&gt;") && page.contains("1 Mar 2027"),
        "{page}"
    );
    assert!(!page.contains("<script>alert") && !page.contains("href=\"javascript"), "{page}");
    assert!(page.contains("Note added"), "it is in the feed");
    let found = person.open("/search?q=ZEPPELIN").await;
    assert!(found.contains("/users/ann#notes") && !found.contains("**Call**"), "and found, as words: {found}");
    let found = person.open("/search?q=own+WORD").await;
    assert!(found.contains("By an attribute") && found.contains("owner: the site"), "and so are attributes: {found}");
    let note =
        page.split("/edit/note?note=").nth(1).and_then(|rest| rest.split('"').next()).expect("an edit").to_owned();
    assert!(person.open(&format!("/edit/note?note={note}")).await.contains("zeppelin"));
    let page = person.is_refused("/edit/note", &[("user", "ann"), ("deed", "add"), ("text", " ")]).await;
    assert!(page.contains("Write something first"), "{page}");
    let changed = [("user", "ann"), ("deed", "change"), ("note", &note), ("text", "later")];
    assert!(person.does("/edit/note", &changed).await.contains("Note changed"));
    assert!(!person.open("/search?q=zeppelin").await.contains("/users/ann#notes"), "the old text is found no more");

    let other = rollcall.desk_of("eve@rollcall.test", "admin").await;
    assert_eq!(other.ask(&format!("/edit/note?note={note}")).await.0, 403);
    let sent = other.send("/edit/note", &[("user", "ann"), ("deed", "delete"), ("note", &note)]).await;
    assert_eq!(sent.status, 409, "a note is its author's");

    let page = person.does("/edit/note", &[("user", "ann"), ("deed", "delete"), ("note", &note)]).await;
    assert!(page.contains("Note deleted"), "{page}");
    let page = person.undoes(&page).await;
    assert!(page.contains("later"), "the note is back: {page}");
}

/// What is to be done on a day stands in a list, and soon on the overview, until anybody says that it is done.
#[actix_web::test]
async fn what_is_to_be_done_on_a_day_stands_in_a_list_until_it_is_done() {
    let rollcall = Rollcall::start();
    let person = rollcall.desk().await;
    assert!(person.open("/notes").await.contains("Nothing to do"));
    rollcall.page_posts(identify("ann", json!({ "name": "Ann", "company": { "company_id": "acme" } }), 0)).await;
    let day = |days: i64| (chrono::Utc::now() + chrono::Duration::days(days)).format("%Y-%m-%d").to_string();
    for (text, date) in
        [("Anniversary", day(60)), ("Call **again**", day(3)), ("Send the offer", day(-2)), ("A word", String::new())]
    {
        person.does("/edit/note", &[("user", "ann"), ("deed", "add"), ("text", text), ("next_date", &date)]).await;
    }
    let list = person.open("/notes").await;
    let places = ["Send the offer", "Call again", "Anniversary"].map(|text| list.find(text).expect("it is there"));
    assert!(places.is_sorted() && !list.contains("A word"), "the earliest first: {list}");
    let overview = person.open("/").await;
    assert!(overview.contains("Send the offer") && overview.contains("/users/ann#notes"), "{overview}");
    assert!(!overview.contains("Anniversary"), "not so soon: {overview}");

    let offer = list.split("name=\"note\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a note");
    let viewer = rollcall.desk_of("vic@rollcall.test", "viewer").await;
    assert!(!viewer.open("/notes").await.contains("value=\"done\""));
    let other = rollcall.desk_of("eve@rollcall.test", "admin").await;
    let page = other.does("/edit/note", &[("note", offer), ("deed", "done")]).await;
    assert!(page.contains("Note changed"), "whoever wrote it: {page}");
    assert!(!person.open("/notes").await.contains("Send the offer"));
    other.undoes(&page).await;
    assert!(person.open("/notes").await.contains("Send the offer"));
    assert_eq!(other.send("/edit/note", &[("note", "999"), ("deed", "done")]).await.status, 404);
}

/// Users and companies are made by hand, and are the same ones once the site names them.
#[actix_web::test]
async fn users_and_companies_are_made_by_hand() {
    let rollcall = Rollcall::start();
    let person = rollcall.desk().await;
    let page = person.does("/edit/new", &[("kind", "company"), ("id", "acme"), ("name", "Acme")]).await;
    assert!(page.contains("Created") && page.contains("Acme"), "{page}");
    let page = person
        .does(
            "/edit/new",
            &[("kind", "user"), ("id", ".."), ("email", "Ann@acme.test"), ("name", "Ann"), ("company", "acme")],
        )
        .await;
    assert!(page.contains("ann@acme.test"), "{page}");
    rollcall.page_posts(identify("..", json!({ "city": "Ulm" }), 0)).await;
    assert_eq!(rollcall.user_ids().await, [".."]);
    assert_eq!(rollcall.company("acme").await["members"], 1);
    let page = person.does("/edit/new", &[("kind", "user"), ("email", "lea@acme.test")]).await;
    assert!(page.contains("E-mail only"), "{page}");
    for (fields, why) in [
        (vec![("kind", "user")], "Enter an id, an e-mail address, or both"),
        (vec![("kind", "user"), ("id", "null")], "null"),
        (vec![("kind", "user"), ("id", "x"), ("email", "nonsense")], "is not an e-mail address"),
        (vec![("kind", "user"), ("email", "lea@acme.test")], "already"),
        (vec![("kind", "company"), ("id", "acme")], "already"),
        (vec![("kind", "company")], "known by its id"),
    ] {
        let page = person.is_refused("/edit/new", &fields).await;
        assert!(page.contains(why), "{why} in {page}");
    }
    assert_eq!(rollcall.user_ids().await, ["(lead)", ".."], "what is refused makes nobody");
}

/// A viewer sees histories and no form; what is sent all the same is refused.
#[actix_web::test]
async fn who_may_only_look_changes_nothing() {
    let rollcall = Rollcall::start();
    put(&rollcall, "/users/ann", json!({ "attributes": { "plan": "pro" } })).await;
    let viewer = rollcall.desk_of("view@rollcall.test", "viewer").await;
    let page = viewer.open("/edit/value?user=ann&name=plan").await;
    assert!(page.contains("History") && !page.contains("name=\"deed\""), "{page}");
    assert!(!viewer.open("/users/ann").await.contains("/edit/member"));
    assert_eq!(viewer.ask("/edit/member?user=ann").await.0, 403);
    let sent = viewer.send("/edit/value", &[("user", "ann"), ("name", "plan"), ("deed", "set"), ("value", "x")]).await;
    assert_eq!(sent.status, 403);
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    let person = rollcall.desk().await;
    for path in [
        "/edit/value?user=nobody&name=plan",
        "/edit/value?company=none",
        "/edit/member?user=ann&company=none",
        "/edit/note?note=7",
        "/edit/value",
    ] {
        assert_eq!(person.ask(path).await.0, 404, "{path}");
    }
}

/// With the keyboard alone and without scripts: from a user's page to a pinned value and back.
#[actix_web::test]
async fn a_value_is_pinned_and_undone_with_the_keyboard_alone() {
    let rollcall = Rollcall::start();
    rollcall
        .page_posts(json!([
            { "type": "page", "anonymousId": "v", "messageId": message_id(), "timestamp": seconds_ago(90) },
            identify("ann", json!({ "plan": "free" }), 60),
        ]))
        .await;
    let browser = Browser::start_with(&[], json!({ "profile.default_content_setting_values.javascript": 2 })).await;
    browser.signs_in(&rollcall).await;
    browser.open(&format!("{}/users/ann", rollcall.address)).await;
    tab_to(&browser, "Edit plan").await;
    press(&browser, Key::Enter).await;
    browser.sees("Without a pin, the later value wins").await;
    tab_to(&browser, "free").await;
    browser.driver.active_element().await.expect("a field").send_keys("pro").await.expect("keys");
    press(&browser, Key::Tab).await;
    press(&browser, Key::Space).await;
    tab_to(&browser, "Save").await;
    press(&browser, Key::Enter).await;
    browser.sees("only a person can change it").await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    tab_to(&browser, "Undo").await;
    press(&browser, Key::Enter).await;
    browser.sees("Everything is as it was").await;
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "free");
}

/// Presses Tab until what has the focus says a text, or has it as its value.
async fn tab_to(browser: &Browser, text: &str) {
    for _ in 0..80 {
        press(browser, Key::Tab).await;
        let element = browser.driver.active_element().await.expect("an element");
        // What is read out by screen readers alone is not a text of the element, so its markup is asked.
        let inner =
            element.inner_html().await.unwrap_or_default().replace("<span class=\"vh\">", "").replace("</span>", "");
        let value = element.value().await.ok().flatten().unwrap_or_default();
        if value == text || inner.contains(text) && inner.len() < 400 {
            return;
        }
    }
    panic!("the focus never comes to {text:?}: {}", browser.text().await);
}

async fn press(browser: &Browser, key: Key) {
    let element = until("something has the focus", || async {
        browser.driver.active_element().await.map_err(|error| error.to_string())
    })
    .await;
    element.send_keys(key + "").await.expect("keys");
}
