//! All that there is about one person as a file: the zip of `actions::export`, with the page in it that a person reads.

use maud::{DOCTYPE, Markup, html};
use serde_json::{Map, Value};

use crate::actions::export::{About, Package, about};
use crate::store::users::UserName;
use crate::store::{Reader, StoreError};

/// The page stands alone: no address of ours is in it.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
                     table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;\
                     border-bottom:1px solid #ddd;overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}\
                     th,td{border-color:#444}}";

/// The zip of the first whom one of these names finds; none where they find nobody.
///
/// # Errors
/// [`StoreError`] only.
pub fn package(db: &Reader<'_>, names: &[UserName], now_ms: i64) -> Result<Option<Package>, StoreError> {
    for name in names {
        if let Some(about) = about(db, name, now_ms)? {
            return Ok(Some(Package::person(&about, page(&about).into_string())));
        }
    }
    Ok(None)
}

/// The page.
fn page(about: &About) -> Markup {
    let known = &about.known;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "All about " (about.name) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { "All about " bdi { (about.name) } }
                p { "What is known as of " (text(known.get("made_at"))) ". person.json has the same for programs, events.ndjson everything they did, changes.ndjson what was changed, and by whom." }
                (rows("Ids", &[("Kind", "kind"), ("Id", "value"), ("Since", "since")], known.get("identifiers")))
                (rows("Attributes", &[("Name", "name"), ("Value", "value"), ("Since", "since"), ("From", "source")], known.get("attribute_sources")))
                (rows("Companies", &[("Company", "company_id"), ("Attributes there", "attributes"), ("Joined", "joined_at"), ("Left", "left_at"), ("From", "source")], known.get("companies")))
                (by_hand(known))
                (rows("Notes", &[("When", "at"), ("By", "by"), ("Note", "text")], known.get("notes")))
                (rows("Values that were refused", &[("Name", "name"), ("Value", "value"), ("Why", "code"), ("When", "at"), ("From", "source")], known.get("refused_values")))
                (latest(&about.latest))
            }
        }
    }
}

/// What operators keep of a person (A9).
fn by_hand(known: &Map<String, Value>) -> Markup {
    let tags = known.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let tags: Vec<&str> = tags.iter().filter_map(Value::as_str).collect();
    let told = [("Tags", tags.join(", ")), ("Owner", text(known.get("owner")))];
    html! {
        h2 { "Kept by hand" }
        @if told.iter().all(|(_, text)| text.is_empty()) { p { "None." } } @else {
            table { tbody { @for (name, text) in &told { @if !text.is_empty() { tr { th scope="row" { (name) } td { bdi { (text) } } } } } } }
        }
    }
}

fn latest(events: &[Map<String, Value>]) -> Markup {
    let events = Value::Array(events.iter().cloned().map(Value::Object).collect());
    let columns = [
        ("When", "time"),
        ("What", "name"),
        ("With", "properties"),
        ("Company", "company_id"),
        ("Around", "context"),
        ("From", "source"),
    ];
    rows("Latest activity", &columns, Some(&events))
}

/// A table of objects, with these members of each.
fn rows(title: &str, columns: &[(&str, &str)], of: Option<&Value>) -> Markup {
    let of = of.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    html! {
        h2 { (title) }
        @if of.is_empty() { p { "None." } } @else {
            table {
                thead { tr { @for (heading, _) in columns { th scope="col" { (heading) } } } }
                tbody {
                    @for row in of {
                        tr { @for (_, name) in columns { td { bdi { (text(row.get(name))) } } } }
                    }
                }
            }
        }
    }
}

/// A value as people read it.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(members)) if members.is_empty() => String::new(),
        Some(Value::Object(members)) => {
            members.iter().map(|(name, value)| format!("{name}: {}", text(Some(value)))).collect::<Vec<_>>().join("; ")
        }
        Some(other) => other.to_string(),
    }
}
