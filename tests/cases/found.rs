//! What is wrong though nothing is refused for it, found in ordinary traffic: told as it happens to a site.

use std::collections::BTreeMap;

use reqwest::Method;

use super::support::until;
use super::*;

/// What was found by code: how often, and its sentence.
async fn found(rollcall: &Rollcall) -> BTreeMap<String, (u64, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().expect("a text").to_owned();
    let all = rollcall.list("/findings").await;
    all.iter()
        .map(|one| (text(one, "code"), (one["count"].as_u64().expect("a count"), text(one, "sentence"))))
        .collect()
}

async fn set_source(rollcall: &Rollcall, name: &str, body: Value) {
    let id = until("the server sees what the shell made", || async {
        let sources = rollcall.list("/sources").await;
        let source = sources.iter().find(|source| source["name"] == name);
        source.and_then(|source| source["source_id"].as_str().map(str::to_owned)).ok_or_else(|| format!("{sources:?}"))
    })
    .await;
    let path = format!("/sources/{id}");
    let answer = rollcall.api_as(Method::PATCH, &path, &rollcall.token, Some(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Posts a page view as a browser on a page of this origin does.
async fn page_of(rollcall: &Rollcall, write_key: &str, origin: &str) {
    let body = json!({ "writeKey": write_key, "batch": [page("v", "/")] });
    let request = rollcall.client.post(format!("{}/v1/batch", rollcall.address)).header("origin", origin);
    assert_eq!(request.json(&body).send().await.expect("an answer").status(), 200);
}

/// Posts as a browser on a page of this origin does, through a proxy of this machine that says for whom it asks, or
/// does not.
async fn through_a_proxy(rollcall: &Rollcall, origin: &str, client: Option<&str>, message: Value) {
    let body = json!({ "writeKey": rollcall.write_key, "batch": [message] });
    let mut request = rollcall.client.post(format!("{}/v1/batch", rollcall.address)).header("origin", origin);
    if let Some(client) = client {
        request = request.header("x-forwarded-for", client);
    }
    assert_eq!(request.json(&body).send().await.expect("an answer").status(), 200);
}

/// Waits until a page's oddity was counted, behind everything that people wait for.
async fn sentence_of(rollcall: &Rollcall, code: &str) -> String {
    until(code, || async {
        let found = found(rollcall).await;
        found.get(code).map(|(_, sentence)| sentence.clone()).ok_or_else(|| format!("{found:?}"))
    })
    .await
}

#[actix_web::test]
async fn a_template_that_was_not_rendered_is_found_by_its_tag() {
    let rollcall = Rollcall::start();
    let unrendered = json!({ "name": "Ann {{ user.last_name }}", "plan": "pro", "motto": "see [[Home]]" });
    for _ in 0..2 {
        rollcall.page_posts(identify(None, "ann", unrendered.clone())).await;
    }
    let told = "A value holds a template tag that was not rendered, the last one name: {{ user.last_name }}.";
    let (count, sentence) = found(&rollcall).await["template_not_rendered"].clone();
    assert_eq!((count, sentence.as_str()), (1, told), "what is said again is not found again");

    rollcall.page_posts(identify(None, "bob", json!({ "plan": "<%= @plan %>" }))).await;
    let found = found(&rollcall).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found["template_not_rendered"].1.starts_with("2 values hold"), "{found:?}");

    let desk = rollcall.desk().await;
    let page = desk.open("/refusals").await;
    for shown in ["plan: &lt;%= @plan %&gt;", "check it with the doctor", "/help/codes#template_not_rendered"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(desk.open("/").await.contains("2 values hold a template tag"), "the overview says so");
}

#[actix_web::test]
async fn an_address_in_the_place_of_an_id_is_found_and_told_without_naming_anybody() {
    let rollcall = Rollcall::start();
    let ann = json!({ "email": "ann@acme.test" });
    rollcall.page_posts(json!([identify(None, "7", ann.clone()), identify(None, "@handle", json!({}))])).await;
    assert_eq!(found(&rollcall).await, BTreeMap::new());

    rollcall.page_posts(json!([identify(None, "ann@acme.test", ann), track("ann@acme.test", "Paid")])).await;
    assert_eq!(found(&rollcall).await["user_id_is_email"].1, "A user id is an e-mail address, at …@acme.test.");
    rollcall.page_posts(identify(None, "bob@globex.test", json!({}))).await;
    let (count, sentence) = found(&rollcall).await["user_id_is_email"].clone();
    assert_eq!(count, 2, "as many as users");
    assert_eq!(sentence, "2 user ids are e-mail addresses, the last one at …@globex.test.");
}

#[actix_web::test]
async fn events_that_name_none_of_several_companies_are_found_once_a_day() {
    let rollcall = Rollcall::start();
    let companies = json!({ "companies": [{ "company_id": "acme" }, { "company_id": "globex" }] });
    let one = json!({ "company": { "company_id": "acme" } });
    rollcall.page_posts(json!([identify(None, "ann", companies), identify(None, "bob", one)])).await;
    let mut stated = track("ann", "Paid");
    stated["context"] = json!({ "groupId": "acme" });
    rollcall.page_posts(json!([stated, track("bob", "Paid"), track("nobody", "Paid")])).await;
    assert_eq!(found(&rollcall).await, BTreeMap::new(), "a company is named, is the only one, or there is none");

    rollcall.page_posts(json!([track("ann", "Opened"), track("ann", "Exported")])).await;
    let (count, sentence) = found(&rollcall).await["events_without_company"].clone();
    let told =
        "On one day, users with several companies did something without naming a company, most recently \"Opened\".";
    assert_eq!((count, sentence.as_str()), (1, told), "not a row a message");
}

#[actix_web::test]
async fn colleagues_who_are_counted_as_customers_are_found_until_they_are_left_out() {
    let rollcall = Rollcall::start();
    set_source(&rollcall, "Shop", json!({ "origins": ["https://app.quayside.com"] })).await;
    let signs_in = |id: &str, email: &str| identify(None, id, json!({ "email": email }));
    rollcall.page_posts(signs_in("ann", "ann@acme.com")).await;
    assert_eq!(found(&rollcall).await, BTreeMap::new());
    rollcall.page_posts(signs_in("sam", "sam@quayside.com")).await;
    let told = "One person of your own e-mail domain, quayside.com, is counted as a customer.";
    assert_eq!(found(&rollcall).await["own_people_counted"], (1, told.to_owned()));

    let body = Some(json!({ "value": ["quayside.com"] }));
    let answer = rollcall.api_as(Method::PUT, "/settings/staff_domains", &rollcall.token, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    rollcall.page_posts(signs_in("tim", "tim@quayside.com")).await;
    assert_eq!(found(&rollcall).await["own_people_counted"].0, 1);
}

#[actix_web::test]
async fn a_page_without_https_and_a_live_site_with_a_test_key_are_found() {
    let rollcall = Rollcall::start_with(&["--public-url", "https://roll.quayside.com"]);
    page_of(&rollcall, &rollcall.write_key, "http://localhost:3000").await;
    page_of(&rollcall, &rollcall.write_key, "https://app.quayside.com").await;
    page_of(&rollcall, &rollcall.write_key, "http://old.quayside.com").await;
    assert_eq!(
        sentence_of(&rollcall, "page_without_https").await,
        "Pages of old.quayside.com were served over http on one day: what they send can be read in transit."
    );

    let staging = rollcall.shell(&["source", "add", "Staging", "--json"]);
    let key = staging["write_key"].as_str().expect("a key");
    set_source(&rollcall, "Staging", json!({ "kind": "test" })).await;
    set_source(&rollcall, "Shop", json!({ "origins": ["https://app.quayside.com"] })).await;
    page_of(&rollcall, key, "https://staging.quayside.com").await;
    page_of(&rollcall, key, "https://app.quayside.com").await;
    let told = sentence_of(&rollcall, "test_key_on_live_site").await;
    assert!(told.starts_with("Pages of app.quayside.com, which a live source lists, sent with the key"), "{told}");
    assert_eq!(found(&rollcall).await.len(), 2);
}

#[actix_web::test]
async fn a_proxy_that_is_not_trusted_is_found_and_told_by_the_check() {
    let rollcall = Rollcall::start();
    page_of(&rollcall, &rollcall.write_key, "https://direct.quayside.com").await;
    through_a_proxy(&rollcall, "https://app.quayside.com", Some("203.0.113.7"), page("v", "/")).await;
    let told =
        "On one day, a proxy at 127.0.0.1 named its visitors, but was not trusted: they all count as one address.";
    assert_eq!(sentence_of(&rollcall, "proxy_not_trusted").await, told);
    assert_eq!(found(&rollcall).await.len(), 1);

    let checked = rollcall.shell(&["check", "--json"]);
    let of_proxies: Vec<&Value> = checked["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["code"].as_str().expect("a code").starts_with("proxy"))
        .collect();
    assert_eq!((of_proxies.len(), &checked["ok"]), (1, &true.into()), "{checked}");
    assert_eq!(
        (of_proxies[0]["code"].as_str(), of_proxies[0]["sentence"].as_str()),
        (Some("proxy_not_trusted"), Some(told))
    );
    assert!(of_proxies[0]["fix"].as_str().expect("a fix").contains("--trusted-proxy"), "{checked}");
}

#[actix_web::test]
async fn a_trusted_proxy_that_does_not_say_for_whom_it_asks_is_found() {
    let rollcall = Rollcall::start_with(&["--trusted-proxy", "127.0.0.1"]);
    through_a_proxy(&rollcall, "https://app.quayside.com", Some("203.0.113.7"), page("v", "/")).await;
    through_a_proxy(&rollcall, "http://localhost:3000", None, page("v", "/")).await;
    rollcall.backend_posts(track("ann", "Paid")).await;
    through_a_proxy(&rollcall, "https://shop.quayside.com", None, page("v", "/")).await;
    assert!(sentence_of(&rollcall, "proxy_silent").await.contains("at 127.0.0.1 did not name its visitors"));
    let found = found(&rollcall).await;
    assert_eq!(
        (found.len(), found["proxy_silent"].0),
        (1, 1),
        "a program or a page of this machine may do without one"
    );
}

#[actix_web::test]
async fn colleagues_who_sign_in_as_customers_of_many_companies_are_found() {
    let rollcall = Rollcall::start_with(&["--trusted-proxy", "127.0.0.1"]);
    let signs_in = |number: usize| {
        identify(None, &format!("u{number}"), json!({ "company": { "company_id": format!("company-{number}") } }))
    };
    let office = Some("203.0.113.7");
    for number in 0..4 {
        through_a_proxy(&rollcall, "https://app.quayside.com", office, signs_in(number)).await;
        let home = format!("198.51.100.{number}");
        through_a_proxy(&rollcall, "https://app.quayside.com", Some(&home), signs_in(number + 10)).await;
    }
    let mut colleague = signs_in(4);
    colleague["context"] = json!({ "acting_as": true });
    through_a_proxy(&rollcall, "https://app.quayside.com", office, colleague).await;
    assert_eq!(found(&rollcall).await, BTreeMap::new(), "four of one address, and one as a colleague");

    through_a_proxy(&rollcall, "https://app.quayside.com", office, signs_in(5)).await;
    assert_eq!(
        sentence_of(&rollcall, "one_address_many_companies").await,
        "On one day, users of five companies or more were named from one IP address within an hour, the last ones of \
         company-0, company-1, company-2 and others: colleagues may be signed in as customers."
    );
}
