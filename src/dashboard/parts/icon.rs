//! Icons of the sprite `static/icons.svg`, in the colour of the text around them.

use maud::{Markup, html};

/// An icon beside a word; alone it needs a text in a `vh`.
pub fn icon(name: &str) -> Markup {
    drawn(name, "i")
}

/// A smaller one, for small text and menus.
pub fn small(name: &str) -> Markup {
    drawn(name, "i s")
}

/// The product's mark.
pub fn mark() -> Markup {
    drawn("mark", "mark")
}

fn drawn(name: &str, class: &str) -> Markup {
    html! { svg class=(class) aria-hidden="true" { use href={ (super::frame::asset("icons.svg")) "#i-" (name) } {} } }
}
