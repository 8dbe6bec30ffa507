//! Pages written for Segment, of which only the host of the script changes.

use super::*;

/// Segment's snippet 5.2.0, with another host.
fn standard_snippet(rollcall: &Rollcall, calls: &str) -> String {
    r#"<script>
  !function(){var i="analytics",analytics=window[i]=window[i]||[];if(!analytics.initialize)if(analytics.invoked)window.console&&console.error&&console.error("Segment snippet included twice.");else{analytics.invoked=!0;analytics.methods=["trackSubmit","trackClick","trackLink","trackForm","pageview","identify","reset","group","track","ready","alias","debug","page","screen","once","off","on","addSourceMiddleware","addIntegrationMiddleware","setAnonymousId","addDestinationMiddleware","register"];analytics.factory=function(e){return function(){if(window[i].initialized)return window[i][e].apply(window[i],arguments);var n=Array.prototype.slice.call(arguments);if(["track","screen","alias","group","page","identify"].indexOf(e)>-1){var c=document.querySelector("link[rel='canonical']");n.push({__t:"bpc",c:c&&c.getAttribute("href")||void 0,p:location.pathname,u:location.href,s:location.search,t:document.title,r:document.referrer})}n.unshift(e);analytics.push(n);return analytics}};for(var n=0;n<analytics.methods.length;n++){var key=analytics.methods[n];analytics[key]=analytics.factory(key)}analytics.load=function(key,n){var t=document.createElement("script");t.type="text/javascript";t.async=!0;t.setAttribute("data-global-segment-analytics-key",i);t.src="HOST/analytics.js/v1/" + key + "/analytics.min.js";var r=document.getElementsByTagName("script")[0];r.parentNode.insertBefore(t,r);analytics._loadOptions=n};analytics._writeKey="KEY";analytics.SNIPPET_VERSION="5.2.0";
  analytics.load("KEY");
  CALLS
  }}();
</script>"#
        .replace("HOST", &rollcall.address)
        .replace("KEY", &rollcall.write_key)
        .replace("CALLS", calls)
}

async fn events(rollcall: &Rollcall, id: &str) -> Vec<Value> {
    rollcall.api(&format!("/users/{id}/events")).await.body["data"].as_array().cloned().unwrap_or_default()
}

async fn did(rollcall: &Rollcall, id: &str, name: &str) -> Value {
    until(&format!("{id} did {name}"), || async {
        let events = events(rollcall, id).await;
        events.iter().find(|event| event["name"] == name).cloned().ok_or(format!("{events:?}"))
    })
    .await
}

#[actix_web::test]
async fn the_standard_snippet_with_another_host() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let calls = "analytics.page('Docs', 'Pricing', {plan: 'free'});
        analytics.identify('ann', {name: 'Ann Lee', email: 'ann@acme.test', company: {id: 'acme', name: 'Acme'}},
          {integrations: {All: true}}, function () { window.identified = true });
        analytics.track('Early', {step: 1});
        analytics.ready(function () { window.isReady = analytics.user().id() });
        analytics.on('track', function (event) { (window.tracked = window.tracked || []).push(event) });";
    site.page("/app*", &standard_snippet(&rollcall, calls));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    is_current(&rollcall, "ann", "acme").await;
    let user = rollcall.user("ann").await;
    assert_eq!((&user["name"], &user["email"]), (&json!("Ann Lee"), &json!("ann@acme.test")));
    assert_eq!(did(&rollcall, "ann", "Early").await["properties"], json!({ "step": 1 }));
    let page = did(&rollcall, "ann", "page").await;
    assert_eq!(page["properties"]["plan"], "free", "{page}");
    assert_eq!(page["properties"]["category"], "Docs", "{page}");
    let known = browser
        .run(
            "return [analytics.user().id(), analytics.user().traits().name, analytics.group().id(), isReady, identified,
              typeof analytics.user().anonymousId(), JSON.parse(localStorage.rollcall).anonymous_id == analytics.user().anonymousId()]",
        )
        .await;
    assert_eq!(known, json!(["ann", "Ann Lee", "acme", "ann", true, "string", true]));
    browser
        .run(
            "analytics.track('Late', {step: 2}, function () { window.lateDone = true });
             analytics.group('globex', {name: 'Globex', plan: 'gold'});
             analytics.track('In Globex'); analytics.debug(false); analytics.addSourceMiddleware(function () {});
             analytics.timeout(300); analytics.push(['track', 'Pushed'])",
        )
        .await;
    assert_eq!(did(&rollcall, "ann", "In Globex").await["company_id"], "globex");
    did(&rollcall, "ann", "Pushed").await;
    assert_eq!(rollcall.company("globex").await["attributes"]["plan"], "gold");
    assert_eq!(
        browser.run("return [lateDone, tracked]").await,
        json!([true, ["Early", "Late", "In Globex", "Pushed"]])
    );
    // As at Segment only page() is a page: a single-page application calls it itself, when it likes.
    browser.run("history.pushState({}, '', '/app/two')").await;
    browser.run_async("setTimeout(arguments[0], 1000)").await;
    browser.run("analytics.page()").await;
    until("two pages", || async {
        let events = events(&rollcall, "ann").await;
        let pages = events.iter().filter(|event| event["type"] == "page").count();
        if pages == 2 && events.iter().any(|event| event.to_string().contains("/app/two")) {
            Ok(())
        } else {
            Err(format!("{events:?}"))
        }
    })
    .await;
    let before = browser.run("return analytics.user().anonymousId()").await;
    browser.run("analytics.reset(); analytics.identify('bob'); analytics.track('As Bob')").await;
    did(&rollcall, "bob", "As Bob").await;
    let after = browser.run("return [analytics.user().id(), analytics.user().anonymousId()]").await;
    assert_eq!(after[0], "bob");
    assert_ne!(after[1], before);
    is_clean(&browser).await;
}

/// From a page only who is on it is joined to an id: another one is not mistaken for them.
#[actix_web::test]
async fn an_alias_from_somebody_else_is_told_and_not_sent() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    site.page("/app", &standard_snippet(&rollcall, "analytics.page()"));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    browser.run_async("analytics.ready(() => arguments[0]())").await;
    browser
        .run("console.info = (text) => window.told = text; analytics.alias('bob', 'somebody else'); analytics.track('Later')")
        .await;
    until("the event is in", || async {
        let events = rollcall.list("/events").await;
        if events.iter().any(|event| event["name"] == "Later") { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    assert!(rollcall.user_ids().await.is_empty(), "the visitor is not bob");
    let told = browser.run("return window.told").await;
    assert!(told.as_str().is_some_and(|told| told.contains("somebody else is not who is on this page")), "{told}");
}

/// Our own address in the place of Segment's script, with the page's stub and our tag.
#[actix_web::test]
async fn the_widget_takes_the_stub_s_queue() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let page = standard_snippet(&rollcall, "analytics.page(); analytics.identify('ann')").replace(
        &format!("{}/analytics.js/v1/\" + key + \"/analytics.min.js", rollcall.address),
        &format!("{}/widget.js\" + \"", rollcall.address),
    );
    site.page("/app", &page);
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    did(&rollcall, "ann", "page").await;
    is_clean(&browser).await;
}

/// A page without any stub: the file itself defines `analytics`.
#[actix_web::test]
async fn the_file_alone_defines_analytics() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let page = format!(
        "<script src=\"{}/analytics.js/v1/{}/analytics.min.js\"></script>\
         <script>analytics.identify('ann', {{plan: 'pro'}}); analytics.page(); analytics.track('At once')</script>",
        rollcall.address, rollcall.write_key
    );
    site.page("/app", &page);
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    did(&rollcall, "ann", "At once").await;
    until("one page", || async {
        let events = events(&rollcall, "ann").await;
        if events.iter().filter(|event| event["type"] == "page").count() == 1 {
            Ok(())
        } else {
            Err(format!("{events:?}"))
        }
    })
    .await;
    is_clean(&browser).await;
}

/// The options of a call, as https://segment.com/docs/connections/spec/common/ has them.
#[actix_web::test]
async fn a_call_s_options_say_when_it_was_and_of_which_company() {
    let rollcall = Rollcall::start();
    let site = Site::start();
    let calls = "analytics.identify('ann');
        analytics.track('Paid', { amount: 7 }, { timestamp: new Date(Date.now() - 7200000), context: { groupId: 'acme' } });
        analytics.track('In the background', {}, { context: { active: false } });
        analytics.page('Docs', 'Pricing', { plan: 'free' }, { timestamp: new Date(Date.now() - 3600000).toISOString() });
        analytics.screen('Settings', { tab: 2 });";
    site.page("/app", &standard_snippet(&rollcall, calls));
    let browser = Browser::start().await;
    browser.open(&site.url("/app")).await;
    let age = |event: &Value| {
        let time =
            event["time"].as_str().and_then(|time| chrono::DateTime::parse_from_rfc3339(time).ok()).expect("a time");
        (chrono::Utc::now() - time.to_utc()).num_minutes()
    };
    let paid = did(&rollcall, "ann", "Paid").await;
    assert_eq!((&paid["company_id"], &paid["properties"]["amount"]), (&json!("acme"), &json!(7)));
    assert!((119..125).contains(&age(&paid)), "{paid}");
    let page = did(&rollcall, "ann", "page").await;
    assert_eq!((&page["properties"]["category"], &page["type"]), (&json!("Docs"), &json!("page")));
    assert!((59..65).contains(&age(&page)), "{page}");
    until("the screen is a screen", || async {
        let events = events(&rollcall, "ann").await;
        let screen = events.iter().find(|event| event["type"] == "screen" && event["properties"]["tab"] == 2);
        screen.map(drop).ok_or(format!("{events:?}"))
    })
    .await;
    let background = did(&rollcall, "ann", "In the background").await;
    assert!(background["company_id"].is_null(), "{background}");
    is_clean(&browser).await;
}
