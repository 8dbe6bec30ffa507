//! Every code that an answer can carry, each with what it means, why it comes and what to do.
//!
//! A code is a variant of one of the tables here, and a table takes none without its help: an answer can't
//! say a code that `/help/codes` does not explain.

pub mod calls;
pub mod requests;
pub mod rows;
pub mod warnings;

use serde::Serialize;

use super::error::Code;
use super::findings::Finding;
use calls::CallCode;
use requests::RequestCode;
use rows::RowCode;
use warnings::Warning;

/// A code with its help.
#[derive(Debug, PartialEq, Eq)]
pub struct Explained {
    /// The stable text that callers see.
    pub code: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// Why it usually happens.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
}

impl Explained {
    /// Where its help stands on this server.
    pub fn address(&self) -> String {
        format!("/help/codes#{}", self.code)
    }
}

impl Serialize for Explained {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

/// A table of codes: an enum, and the help of each variant.
macro_rules! codes {
    (
        $(#[$about:meta])* pub enum $table:ident {
            $($variant:ident = $code:literal { $meaning:expr, $cause:expr, $fix:expr $(,)? })*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $table { $(#[doc = $meaning] $variant,)* }

        impl $table {
            /// All of them, in the order of the help.
            pub const ALL: &'static [$table] = &[$($table::$variant,)*];

            /// The help of each, in the same order.
            pub const HELP: &'static [$crate::domain::codes::Explained] = &[$(
                $crate::domain::codes::Explained { code: $code, meaning: $meaning, cause: $cause, fix: $fix },
            )*];

            /// The code with its help.
            pub const fn explained(self) -> &'static $crate::domain::codes::Explained {
                &Self::HELP[self as usize]
            }

            /// The stable text that callers see.
            pub const fn as_str(self) -> &'static str {
                self.explained().code
            }

            /// The code of this text, if it is one.
            pub fn parse(text: &str) -> Option<$table> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }
        }

        impl From<$table> for &'static $crate::domain::codes::Explained {
            fn from(code: $table) -> &'static $crate::domain::codes::Explained {
                code.explained()
            }
        }
    };
}
pub(in crate::domain) use codes;

/// Codes that come in the same place.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// A word for the address.
    pub id: &'static str,
    /// What they are about.
    pub title: &'static str,
    /// Where they come, and what becomes of what was sent.
    pub about: &'static str,
    /// The codes with their help.
    pub codes: &'static [Explained],
}

/// All codes.
pub const GROUPS: [Group; 6] = [
    Group {
        id: "messages",
        title: "Messages and values",
        about: "The answer is 200; it names what was refused, and the rest is stored.",
        codes: Code::HELP,
    },
    Group {
        id: "warnings",
        title: "Warnings",
        about: "The message was stored; this was done with it.",
        codes: Warning::HELP,
    },
    Group {
        id: "requests",
        title: "Whole requests",
        about: "Answered with 400 to 503; nothing in them is stored.",
        codes: RequestCode::HELP,
    },
    Group {
        id: "calls",
        title: "API calls",
        about: "Answered with 400 to 422; nothing was changed.",
        codes: CallCode::HELP,
    },
    Group {
        id: "rows",
        title: "Rows of an import",
        about: "The row is refused, the others are imported. A row may also have a message's code.",
        codes: RowCode::HELP,
    },
    Group {
        id: "findings",
        title: "Findings",
        about: "Nothing is refused because of them; Rollcall finds them by itself.",
        codes: Finding::HELP,
    },
];

/// The code of this text with its help, if there is one.
pub fn explain(text: &str) -> Option<&'static Explained> {
    GROUPS.iter().flat_map(|group| group.codes).find(|known| known.code == text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_means_one_thing_and_its_help_says_all_three_parts_of_it() {
        let mut codes = BTreeSet::new();
        for known in GROUPS.iter().flat_map(|group| group.codes) {
            assert!(codes.insert(known.code), "{} stands twice", known.code);
            assert!(known.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", known.code);
            for sentence in [known.meaning, known.cause, known.fix] {
                assert!(sentence.ends_with('.') && sentence.len() > 8, "{}: {sentence:?}", known.code);
            }
            assert_eq!(explain(known.code), Some(known));
        }
        assert_eq!(explain("no_such_code"), None);
    }

    #[test]
    fn a_variant_has_its_own_help() {
        assert_eq!(Code::ALL.iter().map(|code| code.as_str()).collect::<BTreeSet<_>>().len(), Code::ALL.len());
        assert_eq!(Code::MessageTooLarge.as_str(), "message_too_large");
        assert_eq!(RequestCode::Busy.explained().code, "busy");
        assert_eq!(CallCode::parse("user_not_found"), Some(CallCode::UserNotFound));
        assert_eq!(CallCode::parse("busy"), None);
    }
}
