//! What other programs than a page send: each call of the tracking API from a shell, with ids that one click deletes,
//! and the lines by which an SDK sends here.

use maud::{Markup, html};

use crate::dashboard::parts::code;
use crate::dashboard::parts::icon::small;

/// Each call, what it is for, and an example of its body. Ids begin as those of trials do; no body has a single
/// quote, which would end it at the shell.
const CALLS: [(&str, &str, &str); 6] = [
    (
        "identify",
        "A user and their company",
        "{\"userId\": \"rollcall-test-1\", \"traits\": {\"email\": \"test@example.com\",\n       \"company\": {\"company_id\": \"rollcall-test\"}}}",
    ),
    (
        "group",
        "What is known of the company",
        "{\"userId\": \"rollcall-test-1\", \"groupId\": \"rollcall-test\",\n       \"traits\": {\"name\": \"Test company\"}, \"membership\": {\"role\": \"admin\"}}",
    ),
    (
        "track",
        "What the user did",
        "{\"userId\": \"rollcall-test-1\", \"event\": \"Report exported\",\n       \"properties\": {\"format\": \"pdf\"}, \"context\": {\"groupId\": \"rollcall-test\"}}",
    ),
    (
        "page",
        "A page the user looked at",
        "{\"userId\": \"rollcall-test-1\", \"name\": \"Pricing\",\n       \"properties\": {\"url\": \"https://example.com/pricing\"}}",
    ),
    (
        "alias",
        "A visitor who turns out to be the user",
        "{\"previousId\": \"rollcall-test-visitor\", \"userId\": \"rollcall-test-1\"}",
    ),
    (
        "batch",
        "Several at once",
        "{\"batch\": [\n       {\"type\": \"identify\", \"userId\": \"rollcall-test-3\", \"traits\": {\"name\": \"Test user\"}},\n       {\"type\": \"track\", \"userId\": \"rollcall-test-3\", \"event\": \"Signed up\"}]}",
    ),
];

/// A call as a person types it at a shell.
fn call(server: &str, key: &str, name: &str, body: &str) -> String {
    format!("curl {server}/v1/{name} \\\n  -u {} \\\n  -d '{body}'", code::quoted(&format!("{key}:")))
}

/// A message in an image's address, for pages and mails without JavaScript. It is answered with an image, so the shell
/// shows the status.
fn pixel(server: &str, key: &str) -> String {
    let key = serde_json::Value::from(key);
    let message = format!("{{\"writeKey\": {key}, \"userId\": \"rollcall-test-1\", \"event\": \"Mail opened\"}}");
    format!(
        "curl -G {server}/v1/pixel/track -sS -o /dev/null -w '%{{http_code}}\\n' \\\n  --data-urlencode \"data=$(printf %s {} | base64 | tr -d '\\n')\"",
        code::quoted(&message)
    )
}

/// How each SDK that our tests run is told where to send.
fn sdks(server: &str, key: &str) -> [(&'static str, String); 5] {
    let (server, key) = (serde_json::Value::from(server), serde_json::Value::from(key));
    [
        (
            "@segment/analytics-next",
            format!(
                "import {{ AnalyticsBrowser }} from \"@segment/analytics-next\";\nconst analytics = AnalyticsBrowser.load({{ writeKey: {key}, cdnURL: {server} }});"
            ),
        ),
        (
            "@segment/analytics-node",
            format!(
                "import {{ Analytics }} from \"@segment/analytics-node\";\nconst analytics = new Analytics({{ writeKey: {key}, host: {server} }});"
            ),
        ),
        (
            "segment-analytics-python",
            format!("import segment.analytics as analytics\nanalytics.write_key, analytics.host = {key}, {server}"),
        ),
        (
            // Its default build fetches plugins from RudderStack, and sends nothing without them.
            "@rudderstack/analytics-js",
            format!(
                "import {{ RudderAnalytics }} from \"@rudderstack/analytics-js/bundled\";\nconst analytics = new RudderAnalytics();\nanalytics.load({key}, {server}, {{ configUrl: {server} }});"
            ),
        ),
        (
            "@rudderstack/rudder-sdk-node",
            format!(
                "import Analytics from \"@rudderstack/rudder-sdk-node\";\nconst analytics = new Analytics({key}, {{ dataPlaneUrl: {server} }});"
            ),
        ),
    ]
}

/// Calls and SDKs.
pub fn from_elsewhere(server: &str, key: &str) -> Markup {
    let block = |caption: &str, text: &str| code::block(caption, code::text(text, &(0..0)));
    let [first, others @ ..] = &CALLS;
    html! {
        p { "Calls from the shell are stored. All their ids begin with " code { "rollcall-test" } ", so that one click here deletes what they left." }
        (block(first.1, &call(server, key, first.0, first.2)))
        details.fold-body {
            summary { (small("right")) " Every other call" }
            div.stack.tight {
                @for (name, caption, body) in others { (block(caption, &call(server, key, name, body))) }
                (block("Without JavaScript: an image", &pixel(server, key)))
            }
        }
        details.fold-body {
            summary { (small("right")) " SDKs of Segment and RudderStack" }
            div.stack.tight {
                p { "They work once they send here. Our tests run these; others have a setting of the same kind." }
                @for (package, text) in sdks(server, key) { (block(package, &text)) }
            }
        }
    }
}
