//! `/suggested-domains`: e-mail domains that wait for a decision (C9).

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::answer::{self, List, Time};
use super::openapi::{Call, get, post};
use super::parameters::{Parameters, invalid};
use super::{read_only, resource};
use crate::actions::email_domains::{self as deeds, DomainError};
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::domain::codes::calls::CallCode;
use crate::http::access::{AdminToken, ReadToken};
use crate::http::problem::Problem;
use crate::store::Store;
use crate::store::email_domains::{self, Suggestion};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(read_only("/suggested-domains").get(list))
        .service(resource("/suggested-domains/{domain}", "POST").post(decide));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![
        get("/suggested-domains", "E-mail domains that wait for a decision, those with the most people first")
            .takes(&["limit", "cursor"])
            .lists::<SuggestionView>(),
        post("/suggested-domains/{domain}", Scope::Admin, "accept gives the domain to a company, ignore is permanent")
            .sends_a::<Body>(json!({ "decision": "accept", "company_id": "acme" }))
            .answers_like(200, "Done", json!({ "domain": "acme.example", "company_id": "acme", "new_members": 3 }))
            .refuses(&[(400, CallCode::ValueInvalid)]),
    ]
}

/// The name of the order: those with the most people first.
const ORDER: &str = "-people";

/// `GET /api/v1/suggested-domains`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor"])?;
    let (size, after, now_ms) = (parameters.limit()?, parameters.cursor(ORDER)?, store.now_ms());
    let page = store.read(move |db| email_domains::suggested(db, after.as_ref(), size, now_ms)).await?;
    Ok(answer::ok(List::of(page, ORDER, SuggestionView::of), 0))
}

/// What `POST` sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DomainDecision)]
struct Body {
    #[schema(pattern = "^(accept|ignore)$")]
    decision: String,
    company_id: Option<String>,
}

/// `POST /api/v1/suggested-domains/{domain}`: `accept` gives it to a company, which is made of the domain
/// where no id is sent or the id is new; `ignore` is for ever.
async fn decide(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    body: Json<Body>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (domain, by, body) = (path.into_inner(), By::Token(token.0.name), body.into_inner());
    match body.decision.as_str() {
        "accept" => {
            let company_id = body.company_id.unwrap_or_default();
            let (company_id, people) =
                deeds::accept_all(&store, by, domain.clone(), company_id).await.map_err(problem)?;
            Ok(answer::ok(json!({ "domain": domain, "company_id": company_id, "new_members": people }), 0))
        }
        "ignore" => {
            let wanted = domain.clone();
            store.write(move |tx| deeds::ignore(tx, &by, &wanted)).await.map_err(problem)?;
            Ok(answer::ok(json!({ "domain": domain, "ignored": true }), 0))
        }
        other => Err(invalid(format!("{other:?} is not a decision. Use accept or ignore."), "decision")),
    }
}

fn problem(error: DomainError) -> Problem {
    match error {
        DomainError::Store(error) => error.into(),
        error => Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, error.to_string()),
    }
}

/// A domain that waits, as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SuggestedDomain)]
struct SuggestionView {
    domain: String,
    people: u64,
    since: Time,
    examples: Vec<Example>,
    stated_by: Vec<String>,
}

/// Somebody with an address of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonOfDomain)]
struct Example {
    id: String,
    user_id: Option<String>,
    email: Option<String>,
    name: Option<String>,
}

impl SuggestionView {
    fn of(suggestion: Suggestion) -> SuggestionView {
        let example = |user: crate::store::users::UserRow| Example {
            id: user.id,
            user_id: user.user_id,
            email: user.email,
            name: user.name,
        };
        SuggestionView {
            domain: suggestion.domain,
            people: suggestion.people,
            since: Time(suggestion.since_ms),
            examples: suggestion.examples.into_iter().map(example).collect(),
            stated_by: suggestion.companies.into_iter().map(|(id, _)| id).collect(),
        }
    }
}
