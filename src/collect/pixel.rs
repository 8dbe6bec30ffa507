//! `GET /v1/pixel/{call}`: one message in an image's address, for pages and mails without JavaScript.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::body::{bad, too_large};
use super::envelope::Call;
use super::refusals::decline;
use super::{Memory, dry_run, posts, senders, traces};
use crate::domain::codes::requests::RequestCode;
use crate::http::limits::Limits;
use crate::http::problem::Problem;
use crate::store::Store;

/// The calls that an image can make: all that send one message, as at Segment.
pub const WORDS: [&str; 6] = ["page", "track", "identify", "group", "screen", "alias"];

/// A transparent GIF of one point.
const GIF: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// Both alphabets are read as this one, and people leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// `GET /v1/pixel/{page|track|…}?data=BASE64`: takes the message in, and answers the image whatever
/// came of it, since a broken image is what visitors would see. Refusals are counted as of a post.
///
/// # Errors
/// Of a dry run, as there. 500 where the worker was not set up.
pub async fn pixel(request: HttpRequest, store: Data<Store>, limits: Data<Limits>) -> Result<HttpResponse, Problem> {
    let memory = Memory::of(&request)?;
    let call = posts::call(&request)?;
    let body = data(&request, call);
    if dry_run::is_asked(&request) {
        let answer = dry_run::answer(&request, call, body, &store, &limits, &memory).await;
        return answer.map_err(Problem::for_tracking);
    }
    // HEAD asks whether there is an image; nobody looks at it.
    if request.method() == Method::GET
        && let Err(declined) = posts::take(&request, call, body, &store, &limits, &memory).await
    {
        traces::declined(&request, call, &declined, store.now_ms());
        decline(memory, &store, declined);
    }
    let mut response = HttpResponse::build(StatusCode::OK);
    response.insert_header((CONTENT_TYPE, "image/gif")).insert_header((CACHE_CONTROL, "no-store, max-age=0"));
    response.insert_header(("cross-origin-resource-policy", "cross-origin"));
    Ok(response.body(GIF))
}

/// The JSON in the address.
fn data(request: &HttpRequest, call: Call) -> Result<Bytes, Problem> {
    let data = senders::query(request, &["data"]).ok_or_else(|| {
        bad(RequestCode::InvalidJson, "The pixel's address has no data. Add ?data= and the message as JSON in base64.")
    })?;
    // A plus that was not percent-encoded arrives as a space.
    let letter = |letter| match letter {
        '+' | ' ' => '-',
        '/' => '_',
        other => other,
    };
    let data: String = data.chars().map(letter).collect();
    let json = BASE64.decode(data).map_err(|error| {
        bad(RequestCode::InvalidJson, format!("The pixel's data is not base64: {error}. Encode the message's JSON."))
    })?;
    let limit = call.limit();
    if json.len() > limit.bytes { Err(too_large(limit, Some(json.len()))) } else { Ok(json.into()) }
}
