//! Parameters that mean the same wherever they stand, each with an example that works on most workspaces.

use serde_json::Value;
use utoipa::openapi::Required;
use utoipa::openapi::path::{self, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type};

use crate::store::list::PAGE_ROWS_MAX;

/// What a parameter can be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    /// A text of at least one character.
    Filled,
    Number,
    /// The number of something, from 1 on.
    Place,
    /// `1`, or left out.
    Flag,
    Day,
    /// One of these words.
    Word(&'static [&'static str]),
    /// May stand there several times.
    Texts,
}

/// A parameter of a path or a query string.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    name: &'static str,
    meaning: &'static str,
    kind: Kind,
    /// It stands in the path, not in the query string.
    in_path: bool,
    /// What stands there in the examples; what has one is required.
    example: Option<&'static str>,
}

/// Of query strings.
const KNOWN: &[(&str, Kind, &str)] = &[
    ("limit", Kind::Number, "Rows per page, 50 by default"),
    (
        "cursor",
        Kind::Text,
        "next_cursor of the previous page, with the same sort and filters; the list has ended where there is none, however few rows a page has",
    ),
    ("sort", Kind::Text, "A field name, with a minus to put the greatest first"),
    ("q", Kind::Text, "Text to search for"),
    ("count", Kind::Flag, "1: adds the number of all rows, as total"),
    ("columns", Kind::Text, "Which parts of each row to return, separated by commas"),
    (
        "f",
        Kind::Texts,
        "A filter, FIELD:OP:VALUE, as in the dashboard's address bar; several are allowed. Of events FIELD is name, type, page_name, time, received_at, user_id, email, anonymous_id, company_id, source or properties.NAME",
    ),
    ("match", Kind::Word(&["all", "any"]), "all (the default) or any of the filters"),
    (
        "id",
        Kind::Text,
        "Instead of the id in the path, which is then empty, for ids that can't be used in one, such as . and ..",
    ),
    ("name", Kind::Text, "Instead of the name in the path, for names that can't be used in one"),
    (
        "by",
        Kind::Word(&["user_id", "email", "id"]),
        "What the id is: user_id (the default), email, or id, which is ours",
    ),
    ("at", Kind::Day, "As it was at the end of this day"),
    ("dry_run", Kind::Flag, "1: says what would be done, but does nothing"),
];

/// Of paths, with an example.
const OF_PATHS: &[(&str, &str, &str)] = &[
    ("id", "The id, percent-encoded", "ID"),
    ("user_id", "The site's own id of the user, percent-encoded", "USER_ID"),
    ("change_id", "The number of a change set", "1"),
    ("owner", "user, company or membership", "user"),
    ("name", "The name, percent-encoded", "name"),
    ("source_id", "The id of a source", "SOURCE_ID"),
    ("webhook_id", "The id of a webhook", "WEBHOOK_ID"),
    ("delivery_id", "The id of a delivery", "DELIVERY_ID"),
    ("secret_id", "The number of a secret", "1"),
    ("domain", "An e-mail domain", "acme.example"),
];

/// The parameter of this name.
pub(super) fn known(name: &'static str) -> Parameter {
    let found = KNOWN.iter().find(|(known, ..)| *known == name);
    let (kind, meaning) = found.map_or((Kind::Text, ""), |(_, kind, meaning)| (*kind, *meaning));
    Parameter { name, meaning, kind, in_path: false, example: None }
}

/// The parameters that a path names in braces.
pub(super) fn of_path(path: &'static str) -> Vec<Parameter> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let found = OF_PATHS.iter().find(|(known, ..)| *known == name);
            let (meaning, example) = found.map_or(("", "ID"), |(_, meaning, example)| (*meaning, *example));
            let (kind, example) = match (name, path.split('/').nth(1)) {
                ("name", Some("settings")) => (Kind::Text, "time_zone"),
                ("owner", _) => (Kind::Word(&["user", "company", "membership"]), example),
                ("change_id" | "secret_id", _) | ("id", Some("imports")) => (Kind::Place, "1"),
                (_, _) => (Kind::Text, example),
            };
            Parameter { name, meaning, kind, in_path: true, example: Some(example) }
        })
        .collect()
}

impl Parameter {
    /// A text in a query string.
    pub fn text(name: &'static str, meaning: &'static str) -> Parameter {
        Parameter { name, meaning, kind: Kind::Text, in_path: false, example: None }
    }

    /// One of some words in a query string.
    pub fn word(name: &'static str, words: &'static [&'static str], meaning: &'static str) -> Parameter {
        Parameter { kind: Kind::Word(words), ..Parameter::text(name, meaning) }
    }

    /// As it is, but it must be there, with an example.
    pub fn with(self, example: &'static str) -> Parameter {
        Parameter { example: Some(example), ..self }
    }

    /// A day in a query string.
    pub fn day(name: &'static str, meaning: &'static str) -> Parameter {
        Parameter { kind: Kind::Day, ..Parameter::text(name, meaning) }
    }

    /// A text in a query string that must be there, and is not empty.
    pub fn needed(name: &'static str, meaning: &'static str, example: &'static str) -> Parameter {
        Parameter { kind: Kind::Filled, example: Some(example), ..Parameter::text(name, meaning) }
    }

    /// As OpenAPI has it.
    pub fn described(&self) -> path::Parameter {
        let place = if self.in_path { ParameterIn::Path } else { ParameterIn::Query };
        let required = if self.example.is_some() { Required::True } else { Required::False };
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(place)
            .required(required)
            .description(Some(self.meaning))
            .example(self.example.map(Value::from))
            .schema(Some(self.kind.schema(self.example.is_none())))
            .build()
    }
}

impl Kind {
    /// In a query string what is empty is absent, where it may be.
    fn schema(self, may_be_empty: bool) -> Schema {
        let of = |kind| ObjectBuilder::new().schema_type(kind);
        let one_of = |words: &[&str]| {
            let words = words.iter().copied().chain(may_be_empty.then_some(""));
            of(Type::String).enum_values(Some(words.map(Value::from))).build().into()
        };
        let or_empty = |filled: ObjectBuilder| {
            OneOfBuilder::new().item(filled).item(of(Type::String).max_length(Some(0))).build().into()
        };
        match self {
            Kind::Text => of(Type::String).build().into(),
            Kind::Filled => of(Type::String).min_length(Some(1)).build().into(),
            Kind::Number => or_empty(of(Type::Integer).minimum(Some(1)).maximum(Some(PAGE_ROWS_MAX))),
            Kind::Place => of(Type::Integer).minimum(Some(1)).maximum(Some(i64::MAX)).build().into(),
            Kind::Flag => one_of(&["1", "0"]),
            Kind::Word(words) => one_of(words),
            Kind::Day => or_empty(of(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))),
            Kind::Texts => ArrayBuilder::new().items(of(Type::String)).build().into(),
        }
    }
}
