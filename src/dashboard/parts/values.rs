//! Values of attributes and properties as people read them.

use maud::{Markup, html};
use serde_json::Value;

use super::numbers::number;
use super::times::Clock;
use crate::domain::attributes::Type;
use crate::domain::time;

/// Characters of a value that a page shows; the API has all of it.
const VALUE_CHARS_MAX: usize = 200;
/// Characters of a value within a sentence.
const INLINE_CHARS_MAX: usize = 60;
/// Characters of a name, an id or a title in a row.
pub const NAME_CHARS_MAX: usize = 64;
/// Characters of an item of a list.
const ITEM_CHARS_MAX: usize = 60;
/// Items of a list that a page shows.
const ITEMS_MAX: usize = 20;

/// A value of a type.
pub fn value(value: &Value, kind: Type, clock: Clock) -> Markup {
    match (value, kind) {
        (Value::Null, _) => html! { span.zero { "none" } },
        (Value::Bool(yes), _) => html! { (if *yes { "Yes" } else { "No" }) },
        (Value::Number(value), _) => html! { (numeral(value)) },
        (Value::String(text), Type::Date | Type::Datetime) => {
            match (time::date_from_text(text), time::instant_from_text(text).filter(|_| kind == Type::Datetime)) {
                (Some(date), _) => html! { time datetime=(text) { (date.format("%-d %b %Y")) } },
                (None, Some(at_ms)) => html! { (clock.on(at_ms)) ", " (clock.hour(at_ms)) },
                (None, None) => html! { bdi { (cut(text, VALUE_CHARS_MAX)) } },
            }
        }
        (Value::String(text), _) if text.is_empty() => html! { span.zero { "empty" } },
        (Value::String(text), _) => address(text, VALUE_CHARS_MAX),
        (Value::Array(items), Type::List) if items.is_empty() => html! { span.zero { "empty" } },
        (Value::Array(items), Type::List) => html! {
            span.row.tight {
                @for item in items.iter().take(ITEMS_MAX) { span.pill { bdi { (cut(&plain(item), ITEM_CHARS_MAX)) } } }
                @if items.len() > ITEMS_MAX { span.faint { "and " (items.len() - ITEMS_MAX) " more" } }
            }
        },
        (other, _) => html! { code { (cut(&other.to_string(), VALUE_CHARS_MAX)) } },
    }
}

/// A value in a cell of a list, under the name of its attribute.
pub fn cell(name: &str, of: Option<&Value>, kind: Type, clock: Clock, class: &str) -> Markup {
    html! {
        td class={ "cut " (class) } data-l=(name) {
            @match of {
                None | Some(Value::Null) => span.zero { "none" },
                Some(known) => (value(known, kind, clock)),
            }
        }
    }
}

/// A value within a sentence; `nothing` where there is none.
pub fn inline(value: Option<&Value>) -> Markup {
    match value {
        None | Some(Value::Null) => html! { span.zero { "nothing" } },
        // Neither of them would be seen.
        Some(Value::String(text)) if text.is_empty() => html! { span.zero { "empty text" } },
        Some(Value::Array(items)) if items.is_empty() => html! { span.zero { "empty list" } },
        Some(value) => html! { bdi { (cut(&plain(value), INLINE_CHARS_MAX)) } },
    }
}

/// A value as bare text.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(yes) => if *yes { "Yes" } else { "No" }.to_owned(),
        Value::Number(value) => numeral(value),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            items.iter().map(plain).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn numeral(value: &serde_json::Number) -> String {
    match (value.as_i64(), value.as_u64()) {
        (Some(whole), _) => number(whole),
        (None, Some(whole)) => number(whole),
        (None, None) => fraction(&value.to_string()),
    }
}

/// A number with a fraction, with thin spaces between the thousands before it.
fn fraction(text: &str) -> String {
    match text.split_once('.') {
        Some((whole, rest)) if whole != "-0" && !rest.contains(['e', 'E']) => {
            whole.parse::<i64>().map_or_else(|_| text.to_owned(), |whole| format!("{}.{rest}", number(whole)))
        }
        _ => text.to_owned(),
    }
}

/// A text, as a link where it is an address of the web (A5).
pub fn address(text: &str, chars_max: usize) -> Markup {
    html! {
        @if is_address(text) { a href=(text) rel="noreferrer nofollow ugc" { (cut(text, chars_max)) } }
        @else { bdi { (cut(text, chars_max)) } }
    }
}

/// Whether a text is an address that a browser may follow (A5).
fn is_address(text: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| text.len() > scheme.len() && text.to_ascii_lowercase().starts_with(scheme))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// A name, an id or a title within a row: its first characters, in its own direction. What it
/// names has a page with all of it.
pub fn name(text: &str) -> Markup {
    html! { bdi { (cut(text, NAME_CHARS_MAX)) } }
}

/// The first characters of a text.
pub fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(json: Value, kind: Type) -> String {
        let clock = Clock {
            now_ms: time::instant_from_text("2026-11-24T15:42:08Z").unwrap(),
            zone: chrono_tz::Tz::UTC,
            own: chrono_tz::Tz::UTC,
        };
        value(&json, kind, clock).into_string()
    }

    #[test]
    fn a5_only_web_addresses_become_links() {
        assert!(
            shown(json!("https://acme.example/a"), Type::Text)
                .contains("<a href=\"https://acme.example/a\" rel=\"noreferrer")
        );
        for text in ["javascript:alert(1)", "data:text/html,x", "//acme.example", "https://", "https://a b"] {
            assert!(!shown(json!(text), Type::Text).contains("<a"), "{text}");
        }
    }

    #[test]
    fn within_a_sentence_what_is_empty_is_seen() {
        let said = |value: Value| inline(Some(&value)).into_string();
        assert!(said(json!("")).contains("empty text") && said(json!([])).contains("empty list"));
        assert!(said(json!(" ")).contains("<bdi>") && inline(None).into_string().contains("nothing"));
    }

    #[test]
    fn values_are_shown_by_their_type() {
        assert_eq!(shown(json!(true), Type::Boolean), "Yes");
        assert_eq!(shown(json!(1208), Type::Number), "1\u{202f}208");
        assert_eq!(shown(json!(12493.5), Type::Number), "12\u{202f}493.5");
        assert!(shown(json!("2027-03-14"), Type::Date).contains(">14 Mar 2027<"));
        assert!(shown(json!("2025-03-28T12:00:00.000Z"), Type::Datetime).contains("28 Mar 2025</time>, 12:00"));
        assert!(shown(json!("2025-03-28"), Type::Datetime).contains(">28 Mar 2025</time>"));
        assert!(shown(json!({"a": 1}), Type::Object).contains("<code>{&quot;a&quot;:1}</code>"));
        assert!(shown(json!("<b>"), Type::Text).contains("&lt;b&gt;"));
    }
}
