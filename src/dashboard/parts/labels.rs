//! Owner and tags of a user or a company (A9).

use maud::{Markup, html};

use super::icon::icon;
use super::values;

/// Tags that a row of a list shows.
const ROW_TAGS_MAX: usize = 3;

/// Owner and tags in the head of a page, and where they are changed.
pub fn labels(owner: Option<&str>, tags: &[String], edit: Option<&str>) -> Markup {
    html! {
        @if owner.is_some() || !tags.is_empty() || edit.is_some() {
            p.row.small {
                @if let Some(owner) = owner { span title="Who looks after them" { (icon("user")) " " (values::name(owner)) } }
                @for tag in tags { (one(tag)) }
                @if let Some(edit) = edit {
                    a.quiet.faint href=(edit) {
                        (icon("tag")) " "
                        @if owner.is_none() && tags.is_empty() { "Owner and tags" } @else { "Edit" span.vh { " owner and tags" } }
                    }
                }
            }
        }
    }
}

/// Tags in a row of a list.
pub fn tags(tags: &[String]) -> Markup {
    html! {
        @for tag in tags.iter().take(ROW_TAGS_MAX) { " " (one(tag)) }
        @if tags.len() > ROW_TAGS_MAX { " " span.faint { "+" (tags.len() - ROW_TAGS_MAX) } }
    }
}

fn one(tag: &str) -> Markup {
    html! { span.pill title="Tag" { (icon("tag")) (values::name(tag)) } }
}
