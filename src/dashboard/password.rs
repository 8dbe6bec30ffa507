//! `/password?token=`: setting a password by a link that works once.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::parts::form::{Line, Mistake};
use super::parts::frame::{Theme, gate};
use crate::actions::operators::{self as deeds, OperatorError};
use crate::actions::passwords::CHARS_MIN;
use crate::http::page::PageError;
use crate::http::session;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// How it looks.
    pub theme: Theme,
    /// Whose password.
    pub email: String,
    /// The link's token.
    pub token: String,
    /// What was wrong.
    pub mistake: Option<Mistake>,
}

/// The page.
pub fn page(view: &View) -> Markup {
    let content = html! {
        form.stack method="post" action="/password" {
            h1 { "Set your password" }
            p.muted { "For " b { (view.email) } ". The link works once; afterwards you are signed in." }
            input type="hidden" name="token" value=(view.token);
            input type="hidden" name="username" autocomplete="username" value=(view.email);
            (Line {
                name: "password", label: "Password", kind: "password", autocomplete: "new-password", required: true,
                least: Some(CHARS_MIN as u32), hint: "At least 10 characters. A sentence works well.", ..Line::default()
            }
            .draw(view.mistake.as_ref()))
            button.btn.primary.block.tall { "Set password" }
        }
    };
    gate(view.theme, "Set your password", content, html! {})
}

/// The link has been used or has run out.
pub fn used(theme: Theme) -> Markup {
    let content = html! {
        div.stack {
            h1 { "This link no longer works" }
            p.muted {
                "It was used, has expired, or was replaced by a newer one. Someone at the server can create another with "
                code { "rollcall operator reset" }
                " and your e-mail."
            }
            a.btn.primary.block.tall href="/sign-in" { "Sign in" }
        }
    };
    gate(theme, "The link was used", content, html! {})
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    token: String,
    #[serde(default)]
    password: String,
}

/// `GET /password?token=…`
///
/// # Errors
/// The store's.
pub async fn show(request: HttpRequest) -> Answer {
    let token = desk::value(&request, "token").unwrap_or_default();
    let theme = desk::theme(&request);
    match deeds::of_link(desk::store(&request)?, &token).await? {
        Some(operator) => Ok(desk::page(page(&View { theme, email: operator.email, token, mistake: None }))),
        None => Ok(desk::page_with(StatusCode::GONE, used(theme))),
    }
}

/// `POST /password`: sets it, and signs in.
///
/// # Errors
/// The store's.
pub async fn set(request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let Sent { token, password } = sent.into_inner();
    let (store, theme) = (desk::store(&request)?, desk::theme(&request));
    match deeds::set_password(store, &token, &password).await {
        Ok(operator) => {
            let cookie = session::sign_in(&request, store, operator.key).await?;
            let mut response = desk::see_other("/");
            response.add_cookie(&cookie).map_err(PageError::internal)?;
            Ok(response)
        }
        Err(OperatorError::Store(error)) => Err(error.into()),
        Err(OperatorError::Password(error)) => {
            let email = deeds::of_link(store, &token).await?.map(|operator| operator.email).unwrap_or_default();
            let mistake = Some(Mistake::new("password", error.to_string()));
            Ok(desk::again(page(&View { theme, email, token, mistake })))
        }
        Err(_) => Ok(desk::page_with(StatusCode::GONE, used(theme))),
    }
}
