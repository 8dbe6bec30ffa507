//! Calls, what SDKs ask for before they send, and scripts.

use std::io::Read;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::*;
use crate::store::scripts::{self, KeptScript};

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
        assert_eq!(door.post(call, body.clone()).await.statuses(), ["stored"], "{call}");
        assert_eq!(door.post(&format!("{call}/"), body).await.statuses(), ["stored"], "{call}/");
    }
}

#[actix_web::test]
async fn what_is_not_there_is_a_problem_that_a_page_can_read() {
    let door = Door::open().await;
    let from_page = |request: TestRequest| request.insert_header(("origin", "https://shop.test"));
    for path in ["/v1", "/v1/", "/v1/dance", "/v1/batch//", "/v1//batch", "/v1/a/b/c", "/v1/projects/x"] {
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
    let ended =
        TestRequest::get().uri(&format!("/v1/projects/{KEY}/settings/")).insert_header(("origin", "https://shop.test"));
    assert_eq!(door.ask(ended).await.status, 200, "with a slash behind it, too");
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
    let version = crate::http::assets::widget_version(true);
    for (path, kept) in [
        ("/widget.js".to_owned(), "public, max-age=300"),
        ("/widget-compat.js".to_owned(), "public, max-age=300"),
        (format!("/widget.{version}.js"), "public, max-age=31536000, immutable"),
        (format!("/widget.{version}-without-gpc.js"), "public, max-age=31536000, immutable"),
        (format!("/analytics.js/v1/{KEY}/analytics.min.js"), "public, max-age=300"),
        (format!("/analytics.js/v1/{KEY}/analytics.js"), "public, max-age=300"),
    ] {
        for request in [TestRequest::get(), TestRequest::default().method(Method::HEAD)] {
            let answer = door.ask(request.uri(&path).insert_header(("accept-encoding", "br"))).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("cache-control"), kept, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            assert_eq!(answer.header("content-encoding"), "br");
        }
    }
    let compat = door.ask(TestRequest::get().uri("/widget-compat.js")).await.body;
    let in_segments_place = format!("/analytics.js/v1/{KEY}/analytics.min.js");
    for path in ["/widget.js", &format!("/widget.{version}.js"), &in_segments_place] {
        assert_eq!(door.ask(TestRequest::get().uri(&format!("{path}?compat"))).await.body, compat, "{path}");
        assert_ne!(door.ask(TestRequest::get().uri(path)).await.body, compat, "{path}");
    }
}

#[actix_web::test]
async fn a_version_that_was_pinned_is_served_after_an_update_byte_for_byte() {
    let door = Door::open().await;
    let (former, former_compat) = ("console.log('the widget of 0.0.1')", "console.log('and what it fetched')");
    let script = |address: &str, text: &str| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(text.as_bytes()).unwrap();
        KeptScript { address: address.to_owned(), hash: "0123abcd".to_owned(), gzip: gzip.finish().unwrap() }
    };
    let kept = [script("/widget.0.0.1.js", former), script("/widget.0.0.1.js?compat", former_compat)];
    let written: Result<(), StoreError> =
        door.store.write(move |tx| kept.iter().try_for_each(|script| scripts::keep(tx, script))).await;
    written.unwrap();

    for (path, text) in [("/widget.0.0.1.js", former), ("/widget.0.0.1.js?compat", former_compat)] {
        let plain = door.ask(TestRequest::get().uri(path)).await;
        assert_eq!((plain.status, &*plain.body), (200, text.as_bytes()), "{path}: as its hash is in the page's tag");
        assert_eq!(plain.header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(plain.header("access-control-allow-origin"), "*");
        let zipped = door.ask(TestRequest::get().uri(path).insert_header(("accept-encoding", "gzip, br"))).await;
        assert_eq!(zipped.header("content-encoding"), "gzip");
        let mut inflated = String::new();
        GzDecoder::new(&*zipped.body).read_to_string(&mut inflated).unwrap();
        assert_eq!(inflated, text);
        assert_eq!(plain.header("etag"), "W/\"0123abcd\"");
    }
    for never in ["/widget.0.0.2.js", "/widget.0.0.2.js?compat"] {
        let refused = door.ask(TestRequest::get().uri(never)).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (404, Some("not_found")));
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("never had the widget 0.0.2") && detail.contains("installation page"), "{detail}");
    }
}
