//! The API for programs: REST under `/api/v1`, JSON, a bearer token (contract 3).
//!
//! One file a noun: its addresses, its JSON. `parameters.rs` reads query strings and
//! `answer.rs` writes what all answers share.
//!
//! Lists are paged by the value they are sorted by and a row's key. Whoever sorts by a value that
//! changes meanwhile (`last_seen`, `members`, a name) may miss a row that moved behind the cursor,
//! or meet one again that moved before it; `first_seen`, the usual order, moves only where an
//! earlier message comes in late.

mod answer;
mod attributes;
mod bodies;
mod changes;
mod columns;
mod companies;
mod edits;
mod erasures;
mod events;
mod export;
mod findings;
mod imports;
mod merges;
mod openapi;
mod overview;
mod parameters;
mod possible_duplicates;
mod refusals;
mod repeats;
mod segments;
mod settings;
mod sources;
mod suggested_domains;
mod told;
mod tray;
mod users;
mod visitors;
mod webhooks;

pub use told::{company, event, membership, user};

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::{Compress, DefaultHeaders, from_fn};
use actix_web::{Error, HttpResponse, Resource, ResponseError, web};
use utoipa::openapi::OpenApi;

use crate::domain::codes::calls::CallCode;
use crate::domain::codes::requests::RequestCode;
use crate::http::head;
use crate::http::problem::Problem;

/// Bytes of a body at most: settings and sources are small.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Everything below `/api/`; the page at `/api` is the dashboard's.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::scope("/api/v1")
                .app_data(json_config())
                .app_data(web::PathConfig::default().error_handler(|_, _| unreadable_id().into()))
                .wrap(DefaultHeaders::new().add(("Cache-Control", "no-store")))
                .wrap(Compress::default())
                .wrap(from_fn(head::as_get))
                .configure(openapi::configure)
                .configure(users::configure)
                .configure(erasures::configure)
                .configure(changes::configure)
                .configure(companies::configure)
                .configure(events::configure)
                .configure(export::configure)
                .configure(imports::configure)
                .configure(visitors::configure)
                .configure(overview::configure)
                .configure(tray::configure)
                .configure(refusals::configure)
                .configure(findings::configure)
                .configure(attributes::configure)
                .configure(segments::configure)
                .configure(settings::configure)
                .configure(sources::configure)
                .configure(webhooks::configure)
                .configure(suggested_domains::configure)
                .configure(possible_duplicates::configure)
                .default_service(web::to(nothing_here)),
        )
        .service(web::resource("/api/{rest:.*}").to(nothing_here));
}

/// What every call takes and answers, as OpenAPI 3.1; the document at `/api/v1/openapi.json`.
pub fn document() -> OpenApi {
    let calls = [
        users::calls(),
        erasures::calls(),
        companies::calls(),
        visitors::calls(),
        overview::calls(),
        events::calls(),
        segments::calls(),
        changes::calls(),
        attributes::calls(),
        refusals::calls(),
        tray::calls(),
        findings::calls(),
        possible_duplicates::calls(),
        suggested_domains::calls(),
        imports::calls(),
        export::calls(),
        sources::calls(),
        webhooks::calls(),
        settings::calls(),
        openapi::calls(),
    ];
    openapi::document(calls.into_iter().flatten().collect())
}

/// An address that is only read.
fn read_only(path: &str) -> Resource {
    web::resource(path).default_service(web::to(|| async { wrong_method("GET, HEAD") }))
}

/// An address with the methods it takes, for whoever comes with another. What is written there is written once for
/// each `Idempotency-Key`.
fn resource(
    path: &str,
    methods: &'static str,
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<EitherBody<BoxBody>>,
        Error = Error,
        InitError = (),
    >,
> {
    web::resource(path)
        .default_service(web::to(move || async move { wrong_method(methods) }))
        .wrap(from_fn(move |request, next| repeats::once(methods, request, next)))
}

fn wrong_method(methods: &'static str) -> HttpResponse {
    let detail = format!("This URL does not accept the method. It accepts: {methods}.");
    let mut response =
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, RequestCode::MethodNotAllowed, detail).error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

async fn nothing_here() -> Result<HttpResponse, Problem> {
    let detail = "There is nothing at this URL. The API begins with /api/v1/, as in /api/v1/users; ids in a path are \
                  percent-encoded.";
    Err(Problem::new(StatusCode::NOT_FOUND, RequestCode::NotFound, detail))
}

/// The path has a text where a number stands.
fn unreadable_id() -> Problem {
    let detail = "There is nothing at this URL: an id in it is not a number, or not percent-encoded UTF-8.";
    Problem::new(StatusCode::NOT_FOUND, RequestCode::NotFound, detail)
}

/// JSON, whatever the content type says.
fn json_config() -> web::JsonConfig {
    web::JsonConfig::default().limit(BODY_BYTES_MAX).content_type_required(false).content_type(|_| true).error_handler(
        |error, _| {
            use actix_web::error::JsonPayloadError::{Deserialize, Overflow, OverflowKnownLength};
            let too_large = matches!(error, Overflow { .. } | OverflowKnownLength { .. });
            let problem = if too_large {
                let detail = format!("The body is over {BODY_BYTES_MAX} bytes. Send a smaller one.");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, CallCode::BodyTooLarge, detail)
            } else {
                let code = match &error {
                    Deserialize(json) if json.is_data() => CallCode::ValueInvalid.explained(),
                    _ => RequestCode::InvalidJson.explained(),
                };
                Problem::new(StatusCode::BAD_REQUEST, code, format!("The body can't be read: {error}."))
            };
            problem.into()
        },
    )
}
