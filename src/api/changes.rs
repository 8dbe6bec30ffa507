//! `/changes`: change sets, and how one is taken back; as JSON also the history of a user or a company.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{self, List, Time};
use super::openapi::{Call, get, post};
use super::parameters::{Parameters, invalid};
use super::{read_only, resource};
use crate::actions::undo::{self as deeds, Conflict, UndoError};
use crate::domain::access::Scope;
use crate::domain::change::{By, Doer, Subject};
use crate::domain::codes::calls::CallCode;
use crate::domain::ids::ChangeKey;
use crate::http::access::{ReadToken, WriteToken};
use crate::http::problem::Problem;
use crate::store::changes::{self, ChangeRow, ChangeSet, SET_ROWS_MAX, Wanted};
use crate::store::{Store, Tx};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/changes").get(list)).service(resource("/changes/{change_id}/undo", "POST").post(undo));
}

/// The call that takes a deed back.
pub(super) const UNDO: &[&str] = &["post_changes_change_id_undo"];

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![
        get("/changes", "Every change set, newest first")
            .takes(&["limit", "cursor", "count"])
            .takes_word("by", &["hand", "programs", "messages", "rules"], "Who made them")
            .takes_day("day", "Only those of a day, such as 2026-03-01")
            .lists::<ChangeSetView>()
            .leads_to(UNDO, &[("path.change_id", "/data/0/change_id")]),
        post(
            "/changes/{change_id}/undo",
            Scope::Write,
            "Undoes a change set; for a setting this needs the scope admin",
        )
        .takes(&["dry_run"])
        .answers::<UndoneView>()
        .refuses(&[
            (404, CallCode::ChangeNotFound),
            (409, CallCode::AlreadyUndone),
            (409, CallCode::TooOld),
            (409, CallCode::NothingToUndo),
        ]),
    ]
}

/// `GET /api/v1/changes`: every deed, newest first; with `by=` those of some, with `day=` those of a day.
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "count", "by", "day"])?;
    let doer = parameters.get("by").map(|text| Doer::parse(text).ok_or_else(|| not_one_of(text))).transpose()?;
    let wanted = Wanted {
        doer,
        span_ms: parameters.day(&store)?,
        after: parameters.cursor(ORDER)?,
        size: parameters.limit()?,
        fields: SET_ROWS_MAX,
    };
    let wants_count = parameters.wants_count()?;
    let (page, total) = store
        .read(move |db| {
            let total = wants_count.then(|| changes::count(db, &wanted)).transpose()?;
            Ok((changes::all(db, &wanted)?, total))
        })
        .await?;
    Ok(answer::ok(List::of(page, ORDER, ChangeSetView::of).counted(total), 0))
}

fn not_one_of(text: &str) -> Problem {
    let known = Doer::ALL.map(Doer::as_str).join(", ");
    invalid(format!("by can't be {text:?}. Use one of {known}."), "by")
}

/// The answer to an undo.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Undone)]
struct UndoneView {
    /// The new change set; none in a dry run.
    change_id: Option<i64>,
    /// The one that was taken back.
    undone: i64,
    /// What was left as it is, and why.
    #[schema(value_type = Vec<Object>)]
    conflicts: Vec<Conflict>,
}

/// `POST /api/v1/changes/{change_id}/undo`; with `dry_run=1` what it would do.
async fn undo(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let is_dry_run = Parameters::of(&request, &["dry_run"])?.is_dry_run()?;
    let (is_admin, by) = (token.0.scope >= Scope::Admin, By::Token(token.0.name));
    let change = path.parse().map(ChangeKey).map_err(|_| problem(UndoError::Unknown))?;
    let deed = move |tx: &mut Tx<'_>| {
        let of_admins =
            |row: &ChangeRow| matches!(row.about, Subject::Workspace | Subject::Attribute(_) | Subject::Source(_));
        if !is_admin && changes::of_set(&tx.reader(), change)?.iter().any(of_admins) {
            let detail = "This changed a setting: undoing it needs a token with the scope admin.";
            return Err(Problem::new(StatusCode::FORBIDDEN, CallCode::ScopeMissing, detail)
                .with("scope", Scope::Admin.as_str()));
        }
        deeds::undo(tx, &by, change).map_err(problem)
    };
    let undone = if is_dry_run { store.rehearse(deed).await } else { store.write(deed).await }?;
    let change_id = (!is_dry_run).then_some(undone.change.0);
    Ok(answer::ok(UndoneView { change_id, undone: change.0, conflicts: undone.conflicts }, 0))
}

fn problem(error: UndoError) -> Problem {
    let detail = error.to_string();
    let (status, code) = match error {
        UndoError::Unknown => (StatusCode::NOT_FOUND, CallCode::ChangeNotFound),
        UndoError::AlreadyUndone(_) => (StatusCode::CONFLICT, CallCode::AlreadyUndone),
        UndoError::TooOld => (StatusCode::CONFLICT, CallCode::TooOld),
        UndoError::Nothing(_) => (StatusCode::CONFLICT, CallCode::NothingToUndo),
        UndoError::Store(error) => return error.into(),
    };
    Problem::new(status, code, detail)
}

/// The name of the order of history: the newest first.
pub(super) const ORDER: &str = "-at";

/// A change set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeSet)]
pub(super) struct ChangeSetView {
    change_id: i64,
    at: Time,
    by: ByView,
    cause: String,
    /// What its sender was worth (A7): `unsigned`, `signed` …
    grade: Option<&'static str>,
    undone_by: Option<i64>,
    changes: Vec<ChangeView>,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Doer)]
struct ByView {
    kind: String,
    name: String,
}

/// One field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub(super) struct ChangeView {
    kind: &'static str,
    id: String,
    /// Of a membership: the company, while `id` is the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    company_id: Option<String>,
    field: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl ChangeSetView {
    pub fn of(set: ChangeSet) -> ChangeSetView {
        ChangeSetView {
            change_id: set.change.0,
            at: Time(set.at_ms),
            by: ByView { kind: set.by_kind, name: set.by_name },
            cause: set.cause,
            grade: set.changes.first().map(|change| change.grade.as_str()),
            undone_by: set.undone_by.map(|change| change.0),
            changes: set.changes.into_iter().map(ChangeView::of).collect(),
        }
    }
}

impl ChangeView {
    pub fn of(row: ChangeRow) -> ChangeView {
        ChangeView {
            kind: row.subject,
            id: row.subject_id,
            company_id: row.company_id,
            field: row.field.trim_start().to_owned(),
            before: row.before,
            after: row.after,
        }
    }
}
