//! `PUT|PATCH /companies/{id}` and `PUT|DELETE /companies/{id}/members/{user_id}`: by hand, with a token.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::{CompanyView, company_id, not_found};
use crate::actions::attributes::Hand;
use crate::actions::edit;
use crate::api::parameters::Parameters;
use crate::api::users::{MembershipView, named_by, user_not_found};
use crate::api::{bodies, edits};
use crate::domain::ids::CompanyId;
use crate::http::access::WriteToken;
use crate::http::problem::Problem;
use crate::store::users::UserName;
use crate::store::{Reader, Store, Tx, companies, users};

/// `PUT /api/v1/companies/{id}`: one that is not known is made. `PATCH` of one that is known.
pub(super) async fn write(
    token: WriteToken,
    path: Option<Path<String>>,
    request: HttpRequest,
    body: Json<Map<String, Value>>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["id", "dry_run"])?;
    let id = company_id(path.as_deref().map_or("", String::as_str), &parameters)?;
    let (wanted, hand, now_ms) =
        (bodies::company_itself(body.into_inner())?, Hand::token(&token.0.name), store.now_ms());
    let absent = edits::absent(&request);
    let deed = move |tx: &mut Tx<'_>| {
        let edited = edit::company(tx, &hand, &id, &wanted, absent).map_err(edits::problem)?;
        let id = wanted.company_id.as_ref().map_or(id.as_str(), CompanyId::as_str);
        let company = companies::record(&tx.reader(), id, now_ms)?.ok_or_else(|| not_found(id))?;
        Ok((edited, CompanyView::of(company, now_ms)))
    };
    edits::answered(&store, parameters.is_dry_run()?, deed).await
}

/// `DELETE /api/v1/companies/{id}`: out of lists and numbers, not erased (C10); `PATCH` with `archived` puts it back.
pub(in crate::api) async fn delete(
    token: WriteToken,
    path: Option<Path<String>>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let body = Map::from_iter([("archived".to_owned(), Value::Bool(true))]);
    write(token, path, request, Json(body), store).await
}

/// `PUT /api/v1/companies/{id}/members/{user_id}`: who is not a member joins.
pub(super) async fn put_member(
    token: WriteToken,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Json<Map<String, Value>>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let (id, name, is_dry_run) = member(&path, &request)?;
    let (wanted, hand) = (bodies::member(body.into_inner())?, Hand::token(&token.0.name));
    let now_ms = store.now_ms();
    let deed = move |tx: &mut Tx<'_>| {
        let edited = edit::member(tx, &hand, &id, &name, &wanted).map_err(edits::problem)?;
        Ok((edited, membership(&tx.reader(), &id, &name, now_ms)?))
    };
    edits::answered(&store, is_dry_run, deed).await
}

/// `DELETE /api/v1/companies/{id}/members/{user_id}`: the user leaves.
pub(super) async fn delete_member(
    token: WriteToken,
    path: Path<(String, String)>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let (id, name, is_dry_run) = member(&path, &request)?;
    let (hand, now_ms) = (Hand::token(&token.0.name), store.now_ms());
    let deed = move |tx: &mut Tx<'_>| {
        let edited = edit::leave(tx, &hand, &id, &name).map_err(edits::problem)?;
        Ok((edited, membership(&tx.reader(), &id, &name, now_ms)?))
    };
    edits::answered(&store, is_dry_run, deed).await
}

/// Which company and which user an address names: ids of dots come as `?id=` and `?user_id=`.
fn member(path: &(String, String), request: &HttpRequest) -> Result<(String, UserName, bool), Problem> {
    let parameters = Parameters::of(request, &["id", "user_id", "by", "dry_run"])?;
    let user = if path.1.is_empty() { parameters.get("user_id").unwrap_or_default() } else { &path.1 };
    Ok((company_id(&path.0, &parameters)?, named_by(user, &parameters)?, parameters.is_dry_run()?))
}

/// A user's place in a company, as a user's answer has it.
fn membership(db: &Reader<'_>, id: &str, name: &UserName, now_ms: i64) -> Result<MembershipView, Problem> {
    let user = users::record(db, name, now_ms)?.ok_or_else(|| user_not_found(name))?;
    let company = companies::key(db, id)?;
    let found = user.memberships.into_iter().find(|membership| Some(membership.company.key) == company);
    found.map(MembershipView::of).ok_or_else(|| not_found(id))
}
