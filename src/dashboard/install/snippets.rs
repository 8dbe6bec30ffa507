//! The code that is the same whatever makes the page, with the real key and this server's address in it.

use maud::{Markup, html};
use serde_json::Value;

use crate::http::assets;

/// A text as a string of JSON, harmless within a script.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('<', "\\u003c")
}

fn text(text: &str) -> Markup {
    html! { span.s { (quoted(text)) } }
}

/// The script's own tag.
fn script(server: &str, key: Option<&str>) -> Markup {
    html! {
        span.t { "<script" } " async src=" span.s { "\"" (server) "/widget.js\"" }
        @if let Some(key) = key { "\n        data-write-key=" span.s { "\"" (key) "\"" } }
        span.t { "></script>" }
    }
}

/// The script's tag for this very version of it, which the browser checks before it runs.
pub fn pinned_script(server: &str, key: &str, respect_gpc: bool) -> Markup {
    html! {
        span.t { "<script" }
        " async src="
        span.s { "\"" (server) "/widget." (assets::widget_version(respect_gpc)) ".js\"" }
        "\n        integrity="
        span.s { "\"" (assets::widget(respect_gpc).integrity) "\"" }
        "\n        crossorigin="
        span.s { "\"anonymous\"" }
        "\n        data-write-key="
        span.s { "\"" (key) "\"" }
        span.t { "></script>" }
    }
}

fn settings_tag() -> Markup {
    html! {
        span.t { "<script" }
        " type="
        span.s { "\"application/json\"" }
        " id="
        span.s { "\"rollcall-settings\"" }
        span.t { ">" }
        "\n"
    }
}

fn end_tag() -> Markup {
    html! { "\n" span.t { "</script>" } "\n" }
}

/// As [`visitors`], as text.
pub fn visitors_text(server: &str, key: &str) -> String {
    format!("<script async src=\"{server}/widget.js\"\n        data-write-key=\"{key}\"></script>")
}

/// The whole snippet for pages that anybody may read.
pub fn visitors(server: &str, key: &str) -> Markup {
    script(server, Some(key))
}

/// No company on this page.
pub const NO_COMPANY: &str = "\"company\": null";

/// A page on which nobody is signed in.
pub fn signed_out(server: &str, key: &str) -> Markup {
    html! { (settings_tag()) "{ \"write_key\": " (text(key)) ", \"user\": null }" (end_tag()) (script(server, None)) }
}

/// The call where a sign-out succeeds without a new page.
pub fn reset() -> Markup {
    html! { "window.rollcall?.reset()" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_visitors_snippet_is_the_contract_s_with_the_real_key_and_address() {
        let markup = visitors("https://roll.example", "wk_1").into_string();
        let bare = bare(&markup);
        assert_eq!(
            bare,
            "<script async src=\"https://roll.example/widget.js\"\n        data-write-key=\"wk_1\"></script>"
        );
    }

    #[test]
    fn a_key_that_was_adopted_can_t_break_out_of_its_string() {
        assert_eq!(quoted("a\"</script>"), r#""a\"\u003c/script>""#);
    }

    #[test]
    fn the_pinned_script_carries_the_hash_of_what_is_served_under_its_address() {
        use base64::Engine;
        use sha2::Digest;
        for respect_gpc in [true, false] {
            let tag = bare(&pinned_script("https://roll.example", "wk_1", respect_gpc).into_string());
            let served = assets::widget(respect_gpc).bytes;
            let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha384::digest(served));
            assert_eq!(
                tag,
                format!(
                    "<script async src=\"https://roll.example/widget.{}.js\"\n        integrity=\"sha384-{hash}\"\n        \
                     crossorigin=\"anonymous\"\n        data-write-key=\"wk_1\"></script>",
                    assets::widget_version(respect_gpc)
                )
            );
        }
    }

    /// The text that a person copies.
    fn bare(markup: &str) -> String {
        let mut text = String::new();
        let mut rest = markup;
        while let Some(start) = rest.find('<') {
            text.push_str(&rest[..start]);
            rest = &rest[start..];
            rest = &rest[rest.find('>').unwrap() + 1..];
        }
        text.push_str(rest);
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    }
}
