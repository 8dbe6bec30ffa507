//! By hand: what an operator's program, and an operator on the pages, set of users, companies and
//! memberships, and what becomes of it beside what the site says (A6, A7, A9, C1, C7).

mod audit;
mod days;
mod person;
mod program;
#[path = "../support/mod.rs"]
mod support;
mod undo;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Rollcall, message_id, seconds_ago};

fn identify(user: &str, traits: Value, seconds: i64) -> Value {
    json!({
        "type": "identify", "messageId": message_id(), "userId": user, "traits": traits,
        "timestamp": seconds_ago(seconds),
    })
}

async fn put(rollcall: &Rollcall, path: &str, body: Value) -> Answer {
    rollcall.api_as(Method::PUT, path, &rollcall.token, Some(body)).await
}

async fn patch(rollcall: &Rollcall, path: &str, body: Value) -> Answer {
    rollcall.api_as(Method::PATCH, path, &rollcall.token, Some(body)).await
}

async fn delete(rollcall: &Rollcall, path: &str) -> Answer {
    rollcall.api_as(Method::DELETE, path, &rollcall.token, None).await
}

async fn undo(rollcall: &Rollcall, change: &Value) -> Answer {
    rollcall.api_as(Method::POST, &format!("/changes/{change}/undo"), &rollcall.token, Some(json!({}))).await
}
