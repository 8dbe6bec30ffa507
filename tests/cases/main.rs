//! The cases of the rule book, each a story named after its row: what is sent, and what the API
//! says then. Those that need a real page (4, 5, 30, 31, and the page's side of 3, 21 and 22) are
//! told in `browser.rs`.

mod companies;
mod found;
mod people;
mod rules;
#[path = "../support/mod.rs"]
mod support;
mod values;

use rollcall::actions::receive::receive;
use rollcall::domain::access::Grade;
use rollcall::domain::ids::{CompanyId, UserId};
use rollcall::domain::message::{CompanyStatement, Delivery, Kind, Message, Standing, Status};
use rollcall::store::{Ambient, Store, StoreError};
use serde_json::{Value, json};
use support::{Rollcall, message_id, seconds_ago};

fn page(visitor: &str, path: &str) -> Value {
    json!({
        "type": "page", "messageId": message_id(), "anonymousId": visitor, "timestamp": seconds_ago(60),
        "properties": { "path": path },
    })
}

fn identify(visitor: Option<&str>, user: &str, traits: Value) -> Value {
    let mut message = json!({
        "type": "identify", "messageId": message_id(), "userId": user, "traits": traits, "timestamp": seconds_ago(30),
    });
    if let Some(visitor) = visitor {
        message["anonymousId"] = json!(visitor);
    }
    message
}

fn track(user: &str, event: &str) -> Value {
    json!({ "type": "track", "messageId": message_id(), "userId": user, "event": event, "timestamp": seconds_ago(20) })
}

/// The same at another time.
fn at(mut message: Value, seconds: i64) -> Value {
    message["timestamp"] = json!(seconds_ago(seconds));
    message
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().unwrap_or_default()).collect()
}
