//! `/refusals`: what was refused, counted, the latest first.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{self, Time};
use super::openapi::{Call, get};
use super::read_only;
use crate::http::access::ReadToken;
use crate::http::problem::Problem;
use crate::store::Store;
use crate::store::refusals::{self, RefusalRow};

/// The name of the order of refusals.
const ORDER: &str = "-last_seen";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/refusals").get(list));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![
        get("/refusals", "What was refused, counted, latest first")
            .takes(&["limit", "cursor", "count"])
            .lists::<RefusalView>(),
    ]
}

/// `GET /api/v1/refusals`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    answer::list(&request, &store, ORDER, refusals::page, refusals::count_rows, RefusalView::of).await
}

/// A refusal as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refusal)]
struct RefusalView {
    code: String,
    source: Option<String>,
    count: u64,
    first_seen: Time,
    last_seen: Time,
    example: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attribute: Option<String>,
}

impl RefusalView {
    fn of(refusal: RefusalRow) -> RefusalView {
        RefusalView {
            code: refusal.code,
            source: refusal.source,
            count: refusal.count,
            first_seen: Time(refusal.first_seen_ms),
            last_seen: Time(refusal.last_seen_ms),
            example: refusal.example,
            attribute: refusal.attribute,
        }
    }
}
