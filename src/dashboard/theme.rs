//! Keeping a theme in this browser.

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::parts::frame::Theme;
use crate::http::access::next_or_home;
use crate::http::page::PageError;

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    back: String,
}

/// `POST /theme`: keeps it in a cookie, and goes back.
///
/// # Errors
/// None of its own.
pub async fn keep(request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let cookie = desk::theme_cookie(&request, Theme::parse(&sent.theme));
    let mut response = desk::see_other(next_or_home(Some(&sent.back)));
    response.add_cookie(&cookie).map_err(PageError::internal)?;
    Ok(response)
}
