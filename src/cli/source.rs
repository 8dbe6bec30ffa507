//! `rollcall source`: websites and back ends that send data.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::{Failure, Workspace, say};
use crate::actions::sources::{self as deeds, FIELDS, SourceError};
use crate::domain::change::By;
use crate::store;

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
            SourceError::Store(_) | SourceError::Unknown(_) | SourceError::KeyTaken { .. } => {
                Failure::Failed(error.to_string())
            }
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
                for source in workspace.open_existing()?.catalog().sources_in_order() {
                    show(workspace, source);
                }
                Ok(())
            }
            Source::Set { source_id, key, value } => {
                let store = workspace.open_existing()?;
                let source = store.write_now(move |tx| deeds::set(tx, &By::Shell, &source_id, &key, &value))?;
                show(workspace, &source);
                Ok(())
            }
        }
    }
}

fn show(workspace: &Workspace, source: &store::Source) {
    let mut json = Map::new();
    json.insert("source_id".to_owned(), json!(source.source_id));
    json.insert("name".to_owned(), json!(source.name));
    for field in FIELDS {
        json.insert(field.to_owned(), deeds::shown(source, field));
    }
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
    workspace.answer(&Value::Object(json), lines);
}
