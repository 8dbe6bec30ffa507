//! What each handler asks for: who is there, the frame around the page, values of the address.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use chrono_tz::Tz;
use maud::Markup;

use super::parts::frame::{Density, Frame, Place, Theme};
use super::parts::times::Clock;
use crate::http::client;
use crate::http::page::PageError;
use crate::store::operators::Operator;
use crate::store::{Reader, Store, StoreError, workspace};

/// The cookie that keeps the theme of a browser.
const THEME_COOKIE: &str = "rollcall_theme";
/// Days for which it is kept.
const LOOK_DAYS: i64 = 365;

/// What comes of a request for a page.
pub type Answer = Result<HttpResponse, PageError>;

/// The store of this server.
///
/// # Errors
/// A server without one.
pub fn store(request: &HttpRequest) -> Result<&Data<Store>, PageError> {
    request.app_data::<Data<Store>>().ok_or_else(|| PageError::internal("the server has no store"))
}

/// Reads what a page shows, together with the counts of its frame, after the folds have
/// caught up: what was just sent is there.
///
/// # Errors
/// The store's.
pub async fn read<T: Send + 'static>(
    request: &HttpRequest,
    operator: Operator,
    place: Place,
    query: impl FnOnce(&Reader<'_>, Clock) -> Result<T, StoreError> + Send + 'static,
) -> Result<(Frame, T), PageError> {
    let store = store(request)?;
    let clock = clock(store, operator.looks.time_zone);
    let ((found, counts), _lag_ms) =
        store.read_folded(move |db| Ok((query(db, clock)?, workspace::counts(db)?))).await?;
    let frame = Frame {
        workspace: store.catalog().settings.workspace_name.clone(),
        operator: Some((operator.email, operator.role)),
        theme: Theme::parse(&operator.looks.theme),
        density: Density::parse(&operator.looks.density),
        clock,
        counts: Some((counts.users, counts.companies)),
        place,
        address: request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned(),
        server: client::base_url(request),
    };
    Ok((frame, found))
}

/// The frame of a page that reads nothing more.
///
/// # Errors
/// The store's.
pub async fn frame(request: &HttpRequest, operator: Operator, place: Place) -> Result<Frame, PageError> {
    Ok(read(request, operator, place, |_, _| Ok(())).await?.0)
}

fn clock(store: &Store, own: Option<Tz>) -> Clock {
    let zone = store.catalog().settings.time_zone;
    Clock { now_ms: store.now_ms(), zone, own: own.unwrap_or(zone) }
}

/// A value of the address's query; absent where it is empty.
pub fn value(request: &HttpRequest, name: &str) -> Option<String> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?.into_inner();
    pairs.into_iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value)
}

/// The theme that this browser keeps, for pages before the door.
pub fn theme(request: &HttpRequest) -> Theme {
    request.cookie(THEME_COOKIE).map_or(Theme::System, |cookie| Theme::parse(cookie.value()))
}

/// The cookie that keeps a theme, for pages before the door.
pub fn theme_cookie(request: &HttpRequest, theme: Theme) -> Cookie<'static> {
    Cookie::build(THEME_COOKIE, theme.as_str())
        .path("/")
        .http_only(true)
        .secure(client::is_https(request))
        .same_site(SameSite::Lax)
        .max_age(Duration::days(LOOK_DAYS))
        .finish()
}

/// A page.
pub fn page(markup: Markup) -> HttpResponse {
    page_with(StatusCode::OK, markup)
}

/// A page under another status.
pub fn page_with(status: StatusCode, markup: Markup) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(with_visible_directions(markup.into_string()))
}

/// Whether a character turns the direction of the text after it: what somebody sent must not
/// make a page read otherwise than it is.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The page with characters that turn directions written out, as in `[U+202E]`. Values of
/// attributes and of fields stay as they are, since forms send them back and buttons copy them.
fn with_visible_directions(page: String) -> String {
    if !page.contains(turns_direction) {
        return page;
    }
    let mut visible = String::with_capacity(page.len() + 64);
    let (mut in_tag, mut in_field) = (false, false);
    for (place, c) in page.char_indices() {
        match c {
            '<' => {
                in_tag = true;
                let tag = &page[place + 1..];
                in_field = tag.starts_with("textarea") || in_field && !tag.starts_with("/textarea");
            }
            '>' => in_tag = false,
            _ => {}
        }
        if !in_tag && !in_field && turns_direction(c) {
            visible.push_str(&format!("[U+{:04X}]", u32::from(c)));
        } else {
            visible.push(c);
        }
    }
    visible
}

/// A form that was not taken, shown again with what is wrong.
pub fn again(markup: Markup) -> HttpResponse {
    page_with(StatusCode::UNPROCESSABLE_ENTITY, markup)
}

/// On to another page, after something was done.
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, address)).finish()
}

/// The lines of a field, without empty ones. Commas part too.
pub fn lines(text: &str) -> Vec<String> {
    text.split(['\n', '\r', ',']).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_the_direction_is_written_out_but_not_where_it_is_sent_back() {
        let page = maud::html! { input value="a\u{202e}b"; bdi { "gpj.\u{202e}exe\u{2066}" } };
        let shown = with_visible_directions(page.into_string());
        assert_eq!(shown, "<input value=\"a\u{202e}b\"><bdi>gpj.[U+202E]exe[U+2066]</bdi>");
        assert_eq!(with_visible_directions("<b>שלום</b>".to_owned()), "<b>שלום</b>");
        let field = maud::html! { textarea name="text" { "\u{2067}<b>שלום\u{2069}" } p { "\u{2067}" } };
        let shown = with_visible_directions(field.into_string());
        assert_eq!(shown, "<textarea name=\"text\">\u{2067}&lt;b&gt;שלום\u{2069}</textarea><p>[U+2067]</p>");
    }
}
