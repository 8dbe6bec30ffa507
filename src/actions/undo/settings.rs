//! Settings of the workspace and of attributes are set back to what they were.

use serde_json::Value;

use super::{UndoError, Undoing};
use crate::actions::attributes::{self, AttributeError};
use crate::actions::settings;
use crate::domain::ids::DefinitionKey;
use crate::store::attributes as definitions;
use crate::store::changes::ChangeRow;
use crate::store::workspace::SetError;

const CHANGED_SINCE: &str = "It has changed since, and stays as it is.";

impl Undoing<'_, '_> {
    /// A setting of the workspace.
    pub(super) fn setting(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        let stands = self.tx.catalog().settings.get(&row.field);
        let told = row.after.as_ref().and_then(Value::as_str);
        if stands.is_none() || stands.as_deref() != told {
            self.conflict(row, CHANGED_SINCE.to_owned());
            return Ok(());
        }
        let before = row.before.as_ref().and_then(Value::as_str).unwrap_or_default();
        match settings::put(self.tx, &row.field, before) {
            Ok(change) => self.changes.extend(change),
            Err(SetError::Store(error)) => return Err(error.into()),
            Err(SetError::Setting(error)) => self.conflict(row, error.to_string()),
        }
        Ok(())
    }

    /// What an attribute's definition says. Its type goes back on its page, which shows first what converts.
    pub(super) fn definition(&mut self, key: DefinitionKey, row: &ChangeRow) -> Result<(), UndoError> {
        let Some(definition) = definitions::of_key(&self.tx.reader(), key)? else {
            self.conflict(row, "The attribute was deleted since.".to_owned());
            return Ok(());
        };
        let stands = match row.field.as_str() {
            "label" => definition.label.clone().map(Value::from),
            "locked" => Some(definition.locked.into()),
            "hidden" => Some(definition.hidden.into()),
            "history" => Some(definition.history.into()),
            _ => {
                self.conflict(row, "Change the type back on the attribute's page.".to_owned());
                return Ok(());
            }
        };
        if stands != row.after {
            self.conflict(row, CHANGED_SINCE.to_owned());
            return Ok(());
        }
        let before = attributes::parse_change(&row.field, &row.before.clone().unwrap_or_default());
        match before.and_then(|before| attributes::put(self.tx, &definition, &[before])) {
            Ok(changes) => self.changes.extend(changes),
            Err(AttributeError::Store(error)) => return Err(error.into()),
            Err(error) => self.conflict(row, error.to_string()),
        }
        Ok(())
    }
}
