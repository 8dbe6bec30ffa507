//! What every page of the dashboard says to the browser.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use super::{client, session};

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
    let mut response = next.call(request).await?;
    let renewed = response.request().extensions_mut().remove::<session::Renewed>();
    if let Some(session::Renewed(cookie)) = renewed {
        // A response that signs in or out has the last word on the cookie.
        if response.response().cookies().all(|other| other.name() != cookie.name()) {
            response.response_mut().add_cookie(&cookie)?;
        }
    }
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    say(CONTENT_SECURITY_POLICY, POLICY);
    say(X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(REFERRER_POLICY, "same-origin");
    say(CACHE_CONTROL, "no-store");
    if https {
        say(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    Ok(response)
}
