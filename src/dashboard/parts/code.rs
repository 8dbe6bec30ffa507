//! Code to copy, and ids.

use std::ops::Range;

use maud::{Markup, html};

use super::icon::small;
use super::values::cut;

/// Characters of an id that a page shows; its button copies all of it.
const ID_CHARS_MAX: usize = 120;

/// A block of code under a caption, with a button that copies it.
pub fn block(caption: &str, code: Markup) -> Markup {
    html! {
        figure.code {
            figcaption {
                (caption)
                " "
                button.btn.bare.mini.js-only type="button" data-copy="" { (small("copy")) " Copy" }
            }
            pre tabindex="0" role="group" aria-label={ "Code: " (caption) } { code { (code) } }
        }
    }
}

/// Code with its texts in quotes set apart, and some of its bytes marked.
pub fn text(code: &str, marked: &Range<usize>) -> Markup {
    let (before, rest) = code.split_at(marked.start);
    let (within, after) = rest.split_at(marked.len());
    html! { (quotes(before)) @if !within.is_empty() { mark { (quotes(within)) } } (quotes(after)) }
}

fn quotes(code: &str) -> Markup {
    html! {
        @for line in code.split_inclusive('\n') {
            @for (place, piece) in line.split('"').enumerate() {
                @if place % 2 == 1 { span.s { "\"" (piece) "\"" } } @else { (piece) }
            }
        }
    }
}

/// An id with a button that copies it.
pub fn id(text: &str, what: &str) -> Markup {
    html! {
        span.copy {
            code { bdi { (cut(text, ID_CHARS_MAX)) } }
            button.btn.bare.mini.square.js-only type="button" data-copy=(text) {
                (small("copy"))
                span.vh { "Copy " (what) }
            }
        }
    }
}

/// A call of the API that reads, as a person types it at a shell.
pub fn call(server: &str, path: &str) -> Markup {
    call_with(server, "GET", path, None)
}

/// A call of the API as a person types it at a shell, with the content type of its body and the body.
pub fn call_with(server: &str, method: &str, path: &str, body: Option<(&str, &str)>) -> Markup {
    let address = format!("{server}{path}");
    html! {
        "curl " @if method != "GET" { "-X " (method) " " } "\\\n  " span.s { (quoted(&address)) }
        " \\\n  -H " span.s { "\"Authorization: Bearer $ROLLCALL_TOKEN\"" }
        @if let Some((content_type, text)) = body {
            " \\\n  -H " span.s { (quoted(&format!("Content-Type: {content_type}"))) }
            " \\\n  --data-binary " span.s { (quoted(text)) }
        }
    }
}

/// A text in single quotes for a shell; nothing in it is expanded.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The card of "the same from the shell".
pub fn shell_card(server: &str, path: &str) -> Markup {
    shell_calls(server, &[("A token of scope read", path)])
}

/// The same of what takes several calls, each with what it answers.
pub fn shell_calls(server: &str, calls: &[(&str, &str)]) -> Markup {
    html! {
        section.card aria-labelledby="shell" {
            details.fold-body {
                summary { (small("right")) h2 id="shell" { "The same from the shell" } }
                div.body.stack.tight {
                    @for (caption, path) in calls { (block(caption, call(server, path))) }
                    p.small.faint { "Tokens are created under " a href="/settings/tokens" { "Settings" } "." }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_t_leave_its_quotes_at_the_shell() {
        assert_eq!(quoted("a'; rm -rf /"), r"'a'\''; rm -rf /'");
    }
}
