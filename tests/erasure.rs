//! A person is erased (R13), and what is older than the retention goes: as a program and a person ask for
//! it, and as the file says it afterwards.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Rollcall, encoded, message_id, seconds_ago};

fn identify(visitor: Option<&str>, user: &str, traits: Value, seconds: i64) -> Value {
    let mut message = json!({
        "type": "identify", "messageId": message_id(), "userId": user, "traits": traits,
        "timestamp": seconds_ago(seconds),
    });
    if let Some(visitor) = visitor {
        message["anonymousId"] = json!(visitor);
    }
    message
}

fn page(visitor: &str, path: &str, seconds: i64) -> Value {
    json!({
        "type": "page", "messageId": message_id(), "anonymousId": visitor, "timestamp": seconds_ago(seconds),
        "properties": { "path": path, "title": "Orders of Zebedee" },
    })
}

fn track(user: &str, event: &str, company: &str, seconds: i64) -> Value {
    json!({
        "type": "track", "messageId": message_id(), "userId": user, "event": event, "timestamp": seconds_ago(seconds),
        "properties": { "note": format!("{user}-property") }, "context": { "groupId": company },
    })
}

async fn post(rollcall: &Rollcall, path: &str, body: Value) -> Answer {
    rollcall.api_as(Method::POST, path, &rollcall.token, Some(body)).await
}

/// Everything that can be known of one person, beside another one who stays.
async fn filled() -> Rollcall {
    let rollcall = Rollcall::start();
    rollcall
        .page_posts(json!([
            page("zebedee-browser", "/zebedee-path", 4_000_000),
            page("zebedee-browser", "/zebedee-path", 9_000),
            identify(
                Some("zebedee-browser"),
                "zebedee-id",
                json!({
                    "email": "zebedee@magic.test", "name": "Zebedee Springer", "hobby": "zebedee-hobby", "seats": 3,
                    "company": { "company_id": "acme", "name": "Acme", "membership": { "role": "zebedee-role" } },
                }),
                8_000,
            ),
            identify(None, "zebedee-id", json!({ "hobby": "zebedee-hobby-two", "seats": "zebedee-refused" }), 7_000),
            identify(None, "zebedee-id", json!({ "email": "zebedee@umbrella.test" }), 6_500),
            identify(
                None,
                "zebedee-id",
                json!({ "email": "zebedee at home", "seats": { "$inc": "zebedee" }, "long": "zebedee".repeat(2_000) }),
                6_400,
            ),
            track("zebedee-id", "Jumped", "acme", 6_000),
            track("zebedee-id", "Jumped", "acme", 90_000),
            identify(None, "florence", json!({ "company": { "company_id": "acme" } }), 8_000),
            track("florence", "Jumped", "acme", 6_000),
            track("florence", "Danced", "acme", 300_000),
        ]))
        .await;
    rollcall.backend_posts(identify(None, "zebedee-old", json!({ "hobby": "zebedee-hobby-three" }), 7_500)).await;
    rollcall.backend_posts(track("zebedee-old", "Jumped", "umbrella", 5_000)).await;
    let edit = json!({ "attributes": { "desk": "zebedee-desk" }, "tags": ["zebedee-tag"], "owner": support::OWNER.0 });
    let edited = rollcall.api_as(Method::PATCH, "/users/zebedee-id", &rollcall.token, Some(edit)).await;
    assert_eq!(edited.status, 200, "{edited:?}");
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    file.execute_batch(
        "INSERT INTO notes (note_key, subject, subject_key, author, text, made_ms)
         SELECT 1, 0, user_key, 'a@b.test', '**Zebedee** likes springs', 1 FROM users WHERE user_id = 'zebedee-id';
         INSERT INTO notes_search (rowid, text) VALUES (1, '**zebedee** likes springs');",
    )
    .expect("a note");
    drop(file);
    let merged = post(&rollcall, "/users/zebedee-id/merge", json!({ "from": "zebedee-old" })).await;
    assert_eq!(merged.status, 200, "{merged:?}");
    for (name, filter) in
        [("Springs", "f=email:in:Zebedee@magic.test,florence@x.test"), ("Zebedee@magic.test", "f=seats:set")]
    {
        let segment = post(&rollcall, "/segments", json!({ "list": "users", "name": name, "filter": filter })).await;
        assert_eq!(segment.status, 201, "{segment:?}");
    }
    for person in ["florence@x.test", "ZEBEDEE@magic.test"] {
        waits(&rollcall, format!("email,city\n{person},Trumpton\n").into_bytes(), "?dry_run=1", "draft").await;
    }
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write_row_matrix(0, 0, [["email", "city"], ["Zebedee@magic.test", "Trumpton"]]).expect("rows");
    waits(&rollcall, book.save_to_buffer().expect("a workbook"), "?dry_run=1", "draft").await;
    rollcall
}

/// Sends a file to be imported, and waits until it stands so.
async fn waits(rollcall: &Rollcall, file: Vec<u8>, query: &str, state: &str) -> Value {
    let request =
        rollcall.client.post(format!("{}/api/v1/imports{query}", rollcall.address)).bearer_auth(&rollcall.token);
    let sent = request.header("content-type", "text/csv").body(file).send().await.expect("an answer");
    let id = Answer::of(sent).await.body["import_id"].clone();
    support::until("the file stands so", async || {
        let import = rollcall.api(&format!("/imports/{id}")).await.body;
        if import["state"] == state { Ok(import) } else { Err(import.to_string()) }
    })
    .await
}

/// The words of the person that stand in the file or its write-ahead log, or in a file that waits to be imported.
fn words_in_the_file(rollcall: &Rollcall) -> usize {
    let log = rollcall.file().with_extension("db-wal");
    let mut files = vec![std::fs::read(rollcall.file()).expect("the file"), std::fs::read(log).unwrap_or_default()];
    let waiting = std::fs::read_dir(rollcall.file().with_extension("db.imports")).into_iter().flatten();
    files.extend(waiting.map(|entry| std::fs::read(entry.expect("an entry").path()).expect("a file")));
    let is_word = |window: &[u8]| window.eq_ignore_ascii_case(b"zebedee");
    files.iter().map(|bytes| bytes.windows(7).filter(|window| is_word(window)).count()).sum()
}

fn check(rollcall: &Rollcall) {
    let output = rollcall.shell_output(&["check"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[actix_web::test]
async fn r13_nothing_of_the_person_is_left_in_the_file_and_every_number_is_a_recount() {
    for events in ["delete", "anonymize"] {
        let rollcall = filled().await;
        assert!(words_in_the_file(&rollcall) > 20);
        let body = json!({ "events": events });
        let plan = post(&rollcall, "/users/zebedee-id/erase?dry_run=1", body.clone()).await;
        assert_eq!(plan.status, 200, "{plan:?}");
        assert_eq!(rollcall.user("zebedee-id").await["name"], "Zebedee Springer", "only asked");
        let receipt = post(&rollcall, "/users/zebedee-id/erase", body).await;
        assert_eq!(receipt.status, 200, "{receipt:?}");
        assert_eq!(receipt.body, plan.body, "the plan is the deed");
        let rows = &receipt.body["rows"];
        for (table, least) in [
            ("users", 2),
            ("visitors", 1),
            ("memberships", 1),
            ("events", 6),
            ("changes", 6),
            ("tray_values", 1),
            ("notes", 1),
            ("profile_tags", 1),
            ("segments", 2),
            ("imports", 2),
        ] {
            assert!(rows[table].as_u64().unwrap_or(0) >= least, "{table}: {rows}");
        }
        assert!(receipt.body["backups"].as_str().unwrap().contains("untouched"));

        assert_eq!(words_in_the_file(&rollcall), 0, "{events}");
        for id in ["zebedee-id", "zebedee-old"] {
            assert_eq!(rollcall.api(&format!("/users/{id}")).await.status, 404);
        }
        assert_eq!(rollcall.user_ids().await, ["florence"]);
        assert!(rollcall.list("/visitors").await.is_empty());
        let acme = rollcall.company("acme").await;
        assert_eq!((acme["members"].as_u64(), acme["active_members_30d"].as_u64()), (Some(1), Some(1)));
        let kept = rollcall.list("/events?limit=500").await;
        let counted = kept.iter().filter(|event| event["name"] == "Jumped").count();
        assert_eq!(counted, if events == "delete" { 1 } else { 4 });
        assert!(rollcall.list("/refusals").await.iter().all(|refusal| !refusal.to_string().contains("zebedee")));
        let segments = rollcall.list("/segments").await;
        let of = |name: &str| segments.iter().find(|segment| segment["name"] == name).map(|segment| &segment["filter"]);
        assert_eq!(of("Springs"), Some(&json!("f=email%3Ain%3A%28erased%29%2Cflorence%40x.test")), "{segments:?}");
        assert_eq!(of("(erased)"), Some(&json!("f=seats%3Aset")));
        let drafts = rollcall.list("/imports").await;
        assert_eq!((drafts.len(), &drafts[0]["import_id"]), (1, &json!(1)), "another person's file waits on");
        check(&rollcall);

        // Who comes again in a file is refused, and nothing of it is kept.
        let text = "user_id,email,city\nzebedee-id,zebedee@magic.test,Trumpton\ndougal,d@magic.test,Trumpton\n";
        let again = waits(&rollcall, text.into(), "", "done").await;
        assert_eq!((&again["users"]["created"], &again["refused_rows"]), (&json!(1), &json!(1)), "{again}");
        let refused = rollcall.api(&format!("/imports/{}/refused", again["import_id"])).await;
        assert!(refused.text.contains("was erased"), "{refused:?}");
        assert_eq!(words_in_the_file(&rollcall), 0, "{events}, in a file that came later");
    }
}

/// An id may be any word, a name may be in another one, and letters have capitals beyond ASCII.
#[actix_web::test]
async fn r13_an_erasure_takes_the_rows_of_the_person_and_leaves_what_only_looks_like_it() {
    let rollcall = Rollcall::start();
    let named = |user: &str, name: &str| identify(None, user, json!({ "name": name, "plan": "pro" }), 900);
    let people = [named("pro", "Ann"), named("ÁGI-1", "Łukasz Nowak"), named("active", "Ed"), named("cem", "Cem")];
    rollcall.backend_posts(json!(people)).await;
    let filters = [("Pro", "f=plan:is:pro"), ("Working", "f=state:is:active"), ("Asked", "f=user_id:is:pro")];
    for (name, filter) in filters {
        let segment = post(&rollcall, "/segments", json!({ "list": "users", "name": name, "filter": filter })).await;
        assert_eq!(segment.status, 201, "{segment:?}");
    }
    let rows = "\
email,city,note\n\
no address,Łukasz Nowak,1\n\
no address,Oslo,ági-1\n\
no address,Hannover,2\n\
no address,A prolonged one,3\n\
no address,pro,4\n\
no address,Ann,5\n";
    waits(&rollcall, rows.into(), "", "done").await;
    for user in ["pro", "ÁGI-1", "active"] {
        let path = format!("/users/{}/erase", support::encoded(user));
        let erased = post(&rollcall, &path, json!({ "events": "delete" })).await;
        assert_eq!(erased.status, 200, "{erased:?}");
    }
    let refused = rollcall.api("/imports/1/refused").await.text;
    for (word, stays) in [
        ("Łukasz", false),
        ("ági-1", false),
        (",pro,", false),
        (",Ann,", false),
        ("Hannover", true),
        ("A prolonged one", true),
    ] {
        assert_eq!(refused.contains(word), stays, "{word}: {refused}");
    }
    let segments = rollcall.list("/segments").await;
    let of = |name: &str| segments.iter().find(|segment| segment["name"] == name).map(|segment| &segment["filter"]);
    assert_eq!(of("Pro"), Some(&json!("f=plan%3Ais%3Apro")), "{segments:?}");
    assert_eq!(of("Working"), Some(&json!("f=state%3Ais%3Aactive")));
    assert_eq!(of("Asked"), Some(&json!("f=user_id%3Ais%3A%28erased%29")));
    check(&rollcall);
}

#[actix_web::test]
async fn an_erased_person_can_be_allowed_again() {
    let rollcall = filled().await;
    assert_eq!(post(&rollcall, "/users/zebedee-id/allow", json!({})).await.status, 404, "was never erased");
    post(&rollcall, "/users/zebedee-id/erase", json!({ "events": "delete" })).await;
    let late = |user: &str| identify(None, user, json!({ "name": "Back" }), 10);
    assert_eq!(rollcall.backend_posts(late("zebedee-old")).await[0]["code"], "erased", "every id of the person");
    let lead = json!({
        "type": "identify", "messageId": message_id(), "anonymousId": "fresh", "traits": { "email": "Zebedee@Magic.test" },
        "timestamp": seconds_ago(10),
    });
    assert_eq!(rollcall.backend_posts(lead).await[0]["code"], "erased", "an address that the person had once");
    let other = identify(Some("zebedee-browser"), "dougal", json!({}), 10);
    assert_eq!(rollcall.backend_posts(other).await[0]["status"], "stored", "another person on the same browser");

    let put = rollcall.api_as(Method::PUT, "/users/zebedee-id", &rollcall.token, Some(json!({ "name": "Back" }))).await;
    assert_eq!((put.status.as_u16(), &put.body["code"]), (400, &json!("erased")), "{put:?}");

    let allowed = post(&rollcall, "/users/zebedee-old/allow", json!({})).await;
    assert_eq!(allowed.status, 200, "{allowed:?}");
    assert_eq!(rollcall.backend_posts(late("zebedee-id")).await[0]["status"], "stored", "all ids together");
    let user = rollcall.user("zebedee-id").await;
    assert_eq!((user["name"].as_str(), user["companies"].as_array().map(Vec::len)), (Some("Back"), Some(0)));
    check(&rollcall);
}

#[actix_web::test]
async fn what_is_asked_wrongly_erases_nobody() {
    let rollcall = filled().await;
    for (path, body, status) in [
        ("/users/zebedee-id/erase", json!({ "events": "some" }), 400),
        ("/users/zebedee-id/erase", json!({}), 400),
        ("/users/zebedee-id/erase", json!({ "events": "delete", "and": 1 }), 400),
        ("/users/nobody/erase", json!({ "events": "delete" }), 404),
    ] {
        assert_eq!(post(&rollcall, path, body.clone()).await.status, status, "{path} {body}");
    }
    let delete = async |query: &str| {
        let token = &rollcall.token;
        rollcall.api_as(Method::DELETE, &format!("/users/zebedee-id{query}"), token, None).await.body["code"].clone()
    };
    for query in ["", "?events=some", "?events=delete&and=1"] {
        assert_eq!(delete(query).await, "parameter_invalid", "{query}");
    }
    let token = rollcall.shell(&["token", "add", "Writes", "--scope", "write", "--json"]);
    let token = token["token"].as_str().expect("a token");
    let answer =
        rollcall.api_as(Method::POST, "/users/zebedee-id/erase", token, Some(json!({ "events": "delete" }))).await;
    assert!([401, 403].contains(&answer.status.as_u16()), "{answer:?}");
    let answer = rollcall.api_as(Method::DELETE, "/users/zebedee-id?events=delete", token, None).await;
    assert_eq!(answer.body["code"], "scope_missing", "{answer:?}");
    assert_eq!(rollcall.user("zebedee-id").await["user_id"], "zebedee-id");
}

#[actix_web::test]
async fn delete_is_another_word_for_it() {
    let rollcall = filled().await;
    let path = "/users/zebedee-id?events=anonymize";
    let plan = rollcall.api_as(Method::DELETE, &format!("{path}&dry_run=1"), &rollcall.token, None).await;
    assert_eq!(rollcall.user("zebedee-id").await["user_id"], "zebedee-id", "only asked");
    let receipt = rollcall.api_as(Method::DELETE, path, &rollcall.token, None).await;
    assert_eq!((receipt.status.as_u16(), &receipt.body["rows"]), (200, &plan.body["rows"]), "{receipt:?}");
    assert_eq!(rollcall.api("/users/zebedee-id").await.status, 404);
}

#[actix_web::test]
async fn a_person_erases_by_typing_who_it_is_and_gets_a_receipt() {
    let rollcall = filled().await;
    let cookie = rollcall.session_cookie().await;
    let get = async |path: &str| {
        let request = rollcall.client.get(format!("{}{path}", rollcall.address)).header("cookie", &cookie);
        request.send().await.expect("an answer").text().await.expect("a page")
    };
    let send = async |path: &str, fields: &[(&str, &str)]| {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let response = rollcall
            .client
            .post(format!("{}{path}", rollcall.address))
            .header("cookie", &cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"))
            .send()
            .await
            .expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a page"))
    };
    let page = get("/users/zebedee-id").await;
    let path = page.split("href=\"").find(|rest| rest.split('"').next().is_some_and(|link| link.ends_with("/erase")));
    let path = path.and_then(|rest| rest.split('"').next()).expect("a way to erase").to_owned();
    let asked = get(&path).await;
    assert!(asked.contains("membership_statements") && asked.contains("can't be undone"), "{asked}");
    let (status, page) = send(&path, &[("events", "delete"), ("typed", "Zebedee")]).await;
    assert!(status == 422 && page.contains("Nothing was erased"), "{status}");
    let (status, page) = send(&path, &[("events", "delete"), ("typed", "zebedee-id")]).await;
    assert!(status == 200 && page.contains("The person was erased") && page.contains("Earlier backups"), "{page}");
    assert_eq!(words_in_the_file(&rollcall), 0);
    assert_eq!(send("/settings/rules/allow", &[("erased", "nobody")]).await.0, 303);
    assert!(get("/settings/rules?allowed=0").await.contains("Nobody known by that was erased"));
    assert_eq!(send("/settings/rules/allow", &[("erased", "zebedee@magic.test")]).await.0, 303);
    assert_eq!(rollcall.backend_posts(identify(None, "zebedee-id", json!({}), 5)).await[0]["status"], "stored");
}

/// Killed in the middle, a person is there whole or not at all.
#[actix_web::test]
async fn killed_while_erasing_it_is_whole_or_not_at_all() {
    for calls in [0, 1, 2, 6] {
        let mut rollcall = filled().await;
        let many: Vec<Value> = (0..400).map(|second| track("zebedee-id", "Jumped", "acme", 10_000 + second)).collect();
        for part in many.chunks(100) {
            rollcall.page_posts(json!(part)).await;
        }
        {
            let erasing = post(&rollcall, "/users/zebedee-id/erase", json!({ "events": "delete" }));
            let meanwhile = async {
                for _ in 0..calls {
                    rollcall.api("/settings/one_company").await;
                }
            };
            futures_either(erasing, meanwhile).await;
        }
        rollcall.kill();
        rollcall.serve();
        let user = rollcall.api("/users/zebedee-id").await;
        let left = rollcall.list("/events?limit=500").await.len();
        match user.status.as_u16() {
            200 => assert!(left > 400 && user.body["name"] == "Zebedee Springer", "{left} events"),
            404 => assert!(left < 10 && rollcall.list("/visitors").await.is_empty(), "{left} events"),
            other => panic!("{other}"),
        }
        check(&rollcall);
    }
}

/// Goes on as soon as either is there.
async fn futures_either(one: impl Future<Output = Answer>, other: impl Future<Output = ()>) {
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    std::future::poll_fn(|context| {
        let answered = one.as_mut().poll(context).is_ready();
        if answered || other.as_mut().poll(context).is_ready() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}
