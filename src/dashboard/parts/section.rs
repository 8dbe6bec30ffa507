//! The head of a page, its crumbs, and the cells of its numbers.

use maud::{Markup, html};

use super::icon::small;

/// A page's title, a line below it, and what can be done.
pub fn head(title: Markup, below: Markup, actions: Markup) -> Markup {
    html! { header.head { div { h1 { (title) } (below) } (actions) } }
}

/// The way back to the list.
pub fn crumbs(list: &str, href: &str, here: &str) -> Markup {
    html! {
        nav.crumbs aria-label="Breadcrumb" {
            a href=(href) { (list) }
            " "
            (small("right"))
            " "
            span aria-current="page" { bdi { (super::values::cut(here, 60)) } }
        }
    }
}

/// A number, what it counts and its change, as a link to the list that makes it.
pub fn stat(href: &str, label: &str, title: &str, value: Markup, change: Markup, drawing: Markup) -> Markup {
    html! {
        a.stat href=(href) title=[(!title.is_empty()).then_some(title)] {
            span.l { (label) }
            span.v { (value) }
            (change)
            (drawing)
        }
    }
}
