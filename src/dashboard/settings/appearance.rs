//! `/settings/appearance`: how the dashboard looks for whoever is signed in.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::settings;
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::parts::form::choice;
use crate::dashboard::parts::frame::{Frame, Place, theme_form};
use crate::http::access::Viewer;

/// Its address.
const PATH: &str = "/settings/appearance";

/// The page.
pub fn page(frame: &Frame) -> Markup {
    let densities = [("roomy", "Roomy"), ("dense", "Dense: more rows on a screen")];
    let content = html! {
        section.card aria-labelledby="theme" {
            header { h2 id="theme" { "Theme" } }
            div.body.stack.snug {
                p.muted { "Match your system, or always light or dark." }
                (theme_form(frame.theme, PATH))
            }
        }
        section.card aria-labelledby="rows" {
            header { h2 id="rows" { "Density" } }
            form.body.stack.snug action="/theme" method="post" {
                input type="hidden" name="back" value=(PATH);
                (choice("density", "Rows of lists", &densities, frame.density.as_str(), "How much space a row takes."))
                div.row { button.btn.primary { "Save" } }
            }
        }
        p.small.muted { "Both are remembered for you wherever you sign in, and so are the columns of lists: each list has them under “Columns”. "
            "The zone in which you see times is under " a href="/settings/account#zone" { "Your account" } "." }
    };
    settings(frame, PATH, content)
}

/// `GET /settings/appearance`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    Ok(desk::page(page(&desk::frame(&request, operator, Place::Settings).await?)))
}
