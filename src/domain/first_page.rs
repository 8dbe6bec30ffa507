//! Where somebody came from (A9): the first page viewed, who referred to it, and the campaign.

use serde_json::{Map, Value, json};

/// The first page that a visitor or a user viewed.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstPage {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// Its address, else its path.
    pub page: Option<String>,
    /// The page that led to it.
    pub referrer: Option<String>,
    /// The campaign: `source`, `medium`, `name` …
    pub campaign: Map<String, Value>,
}

impl FirstPage {
    /// What is kept of a page view: of its context, else of its properties.
    pub fn kept(context: Option<&str>, properties: Option<&str>) -> String {
        let object = |text: Option<&str>| -> Map<String, Value> {
            text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
        };
        let (mut context, properties) = (object(context), object(properties));
        let page = context.remove("page").and_then(|page| page.as_object().cloned()).unwrap_or_default();
        let text = |name: &str| {
            [&page, &properties].into_iter().find_map(|from| from.get(name)?.as_str().filter(|text| !text.is_empty()))
        };
        let address = text("url").or_else(|| text("path"));
        json!({ "page": address, "referrer": text("referrer"), "campaign": context.remove("campaign") }).to_string()
    }

    /// What was kept.
    pub fn read(at_ms: i64, kept: &str) -> FirstPage {
        let kept: Map<String, Value> = serde_json::from_str(kept).unwrap_or_default();
        let text = |name: &str| kept.get(name).and_then(Value::as_str).map(str::to_owned);
        FirstPage {
            at_ms,
            page: text("page"),
            referrer: text("referrer"),
            campaign: kept.get("campaign").and_then(Value::as_object).cloned().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_the_address_the_referrer_and_the_campaign() {
        let context =
            r#"{"page":{"url":"https://a.test/?q=1","title":"A"},"campaign":{"source":"news"},"locale":"en"}"#;
        let read = FirstPage::read(7, &FirstPage::kept(Some(context), Some(r#"{"referrer":"https://b.test/"}"#)));
        assert_eq!((read.at_ms, read.page.as_deref()), (7, Some("https://a.test/?q=1")));
        assert_eq!(read.referrer.as_deref(), Some("https://b.test/"));
        assert_eq!(read.campaign["source"], "news");
        let read = FirstPage::read(7, &FirstPage::kept(None, Some(r#"{"path":"/pricing","referrer":""}"#)));
        assert_eq!((read.page.as_deref(), read.referrer), (Some("/pricing"), None));
        assert!(read.campaign.is_empty());
        assert_eq!(FirstPage::read(7, &FirstPage::kept(None, None)).page, None);
    }
}
