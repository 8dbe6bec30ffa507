//! Change sets: what one deed changed. History, audit and undo are views of them.

use serde_json::Value;

use crate::domain::ids::{CompanyKey, DefinitionKey, SegmentKey, SourceKey, UserKey, VisitorKey};

// The fields that are not attributes, beside those of `profile.rs`. An attribute's name is trimmed, so
// none begins with a space, and a site may well send `created` or `link`.

/// The field of one that is known from here on: its id, or `lead`.
pub const CREATED: &str = " created";
/// The field of the site's id of a user.
pub const USER_ID: &str = " user_id";
/// The field of another id of a user, which is not the current one (R10).
pub const ALIAS: &str = " alias";
/// The field of the site's id of a company.
pub const COMPANY_ID: &str = " company_id";
/// The field of whether a company is out of lists and numbers (C10).
pub const ARCHIVED: &str = " archived";
/// The field of a visitor's user.
pub const LINK: &str = " link";
/// The field of the user or company that a record is read through (R11, C10).
pub const MERGED_INTO: &str = " merged_into";
/// The field of another record that is not the same.
pub const NOT_SAME_AS: &str = " not_same_as";
/// The field of when a membership began and ended.
pub const MEMBERSHIP: &str = " membership";
/// The field of a company's e-mail domains (C9).
pub const DOMAINS: &str = " domains";

/// Whom a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A user or lead.
    User(UserKey),
    /// A company.
    Company(CompanyKey),
    /// A user's place in a company.
    Membership(UserKey, CompanyKey),
    /// A visitor.
    Visitor(VisitorKey),
    /// The workspace: a setting.
    Workspace,
    /// A source.
    Source(SourceKey),
    /// An attribute: its definition.
    Attribute(DefinitionKey),
    /// A segment: its name and its filter.
    Segment(SegmentKey),
}

/// One field, before and after. `None` is "not set".
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Whom it is about.
    pub subject: Subject,
    /// An attribute's name, or a field of ours.
    pub field: String,
    /// The value before.
    pub before: Option<Value>,
    /// The value after.
    pub after: Option<Value>,
}

impl Change {
    /// A change of a field.
    pub fn new(subject: Subject, field: impl Into<String>, before: Option<Value>, after: Option<Value>) -> Change {
        Change { subject, field: field.into(), before, after }
    }

    /// Whether it is of an attribute's value, of which the newest says all that matters (A6). Under other fields many
    /// stand beside each other: tokens, notes, who was erased.
    pub fn is_of_attribute(&self) -> bool {
        let is_of_somebody = match self.subject {
            Subject::User(_) | Subject::Company(_) | Subject::Membership(..) | Subject::Visitor(_) => true,
            Subject::Workspace | Subject::Source(_) | Subject::Attribute(_) | Subject::Segment(_) => false,
        };
        is_of_somebody && !self.field.starts_with(' ')
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A message of a source.
    Message(SourceKey),
    /// An operator, by e-mail.
    Operator(String),
    /// A token, by name.
    Token(String),
    /// A command at the shell.
    Shell,
    /// A rule of the program, by number.
    Rule(&'static str),
}

/// Who did something, as one asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doer {
    /// A person: an operator, or whoever is at the shell.
    Hand,
    /// A program with a token.
    Program,
    /// What sources send.
    Message,
    /// A rule or a job of ours.
    Rule,
}

impl Doer {
    /// All of them.
    pub const ALL: [Doer; 4] = [Doer::Hand, Doer::Program, Doer::Message, Doer::Rule];

    /// Its word in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Doer::Hand => "hand",
            Doer::Program => "programs",
            Doer::Message => "messages",
            Doer::Rule => "rules",
        }
    }

    /// Reads the word in an address.
    pub fn parse(text: &str) -> Option<Doer> {
        Doer::ALL.into_iter().find(|doer| doer.as_str() == text)
    }

    /// The kinds of [`By`] that it takes in.
    pub fn kinds(self) -> &'static [&'static str] {
        match self {
            Doer::Hand => &["operator", "shell"],
            Doer::Program => &["token"],
            Doer::Message => &["message"],
            Doer::Rule => &["rule"],
        }
    }
}

impl By {
    /// The word for its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            By::Message(_) => "message",
            By::Operator(_) => "operator",
            By::Token(_) => "token",
            By::Shell => "shell",
            By::Rule(_) => "rule",
        }
    }
}
