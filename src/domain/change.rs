//! Change sets: what one deed changed. History, audit and undo are views of them.

use serde_json::Value;

use crate::domain::ids::{CompanyKey, DefinitionKey, SourceKey, UserKey, VisitorKey};

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
}

/// One field, before and after. `None` is "not set".
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Whom it is about.
    pub subject: Subject,
    /// An attribute's name, or one of ours: `created`, `user_id`, `membership`, `link` …
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
