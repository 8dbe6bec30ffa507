//! One deed for many rows of a list: seen before, done as one change, taken back as one.

mod support;

use serde_json::{Value, json};

use support::desk::Desk;
use support::{Rollcall, message_id, seconds_ago, until};

fn identify(user: &str, traits: Value) -> Value {
    json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(60) })
}

async fn three_people() -> Rollcall {
    let rollcall = Rollcall::start();
    rollcall
        .backend_posts(json!([
            identify("ann", json!({ "plan": "pro", "seats": 3, "company": { "company_id": "acme" } })),
            identify("bob", json!({ "plan": "free" })),
            identify("cec", json!({ "plan": "free" })),
        ]))
        .await;
    rollcall
}

/// The keys of the rows that a list shows, by what the list says of each.
fn picked(list: &str) -> Vec<String> {
    let boxes = list.split("name=\"row\" value=\"").skip(1);
    boxes.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// What a page of deeds carries to the deed: whom.
fn whom(page: &str) -> String {
    let keys = page.split("name=\"keys\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    keys.expect("whom").to_owned()
}

async fn tags(rollcall: &Rollcall, user: &str) -> Value {
    rollcall.user(user).await["tags"].clone()
}

/// Sees what a deed does, then does it, and answers the page that tells it.
async fn does(desk: &Desk<'_>, list: &str, keys: &str, deed: &str, name: &str, value: &str) -> String {
    let fields = [("list", list), ("keys", keys), ("deed", deed), ("name", name), ("value", value)];
    let seen = desk.send("/bulk", &fields).await;
    assert!(seen.status == 200 && seen.page.contains("What this does"), "{}", seen.page);
    desk.does("/bulk", &[&fields[..], &[("step", "do")]].concat()).await
}

#[actix_web::test]
async fn those_picked_get_a_tag_after_a_preview_and_lose_it_with_one_undo() {
    let rollcall = three_people().await;
    let desk = rollcall.desk().await;
    let list = desk.open("/users?sort=name").await;
    let keys = picked(&list);
    assert_eq!(keys.len(), 3, "each row can be picked");
    let page = desk.open(&format!("/bulk?list=users&sort=name&row={}&row={}", keys[0], keys[1])).await;
    assert!(page.contains("Change 2 users"), "{page}");
    let whom = whom(&page);

    let fields = [("list", "users"), ("keys", whom.as_str()), ("deed", "tag"), ("value", "vip")];
    let seen = desk.send("/bulk", &fields).await.page;
    assert!(seen.contains("<b>2 users</b> change") && seen.contains("vip"), "{seen}");
    assert_eq!(tags(&rollcall, "ann").await, json!([]), "a preview changes nothing");

    let done = does(&desk, "users", &whom, "tag", "", "vip").await;
    assert!(done.contains("Done") && done.contains("Undo"), "{done}");
    assert_eq!((tags(&rollcall, "ann").await, tags(&rollcall, "bob").await), (json!(["vip"]), json!(["vip"])));
    assert_eq!(tags(&rollcall, "cec").await, json!([]), "who was not picked");
    let changes = rollcall.list("/changes?by=hand").await;
    assert_eq!(changes[0]["changes"].as_array().map(Vec::len), Some(2), "one change set: {}", changes[0]);

    let undone = desk.undoes(&done).await;
    assert!(undone.contains("Undone"), "{undone}");
    assert_eq!((tags(&rollcall, "ann").await, tags(&rollcall, "bob").await), (json!([]), json!([])));
}

#[actix_web::test]
async fn after_a_deed_and_after_its_undo_one_is_back_at_the_list_as_it_was_filtered() {
    let rollcall = three_people().await;
    let desk = rollcall.desk().await;
    let page = desk.open("/bulk?list=users&all=1&f=plan:is:free&sort=name").await;
    assert!(page.contains(">bob</bdi>") && page.contains(">cec</bdi>"), "they are named: {page}");
    // The page's frame has ways back of its own.
    let way_back = |form: &str| {
        let back = form.split("name=\"back\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        back.expect("a way back").replace("&amp;", "&")
    };
    let back = way_back(page.split("name=\"keys\"").nth(1).expect("a form"));
    assert_eq!(back, "/users?f=plan%3Ais%3Afree&sort=name");
    let whom = whom(&page);
    let fields = [("list", "users"), ("keys", whom.as_str()), ("deed", "tag"), ("value", "vip"), ("back", &back)];
    let to = desk.done("/bulk", &[&fields[..], &[("step", "do")]].concat()).await;
    assert!(to.starts_with(&back), "{to}");
    let done = desk.open(&to).await;
    assert!(done.contains("Done") && done.contains("plan is free"), "{done}");
    assert_eq!(way_back(done.split("action=\"/changes/").nth(1).expect("an undo")), back);
    let undone = desk.undoes(&done).await;
    assert!(undone.contains("Undone") && undone.contains("plan is free"), "{undone}");
    assert_eq!(tags(&rollcall, "bob").await, json!([]));

    let elsewhere = [&fields[..4], &[("back", "https://evil.example/"), ("step", "do")]].concat();
    assert!(desk.done("/bulk", &elsewhere).await.starts_with("/?change="), "no other site is a way back");
}

#[actix_web::test]
async fn those_picked_are_had_as_a_file_that_says_their_company() {
    let rollcall = three_people().await;
    let desk = rollcall.desk().await;
    let keys = picked(&desk.open("/users?sort=name").await);
    let sent = desk.send("/bulk/export", &[("list", "users"), ("keys", &keys[..2].join(",")), ("format", "csv")]).await;
    let lines: Vec<&str> = sent.page.lines().collect();
    assert_eq!((sent.status, lines.len()), (200, 3), "{}", sent.page);
    assert!(lines[0].starts_with("id,user_id,name,company_id,company,role,"), "{}", lines[0]);
    assert!(lines[1].contains(",ann,") && lines[1].contains(",acme,") && lines[2].contains(",bob,"), "{}", sent.page);
    assert_eq!(desk.send("/bulk/export", &[("list", "events"), ("keys", "1"), ("format", "csv")]).await.status, 404);
    let vera = rollcall.desk_of("vera@acme.test", "viewer").await;
    assert_eq!(vera.send("/bulk/export", &[("list", "users"), ("keys", "1"), ("format", "csv")]).await.status, 403);
}

#[actix_web::test]
async fn all_that_match_get_an_attribute_a_company_and_an_owner() {
    let rollcall = three_people().await;
    let desk = rollcall.desk().await;
    let page = desk.open("/bulk?list=users&all=1&f=plan:is:free").await;
    assert!(page.contains("Change 2 users"), "{page}");
    let free = whom(&page);
    let done = does(&desk, "users", &free, "set", "seats", "5").await;
    assert_eq!(rollcall.user("bob").await["attributes"]["seats"], json!(5), "as a number");
    desk.undoes(&done).await;
    assert_eq!(rollcall.user("bob").await["attributes"]["seats"], Value::Null);

    let done = does(&desk, "users", &free, "join", "acme", "").await;
    assert_eq!(rollcall.company("acme").await["members"], json!(3));
    desk.undoes(&done).await;
    assert_eq!(rollcall.company("acme").await["members"], json!(1));

    does(&desk, "users", &free, "join", "acme", "").await;
    let done = does(&desk, "users", &free, "leave", "acme", "").await;
    assert_eq!(rollcall.company("acme").await["members"], json!(1), "who was not picked stays");
    desk.undoes(&done).await;
    assert_eq!(rollcall.company("acme").await["members"], json!(3));

    does(&desk, "users", &free, "owner", "", "owner@rollcall.test").await;
    assert_eq!(rollcall.user("cec").await["owner"], json!("owner@rollcall.test"));
    assert_eq!(rollcall.user("ann").await["owner"], Value::Null);
}

#[actix_web::test]
async fn companies_are_archived_and_come_back() {
    let rollcall = three_people().await;
    let desk = rollcall.desk().await;
    let keys = picked(&desk.open("/companies").await);
    let done = does(&desk, "companies", &keys.join(","), "archive", "", "").await;
    assert_eq!(rollcall.list("/companies").await.len(), 0);
    let archived = desk.open("/companies?list=archived").await;
    assert_eq!(picked(&archived), keys);
    let again = desk.open("/bulk?list=companies&list=archived&all=1").await;
    assert!(again.contains("Change 1 company"), "{again}");
    desk.undoes(&done).await;
    assert_eq!(rollcall.list("/companies").await.len(), 1);
}

#[actix_web::test]
async fn what_can_t_be_done_to_many_is_said_and_nothing_changes() {
    let rollcall = three_people().await;
    let desk = rollcall.desk().await;
    let keys = picked(&desk.open("/users").await).join(",");
    for (deed, name, value, hint) in [
        ("tag", "", "a,b", "no comma"),
        ("owner", "", "nobody@acme.test", "No operator"),
        ("set", "colour", "red", "There is no attribute"),
        ("set", "email", "one@acme.test", "belongs to one person"),
        ("join", "umbrella", "", "No company has the id"),
    ] {
        let fields = [("list", "users"), ("keys", keys.as_str()), ("deed", deed), ("name", name), ("value", value)];
        for step in ["", "do"] {
            let page = desk.is_refused("/bulk", &[&fields[..], &[("step", step)]].concat()).await;
            assert!(page.contains(hint), "{deed}: {page}");
        }
    }
    let fields = [("list", "users"), ("keys", keys.as_str()), ("deed", "set"), ("name", "seats"), ("value", "many")];
    let seen = desk.send("/bulk", &fields).await.page;
    assert!(seen.contains("type_mismatch") && seen.contains("Nothing would change"), "seen before: {seen}");
    assert!(
        !seen.contains("Do it") && seen.contains("Back to the list"),
        "nothing is offered that does nothing: {seen}"
    );
    assert_eq!(rollcall.list("/changes?by=hand").await.iter().filter(|set| set["cause"] == "bulk").count(), 0);

    let gone = [("list", "users"), ("keys", "999999,x"), ("deed", "tag"), ("value", "vip"), ("step", "do")];
    assert!(desk.does("/bulk", &gone).await.contains("Nothing was changed"), "nobody is there");
    let vera = rollcall.desk_of("vera@acme.test", "viewer").await;
    assert!(picked(&vera.open("/users").await).is_empty(), "whoever only looks picks nothing");
    assert_eq!(vera.send("/bulk", &fields).await.status, 403);
}

/// Erasing can't be taken back, so it asks for their number, and says what went.
#[actix_web::test]
async fn those_picked_are_erased_once_their_number_is_typed() {
    let rollcall = three_people().await;
    let desk = rollcall.desk().await;
    let keys = picked(&desk.open("/users?sort=name").await);
    let page = desk.open(&format!("/bulk?list=users&sort=name&row={}&row={}", keys[0], keys[1])).await;
    assert!(page.contains("See what goes"), "{page}");
    let whom = whom(&page);

    let seen = desk.send("/bulk/erase", &[("list", "users"), ("keys", &whom)]).await;
    assert_eq!(seen.status, 200);
    assert!(
        seen.page.contains("Erase 2 people") && seen.page.contains("ann") && !seen.page.contains("cec"),
        "{}",
        seen.page
    );
    assert!(seen.page.contains("<code class=\"bare\">users</code></th><td class=\"num\">2</td>"), "{}", seen.page);
    for (typed, events) in [("", "delete"), ("3", "delete"), ("two", "delete"), ("2", "burn")] {
        let refused = desk.is_refused("/bulk/erase", &[("keys", &whom), ("events", events), ("typed", typed)]).await;
        assert!(refused.contains("Nobody was erased"), "{typed}: {refused}");
    }
    assert_eq!(rollcall.list("/users").await.len(), 3, "a preview and a wrong number erase nobody");

    let sent = desk.send("/bulk/erase", &[("keys", &whom), ("events", "delete"), ("typed", " 2 ")]).await;
    assert!(
        sent.status == 200 && sent.page.contains("2 people were erased") && sent.page.contains("Earlier backups"),
        "{}",
        sent.page
    );
    let left = rollcall.list("/users").await;
    assert_eq!(left.iter().map(|user| user["user_id"].clone()).collect::<Vec<_>>(), ["cec"]);
    // What comes late of somebody who was erased stores nothing (R13).
    rollcall.backend_posts(json!([identify("ann", json!({ "plan": "team" }))])).await;
    assert_eq!(rollcall.list("/users").await.len(), 1);
    // Sent once more, there is nobody to erase.
    let again = desk.is_refused("/bulk/erase", &[("keys", &whom), ("events", "delete"), ("typed", "2")]).await;
    assert!(again.contains("Nobody is selected"), "{again}");

    let viewer = rollcall.desk_of("viewer@rollcall.test", "viewer").await;
    let cec = picked(&desk.open("/users").await).remove(0);
    let sent = viewer.send("/bulk/erase", &[("keys", &cec), ("events", "delete"), ("typed", "1")]).await;
    assert_eq!((sent.status, rollcall.list("/users").await.len()), (403, 1), "whoever only looks erases nobody");
}

/// What somebody else has changed since stays, and the page says so before and after.
#[actix_web::test]
async fn taking_a_deed_back_leaves_what_has_changed_since_and_says_it() {
    let rollcall = three_people().await;
    let desk = rollcall.desk().await;
    let keys = picked(&desk.open("/users").await).join(",");
    let done = does(&desk, "users", &keys, "tag", "", "vip").await;
    let undo = done.split("action=\"/changes/").nth(1).and_then(|rest| rest.split('"').next()).expect("an undo");
    let path = format!("/changes/{undo}");
    let before = desk.open(&path).await;
    assert!(!before.contains("What stays as it is"), "{before}");
    let first = keys.split(',').next().expect("a key");
    does(&desk, "users", first, "tag", "", "late").await;
    let before = desk.open(&path).await;
    assert!(
        before.contains("What stays as it is") && before.contains("It has changed since, and stays as it is."),
        "{before}"
    );
    let sent = desk.send(&path, &[("back", "/users")]).await;
    let after = desk.open(&sent.to).await;
    assert!(after.contains("stays as it is"), "{sent:?} {after}");
    let mut tagged = 0;
    for user in rollcall.list("/users").await {
        let tags = user["tags"].as_array().expect("tags");
        assert!(tags.is_empty() || tags == &[json!("late"), json!("vip")], "{user}");
        tagged += usize::from(!tags.is_empty());
    }
    assert_eq!(tagged, 1);
    let again = desk.send(&path, &[("back", "/users")]).await;
    assert_eq!(again.status, 409);
    assert!(again.page.contains("already undone"), "{}", again.page);
}

/// So many people that no single change holds them, and one more.
async fn seven_hundred(rollcall: &Rollcall) {
    for part in 0..7 {
        let people = (1..=100).map(|number| {
            let id = format!("u{}", part * 100 + number);
            identify(&id, json!({ "plan": "free" }))
        });
        rollcall.backend_posts(people.collect()).await;
    }
    rollcall.backend_posts(identify("other", json!({ "plan": "pro" }))).await;
}

/// What a job's page says once it stands where it should.
async fn stands(desk: &Desk<'_>, job: &str, heading: &str) -> String {
    until(heading, || async {
        let page = desk.open(job).await;
        if page.contains(heading) { Ok(page) } else { Err(page) }
    })
    .await
}

async fn how_many(rollcall: &Rollcall, filter: &str) -> u64 {
    rollcall.api(&format!("/users?count=1&limit=1&{filter}")).await.body["total"].as_u64().expect("a number")
}

#[actix_web::test]
async fn all_of_a_long_list_are_changed_after_an_exact_preview_and_taken_back_as_one() {
    let rollcall = Rollcall::start();
    seven_hundred(&rollcall).await;
    let desk = rollcall.desk().await;
    assert!(desk.open("/users?f=plan:is:free").await.contains("All 700 that match"));
    let page = desk.open("/bulk?list=users&all=1&f=plan:is:free").await;
    assert!(page.contains("Change all users that match") && !page.contains("name=\"keys\""), "{page}");
    let back = "/users?f=plan%3Ais%3Afree&sort=-last_seen";
    assert!(page.contains(&back.replace('&', "&amp;")), "{page}");
    let fields = |deed, name, value| {
        [("list", "users"), ("all", "1"), ("back", back), ("deed", deed), ("name", name), ("value", value)]
    };
    let wrong = desk.is_refused("/bulk", &fields("set", "colour", "red")).await;
    assert!(wrong.contains("There is no attribute") && wrong.contains("Change all users that match"), "{wrong}");
    assert!(desk.is_refused("/bulk", &fields("join", "umbrella", "")).await.contains("No company has the id"));

    let job = desk.done("/bulk", &fields("tag", "", "vip")).await;
    let planned = stands(&desk, &job, "What this does").await;
    assert!(planned.contains("<b>700 users</b> change.") && planned.contains("Add the tag “vip”"), "{planned}");
    assert_eq!(how_many(&rollcall, "f=tags:is:vip").await, 0, "a preview changes nothing");
    assert_eq!(desk.done(&job, &[("do", "start")]).await, job);
    let done = stands(&desk, &job, "What it did").await;
    assert!(done.contains("<b>700 users</b> were changed."), "{done}");
    assert_eq!((how_many(&rollcall, "f=tags:is:vip").await, tags(&rollcall, "other").await), (700, json!([])));
    let started_twice = desk.done(&job, &[("do", "start")]).await;
    assert_eq!(started_twice, job, "it says where it stands");
    assert!(desk.open("/bulk?list=users&all=1").await.contains("Earlier changes of many"));

    // What somebody changed since stays when the rest is taken back.
    desk.does("/edit/profile", &[("user", "u7"), ("owner", ""), ("tags", "vip, beta")]).await;
    assert_eq!(desk.done(&job, &[("do", "undo")]).await, job);
    let undone = stands(&desk, &job, "It was undone").await;
    assert!(undone.contains("1 field has changed since and stays as it is"), "{undone}");
    assert_eq!(how_many(&rollcall, "f=tags:is:vip").await, 1);
    assert_eq!(tags(&rollcall, "u7").await, json!(["beta", "vip"]));
}

#[actix_web::test]
async fn a_long_job_goes_on_after_a_crash_says_what_it_could_not_do_and_is_stopped_by_a_click() {
    let mut rollcall = Rollcall::start();
    seven_hundred(&rollcall).await;
    rollcall.backend_posts(json!([identify("u1", json!({ "company": { "company_id": "acme" } }))])).await;
    let job = {
        let desk = rollcall.desk().await;
        let fields =
            [("list", "users"), ("all", "1"), ("back", "/users?f=plan:is:free"), ("deed", "join"), ("name", "acme")];
        let job = desk.done("/bulk", &fields).await;
        let planned = stands(&desk, &job, "What this does").await;
        assert!(planned.contains("<b>699 users</b> change, 1 stays as it is."), "{planned}");
        desk.done(&job, &[("do", "start")]).await;
        job
    };
    rollcall.kill();
    rollcall.serve();
    let desk = rollcall.desk().await;
    let done = stands(&desk, &job, "What it did").await;
    assert!(done.contains("<b>699 users</b> were changed"), "each once: {done}");
    assert_eq!(rollcall.company("acme").await["members"], json!(700));
    desk.done(&job, &[("do", "undo")]).await;
    stands(&desk, &job, "It was undone").await;
    assert_eq!(rollcall.company("acme").await["members"], json!(1));

    let fields =
        [("list", "users"), ("all", "1"), ("back", "/users"), ("deed", "set"), ("name", "plan"), ("value", "pro")];
    let second = desk.done("/bulk", &fields).await;
    let planned = stands(&desk, &second, "What this does").await;
    assert!(planned.contains("<b>700 users</b> change, 1 stays as it is."), "{planned}");
    let viewer = rollcall.desk_of("vera@acme.test", "viewer").await;
    assert!(!viewer.open(&second).await.contains("Do it"), "who only looks begins nothing");
    assert_eq!(viewer.send(&second, &[("do", "start")]).await.status, 403);
    assert_eq!(desk.done(&second, &[("do", "stop")]).await, "/users", "one that was never begun is gone");
    assert_eq!(desk.ask(&second).await.0, 404);
    assert_eq!(how_many(&rollcall, "f=plan:is:pro").await, 1);
    assert_eq!(desk.ask("/bulk/99").await.0, 404);
    assert_eq!(desk.send(&job, &[("do", "dance")]).await.status, 404);
}
