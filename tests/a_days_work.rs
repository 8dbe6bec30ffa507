//! A day's work at the dashboard, as a person does it who clicks and types and reads: with JavaScript and without.

mod support;

use serde_json::{Value, json};
use support::browser::Browser;
use support::{Rollcall, seconds_ago};
use thirtyfour::By;

const DAY: i64 = 86_400;

/// A company that was busy until twelve days ago, whose founder left; one that is busy; one on another plan.
async fn a_few_companies() -> Rollcall {
    let rollcall = Rollcall::start();
    let mut messages = Vec::new();
    for (id, name, plan, last) in
        [("kestrel", "Kestrel Works", "Prro", 12), ("heron", "Heron Ltd", "Pro", 0), ("plover", "Plover", "Free", 1)]
    {
        for (number, person) in ["Ann", "Ben", "Lena"].into_iter().enumerate() {
            let user = format!("{id}-{}", person.to_lowercase());
            let company = json!({
                "company_id": id, "name": name, "plan": plan,
                "membership": { "role": if number == 0 { "admin" } else { "member" } },
            });
            messages.push(json!({
                "type": "identify", "userId": user, "timestamp": seconds_ago(40 * DAY),
                "traits": { "name": format!("{person} of {name}"), "company": company },
            }));
            messages.extend((0..5).map(|day| {
                json!({
                    "type": "track", "event": "Report exported", "userId": user, "context": { "groupId": id },
                    "timestamp": seconds_ago((last + day) * DAY + 60),
                })
            }));
        }
    }
    messages.push(json!({
        "type": "identify", "userId": "kestrel-lena", "timestamp": seconds_ago(13 * DAY),
        "traits": { "company": { "company_id": "kestrel", "remove": true } },
    }));
    rollcall.backend_posts(Value::from(messages)).await;
    rollcall
}

async fn chooses(browser: &Browser, field: &str, option: &str) {
    let option = format!("select[name={field}] option[value={option:?}]");
    let option = browser.driver.find(By::Css(&option)).await.unwrap_or_else(|_| panic!("{option}"));
    option.click().await.expect("it is chosen");
}

async fn a_days_work(browser: &Browser) {
    let rollcall = a_few_companies().await;
    browser.signs_in(&rollcall).await;

    // Which companies went quiet?
    browser.sees("Gone quiet").await;
    browser.click("Kestrel Works").await;
    browser.sees("Quiet").await;

    // Who left?
    browser.click("Left 1").await;
    browser.sees("Lena of Kestrel Works").await;
    let left = browser.driver.find(By::Css("section[aria-labelledby=members] tbody")).await.expect("the table");
    let left = left.text().await.expect("text");
    assert!(left.contains("Lena of") && !left.contains("Ann of"), "{left}");

    // Call them, and write down what was said.
    browser.click("Write a note").await;
    browser.fill("text", "Called **Ann**: their busy season is over, back in spring.").await;
    browser.click("Add the note").await;
    browser.sees("back in spring").await;
    let bold = browser.driver.find(By::Css("section[aria-labelledby=notes] strong")).await.expect("Markdown is drawn");
    assert_eq!(bold.text().await.expect("text"), "Ann");

    // The plan is a typing mistake of somebody's.
    browser.click("Edit plan").await;
    browser.fill("value", "Pro").await;
    browser.click("Save").await;
    browser.sees("Undo").await;
    assert_eq!(rollcall.company("kestrel").await["attributes"]["plan"], "Pro");
    // It was not: that plan is called so. Take it back.
    browser.click("Undo").await;
    support::until("the plan as it was", || async {
        let plan = rollcall.company("kestrel").await["attributes"]["plan"].clone();
        if plan == "Prro" { Ok(()) } else { Err(plan.to_string()) }
    })
    .await;
    browser.sees("Prro").await;

    // Who pays, as a list to come back to.
    browser.click("Companies").await;
    browser.click("Filter").await;
    chooses(browser, "field", "plan").await;
    chooses(browser, "op", "starts").await;
    browser.fill("value", "Pr").await;
    browser.click("Add the condition").await;
    browser.sees("Companies for which this holds: plan starts with “Pr”.").await;
    browser.click("Save as a segment").await;
    browser.fill("name", "Paying").await;
    browser.click("Save").await;
    browser.sees("Paying").await;
    browser.click("Companies").await;
    browser.click("Paying").await;
    browser.sees("Heron Ltd").await;
    let rows = browser.driver.find(By::Css("table tbody")).await.expect("the list").text().await.expect("text");
    assert!(rows.contains("Kestrel Works") && !rows.contains("Plover"), "{rows}");

    // And as a file for a colleague, of just these.
    let file = browser.driver.find(By::LinkText("CSV")).await.expect("a link to the file");
    let address = file.attr("href").await.expect("an attribute").expect("an address");
    let desk = rollcall.desk().await;
    let csv = desk.open(&address).await;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.contains("Kestrel Works") && csv.contains("Heron Ltd") && !csv.contains("Plover"), "{csv}");
    assert_eq!(browser.console().await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_day_s_work() {
    a_days_work(&Browser::start().await).await;
}

#[actix_web::test]
async fn a_day_s_work_without_javascript() {
    let off = json!({ "profile.default_content_setting_values.javascript": 2 });
    a_days_work(&Browser::start_with(&[], off).await).await;
}
