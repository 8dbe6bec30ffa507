//! The doctor: an operator opens the own site with a mark in its address, and reads field by field what became of
//! what the page said.

mod support;

use serde_json::json;
use support::browser::Browser;
use support::desk::Desk;
use support::site::Site;
use support::{Rollcall, until};

/// Makes a mark for a page: where the dashboard shows the visit, and the address to open.
async fn mark(desk: &Desk<'_>, source: &str, page: &str) -> (String, String) {
    let visit = desk.done("/install/doctor", &[("source", source), ("address", page)]).await;
    let shown = desk.open(&visit).await;
    let (_, link) = shown.split_once(&format!("href=\"{page}#rollcall-doctor=")).expect("the link");
    (visit, format!("{page}#rollcall-doctor={}", link.split('"').next().expect("its end")))
}

async fn source_id(rollcall: &Rollcall) -> String {
    let sources = rollcall.list("/sources").await;
    let ours = sources.iter().find(|source| source["keys"][0] == rollcall.write_key.as_str());
    ours.expect("the source")["source_id"].as_str().expect("its id").to_owned()
}

/// The row of a field, as text.
fn row(page: &str, field: &str) -> String {
    let (_, row) =
        page.split_once(&format!("<bdi>{field}</bdi></code></th>")).unwrap_or_else(|| panic!("{field}: {page}"));
    row.split("</tr>").next().expect("its end").to_owned()
}

#[actix_web::test]
async fn a_page_is_opened_with_a_mark_and_told_field_by_field() {
    let rollcall = Rollcall::start();
    let (site, browser) = (Site::start(), Browser::start().await);
    let desk = rollcall.desk().await;
    let settings = json!({
        "write_key": rollcall.write_key, "user_id": "ann@acme.test", "seats": "4", "email": "no address",
        "company": { "company_id": 4127, "name": "Acme {{ company.name }}", "membership": { "role": "admin" } },
    });
    let snippet = format!(
        "<script type=\"application/json\" id=\"rollcall-settings\">{settings}</script>\
         <script async src=\"{0}/widget.js\"></script><script async src=\"{0}/widget.js\"></script>",
        rollcall.address
    );
    site.page("/app", &snippet);
    // A visit before: what was said then is said again for the doctor.
    browser.open(&site.url("/app")).await;
    until("the user is there", || async {
        let answer = rollcall.api("/users/ann@acme.test").await;
        if answer.status == 200 { Ok(()) } else { Err(answer.text) }
    })
    .await;

    let source = source_id(&rollcall).await;
    let (visit, link) = mark(&desk, &source, &site.url("/app")).await;
    browser.open("about:blank").await;
    browser.open(&link).await;
    let page = until("the visit is shown", || async {
        let page = desk.open(&visit).await;
        if page.contains("<bdi>user_id</bdi>") { Ok(page) } else { Err(page) }
    })
    .await;
    assert!(row(&page, "user_id").contains("&quot;ann@acme.test&quot;"), "{page}");
    assert!(
        row(&page, "seats").contains("Number") || row(&page, "seats").contains("The same"),
        "{}",
        row(&page, "seats")
    );
    assert!(row(&page, "email").contains("email_invalid"), "{}", row(&page, "email"));
    let rails = desk.open(&format!("{visit}&fw=rails")).await;
    let (_, fix) = rails.split_once("The fix as code").expect("the fix");
    assert!(fix.contains("current_user.email") && !fix.contains("current_user.seats"), "what was refused: {fix}");
    assert!(row(&page, "company.company_id").contains("The user's current company"), "{page}");
    assert!(row(&page, "membership.role").contains("&quot;admin&quot;"), "{page}");
    for odd in [
        "The snippet is on the page twice",
        "Template tags were not rendered: company.name",
        "The user id is an e-mail",
    ] {
        assert!(page.contains(odd), "{odd}: {page}");
    }
    assert_eq!(browser.console().await.iter().filter(|line| !line.contains("email_invalid")).count(), 0);
}

#[actix_web::test]
async fn a_key_that_is_wrong_or_another_source_s_is_found_by_its_mark() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let (site, browser) = (Site::start(), Browser::start().await);
    let other = rollcall.shell(&["source", "add", "Help centre", "--json"]);
    let page = |path: &str, key: &str| {
        let html = format!("<script async src=\"{}/widget.js\" data-write-key=\"{key}\"></script>", rollcall.address);
        site.page(path, &html);
        site.url(path)
    };
    let source = source_id(&rollcall).await;
    for (path, key, told) in [
        ("/wrong", "wk_of_nobody", "write_key_unknown"),
        ("/other", other["write_key"].as_str().expect("a key"), "the key of the source “Help centre”"),
    ] {
        let (visit, link) = mark(&desk, &source, &page(path, key)).await;
        browser.open(&link).await;
        until(told, || async {
            let page = desk.open(&visit).await;
            if page.contains(told) { Ok(()) } else { Err(page) }
        })
        .await;
    }
}

#[actix_web::test]
async fn who_is_named_too_late_is_found_though_nothing_else_is_sent() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let (site, browser) = (Site::start(), Browser::start().await);
    let late = "setTimeout(() => { window.rollcallSettings = { user_id: 'ann' } }, 2500)";
    let tag = format!("async src=\"{}/widget.js\" data-write-key=\"{}\"", rollcall.address, rollcall.write_key);
    site.page("/late", &format!("<script {tag}></script><script>{late}</script>"));
    let source = source_id(&rollcall).await;
    let (visit, link) = mark(&desk, &source, &site.url("/late")).await;
    browser.open(&link).await;
    // As long as the widget waits for it.
    browser.run_async("setTimeout(arguments[0], 5200)").await;
    until("it is found", || async {
        let page = desk.open(&visit).await;
        if page.contains("The user was set after the first message was sent") { Ok(()) } else { Err(page) }
    })
    .await;
}

#[actix_web::test]
async fn a_mark_is_for_one_page_of_the_source_and_for_operators() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let source = source_id(&rollcall).await;
    for wrong in ["app.example", "javascript:alert(1)", "ftp://app.example/"] {
        let page = desk.is_refused("/install/doctor", &[("source", &source), ("address", wrong)]).await;
        assert!(page.contains("Enter the full address"), "{wrong}: {page}");
    }
    let (visit, link) = mark(&desk, &source, "https://app.example/a").await;
    let (_, mark) = link.split_once('=').expect("a mark");
    let send = |mark: &str| {
        json!({
            "writeKey": rollcall.write_key, "doctor": { "mark": mark, "settings": { "user_id": "u9" } },
            "batch": [{ "type": "identify", "userId": "u9", "messageId": support::message_id(), "traits": { "plan": "pro" } }],
        })
    };
    let unmarked = rollcall.post("/v1/batch", send("made up")).await;
    assert_eq!(unmarked.body["results"][0]["status"], "stored", "a mark that is none changes nothing");
    assert!(!desk.open(&visit).await.contains("u9"));
    let marked = rollcall.post("/v1/batch", send(mark)).await;
    assert_eq!(
        marked.body["results"][0].as_object().expect("an answer").keys().collect::<Vec<_>>(),
        ["message_id", "status"]
    );
    let page = desk.open(&visit).await;
    assert!(row(&page, "plan").contains("The same"), "{page}");
    let stranger = reqwest::get(format!("{}{visit}", rollcall.address)).await.expect("an answer");
    assert!(stranger.url().path().contains("sign-in"), "{}", stranger.url());
}
