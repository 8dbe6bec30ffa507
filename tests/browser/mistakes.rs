//! What a page gets wrong costs what is wrong, and nothing beside it.

use super::*;

/// What no JSON can say: a getter that throws, loops, an element with one, a number too big.
const UNREADABLE: &str = "const loop = { name: 'loop' }; loop.self = loop;
    const element = document.createElement('p'); element.owner = loop;
    const unreadable = { loop, element, get broken() { throw new Error('not yet') }, large: 12345678901234567890n,
      call() {}, nothing: undefined };";

#[actix_web::test]
async fn a_value_that_is_no_json_costs_neither_the_page_view_nor_the_values_beside_it() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let page = |set: &str, later: &str| {
        format!(
            "<script>{UNREADABLE}{set}</script><script async src=\"{}/widget.js\"></script><script>
             window.rollcallQueue = [{later}]</script>",
            rollcall.address
        )
    };
    let key = &rollcall.write_key;
    let settings = format!(
        "Object.assign(unreadable, {{ write_key: '{key}', user_id: 'ann', plan: 'pro',
           company: {{ company_id: 'acme', seats: 12, loop, membership: {{ role: 'admin' }} }},
           companies: [{{ company_id: 'acme' }}, {{ company_id: 'other', name: 'Other' }}] }});
         window.rollcallSettings = unreadable;"
    );
    site.page("/settings", &page(&settings, ""));
    let calls = "['identify', 'bob', Object.assign(unreadable, { plan: 'free' })],
        ['group', 'bobs', { seats: 3, loop, element }], ['track', 'Saved', { loop, rows: 7 }]";
    site.page("/calls", &page(&format!("window.rollcallSettings = {{ write_key: '{key}' }};"), calls));
    // user.com's page and Intercom's, as they stand.
    let own = |name: &str, key_name: &str, id: &str| {
        format!(
            "Object.assign(unreadable, {{ {key_name}: '{key}', user_id: '{id}', plan: 'pro' }}); window.{name} = unreadable;"
        )
    };
    site.page("/user-com", &page(&own("civchat", "apiKey", "cem"), ""));
    site.page("/intercom", &page(&own("intercomSettings", "app_id", "dee"), ""));

    let browser = Browser::start().await;
    for (path, id, events) in [
        ("/settings", "ann", &["page "][..]),
        ("/calls", "bob", &["Saved", "page "]),
        ("/user-com", "cem", &["page "]),
        ("/intercom", "dee", &["page "]),
    ] {
        browser.open(&site.url(path)).await;
        let user = user_appears(&rollcall, id).await;
        let attributes = &user["attributes"];
        assert_eq!(attributes["plan"], if id == "bob" { "free" } else { "pro" }, "{user}");
        assert_eq!(attributes["large"], "12345678901234567890", "{user}");
        for unreadable in ["broken", "call", "nothing", "element"] {
            assert!(attributes.get(unreadable).is_none(), "{unreadable}: {user}");
        }
        until(&format!("{id} was on the page"), || async {
            let mut told = rollcall.events_of(id).await;
            told.sort();
            if told == events { Ok(()) } else { Err(format!("{told:?}")) }
        })
        .await;
        let lines = browser.console().await;
        assert!(lines.iter().any(|line| line.contains("not JSON: broken")), "{lines:?}");
    }
    is_current(&rollcall, "ann", "acme").await;
    assert_eq!(rollcall.user("ann").await["companies"][0]["role"], "admin");
    assert_eq!(rollcall.company("acme").await["attributes"], json!({ "seats": 12 }));
    assert_eq!(rollcall.company("other").await["name"], "Other");
    assert_eq!(rollcall.company("bobs").await["attributes"]["seats"], 3);
    let saved = rollcall.list("/users/bob/events").await.into_iter().find(|event| event["name"] == "Saved");
    assert_eq!(saved.expect("the event")["properties"]["rows"], 7);
}

#[actix_web::test]
async fn settings_that_are_no_json_cost_neither_the_page_view_nor_who_it_is_of() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let page = |settings: &str| {
        format!(
            "<script type=\"application/json\" id=\"rollcall-settings\">{settings}</script>
             <script async src=\"{}/widget.js\"></script>",
            rollcall.address
        )
    };
    let key = &rollcall.write_key;
    // A comma too many, and a name that the template did not escape.
    let broken = format!(
        "{{ \"write_key\": \"{key}\", \"user_id\" : 4127, \"plan\": \"pro\",
            \"company\": {{ \"company_id\": \"acme\", \"name\": \"The \"best\" company\" }}, }}"
    );
    site.page("/app", &page(&broken));
    let refused = format!("{{ \"write_key\": \"{key}\", \"user_id\": \"bob\", \"consent\": false, }}");
    site.page("/refused", &page(&refused));
    let signed_out = format!("{{ \"write_key\": \"{key}\", \"user\": null, }}");
    site.page("/signed-out", &page(&signed_out));
    let browser = Browser::start().await;
    browser.open(&site.url("/refused")).await;
    browser.run_async("setTimeout(arguments[0], 1500)").await;
    assert_eq!(rollcall.api("/users/bob").await.status, 404, "consent is asked for before anything is sent");
    assert_eq!(anonymous_id(&browser).await, "", "and nothing is kept in the browser");
    browser.console().await;

    browser.open(&site.url("/app")).await;
    let user = user_appears(&rollcall, "4127").await;
    assert!(user["attributes"].get("name").is_none(), "the company's name is nobody's here: {user}");
    events_become(&rollcall, "4127", &["page "]).await;
    let lines = browser.console().await;
    assert!(lines.iter().any(|line| line.contains("Rollcall: SyntaxError")), "{lines:?}");

    browser.open(&site.url("/signed-out")).await;
    until("nobody is signed in there", || async {
        let visitors = rollcall.list("/visitors").await;
        if visitors.iter().any(|visitor| visitor["user_id"].is_null()) { Ok(()) } else { Err(format!("{visitors:?}")) }
    })
    .await;
}

#[actix_web::test]
async fn a_text_is_stored_as_it_was_said_whatever_is_in_it() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    // What JavaScript's own replacements take for a part of the text around it, and for quotes and ends.
    let text = "$& $` $' $$ $1 $<x> \\ \" ' } ]} \u{2028} {{ 5 }} \u{1F600}";
    let settings = json!({ "user_id": "ann", "motto": text, "company": { "company_id": "a$&b", "name": text } });
    let calls = format!("<script>window.rollcallQueue = [['track', 'Paid $$', {{ note: {} }}]]</script>", json!(text));
    site.page("/", &format!("{}{calls}", snippet(&rollcall, settings)));
    let browser = Browser::start().await;
    browser.open(&site.url("/")).await;
    let ann = user_appears(&rollcall, "ann").await;
    assert_eq!(ann["attributes"]["motto"], text);
    assert_eq!(ann["companies"][0]["company_id"], "a$&b", "{ann}");
    assert_eq!(rollcall.company("a$&b").await["name"], text);
    until("both are there", || async {
        let events = rollcall.events_of("ann").await;
        if events.len() == 2 { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    let events = rollcall.list("/users/ann/events").await;
    let paid = events.iter().find(|event| event["name"] == "Paid $$").expect("the event");
    assert_eq!(paid["properties"]["note"], text);
}

/// R9: JavaScript has rounded a number beyond 2^53 already, so two people would have the same id.
#[actix_web::test]
async fn what_is_no_id_makes_nobody_in_any_message() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let numbers =
        json!({ "user_id": 1_152_921_504_606_846_977_i64, "company": { "company_id": 1_152_921_504_606_846_979_i64 } });
    site.page("/number", &snippet(&rollcall, numbers));
    site.page(
        "/list",
        &snippet(&rollcall, json!({ "user_id": ["ann"], "company": { "company_id": { "id": "acme" } } })),
    );
    let browser = Browser::start().await;
    for (path, times) in [("/number", 1), ("/list", 2)] {
        browser.open(&site.url(path)).await;
        until("the console says why", || async {
            let lines = browser.console().await.join("\n");
            if lines.contains("id_not_a_string") { Ok(()) } else { Err(lines) }
        })
        .await;
        browser.run("rollcall.group({ name: 'Acme' }); rollcall.track('Saved')").await;
        until("what was done counts for the visitor", || async {
            let events = rollcall.list("/events").await;
            let saved = events.iter().filter(|event| event["name"] == "Saved").count();
            if saved == times { Ok(()) } else { Err(format!("{events:?}")) }
        })
        .await;
    }
    assert_eq!(rollcall.user_ids().await, Vec::<String>::new());
    assert_eq!(rollcall.list("/companies").await, Vec::<Value>::new());
}

#[actix_web::test]
async fn a_page_that_writes_dates_in_its_own_way_is_counted_all_the_same() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    // As Prototype.js 1.6 does.
    let own = "<script>Date.prototype.toJSON = function () { return '\"' + this.toISOString() + '\"' }</script>";
    site.page("/", &format!("{own}{}", snippet(&rollcall, json!({ "user_id": "ann", "plan": "pro" }))));
    let browser = Browser::start().await;
    browser.open(&site.url("/")).await;
    assert_eq!(user_appears(&rollcall, "ann").await["attributes"]["plan"], "pro");
    events_become(&rollcall, "ann", &["page "]).await;
    is_clean(&browser).await;
}
