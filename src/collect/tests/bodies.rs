//! Bodies that are compressed, too large, or none.

use super::*;

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
    let compressed =
        gzip(&(0..40_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect::<Vec<u8>>());
    assert!(compressed.len() > 32 * 1024);
    let request = page("page").insert_header(("content-encoding", "gzip")).set_payload(compressed);
    assert_eq!(door.ask(request).await.problem(413, "message_too_large")["size"], Value::Null);
    for (call, code) in [("batch", "batch_too_large"), ("page", "message_too_large")] {
        let request = page(call).insert_header(("content-encoding", "gzip")).set_payload(bomb.clone());
        let problem = door.ask(request).await.problem(413, code);
        assert!(problem["limit"].is_u64());
        // How large it would be nobody knows, and what it has compressed is another number.
        assert_eq!((&problem["size"], problem["detail"].as_str().unwrap().contains("It has")), (&Value::Null, false));
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
    for body in ["", "{", "[[[", "{\"a\":1e}", &"[".repeat(30_000)] {
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
    let refused: Vec<(&str, u64)> = seen.refused.iter().map(|refused| (refused.code.as_str(), refused.count)).collect();
    assert_eq!(refused, [("invalid_json", 5)], "the key in the head says whose they were");
}

/// What a client gets nearly right costs itself: a mark before the JSON, a number beyond all counting, a byte that is no
/// UTF-8, PHP's empty lists.
#[actix_web::test]
async fn what_is_nearly_json_costs_itself_and_not_the_batch() {
    let door = Door::open().await;
    let body = format!(
        r#"{{"writeKey":"{KEY}","batch":[{{"type":"identify","userId":"ann","traits":{{"n":1e400,"plan":"pro"}}}},{{"type":"track","userId":"ann","event":"Paid","properties":{{"n":-1e999}}}}]}}"#
    );
    let marked = [b"\xEF\xBB\xBF", body.as_bytes()].concat();
    assert_eq!(door.ask(page("batch").set_payload(marked)).await.statuses(), ["stored", "stored"]);
    assert_eq!(door.events(), 2);
    let latin =
        [format!(r#"{{"writeKey":"{KEY}","userId":"zoe","traits":{{"plan":"Zo"#).as_bytes(), b"\xEB", br#""}}"#]
            .concat();
    assert_eq!(door.ask(page("identify").set_payload(latin)).await.statuses(), ["stored"]);
    assert!(door.user("zoe").is_some());
    for call in [
        json!({"type": "track", "userId": "ann", "event": "Saved", "properties": []}),
        json!({"type": "identify", "userId": "bob", "traits": []}),
    ] {
        let answer = door.post("batch", json!({ "batch": [call] })).await;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(said.contains("stored") && !said.contains("refused_values"), "{said}");
    }
}
