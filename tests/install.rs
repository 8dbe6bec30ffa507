//! The installation page: its code in the words of a framework, with the fields that were chosen, safe to copy and
//! to hand over. Each framework's own engine runs that code in `tests/frameworks`.

mod support;

use serde_json::json;
use support::Rollcall;
use support::browser::Browser;
use support::site::Site;
use support::until;

#[actix_web::test]
async fn the_code_is_in_the_words_of_the_framework_with_the_fields_that_were_chosen() {
    let rollcall = Rollcall::start();
    rollcall.page_posts(json!([{ "type": "identify", "userId": "u1", "traits": { "Lieblingsfarbe": "blue" } }])).await;
    let desk = rollcall.desk().await;
    let usual = desk.open("/install?fw=rails").await;
    assert!(usual.contains("current_user.email") && usual.contains("current_account.plan"), "{}", usual);
    assert!(usual.contains("Lieblingsfarbe"), "what the site sends is offered");
    assert!(!usual.contains("current_user.lieblingsfarbe"));
    let chosen = desk.open("/install?fw=rails&chosen=1&f=Lieblingsfarbe&m=role").await;
    for piece in ["current_user.lieblingsfarbe", "current_membership&amp;.role", &rollcall.write_key] {
        assert!(chosen.contains(piece), "{piece}");
    }
    assert!(!chosen.contains("current_user.email") && !chosen.contains("current_account.plan"));
    let file = desk.open("/install/hand-over.md?fw=rails&chosen=1&f=Lieblingsfarbe").await;
    assert!(file.contains("## 2. Pages behind the sign-in (Rails)"), "{}", file);
    assert!(file.contains("current_user.lieblingsfarbe") && file.contains("OpenSSL::HMAC"), "{}", file);
}

#[actix_web::test]
async fn a_name_that_an_attacker_made_up_never_stands_in_code_to_copy() {
    let rollcall = Rollcall::start();
    let name = "%> <%= `rm -rf /` %>";
    rollcall.page_posts(json!([{ "type": "identify", "userId": "u1", "traits": { name: "x", "harmless": 1 } }])).await;
    assert_eq!(rollcall.user("u1").await["attributes"][name], "x");
    let desk = rollcall.desk().await;
    let encoded = support::encoded(name);
    for path in ["/install?fw=rails", &format!("/install?fw=rails&chosen=1&f={encoded}&f=harmless")] {
        let page = desk.open(path).await;
        assert!(page.contains("harmless") && !page.contains("rm -rf"), "{path}");
    }
}

#[actix_web::test]
async fn a_test_as_me_goes_the_whole_way_and_leaves_nothing() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let sources = rollcall.list("/sources").await;
    let source = sources.iter().find(|source| source["keys"][0] == rollcall.write_key.as_str()).expect("the source");
    let sent = desk.send("/install/try", &[("source", source["source_id"].as_str().expect("an id"))]).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    for told in ["rollcall-test-me", "The user&#39;s current company", "Nothing was stored", support::OWNER.0] {
        let told = told.replace("&#39;", "'");
        assert!(sent.page.contains(&told), "{told}: {}", sent.page);
    }
    assert!(rollcall.list("/users").await.is_empty() && rollcall.list("/companies").await.is_empty());
    assert_eq!(desk.send("/install/try", &[("source", "nobody")]).await.status, 404);
}

#[actix_web::test]
async fn opened_from_the_menu_the_page_says_how_it_has_been_in_the_last_day() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let state = |page: &str| {
        let heading = page.split("id=\"state-h\"").nth(1).and_then(|rest| rest.split("</h2>").next());
        heading.expect("a state").to_owned()
    };
    let page = desk.open("/install").await;
    assert!(state(&page).contains("Nothing yet") && page.contains("in the last 24 hours"), "{page}");
    let traits = serde_json::json!({ "name": "{{ user.name }}", "company": { "company_id": "acme" } });
    let message = serde_json::json!({ "type": "identify", "userId": "ann", "anonymousId": "a-1", "traits": traits });
    rollcall.page_posts(message).await;
    let page = desk.open("/install").await;
    assert!(state(&page).contains("Complete") && page.contains("From the last 24 hours"), "{page}");
    assert!(page.contains("is a template tag that was not rendered"), "{page}");
    let anew = desk.open("/install?since=now").await;
    assert!(state(&anew).contains("Nothing yet"), "a check that is started looks at what follows: {anew}");
}

#[actix_web::test]
async fn a_page_of_any_framework_says_that_nobody_is_signed_in_and_names_several_companies_in_its_own_words() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let words = [
        ("rails", "user: nil", "current_user.accounts.map { |account| { company_id: account.id.to_s"),
        ("laravel", "'user' =&gt; null", "$user-&gt;accounts-&gt;map(fn ($account) =&gt; [ 'company_id'"),
        ("go", "nil", "for _, account := range user.Accounts {"),
        ("phoenix", "user: nil", "for(account &lt;- @current_user.accounts, do: %{ company_id:"),
    ];
    for (framework, nobody, several) in words {
        let page = desk.open(&format!("/install?fw={framework}")).await;
        let bare = page.replace("<span class=\"s\">", "").replace("</span>", "");
        for piece in [nobody, several, "Above the marked lines", "The code writes null for a user without a company"] {
            assert!(bare.contains(piece), "{framework}: {piece}\n{bare}");
        }
        let file = desk.open(&format!("/install/hand-over.md?fw={framework}")).await;
        assert!(file.contains("A user with several companies"), "{framework}: {file}");
    }
    let page = desk.open("/install?fw=tag-manager").await;
    assert!(!page.contains("Why JSON rather than a script"), "its code is a script");
}

#[actix_web::test]
async fn each_call_that_is_shown_for_the_shell_is_taken_as_it_stands_and_goes_with_one_click() {
    let rollcall = Rollcall::start();
    // What the alias makes the user's.
    let looked = json!([{ "type": "track", "anonymousId": "rollcall-test-visitor", "event": "Looked around" }]);
    rollcall.page_posts(looked).await;
    let desk = rollcall.desk().await;
    let page = desk.open("/install").await;
    let (_, section) = page.split_once("id=\"try\"").expect("the section");
    let section = section.split("</section>").next().expect("its end");
    let blocks = section.split("<code>").filter_map(|rest| rest.split_once("</code></pre>"));
    let bare = |html: &str| {
        let text = html.replace("<span class=\"s\">", "").replace("</span>", "");
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    };
    let calls: Vec<String> = blocks.map(|(code, _)| bare(code)).filter(|code| code.starts_with("curl")).collect();
    for call in ["identify", "group", "track", "page", "alias", "batch", "pixel/track"] {
        assert!(calls.iter().any(|code| code.contains(&format!("/v1/{call} "))), "{call}: {calls:?}");
    }
    for call in &calls {
        let output = std::process::Command::new("bash").args(["-c", call]).output().expect("bash");
        let said = String::from_utf8_lossy(&output.stdout);
        if call.contains("pixel") {
            assert_eq!(said.trim(), "200", "{call}");
            continue;
        }
        let answer: serde_json::Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{call}: {said}"));
        for result in answer["results"].as_array().expect("results") {
            assert_eq!(
                (&result["status"], &result["refused_values"]),
                (&json!("stored"), &json!(null)),
                "{call}: {said}"
            );
        }
    }
    let user = rollcall.user("rollcall-test-1").await;
    assert_eq!(user["companies"][0]["role"], "admin", "{user}");
    assert_eq!(rollcall.company("rollcall-test").await["name"], "Test company");
    let events = rollcall.events_of("rollcall-test-1").await;
    for event in ["Looked around", "Report exported", "Mail opened"] {
        assert!(events.iter().any(|known| known == event), "{event}: {events:?}");
    }
    assert!(rollcall.list("/refusals").await.is_empty());
    assert_eq!(desk.send("/install/try/delete", &[("source", "web")]).await.status, 200);
    assert!(rollcall.user_ids().await.is_empty() && rollcall.list("/companies").await.is_empty());
    for package in ["@segment/analytics-node", "@rudderstack/analytics-js/bundled", "segment.analytics"] {
        assert!(section.contains(package), "{package}");
    }
}

#[actix_web::test]
async fn a_page_that_carries_exactly_the_policy_shown_lets_the_widget_work() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let page = desk.open("/install").await;
    let (_, policy) = page.split_once("Content security policy").expect("the section");
    let (_, policy) = policy.split_once("<code>script-src").expect("the code");
    let policy = format!("script-src{}", policy.split("</code>").next().expect("its end"));
    assert!(!policy.contains('\n'), "a header has one line: {policy}");
    let folder = tempfile::tempdir().expect("a folder");
    let (site, browser) = (Site::of_folder(folder.path()), Browser::start().await);
    let snippet = format!(
        "<script type=\"application/json\" id=\"rollcall-settings\">\
         {{\"write_key\":\"{}\",\"user_id\":\"ann\",\"company\":{{\"company_id\":\"acme\"}}}}</script>\
         <script async src=\"{}/widget.js\"></script>",
        rollcall.write_key, rollcall.address
    );
    let page = |name: &str, policy: &str| {
        let meta = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; {policy}\">");
        let html = format!("<!doctype html><html><head>{meta}<title>Shop</title></head><body>{snippet}</body></html>");
        std::fs::write(folder.path().join(name), html).expect("a file");
        site.url(&format!("/{name}"))
    };
    browser.open(&page("whole.html", &policy)).await;
    until("Ann is there", || async {
        let answer = rollcall.api("/users/ann").await;
        if answer.status == 200 { Ok(()) } else { Err(answer.text) }
    })
    .await;
    assert_eq!(browser.console().await, Vec::<String>::new(), "{policy}");
    browser.open(&page("half.html", policy.split(';').next().expect("a line"))).await;
    until("without the second line the console says so", || async {
        let lines = browser.console().await;
        if lines.iter().any(|line| line.contains("Content Security Policy")) { Ok(()) } else { Err(lines.join("\n")) }
    })
    .await;
}

#[actix_web::test]
async fn what_the_examples_stored_goes_with_one_click_and_may_come_again() {
    let rollcall = Rollcall::start();
    let company = |id: &str| json!({ "company": { "company_id": id } });
    let example = || async {
        let mut traits = company("rollcall-test");
        traits["email"] = json!("test@example.com");
        rollcall.page_posts(json!([
            { "type": "identify", "userId": "rollcall-test-1", "traits": traits },
            { "type": "track", "userId": "rollcall-test-1", "event": "Tried", "context": { "groupId": "rollcall-test" } },
        ])).await;
    };
    rollcall.page_posts(json!([{ "type": "identify", "userId": "ann", "traits": company("rollcall") }])).await;
    let desk = rollcall.desk().await;
    assert!(!desk.open("/install").await.contains("/install/try/delete"), "nothing to delete");
    let viewer = rollcall.desk_of("viewer@example.com", "viewer").await;
    let delete = || async { desk.send("/install/try/delete", &[("source", "web")]).await };
    for again in [false, true] {
        example().await;
        assert!(desk.open("/install").await.contains("Stored by trying"), "again: {again}");
        assert!(!viewer.open("/install").await.contains("/install/try/delete"), "a viewer deletes nothing");
        assert_eq!(viewer.send("/install/try/delete", &[("source", "web")]).await.status, 403);
        let done = delete().await;
        assert_eq!(done.status, 200, "{}", done.page);
        for told in ["rollcall-test-1", "rollcall-test", "What went", "users"] {
            assert!(done.page.contains(told), "{told}: {}", done.page);
        }
        assert_eq!(rollcall.user_ids().await, ["ann"]);
        let companies = rollcall.list("/companies").await;
        assert_eq!(companies.len(), 1, "the company whose id only looks alike stays: {companies:?}");
        assert!(!desk.open("/install").await.contains("Stored by trying"));
    }
    assert!(delete().await.page.contains("There was nothing left"));
    assert!(desk.open("/settings/audit").await.contains("rollcall-test"), "the audit tells who deleted it");

    // A customer in the company of the example.
    example().await;
    rollcall.page_posts(json!([{ "type": "identify", "userId": "ann", "traits": company("rollcall-test") }])).await;
    let done = delete().await;
    assert!(done.page.contains("something else is known of it"), "{}", done.page);
    assert_eq!(rollcall.company("rollcall-test").await["members"], 1);
    let check = rollcall.shell(&["check", "--json"]);
    assert_eq!(check["ok"], true, "{check}");
}

#[actix_web::test]
async fn a_tag_that_was_not_rendered_is_said_beside_complete() {
    let rollcall = Rollcall::start();
    let desk = rollcall.desk().await;
    let posts = |mut traits: serde_json::Value| {
        traits["company"] = json!({ "company_id": "acme" });
        json!({ "type": "identify", "userId": "ann", "anonymousId": "a-1", "traits": traits })
    };
    let state = |page: &str| {
        page.split("id=\"state-h\"").nth(1).and_then(|rest| rest.split("</h2>").next()).expect("a state").to_owned()
    };
    rollcall.page_posts(posts(json!({ "name": "Ann" }))).await;
    assert!(!state(&desk.open("/install").await).contains("template tag"));
    for tag in ["<%= @user.plan %>", "${user.plan}", "{{ user.plan }}"] {
        rollcall.page_posts(posts(json!({ "plan": tag }))).await;
        let page = desk.open("/install").await;
        assert!(state(&page).contains("Complete, but a template tag was not rendered"), "{tag}: {page}");
        assert!(page.contains(&format!("plan: {}", tag.replace('<', "&lt;").replace('>', "&gt;"))), "{tag}: {page}");
    }
}
