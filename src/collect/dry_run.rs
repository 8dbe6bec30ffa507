//! `?dry_run=1`: what a call would do and why, and nothing is stored.

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::envelope::{Call, Envelope};
use super::mending::mended;
use super::posts::{Read, read};
use super::{Memory, senders};
use crate::actions::receive::{Plan, Planned, plan};
use crate::domain::message::{Delivery, Receipt};
use crate::http::limits::Limits;
use crate::http::problem::Problem;
use crate::store::{Store, StoreError, Tx};

#[derive(Serialize)]
struct Answer {
    success: bool,
    dry_run: bool,
    results: Vec<Planned>,
}

/// Whether a call asks to store nothing.
pub fn is_asked(request: &HttpRequest) -> bool {
    let asks = |part: &str| part.strip_prefix("dry_run").is_some_and(|rest| !matches!(rest, "=0" | "=false"));
    request.query_string().split('&').any(asks)
}

/// Answers the plan of a call. The answer says what the file knows of people, so it takes a token or
/// an operator's session.
///
/// # Errors
/// As the call itself, and 401 `token_missing` for a write key alone. What is refused is not counted.
pub async fn answer(
    request: &HttpRequest,
    call: Call,
    body: Result<Bytes, Problem>,
    store: &Store,
    limits: &Limits,
    memory: &Memory,
) -> Result<HttpResponse, Problem> {
    let catalog = store.catalog();
    let body = body?;
    let body = mended(&body);
    let envelope = Envelope::open(call, &body)?;
    let sender = senders::asker(request, &envelope, &catalog, store, limits, memory).await?;
    let (source, grade, received_ms) = (sender.source, sender.grade, store.now_ms());
    let messages = read(request, call, envelope, sender, &catalog, received_ms);
    let job = move |tx: &mut Tx<'_>| {
        let planned = |(sent_at_ms, message): Read| match message {
            Ok(mut message) => plan(tx, &Delivery { source, grade, sent_at_ms, received_ms }, &mut message),
            Err(message) => {
                let because = vec![message.refused.detail.clone()];
                let receipt = Receipt::refused(message.message_id, message.refused);
                Ok(Planned { receipt, plan: Plan { because, ..Plan::default() } })
            }
        };
        messages.into_iter().map(planned).collect::<Result<Vec<Planned>, StoreError>>()
    };
    let results = store.rehearse(job).await?;
    Ok(HttpResponse::Ok().json(Answer { success: true, dry_run: true, results }))
}
