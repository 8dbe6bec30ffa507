//! What filters ask of events, in the names of a statement that reads them (`events::FROM`).

use super::{Writer, joined, sql_number};
use crate::domain::filter::{BuiltIn, EVENT_TYPES, Join, Test, Value};
use crate::domain::message::Kind;
use crate::domain::time::EPOCH_MS;
use crate::store::events::HASH_BITS;
use crate::store::fast_filters::path;

/// What is built in of an event, as an expression.
pub(super) fn column(built_in: BuiltIn) -> Option<String> {
    let time = format!("((event.event_id >> {HASH_BITS}) + {EPOCH_MS})");
    Some(match built_in {
        BuiltIn::Name => {
            format!(
                "CASE event.kind WHEN {} THEN coalesce(event.name, name.name) ELSE {} END",
                Kind::Track as i64,
                word()
            )
        }
        BuiltIn::EventType => word(),
        BuiltIn::PageName => format!("CASE WHEN event.kind <> {} THEN event.name END", Kind::Track as i64),
        BuiltIn::Time => time,
        BuiltIn::ReceivedAt => format!("({time} + event.received_after_ms)"),
        BuiltIn::UserId => "user.user_id".to_owned(),
        BuiltIn::Email => "user.email".to_owned(),
        BuiltIn::AnonymousId => "visitor.anonymous_id".to_owned(),
        BuiltIn::CompanyId => "company.company_id".to_owned(),
        BuiltIn::Source => "source.name".to_owned(),
        _ => return None,
    })
}

/// The word of an event's kind.
fn word() -> String {
    let kinds = EVENT_TYPES.iter().filter_map(|word| Some((Kind::parse(word)? as i64, word)));
    let words: Vec<String> = kinds.map(|(number, word)| format!("WHEN {number} THEN '{word}'")).collect();
    format!("CASE event.kind {} END", words.join(" "))
}

impl Writer<'_> {
    /// What is asked of a property: of a list one item must meet it. A number is met by its digits too, and `true`
    /// and `false` are met by their words.
    pub(super) fn property(&mut self, name: &str, test: &Test) -> String {
        let path = self.bound(path(name));
        if *test == Test::Set {
            return format!("(event.properties ->> {path}) NOT IN ('', '[]')");
        }
        let text = "CASE item.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(item.value AS TEXT) END";
        let holds = match test {
            Test::Is(_) | Test::In(_) | Test::Has(_) | Test::Starts(_) => {
                let values = match test {
                    Test::Is(value) => std::slice::from_ref(value),
                    Test::In(values) => values,
                    _ => &[],
                };
                let mut any = vec![self.text(text, test)];
                any.extend(values.iter().filter_map(as_number).map(|number| {
                    format!("(item.type IN ('integer', 'real') AND item.value = {})", self.bound(sql_number(&number)))
                }));
                joined(Join::Any, &any)
            }
            _ => format!("item.type IN ('integer', 'real') AND {}", self.number("item.value", test)),
        };
        format!("EXISTS (SELECT 1 FROM json_each(event.properties, {path}) AS item WHERE {holds})")
    }
}

/// The number that a text writes, as `12` and `12.0` are one.
fn as_number(value: &Value) -> Option<serde_json::Number> {
    match value {
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}
