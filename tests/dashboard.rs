//! The dashboard as a person uses it (`guided.rs` tells the way to it); with JavaScript, without it, and
//! with a screen reader's eyes (axe).

mod support;

use serde_json::{Value, json};
use support::Rollcall;
use support::browser::Browser;

/// A workspace with some of everything that the pages show.
async fn filled() -> Rollcall {
    let rollcall = Rollcall::start();
    let mut messages = Vec::new();
    for number in 0..120 {
        let user = format!("user-{number:03}");
        messages.push(json!({
            "type": "identify", "userId": user, "anonymousId": format!("browser-{number}"),
            "timestamp": support::seconds_ago(86_400 * (number % 40) + 500),
            "traits": {
                "name": format!("Person {number:03}"), "email": format!("person{number}@company{}.test", number % 7),
                "plan": (["pro", "free", "team"][number as usize % 3]), "tickets": number.to_string(), "beta": number % 2 == 0, "created_at": 1_700_000_000 + number * 3_600,
                "company": {
                    "company_id": format!("company-{}", number % 7), "name": format!("Company {}", number % 7),
                    "plan": "team", "seats": 20,
                    "membership": { "role": if number % 3 == 0 { "admin" } else { "member" } },
                },
            },
        }));
        for event in 0..3 {
            messages.push(json!({
                "type": "track", "event": (["Report exported", "Invoice sent", "Paid"][event]), "userId": user,
                "timestamp": support::seconds_ago(86_400 * (number % 40) + 100 * event as i64),
            }));
        }
    }
    messages.push(json!({ "type": "identify", "anonymousId": "lead", "traits": { "email": "lead@example.com" } }));
    messages.push(json!({ "type": "page", "anonymousId": "visitor", "properties": { "path": "/prices" } }));
    messages.push(json!({ "type": "identify", "userId": "{{ user.id }}", "traits": {} }));
    messages.push(json!({
        "type": "identify", "userId": "שלום/ <b>\"x\"", "traits": {
            "name": "שלום עולם ".repeat(12), "company": { "company_id": "a/b c", "name": "<script>alert(1)</script>", "seats": "ten" },
        },
    }));
    let shared =
        |number| json!({ "type": "identify", "anonymousId": format!("shared-{number}"), "userId": "the user" });
    messages.extend((0..20).map(shared));
    for part in messages.chunks(200) {
        rollcall.backend_posts(json!(part)).await;
    }
    import_some(&rollcall).await;
    rollcall
}

/// An import that is done, one that is checked and waits for a person's word, and one of whose headings nothing is known.
async fn import_some(rollcall: &Rollcall) {
    let path = rollcall.file().with_file_name("people.csv");
    let rows =
        "user_id,email,company,seats\nuser-003,not an address,Company 3,ten\n,,x,\n\"<b>x</b>\",a@b.test,\"=1+1\",3\n";
    std::fs::write(&path, rows).expect("a file");
    rollcall.shell(&["import", path.to_str().expect("a path"), "--json"]);
    for (query, rows) in [("?dry_run=1&file_name=checked.csv", rows), ("?dry_run=1", "user_id;Rating\nuser-003;2,5\n")]
    {
        let request = rollcall.client.post(format!("{}/api/v1/imports{query}", rollcall.address));
        let sent = request.bearer_auth(&rollcall.token).body(rows).send().await.expect("an answer");
        assert_eq!(sent.status(), 202);
    }
    support::until("both are checked", async || {
        let checked = rollcall.list("/imports").await.iter().filter(|import| !import["checked"].is_null()).count();
        if checked == 2 { Ok(()) } else { Err(checked.to_string()) }
    })
    .await;
}

/// All pages of this program, with and without something to show; SHOP is the source's id.
const PAGES: &[&str] = &[
    "/",
    "/users",
    "/users?q=person",
    "/users?q=nobody-has-this",
    "/users/user-003",
    "/users/user-003?at=2020-01-01",
    "/users/user-003?at=x",
    "/edit/value?user=user-003",
    "/edit/value?user=user-003&name=plan",
    "/edit/member?user=user-003",
    "/edit/member?user=user-003&company=company-3",
    "/edit/profile?company=company-3",
    "/edit/new?kind=user",
    "/edit/new?kind=company",
    "/visitors",
    "/companies",
    "/companies/company-3",
    "/companies/company-3?role=is:admin&sort=-events",
    "/live",
    "/bulk?list=users&all=1&q=person",
    "/bulk?list=companies&row=1",
    "/live/900",
    "/segments",
    "/segments/slipping_away",
    "/segments/save?list=users&f=email:set",
    "/refusals",
    "/refusals/tray",
    "/refusals/tray?owner=company&name=seats",
    "/attributes",
    "/attributes?of=company",
    "/attributes?of=hidden",
    "/attributes/user/plan",
    "/attributes/user/tickets",
    "/attributes/user/tickets?type=number",
    "/attributes/user/tickets?delete=1",
    "/attributes/user/no-such-attribute",
    "/imports",
    "/imports/new",
    "/imports/1",
    "/imports/2",
    "/imports/3",
    "/install",
    "/settings/workspace",
    "/settings/rules",
    "/settings/retention",
    "/settings/backups",
    "/settings/appearance",
    "/companies/suggested",
    "/settings/sources",
    "/settings/sources/SHOP",
    "/settings/operators",
    "/settings/tokens",
    "/settings/webhooks",
    "/settings/audit",
    "/settings/audit?by=hand",
    "/settings/audit?day=2020-01-01",
    "/changes/1/undo",
    "/settings/account",
    "/help",
    "/help/codes",
    "/api",
    "/api?of=users",
    "/no-such-page",
    "/users/no-such-user",
    "/companies/no-such-company",
];

#[actix_web::test]
async fn axe_finds_nothing_on_any_page_in_both_themes_at_the_width_of_a_phone() {
    axe_finds_nothing_at(360, 0).await;
}

#[actix_web::test]
async fn axe_finds_nothing_on_any_other_page_in_both_themes_at_the_width_of_a_phone() {
    axe_finds_nothing_at(360, 1).await;
}

#[actix_web::test]
async fn axe_finds_nothing_on_any_page_in_both_themes_at_the_width_of_a_desk() {
    axe_finds_nothing_at(1440, 0).await;
}

#[actix_web::test]
async fn axe_finds_nothing_on_any_other_page_in_both_themes_at_the_width_of_a_desk() {
    axe_finds_nothing_at(1440, 1).await;
}

/// Every other page: of all of them one story would be too long.
async fn axe_finds_nothing_at(width: u32, first: usize) {
    let axe =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/node_modules/axe-core/axe.min.js"))
            .expect("axe-core is installed (tests/run installs it)");
    let rollcall = filled().await;
    let sources = rollcall.list("/sources").await;
    let shop = sources.iter().find(|source| source["name"] == "Shop").and_then(|source| source["source_id"].as_str());
    let shop = shop.expect("the source of the tests");
    let browser = Browser::start().await;
    let mut found = Vec::new();
    let mut looked = 0;
    for signed in [false, true] {
        if signed {
            browser.signs_in(&rollcall).await;
        }
        let doors: &[&str] = &["/sign-in", "/set-up?token=wrong", "/password?token=wrong"];
        let pages = if signed { PAGES } else { doors };
        browser.driver.set_window_rect(0, 0, width, 900).await.expect("a size");
        for path in pages.iter().skip(first).step_by(2) {
            browser.open(&format!("{}{}", rollcall.address, path.replace("SHOP", shop))).await;
            browser.run("for (const part of document.querySelectorAll('details')) part.open = true").await;
            // The page's own policy forbids scripts of others; the driver's are not the page's.
            browser.run(&axe).await;
            // What is not about colours is the same in both themes.
            for (theme, rules) in [("light", ""), ("dark", ", runOnly: ['color-contrast', 'link-in-text-block']")] {
                browser.run(&format!("document.documentElement.dataset.theme = {theme:?}")).await;
                let script = format!(
                    "const done = arguments[arguments.length - 1];
                     axe.run(document, {{resultTypes: ['violations']{rules}}}).then(
                       result => done(result.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).slice(0, 3).join(' | '))),
                       error => done(['axe failed: ' + error]))"
                );
                let result = browser.driver.execute_async(&script, Vec::new()).await.expect("axe runs");
                let violations: Vec<String> = serde_json::from_value(result.json().clone()).expect("violations");
                found.extend(violations.into_iter().map(|violation| format!("{path} {width} {theme}: {violation}")));
                let wide = browser
                    .run("return document.documentElement.scrollWidth > document.documentElement.clientWidth")
                    .await;
                if wide == Value::Bool(true) {
                    found.push(format!("{path} {width}: the page scrolls sideways"));
                }
                picture(&browser, path, width, theme).await;
                looked += 1;
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(looked, 2 * ((3 - first).div_ceil(2) + (PAGES.len() - first).div_ceil(2)));
}

/// At 200 % zoom a desk of 1,280 points has 640 of them left, each of two; the narrowest phone has 320.
#[actix_web::test]
async fn no_page_scrolls_sideways_at_twice_its_size_or_on_the_narrowest_phone() {
    assert_eq!(too_wide(&[(640, 2), (320, 2)], false).await, Vec::<String>::new());
}

/// On paper, A4 within its margins: nothing is cut off at the right, and what is pressed is not there.
#[actix_web::test]
async fn on_paper_a_page_is_whole_and_has_no_navigation() {
    assert_eq!(too_wide(&[(688, 1)], true).await, Vec::<String>::new());
}

/// The pages that are wider than a screen of so many points, all folds open, or that print what is no content.
async fn too_wide(screens: &[(u32, u32)], on_paper: bool) -> Vec<String> {
    let rollcall = filled().await;
    let sources = rollcall.list("/sources").await;
    let shop = sources.iter().find(|source| source["name"] == "Shop").and_then(|source| source["source_id"].as_str());
    let browser = Browser::start().await;
    browser.signs_in(&rollcall).await;
    let mut found = Vec::new();
    for (width, scale) in screens {
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": scale, "mobile": false });
        browser.command("Emulation.setDeviceMetricsOverride", screen).await;
        let media = if on_paper { "print" } else { "screen" };
        browser.command("Emulation.setEmulatedMedia", json!({ "media": media })).await;
        for path in PAGES {
            browser.open(&format!("{}{}", rollcall.address, path.replace("SHOP", shop.expect("a source")))).await;
            let seen = browser
                .run(
                    "for (const part of document.querySelectorAll('main details:not(.menu)')) part.open = true
                     const width = document.documentElement.clientWidth, beyond = []
                     if (document.documentElement.scrollWidth > width) beyond.push('scrolls')
                     const drawn = part => part.checkVisibility() && part.getBoundingClientRect().width > 0
                     if (matchMedia('print').matches) {
                       for (const part of document.querySelectorAll('nav.side, .topbar, .btn, .pager')) if (drawn(part)) beyond.push('prints ' + part.className)
                       for (const part of document.querySelectorAll('main :is(td, th, p, h1, h2, li, pre)'))
                         if (drawn(part) && !part.closest('.vh') && part.getBoundingClientRect().right > width + 1) beyond.push('cut: ' + part.textContent.trim().slice(0, 60))
                     }
                     return beyond.slice(0, 3)",
                )
                .await;
            let beyond: Vec<String> = serde_json::from_value(seen).expect("what is beyond");
            found.extend(beyond.into_iter().map(|what| format!("{path} {width}: {what}")));
        }
    }
    found
}

/// Puts a picture of the page into `target/screenshots`, to be looked at.
async fn picture(browser: &Browser, path: &str, width: u32, theme: &str) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/screenshots");
    std::fs::create_dir_all(folder).expect("a folder");
    let name: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let png = browser.driver.screenshot_as_png().await.expect("a picture");
    std::fs::write(format!("{folder}/{}-{width}-{theme}.png", name.trim_matches('-')), png).expect("a file");
}

/// The pictures of the README, of a workspace with names in it.
///
/// `cargo test --test dashboard pictures` writes them to `target/screenshots`.
#[actix_web::test]
async fn pictures_for_the_readme() {
    let rollcall = Rollcall::start();
    let companies = [
        ("northwind", "Northwind Traders", "Scale", 26),
        ("hartley", "Hartley & Sons", "Team", 9),
        ("brickyard", "Brickyard", "Team", 12),
        ("lumen", "Lumen Interiors", "Scale", 18),
        ("osterberg", "Østerberg Byg", "Team", 7),
        ("quarry", "Quarry Lane", "Starter", 3),
        ("ferro", "Ferro Estructuras", "Scale", 15),
        ("tessel", "Tessel", "Starter", 4),
    ];
    let people = [
        "Ann Archer",
        "Bo Lindqvist",
        "Carla Mendes",
        "Dmitri Volkov",
        "Elif Kaya",
        "Farid Haddad",
        "Grace Okafor",
        "Henrik Dahl",
        "Ines Duarte",
        "Jonas Weber",
        "Keiko Tanaka",
        "Liam Byrne",
        "Maja Nowak",
        "Noor Rahman",
        "Olga Petrova",
        "Pavel Novák",
        "Quinn Harper",
        "Rosa Bianchi",
        "Sofia Lund",
        "Tomás Silva",
    ];
    let mut messages = Vec::new();
    let mut number = 0_i64;
    for (place, (id, name, plan, members)) in companies.iter().enumerate() {
        for member in 0..*members {
            number += 1;
            let user = format!("u{number:03}");
            let person = people[(number as usize * 7) % people.len()];
            let quiet = place == 5 || place == 7;
            messages.push(json!({
                "type": "identify", "userId": user, "anonymousId": format!("b{number}"),
                "timestamp": support::seconds_ago(86_400 * (20 + (number * 13) % 60)),
                "traits": {
                    "name": person, "email": format!("{user}@{id}.example"), "language": "en",
                    "company": {
                        "company_id": id, "name": name, "plan": plan, "seats": members + 4, "domain": format!("{id}.example"),
                        "membership": { "role": if member == 0 { "owner" } else { "member" } },
                    },
                },
            }));
            for day in 0..28 {
                let here = (number * 31 + day * 17) % 10 < if day % 7 > 4 { 2 } else { 6 };
                if !here || quiet && day < 16 {
                    continue;
                }
                for event in 0..1 + (number + day) % 3 {
                    messages.push(json!({
                        "type": "track", "userId": user, "anonymousId": format!("b{number}"),
                        "event": (["Estimate sent", "Report exported", "Invoice paid"][event as usize]),
                        "timestamp": support::seconds_ago(86_400 * day + 300 * event + 40 * (number % 50)),
                        "context": { "groupId": id },
                    }));
                }
            }
        }
    }
    for part in messages.chunks(400) {
        rollcall.backend_posts(json!(part)).await;
    }
    let browser = Browser::start().await;
    browser.signs_in(&rollcall).await;
    for path in ["/", "/companies", "/companies/northwind", "/users", "/users/u001", "/install"] {
        browser.open(&format!("{}{path}", rollcall.address)).await;
        picture(&browser, &format!("readme{path}"), 1440, "light").await;
    }
    assert_eq!(browser.console().await, Vec::<String>::new());
}

/// Data at the limits of what is taken makes no page heavy, and none scrolls sideways.
#[actix_web::test]
async fn long_but_legal_data_stays_within_its_page() {
    let rollcall = Rollcall::start();
    let long = |letter: &str, number: i64, chars: usize| format!("{}{number:03}", letter.repeat(chars - 3));
    let mut messages = Vec::new();
    for number in 0..50 {
        let (user, company) = (long("u", number, 252), long("c", number % 3, 252));
        let mut traits = json!({
            "name": long("N", number, 240), "email": format!("{}@{}.example", long("e", number, 60), "d".repeat(60)),
            "company": {
                "company_id": company, "name": long("C", number % 3, 240), "plan": "P".repeat(200),
                "membership": { "role": "R".repeat(200), "title": "T".repeat(200) },
            },
        });
        for attribute in 0..if number == 0 { 18 } else { 0 } {
            traits[format!("{attribute}{}", "a".repeat(90))] = json!("v".repeat(400));
        }
        messages
            .push(json!({ "type": "identify", "userId": user, "anonymousId": format!("b{number}"), "traits": traits }));
        let properties: serde_json::Map<String, Value> =
            (0..9).map(|property| (format!("{property}{}", "p".repeat(90)), json!("w".repeat(1_000)))).collect();
        messages.push(json!({
            "type": "track", "userId": long("u", 0, 252), "event": long("E", number, 190), "properties": properties,
            "context": { "groupId": long("c", 0, 252) },
        }));
    }
    for part in messages.chunks(8) {
        rollcall.backend_posts(json!(part)).await;
    }
    let user = format!("/users/{}", long("u", 0, 252));
    let company = format!("/companies/{}", long("c", 0, 252));
    let cookie = rollcall.session_cookie().await;
    let browser = Browser::start().await;
    browser.signs_in(&rollcall).await;
    for (place, path) in ["/", "/users", "/companies", "/visitors", "/search?q=nnn", &user, &company].iter().enumerate()
    {
        let address = format!("{}{path}", rollcall.address);
        let answer = rollcall.client.get(&address).header("cookie", &cookie).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        let bytes = answer.text().await.expect("text").len();
        assert!(bytes < 100_000, "{path} is {bytes} bytes");
        for width in [320, 360, 1440] {
            browser.driver.set_window_rect(0, 0, width, 900).await.expect("a size");
            browser.open(&address).await;
            let wide =
                browser.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth").await;
            picture(&browser, &format!("long-{place}"), width, "light").await;
            assert_eq!(wide, Value::Bool(false), "{path} {width}: the page scrolls sideways");
        }
    }
}

/// An address that asks for what a list can't show is answered 400 with what is allowed.
#[actix_web::test]
async fn an_address_that_a_list_can_t_show_is_refused() {
    let rollcall = filled().await;
    let cookie = rollcall.session_cookie().await;
    for (path, sentence) in [
        ("/users?sort=colour", "sort= takes a field, with - before it to reverse the order. colour is not a field"),
        ("/users?f=plan:pro", "take the operator pro. It takes is, not, has"),
        ("/users?columns=colour", "columns= has no column 1: colour is not a field"),
        ("/companies/company-3?f=plan:is:pro", "“plan:is:pro” is not a filter"),
        ("/users?after=bogus", "after= takes the value from the link to the next page"),
        ("/companies?cursor=bogus", "a list in pages continues with after="),
        ("/companies/company-3?sort=bogus", "sort= takes name, role, joined, last_seen, events"),
        ("/visitors?sort=-name", "sort= takes last_seen"),
    ] {
        let address = format!("{}{path}", rollcall.address);
        let answer = rollcall.client.get(address).header("cookie", &cookie).send().await.expect("an answer");
        assert_eq!(answer.status(), 400, "{path}");
        let html = answer.text().await.expect("text");
        assert!(html.contains(sentence) && html.contains("id=\"nav\""), "{path}: {html}");
    }
}

/// Statements that a page may ask of the file, whatever is in it.
fn statements_max(path: &str) -> u32 {
    let parts: Vec<&str> = path.split(['?', '#']).next().unwrap_or_default().split('/').skip(1).collect();
    match parts[..] {
        // These bring everything together that is known of somebody, or of all.
        [""] => 47,
        ["companies", id] if !["duplicates", "suggested"].contains(&id) => 64,
        ["users", id] if id != "duplicates" => 46,
        // Each attribute with its history, two records side by side.
        ["users" | "companies", _, "merge"] => 46,
        ["install", ..] | ["edit", ..] => 20,
        // What goes with an attribute is told before it goes.
        ["attributes", _, _] => 13,
        _ => 12,
    }
}

/// The statements that an answer took, as the server says.
fn statements(response: &reqwest::Response) -> Option<u32> {
    let timing = response.headers().get("server-timing")?.to_str().ok()?;
    timing.split('"').nth(1)?.split(' ').next()?.parse().ok()
}

/// Every link within the dashboard leads somewhere, to a page that is small and asks the file little.
#[actix_web::test]
async fn no_dead_ends() {
    let rollcall = filled().await;
    let cookie = rollcall.session_cookie().await;
    let mut waiting = vec!["/".to_owned()];
    let mut seen = std::collections::BTreeSet::from(["/".to_owned()]);
    let (mut pages, mut costs) = (0, Vec::new());
    while let Some(path) = waiting.pop() {
        let response = rollcall
            .client
            .get(format!("{}{path}", rollcall.address))
            .header("cookie", &cookie)
            .send()
            .await
            .expect("an answer");
        let status = response.status();
        assert!(status == 200 || status.is_redirection(), "{path}: {status}");
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        // A file for programs is linked from pages, and is none.
        if !status.is_redirection() && !kind.starts_with("text/html") {
            continue;
        }
        costs.push((statements(&response).unwrap_or_else(|| panic!("{path} does not say its cost")), path.clone()));
        let html = response.text().await.expect("text");
        assert!(html.len() < 100_000, "{path} is {} bytes", html.len());
        assert!(!html.contains(" style=\""), "{path} has an inline style");
        pages += 1;
        for part in html.split("href=\"").skip(1) {
            let link = part.split('"').next().unwrap_or_default().replace("&amp;", "&");
            let link = link.split('#').next().unwrap_or_default().to_owned();
            // One of each kind: an address by its path and by what it asks for, not by the values of that.
            let (path, query) = link.split_once('?').unwrap_or((&link, ""));
            let asks: Vec<&str> = query.split('&').map(|part| part.split('=').next().unwrap_or_default()).collect();
            let person = path.starts_with("/users/user-") && path != "/users/user-003";
            let kind = format!("{path}?{}", asks.join("&"));
            if link.starts_with('/') && !person && !link.starts_with("/static") && seen.insert(kind) {
                waiting.push(link);
            }
        }
    }
    costs.retain(|(statements, path)| *statements > statements_max(path));
    assert_eq!(costs, [], "these ask more of the file than such a page may");
    assert!(pages > 25, "{pages} pages: {seen:?}");
}

/// So much of everything that a page lists a row of each; of one user and one company, so much as well.
async fn fill_with(rollcall: &Rollcall, numbers: std::ops::Range<u32>) {
    let person = rollcall.desk().await;
    let mut messages = Vec::new();
    for number in numbers.clone() {
        let company = |id: &str| json!({ "company_id": id, "name": id, format!("fact {number}"): number });
        let id = format!("company-{number}");
        let at = |back: i64| support::seconds_ago(86_400 * i64::from(number % 20) + back);
        for of in [id.as_str(), "company-3"] {
            messages.push(json!({
                "type": "identify", "userId": format!("user-{number:03}"), "anonymousId": format!("browser {number}"),
                "timestamp": at(900),
                "traits": {
                    "name": format!("Person {number}"), "email": format!("person{number}@domain{number}.test"),
                    "plan": format!("plan {number}"), "company": company(of),
                },
            }));
        }
        messages.push(json!({
            "type": "identify", "userId": "user-003", "anonymousId": format!("of user 3, {number}"), "timestamp": at(800),
            "traits": { format!("attribute {number}"): number, "company": company(&id) },
        }));
        for (user, company) in
            [("user-003", "company-3"), ("user-003", &id), (&format!("user-{number:03}"), "company-3")]
        {
            messages.push(json!({
                "type": "track", "event": format!("Event {number}"), "userId": user, "timestamp": at(700),
                "context": { "groupId": company },
            }));
        }
        messages.push(json!({ "type": "page", "anonymousId": format!("visitor {number}"), "properties": { "path": format!("/{number}") } }));
        messages.push(json!({ "type": "identify", "userId": format!("alone {number}"), "traits": { "email": format!("a@firm{number}.test") } }));
        messages.push(json!({ "type": "identify", "userId": "user-003", "traits": { "plan": { "number": number } } }));
        messages.push(json!({ "type": "track", "event": "", "userId": format!("user-{number:03}") }));
        rollcall.shell(&["source", "add", &format!("Site {number}"), "--json"]);
        rollcall.shell(&["token", "add", &format!("Token {number}"), "--scope", "read", "--json"]);
        let operator = format!("operator{number}@firm.test");
        let add = ["operator", "add", &operator, "--role", "viewer", "--password-stdin", "--json"];
        rollcall.shell_with_input(&add, "another horse battery");
        let import = format!("{}/api/v1/imports?dry_run=1&file_name=people{number}.csv", rollcall.address);
        let import =
            rollcall.client.post(import).bearer_auth(&rollcall.token).body(format!("user_id\nimported {number}\n,\n"));
        assert_eq!(import.send().await.expect("an answer").status(), 202);
        let segment = json!({ "list": "users", "name": format!("Segment {number}"), "filter": "f=email:set" });
        let made = rollcall.api_as(reqwest::Method::POST, "/segments", &rollcall.token, Some(segment)).await;
        assert!(made.status.is_success(), "{made:?}");
    }
    rollcall.backend_posts(json!(messages)).await;
    for number in numbers {
        for of in [("user", "user-003"), ("company", "company-3")] {
            person.done("/edit/note", &[of, ("deed", "add"), ("text", &format!("Note {number}"))]).await;
        }
    }
    support::until("all are checked", async || {
        let imports = rollcall.list("/imports").await;
        if imports.iter().all(|import| !import["checked"].is_null()) { Ok(()) } else { Err(imports.len().to_string()) }
    })
    .await;
}

/// A page asks for what it shows at once: three times as many rows of everything take as many statements.
#[actix_web::test]
async fn more_rows_take_no_more_statements() {
    let rollcall = Rollcall::start();
    let cookie = rollcall.session_cookie().await;
    let pages =
        [PAGES, &["/users?sort=name", "/users?f=plan:set", "/companies?sort=-members", "/search?q=person"]].concat();
    let shop = rollcall.list("/sources").await;
    let shop = shop.iter().find(|source| source["name"] == "Shop").and_then(|source| source["source_id"].as_str());
    let asked = async || {
        let mut asked = Vec::new();
        for path in &pages {
            let path = path.replace("SHOP", shop.expect("the source of the tests"));
            let request = rollcall.client.get(format!("{}{path}", rollcall.address)).header("cookie", &cookie);
            asked.push((path, statements(&request.send().await.expect("an answer"))));
        }
        asked
    };
    fill_with(&rollcall, 1..6).await;
    let of_few = asked().await;
    fill_with(&rollcall, 6..16).await;
    let of_many = asked().await;
    // Less than one for each row that came. What is found by halving, such as a day, takes one more for twice as many.
    let mut more = Vec::new();
    for ((path, few), (_, many)) in of_few.iter().zip(&of_many) {
        if many.unwrap_or_default() >= few.unwrap_or_default() + 10 {
            more.push((path, few, many));
        }
    }
    assert_eq!(more, [], "of five of everything, and of fifteen");
    assert!(of_few.iter().filter(|(_, statements)| statements.is_some_and(|statements| statements > 1)).count() > 40);
}

/// Lists page by keyset and sort by each column shown, without JavaScript; each user comes once.
#[actix_web::test]
async fn lists_page_and_sort_without_javascript() {
    let rollcall = filled().await;
    let browser = Browser::start_with(&[], json!({ "profile.default_content_setting_values.javascript": 2 })).await;
    browser.signs_in(&rollcall).await;
    browser.open(&format!("{}/users?sort=name", rollcall.address)).await;
    let mut seen = Vec::new();
    loop {
        for row in browser.driver.find_all(thirtyfour::By::Css("table tbody tr")).await.expect("rows") {
            let text = row.text().await.expect("text");
            seen.extend(text.lines().find(|line| line.starts_with("Person ")).map(str::to_owned));
        }
        let Ok(next) = browser.driver.find(thirtyfour::By::Css("a[rel=next]")).await else { break };
        next.click().await.expect("a click");
    }
    let expected: Vec<String> = (0..120).map(|number| format!("Person {number:03}")).collect();
    assert_eq!(seen, expected);
}

/// The members of a company: by role, by events, those of one role, those whom a text finds; on a phone that runs no
/// scripts.
#[actix_web::test]
async fn members_are_sorted_and_narrowed_without_javascript() {
    let rollcall = filled().await;
    let browser = Browser::start_with(&[], json!({ "profile.default_content_setting_values.javascript": 2 })).await;
    browser.driver.set_window_rect(0, 0, 400, 900).await.expect("a size");
    browser.signs_in(&rollcall).await;
    let names = async || {
        let mut names = Vec::new();
        for row in browser.driver.find_all(thirtyfour::By::Css("tbody th.lead")).await.expect("rows") {
            let text = row.text().await.expect("text");
            names.extend(text.lines().find(|line| line.starts_with("Person ")).map(str::to_owned));
        }
        names
    };
    let person =
        |numbers: &[u32]| -> Vec<String> { numbers.iter().map(|number| format!("Person {number:03}")).collect() };
    browser.open(&format!("{}/companies/company-3", rollcall.address)).await;
    browser.click("Role").await;
    browser.click("admin 6").await;
    browser.sees("6 found").await;
    let by_name = async || {
        let head = browser.driver.find(thirtyfour::By::Css("thead th:first-child a")).await.expect("a head");
        head.click().await.expect("a click");
    };
    by_name().await;
    assert_eq!(names().await, person(&[3, 24, 45, 66, 87, 108]));
    by_name().await;
    assert_eq!(names().await, person(&[108, 87, 66, 45, 24, 3]));
    browser.fill("member", "person 08").await;
    browser.driver.find(thirtyfour::By::Name("member")).await.expect("a field").send_keys("\n").await.expect("a key");
    browser.sees("1 found").await;
    assert_eq!(names().await, person(&[87]));
    browser.click("Any role").await;
    browser.sees("2 found").await;
    assert_eq!(names().await, person(&[87, 80]), "both have it in the name");

    // A text may be in the role, and the order of roles is that of their texts.
    browser.open(&format!("{}/companies/company-3?member=ADM&sort=name", rollcall.address)).await;
    assert_eq!(names().await, person(&[3, 24, 45, 66, 87, 108]));
    browser.open(&format!("{}/companies/company-3?sort=-role", rollcall.address)).await;
    let mut by_role = names().await;
    browser.click("Next").await;
    by_role.extend(names().await);
    assert_eq!(by_role.len(), 17);
    assert_eq!(by_role[11..], person(&[108, 87, 66, 45, 24, 3]));
    // By events: those of the last 28 days, then the others by when they were last seen.
    browser.open(&format!("{}/companies/company-3?sort=-events", rollcall.address)).await;
    let mut by_events = names().await;
    browser.click("Next").await;
    by_events.extend(names().await);
    let of_late = |name: &String| name[7..].parse::<u32>().expect("a number") % 40 < 27;
    assert_eq!(by_events.iter().collect::<std::collections::BTreeSet<_>>().len(), 17);
    assert!(by_events.iter().skip_while(|name| of_late(name)).all(|name| !of_late(name)), "{by_events:?}");

    let refused = rollcall.client.get(format!("{}/companies/company-3?role=admin", rollcall.address));
    let refused = refused.header("cookie", rollcall.session_cookie().await).send().await.expect("an answer");
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.expect("text").contains("role= takes is: followed by a role"));
}

#[actix_web::test]
async fn who_is_not_signed_in_sees_nothing_and_a_foreign_page_posts_nothing() {
    let rollcall = filled().await;
    for path in PAGES.iter().filter(|path| !path.contains("help")) {
        let response = rollcall.client.get(format!("{}{path}", rollcall.address)).send().await.expect("an answer");
        assert!(response.status() != 200, "{path} is open to everybody");
        let text = response.text().await.expect("text");
        assert!(!text.contains("Person 0") && !text.contains("company-3"), "{path} tells strangers");
    }
    let cookie = rollcall.session_cookie().await;
    for (header, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.test")]
    {
        let response = rollcall
            .client
            .post(format!("{}/sign-out", rollcall.address))
            .header("cookie", &cookie)
            .header(header, value)
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 403, "{header}: {value}");
    }
    let home = rollcall.client.get(format!("{}/", rollcall.address)).header("cookie", &cookie).send().await;
    assert_eq!(home.expect("an answer").status(), 200, "still signed in");
}
