//! Tables as files: what an export writes, an import reads back without loss.
//!
//! A column of ours has its plain name (`user_id`, `joined_at`), and so has a standard attribute, whose type is
//! fixed. Any other attribute is `NAME (type)`, as in `plan (string)`, since "12" alone does not say whether it is a
//! number; one that would pass for a column of ours is `attribute.NAME (type)`.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` or a control character for a formula, so a text
//! that does begins with an apostrophe; to tell them apart one that begins with apostrophes and then such a
//! character gets one more. A cell of nothing is not a value; an apostrophe alone is the empty text.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::access::Scope;
use crate::domain::attributes::{Owner, Type, standard};

/// What a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Definitions of attributes.
    Attributes,
    /// Users and leads.
    Users,
    /// Browsers, and whose they are.
    Visitors,
    /// Users in companies, a row for each time in one.
    Memberships,
    /// Companies.
    Companies,
    /// Notes about users and companies.
    Notes,
    /// What was done.
    Events,
    /// How the workspace is set up: settings, segments, and what was decided of names in the tray.
    Setup,
}

impl Kind {
    /// All of them, in the order in which they are best read back: an attribute has its type before its first value;
    /// companies come behind those who belong to them, since an archived one, one of signed members, or one that
    /// was given an e-mail domain takes in others than before; and last the settings, which decide about what comes in.
    pub const ALL: [Kind; 8] = [
        Kind::Attributes,
        Kind::Users,
        Kind::Visitors,
        Kind::Memberships,
        Kind::Companies,
        Kind::Notes,
        Kind::Events,
        Kind::Setup,
    ];

    /// The words of all of them.
    pub const WORDS: [&str; 8] =
        ["attributes", "users", "visitors", "memberships", "companies", "notes", "events", "setup"];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Attributes => "attributes",
            Kind::Users => "users",
            Kind::Visitors => "visitors",
            Kind::Memberships => "memberships",
            Kind::Companies => "companies",
            Kind::Notes => "notes",
            Kind::Events => "events",
            Kind::Setup => "setup",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|known| known.as_str() == word)
    }

    /// The least scope of a token that imports its rows: some change what else takes an admin.
    pub fn least_scope(self) -> Scope {
        match self {
            Kind::Attributes | Kind::Setup => Scope::Admin,
            Kind::Users | Kind::Visitors | Kind::Memberships | Kind::Companies | Kind::Notes | Kind::Events => {
                Scope::Write
            }
        }
    }

    /// Whose attributes its rows carry.
    pub fn owner(self) -> Option<Owner> {
        match self {
            Kind::Users | Kind::Visitors => Some(Owner::User),
            Kind::Companies => Some(Owner::Company),
            Kind::Memberships => Some(Owner::Membership),
            Kind::Attributes | Kind::Notes | Kind::Events | Kind::Setup => None,
        }
    }

    /// The columns of ours: those before the attributes, and those behind.
    pub fn columns(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Kind::Attributes => {
                (&["owner", "name", "type", "label", "locked", "hidden", "history", "fast_filter"], &[])
            }
            Kind::Setup => (&["what", "name", "value"], &[]),
            Kind::Users => (
                &["id", "user_id"],
                &["aliases", "anonymous_ids", "owner", "tags", "state", "trend", "first_seen", "last_seen", "signed"],
            ),
            Kind::Visitors => (&["anonymous_id", "id", "user_id", "email", "linked_at"], &["first_seen", "last_seen"]),
            Kind::Memberships => {
                (&["id", "user_id", "email", "company_id"], &["current", "joined_at", "left_at", "source"])
            }
            Kind::Companies => (
                &["company_id"],
                &[
                    "aliases",
                    "domains",
                    "given_domains",
                    "members",
                    "active_members_30d",
                    "owner",
                    "tags",
                    "state",
                    "trend",
                    "first_seen",
                    "last_seen",
                    "signed_members",
                    "archived_at",
                ],
            ),
            Kind::Notes => {
                (&["id", "user_id", "email", "company_id", "author", "text", "next_date", "made_at", "edited_at"], &[])
            }
            Kind::Events => (
                &[
                    "event_id",
                    "name",
                    "type",
                    "page_name",
                    "time",
                    "received_at",
                    "id",
                    "user_id",
                    "email",
                    "anonymous_id",
                    "company_id",
                    "source",
                    "session_id",
                    "acting_as",
                    "active",
                    "properties",
                    "context",
                ],
                &[],
            ),
        }
    }

    fn is_ours(self, name: &str) -> bool {
        let (before, behind) = self.columns();
        before.contains(&name) || behind.contains(&name)
    }
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// RFC 4180, UTF-8, one line of headings.
    #[default]
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// The word for it, which also ends the names of its files.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Ndjson => "ndjson",
        }
    }

    /// The format of a word.
    pub fn parse(word: &str) -> Option<Format> {
        [Format::Csv, Format::Ndjson].into_iter().find(|known| known.as_str() == word)
    }

    /// Its content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Ndjson => "application/x-ndjson",
        }
    }
}

/// What stands before the name of an attribute that would pass for a column of ours.
const PREFIX: &str = "attribute.";

/// The heading of an attribute.
pub fn heading(kind: Kind, name: &str, of: Type) -> String {
    let prefix = if kind.is_ours(name) || name.starts_with(PREFIX) { PREFIX } else { "" };
    let is_standard = kind.owner().is_some_and(|owner| standard(owner).iter().any(|(known, _)| *known == name));
    // Names come from whoever sends.
    guarded(&match is_standard {
        true => format!("{prefix}{name}"),
        false => format!("{prefix}{name} ({})", of.as_str()),
    })
}

/// A heading read back: the name, its type where it says one, and whether it says to be an attribute.
pub fn read_heading(heading: &str) -> (&str, Option<Type>, bool) {
    let heading = match heading.trim().strip_prefix('\'') {
        Some(rest) if is_guarded(rest) => rest,
        _ => heading.trim(),
    };
    let typed = heading
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("))
        .and_then(|(name, word)| Some((name, Type::parse(word)?)));
    let (name, kind) = typed.map_or((heading, None), |(name, kind)| (name, Some(kind)));
    match name.strip_prefix(PREFIX) {
        Some(name) => (name, kind, true),
        None => (name, kind, kind.is_some()),
    }
}

/// A value as the text of a cell.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // A number is not a formula, however it begins.
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
        Value::String(text) => guarded(text),
        Value::Array(items) => guarded(&list(items)),
    }
}

/// What is between the items of a list.
pub const BETWEEN_ITEMS: char = '|';

/// The items of a list with `|` between them; as JSON where that would not say them.
fn list(items: &[Value]) -> String {
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let is_plain = |text: &&str| !text.is_empty() && text.trim() == *text && !text.contains(BETWEEN_ITEMS);
    match texts {
        Some(texts) if !texts.is_empty() && texts.iter().all(is_plain) && !texts[0].starts_with('[') => texts.join("|"),
        _ => Value::from(items).to_string(),
    }
}

/// The items of a list in a cell; none where it is not a list.
pub fn items(text: &str) -> Vec<Value> {
    if let Some(Value::Array(items)) = text.starts_with('[').then(|| serde_json::from_str(text).ok()).flatten() {
        return items;
    }
    text.split(BETWEEN_ITEMS).map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect()
}

/// Whether a text needs an apostrophe before it, or lost one that an export put there.
fn is_guarded(text: &str) -> bool {
    let rest = text.trim_start_matches('\'');
    rest.is_empty() || rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// A text as a spreadsheet shows it and does not run it.
fn guarded(text: &str) -> String {
    if is_guarded(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell without the apostrophe that guards it.
pub fn unguarded(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('\'') {
        Some(rest) if is_guarded(rest) => Cow::Borrowed(rest),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_a_spreadsheet_would_run_begins_with_an_apostrophe() {
        for formula in ["=1+1", "+49 30", "-x", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(cell(&json!(formula)), format!("'{formula}"));
        }
        assert_eq!(cell(&json!(-5)), "-5", "a number is none");
        assert_eq!((cell(&json!("")), cell(&Value::Null)), ("'".to_owned(), String::new()));
        assert_eq!(cell(&json!("O'Hara")), "O'Hara");
    }

    #[test]
    fn a_list_is_read_back_item_by_item() {
        for items_of in [json!(["a", "b"]), json!(["one"]), json!([]), json!(["a|b", ""]), json!(["[x"]), json!([" a"])]
        {
            let text = cell(&items_of);
            assert_eq!(json!(items(&unguarded(&text))), items_of, "{text}");
        }
        assert_eq!(items("red | green|"), [json!("red"), json!("green")]);
    }

    #[test]
    fn a_heading_says_what_a_column_is() {
        assert_eq!(heading(Kind::Users, "plan", Type::Text), "plan (string)");
        assert_eq!(heading(Kind::Users, "email", Type::Text), "email");
        assert_eq!(heading(Kind::Users, "owner", Type::Number), "attribute.owner (number)");
        assert_eq!(read_heading("attribute.owner (number)"), ("owner", Some(Type::Number), true));
        assert_eq!(read_heading(" Seats (used) "), ("Seats (used)", None, false));
        assert_eq!(read_heading("email"), ("email", None, false));
    }

    proptest! {
        #[test]
        fn a_text_is_read_back_as_it_was(text in "['=+@\\-\t\r\na ]{0,6}") {
            let written = cell(&json!(text));
            prop_assert_eq!(unguarded(&written).into_owned(), text);
            prop_assert!(!written.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
        }

        #[test]
        fn an_attribute_of_any_name_is_read_back_and_none_is_run(
            name in "['=+@\\-]{0,2}[a-z() .]{1,12}", place in 0..Type::ALL.len()
        ) {
            let name = name.trim().to_owned();
            prop_assume!(!name.is_empty() && standard(Owner::User).iter().all(|(known, _)| *known != name));
            let of = Type::ALL[place];
            let heading = heading(Kind::Users, &name, of);
            prop_assert_eq!(read_heading(&heading), (name.as_str(), Some(of), true));
            prop_assert!(!heading.starts_with(['=', '+', '-', '@']), "{}", heading);
        }
    }
}
