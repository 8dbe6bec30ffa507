//! What stands around the messages of a request: which call it is, its key, when it was sent.

use std::borrow::Cow;

use actix_web::http::StatusCode;

use super::body::{Limit, bad};
use super::json::{Json, Object};
use super::{fields, segment};
use crate::domain::codes::requests::RequestCode;
use crate::domain::error::Code;
use crate::domain::ids::excerpt;
use crate::domain::limits::{BATCH_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::domain::message::Kind;
use crate::http::problem::Problem;

/// Messages of one batch: its job holds the writer for a bounded time. SDKs stay far below.
pub const BATCH_MESSAGES_MAX: usize = 2_500;

/// A call of the tracking API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// One message of this kind.
    One(Kind),
    /// A list of messages.
    Batch,
}

impl Call {
    /// The words of all calls, as they stand in a path.
    pub const WORDS: [&str; 16] = [
        "identify", "i", "group", "g", "track", "t", "page", "p", "screen", "s", "alias", "a", "batch", "b", "import",
        "m",
    ];

    /// The call of a path's word, in full or short.
    pub fn parse(word: &str) -> Option<Call> {
        Some(match word {
            "identify" | "i" => Call::One(Kind::Identify),
            "group" | "g" => Call::One(Kind::Group),
            "track" | "t" => Call::One(Kind::Track),
            "page" | "p" => Call::One(Kind::Page),
            "screen" | "s" => Call::One(Kind::Screen),
            "alias" | "a" => Call::One(Kind::Alias),
            "batch" | "b" | "import" | "m" => Call::Batch,
            _ => return None,
        })
    }

    /// The most that its body may be.
    pub fn limit(self) -> Limit {
        match self {
            Call::One(_) => Limit { bytes: MESSAGE_BYTES_MAX, code: Code::MessageTooLarge.explained() },
            Call::Batch => Limit { bytes: BATCH_BYTES_MAX, code: RequestCode::BatchTooLarge.explained() },
        }
    }

    /// What its messages are; none where each says it itself.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Call::One(kind) => Some(kind),
            Call::Batch => None,
        }
    }
}

/// A body, opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<'a> {
    /// The write key of the body.
    pub write_key: Option<Cow<'a, str>>,
    /// The write key of the first message.
    pub first_write_key: Option<Cow<'a, str>>,
    /// When the sender says to have sent it, Unix milliseconds.
    pub sent_at_ms: Option<i64>,
    /// The messages as sent.
    pub messages: Vec<Json<'a>>,
    /// A message may be over the limit of one, since the body is.
    pub measure: bool,
    /// What the widget says of a page that was opened with the doctor's mark.
    pub doctor: Option<Json<'a>>,
}

impl<'a> Envelope<'a> {
    /// Opens a body, mended (see `mending`).
    ///
    /// # Errors
    /// 400 `invalid_json`, `not_an_object`; 413 `batch_too_large` for too many messages.
    pub fn open(call: Call, body: &'a [u8]) -> Result<Envelope<'a>, Problem> {
        // Some editors and .NET write a mark of UTF-8 before it.
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let value: Json<'a> = serde_json::from_slice(body).map_err(|error| {
            bad(RequestCode::InvalidJson, format!("The body is not JSON: {error}. Send one JSON object."))
        })?;
        let Json::Object(mut object) = value else {
            let detail = format!("The body is {} and not a JSON object. Send one object.", excerpt(&value.to_string()));
            return Err(bad(RequestCode::NotAnObject, detail));
        };
        let write_key = write_key(&mut object);
        if call != Call::Batch {
            let value = Json::Object(object);
            let sent_at_ms = segment::sent_at(&value);
            return Ok(Envelope {
                write_key,
                first_write_key: None,
                sent_at_ms,
                messages: vec![value],
                measure: false,
                doctor: None,
            });
        }
        let Some(Json::Array(mut messages)) = object.remove("batch") else {
            let detail =
                "The body has no list named batch. Send {\"batch\": [message, …]}, or one message to its own path.";
            return Err(bad(RequestCode::NotAnObject, detail));
        };
        if messages.len() > BATCH_MESSAGES_MAX {
            return Err(too_many(messages.len()));
        }
        let first_write_key = messages.first_mut().and_then(Json::as_object_mut).and_then(self::write_key);
        let doctor = object.remove("doctor");
        let sent_at_ms = segment::sent_at(&Json::Object(object));
        let measure = body.len() > MESSAGE_BYTES_MAX;
        Ok(Envelope { write_key, first_write_key, sent_at_ms, messages, measure, doctor })
    }
}

fn write_key<'a>(object: &mut Object<'a>) -> Option<Cow<'a, str>> {
    fields::take_first(object, &["writeKey", "write_key"]).and_then(|key| fields::text(Some(key)))
}

fn too_many(messages: usize) -> Problem {
    let detail = format!("The batch has {messages} messages; the limit is {BATCH_MESSAGES_MAX}. Send it in parts.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, RequestCode::BatchTooLarge, detail)
        .with("limit", BATCH_MESSAGES_MAX)
        .with("size", messages)
}

/// As many bytes as a value can be as JSON: six for each of a text's, were all of them escaped.
fn bytes_at_most(value: &Json<'_>) -> usize {
    let text = |text: &str| 6 * text.len() + 3;
    match value {
        Json::Null | Json::Bool(_) => 6,
        Json::Number(_) => 32,
        Json::String(string) => text(string),
        Json::Array(items) => 3 + items.iter().map(bytes_at_most).sum::<usize>(),
        Json::Object(fields) => {
            3 + fields.iter().map(|(name, value)| text(name) + 1 + bytes_at_most(value)).sum::<usize>()
        }
    }
}

/// Whether a message is over the limit of one, as JSON without spaces; stops counting there.
pub fn is_too_large(message: &Json<'_>) -> bool {
    struct Room(usize);
    impl std::io::Write for Room {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::FileTooLarge)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    bytes_at_most(message) > MESSAGE_BYTES_MAX && serde_json::to_writer(Room(MESSAGE_BYTES_MAX), message).is_err()
}

#[cfg(test)]
mod tests {
    use super::super::mending::mended;
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn open(call: Call, body: &str) -> Result<Envelope<'_>, &'static str> {
        Envelope::open(call, body.as_bytes()).map_err(|problem| problem.code())
    }

    fn field(message: &Json<'_>, name: &str) -> Value {
        message.clone().into_value()[name].clone()
    }

    #[test]
    fn a_call_has_a_long_word_and_a_short_one() {
        for (long, short) in [
            ("identify", "i"),
            ("group", "g"),
            ("track", "t"),
            ("page", "p"),
            ("screen", "s"),
            ("alias", "a"),
            ("batch", "b"),
            ("import", "m"),
        ] {
            assert!(Call::parse(long).is_some());
            assert_eq!(Call::parse(long), Call::parse(short), "{long}");
        }
        assert_eq!(Call::parse("Batch"), None);
        assert_eq!(Call::parse(""), None);
    }

    #[test]
    fn the_key_and_the_time_stand_around_a_batch() {
        let body = json!({
            "writeKey": "k", "sentAt": "2026-11-24T23:30:08.918Z",
            "batch": [{"type": "page", "writeKey": "first"}, {"type": "page"}]
        });
        let body = body.to_string();
        let envelope = open(Call::Batch, &body).unwrap();
        assert_eq!(envelope.write_key.as_deref(), Some("k"));
        assert_eq!(envelope.first_write_key.as_deref(), Some("first"));
        assert_eq!(envelope.sent_at_ms, Some(1_795_563_008_918));
        assert_eq!(envelope.messages.len(), 2);
        assert!(!envelope.measure);
    }

    #[test]
    fn the_body_of_a_single_call_is_the_message() {
        let body = json!({"write_key": "k", "sentAt": "2026-11-24T23:30:08.918Z", "userId": "ann"});
        let body = body.to_string();
        let envelope = open(Call::One(Kind::Page), &body).unwrap();
        assert_eq!(envelope.write_key.as_deref(), Some("k"));
        assert_eq!(envelope.sent_at_ms, Some(1_795_563_008_918));
        assert_eq!(field(&envelope.messages[0], "userId"), "ann");
        let body = json!({"writeKey": "", "write_key": null});
        assert_eq!(open(Call::One(Kind::Page), &body.to_string()).unwrap().write_key, None);
    }

    #[test]
    fn a_body_that_is_none_is_refused_whole() {
        let deep = "[".repeat(10_000);
        let deep_objects = "{\"a\":".repeat(10_000);
        for body in ["", "{", "nil", "{\"a\":1e999}", "{\"a\":\"\\ud8\"}", "{} {}", &deep, &deep_objects] {
            assert_eq!(open(Call::Batch, body).unwrap_err(), "invalid_json", "{}", excerpt(body));
        }
        assert_eq!(Envelope::open(Call::Batch, b"{\"a\":\"\xff\"}").unwrap_err().code(), "invalid_json");
        for body in ["[]", "null", "1", "\"x\"", "true", "{}", "\u{feff}{}", "{\"batch\":{}}", "{\"batch\":null}"] {
            assert_eq!(open(Call::Batch, body).unwrap_err(), "not_an_object", "{body}");
        }
    }

    #[test]
    fn odd_json_is_json_all_the_same() {
        let body = "{\"batch\":[{\"a\":1,\"a\":2,\"b\":\"\\u0000\",\"c\":123456789012345678901234567890}]}";
        assert_eq!(field(&open(Call::Batch, body).unwrap().messages[0], "a"), 2);
        let half = "{\"batch\":[{\"name\":\"Ann \\ud83d\"}]}";
        assert_eq!(
            field(&Envelope::open(Call::Batch, &mended(half.as_bytes())).unwrap().messages[0], "name"),
            "Ann \u{fffd}"
        );
    }

    /// A4: what is nested too deep to be read whole costs itself alone.
    #[test]
    fn a_value_of_any_depth_leaves_the_batch_readable() {
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        let body = format!("{{\"batch\":[{{\"n\":1}},{{\"n\":2,\"deep\":{deep},\"after\":3}},{{\"n\":4}}]}}");
        let envelope = open(Call::Batch, &body).unwrap();
        let numbers: Vec<Value> = envelope.messages.iter().map(|message| field(message, "n")).collect();
        assert_eq!(numbers, [1, 2, 4]);
        assert_eq!(field(&envelope.messages[1], "after"), 3);
        assert!(field(&envelope.messages[1], "deep").to_string().starts_with("[[[[[[["), "deep enough to be refused");
        let broken = body.replace("[1]", "[1}");
        assert_eq!(open(Call::Batch, &broken).unwrap_err(), "invalid_json", "what is skipped is JSON all the same");
    }

    #[test]
    fn a_batch_holds_so_many_messages() {
        let body = |messages: usize| json!({"batch": vec![1; messages]}).to_string();
        assert!(open(Call::Batch, &body(BATCH_MESSAGES_MAX)).is_ok());
        assert_eq!(open(Call::Batch, &body(BATCH_MESSAGES_MAX + 1)).unwrap_err(), "batch_too_large");
    }

    #[test]
    fn a_message_is_measured_as_json_without_spaces() {
        let of = |bytes: usize| json!({"x": "y".repeat(bytes - 8)});
        assert_eq!(of(MESSAGE_BYTES_MAX).to_string().len(), MESSAGE_BYTES_MAX);
        assert!(!is_too_large(&of(MESSAGE_BYTES_MAX).into()));
        assert!(is_too_large(&of(MESSAGE_BYTES_MAX + 1).into()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_opened_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Envelope::open(Call::Batch, &body);
        }

        #[test]
        fn any_text_in_json_s_letters_is_opened_or_refused(body in "[\\[\\]{}\":,0-9a-e\\\\u \\.+-]{0,80}") {
            let _ = Envelope::open(Call::One(Kind::Page), body.as_bytes());
        }
    }
}
