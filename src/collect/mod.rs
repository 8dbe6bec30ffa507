//! The door of websites and SDKs: the tracking API (contract 2) and the scripts (contract 1).
//!
//! A post walks through `body` (encoding, limit), `envelope` (key, time, list), `senders` (who may),
//! `segment` with `companies`, `context` and `agents` (what it says), and as one job of the writer
//! into `actions::receive`: all of that in `posts`. `pixel` reads the same from an image's address.
//! `sdk_settings` answers what SDKs ask for before they send, `scripts` what pages load.
//!
//! Each worker remembers a little by itself (`Memory`), so that nothing is locked.

mod agents;
mod body;
mod companies;
mod context;
mod dry_run;
mod envelope;
mod examined;
mod fields;
mod json;
mod mending;
mod pixel;
mod posts;
mod refusals;
mod scripts;
mod sdk_settings;
mod segment;
mod senders;
mod sightings;
mod signed_in;
mod surrogates;
#[cfg(test)]
mod tests;
mod tokens;
mod traces;

use std::rc::Rc;

use actix_cors::Cors;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError, guard, web};

use crate::domain::codes::requests::RequestCode;
use crate::http::problem::Problem;

/// What one worker remembers between requests; nothing in it is needed to be right, only to be quick.
#[derive(Default)]
struct Memory {
    /// Tokens asked for within the last second.
    tokens: tokens::Tokens,
    /// Sources seen within the last seconds.
    sightings: sightings::Sightings,
    /// Who was named from which address within the hour.
    signed_in: signed_in::SignedIn,
    /// Refusals of whole requests that are still to be counted.
    refusals: refusals::Refusals,
}

impl Memory {
    /// The memory of the worker that has this request.
    fn of(request: &HttpRequest) -> Result<Rc<Memory>, Problem> {
        let memory = request.app_data::<Rc<Memory>>();
        memory.cloned().ok_or_else(|| Problem::internal("the worker has no memory: collect::configure was not called"))
    }
}

/// The routes of this door. Beside it the server needs the app data of every door: the store, the
/// site, the limits.
pub fn configure(config: &mut web::ServiceConfig) {
    configure_with(config, Rc::default());
}

fn configure_with(config: &mut web::ServiceConfig, memory: Rc<Memory>) {
    let read = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    let source_config = |path| {
        web::resource(path)
            .wrap(cors())
            .route(read().to(sdk_settings::of_rudderstack))
            .default_service(web::to(no_such_method))
    };
    config.app_data(memory);
    config.service(
        web::scope("/v1")
            .wrap(cors())
            .service(
                web::resource(["/projects/{write_key}/settings", "/projects/{write_key}/settings/"])
                    .route(read().to(sdk_settings::of_segment))
                    .default_service(web::to(no_such_method)),
            )
            .configure(|scope| {
                // Each word a path of its own: one with a place in it would be matched by a regular expression.
                // Segment's Java library and its importer end it with a slash.
                for end in ["", "/"] {
                    for word in envelope::Call::WORDS {
                        let resource = web::resource(format!("/{word}{end}")).route(web::post().to(posts::post));
                        scope.service(resource.default_service(web::to(no_such_method)));
                    }
                }
                for word in pixel::WORDS {
                    let resource = web::resource(format!("/pixel/{word}")).route(read().to(pixel::pixel));
                    scope.service(resource.default_service(web::to(no_such_method)));
                }
            })
            .default_service(web::to(no_such_path)),
    );
    // Where clients send that were given a wrong host or one slash too many: they are told, and not as a page.
    for word in envelope::Call::WORDS.into_iter().filter(|word| word.len() > 1) {
        for path in [format!("/{word}"), format!("//v1/{word}")] {
            config.service(web::resource(path).wrap(cors()).guard(guard::Post()).to(no_such_path));
        }
    }
    config.service(source_config("/sourceConfig/"));
    config.service(source_config("/sourceConfig"));
    for (path, script) in scripts::PATHS {
        config.service(web::resource(path).app_data(script).route(read().to(scripts::serve)));
    }
}

/// Any page may ask, since the key that says which may is in the body; `senders` then decides. Errors
/// carry the headers too, else the page's console could not show them. SDKs ask for many headers
/// (`authorization`, `x-retry-count`, `anonymousid`, `sentat`, …): whichever they ask for is allowed.
fn cors() -> Cors {
    Cors::default()
        .allow_any_origin()
        .allow_any_header()
        .allowed_methods([Method::GET, Method::POST])
        .expose_headers([RETRY_AFTER])
        .supports_credentials()
        .max_age(86_400)
}

/// Whoever asks which methods there are is told; the rest is refused.
async fn no_such_method(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((ALLOW, "GET, POST, OPTIONS")).finish());
    }
    let detail = "Messages are sent with POST, settings are read with GET.";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, RequestCode::MethodNotAllowed, detail).for_tracking();
    let mut response = problem.error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST, OPTIONS"));
    Ok(response)
}

async fn no_such_path(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if request.method() == Method::OPTIONS { no_such_method(request).await } else { Err(not_found().for_tracking()) }
}

fn not_found() -> Problem {
    let detail = "There is no such call. Post to /v1/batch, or to /v1/identify, group, track, page, screen or alias.";
    Problem::new(StatusCode::NOT_FOUND, RequestCode::NotFound, detail)
}
