//! The installation page's code, as a person copies it, run through each framework's own template engine: what a
//! page then says in Chromium ends in the right user and company, whatever they are called. The engines'
//! programs are beside this file; `tests/run --full` installs what they need.

#[path = "../support/mod.rs"]
mod support;

mod proofs;
mod proxies;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::browser::Browser;
use support::desk::Desk;
use support::site::Site;
use support::{Rollcall, until};

/// Names that try to leave their text, in HTML, JSON, JavaScript and every template language.
const HOSTILE: &str =
    "</script><script>document.title='out'</script><!--<script> \"'\\ & 😀 \u{2028} ${x} #{x} {{ x }} <%= 1 %> {x}";

/// The fields that the code is asked for.
const FIELDS: &str = "chosen=1&f=email&f=name&f=class&f=created_at&c=name&c=plan&c=created_at&m=role";

/// When users and companies began, as their records say it.
const BEGAN: &str = "2026-01-31T09:00:00.000Z";

/// How an engine is run: the program and its first arguments.
const ENGINES: [(&str, &[&str]); 11] = [
    ("rails", &["ruby", "erb.rb"]),
    ("django", &["target/py-frameworks/bin/python", "django_page.py"]),
    ("laravel", &["php", "blade.php"]),
    ("symfony", &["php", "twig.php"]),
    ("wordpress", &["php", "wordpress.php"]),
    ("prestashop", &["php", "smarty.php"]),
    ("express", &["node", "render.mjs", "express"]),
    ("next", &["node", "render.mjs", "next"]),
    ("nuxt", &["node", "render.mjs", "nuxt"]),
    ("sveltekit", &["node", "render.mjs", "sveltekit"]),
    ("go", &["go", "run"]),
];

/// The folder of the engines' programs.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frameworks")
}

/// Runs a program to its end, and says what it printed.
fn run(program: &str, arguments: &[PathBuf]) -> String {
    let program = if program.contains('/') {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(program)
    } else {
        PathBuf::from(program)
    };
    let output = Command::new(&program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error} (tests/run --full installs it)", program.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?}: {said}", program.display());
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The code blocks of a section of the installation page, as it has them.
async fn blocks(desk: &Desk<'_>, query: &str, section: &str) -> Vec<String> {
    let page = desk.open(&format!("/install?{query}")).await;
    let (_, section) = page.split_once(&format!("id=\"{section}\"")).expect("the section");
    let section = section.split("</section>").next().expect("its end");
    section
        .split("<code>")
        .filter_map(|rest| rest.split_once("</code></pre>"))
        .map(|(code, _)| code.to_owned())
        .collect()
}

/// The code blocks of a section of the installation page, as a person copies them.
async fn code(desk: &Desk<'_>, query: &str, section: &str) -> Vec<String> {
    blocks(desk, query, section).await.iter().map(|code| bare(code)).collect()
}

/// The code for users with several companies: step 3's lines above those that step 2 marks.
async fn code_of_several(desk: &Desk<'_>, query: &str) -> Vec<String> {
    let companies = blocks(desk, query, "company").await.remove(0);
    let all = blocks(desk, query, "people").await;
    all.iter().map(|code| bare(&code.replace("<mark>", &format!("{companies}\n")))).collect()
}

/// The text of some HTML.
fn bare(html: &str) -> String {
    let mut text = String::new();
    for (place, piece) in html.split('<').enumerate() {
        text.push_str(if place == 0 { piece } else { piece.split_once('>').map_or("", |(_, rest)| rest) });
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The page that a framework makes of the code.
fn render(framework: &str, code: &[String], data: &Value) -> String {
    let built = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        std::fs::write(built.path().join(name), text).expect("a file");
        built.path().join(name)
    };
    let data_file = file("data.json", &data.to_string());
    let (_, command) = ENGINES.iter().find(|(name, _)| *name == framework).expect("an engine");
    let mut arguments: Vec<PathBuf> = Vec::new();
    let mut code = code.to_vec();
    if framework == "go" {
        let program = std::fs::read_to_string(folder().join("handler.go")).expect("the program");
        arguments.extend(["run".into(), file("main.go", &program.replace("// HANDLER", &code.remove(0)))]);
    } else {
        for argument in &command[1..] {
            let program = folder().join(argument);
            arguments.push(if program.exists() { program } else { argument.into() });
        }
    }
    arguments.push(data_file);
    arguments.extend(code.iter().enumerate().map(|(place, code)| file(&format!("code-{place}"), code)));
    run(command[0], &arguments)
}

/// What a site knows of who is signed in: with a company or without, with a place in it or without.
fn session(id: u64, company: bool, membership: bool) -> Value {
    let account =
        |id: u64| json!({ "id": id + 1000, "name": HOSTILE, "plan": "pro", "created_at": "2026-01-31T09:00:00+00:00" });
    json!({
        "user": {
            "id": id, "email": format!("ann{id}@example.com"), "name": format!("Ann {HOSTILE}"), "class": "first",
            "created_at": "2026-01-31T09:00:00+00:00",
        },
        "account": company.then(|| account(id)),
        "accounts": [account(id), account(id + 1000)],
        "membership": membership.then(|| json!({ "role": "admin" })),
    })
}

async fn is_as_the_page_said(rollcall: &Rollcall, framework: &str, id: u64, company: bool, role: Option<&str>) {
    let user = until(&format!("{framework}: the user {id} is there"), || async {
        let answer = rollcall.api(&format!("/users/{id}")).await;
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.text) }
    })
    .await;
    assert_eq!(user["name"], format!("Ann {HOSTILE}"), "{framework}");
    assert_eq!(user["email"], format!("ann{id}@example.com"), "{framework}");
    let attributes = &user["attributes"];
    assert_eq!(
        (&attributes["class"], &attributes["created_at"]),
        (&json!("first"), &json!(BEGAN)),
        "{framework}: {user}"
    );
    let companies = user["companies"].as_array().expect("a list");
    if !company {
        assert!(companies.is_empty(), "{framework}: {companies:?}");
        return;
    }
    let own = (id + 1000).to_string();
    let known = companies.iter().find(|known| known["company_id"] == own.as_str()).expect("the company");
    assert_eq!((known["role"].as_str(), known["current"].as_bool()), (role, Some(true)), "{framework}: {known}");
    let company = rollcall.company(&own).await;
    let attributes = &company["attributes"];
    let said = (&company["name"], &attributes["plan"], &attributes["created_at"]);
    assert_eq!(said, (&json!(HOSTILE), &json!("pro"), &json!(BEGAN)), "{framework}");
}

/// What the page in the browser says in its settings.
async fn settings(browser: &Browser) -> Value {
    browser.run("return JSON.parse(document.getElementById('rollcall-settings').textContent)").await
}

async fn runs_through_its_engine(framework: &str) {
    let rollcall = Rollcall::start();
    let (site, browser) = (Site::start(), Browser::start().await);
    let desk = rollcall.desk().await;
    let query = format!("fw={framework}&{FIELDS}");
    let open = async |path: &str, code: &[String], session: &Value| {
        site.page(path, &render(framework, code, session));
        browser.open(&site.url(path)).await;
    };
    let code_of_one = code(&desk, &query, "people").await;
    for (id, company, membership) in [(7, true, true), (8, false, false), (9, true, false)] {
        open(&format!("/{id}"), &code_of_one, &session(id, company, membership)).await;
        is_as_the_page_said(&rollcall, framework, id, company, membership.then_some("admin")).await;
        assert_eq!(browser.run("return document.title").await, "Shop", "{framework}: no name became code");
        assert!(company || settings(&browser).await.get("company") == Some(&Value::Null), "{framework}: no company");
    }
    let nobody = json!({ "user": null, "account": null, "accounts": [], "membership": null });
    open("/sign-in", &code_of_one, &nobody).await;
    let said = json!({ "write_key": rollcall.write_key, "user": null });
    assert_eq!(settings(&browser).await, said, "{framework}: the layout makes the sign-in page too");
    open("/several", &code_of_several(&desk, &query).await, &session(10, true, true)).await;
    is_as_the_page_said(&rollcall, framework, 10, true, Some("admin")).await;
    let ids: Vec<String> = rollcall.companies_of("10").await.into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids, ["1010", "2010"], "{framework}");
    let refusals = rollcall.list("/refusals").await;
    assert!(refusals.is_empty(), "{framework}: {refusals:?}");
}

macro_rules! engines {
    ($($framework:ident)*) => {
        $(
            #[actix_web::test]
            async fn $framework() {
                runs_through_its_engine(stringify!($framework)).await;
            }
        )*

        #[actix_web::test]
        async fn the_page_says_of_exactly_these_that_they_are_tested() {
            let rollcall = Rollcall::start();
            let desk = rollcall.desk().await;
            let tested = [$(stringify!($framework)),*];
            assert_eq!(tested.len(), ENGINES.len());
            let others = ["phoenix", "razor", "thymeleaf", "shopify", "tag-manager"];
            for framework in tested.into_iter().chain(others) {
                let page = desk.open(&format!("/install?fw={framework}")).await;
                assert_eq!(page.contains("Our tests run this code through"), tested.contains(&framework), "{framework}");
                assert_eq!(page.contains("Our tests do not run this code"), !tested.contains(&framework), "{framework}");
            }
        }
    };
}

engines! { rails django laravel symfony wordpress prestashop express next nuxt sveltekit go }

#[actix_web::test]
async fn plain() {
    let rollcall = Rollcall::start();
    let (site, browser) = (Site::start(), Browser::start().await);
    let desk = rollcall.desk().await;
    let name = |name: &str| json!(name).to_string().trim_matches('"').replace('<', "\\u003c");
    for (id, code) in [(7, code(&desk, FIELDS, "people").await), (10, code_of_several(&desk, FIELDS).await)] {
        let html = code[0]
            .replace("USER_ID", &id.to_string())
            .replace("ann@example.com", &format!("ann{id}@example.com"))
            .replace("Ann Archer", &name(&format!("Ann {HOSTILE}")))
            .replace("CLASS", "first")
            .replace("COMPANY_ID", &(id + 1000).to_string())
            .replace("Acme Ltd", &name(HOSTILE));
        site.page("/", &html);
        browser.open(&site.url("/")).await;
        is_as_the_page_said(&rollcall, "plain", id, true, Some("admin")).await;
    }
    let known = rollcall.companies_of("10").await;
    assert!(known.iter().any(|(id, ..)| id == "ANOTHER_ID"), "{known:?}");
}
