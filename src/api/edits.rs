//! What came of a change by hand, as programs read it.

use actix_web::http::StatusCode;
use serde::Serialize;

use super::changes::ChangeView;
use crate::actions::edit::{EditError, Edited};
use crate::domain::error::Code;
use crate::domain::message::RefusedValue;
use crate::http::problem::Problem;
use crate::store::{Reader, StoreError, changes};

/// Beside the user, company or membership as it is now: what changed, and what was not taken.
#[derive(Debug, Serialize)]
pub(super) struct EditView<T> {
    #[serde(flatten)]
    record: T,
    /// The change set, which can be taken back; none where nothing changed.
    change_id: Option<i64>,
    changes: Vec<ChangeView>,
    refused_values: Vec<RefusedValue>,
    /// Attributes that a pin keeps as they are.
    kept: Vec<String>,
}

impl<T> EditView<T> {
    /// With what the change set says of it.
    pub fn of(db: &Reader<'_>, edited: Edited, record: T) -> Result<EditView<T>, StoreError> {
        let rows = edited.change.map(|change| changes::of_set(db, change)).transpose()?.unwrap_or_default();
        Ok(EditView {
            record,
            change_id: edited.change.map(|change| change.0),
            changes: rows.into_iter().map(ChangeView::of).collect(),
            refused_values: edited.refused_values,
            kept: edited.kept,
        })
    }

    /// A rehearsal has no change set that could be named.
    pub fn rehearsed(mut self, is_dry_run: bool) -> EditView<T> {
        if is_dry_run {
            self.change_id = None;
        }
        self
    }
}

/// Why nothing was done.
pub(super) fn problem(error: EditError) -> Problem {
    let detail = error.to_string();
    let (status, code) = match error {
        EditError::Store(error) => return error.into(),
        EditError::Refused(refused) => (StatusCode::BAD_REQUEST, refused.code.as_str()),
        EditError::NoUser(_) => (StatusCode::NOT_FOUND, "user_not_found"),
        EditError::NoCompany(_) => (StatusCode::NOT_FOUND, "company_not_found"),
        EditError::Rename(_) => (StatusCode::CONFLICT, Code::AliasTaken.as_str()),
        EditError::NoMember => (StatusCode::NOT_FOUND, "membership_not_found"),
        EditError::OnlyCompany => (StatusCode::CONFLICT, "only_company"),
        EditError::NoOperator(_) => {
            return Problem::new(StatusCode::BAD_REQUEST, "value_invalid", detail).with("field", "owner");
        }
        EditError::Value { field, .. } => {
            return Problem::new(StatusCode::BAD_REQUEST, "value_invalid", detail).with("field", field);
        }
        EditError::Note(_) => (StatusCode::NOT_FOUND, "note_not_found"),
        EditError::NoChange => (StatusCode::NOT_FOUND, "change_not_found"),
    };
    Problem::new(status, code, detail)
}
