//! The workspace's settings.

use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::change::{By, Change, Subject};
use crate::domain::settings::Settings;
use crate::store::workspace::{self, SetError};
use crate::store::{Tx, changes};

/// Changes a setting, and answers its value as it now stands.
///
/// # Errors
/// An unknown name, a value that does not fit, the store's.
pub fn set(tx: &mut Tx<'_>, by: &By, name: &str, value: &str) -> Result<String, SetError> {
    let before = tx.catalog().settings.get(name);
    workspace::set(tx, name, value)?;
    let after = tx.catalog().settings.get(name).unwrap_or_default();
    if before.as_deref() != Some(after.as_str()) {
        let change = Change::new(Subject::Workspace, name, before.map(|before| json!(before)), Some(json!(after)));
        changes::record(tx, by, "set", Grade::Hand, &[change])?;
    }
    Ok(after)
}

/// A setting's value as the JSON of its type; none where there is no such setting.
pub fn shown(settings: &Settings, name: &str) -> Option<Value> {
    let text = settings.get(name)?;
    Some(match name {
        "one_company" | "respect_gpc" | "refuse_bots" | "protect_signed" => json!(text == "true"),
        "takeover_days" | "visitor_retention_days" | "event_retention_days" | "rate_limit" => {
            json!(text.parse::<i64>().unwrap_or_default())
        }
        "staff_domains" => json!(settings.staff_domains),
        "ignored_domains" => json!(settings.ignored_domains),
        _ => json!(text),
    })
}
