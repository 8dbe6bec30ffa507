//! A number for each request (`Request-Id`), and its line in the log.
//!
//! The line names the route and never the address asked for: paths hold people's ids,
//! query strings and headers hold keys, and no client's address is kept. Failures of
//! ours are logged here, once, with what happened inside; the reader is shown the number.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpRequest};

use super::page::PageError;
use super::problem::Problem;
use crate::store::Store;

/// The header that carries the number of a request.
pub const HEADER: HeaderName = HeaderName::from_static("request-id");

/// The number of a request, a UUID v7: in the log, in the response's header, and on pages of errors.
#[derive(Debug, Clone)]
struct RequestId(HeaderValue);

impl RequestId {
    fn of(uuid: uuid::Uuid) -> RequestId {
        let text = uuid.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).to_owned();
        RequestId(HeaderValue::from_maybe_shared(Bytes::from(text)).expect("a UUID is a text of ASCII"))
    }

    fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// The number of this request, where the middleware has given it one.
pub fn id(request: &HttpRequest) -> Option<String> {
    request.extensions().get::<RequestId>().map(|id| id.as_str().to_owned())
}

/// Middleware of every door: gives the request a number, logs how it ended. No browser guesses what an answer is.
///
/// # Errors
/// The inner service's. Handlers have none: what they fail with is a response already.
pub async fn number<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let started = std::time::Instant::now();
    let id = RequestId::of(match request.app_data::<Data<Store>>() {
        Some(store) => store.ambient().uuid(),
        None => uuid::Uuid::now_v7(),
    });
    request.extensions_mut().insert(id.clone());
    match next.call(request).await {
        Ok(response) => Ok(finish(response.map_into_left_body(), &id, started)),
        Err(error) => {
            tracing::error!(request_id = id.as_str(), cause = %error, "A request failed before it reached its handler: {error}");
            Err(error)
        }
    }
}

fn finish<B: MessageBody>(
    mut response: ServiceResponse<EitherBody<B, BoxBody>>,
    id: &RequestId,
    started: std::time::Instant,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    response.headers_mut().insert(HEADER, id.0.clone());
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    log(&response, id.as_str(), started);
    if response.status().is_server_error() {
        return with_number(response, id.as_str());
    }
    response
}

/// What happened inside, where the answer was made from an error of ours.
fn cause(error: &Error) -> Option<&str> {
    let problem = error.as_error::<Problem>().and_then(Problem::cause);
    problem.or_else(|| error.as_error::<PageError>().and_then(PageError::cause))
}

fn log<B>(response: &ServiceResponse<B>, id: &str, started: std::time::Instant) {
    let cause = response.response().error().and_then(cause);
    if cause.is_none() && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let request = response.request();
    let route = request.match_pattern().unwrap_or_else(|| "no route".to_owned());
    let (method, status) = (request.method().as_str(), response.status().as_u16());
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match cause {
        Some(cause) => {
            tracing::error!(request_id = id, method, route, status, ms, cause, "{method} {route} failed here: {cause}");
        }
        None => {
            tracing::debug!(
                request_id = id,
                method,
                route,
                status,
                ms,
                "{method} {route} answered {status} in {ms} ms"
            );
        }
    }
}

/// Writes the number into the body of an error that is ours, so that the reader can quote it.
fn with_number<B: MessageBody>(
    response: ServiceResponse<EitherBody<B, BoxBody>>,
    id: &str,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let body = response.response().error().and_then(|error| {
        let problem = error.as_error::<Problem>().map(|problem| {
            let mut body = problem.to_json();
            body["request_id"] = id.into();
            body.to_string()
        });
        problem.or_else(|| error.as_error::<PageError>().map(|page| page.render(Some(id)).into_string()))
    });
    match body {
        None => response,
        Some(body) => {
            let mut response = response.map_body(|_, _| EitherBody::right(BoxBody::new(body)));
            // The body that it takes the place of may have been compressed.
            response.headers_mut().remove(CONTENT_LENGTH);
            response.headers_mut().remove(CONTENT_ENCODING);
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::{Compress, from_fn};
    use actix_web::{App, HttpResponse, test, web};

    use super::*;

    #[actix_web::test]
    async fn an_error_of_ours_says_its_number_in_a_body_that_is_what_its_headers_say() {
        async fn fail() -> Result<HttpResponse, Problem> {
            Err(Problem::internal("x".repeat(4_000)))
        }
        let app = App::new()
            .service(web::scope("").wrap(Compress::default()).route("/fails", web::get().to(fail)))
            .wrap(from_fn(number));
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri("/fails").insert_header(("accept-encoding", "gzip, br"));
        let response = test::call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), 500);
        let number = response.headers().get(HEADER).expect("a number").to_str().expect("text").to_owned();
        assert!(!response.headers().contains_key(CONTENT_ENCODING), "{:?}", response.headers());
        let body: serde_json::Value = test::read_body_json(response).await;
        assert_eq!(body["request_id"], number.as_str());
    }
}
