//! How the script comes onto the page, and what it tells the page's developer.

use super::*;

#[actix_web::test]
async fn the_pinned_script_of_the_installation_page_runs_and_another_does_not() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let browser = Browser::start().await;
    browser.signs_in(&rollcall).await;
    browser.open(&format!("{}/install", rollcall.address)).await;
    let shown = "return [...document.querySelectorAll('#harden pre')].map(pre => pre.textContent)
                 .filter(code => code.includes('integrity='))[0]";
    let tag = browser.run(shown).await.as_str().expect("a tag").to_owned();
    assert!(tag.contains("integrity=\"sha384-") && tag.contains("crossorigin=\"anonymous\""), "{tag}");
    let settings = "<script type=\"application/json\" id=\"rollcall-settings\">{\"user_id\": \"ann\"}</script>";
    site.page("/app", &format!("{settings}{tag}"));
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    is_clean(&browser).await;
    site.page("/wrong", &tag.replace("sha384-", "sha384-AAAA"));
    browser.open(&site.url("/wrong")).await;
    assert_eq!(browser.run("return typeof rollcall").await, "undefined");
}

#[actix_web::test]
async fn debug_explains_each_refusal_with_its_fix() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/app", &snippet(&rollcall, json!({ "user_id": "ann", "seats": 5 })));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    user_appears(&rollcall, "ann").await;
    is_clean(&browser).await;
    browser
        .run("rollcall.debug(true); rollcall.identify('ann', {seats: 'ten'}); rollcall.identify('{{user.id}}')")
        .await;
    let told = std::cell::RefCell::new(Vec::new());
    for code in ["type_mismatch", "id_placeholder"] {
        until(&format!("the console explains {code}"), || async {
            let lines = browser.console().await;
            told.borrow_mut().extend(lines);
            let page = format!("/help/codes#{code}");
            let explained = told.borrow().iter().any(|line: &String| line.contains(code) && line.contains(&page));
            if explained { Ok(()) } else { Err(format!("{told:?}")) }
        })
        .await;
    }
}

/// A page that does not name its key, or has it wrong, is told so once.
#[actix_web::test]
async fn a_page_without_a_key_is_told_so_once() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/none", &format!("<script async src=\"{}/widget.js\"></script>", rollcall.address));
    site.page("/wrong", &snippet(&rollcall, json!({})).replace(&rollcall.write_key, "wk_wrong"));
    let browser = Browser::start().await;
    for (path, code) in [("/none", "write_key_missing"), ("/wrong", "write_key_unknown")] {
        browser.open(&site.url(path)).await;
        browser.run("rollcall.track('One'); rollcall.track('Two')").await;
        browser.run_async("setTimeout(arguments[0], 4500)").await;
        let lines = browser.console().await;
        let ours: Vec<&String> = lines.iter().filter(|line| line.contains("Rollcall:")).collect();
        assert_eq!(ours.len(), 1, "{path}: {lines:?}");
        assert!(ours[0].contains(code), "{ours:?}");
    }
}

/// Another host for the API, and another path on it, as behind a proxy of the site's own.
#[actix_web::test]
async fn api_host_and_endpoint_say_where_to_post() {
    let rollcall = Rollcall::start();
    let relay = support::relay::Relay::to(&rollcall.address);
    let site = Site::start();
    let settings = json!({ "user_id": "ann", "api_host": format!("{}/", relay.address), "endpoint": "/v1/b" });
    site.page("/app", &snippet(&rollcall, settings));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    let ann = user_appears(&rollcall, "ann").await;
    assert!(ann["attributes"].get("api_host").is_none() && ann["attributes"].get("endpoint").is_none(), "{ann}");
    assert!(!relay.posts().is_empty());
    let posted = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name).filter(name => name.includes('/v1/'))").await;
    assert!(
        posted.as_array().expect("names").iter().all(|name| *name == format!("{}/v1/b", relay.address)),
        "{posted}"
    );
    is_clean(&browser).await;
}
