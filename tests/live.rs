//! Calls as people see them arrive: what was sent beside what was stored, and nothing kept that should not be.

mod support;

use serde_json::{Value, json};

use support::desk::Desk;
use support::{Rollcall, message_id, seconds_ago};

fn identify(user: &str, traits: Value) -> Value {
    json!({ "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(5) })
}

/// The numbers of the calls that a page shows, in its order.
fn numbers(page: &str) -> Vec<u64> {
    let rows = page.split("<tbody>").nth(1).unwrap_or_default().split("</tbody>").next().unwrap_or_default();
    let number = |rest: &str| rest.split('"').next().and_then(|number| number.parse().ok());
    rows.split("href=\"/live/").skip(1).filter_map(number).collect()
}

async fn shown(desk: &Desk<'_>, path: &str) -> Vec<u64> {
    numbers(&desk.open(path).await)
}

#[actix_web::test]
async fn each_call_is_shown_as_it_was_sent_beside_what_it_made() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    assert!(desk.open("/live").await.contains("No calls yet"));
    // A retry repeats its timestamp.
    let at = seconds_ago(4);
    rollcall
        .backend_posts(json!([
            identify("ann", json!({ "plan": "pro", "seats": 3, "company": { "company_id": "acme" } })),
            identify("ann", json!({ "seats": "ten" })),
            { "type": "track", "messageId": "once", "userId": "bob", "event": "Report exported", "properties": { "pages": 12 },
              "context": { "ip": "203.0.113.9", "userAgent": "Mozilla/5.0 (secret)" }, "timestamp": at },
            { "type": "track", "messageId": "once", "userId": "bob", "event": "Report exported", "timestamp": at },
            { "type": "track", "messageId": message_id(), "userId": "bob" },
        ]))
        .await;
    let page = desk.open("/live").await;
    assert_eq!(numbers(&page), [5, 4, 3, 2, 1], "the latest first: {page}");
    for word in
        ["Stored", "Duplicate", "1 refused", "event_name_missing", "Report exported", "href=\"/companies/acme\""]
    {
        assert!(page.contains(word), "{word}");
    }
    assert!(
        page.contains("data-live=\"/live\"") && page.contains("http-equiv=\"refresh\""),
        "with a script and without"
    );

    let one = desk.open("/live/1").await;
    assert!(one.contains("&quot;seats&quot;: 3"), "as sent: {one}");
    assert!(one.contains("New user") && one.contains("href=\"/users/ann\"") && one.contains("joined"), "{one}");
    let one = desk.open("/live/2").await;
    assert!(one.contains("type_mismatch") && one.contains("&quot;ten&quot;"), "{one}");
    let one = desk.open("/live/3").await;
    assert!(one.contains("In the journal") && one.contains("&quot;pages&quot;: 12"), "{one}");
    assert!(!one.contains("203.0.113.9") && !one.contains("(secret)"), "neither address nor agent is kept");
    assert!(desk.open("/live/4").await.contains("counts once"));
    let one = desk.open("/live/5").await;
    assert!(one.contains("event_name_missing") && one.contains("What to do:"), "{one}");
    assert_eq!(desk.ask("/live/99").await.0, 404);
}

#[actix_web::test]
async fn calls_are_narrowed_and_the_page_stands_still_when_it_is_paused() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    rollcall
        .page_posts(json!([
            { "type": "page", "messageId": message_id(), "anonymousId": "browser-1", "timestamp": seconds_ago(3) },
        ]))
        .await;
    rollcall
        .backend_posts(json!([
            identify("ann", json!({ "company": { "company_id": "acme" } })),
            identify("{{ user.id }}", json!({})),
        ]))
        .await;
    rollcall.post("/v1/track", json!({ "writeKey": "no such key", "userId": "somebody", "event": "e" })).await;
    for (query, expected) in [
        ("", &[4, 3, 2, 1][..]),
        ("?user=ANN", &[2]),
        ("?user=browser", &[1]),
        ("?company=acme", &[2]),
        ("?only=taken", &[2, 1]),
        ("?only=refused", &[4, 3]),
        ("?source=api", &[3, 2]),
        ("?until=2", &[2, 1]),
    ] {
        assert_eq!(shown(&desk, &format!("/live{query}")).await, expected, "{query}");
    }
    let sources = rollcall.list("/sources").await;
    let shop = sources.iter().find(|source| source["name"] == "Shop").and_then(|source| source["source_id"].as_str());
    assert_eq!(shown(&desk, &format!("/live?source={}", shop.expect("a source"))).await, [1]);
    let unknown = desk.open("/live/4").await;
    assert!(unknown.contains("write_key_unknown") && unknown.contains("an unknown source"), "{unknown}");
    assert!(!unknown.contains("somebody"), "nothing is kept of a request that was not taken");

    let paused = desk.open("/live?until=2").await;
    assert!(paused.contains("Paused") && paused.contains("2 calls have come since"), "{paused}");
    assert!(paused.contains("data-live-done") && !paused.contains("http-equiv=\"refresh\""), "nothing moves");
}

#[actix_web::test]
async fn whoever_is_erased_is_not_to_be_read_here_either() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    rollcall.backend_posts(json!([identify("ann", json!({ "city": "Łódź" }))])).await;
    assert!(desk.open("/live/1").await.contains("Łódź"));
    let erased = json!({ "events": "delete" });
    let answer = rollcall.api_as(reqwest::Method::POST, "/users/ann/erase", &rollcall.token, Some(erased)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(shown(&desk, "/live").await, [] as [u64; 0]);
    rollcall.backend_posts(json!([identify("ann", json!({ "city": "Łódź" }))])).await;
    assert_eq!(shown(&desk, "/live").await, [2], "that something was refused is said");
    let late = desk.open("/live/2").await;
    assert!(late.contains("erased") && !late.contains("Łódź") && !late.contains("/users/ann"), "{late}");
}

#[actix_web::test]
async fn a_test_source_shows_what_it_sent_and_keeps_nothing() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let sources = rollcall.list("/sources").await;
    let shop = sources.iter().find(|source| source["name"] == "Shop").and_then(|source| source["source_id"].as_str());
    let test = json!({ "kind": "test" });
    let path = format!("/sources/{}", shop.expect("a source"));
    let answer = rollcall.api_as(reqwest::Method::PATCH, &path, &rollcall.token, Some(test)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    rollcall.page_posts(json!([identify("ann", json!({ "plan": "pro" }))])).await;
    assert!(desk.open("/live").await.contains("Test"));
    let one = desk.open("/live/1").await;
    assert!(one.contains("&quot;plan&quot;: &quot;pro&quot;") && one.contains("it came from a test source"), "{one}");
}
