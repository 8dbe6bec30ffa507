//! Changes of attributes' definitions taken back (A1, A7).

use serde_json::Value;

use super::{UndoError, Undoing, owner_of};
use crate::actions::attributes::{self, AttributeError};
use crate::domain::change::{Change, Subject};
use crate::domain::ids::{ChangeKey, DefinitionKey};
use crate::store::attribute_work::Deed;
use crate::store::attributes::{self as definitions, DefinitionChange, DefinitionRow};
use crate::store::changes::ChangeRow;
use crate::store::{StoreError, Tx};

/// What of a definition is taken back.
pub(super) const TAKEN_BACK: [&str; 7] = ["label", "locked", "hidden", "history", "type", "fast_filter", "also_named"];

/// An attribute that has its former type again: its values follow.
pub(super) struct Retyped {
    definition: DefinitionRow,
    was: String,
}

impl Retyped {
    /// Whether a row is about a value of it.
    pub(super) fn is_value(&self, row: &ChangeRow) -> bool {
        !is_definition(row) && owner_of(row.about) == self.definition.owner && row.field == self.definition.name
    }
}

/// Whether a row is about what a definition says.
pub(super) fn is_definition(row: &ChangeRow) -> bool {
    matches!(row.about, Subject::Attribute(_))
}

impl Undoing<'_, '_> {
    pub(super) fn definition(&mut self, row: &ChangeRow, key: DefinitionKey) -> Result<(), UndoError> {
        let known = definitions::of_key(&self.tx.reader(), key)?.filter(|definition| !definition.deleting);
        let Some(definition) = known else {
            self.conflict(row, "The attribute no longer exists.".to_owned());
            return Ok(());
        };
        if row.field == "also_named" {
            let name = row.after.as_ref().and_then(Value::as_str).unwrap_or_default();
            if self.tx.catalog().decided(definition.owner, name).is_none() {
                self.conflict(row, "The name has been decided differently since.".to_owned());
                return Ok(());
            }
            definitions::forget_name(self.tx, definition.owner, name)?;
            self.changes.push(Change::new(row.about, row.field.clone(), row.after.clone(), None));
            return Ok(());
        }
        let stands = match row.field.as_str() {
            "label" => definition.label.clone().map(Value::from),
            "locked" => Some(definition.locked.into()),
            "hidden" => Some(definition.hidden.into()),
            "history" => Some(definition.history.into()),
            "fast_filter" => Some(definition.fast_filter.is_some().into()),
            "type" => Some(definition.kind.as_str().into()),
            field => {
                self.conflict(row, format!("{field} can't be undone here: see the attribute's page."));
                return Ok(());
            }
        };
        if stands != row.after {
            self.conflict(row, format!("{} has changed since, and stays as it is.", row.field));
            return Ok(());
        }
        let before = row.before.clone().unwrap_or_default();
        let parsed = attributes::parse_change(&row.field, &before).and_then(|change| {
            if change == DefinitionChange::FastFilter(true) {
                attributes::may_be_fast(&self.tx.reader(), &definition)?;
            }
            Ok(change)
        });
        let change = match parsed {
            Ok(change) => change,
            Err(AttributeError::Store(error)) => return Err(error.into()),
            Err(other) => {
                self.conflict(row, other.to_string());
                return Ok(());
            }
        };
        definitions::set(self.tx, definition.owner, &definition.name, &change)?;
        self.changes.push(Change::new(row.about, row.field.clone(), row.after.clone(), row.before.clone()));
        if matches!(change, DefinitionChange::Type(_)) {
            let was = definition.kind.as_str().to_owned();
            self.retyped = Some(Retyped { definition, was });
        }
        Ok(())
    }
}

/// Converts the values back, in chunks that belong to the change set of the undo, where so many places are taken.
pub(super) fn convert_back(
    tx: &mut Tx<'_>,
    retyped: &Retyped,
    set: ChangeKey,
    places: usize,
) -> Result<(), StoreError> {
    let DefinitionRow { owner, name, .. } = &retyped.definition;
    match attributes::begin(tx, Deed::Convert, *owner, name, &retyped.was, Some(set), places) {
        Err(AttributeError::Store(error)) => Err(error),
        _ => Ok(()),
    }
}
