//! Why a whole request was not taken, whatever was asked: what every door may answer.

use super::codes;

codes! {
    /// The code of a request that was not taken.
    pub enum RequestCode {
        InvalidJson = "invalid_json" {
            "The body is not JSON.",
            "A form was posted, or the text was cut.",
            "Send JSON; the content type does not matter.",
        }
        NotAnObject = "not_an_object" {
            "The body is JSON, but not an object.",
            "A list or a text was sent.",
            "Send {\"batch\": […]} for several messages.",
        }
        InvalidCompression = "invalid_compression" {
            "The body can't be decompressed.",
            "Content-Encoding says gzip and the body is not.",
            "Compress it, or leave the header out.",
        }
        EncodingUnsupported = "encoding_unsupported" {
            "The body's compression is not known.",
            "Content-Encoding is other than gzip.",
            "Use gzip or nothing.",
        }
        WriteKeyMissing = "write_key_missing" {
            "The request has no write key.",
            "The snippet without its key, or an SDK without one.",
            "Copy the key from Install.",
        }
        WriteKeyUnknown = "write_key_unknown" {
            "No source has this write key.",
            "A typing mistake, a key of another workspace, or of a tool that you moved from.",
            "Copy the key from Install, or adopt the old key under Settings, Sources.",
        }
        TokenMissing = "token_missing" {
            "The call needs a token and has none.",
            "A call of the API, or a dry run, without Authorization: Bearer. A write key is public and is not enough.",
            "Make a token under Settings, Tokens, or by rollcall token add NAME.",
        }
        TokenInvalid = "token_invalid" {
            "The token is not known, was revoked, or may only read where something is sent.",
            "A typing mistake, the token was revoked, or it has the scope read.",
            "Make a new token under Settings, Tokens.",
        }
        OriginNotAllowed = "origin_not_allowed" {
            "Pages of this origin may not send to this source.",
            "The source lists its allowed origins and this one is not among them.",
            "Add the origin under Settings, Sources.",
        }
        SourcePaused = "source_paused" {
            "The source is paused.",
            "Somebody paused it under Settings.",
            "Let it go on under Settings, Sources.",
        }
        BatchTooLarge = "batch_too_large" {
            "The batch is over 500 KB, or has too many messages.",
            "Many large messages in one request.",
            "Send smaller batches; SDKs have a setting for it.",
        }
        RateLimited = "rate_limited" {
            "Too many requests with a public key from one address.",
            "A loop in a page, or a server that uses the public key.",
            "Servers use a secret token, which has no limit; pages send in batches.",
        }
        Busy = "busy" {
            "The queue of the writer was full.",
            "A burst beyond what the disk takes.",
            "Senders try again by themselves after Retry-After.",
        }
        TooSlow = "too_slow" {
            "The request took too long and was ended.",
            "The body did not arrive in time over a slow line, or the question reads more than ten seconds can.",
            "Send the request again. Of a list ask for less: a shorter time, fewer filters.",
        }
        MethodNotAllowed = "method_not_allowed" {
            "The address does not take this method.",
            "GET where something is sent, or POST where something is read.",
            "Use a method that the answer's header Allow names.",
        }
        NotFound = "not_found" {
            "There is nothing at this address, or no such row.",
            "A typing mistake, an id that is not percent-encoded, or what was there is gone.",
            "Compare the address with the page of the API; ids are exact.",
        }
        Internal = "internal" {
            "Rollcall failed, through no fault of the request.",
            "A full or broken disk, or a mistake in Rollcall.",
            "Look in the server's log under the request id, and run rollcall check.",
        }
    }
}
