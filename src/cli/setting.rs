//! `rollcall setting`: the workspace's settings.

use clap::Args;
use serde_json::{Map, json};

use super::{Failure, Workspace};
use crate::actions::settings;
use crate::domain::change::By;
use crate::domain::settings::{NAMES, SettingError};
use crate::store::workspace::SetError;

/// Which setting, and to what.
#[derive(Args)]
pub(super) struct Setting {
    /// Its name; without one, all are shown
    name: Option<String>,
    /// Its new value; lists are parted by commas
    value: Option<String>,
}

impl From<SetError> for Failure {
    fn from(error: SetError) -> Failure {
        match error {
            SetError::Setting(_) => Failure::Usage(error.to_string()),
            SetError::Store(error) => error.into(),
        }
    }
}

impl Setting {
    pub(super) fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        let show = |name: &str, value: &str| {
            let mut json = Map::new();
            json.insert("name".to_owned(), json!(name));
            json.insert("value".to_owned(), json!(value));
            workspace.answer(&json.into(), format!("{name}  {value}"));
        };
        match (self.name, self.value) {
            (Some(name), Some(value)) => {
                let changed = name.clone();
                let value = workspace.open()?.write_now(move |tx| settings::set(tx, &By::Shell, &changed, &value))?;
                show(&name, &value);
            }
            (Some(name), None) => {
                let value = workspace.open_existing()?.catalog().settings.get(&name);
                let value = value.ok_or_else(|| SetError::Setting(SettingError::Unknown(name.clone())))?;
                show(&name, &value);
            }
            (None, _) => {
                let catalog = workspace.open_existing()?.catalog();
                for name in NAMES {
                    show(name, &catalog.settings.get(name).unwrap_or_default());
                }
            }
        }
        Ok(())
    }
}
