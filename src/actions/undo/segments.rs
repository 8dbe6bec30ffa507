//! What was done to a segment taken back.

use serde_json::Value;

use super::{UndoError, Undoing};
use crate::actions::segments::{self as deeds, DELETED, SegmentError};
use crate::domain::change::{CREATED, Change};
use crate::domain::ids::SegmentKey;
use crate::store::changes::ChangeRow;
use crate::store::segments;

impl Undoing<'_, '_> {
    pub(super) fn segment(&mut self, row: &ChangeRow, key: SegmentKey) -> Result<(), UndoError> {
        let known = self.tx.catalog().segments.iter().find(|segment| segment.key == key).cloned();
        if row.field == DELETED {
            return self.segment_again(row, key);
        }
        let Some(segment) = known else {
            self.conflict(row, "The segment no longer exists.".to_owned());
            return Ok(());
        };
        if row.field == CREATED {
            let told = row.after.as_ref().and_then(|told| deeds::of_told(key, told));
            if told.as_ref() != Some(&segment) {
                self.conflict(row, "It has changed since, and stays. It can be deleted.".to_owned());
                return Ok(());
            }
            segments::remove(self.tx, key)?;
            self.changes.push(Change::new(row.about, DELETED, row.after.clone(), None));
            self.gone.push(row.about);
            return Ok(());
        }
        let stands = if row.field == "name" { &segment.name } else { &segment.filter };
        if row.after.as_ref().and_then(Value::as_str) != Some(stands) {
            self.conflict(row, format!("Its {} has changed since, and stays as it is.", row.field));
            return Ok(());
        }
        let before = row.before.as_ref().and_then(Value::as_str).unwrap_or_default();
        if row.field == "filter" {
            segments::set(self.tx, key, &segment.name, before)?;
        } else {
            match deeds::checked_name(self.tx, segment.listed, before, Some(key)) {
                Ok(name) => segments::set(self.tx, key, &name, &segment.filter)?,
                Err(SegmentError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    self.conflict(row, error.to_string());
                    return Ok(());
                }
            }
        }
        self.changes.push(Change::new(row.about, row.field.clone(), row.after.clone(), row.before.clone()));
        Ok(())
    }

    /// One that was deleted is there again, unless another has its name or its id by now.
    fn segment_again(&mut self, row: &ChangeRow, key: SegmentKey) -> Result<(), UndoError> {
        let Some(segment) = row.before.as_ref().and_then(|told| deeds::of_told(key, told)) else { return Ok(()) };
        if self.tx.catalog().segment(&segment.segment_id).is_some() {
            self.conflict(row, "Another segment now has its id.".to_owned());
            return Ok(());
        }
        match deeds::checked_name(self.tx, segment.listed, &segment.name, None) {
            Ok(_) => {}
            Err(SegmentError::Store(error)) => return Err(error.into()),
            Err(error) => {
                self.conflict(row, error.to_string());
                return Ok(());
            }
        }
        segments::put_back(self.tx, &segment)?;
        self.changes.push(Change::new(row.about, CREATED, None, row.before.clone()));
        Ok(())
    }
}
