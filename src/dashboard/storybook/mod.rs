//! The storybook: every page with nothing, one, many, and what goes wrong, as files to look at.
//!
//! `cargo test storybook` writes them to `target/storybook`; serve that folder and open
//! `index.html`. The test also holds what is true of every page.

mod attributes;
mod bulk;
mod deeds;
mod edits;
mod imports;
mod lists;
mod live;
mod profiles;
pub mod samples;
mod segments;
mod set_up;

use std::path::{Path, PathBuf};

use maud::Markup;

/// Bytes of a page at most, before compression, which makes a tenth of them.
const PAGE_BYTES_MAX: usize = 100_000;

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
        imports::imports(),
        deeds::audits(),
        set_up::doors(),
    ]
    .concat()
}

fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    target.join("storybook")
}

#[test]
fn every_page_of_the_storybook_is_written_and_small() {
    let folder = folder();
    std::fs::create_dir_all(folder.join("static")).expect("a folder");
    for asset in crate::http::assets::ASSETS {
        std::fs::write(folder.join("static").join(asset.name), asset.bytes).expect("a file");
    }
    let mut index = String::new();
    for (name, markup) in all() {
        let html = markup.into_string();
        assert!(html.len() < PAGE_BYTES_MAX, "{name} is {} bytes", html.len());
        index.push_str(&format!("<li><a href=\"{name}.html\">{name}</a> {}</li>", html.len()));
        std::fs::write(folder.join(format!("{name}.html")), html).expect("a file");
    }
    std::fs::write(folder.join("index.html"), format!("<!doctype html><title>Storybook</title><ul>{index}</ul>"))
        .expect("a file");
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
