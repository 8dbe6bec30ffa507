//! `/refusals`: what was refused, counted, the latest first.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::answer::{self, List, Time};
use super::parameters::Parameters;
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

/// `GET /api/v1/refusals`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "count"])?;
    let (size, after) = (parameters.limit()?, parameters.cursor(ORDER)?);
    let wants_count = parameters.wants_count()?;
    let (page, total) = store
        .read(move |db| {
            let total = wants_count.then(|| refusals::count_rows(db)).transpose()?;
            Ok((refusals::page(db, after.as_ref(), size)?, total))
        })
        .await?;
    Ok(answer::ok(List::of(page, ORDER, RefusalView::of).counted(total), 0))
}

/// A refusal as JSON.
#[derive(Debug, Serialize)]
struct RefusalView {
    code: String,
    source: Option<String>,
    count: u64,
    first_seen: Time,
    last_seen: Time,
    example: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
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
