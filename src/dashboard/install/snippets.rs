//! The code to paste, with the real key and this server's address in it.
//!
//! Settings stand in `<script type="application/json">`, and each framework writes
//! them with the tool of its own that escapes `<`: a user may call herself `</script>`.

use maud::{Markup, html};
use serde_json::Value;

use crate::http::assets;

/// Whose tags the code is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framework {
    /// Plain HTML, to be filled in by whatever makes the page.
    #[default]
    Plain,
    /// Ruby on Rails, ERB.
    Rails,
    /// Django.
    Django,
    /// Laravel, Blade.
    Laravel,
}

impl Framework {
    /// All, with their names in the address, on the page, and the file that the code goes into.
    pub const ALL: [(Framework, &'static str, &'static str, &'static str); 4] = [
        (Framework::Plain, "plain", "Plain", "Every page for signed-in users"),
        (Framework::Rails, "rails", "Rails", "app/views/layouts/application.html.erb"),
        (Framework::Django, "django", "Django", "templates/base.html"),
        (Framework::Laravel, "laravel", "Laravel", "resources/views/layouts/app.blade.php"),
    ];

    /// The framework of a name in the address; plain where there is none of it.
    pub fn parse(name: &str) -> Framework {
        Framework::ALL
            .into_iter()
            .find(|(_, known, ..)| *known == name)
            .map_or(Framework::Plain, |(framework, ..)| framework)
    }

    /// Its name in the address.
    pub fn name(self) -> &'static str {
        Framework::ALL.iter().find(|(framework, ..)| *framework == self).map_or("plain", |(_, name, ..)| name)
    }

    /// The file that the code goes into.
    pub fn file(self) -> &'static str {
        Framework::ALL.iter().find(|(framework, ..)| *framework == self).map_or("", |(.., file)| file)
    }
}

/// A text as a string of JSON, Ruby, Python and PHP alike, harmless within a script.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('<', "\\u003c").replace('$', "\\u0024").replace('#', "\\u0023")
}

fn text(text: &str) -> Markup {
    html! { span.s { (quoted(text)) } }
}

fn example(text: &str) -> Markup {
    html! { span.v { "\"" (text) "\"" } }
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

/// The whole snippet for pages that anybody may read.
pub fn visitors(server: &str, key: &str) -> Markup {
    script(server, Some(key))
}

/// The snippet for pages behind the sign-in: the user and the company, which is marked.
pub fn people(framework: Framework, server: &str, key: &str) -> Markup {
    match framework {
        Framework::Plain => plain(server, key),
        Framework::Rails => rails(server, key),
        Framework::Django => django(server, key),
        Framework::Laravel => laravel(server, key),
    }
}

fn plain(server: &str, key: &str) -> Markup {
    html! {
        (settings_tag())
        "{\n  \"write_key\": "
        (text(key))
        ",\n  \"user_id\": "
        (example("USER_ID"))
        ",\n  \"email\": "
        (example("ann@example.com"))
        ",\n  \"name\": " (example("Ann Archer")) ",\n"
        mark {
            "  \"company\": {\n    \"company_id\": "
            (example("COMPANY_ID"))
            ",\n    \"name\": "
            (example("Acme Ltd"))
            ",\n    \"plan\": "
            (example("pro"))
            "\n  }"
        }
        "\n}" (end_tag()) (script(server, None))
    }
}

fn rails(server: &str, key: &str) -> Markup {
    html! {
        (settings_tag())
        span.v { "<%= raw json_escape(" } "{\n  write_key: " (text(key))
        ",\n  user_id: current_user.id.to_s,\n  email: current_user.email,\n  name: current_user.name,\n"
        mark {
            "  company: {\n    company_id: current_account.id.to_s,\n    name: current_account.name,\n    plan: current_account.plan\n  }"
        }
        "\n}" span.v { ".to_json) %>" } (end_tag()) (script(server, None))
    }
}

fn django(server: &str, key: &str) -> Markup {
    html! {
        span.c { "{# context processor: rollcall_settings(request) returns {\"rollcall_settings\": {" } "\n"
        "  \"write_key\": "
        (text(key))
        ",\n  \"user_id\": str(request.user.pk),\n  \"email\": request.user.email,\n  \"name\": request.user.get_full_name(),\n"
        mark {
            "  \"company\": {\n    \"company_id\": str(request.account.pk),\n    \"name\": request.account.name,\n    \"plan\": request.account.plan,\n  },"
        }
        "\n" span.c { "}} #}" } "\n"
        span.v { "{{ rollcall_settings|json_script:\"rollcall-settings\" }}" } "\n" (script(server, None))
    }
}

fn laravel(server: &str, key: &str) -> Markup {
    html! {
        (settings_tag())
        span.v { "{!! json_encode(" } "[\n  'write_key' => " (text(key))
        ",\n  'user_id' => (string) auth()->id(),\n  'email' => auth()->user()->email,\n  'name' => auth()->user()->name,\n"
        mark {
            "  'company' => [\n    'company_id' => (string) auth()->user()->account->id,\n    'name' => auth()->user()->account->name,\n    'plan' => auth()->user()->account->plan,\n  ],"
        }
        "\n]" span.v { ", JSON_HEX_TAG | JSON_THROW_ON_ERROR) !!}" } (end_tag()) (script(server, None))
    }
}

/// One company.
pub fn one_company() -> Markup {
    html! { "\"company\": {\n  \"company_id\": " (example("4127")) ",\n  \"name\": " (example("Acme Ltd")) "\n}" }
}

/// Several companies, one of them current.
pub fn several_companies() -> Markup {
    html! {
        "\"companies\": [\n  { \"company_id\": "
        (example("4127"))
        " },\n  { \"company_id\": "
        (example("5003"))
        " }\n],\n\"company\": { \"company_id\": "
        (example("4127"))
        " }"
    }
}

/// No company on this page.
pub fn no_company() -> Markup {
    html! { "\"company\": null" }
}

/// A page on which nobody is signed in.
pub fn signed_out(server: &str, key: &str) -> Markup {
    html! { (settings_tag()) "{ \"write_key\": " (text(key)) ", \"user\": null }" (end_tag()) (script(server, None)) }
}

/// The call where a sign-out succeeds without a new page.
pub fn reset() -> Markup {
    html! { "window.rollcall?.reset()" }
}

/// A call from a shell that identifies a user with a company.
pub fn try_it(server: &str, key: &str) -> Markup {
    html! {
        "curl " span.s { (server) "/v1/identify" } " \\\n  -u " span.s { "'" (key) ":'" } " \\\n  -d '"
        "{"
        span.s { "\"userId\"" }
        ": "
        span.s { "\"rollcall-test-1\"" }
        ", "
        span.s { "\"traits\"" }
        ": {"
        span.s { "\"email\"" }
        ": "
        span.s { "\"test@example.com\"" }
        ",\n       "
        span.s { "\"company\"" }
        ": {"
        span.s { "\"company_id\"" }
        ": "
        span.s { "\"rollcall-test\"" }
        "}}}'"
    }
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

    #[test]
    fn the_plain_snippet_is_json_that_a_page_can_read() {
        let markup = bare(&people(Framework::Plain, "https://roll.example", "wk_1").into_string());
        let (_, rest) = markup.split_once("id=\"rollcall-settings\">").unwrap();
        let (json, script) = rest.split_once("</script>").unwrap();
        let settings: Value = serde_json::from_str(json).unwrap();
        assert_eq!(settings["write_key"], "wk_1");
        assert!(settings["company"]["company_id"].is_string());
        assert_eq!(script.trim(), "<script async src=\"https://roll.example/widget.js\"></script>");
    }

    #[test]
    fn a_key_that_was_adopted_can_t_break_out_of_its_string() {
        assert_eq!(quoted("a\"</script>#{x}${y}"), r#""a\"\u003c/script>\u0023{x}\u0024{y}""#);
    }

    #[test]
    fn every_framework_escapes_by_a_tool_of_its_own() {
        let shown = |framework| bare(&people(framework, "https://roll.example", "wk_1").into_string());
        assert!(shown(Framework::Rails).contains("raw json_escape("));
        assert!(shown(Framework::Django).contains("|json_script:"));
        assert!(shown(Framework::Laravel).contains("JSON_HEX_TAG"));
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
