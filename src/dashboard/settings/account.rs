//! `/settings/account`: one's own password.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::settings;
use crate::actions::operators::{self as deeds, OperatorError};
use crate::actions::passwords::CHARS_MIN;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::{Line, Mistake};
use crate::dashboard::parts::frame::{Frame, Place};
use crate::dashboard::parts::say::{Tone, notice};
use crate::dashboard::sign_in::too_many_tries;
use crate::http::access::Viewer;
use crate::http::limits::Limits;
use crate::http::{client, session};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What was wrong with the form.
    pub mistake: Option<Mistake>,
    /// The password was changed just now.
    pub saved: bool,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let mistake = view.mistake.as_ref();
    let (email, role) = frame.operator.as_ref().map_or(("", ""), |(email, role)| (email.as_str(), role.as_str()));
    let content = html! {
        @if view.saved { (notice(Tone::Good, "Your password is changed. Everywhere else you are signed out.")) }
        section.card aria-labelledby="you" {
            header { h2 id="you" { "You" } }
            dl.facts { div { dt { "E-mail" } dd { (email) } } div { dt { "Role" } dd { (role) } } }
        }
        section.card aria-labelledby="password" {
            header { h2 id="password" { "Change the password" } }
            form.body.stack.snug method="post" {
                input type="hidden" name="username" autocomplete="username" value=(email);
                (Line {
                    name: "current", label: "Current password", kind: "password", autocomplete: "current-password",
                    required: true, ..Line::default()
                }
                .draw(mistake))
                (Line {
                    name: "new", label: "New password", kind: "password", autocomplete: "new-password", required: true,
                    least: Some(CHARS_MIN as u32), hint: "At least 10 characters. A sentence is good.",
                    ..Line::default()
                }
                .draw(mistake))
                div.row { button.btn.primary { "Change password" } }
            }
        }
        p.small.muted id="looks" { "Light or dark, and how much room a row takes, are under " a href="/settings/appearance" { "Appearance" } "." }
    };
    settings(frame, "/settings/account", content)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
}

/// `GET /settings/account`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let view = View { mistake: None, saved: desk::value(&request, "saved").is_some() };
    Ok(desk::page(page(&desk::frame(&request, operator, Place::Settings).await?, &view)))
}

/// `POST /settings/account`: a new password ends all sign-ins, and this browser signs in again.
///
/// # Errors
/// The store's.
pub async fn change_password(
    Viewer(operator): Viewer,
    request: HttpRequest,
    sent: web::Form<Sent>,
    limits: web::Data<Limits>,
) -> Answer {
    let store = desk::store(&request)?;
    let client = client::address(&request);
    if let Err(seconds) = limits.sign_in(client, &operator.email) {
        let view = View { mistake: Some(Mistake::new("current", too_many_tries(seconds))), saved: false };
        let page = page(&desk::frame(&request, operator, Place::Settings).await?, &view);
        let mut response = desk::page_with(StatusCode::TOO_MANY_REQUESTS, page);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let changed = deeds::change_password(store, &operator, &sent.current, &sent.new).await;
    if !matches!(changed, Err(OperatorError::WrongPassword)) {
        limits.signed_in(client, &operator.email);
    }
    let mistake = match changed {
        Ok(()) => {
            let cookie = session::sign_in(&request, store, operator.key).await?;
            let mut response = desk::see_other("/settings/account?saved=1");
            response.add_cookie(&cookie).map_err(crate::http::page::PageError::internal)?;
            return Ok(response);
        }
        Err(OperatorError::Store(error)) => return Err(error.into()),
        Err(OperatorError::WrongPassword) => Mistake::new("current", "That is not your current password."),
        Err(error) => Mistake::new("new", error.to_string()),
    };
    let view = View { mistake: Some(mistake), saved: false };
    Ok(desk::again(page(&desk::frame(&request, operator, Place::Settings).await?, &view)))
}
