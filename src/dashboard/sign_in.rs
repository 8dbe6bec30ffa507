//! `/sign-in`, and signing out.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::{self, Data};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::parts::form::{Line, Mistake};
use super::parts::frame::{Theme, gate};
use super::parts::say::{Tone, notice};
use crate::actions::operators as deeds;
use crate::http::access::next_or_home;
use crate::http::limits::Limits;
use crate::http::page::PageError;
use crate::http::{client, session};
use crate::store::operators;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The workspace's name.
    pub workspace: String,
    /// How it looks.
    pub theme: Theme,
    /// The e-mail that was filled in.
    pub email: String,
    /// Where to go afterwards.
    pub next: String,
    /// What was wrong.
    pub mistake: Option<Mistake>,
    /// What was done just now.
    pub done: Option<&'static str>,
    /// There is somebody who could sign in.
    pub has_operators: bool,
}

/// The page.
pub fn page(view: &View) -> Markup {
    let content = html! {
        form.stack method="post" action="/sign-in" {
            h1 { "Sign in" @if !view.workspace.is_empty() { " to " bdi { (view.workspace) } } }
            @if let Some(done) = view.done { (notice(Tone::Good, done)) }
            @if !view.next.is_empty() { input type="hidden" name="next" value=(view.next); }
            (Line {
                name: "email", label: "E-mail", kind: "email", value: &view.email, autocomplete: "username",
                required: true, ..Line::default()
            }
            .draw(view.mistake.as_ref()))
            (Line {
                name: "password", label: "Password", kind: "password", autocomplete: "current-password", required: true,
                ..Line::default()
            }
            .draw(view.mistake.as_ref()))
            button.btn.primary.block.tall { "Sign in" }
        }
    };
    let nobody = html! {
        p.small.muted {
            "Nobody can sign in yet: this Rollcall is not set up. The server printed a link for it when it started."
        }
    };
    let below = html! {
        p.small.muted {
            "Forgotten? Ask someone at the server to run "
            code { "rollcall operator reset" }
            " with your e-mail and send you the link."
        }
    };
    gate(view.theme, "Sign in", content, if view.has_operators { below } else { nobody })
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
///
/// # Errors
/// The store's.
pub async fn show(request: HttpRequest) -> Answer {
    let next = desk::value(&request, "next").unwrap_or_default();
    if session::operator(&request).await?.is_some() {
        return Ok(desk::see_other(next_or_home(Some(&next))));
    }
    let done = desk::value(&request, "out").map(|_| "You are signed out.");
    Ok(desk::page(page(&View { next, done, ..view(&request).await? })))
}

async fn view(request: &HttpRequest) -> Result<View, PageError> {
    let store = desk::store(request)?;
    let workspace = store.catalog().settings.workspace_name.clone();
    let has_operators = store.read(operators::any).await?;
    Ok(View { workspace, theme: desk::theme(request), has_operators, ..View::default() })
}

/// `POST /sign-in`: tries that fail are counted by address and e-mail.
///
/// # Errors
/// The store's.
pub async fn sign_in(request: HttpRequest, limits: Data<Limits>, sent: web::Form<Sent>) -> Answer {
    let Sent { email, password, next } = sent.into_inner();
    let again = |status, sentence: String| {
        let (email, next) = (email.clone(), next.clone());
        let request = request.clone();
        async move {
            let mistake = Some(Mistake::new("password", sentence));
            Ok(desk::page_with(status, page(&View { email, next, mistake, ..view(&request).await? })))
        }
    };
    if let Err(seconds) = limits.sign_in(client::address(&request), &email) {
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, too_many_tries(seconds)).await?;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let store = desk::store(&request)?;
    match deeds::sign_in(store, &email, &password).await? {
        Some(operator) => {
            limits.signed_in(client::address(&request), &email);
            let cookie = session::sign_in(&request, store, operator.key).await?;
            let mut response = desk::see_other(next_or_home(Some(&next)));
            response.add_cookie(&cookie).map_err(PageError::internal)?;
            Ok(response)
        }
        None => again(StatusCode::UNPROCESSABLE_ENTITY, "E-mail and password don't match.".to_owned()).await,
    }
}

/// The sentence for whoever tried a password too often.
pub(super) fn too_many_tries(wait_seconds: u64) -> String {
    let minutes = wait_seconds.div_ceil(60);
    let wait = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
    format!("Too many attempts. Try again in {wait}.")
}

/// `POST /sign-out`
///
/// # Errors
/// The store's.
pub async fn sign_out(request: HttpRequest) -> Answer {
    let cookie = session::sign_out(&request, desk::store(&request)?).await?;
    let mut response = desk::see_other("/sign-in?out=1");
    response.add_cookie(&cookie).map_err(PageError::internal)?;
    Ok(response)
}
