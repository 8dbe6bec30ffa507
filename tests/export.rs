//! Stories of the export: nobody is locked in.

mod support;

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::{Value, json};
use support::{Rollcall, seconds_ago};

async fn filled() -> Rollcall {
    let rollcall = Rollcall::start();
    rollcall
        .backend_posts(json!([
            { "type": "identify", "userId": "ann", "timestamp": seconds_ago(500), "traits": {
                "email": "ann@acme.example", "plan": "=cmd|' /C calc'!A0", "seats": 12, "zip": "007", "langs": ["de", "en"],
                "vip": true, "note": "two\nlines, \"quoted\"", "owner": "nobody", "minus": -5,
                "company": { "company_id": "acme", "name": "Acme", "membership": { "role": "admin", "floor": 3 } } } },
            { "type": "identify", "userId": "bob", "timestamp": seconds_ago(400), "traits": { "email": "bob@acme.example" } },
            { "type": "identify", "timestamp": seconds_ago(300), "traits": { "email": "lea@lead.example" } },
            { "type": "track", "userId": "ann", "event": "Report exported", "timestamp": seconds_ago(200),
              "properties": { "rows": 3 }, "context": { "groupId": "acme" } },
        ]))
        .await;
    rollcall
}

fn csv_rows(text: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| -> Value {
        names
            .iter()
            .zip(&record)
            .map(|(name, cell)| (name.to_owned(), json!(cell)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_spreadsheet_gets_every_value_and_runs_none() {
    let rollcall = filled().await;
    let answer = rollcall.api("/export/users").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"users.csv\"");
    let rows = csv_rows(&answer.text);
    let ids: Vec<&Value> = rows.iter().map(|row| &row["user_id"]).collect();
    assert_eq!(ids, ["ann", "bob", ""], "who was first seen first");
    let ann = &rows[0];
    for (column, cell) in [
        ("email", "ann@acme.example"),
        ("plan (string)", "'=cmd|' /C calc'!A0"),
        ("seats (number)", "12"),
        ("minus (number)", "-5"),
        ("zip (string)", "007"),
        ("langs (list)", "de|en"),
        ("vip (boolean)", "true"),
        ("note (string)", "two\nlines, \"quoted\""),
        ("attribute.owner (string)", "nobody"),
        ("owner", ""),
    ] {
        assert_eq!(ann[column], cell, "{column}");
    }
    assert_eq!((&rows[2]["email"], &rows[2]["seats (number)"]), (&json!("lea@lead.example"), &json!("")));
    let members = csv_rows(&rollcall.api("/export/memberships?format=csv").await.text);
    assert_eq!(members.len(), 1);
    assert_eq!((&members[0]["company_id"], &members[0]["role"]), (&json!("acme"), &json!("admin")));
    assert_eq!((&members[0]["floor (number)"], &members[0]["left_at"]), (&json!("3"), &json!("")));
}

#[tokio::test]
async fn a_program_gets_lines_of_json_under_the_list_s_own_filter() {
    let rollcall = filled().await;
    let answer = rollcall.api("/export/users?format=ndjson&f=seats:gt:5").await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let rows = lines(&answer.text);
    assert_eq!(rows.len(), 1, "{}", answer.text);
    assert_eq!((&rows[0]["user_id"], &rows[0]["attributes"]["langs"]), (&json!("ann"), &json!(["de", "en"])));
    assert_eq!(lines(&rollcall.api("/export/users?format=ndjson&q=lea").await.text).len(), 1);
    let companies = lines(&rollcall.api("/export/companies?format=ndjson").await.text);
    assert_eq!((companies.len(), &companies[0]["attributes"]["name"]), (1, &json!("Acme")));
    let events = lines(&rollcall.api("/export/events?format=ndjson").await.text);
    assert_eq!(events.len(), 1, "who somebody is stands in the other files");
    assert_eq!((&events[0]["name"], &events[0]["email"]), (&json!("Report exported"), &json!("ann@acme.example")));
    assert_eq!((&events[0]["company_id"], &events[0]["properties"]), (&json!("acme"), &json!({ "rows": 3 })));
    let of = async |filter: &str| lines(&rollcall.api(&format!("/export/events?format=ndjson&f={filter}")).await.text);
    assert_eq!(of("properties.rows:gte:3").await, events);
    assert!(of("properties.rows:gt:3").await.is_empty());
    for (path, status, code) in [
        ("/export/users?format=xml", 400, "parameter_invalid"),
        ("/export/users?f=colour:is:red", 400, "filter_invalid"),
        ("/export/events?f=plan:is:x", 400, "filter_invalid"),
        ("/export/visitors?f=user_id:is:x", 400, "filter_unsupported"),
        ("/export/events?q=x", 400, "parameter_invalid"),
        ("/export/notes?q=x", 400, "parameter_invalid"),
        ("/export/visits", 404, "export_unknown"),
    ] {
        let refused = rollcall.api(path).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (status, &json!(code)), "{path}");
    }
    let stranger = rollcall.client.get(format!("{}/api/v1/export/users", rollcall.address)).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
}

#[tokio::test]
async fn a_program_gets_a_list_with_its_columns_and_its_order() {
    let rollcall = filled().await;
    let rows = lines(&rollcall.api("/export/users?format=ndjson&columns=email,langs&sort=-email").await.text);
    let emails: Vec<&str> = rows.iter().map(|row| row["email"].as_str().unwrap()).collect();
    assert_eq!(emails, ["lea@lead.example", "bob@acme.example", "ann@acme.example"]);
    let members: Vec<&String> = rows[2].as_object().unwrap().keys().collect();
    assert_eq!(members.len(), 5, "its ids and its name stand there too: {members:?}");
    assert_eq!(rows[2]["attributes"], json!({ "langs": ["de", "en"] }));
    let sorted = csv_rows(&rollcall.api("/export/users?sort=-seats").await.text);
    assert_eq!(
        (&sorted[0]["user_id"], &sorted[0]["plan (string)"]),
        (&json!("ann"), &json!("'=cmd|' /C calc'!A0")),
        "all columns"
    );
    rollcall.backend_posts(json!([{ "type": "group", "groupId": "old", "traits": { "name": "Old" } }])).await;
    let archives = json!({ "archived": true });
    rollcall.api_as(reqwest::Method::PATCH, "/companies/old", &rollcall.token, Some(archives)).await;
    for (query, ids) in [
        ("", vec!["acme", "old"]),
        ("&archived=1", vec!["old"]),
        ("&archived=0", vec!["acme"]),
        ("&sort=name", vec!["acme"]),
    ] {
        let rows = lines(&rollcall.api(&format!("/export/companies?format=ndjson{query}")).await.text);
        assert_eq!(rows.iter().map(|row| row["company_id"].as_str().unwrap()).collect::<Vec<_>>(), ids, "{query}");
    }
    let columns = csv_rows(&rollcall.api("/export/companies?columns=members,activity&sort=-members").await.text);
    assert_eq!(columns[0], json!({ "company_id": "acme", "name": "Acme", "members": "1", "active_people_28d": "1" }));
    for path in [
        "/export/users?columns=colour",
        "/export/users?sort=colour",
        "/export/companies?archived=2",
        "/export/events?sort=name",
    ] {
        assert_eq!(rollcall.api(path).await.body["code"], "parameter_invalid", "{path}");
    }
}

#[tokio::test]
async fn more_rows_than_a_page_come_each_once_with_one_line_of_headings() {
    let rollcall = Rollcall::start();
    for batch in 0..5 {
        let messages: Vec<Value> = (0..100)
            .map(|number| json!({ "type": "identify", "userId": format!("u{}", batch * 100 + number), "timestamp": seconds_ago(60) }))
            .collect();
        rollcall.backend_posts(json!(messages)).await;
    }
    let rows = csv_rows(&rollcall.api("/export/users").await.text);
    let ids: std::collections::BTreeSet<&str> = rows.iter().map(|row| row["user_id"].as_str().unwrap()).collect();
    assert_eq!((rows.len(), ids.len()), (500, 500));
}

#[tokio::test]
async fn everything_comes_as_one_zip_at_the_shell_and_over_http() {
    let rollcall = filled().await;
    let target = rollcall.file().with_file_name("all.zip");
    let line = ["export", "all", "--format", "ndjson", "--output", target.to_str().unwrap(), "--json"];
    let written = rollcall.shell(&line);
    assert_eq!(written["bytes"].as_u64().unwrap(), target.metadata().unwrap().len());
    let by_http = rollcall.client.get(format!("{}/api/v1/export/all?format=ndjson", rollcall.address));
    let by_http = by_http.bearer_auth(&rollcall.token).send().await.unwrap().bytes().await.unwrap();
    for bytes in [std::fs::read(&target).unwrap(), by_http.to_vec()] {
        let mut files = unpacked(bytes);
        let readme = files.remove("README.txt").expect("what is in it, in words");
        assert!(readme.contains("rollcall import rollcall.zip"), "{readme}");
        let counts: Vec<(String, usize)> = files.into_iter().map(|(name, text)| (name, lines(&text).len())).collect();
        let expected = [
            ("attributes.ndjson", 12),
            ("companies.ndjson", 1),
            ("events.ndjson", 1),
            ("memberships.ndjson", 1),
            ("notes.ndjson", 0),
            ("setup.ndjson", 12),
            ("users.ndjson", 3),
            ("visitors.ndjson", 0),
        ];
        assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
    }
    assert_eq!(rollcall.shell_output(&line, "").status.code(), Some(1), "an export overwrites nothing");
}

/// The files of a zip by their names.
fn unpacked(bytes: Vec<u8>) -> BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let (mut file, mut text) = (zip.by_index(place).unwrap(), String::new());
        file.read_to_string(&mut text).unwrap();
        files.insert(file.name().unwrap().into_owned(), text);
    }
    files
}

#[tokio::test]
async fn all_about_a_person_comes_as_a_page_for_people_and_json_and_nothing_of_others() {
    let rollcall = filled().await;
    rollcall
        .backend_posts(json!([
            { "type": "identify", "userId": "ann", "timestamp": seconds_ago(100), "traits": {
                "plan": "<script>alert(1)</script>", "seats": "many" } },
        ]))
        .await;
    let desk = rollcall.desk().await;
    desk.does("/edit/profile", &[("user", "ann"), ("owner", ""), ("tags", "vip, renewal in spring")]).await;
    let page = desk.open("/users/ann").await;
    assert!(page.contains("Export everything about this person"), "{page}");

    let by_http = rollcall.client.get(format!("{}/api/v1/users/ann/export", rollcall.address));
    let by_http = by_http.bearer_auth(&rollcall.token).send().await.unwrap();
    assert_eq!(by_http.headers()["content-type"], "application/zip");
    let by_http = by_http.bytes().await.unwrap().to_vec();
    let cookie = rollcall.session_cookie().await;
    let on_page = rollcall.client.get(format!("{}/users/ann/export", rollcall.address)).header("cookie", cookie);
    let on_page = on_page.send().await.unwrap().bytes().await.unwrap().to_vec();
    let at_shell = rollcall.shell_output(&["export", "person", "ann@acme.example"], "").stdout;
    for bytes in [by_http, on_page, at_shell] {
        let files = unpacked(bytes);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["browsers.ndjson", "changes.ndjson", "events.ndjson", "person.html", "person.json"]);
        assert_eq!(lines(&files["browsers.ndjson"]).len(), 0);
        let known: Value = serde_json::from_str(&files["person.json"]).unwrap();
        assert_eq!((&known["user_id"], &known["attributes"]["seats"]), (&json!("ann"), &json!(12)));
        assert_eq!(
            (&known["companies"][0]["company_id"], &known["companies"][0]["attributes"]["role"]),
            (&json!("acme"), &json!("admin"))
        );
        let refused = &known["refused_values"][0];
        assert_eq!(
            (&refused["name"], &refused["value"], &refused["code"]),
            (&json!("seats"), &json!("many"), &json!("type_mismatch"))
        );
        let events = lines(&files["events.ndjson"]);
        assert!(events.iter().any(|event| event["name"] == "Report exported"), "{events:?}");
        let changes = lines(&files["changes.ndjson"]);
        let fields = changes.iter().flat_map(|set| set["changes"].as_array().unwrap());
        let plans: Vec<&Value> =
            fields.filter(|change| change["field"] == "plan").map(|change| &change["after"]).collect();
        assert_eq!(plans.len(), 2, "the value and the one before: {plans:?}");
        let html = &files["person.html"];
        assert!(
            html.contains("ann@acme.example") && html.contains("&lt;script&gt;") && !html.contains("<script"),
            "{html}"
        );
        assert!(
            html.contains("renewal in spring, vip") && known["tags"] == json!(["renewal in spring", "vip"]),
            "{html}"
        );
        for text in files.values() {
            assert!(!text.contains("bob@acme.example"), "{text}");
        }
    }
    assert_eq!(rollcall.api("/users/nobody/export").await.body["code"], "user_not_found");
    assert_eq!(desk.ask("/users/nobody/export").await.0, 404);
    for (line, status) in
        [(&["export", "person"][..], 2), (&["export", "person", "nobody"], 1), (&["export", "users", "ann"], 2)]
    {
        assert_eq!(rollcall.shell_output(line, "").status.code(), Some(status), "{line:?}");
    }
}

#[tokio::test]
async fn the_shell_writes_to_stdout_and_says_what_it_does_not_take() {
    let rollcall = filled().await;
    let all = rollcall.shell_output(&["export", "users", "--filter", "f=seats%3Agt%3A5&match=all"], "");
    let rows = csv_rows(&String::from_utf8(all.stdout).unwrap());
    assert_eq!((rows.len(), &rows[0]["user_id"]), (1, &json!("ann")));
    let shown = "q=acme&sort=-email&columns=email,plan";
    let shown = rollcall.shell_output(&["export", "users", "--filter", shown], "");
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(text.starts_with("id,user_id,name,email,plan (string)\n"), "{text}");
    let emails: Vec<Value> = csv_rows(&text).iter().map(|row| row["email"].clone()).collect();
    assert_eq!(emails, ["bob@acme.example", "ann@acme.example"]);
    let events = rollcall.shell_output(&["export", "events", "--filter", "f=name:is:Report exported"], "");
    let events = csv_rows(&String::from_utf8(events.stdout).unwrap());
    assert_eq!((events.len(), &events[0]["email"]), (1, &json!("ann@acme.example")));
    let lines = String::from_utf8(rollcall.shell_output(&["export", "users", "--json"], "").stdout).unwrap();
    let ids: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["user_id"].clone()).collect();
    assert!(ids.contains(&json!("ann")), "an object a line: {lines}");
    for (line, hint) in [
        (&["export", "people"][..], "memberships"),
        (&["export", "users", "--format", "csv", "--json"], "--output"),
        (&["export", "all", "--json"], "--output"),
        (&["export", "users", "--filter", "f=colour:is:red"], "colour"),
        (&["export", "users", "--filter", "sort=colour"], "colour"),
        (&["export", "users", "--filter", "columns=colour"], "colour"),
        (&["export", "memberships", "--filter", "columns=email"], "no columns="),
        (&["export", "events", "--filter", "f=plan:is:x"], "properties.NAME"),
        (&["export", "events", "--filter", "q=x"], "no q="),
        (&["export", "notes", "--filter", "f=name:is:x"], "can't be filtered"),
        (&["export", "all", "--filter", "f=name:set"], "one kind"),
    ] {
        let output = rollcall.shell_output(line, "");
        assert_eq!(output.status.code(), Some(2), "{line:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(hint), "{line:?}");
    }
}

#[tokio::test]
async fn a_list_offers_what_it_shows_as_a_file() {
    let rollcall = filled().await;
    let cookie = rollcall.session_cookie().await;
    let get = async |path: &str| {
        let request = rollcall.client.get(format!("{}{path}", rollcall.address)).header("cookie", &cookie);
        support::Answer::of(request.send().await.unwrap()).await
    };
    let shown = get("/users?columns=company,seats,tags,activity&sort=-name").await.text;
    let as_shown = shown.split("href=\"").find(|rest| rest.starts_with("/export/users") && rest.contains("columns="));
    let as_shown =
        as_shown.and_then(|rest| rest.split('"').next()).expect("the list as it is shown").replace("&amp;", "&");
    let file = get(&as_shown).await.text;
    let headings = "id,user_id,name,company_id,company,role,seats (number),tags,active_days_28d";
    assert_eq!(file.lines().next(), Some(headings), "{as_shown}");
    let rows = csv_rows(&file);
    let ids: Vec<&Value> = rows.iter().map(|row| &row["user_id"]).collect();
    assert_eq!(ids, ["", "bob", "ann"], "in the order of the list");
    assert_eq!(
        (&rows[2]["company"], &rows[2]["seats (number)"], &rows[2]["active_days_28d"]),
        (&json!("Acme"), &json!("12"), &json!("1"))
    );
    let page = get("/users?f=seats:gt:5&q=ann").await.text;
    let href = "/export/users?format=csv&amp;q=ann&amp;f=seats%3Agt%3A5";
    assert!(page.contains(href), "{page}");
    assert_eq!(csv_rows(&get(&href.replace("&amp;", "&")).await.text).len(), 1);
    let every = page.split("href=\"").find(|rest| rest.starts_with("/export/users") && rest.contains("signed"));
    let every = every.and_then(|rest| rest.split('"').next()).expect("every column").replace("&amp;", "&");
    let ann = &csv_rows(&get(&every).await.text)[0];
    assert_eq!((&ann["company_id"], &ann["company"], &ann["role"]), (&json!("acme"), &json!("Acme"), &json!("admin")));
    assert_eq!((&ann["seats (number)"], &ann["name"], &ann["state"]), (&json!("12"), &ann["name"], &json!("new")));
    let shown = get("/users").await.text;
    assert!(shown.contains("columns=company%2C"), "what stands beside the name is in the file: {shown}");
    assert!(get("/companies").await.text.contains("/export/companies?format=ndjson"));
    assert_eq!(get("/export/users?format=xml").await.status, 400);
    assert_eq!(get("/export/nothing").await.status, 404);
    let stranger = rollcall.client.get(format!("{}/export/users", rollcall.address)).send().await.unwrap();
    assert_eq!(stranger.status(), 303, "to the sign-in");
}
