//! The door as SDKs and pages meet it: HTTP in, the answer and the file out.

mod bodies;
mod paths;
mod pixel;
mod posts;
mod sdks;
mod senders;
mod sightings;

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
