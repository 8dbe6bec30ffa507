//! Why a whole request was not taken, whatever was asked: what every door may answer.

use super::codes;

codes! {
    /// The code of a request that was not taken.
    pub enum RequestCode {
        InvalidJson = "invalid_json" {
            "The body is not JSON.",
            "A form was posted, or the text was cut off.",
            "Send JSON; the content type does not matter.",
        }
        NotAnObject = "not_an_object" {
            "The body is JSON, but not an object.",
            "A list or a text was sent.",
            "Send {\"batch\": […]} for several messages.",
        }
        InvalidCompression = "invalid_compression" {
            "The body can't be decompressed.",
            "Content-Encoding says gzip, but the body isn't gzip.",
            "Compress it, or leave the header out.",
        }
        EncodingUnsupported = "encoding_unsupported" {
            "The body's compression isn't supported.",
            "Content-Encoding isn't gzip.",
            "Use gzip or nothing.",
        }
        WriteKeyMissing = "write_key_missing" {
            "The request has no write key.",
            "The snippet or an SDK is set up without a key.",
            "Copy the key from Install.",
        }
        WriteKeyUnknown = "write_key_unknown" {
            "No source has this write key.",
            "A typing mistake, a key of another workspace, or of a tool that you moved from.",
            "Copy the key from Install, or adopt the old key under Settings, Sources.",
        }
        TokenMissing = "token_missing" {
            "The call needs a token and has none.",
            "An API call or a dry run without Authorization: Bearer. A write key is public and is not enough.",
            "Create a token under Settings, Tokens, or with rollcall token add NAME.",
        }
        TokenInvalid = "token_invalid" {
            "The token is unknown or revoked, or it can only read and the call sends something.",
            "A typing mistake, the token was revoked, or it has the scope read.",
            "Create a new token under Settings, Tokens.",
        }
        OriginNotAllowed = "origin_not_allowed" {
            "Pages from this origin can't send to this source.",
            "The source lists its allowed origins and this one is not among them.",
            "Add the origin under Settings, Sources.",
        }
        SourcePaused = "source_paused" {
            "The source is paused.",
            "Somebody paused it under Settings.",
            "Resume it under Settings, Sources.",
        }
        BatchTooLarge = "batch_too_large" {
            "The batch is over 500 KB, or has too many messages.",
            "Many large messages in one request.",
            "Send smaller batches; SDKs have a setting for it.",
        }
        RateLimited = "rate_limited" {
            "Too many requests with a public key from one IP address.",
            "A loop in a page, or a server that uses the public key.",
            "Servers use a secret token, which has no limit; pages send in batches.",
        }
        Busy = "busy" {
            "The queue of the writer was full.",
            "A burst beyond what the disk takes.",
            "Senders try again by themselves after Retry-After.",
        }
        DiskFull = "disk_full" {
            "The server's disk is full, so nothing can be stored.",
            "The file or its log has grown to the end of the disk, or something else has filled it.",
            "Free up disk space; nothing that was stored is lost. Senders try again by themselves after Retry-After.",
        }
        TooSlow = "too_slow" {
            "The request took too long and was stopped.",
            "The body arrived too slowly, or the query would have taken more than ten seconds.",
            "Send the request again. For a list, ask for less: a shorter time, fewer filters.",
        }
        MethodNotAllowed = "method_not_allowed" {
            "This URL doesn't accept this method.",
            "GET where something is sent, or POST where something is read.",
            "Use a method named in the answer's Allow header.",
        }
        NotFound = "not_found" {
            "There is nothing at this URL, or no such row.",
            "A typing mistake, an id that is not percent-encoded, or what was there is gone.",
            "Compare the URL with the API page; ids must match exactly.",
        }
        Internal = "internal" {
            "Rollcall failed, through no fault of the request.",
            "A full or broken disk, or a bug in Rollcall.",
            "Look up the request id in the server's log, and run rollcall check.",
        }
    }
}
