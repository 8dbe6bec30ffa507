//! What is kept of a message's context: page, campaign, locale, library, browser and system in
//! words. Never the address, never the raw user agent.

use serde_json::{Map, Value, json};

use super::agents::Agent;
use super::fields;

/// Characters of one text of the context; addresses with more are cut.
const TEXT_CHARS_MAX: usize = 1_000;
/// Fields of a campaign.
const CAMPAIGN_FIELDS_MAX: usize = 10;
/// Characters of a campaign field's name.
const CAMPAIGN_NAME_CHARS_MAX: usize = 50;

/// What is kept of a context. `agent` is the visitor's.
pub fn kept(mut context: Map<String, Value>, agent: &Agent<'_>) -> Map<String, Value> {
    let mut kept = Map::new();
    let page = fields::object(context.remove("page")).map(page).unwrap_or_default();
    let campaign = fields::object(context.remove("campaign")).map(campaign).unwrap_or_default();
    let library = fields::object(context.remove("library")).map(|library| texts(library, &["name", "version"]));
    for (name, object) in [("page", page), ("campaign", campaign), ("library", library.unwrap_or_default())] {
        if !object.is_empty() {
            kept.insert(name.to_owned(), Value::Object(object));
        }
    }
    if let Some(locale) = fields::text(context.remove("locale")) {
        kept.insert("locale".to_owned(), cut(locale));
    }
    if let Some(browser) = agent.browser {
        kept.insert("browser".to_owned(), json!(browser));
    }
    let named_system = || fields::text(fields::object(context.remove("os"))?.remove("name")).map(cut);
    if let Some(system) = agent.system.map(|system| json!(system)).or_else(named_system) {
        kept.insert("system".to_owned(), system);
    }
    kept
}

/// A page's address, title and referrer; its path only where there is no address. Also reads
/// the properties of a page call that a server sent without a context.
pub fn page(mut page: Map<String, Value>) -> Map<String, Value> {
    if page.get("referrer").is_some_and(|referrer| referrer == "$direct") {
        // RudderStack's word for none.
        page.remove("referrer");
    }
    let has_address = !fields::is_absent(page.get("url"));
    texts(page, if has_address { &["url", "title", "referrer"] } else { &["path", "title", "referrer"] })
}

fn campaign(campaign: Map<String, Value>) -> Map<String, Value> {
    campaign
        .into_iter()
        .filter(|(name, _)| name.chars().count() <= CAMPAIGN_NAME_CHARS_MAX)
        .filter_map(|(name, value)| Some((name, cut(fields::text(Some(value))?))))
        .take(CAMPAIGN_FIELDS_MAX)
        .collect()
}

/// These fields as far as they are texts.
fn texts(mut object: Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), cut(fields::text(object.remove(*name))?)))).collect()
}

fn cut(mut text: String) -> Value {
    if text.len() > TEXT_CHARS_MAX
        && let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX)
    {
        text.truncate(end);
    }
    Value::String(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_named_is_kept_and_nothing_else() {
        let agent = Agent::of("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36");
        let kept = kept(
            context(json!({
                "page": {"url": "https://shop.test/?q=1", "path": "/", "search": "?q=1", "title": "Shop", "referrer": ""},
                "campaign": {"source": "news", "name": "spring", "odd": {"x": 1}},
                "locale": "en-US",
                "library": {"name": "analytics.js", "version": "1", "variant": "bundled"},
                "userAgent": "Mozilla/5.0 …",
                "userAgentData": {"mobile": false},
                "ip": "203.0.113.9",
                "traits": {"name": "Ann"},
                "timezone": "UTC",
                "screen": {"width": 800}
            })),
            &agent,
        );
        assert_eq!(
            Value::Object(kept),
            json!({
                "page": {"url": "https://shop.test/?q=1", "title": "Shop"},
                "campaign": {"source": "news", "name": "spring"},
                "locale": "en-US",
                "library": {"name": "analytics.js", "version": "1"},
                "browser": "Chrome",
                "system": "Linux"
            })
        );
    }

    #[test]
    fn nothing_is_kept_of_nothing() {
        let nothing = json!({"page": {}, "campaign": {}, "library": null, "locale": "", "os": {"name": ""}, "x": [1]});
        assert_eq!(kept(context(nothing), &Agent::default()), Map::new());
    }

    #[test]
    fn a_phone_s_sdk_names_its_system_itself() {
        let kept = kept(context(json!({"os": {"name": "iOS", "version": "17"}})), &Agent::of("Analytics/1.4"));
        assert_eq!(Value::Object(kept), json!({"system": "iOS"}));
    }

    #[test]
    fn a_page_without_an_address_keeps_its_path() {
        let page = page(context(json!({"path": "/pricing", "referrer": "$direct"})));
        assert_eq!(Value::Object(page), json!({"path": "/pricing"}));
    }

    #[test]
    fn long_texts_are_cut_at_a_letter() {
        let page = page(context(json!({"url": "ż".repeat(5_000)})));
        assert_eq!(page["url"].as_str().unwrap().chars().count(), TEXT_CHARS_MAX);
    }
}
