//! One message as Segment's SDKs and our widget send it, read into a [`Message`]. Pure: no clock,
//! no file, no request. Anything may be in it; what can't be read is refused by name, alone where
//! the rest makes sense without it (R9, A4).

use std::borrow::Cow;

use serde_json::Value;

use super::agents::Agent;
use super::fields::refused_value;
use super::json::{Json, Object};
use super::{companies, context, fields};
use crate::domain::access::Grade;
use crate::domain::attributes::within_limits;
use crate::domain::codes::warnings::Warning;
use crate::domain::error::{Code, Refused};
use crate::domain::ids::{self, AnonymousId, UserId, excerpt};
use crate::domain::limits::{EVENT_NAME_CHARS_MAX, MESSAGE_BYTES_MAX, REFUSED_VALUES_MAX, VALUE_BYTES_MAX};
use crate::domain::message::{Context, Kind, Message, RefusedValue};
use crate::domain::proof::Proof;

/// A text of so few bytes is within every limit of a value.
const SHORT_BYTES: usize = VALUE_BYTES_MAX / 8;

/// What is known of a request before its messages are read.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// What the sender is worth (A7).
    pub grade: Grade,
    /// Who sent the request.
    pub agent: Agent<'a>,
    /// Crawlers are refused (setting).
    pub refuse_bots: bool,
}

/// A message that was refused before anybody looked into the file.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedMessage {
    /// The sender's id for it.
    pub message_id: Option<String>,
    /// Why.
    pub refused: Refused,
    /// What was sent in the field that was the reason, cut.
    pub example: Option<String>,
}

/// Why reading stopped, and at which value.
struct Stop<'a> {
    refused: Refused,
    value: Json<'a>,
}

impl From<Refused> for Stop<'_> {
    fn from(refused: Refused) -> Self {
        Stop { refused, value: Json::Null }
    }
}

impl<'a> From<(Refused, Json<'a>)> for Stop<'a> {
    fn from((refused, value): (Refused, Json<'a>)) -> Stop<'a> {
        Stop { refused, value }
    }
}

/// When the sender says to have sent it, Unix milliseconds; what is not a time says nothing.
pub fn sent_at(message: &Json<'_>) -> Option<i64> {
    fields::instant(message.get("sentAt")?).ok()
}

/// Reads a message. `kind` is what the path says; without it the message's `type` counts.
///
/// # Errors
/// The whole message is refused: its type, time, name or ids can't be read, it names nobody, or
/// it comes from a crawler.
pub fn message(kind: Option<Kind>, value: Json<'_>, around: &Circumstances<'_>) -> Result<Message, RefusedMessage> {
    let Json::Object(mut fields) = value else {
        let detail = format!("A message must be a JSON object, and this is {}.", excerpt(&value.to_string()));
        let refused = Refused::new(Code::TypeUnknown, detail);
        return Err(RefusedMessage { message_id: None, refused, example: Some(excerpt(&value.to_string())) });
    };
    let message_id = fields::text(fields.remove("messageId")).map(Cow::into_owned);
    match read(kind, fields, around) {
        Ok(mut message) => {
            message.message_id = message_id;
            if message.refused_values.len() > REFUSED_VALUES_MAX {
                message.refused_values.truncate(REFUSED_VALUES_MAX);
                message.warnings.push(Warning::MoreValuesRefused.explained());
            }
            Ok(message)
        }
        Err(Stop { refused, value }) => {
            let example =
                (value != Json::Null).then(|| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            Err(RefusedMessage { message_id, refused, example: example.map(|text| excerpt(&text)) })
        }
    }
}

/// The refusal of a message over the limit of size.
pub fn too_large(value: &Json<'_>) -> RefusedMessage {
    let message_id = fields::text(value.get("messageId").cloned()).map(Cow::into_owned);
    let detail =
        format!("The message is over the limit of {MESSAGE_BYTES_MAX} bytes. Send less in it, or send it in parts.");
    RefusedMessage { message_id, refused: Refused::new(Code::MessageTooLarge, detail), example: None }
}

fn read<'a>(kind: Option<Kind>, mut fields: Object<'a>, around: &Circumstances<'_>) -> Result<Message, Stop<'a>> {
    let mut context = fields::object(fields.remove("context")).unwrap_or_default();
    let user_agent = fields::text(context.remove("userAgent"));
    let agent = agent(user_agent.as_deref(), around)?;
    let mut message = Message::new(kind.map_or_else(|| type_of(&mut fields), Ok)?);
    message.timestamp_ms = timestamp(&mut fields)?;
    let mut properties = Object::default();
    match message.kind {
        Kind::Identify => identify(&mut fields, &mut context, &mut message),
        Kind::Group => {
            let attributes = object("traits", fields.remove("traits"), &mut message).into_map();
            companies::group(&mut fields, &context, attributes, &mut message)?;
        }
        Kind::Track => {
            message.name = event_name(fields.remove("event"))?;
            properties = self::properties(fields.remove("properties"), &mut message);
        }
        Kind::Page | Kind::Screen => properties = page(&mut fields, &mut message),
        Kind::Alias => {}
    }
    message.proof = proof(&context, fields.get("userId"));
    who(&mut fields, around.grade, &mut message)?;
    if message.kind == Kind::Alias {
        previous(&mut fields, &mut message)?;
    }
    if message.kind != Kind::Group {
        companies::take_context(&mut fields, &context, &mut message);
    }
    message.session_ms = session(&context);
    message.acting_as = fields::is_true(context.get("acting_as").or_else(|| context.get("actingAs")));
    message.inactive = fields::is_false(context.get("active"));
    let (mut on, by) = context::kept(context, &agent);
    if message.kind == Kind::Page && on.get("page").is_none() {
        // A server says in the properties where the page was; there is one place to look for it.
        let page = context::page(properties.clone());
        if !page.is_empty() {
            on.add("page", Json::Object(page));
        }
    }
    message.properties = properties.text();
    message.context = Context { page: on.text(), agent: by.text() };
    Ok(message)
}

/// The visitor's agent: the one in the message, else the request's.
///
/// A program with a secret token sends for its visitors, so its own name says nothing of them.
fn agent<'a>(in_message: Option<&'a str>, around: &Circumstances<'a>) -> Result<Agent<'a>, Stop<'static>> {
    let agent = match in_message {
        Some(text) if text != around.agent.text => Agent::of(text),
        _ => around.agent,
    };
    if !around.refuse_bots {
        return Ok(agent);
    }
    let sender = (!around.grade.is_trusted() && agent != around.agent).then_some(around.agent);
    let own = (in_message.is_some() || !around.grade.is_trusted()).then_some(agent);
    match own.iter().chain(sender.iter()).find_map(Agent::crawler) {
        None => Ok(agent),
        Some(crawler) => {
            let detail = format!(
                "It comes from the crawler {crawler:?}, by its user agent. Crawlers are not users: turn the \
                 setting refuse_bots off to store what they send."
            );
            Err(Stop { refused: Refused::new(Code::Bot, detail), value: Json::String(crawler.into()) })
        }
    }
}

fn type_of<'a>(fields: &mut Object<'a>) -> Result<Kind, Stop<'a>> {
    let sent = fields.remove("type").unwrap_or_default();
    sent.as_str().and_then(Kind::parse).ok_or_else(|| {
        let detail = format!(
            "The type of the message is {}. Send one of identify, group, track, page, screen, alias.",
            excerpt(&sent.to_string())
        );
        Stop { refused: Refused::new(Code::TypeUnknown, detail), value: sent }
    })
}

/// `timestamp`, else `originalTimestamp` (RudderStack).
fn timestamp<'a>(fields: &mut Object<'a>) -> Result<Option<i64>, Stop<'a>> {
    match fields::take_first(fields, &["timestamp", "originalTimestamp"]) {
        None => Ok(None),
        Some(sent) => fields::instant(&sent).map(Some).map_err(|refused| Stop { refused, value: sent }),
    }
}

/// The traits, else those of the context (RudderStack), without the companies.
fn identify(fields: &mut Object<'_>, context: &mut Object<'_>, message: &mut Message) {
    let says_nothing = |traits: &Json<'_>| matches!(traits, Json::Object(traits) if traits.is_empty());
    let sent = fields::take_first(fields, &["traits"]).filter(|traits| !says_nothing(traits));
    let sent = sent.or_else(|| context.remove("traits"));
    let mut traits = object("traits", sent, message);
    companies::take_from_traits(&mut traits, message);
    message.traits = traits.into_map();
}

/// A page's or screen's name; answers its properties.
fn page<'a>(fields: &mut Object<'a>, message: &mut Message) -> Object<'a> {
    let mut properties = properties(fields.remove("properties"), message);
    let name = fields::text(fields.remove("name")).or_else(|| fields::text(properties.get("name").cloned()));
    message.name = name.map(|name| name.trim().to_owned()).unwrap_or_default();
    if message.name.chars().count() > EVENT_NAME_CHARS_MAX {
        let name = std::mem::take(&mut message.name);
        let refused = name_too_long(&name);
        message.refused_values.push(RefusedValue::new("name", Value::String(name), refused));
    }
    if let Some(category) = fields::text(fields.remove("category"))
        && properties.get("category").is_none()
    {
        properties.add("category", Json::String(category));
    }
    properties
}

fn event_name(sent: Option<Json<'_>>) -> Result<String, Stop<'_>> {
    match fields::text(sent) {
        None => {
            let detail = "A track call needs event, the name of what was done. Send one such as \"Report exported\".";
            Err(Refused::new(Code::EventNameMissing, detail).into())
        }
        Some(name) if name.trim().chars().count() > EVENT_NAME_CHARS_MAX => {
            Err(Stop { refused: name_too_long(name.trim()), value: Json::String(name) })
        }
        Some(name) => Ok(name.trim().to_owned()),
    }
}

fn name_too_long(name: &str) -> Refused {
    let chars = name.chars().count();
    let detail = format!("The name has {chars} characters; the limit is {EVENT_NAME_CHARS_MAX}. Send a shorter one.");
    Refused::new(Code::EventNameTooLong, detail)
}

/// An object field; what is none is refused by its name.
fn object<'a>(name: &str, sent: Option<Json<'a>>, message: &mut Message) -> Object<'a> {
    match sent {
        Some(Json::Object(fields)) => fields,
        // PHP writes an empty object as an empty list.
        Some(Json::Array(items)) if items.is_empty() => Object::default(),
        sent if fields::is_absent(sent.as_ref()) => Object::default(),
        sent => {
            let sent = sent.unwrap_or_default();
            let detail = format!("{name} is {} and not an object. Send an object.", excerpt(&sent.to_string()));
            message.refused_values.push(refused_value(name, sent, Refused::new(Code::TypeMismatch, detail)));
            Object::default()
        }
    }
}

/// An event's properties; each is measured against the limits by itself (A4).
fn properties<'a>(sent: Option<Json<'a>>, message: &mut Message) -> Object<'a> {
    let mut properties = object("properties", sent, message);
    let refused = |name: &str, value: &Json<'a>| match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
        Json::String(text) if text.len() <= SHORT_BYTES => None,
        long => within_limits(name, &long.clone().into_value()).err(),
    };
    for (name, value, refused) in properties.take_refused(refused) {
        message.refused_values.push(refused_value(format!("properties.{}", excerpt(&name)), value, refused));
    }
    properties
}

/// What a message carries to show who it is. The hash may be of the user id as it was sent.
fn proof(context: &Object<'_>, sent_user: Option<&Json<'_>>) -> Proof {
    let text = |names: [&str; 2]| {
        let found = names.iter().find_map(|name| context.get(name).and_then(Json::as_str));
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut proof = Proof {
        user_hash: text(["user_hash", "userHash"]),
        identity_token: text(["identity_token", "intercom_user_jwt"]),
        user_id_as_sent: None,
    };
    if proof.user_hash.is_some() {
        proof.user_id_as_sent = sent_user.and_then(Json::as_str).map(str::to_owned);
    }
    proof
}

/// Who it is about. A bad id beside a good one is refused alone where a visitor's activity is worth
/// keeping without it; an identify, group or alias speaks of that very id and is refused whole (R9).
fn who<'a>(fields: &mut Object<'a>, grade: Grade, message: &mut Message) -> Result<(), Stop<'a>> {
    let (sent_user, sent_visitor) = (fields.remove("userId"), fields.remove("anonymousId"));
    let user = user_id(sent_user.as_ref());
    let visitor = fields::id(sent_visitor.as_ref(), AnonymousId::parse, AnonymousId::from_json);
    let nobody_else = matches!(user, Ok(None)) && !may_name_nobody(message, grade);
    match visitor {
        Ok(visitor) => message.anonymous_id = visitor,
        Err(refused) if nobody_else => return Err(Stop { refused, value: sent_visitor.unwrap_or_default() }),
        Err(refused) => {
            let value = sent_visitor.unwrap_or_default();
            message.refused_values.push(refused_value("anonymous_id", value, refused));
        }
    }
    match user {
        Ok(user) => message.user_id = user,
        Err(refused) if message.kind.is_activity() && message.anonymous_id.is_some() => {
            message.refused_values.push(refused_value("user_id", sent_user.unwrap_or_default(), refused));
        }
        Err(refused) => return Err(Stop { refused, value: sent_user.unwrap_or_default() }),
    }
    if message.user_id.is_some()
        || (message.anonymous_id.is_some() && message.kind != Kind::Alias)
        || may_name_nobody(message, grade)
    {
        return Ok(());
    }
    let detail = match message.kind {
        Kind::Alias => "An alias names nobody. Send userId, the new id, and previousId, the old one.",
        Kind::Group => {
            "The group call names neither a user nor a visitor. Send userId or anonymousId, or use a secret token."
        }
        _ => "The message names neither a user nor a visitor. Send userId or anonymousId.",
    };
    Err(Refused::new(Code::UserMissing, detail).into())
}

/// An identify with an e-mail names a lead (R7); a group call with a secret token speaks of the
/// company alone (C11). What follows is for the action to decide.
fn may_name_nobody(message: &Message, grade: Grade) -> bool {
    match message.kind {
        Kind::Identify => {
            message.traits.get("email").and_then(Value::as_str).is_some_and(|text| ids::email(text).is_ok())
        }
        Kind::Group => grade.is_trusted(),
        _ => false,
    }
}

fn user_id(sent: Option<&Json<'_>>) -> Result<Option<UserId>, Refused> {
    fields::id(sent, UserId::parse, UserId::from_json)
}

/// An alias's old id. Without one it is the visitor's.
fn previous<'a>(fields: &mut Object<'a>, message: &mut Message) -> Result<(), Stop<'a>> {
    let sent = fields.remove("previousId");
    message.previous_id = match user_id(sent.as_ref()) {
        Ok(previous) => previous,
        Err(refused) => return Err(Stop { refused, value: sent.unwrap_or_default() }),
    };
    if message.previous_id.is_none() && message.anonymous_id.is_none() {
        let detail = "An alias needs previousId, the old id. Send it with userId, the new one.";
        return Err(Refused::new(Code::AliasUnknown, detail).into());
    }
    Ok(())
}

/// The start of the session (T6): ours, or RudderStack's.
fn session(context: &Object<'_>) -> Option<i64> {
    let sent = context.get("session_id").or_else(|| context.get("sessionId"))?;
    let number = match sent {
        Json::Number(number) => number.as_i64()?,
        sent => sent.as_str()?.parse().ok()?,
    };
    (1..=9_007_199_254_740_992).contains(&number).then_some(number)
}

#[cfg(test)]
pub(super) mod tests;
