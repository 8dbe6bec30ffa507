//! What came of a change by hand, as programs read it.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::changes::ChangeView;
use crate::actions::edit::{Absent, EditError, Edited};
use crate::domain::error::Code;
use crate::domain::message::RefusedValue;
use crate::http::problem::Problem;
use crate::store::{Reader, Store, StoreError, Tx, changes};

/// Beside the user, company or membership as it is now: what changed, and what was not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Edited)]
pub(super) struct EditView<T> {
    #[serde(flatten)]
    record: T,
    /// The change set, which can be taken back; none where nothing changed.
    change_id: Option<i64>,
    changes: Vec<ChangeView>,
    #[schema(value_type = Vec<Object>)]
    refused_values: Vec<RefusedValue>,
    /// Attributes that a pin keeps as they are.
    kept: Vec<String>,
}

impl<T> EditView<T> {
    /// With what the change set says of it.
    fn of(db: &Reader<'_>, edited: Edited, record: T) -> Result<EditView<T>, StoreError> {
        let rows = edited.change.map(|change| changes::of_set(db, change)).transpose()?.unwrap_or_default();
        Ok(EditView {
            record,
            change_id: edited.change.map(|change| change.0),
            changes: rows.into_iter().map(ChangeView::of).collect(),
            refused_values: edited.refused_values,
            kept: edited.kept,
        })
    }
}

/// Does a change by hand, or rehearses it, and answers: 201 where it made somebody.
pub(super) async fn answered<T: Serialize + Send + 'static>(
    store: &Store,
    is_dry_run: bool,
    deed: impl FnOnce(&mut Tx<'_>) -> Result<(Edited, T), Problem> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let deed = move |tx: &mut Tx<'_>| {
        let (edited, record) = deed(tx)?;
        let created = edited.created;
        Ok::<_, Problem>((EditView::of(&tx.reader(), edited, record)?, created))
    };
    let (mut edited, created) = answer::done(store, is_dry_run, deed).await?;
    if is_dry_run {
        // A rehearsal has no change set that could be named.
        edited.change_id = None;
    }
    Ok(answer::written(edited, created && !is_dry_run))
}

/// What becomes of somebody who is not known: `PUT` makes them, `PATCH` refuses.
pub(super) fn absent(request: &HttpRequest) -> Absent {
    if request.method() == Method::PUT { Absent::Create } else { Absent::Refuse }
}

/// Why a change by hand is refused.
pub(super) const CODES: &[(u16, &str)] = &[
    (400, "field_unknown"),
    (400, "value_invalid"),
    (404, "user_not_found"),
    (404, "company_not_found"),
    (409, "alias_taken"),
    (409, "only_company"),
];

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
