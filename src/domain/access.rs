//! Who may do what: roles of operators, scopes of tokens, grades of callers.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What an operator may do; each role may all that the one below it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees everything.
    Viewer,
    /// Changes data, sources and settings.
    Admin,
    /// Also adds and removes operators and tokens.
    Owner,
}

impl Role {
    /// All, the least first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Admin, Role::Owner];
}

/// What a token may do; each scope may all that the one below it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Reads.
    Read,
    /// Reads and sends data.
    Write,
    /// Also changes settings and sources.
    Admin,
}

/// How much a statement's sender is worth between two of the same time (A7, T2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum Grade {
    /// Made by a rule of the program.
    Rule = 0,
    /// A public write key without proof of identity.
    Unsigned = 1,
    /// A row of an imported file.
    Import = 2,
    /// A secret token.
    Secret = 3,
    /// Proof of identity.
    Signed = 4,
    /// An operator.
    Hand = 5,
}

macro_rules! words {
    ($type:ident, $what:literal, $($variant:ident = $text:literal),*) => {
        impl $type {
            /// The word for it in JSON, tables and at the shell.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $text),* }
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok($type::$variant),)*
                    _ => Err(format!("{text:?} is not a {}: use one of {}.", $what, [$($text),*].join(", "))),
                }
            }
        }
    };
}

words!(Role, "role", Viewer = "viewer", Admin = "admin", Owner = "owner");
words!(Scope, "scope", Read = "read", Write = "write", Admin = "admin");
words!(
    Grade,
    "grade",
    Rule = "rule",
    Unsigned = "unsigned",
    Import = "import",
    Secret = "secret",
    Signed = "signed",
    Hand = "hand"
);

/// What is kept of a secret text (a token, a sign-in, a link): its SHA-256. The text is
/// 32 bytes of chance, so a plain hash is enough.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

impl Grade {
    /// The grade of its number in a row; an unknown number is the lowest.
    pub fn from_number(number: i64) -> Grade {
        match number {
            1 => Grade::Unsigned,
            2 => Grade::Import,
            3 => Grade::Secret,
            4 => Grade::Signed,
            5 => Grade::Hand,
            _ => Grade::Rule,
        }
    }

    /// Whether this caller is told what an unsigned one is not, and names people by their e-mail address: a program
    /// with a token, whoever proved who it is, and a file that an operator imports.
    pub fn is_trusted(self) -> bool {
        self >= Grade::Import
    }
}
