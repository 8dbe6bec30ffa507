//! Changes of attributes' definitions taken back (A1, A7).

use serde_json::Value;

use super::{UndoError, Undoing, called, owner_of};
use crate::actions::attributes::{self, AttributeError};
use crate::domain::change::{CREATED, Change, Subject};
use crate::domain::error::Code;
use crate::domain::ids::{ChangeKey, DefinitionKey};
use crate::store::attribute_work::Deed;
use crate::store::attributes::{self as definitions, DefinitionChange, DefinitionRow};
use crate::store::changes::ChangeRow;
use crate::store::{StoreError, Tx, tray};

/// The cause of a deletion of an attribute.
pub(super) const DELETION: &str = "delete_attribute";

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

/// Why a value waited in the tray that a change applied; none where another deed changed it.
pub(super) fn waited_as(row: &ChangeRow) -> Option<Code> {
    match row.cause.as_str() {
        "accept_attribute" | "map_attribute" => Some(Code::UnknownAttribute),
        "apply_tray" => Some(Code::TypeMismatch),
        _ => None,
    }
}

/// Whether a row is about what a definition says.
pub(super) fn is_definition(row: &ChangeRow) -> bool {
    matches!(row.about, Subject::Attribute(_))
}

impl Undoing<'_, '_> {
    pub(super) fn definition(&mut self, row: &ChangeRow, key: DefinitionKey) -> Result<(), UndoError> {
        let known = definitions::of_key(&self.tx.reader(), key)?.filter(|definition| !definition.deleting);
        if row.cause == DELETION {
            let detail =
                "An attribute is not brought back. What its values were is in the history of whom they belonged to.";
            self.conflict(row, detail.to_owned());
            return Ok(());
        }
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
            self.waited = Some(name.to_owned());
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
            // What was applied waits again, value by value.
            "tray" => return Ok(()),
            CREATED if row.cause == "accept_attribute" => {
                let detail = format!("{} stays an attribute. It can be deleted on its page.", definition.name);
                self.conflict(row, detail);
                return Ok(());
            }
            field => {
                self.conflict(row, format!("{} can't be undone here: see the attribute's page.", called(field)));
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

impl Undoing<'_, '_> {
    /// A value of an attribute that has its former type again follows by itself, at its own time. One that waited, and
    /// took another's place when the type was changed, makes way for it again.
    pub(super) fn value_of_former_type(&mut self, row: &ChangeRow) -> Result<(), UndoError> {
        match (&row.before, &row.after) {
            (Some(_), Some(_)) => self.waits_again(row, Code::TypeMismatch),
            _ => Ok(()),
        }
    }

    /// A value that waited in the tray waits there again, unless it was said since; the one before it is back.
    pub(super) fn waits_again(&mut self, row: &ChangeRow, code: Code) -> Result<(), UndoError> {
        let stated = self.change(row.about, |known| known.said(&row.field))?.flatten();
        let stated = stated.filter(|(value, _)| Some(value) == row.after.as_ref());
        let (Some((value, stamp)), false) = (stated, self.is_said_since(row)?) else { return self.attribute(row) };
        let name = self.waited.clone().unwrap_or_else(|| row.field.clone());
        tray::keep(self.tx, row.about, &name, code, &value, stamp)?;
        if row.before.is_some() {
            return self.attribute(row);
        }
        // What was cleared by hand now would keep the value out for good.
        self.change(row.about, |known| known.unsay(&row.field))?;
        let now = self.change(row.about, |known| known.get(&row.field))?.flatten();
        self.changes.push(Change::new(row.about, row.field.clone(), row.after.clone(), now));
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
