//! The door as SDKs and pages meet it: HTTP in, the answer and the file out.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::App;
use actix_web::http::header::HeaderMap;
use actix_web::test::{self, TestRequest};
use actix_web::web::{Bytes, Data};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::domain::access::{Scope, token_hash};
use crate::http::client::Site;
use crate::http::limits::Limits;
use crate::store::refusals::RefusalRow;
use crate::store::sightings::evidence;
use crate::store::sources::{self, SourceChange};
use crate::store::users::{UserName, UserRecord};
use crate::store::{Ambient, Store, StoreError, events, tokens, users, workspace};

/// 2026-11-25, when the fixtures were recorded.
const NOW_MS: i64 = 1_795_600_000_000;
const KEY: &str = "fixture_write_key";
const TOKEN: &str = "rc_a_secret_token";
const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";

/// An answer as its sender reads it.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{:?}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The results of a body that was understood.
    fn results(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{:?}", self.body);
        assert_eq!(self.json()["success"], true);
        self.json()["results"].as_array().unwrap().clone()
    }

    fn statuses(&self) -> Vec<String> {
        self.results().iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
    }

    /// The problem of a body that was not taken: readable by a program and by a page.
    fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(body["success"], false);
        body
    }
}

/// A door with a source "Shop" and a token, on a fresh file.
struct Door {
    _folder: TempDir,
    store: Store,
    now_ms: Arc<AtomicI64>,
    limits: Data<Limits>,
    site: Site,
    memory: Rc<Memory>,
}

impl Door {
    async fn open() -> Door {
        let folder = tempfile::tempdir().unwrap();
        let now_ms = Arc::new(AtomicI64::new(NOW_MS));
        let clock = Arc::clone(&now_ms);
        let ambient = Ambient { now_ms: Arc::new(move || clock.load(Ordering::Relaxed)), ..Ambient::default() };
        let store = Store::open(&folder.path().join("rollcall.db"), ambient).unwrap();
        let door = Door {
            _folder: folder,
            store,
            now_ms,
            limits: Data::default(),
            site: Site::default(),
            memory: Rc::default(),
        };
        door.write(|tx| sources::add(tx, "shop", "Shop", KEY, "secret", &[], &[]).map(drop)).await;
        door.add_token(TOKEN, Scope::Write).await;
        door.set("rate_limit", "100000").await;
        door
    }

    async fn write(&self, job: impl FnOnce(&mut crate::store::Tx<'_>) -> Result<(), StoreError> + Send + 'static) {
        self.store.write(job).await.unwrap();
    }

    async fn add_token(&self, text: &'static str, scope: Scope) {
        self.write(move |tx| tokens::add(tx, text, text, scope, &token_hash(text)).map(drop)).await;
    }

    async fn change(&self, change: SourceChange) {
        let shop = self.shop();
        self.write(move |tx| sources::change(tx, shop, &change).map(drop)).await;
    }

    async fn set(&self, name: &'static str, value: &'static str) {
        self.store.write(move |tx| workspace::set(tx, name, value)).await.unwrap();
    }

    fn shop(&self) -> crate::domain::ids::SourceKey {
        self.store.catalog().source_by_id("shop").unwrap().key
    }

    async fn ask(&self, request: TestRequest) -> Answer {
        let memory = Rc::clone(&self.memory);
        let app = App::new()
            .app_data(Data::new(self.store.clone()))
            .app_data(Data::new(self.site.clone()))
            .app_data(self.limits.clone())
            .configure(|config| configure_with(config, memory));
        let response = test::call_service(&test::init_service(app).await, request.to_request()).await;
        assert!(!response.status().is_redirection(), "SDKs take a redirect for delivered");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: test::read_body(response).await }
    }

    /// Posts as a page with the write key in the body does.
    async fn post(&self, call: &str, mut body: Value) -> Answer {
        body["writeKey"] = json!(KEY);
        self.ask(page(call).set_payload(body.to_string())).await
    }

    /// Posts as a program with a token.
    async fn post_with_token(&self, call: &str, body: Value) -> Answer {
        self.ask(post(call).insert_header(("authorization", format!("Bearer {TOKEN}"))).set_payload(body.to_string()))
            .await
    }

    fn user(&self, user_id: &str) -> Option<UserRecord> {
        let name = UserName::UserId(user_id.to_owned());
        self.store.read_now(|db| users::record(db, &name, NOW_MS)).unwrap()
    }

    fn events(&self) -> usize {
        self.store.read_now(|db| events::list(db, events::Of::All, None, 500)).unwrap().rows.len()
    }

    /// The refusals, after those that wait in memory are written.
    async fn refusals(&self) -> Vec<(String, u64, Option<String>)> {
        self.memory.refusals.write(&self.store).await;
        let rows = self.store.read_now(|db| crate::store::refusals::list(db, 0, 100)).unwrap();
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|RefusalRow { code, attribute, count, example, .. }| (attribute.unwrap_or(code), count, example))
            .collect();
        rows.sort();
        rows
    }
}

fn post(call: &str) -> TestRequest {
    TestRequest::post().uri(&format!("/v1/{call}"))
}

fn page(call: &str) -> TestRequest {
    post(call).insert_header(("origin", "https://shop.test")).insert_header(("user-agent", BROWSER))
}

fn basic(user: &str) -> (&'static str, String) {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:"));
    ("authorization", format!("Basic {encoded}"))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(body).unwrap();
    packer.finish().unwrap()
}

// What SDKs sent when they were recorded --------------------------------------

fn fixtures(sdk: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(sdk);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(!paths.is_empty());
    paths
        .into_iter()
        .map(|path| (path.clone(), serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()))
        .collect()
}

/// Sends again what an SDK sent; each message must be stored, each question answered.
async fn replay(sdk: &str) -> Door {
    let door = Door::open().await;
    for (path, fixture) in fixtures(sdk) {
        let method: Method = fixture["method"].as_str().unwrap().parse().unwrap();
        let mut request = TestRequest::default().method(method.clone()).uri(fixture["path"].as_str().unwrap());
        for (name, value) in fixture["headers"].as_object().unwrap() {
            request = request.insert_header((name.as_str(), value.as_str().unwrap()));
        }
        let compressed = fixture["content_encoding"] == "gzip";
        let body = if compressed {
            std::fs::read(path.with_extension("gz")).unwrap()
        } else {
            fixture["body"].as_str().unwrap().as_bytes().to_vec()
        };
        let answer = door.ask(request.set_payload(body)).await;
        let origin = fixture["headers"]["origin"].as_str().unwrap_or_default();
        assert_eq!(answer.header("access-control-allow-origin"), origin, "{path:?}");
        match method {
            Method::OPTIONS => {
                assert_eq!(answer.status, 200, "{path:?}");
                let asked = fixture["headers"]["access-control-request-headers"].as_str().unwrap_or_default();
                assert_eq!(answer.header("access-control-allow-headers"), asked, "{path:?}");
                assert_eq!(answer.header("access-control-max-age"), "86400");
                assert_eq!(answer.header("access-control-allow-credentials"), "true");
                let method = fixture["headers"]["access-control-request-method"].as_str().unwrap();
                assert!(answer.header("access-control-allow-methods").contains(method));
            }
            Method::GET => assert_eq!(answer.status, 200, "{path:?}"),
            _ => {
                let refused: Vec<Value> = answer
                    .results()
                    .into_iter()
                    .filter(|result| result["status"] != "stored" || result.get("refused_values").is_some())
                    .collect();
                assert!(refused.is_empty(), "{path:?}: {refused:?}");
            }
        }
    }
    door
}

/// Ann Lee of Acme exported a report: what every SDK told.
async fn tells_of_ann(sdk: &str) {
    let door = replay(sdk).await;
    let ann = door.user(&format!("{sdk}-ann")).unwrap_or_else(|| panic!("{sdk} told of Ann"));
    assert_eq!(ann.row.email.as_deref(), Some(format!("ann@{sdk}.test").as_str()));
    assert_eq!(ann.row.name.as_deref(), Some("Ann Lee"));
    assert!(ann.attributes.iter().any(|attribute| attribute.name == "plan" && attribute.value == "pro"));
    let companies: Vec<&str> =
        ann.memberships.iter().map(|membership| membership.company.company_id.as_str()).collect();
    assert_eq!(companies, [format!("{sdk}-acme")]);
    let all = door.store.read_now(|db| events::list(db, events::Of::All, None, 100)).unwrap().rows;
    let exported = all.iter().find(|event| event.name == "Report exported").expect("the event");
    assert_eq!(Value::Object(exported.properties.clone()), json!({"format": "pdf", "pages": 12}));
    assert!(door.refusals().await.is_empty());
}

#[actix_web::test]
async fn segment_s_sdk_for_node_is_understood() {
    tells_of_ann("segment-node").await;
}

#[actix_web::test]
async fn segment_s_sdk_for_python_is_understood() {
    tells_of_ann("segment-python").await;
}

#[actix_web::test]
async fn segment_s_sdk_for_browsers_is_understood() {
    tells_of_ann("segment-browser").await;
}

#[actix_web::test]
async fn rudderstack_s_sdk_for_node_is_understood() {
    tells_of_ann("rudder-node").await;
}

#[actix_web::test]
async fn rudderstack_s_sdk_for_browsers_is_understood() {
    tells_of_ann("rudder-browser").await;
}

// Who sends ---------------------------------------------------------------------

#[actix_web::test]
async fn the_write_key_has_four_places() {
    let door = Door::open().await;
    let batch = json!({"batch": [{"type": "page", "anonymousId": "v"}]});
    let with_key = |name: &str| json!({name: KEY, "batch": [{"type": "page", "anonymousId": "v"}]}).to_string();
    let in_first = json!({"batch": [{"type": "page", "anonymousId": "v", "writeKey": KEY}]}).to_string();
    for request in [
        post("batch").insert_header(basic(KEY)).set_payload(batch.to_string()),
        post("batch").set_payload(with_key("writeKey")),
        post("batch").set_payload(with_key("write_key")),
        post(&format!("batch?writeKey={KEY}")).set_payload(batch.to_string()),
        post(&format!("batch?x=1&write_key={KEY}")).set_payload(batch.to_string()),
        post("batch").set_payload(in_first),
    ] {
        assert_eq!(door.ask(request).await.statuses(), ["stored"]);
    }
    let wrong_head = post("batch").insert_header(basic("wrong")).set_payload(with_key("writeKey"));
    door.ask(wrong_head).await.problem(401, "write_key_unknown");
    let unreadable = post("batch").insert_header(("authorization", "Basic ?")).set_payload(with_key("writeKey"));
    assert_eq!(door.ask(unreadable).await.statuses(), ["stored"]);
    let missing = door.ask(page("batch").set_payload(batch.to_string())).await;
    missing.problem(401, "write_key_missing");
    assert_eq!(missing.header("access-control-allow-origin"), "https://shop.test", "the page's console shows it");
}

#[actix_web::test]
async fn a_secret_token_is_taken_in_both_places_and_its_messages_are_the_api_s() {
    let door = Door::open().await;
    let company = json!({"groupId": "acme", "traits": {"plan": "pro"}});
    let as_key = post("group").insert_header(basic(TOKEN)).set_payload(company.to_string());
    assert_eq!(door.ask(as_key).await.statuses(), ["stored"]);
    assert_eq!(door.post_with_token("group", company.clone()).await.statuses(), ["unchanged"]);
    door.post("group", company).await;
    let source = |event: &str| {
        let rows = door.store.read_now(|db| events::list(db, events::Of::All, None, 100)).unwrap().rows;
        rows.iter().find(|row| row.name == event).expect("the event").source.clone()
    };
    door.post_with_token("track", json!({"event": "one", "userId": "ann"})).await;
    door.post_with_token("track?source=shop", json!({"event": "two", "userId": "ann"})).await;
    assert_eq!((source("one").as_str(), source("two").as_str()), ("API", "Shop"));
    door.post_with_token("track?source=none", json!({})).await.problem(401, "write_key_unknown");
}

#[actix_web::test]
async fn a_token_that_may_not_write_or_is_none_is_told_so() {
    let door = Door::open().await;
    door.add_token("rc_reads", Scope::Read).await;
    let bearer = |token: &str| post("track").insert_header(("authorization", format!("Bearer {token}")));
    let body = json!({"event": "x", "userId": "ann"}).to_string();
    door.ask(bearer("rc_reads").set_payload(body.clone())).await.problem(401, "token_invalid");
    door.ask(bearer("rc_none").set_payload(body.clone())).await.problem(401, "token_invalid");
    assert_eq!(door.ask(bearer(TOKEN).set_payload(body.clone())).await.statuses(), ["stored"]);
    door.write(|tx| tokens::revoke(tx, TOKEN).map(drop)).await;
    door.now_ms.fetch_add(1_000, Ordering::Relaxed);
    door.ask(bearer(TOKEN).set_payload(body)).await.problem(401, "token_invalid");
}

#[actix_web::test]
async fn an_origin_that_a_source_does_not_name_is_told_so_and_may_read_it() {
    let door = Door::open().await;
    door.change(SourceChange::Origins(vec!["https://shop.test".to_owned()])).await;
    let body = json!({"writeKey": KEY, "anonymousId": "v"}).to_string();
    assert_eq!(door.ask(page("page").set_payload(body.clone())).await.statuses(), ["stored"]);
    assert_eq!(door.ask(post("page").set_payload(body.clone())).await.statuses(), ["stored"], "a server has no origin");
    let stranger = post("page").insert_header(("origin", "https://other.test")).set_payload(body);
    let answer = door.ask(stranger).await;
    let problem = answer.problem(403, "origin_not_allowed");
    assert_eq!(problem["origin"], "https://other.test");
    assert_eq!(answer.header("access-control-allow-origin"), "https://other.test");
    assert!(answer.header("vary").contains("Origin"));
    assert_eq!(door.refusals().await, [("origin_not_allowed".to_owned(), 1, Some("https://other.test".to_owned()))]);
    assert_eq!(door.events(), 2);
}

#[actix_web::test]
async fn a_paused_source_takes_nothing() {
    let door = Door::open().await;
    door.change(SourceChange::Paused(true)).await;
    door.post("page", json!({"anonymousId": "v"})).await.problem(403, "source_paused");
    door.post_with_token("page?source=shop", json!({"anonymousId": "v"})).await.problem(403, "source_paused");
    assert_eq!(door.events(), 0);
}

#[actix_web::test]
async fn a_public_key_is_limited_by_address_and_a_token_is_not() {
    let door = Door::open().await;
    door.set("rate_limit", "1").await;
    let body = json!({"writeKey": KEY, "anonymousId": "v"}).to_string();
    let from =
        |address: &str| page("page").peer_addr(format!("{address}:4711").parse().unwrap()).set_payload(body.clone());
    for _ in 0..10 {
        assert_eq!(door.ask(from("192.0.2.1")).await.status, 200);
    }
    let answer = door.ask(from("192.0.2.1")).await;
    answer.problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("access-control-expose-headers").to_ascii_lowercase(), "retry-after");
    assert_eq!(door.ask(from("192.0.2.2")).await.status, 200);
    for _ in 0..20 {
        assert_eq!(door.post_with_token("page", json!({"anonymousId": "v"})).await.status, 200);
    }
    assert!(door.refusals().await.is_empty(), "too many is no mistake");
}

#[actix_web::test]
async fn guessing_keys_is_limited_too() {
    let door = Door::open().await;
    door.set("rate_limit", "1").await;
    let guess = |n: usize| page("page").insert_header(basic(&format!("guess-{n}"))).set_payload("{}");
    for n in 0..10 {
        door.ask(guess(n)).await.problem(401, "write_key_unknown");
    }
    door.ask(guess(10)).await.problem(429, "rate_limited");
}

// Bodies ------------------------------------------------------------------------

#[actix_web::test]
async fn gzip_is_read_whatever_the_content_type_says() {
    let door = Door::open().await;
    let body = json!({"writeKey": KEY, "batch": [{"type": "page", "anonymousId": "v"}]}).to_string();
    for (encoding, content_type) in
        [("gzip", "application/x-www-form-urlencoded"), ("GZIP", "text/plain"), ("x-gzip", "")]
    {
        let request = post("batch")
            .insert_header(("content-encoding", encoding))
            .insert_header(("content-type", content_type))
            .set_payload(gzip(body.as_bytes()));
        assert_eq!(door.ask(request).await.statuses(), ["stored"]);
    }
    let plain = post("batch").insert_header(("content-encoding", "identity")).set_payload(body.clone());
    assert_eq!(door.ask(plain).await.statuses(), ["stored"]);
    for encoding in ["br", "deflate", "zstd", "gzip, gzip"] {
        let request = page("batch").insert_header(("content-encoding", encoding)).set_payload(body.clone());
        door.ask(request).await.problem(415, "encoding_unsupported");
    }
    let packed = gzip(body.as_bytes());
    for broken in [b"not gzip".to_vec(), packed[..packed.len() - 9].to_vec(), Vec::new()] {
        let request = page("batch").insert_header(("content-encoding", "gzip")).set_payload(broken);
        door.ask(request).await.problem(400, "invalid_compression");
    }
}

#[actix_web::test]
async fn a_bomb_is_refused_before_it_bursts() {
    let door = Door::open().await;
    let bomb = gzip(&vec![b' '; 20 * 1024 * 1024]);
    assert!(bomb.len() < 32 * 1024);
    for (call, code) in [("batch", "batch_too_large"), ("page", "message_too_large")] {
        let request = page(call).insert_header(("content-encoding", "gzip")).set_payload(bomb.clone());
        let problem = door.ask(request).await.problem(413, code);
        assert!(problem["limit"].is_u64());
    }
}

#[actix_web::test]
async fn case_34_a_message_over_32_kb_is_refused_whole() {
    let door = Door::open().await;
    let large = json!({"type": "track", "event": "x", "userId": "ann", "messageId": "m", "properties": {
        "a": "x".repeat(8_000), "b": "x".repeat(8_000), "c": "x".repeat(8_000), "d": "x".repeat(8_000), "e": "x".repeat(1_500)
    }});
    let problem = door.post("track", large.clone()).await.problem(413, "message_too_large");
    assert_eq!(problem["limit"], 32_768);
    assert!(problem["size"].as_u64().unwrap() > 33_000);

    let small = json!({"type": "track", "event": "x", "userId": "ann"});
    let answer = door.post("batch", json!({"batch": [small, large, small]})).await;
    assert_eq!(answer.statuses(), ["stored", "refused", "stored"]);
    assert_eq!(answer.results()[1]["code"], "message_too_large");
    assert_eq!(answer.results()[1]["message_id"], "m");

    let batch = json!({"batch": vec![small; 12_000]});
    door.post("batch", batch).await.problem(413, "batch_too_large");
    assert_eq!(door.events(), 2);
}

#[actix_web::test]
async fn a_body_that_is_none_is_told_so_and_counted() {
    let door = Door::open().await;
    for body in ["", "{", "[[[", "{\"a\":1e999}", &"[".repeat(30_000)] {
        door.ask(page("track").insert_header(basic(KEY)).set_payload(body.to_owned()))
            .await
            .problem(400, "invalid_json");
    }
    for body in ["[]", "null", "\"x\""] {
        door.ask(page("track").set_payload(body)).await.problem(400, "not_an_object");
    }
    door.post("batch", json!({"batch": {"0": {}}})).await.problem(400, "not_an_object");
    let counts: Vec<(String, u64)> = door.refusals().await.into_iter().map(|(code, count, _)| (code, count)).collect();
    assert_eq!(counts, [("invalid_json".to_owned(), 5), ("not_an_object".to_owned(), 4)]);
    let shop = door.shop();
    let seen = door.store.read_now(|db| evidence(db, shop, 0)).unwrap();
    assert_eq!(seen.refused, [("invalid_json".to_owned(), 5)], "the key in the head says whose they were");
}

// Answers -----------------------------------------------------------------------

#[actix_web::test]
async fn each_message_of_a_batch_has_its_own_answer() {
    let door = Door::open().await;
    let answer = door
        .post(
            "batch",
            json!({"batch": [
                {"type": "identify", "userId": "ann", "messageId": "1", "traits": {"seats": 5}},
                {"type": "identify", "userId": "{{user.id}}", "messageId": "2"},
                {"type": "dance", "userId": "ann", "messageId": "3"},
                "page",
                {"type": "track", "userId": "ann", "messageId": "5"},
                {"type": "page", "userId": "undefined", "anonymousId": "v", "messageId": "6"},
                {"type": "page", "anonymousId": "v", "messageId": "6"},
                {"type": "page", "anonymousId": "v", "messageId": "8", "timestamp": "once upon a time"},
            ]}),
        )
        .await;
    let told: Vec<(Value, Value)> =
        answer.results().iter().map(|result| (result["status"].clone(), result["code"].clone())).collect();
    let expected = [
        ("stored", json!(null)),
        ("refused", json!("id_placeholder")),
        ("refused", json!("type_unknown")),
        ("refused", json!("type_unknown")),
        ("refused", json!("event_name_missing")),
        ("stored", json!(null)),
        ("duplicate", json!(null)),
        ("refused", json!("timestamp_invalid")),
    ];
    assert_eq!(told, expected.map(|(status, code)| (json!(status), code)));
    assert_eq!(answer.results()[5]["refused_values"][0]["attribute"], "user_id");
    assert_eq!(answer.results()[3]["message_id"], Value::Null);
    assert_eq!(
        door.refusals().await,
        [
            ("event_name_missing".to_owned(), 1, None),
            ("id_placeholder".to_owned(), 1, Some("{{user.id}}".to_owned())),
            ("timestamp_invalid".to_owned(), 1, Some("once upon a time".to_owned())),
            ("type_unknown".to_owned(), 2, Some("dance".to_owned())),
            ("user_id".to_owned(), 1, Some("\"undefined\"".to_owned())),
        ]
    );
}

#[actix_web::test]
async fn an_unsigned_caller_learns_nothing_of_what_is_known() {
    let door = Door::open().await;
    let ann = json!({"userId": "ann", "traits": {"plan": "pro"}});
    assert_eq!(door.post("identify", ann.clone()).await.statuses(), ["stored"]);
    assert_eq!(door.post("identify", ann.clone()).await.statuses(), ["stored"]);
    assert_eq!(door.post_with_token("identify", ann).await.statuses(), ["unchanged"]);
    let erased = crate::domain::message::Receipt::refused(
        Some("m".to_owned()),
        crate::domain::error::Refused::new(crate::domain::error::Code::Erased, "Ann was erased."),
    );
    let shown = serde_json::to_value(posts::for_strangers(erased)).unwrap();
    assert_eq!(shown, json!({"message_id": "m", "status": "stored"}));
}

#[actix_web::test]
async fn a_test_source_is_answered_and_keeps_nothing() {
    let door = Door::open().await;
    door.change(SourceChange::Live(false)).await;
    let answer = door
        .post(
            "batch",
            json!({"batch": [
                {"type": "identify", "userId": "ann", "traits": {"company": {"company_id": "acme"}}},
                {"type": "track", "userId": "ann", "event": "Report exported"},
                {"type": "track", "userId": "ann"}
            ]}),
        )
        .await;
    assert_eq!(answer.statuses(), ["stored", "stored", "refused"]);
    assert!(door.user("ann").is_none());
    assert_eq!(door.events(), 0);
    assert!(door.refusals().await.is_empty());
}

#[actix_web::test]
async fn crawlers_are_refused_and_counted() {
    let door = Door::open().await;
    let crawler = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let body = json!({"writeKey": KEY, "batch": vec![json!({"type": "page", "anonymousId": "v"}); 3]}).to_string();
    let request = || post("batch").insert_header(("user-agent", crawler)).set_payload(body.clone());
    assert_eq!(door.ask(request()).await.statuses(), ["refused", "refused", "refused"]);
    assert_eq!(door.refusals().await, [("bot".to_owned(), 3, Some("Googlebot".to_owned()))]);
    door.set("refuse_bots", "off").await;
    assert_eq!(door.ask(request()).await.statuses(), ["stored", "stored", "stored"]);
}

// Paths -------------------------------------------------------------------------

#[actix_web::test]
async fn short_forms_are_the_long_ones() {
    let door = Door::open().await;
    for (call, body) in [
        ("i", json!({"userId": "ann"})),
        ("g", json!({"userId": "ann", "groupId": "acme"})),
        ("t", json!({"userId": "ann", "event": "x"})),
        ("p", json!({"userId": "ann"})),
        ("s", json!({"userId": "ann"})),
        ("a", json!({"userId": "ann", "previousId": "v"})),
        ("b", json!({"batch": [{"type": "page", "userId": "ann"}]})),
        ("m", json!({"batch": [{"type": "page", "userId": "ann"}]})),
        ("import", json!({"batch": [{"type": "page", "userId": "ann"}]})),
    ] {
        assert_eq!(door.post(call, body).await.statuses(), ["stored"], "{call}");
    }
}

#[actix_web::test]
async fn what_is_not_there_is_a_problem_that_a_page_can_read() {
    let door = Door::open().await;
    let from_page = |request: TestRequest| request.insert_header(("origin", "https://shop.test"));
    for path in ["/v1", "/v1/", "/v1/dance", "/v1/batch/", "/v1//batch", "/v1/a/b/c", "/v1/projects/x"] {
        let answer = door.ask(from_page(TestRequest::post().uri(path))).await;
        answer.problem(404, "not_found");
        assert_eq!(answer.header("access-control-allow-origin"), "https://shop.test", "{path}");
    }
    for request in [
        TestRequest::get().uri("/v1/batch"),
        TestRequest::delete().uri("/v1/track"),
        TestRequest::post().uri("/v1/projects/x/settings"),
        TestRequest::post().uri("/sourceConfig/"),
    ] {
        let answer = door.ask(from_page(request)).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("access-control-allow-origin"), "https://shop.test");
    }
    for path in ["/v1/batch", "/v1/dance", "/v1/projects/x/settings", "/sourceConfig/"] {
        assert_eq!(door.ask(TestRequest::default().method(Method::OPTIONS).uri(path)).await.status, 204, "{path}");
    }
}

#[actix_web::test]
async fn segment_s_browser_sdk_is_sent_here() {
    let mut door = Door::open().await;
    let settings = |key: &str| {
        TestRequest::get()
            .uri(&format!("/v1/projects/{key}/settings"))
            .insert_header(("host", "127.0.0.1:8080"))
            .insert_header(("origin", "https://shop.test"))
    };
    let integration = |answer: &Answer| answer.json()["integrations"]["Segment.io"].clone();
    let answer = door.ask(settings(KEY)).await;
    assert_eq!(integration(&answer), json!({"apiKey": KEY, "apiHost": "127.0.0.1:8080/v1", "protocol": "http"}));
    assert_eq!(answer.header("access-control-allow-origin"), "https://shop.test");
    let unknown = door.ask(settings("wrong")).await;
    unknown.problem(401, "write_key_unknown");
    assert_eq!(unknown.header("access-control-allow-origin"), "https://shop.test");
    assert_eq!(door.refusals().await, [("write_key_unknown".to_owned(), 1, Some("wrong".to_owned()))]);
    door.site.public_url = Some("https://roll.example/call".to_owned());
    let answer = door.ask(settings(KEY)).await;
    assert_eq!(integration(&answer)["apiHost"], "roll.example/call/v1");
    assert_eq!(integration(&answer)["protocol"], "https");
}

#[actix_web::test]
async fn rudderstack_s_browser_sdk_is_answered() {
    let door = Door::open().await;
    let expected = json!({"source": {"id": KEY, "config": {}, "destinations": []}});
    for request in [
        TestRequest::get().uri("/sourceConfig/").insert_header(basic(KEY)),
        TestRequest::get().uri(&format!("/sourceConfig/?p=npm&writeKey={KEY}")),
        TestRequest::get().uri(&format!("/sourceConfig?writeKey={KEY}")),
    ] {
        assert_eq!(door.ask(request).await.json(), expected);
    }
    door.ask(TestRequest::get().uri("/sourceConfig/")).await.problem(401, "write_key_missing");
    door.ask(TestRequest::get().uri("/sourceConfig/").insert_header(basic("x")))
        .await
        .problem(401, "write_key_unknown");
}

#[actix_web::test]
async fn an_unknown_key_is_counted_with_its_start_alone() {
    let door = Door::open().await;
    for _ in 0..3 {
        door.ask(page("page").insert_header(basic("0123456789abcdef")).set_payload("{}"))
            .await
            .problem(401, "write_key_unknown");
    }
    assert_eq!(door.refusals().await, [("write_key_unknown".to_owned(), 3, Some("0123456789ab…".to_owned()))]);
}

#[actix_web::test]
async fn the_scripts_are_served_to_every_page() {
    let door = Door::open().await;
    let version = crate::http::assets::widget_version();
    for (path, kept) in [
        ("/widget.js".to_owned(), "public, max-age=300"),
        ("/widget-compat.js".to_owned(), "public, max-age=300"),
        (format!("/widget.{version}.js"), "public, max-age=31536000, immutable"),
        (format!("/analytics.js/v1/{KEY}/analytics.min.js"), "public, max-age=300"),
    ] {
        for request in [TestRequest::get(), TestRequest::default().method(Method::HEAD)] {
            let answer = door.ask(request.uri(&path).insert_header(("accept-encoding", "br"))).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("cache-control"), kept, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!(answer.header("content-encoding"), "br");
        }
    }
    assert_eq!(door.ask(TestRequest::get().uri("/widget.0.0.1.js")).await.status, 404);
}

// What the installation page sees -----------------------------------------------

impl Door {
    /// The host that loaded the script, and whether something was posted, once all that waited is written.
    async fn seen(&self) -> (Option<String>, bool) {
        let shop = self.shop();
        tokio::task::yield_now().await;
        let nothing: Result<(), StoreError> = self.store.write_bulk(|_| Ok(())).await;
        nothing.unwrap();
        let evidence = self.store.read_now(|db| evidence(db, shop, 0)).unwrap();
        (evidence.script.map(|(_, host)| host), evidence.posted_ms.is_some())
    }
}

#[actix_web::test]
async fn a_page_that_loads_the_script_is_seen() {
    let door = Door::open().await;
    door.ask(TestRequest::get().uri("/widget.js")).await;
    assert_eq!(door.seen().await, (None, false), "nobody's page");
    door.ask(TestRequest::get().uri("/widget.js").insert_header(("referer", "https://shop.test/"))).await;
    assert_eq!(door.seen().await, (Some("shop.test".to_owned()), false));
    door.post("page", json!({"anonymousId": "v"})).await;
    assert_eq!(door.seen().await, (Some("shop.test".to_owned()), true));
}

#[actix_web::test]
async fn of_two_websites_the_one_that_names_the_page_s_origin_is_meant() {
    let door = Door::open().await;
    door.write(|tx| sources::add(tx, "blog", "Blog", "blog_key", "secret", &[], &[]).map(drop)).await;
    let load = |path: &str| TestRequest::get().uri(path).insert_header(("referer", "https://shop.test/"));
    door.ask(load("/widget.js")).await;
    assert_eq!(door.seen().await.0, None, "it could be either's");
    door.change(SourceChange::Origins(vec!["https://shop.test".to_owned()])).await;
    door.ask(load("/widget.js")).await;
    assert_eq!(door.seen().await.0.as_deref(), Some("shop.test"));
    let other = TestRequest::get().insert_header(("origin", "https://old.test"));
    door.ask(other.uri(&format!("/analytics.js/v1/{KEY}/analytics.min.js"))).await;
    door.now_ms.fetch_add(1, Ordering::Relaxed);
    assert!(door.seen().await.0.is_some());
}

#[actix_web::test]
async fn a_test_source_is_seen_too() {
    let door = Door::open().await;
    door.change(SourceChange::Live(false)).await;
    door.post("page", json!({"anonymousId": "v"})).await;
    assert_eq!(door.seen().await, (None, true));
    assert_eq!(door.events(), 0);
}
