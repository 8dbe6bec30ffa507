//! What is kept of a message's context: page, campaign, locale, library, browser and system in
//! words. Never the address, never the raw user agent.

use std::borrow::Cow;

use actix_web::web::Query;

use super::agents::Agent;
use super::fields;
use super::json::{Json, Object};

/// Characters of one text of the context; addresses with more are cut.
const TEXT_CHARS_MAX: usize = 1_000;
/// Fields of a campaign.
const CAMPAIGN_FIELDS_MAX: usize = 10;
/// Characters of a campaign field's name.
const CAMPAIGN_NAME_CHARS_MAX: usize = 50;

/// What is kept of a context: where it was, and by what. `agent` is the visitor's.
pub fn kept<'a>(mut context: Object<'a>, agent: &Agent<'_>) -> (Object<'a>, Object<'a>) {
    let (mut on, mut by) = (Object::default(), Object::default());
    let page = fields::object(context.remove("page")).unwrap_or_default();
    let named = fields::object(context.remove("campaign")).map(campaign).filter(|campaign| !campaign.is_empty());
    let campaign = named.unwrap_or_else(|| campaign(of_address(&page)));
    let page = self::page(page);
    let library = fields::object(context.remove("library")).map(|library| texts(library, &["name", "version"]));
    for (name, object) in [("page", page), ("campaign", campaign)] {
        if !object.is_empty() {
            on.add(name, Json::Object(object));
        }
    }
    if let Some(library) = library.filter(|library| !library.is_empty()) {
        by.add("library", Json::Object(library));
    }
    if let Some(locale) = fields::text(context.remove("locale")) {
        by.add("locale", cut(locale));
    }
    if let Some(browser) = agent.browser {
        by.add("browser", Json::String(browser.into()));
    }
    let named_system = || fields::text(fields::object(context.remove("os"))?.remove("name")).map(cut);
    if let Some(system) = agent.system.map(|system| Json::String(system.into())).or_else(named_system) {
        by.add("system", system);
    }
    (on, by)
}

/// A page's address, title and referrer; its path only where there is no address. Also reads
/// the properties of a page call that a server sent without a context.
pub fn page(mut page: Object<'_>) -> Object<'_> {
    if page.get("referrer").and_then(Json::as_str) == Some("$direct") {
        // RudderStack's word for none.
        page.remove("referrer");
    }
    let has_address = !fields::is_absent(page.get("url"));
    texts(page, if has_address { &["url", "title", "referrer"] } else { &["path", "title", "referrer"] })
}

/// The campaign in a page's address, as Segment's scripts read it: `utm_campaign` is its name.
fn of_address(page: &Object<'_>) -> Object<'static> {
    let url = page.get("url").and_then(Json::as_str).unwrap_or_default();
    let Some((_, query)) = url.split_once('?').filter(|(_, query)| query.contains("utm_")) else {
        return Object::default();
    };
    let query = query.split('#').next().unwrap_or_default();
    let pairs = Query::<Vec<(String, String)>>::from_query(query).map(Query::into_inner).unwrap_or_default();
    let field = |name: &str| Some(name.strip_prefix("utm_")?.replace("campaign", "name"));
    pairs
        .into_iter()
        .filter_map(|(name, value)| Some((Cow::Owned(field(&name)?), Json::String(value.into()))))
        .collect()
}

fn campaign(campaign: Object<'_>) -> Object<'_> {
    campaign
        .into_iter()
        .filter(|(name, _)| name.chars().count() <= CAMPAIGN_NAME_CHARS_MAX)
        .filter_map(|(name, value)| Some((name, cut(fields::text(Some(value))?))))
        .take(CAMPAIGN_FIELDS_MAX)
        .collect()
}

/// These fields as far as they are texts.
fn texts<'a>(mut object: Object<'a>, names: &[&'static str]) -> Object<'a> {
    names.iter().filter_map(|name| Some((Cow::Borrowed(*name), cut(fields::text(object.remove(name))?)))).collect()
}

fn cut(mut text: Cow<'_, str>) -> Json<'_> {
    if text.len() > TEXT_CHARS_MAX
        && let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX)
    {
        match &mut text {
            Cow::Borrowed(text) => *text = &text[..end],
            Cow::Owned(text) => text.truncate(end),
        }
    }
    Json::String(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn context(value: Value) -> Object<'static> {
        fields::object(Some(Json::from(value))).unwrap()
    }

    fn value(object: Object<'_>) -> Value {
        Value::Object(object.into_map())
    }

    #[test]
    fn what_is_named_is_kept_and_nothing_else() {
        let agent = Agent::of("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36");
        let (on, by) = kept(
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
            value(on),
            json!({
                "page": {"url": "https://shop.test/?q=1", "title": "Shop"},
                "campaign": {"source": "news", "name": "spring"}
            })
        );
        assert_eq!(
            value(by),
            json!({
                "locale": "en-US",
                "library": {"name": "analytics.js", "version": "1"},
                "browser": "Chrome",
                "system": "Linux"
            })
        );
    }

    #[test]
    fn a_campaign_is_read_from_the_page_s_address_where_it_is_not_named() {
        let address = "https://shop.test/?utm_source=news&x=1&utm_campaign=Spring+sale%21&utm_term=#utm_medium=x";
        let (on, _) = kept(context(json!({"page": {"url": address}})), &Agent::default());
        assert_eq!(value(on)["campaign"], json!({"source": "news", "name": "Spring sale!"}));
        let named = json!({"page": {"url": address}, "campaign": {"source": "mail"}});
        assert_eq!(value(kept(context(named), &Agent::default()).0)["campaign"], json!({"source": "mail"}));
    }

    #[test]
    fn nothing_is_kept_of_nothing() {
        let nothing = json!({"page": {}, "campaign": {}, "library": null, "locale": "", "os": {"name": ""}, "x": [1]});
        assert_eq!(kept(context(nothing), &Agent::default()), (Object::default(), Object::default()));
    }

    #[test]
    fn a_phone_s_sdk_names_its_system_itself() {
        let (_, by) = kept(context(json!({"os": {"name": "iOS", "version": "17"}})), &Agent::of("Analytics/1.4"));
        assert_eq!(value(by), json!({"system": "iOS"}));
    }

    #[test]
    fn a_page_without_an_address_keeps_its_path() {
        let page = page(context(json!({"path": "/pricing", "referrer": "$direct"})));
        assert_eq!(value(page), json!({"path": "/pricing"}));
    }

    #[test]
    fn long_texts_are_cut_at_a_letter() {
        let page = page(context(json!({"url": "ż".repeat(5_000)})));
        assert_eq!(page.get("url").and_then(Json::as_str).unwrap().chars().count(), TEXT_CHARS_MAX);
    }
}
