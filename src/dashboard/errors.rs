//! Pages of what is not there: what, why, what next.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::say::nothing_here;
use crate::store::operators::Operator;

/// No user of this id.
pub fn no_user(frame: &Frame, id: &str) -> Markup {
    let content = missing(
        "No user with that id here",
        html! {
            "There is no user with the id "
            code { (id) }
            ". It may have been merged into another user, erased, or typed in a different case: ids are case-sensitive."
        },
        id,
    );
    shell(frame, "No such user", content)
}

/// No company of this id.
pub fn no_company(frame: &Frame, id: &str) -> Markup {
    let content = missing(
        "No such company here",
        html! {
            "There is no company with the id "
            code { (id) }
            ". It may have been merged into another, or typed in a different case: ids are case-sensitive."
        },
        id,
    );
    shell(frame, "No such company", content)
}

/// Answers an address that asks a list for what it can't show: 400, and a sentence that says what is allowed.
///
/// # Errors
/// The store's.
pub async fn bad_address(request: &HttpRequest, operator: Operator, place: Place, sentence: &str) -> Answer {
    let frame = desk::frame(request, operator, place).await?;
    Ok(desk::page_with(StatusCode::BAD_REQUEST, not_understood(&frame, request.path(), sentence)))
}

/// An address that a list can't show.
pub fn not_understood(frame: &Frame, path: &str, sentence: &str) -> Markup {
    let content = nothing_here(
        "That URL is not understood",
        html! {
            p { bdi { (sentence) } }
            p.row { a.btn.primary href=(path) { "The whole list" } }
        },
    );
    shell(frame, "Not understood", content)
}

/// No page at this address.
pub fn no_page(frame: &Frame) -> Markup {
    let content = missing(
        "There is no page here",
        html! {
            "There is nothing at "
            code { (frame.address) }
            ". Perhaps the link is old, or a letter is missing."
        },
        "",
    );
    shell(frame, "No such page", content)
}

fn missing(heading: &str, sentence: Markup, search: &str) -> Markup {
    nothing_here(
        heading,
        html! {
            p { (sentence) }
            form.search.grow role="search" action="/search" aria-label="Again" {
                label.vh for="again" { "Search users and companies" }
                (icon("search"))
                input type="search" id="again" name="q" value=(search) maxlength="255";
            }
            p.row {
                a.btn href="/users" { (icon("users")) " All users" }
                a.btn href="/companies" { (icon("company")) " All companies" }
            }
        },
    )
}
