//! Keeping in this browser how the dashboard looks.

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::parts::frame::{Density, Theme};
use crate::http::access::next_or_home;
use crate::http::page::PageError;

/// What the form sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    density: String,
    #[serde(default)]
    back: String,
}

/// `POST /theme`: keeps what was sent in cookies, and goes back.
///
/// # Errors
/// None of its own.
pub async fn keep(request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let theme = Some(&sent.theme).filter(|word| !word.is_empty());
    let density = Some(&sent.density).filter(|word| !word.is_empty());
    let cookies = [
        theme.map(|word| desk::theme_cookie(&request, Theme::parse(word))),
        density.map(|word| desk::density_cookie(&request, Density::parse(word))),
    ];
    let mut response = desk::see_other(next_or_home(Some(&sent.back)));
    for cookie in cookies.iter().flatten() {
        response.add_cookie(cookie).map_err(PageError::internal)?;
    }
    Ok(response)
}
