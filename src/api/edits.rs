//! What came of a change by hand, as programs read it.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::changes::ChangeView;
use crate::actions::edit::{Absent, EditError, Edited};
use crate::domain::codes::Explained;
use crate::domain::codes::calls::CallCode;
use crate::domain::error::Code;
use crate::domain::message::RefusedValue;
use crate::http::problem::Problem;
use crate::store::{Reader, Store, StoreError, Tx, changes};

/// Where an answer to an edit says its change set, which can be taken back.
pub(super) const CHANGE: &[(&str, &str)] = &[("path.change_id", "/change_id")];

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
pub(super) const CODES: &[(u16, &Explained)] = &[
    (400, CallCode::FieldUnknown.explained()),
    (400, CallCode::ValueInvalid.explained()),
    (404, CallCode::UserNotFound.explained()),
    (404, CallCode::CompanyNotFound.explained()),
    (409, Code::AliasTaken.explained()),
    (409, CallCode::OnlyCompany.explained()),
    (409, CallCode::SeveralUsers.explained()),
];

/// Why nothing was done.
pub(super) fn problem(error: EditError) -> Problem {
    let detail = error.to_string();
    let (status, code) = match error {
        EditError::Store(error) => return error.into(),
        EditError::Refused(refused) => (StatusCode::BAD_REQUEST, refused.code.explained()),
        EditError::NoUser(_) => (StatusCode::NOT_FOUND, CallCode::UserNotFound.explained()),
        EditError::SeveralUsers(_) => (StatusCode::CONFLICT, CallCode::SeveralUsers.explained()),
        EditError::NoCompany(_) => (StatusCode::NOT_FOUND, CallCode::CompanyNotFound.explained()),
        EditError::Rename(_) => (StatusCode::CONFLICT, Code::AliasTaken.explained()),
        EditError::NoMember => (StatusCode::NOT_FOUND, CallCode::MembershipNotFound.explained()),
        EditError::OnlyCompany => (StatusCode::CONFLICT, CallCode::OnlyCompany.explained()),
        EditError::NoOperator(_) => {
            return Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, detail).with("field", "owner");
        }
        EditError::Value { field, .. } => {
            return Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, detail).with("field", field);
        }
        EditError::Note(_) => (StatusCode::NOT_FOUND, CallCode::NoteNotFound.explained()),
        EditError::NoChange => (StatusCode::NOT_FOUND, CallCode::ChangeNotFound.explained()),
    };
    Problem::new(status, code, detail)
}
