//! Names of things: the site's own text (`…Id`) and our row numbers (`…Key`).
//!
//! They are different types, so that one can't stand where the other belongs.

use serde::Serialize;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::domain::error::{Code, Refused};
use crate::domain::limits::ID_BYTES_MAX;

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
    )*};
}

keys! {
    /// Our row number of a user or lead.
    UserKey,
    /// Our row number of a company.
    CompanyKey,
    /// Our row number of a visitor.
    VisitorKey,
    /// Our row number of a source.
    SourceKey,
    /// Our row number of a secret that a site signs with.
    SecretKey,
    /// Our row number of an operator.
    OperatorKey,
    /// Our row number of an attribute definition.
    DefinitionKey,
    /// Our row number of a segment.
    SegmentKey,
    /// Our row number of a note.
    NoteKey,
    /// Our row number of a webhook.
    WebhookKey,
    /// Our row number of a delivery to a webhook.
    DeliveryKey,
    /// The number of a change set.
    ChangeKey,
    /// The number of an import.
    ImportKey,
    /// The number of a bulk job.
    BulkJobKey,
    /// An event's id: its time, its order and its key against repeats.
    EventId,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Reads an id as JSON sends it (R9). `null` and `""` are absent.
            ///
            /// # Errors
            /// `id_placeholder`, `id_too_long`, `id_not_a_string`.
            pub fn from_json(value: Option<&Value>) -> Result<Option<$name>, Refused> {
                Ok(id_text(value, $what)?.map($name))
            }

            /// Reads an id from text (R9). Empty text is absent.
            ///
            /// # Errors
            /// `id_placeholder`, `id_too_long`.
            pub fn parse(text: &str) -> Result<Option<$name>, Refused> {
                Ok(clean(text, $what)?.map($name))
            }

            /// An id that stands in our own file already and was read then.
            pub fn stored(text: String) -> $name {
                $name(text)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A user's id, the site's own.
    UserId, "user id";
    /// A company's id, the site's own.
    CompanyId, "company id";
    /// The random id of one browser.
    AnonymousId, "anonymous id";
}

/// The greatest whole number that JavaScript counts exactly.
const SAFE_INTEGER_MAX: u64 = 1 << 53;

fn id_text(value: Option<&Value>, what: &str) -> Result<Option<String>, Refused> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => clean(text, what),
        Some(Value::Number(number)) => {
            let whole = number
                .as_i64()
                .map(|n| (n.to_string(), n.unsigned_abs()))
                .or_else(|| number.as_u64().map(|n| (n.to_string(), n)));
            match whole {
                Some((text, size)) if size <= SAFE_INTEGER_MAX => clean(&text, what),
                Some((text, _)) => Err(Refused::new(
                    Code::IdNotAString,
                    format!("The {what} {text} is a number beyond 2^53, which JavaScript rounds. Send it as a string."),
                )),
                None => Err(Refused::new(
                    Code::IdNotAString,
                    format!("The {what} {number} is not a whole number. Send it as a string."),
                )),
            }
        }
        Some(Value::Bool(word)) => clean(&word.to_string(), what),
        Some(other) => {
            let kind = if other.is_array() { "a list" } else { "an object" };
            Err(Refused::new(Code::IdNotAString, format!("The {what} is {kind}. Send the id itself, as a string.")))
        }
    }
}

fn clean(text: &str, what: &str) -> Result<Option<String>, Refused> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    if trimmed.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Refused::new(
            Code::IdNotAString,
            format!(
                "The {what} {} has a character that was lost in transit (U+FFFD), so two ids may look the same. Send it \
                 whole, as UTF-8.",
                excerpt(trimmed)
            ),
        ));
    }
    let id: String = if trimmed.is_ascii() { trimmed.to_owned() } else { trimmed.nfc().collect() };
    if id.len() > ID_BYTES_MAX {
        return Err(Refused::new(
            Code::IdTooLong,
            format!("The {what} is {} bytes; the limit is {ID_BYTES_MAX}. Send a shorter one.", id.len()),
        ));
    }
    if is_placeholder(&id) {
        return Err(Refused::new(
            Code::IdPlaceholder,
            format!(
                "The {what} is {id:?}, which is a placeholder, not an id. Put the real id there, or leave it out when nobody is signed in."
            ),
        ));
    }
    Ok(Some(id))
}

/// So begin the ids that the installation page's examples send.
pub const TRIAL: &str = "rollcall-test";

/// The first template tag of a text, as it stands in a template that was not rendered (R9).
pub fn unrendered_tag(text: &str) -> Option<&str> {
    const TAGS: [(&str, &str); 5] = [("{{", "}}"), ("{%", "%}"), ("<%", "%>"), ("${", "}"), ("[[", "]]")];
    if !text.bytes().any(|letter| matches!(letter, b'{' | b'<' | b'$' | b'[')) {
        return None;
    }
    TAGS.iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        let length = text[start + open.len()..].find(close)? + open.len() + close.len();
        Some(&text[start..start + length])
    })
}

/// Whether a text is plainly not an id (R9): a word that stands for nothing,
/// an unrendered template tag, an all-zero UUID, a name from an example.
fn is_placeholder(id: &str) -> bool {
    const WORDS: [&str; 12] = [
        "null",
        "undefined",
        "none",
        "nil",
        "nan",
        "true",
        "false",
        "[object object]",
        "0",
        "-1",
        "anonymous",
        "guest",
    ];
    let lower = id.to_lowercase();
    let percent = lower.len() > 2
        && lower.starts_with('%')
        && lower.ends_with('%')
        && lower[1..lower.len() - 1].chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let zero_uuid = lower.len() >= 32
        && lower.chars().all(|c| c == '0' || c == '-')
        && lower.chars().filter(|c| *c == '0').count() == 32;
    WORDS.contains(&lower.as_str())
        || unrendered_tag(&lower).is_some()
        || percent
        || zero_uuid
        || lower == "user_id"
        || lower == "company_id"
        || lower.starts_with("your_")
}

/// An e-mail address as it is compared: trimmed, lower case (R7).
///
/// # Errors
/// `email_invalid`.
pub fn email(text: &str) -> Result<String, Refused> {
    let address = text.trim().to_lowercase();
    if email_address::EmailAddress::is_valid(&address) {
        Ok(address)
    } else {
        Err(Refused::new(
            Code::EmailInvalid,
            format!("{:?} is not an e-mail address. Send one such as ann@example.com.", excerpt(&address)),
        ))
    }
}

/// Bytes as hexadecimal digits in lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
        text
    })
}

/// The first 100 characters of a text, for a sentence or an example.
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(crate::domain::limits::EXAMPLE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_a_letter_that_was_lost_is_nobody_s() {
        for lost in ["a\u{fffd}", "\u{fffd}"] {
            assert_eq!(UserId::parse(lost).unwrap_err().code, Code::IdNotAString, "it may be any of several");
            assert!(AnonymousId::from_json(Some(&serde_json::json!(lost))).is_err());
        }
    }
    use serde_json::json;

    #[test]
    fn r9_placeholders_are_refused_without_regard_to_case() {
        for text in [
            "null",
            "NULL",
            "undefined",
            "None",
            "nil",
            "NaN",
            "true",
            "False",
            "[object Object]",
            "0",
            "-1",
            "Anonymous",
            "guest",
            "{{ user.id }}",
            "x{{id}}",
            "{% id %}",
            "<%= id %>",
            "${id}",
            "[[id]]",
            "%USER%",
            "00000000-0000-0000-0000-000000000000",
            "USER_ID",
            "company_id",
            "YOUR_USER_ID",
        ] {
            let refused = UserId::parse(text).expect_err(text);
            assert_eq!(refused.code, Code::IdPlaceholder, "{text}");
        }
    }

    #[test]
    fn r9_what_only_looks_like_one_is_an_id() {
        for text in ["00", "1", "nullable", "guest-1", "{x}", "100%", "user_id_7", "0000", "$5}"] {
            assert!(UserId::parse(text).expect(text).is_some(), "{text}");
        }
    }

    #[test]
    fn r9_numbers_become_their_decimal_text() {
        let id = |value: Value| UserId::from_json(Some(&value));
        assert_eq!(id(json!(123)).unwrap().unwrap().as_str(), "123");
        assert_eq!(id(json!(9_007_199_254_740_992_u64)).unwrap().unwrap().as_str(), "9007199254740992");
        assert_eq!(id(json!(9_007_199_254_740_993_u64)).unwrap_err().code, Code::IdNotAString);
        assert_eq!(id(json!(1.5)).unwrap_err().code, Code::IdNotAString);
        assert_eq!(id(json!(0)).unwrap_err().code, Code::IdPlaceholder);
        assert_eq!(id(json!(["a"])).unwrap_err().code, Code::IdNotAString);
        assert_eq!(id(json!(null)).unwrap(), None);
        assert_eq!(id(json!("  ")).unwrap(), None);
    }

    #[test]
    fn r9_two_spellings_of_one_text_are_one_id() {
        let composed = UserId::parse(" ÅSA ").unwrap();
        let decomposed = UserId::parse("A\u{30a}SA").unwrap();
        assert_eq!(composed, decomposed);
    }

    #[test]
    fn an_id_of_256_bytes_is_too_long() {
        assert!(UserId::parse(&"x".repeat(255)).unwrap().is_some());
        assert_eq!(UserId::parse(&"x".repeat(256)).unwrap_err().code, Code::IdTooLong);
    }
}
