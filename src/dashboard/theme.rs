//! Keeping how the dashboard looks: for an operator wherever they sign in, and the theme in this browser too, for the
//! pages before the door.

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::parts::frame::{Density, Theme};
use crate::http::access::{Viewer, next_or_home};
use crate::http::page::PageError;
use crate::store::operators::{self, Looks};

/// What the form sends; what is empty stays as it is.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    density: String,
    #[serde(default)]
    back: String,
}

/// `POST /theme`: keeps what was sent, and goes back.
///
/// # Errors
/// The store's.
pub async fn keep(viewer: Option<Viewer>, request: HttpRequest, sent: web::Form<Sent>) -> Answer {
    let theme = Some(Theme::parse(&sent.theme)).filter(|_| !sent.theme.is_empty());
    let density = Some(Density::parse(&sent.density)).filter(|_| !sent.density.is_empty());
    if let Some(Viewer(operator)) = viewer {
        let (key, was) = (operator.key, operator.looks);
        let looks = Looks {
            theme: theme.map_or(was.theme, |theme| theme.as_str().to_owned()),
            density: density.map_or(was.density, |density| density.as_str().to_owned()),
            time_zone: was.time_zone,
        };
        desk::store(&request)?.write(move |tx| operators::keep_looks(tx, key, &looks)).await?;
    }
    let mut response = desk::see_other(next_or_home(Some(&sent.back)));
    if let Some(theme) = theme {
        response.add_cookie(&desk::theme_cookie(&request, theme)).map_err(PageError::internal)?;
    }
    Ok(response)
}
