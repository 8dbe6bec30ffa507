//! The demo: a file full of believable people, a dashboard to look at them, a site to be one of them, and
//! nothing left when it ends.

use reqwest::{Client, StatusCode, redirect};
use rollcall::demo::story::Scale;
use rollcall::demo::{Demo, DemoOptions, start};
use rollcall::server::ServeOptions;
use rollcall::store::recount;

const SMALL: Scale = Scale { companies: 20, users: 120 };

async fn demo() -> Demo {
    let serve = ServeOptions::new(std::path::Path::new("unused.db"));
    let options = DemoOptions { serve, site_listen: "127.0.0.1:0".to_owned(), scale: SMALL, seed: 1 };
    start(options).await.expect("a demo")
}

/// A browser that follows no redirect and keeps one cookie.
struct Browser {
    client: Client,
    cookie: String,
}

impl Browser {
    fn new() -> Browser {
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        Browser { client, cookie: String::new() }
    }

    async fn opens(&mut self, address: &str) -> (StatusCode, String) {
        let request = self.client.get(address).header("cookie", &self.cookie);
        let answer = request.send().await.expect("an answer");
        if let Some(cookie) = answer.headers().get("set-cookie") {
            self.cookie = cookie.to_str().expect("text").split(';').next().unwrap_or_default().to_owned();
        }
        (answer.status(), answer.text().await.expect("a page"))
    }
}

#[actix_web::test]
async fn a_demo_is_full_signs_in_once_and_leaves_nothing() {
    let demo = demo().await;
    let url = demo.running.url.clone();
    let folder = demo.running.store.path().parent().expect("a folder").to_owned();
    assert!(folder.exists());

    let mut ines = Browser::new();
    let (status, _) = ines.opens(&demo.link).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    for (path, shows) in [
        ("/", "Quayside"),
        // Three accounts were made twice.
        ("/users", "123"),
        ("/users?sort=name", "u_10"),
        ("/companies", "org_10"),
        ("/users/duplicates", "u_9"),
        ("/companies/suggested", ".example"),
        ("/refusals", "id_placeholder"),
        ("/visitors", "Visitors"),
    ] {
        let (status, page) = ines.opens(&format!("{url}{path}")).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(page.contains(shows), "{path} shows no {shows}");
    }

    let mut another = Browser::new();
    let (status, page) = another.opens(&demo.link).await;
    assert_eq!(status, StatusCode::GONE);
    assert!(page.contains("This link was used"), "{page}");
    assert_eq!(another.opens(&format!("{url}/users")).await.0, StatusCode::SEE_OTHER, "nobody is signed in by it");

    // All that is derived from the story's events equals a recount, as of any other file.
    let differences = demo.running.store.read_settled(recount::differences).expect("a recount");
    assert!(differences.is_empty(), "{differences:?}");

    demo.stop().await.expect("an end");
    assert!(!folder.exists(), "the folder went with the demo");
}

#[actix_web::test]
async fn companies_of_every_state_and_trend_are_there() {
    let demo = demo().await;
    let mut ines = Browser::new();
    ines.opens(&demo.link).await;
    let (_, page) = ines.opens(&format!("{}/companies", demo.running.url)).await;
    for word in ["new", "active", "quiet", "gone"] {
        assert!(page.to_lowercase().contains(word), "no company is {word}");
    }
    demo.stop().await.expect("an end");
}

#[actix_web::test]
async fn the_sample_site_says_who_is_on_the_page_and_takes_no_markup_from_them() {
    let demo = demo().await;
    let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let home = client.get(&demo.site_url).send().await.expect("a page").text().await.expect("a page");
    assert!(home.contains(&format!("src=\"{}/widget.js\"", demo.running.url)), "{home}");
    assert!(home.contains("\"user\":null"), "a signed-out page says so (R14)");

    let form = "user_id=u_1&name=%3C%2Fscript%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&company_id=acme&company=Acme";
    let sign_in = client.post(format!("{}/sign-in", demo.site_url));
    let sign_in = sign_in.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = sign_in.send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
    for path in ["/", "/jobs", "/reports"] {
        let request = client.get(format!("{}{path}", demo.site_url)).header("cookie", &cookie);
        let page = request.send().await.expect("a page").text().await.expect("a page");
        assert!(page.contains("\"user_id\":\"u_1\"") && page.contains("\"company_id\":\"acme\""), "{page}");
        assert!(!page.contains("<script>alert"), "{page}");
    }
    demo.stop().await.expect("an end");
}

/// The pages of made-up data, for whoever wants to see how each one looks: empty, with one, with many, refused.
#[actix_web::test]
async fn every_page_can_be_looked_at_without_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(["demo", "--pages", "--json", "--listen", "127.0.0.1:0", "--data", "none.db"])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let mut said = std::io::BufReader::new(program.stdout.take().expect("what it says"));
    std::io::BufRead::read_line(&mut said, &mut line).expect("a line");
    let said: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let url = said["listening"].as_str().expect("an address").to_owned();

    let mut browser = Browser::new();
    let (status, index) = browser.opens(&url).await;
    assert_eq!(status, StatusCode::OK);
    let names: Vec<&str> = index.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(names.len() > 100, "{names:?}");
    for name in ["overview-empty", "company-many", "users-one", "install-refused"] {
        assert!(names.contains(&name), "{name} of {names:?}");
        let (status, page) = browser.opens(&format!("{url}/{name}")).await;
        assert!(status == StatusCode::OK && page.contains("<h1"), "{name}: {page}");
    }
    let (_, page) = browser.opens(&format!("{url}/overview-many")).await;
    let style = page.split("href=\"").find(|part| part.starts_with("/static/style.css")).expect("a style sheet");
    let (status, _) = browser.opens(&format!("{url}{}", style.split('"').next().expect("an address"))).await;
    assert_eq!(status, StatusCode::OK, "the pages have their look");
    assert_eq!(browser.opens(&format!("{url}/no-such-page")).await.0, StatusCode::NOT_FOUND);
    program.kill().expect("it ends");
    program.wait().expect("it has ended");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "it leaves nothing");
}
