//! Hardening: what a strict page needs, and the way through a site's own address.

use maud::{Markup, html};

use super::snippets;
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::Frame;

/// The two directives of a Content-Security-Policy for exactly this server, as a header has them: on one line.
pub fn csp(server: &str) -> String {
    format!("script-src {server}; connect-src {server}")
}

/// The path under which recipes serve the widget from a site's own address, and where its messages go. Neither
/// has a word in it that lists of trackers know.
pub const OWN_PATH: &str = "/people";

/// What nginx needs within the site's `server`. Addresses of visitors pass on, for the limits.
pub fn nginx(server: &str) -> String {
    format!(
        "location = {OWN_PATH}/page.js {{ proxy_pass {server}/widget.js; proxy_ssl_server_name on; }}\n\
         location = {OWN_PATH}/in {{\n  proxy_pass {server}/v1/batch;\n  proxy_ssl_server_name on;\n  \
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n}}"
    )
}

/// What Caddy needs within the site's block.
pub fn caddy(server: &str) -> String {
    format!(
        "handle {OWN_PATH}/page.js {{\n  rewrite * /widget.js\n  reverse_proxy {server} {{\n    header_up Host {{upstream_hostport}}\n  }}\n}}\n\
         handle {OWN_PATH}/in {{\n  rewrite * /v1/batch\n  reverse_proxy {server} {{\n    header_up Host {{upstream_hostport}}\n  }}\n}}"
    )
}

/// What Traefik needs in a file of dynamic configuration.
pub fn traefik(server: &str) -> String {
    format!(
        "http:\n  routers:\n    \
         page: {{ rule: Path(`{OWN_PATH}/page.js`), middlewares: [page], service: rollcall }}\n    \
         in: {{ rule: Path(`{OWN_PATH}/in`), middlewares: [in], service: rollcall }}\n  middlewares:\n    \
         page: {{ replacePath: {{ path: /widget.js }} }}\n    in: {{ replacePath: {{ path: /v1/batch }} }}\n  \
         services:\n    rollcall: {{ loadBalancer: {{ passHostHeader: false, servers: [{{ url: \"{server}\" }}] }} }}"
    )
}

/// The tag and the settings for a page that takes the own path.
pub fn own_path(key: &str) -> String {
    format!(
        "<script type=\"application/json\" id=\"rollcall-settings\">\n{{ \"write_key\": {}, \"endpoint\": \"{OWN_PATH}/in\" }}\n</script>\n\
         <script async src=\"{OWN_PATH}/page.js\"></script>",
        serde_json::Value::from(key)
    )
}

/// The step.
pub fn step(frame: &Frame, key: &str, respect_gpc: bool) -> Markup {
    let none = 0..0;
    let block = |caption: &str, text: &str| code::block(caption, code::text(text, &none));
    html! {
        section.stepbox id="harden" {
            h2 { "Hardening" }
            p {
                @if respect_gpc {
                    "Visitors whose browser asks all sites not to track them (Global Privacy Control, Do Not Track) are not counted. "
                } @else {
                    "Visitors are counted even where their browser asks all sites not to track them (Global Privacy Control, Do Not Track). "
                }
                a href="/settings/workspace" { "Change it in the settings" }
                ". A page that asks for consent first says "
                code { "\"consent\": false" }
                " in its settings, and calls "
                code { "rollcall.consent(true)" }
                " when the visitor agrees."
            }
            h3 { "Content security policy" }
            p { "Pages with their own policy must allow this server in two places." }
            (block("Add to your header", &csp(&frame.server)))
            h3 { "Subresource integrity" }
            p {
                "The browser runs the script only if it is exactly this one, byte for byte. Use it instead of the script tag above. This server keeps each version it has served, so the page keeps using this one after Rollcall is updated; new features come with the new tag."
            }
            (code::block("This version only", snippets::pinned_script(&frame.server, key, respect_gpc)))
            h3 { "First-party path" }
            p {
                "From your site's own address, the script is not blocked by tracker lists, and no other host is contacted. Choose any path and file name; start Rollcall with "
                code { "--trusted-proxy" }
                " so that it sees client addresses."
            }
            (block("The page", &own_path(key)))
            (block("nginx, within your server", &nginx(&frame.server)))
            (block("Caddyfile, within your site", &caddy(&frame.server)))
            (block("Traefik, a dynamic configuration file", &traefik(&frame.server)))
            p.small.muted { "Our tests run nginx and Caddy with exactly this. We have not run Traefik's." }
        }
    }
}
