//! The API for programs, told as stories of those who read and change with it.

mod support;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Rollcall, encoded, message_id, seconds_ago};

fn identify(user: &str, traits: Value) -> Value {
    json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(30) })
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// All rows of a list, read page by page.
async fn pages(rollcall: &Rollcall, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = rollcall.api(&format!("{path}{cursor}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        rows.extend(answer.body["data"].as_array().expect("data").clone());
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", encoded(next)),
            None => return rows,
        }
    }
}

#[actix_web::test]
async fn who_has_no_token_or_the_wrong_one_reads_nothing() {
    let rollcall = Rollcall::start();
    let url = format!("{}/api/v1/users", rollcall.address);
    let refused = support::Answer::of(rollcall.client.get(&url).send().await.expect("an answer")).await;
    assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (401, Some("token_missing")));
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    let wrong = rollcall.api_as(Method::GET, "/users", "rc_nothing", None).await;
    assert_eq!((wrong.status.as_u16(), wrong.body["code"].as_str()), (401, Some("token_invalid")));

    let reader = rollcall.shell(&["token", "add", "Reader", "--scope", "read", "--json"]);
    let reader = reader["token"].as_str().expect("a token");
    assert_eq!(rollcall.api_as(Method::GET, "/users", reader, None).await.status, 200);
    let body = Some(json!({ "value": true }));
    let answer = rollcall.api_as(Method::PUT, "/settings/one_company", reader, body).await;
    assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (403, Some("scope_missing")));
    assert_eq!(rollcall.api("/settings/one_company").await.body["value"], false);
}

#[actix_web::test]
async fn whatever_is_refused_leads_to_its_help() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let help = desk.open("/help/codes").await;
    let public = rollcall.client.get(format!("{}/help/codes", rollcall.address)).send().await.expect("an answer");
    let (status, public) = (public.status(), public.text().await.expect("text"));
    assert!(
        status == 200 && !public.contains("/refusals"),
        "whoever was answered with a code may read of it: {public}"
    );
    let explains = |code: &str| help.contains(&format!("<div id=\"{code}\">"));
    assert!(!explains("no_such_code"));

    let raw = |path: &str, body: &'static str| rollcall.client.post(format!("{}{path}", rollcall.address)).body(body);
    let sent =
        async |request: reqwest::RequestBuilder| support::Answer::of(request.send().await.expect("an answer")).await;
    let get = |path: &str| rollcall.client.get(format!("{}{path}", rollcall.address));
    let as_program = async |method, path: &str, body| rollcall.api_as(method, path, &rollcall.token, body).await;
    let write_key = rollcall.write_key.as_str();
    let answers = [
        (401, "token_missing", sent(get("/api/v1/users")).await),
        (404, "not_found", sent(get("/v1/nothing")).await),
        (404, "not_found", sent(get("/widget.1.0.0.js")).await),
        (405, "method_not_allowed", sent(get("/v1/batch")).await),
        (400, "invalid_json", sent(raw("/v1/batch", "{")).await),
        (400, "not_an_object", sent(raw("/v1/track", "[]")).await),
        (401, "write_key_missing", sent(raw("/v1/track", "{}")).await),
        (415, "encoding_unsupported", sent(raw("/v1/track", "{}").header("content-encoding", "br")).await),
        (413, "message_too_large", sent(raw("/v1/track", "{}").body(" ".repeat(40 << 10))).await),
        (401, "token_missing", sent(raw("/v1/track?dry_run=1", "{}").basic_auth(write_key, None::<&str>)).await),
        (400, "parameter_invalid", rollcall.api("/users?limit=0").await),
        (400, "filter_invalid", rollcall.api("/users?f=nothing:is:so").await),
        (404, "user_not_found", rollcall.api("/users/nobody").await),
        (404, "company_not_found", rollcall.api("/companies/none").await),
        (404, "import_not_found", rollcall.api("/imports/7").await),
        (404, "export_unknown", rollcall.api("/export/nothing").await),
        (
            404,
            "attribute_not_found",
            as_program(Method::PATCH, "/attributes/user/x", Some(json!({ "label": "X" }))).await,
        ),
        (400, "field_unknown", as_program(Method::PUT, "/users/ann", Some(json!({ "naem": "Ann" }))).await),
        (400, "id_placeholder", as_program(Method::PUT, "/users/undefined", Some(json!({ "name": "Ann" }))).await),
    ];
    for (status, code, answer) in answers {
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
        assert_eq!(answer.body["type"], format!("/help/codes#{code}"), "{answer:?}");
        assert!(explains(code), "{code}");
        let title = answer.body["title"].as_str().expect("a title");
        assert!(help.contains(&format!("<b>{}</b>", title.replace('"', "&quot;"))), "{title}");
    }

    let described = rollcall.api("/openapi.json").await.body;
    let is_refusal = |status: &str| status.starts_with('4');
    let operations = described["paths"].as_object().expect("paths").values().flat_map(|path| path.as_object());
    let mut codes = BTreeSet::new();
    for operation in operations.flatten().map(|(_, operation)| operation) {
        let answers = operation["responses"].as_object().expect("answers").iter();
        for (_, answer) in answers.filter(|(status, _)| is_refusal(status)) {
            codes.extend(answer["description"].as_str().expect("codes").split(", "));
        }
    }
    assert!(codes.len() > 40, "{codes:?}");
    codes.extend(["rate_limited", "busy", "too_slow", "internal"]);
    for code in codes {
        assert!(explains(code), "{code} stands in the description of the API and has no help");
    }
}

#[actix_web::test]
async fn an_address_that_is_none_and_a_method_that_is_not_taken_are_problems() {
    let rollcall = Rollcall::start();
    for path in ["", "/", "/nothing", "/users/ann/nothing", "/users/a/b/events"] {
        let answer = rollcall.api(path).await;
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (404, Some("not_found")), "{path}");
    }
    let answer = rollcall.api_as(Method::POST, "/users/ann", &rollcall.token, None).await;
    assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (405, Some("method_not_allowed")));
    assert_eq!(
        (answer.header("allow"), answer.header("content-type")),
        ("GET, HEAD, PUT, PATCH, DELETE", "application/problem+json")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    for path in ["/users", "/settings/time_zone"] {
        let answer = rollcall.api_as(Method::HEAD, path, &rollcall.token, None).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""), "{path}");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
    }
}

#[actix_web::test]
async fn a_program_reads_all_users_page_by_page() {
    let rollcall = Rollcall::start();
    let users: Vec<Value> = (0..25)
        .map(|number| identify(&format!("u{number}"), json!({ "name": format!("Name {}", number % 4) })))
        .collect();
    rollcall.page_posts(json!(users)).await;
    for sort in ["name", "-name", "email", "-first_seen", "last_seen", "-companies"] {
        let rows = pages(&rollcall, &format!("/users?limit=4&sort={sort}")).await;
        let ids: BTreeSet<&str> = rows.iter().filter_map(|row| row["user_id"].as_str()).collect();
        assert_eq!((rows.len(), ids.len()), (25, 25), "{sort}");
    }
    let named = rollcall.api("/users?q=name%202&count=1&limit=2&sort=name").await;
    assert_eq!((named.body["total"].as_u64(), named.body["data"].as_array().map(Vec::len)), (Some(6), Some(2)));
    for (path, code) in [
        ("/users?limit=501", "parameter_invalid"),
        ("/users?sort=colour", "parameter_invalid"),
        ("/users?page=2", "parameter_invalid"),
        ("/users?cursor=abc", "parameter_invalid"),
        ("/users?f=colour:is:red", "filter_invalid"),
        ("/events?f=plan:is:pro", "filter_invalid"),
        ("/attributes?f=plan:is:pro", "filter_unsupported"),
        ("/users/u1?at=2026-13-01", "parameter_invalid"),
        ("/users/u1?id=u2", "parameter_invalid"),
        ("/companies/c1?id=c2", "parameter_invalid"),
        ("/users?by=email", "parameter_invalid"),
        ("/events?order=name", "parameter_invalid"),
        ("/events?order=arrival&cursor=-time.abc", "parameter_invalid"),
    ] {
        let answer = rollcall.api(path).await;
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (400, Some(code)), "{path}");
        assert!(answer.body["parameter"].is_string(), "{answer:?}");
    }
}

#[actix_web::test]
async fn a_program_follows_events_in_the_order_in_which_they_came() {
    let rollcall = Rollcall::start();
    let track = |name: &str, ago: i64| json!({ "type": "track", "event": name, "userId": "u1", "messageId": message_id(), "timestamp": seconds_ago(ago) });
    let names = |answer: &crate::support::Answer| -> Vec<String> {
        let rows = answer.body["data"].as_array().unwrap();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    let behind = async |cursor: &Value| {
        let cursor = encoded(cursor.as_str().unwrap());
        rollcall.api(&format!("/events?order=arrival&limit=2&cursor={cursor}")).await
    };
    let nothing = rollcall.api("/events?order=arrival").await;
    assert_eq!(names(&nothing), Vec::<String>::new());
    rollcall.page_posts(json!([track("Late", 10), track("Early", 4_000), track("Now", 0)])).await;
    let first = behind(&nothing.body["next_cursor"]).await;
    assert_eq!(names(&first), ["Late", "Early"], "as they came, whatever their time");
    let second = behind(&first.body["next_cursor"]).await;
    assert_eq!(names(&second), ["Now"]);
    let third = behind(&second.body["next_cursor"]).await;
    assert_eq!(names(&third), Vec::<String>::new(), "nothing new");
    rollcall.page_posts(json!([track("Older still", 90_000)])).await;
    assert_eq!(names(&behind(&third.body["next_cursor"]).await), ["Older still"], "the cursor waits for what comes");
    assert_eq!(names(&behind(&second.body["next_cursor"]).await), ["Older still"]);

    let elsewhere = Rollcall::start();
    let cursor = encoded(third.body["next_cursor"].as_str().unwrap());
    let gone = elsewhere.api(&format!("/events?order=arrival&cursor={cursor}")).await;
    assert_eq!((gone.status.as_u16(), gone.body["code"].as_str()), (410, Some("cursor_expired")));
    assert!(gone.body["detail"].as_str().unwrap().contains("7 days"), "{gone:?}");
}

#[actix_web::test]
async fn a_request_that_is_sent_again_with_its_key_is_done_once() {
    let rollcall = Rollcall::start();
    let admin = rollcall.shell(&["token", "add", "Sync", "--scope", "admin", "--json"])["token"].clone();
    let write = rollcall.shell(&["token", "add", "Other", "--scope", "write", "--json"])["token"].clone();
    let send = async |key: &str, token: &Value, path: &str, body: Value| {
        let request = reqwest::Client::new().put(format!("{}/api/v1{path}", rollcall.address));
        let request = request.header("idempotency-key", key).bearer_auth(token.as_str().unwrap()).json(&body);
        crate::support::Answer::of(request.send().await.unwrap()).await
    };
    let ann = json!({ "name": "Ann", "attributes": { "visits": { "$inc": 1 } } });
    let first = send("k1", &admin, "/users/ann", ann.clone()).await;
    assert_eq!((first.status.as_u16(), first.header("idempotent-replayed")), (201, ""), "{first:?}");
    let again = send("k1", &admin, "/users/ann", ann.clone()).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (201, "true"));
    assert_eq!((again.body, again.text.is_empty()), (first.body, false), "the very same answer");
    assert_eq!(rollcall.user("ann").await["attributes"]["visits"], 1, "done once");
    let other = send("k1", &admin, "/users/ann", json!({ "name": "Anna" })).await;
    assert_eq!((other.status.as_u16(), other.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    assert_eq!(send("k1", &admin, "/users/bob", ann.clone()).await.status, 422, "another address is another request");
    let wrong_way = rollcall.client.put(format!("{}/api/v1/changes", rollcall.address)).header("idempotency-key", "k1");
    let wrong_way = wrong_way.bearer_auth(admin.as_str().unwrap()).send().await.unwrap();
    assert_eq!(wrong_way.status(), 405, "an address that takes no such method says so, whatever the key was used for");
    let of_another = send("k1", &write, "/users/ann", ann.clone()).await;
    assert_eq!(
        (of_another.status.as_u16(), of_another.header("idempotent-replayed")),
        (200, ""),
        "a key is its token's"
    );
    assert_eq!(rollcall.user("ann").await["attributes"]["visits"], 2);

    // A program that hangs up before it is answered, and asks again.
    let body = json!({ "attributes": { "hung_up": { "$inc": 1 } } });
    let (text, token) = (body.to_string(), admin.as_str().unwrap());
    let head = format!(
        "PUT /api/v1/users/ann HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nidempotency-key: k0\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    );
    let mut line = std::net::TcpStream::connect(rollcall.address.trim_start_matches("http://")).unwrap();
    std::io::Write::write_all(&mut line, head.as_bytes()).unwrap();
    drop(line);
    let answered = crate::support::until("the request that was hung up on is over", || async {
        let answer = send("k0", &admin, "/users/ann", body.clone()).await;
        if answer.status == 409 { Err(answer.text) } else { Ok(answer) }
    })
    .await;
    assert_eq!(answered.status, 200, "{answered:?}");
    assert_eq!(rollcall.user("ann").await["attributes"]["hung_up"], 1, "done once");

    let refused = send("k2", &admin, "/users/ann", json!({ "nmae": "Ann" })).await;
    assert_eq!(refused.status, 400);
    // What was refused wrote nothing. What it waited for may be there by now.
    let early = json!({ "role": "admin" });
    assert_eq!(send("k2", &admin, "/companies/soon/members/ann", early.clone()).await.status, 404);
    assert_eq!(send("for soon", &admin, "/companies/soon", json!({ "name": "Soon" })).await.status, 201);
    let late = send("k2", &admin, "/companies/soon/members/ann", early.clone()).await;
    assert_eq!((late.status.as_u16(), late.header("idempotent-replayed")), (200, ""), "{late:?}");
    let again = send("k2", &admin, "/companies/soon/members/ann", early).await;
    assert_eq!((again.status.as_u16(), again.header("idempotent-replayed")), (200, "true"));
    for key in ["", " ", &"k".repeat(256)] {
        let answer = send(key, &admin, "/users/ann", ann.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body["code"].as_str()),
            (400, Some("idempotency_key_invalid")),
            "{key:?}"
        );
    }
    // An erasure takes the answers, since they may tell of the person, and nothing is done again for it.
    let counts = json!({ "attributes": { "erased_since": { "$inc": 1 } } });
    assert_eq!(send("k4", &admin, "/users/ann", counts.clone()).await.status, 200);
    assert_eq!(send("for zed-1", &admin, "/users/zed-1", json!({ "name": "Zed" })).await.status, 201);
    let body = Some(json!({ "events": "delete" }));
    assert_eq!(rollcall.api_as(Method::POST, "/users/zed-1/erase", &rollcall.token, body).await.status, 200);
    let gone = send("k4", &admin, "/users/ann", counts.clone()).await;
    assert_eq!((gone.status.as_u16(), gone.body["code"].as_str()), (409, Some("idempotency_answer_gone")), "{gone:?}");
    assert_eq!(gone.body["answered"], 200);
    assert_eq!(rollcall.user("ann").await["attributes"]["erased_since"], 1, "done once");
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    let named = "SELECT count(*) FROM repeats WHERE idempotency_key LIKE '%zed-1%' OR body LIKE '%zed%'";
    assert_eq!(file.query_row(named, [], |row| row.get::<_, i64>(0)), Ok(0), "a key may name the person too");

    let stranger = send("k3", &json!("rc_nobody"), "/users/ann", ann.clone()).await;
    assert_eq!(stranger.body["code"], "token_invalid");
    assert_eq!(send("k3", &admin, "/users/ann", ann.clone()).await.status, 200, "who may not ask claims nothing");
}

/// A1: a number is what was sent, to its last digit.
#[actix_web::test]
async fn numbers_are_read_as_they_were_sent() {
    let rollcall = Rollcall::start();
    for number in [98318771.73096739, 1234.5678901234567, 1000000000000000.5, 0.1, -0.0000001] {
        let body = Some(json!({ "attributes": { "amount": number } }));
        assert!(rollcall.api_as(Method::PUT, "/users/ann", &rollcall.token, body).await.status.is_success());
        assert_eq!(rollcall.user("ann").await["attributes"]["amount"].as_f64(), Some(number));
        assert_eq!(rollcall.list(&format!("/users?f=amount:is:{number}")).await.len(), 1, "{number}");
    }
}

/// An address that a user and a lead have says of nobody who is meant, above all when somebody is to be erased.
#[actix_web::test]
async fn an_address_of_a_user_and_a_lead_names_neither() {
    let rollcall = Rollcall::start();
    let lead = json!({ "type": "identify", "messageId": message_id(), "traits": { "email": "ann@acme.test", "ltv": 9 }, "timestamp": seconds_ago(9) });
    rollcall.backend_posts(json!([lead])).await;
    let stranger = json!({ "type": "identify", "messageId": message_id(), "userId": "mallory", "anonymousId": "m", "traits": { "email": "ann@acme.test" }, "timestamp": seconds_ago(5) });
    rollcall.page_posts(stranger).await;
    let address = "/users/ann@acme.test?by=email";
    for (method, path, body) in [
        (Method::GET, address.to_owned(), None),
        (Method::PATCH, address.to_owned(), Some(json!({ "attributes": { "paid": true } }))),
        (Method::DELETE, format!("{address}&events=delete"), None),
    ] {
        let answer = rollcall.api_as(method.clone(), &path, &rollcall.token, body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["code"]),
            (409, &json!("several_users")),
            "{method}: {answer:?}"
        );
    }
    assert_eq!(rollcall.list("/users?f=email:is:ann@acme.test").await.len(), 2, "nobody is gone");
}

#[actix_web::test]
async fn an_id_is_found_whatever_it_is_made_of() {
    let rollcall = Rollcall::start();
    let ids = ["a/b", "a b", "50%", "a%2Fb", "a+b", "ÅSA", "q?x=1&y", "x#y", "..", ".", "%41"];
    let users: Vec<Value> = ids.iter().map(|id| identify(id, json!({ "company": { "company_id": id } }))).collect();
    rollcall.page_posts(json!(users)).await;
    for id in ids {
        for (noun, field) in [("users", "user_id"), ("companies", "company_id")] {
            let found = rollcall.api(&format!("/{noun}?id={}", encoded(id))).await;
            assert_eq!((found.status.as_u16(), found.body[field].as_str()), (200, Some(id)), "{found:?}");
            if !id.starts_with('.') {
                let found = rollcall.api(&format!("/{noun}/{}", encoded(id))).await;
                assert_eq!((found.status.as_u16(), found.body[field].as_str()), (200, Some(id)), "{found:?}");
            }
        }
        let events = rollcall.api(&format!("/users//events?id={}", encoded(id))).await;
        assert_eq!(events.body["data"][0]["user_id"], id, "{events:?}");
    }
    let decomposed = rollcall.api(&format!("/users/{}", encoded("A\u{30a}SA "))).await;
    assert_eq!(decomposed.body["user_id"], "ÅSA", "ids are compared as they are kept");
    for (path, code) in [
        ("/users/nobody", "user_not_found"),
        ("/companies/none", "company_not_found"),
        ("/users/ASA", "user_not_found"),
    ] {
        let answer = rollcall.api(path).await;
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (404, Some(code)));
    }
    assert_eq!(rollcall.api("/users/").await.body["code"], "parameter_invalid");
}

#[actix_web::test]
async fn a_user_is_told_as_the_contract_writes_it() {
    let rollcall = Rollcall::start();
    let traits = json!({
        "email": "Ann@Acme.test", "name": "Ann", "plan": "pro",
        "company": { "company_id": "acme", "name": "Acme", "domain": "acme.test", "membership": { "role": "admin", "desk": 7 } },
    });
    let mut message = identify("ann", traits);
    message["anonymousId"] = json!("laptop");
    let page = json!({
        "type": "page", "messageId": message_id(), "anonymousId": "laptop", "timestamp": seconds_ago(40), "name": "Pricing",
    });
    rollcall.page_posts(json!([message, page])).await;

    let ann = rollcall.user("ann").await;
    assert_eq!(
        keys(&ann),
        BTreeSet::from([
            "id",
            "user_id",
            "email",
            "name",
            "anonymous_ids",
            "aliases",
            "attributes",
            "companies",
            "owner",
            "tags",
            "state",
            "trend",
            "first_page",
            "first_seen",
            "last_seen",
            "signed"
        ])
    );
    assert_eq!(ann["attributes"], json!({ "email": "ann@acme.test", "name": "Ann", "plan": "pro" }));
    assert_eq!((&ann["state"], &ann["trend"], &ann["tags"]), (&json!("new"), &json!("steady"), &json!([])));
    assert_eq!(ann["anonymous_ids"], json!(["laptop"]));
    let company = &ann["companies"][0];
    assert_eq!(
        keys(company),
        BTreeSet::from([
            "company_id",
            "name",
            "role",
            "title",
            "attributes",
            "current",
            "joined_at",
            "left_at",
            "source"
        ])
    );
    assert_eq!(
        (&company["role"], &company["current"], &company["source"]),
        (&json!("admin"), &json!(true), &json!("Shop"))
    );
    assert_eq!(company["attributes"]["desk"], 7);
    for path in [format!("/users/{}?by=id", ann["id"].as_str().expect("an id")), "/users/ANN@acme.test?by=email".into()]
    {
        assert_eq!(rollcall.api(&path).await.body["user_id"], "ann", "{path}");
    }

    let acme = rollcall.company("acme").await;
    assert_eq!(
        keys(&acme),
        BTreeSet::from([
            "company_id",
            "aliases",
            "archived_at",
            "name",
            "domains",
            "attributes",
            "members",
            "active_members_30d",
            "owner",
            "signed_members",
            "tags",
            "state",
            "trend",
            "first_page",
            "first_seen",
            "last_seen"
        ])
    );
    assert_eq!((&acme["domains"], &acme["members"]), (&json!(["acme.test"]), &json!(1)));
    let members = rollcall.list("/companies/acme/members").await;
    assert_eq!((&members[0]["user_id"], &members[0]["role"]), (&json!("ann"), &json!("admin")));
    let told =
        "id user_id email name role title attributes current joined_at left_at last_seen events_28d source history";
    assert_eq!(keys(&members[0]), told.split(' ').collect());
    for (query, found) in
        [("role=admin&sort=-events_28d", 1), ("q=admin&sort=role", 1), ("role=owner", 0), ("left=1", 0)]
    {
        assert_eq!(rollcall.list(&format!("/companies/acme/members?{query}")).await.len(), found, "{query}");
    }

    let events = rollcall.list("/users/ann/events").await;
    let page = events.iter().find(|event| event["type"] == "page").expect("the page");
    assert!(keys(page).is_superset(&BTreeSet::from([
        "event_id",
        "name",
        "type",
        "time",
        "received_at",
        "user_id",
        "anonymous_id",
        "company_id",
        "properties",
        "context",
        "source"
    ])));
    assert_eq!(
        (&page["name"], &page["page_name"], &page["user_id"]),
        (&json!("page"), &json!("Pricing"), &json!("ann"))
    );
    assert!(page["event_id"].is_string());
    assert_eq!(rollcall.list("/events").await, events);
    for (path, total) in [
        ("/events?count=1&limit=1", 2),
        ("/users/ann/events?count=1", 2),
        ("/companies/acme/events?count=1", 1),
        ("/companies/acme/members?count=1", 1),
        ("/companies/acme/members?count=1&q=bob", 0),
        ("/companies/acme/members?count=1&left=1", 0),
        ("/companies/acme/members?count=1&role=admin", 1),
        ("/refusals?count=1", 0),
        ("/findings?count=1", 0),
        ("/sources?count=1", 2),
        ("/segments?count=1&limit=2", 8),
        ("/imports?count=1", 0),
    ] {
        assert_eq!(rollcall.api(path).await.body["total"], total, "{path}");
    }
    for list in ["/sources", "/segments", "/changes"] {
        let all = rollcall.list(list).await;
        assert_eq!(pages(&rollcall, &format!("{list}?limit=1")).await, all);
        let counted = rollcall.api(&format!("{list}?count=1&limit=1")).await;
        assert_eq!(counted.body["total"], all.len(), "{list}");
    }

    let visitors = rollcall.list("/visitors?q=lap").await;
    assert_eq!(
        keys(&visitors[0]),
        BTreeSet::from(["anonymous_id", "user_id", "first_page", "first_seen", "last_seen", "attributes"])
    );
    assert_eq!(visitors[0]["user_id"], "ann");
}

#[actix_web::test]
async fn history_and_refusals_are_told_as_the_contract_writes_them() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(identify("ann", json!({ "plan": "pro", "seats": 5 }))).await;
    let mut later = identify("ann", json!({ "plan": "free", "seats": "ten" }));
    later["timestamp"] = json!(seconds_ago(10));
    rollcall.page_posts(later).await;

    let sets = rollcall.list("/users/ann/changes").await;
    assert_eq!(keys(&sets[0]), BTreeSet::from(["change_id", "at", "by", "cause", "grade", "undone_by", "changes"]));
    assert_eq!(sets[0]["by"], json!({ "kind": "message", "name": "Shop" }));
    assert_eq!(
        sets[0]["changes"],
        json!([{ "kind": "user", "id": "ann", "field": "plan", "before": "pro", "after": "free" }])
    );
    assert_eq!(pages(&rollcall, "/users/ann/changes?limit=1").await, sets);

    let refusals = rollcall.list("/refusals").await;
    assert_eq!(
        keys(&refusals[0]),
        BTreeSet::from(["code", "source", "count", "first_seen", "last_seen", "example", "attribute"])
    );
    assert_eq!((&refusals[0]["code"], &refusals[0]["attribute"]), (&json!("type_mismatch"), &json!("seats")));
}

#[actix_web::test]
async fn settings_are_read_and_set_in_their_types() {
    let rollcall = Rollcall::start();
    let put = |name: &'static str, body: Value| {
        let (rollcall, path) = (&rollcall, format!("/settings/{name}"));
        async move { rollcall.api_as(Method::PUT, &path, &rollcall.token, Some(body)).await }
    };
    for (name, value) in [
        ("one_company", json!(true)),
        ("takeover_days", json!(7)),
        ("time_zone", json!("Europe/Warsaw")),
        ("staff_domains", json!(["acme.test", "acme.example"])),
    ] {
        let answer = put(name, json!({ "value": value })).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &json!({ "name": name, "value": value })));
        assert_eq!(rollcall.api(&format!("/settings/{name}")).await.body["value"], value);
    }
    for (name, body, status, code) in [
        ("time_zone", json!({ "value": "Warsaw" }), 400, "value_invalid"),
        ("time_zone", json!({ "value": null }), 400, "value_invalid"),
        ("time_zone", json!({ "zone": "UTC" }), 400, "value_invalid"),
        ("colour", json!({ "value": "red" }), 404, "setting_not_found"),
    ] {
        let answer = put(name, body).await;
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
    }
    assert_eq!(rollcall.api("/settings/time_zone").await.body["value"], "Europe/Warsaw");
    assert_eq!(rollcall.api("/settings/colour").await.status, 404);
}

#[actix_web::test]
async fn a_source_is_changed_whole_or_not_at_all() {
    let rollcall = Rollcall::start();
    let sources = rollcall.list("/sources").await;
    let shop = sources.iter().find(|source| source["name"] == "Shop").expect("the source");
    assert!(keys(shop).is_superset(&BTreeSet::from([
        "source_id",
        "name",
        "kind",
        "origins",
        "paused",
        "keys",
        "new_attributes",
        "signatures"
    ])));
    assert_eq!(shop["keys"], json!([rollcall.write_key]));
    let path = format!("/sources/{}", shop["source_id"].as_str().expect("an id"));
    let patch = |body: Value| rollcall.api_as(Method::PATCH, &path, &rollcall.token, Some(body));

    let changed =
        patch(json!({ "name": "Store", "origins": ["https://Shop.example/"], "keys": ["abc"], "paused": true })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["origins"], json!(["https://shop.example"]));
    assert_eq!(changed.body["keys"], json!([rollcall.write_key, "abc"]));
    assert_eq!(rollcall.api(&path).await.body, changed.body);

    for (body, status, code) in [
        (json!({ "name": "Other", "kind": "staging" }), 400, "value_invalid"),
        (json!({ "name": "Other", "colour": "red" }), 400, "field_unknown"),
        (json!(["name"]), 400, "value_invalid"),
    ] {
        let answer = patch(body).await;
        assert_eq!((answer.status.as_u16(), answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
    }
    assert_eq!(rollcall.api(&path).await.body, changed.body, "nothing of what was refused was changed");
    assert_eq!(rollcall.api("/sources/none").await.body["code"], "source_not_found");
}

/// R7: an e-mail address that several users have names none of them, above all for whoever writes.
#[actix_web::test]
async fn an_address_that_several_users_have_names_nobody() {
    let rollcall = Rollcall::start();
    for user in ["ann", "bob"] {
        rollcall.backend_posts(identify(user, json!({ "email": "team@acme.test" }))).await;
    }
    rollcall.backend_posts(identify("cem", json!({ "email": "cem@acme.test" }))).await;
    let body = json!({ "attributes": { "vip": true } });
    for (method, path, body) in [
        (Method::GET, "/users/team@acme.test?by=email", None),
        (Method::GET, "/users/team@acme.test/events?by=email", None),
        (Method::GET, "/users/team@acme.test/export?by=email", None),
        (Method::PATCH, "/users/team@acme.test?by=email", Some(body.clone())),
        (Method::PUT, "/users/team@acme.test?by=email", Some(body.clone())),
        (Method::DELETE, "/users/team@acme.test?by=email&events=delete", None),
        (Method::POST, "/users/cem@acme.test/merge?by=email", Some(json!({ "from": "team@acme.test" }))),
    ] {
        let answer = rollcall.api_as(method.clone(), path, &rollcall.token, body).await;
        let code = answer.body["code"].as_str();
        assert_eq!((answer.status.as_u16(), code), (409, Some("several_users")), "{method} {path}");
        assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.contains("team@acme.test")));
    }
    for user in ["ann", "bob"] {
        assert_eq!(rollcall.user(user).await["attributes"], json!({ "email": "team@acme.test" }));
    }
    let one = rollcall.api_as(Method::PATCH, "/users/Cem@acme.test?by=email", &rollcall.token, Some(body)).await;
    assert_eq!(one.body["user_id"], "cem", "{one:?}");
}
