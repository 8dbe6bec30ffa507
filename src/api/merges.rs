//! `POST …/merge`, of users (R11) and of companies (C10): what came of it, as programs read it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer;
use super::changes::ChangeView;
use crate::actions::merge::MergeError;
use crate::domain::codes::calls::CallCode;
use crate::domain::ids::ChangeKey;
use crate::http::problem::Problem;
use crate::store::{Store, Tx, changes};

/// Changes that an answer tells; those of a large company's members are more.
const CHANGES_MAX: usize = 1_000;

/// The body of a merge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Merge {
    /// The other one, which goes into the one of the path.
    #[schema(min_length = 1)]
    pub from: String,
}

/// A merge as JSON: what the survivor is afterwards, and what changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Merged)]
pub(super) struct MergeView<T> {
    change_id: Option<i64>,
    #[serde(flatten)]
    survivor: T,
    changes: Vec<ChangeView>,
    /// How many they are, where not all are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changes_total: Option<u64>,
}

/// Merges, or rehearses it, and answers. `deed` says its change set and how the survivor stands then.
pub(super) async fn answered<T: Serialize + Send + 'static>(
    store: &Store,
    is_dry_run: bool,
    deed: impl FnOnce(&mut Tx<'_>) -> Result<(ChangeKey, T), Problem> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let deed = move |tx: &mut Tx<'_>| {
        let (change, survivor) = deed(tx)?;
        let (changes, total) = changes::first_of_set(&tx.reader(), change, CHANGES_MAX)?;
        Ok::<_, Problem>(MergeView {
            change_id: (!is_dry_run).then_some(change.0),
            survivor,
            changes_total: (total > changes.len() as u64).then_some(total),
            changes: changes.into_iter().map(ChangeView::of).collect(),
        })
    };
    Ok(answer::ok(answer::done(store, is_dry_run, deed).await?, 0))
}

/// Why nothing was merged.
pub(super) fn problem(error: MergeError) -> Problem {
    match error {
        MergeError::OneAlready => Problem::new(StatusCode::CONFLICT, CallCode::OneAlready, error.to_string()),
        MergeError::Store(error) => error.into(),
    }
}
