//! Sources: websites and back ends that send data.

use serde_json::{Value, json};

use crate::domain::access::Grade;
use crate::domain::change::{By, CREATED, Change, Subject};
use crate::domain::ids::{ChangeKey, SecretKey, hex};
use crate::domain::proof::Secret;
use crate::store::sources::{self, SourceChange};
use crate::store::{Source, SourceKind, StoreError, Tx, changes};

/// Characters of a source's name.
const NAME_CHARS_MAX: usize = 100;
/// Live secrets of a source.
pub const SECRETS_MAX: usize = 2;
/// Bytes of a key that is adopted from another tool.
const KEY_BYTES_MAX: usize = 200;

/// A new source, and its secret for proofs of identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The source.
    pub source: Source,
    /// The secret.
    pub secret: String,
}

/// Why something about a source was not done.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The name does not fit.
    #[error("A source has a name of 1 to {NAME_CHARS_MAX} characters.")]
    Name,
    /// An origin is none.
    #[error(
        "{0:?} is not an origin. Write it as the browser does, such as https://shop.example or http://localhost:3000."
    )]
    Origin(String),
    /// A key can't be a key.
    #[error("{0:?} can't be a key. A key has 1 to {KEY_BYTES_MAX} letters, digits and punctuation, and no spaces.")]
    Key(String),
    /// A key belongs to another source.
    #[error("The key {key} already belongs to the source {name:?}. A key belongs to one source only.")]
    KeyTaken {
        /// The key.
        key: String,
        /// The source that has it.
        name: String,
    },
    /// There is none of this id.
    #[error("There is no source {0}. See them with: rollcall source list")]
    Unknown(String),
    /// It has as many secrets as there can be.
    #[error(
        "A source has at most {SECRETS_MAX} secrets, so that you can switch from one to the other. Retire the one no longer in use."
    )]
    TooManySecrets,
    /// It has no such secret.
    #[error("This source has no secret {0}.")]
    UnknownSecret(i64),
    /// Its only secret, and it asks for proof.
    #[error(
        "This source requires proof of identity, and this is its only secret: without it, nothing can be signed. Create another first, or make proof optional."
    )]
    SecretNeeded,
    /// There is nothing of this name to set.
    #[error("A source has no {0:?}. It has: name, {fields}.", fields = FIELDS.join(", "))]
    Field(String),
    /// The value does not fit.
    #[error("{field} can't be {value:?}: use {expected}.")]
    Value {
        /// What was to be set.
        field: &'static str,
        /// What was given.
        value: String,
        /// What would be taken.
        expected: &'static str,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What of a source can be set beside its name, in the contract's order.
pub const FIELDS: [&str; 6] = ["kind", "origins", "paused", "keys", "new_attributes", "signatures"];

/// Adds a source with a key and a secret of its own. Keys of another tool can be adopted, so
/// that pages moving over keep theirs.
///
/// # Errors
/// What does not fit, a key that belongs to another source, the store's.
pub fn add(
    tx: &mut Tx<'_>,
    by: &By,
    name: &str,
    origins: &[String],
    adopted_keys: &[String],
) -> Result<Added, SourceError> {
    let name = checked_name(name)?;
    let origins = origins.iter().map(|text| origin(text)).collect::<Result<Vec<_>, _>>()?;
    let adopted_keys = checked_keys(tx, None, adopted_keys)?;
    let source_id = format!("src_{}", hex(&tx.ambient.bytes::<6>()));
    let write_key = format!("wk_{}", hex(&tx.ambient.bytes::<16>()));
    let secret = new_secret(tx);
    let source = sources::add(tx, &source_id, &name, &write_key, &secret, &origins, &adopted_keys)?;
    let change = Change::new(Subject::Source(source.key), CREATED, None, Some(json!(name)));
    changes::record(tx, by, "add_source", Grade::Hand, &[change])?;
    Ok(Added { source, secret })
}

/// Makes another secret for a source: its site can sign with it while the old one still holds. Answers it
/// with its key; it is told only now.
///
/// # Errors
/// No such source, two live secrets, the store's.
pub fn make_secret(tx: &mut Tx<'_>, by: &By, source_id: &str) -> Result<Secret, SourceError> {
    let source = known(tx, source_id)?;
    if source.secrets.len() >= SECRETS_MAX {
        return Err(SourceError::TooManySecrets);
    }
    let text = new_secret(tx);
    let key = sources::add_secret(tx, source.key, &text)?;
    let change = Change::new(Subject::Source(source.key), "secret", None, Some(json!(ending(&text))));
    changes::record(tx, by, "make_secret", Grade::Hand, &[change])?;
    Ok(Secret { key, text })
}

/// Retires a secret of a source: what it signed is refused from now on.
///
/// # Errors
/// No such source or secret, the only secret of a source that asks for proof, the store's.
pub fn retire_secret(
    tx: &mut Tx<'_>,
    by: &By,
    source_id: &str,
    secret: SecretKey,
) -> Result<Option<ChangeKey>, SourceError> {
    let source = known(tx, source_id)?;
    let Some(retired) = source.secrets.iter().find(|known| known.key == secret) else {
        return Err(SourceError::UnknownSecret(secret.0));
    };
    if source.signatures_required && source.secrets.len() == 1 {
        return Err(SourceError::SecretNeeded);
    }
    sources::retire_secret(tx, source.key, secret)?;
    let change = Change::new(Subject::Source(source.key), "secret", Some(json!(ending(&retired.text))), None);
    Ok(changes::record(tx, by, "retire_secret", Grade::Hand, &[change])?)
}

fn known(tx: &Tx<'_>, source_id: &str) -> Result<Source, SourceError> {
    tx.catalog().source_by_id(source_id).cloned().ok_or_else(|| SourceError::Unknown(source_id.to_owned()))
}

fn new_secret(tx: &Tx<'_>) -> String {
    format!("sk_{}", hex(&tx.ambient.bytes::<32>()))
}

/// What of a secret may be told after it was made.
fn ending(secret: &str) -> String {
    format!("…{}", secret.get(secret.len().saturating_sub(4)..).unwrap_or_default())
}

/// Sets fields of a source from text, all or none, as one change set; none where all are so already. Lists
/// are parted by commas.
///
/// # Errors
/// No such source or field, a value that does not fit, the store's.
pub fn set(
    tx: &mut Tx<'_>,
    by: &By,
    source_id: &str,
    wanted: &[(&str, &str)],
) -> Result<Option<ChangeKey>, SourceError> {
    known(tx, source_id)?;
    let mut changes = Vec::new();
    for (field, value) in wanted {
        changes.extend(put(tx, source_id, field, value)?);
    }
    Ok(changes::record(tx, by, "set_source", Grade::Hand, &changes)?)
}

/// Sets one, and answers the change where it is one.
pub(super) fn put(tx: &mut Tx<'_>, source_id: &str, field: &str, value: &str) -> Result<Option<Change>, SourceError> {
    let before = known(tx, source_id)?;
    let change = parse_change(tx, &before, field, value)?;
    sources::change(tx, before.key, &change)?;
    let (was, is) = (shown(&before, field), shown(&known(tx, source_id)?, field));
    Ok((was != is).then(|| Change::new(Subject::Source(before.key), field, Some(was), Some(is))))
}

/// The text of a field as [`shown`], to be set again.
pub(super) fn text_of(shown: &Value) -> String {
    match shown {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Whether a field of a source can be set.
pub(super) fn is_field(name: &str) -> bool {
    name == "name" || FIELDS.contains(&name)
}

fn parse_change(tx: &Tx<'_>, source: &Source, field: &str, value: &str) -> Result<SourceChange, SourceError> {
    let value = value.trim();
    let Some(field) = ["name"].into_iter().chain(FIELDS).find(|known| *known == field) else {
        return Err(SourceError::Field(field.to_owned()));
    };
    let list = || value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned);
    let either = |yes: &[&str], no: &[&str], expected| {
        if yes.contains(&value) {
            Ok(true)
        } else if no.contains(&value) {
            Ok(false)
        } else {
            Err(SourceError::Value { field, value: value.to_owned(), expected })
        }
    };
    Ok(match field {
        "name" => SourceChange::Name(checked_name(value)?),
        "kind" => SourceChange::Live(either(&["live"], &["test"], "live or test")?),
        "paused" => SourceChange::Paused(either(&["true", "yes", "on"], &["false", "no", "off"], "true or false")?),
        "new_attributes" => SourceChange::Closed(either(&["closed"], &["open"], "open or closed")?),
        "signatures" => SourceChange::SignaturesRequired(either(&["required"], &["optional"], "optional or required")?),
        "origins" => SourceChange::Origins(list().map(|text| origin(&text)).collect::<Result<_, _>>()?),
        _ => {
            // Its own key stays, whether or not the list names it.
            let own = source.write_keys.first();
            let keys: Vec<String> = list().filter(|key| Some(key) != own).collect();
            SourceChange::AdoptedKeys(checked_keys(tx, Some(source), &keys)?)
        }
    })
}

/// A field of a source as the API and the shell show it.
pub fn shown(source: &Source, field: &str) -> Value {
    match field {
        "name" => json!(source.name),
        "kind" => json!(if source.kind == SourceKind::Live { "live" } else { "test" }),
        "origins" => json!(source.origins),
        "paused" => json!(source.paused),
        "keys" => json!(source.write_keys),
        "new_attributes" => json!(if source.closed { "closed" } else { "open" }),
        "signatures" => json!(if source.signatures_required { "required" } else { "optional" }),
        _ => Value::Null,
    }
}

fn checked_name(name: &str) -> Result<String, SourceError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX { Err(SourceError::Name) } else { Ok(name.to_owned()) }
}

fn checked_keys(tx: &Tx<'_>, of: Option<&Source>, keys: &[String]) -> Result<Vec<String>, SourceError> {
    let catalog = tx.catalog();
    let mut checked: Vec<String> = Vec::new();
    for key in keys {
        let key = key.trim();
        if key.is_empty() || key.len() > KEY_BYTES_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SourceError::Key(key.to_owned()));
        }
        if let Some(other) = catalog.source_of(key).filter(|other| of.is_none_or(|source| source.key != other.key)) {
            return Err(SourceError::KeyTaken { key: key.to_owned(), name: other.name.clone() });
        }
        if !checked.iter().any(|known| known == key) {
            checked.push(key.to_owned());
        }
    }
    Ok(checked)
}

/// An origin as browsers send it: scheme, host and port, in lower case, nothing after.
fn origin(text: &str) -> Result<String, SourceError> {
    let wrong = || SourceError::Origin(text.to_owned());
    let lower = text.trim().trim_end_matches('/').to_lowercase();
    let (scheme, host) = lower.split_once("://").ok_or_else(wrong)?;
    let plain = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    if !matches!(scheme, "http" | "https") || host.is_empty() || !plain(host) {
        return Err(wrong());
    }
    // Browsers leave the usual port out.
    let usual = if scheme == "https" { ":443" } else { ":80" };
    Ok(format!("{scheme}://{}", host.strip_suffix(usual).unwrap_or(host)))
}

/// The origin of a page's address; none where no browser would open it.
pub fn origin_of(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    origin(&format!("{scheme}://{}", rest.split(['/', '?', '#']).next()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        let kept = |text: &str| origin(text).unwrap();
        assert_eq!(kept("https://Shop.example/"), "https://shop.example");
        assert_eq!(kept(" http://localhost:3000 "), "http://localhost:3000");
        assert_eq!(kept("https://shop.example:443"), "https://shop.example");
        assert_eq!(kept("http://[::1]:80"), "http://[::1]");
        for wrong in ["shop.example", "https://", "https://shop.example/cart", "ftp://shop.example", "*", "https://a b"]
        {
            assert!(origin(wrong).unwrap_err().to_string().contains("https://shop.example"), "{wrong}");
        }
        assert_eq!(origin_of("https://Shop.example:443/cart?a=1").as_deref(), Some("https://shop.example"));
        for none in ["shop.example/cart", "javascript:alert(1)", "https:///cart"] {
            assert_eq!(origin_of(none), None, "{none}");
        }
    }
}
