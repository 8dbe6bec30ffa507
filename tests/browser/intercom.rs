//! Pages written for Intercom, unchanged but for the script's address.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::*;

/// The snippet of Intercom's documentation.
fn standard_snippet(address: &str, settings: &Value) -> String {
    format!(
        "<script>window.intercomSettings = {settings};</script>\
         <script>(function(){{var w=window;var ic=w.Intercom;if(typeof ic===\"function\"){{ic('reattach_activator');\
         ic('update',w.intercomSettings);}}else{{var d=document;var i=function(){{i.c(arguments);}};i.q=[];\
         i.c=function(args){{i.q.push(args);}};w.Intercom=i;var l=function(){{var s=d.createElement('script');\
         s.type='text/javascript';s.async=true;s.src='{address}/widget.js';\
         var x=d.getElementsByTagName('script')[0];x.parentNode.insertBefore(s,x);}};\
         if(document.readyState==='complete'){{l();}}else if(w.attachEvent){{w.attachEvent('onload',l);}}\
         else{{w.addEventListener('load',l,false);}}}}}})();</script>"
    )
}

fn ann(rollcall: &Rollcall) -> Value {
    json!({
        "app_id": rollcall.write_key, "api_base": "https://api-iam.intercom.io", "user_id": "ann", "name": "Ann Archer",
        "email": "ann@acme.test", "created_at": 1_700_000_000, "hide_default_launcher": true, "alignment": "left",
        "avatar": { "type": "avatar", "image_url": "https://acme.test/ann.png" }, "plan": "pro",
        "company": { "id": "acme", "name": "Acme", "created_at": 1_600_000_000, "monthly_spend": 49, "size": 12 },
    })
}

async fn event_of(rollcall: &Rollcall, id: &str, name: &str) -> Value {
    until(&format!("{id} did {name}"), || async {
        let answer = rollcall.api(&format!("/users/{id}/events")).await;
        let events = answer.body["data"].as_array().cloned().unwrap_or_default();
        events.into_iter().find(|event| event["name"] == name).ok_or(answer.text)
    })
    .await
}

#[actix_web::test]
async fn the_standard_snippet_tells_who_it_is_and_of_which_company() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let calls = "<script>Intercom('trackEvent', 'Asked at once', {step: 1}); Intercom('show')</script>";
    site.page("/app", &(standard_snippet(&rollcall.address, &ann(&rollcall)) + calls));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    is_current(&rollcall, "ann", "acme").await;
    let user = rollcall.user("ann").await;
    assert_eq!((&user["name"], &user["email"]), (&json!("Ann Archer"), &json!("ann@acme.test")));
    let attributes = user["attributes"].as_object().expect("attributes");
    assert_eq!(attributes["plan"], "pro");
    assert_eq!(attributes["avatar"], "https://acme.test/ann.png");
    assert!(attributes["created_at"].as_str().is_some_and(|at| at.starts_with("2023-11-14")), "{user}");
    for of_messenger in ["app_id", "api_base", "hide_default_launcher", "alignment"] {
        assert!(!attributes.contains_key(of_messenger), "{user}");
    }
    let company = rollcall.company("acme").await;
    assert_eq!((&company["name"], &company["attributes"]["employees"]), (&json!("Acme"), &json!(12)));
    let event = event_of(&rollcall, "ann", "Asked at once").await;
    assert_eq!(event["properties"], json!({ "step": 1 }));
    until("one page view, of the company", || async {
        let events = rollcall.list("/users/ann/events").await;
        let pages: Vec<&Value> = events.iter().filter(|event| event["type"] == "page").collect();
        if pages.len() == 1 && pages[0]["company_id"] == "acme" { Ok(()) } else { Err(format!("{pages:?}")) }
    })
    .await;
    is_clean(&browser).await;
}

#[actix_web::test]
async fn a_single_page_application_boots_updates_and_shuts_down() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let key = &rollcall.write_key;
    // As @intercom/messenger-js-sdk and its like do it: the stub, the script, and nobody yet.
    site.page("/app", &standard_snippet(&rollcall.address, &json!({ "app_id": key })));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    until("the visitor is there", || async {
        let visitors = rollcall.list("/visitors").await;
        if visitors.len() == 1 { Ok(()) } else { Err(format!("{visitors:?}")) }
    })
    .await;
    let visitor = browser.run("return Intercom('getVisitorId')").await;
    assert!(visitor.as_str().is_some_and(|id| id.len() > 10), "{visitor}");
    browser
        .run(&format!(
            "Intercom('boot', {{app_id: '{key}', user_id: 'ann', name: 'Ann', company: {{company_id: 'acme', name: 'Acme'}}}})"
        ))
        .await;
    is_current(&rollcall, "ann", "acme").await;
    assert_eq!(rollcall.user("ann").await["anonymous_ids"], json!([visitor]));
    browser
        .run("Intercom('update', {plan: 'pro', company: {company_id: 'acme', plan: 'gold'}}); Intercom('trackEvent', 'Upgraded')")
        .await;
    assert_eq!(event_of(&rollcall, "ann", "Upgraded").await["company_id"], "acme");
    assert_eq!(rollcall.user("ann").await["attributes"]["plan"], "pro");
    assert_eq!(rollcall.company("acme").await["attributes"]["plan"], "gold");
    // intercomSettings changed, and an update without values.
    browser.run("intercomSettings.theme = 'dark'; Intercom('update')").await;
    until("the attribute that was set late", || async {
        let theme = rollcall.user("ann").await["attributes"]["theme"].clone();
        if theme == "dark" { Ok(()) } else { Err(theme.to_string()) }
    })
    .await;
    browser
        .run(
            "Intercom('shutdown'); Intercom('hide'); Intercom('onUnreadCountChange', () => 1); Intercom('no.such', {});
             Intercom('trackEvent', 'Signed out')",
        )
        .await;
    browser.run("Intercom('boot', {user_id: 'bob'}); Intercom('trackEvent', 'Signed in')").await;
    event_of(&rollcall, "bob", "Signed in").await;
    let bob = rollcall.user("bob").await;
    assert_ne!(bob["anonymous_ids"], json!([visitor]), "nobody shares a browser id");
    assert_eq!((&bob["name"], &bob["attributes"]["plan"]), (&Value::Null, &Value::Null), "nothing of Ann: {bob}");
    assert!(!rollcall.events_of("ann").await.contains(&"Signed out".to_owned()));
    is_clean(&browser).await;
}

#[actix_web::test]
async fn a_page_with_a_token_alone_is_of_whom_the_token_names() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let secret = rollcall.shell(&["source", "add", "Signed", "--json"]);
    let text = |name: &str| secret[name].as_str().expect("a text").to_owned();
    let settings = json!({
        "api_base": "https://api-iam.intercom.io", "app_id": text("write_key"),
        "intercom_user_jwt": token(&text("secret"), &json!({ "user_id": "Åsa", "email": "asa@acme.test" })),
        "session_duration": 86_400_000, "company": { "id": "acme" },
    });
    site.page("/app", &standard_snippet(&rollcall.address, &settings));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    is_current(&rollcall, "Åsa", "acme").await;
    let user = rollcall.user("Åsa").await;
    assert_eq!((&user["signed"], &user["email"]), (&json!(true), &json!("asa@acme.test")));
    is_clean(&browser).await;
}

/// A token as Intercom's documentation makes it.
fn token(secret: &str, claims: &Value) -> String {
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[actix_web::test]
async fn the_script_first_and_the_settings_late() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let late = format!(
        "<script src=\"{}/widget.js\"></script>\
         <script>Intercom('boot', {{app_id: '{}', user_id: 'ann', company: {{id: 'acme'}}}});\
         Intercom('trackEvent', 'Booted')</script>",
        rollcall.address, rollcall.write_key
    );
    site.page("/app", &late);
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    is_current(&rollcall, "ann", "acme").await;
    assert_eq!(event_of(&rollcall, "ann", "Booted").await["company_id"], "acme");
    is_clean(&browser).await;
}

/// A page that has Rollcall's own snippet beside the real Intercom: its messenger is left alone.
#[actix_web::test]
async fn a_page_with_our_own_key_keeps_its_intercom() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let page = format!(
        "<script>window.intercomSettings = {{app_id: 'theirs', user_id: 'theirs'}};\
         window.seen = []; window.Intercom = function () {{ seen.push(arguments[0]) }}; Intercom.q = [['boot']]</script>{}",
        snippet(&rollcall, json!({ "user_id": "ann" }))
    );
    site.page("/app", &page);
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    browser.run("Intercom('trackEvent', 'Theirs'); rollcall.track('Ours')").await;
    event_of(&rollcall, "ann", "Ours").await;
    assert_eq!(browser.run("return [seen, Intercom.q]").await, json!([["trackEvent"], [["boot"]]]));
    assert_eq!(rollcall.user_ids().await, ["ann"]);
    is_clean(&browser).await;
}

/// The proofs, by Intercom's names.
#[actix_web::test]
async fn user_hash_counts_as_a_signature() {
    let mut rollcall = Rollcall::prepare(&[]);
    rollcall.set_up();
    let source = rollcall.shell(&["source", "add", "Signed", "--json"]);
    let (id, key) = (source["source_id"].as_str().expect("an id"), source["write_key"].as_str().expect("a key"));
    let secret = source["secret"].as_str().expect("a secret");
    rollcall.shell(&["source", "set", id, "signatures", "required", "--json"]);
    let hash = |id: &str| {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(id.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let site = Site::start();
    let settings = |user: &str, of: &str| json!({ "app_id": key, "user_id": user, "user_hash": hash(of) });
    site.page("/ann", &standard_snippet(&rollcall.address, &settings("ann", "ann")));
    site.page("/bob", &standard_snippet(&rollcall.address, &settings("bob", "ann")));
    site.page("/spaced", &standard_snippet(&rollcall.address, &settings(" cem ", " cem ")));
    let browser = Browser::start().await;
    browser.open(&site.url("/ann")).await;
    let user = user_appears(&rollcall, "ann").await;
    assert_eq!(user["signed"], true, "{user}");
    browser.open(&site.url("/bob")).await;
    until("the console says why Bob was refused", || async {
        let lines = browser.console().await.join("\n");
        if lines.contains("signature_invalid") { Ok(()) } else { Err(lines) }
    })
    .await;
    assert_eq!(rollcall.user_ids().await, ["ann"]);

    // The hash is of the id as the page has it, in each message of the page.
    browser.open(&site.url("/spaced")).await;
    user_appears(&rollcall, "cem").await;
    browser.run("rollcall.group('acme', { plan: 'pro' }); rollcall.track('Saved')").await;
    is_current(&rollcall, "cem", "acme").await;
    until("what was done is Cem's", || async {
        let events = rollcall.events_of("cem").await;
        if events.contains(&"Saved".to_owned()) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}
