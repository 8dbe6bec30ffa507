//! What each code means, why it comes, and what to do: for the refusals and the help.

use crate::domain::findings::Finding;

/// A code explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    /// The contract's text.
    pub code: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// Why it usually happens.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
}

const fn code(code: &'static str, meaning: &'static str, cause: &'static str, fix: &'static str) -> Explained {
    Explained { code, meaning, cause, fix }
}

/// The explanation of a code.
pub fn explain(text: &str) -> Option<&'static Explained> {
    MESSAGES.iter().chain(&REQUESTS).chain(&FINDINGS).find(|known| known.code == text)
}

/// Codes of refused messages and values, in the contract's order.
pub const MESSAGES: [Explained; 28] = [
    code(
        "id_placeholder",
        "The id is a placeholder and no id.",
        "A template tag was not rendered (“{{ user.id }}”), a variable was empty (“undefined”, “null”), or an example was pasted unchanged (“USER_ID”).",
        "Render the real id into the page, and leave the id out where nobody is signed in.",
    ),
    code(
        "id_too_long",
        "The id is longer than 255 bytes.",
        "A token, an address or a whole record was sent as the id.",
        "Send the id of the row in your database.",
    ),
    code(
        "id_not_a_string",
        "The id is neither text nor a whole number.",
        "An object, a list, a fraction, or a number beyond 2^53, which JavaScript rounds.",
        "Send the id as a string.",
    ),
    code(
        "user_missing",
        "The message names neither a user nor a visitor.",
        "A server call without userId and anonymousId.",
        "Send userId, or the anonymousId of the browser.",
    ),
    code(
        "email_invalid",
        "The e-mail address is not one.",
        "A form without validation, or a placeholder. The rest of the message was stored.",
        "Send an address such as ann@example.com, or leave it out.",
    ),
    code(
        "company_id_missing",
        "A company without an id, for a user without a current company.",
        "The page sends the company's name but not your id of it.",
        "Add company_id: your own id of the account, which does not change when the name does.",
    ),
    code(
        "event_name_missing",
        "A track call without a name.",
        "The first argument of track was empty.",
        "Name the event, such as “Report exported”.",
    ),
    code(
        "event_name_too_long",
        "The event's name is over 200 characters.",
        "Data was built into the name.",
        "Keep the name short and put what differs into the properties.",
    ),
    code(
        "type_unknown",
        "The message's type is none of the six.",
        "A typing mistake, or a call that Rollcall does not know.",
        "Use identify, group, track, page, screen or alias.",
    ),
    code(
        "timestamp_invalid",
        "The time can't be read, or lies before what is kept.",
        "A format such as 01/02/2026, or events older than the retention.",
        "Send RFC 3339 such as 2026-03-01T09:30:00Z; older events need a longer retention under Settings.",
    ),
    code(
        "type_mismatch",
        "The value does not fit the attribute's type.",
        "The first value decided the type; this one can't be converted without loss. The rest of the message was stored.",
        "Send values of one type; seats: 20, not seats: “ten”.",
    ),
    code(
        "value_too_large",
        "The value is over 8 KB.",
        "A document, a picture or a whole record was sent as an attribute.",
        "Send what you want to filter or read, and leave out the rest.",
    ),
    code(
        "list_too_long",
        "The list has more than 100 items.",
        "A list that grows with use.",
        "Send the number of items, or only the latest.",
    ),
    code(
        "nesting_too_deep",
        "Objects and lists are more than 5 levels deep.",
        "A whole record was sent.",
        "Flatten what you need into attributes of its own.",
    ),
    code(
        "attribute_name_invalid",
        "The attribute's name is empty or over 100 characters.",
        "Data was used as a name, or a key was empty.",
        "Give the attribute a fixed, short name.",
    ),
    code(
        "too_many_attributes",
        "There are 500 attributes of this kind, or 20 new ones from this source within an hour.",
        "Names that are made from data, such as “clicked_4711”.",
        "Use a fixed set of names; what differs belongs into the value.",
    ),
    code(
        "unknown_attribute",
        "The source is closed to new attributes and this one is new.",
        "The source's setting “New attributes” is closed.",
        "Open the source under Settings, or send the attribute once with a secret token.",
    ),
    code(
        "attribute_locked",
        "The attribute may not be set by an unsigned call.",
        "The attribute is locked and the page sends it without proof of identity.",
        "Send it from your back end with a token, or sign the identity.",
    ),
    code(
        "signature_required",
        "The source asks for proof of identity and the message has none.",
        "The source's setting “Signatures” is required; the page sends no user_hash.",
        "Sign the user id on your server and send user_hash, or make signatures optional.",
    ),
    code(
        "signature_invalid",
        "The proof of identity does not hold.",
        "Another source's secret, another user's id, or a hash in another format.",
        "HMAC-SHA256 of the user id in hex, with this source's secret.",
    ),
    code(
        "token_expired",
        "The identity token has expired.",
        "The page was open longer than the token lives, or the server's clock is wrong.",
        "Make a new token with each page; 30 seconds of difference are forgiven.",
    ),
    code(
        "alias_loop",
        "The alias leads back into its own chain.",
        "Two ids were renamed into each other.",
        "Rename from the old id to the new one, once.",
    ),
    code(
        "alias_taken",
        "The new id belongs to another user already.",
        "The user signed in under the new id before the rename.",
        "Merge the two users instead.",
    ),
    code(
        "alias_unknown",
        "The id to be renamed is not known.",
        "The old id was never sent, or is written differently.",
        "Compare the id with the user's page: ids are exact.",
    ),
    code(
        "erased",
        "The person was erased.",
        "A late retry, or your product still sends this id.",
        "Nothing is stored. Stop sending the id.",
    ),
    code(
        "consent_missing",
        "The page has not been given consent.",
        "consent: false, and no call of rollcall.consent(true) since.",
        "Call rollcall.consent(true) when the visitor agrees.",
    ),
    code(
        "bot",
        "A crawler, known by its user agent.",
        "Search engines and monitors open your pages too.",
        "Nothing. To count them, turn off “Refuse crawlers” under Settings.",
    ),
    code(
        "message_too_large",
        "The message is over 32 KB.",
        "A whole record or document was sent.",
        "Send fewer attributes, or several messages.",
    ),
];

/// Codes of whole requests.
pub const REQUESTS: [Explained; 12] = [
    code(
        "invalid_json",
        "The body is not JSON.",
        "A form was posted, or the text was cut.",
        "Send JSON; the content type does not matter.",
    ),
    code(
        "not_an_object",
        "The body is JSON, but not an object.",
        "A list or a text was sent.",
        "Send {\"batch\": […]} for several messages.",
    ),
    code(
        "invalid_compression",
        "The body can't be decompressed.",
        "Content-Encoding says gzip and the body is not.",
        "Compress it, or leave the header out.",
    ),
    code(
        "encoding_unsupported",
        "The body's compression is not known.",
        "Content-Encoding is other than gzip.",
        "Use gzip or nothing.",
    ),
    code(
        "write_key_missing",
        "The request has no write key.",
        "The snippet without its key, or an SDK without one.",
        "Copy the key from Install.",
    ),
    code(
        "write_key_unknown",
        "No source has this write key.",
        "A typing mistake, a key of another workspace, or of a tool that you moved from.",
        "Copy the key from Install, or adopt the old key under Settings, Sources.",
    ),
    code(
        "token_invalid",
        "The token is not known or was revoked.",
        "A typing mistake, or the token was revoked.",
        "Make a new token under Settings, Tokens.",
    ),
    code(
        "origin_not_allowed",
        "Pages of this origin may not send to this source.",
        "The source lists its allowed origins and this one is not among them.",
        "Add the origin under Settings, Sources.",
    ),
    code(
        "source_paused",
        "The source is paused.",
        "Somebody paused it under Settings.",
        "Let it go on under Settings, Sources.",
    ),
    code(
        "batch_too_large",
        "The batch is over 500 KB.",
        "Many large messages in one request.",
        "Send smaller batches; SDKs have a setting for it.",
    ),
    code(
        "rate_limited",
        "Too many requests with a public key from one address.",
        "A loop in a page, or a server that uses the public key.",
        "Servers use a secret token, which has no limit; pages send in batches.",
    ),
    code(
        "busy",
        "The queue of the writer was full.",
        "A burst beyond what the disk takes.",
        "Senders try again by themselves after Retry-After.",
    ),
];

/// Codes of what is found without being asked.
pub const FINDINGS: [Explained; 2] = [
    code(
        Finding::IdSharedByMany.as_str(),
        "One user id came from twenty browsers or more within an hour.",
        "The id stands in the page's code, or it is the id of something else: of the account, the shop, the template.",
        Finding::IdSharedByMany.fix(),
    ),
    code(
        Finding::ClockWrong.as_str(),
        "Messages come from a clock that is wrong by more than five minutes.",
        "A computer whose clock was never set; whole hours are a server that writes local time without its zone.",
        Finding::ClockWrong.fix(),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;

    #[test]
    fn every_finding_is_explained() {
        assert_eq!(FINDINGS.map(|known| known.code), Finding::ALL.map(Finding::as_str));
    }

    #[test]
    fn every_code_is_explained_in_the_contract_s_order() {
        let explained: Vec<&str> = MESSAGES.iter().map(|known| known.code).collect();
        let all: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(explained, all);
    }
}
