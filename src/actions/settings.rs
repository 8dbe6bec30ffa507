//! The workspace's settings.

use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::change::{By, Change, Subject};
use crate::domain::ids::ChangeKey;
use crate::domain::settings::Settings;
use crate::store::workspace::{self, SetError};
use crate::store::{Tx, changes};

/// Changes a setting, and answers its value as it now stands.
///
/// # Errors
/// An unknown name, a value that does not fit, the store's.
pub fn set(tx: &mut Tx<'_>, by: &By, name: &str, value: &str) -> Result<String, SetError> {
    set_all(tx, by, &[(name, value)])?;
    Ok(tx.catalog().settings.get(name).unwrap_or_default())
}

/// Changes settings, all or none, as one change set; none where all are so already.
///
/// # Errors
/// An unknown name, a value that does not fit, the store's.
pub fn set_all(tx: &mut Tx<'_>, by: &By, wanted: &[(&str, &str)]) -> Result<Option<ChangeKey>, SetError> {
    let mut changes = Vec::new();
    for (name, value) in wanted {
        changes.extend(put(tx, name, value)?);
    }
    Ok(changes::record(tx, by, "set", Grade::Hand, &changes)?)
}

/// Sets one, and answers the change where it is one.
pub(super) fn put(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<Option<Change>, SetError> {
    let before = tx.catalog().settings.get(name);
    workspace::set(tx, name, value)?;
    let after = tx.catalog().settings.get(name).unwrap_or_default();
    let is_other = before.as_deref() != Some(after.as_str());
    Ok(is_other.then(|| Change::new(Subject::Workspace, name, before.map(|before| json!(before)), Some(json!(after)))))
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
