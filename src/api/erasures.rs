//! `/users/{id}/erase` and `/users/{id}/allow`: a person is erased (R13), and allowed again.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answer;
use super::openapi::{self, Call, post};
use super::parameters::{Parameters, invalid};
use super::resource;
use super::users::{found, user_name};
use crate::actions::erase as deeds;
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::domain::codes::calls::CallCode;
use crate::http::access::AdminToken;
use crate::http::doctor::Doctor;
use crate::http::live::Live;
use crate::http::problem::Problem;
use crate::store::erasure::Events;
use crate::store::users::UserName;
use crate::store::{Store, Tx};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/users/{id:[^/]*}/erase", "POST").post(erase))
        .service(resource("/users/{id:[^/]*}/allow", "POST").post(allow));
}

/// The calls of this file, for the description of the API; `DELETE` stands with the user's.
pub(super) fn calls() -> Vec<Call> {
    let receipt = receipt();
    vec![
        post("/users/{id}/erase", Scope::Admin, "Erases a person for ever; answers with a receipt")
            .takes(&["by", "id", "dry_run"])
            .sends_a::<Erase>(json!({ "events": "anonymize" }))
            .answers_like(200, "The receipt", receipt)
            .refuses(&[(404, CallCode::UserNotFound), (409, CallCode::SeveralUsers)]),
        post("/users/{id}/allow", Scope::Admin, "Accepts the id, e-mail address or browser of an erased person again")
            .takes(&["id"])
            .answers_like(200, "Done", json!({ "allowed": true, "hashes": 1 }))
            .refuses(&[(404, CallCode::NotErased)]),
    ]
}

/// `DELETE` of a user.
pub(super) fn delete_call(path: &'static str) -> Call {
    openapi::delete(path, Scope::Admin, "Erases a person for ever, as erase does")
        .of_one()
        .takes(&["by", "dry_run"])
        .needs_word("events", &["delete", "anonymize"], "What happens to the events", "anonymize")
        .answers_like(200, "The receipt", receipt())
        .refuses(&[(404, CallCode::UserNotFound), (409, CallCode::SeveralUsers)])
}

fn receipt() -> Value {
    json!({ "events": "anonymize", "rows": { "events": 12 }, "kept": ["Why something is kept."], "backups": "What it does not touch." })
}

/// The body of an erasure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Erase {
    #[schema(pattern = "^(delete|anonymize)$")]
    events: String,
}

/// `POST /api/v1/users/{id}/erase`: answers a receipt; with `dry_run=1` the same, and nothing is erased.
async fn erase(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    body: Json<Erase>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["by", "id", "dry_run"])?;
    let name = user_name(&path, &parameters)?;
    erased(token, &request, name, &body.events, parameters.is_dry_run()?, &store).await
}

/// `DELETE /api/v1/users/{id}?events=delete|anonymize`: the same.
pub(super) async fn delete(
    token: AdminToken,
    path: Option<Path<String>>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["by", "id", "dry_run", "events"])?;
    let name = user_name(path.as_deref().map_or("", String::as_str), &parameters)?;
    let events = parameters.get("events").unwrap_or_default();
    erased(token, &request, name, events, parameters.is_dry_run()?, &store).await
}

async fn erased(
    token: AdminToken,
    request: &HttpRequest,
    name: UserName,
    events: &str,
    is_dry_run: bool,
    store: &Store,
) -> Result<HttpResponse, Problem> {
    let by = By::Token(token.0.name);
    let hint = || invalid(format!("events can't be {events:?}. Use delete or anonymize."), "events");
    let events = Events::parse(events).ok_or_else(hint)?;
    let user = store.read(move |db| Ok(found(db, &name))).await??;
    let waiting = deeds::waiting_files(store, &[user]).await?;
    let files = waiting.clone();
    let deed = move |tx: &mut Tx<'_>| deeds::erase(tx, &by, user, events, &files);
    if is_dry_run {
        let receipt: deeds::Receipt = store.rehearse(deed).await?;
        return Ok(answer::ok(receipt, 0));
    }
    let receipt: deeds::Receipt = store.write(deed).await?;
    Live::of(request).inspect(|live| live.forget());
    Doctor::of(request).inspect(|doctor| doctor.forget());
    deeds::finish(store, &waiting).await?;
    Ok(answer::ok(receipt, 0))
}

/// `POST /api/v1/users/{id}/allow`: the id, e-mail address or browser of an erased person is taken again.
async fn allow(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["id"])?;
    let id = parameters.get("id").filter(|_| path.is_empty()).unwrap_or(&path).to_owned();
    let by = By::Token(token.0.name);
    let wanted = id.clone();
    match store.write(move |tx| deeds::allow(tx, &by, &wanted)).await? {
        0 => {
            let detail = format!("Nobody with the id, e-mail address or browser {id:?} was erased.");
            Err(Problem::new(StatusCode::NOT_FOUND, CallCode::NotErased, detail))
        }
        hashes => Ok(answer::ok(json!({ "allowed": true, "hashes": hashes }), 0)),
    }
}
