//! Pages for people where no page of the dashboard can answer: what happened, why, what next.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use maud::{DOCTYPE, Markup, html};

use super::assets;
use crate::store::StoreError;

/// A page with a title, a sentence, and at most one thing to do (address and words).
/// `foot` stands small below it.
pub fn plain(title: &str, sentence: &str, action: Option<(&str, &str)>, foot: Option<&str>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Rollcall" }
                meta name="color-scheme" content="light dark";
                link rel="icon" href=(assets::url("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(assets::url("style.css"));
            }
            body {
                main.gate #main {
                    span.brand {
                        svg.mark aria-hidden="true" { use href={ (assets::url("icons.svg")) "#i-mark" } {} }
                        " Rollcall"
                    }
                    div.card {
                        div.stack {
                            h1 { (title) }
                            p { (sentence) }
                            @if let Some((href, words)) = action { p { a.btn.primary href=(href) { (words) } } }
                        }
                    }
                    @if let Some(foot) = foot { p.small.muted { (foot) } }
                }
            }
        }
    }
}

/// Why a person did not get a page.
#[derive(Debug)]
pub struct PageError(Box<Reason>);

/// Behind a pointer, so that a page that went well does not carry room for it.
#[derive(Debug)]
struct Reason {
    status: StatusCode,
    title: String,
    sentence: String,
    action: Option<(String, String)>,
    location: Option<String>,
    cause: Option<String>,
}

impl PageError {
    /// An error with its title and a sentence that says why and what next.
    pub fn new(status: StatusCode, title: impl Into<String>, sentence: impl Into<String>) -> PageError {
        let (title, sentence) = (title.into(), sentence.into());
        PageError(Box::new(Reason { status, title, sentence, action: None, location: None, cause: None }))
    }

    /// There is nothing at this address.
    pub fn not_found() -> PageError {
        PageError::new(
            StatusCode::NOT_FOUND,
            "Page not found",
            "There is no page at this address. It may be mistyped, or what it showed is gone.",
        )
        .action("/", "Go to the overview")
    }

    /// Leads elsewhere instead (303).
    pub fn see_other(location: impl Into<String>) -> PageError {
        let mut error = PageError::new(StatusCode::SEE_OTHER, "Elsewhere", "This page is at another address.");
        error.0.location = Some(location.into());
        error
    }

    /// Our own fault. The cause goes to the log, with the number of the request; the reader never sees it.
    pub fn internal(cause: impl std::fmt::Display) -> PageError {
        let mut error = PageError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong",
            "This is Rollcall's fault, not yours. Try again; if it keeps happening, the server's log says why under the number below.",
        )
        .action("/", "Go to the overview");
        error.0.cause = Some(cause.to_string());
        error
    }

    /// The one thing to do: an address and the words on its button.
    #[must_use]
    pub fn action(mut self, href: impl Into<String>, words: impl Into<String>) -> PageError {
        self.0.action = Some((href.into(), words.into()));
        self
    }

    /// What happened inside, for the log alone.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The page, with the number of the request where it is known.
    pub fn render(&self, request_id: Option<&str>) -> Markup {
        let status = self.0.status.as_u16();
        let foot = request_id.map_or_else(|| status.to_string(), |id| format!("{status}, request {id}"));
        let action = self.0.action.as_ref().map(|(href, words)| (href.as_str(), words.as_str()));
        plain(&self.0.title, &self.0.sentence, action, Some(&foot))
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.title, self.0.sentence)
    }
}

impl std::error::Error for PageError {}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.0.status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        match &self.0.location {
            Some(location) => response.insert_header((LOCATION, location.as_str())).finish(),
            None => response.content_type("text/html; charset=utf-8").body(self.render(None).into_string()),
        }
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> PageError {
        let unavailable = |title, sentence| PageError::new(StatusCode::SERVICE_UNAVAILABLE, title, sentence);
        match error {
            StoreError::Busy => unavailable(
                "Too busy just now",
                "The server has more to write than it can handle, and nothing was changed. Go back and try again in a moment.",
            ),
            StoreError::Full => unavailable(
                "The disk is full",
                "Nothing was changed, and nothing that was stored is lost. Free up space on the server's disk, then try again.",
            ),
            StoreError::TooSlow => unavailable(
                "That took too long",
                "The query took more than ten seconds and was stopped. Ask for less: a shorter time, fewer filters.",
            ),
            other => PageError::internal(other),
        }
    }
}
