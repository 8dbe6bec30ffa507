//! `PUT|PATCH /users/{id}`: by hand, with a token.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::{UserView, user_name, user_not_found};
use crate::actions::attributes::Hand;
use crate::actions::edit;
use crate::api::parameters::Parameters;
use crate::api::{bodies, edits};
use crate::domain::change::Subject;
use crate::http::access::WriteToken;
use crate::http::problem::Problem;
use crate::store::{Store, Tx, users};

/// `PUT /api/v1/users/{id}`: who is not known is made. `PATCH` of a user who is known.
pub(super) async fn write(
    token: WriteToken,
    path: Option<Path<String>>,
    request: HttpRequest,
    body: Json<Map<String, Value>>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["by", "id", "dry_run"])?;
    let name = user_name(path.as_deref().map_or("", String::as_str), &parameters)?;
    let (wanted, hand, now_ms) = (bodies::user(body.into_inner())?, Hand::token(&token.0.name), store.now_ms());
    let absent = edits::absent(&request);
    let deed = move |tx: &mut Tx<'_>| {
        let edited = edit::user(tx, &hand, &name, &wanted, absent).map_err(edits::problem)?;
        let user = match edited.about {
            Some(Subject::User(user)) => users::record_of_key(&tx.reader(), user, now_ms)?,
            _ => None,
        };
        let user = user.ok_or_else(|| user_not_found(&name))?;
        Ok((edited, UserView::of(user, now_ms)))
    };
    edits::answered(&store, parameters.is_dry_run()?, deed).await
}
