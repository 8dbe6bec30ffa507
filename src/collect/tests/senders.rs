//! Who may send, and who is told why not.

use super::*;

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
    assert!(door.refusals().await.is_empty(), "too many is not a mistake");
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
