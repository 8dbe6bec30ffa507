//! HEAD wherever there is GET (RFC 9110): answered as GET is, without the body.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;

/// Middleware, the outermost of its scope: what follows sees a GET. Of the answer the connection
/// sends the head alone, since it remembers what it was asked.
///
/// # Errors
/// The inner service's.
pub async fn as_get<B: MessageBody>(mut request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    next.call(request).await
}
