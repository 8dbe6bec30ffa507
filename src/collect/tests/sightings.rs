//! What the installation page sees of this door.

use super::*;

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
    assert_eq!(door.seen().await.0.as_deref(), Some("shop.test"), "it may be either's");
    door.change(SourceChange::Origins(vec!["https://store.test".to_owned()])).await;
    door.ask(load("/widget.js").insert_header(("referer", "https://elsewhere.test/"))).await;
    assert_eq!(door.seen().await.0.as_deref(), Some("shop.test"), "the other one allows every host");
    door.now_ms.fetch_add(1, Ordering::Relaxed);
    door.ask(load("/widget.js").insert_header(("referer", "https://store.test/"))).await;
    assert_eq!(door.seen().await.0.as_deref(), Some("store.test"));
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
