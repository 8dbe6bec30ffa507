//! `POST /v1/{call}`: messages arrive, one job of the writer a request.

use std::collections::BTreeMap;
use std::rc::Rc;

use actix_web::http::header::USER_AGENT;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::agents::Agent;
use super::envelope::{Call, Envelope, is_too_large};
use super::examined::Examined;
use super::mending::mended;
use super::refusals::{Declined, decline};
use super::segment::{self, Circumstances, RefusedMessage};
use super::senders::{self, Sender};
use super::traces::{self, Traces};
use super::{Memory, body, dry_run, not_found, sightings};
use crate::actions::receive::{Plan, Planned, plan, receive};
use crate::domain::codes::warnings::Warning;
use crate::domain::error::Code;
use crate::domain::findings::Finding;
use crate::domain::message::{Delivery, Message, Receipt, Status, take_turns};
use crate::domain::time::message_time;
use crate::http::limits::Limits;
use crate::http::problem::Problem;
use crate::store::sightings::Sight;
use crate::store::{Catalog, Store, StoreError, Tx, refusals};

#[derive(Serialize)]
struct Answer {
    success: bool,
    results: Vec<Receipt>,
}

/// `POST /v1/identify|group|track|page|screen|alias|batch|import`, and the short forms.
///
/// # Errors
/// The whole request was not taken; a message that was not is in the answer.
pub async fn post(
    request: HttpRequest,
    payload: Payload,
    store: Data<Store>,
    limits: Data<Limits>,
) -> Result<HttpResponse, Problem> {
    let memory = Memory::of(&request)?;
    let call = call(&request)?;
    let body = body::read(&request, payload, call.limit()).await;
    if dry_run::is_asked(&request) {
        let answer = dry_run::answer(&request, call, body, &store, &limits, &memory).await;
        return answer.map_err(Problem::for_tracking);
    }
    match take(&request, call, body, &store, &limits, &memory).await {
        Ok(results) => Ok(HttpResponse::Ok().json(Answer { success: true, results })),
        Err(declined) => {
            traces::declined(&request, call, &declined, store.now_ms());
            Err(decline(memory, &store, declined))
        }
    }
}

/// The call that a path ends in.
///
/// # Errors
/// 404: there is no such call.
pub(super) fn call(request: &HttpRequest) -> Result<Call, Problem> {
    let path = request.path();
    let word = path.strip_suffix('/').unwrap_or(path).rsplit('/').next();
    word.and_then(Call::parse).ok_or_else(|| not_found().for_tracking())
}

/// Takes in what a body says, as far as it could be read.
///
/// # Errors
/// The whole request was not taken.
pub(super) async fn take(
    request: &HttpRequest,
    call: Call,
    body: Result<Bytes, Problem>,
    store: &Store,
    limits: &Limits,
    memory: &Rc<Memory>,
) -> Result<Vec<Receipt>, Declined> {
    let catalog = store.catalog();
    let in_head = |problem| Declined::from(problem).of(senders::source_in_head(request, &catalog));
    let body = body.map_err(in_head)?;
    let body = mended(&body);
    let mut envelope = Envelope::open(call, &body).map_err(in_head)?;
    let received_ms = store.now_ms();
    let examined = Examined::of(request, &mut envelope, received_ms);
    let sender = match senders::sender(request, &envelope, &catalog, store, limits, memory).await {
        Ok(sender) => sender,
        Err(declined) => {
            if let Some(examined) = examined {
                examined.declined(&declined);
            }
            return Err(declined);
        }
    };
    let traces = Traces::of(request, &envelope, received_ms);
    let host = sightings::host(request).unwrap_or_default();
    let seen = memory.sightings.due(sender.source, Sight::Post, &host, received_ms).then_some(host);
    if let Some(host) = &seen {
        for (finding, example) in sightings::odd(request, &catalog, sender, host) {
            sightings::find_later(store, sender.source, finding, example);
        }
    }
    let messages = read(request, call, envelope, sender, &catalog, received_ms);
    if let Some(example) = memory.signed_in.odd(request, sender, &messages, received_ms) {
        sightings::find_later(store, sender.source, Finding::OneAddressManyCompanies, example);
    }
    let waiting = traces.read(call, sender, received_ms, &messages);
    let deal = if examined.is_some() { deal_and_tell } else { deal };
    let (receipts, plans) = Post { sender, received_ms, messages, seen, deal }.store(store).await?;
    if let Some(examined) = examined {
        examined.note(sender, &receipts, plans);
    }
    if let Some(waiting) = waiting {
        waiting.note(&receipts);
    }
    Ok(if sender.grade.is_trusted() { receipts } else { receipts.into_iter().map(for_strangers).collect() })
}

/// A message as read, and when its sender says to have sent it.
pub(super) type Read = (Option<i64>, Result<Message, RefusedMessage>);

pub(super) fn read(
    request: &HttpRequest,
    call: Call,
    envelope: Envelope<'_>,
    sender: Sender,
    catalog: &Catalog,
    received_ms: i64,
) -> Vec<Read> {
    let user_agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let around =
        Circumstances { grade: sender.grade, agent: Agent::of(user_agent), refuse_bots: catalog.settings.refuse_bots };
    let (sent_at_ms, measure) = (envelope.sent_at_ms, envelope.measure);
    let read = |value| {
        let sent_at_ms = sent_at_ms.or_else(|| segment::sent_at(&value));
        let too_large = measure && is_too_large(&value);
        let message =
            if too_large { Err(segment::too_large(&value)) } else { segment::message(call.kind(), value, &around) };
        (sent_at_ms, message)
    };
    let mut messages: Vec<Read> = envelope.messages.into_iter().map(read).collect();
    take_turns(messages.iter_mut().filter_map(|(sent_at_ms, message)| {
        let message = message.as_mut().ok()?;
        Some((message_time(message.timestamp_ms, *sent_at_ms, received_ms).at_ms, message))
    }));
    messages
}

/// What unsigned callers learn: nothing of what we know already.
fn for_strangers(receipt: Receipt) -> Receipt {
    if receipt.trusted {
        return receipt;
    }
    if receipt.code == Some(Code::Erased) {
        return Receipt::of(receipt.message_id, Status::Stored);
    }
    let status = if receipt.status == Status::Unchanged { Status::Stored } else { receipt.status };
    let Receipt { mut refused_values, mut warnings, .. } = receipt;
    refused_values.retain(|refused| !refused.tells_of_known);
    warnings.retain(|warning| *warning != Warning::CompanyTakesSignedMembers.explained());
    Receipt { status, refused_values, warnings, ..receipt }
}

/// A request's messages on their way into the file.
struct Post {
    sender: Sender,
    received_ms: i64,
    messages: Vec<Read>,
    /// The host to note a sight of, where that is due.
    seen: Option<String>,
    /// What is done with each.
    deal: Deal,
}

/// Deals with a message: its receipt, and what it did where somebody wants to be told.
type Deal = fn(&mut Tx<'_>, &Delivery, &mut Message) -> Result<(Receipt, Option<Plan>), StoreError>;

fn deal(tx: &mut Tx<'_>, delivery: &Delivery, message: &mut Message) -> Result<(Receipt, Option<Plan>), StoreError> {
    Ok((receive(tx, delivery, message)?, None))
}

fn deal_and_tell(
    tx: &mut Tx<'_>,
    delivery: &Delivery,
    message: &mut Message,
) -> Result<(Receipt, Option<Plan>), StoreError> {
    let Planned { receipt, plan } = plan(tx, delivery, message)?;
    Ok((receipt, Some(plan)))
}

impl Post {
    async fn store(mut self, store: &Store) -> Result<(Vec<Receipt>, Vec<Option<Plan>>), StoreError> {
        let keeps = self.sender.keeps;
        if !keeps && let Some(host) = self.seen.take() {
            sightings::note_later(store, self.sender.source, Sight::Post, host);
        }
        let job = move |tx: &mut Tx<'_>| {
            let dealt = self.run(tx)?;
            // Memory goes back to the thread that it came from: freed by another one, both wait for each other.
            Ok::<_, StoreError>((dealt, self.messages))
        };
        // A test source answers as usual, but stores nothing.
        let (dealt, messages) = if keeps { store.write(job).await? } else { store.rehearse(job).await? };
        drop(messages);
        Ok(dealt)
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(Vec<Receipt>, Vec<Option<Plan>>), StoreError> {
        let Sender { source, grade, .. } = self.sender;
        let (mut receipts, mut plans) = (Vec::with_capacity(self.messages.len()), Vec::new());
        let mut refused: BTreeMap<Code, (u64, &RefusedMessage)> = BTreeMap::new();
        for (sent_at_ms, message) in &mut self.messages {
            let (receipt, plan) = match message {
                Ok(message) => {
                    let delivery = Delivery { source, grade, sent_at_ms: *sent_at_ms, received_ms: self.received_ms };
                    (self.deal)(tx, &delivery, message)?
                }
                Err(message) => {
                    let receipt = Receipt::refused(message.message_id.clone(), message.refused.clone());
                    refused.entry(message.refused.code).or_insert((0, message)).0 += 1;
                    (receipt, None)
                }
            };
            receipts.push(receipt);
            plans.push(plan);
        }
        for (code, (times, RefusedMessage { refused, example, .. })) in refused {
            let (code, example) = (code.as_str(), example.as_deref());
            refusals::count_many(tx, Some(source), code, None, &refused.detail, example, times)?;
        }
        if let Some(host) = &self.seen {
            crate::store::sightings::note(tx, source, Sight::Post, host)?;
        }
        Ok((receipts, plans))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Refused;
    use crate::domain::message::RefusedValue;
    use serde_json::{Value, json};

    #[test]
    fn strangers_read_stored_where_others_read_unchanged_or_erased() {
        let shown = |receipt: Receipt| serde_json::to_value(for_strangers(receipt)).unwrap();
        let id = || Some("m".to_owned());
        let stored = json!({"message_id": "m", "status": "stored"});
        assert_eq!(shown(Receipt::of(id(), Status::Unchanged)), stored);
        assert_eq!(shown(Receipt::refused(id(), Refused::new(Code::Erased, "Ann was erased."))), stored);
        assert_eq!(shown(Receipt::of(id(), Status::Duplicate))["status"], "duplicate");
        let bad = RefusedValue::new("seats", json!("ten"), Refused::new(Code::TypeMismatch, "Send a number."));
        let receipt = Receipt { refused_values: vec![bad], ..Receipt::of(None, Status::Unchanged) };
        let refused_values = json!([{"attribute": "seats", "code": "type_mismatch", "detail": "Send a number."}]);
        assert_eq!(
            shown(receipt),
            json!({"message_id": Value::Null, "status": "stored", "refused_values": refused_values})
        );
        let refused = Receipt::refused(id(), Refused::new(Code::Bot, "A crawler."));
        assert_eq!(shown(refused)["code"], "bot");
    }
}
