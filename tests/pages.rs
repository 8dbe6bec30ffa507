//! What the pages of the dashboard have beside what they are about: the call of the API that answers the same, and
//! settings with a page of their own.

mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::{Rollcall, message_id, seconds_ago, until};

async fn some_people() -> Rollcall {
    let rollcall = Rollcall::start();
    let identify = |number: i64| {
        json!({
            "type": "identify", "userId": format!("u{number}"), "anonymousId": format!("b{number}"),
            "messageId": message_id(), "timestamp": seconds_ago(60 * number + 60),
            "traits": { "name": format!("Person {number}"), "plan": (["pro", "free"][number as usize % 2]), "company": { "company_id": format!("it's c{}", number % 5), "plan": "team" } },
        })
    };
    let mut messages: Vec<Value> = (1..=60).map(identify).collect();
    messages.push(json!({ "type": "identify", "userId": "null", "messageId": message_id() }));
    messages.push(json!({ "type": "track", "event": "Paid", "userId": "u1", "messageId": message_id(), "timestamp": seconds_ago(9) }));
    rollcall.backend_posts(json!(messages)).await;
    let request = rollcall.client.post(format!("{}/api/v1/imports?file_name=a.csv", rollcall.address));
    let sent = request.bearer_auth(&rollcall.token).body("user_id,name\nu1,Ann\n,nobody\n").send().await;
    assert_eq!(sent.expect("an answer").status(), 202);
    until("it is imported", async || {
        let imports = rollcall.list("/imports").await;
        if imports[0]["state"] == "done" { Ok(()) } else { Err(imports[0]["state"].to_string()) }
    })
    .await;
    rollcall
}

/// The calls that a page prints, as a shell hands them to curl.
fn printed(page: &str) -> Vec<String> {
    let card = page.split("The same from the shell").nth(1).expect("the page has the card").split("</section>");
    let card = card.into_iter().next().unwrap_or_default().replace("&amp;", "&").replace("&quot;", "\"");
    let calls = card.split("curl ").skip(1);
    calls
        .map(|call| {
            let quoted = call.split("'http").nth(1).expect("an address").split("'<").next().expect("its end");
            format!("http{}", quoted.replace(r"'\''", "'"))
        })
        .collect()
}

#[actix_web::test]
async fn what_a_page_prints_for_the_shell_answers_the_rows_that_it_shows() {
    let rollcall = some_people().await;
    let desk = rollcall.desk().await;
    let call = async |address: &str| {
        let answer = rollcall.client.get(address).bearer_auth(&rollcall.token).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{address}");
        answer.text().await.expect("text")
    };
    for path in [
        "/",
        "/refusals",
        "/refusals/tray",
        "/imports",
        "/imports/1",
        "/live",
        "/segments",
        "/segments/new",
        "/attributes",
        "/settings/audit",
        "/settings/audit?by=messages",
        "/visitors",
        "/visitors?f=user_id:is:u7",
        "/users/duplicates",
        "/companies/duplicates",
        "/companies/suggested",
        "/users/u1",
        "/companies/it%27s%20c1",
    ] {
        let calls = printed(&desk.open(path).await);
        assert!(!calls.is_empty(), "{path}");
        for address in calls {
            assert!(!call(&address).await.is_empty(), "{path}: {address}");
        }
    }

    // Filter, search, order, columns and the place in the list are those of the page.
    let first =
        "/users?q=person&f=plan:is:pro&f=company.company_id:not:it%27s+c1&columns=company.plan,plan&sort=-company";
    let page = desk.open(first).await;
    let next = page
        .split("rel=\"next\" href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .map(|next| next.replace("&amp;", "&"));
    let mut pages = vec![(first.to_owned(), page)];
    if let Some(next) = next {
        pages.push((next.clone(), desk.open(&next).await));
    }
    for path in ["/users", "/companies?sort=-members", "/users?sort=state", "/companies?q=zzz"] {
        pages.push((path.to_owned(), desk.open(path).await));
    }
    let second = desk.open("/users").await;
    let second = second
        .split("rel=\"next\" href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("60 people take two pages");
    let second = second.replace("&amp;", "&");
    pages.push((second.clone(), desk.open(&second).await));
    for (path, page) in pages {
        let [address] = &printed(&page)[..] else { panic!("{path} has one call") };
        let rows: Value = serde_json::from_str(&call(address).await).expect("JSON");
        let (list, id) = if path.starts_with("/users") { ("users", "user_id") } else { ("companies", "company_id") };
        let said: Vec<String> = rows["data"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| support::encoded(row[id].as_str().expect("an id")))
            .collect();
        let body = page.split("<tbody>").nth(1).unwrap_or_default().split("</tbody>").next().unwrap_or_default();
        let heads = body.split("scope=\"row\"").skip(1);
        let shown: Vec<String> = heads
            .filter_map(|row| row.split(&format!("href=\"/{list}/")).nth(1)?.split('"').next().map(str::to_owned))
            .collect();
        assert_eq!(said, shown, "{path}: {address}");
        if path == first {
            assert_eq!(
                (
                    rows["data"][0]["company.plan"].as_str(),
                    rows["data"][0]["attributes"].as_object().map(serde_json::Map::len)
                ),
                (Some("team"), Some(1)),
                "{rows}"
            );
        }
    }
    let numbers: Value =
        serde_json::from_str(&call(&format!("{}/api/v1/overview", rollcall.address)).await).expect("JSON");
    assert_eq!((&numbers["users"]["count"], &numbers["companies"]["count"]), (&json!(60), &json!(5)));
    assert_eq!((&numbers["active_7d"]["users"], numbers["days"].as_array().map(Vec::len)), (&json!(1), Some(84)));
}

#[actix_web::test]
async fn how_long_things_are_kept_has_a_page_and_what_deletes_asks_first() {
    let rollcall = some_people().await;
    rollcall
        .backend_posts(json!([{ "type": "track", "event": "Old", "userId": "u1", "messageId": message_id(), "timestamp": seconds_ago(86_400 * 50) }]))
        .await;
    let desk = rollcall.desk().await;
    assert!(desk.open("/settings/rules").await.contains("href=\"/settings/retention\""), "the old place leads on");
    let fields = |events| [("visitor_retention_days", "30"), ("event_retention_days", events)];
    let asked = desk.send("/settings/retention", &fields("40")).await;
    assert!(
        asked.status == 200 && asked.page.contains("1 event is") && asked.page.contains("Save anyway"),
        "{}",
        asked.page
    );
    assert_eq!(rollcall.api("/settings/event_retention_days").await.body["value"], 0, "asked first");
    let answer = asked.page.split("name=\"confirmed\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let answer = [("confirmed", answer.expect("what was asked about"))];
    // The answer goes for what was asked about alone.
    let other = desk.send("/settings/retention", &[&fields("20")[..], &answer].concat()).await;
    assert!(other.status == 200 && other.page.contains("Save anyway"), "{}", other.page);
    assert_eq!(rollcall.api("/settings/event_retention_days").await.body["value"], 0, "asked again");
    let saved = [&fields("40")[..], &answer].concat();
    let page = desk.does("/settings/retention", &saved).await;
    assert!(page.contains("<ins><bdi>40</bdi></ins>") && page.contains("Undo"), "{page}");
    assert_eq!(rollcall.api("/settings/visitor_retention_days").await.body["value"], 30);
    let page = json!({ "type": "page", "anonymousId": "old", "messageId": message_id(), "timestamp": seconds_ago(86_400 * 20) });
    rollcall.backend_posts(json!([page])).await;
    let fewer = [("visitor_retention_days", "5"), ("event_retention_days", "40")];
    let asked = desk.send("/settings/retention", &fewer).await;
    assert!(asked.page.contains("1 visitor was") && !asked.page.contains("older than"), "{}", asked.page);
    assert_eq!(rollcall.api("/settings/visitor_retention_days").await.body["value"], 30, "asked first");
    desk.done("/settings/retention", &[&fewer[..], &[("confirmed", "5 40")]].concat()).await;
    assert_eq!(rollcall.api("/settings/visitor_retention_days").await.body["value"], 5);
    let wrong = desk.is_refused("/settings/retention", &fields("many")).await;
    assert!(wrong.contains("use a number of days"), "{wrong}");
    let viewer = rollcall.desk_of("vic@shop.test", "viewer").await;
    assert!(viewer.open("/settings/retention").await.contains("Changing it takes an admin"));
    assert_eq!(viewer.send("/settings/retention", &saved).await.status, 403);
}

#[actix_web::test]
async fn backups_have_a_page_that_says_when_the_last_one_was_made() {
    let rollcall = some_people().await;
    let desk = rollcall.desk().await;
    assert!(desk.open("/settings/backups").await.contains("No backup yet"));
    let copy = rollcall.file().with_file_name("copy.db");
    rollcall.shell(&["backup", copy.to_str().expect("a path"), "--json"]);
    let page = desk.open("/settings/backups").await;
    assert!(page.contains("There is a recent backup") && page.contains("rollcall restore"), "{page}");
    assert!(desk.open("/").await.contains("href=\"/settings/backups\""), "the overview leads there");
}

#[actix_web::test]
async fn how_the_dashboard_looks_is_kept_in_the_browser() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    assert!(desk.open("/settings/account").await.contains("href=\"/settings/appearance\""), "the old place leads on");
    let page = desk.open("/settings/appearance").await;
    assert!(page.contains("Dark theme") && page.contains("Dense"), "{page}");
    let look = async |fields: &str| {
        let request = rollcall.client.post(format!("{}/theme", rollcall.address)).body(fields.to_owned());
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", "same-origin");
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()["location"], "/settings/appearance");
        let cookies = response
            .headers()
            .get_all("set-cookie")
            .iter()
            .map(|cookie| cookie.to_str().expect("text").split(';').next().unwrap_or_default().to_owned());
        cookies.collect::<Vec<String>>()
    };
    assert_eq!(
        look("theme=dark&back=/settings/appearance").await,
        ["rollcall_theme=dark"],
        "for the page of the sign-in"
    );
    let head = |page: String| page[..page.find("<head>").expect("a head")].to_owned();
    assert!(!head(desk.open("/users").await).contains("data-"), "whoever is not signed in decides for nobody");
    for fields in [("density", "dense"), ("theme", "dark"), ("theme", "nonsense"), ("theme", "dark")] {
        assert_eq!(desk.send("/theme", &[fields, ("back", "/users")]).await.to, "/users");
    }
    let elsewhere = head(rollcall.desk().await.open("/users").await);
    assert!(elsewhere.contains("data-density=\"dense\"") && elsewhere.contains("data-theme=\"dark\""), "{elsewhere}");
    let colleague = rollcall.desk_of("viewer@example.com", "viewer").await;
    assert!(!head(colleague.open("/users").await).contains("data-"), "and each for themselves");
}

#[actix_web::test]
async fn an_operator_s_own_zone_is_that_of_times_alone() {
    let rollcall = some_people().await;
    rollcall.shell(&["setting", "time_zone", "Europe/Warsaw", "--json"]);
    let desk = rollcall.desk().await;
    let foot = async || {
        let page = desk.open("/users/u1").await;
        let foot = page.split("class=\"as-of\">").nth(1).and_then(|rest| rest.split("</p>").next()).expect("a foot");
        (foot.to_owned(), page.contains("Pacific/Auckland\""))
    };
    until("the shell's word has come", || async {
        let (foot, _) = foot().await;
        if foot.starts_with("Times are in Europe/Warsaw. As of ") { Ok(()) } else { Err(foot) }
    })
    .await;
    let refused = desk.send("/settings/account/zone", &[("time_zone", "Auckland <b>")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.page.contains("“Auckland &lt;b&gt;” is not a time zone"), "{}", refused.page);
    let saved = desk.send("/settings/account/zone", &[("time_zone", "Pacific/Auckland")]).await;
    assert!(
        desk.open(saved.to.split('#').next().expect("an address"))
            .await
            .contains("You see times in Pacific/Auckland now")
    );
    let (told, is_exact) = foot().await;
    assert!(told.starts_with("Times are in Pacific/Auckland, days begin in Europe/Warsaw. As of "), "{told}");
    assert!(is_exact, "exact times are of the same zone");
    let overview = desk.open("/").await;
    let warsaw = chrono::Utc::now().with_timezone(&chrono_tz::Europe::Warsaw).format("%A, %-d %B").to_string();
    assert!(overview.contains(&warsaw), "today is the workspace's");
    let colleague = rollcall.desk_of("viewer@example.com", "viewer").await;
    assert!(colleague.open("/users/u1").await.contains("Times are in Europe/Warsaw. As of "));
    desk.send("/settings/account/zone", &[("time_zone", "")]).await;
    assert!(foot().await.0.starts_with("Times are in Europe/Warsaw. As of "));
}

/// Where a page ended is said by the caller, who may say anything: it costs the caller alone.
#[actix_web::test]
async fn a_place_in_a_list_that_somebody_made_up_breaks_no_list() {
    let rollcall = some_people().await;
    let desk = rollcall.desk().await;
    let numbers = [json!(0), json!(-1), json!(i64::MIN), json!(i64::MAX), json!(-8_334_601_142_400_000_i64)];
    let mut made_up = vec![json!(null), json!("growing"), json!(["NaN"]), json!(["", {}]), json!({})];
    let full = std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty());
    let words: &[&str] = if full { &["growing", "shrinking", "new", "", "zzz"] } else { &["growing"] };
    made_up.extend(numbers.iter().filter(|_| full).cloned());
    for at in numbers {
        for word in words {
            made_up.push(json!({ "in": word, "value": null, "at": at }));
        }
        made_up.push(json!({ "company": "it's c1", "value": "", "at": at }));
    }
    let keys = [json!(1), json!(i64::MIN), json!(i64::MAX)];
    let cursors: Vec<String> = made_up
        .iter()
        .zip(keys.iter().cycle())
        .map(|(value, key)| URL_SAFE_NO_PAD.encode(json!({ "value": value, "key": key }).to_string()))
        .collect();
    for path in [
        "/users?sort=trend&",
        "/users?sort=-trend&",
        "/users?sort=state&",
        "/users?sort=company.trend&",
        "/users?sort=company&",
        "/users?sort=plan&",
        "/companies?sort=trend&",
        "/companies?sort=-state&",
        "/companies?sort=members&",
        "/companies/it%27s%20c1?",
        "/users/u1?",
        "/visitors?",
        "/imports?",
        "/settings/audit?",
        "/users/duplicates?",
        "/companies/duplicates?",
        "/companies/suggested?",
    ] {
        for cursor in &cursors {
            let (status, page) = desk.ask(&format!("{path}after={cursor}")).await;
            assert!(status < 500, "{path}after={cursor}: {page}");
        }
    }
    for path in [
        "/users?",
        "/users?sort=trend&",
        "/companies?sort=-trend&",
        "/companies?",
        "/visitors?",
        "/events?",
        "/changes?",
        "/imports?",
    ] {
        let begun = rollcall.api(&format!("{path}limit=1")).await;
        let Some((order, _)) = begun.body["next_cursor"].as_str().and_then(|next| next.rsplit_once('.')) else {
            assert!(!path.starts_with("/users"), "{path} has a next page: {begun:?}");
            continue;
        };
        for cursor in &cursors {
            let answer =
                rollcall.api(&format!("{path}cursor={}", support::encoded(&format!("{order}.{cursor}")))).await;
            assert!(answer.status.as_u16() < 500, "{path} {cursor}: {answer:?}");
        }
    }
    for _ in 0..10 {
        desk.open("/users?sort=trend").await;
    }
}

/// Ten tries at a password, of which those that were right do not count.
#[actix_web::test]
async fn whoever_signs_in_often_is_not_turned_away() {
    let rollcall = Rollcall::start();
    for _ in 0..12 {
        rollcall.session_cookie().await;
    }
}

/// Each number of Overview is how many rows the list has that it leads to, at the edges of days too.
#[actix_web::test]
async fn the_numbers_of_overview_are_those_of_the_lists_that_they_lead_to() {
    let rollcall = Rollcall::start();
    let of = |days: i64, kind: &str| {
        let company =
            if days % 2 == 0 { json!({ "company": { "company_id": format!("c{days}") } }) } else { json!({}) };
        json!({
            "type": kind, "event": "Paid", "userId": format!("u{days}"), "messageId": message_id(),
            "timestamp": seconds_ago(days * 86_400), "traits": company,
        })
    };
    let days = [0, 1, 6, 7, 8, 27, 28, 29, 30, 31, 59];
    let messages: Vec<Value> = days.iter().flat_map(|day| [of(*day, "identify"), of(*day, "track")]).collect();
    rollcall.backend_posts(json!(messages)).await;
    rollcall.backend_posts(json!([{ "type": "identify", "userId": "silent", "messageId": message_id() }])).await;
    let desk = rollcall.desk().await;
    let within = |html: &str, from: &str, to: &str| {
        html.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap_or_default().to_owned()
    };
    let overview = desk.open("/").await;
    let mut told = Vec::new();
    for cell in overview.split("<a class=\"stat\" ").skip(1) {
        let (label, number) = (within(cell, "class=\"l\">", "<"), within(cell, "class=\"v\">", "<"));
        let list = desk.open(&within(cell, "href=\"", "\"").replace("&amp;", "&")).await;
        let heading = within(&list, "<h1>", "</h1>");
        assert_eq!(within(&heading, "class=\"n\">", "<"), number, "{label}: {heading}");
        told.push((label, number));
    }
    let told: Vec<(&str, &str)> = told.iter().map(|(label, number)| (label.as_str(), number.as_str())).collect();
    let expected = [
        ("Users", "12"),
        ("Companies", "5"),
        ("Active today", "1"),
        ("Active in 7 days", "3"),
        ("Active in 30 days", "8"),
    ];
    assert_eq!(told, expected);
}

/// Who was a member within the 28 days counts on both sides of the share, who left before on neither.
#[actix_web::test]
async fn the_active_share_is_of_all_who_were_members_in_that_time() {
    let rollcall = Rollcall::start();
    let message = |kind: &str, user: &str, days: i64, company: Value| {
        json!({
            "type": kind, "event": "Paid", "userId": user, "messageId": message_id(),
            "timestamp": seconds_ago(days * 86_400), "traits": { "company": company },
            "context": { "groupId": if kind == "track" { json!("acme") } else { Value::Null } },
        })
    };
    let acme = json!({ "company_id": "acme" });
    let leaves = json!({ "company_id": "acme", "remove": true });
    let mut messages: Vec<Value> =
        ["ann", "bob", "cem", "dee", "eve"].iter().map(|user| message("identify", user, 40, acme.clone())).collect();
    messages.extend([
        message("track", "ann", 2, Value::Null),
        message("track", "bob", 3, Value::Null),
        message("track", "dee", 9, Value::Null),
        message("identify", "dee", 5, leaves.clone()),
        message("track", "eve", 33, Value::Null),
        message("identify", "eve", 30, leaves.clone()),
        message("identify", "fay", 25, acme.clone()),
        message("track", "fay", 20, Value::Null),
        message("identify", "fay", 15, leaves),
    ]);
    rollcall.backend_posts(json!(messages)).await;
    let page = rollcall.desk().await.open("/companies/acme").await;
    let cell = page.split("Active share").nth(1).and_then(|rest| rest.split("</a>").next()).expect("the cell");
    assert!(cell.contains("class=\"v\">80<small> %</small>"), "Ann, Bob, Dee and Fay of these and Cem: {cell}");
    assert!(!page.contains("Gone quiet"), "who has left is not said to stay away: {page}");
}

/// Whoever sits at a machine where somebody is signed in does not find the password out.
#[actix_web::test]
async fn the_current_password_is_asked_for_ten_times_and_no_more() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let tries = async |current: &str| {
        desk.send("/settings/account", &[("current", current), ("new", "a new horse battery")]).await
    };
    for _ in 0..3 {
        let short = desk.send("/settings/account", &[("current", "guess"), ("new", "short")]).await;
        assert_eq!(short.status, 422, "what asks for no password is not a try");
    }
    let mut refused = 0;
    loop {
        let sent = tries("a wrong guess").await;
        if sent.status == 429 {
            assert!(sent.page.contains("Too many attempts"), "{}", sent.page);
            break;
        }
        assert_eq!(sent.status, 422);
        refused += 1;
        assert!(refused <= 10, "it goes on and on");
    }
    assert_eq!(tries(support::OWNER.1).await.status, 429, "nor is the right one told from a wrong one");
}

#[actix_web::test]
async fn a_note_that_is_opened_and_saved_says_what_it_said() {
    let rollcall = some_people().await;
    let desk = rollcall.desk().await;
    let text = "\u{2067}שלום\u{2069} <b> & co";
    let page = desk.does("/edit/note", &[("user", "u1"), ("deed", "add"), ("text", text)]).await;
    assert!(page.contains("[U+2067]"), "where it is read its directions are seen");
    let key = page.split("/edit/note?note=").nth(1).and_then(|rest| rest.split('"').next()).expect("an edit");
    let page = desk.open(&format!("/edit/note?note={key}")).await;
    let field = page.split("<textarea").nth(1).expect("the note can be edited");
    let field = field.split_once('>').expect("a field").1.split("</textarea>").next().expect("its end");
    let sent = field.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    assert_eq!(sent, text);
}

/// Whatever names somebody on a page opens them from the search.
#[actix_web::test]
async fn ids_of_all_kinds_and_addresses_in_any_case_open_at_once() {
    let rollcall = Rollcall::start();
    let ann = json!({ "type": "identify", "userId": "ann", "anonymousId": "browser-1", "messageId": message_id(), "traits": { "email": "ann@acme.test", "name": "Ann Holm" } });
    let stranger = json!({ "type": "page", "anonymousId": "browser-2", "messageId": message_id() });
    rollcall.backend_posts(json!([ann, stranger])).await;
    let desk = rollcall.desk().await;
    let id = rollcall.user("ann").await["id"].as_str().expect("an id").to_owned();
    for text in [id.as_str(), "browser-1", "ANN@acme.test"] {
        assert_eq!(desk.leads(&format!("/search?q={text}")).await, "/users/ann", "{text} is Ann");
    }
    assert_eq!(desk.leads("/search?q=browser-2").await, "/visitors?q=browser-2");
    let page = desk.open("/search?q=holm+ann").await;
    assert!(page.contains("Ann Holm"), "{page}");
}
