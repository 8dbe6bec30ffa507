//! Change sets as JSON: the history of a user or a company.

use serde::Serialize;
use serde_json::Value;

use super::answer::Time;
use crate::store::changes::{ChangeRow, ChangeSet};

/// The name of the order of history: the newest first.
pub(super) const ORDER: &str = "-at";

/// A change set.
#[derive(Debug, Serialize)]
pub(super) struct ChangeSetView {
    change_id: i64,
    at: Time,
    by: ByView,
    cause: String,
    undone_by: Option<i64>,
    changes: Vec<ChangeView>,
}

/// Who did it.
#[derive(Debug, Serialize)]
struct ByView {
    kind: String,
    name: String,
}

/// One field.
#[derive(Debug, Serialize)]
struct ChangeView {
    kind: &'static str,
    id: String,
    /// Of a membership: the company, while `id` is the user.
    #[serde(skip_serializing_if = "Option::is_none")]
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
            undone_by: set.undone_by.map(|change| change.0),
            changes: set.changes.into_iter().map(ChangeView::of).collect(),
        }
    }
}

impl ChangeView {
    fn of(row: ChangeRow) -> ChangeView {
        ChangeView {
            kind: row.subject,
            id: row.subject_id,
            company_id: row.company_id,
            field: row.field,
            before: row.before,
            after: row.after,
        }
    }
}
