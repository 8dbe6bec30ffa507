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
const FIELDS: &str = "chosen=1&f=email&f=name&c=name&c=plan&m=role";

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

/// The code blocks of a section of the installation page, as a person copies them.
async fn code(desk: &Desk<'_>, query: &str, section: &str) -> Vec<String> {
    let page = desk.open(&format!("/install?{query}")).await;
    let (_, section) = page.split_once(&format!("id=\"{section}\"")).expect("the section");
    let section = section.split("</section>").next().expect("its end");
    section.split("<code>").filter_map(|rest| rest.split_once("</code></pre>")).map(|(code, _)| bare(code)).collect()
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

/// What a site knows of who is signed in.
fn session(id: u64, company: bool) -> Value {
    let account = json!({ "id": id + 1000, "name": HOSTILE, "plan": "pro" });
    json!({
        "user": { "id": id, "email": format!("ann{id}@example.com"), "name": format!("Ann {HOSTILE}") },
        "account": company.then_some(account),
        "membership": { "role": "admin" },
    })
}

async fn is_as_the_page_said(rollcall: &Rollcall, framework: &str, id: u64, company: bool) {
    let user = until(&format!("{framework}: the user {id} is there"), || async {
        let answer = rollcall.api(&format!("/users/{id}")).await;
        if answer.status == 200 { Ok(answer.body) } else { Err(answer.text) }
    })
    .await;
    assert_eq!(user["name"], format!("Ann {HOSTILE}"), "{framework}");
    assert_eq!(user["email"], format!("ann{id}@example.com"), "{framework}");
    let companies = user["companies"].as_array().expect("a list");
    if !company {
        assert!(companies.is_empty(), "{framework}: {companies:?}");
        return;
    }
    let known = &companies[0];
    let said = (known["company_id"].as_str(), known["role"].as_str(), known["current"].as_bool());
    assert_eq!(said, (Some((id + 1000).to_string().as_str()), Some("admin"), Some(true)), "{framework}: {known}");
    let company = rollcall.company(&(id + 1000).to_string()).await;
    assert_eq!((&company["name"], &company["attributes"]["plan"]), (&json!(HOSTILE), &json!("pro")), "{framework}");
}

async fn runs_through_its_engine(framework: &str) {
    let rollcall = Rollcall::start();
    let (site, browser) = (Site::start(), Browser::start().await);
    let query = format!("fw={framework}&{FIELDS}");
    let code = code(&rollcall.desk().await, &query, "people").await;
    for (id, company) in [(7, true), (8, false)] {
        let html = render(framework, &code, &session(id, company));
        let path = format!("/{id}");
        site.page(&path, &html);
        browser.open(&site.url(&path)).await;
        is_as_the_page_said(&rollcall, framework, id, company).await;
        assert_eq!(browser.run("return document.title").await, "Shop", "{framework}: no name became code");
    }
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
                assert_eq!(page.contains("This code is not run by our tests"), !tested.contains(&framework), "{framework}");
            }
        }
    };
}

engines! { rails django laravel symfony wordpress prestashop express next nuxt sveltekit go }

#[actix_web::test]
async fn plain() {
    let rollcall = Rollcall::start();
    let (site, browser) = (Site::start(), Browser::start().await);
    let code = code(&rollcall.desk().await, FIELDS, "people").await.remove(0);
    let name = |name: &str| json!(name).to_string().trim_matches('"').replace('<', "\\u003c");
    let html = code
        .replace("USER_ID", "7")
        .replace("ann@example.com", "ann7@example.com")
        .replace("Ann Archer", &name(&format!("Ann {HOSTILE}")))
        .replace("COMPANY_ID", "1007")
        .replace("Acme Ltd", &name(HOSTILE));
    site.page("/", &html);
    browser.open(&site.url("/")).await;
    is_as_the_page_said(&rollcall, "plain", 7, true).await;
}
