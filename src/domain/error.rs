//! Why a message or a value was not taken: the contract's codes.

use serde::Serialize;

use super::codes::codes;

codes! {
    /// The code of a refused message or value; the whole list of the contract, in its order.
    pub enum Code {
        // R9
        IdPlaceholder = "id_placeholder" {
            "The id is a placeholder, not an id.",
            "A template tag was not rendered (“{{ user.id }}”), a variable was empty (“undefined”, “null”), or an example was pasted unchanged (“USER_ID”).",
            "Render the real id into the page, and leave the id out where nobody is signed in.",
        }
        IdTooLong = "id_too_long" {
            "The id is longer than 255 bytes.",
            "A token, an address or a whole record was sent as the id.",
            "Send the id of the row in your database.",
        }
        IdNotAString = "id_not_a_string" {
            "The id is neither text nor a whole number.",
            "An object, a list, a fraction, or a number beyond 2^53, which JavaScript rounds.",
            "Send the id as a string.",
        }
        UserMissing = "user_missing" {
            "The message names neither a user nor a visitor.",
            "A server call without userId and anonymousId.",
            "Send userId, or the anonymousId of the browser.",
        }
        EmailInvalid = "email_invalid" {
            "The e-mail address isn't valid.",
            "A form without validation, or a placeholder. The rest of the message was stored.",
            "Send an address such as ann@example.com, or leave it out.",
        }
        // C6
        CompanyIdMissing = "company_id_missing" {
            "A company without an id, for a user without a current company.",
            "The page sends the company's name but not your id for it.",
            "Add company_id: your own id of the account, which does not change when the name does.",
        }
        EventNameMissing = "event_name_missing" {
            "A track call without a name.",
            "The first argument of track was empty.",
            "Name the event, such as “Report exported”.",
        }
        EventNameTooLong = "event_name_too_long" {
            "The event's name is over 200 characters.",
            "Data was built into the name.",
            "Keep the name short and put what varies in the properties.",
        }
        TypeUnknown = "type_unknown" {
            "The message's type is not one of the six.",
            "A typing mistake, or a call that Rollcall does not know.",
            "Use identify, group, track, page, screen or alias.",
        }
        // T1
        TimestampInvalid = "timestamp_invalid" {
            "The time can't be read, or is before what is kept.",
            "A format such as 01/02/2026, or events older than the retention, or from before 2020.",
            "Send RFC 3339 such as 2026-03-01T09:30:00Z. For older events set a longer retention under Settings; nothing from before 2020 is kept.",
        }
        // A2
        TypeMismatch = "type_mismatch" {
            "The value does not fit the attribute's type.",
            "The first value decided the type; this one can't be converted without loss. The rest of the message was stored.",
            "Send values of one type; seats: 20, not seats: “ten”.",
        }
        ValueTooLarge = "value_too_large" {
            "The value is over 8 KB.",
            "A document, a picture or a whole record was sent as an attribute.",
            "Send what you want to filter or read, and leave out the rest.",
        }
        ListTooLong = "list_too_long" {
            "The list has more than 100 items.",
            "A list that grows with use.",
            "Send the number of items, or only the latest.",
        }
        NestingTooDeep = "nesting_too_deep" {
            "Objects and lists are more than 5 levels deep.",
            "A whole record was sent.",
            "Flatten what you need into attributes of their own.",
        }
        AttributeNameInvalid = "attribute_name_invalid" {
            "The attribute's name is empty or over 100 characters.",
            "Data was used as a name, or a key was empty.",
            "Give the attribute a fixed, short name.",
        }
        TooManyAttributes = "too_many_attributes" {
            "There are 500 attributes of this kind, or 20 new ones from this source within an hour.",
            "Names built from data, such as “clicked_4711”.",
            "Use a fixed set of names; put what varies in the value.",
        }
        // A8
        UnknownAttribute = "unknown_attribute" {
            "The source is closed to new attributes and this one is new.",
            "The source's setting “New attributes” is closed.",
            "Open the source under Settings, or send the attribute once with a secret token.",
        }
        // A7
        AttributeLocked = "attribute_locked" {
            "An unsigned call can't set this attribute.",
            "The attribute is locked and the page sends it without proof of identity.",
            "Send it from your back end with a token, or sign the identity.",
        }
        SignatureRequired = "signature_required" {
            "The source requires proof of identity, and the message has none.",
            "The source's setting “Signatures” is required; the page sends no user_hash.",
            "Sign the user id on your server and send user_hash, or make signatures optional.",
        }
        SignatureInvalid = "signature_invalid" {
            "The proof of identity isn't valid.",
            "Another source's secret, another user's id, or a hash in another format.",
            "Send the Send the Send the Send the HMAC-SHA256 of the user id in hex, with this source's secret.",
        }
        TokenExpired = "token_expired" {
            "The identity token has expired.",
            "The page was open longer than the token is valid, or the server's clock is wrong.",
            "Create a new token for each page; a difference of 30 seconds is allowed.",
        }
        // R10
        AliasLoop = "alias_loop" {
            "The alias leads back into its own chain.",
            "Two ids were renamed to each other.",
            "Rename from the old id to the new one, once.",
        }
        // R10
        AliasTaken = "alias_taken" {
            "The new id already belongs to another record.",
            "The user signed in under the new id before the rename.",
            "Merge the two users instead.",
        }
        // R10
        AliasUnknown = "alias_unknown" {
            "The id to be renamed is not known.",
            "The old id was never sent, or is written differently.",
            "Compare the id with the user's page: ids must match exactly.",
        }
        // R13
        Erased = "erased" {
            "The person was erased.",
            "A late retry, or your product still sends this id.",
            "Nothing is stored. Stop sending the id.",
        }
        ConsentMissing = "consent_missing" {
            "The page has not been given consent.",
            "consent: false, and no call of rollcall.consent(true) since.",
            "Call rollcall.consent(true) when the visitor agrees.",
        }
        Bot = "bot" {
            "A crawler, known by its user agent.",
            "Search engines and monitors open your pages too.",
            "Nothing. To count them, turn off “Refuse crawlers” under Settings.",
        }
        MessageTooLarge = "message_too_large" {
            "The message is over 32 KB.",
            "A whole record or document was sent.",
            "Send fewer attributes, or several messages.",
        }
    }
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
