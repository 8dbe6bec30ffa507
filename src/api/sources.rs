//! `/sources`: websites and back ends that send data.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::answer::{self, List};
use super::openapi::{self, Call, get, patch, post};
use super::parameters::Parameters;
use super::settings::text_of;
use super::{read_only, resource};
use crate::actions::sources::{self as deeds, FIELDS, SourceError};
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::domain::codes::calls::CallCode;
use crate::domain::ids::SecretKey;
use crate::domain::time::rfc3339;
use crate::http::access::{AdminToken, ReadToken};
use crate::http::problem::Problem;
use crate::store::list::Page;
use crate::store::{Reader, Source, Store, StoreError, proofs};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(read_only("/sources").get(list))
        .service(resource("/sources/{source_id}", "GET, HEAD, PATCH").get(show).patch(change))
        .service(resource("/sources/{source_id}/secrets", "POST").post(make_secret))
        .service(resource("/sources/{source_id}/secrets/{secret_id}", "DELETE").delete(retire_secret));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    const UNKNOWN: (u16, CallCode) = (404, CallCode::SourceNotFound);
    vec![
        get("/sources", "Websites and back ends that send data").takes(&["limit", "cursor", "count"]).answers_like(
            200,
            "Done",
            json!({ "data": [example()], "next_cursor": null, "total": 1 }),
        ),
        get("/sources/{source_id}", "A source").answers_like(200, "Done", example()).refuses(&[UNKNOWN]),
        patch("/sources/{source_id}", Scope::Admin, "Changes a source, all or nothing")
            .sends(json!({ "origins": ["https://app.acme.example"], "paused": false, "new_attributes": "open" }))
            .answers_like(200, "Done", example())
            .refuses(&[
                UNKNOWN,
                (400, CallCode::FieldUnknown),
                (400, CallCode::ValueInvalid),
                (409, CallCode::SecretNeeded),
                (409, CallCode::KeyTaken),
            ]),
        post("/sources/{source_id}/secrets", Scope::Admin, "Creates another secret, shown only in this answer")
            .answers_like(201, "Created", json!({ "secret_id": "1", "secret": "rs_…" }))
            .refuses(&[UNKNOWN, (409, CallCode::TooManySecrets)]),
        openapi::delete(
            "/sources/{source_id}/secrets/{secret_id}",
            Scope::Admin,
            "Retires a secret: what it signs is refused",
        )
        .answers_like(200, "The source", example())
        .refuses(&[UNKNOWN, (404, CallCode::SecretNotFound), (409, CallCode::SecretNeeded)]),
    ]
}

/// A source as [`view`] tells it.
fn example() -> Value {
    json!({
        "source_id": "s_1", "name": "Shop", "created_at": "2026-03-01T09:30:00.000Z", "kind": "live",
        "origins": ["https://app.acme.example"], "paused": false, "keys": ["pk_…"], "new_attributes": "open",
        "signatures": "optional",
        "secrets": [{ "secret_id": "1", "ends_with": "x7Qa", "created_at": "2026-03-01T09:30:00.000Z", "last_used_at": null }],
        "signed": { "percent": null, "signed": 0, "unsigned": 0, "refused": 0 },
    })
}

/// The name of the order of sources: the first made first.
const ORDER: &str = "created_at";

/// `GET /api/v1/sources`: a handful, so a page is cut from all of them.
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "count"])?;
    let all: Vec<Source> = store.catalog().sources_in_order().into_iter().cloned().collect();
    let (Page { rows, next }, total) = answer::page_of(&parameters, ORDER, all, |source| source.key.0)?;
    let now_ms = store.now_ms();
    let rows =
        store.read(move |db| rows.iter().map(|source| view(db, source, now_ms)).collect::<Result<_, _>>()).await?;
    Ok(answer::ok(List::of(Page { rows, next }, ORDER, |row| row).counted(total), 0))
}

/// `GET /api/v1/sources/{source_id}`
async fn show(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let source = store.catalog().source_by_id(&path).cloned();
    one(&store, source.ok_or_else(|| problem(SourceError::Unknown(path.to_string())))?).await
}

/// `PATCH /api/v1/sources/{source_id}`: each field of the body, all or nothing.
async fn change(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    body: Json<Map<String, Value>>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (source_id, by) = (path.into_inner(), By::Token(token.0.name));
    let texts = body.iter().map(|(field, value)| Ok((field.clone(), text_of(value)?)));
    let texts: Vec<(String, String)> = texts.collect::<Result<_, Problem>>()?;
    let source: Source = store
        .write(move |tx| {
            let wanted: Vec<(&str, &str)> = texts.iter().map(|(field, text)| (field.as_str(), text.as_str())).collect();
            deeds::set(tx, &by, &source_id, &wanted)?;
            tx.catalog().source_by_id(&source_id).cloned().ok_or(SourceError::Unknown(source_id))
        })
        .await
        .map_err(problem)?;
    one(&store, source).await
}

async fn one(store: &Store, source: Source) -> Result<HttpResponse, Problem> {
    let now_ms = store.now_ms();
    Ok(answer::ok(store.read(move |db| view(db, &source, now_ms)).await?, 0))
}

/// `POST /api/v1/sources/{source_id}/secrets`: makes another secret, told only in this answer.
async fn make_secret(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (source_id, by) = (path.into_inner(), By::Token(token.0.name));
    let made = store.write(move |tx| deeds::make_secret(tx, &by, &source_id)).await.map_err(problem)?;
    Ok(answer::written(json!({ "secret_id": made.key.0.to_string(), "secret": made.text }), true))
}

/// `DELETE /api/v1/sources/{source_id}/secrets/{secret_id}`: what it signed is refused from now on.
async fn retire_secret(
    token: AdminToken,
    path: Path<(String, i64)>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let ((source_id, secret), by) = (path.into_inner(), By::Token(token.0.name));
    let retired = source_id.clone();
    store.write(move |tx| deeds::retire_secret(tx, &by, &retired, SecretKey(secret))).await.map_err(problem)?;
    let source = store.catalog().source_by_id(&source_id).cloned();
    one(&store, source.ok_or_else(|| problem(SourceError::Unknown(source_id)))?).await
}

/// A source as JSON. `signed` is the share of the last seven days' messages that named a user.
fn view(db: &Reader<'_>, source: &Source, now_ms: i64) -> Result<Value, StoreError> {
    let secrets = proofs::secrets(db, source.key)?.into_iter().map(|row| {
        json!({
            "secret_id": row.key.0.to_string(),
            "ends_with": row.ends_with,
            "created_at": rfc3339(row.created_ms),
            "last_used_at": row.last_used_ms.map(rfc3339),
        })
    });
    let share = proofs::share(db, source.key, now_ms)?;
    let mut json = json!({
        "source_id": source.source_id,
        "name": source.name,
        "created_at": rfc3339(source.created_ms),
    });
    for field in FIELDS {
        json[field] = deeds::shown(source, field);
    }
    json["secrets"] = secrets.collect();
    json["signed"] = json!({
        "percent": share.percent(), "signed": share.signed, "unsigned": share.unsigned, "refused": share.refused,
    });
    Ok(json)
}

fn problem(error: SourceError) -> Problem {
    let detail = error.to_string();
    match error {
        SourceError::Store(error) => error.into(),
        SourceError::Unknown(_) => Problem::new(
            StatusCode::NOT_FOUND,
            CallCode::SourceNotFound,
            "No source has this id. See GET /api/v1/sources.",
        ),
        SourceError::UnknownSecret(_) => Problem::new(StatusCode::NOT_FOUND, CallCode::SecretNotFound, detail),
        SourceError::TooManySecrets => Problem::new(StatusCode::CONFLICT, CallCode::TooManySecrets, detail),
        SourceError::SecretNeeded => Problem::new(StatusCode::CONFLICT, CallCode::SecretNeeded, detail),
        SourceError::KeyTaken { .. } => Problem::new(StatusCode::CONFLICT, CallCode::KeyTaken, detail),
        SourceError::Field(field) => {
            Problem::new(StatusCode::BAD_REQUEST, CallCode::FieldUnknown, detail).with("field", field)
        }
        SourceError::Name | SourceError::Origin(_) | SourceError::Key(_) | SourceError::Value { .. } => {
            Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, detail)
        }
    }
}
