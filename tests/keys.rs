//! Comfort for whoever keeps a hand on the keyboard: the palette and the keys of pages.

mod support;

use serde_json::{Value, json};
use support::browser::Browser;
use support::{Rollcall, message_id, seconds_ago, until};
use thirtyfour::prelude::*;

async fn two_people() -> Rollcall {
    let rollcall = Rollcall::start();
    let identify = |user: &str, name: &str| {
        json!({ "type": "identify", "messageId": message_id(), "userId": user, "timestamp": seconds_ago(60),
                "traits": { "name": name, "company": { "company_id": "acme", "name": "Acme" } } })
    };
    rollcall.backend_posts(json!([identify("ann", "Ann Low"), identify("zoe", "Zoë <b>Ng</b>")])).await;
    rollcall
}

async fn leads_to(browser: &Browser, path: &str) {
    until(path, || async {
        let address = browser.address().await;
        if address.ends_with(path) { Ok(()) } else { Err(address) }
    })
    .await;
}

async fn types(browser: &Browser, keys: impl Into<TypingData>) {
    let focused = browser.driver.active_element().await.expect("something has the focus");
    focused.send_keys(keys).await.expect("it takes keys");
}

#[actix_web::test]
async fn a_person_goes_anywhere_by_typing_and_edits_with_one_key() {
    let rollcall = two_people().await;
    let browser = Browser::start().await;
    browser.signs_in(&rollcall).await;
    types(&browser, Key::Control + "k").await;
    browser.sees("Settings: workspace").await;
    types(&browser, "zoë").await;
    types(&browser, Key::Enter).await;
    leads_to(&browser, "/users/zoe").await;
    types(&browser, "e").await;
    until("a page to edit", || async {
        let address = browser.address().await;
        if address.contains("/edit/") { Ok(()) } else { Err(address) }
    })
    .await;
    for (keys, path) in [("gs", "/segments"), ("gl", "/live"), ("gu", "/users")] {
        browser.run("document.activeElement.blur()").await;
        types(&browser, keys).await;
        leads_to(&browser, path).await;
    }
    types(&browser, "/").await;
    types(&browser, "zoe").await;
    types(&browser, Key::Enter).await;
    leads_to(&browser, "/users/zoe").await;
    types(&browser, Key::Control + "k").await;
    browser.sees("Your account").await;
    types(&browser, "slipping").await;
    browser.sees("Segment of companies").await;
    assert_eq!(browser.console().await, Vec::<String>::new());
}

#[actix_web::test]
async fn the_palette_offers_pages_segments_and_records_and_only_to_those_who_are_signed_in() {
    let rollcall = two_people().await;
    let desk = rollcall.desk().await;
    let offers = async |text: &str| -> Vec<(String, String)> {
        let body: Value = serde_json::from_str(&desk.open(&format!("/palette?q={text}")).await).expect("a list");
        let pair = |offer: &Value| {
            let text = |name: &str| offer[name].as_str().expect("a text").to_owned();
            (text("text"), text("href"))
        };
        body.as_array().expect("a list").iter().map(pair).collect()
    };
    let of = |text: &str, href: &str| (text.to_owned(), href.to_owned());
    assert!(offers("").await.contains(&of("Audit", "/settings/audit")), "pages before anything is typed");
    assert_eq!(offers("acme").await, [of("Acme", "/companies/acme")]);
    assert_eq!(offers("zoe").await, [of("Zoë <b>Ng</b>", "/users/zoe")]);
    assert_eq!(offers("E-mail only").await, [of("E-mail only", "/segments/email_only")]);
    assert_eq!(offers("nothing like that").await, []);
    let of_ironbridge = |user: &str, name: &str| {
        json!({ "type": "identify", "messageId": message_id(), "userId": user, "timestamp": seconds_ago(60),
                "traits": { "name": name, "email": format!("{user}@ironbridge.test"),
                            "company": { "company_id": "c_7", "name": "Ironbridge" } } })
    };
    rollcall.backend_posts(json!([of_ironbridge("u_1", "Ada Moss"), of_ironbridge("u_2", "Irona Bell")])).await;
    assert_eq!(
        offers("iron").await,
        [of("Ironbridge", "/companies/c_7"), of("Irona Bell", "/users/u_2"), of("Ada Moss", "/users/u_1")],
        "names that begin so first, and companies before the people of their domain"
    );
    assert!(desk.open("/palette?q=ada").await.contains("u_1@ironbridge.test · Ironbridge"), "which Ada it is");
    let response = rollcall.client.get(format!("{}/palette?q=acme", rollcall.address)).send().await.expect("an answer");
    assert!(!response.text().await.expect("text").contains("/companies/acme"));
}
