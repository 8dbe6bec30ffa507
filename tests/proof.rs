//! Proof of identity: the rows 23, 24 and 25 of the rule book, and what a page learns of a wrong proof.

mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use support::{Rollcall, message_id, seconds_ago, until};

/// A source of its own, whose secret its site has: its write key, its id and the secret.
struct Site {
    write_key: String,
    source_id: String,
    secret: String,
}

async fn site(rollcall: &Rollcall) -> Site {
    let added = rollcall.shell(&["source", "add", "Signed", "--json"]);
    let text = |name: &str| added[name].as_str().expect("a text").to_owned();
    let site = Site { write_key: text("write_key"), source_id: text("source_id"), secret: text("secret") };
    // The server sees within a second what the shell did.
    let path = format!("/sources/{}", site.source_id);
    until("the new source", || async {
        let answer = rollcall.api(&path).await;
        if answer.status == 200 { Ok(()) } else { Err(answer.text) }
    })
    .await;
    site
}

fn mac(secret: &str, text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hash(secret: &str, text: &str) -> String {
    mac(secret, text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn token(secret: &str, claims: &Value) -> String {
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac(secret, &signed)))
}

async fn page_says(rollcall: &Rollcall, site: &Site, kind: &str, user: &Value, context: Value) -> Value {
    let message = json!({
        "type": kind, "messageId": message_id(), "timestamp": seconds_ago(5), "userId": user, "anonymousId": "browser",
        "traits": { "plan": "pro", "email": "ann@acme.test" }, "context": context,
    });
    let answer = rollcall.post("/v1/batch", json!({ "writeKey": site.write_key, "batch": [message] })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["results"][0].clone()
}

async fn require(rollcall: &Rollcall, site: &Site) {
    let path = format!("/sources/{}", site.source_id);
    let answer =
        rollcall.api_as(Method::PATCH, &path, &rollcall.token, Some(json!({ "signatures": "required" }))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[actix_web::test]
async fn case_23_staff_who_act_as_a_user_leave_her_untouched() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    let claims = json!({ "sub": "ann", "act": { "sub": "support" } });
    rollcall
        .backend_posts(json!({
            "type": "identify", "messageId": message_id(), "userId": "ann", "traits": { "plan": "free" },
            "timestamp": seconds_ago(60),
        }))
        .await;
    let before = rollcall.user("ann").await;
    for context in [json!({ "identity_token": token(&site.secret, &claims) }), json!({ "acting_as": true })] {
        page_says(&rollcall, &site, "identify", &json!("ann"), context.clone()).await;
        page_says(&rollcall, &site, "page", &json!("ann"), context).await;
    }
    assert_eq!(rollcall.user("ann").await, before);
}

#[actix_web::test]
async fn case_24_where_proof_is_asked_for_an_unsigned_identify_is_refused_and_the_page_view_kept() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    require(&rollcall, &site).await;
    let refused = page_says(&rollcall, &site, "identify", &json!("ann"), json!({})).await;
    assert_eq!(refused["code"], "signature_required", "{refused}");
    let viewed = page_says(&rollcall, &site, "page", &json!("ann"), json!({})).await;
    assert_eq!(
        (&viewed["status"], &viewed["refused_values"][0]["code"]),
        (&json!("stored"), &json!("signature_required"))
    );
    assert!(rollcall.user_ids().await.is_empty());
    assert_eq!(rollcall.list("/visitors").await.len(), 1, "the page view is the visitor's");
    let taken =
        page_says(&rollcall, &site, "identify", &json!("ann"), json!({ "user_hash": hash(&site.secret, "ann") })).await;
    assert_eq!(taken["status"], "stored", "{taken}");
    assert_eq!(rollcall.user_ids().await, ["ann"]);
    assert!(rollcall.list("/refusals").await.iter().any(|refusal| refusal["code"] == "signature_required"));
}

#[actix_web::test]
async fn case_25_a_number_and_its_text_are_one_and_what_is_forged_is_refused() {
    let rollcall = Rollcall::start();
    let (site, other) = (site(&rollcall).await, rollcall.shell(&["source", "add", "Other", "--json"]));
    let now = chrono::Utc::now().timestamp();
    for (user, claims) in [
        (json!(123), json!({ "sub": 123 })),
        (json!("123"), json!({ "sub": "123" })),
        (json!("123"), json!({ "user_id": "123", "exp": now - 20 })),
    ] {
        let context = json!({ "intercom_user_jwt": token(&site.secret, &claims) });
        let taken = page_says(&rollcall, &site, "identify", &user, context).await;
        assert!(taken.get("code").is_none(), "{taken}");
    }
    assert_eq!(rollcall.user_ids().await, ["123"]);
    let unsigned =
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(r#"{"sub":"9"}"#));
    let secret = other["secret"].as_str().expect("a secret");
    for (context, code) in [
        (json!({ "identity_token": unsigned }), "signature_invalid"),
        (json!({ "identity_token": token(secret, &json!({ "sub": "9" })) }), "signature_invalid"),
        (json!({ "identity_token": token(&site.secret, &json!({ "sub": "8" })) }), "signature_invalid"),
        (json!({ "identity_token": token(&site.secret, &json!({ "sub": "9", "exp": now - 60 })) }), "token_expired"),
        (json!({ "user_hash": hash(secret, "9") }), "signature_invalid"),
        (json!({ "user_hash": "nonsense" }), "signature_invalid"),
    ] {
        let refused = page_says(&rollcall, &site, "identify", &json!("9"), context.clone()).await;
        assert_eq!(refused["code"], code, "{context}: {refused}");
        let viewed = page_says(&rollcall, &site, "page", &json!("9"), context).await;
        assert_eq!((&viewed["status"], &viewed["refused_values"][0]["code"]), (&json!("stored"), &json!(code)));
    }
    assert_eq!(rollcall.user_ids().await, ["123"], "nothing forged made a user");
}

#[actix_web::test]
async fn a_signature_proves_the_id_and_an_address_only_where_it_is_signed_too() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    for email in ["ann@acme.test", "bob@acme.test"] {
        let lead = json!({
            "type": "identify", "messageId": message_id(), "timestamp": seconds_ago(60),
            "traits": { "email": email, "plan": "secret" },
        });
        rollcall.backend_posts(lead).await;
    }
    let own = json!({ "user_hash": hash(&site.secret, "eve") });
    page_says(&rollcall, &site, "identify", &json!("eve"), own).await;
    assert_eq!(rollcall.user("eve").await["attributes"]["plan"], "pro");
    assert_eq!(rollcall.list("/users").await.len(), 3, "eve did not become the lead whose address she typed");
    let claims = json!({ "sub": "bob", "email": "Bob@acme.test" });
    let context = json!({ "identity_token": token(&site.secret, &claims) });
    let message = json!({
        "type": "identify", "messageId": message_id(), "timestamp": seconds_ago(5), "userId": "bob",
        "traits": { "email": "bob@acme.test" }, "context": context,
    });
    rollcall.post("/v1/batch", json!({ "writeKey": site.write_key, "batch": [message] })).await;
    assert_eq!(rollcall.user("bob").await["attributes"]["plan"], "secret", "a signed address finds the lead (R8)");
}

#[actix_web::test]
async fn a_signed_page_renames_nobody_and_speaks_for_itself_alone() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    page_says(&rollcall, &site, "identify", &json!("ann"), json!({ "user_hash": hash(&site.secret, "ann") })).await;
    let alias = json!({
        "type": "alias", "messageId": message_id(), "previousId": "ann", "userId": "eve",
        "context": { "user_hash": hash(&site.secret, "eve") },
    });
    rollcall.post("/v1/batch", json!({ "writeKey": site.write_key, "batch": [alias] })).await;
    assert_eq!(rollcall.user("ann").await["user_id"], "ann", "from one user id to another takes a secret token (R10)");
    let again =
        page_says(&rollcall, &site, "identify", &json!("ann"), json!({ "user_hash": hash(&site.secret, "ann") })).await;
    assert_eq!(again["status"], "unchanged", "who proved who it is learns what a stranger does not");
}
