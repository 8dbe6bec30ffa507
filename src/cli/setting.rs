//! `rollcall setting`: the workspace's settings.

use clap::Args;
use serde_json::json;

use super::{Failure, Workspace};
use crate::actions::settings;
use crate::domain::change::By;
use crate::domain::settings::{NAMES, SettingError, Settings};
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
        let show = |settings: &Settings, name: &str| -> Result<(), Failure> {
            let (Some(text), Some(value)) = (settings.get(name), settings::shown(settings, name)) else {
                return Err(SetError::Setting(SettingError::Unknown(name.to_owned())).into());
            };
            workspace.answer(&json!({ "name": name, "value": value }), format!("{name}  {text}"));
            Ok(())
        };
        match (self.name, self.value) {
            (Some(name), Some(value)) => {
                let changed = name.clone();
                let store = workspace.open()?;
                store.write_now(move |tx| settings::set(tx, &By::Shell, &changed, &value))?;
                show(&store.catalog().settings, &name)
            }
            (Some(name), None) => show(&workspace.open_existing()?.catalog().settings, &name),
            (None, _) => {
                let catalog = workspace.open_existing()?.catalog();
                NAMES.into_iter().try_for_each(|name| show(&catalog.settings, name))
            }
        }
    }
}
