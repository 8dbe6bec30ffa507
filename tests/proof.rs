//! Proof of identity: the rows 23, 24 and 25 of the rule book, and what a page learns of a wrong proof.

mod support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use support::desk::Desk;
use support::{Rollcall, message_id, seconds_ago, until};

/// A source of its own, whose secret its site has: its write key, its id and the secret.
#[derive(Clone)]
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
async fn a_token_says_who_it_is_where_the_message_does_not() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    let token = |claims: Value| json!({ "identity_token": token(&site.secret, &claims) });
    let taken = page_says(&rollcall, &site, "identify", &Value::Null, token(json!({ "sub": "ann" }))).await;
    assert_eq!(taken["status"], "stored", "{taken}");
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["signed"], &ann["attributes"]["plan"]), (&json!(true), &json!("pro")));
    assert_eq!(ann["anonymous_ids"], json!(["browser"]));
    // One that was to end and says so in words does not live for ever.
    for exp in [json!("1700000000"), json!(true), json!([1])] {
        let refused =
            page_says(&rollcall, &site, "identify", &json!("bob"), token(json!({ "sub": "bob", "exp": exp }))).await;
        assert_eq!(refused["code"], "signature_invalid", "{exp}: {refused}");
    }
    let viewed = page_says(&rollcall, &site, "page", &Value::Null, token(json!({ "sub": "bob", "exp": 1 }))).await;
    let refused = &viewed["refused_values"][0];
    assert_eq!((&refused["attribute"], &refused["code"]), (&json!("identity_token"), &json!("token_expired")));
    assert_eq!(rollcall.user_ids().await, ["ann"]);
    require(&rollcall, &site).await;
    let message = json!({
        "type": "track", "event": "x", "anonymousId": "other", "context": { "groupId": "acme" },
    });
    let answer = rollcall.post("/v1/batch", json!({ "writeKey": site.write_key, "batch": [message] })).await;
    let refused = &answer.body["results"][0]["refused_values"][0];
    assert_eq!((&refused["attribute"], &refused["code"]), (&json!("company"), &json!("signature_required")));
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

fn told(result: &Value) -> Vec<(&str, &str)> {
    let refused = result["refused_values"].as_array().map(Vec::as_slice).unwrap_or_default();
    refused.iter().map(|value| (value["attribute"].as_str().unwrap(), value["code"].as_str().unwrap())).collect()
}

async fn says_company(rollcall: &Rollcall, site: &Site, user: &str, traits: Value, context: Value) -> Value {
    let message = json!({
        "type": "identify", "messageId": message_id(), "timestamp": seconds_ago(5), "userId": user,
        "anonymousId": format!("browser of {user}"), "traits": traits, "context": context,
    });
    let answer = rollcall.post("/v1/batch", json!({ "writeKey": site.write_key, "batch": [message] })).await;
    answer.body["results"][0].clone()
}

/// Asks for signed members as a person does, on the company's page.
async fn ask_for_signed(rollcall: &Rollcall, company: &str, only_signed: &str) -> u16 {
    let fields = [("company_id", company), ("only_signed", only_signed)];
    rollcall.desk().await.send("/signed-members", &fields).await.status
}

#[actix_web::test]
async fn c8_once_an_id_has_been_signed_unsigned_calls_say_nothing_of_it_and_its_activity_counts() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    let proof = json!({ "user_hash": hash(&site.secret, "ann") });
    let unsigned = says_company(&rollcall, &site, "ann", json!({ "plan": "free" }), json!({})).await;
    assert_eq!(told(&unsigned), [], "nobody has signed for her yet");
    assert_eq!(rollcall.user("ann").await["signed"], false);
    let traits = json!({ "plan": "pro", "company": { "company_id": "acme" } });
    says_company(&rollcall, &site, "ann", traits, proof.clone()).await;
    assert_eq!(rollcall.user("ann").await["signed"], true);

    let traits = json!({ "plan": "free", "city": "Oslo", "company": { "company_id": "umbrella" } });
    let refused = says_company(&rollcall, &site, "ann", traits, json!({})).await;
    assert_eq!(refused["status"], "stored");
    let nobody = json!({ "plan": "free", "city": "Oslo", "company": { "company_id": "umbrella" } });
    let taken = says_company(&rollcall, &site, "somebody new", nobody, json!({})).await;
    assert_eq!((told(&refused), told(&taken)), (vec![], vec![]), "a stranger does not learn who is a user");
    let everything = json!({ "companies": [], "companies_mode": "replace" });
    let refused = says_company(&rollcall, &site, "ann", everything, json!({})).await;
    assert_eq!(told(&refused), []);
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["attributes"]["plan"], ann["attributes"].get("city")), (&json!("pro"), None));
    assert_eq!(rollcall.companies_of("ann").await, [("acme".to_owned(), true, false)]);
    let counted = rollcall.list("/refusals").await;
    let times = |name: &str| counted.iter().find(|row| row["attribute"] == name).map(|row| row["count"].clone());
    let all = (times("plan"), times("city"), times("company"), times("companies"));
    let once = Some(json!(1));
    assert_eq!(all, (once.clone(), once.clone(), once.clone(), once), "operators are told");

    page_says(&rollcall, &site, "page", &json!("ann"), json!({})).await;
    assert!(rollcall.user("ann").await["last_seen"].is_string(), "what she does counts all the same");

    // Neither by way of a browser that carries values and is then linked to her.
    for (kind, user, traits) in
        [("identify", Value::Null, json!({ "city": "Oslo" })), ("page", json!("ann"), json!({}))]
    {
        let message = json!({
            "type": kind, "messageId": message_id(), "timestamp": seconds_ago(5), "userId": user,
            "anonymousId": "stranger", "traits": traits,
        });
        rollcall.post("/v1/batch", json!({ "writeKey": site.write_key, "batch": [message] })).await;
    }
    assert_eq!(rollcall.user("ann").await["attributes"].get("city"), None);

    // A secret token speaks for everybody, and the setting lifts it.
    rollcall
        .backend_posts(json!({
            "type": "identify", "messageId": message_id(), "userId": "ann", "traits": { "city": "Bergen" },
            "timestamp": seconds_ago(4),
        }))
        .await;
    assert_eq!(rollcall.user("ann").await["attributes"]["city"], "Bergen");
    let off = json!({ "value": false });
    rollcall.api_as(Method::PUT, "/settings/protect_signed", &rollcall.token, Some(off)).await;
    let taken = says_company(&rollcall, &site, "ann", json!({ "plan": "basic" }), json!({})).await;
    assert_eq!(told(&taken), []);
}

#[actix_web::test]
async fn c8_a_company_of_signed_members_is_joined_with_proof_of_it_and_the_proof_proves_no_more() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    let lock = json!({ "type": "string", "locked": true });
    let company = |id: &str| json!({ "company": { "company_id": id, "tier": "gold" } });
    says_company(&rollcall, &site, "ann", company("acme"), json!({})).await;
    let locked = rollcall.api_as(Method::PATCH, "/attributes/company/tier", &rollcall.token, Some(lock)).await;
    assert_eq!(locked.status, 200, "{locked:?}");
    assert_eq!(ask_for_signed(&rollcall, "acme", "yes").await, 303);

    let refused = says_company(&rollcall, &site, "bob", company("acme"), json!({})).await;
    assert_eq!(told(&refused), [], "a stranger does not learn of companies");
    assert_eq!(rollcall.companies_of("bob").await, []);
    let counted = rollcall.list("/refusals").await;
    assert!(counted.iter().any(|row| row["attribute"] == "company" && row["code"] == "signature_required"));
    let hashed = json!({ "user_hash": hash(&site.secret, "bob") });
    let refused = says_company(&rollcall, &site, "bob", company("acme"), hashed).await;
    assert_eq!(told(&refused), [("company", "signature_required")], "who he is, is not where he belongs");
    let other = json!({ "identity_token": token(&site.secret, &json!({ "sub": "bob", "company_id": "umbrella" })) });
    let refused = says_company(&rollcall, &site, "bob", company("acme"), other).await;
    assert_eq!(told(&refused), [("company", "signature_invalid")]);
    let both =
        json!({ "companies": [{ "company_id": "acme" }, { "company_id": "umbrella" }], "companies_mode": "replace" });
    says_company(&rollcall, &site, "cem", json!({ "company": { "company_id": "initech" } }), json!({})).await;
    says_company(&rollcall, &site, "cem", both, json!({})).await;
    let companies = rollcall.companies_of("cem").await;
    let left: Vec<_> = companies.iter().map(|(id, _, left)| (id.as_str(), *left)).collect();
    assert_eq!(left, [("initech", false), ("umbrella", false)], "a list of which one is refused replaces nothing");

    let proof = json!({ "identity_token": token(&site.secret, &json!({ "sub": "bob", "company_id": "acme" })) });
    let traits = json!({ "company": { "company_id": "acme", "tier": "platinum" } });
    let taken = says_company(&rollcall, &site, "bob", traits, proof).await;
    assert_eq!(told(&taken), [("company.tier", "attribute_locked")], "membership, and no more");
    let bob = rollcall.user("bob").await;
    assert_eq!(bob["companies"][0]["company_id"], "acme");
    assert_eq!(bob["companies"][0]["source"], "Signed, signed", "the source, and that it was proven");
    assert_eq!(rollcall.company("acme").await["attributes"]["tier"], "gold");
    assert_eq!(rollcall.companies_of("ann").await.len(), 1, "who is in it stays");

    // Who is not in it says nothing of it by leaving, and who is may leave without proof.
    let leaves = json!({ "company": { "company_id": "acme", "name": "Renamed", "remove": true } });
    let refused = says_company(&rollcall, &site, "eve", leaves, json!({})).await;
    assert_eq!(told(&refused), []);
    assert_eq!(rollcall.company("acme").await["name"], Value::Null);
    let left = json!({ "company": { "company_id": "acme", "remove": true } });
    assert_eq!(told(&says_company(&rollcall, &site, "ann", left, json!({})).await), []);
    assert!(rollcall.user("ann").await["companies"][0]["left_at"].is_string());

    let off = Some(json!({ "signed_members": false }));
    let answer = rollcall.api_as(Method::PATCH, "/companies/acme", &rollcall.token, off).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(rollcall.company("acme").await["signed_members"], false);
    let sets = rollcall.list("/companies/acme/changes").await;
    let set = sets.iter().find(|set| set["by"]["kind"] == "operator").expect("a change set by hand");
    let undo =
        format!("/changes/{}/undo", set["change_id"].as_str().map_or(set["change_id"].to_string(), str::to_owned));
    let undone = rollcall.api_as(Method::POST, &undo, &rollcall.token, None).await;
    assert_eq!(undone.status, 409, "it was set back since: {undone:?}");
    let taken = says_company(&rollcall, &site, "dan", json!({ "company": { "company_id": "acme" } }), json!({})).await;
    assert_eq!(told(&taken), []);
}

#[actix_web::test]
async fn c8_an_event_counts_for_a_company_of_signed_members_with_proof_of_it_or_of_a_member() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    for company in ["acme", "umbrella"] {
        let joins = json!({ "company": { "company_id": company } });
        says_company(&rollcall, &site, "ann", joins, json!({})).await;
    }
    assert_eq!(ask_for_signed(&rollcall, "acme", "yes").await, 303);
    let does = async |who: Value, event: &str, context: Value| {
        let mut context = context;
        context["groupId"] = json!("acme");
        let mut message = json!({
            "type": "track", "messageId": message_id(), "event": event, "timestamp": seconds_ago(5), "context": context,
        });
        message.as_object_mut().expect("an object").extend(who.as_object().expect("an object").clone());
        let body = json!({ "writeKey": site.write_key, "batch": [message] });
        rollcall.post("/v1/batch", body).await.body["results"][0].clone()
    };
    let token_of = |sub: &str, company: &str| json!({ "identity_token": token(&site.secret, &json!({ "sub": sub, "company_id": company })) });
    let (ann, eve) = (json!({ "userId": "ann" }), json!({ "userId": "eve" }));
    for (who, event, context, warns) in [
        (json!({ "anonymousId": "v" }), "Of a visitor", json!({}), false),
        (eve.clone(), "Of a stranger", json!({}), false),
        (eve.clone(), "Of one who is only herself", json!({ "user_hash": hash(&site.secret, "eve") }), true),
        (eve, "With a token", token_of("eve", "acme"), false),
        (ann, "Of a member", json!({}), false),
    ] {
        let result = does(who, event, context).await;
        assert_eq!(result["status"], "stored", "{event}: {result}");
        let warnings = result["warnings"].as_array().cloned().unwrap_or_default();
        assert_eq!(warnings.contains(&json!("company_takes_signed_members")), warns, "{event}: {result}");
    }
    let counted = rollcall.list("/refusals").await;
    let of_company = counted.iter().find(|row| row["attribute"] == "company").expect("operators are told");
    assert_eq!((&of_company["code"], &of_company["count"]), (&json!("signature_required"), &json!(3)));
    let events = rollcall.list("/companies/acme/events").await;
    let mut names: Vec<&str> = events.iter().filter_map(|event| event["name"].as_str()).collect();
    names.retain(|name| name.contains(' '));
    names.sort_unstable();
    assert_eq!(names, ["Of a member", "With a token"]);
    assert_eq!(rollcall.events_of("eve").await.len(), 3, "what they did is stored all the same");
}

#[actix_web::test]
async fn c8_a_token_of_another_company_is_refused_for_the_company_alone() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    let of = |company: Value| json!({ "identity_token": token(&site.secret, &json!({ "sub": "ann", "company_id": company })) });
    let traits = json!({ "plan": "pro", "company": { "company_id": "umbrella", "name": "Umbrella" } });
    let said = says_company(&rollcall, &site, "ann", traits, of(json!("acme"))).await;
    assert_eq!((&said["status"], told(&said)), (&json!("stored"), vec![("company", "signature_invalid")]));
    let detail = said["refused_values"][0]["detail"].as_str().expect("a sentence");
    assert!(detail.contains("company_id is \"acme\", the page says \"umbrella\""), "{detail}");
    let ann = rollcall.user("ann").await;
    assert_eq!((&ann["attributes"]["plan"], &ann["signed"]), (&json!("pro"), &json!(true)), "the rest holds");
    assert_eq!(rollcall.companies_of("ann").await, []);
    assert_eq!(rollcall.api("/companies/umbrella").await.status, 404);

    // An event is kept, and counts for no company.
    let track = json!({
        "type": "track", "event": "Paid", "messageId": message_id(), "timestamp": seconds_ago(5), "userId": "ann",
        "context": { "groupId": "umbrella", "identity_token": of(json!("acme"))["identity_token"] },
    });
    let answer = rollcall.post("/v1/batch", json!({ "writeKey": site.write_key, "batch": [track] })).await;
    assert_eq!(told(&answer.body["results"][0]), [("company", "signature_invalid")]);
    let events = rollcall.list("/users/ann/events").await;
    let paid = events.iter().find(|event| event["name"] == "Paid").expect("the event");
    assert_eq!(paid["company_id"], Value::Null);

    // Beside the token's own company a list may name others, which are not proven by it.
    let traits = json!({ "companies": [{ "company_id": "initech" }, { "company_id": "7" }] });
    let taken = says_company(&rollcall, &site, "ann", traits, of(json!(7))).await;
    assert_eq!(told(&taken), []);
    let ann = rollcall.user("ann").await;
    let source = |id: &str| {
        let companies = ann["companies"].as_array().expect("companies");
        companies.iter().find(|company| company["company_id"] == id).map(|company| company["source"].clone())
    };
    assert_eq!((source("7"), source("initech")), (Some(json!("Signed, signed")), Some(json!("Signed"))));

    // A token that names no company, or nobody's id, says nothing of companies.
    let traits = json!({ "company": { "company_id": "umbrella" } });
    let taken = says_company(&rollcall, &site, "ann", traits.clone(), of(Value::Null)).await;
    assert_eq!(told(&taken), []);
    let left = json!({ "company": { "company_id": "umbrella", "remove": true } });
    let taken = says_company(&rollcall, &site, "ann", left, of(json!("acme"))).await;
    assert_eq!(told(&taken), [], "leaving takes no proof of where one belongs");
}

#[actix_web::test]
async fn a_company_beside_a_proof_of_nobody_does_not_slip_by() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    require(&rollcall, &site).await;
    let group = json!({
        "type": "group", "messageId": message_id(), "anonymousId": "stranger", "groupId": "acme",
        "timestamp": seconds_ago(5), "context": { "user_hash": "anything" },
    });
    let answer = rollcall.post("/v1/batch", json!({ "writeKey": site.write_key, "batch": [group] })).await;
    assert_eq!(answer.body["results"][0]["code"], "signature_required", "{answer:?}");
    assert!(rollcall.list("/companies").await.is_empty());
}

#[actix_web::test]
async fn one_secret_follows_the_other_while_both_hold() {
    let rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    let path = format!("/sources/{}/secrets", site.source_id);
    let source = || async { rollcall.api(&format!("/sources/{}", site.source_id)).await.body };
    let ends = site.secret[site.secret.len() - 4..].to_owned();
    let told = source().await;
    assert_eq!((&told["secrets"][0]["ends_with"], &told["secrets"][0]["last_used_at"]), (&json!(ends), &Value::Null));
    assert!(!told.to_string().contains(&site.secret), "told once, at making");
    let made = rollcall.api_as(Method::POST, &path, &rollcall.token, None).await;
    assert_eq!(made.status, 201, "{made:?}");
    let third = rollcall.api_as(Method::POST, &path, &rollcall.token, None).await;
    assert_eq!((third.status.as_u16(), &third.body["code"]), (409, &json!("too_many_secrets")));

    let fresh = Site { secret: made.body["secret"].as_str().expect("a secret").to_owned(), ..site.clone() };
    for site in [&site, &fresh] {
        let proof = json!({ "user_hash": hash(&site.secret, "ann") });
        let taken = page_says(&rollcall, site, "identify", &json!("ann"), proof).await;
        assert!(taken.get("code").is_none(), "{taken}");
    }
    until("the last use of both", || async {
        let told = source().await;
        let used = |at: usize| told["secrets"][at]["last_used_at"].is_string();
        if used(0) && used(1) { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
    let old = source().await["secrets"][1]["secret_id"].as_str().expect("an id").to_owned();
    let retired = rollcall.api_as(Method::DELETE, &format!("{path}/{old}"), &rollcall.token, None).await;
    assert_eq!((retired.status.as_u16(), retired.body["secrets"].as_array().map(Vec::len)), (200, Some(1)));
    let again = rollcall.api_as(Method::DELETE, &format!("{path}/{old}"), &rollcall.token, None).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (404, &json!("secret_not_found")));
    let proof = json!({ "user_hash": hash(&site.secret, "ann") });
    let refused = page_says(&rollcall, &site, "identify", &json!("ann"), proof).await;
    assert_eq!(refused["code"], "signature_invalid", "a retired secret signs nothing");
    require(&rollcall, &site).await;
    let last = format!("{path}/{}", made.body["secret_id"].as_str().expect("an id"));
    let needed = rollcall.api_as(Method::DELETE, &last, &rollcall.token, None).await;
    assert_eq!((needed.status.as_u16(), &needed.body["code"]), (409, &json!("secret_needed")));
    let shell = rollcall.shell(&["source", "make-secret", &site.source_id, "--json"]);
    let by_shell = Site { secret: shell["secret"].as_str().expect("a secret").to_owned(), ..site.clone() };
    until("the secret that the shell made", || async {
        let proof = json!({ "user_hash": hash(&by_shell.secret, "ann") });
        let taken = page_says(&rollcall, &by_shell, "identify", &json!("ann"), proof).await;
        if taken.get("code").is_none() { Ok(()) } else { Err(taken.to_string()) }
    })
    .await;
    let secret_id = shell["secret_id"].to_string();
    rollcall.shell(&["source", "retire-secret", &site.source_id, &secret_id, "--json"]);
}

#[actix_web::test]
async fn the_signed_share_is_told_and_outlives_the_server() {
    let mut rollcall = Rollcall::start();
    let site = site(&rollcall).await;
    let signed = json!({ "user_hash": hash(&site.secret, "ann") });
    for context in [signed.clone(), signed.clone(), signed, json!({}), json!({ "user_hash": "nonsense" })] {
        page_says(&rollcall, &site, "page", &json!("ann"), context).await;
    }
    page_says(&rollcall, &site, "page", &Value::Null, json!({})).await;
    let share = json!({ "percent": 60, "signed": 3, "unsigned": 1, "refused": 1 });
    rollcall.terminate();
    rollcall.serve();
    let told = rollcall.api(&format!("/sources/{}", site.source_id)).await.body;
    assert_eq!(told["signed"], share, "a page of nobody is none of them");
    page_says(&rollcall, &site, "page", &json!("ann"), json!({})).await;
    until("what was counted since", || async {
        let told = rollcall.api(&format!("/sources/{}", site.source_id)).await.body;
        if told["signed"]["unsigned"] == 2 { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
    let shop = rollcall.list("/sources").await;
    assert!(shop.iter().any(|source| source["name"] == "Shop" && source["signed"]["percent"].is_null()));
}

async fn fills_in(desk: &Desk<'_>, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let sent = desk.send(path, fields).await;
    (sent.status, sent.page.replace("&quot;", "\""))
}

#[actix_web::test]
async fn a_person_makes_a_secret_checks_tokens_and_is_asked_before_proof_is_required() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let (site, other) = (site(&rollcall).await, rollcall.shell(&["source", "add", "Other", "--json"]));
    page_says(&rollcall, &site, "page", &json!("ann"), json!({})).await;
    let page = format!("/settings/sources/{}", site.source_id);
    let (status, made) = fills_in(&desk, &format!("{page}/secrets"), &[]).await;
    assert!(status == 200 && made.contains("shown once") && made.contains("sk_"), "{made}");
    let (_, refused) = fills_in(&desk, &format!("{page}/secrets"), &[]).await;
    assert!(refused.contains("at most 2 secrets"), "{refused}");

    until("the other source", || async {
        let answer = rollcall.api(&format!("/sources/{}", other["source_id"].as_str().expect("an id"))).await;
        if answer.status == 200 { Ok(()) } else { Err(answer.text) }
    })
    .await;
    let now = chrono::Utc::now().timestamp();
    let stranger = other["secret"].as_str().expect("a secret");
    for (proof, sentence) in [
        (token(&site.secret, &json!({ "sub": "123", "company_id": "acme" })), "a member of the company acme"),
        (token(&site.secret, &json!({ "sub": "124" })), "sub is \"124\", the page says \"123\""),
        (token(&site.secret, &json!({ "sub": "123", "exp": now - 100 })), "expired 10"),
        (token(stranger, &json!({ "sub": "123" })), "signed with a secret of another source, “Other”"),
        (token("sk_nobody", &json!({ "sub": "123" })), "signed with a secret of this source"),
        (hash(&site.secret, "123"), "Valid: it proves that this is 123"),
        (hash(stranger, "123"), "signed with a secret of another source, “Other”"),
        (hash(&site.secret, "124"), "user_hash doesn't match this user id"),
        ("nonsense".to_owned(), "user_hash is not 64 hexadecimal digits"),
        ("a.b".to_owned(), "not a JSON Web Token"),
    ] {
        let (status, told) =
            fills_in(&desk, &format!("{page}/check"), &[("hash_or_token", &proof), ("user", "123")]).await;
        assert!(status == 200 && told.contains(sentence), "{proof}: {sentence}\n{told}");
    }
    assert!(rollcall.user_ids().await.iter().all(|id| id == "ann"), "a check stores nothing");

    let wanted = [("name", "Signed"), ("signatures_required", "on")];
    until("the share", || async {
        let told = rollcall.api(&format!("/sources/{}", site.source_id)).await.body;
        if told["signed"]["unsigned"] == 1 { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
    let (status, asked) = fills_in(&desk, &page, &wanted).await;
    assert!(status == 200 && asked.contains("Require proof anyway"), "{asked}");
    assert!(
        asked.contains("1 of 1 message</b> that named a user in the last 7 days would have been refused"),
        "{asked}"
    );
    let told = rollcall.api(&format!("/sources/{}", site.source_id)).await.body;
    assert_eq!(told["signatures"], "optional", "nothing before it is confirmed");
    let (status, _) = fills_in(&desk, &page, &[wanted[0], wanted[1], ("confirmed", "1")]).await;
    assert_eq!(status, 303);
    let told = rollcall.api(&format!("/sources/{}", site.source_id)).await.body;
    assert_eq!(told["signatures"], "required");
}
