//! Messages and their answers.

use proptest::prelude::*;

use super::*;
use crate::collect::segment::tests::any_json;

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
async fn of_two_things_said_in_one_batch_at_one_moment_the_later_holds() {
    let door = Door::open().await;
    let timestamps = [json!(null), json!("2026-11-25T08:00:00.000Z")];
    for (nth, timestamp) in (0..16).flat_map(|nth| timestamps.iter().map(move |at| (nth, at))) {
        let user = format!("user {nth} {timestamp}");
        let said = |place: usize, message: Value| {
            let mut said = json!({"userId": user, "messageId": format!("{user} {place}"), "timestamp": timestamp});
            said.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
            said
        };
        let batch: Vec<Value> = [
            json!({"type": "identify", "traits": {"plan": "free", "langs": ["de"]}}),
            json!({"type": "group", "groupId": "first"}),
            json!({"type": "identify", "traits": {"plan": "pro", "langs": {"$append": "en"}}}),
            json!({"type": "group", "groupId": "last"}),
            json!({"type": "identify", "traits": {"langs": {"$append": "fr"}}}),
        ]
        .into_iter()
        .enumerate()
        .map(|(place, message)| said(place, message))
        .collect();
        let answer = door.post("batch", json!({"batch": batch})).await;
        assert_eq!(answer.statuses(), ["stored"; 5]);
        let value = |name: &str| {
            let attributes = door.user(&user).unwrap().attributes;
            attributes.into_iter().find(|attribute| attribute.name == name).unwrap().value
        };
        assert_eq!((value("plan"), value("langs")), (json!("pro"), json!(["de", "en", "fr"])));
        // The one stated last comes first.
        assert_eq!(door.user(&user).unwrap().memberships[0].company.company_id, "last");
        // A retry is a retry, wherever in a batch it comes.
        let again = door.post("batch", json!({"batch": [batch[2], batch[0]]})).await;
        assert!(again.statuses().iter().all(|status| status != "stored"), "{:?}", again.results());
        assert_eq!(value("plan"), "pro");
    }
}

#[actix_web::test]
async fn a_public_key_renames_nobody_and_operators_are_told() {
    let door = Door::open().await;
    door.post("identify", json!({"userId": "old"})).await;
    let alias = json!({"previousId": "old", "userId": "new"});
    assert_eq!(door.post("alias", alias.clone()).await.statuses(), ["stored"], "a stranger learns nothing");
    assert!(door.user("new").is_none());
    assert_eq!(door.refusals().await, [("alias_unknown".to_owned(), 1, None)]);
    assert_eq!(door.post_with_token("alias", alias).await.statuses(), ["stored"]);
    assert_eq!(door.user("old").unwrap().row.id, door.user("new").unwrap().row.id);
}

#[actix_web::test]
async fn an_unsigned_caller_learns_nothing_of_what_is_known() {
    let door = Door::open().await;
    let ann = json!({"userId": "ann", "traits": {"plan": "pro"}});
    assert_eq!(door.post("identify", ann.clone()).await.statuses(), ["stored"]);
    assert_eq!(door.post("identify", ann.clone()).await.statuses(), ["stored"]);
    assert_eq!(door.post_with_token("identify", ann).await.statuses(), ["unchanged"]);
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

/// A message with whatever in each of its fields.
fn any_message() -> impl Strategy<Value = Value> {
    let kinds = prop::sample::select(vec!["identify", "group", "track", "page", "screen", "alias"]);
    let id =
        prop::sample::select(vec![json!(null), json!("ann"), json!("bob"), json!("v"), json!(7), json!("undefined")]);
    let time = prop_oneof![
        Just(Value::Null),
        Just(json!("2026-11-25T00:00:00Z")),
        Just(json!("9999-12-31T23:59:59Z")),
        Just(json!("1969-12-31T23:59:59Z")),
        any::<i64>().prop_map(Value::from),
    ];
    (kinds, [id.clone(), id.clone(), id.clone(), id], [time.clone(), time], [any_json(), any_json(), any_json()])
        .prop_map(|(kind, [user, anonymous, previous, group], [timestamp, sent_at], [traits, properties, context])| {
            json!({
                "type": kind, "event": "x", "userId": user, "anonymousId": anonymous, "previousId": previous,
                "groupId": group, "timestamp": timestamp, "sentAt": sent_at, "traits": traits,
                "properties": properties, "context": context, "membership": traits
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    #[test]
    fn whatever_is_in_a_batch_each_message_is_answered(
        batch in prop::collection::vec(any_message(), 1..20),
        secret in any::<bool>(),
    ) {
        actix_web::rt::System::new().block_on(async {
            let door = Door::open().await;
            let body = json!({"batch": batch});
            let answer =
                if secret { door.post_with_token("batch", body).await } else { door.post("batch", body).await };
            assert_eq!(answer.results().len(), batch.len());
        });
    }
}

/// Hands a job to the writer and does not wait; the answer, where there is one at once.
fn submit(
    store: &Store,
    job: impl FnOnce(&mut crate::store::Tx<'_>) -> Result<(), StoreError> + Send + 'static,
) -> Option<Result<(), StoreError>> {
    let mut writing = std::pin::pin!(store.write(job));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match writing.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    }
}

#[actix_web::test]
async fn a_full_queue_is_told_to_come_back() {
    let door = Door::open().await;
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let slow = submit(&door.store, move |_| {
        // Whoever holds the other end lets go by ending.
        let _ = wait.recv();
        Ok(())
    });
    assert!(slow.is_none());
    while submit(&door.store, |_| Ok(())).is_none() {}
    let answer = door.post("page", json!({"anonymousId": "v"})).await;
    answer.problem(503, "busy");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("access-control-allow-origin"), "https://shop.test");
    drop(release);
    // As soon as there is room again, a moment later.
    while let Err(StoreError::Busy) = door.store.write(|_| Ok(())).await {
        tokio::task::yield_now().await;
    }
    assert_eq!(door.post("page", json!({"anonymousId": "v"})).await.statuses(), ["stored"]);
    assert!(door.refusals().await.is_empty(), "a busy server is nobody's mistake");
}
