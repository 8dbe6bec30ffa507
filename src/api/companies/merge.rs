//! `POST /companies/{id}/merge`: two companies are one (C10).

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::{CompanyView, company_id, not_found};
use crate::actions::merge::{MergeError, companies as deeds};
use crate::api::answer;
use crate::api::changes::ChangeView;
use crate::api::parameters::Parameters;
use crate::domain::change::By;
use crate::domain::ids::CompanyKey;
use crate::http::access::WriteToken;
use crate::http::problem::Problem;
use crate::store::{self, Store, Tx, companies};

/// Changes that an answer tells; those of a large company's members are more.
const CHANGES_MAX: usize = 1_000;

/// The body of a merge.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Merge {
    from: String,
}

/// A merge as JSON: what the company is afterwards, and what changed.
#[derive(Debug, Serialize)]
struct MergeView {
    change_id: Option<i64>,
    company: CompanyView,
    changes: Vec<ChangeView>,
    /// How many they are, where not all are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes_total: Option<u64>,
}

/// `POST /api/v1/companies/{id}/merge`: the company of the path survives; with `dry_run=1` the preview.
pub(super) async fn merge(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    body: Json<Merge>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["id", "dry_run"])?;
    let survivor = company_id(&path, &parameters)?;
    let other = company_id(&body.from, &parameters)?;
    let (by, now_ms) = (By::Token(token.0.name), store.now_ms());
    let is_dry_run = parameters.is_dry_run()?;
    let deed = move |tx: &mut Tx<'_>| {
        let found = |id: &str, tx: &Tx<'_>| -> Result<CompanyKey, Problem> {
            companies::key(&tx.reader(), id)?.ok_or_else(|| not_found(id))
        };
        let (to, from) = (found(&survivor, tx)?, found(&other, tx)?);
        let change = deeds::merge(tx, &by, to, from).map_err(problem)?;
        let db = tx.reader();
        let company = companies::record(&db, &survivor, now_ms)?.ok_or_else(|| not_found(&survivor))?;
        let (changes, total) = store::changes::first_of_set(&db, change, CHANGES_MAX)?;
        Ok::<_, Problem>(MergeView {
            change_id: (!is_dry_run).then_some(change.0),
            company: CompanyView::of(company, now_ms),
            changes_total: (total > changes.len() as u64).then_some(total),
            changes: changes.into_iter().map(ChangeView::of).collect(),
        })
    };
    let merged: MergeView = if is_dry_run { store.rehearse(deed).await? } else { store.write(deed).await? };
    Ok(answer::ok(merged, 0))
}

fn problem(error: MergeError) -> Problem {
    match error {
        MergeError::OneAlready => Problem::new(StatusCode::CONFLICT, "one_already", error.to_string()),
        MergeError::Store(error) => error.into(),
    }
}
