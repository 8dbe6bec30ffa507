//! Whether a request that changes something comes from a page of ours.
//!
//! Browsers say so themselves: `Sec-Fetch-Site` where the page is https or
//! local, `Origin` everywhere else. A request that has neither is refused.
//! `same-site` is a refusal: another port of the same host sends exactly that.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest};

use super::client;
use super::page::PageError;

/// Whether this request changes nothing, or was sent by a page of this server.
pub fn is_own(request: &HttpRequest) -> bool {
    request.method().is_safe() || is_same_origin(request)
}

/// Whether this request was sent by a page of this server, or by a person who opened its address: also asked where
/// reading alone tells a page of the same site what only an operator may know.
pub fn is_same_origin(request: &HttpRequest) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return false };
    let parts = |url: &str| url.split_once("://").map(|(scheme, host)| (scheme == "https", host.to_ascii_lowercase()));
    let own = parts(&client::base_url(request));
    let Some((is_encrypted, host)) = parts(origin) else { return false };
    let own_host = own.as_ref().map(|(_, host)| host);
    // A proxy that nobody told us of may encrypt for us, so only the other way round is another origin.
    let is_of_scheme = is_encrypted || own.as_ref().is_none_or(|(own_is_encrypted, _)| !own_is_encrypted);
    is_of_scheme && (host == client::host(request).to_ascii_lowercase() || Some(&host) == own_host)
}

/// Middleware of the pages: refuses what another site's page sent, with a page that says so (403).
///
/// # Errors
/// The inner service's.
pub async fn refuse_foreign<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if is_own(request.request()) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let refusal = PageError::new(
        StatusCode::FORBIDDEN,
        "Request blocked",
        "This was sent by a page of another site, or by a program, and nothing was changed. Open Rollcall and do it there.",
    )
    .action("/", "Go to the overview");
    // A response and no error, so that the middleware around this one sees it.
    Ok(request.error_response(refusal).map_into_right_body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use actix_web::web::Data;

    fn own(headers: &[(&'static str, &str)]) -> bool {
        let mut request = TestRequest::post().insert_header(("host", "roll.example:8080"));
        for header in headers {
            request = request.insert_header(*header);
        }
        is_own(&request.to_http_request())
    }

    #[test]
    fn our_own_pages_may_change_things() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("sec-fetch-site", "none")]));
        assert!(own(&[("origin", "http://roll.example:8080")]));
        assert!(own(&[("origin", "https://roll.example:8080")]), "a proxy that we were not told of");
    }

    #[test]
    fn nobody_elses_may() {
        assert!(!own(&[]));
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("sec-fetch-site", "same-site"), ("origin", "http://roll.example:8080")]));
        assert!(!own(&[("origin", "http://roll.example")]), "another port is another origin");
        assert!(!own(&[("origin", "null")]));
        assert!(!own(&[("origin", "https://evil.example")]));
    }

    #[test]
    fn where_we_are_known_by_https_a_page_that_is_not_is_another_s() {
        let own = |origin: &'static str| {
            let site = client::Site { public_url: Some("https://roll.example".to_owned()), ..client::Site::default() };
            let request = TestRequest::post().app_data(Data::new(site)).insert_header(("host", "roll.example"));
            is_own(&request.insert_header(("origin", origin)).to_http_request())
        };
        assert!(own("https://roll.example"));
        assert!(!own("http://roll.example"));
    }

    #[test]
    fn reading_is_free_to_all_but_where_it_is_asked_for() {
        let request = TestRequest::get().insert_header(("sec-fetch-site", "same-site")).to_http_request();
        assert!(is_own(&request) && !is_same_origin(&request));
    }
}
