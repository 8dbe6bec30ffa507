//! Markdown as people write it in notes. What it makes is listed here, one by one: paragraphs, emphasis,
//! lists, quotes, code, rules and links to the web. Everything else, HTML and pictures first, stays text.

use maud::{Markup, PreEscaped};
use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};

/// The schemes that a link may have.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];

/// The note as a page shows it.
pub fn markdown(text: &str) -> Markup {
    let mut made = String::with_capacity(text.len() * 2);
    // Links do not lie in each other.
    let mut in_link = false;
    html::push_html(&mut made, Parser::new(text).map(|event| allowed(event, &mut in_link)));
    PreEscaped(made)
}

/// The words of a note without its marks, in one line.
pub fn plain(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for event in Parser::new(text) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                words.push_str(&text)
            }
            Event::SoftBreak | Event::HardBreak | Event::Rule | Event::End(TagEnd::Paragraph | TagEnd::Item) => {
                words.push(' ');
            }
            Event::End(TagEnd::Heading(_) | TagEnd::CodeBlock) => words.push(' '),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An event as it is let through. What is no more than its text becomes an empty text.
fn allowed<'a>(event: Event<'a>, in_link: &mut bool) -> Event<'a> {
    let raw = |html: &str| Event::InlineHtml(CowStr::from(html.to_owned()));
    match event {
        // What was written as HTML is read as written.
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { dest_url, .. }) if is_web(&dest_url) => {
            *in_link = true;
            let whole = maud::html! { a href=(dest_url) rel="noreferrer nofollow ugc" {} }.into_string();
            raw(whole.trim_end_matches("</a>"))
        }
        Event::Start(Tag::Link { .. }) => raw(""),
        Event::End(TagEnd::Link) if std::mem::take(in_link) => raw("</a>"),
        Event::End(TagEnd::Link) => raw(""),
        // Headings of a note are none of the page's.
        Event::Start(Tag::Heading { .. }) => raw("<p><b>"),
        Event::End(TagEnd::Heading(_)) => raw("</b></p>\n"),
        // Pictures are never loaded: their description stays.
        Event::Start(Tag::Image { .. } | Tag::HtmlBlock) => raw(""),
        Event::End(TagEnd::Image | TagEnd::HtmlBlock) => raw(""),
        Event::Start(Tag::CodeBlock(_)) => raw("<pre><code>"),
        Event::End(TagEnd::CodeBlock) => raw("</code></pre>\n"),
        other => other,
    }
}

fn is_web(address: &str) -> bool {
    let lower = address.trim().to_ascii_lowercase();
    SCHEMES.iter().any(|scheme| lower.starts_with(scheme) && lower.len() > scheme.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        markdown(text).into_string()
    }

    #[test]
    fn what_people_write_is_shown() {
        assert_eq!(shown("**Call** them"), "<p><strong>Call</strong> them</p>\n");
        assert_eq!(shown("- one\n- two"), "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n");
        assert_eq!(shown("# Renewal"), "<p><b>Renewal</b></p>\n");
        assert_eq!(
            shown("[plan](https://acme.example/?a=1&b=2)"),
            "<p><a href=\"https://acme.example/?a=1&amp;b=2\" rel=\"noreferrer nofollow ugc\">plan</a></p>\n"
        );
        assert_eq!(shown("```js\n<b>\n```"), "<pre><code>&lt;b&gt;\n</code></pre>\n");
    }

    #[test]
    fn in_one_line_a_note_has_no_marks() {
        assert_eq!(
            plain("**Called** Declan\n\n- one\n- `two`\n\n[plan](https://x.example) <b>"),
            "Called Declan one two plan <b>"
        );
    }

    #[test]
    fn what_strangers_would_like_is_text() {
        for text in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[x](javascript:alert(1))",
            "[x]( JAVASCRIPT:alert(1))",
            "[x](data:text/html,hi)",
            "[x](//evil.example)",
            "![x](https://evil.example/pixel.gif)",
            "<div>\n\n<style>*{}</style>\n</div>",
            "[x](https://a\"onmouseover=alert(1))",
        ] {
            let shown = shown(text);
            for wrong in ["<script", "<img", "<style", "<div", "href=\"java", "href=\"data", "href=\"//", "\"onmouse"] {
                assert!(!shown.to_lowercase().contains(wrong), "{text} became {shown}");
            }
        }
    }

    proptest! {
        /// Whatever is written, no tag comes out but those of the list, and links lead to the web.
        #[test]
        fn nothing_but_the_list_comes_out(text in "([<>\\[\\]()!`*_#&;:/\"' \n]|[a-z]|javascript:|<script>|<img src=x>|https://|</a>|onload=){0,40}") {
            let shown = shown(&text);
            prop_assert_eq!(shown.matches("<a ").count(), shown.matches("</a>").count(), "{}", shown);
            let tags = ["p", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "br", "a", "b"];
            for tag in shown.split('<').skip(1) {
                let inner = tag.split('>').next().unwrap_or_default().trim_end_matches('/').trim();
                let (name, rest) = inner.trim_start_matches('/').split_once(' ').unwrap_or((inner.trim_start_matches('/'), ""));
                prop_assert!(tags.contains(&name), "{shown}");
                let fine = rest.is_empty() || name == "ol" && rest.starts_with("start=\"")
                    || name == "a" && SCHEMES.iter().any(|scheme| rest.to_lowercase().starts_with(&format!("href=\"{scheme}")));
                prop_assert!(fine, "{shown}");
            }
        }
    }
}
