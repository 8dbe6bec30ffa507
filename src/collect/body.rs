//! Reading a request's body: its encoding, and a limit that holds for what comes out of it.

use std::io::Read;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::{SizedStream, to_bytes_limited};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Payload};
use flate2::read::MultiGzDecoder;

use crate::domain::codes::Explained;
use crate::domain::codes::requests::RequestCode;
use crate::http::problem::Problem;

/// The most that a body may be, in bytes after decompression, and the code for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Bytes.
    pub bytes: usize,
    /// `message_too_large` or `batch_too_large`.
    pub code: &'static Explained,
}

/// A body must be here after so long: whoever sends a byte now and then holds memory.
const WAIT: Duration = Duration::from_secs(30);

/// Reads a body. The content type is not looked at: SDKs label JSON as text, as a form, as nothing.
///
/// actix's own decoder inflates whatever arrived in one piece before anybody can count, a thousand
/// bytes from each; here decompression stops at the limit.
///
/// # Errors
/// 415 `encoding_unsupported`, 413 with the limit's code, 400 `invalid_compression`, 408 `too_slow`,
/// which SDKs answer by sending it again.
pub async fn read(request: &HttpRequest, payload: Payload, limit: Limit) -> Result<Bytes, Problem> {
    let zipped = is_gzip(request)?;
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if let Some(bytes) = announced.filter(|bytes| *bytes > limit.bytes) {
        // What a compressed body has is not what the limit is of.
        return Err(too_large(limit, Some(bytes).filter(|_| !zipped)));
    }
    // With a size the reader takes as much memory as the body needs; without one it takes 32 KB for each.
    let sized = SizedStream::new(announced.unwrap_or(limit.bytes) as u64, payload);
    let body = match timeout(WAIT, to_bytes_limited(sized, limit.bytes)).await {
        Ok(Ok(Ok(body))) => body,
        Ok(Ok(Err(_))) => {
            return Err(bad(RequestCode::InvalidJson, "The body ended before it was complete. Send it again."));
        }
        Ok(Err(_)) => return Err(too_large(limit, None)),
        Err(_) => return Err(too_slow()),
    };
    if zipped { inflate(&body, limit).map(Bytes::from) } else { Ok(body) }
}

fn is_gzip(request: &HttpRequest) -> Result<bool, Problem> {
    let Some(encoding) = request.headers().get(CONTENT_ENCODING) else { return Ok(false) };
    let encoding = String::from_utf8_lossy(encoding.as_bytes()).trim().to_ascii_lowercase();
    match encoding.as_str() {
        "" | "identity" => Ok(false),
        "gzip" | "x-gzip" => Ok(true),
        _ => {
            let detail =
                format!("The content encoding {encoding:?} is not supported. Send gzip, or the body as it is.");
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, RequestCode::EncodingUnsupported, detail))
        }
    }
}

fn inflate(body: &[u8], limit: Limit) -> Result<Vec<u8>, Problem> {
    let mut inflated = Vec::with_capacity(body.len().saturating_mul(4).min(limit.bytes));
    let one_more = limit.bytes as u64 + 1;
    match MultiGzDecoder::new(body).take(one_more).read_to_end(&mut inflated) {
        Ok(_) if inflated.len() > limit.bytes => Err(too_large(limit, None)),
        Ok(_) => Ok(inflated),
        Err(error) => {
            let detail =
                format!("The body claims to be gzip but can't be decompressed: {error}. Send it again, whole.");
            Err(bad(RequestCode::InvalidCompression, detail))
        }
    }
}

/// A body that can't be understood.
pub fn bad(code: RequestCode, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, detail)
}

fn too_slow() -> Problem {
    let detail = format!("The body was not complete after {} s. Send it again.", WAIT.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, RequestCode::TooSlow, detail)
}

/// A body over its limit, of so many bytes where they are known.
pub fn too_large(limit: Limit, bytes: Option<usize>) -> Problem {
    let size = bytes.map_or_else(String::new, |bytes| format!(" It has {bytes}."));
    let limited = limit.bytes;
    let detail = format!("The body is over the limit of {limited} bytes after decompression.{size} Send less at once.");
    let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, limit.code, detail).with("limit", limit.bytes);
    match bytes {
        Some(bytes) => problem.with("size", bytes),
        None => problem,
    }
}
