//! `Idempotency-Key`: a program that does not know whether its request arrived sends it again, and it is done once.
//!
//! The answer to the first request with a key is kept for a day and given again, with `Idempotent-Replayed: true`.
//! What was refused or failed wrote nothing and is not kept: it may be tried again. Nor is an answer that is too large, or that an erasure
//! took; of such a one it is kept that it was given, and the repeat is told so.
//!
//! That a key is taken, what is done, and what was answered are three transactions. Where the server itself ends
//! between the last two, nobody knows that it was done: the key is free again ten minutes later.

use actix_web::body::{BoxBody, EitherBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes, Data};
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use sha2::{Digest, Sha256};

use super::imports;
use crate::domain::access::Scope;
use crate::domain::codes::calls::CallCode;
use crate::http::problem::Problem;
use crate::http::{access, upload};
use crate::store::Store;
use crate::store::repeats::{self, Answered, Claim, Keyed};

/// The header of a request.
const KEY: &str = "idempotency-key";
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Characters of a key at most.
const KEY_CHARS_MAX: usize = 255;
/// Bytes of an answer that is kept.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// The path of uploads, which are taken in before their key is looked at: they are larger than what is kept in memory.
const UPLOADS: &str = "/api/v1/imports";

/// Middleware of an address that takes these methods: another one is for the address to answer, whatever its key.
///
/// # Errors
/// The inner service's.
pub(super) async fn once<B: MessageBody + 'static>(
    methods: &'static str,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    if !methods.split(", ").any(|method| method == request.method().as_str()) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let keyed = match keyed(&mut request).await {
        Ok(Some(keyed)) => keyed,
        Ok(None) => return Ok(next.call(request).await?.map_into_left_body()),
        Err(problem) => return Ok(instead(request, problem.error_response())),
    };
    let Some(store) = request.app_data::<Data<Store>>().cloned() else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let to_claim = keyed.clone();
    match store.write(move |tx| repeats::claim(tx, &to_claim)).await.map_err(Problem::from) {
        Err(problem) => return Ok(instead(request, problem.error_response())),
        Ok(Claim::First) => {}
        Ok(Claim::Repeat(answered)) => return Ok(instead(request, again(answered))),
        Ok(Claim::Running) => {
            let detail = "The same request is still running. Try again in a moment, with the same key.";
            let problem = Problem::new(StatusCode::CONFLICT, CallCode::IdempotencyKeyInUse, detail).retry_after(1);
            return Ok(instead(request, problem.error_response()));
        }
        Ok(Claim::Other) => {
            let detail = "This Idempotency-Key was used for another request. Send a new key with each new request.";
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, CallCode::IdempotencyKeyReused, detail);
            return Ok(instead(request, problem.error_response()));
        }
    }
    // A task of its own goes on when the program hangs up: it is then that it will ask again.
    let ended = actix_web::rt::spawn(answer_once(request, next, store, keyed)).await;
    ended.unwrap_or_else(|error| Err(Problem::internal(error.to_string()).into()))
}

/// Answers the first request with a key, and keeps the answer.
async fn answer_once<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
    store: Data<Store>,
    keyed: Keyed,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => {
            settle(&store, keyed, None).await;
            return Err(error);
        }
    };
    let (request, response) = response.into_parts();
    let status = response.status();
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let content_type = content_type.to_owned();
    let (head, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(Into::into)?;
    // What was refused wrote nothing: it may be tried again, since what it waited for may be there by then.
    let is_final = status.is_success();
    let kept = (body.len() <= ANSWER_BYTES_MAX).then(|| body.to_vec());
    let answered = is_final.then(|| Answered { status: status.as_u16(), content_type, body: kept });
    settle(&store, keyed, answered).await;
    Ok(ServiceResponse::new(request, head.set_body(body).map_into_boxed_body().map_into_right_body()))
}

/// The request by its token and key; none where it only reads, has no key, or no token that is one.
async fn keyed(request: &mut ServiceRequest) -> Result<Option<Keyed>, Problem> {
    let writes = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH | Method::DELETE);
    if !writes || !request.headers().contains_key(KEY) {
        return Ok(None);
    }
    let store =
        request.app_data::<Data<Store>>().cloned().ok_or_else(|| Problem::internal("the server has no store"))?;
    let Some(secret) = access::bearer(request.request()) else { return Ok(None) };
    let Some(token) = access::token(&store, secret).await? else { return Ok(None) };
    // A file is not taken in for whoever may not send it: the address says so.
    if request.path() == UPLOADS && token.scope < Scope::Write {
        return Ok(None);
    }
    let key = request.headers().get(KEY).and_then(|key| key.to_str().ok()).map(str::trim);
    let key = key.filter(|key| (1..=KEY_CHARS_MAX).contains(&key.len())).map(str::to_owned).ok_or_else(|| {
        let detail = format!("The Idempotency-Key has 1 to {KEY_CHARS_MAX} visible characters. A UUID works well.");
        Problem::new(StatusCode::BAD_REQUEST, CallCode::IdempotencyKeyInvalid, detail)
    })?;
    let mut hash = Sha256::new();
    hash.update(request.method().as_str());
    hash.update([0]);
    hash.update(request.uri().to_string());
    hash.update([0]);
    if request.path() == UPLOADS {
        let payload = request.extract::<web::Payload>().await.map_err(Problem::internal)?;
        let uploaded = upload::receive(&store, request.headers(), payload).await;
        let uploaded = uploaded.map_err(imports::upload_problem)?;
        hash.update(uploaded.file.hash());
        hash.update(serde_json::to_vec(&(&uploaded.file_name, &uploaded.fields)).expect("texts are JSON"));
        request.extensions_mut().insert(uploaded);
    } else {
        let body = request.extract::<Bytes>().await.map_err(|_| {
            let detail = "The body could not be read, or is too large.";
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, CallCode::BodyTooLarge, detail)
        })?;
        hash.update(&body);
        request.set_payload(Payload::from(body));
    }
    Ok(Some(Keyed { token_id: token.token_id, key, request_hash: hash.finalize().into() }))
}

fn instead<B>(request: ServiceRequest, response: HttpResponse) -> ServiceResponse<EitherBody<B, BoxBody>> {
    request.into_response(response).map_into_right_body()
}

fn again(answered: Answered) -> HttpResponse {
    let Some(body) = answered.body else {
        let detail = format!(
            "This was done before, with this Idempotency-Key, and answered {}. The answer itself is kept no longer.",
            answered.status
        );
        let problem = Problem::new(StatusCode::CONFLICT, CallCode::IdempotencyAnswerGone, detail);
        return problem.with("answered", answered.status).error_response();
    };
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.insert_header((REPLAYED, HeaderValue::from_static("true")));
    if !answered.content_type.is_empty() {
        response.content_type(answered.content_type);
    }
    response.body(body)
}

/// Keeps the answer. Where that fails the key stays claimed for a while.
async fn settle(store: &Store, keyed: Keyed, answered: Option<Answered>) {
    let settled = store.write(move |tx| repeats::settle(tx, &keyed, answered.as_ref())).await;
    let settled: Result<(), crate::store::StoreError> = settled;
    if let Err(error) = settled {
        tracing::warn!(%error, "The answer to a request with an Idempotency-Key could not be kept.");
    }
}
