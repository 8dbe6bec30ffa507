//! Settings of the workspace and of sources are set back to what they were.

use serde_json::Value;

use super::{UndoError, Undoing};
use crate::actions::settings;
use crate::actions::sources::{self, SourceError};
use crate::domain::attributes::Owner;
use crate::domain::change::Change;
use crate::domain::ids::SourceKey;
use crate::store::attributes;
use crate::store::changes::ChangeRow;
use crate::store::workspace::SetError;

impl Undoing<'_, '_> {
    /// A setting of the workspace.
    pub(super) fn setting(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        match row.field.as_str() {
            "ignored_attribute" => return self.ignored(row),
            "tray_values" => {
                self.conflict(row, "What was thrown away is not kept, so it can't be brought back.".to_owned());
                return Ok(());
            }
            _ => {}
        }
        let stands = self.tx.catalog().settings.get(&row.field);
        let told = row.after.as_ref().and_then(Value::as_str);
        if stands.is_none() || stands.as_deref() != told {
            self.conflict(row, "It has changed since, and stays as it is.".to_owned());
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

    /// A name that was to be ignored waits in the tray again, or becomes an attribute by itself.
    fn ignored(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        let told = |field: &str| row.after.as_ref().and_then(|told| told.get(field)).and_then(Value::as_str);
        let named = told("owner").and_then(Owner::parse).zip(told("name"));
        match named.filter(|(owner, name)| self.tx.catalog().decided(*owner, name) == Some(None)) {
            Some((owner, name)) => {
                attributes::forget_name(self.tx, owner, name)?;
                self.changes.push(Change::new(row.about, row.field.clone(), row.after.clone(), None));
            }
            None => self.conflict(row, "The name has been decided differently since.".to_owned()),
        }
        Ok(())
    }

    /// A field of a source.
    pub(super) fn source(&mut self, row: &ChangeRow, key: SourceKey) -> Result<(), UndoError> {
        let catalog = self.tx.catalog();
        let source = catalog.sources.get(&key);
        let Some(source) = source.filter(|source| row.after.as_ref() == Some(&sources::shown(source, &row.field)))
        else {
            self.conflict(row, "It has changed since, and stays as it is.".to_owned());
            return Ok(());
        };
        let source_id = source.source_id.clone();
        let before = row.before.as_ref().map(sources::text_of).unwrap_or_default();
        match sources::put(self.tx, &source_id, &row.field, &before) {
            Ok(change) => self.changes.extend(change),
            Err(SourceError::Store(error)) => return Err(error.into()),
            Err(error) => self.conflict(row, error.to_string()),
        }
        Ok(())
    }
}
