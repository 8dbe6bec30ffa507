//! Why a message or a value was not taken: the contract's codes.

use serde::Serialize;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// The code of a refused message or value; the whole list of the contract.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All codes, in the contract's order.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable text that callers see.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// The code of this text, if it is one.
            pub fn parse(text: &str) -> Option<Code> {
                match text { $($text => Some(Code::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    /// The id is a placeholder such as `null` or an unrendered template tag (R9).
    IdPlaceholder = "id_placeholder",
    /// The id is longer than 255 bytes.
    IdTooLong = "id_too_long",
    /// The id is neither text nor a whole number.
    IdNotAString = "id_not_a_string",
    /// The message names neither a user nor a visitor.
    UserMissing = "user_missing",
    /// The e-mail address is not one.
    EmailInvalid = "email_invalid",
    /// A company without an id, and no current company to mean (C6).
    CompanyIdMissing = "company_id_missing",
    /// A track call without a name.
    EventNameMissing = "event_name_missing",
    /// An event name over 200 characters.
    EventNameTooLong = "event_name_too_long",
    /// The message's type is not one of the six.
    TypeUnknown = "type_unknown",
    /// The time can't be read, or is older than the retention (T1).
    TimestampInvalid = "timestamp_invalid",
    /// The value can't become the attribute's type without loss (A2).
    TypeMismatch = "type_mismatch",
    /// A value over 8 KB.
    ValueTooLarge = "value_too_large",
    /// A list of more than 100 items.
    ListTooLong = "list_too_long",
    /// Objects and lists more than 5 levels deep.
    NestingTooDeep = "nesting_too_deep",
    /// An attribute's name that is empty or over 100 characters.
    AttributeNameInvalid = "attribute_name_invalid",
    /// More than 500 attributes of one kind.
    TooManyAttributes = "too_many_attributes",
    /// A new attribute from a source that is closed to them (A8).
    UnknownAttribute = "unknown_attribute",
    /// The attribute is locked against unsigned calls (A7).
    AttributeLocked = "attribute_locked",
    /// The source or the user asks for proof of identity.
    SignatureRequired = "signature_required",
    /// The proof of identity does not hold.
    SignatureInvalid = "signature_invalid",
    /// The identity token has expired.
    TokenExpired = "token_expired",
    /// The alias leads back into its own chain (R10).
    AliasLoop = "alias_loop",
    /// The new id belongs to another user already (R10).
    AliasTaken = "alias_taken",
    /// The id to be renamed is not known (R10).
    AliasUnknown = "alias_unknown",
    /// The person was erased (R13).
    Erased = "erased",
    /// The page has not been given consent.
    ConsentMissing = "consent_missing",
    /// A crawler.
    Bot = "bot",
    /// A message over 32 KB.
    MessageTooLarge = "message_too_large",
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A refusal: its code, and a sentence that tells the caller what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Refused {
    /// Which of the contract's codes.
    pub code: Code,
    /// The sentence for the person who can act on it.
    pub detail: String,
}

impl Refused {
    /// A refusal with its sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Refused {
        Refused { code, detail: detail.into() }
    }
}
