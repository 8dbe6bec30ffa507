//! What change sets cost: bytes of the file a message, and a change, with the indexes. What says nothing
//! new costs nothing.
//!
//! `cargo test --test change_costs -- --nocapture` prints the table of benches/README.md.

#![allow(clippy::print_stdout, reason = "the table is what it is run for")]

mod support;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};
use support::{Rollcall, message_id};

/// Known users, each of whom sends each kind of message.
const USERS: usize = 2_000;
/// Messages of one request.
const BATCH: usize = 200;
/// Bytes that a change of a small value may cost, with all that belongs to it.
const SMALL_CHANGE_BYTES_MAX: f64 = 150.0;

/// What the tables of change sets hold and take.
#[derive(Debug, Clone, Copy)]
struct Size {
    sets: i64,
    changes: i64,
    /// What was written into their rows and those of their indexes.
    content: i64,
    /// The pages that hold it.
    pages: i64,
}

impl Size {
    fn of(rollcall: &Rollcall) -> Size {
        let file = Connection::open_with_flags(rollcall.file(), OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the file");
        let one = |sql: &str| file.query_row(sql, [], |row| row.get(0)).expect("a number");
        let of_tables = "FROM dbstat WHERE name LIKE 'change%' OR name LIKE 'sqlite_autoindex_change%'";
        Size {
            sets: one("SELECT count(*) FROM change_sets"),
            changes: one("SELECT count(*) FROM changes"),
            content: one(&format!("SELECT sum(payload) {of_tables}")),
            pages: one(&format!("SELECT sum(pgsize) {of_tables}")),
        }
    }
}

/// Sends a message of each user, and answers what a message and a change cost of the file.
async fn sent(rollcall: &Rollcall, what: &str, message: impl Fn(usize) -> Value) -> (f64, f64) {
    let before = Size::of(rollcall);
    let messages: Vec<Value> = (0..USERS)
        .map(|user| {
            let mut message = message(user);
            message["userId"] = json!(format!("user-{user}"));
            message["messageId"] = json!(message_id());
            message
        })
        .collect();
    for batch in messages.chunks(BATCH) {
        for result in rollcall.page_posts(json!(batch)).await {
            assert!(result["refused_values"].is_null() && result["status"] != "refused", "{what}: {result}");
        }
    }
    let after = Size::of(rollcall);
    let of_message = |before: i64, after: i64| (after - before) as f64 / USERS as f64;
    let changes = of_message(before.changes, after.changes);
    let (content, pages) = (of_message(before.content, after.content), of_message(before.pages, after.pages));
    let a_change = if changes > 0.0 { pages / changes } else { 0.0 };
    println!(
        "| {what} | {:.0} | {changes:.0} | {content:.0} B | {pages:.0} B | {a_change:.0} B |",
        of_message(before.sets, after.sets)
    );
    (pages, a_change)
}

fn identify(traits: Value) -> Value {
    json!({ "type": "identify", "traits": traits })
}

#[actix_web::test]
async fn a6_what_change_sets_cost() {
    let rollcall = Rollcall::start();
    println!(
        "| a message | change sets | changes | content | of the file | of the file a change |\n|---|---|---|---|---|---|"
    );
    let known = |user: usize| identify(json!({ "email": format!("user-{user}@acme.example"), "plan": "free" }));
    sent(&rollcall, "a user is known from here on, with 2 attributes", known).await;
    for _ in 0..2 {
        let page = json!({ "type": "page", "properties": { "path": "/reports" } });
        let (nothing, _) = sent(&rollcall, "a page view", |_| page.clone()).await;
        assert_eq!(nothing, 0.0, "a message that only appends an event writes no change set");
        let (nothing, _) = sent(&rollcall, "an identify that says nothing new", known).await;
        assert_eq!(nothing, 0.0, "nor does one that says nothing new (T2)");
    }
    for plan in ["pro", "team", "free", "pro"] {
        let (_, a_change) =
            sent(&rollcall, "an identify that changes one attribute", |_| identify(json!({ "plan": plan }))).await;
        assert!(a_change <= SMALL_CHANGE_BYTES_MAX, "{a_change} bytes for a small value");
    }
    let twelve = |user: usize| {
        let values = (0..12).map(|number| (format!("attribute_{number}"), json!(format!("value {user}"))));
        identify(Value::Object(Map::from_iter(values)))
    };
    // Unsigned calls make few attributes an hour (A4), so the back end names them first.
    let first =
        json!({ "type": "identify", "userId": "first", "messageId": message_id(), "traits": twelve(0)["traits"] });
    rollcall.backend_posts(first).await;
    sent(&rollcall, "an identify with 12 new attributes", twelve).await;
    let joins = |user: usize| identify(json!({ "company": { "company_id": format!("company-{}", user % 50) } }));
    rollcall
        .page_posts(json!(
            (0..50)
                .map(&joins)
                .map(|mut message| {
                    message["userId"] = json!("first");
                    message["messageId"] = json!(message_id());
                    message
                })
                .collect::<Vec<_>>()
        ))
        .await;
    sent(&rollcall, "a join of a company", joins).await;
}
