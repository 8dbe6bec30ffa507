//! `/refusals/tray`: values that wait, and what is decided of them (A2, A8).

use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answer::{self, List, Time};
use super::attributes::{PreviewView, WorkView, named, problem};
use super::openapi::{self, Call, get, post};
use super::parameters::{Parameters, invalid};
use super::{read_only, resource};
use crate::actions::attributes::{Hand, preview};
use crate::actions::tray::{self as deeds, Decision};
use crate::domain::access::Scope;
use crate::domain::attributes::{Owner, Type};
use crate::domain::codes::calls::CallCode;
use crate::domain::error::Code;
use crate::http::access::{AdminToken, ReadToken};
use crate::http::problem::Problem;
use crate::store::attributes::{self, DecidedName};
use crate::store::list::{Cursor, Page};
use crate::store::tray::{self, TrayName};
use crate::store::{Catalog, Store, Tx};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(read_only("/refusals/tray").get(list))
        .service(read_only("/refusals/names").get(list_decided))
        .service(resource("/refusals/tray/{owner}/{name:.*}", "POST").post(decide))
        .service(resource("/refusals/names/{owner}/{name:.*}", "DELETE").delete(forget));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    let decided = json!({ "owner": "user", "name": "plan", "means": null, "decided_at": "2026-03-01T09:30:00.000Z" });
    vec![
        get("/refusals/tray", "Values that wait for a decision, by name")
            .takes(&["limit", "cursor"])
            .lists::<TrayView>()
            .leads_to(
                &["post_refusals_tray_owner_name"],
                &[("path.owner", "/data/0/owner"), ("path.name", "/data/0/name")],
            ),
        get("/refusals/names", "Names that were decided by hand").answers_like(
            200,
            "Done",
            json!({ "data": [decided], "next_cursor": null }),
        ),
        post(
            "/refusals/tray/{owner}/{name}",
            Scope::Admin,
            "Decides: accept with a type, map to a name, ignore, apply or discard. With dry_run=1 the preview",
        )
        .takes(&["name", "dry_run"])
        .sends_a::<Body>(json!({ "decision": "accept", "type": "string" }))
        .answers_like(200, "Done", json!({ "work": null }))
        .refuses(&[(404, CallCode::AttributeNotFound), (404, CallCode::NothingWaits), (409, CallCode::AttributeExists)])
        .refuses(&[(409, Code::TooManyAttributes)]),
        openapi::delete("/refusals/names/{owner}/{name}", Scope::Admin, "Undoes what was decided about a name")
            .takes(&["name"])
            .answers_nothing()
            .refuses(&[(404, CallCode::AttributeNotFound)]),
    ]
}

/// The name of the order of the tray: by kind and name.
const ORDER: &str = "name";

/// `GET /api/v1/refusals/tray`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor"])?;
    let (size, after) = (parameters.limit()?, parameters.cursor(ORDER)?);
    let (names, more) = store
        .read(move |db| {
            let after =
                after.as_ref().map(|after| (Owner::from_number(after.key), after.value.as_str().unwrap_or_default()));
            tray::names(db, after, size)
        })
        .await?;
    let next =
        names.last().filter(|_| more).map(|last| Cursor { value: last.name.as_str().into(), key: last.owner as i64 });
    let catalog = store.catalog();
    Ok(answer::ok(List::of(Page { rows: names, next }, ORDER, |name| TrayView::of(name, &catalog)), 0))
}

/// `GET /api/v1/refusals/names`: names that were decided by hand.
async fn list_decided(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let rows = store.read(attributes::decided_names).await?;
    let view = |name: DecidedName| json!({ "owner": name.owner.as_str(), "name": name.name, "means": name.means, "decided_at": Time(name.at_ms) });
    Ok(answer::ok(List::of(Page { rows, next: None }, ORDER, view), 0))
}

/// What `POST` sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NameDecision)]
struct Body {
    #[schema(pattern = "^(accept|map|ignore|apply|discard)$")]
    decision: String,
    #[serde(rename = "type")]
    #[schema(pattern = "^(string|number|boolean|date|datetime|list|object)$")]
    kind: Option<String>,
    to: Option<String>,
}

impl Body {
    fn decision(self) -> Result<Decision, Problem> {
        match self.decision.as_str() {
            "accept" => {
                let kind = self.kind.as_deref().and_then(Type::parse);
                let hint = "accept needs a type: string, number, boolean, date, datetime, list or object.";
                kind.map(Decision::Accept).ok_or_else(|| invalid(hint.to_owned(), "type"))
            }
            "map" => {
                let hint = "map needs to: the name of an attribute.";
                self.to.map(Decision::Map).ok_or_else(|| invalid(hint.to_owned(), "to"))
            }
            "ignore" => Ok(Decision::Ignore),
            "apply" => Ok(Decision::Apply),
            "discard" => Ok(Decision::Discard),
            other => {
                let hint = "Use accept, map, ignore, apply or discard.";
                Err(invalid(format!("{other:?} is not a decision. {hint}"), "decision"))
            }
        }
    }
}

/// `POST /api/v1/refusals/tray/{owner}/{name}`; with `dry_run=1` what would be applied.
async fn decide(
    token: AdminToken,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Json<Body>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["name", "dry_run"])?;
    let ((owner, name), decision) = (named(&path, &parameters)?, body.into_inner().decision()?);
    let hand = Hand::token(&token.0.name);
    let (wanted, decided) = (name.clone(), decision.clone());
    let deed = move |tx: &mut Tx<'_>| deeds::decide(tx, &hand, owner, &wanted, &decided);
    if !parameters.is_dry_run()? {
        let work = store.write(deed).await.map_err(problem)?;
        return Ok(answer::ok(json!({ "work": work.map(WorkView::of) }), 0));
    }
    store.rehearse(deed).await.map_err(problem)?;
    let catalog = store.catalog();
    let to = match decision {
        Decision::Accept(kind) => Some((name.clone(), kind)),
        Decision::Map(to) => catalog.definition(owner, &to).map(|known| (to, known.kind)),
        Decision::Apply => catalog.definition(owner, &name).map(|known| (name.clone(), known.kind)),
        Decision::Ignore | Decision::Discard => None,
    };
    let Some((to, kind)) = to else { return Ok(answer::ok(json!({ "waiting_fit": 0 }), 0)) };
    let found = store.read(move |db| preview(db, owner, &to, Some((kind, kind)), Some(&name))).await?;
    Ok(answer::ok(PreviewView::of(found), 0))
}

/// `DELETE /api/v1/refusals/names/{owner}/{name}`: what was decided of a name is taken back.
async fn forget(
    token: AdminToken,
    path: Path<(String, String)>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let (owner, name) = named(&path, &Parameters::of(&request, &["name"])?)?;
    let hand = Hand::token(&token.0.name);
    store.write(move |tx| deeds::forget(tx, &hand, owner, &name)).await.map_err(problem)?;
    Ok(HttpResponse::NoContent().finish())
}

/// What waits under a name, as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitingName)]
struct TrayView {
    owner: &'static str,
    name: String,
    code: String,
    defined_as: Option<&'static str>,
    ignored: bool,
    count: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    count_is_minimum: bool,
    samples: Vec<Value>,
    sources: Vec<String>,
    last_seen: Time,
}

impl TrayView {
    fn of(name: TrayName, catalog: &Catalog) -> TrayView {
        TrayView {
            defined_as: catalog.definition(name.owner, &name.name).map(|known| known.kind.as_str()),
            ignored: catalog.decided(name.owner, &name.name) == Some(None),
            owner: name.owner.as_str(),
            name: name.name,
            code: name.code,
            count: name.count,
            count_is_minimum: name.more,
            samples: name.samples,
            sources: name.sources,
            last_seen: Time(name.last_ms),
        }
    }
}
