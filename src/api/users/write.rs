//! `PUT|PATCH /users/{id}`: by hand, with a token.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::{UserView, user_name, user_not_found};
use crate::actions::attributes::Hand;
use crate::actions::edit::{self, Absent};
use crate::api::parameters::Parameters;
use crate::api::{answer, bodies, edits};
use crate::domain::change::Subject;
use crate::http::access::WriteToken;
use crate::http::problem::Problem;
use crate::store::{Store, Tx, users};

/// `PUT /api/v1/users/{id}`: who is not known is made.
pub(super) async fn put(
    token: WriteToken,
    path: Option<Path<String>>,
    request: HttpRequest,
    body: Json<Map<String, Value>>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    write(token, path, &request, body.into_inner(), &store, Absent::Create).await
}

/// `PATCH /api/v1/users/{id}`: of a user who is known.
pub(super) async fn patch(
    token: WriteToken,
    path: Option<Path<String>>,
    request: HttpRequest,
    body: Json<Map<String, Value>>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    write(token, path, &request, body.into_inner(), &store, Absent::Refuse).await
}

async fn write(
    token: WriteToken,
    path: Option<Path<String>>,
    request: &HttpRequest,
    body: Map<String, Value>,
    store: &Store,
    absent: Absent,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(request, &["by", "id", "dry_run"])?;
    let name = user_name(path.as_deref().map_or("", String::as_str), &parameters)?;
    let (wanted, hand, now_ms) = (bodies::user(body)?, Hand::token(&token.0.name), store.now_ms());
    let is_dry_run = parameters.is_dry_run()?;
    let deed = move |tx: &mut Tx<'_>| {
        let edited = edit::user(tx, &hand, &name, &wanted, absent).map_err(edits::problem)?;
        let (db, created) = (tx.reader(), edited.created);
        let user = match edited.about {
            Some(Subject::User(user)) => users::record_of_key(&db, user, now_ms)?,
            _ => None,
        };
        let user = user.ok_or_else(|| user_not_found(&name))?;
        Ok::<_, Problem>((edits::EditView::of(&db, edited, UserView::of(user, now_ms))?, created))
    };
    let (edited, created) = if is_dry_run { store.rehearse(deed).await? } else { store.write(deed).await? };
    Ok(answer::written(edited.rehearsed(is_dry_run), created && !is_dry_run))
}
