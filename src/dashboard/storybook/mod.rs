//! The storybook: every page with nothing, one, many, and what goes wrong, of made-up data.
//!
//! `rollcall demo --pages` serves it, to be looked at; the tests hold what is true of every page.

mod attributes;
mod bulk;
mod deeds;
mod edits;
mod imports;
mod lists;
mod live;
mod profiles;
pub(super) mod samples;
pub(super) mod segments;
mod set_up;
mod webhooks;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use maud::{DOCTYPE, Markup, html};

use super::desk;

/// Every page and its name.
fn all() -> Vec<(&'static str, Markup)> {
    [
        lists::overviews(),
        lists::lists(),
        lists::suggestions(),
        lists::possible_duplicates(),
        lists::company_merges(),
        bulk::bulk(),
        segments::segments(),
        live::live(),
        profiles::profiles(),
        edits::edits(),
        edits::days(),
        attributes::attributes(),
        attributes::trays(),
        set_up::installs(),
        set_up::settings_pages(),
        webhooks::webhook_pages(),
        imports::imports(),
        deeds::audits(),
        set_up::doors(),
    ]
    .concat()
}

/// All pages, each under its name, and the list of them.
pub fn configure(config: &mut ServiceConfig) {
    let pages = web::Data::new(all());
    let index = pages.clone();
    config
        .route("/", web::get().to(move || list(index.clone())))
        .route("/{name}", web::get().to(move |name: web::Path<String>| one(pages.clone(), name.into_inner())));
}

type Pages = web::Data<Vec<(&'static str, Markup)>>;

async fn list(pages: Pages) -> impl Responder {
    desk::page(html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Pages" } }
            body {
                h1 { "Pages" }
                ul { @for (name, _) in pages.iter() { li { a href=(name) { (name) } } } }
            }
        }
    })
}

async fn one(pages: Pages, name: String) -> HttpResponse {
    match pages.iter().find(|(known, _)| *known == name) {
        Some((_, markup)) => desk::page(markup.clone()),
        None => HttpResponse::NotFound().body("There is no such page. The list of them is at /."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a page at most, before compression, which makes a tenth of them.
    const PAGE_BYTES_MAX: usize = 100_000;

    #[test]
    fn every_page_is_small() {
        for (name, markup) in all() {
            let bytes = markup.into_string().len();
            assert!(bytes < PAGE_BYTES_MAX, "{name} is {bytes} bytes");
        }
    }

    #[test]
    fn no_page_carries_anything_inline_and_every_text_is_escaped() {
        for (name, markup) in all() {
            let html = markup.into_string();
            assert!(!html.contains(" style=") && !html.contains("<style"), "{name} has inline style");
            assert!(!html.contains(" onclick=") && !html.contains("javascript:"), "{name} has inline script");
            assert_eq!(html.matches("<script").count(), 1, "{name}: only its own script");
            assert!(!html.contains("<b>nobody</b>") && !html.contains("<img src=x>"), "{name} repeats markup");
            assert_eq!(html.matches("<h1").count(), 1, "{name} has one title");
        }
    }

    #[test]
    fn ids_stand_once_on_a_page() {
        for (name, markup) in all() {
            let html = markup.into_string();
            let mut ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count, "{name} repeats an id");
        }
    }
}
