//! `POST /companies/{id}/merge`: two companies are one (C10).

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{CompanyView, company_id, not_found};
use crate::actions::merge::companies as deeds;
use crate::api::merges::{self, Merge, MergeView};
use crate::api::openapi::{Call, post};
use crate::api::parameters::Parameters;
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::domain::codes::calls::CallCode;
use crate::domain::ids::CompanyKey;
use crate::http::access::WriteToken;
use crate::http::problem::Problem;
use crate::store::{Store, Tx, companies};

/// The call, for the description of the API.
pub(super) fn call() -> Call {
    post("/companies/{id}/merge", Scope::Write, "Merges another company into this one, which is kept")
        .takes(&["id", "dry_run"])
        .sends_a::<Merge>(json!({ "from": "acme-old" }))
        .knows::<Survivor>()
        .answers_around::<MergeView<Survivor>>(200, "Done")
        .refuses(&[(404, CallCode::CompanyNotFound), (409, CallCode::OneAlready)])
}

/// The company that stays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MergedCompany)]
struct Survivor {
    company: CompanyView,
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
    let deed = move |tx: &mut Tx<'_>| {
        let found = |id: &str, tx: &Tx<'_>| -> Result<CompanyKey, Problem> {
            companies::key(&tx.reader(), id)?.ok_or_else(|| not_found(id))
        };
        let (to, from) = (found(&survivor, tx)?, found(&other, tx)?);
        let change = deeds::merge(tx, &by, to, from).map_err(merges::problem)?;
        let company = companies::record(&tx.reader(), &survivor, now_ms)?.ok_or_else(|| not_found(&survivor))?;
        Ok((change, Survivor { company: CompanyView::of(company, now_ms) }))
    };
    merges::answered(&store, parameters.is_dry_run()?, deed).await
}
