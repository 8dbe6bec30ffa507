//! Messages in an image's address.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::*;

/// Asks as a mail program or a page does; the answer is the image, whatever came of it.
async fn shows(door: &Door, call: &str, query: &str) {
    let uri = format!("/v1/pixel/{call}{query}");
    let answer = door.ask(TestRequest::get().uri(&uri).insert_header(("user-agent", BROWSER))).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/gif"), "{uri}");
    assert!(answer.body.starts_with(b"GIF89a\x01\0\x01\0"), "one point by one");
    assert!(answer.header("cache-control").contains("no-store"));
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "pages of other sites may show it");
}

fn escaped(text: &str) -> String {
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[actix_web::test]
async fn the_messages_are_those_of_a_post() {
    let door = Door::open().await;
    // A letter that makes a plus and a slash in base64, and a length that makes padding.
    let message = |user: &str, event: &str| {
        json!({"writeKey": KEY, "userId": user, "event": event, "properties": {"mark": "\u{7ff}~?>\u{fbff}"}})
            .to_string()
    };
    let opened = |user| message(user, "Mail opened");
    shows(&door, "track", &format!("?data={}", escaped(&STANDARD.encode(opened("ann"))))).await;
    shows(&door, "track", &format!("?data={}", STANDARD_NO_PAD.encode(opened("bob")))).await;
    shows(&door, "track", &format!("?data={}", URL_SAFE.encode(opened("cem")))).await;
    shows(&door, "track", &format!("?data={}", URL_SAFE_NO_PAD.encode(opened("dee")))).await;
    for user in ["ann", "bob", "cem", "dee"] {
        assert!(door.user(user).is_some(), "{user}");
    }
    shows(&door, "page", &format!("?data={}", URL_SAFE.encode(json!({"writeKey": KEY, "userId": "eve"}).to_string())))
        .await;
    assert_eq!(door.events(), 5);
    let traits = json!({"writeKey": KEY, "userId": "eve", "traits": {"company": {"company_id": "acme"}, "email": "eve@acme.test"}});
    shows(&door, "identify", &format!("?data={}", URL_SAFE.encode(traits.to_string()))).await;
    assert_eq!(door.user("eve").unwrap().row.email.as_deref(), Some("eve@acme.test"));
    // A mail that names its message counts once, however often it is opened.
    let before = door.events();
    let with_id = json!({"writeKey": KEY, "userId": "eve", "event": "Mail opened", "messageId": "mail-1"}).to_string();
    for _ in 0..2 {
        shows(&door, "track", &format!("?data={}", URL_SAFE.encode(&with_id))).await;
    }
    assert_eq!(door.events(), before + 1);
    assert!(door.refusals().await.is_empty());
}

#[actix_web::test]
async fn the_key_stands_where_it_may_stand_everywhere() {
    let door = Door::open().await;
    let data = |user: &str| URL_SAFE.encode(json!({"userId": user}).to_string());
    shows(&door, "page", &format!("?writeKey={KEY}&data={}", data("ann"))).await;
    shows(&door, "page", &format!("?data={}&write_key={KEY}", data("bob"))).await;
    let request = TestRequest::get().uri(&format!("/v1/pixel/page?data={}", data("cem"))).insert_header(basic(KEY));
    assert_eq!(door.ask(request).await.status, 200);
    for user in ["ann", "bob", "cem"] {
        assert!(door.user(user).is_some(), "{user}");
    }
}

#[actix_web::test]
async fn what_is_refused_is_counted_and_shows_the_image_all_the_same() {
    let door = Door::open().await;
    let data = |body: Value| format!("?data={}", URL_SAFE.encode(body.to_string()));
    shows(&door, "page", "").await;
    shows(&door, "page", &format!("?writeKey={KEY}&data=%25%25")).await;
    shows(&door, "page", &format!("?writeKey={KEY}&data={}", URL_SAFE.encode("{"))).await;
    shows(&door, "page", &data(json!([1]))).await;
    shows(&door, "page", &data(json!({"userId": "ann"}))).await;
    shows(&door, "page", &data(json!({"userId": "ann", "writeKey": "wrong"}))).await;
    shows(&door, "page", &data(json!({"writeKey": KEY, "userId": "{{user.id}}"}))).await;
    shows(&door, "track", &data(json!({"writeKey": KEY, "userId": "ann"}))).await;
    shows(&door, "page", &data(json!({"writeKey": KEY}))).await;
    shows(&door, "page", &data(json!({"writeKey": KEY, "userId": "ann", "properties": {"x": "y".repeat(33_000)}})))
        .await;
    assert_eq!(door.events(), 0);
    assert!(door.user("ann").is_none());
    let refusals = door.refusals().await;
    let counted: Vec<(&str, u64)> = refusals.iter().map(|(code, count, _)| (code.as_str(), *count)).collect();
    assert_eq!(
        counted,
        [
            ("event_name_missing", 1),
            ("id_placeholder", 1),
            ("invalid_json", 1),
            ("invalid_json", 2),
            ("message_too_large", 1),
            ("not_an_object", 1),
            ("user_missing", 1),
            ("write_key_missing", 1),
            ("write_key_unknown", 1),
        ]
    );
}

#[actix_web::test]
async fn whoever_only_asks_for_the_image_or_the_plan_stores_nothing() {
    let door = Door::open().await;
    let data = URL_SAFE.encode(json!({"writeKey": KEY, "userId": "ann"}).to_string());
    let uri = format!("/v1/pixel/page?data={data}");
    let answer = door.ask(TestRequest::default().method(Method::HEAD).uri(&uri)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/gif"));
    let dry = format!("{uri}&dry_run=1");
    door.ask(TestRequest::get().uri(&dry)).await.problem(401, "token_missing");
    let with_token = TestRequest::get().uri(&dry).insert_header(("authorization", format!("Bearer {TOKEN}")));
    assert_eq!(door.ask(with_token).await.json()["dry_run"], true);
    door.ask(TestRequest::post().uri(&uri)).await.problem(405, "method_not_allowed");
    door.ask(TestRequest::get().uri("/v1/pixel/batch")).await.problem(404, "not_found");
    assert_eq!(door.events(), 0);
}
