//! An operator who has never seen Rollcall gets from the printed link to a user and a company on screen. The story
//! knows nothing of the program: it reads the pages, does what they say in their words, and pastes what they show.

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::Rollcall;
use support::browser::Browser;
use support::site::Site;
use thirtyfour::prelude::*;

/// A page of the operator's own site, as it stands before anything is pasted.
const PAGE: &str =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Quay</title><body><h1>Quay</h1></body></html>";
/// The page's own word for where code goes.
const PLACE: &str = "just above </body>";
/// How long a person watches the state: it looks again every three seconds.
const WATCHED: Duration = Duration::from_secs(30);

/// The operator at the dashboard in one tab, with the own site in another.
struct Operator<'a> {
    browser: &'a Browser,
    dashboard: WindowHandle,
    site_tab: WindowHandle,
    site: Site,
}

impl Operator<'_> {
    /// Text that the page shows within a part of it.
    async fn reads(&self, css: &str) -> String {
        let mut seen = String::new();
        // The page may load anew while it is read.
        for _ in 0..10 {
            match self.browser.driver.find(By::Css(css)).await {
                Ok(part) => match part.text().await {
                    Ok(text) => return text,
                    Err(error) => seen = error.to_string(),
                },
                Err(error) => seen = error.to_string(),
            }
        }
        panic!("no {css} on {}: {seen}", self.browser.address().await)
    }

    /// Fills the field that has this label.
    async fn fills(&self, label: &str, value: &str) {
        let path = format!("//label[contains(normalize-space(.), {label:?})]");
        let label = self.browser.driver.find(By::XPath(path)).await.unwrap_or_else(|_| panic!("a label {label}"));
        let field = label.attr("for").await.expect("an attribute").expect("the label says of which field");
        let field = self.browser.driver.find(By::Id(field)).await.expect("the field");
        field.clear().await.expect("it is cleared");
        field.send_keys(value).await.expect("it takes keys");
    }

    /// Watches the state until it says this.
    async fn waits_for(&self, sentence: &str) {
        let started = Instant::now();
        loop {
            let seen = self.reads("#state h2").await;
            if seen.contains(sentence) {
                return;
            }
            assert!(started.elapsed() < WATCHED, "the state says {seen:?}, not {sentence:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Follows the state's one action, and answers the part of the page to which it leads.
    async fn follows_the_action(&self) -> String {
        let action = self.browser.driver.find_all(By::Css("#state .btn.primary")).await.expect("a search");
        assert_eq!(action.len(), 1, "one action");
        let leads_to = action[0].attr("href").await.expect("an attribute").expect("it is a link");
        action[0].click().await.expect("it is clicked");
        let (_, part) = leads_to.split_once('#').unwrap_or_else(|| panic!("{leads_to}"));
        format!("#{part}")
    }

    /// The text of the code blocks in a part of the page, as they would be copied.
    async fn code_in(&self, part: &str) -> Vec<String> {
        let blocks = self.browser.driver.find_all(By::Css(format!("{part} pre"))).await.expect("a search");
        let mut codes = Vec::new();
        for block in blocks {
            codes.push(block.prop("textContent").await.expect("a property").expect("text"));
        }
        codes
    }

    /// The short pieces of code in the sentences of a part that say something.
    async fn words_in(&self, part: &str, sentence: &str) -> Vec<String> {
        let path = format!("{part} p");
        for paragraph in self.browser.driver.find_all(By::Css(path)).await.expect("a search") {
            if paragraph.text().await.expect("text").contains(sentence) {
                let mut words = Vec::new();
                for word in paragraph.find_all(By::Css("code")).await.expect("a search") {
                    words.push(word.text().await.expect("text"));
                }
                return words;
            }
        }
        panic!("no sentence says {sentence:?} in {part}: {}", self.reads(part).await)
    }

    /// Pastes code where the pages say, into a page of the own site, and opens that page.
    async fn pastes_and_opens(&self, path: &str, code: &str) {
        let (before, after) = PAGE.split_once("</body>").expect("a body");
        self.site.whole_page(path, &format!("{before}{code}</body>{after}"));
        self.browser.driver.switch_to_window(self.site_tab.clone()).await.expect("the site's tab");
        self.browser.open(&self.site.url(path)).await;
        self.browser.driver.switch_to_window(self.dashboard.clone()).await.expect("the dashboard's tab");
    }
}

/// Puts what the site knows in the place of the examples that the page says to replace, by the names beside them.
fn replaced(code: &str, examples: &[String], known: &Value) -> String {
    let (before, rest) = code.split_once("id=\"rollcall-settings\">").expect("the settings");
    let (settings, after) = rest.split_once("</script>").expect("their end");
    let mut settings: Value = serde_json::from_str(settings).unwrap_or_else(|error| panic!("{error}: {settings}"));
    fn fill(value: &mut Value, examples: &[String], known: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    fill(value, examples, &known[name.as_str()]);
                }
            }
            Value::String(text) if examples.contains(text) => {
                assert!(known.is_string(), "the site knows nothing for {text:?}");
                *value = known.clone();
            }
            _ => {}
        }
    }
    fill(&mut settings, examples, known);
    let json = settings.to_string().replace('<', "\\u003c");
    format!("{before}id=\"rollcall-settings\">{json}</script>{after}")
}

async fn from_the_link_to_a_company(with_javascript: bool) {
    let mut rollcall = Rollcall::prepare(&[]);
    let printed = rollcall.serve().join("\n");
    let link = printed.split_whitespace().find(|word| word.contains("/set-up?token=") && word.starts_with("http"));
    let link = link.unwrap_or_else(|| panic!("no link in:\n{printed}")).to_owned();

    let browser = Browser::start().await;
    let dashboard = browser.driver.window().await.expect("a tab");
    let site_tab = browser.driver.new_tab().await.expect("another tab");
    if !with_javascript {
        browser.stops_scripts_here().await;
    }
    let operator = Operator { browser: &browser, dashboard, site_tab, site: Site::start() };

    // The link that was printed, and what its page asks for.
    browser.open(&link).await;
    operator.fills("Workspace", "Quayside").await;
    operator.fills("Time zone", "Europe/Warsaw").await;
    operator.fills("Your e-mail", "owner@rollcall.test").await;
    operator.fills("Password", "correct horse battery").await;
    browser.click("Set up").await;
    browser.sees("Nothing yet").await;
    assert_eq!(rollcall.client.get(&link).send().await.expect("an answer").status(), 410, "the link works once");

    let copy = browser.driver.find(By::Css("#visitors button[data-copy]")).await.expect("a button");
    assert_eq!(copy.is_displayed().await.expect("a look"), with_javascript, "only a script copies");

    // Step 1, to which the state leads. Its one block of code goes where it says, as it stands.
    let step = operator.follows_the_action().await;
    assert!(operator.reads(&step).await.contains(PLACE));
    let code = operator.code_in(&step).await;
    assert_eq!(code.len(), 1, "{code:?}");
    operator.pastes_and_opens("/", &code[0]).await;
    operator.waits_for("Visitors arrive, but nobody is identified").await;

    // Step 2, for somebody who is in no company.
    let step = operator.follows_the_action().await;
    assert!(operator.reads(&step).await.contains(PLACE));
    let code = operator.code_in(&step).await;
    assert_eq!(code.len(), 1, "{code:?}");
    let marked = browser.driver.find(By::Css(format!("{step} pre mark"))).await.expect("the marked lines");
    let marked = marked.prop("textContent").await.expect("a property").expect("text");
    let examples = operator.words_in(&step, "Replace").await;
    let no_company = operator.words_in(&step, "For users without one").await;
    let known = json!({
        "user_id": "17", "name": "Ola </script> Nordmann", "email": "ola@fjord.test",
        "company": { "company_id": "fjord", "name": "Fjord Works", "plan": "team" },
    });
    let without = code[0].replace(&marked, &no_company[0]);
    assert_ne!(without, code[0]);
    operator.pastes_and_opens("/app", &replaced(&without, &examples, &known)).await;
    operator.waits_for("People arrive, without companies").await;
    assert!(operator.reads("#state").await.contains("17"), "one real user is named");

    // Step 3 says that the marked lines are the company's: with them in their place again it is all there.
    let step = operator.follows_the_action().await;
    assert!(operator.reads(&step).await.contains("The marked lines of step 2's code"));
    let of_step_2 = operator.code_in("#people").await;
    operator.pastes_and_opens("/app", &replaced(&of_step_2[0], &examples, &known)).await;
    operator.waits_for("Complete").await;

    // The state names both, with links.
    let state = operator.reads("#state").await;
    assert!(state.contains("Ola </script> Nordmann") && state.contains("Fjord Works"), "{state}");
    browser.click("Fjord Works").await;
    browser.sees("Ola </script> Nordmann").await;
    assert_eq!(operator.reads("h1").await, "Fjord Works");
    browser.driver.back().await.expect("the page before");
    operator.waits_for("Complete").await;
    browser.click("Ola </script> Nordmann").await;
    browser.sees("ola@fjord.test").await;
    assert_eq!(operator.reads("h1").await, "Ola </script> Nordmann");
    browser.sees("Fjord Works").await;
    assert_eq!(browser.console().await, Vec::<String>::new());
}

#[actix_web::test]
async fn the_pages_alone_lead_from_the_printed_link_to_a_user_of_a_company() {
    from_the_link_to_a_company(true).await;
}

#[actix_web::test]
async fn and_so_they_do_without_javascript() {
    from_the_link_to_a_company(false).await;
}
