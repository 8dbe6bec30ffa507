//! Settings of the workspace are set back to what they were.

use serde_json::Value;

use super::{UndoError, Undoing};
use crate::actions::settings;
use crate::store::changes::ChangeRow;
use crate::store::workspace::SetError;

impl Undoing<'_, '_> {
    /// A setting of the workspace.
    pub(super) fn setting(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
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
}
