//! What every page of the dashboard says to the browser.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use super::{client, session};
use crate::store::cost;

/// What the answer cost this server.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Our own files and forms, nothing inline, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Middleware of the pages: the headers that keep a page to itself, and the cookie of a renewed sign-in.
///
/// # Errors
/// The inner service's.
pub async fn protect<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let https = client::is_https(request.request());
    let (response, cost) = cost::of(next.call(request)).await;
    let mut response = response?;
    let renewed = response.request().extensions_mut().remove::<session::Renewed>();
    if let Some(session::Renewed(cookie)) = renewed {
        // A response that signs in or out has the last word on the cookie.
        if response.response().cookies().all(|other| other.name() != cookie.name()) {
            response.response_mut().add_cookie(&cookie)?;
        }
    }
    let headers = response.headers_mut();
    // Seen beside the request in the browser's network panel: https://www.w3.org/TR/server-timing/.
    let timing = format!("db;dur={:.1};desc=\"{} statements\"", cost.time.as_secs_f64() * 1_000.0, cost.statements);
    headers.insert(SERVER_TIMING, HeaderValue::try_from(timing).expect("ASCII"));
    let mut say = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    say(CONTENT_SECURITY_POLICY, POLICY);
    say(REFERRER_POLICY, "same-origin");
    say(CACHE_CONTROL, "no-store");
    if https {
        say(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    Ok(response)
}
