//! `/findings`: what was found without being asked, the latest first.

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
use crate::store::findings::{self, FindingRow};

/// The name of the order of findings.
const ORDER: &str = "-last_seen";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/findings").get(list));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![
        get("/findings", "What Rollcall noticed by itself, latest first")
            .takes(&["limit", "cursor", "count"])
            .lists::<FindingView>(),
    ]
}

/// `GET /api/v1/findings`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    answer::list(&request, &store, ORDER, findings::page, findings::count_rows, FindingView::of).await
}

/// A finding as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingView {
    code: &'static str,
    severity: &'static str,
    source: String,
    count: u64,
    since: Time,
    last_seen: Time,
    sentence: String,
    fix: &'static str,
    example: String,
}

impl FindingView {
    fn of(row: FindingRow) -> FindingView {
        FindingView {
            code: row.finding.as_str(),
            severity: row.finding.severity(),
            source: row.source,
            count: row.count,
            since: Time(row.since_ms),
            last_seen: Time(row.last_seen_ms),
            sentence: row.finding.sentence(&row.example, row.count),
            fix: row.finding.explained().fix,
            example: row.example,
        }
    }
}
