//! Errors for programs: `application/problem+json` (RFC 9457) with a stable code.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde_json::{Value, json};

use crate::domain::codes::Explained;
use crate::domain::codes::requests::RequestCode;
use crate::store::StoreError;

/// The content type of a [`Problem`].
pub const CONTENT: &str = "application/problem+json";

/// Why a program did not get what it asked for, and what it can do about it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static Explained,
    detail: String,
    members: Vec<(String, Value)>,
    retry_after_s: Option<u64>,
    cause: Option<String>,
}

impl Problem {
    /// A problem with its stable code, and a sentence that tells the caller what to do.
    pub fn new(status: StatusCode, code: impl Into<&'static Explained>, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            code: code.into(),
            detail: detail.into(),
            members: Vec::new(),
            retry_after_s: None,
            cause: None,
        }
    }

    /// Our own fault. The cause goes to the log, with the number of the request; the caller never sees it.
    pub fn internal(cause: impl std::fmt::Display) -> Problem {
        let detail = "Rollcall failed. The server's log says why, under this request id.";
        let mut problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, RequestCode::Internal, detail);
        problem.cause = Some(cause.to_string());
        problem
    }

    /// Too many requests; the next one is welcome after so many seconds.
    pub fn rate_limited(wait_s: u64) -> Problem {
        let detail = format!("Too many requests. Send the next one in {wait_s} s; nothing of this one was stored.");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, RequestCode::RateLimited, detail).retry_after(wait_s)
    }

    /// Adds a member of its own, such as a limit or a position.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.members.push((name.to_owned(), value.into()));
        self
    }

    /// Says after how many seconds to try again (`Retry-After`).
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Problem {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Adds `"success": false`, as the callers of the tracking API look for.
    #[must_use]
    pub fn for_tracking(self) -> Problem {
        self.with("success", false)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code.code
    }

    /// The sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What happened inside, for the log alone.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The body. `type` leads to the help of the code, and `title` says what the code means.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "type": self.code.address(),
            "title": self.code.meaning,
            "status": self.status.as_u16(),
            "code": self.code.code,
            "detail": self.detail,
        });
        if let Value::Object(members) = &mut body {
            members.extend(self.members.clone());
        }
        body
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status);
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        response.insert_header((CONTENT_TYPE, CONTENT)).body(self.to_json().to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        let unavailable = |code, detail: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        match error {
            StoreError::Busy => unavailable(
                RequestCode::Busy,
                "The server has more to write than it can handle; nothing in this request was stored. Send it again in 1 s.",
            )
            .retry_after(1),
            StoreError::Full => unavailable(
                RequestCode::DiskFull,
                "The server's disk is full; nothing in this request was stored. Send it again in 30 s.",
            )
            .retry_after(30),
            StoreError::TooSlow => unavailable(
                RequestCode::TooSlow,
                "The query took too long and was stopped. Ask for less: a shorter time, fewer filters.",
            ),
            other => Problem::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::Code;

    #[test]
    fn a_problem_says_what_it_is_and_what_to_do() {
        let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE, RequestCode::BatchTooLarge, "Send less.")
            .with("limit", 512_000);
        assert_eq!(
            problem.for_tracking().to_json(),
            json!({
                "type": "/help/codes#batch_too_large", "title": "The batch is over 500 KB, or has too many messages.",
                "status": 413, "code": "batch_too_large",
                "detail": "Send less.", "limit": 512_000, "success": false
            })
        );
        let known = Problem::new(StatusCode::BAD_REQUEST, Code::IdPlaceholder, "Send an id.");
        assert_eq!(known.to_json()["type"], "/help/codes#id_placeholder");
    }

    #[test]
    fn what_happened_inside_is_not_told() {
        let problem = Problem::from(StoreError::Migration("disk image is malformed".to_owned()));
        assert_eq!(problem.status_code(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.to_json().to_string().contains("malformed"));
        assert_eq!(problem.cause(), Some("disk image is malformed"));
    }

    #[test]
    fn a_full_disk_asks_to_come_back_and_says_why() {
        let response = Problem::from(StoreError::Full).error_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "30");
        assert_eq!(Problem::from(StoreError::Full).to_json()["code"], "disk_full");
    }

    #[test]
    fn a_full_queue_asks_to_come_back_in_a_second() {
        let response = Problem::from(StoreError::Busy).error_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "1");
        assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), CONTENT);
    }
}
