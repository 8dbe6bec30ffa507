//! `/findings`: what was found without being asked, the latest first.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::answer::{self, List, Time};
use super::parameters::Parameters;
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

/// `GET /api/v1/findings`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "count"])?;
    let (size, after) = (parameters.limit()?, parameters.cursor(ORDER)?);
    let wants_count = parameters.wants_count()?;
    let (page, total) = store
        .read(move |db| {
            let total = wants_count.then(|| findings::count_rows(db)).transpose()?;
            Ok((findings::page(db, after.as_ref(), size)?, total))
        })
        .await?;
    Ok(answer::ok(List::of(page, ORDER, FindingView::of).counted(total), 0))
}

/// A finding as JSON.
#[derive(Debug, Serialize)]
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
            fix: row.finding.fix(),
            example: row.example,
        }
    }
}
