//! `rollcall source`: websites and back ends that send data.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{Failure, Workspace, say};
use crate::actions::sources::{self as deeds, FIELDS, SourceError};
use crate::domain::change::By;
use crate::domain::ids::SecretKey;
use crate::store::proofs::{self, SecretRow};
use crate::store::{self, Store};

/// What to do with sources.
#[derive(Subcommand)]
pub(super) enum Source {
    /// Add a source; prints its public key, and its secret once
    Add {
        /// Its name
        name: String,
        /// Pages of this origin may send, such as https://shop.example (may be given more than once; none means any)
        #[arg(long, value_name = "URL")]
        origin: Vec<String>,
        /// Take over a key of another tool, so that pages keep theirs (may be given more than once)
        #[arg(long, value_name = "KEY")]
        adopt_key: Vec<String>,
    },
    /// List the sources
    List,
    /// Make another secret for a source and print it once; the old one holds until it is retired
    MakeSecret {
        /// Its id, as `source list` shows it
        source_id: String,
    },
    /// Retire a secret: what it signed is refused from now on
    RetireSecret {
        /// The source's id
        source_id: String,
        /// The secret's id, as `source list` shows it
        secret_id: i64,
    },
    /// Change a source: name, kind (live, test), origins, paused, keys, new_attributes (open, closed),
    /// signatures (optional, required); lists are parted by commas
    Set {
        /// Its id, as `source list` shows it
        source_id: String,
        /// What to change
        key: String,
        /// To what
        value: String,
    },
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        match error {
            SourceError::Store(_)
            | SourceError::Unknown(_)
            | SourceError::KeyTaken { .. }
            | SourceError::TooManySecrets
            | SourceError::UnknownSecret(_)
            | SourceError::SecretNeeded => Failure::Failed(error.to_string()),
            other => Failure::Usage(other.to_string()),
        }
    }
}

impl Source {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        match self {
            Source::Add { name, origin, adopt_key } => {
                let added =
                    workspace.open()?.write_now(move |tx| deeds::add(tx, &By::Shell, &name, &origin, &adopt_key))?;
                let source = &added.source;
                let write_key = source.write_keys.first().map_or("", String::as_str);
                say(format_args!(
                    "Added {:?}. The write key is public; the secret signs identities, and is shown only now.",
                    source.name
                ));
                let json = json!({
                    "source_id": source.source_id, "name": source.name, "write_key": write_key, "secret": added.secret,
                });
                let lines =
                    format!("source     {}\nwrite key  {write_key}\nsecret     {}", source.source_id, added.secret);
                workspace.answer(&json, lines);
                Ok(())
            }
            Source::List => {
                let store = workspace.open_existing()?;
                let catalog = store.catalog();
                if catalog.sources_in_order().iter().all(|source| source.source_id == "api") {
                    say("Only the built-in source API is there. Add one for your website: rollcall source add NAME.");
                }
                for source in catalog.sources_in_order() {
                    show(workspace, &store, source)?;
                }
                Ok(())
            }
            Source::MakeSecret { source_id } => {
                let id = source_id.clone();
                let made =
                    workspace.open_existing()?.write_now(move |tx| deeds::make_secret(tx, &By::Shell, &source_id))?;
                say("The secret signs identities, and is shown only now.");
                let json = json!({ "source_id": id, "secret_id": made.key.0, "secret": made.text });
                workspace.answer(&json, format!("secret id  {}\nsecret     {}", made.key.0, made.text));
                Ok(())
            }
            Source::RetireSecret { source_id, secret_id } => {
                let store = workspace.open_existing()?;
                let id = source_id.clone();
                store.write_now(move |tx| deeds::retire_secret(tx, &By::Shell, &source_id, SecretKey(secret_id)))?;
                workspace.answer(
                    &json!({ "source_id": id, "secret_id": secret_id, "retired": true }),
                    format!("Retired the secret {secret_id}."),
                );
                Ok(())
            }
            Source::Set { source_id, key, value } => {
                let store = workspace.open_existing()?;
                let source = store.write_now(move |tx| {
                    deeds::set(tx, &By::Shell, &source_id, &[(&key, &value)])?;
                    tx.catalog().source_by_id(&source_id).cloned().ok_or(SourceError::Unknown(source_id))
                })?;
                show(workspace, &store, &source)
            }
        }
    }
}

fn show(workspace: &Workspace, store: &Store, source: &store::Source) -> Result<(), Failure> {
    let (key, now_ms) = (source.key, store.now_ms());
    let (secrets, share) =
        store.read_now(move |db| Ok((proofs::secrets(db, key)?, proofs::share(db, key, now_ms)?)))?;
    let mut json = Map::new();
    json.insert("source_id".to_owned(), json!(source.source_id));
    json.insert("name".to_owned(), json!(source.name));
    for field in FIELDS {
        json.insert(field.to_owned(), deeds::shown(source, field));
    }
    let told = |row: &SecretRow| json!({ "secret_id": row.key.0, "ends_with": row.ends_with });
    json.insert("secrets".to_owned(), secrets.iter().map(told).collect());
    json.insert("signed_percent".to_owned(), json!(share.percent()));
    let mut lines = format!("{}  {}", source.source_id, source.name);
    for field in FIELDS {
        let text = match &json[field] {
            Value::Array(items) if items.is_empty() && field == "origins" => "any".to_owned(),
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        lines.push_str(&format!("\n  {field}: {text}"));
    }
    for row in &secrets {
        lines.push_str(&format!("\n  secret {}: …{}", row.key.0, row.ends_with));
    }
    if let Some(percent) = share.percent() {
        lines.push_str(&format!("\n  signed in 7 days: {percent} % of {} messages that named a user", share.all()));
    }
    workspace.answer(&Value::Object(json), lines);
    Ok(())
}
