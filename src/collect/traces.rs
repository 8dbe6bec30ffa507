//! What people see who watch calls arrive: each as it was sent, beside what became of it.
//!
//! Client addresses, user agents, keys and proofs are left out before anything is noted.

use actix_web::web::Data;
use actix_web::{HttpRequest, ResponseError};

use super::envelope::{Call as Asked, Envelope};
use super::json::Json;
use super::posts::Read;
use super::refusals::Declined;
use super::senders::Sender;
use crate::domain::error::Code;
use crate::domain::message::{CompanyContext, Message, Receipt};
use crate::http::live::{Call, Live, Outcome, Said};

/// Fields that are never kept, wherever in a message a client would put them.
const LEFT_OUT: [&str; 16] = [
    "ip",
    "request_ip",
    "requestIP",
    "userAgent",
    "user_agent",
    "userAgentData",
    "writeKey",
    "write_key",
    "user_hash",
    "userHash",
    "identity_token",
    "identityToken",
    "intercom_user_jwt",
    "token",
    "password",
    "Authorization",
];
/// Characters of a name or an id that are kept beside what was sent.
const CHARS_MAX: usize = 200;

/// Messages of a request as sent, on their way; the last ones where there is no room for more.
pub struct Traces {
    live: Option<Data<Live>>,
    sent: Vec<String>,
    skipped: usize,
}

impl Traces {
    /// Those of a body. Where nobody keeps calls, nothing is noted.
    pub fn of(request: &HttpRequest, envelope: &Envelope<'_>, now_ms: i64) -> Traces {
        let messages = &envelope.messages;
        let live = request.app_data::<Data<Live>>().cloned();
        let skipped = messages.len() - live.as_ref().map_or(0, |live| live.room(now_ms, messages.len()));
        Traces { sent: messages[skipped..].iter().map(as_sent).collect(), live, skipped }
    }

    /// With what was read of them.
    pub fn read(self, asked: Asked, sender: Sender, received_ms: i64, messages: &[Read]) -> Option<Waiting> {
        let live = self.live?;
        let read = messages.iter().skip(self.skipped).zip(self.sent);
        let said = read.map(|((_, message), sent)| match message {
            Ok(message) => of_message(message, sent),
            Err(_) => of_text(asked, sent),
        });
        Some(Waiting { said: said.collect(), skipped: self.skipped, received_ms, sender, live })
    }
}

/// Calls that wait for their receipts.
pub struct Waiting {
    live: Data<Live>,
    said: Vec<Said>,
    skipped: usize,
    received_ms: i64,
    sender: Sender,
}

impl Waiting {
    /// Notes them with what became of each.
    pub fn note(self, receipts: &[Receipt]) {
        let Waiting { live, said, skipped, received_ms, sender: Sender { source, keeps, .. } } = self;
        let calls = said.into_iter().zip(receipts.iter().skip(skipped)).map(|(said, receipt)| {
            // Nothing stays of who was erased, or did not agree.
            let said = match receipt.code {
                Some(Code::Erased | Code::ConsentMissing) => Said { kind: said.kind, ..Said::default() },
                _ => said,
            };
            // What a test source would have made is nowhere to be looked up.
            let receipt = Receipt {
                change: receipt.change.filter(|_| keeps),
                event: receipt.event.filter(|_| keeps),
                ..receipt.clone()
            };
            let outcome = Outcome::Dealt { receipt, keeps };
            Call { number: 0, received_ms, source: Some(source), said, outcome }
        });
        live.note(calls.collect());
    }
}

/// Notes a request that was not taken. Nothing of what it sent is kept: it may be anybody's.
pub fn declined(request: &HttpRequest, asked: Asked, declined: &Declined, received_ms: i64) {
    let Some(live) = Live::of(request).filter(|live| live.room(received_ms, 1) > 0) else { return };
    let problem = &declined.problem;
    live.note(vec![Call {
        number: 0,
        received_ms,
        source: declined.source,
        said: Said { kind: kind_of(asked), ..Said::default() },
        outcome: Outcome::Declined {
            status: problem.status_code().as_u16(),
            code: problem.code(),
            detail: problem.detail().to_owned(),
        },
    }]);
}

/// A message's JSON without what is left out.
fn as_sent(message: &Json<'_>) -> String {
    let mut sent = message.clone();
    if let Some(fields) = sent.as_object_mut() {
        leave_out(fields);
        for part in ["context", "traits", "options"] {
            if let Some(fields) = fields.get_mut(part).and_then(Json::as_object_mut) {
                leave_out(fields);
            }
        }
    }
    sent.to_string()
}

fn leave_out(fields: &mut super::json::Object<'_>) {
    fields.take_refused(|name, _| LEFT_OUT.contains(&name).then_some(()));
}

fn of_message(message: &Message, sent: String) -> Said {
    let mut companies: Vec<String> =
        message.companies.iter().filter_map(|statement| Some(cut(statement.company_id.as_ref()?.as_str()))).collect();
    if let CompanyContext::In(company) = &message.company_context {
        companies.push(cut(company.as_str()));
    }
    companies.dedup();
    Said {
        kind: message.kind.as_str().to_owned(),
        user: message.user_id.as_ref().map(|id| cut(id.as_str())).or_else(|| email(message)),
        visitor: message.anonymous_id.as_ref().map(|id| cut(id.as_str())),
        companies,
        what: if message.name.is_empty() { path(&sent) } else { cut(&message.name) },
        sent: Some(sent),
    }
}

fn email(message: &Message) -> Option<String> {
    message.traits.get("email").and_then(serde_json::Value::as_str).map(cut)
}

/// Of a message that could not be read: what it says plainly.
fn of_text(asked: Asked, sent: String) -> Said {
    let value: serde_json::Value = serde_json::from_str(&sent).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str).map(cut);
    Said {
        kind: if asked.kind().is_some() { kind_of(asked) } else { text("type").unwrap_or_default() },
        user: text("userId"),
        visitor: text("anonymousId"),
        companies: text("groupId").into_iter().collect(),
        what: text("event").or_else(|| text("name")).unwrap_or_default(),
        sent: Some(sent),
    }
}

/// The word of a call.
fn kind_of(asked: Asked) -> String {
    asked.kind().map_or("batch", |kind| kind.as_str()).to_owned()
}

/// The path of the page that a view is of.
fn path(sent: &str) -> String {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Page {
        path: Option<String>,
        url: Option<String>,
    }
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Context {
        page: Page,
    }
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Message {
        properties: Page,
        context: Context,
    }
    let message: Message = serde_json::from_str(sent).unwrap_or_default();
    let (said, around) = (message.properties, message.context.page);
    said.path.or(said.url).or(around.path).or(around.url).map(|path| cut(&path)).unwrap_or_default()
}

fn cut(text: &str) -> String {
    text.chars().take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_agents_keys_and_proofs_are_never_kept() {
        let sent = as_sent(
            &serde_json::json!({
                "writeKey": "k", "type": "track", "event": "Report exported", "userId": "ann",
                "context": { "ip": "203.0.113.9", "userAgent": "Mozilla", "locale": "pl", "user_hash": "ff", "page": { "path": "/a" } },
                "traits": { "identity_token": "ey", "plan": "pro" },
            })
            .into(),
        );
        assert_eq!(
            sent,
            r#"{"type":"track","event":"Report exported","userId":"ann","context":{"locale":"pl","page":{"path":"/a"}},"traits":{"plan":"pro"}}"#
        );
        assert_eq!(path(&sent), "/a");
        assert_eq!(path("[1]"), "");
    }
}
