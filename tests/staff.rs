//! Our own people, by e-mail domain, are in no number (R16, T5).

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Rollcall, encoded, message_id, seconds_ago, until};

/// Somebody signs in at a company and does something there.
async fn works(rollcall: &Rollcall, user: &str, email: &str, company: &str, seconds: i64) {
    let message = |rest: Value| {
        let mut message = json!({
            "messageId": message_id(), "userId": user, "anonymousId": format!("browser of {user}"),
            "timestamp": seconds_ago(seconds),
        });
        message.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        message
    };
    let traits = json!({ "email": email, "company": { "company_id": company } });
    rollcall
        .backend_posts(json!([
            message(json!({ "type": "identify", "traits": traits })),
            message(json!({ "type": "track", "event": "Report exported", "context": { "groupId": company } })),
        ]))
        .await;
}

/// What the numbers say: active people of two companies, when each was last seen, and all of today on the first page.
async fn numbers(rollcall: &Rollcall, cookie: &str) -> Value {
    let (acme, umbrella) = (rollcall.company("acme").await, rollcall.company("umbrella").await);
    let of = |company: &Value| json!([company["active_members_30d"], company["last_seen"], company["members"]]);
    json!({ "acme": of(&acme), "umbrella": of(&umbrella), "people_7d": people_7d(rollcall, cookie).await })
}

/// The people of the last seven days, as the first page says it.
async fn people_7d(rollcall: &Rollcall, cookie: &str) -> String {
    let request = rollcall.client.get(&rollcall.address).header("cookie", cookie);
    let page = request.send().await.expect("an answer").text().await.expect("a page");
    let after = page.split("Active in 7 days").nth(1).unwrap_or_else(|| panic!("{page}"));
    let words: String = after.split('<').filter_map(|part| part.split('>').nth(1)).collect::<Vec<_>>().join(" ");
    words.split_whitespace().find(|word| word.bytes().all(|byte| byte.is_ascii_digit())).expect("a number").to_owned()
}

async fn own_domains(rollcall: &Rollcall, domains: Value) {
    let answer = rollcall
        .api_as(Method::PUT, "/settings/staff_domains", &rollcall.token, Some(json!({ "value": domains })))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn becomes(rollcall: &Rollcall, cookie: &str, what: &str, wanted: &Value) {
    until(what, || async {
        let told = numbers(rollcall, cookie).await;
        if told == *wanted { Ok(()) } else { Err(format!("{told}, wanted {wanted}")) }
    })
    .await;
    let output = rollcall.shell_output(&["check"], "");
    assert!(output.status.success(), "every number is a recount: {output:?}");
}

#[actix_web::test]
async fn r16_whoever_has_an_address_of_our_own_domains_leaves_every_number_and_comes_back() {
    let rollcall = Rollcall::start();
    let cookie = rollcall.session_cookie().await;
    works(&rollcall, "ann", "ann@acme.test", "acme", 7_200).await;
    works(&rollcall, "sue", "sue@own.test", "acme", 60).await;
    works(&rollcall, "sam", "sam@own.test", "umbrella", 60).await;
    let with_all = numbers(&rollcall, &cookie).await;
    assert_eq!(
        (&with_all["acme"][0], &with_all["umbrella"][0], &with_all["people_7d"]),
        (&json!(2), &json!(1), &json!("3"))
    );

    own_domains(&rollcall, json!(["Own.test"])).await;
    let seen = |user: &Value| user["last_seen"].clone();
    let ann = seen(&rollcall.user("ann").await);
    let without = json!({ "acme": [1, ann, 2], "umbrella": [0, null, 1], "people_7d": "1" });
    becomes(&rollcall, &cookie, "the numbers without our own people", &without).await;
    assert!(seen(&rollcall.user("sue").await).is_string(), "when she was last seen is told all the same");

    // What they do from now on counts as little, also of somebody new, or who is one of us since today.
    works(&rollcall, "zoe", "zoe@own.test", "umbrella", 30).await;
    works(&rollcall, "sue", "sue@own.test", "acme", 20).await;
    let grown = json!({ "acme": [1, ann, 2], "umbrella": [0, null, 2], "people_7d": "1" });
    becomes(&rollcall, &cookie, "the same numbers", &grown).await;
    works(&rollcall, "ann", "ann@own.test", "acme", 10).await;
    let nobody = json!({ "acme": [0, null, 2], "umbrella": [0, null, 2], "people_7d": "0" });
    becomes(&rollcall, &cookie, "nobody", &nobody).await;
    works(&rollcall, "ann", "ann@acme.test", "acme", 5).await;
    let ann = seen(&rollcall.user("ann").await);
    becomes(
        &rollcall,
        &cookie,
        "ann again",
        &json!({ "acme": [1, ann, 2], "umbrella": [0, null, 2], "people_7d": "1" }),
    )
    .await;

    // A shell that takes the domain off is followed by the server that runs.
    rollcall.shell(&["setting", "staff_domains", "", "--json"]);
    until("all of them", || async {
        let told = numbers(&rollcall, &cookie).await;
        if told["people_7d"] == "4" && told["acme"][0] == 2 { Ok(()) } else { Err(told.to_string()) }
    })
    .await;
    assert!(rollcall.shell_output(&["check"], "").status.success());
}

#[actix_web::test]
async fn r16_changing_our_own_domains_says_first_whom_it_touches() {
    let rollcall = Rollcall::start();
    works(&rollcall, "ann", "ann@acme.test", "acme", 120).await;
    works(&rollcall, "sue", "sue@own.test", "acme", 60).await;
    let cookie = rollcall.session_cookie().await;
    let send = async |domains: &str, confirmed: &str| {
        let fields = [("domain_rule", "off"), ("protect_signed", "true"), ("staff_domains", domains)];
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = rollcall
            .client
            .post(format!("{}/settings/rules", rollcall.address))
            .header("cookie", &cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&") + confirmed);
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a page"))
    };
    let (status, page) = send("nobody.test", "").await;
    assert_eq!(status, 303, "nobody has such an address: {page}");
    let (status, page) = send("nobody.test, own.test", "").await;
    assert!(status == 200 && page.contains("1 user is</b> at your own domains from now on"), "{page}");
    assert_eq!(rollcall.api("/settings/staff_domains").await.body["value"], json!(["nobody.test"]), "asked first");
    let (status, _) = send("nobody.test, own.test", "&confirmed=1").await;
    assert_eq!(status, 303);
    until("her page to say it", || async {
        let address = format!("{}/users/sue", rollcall.address);
        let request = rollcall.client.get(address).header("cookie", &cookie);
        let page = request.send().await.expect("an answer").text().await.expect("a page");
        if page.contains("Own staff") { Ok(()) } else { Err(page) }
    })
    .await;
    let (status, page) = send("", "").await;
    assert!(status == 200 && page.contains("1 user is</b> no longer at your own domains"), "{page}");
}

#[actix_web::test]
async fn r16_a_domain_has_its_subdomains_with_it_and_what_is_none_is_refused() {
    let rollcall = Rollcall::start();
    for (user, email) in [("sue", "sue@own.test"), ("sam", "sam@mail.own.test"), ("ann", "ann@notown.test")] {
        works(&rollcall, user, email, "acme", 60).await;
    }
    let put = async |value: Value| {
        let body = Some(json!({ "value": value }));
        rollcall.api_as(Method::PUT, "/settings/staff_domains", &rollcall.token, body).await
    };
    for wrong in [json!(["own"]), json!("co.uk"), json!(["own.test", "what?"])] {
        let refused = put(wrong.clone()).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (400, &json!("value_invalid")), "{wrong}");
        assert!(refused.body["detail"].as_str().is_some_and(|text| text.contains("such as acme.com")), "{refused:?}");
    }
    assert_eq!(rollcall.company("acme").await["active_members_30d"], 3, "nothing was changed");

    assert_eq!(put(json!(["mail.own.test"])).await.body["value"], json!(["own.test"]), "as the rule of domains has it");
    until("only ann to be counted", || async {
        let company = rollcall.company("acme").await;
        if company["active_members_30d"] == 1 { Ok(()) } else { Err(company.to_string()) }
    })
    .await;
    works(&rollcall, "sid", "sid@eu.own.test", "acme", 30).await;
    let company = rollcall.company("acme").await;
    assert_eq!((&company["active_members_30d"], &company["members"]), (&json!(1), &json!(4)));
}
