//! An acknowledged message is on disk, once: the server is killed at random moments under load, and
//! what was left unanswered is sent again, as every SDK does.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Rollcall, seconds_ago};

/// Senders at the same time.
const SENDERS: usize = 8;

fn rounds() -> usize {
    if std::env::var_os("ROLLCALL_FULL").is_some_and(|full| !full.is_empty()) { 60 } else { 10 }
}

/// A batch of a sender: events of known users and of visitors, an identify with a company, all with
/// ids of their own so that each can be found again.
fn batch(round: usize, sender: usize, number: usize) -> Vec<Value> {
    let id = |part: &str| format!("{round}-{sender}-{number}-{part}");
    let user = format!("user-{}", (sender * 7 + number) % 40);
    let company = format!("company-{}", number % 5);
    let mut messages = vec![
        json!({
            "type": "track", "event": "Paid", "userId": user, "messageId": id("track"),
            "timestamp": seconds_ago(5), "properties": { "mark": id("track") }, "context": { "groupId": company },
        }),
        json!({
            "type": "page", "anonymousId": format!("visitor-{}", number % 60), "messageId": id("page"),
            "properties": { "mark": id("page") },
        }),
    ];
    if number.is_multiple_of(3) {
        messages.push(json!({
            "type": "identify", "userId": user, "anonymousId": format!("visitor-{}", number % 60),
            "messageId": id("identify"), "timestamp": seconds_ago(5),
            "traits": { "seen": number, "company": { "company_id": company } },
        }));
    }
    messages
}

/// Sends batches until the server is gone; notes what was acknowledged and what was left unanswered.
async fn send_until_the_end(
    address: String,
    write_key: String,
    (round, sender): (usize, usize),
    acknowledged: Arc<Mutex<BTreeSet<String>>>,
) -> Vec<Value> {
    let client = reqwest::Client::new();
    for number in 0.. {
        let messages = batch(round, sender, number);
        let body = json!({ "writeKey": write_key, "batch": messages });
        let answer = match client.post(format!("{address}/v1/batch")).json(&body).send().await {
            Ok(answer) if answer.status() == 200 => answer.json::<Value>().await.ok(),
            _ => None,
        };
        let Some(answer) = answer else { return messages };
        let mut acknowledged = acknowledged.lock().expect("the list");
        for (result, message) in answer["results"].as_array().expect("results").iter().zip(&messages) {
            assert_eq!(result["status"], "stored", "{answer}");
            if let Some(mark) = message["properties"]["mark"].as_str() {
                acknowledged.insert(mark.to_owned());
            }
        }
    }
    Vec::new()
}

#[actix_web::test]
async fn killed_at_random_moments_nothing_acknowledged_is_lost_or_doubled() {
    let mut rollcall = Rollcall::start();
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    for round in 0..rounds() {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (address, key) = (rollcall.address.clone(), rollcall.write_key.clone());
                tokio::task::spawn_local(send_until_the_end(address, key, (round, sender), Arc::clone(&acknowledged)))
            })
            .collect();
        // Spread over the first half second by the round alone, so that a failure can be told again.
        tokio::time::sleep(Duration::from_millis(40 + (round as u64 * 137) % 460)).await;
        rollcall.kill();
        let mut unanswered = Vec::new();
        for sender in senders {
            unanswered.extend(sender.await.expect("a sender"));
        }
        rollcall.serve();
        let again = rollcall.page_posts(json!(unanswered)).await;
        let mut acknowledged = acknowledged.lock().expect("the list");
        for (result, message) in again.iter().zip(&unanswered) {
            assert!(result["status"] == "stored" || result["status"] == "duplicate", "{result}");
            if let Some(mark) = message["properties"]["mark"].as_str() {
                acknowledged.insert(mark.to_owned());
            }
        }
    }
    let status = rollcall.terminate();
    assert_eq!(status.code(), Some(0));

    let acknowledged = acknowledged.lock().expect("the list").clone();
    assert!(acknowledged.len() > 20 * rounds(), "only {} messages were acknowledged", acknowledged.len());
    let file = rusqlite::Connection::open(rollcall.file()).expect("the file");
    let mut statement = file
        .prepare("SELECT properties ->> 'mark', count(*) FROM events WHERE kind <= 2 GROUP BY 1")
        .expect("a statement");
    let stored: BTreeMap<String, i64> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rows");
    let lost: Vec<&String> = acknowledged.iter().filter(|mark| !stored.contains_key(*mark)).collect();
    assert_eq!(lost, Vec::<&String>::new(), "acknowledged and lost");
    let doubled: Vec<_> = stored.iter().filter(|(_, count)| **count > 1).collect();
    assert_eq!(doubled, Vec::new(), "stored twice");

    // integrity_check, and every fold against a recount.
    let checked = rollcall.shell_output(&["check", "--json"], "");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
