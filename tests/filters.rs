//! Lists narrowed by filters: the same words for programs and in the address bar.

mod support;

use serde_json::{Value, json};

use support::{Rollcall, encoded, message_id, seconds_ago};

fn identify(user: &str, traits: Value) -> Value {
    json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(60) })
}

fn track(user: &str, name: &str) -> Value {
    json!({ "type": "track", "messageId": message_id(), "userId": user, "event": name, "timestamp": seconds_ago(50) })
}

/// Four people: two of Acme, which is on the plan pro, one of a company on free, one of none.
async fn four_people() -> Rollcall {
    let rollcall = Rollcall::start();
    let acme = |role: &str| json!({ "company_id": "acme", "name": "Acme", "plan": "pro", "seats": 20, "membership": { "role": role } });
    rollcall
        .backend_posts(json!([
            identify("ann", json!({ "name": "Ann", "email": "ann@acme.test", "visits": 3, "langs": ["en", "pl"], "company": acme("admin") })),
            identify("bob", json!({ "name": "Bob", "visits": 12.5, "paying": true, "born": "1990-04-01", "company": acme("member") })),
            identify("cec", json!({ "name": "Żółć, Cecylia", "company": { "company_id": "umbrella", "plan": "free" } })),
            identify("dan", json!({ "state": "CA" })),
            track("ann", "Report exported"),
            track("ann", "Report exported"),
            track("cec", "Report exported"),
        ]))
        .await;
    rollcall
}

async fn ids(rollcall: &Rollcall, list: &str, query: &str) -> Vec<String> {
    let path = format!("/{list}?sort=name&count=1&{query}");
    let answer = rollcall.api(&path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let rows = answer.body["data"].as_array().expect("rows");
    assert_eq!(answer.body["total"].as_u64(), Some(rows.len() as u64), "{path}");
    let id = if list == "users" { "user_id" } else { "company_id" };
    rows.iter().map(|row| row[id].as_str().expect("an id").to_owned()).collect()
}

/// What a program asks with a time is answered to the millisecond, as the rows say it.
#[actix_web::test]
async fn last_seen_is_asked_as_exactly_as_it_is_told() {
    let rollcall = Rollcall::start();
    // Minutes of one hour that is over.
    let into_hour = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs() as i64 % 3_600;
    let at_minute = |minute: i64| seconds_ago(into_hour + 2 * 3_600 - minute * 60);
    for (user, minute) in [("ann", 10), ("bob", 50)] {
        let company = format!("{user} Ltd");
        rollcall
            .backend_posts(json!([
                { "type": "group", "messageId": message_id(), "userId": user, "groupId": company, "timestamp": at_minute(minute) },
                { "type": "track", "messageId": message_id(), "userId": user, "event": "Opened",
                  "anonymousId": format!("browser-of-{user}"), "timestamp": at_minute(minute), "context": { "groupId": company } },
            ]))
            .await;
    }
    let moment = encoded(&at_minute(30));
    for (list, id, of) in [
        ("users", "user_id", ["ann", "bob"]),
        ("companies", "company_id", ["ann Ltd", "bob Ltd"]),
        ("visitors", "anonymous_id", ["browser-of-ann", "browser-of-bob"]),
    ] {
        for (word, expected) in [("before", of[0]), ("after", of[1])] {
            let path = format!("/{list}?f=last_seen:{word}:{moment}");
            let rows = rollcall.list(&path).await;
            assert_eq!(rows.iter().map(|row| row[id].as_str()).collect::<Vec<_>>(), [Some(expected)], "{path}");
        }
    }
    for visitor in rollcall.list("/visitors").await {
        assert_eq!(visitor["last_seen"], visitor["first_seen"], "named beside its user, and to the millisecond");
    }
}

#[actix_web::test]
async fn a_program_asks_for_users_by_what_is_known_of_them() {
    let rollcall = four_people().await;
    for (query, expected) in [
        ("f=visits:gt:3", &["bob"][..]),
        ("f=visits:set", &["ann", "bob"]),
        ("f=langs:is:pl", &["ann"]),
        ("f=paying:not:true", &["ann", "dan", "cec"]),
        ("f=born:before:1991-01-01", &["bob"]),
        ("f=born:next:30d", &[]),
        ("f=langs:in:de, pl", &["ann"]),
        ("f=name:has:żółć", &["cec"]),
        ("f=name:in:Ann,Żółć\\, Cecylia", &["ann", "cec"]),
        ("f=email:unset", &["bob", "dan", "cec"]),
        ("f=companies:unset", &["dan"]),
        ("f=company.plan:is:pro", &["ann", "bob"]),
        ("f=company.plan:not:pro", &["dan", "cec"]),
        ("f=company.company_id:is:acme&f=membership.role:is:admin", &["ann"]),
        ("f=company.seats:between:10,20", &["ann", "bob"]),
        ("f=state:is:new", &["ann", "bob", "dan", "cec"]),
        ("f=attribute.state:is:CA", &["dan"]),
        ("f=last_seen:within:1d", &["ann", "cec"]),
        ("f=last_seen:unset", &["bob", "dan"]),
        ("f=first_seen:ago:1h", &[]),
        ("f=event.Report exported:done:2,30d", &["ann"]),
        ("f=event.Report exported:not_done", &["bob", "dan"]),
        ("f=company.plan:is:free&f=visits:gt:10&match=any", &["bob", "cec"]),
        ("f=company.plan:is:pro&g1.f=visits:lt:5&g1.f=user_id:is:dan&g1.match=any", &["ann"]),
        ("f=visits:set&q=ann", &["ann"]),
    ] {
        let query: Vec<String> = query
            .split('&')
            .map(|pair| pair.split_once('=').expect("a pair"))
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        assert_eq!(ids(&rollcall, "users", &query.join("&")).await, expected, "{query:?}");
    }
}

/// What comes up: a renewal of today and of the next days, and none that is over.
#[actix_web::test]
async fn what_comes_up_soon_is_asked_for_as_a_span_from_now() {
    let rollcall = Rollcall::start();
    let day = |days: i64| (chrono::Utc::now() + chrono::Duration::days(days)).format("%Y-%m-%d").to_string();
    for (company, days) in [("over", -1), ("today", 0), ("soon", 30), ("later", 32)] {
        let told = json!({ "company_id": company, "name": company, "renews_on": day(days), "call_at": format!("{}T23:59:59Z", day(days)) });
        rollcall.backend_posts(json!([identify(company, json!({ "company": told }))])).await;
    }
    assert_eq!(ids(&rollcall, "companies", "f=renews_on:next:30d").await, ["soon", "today"]);
    assert_eq!(ids(&rollcall, "companies", "f=call_at:next:31d").await, ["soon", "today"]);
    assert_eq!(ids(&rollcall, "companies", "f=renews_on:next:366d").await, ["later", "soon", "today"]);
}

#[actix_web::test]
async fn who_is_admin_elsewhere_is_no_admin_of_the_company_asked_for() {
    let rollcall = Rollcall::start();
    let place =
        |id: &str, plan: &str, role: &str| json!({ "company_id": id, "plan": plan, "membership": { "role": role } });
    rollcall
        .backend_posts(json!([
            identify("ann", json!({ "company": place("acme", "Business", "Admin") })),
            identify(
                "bob",
                json!({ "companies": [place("acme", "Business", "Guest"), place("umbrella", "Pro", "Admin")] })
            ),
            identify("cec", json!({ "company": place("umbrella", "Pro", "Admin") })),
        ]))
        .await;
    let both = "f=company.plan:is:Business&f=membership.role:is:Admin";
    assert_eq!(ids(&rollcall, "users", both).await, ["ann"]);
    assert_eq!(ids(&rollcall, "users", &both.replace("f=", "g1.f=")).await, ["ann"]);
    assert_eq!(ids(&rollcall, "users", &format!("{both}&match=any")).await, ["ann", "bob", "cec"]);
    assert_eq!(ids(&rollcall, "users", "f=membership.role:is:Admin&f=company.plan:not:Business").await, ["cec"]);
    assert_eq!(listed(&rollcall, &format!("/users?{both}")).await, ["ann"]);
    // A segment asks for a membership of its own, by whatever name it is said.
    let segment = json!({ "name": "On Business", "list": "users", "filter": "f=company.plan:is:Business" });
    let made = rollcall.api_as(reqwest::Method::POST, "/segments", &rollcall.token, Some(segment)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let segment = made.body["segment_id"].as_str().expect("an id");
    let apart = format!("f=segment:is:{segment}&f=membership.role:is:Admin");
    assert_eq!(ids(&rollcall, "users", &apart).await, ["ann", "bob"]);
}

#[actix_web::test]
async fn who_joined_and_who_left_lately_is_found_with_the_company_that_was_left() {
    let rollcall = Rollcall::start();
    let belongs = |user: &str, company: Value, days_ago: i64| {
        json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": { "company": company },
            "timestamp": seconds_ago(86_400 * days_ago) })
    };
    let place =
        |id: &str, plan: &str, role: &str| json!({ "company_id": id, "plan": plan, "membership": { "role": role } });
    rollcall
        .backend_posts(json!([
            belongs("ann", place("acme", "pro", "admin"), 60),
            belongs("bob", place("acme", "pro", "member"), 60),
            belongs("bob", place("umbrella", "free", "admin"), 5),
            belongs("cec", place("umbrella", "free", "member"), 60),
            belongs("dan", place("acme", "pro", "member"), 60),
            belongs("ann", json!({ "company_id": "acme", "remove": true }), 10),
            belongs("cec", json!({ "company_id": "umbrella", "remove": true }), 45),
            belongs("bob", json!({ "company_id": "acme", "remove": true }), 4),
            belongs("dan", json!({ "company_id": "acme", "remove": true }), 8),
            // Who came back has not left.
            belongs("dan", place("acme", "pro", "member"), 2),
        ]))
        .await;
    for (query, expected) in [
        ("f=membership.left_at:within:30d", &["ann", "bob"][..]),
        ("f=membership.left_at:ago:30d", &["cec"]),
        ("f=membership.left_at:set", &["ann", "bob", "cec"]),
        ("f=membership.left_at:unset", &["dan"]),
        ("f=membership.joined_at:within:7d", &["bob", "dan"]),
        // What else is asked of the company is asked of the one that was left.
        ("f=membership.left_at:within:30d&f=company.plan:is:pro&f=membership.role:is:admin", &["ann"]),
        ("f=membership.left_at:within:30d&f=company.plan:is:free", &[]),
        ("f=company.company_id:is:acme&f=membership.left_at:within:30d", &["ann", "bob"]),
        // In brackets of its own it is asked of one that they belong to.
        ("f=membership.left_at:within:30d&g1.f=company.plan:is:free", &["bob"]),
    ] {
        assert_eq!(ids(&rollcall, "users", query).await, expected, "{query}");
    }
    let last_first = rollcall.api("/users?f=membership.left_at:set&sort=-membership.left_at&columns=user_id,membership.left_at,membership.joined_at").await;
    let rows = last_first.body["data"].as_array().expect("rows");
    let ids: Vec<&Value> = rows.iter().map(|row| &row["user_id"]).collect();
    assert_eq!(ids, ["bob", "ann", "cec"]);
    // Both are of the membership that ended.
    for (column, days_ago) in [("membership.left_at", 4), ("membership.joined_at", 60)] {
        let day = &seconds_ago(86_400 * days_ago)[..10];
        assert!(rows[0][column].as_str().is_some_and(|text| text.starts_with(day)), "{column}: {}", rows[0]);
    }
    assert_eq!(listed(&rollcall, "/users?f=membership.left_at:within:30d").await, ["bob", "ann"]);

    // The columns of a row are of the membership that it was found by, wherever it is shown.
    let shows = async |query: &str, expected: Value| {
        let columns = "company,company.plan,membership.role";
        let row = rollcall.api(&format!("/users?{query}&columns={columns}")).await.body["data"][0].clone();
        let told: Vec<&Value> = columns.split(',').map(|column| &row[column]).collect();
        assert_eq!(json!(told), expected, "{query}: {row}");
        let file = rollcall.api(&format!("/export/users?format=ndjson&columns={columns}&{query}")).await.text;
        let row: Value = serde_json::from_str(file.lines().next().expect("a row")).expect("JSON");
        assert_eq!(json!([row["company_id"], row["company.plan"], row["role"]]), expected, "{query}: {row}");
        let (_, html, _) = page(&rollcall, &format!("/users?{query}&columns={columns}")).await;
        let list = html.split("<tbody>").nth(1).expect("a list");
        assert!(list.contains(&format!("/companies/{}", expected[0].as_str().unwrap_or_default())), "{list}");
        assert!(list.contains(expected[1].as_str().unwrap_or_default()), "{list}");
    };
    let left_pro = "f=user_id:is:bob&f=company.plan:is:pro&f=membership.left_at:within:30d";
    shows(left_pro, json!(["acme", "pro", "member"])).await;
    shows("f=user_id:is:bob", json!(["umbrella", "free", "admin"])).await;
    shows("f=user_id:is:bob&f=company.plan:not:pro", json!(["umbrella", "free", "admin"])).await;
    shows("f=user_id:is:bob&g1.f=membership.left_at:set", json!(["acme", "pro", "member"])).await;
    let either = "f=user_id:is:bob&g1.match=any&g1.f=company.plan:is:none&g1.f=membership.left_at:set";
    shows(either, json!(["acme", "pro", "member"])).await;
}

#[actix_web::test]
async fn and_for_companies_and_visitors() {
    let rollcall = four_people().await;
    rollcall
        .page_posts(json!([
            { "type": "page", "messageId": message_id(), "anonymousId": "browser-1", "timestamp": seconds_ago(40) },
            { "type": "identify", "messageId": message_id(), "anonymousId": "browser-2", "userId": "ann", "timestamp": seconds_ago(40) },
        ]))
        .await;
    for (query, expected) in [
        ("f=plan:is:pro", &["acme"][..]),
        ("f=members:gte:2", &["acme"]),
        ("f=seats:unset", &["umbrella"]),
        ("f=event.Report%20exported:done:1,7d", &["acme", "umbrella"]),
        ("f=event.Report%20exported:done:2,7d", &["acme"]),
        ("f=tags:unset&f=owner:unset", &["acme", "umbrella"]),
        ("f=company_id:starts:UMB", &["umbrella"]),
    ] {
        assert_eq!(ids(&rollcall, "companies", query).await, expected, "{query}");
    }
    let linked = rollcall.api("/visitors?f=user_id:set&count=1").await.body;
    assert_eq!((&linked["total"], &linked["data"][0]["anonymous_id"]), (&json!(1), &json!("browser-2")));
}

/// What was done, by whom, where and with what: the words are those of an event's row.
#[actix_web::test]
async fn events_are_found_by_what_their_rows_say() {
    let rollcall = four_people().await;
    let event = |user: &str, name: &str, properties: Value, seconds: i64| {
        json!({ "type": "track", "messageId": message_id(), "userId": user, "event": name, "properties": properties,
                "timestamp": seconds_ago(seconds) })
    };
    let page = json!({ "type": "page", "messageId": message_id(), "anonymousId": "laptop", "name": "Pricing",
                       "properties": { "url": "https://acme.test/pricing" }, "timestamp": seconds_ago(3 * 86_400) });
    rollcall
        .backend_posts(json!([
            event(
                "ann",
                "Paid",
                json!({ "amount": 12, "trial": false, "items": ["seat", "storage"], "plan": "Pro: yearly" }),
                40
            ),
            event("bob", "Paid", json!({ "amount": 99.5, "trial": true, "plan": "basic" }), 30),
            event("dan", "Paid", json!({ "amount": "12" }), 90_000),
            page,
        ]))
        .await;
    let everything = rollcall.list("/events?limit=500").await;
    for (asked, found) in [
        ("f=name:is:Paid", vec!["bob", "ann", "dan"]),
        ("f=name:has:REPORT&f=user_id:not:cec", vec!["ann", "ann"]),
        ("f=name:is:Paid&f=properties.amount:gt:12", vec!["bob"]),
        ("f=properties.amount:between:10,20", vec!["ann"]),
        ("f=properties.amount:is:12", vec!["ann", "dan"]),
        ("f=properties.amount:is:12.0", vec!["ann"]),
        ("f=properties.amount:in:12,99.5&f=name:not:page", vec!["bob", "ann", "dan"]),
        ("f=properties.trial:is:true", vec!["bob"]),
        ("f=properties.trial:is:false", vec!["ann"]),
        ("f=properties.items:is:storage", vec!["ann"]),
        ("f=properties.plan:starts:pro%3A", vec!["ann"]),
        ("f=name:is:Paid&f=properties.plan:unset", vec!["dan"]),
        ("f=user_id:is:dan", vec!["dan", "dan"]),
        ("f=user_id:is:nobody", vec![]),
        ("f=email:is:ANN@acme.test&f=type:is:track", vec!["ann", "ann", "ann"]),
        ("f=company_id:is:umbrella&f=type:is:track", vec!["cec"]),
        ("f=company_id:unset&f=type:in:track", vec!["dan"]),
        ("f=anonymous_id:is:laptop&f=page_name:is:Pricing", vec![""]),
        ("f=user_id:unset", vec![""]),
        ("f=time:ago:1d", vec!["dan", ""]),
        ("f=time:within:2d&f=name:is:Paid", vec!["bob", "ann", "dan"]),
        (
            "f=name:is:Paid&f=user_id:is:ann&match=any&f=type:is:page",
            vec!["bob", "ann", "ann", "ann", "ann", "dan", ""],
        ),
        ("f=name:is:Paid&g1.f=user_id:is:bob&g1.f=user_id:is:dan&g1.match=any", vec!["bob", "dan"]),
    ] {
        let path = format!("/events?count=1&{asked}");
        let answer = rollcall.api(&path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let rows = answer.body["data"].as_array().expect("rows");
        let users: Vec<&str> = rows.iter().map(|row| row["user_id"].as_str().unwrap_or_default()).collect();
        assert_eq!(users, found, "{path}");
        assert_eq!(answer.body["total"].as_u64(), Some(rows.len() as u64), "{path}");
        assert!(rows.iter().all(|row| everything.contains(row)), "{path}: the rows are the list's");
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = rollcall.api(&format!("/events?limit=1&{asked}{cursor}")).await;
            paged.extend(page.body["data"].as_array().expect("rows").clone());
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={}", encoded(next)),
                None => break,
            }
        }
        assert_eq!(paged, *rows, "{path}");
    }
    let of_ann = rollcall.list("/users/ann/events?f=name:is:Paid").await;
    assert_eq!(of_ann.len(), 1);
    let of_acme = rollcall.list("/companies/acme/events?f=name:is:Paid").await;
    assert_eq!(of_acme.iter().map(|row| &row["user_id"]).collect::<Vec<_>>(), ["bob", "ann"]);
    let follows = rollcall.list("/events?order=arrival&f=name:is:Paid").await;
    assert_eq!(follows.iter().map(|row| &row["user_id"]).collect::<Vec<_>>(), ["ann", "bob", "dan"]);
    let wrong = rollcall.api("/events?f=plan:is:pro").await;
    assert!(wrong.body["detail"].as_str().is_some_and(|detail| detail.contains("properties.NAME")), "{wrong:?}");
}

#[actix_web::test]
async fn a_list_is_sorted_by_any_attribute_and_cut_to_the_columns_asked_for() {
    let rollcall = four_people().await;
    let mut visits = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = rollcall.api(&format!("/users?sort=-visits&limit=1&columns=name,visits{cursor}")).await.body;
        let row = &page["data"][0];
        assert_eq!(
            row.as_object().expect("a row").keys().collect::<Vec<_>>(),
            if row["attributes"].is_null() {
                vec!["id", "user_id", "name"]
            } else {
                vec!["id", "user_id", "name", "attributes"]
            }
        );
        visits.push(row["attributes"]["visits"].clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={}", encoded(next));
    }
    assert_eq!(visits, [json!(12.5), json!(3), Value::Null, Value::Null], "who has none comes last");
    let rows = rollcall.api("/companies?columns=members&sort=plan").await.body;
    assert_eq!(
        rows["data"],
        json!([{ "company_id": "umbrella", "members": 1 }, { "company_id": "acme", "members": 2 }])
    );
}

#[actix_web::test]
async fn what_a_filter_can_t_be_is_refused_with_its_place() {
    let rollcall = four_people().await;
    for (path, code, number, character, hint) in [
        ("/users?f=colour:is:red", "filter_invalid", 1, 1, "langs"),
        ("/users?f=visits:set&f=visits:like:3", "filter_invalid", 2, 8, "gt, gte"),
        ("/users?f=visits:is:many", "filter_invalid", 1, 11, "a number such as 12"),
        ("/users?f=company.seats:is:many", "filter_invalid", 1, 18, "a number such as 12"),
        ("/companies?f=membership.role:is:x", "filter_invalid", 1, 1, "plan"),
        ("/companies?f=state:is:asleep", "filter_invalid", 1, 10, "new, active, quiet, gone, never"),
        ("/visitors?f=company.plan:is:x", "filter_invalid", 1, 1, "anonymous_id"),
    ] {
        let problem = rollcall.api(path).await.body;
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(400)), "{problem}");
        assert_eq!(
            (problem["number"].as_u64(), problem["character"].as_u64()),
            (Some(number), Some(character)),
            "{problem}"
        );
        assert!(problem["detail"].as_str().expect("a sentence").contains(hint), "{problem}");
    }
    for (path, hint) in [
        ("/users?columns=name,colour", "colour is not a field of users"),
        ("/users?columns=import", "filter by it instead"),
        ("/users?sort=colour", "colour is not a field of users"),
        ("/companies?sort=company.plan", "is not a field of companies"),
        ("/companies?sort=event.Report exported", "Filter by it, as in f=event.NAME:done:3,30d"),
    ] {
        let problem = rollcall.api(path).await.body;
        assert_eq!(
            (problem["code"].as_str(), problem["status"].as_u64()),
            (Some("parameter_invalid"), Some(400)),
            "{path}"
        );
        assert!(problem["detail"].as_str().expect("a sentence").contains(hint), "{problem}");
        let (status, html, _) = page(&rollcall, path).await;
        assert!(status == 400 && html.contains(hint), "a person reads the same: {path}");
    }
    let problem = rollcall.api("/users?columns=name,colour").await.body;
    assert_eq!((&problem["parameter"], &problem["number"]), (&json!("columns"), &json!(2)));
}

/// Each field that a list has is an order of it, of the API, the address bar and a file alike.
#[actix_web::test]
async fn programs_people_and_files_sort_by_the_same_words() {
    let rollcall = four_people().await;
    let tags = json!({ "tags": ["vip"] });
    rollcall.api_as(reqwest::Method::PATCH, "/users/cec", &rollcall.token, Some(tags)).await;
    let everybody = ["ann", "bob", "cec", "dan"];
    for (sort, first) in [
        ("state", None),
        ("-trend", None),
        ("owner", None),
        ("tags", Some("cec")),
        ("company", Some("ann")),
        ("company.plan", Some("cec")),
        ("-company.plan", Some("ann")),
        ("-company.members", Some("ann")),
        ("company.seats", Some("ann")),
        ("company.state", None),
        ("membership.role", Some("ann")),
        ("-membership.role", Some("bob")),
        ("langs", Some("ann")),
        ("attribute.state", Some("dan")),
    ] {
        let of = |rows: &Value| -> Vec<String> {
            let rows = rows["data"].as_array().expect("rows").iter();
            rows.map(|row| row["user_id"].as_str().expect("an id").to_owned()).collect()
        };
        let rows = rollcall.api(&format!("/users?sort={sort}&limit=2")).await.body;
        let next = encoded(rows["next_cursor"].as_str().expect("a cursor"));
        let rest = rollcall.api(&format!("/users?sort={sort}&limit=2&cursor={next}")).await.body;
        let paged = [of(&rows), of(&rest)].concat();
        let mut once = paged.clone();
        once.sort_unstable();
        assert_eq!(
            (once.as_slice(), &rest["next_cursor"]),
            (&everybody.map(str::to_owned)[..], &Value::Null),
            "{sort}"
        );
        if let Some(first) = first {
            assert_eq!(paged[0], first, "{sort}");
        }
        assert_eq!(listed(&rollcall, &format!("/users?sort={sort}&columns=email")).await, paged, "{sort}");
        let file = rollcall.api(&format!("/export/users?format=ndjson&columns=user_id&sort={sort}")).await.text;
        let ids = file.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row")["user_id"].clone());
        assert_eq!(ids.collect::<Vec<Value>>(), paged, "{sort}");
    }
    for sort in ["active_members_30d", "-active_members", "state", "trend", "tags", "owner", "plan", "-seats"] {
        let rows = rollcall.api(&format!("/companies?sort={sort}")).await.body;
        assert_eq!(rows["data"].as_array().map(Vec::len), Some(2), "{sort}");
        assert_eq!(page(&rollcall, &format!("/companies?sort={sort}")).await.0, 200, "{sort}");
    }
}

/// One list of names for the columns of the API, of the address bar and of files.
#[actix_web::test]
async fn programs_people_and_files_name_the_same_columns() {
    let rollcall = four_people().await;
    let text = "email,state,trend,company,company.plan,company.members,membership.role,event.Report exported,\
                active_days_28d,companies,owner,tags,aliases,anonymous_ids,attributes,first_page,signed,activity,\
                first_seen,last_seen,visits";
    let row = rollcall.api(&format!("/users?f=user_id:is:ann&columns={text}")).await.body["data"][0].clone();
    let shown = [
        ("company", json!("Acme")),
        ("company.plan", json!("pro")),
        ("company.members", json!(2)),
        ("membership.role", json!("admin")),
        ("event.Report exported", json!(2)),
        ("active_days_28d", json!(1)),
        ("state", json!("new")),
    ];
    for (name, value) in &shown {
        assert_eq!(row[name], *value, "{name}: {row}");
    }
    assert_eq!(row["activity"].as_array().map(Vec::len), Some(28));
    let (status, html, _) = page(&rollcall, &format!("/users?f=user_id:is:ann&columns={text}")).await;
    assert_eq!(status, 200);
    for words in ["pro", "admin", "Report exported, 30 days", "company.plan", "State", "Trend"] {
        assert!(html.contains(words), "{words}");
    }
    let file = rollcall.api(&format!("/export/users?format=ndjson&f=user_id:is:ann&columns={text}")).await.text;
    let line: Value = serde_json::from_str(file.trim()).expect("a row");
    for (name, value) in &shown {
        assert_eq!(line[name], *value, "{name}: {line}");
    }
    let text = "members,activity,domains,signed_members,archived_at,trend,event.Report exported,plan";
    let row = rollcall.api(&format!("/companies?sort=-members&columns={text}")).await.body["data"][0].clone();
    assert_eq!((&row["event.Report exported"], &row["members"]), (&json!(2), &json!(2)), "{row}");
    assert_eq!(page(&rollcall, &format!("/companies?columns={text}")).await.0, 200);
    assert_eq!(rollcall.api(&format!("/export/companies?columns={text}")).await.status, 200);
}

// People --------------------------------------------------------------------

/// A page as an operator reads it who is signed in.
async fn page(rollcall: &Rollcall, path: &str) -> (u16, String, Option<String>) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let request = client.get(format!("{}{path}", rollcall.address)).header("Cookie", rollcall.session_cookie().await);
    let response = request.send().await.expect("an answer");
    let location = response.headers().get("location").map(|to| to.to_str().expect("text").to_owned());
    (response.status().as_u16(), response.text().await.expect("a page"), location)
}

/// The people that a page of the list shows, in its order.
async fn listed(rollcall: &Rollcall, path: &str) -> Vec<String> {
    let (status, html, _) = page(rollcall, path).await;
    assert_eq!(status, 200, "{path}");
    let rows = html.split("<tbody>").nth(1).unwrap_or_default().split("</tbody>").next().unwrap_or_default();
    rows.split("href=\"/users/").skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

#[actix_web::test]
async fn a_person_adds_conditions_with_a_form_and_takes_them_out_with_a_click() {
    let rollcall = four_people().await;
    let (status, _, location) = page(&rollcall, "/users?field=company.plan&op=is&value=pro&sort=name").await;
    assert_eq!(status, 303, "the form leads to the address that says the filter");
    let first = location.expect("an address");
    assert_eq!(first, "/users?f=company.plan%3Ais%3Apro&sort=name");
    assert_eq!(listed(&rollcall, &first).await, ["ann", "bob"]);
    let (_, html, _) = page(&rollcall, &first).await;
    assert!(html.contains("company plan is pro"), "it is told in words");

    let (.., location) =
        page(&rollcall, &format!("{first}&field=event.Report%20exported&op=done&times=2&days=30&into=0")).await;
    let second = location.expect("an address");
    assert_eq!(listed(&rollcall, &second).await, ["ann"]);
    let (_, html, _) = page(&rollcall, &second).await;
    assert!(html.contains("company plan is pro and did “Report exported” at least 2 times in the last 30 days"));
    assert!(
        html.contains("href=\"/users?f=company.plan%3Ais%3Apro&amp;sort=name\""),
        "a chip leads to the list without it"
    );
    assert!(html.contains("match=any"), "a switch asks for any instead of all");

    let (.., location) =
        page(&rollcall, "/users?sort=name&f=user_id:is:dan&field=last_seen&op=within&value=7&into=1&match=any").await;
    let third = location.expect("an address");
    assert!(
        third.contains("g1.f=last_seen%3Awithin%3A7d"),
        "{third}: days may be said without d, and stand in brackets"
    );
    assert_eq!(listed(&rollcall, &third).await, ["ann", "dan", "cec"]);
}

#[actix_web::test]
async fn what_a_person_fills_in_wrongly_is_said_and_stays_in_the_form() {
    let rollcall = four_people().await;
    let (status, html, _) = page(&rollcall, "/users?field=visits&op=gt&value=%3Cmany%3E").await;
    assert_eq!(status, 422);
    assert!(html.contains("Use a number such as 12 or 0.5"), "{html}");
    assert!(html.contains("value=\"&lt;many&gt;\""), "what was typed stays");
    let (status, html, _) = page(&rollcall, "/users?field=visits&op=has&value=3").await;
    assert!(
        status == 422 && html.contains("“contains” can't be used with visits") && html.contains("“is more than”"),
        "{html}"
    );
    let (status, html, _) = page(&rollcall, "/users?f=colour:is:red").await;
    assert_eq!(status, 400);
    assert!(html.contains("is not a field of users"));
    let (status, html, _) = page(&rollcall, "/companies?f=members:gt:500").await;
    assert_eq!(status, 200);
    assert!(html.contains("No company matches") && html.contains("None matches the whole filter."));
}

#[actix_web::test]
async fn where_nobody_matches_a_value_in_other_capitals_is_offered() {
    let rollcall = four_people().await;
    let (_, html, _) = page(&rollcall, "/users?f=company.plan:is:PRO&sort=name").await;
    assert!(html.contains("Nobody matches") && html.contains("is written"), "{html}");
    let href = html.split("href=\"").find(|rest| rest.contains("company.plan%3Ais%3Apro")).expect("a link");
    let href = href.split('"').next().expect("an address").replace("&amp;", "&");
    assert_eq!(listed(&rollcall, &href).await, ["ann", "bob"]);
    let (_, html, _) = page(&rollcall, "/users?f=company.plan:is:gold").await;
    assert!(html.contains("Nobody matches") && !html.contains("is written"), "{html}");
}

#[actix_web::test]
async fn the_open_tab_says_what_the_list_says() {
    let rollcall = four_people().await;
    let (_, html, _) = page(&rollcall, "/users?f=segment:is:without_company").await;
    let tab = html.split("aria-label=\"Segments\"").nth(1).expect("tabs").split("</nav>").next().expect("tabs");
    let open = tab.split("aria-current=\"page\">").nth(1).expect("an open tab").split("</a>").next().expect("its text");
    assert!(open.contains("Without a company") && open.contains("<span class=\"n\">1</span>"), "{open}");
}

#[actix_web::test]
async fn columns_are_chosen_ordered_and_remembered_and_the_address_has_the_last_word() {
    let rollcall = four_people().await;
    let heads = |html: &str| -> Vec<String> {
        let head = html.split("<thead>").nth(1).unwrap_or_default().split("</thead>").next().unwrap_or_default();
        let text = |cell: &str| {
            cell.split('>').map(|part| part.split('<').next().unwrap_or_default().trim()).collect::<String>()
        };
        head.split("<th").skip(1).map(|cell| text(&format!("<th{cell}"))).collect()
    };
    let (_, html, _) = page(&rollcall, "/users").await;
    assert_eq!(heads(&html), ["User", "E-mail", "Companies", "28 days", "First seen", "Last seen"]);

    let post = async |body: &str| {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let request = client
            .post(format!("{}/columns", rollcall.address))
            .header("Cookie", rollcall.session_cookie().await)
            .header("Sec-Fetch-Site", "same-origin")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        let response = request.send().await.expect("an answer");
        response.headers()["location"].to_str().expect("text").to_owned()
    };
    let kept = post("list=users&back=%2Fusers%3Fsort%3Dname&col=visits&col=company&col=nothing&earlier=company").await;
    assert_eq!(kept, "/users?sort=name&columns=company%2Cvisits");
    let (_, html, _) = page(&rollcall, "/users").await;
    assert_eq!(heads(&html), ["User", "Company", "visits"], "they are remembered");
    assert!(html.contains("12.5"), "and an attribute shows its values");
    let (_, html, _) = page(&rollcall, "/users?columns=email,attribute.state").await;
    assert_eq!(heads(&html), ["User", "E-mail", "state"], "the address has the last word");
    assert_eq!(listed(&rollcall, "/users?sort=-visits").await[..2], ["bob", "ann"], "any column of values sorts");
    assert_eq!(page(&rollcall, "/users?columns=colour").await.0, 400);
    post("list=users&back=%2Fusers&usual=1&col=visits").await;
    let (_, html, _) = page(&rollcall, "/users").await;
    assert_eq!(heads(&html).len(), 6, "as they were");
}

#[actix_web::test]
async fn the_form_suggests_the_values_of_a_field() {
    let rollcall = four_people().await;
    for (query, expected) in [
        ("list=users&field=company.plan", json!(["pro", "free"])),
        ("list=users&field=langs", json!(["en", "pl"])),
        ("list=users&field=state", json!(["new", "active", "quiet", "gone", "never"])),
        ("list=companies&field=nothing", json!([])),
    ] {
        let (status, body, _) = page(&rollcall, &format!("/filter/values?{query}")).await;
        let mut values: Vec<Value> = serde_json::from_str(&body).expect("a list");
        let mut expected = expected.as_array().expect("a list").clone();
        values.sort_by_key(Value::to_string);
        expected.sort_by_key(Value::to_string);
        assert_eq!((status, values), (200, expected), "{query}");
    }
}
