//! `/visitors`: browsers, linked to a user or not.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::{self, FirstPageView, List, Time};
use super::parameters::{Parameters, Sorts};
use super::read_only;
use crate::http::access::ReadToken;
use crate::http::problem::Problem;
use crate::store::Store;
use crate::store::visitors::{self, SortBy, VisitorRow};

const SORTS: &Sorts<SortBy> = &[("last_seen", SortBy::LastSeen)];

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/visitors").get(list));
}

/// `GET /api/v1/visitors`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "sort", "q", "count"])?;
    let (query, order) = parameters.list(SORTS, "-last_seen")?;
    let wants_count = parameters.wants_count()?;
    let ((page, total), lag_ms) = store
        .read_folded(move |db| {
            let total = wants_count.then(|| visitors::count(db, query.search.as_deref())).transpose()?;
            Ok((visitors::list(db, &query)?, total))
        })
        .await?;
    Ok(answer::ok(List::of(page, &order, VisitorView::of).counted(total), lag_ms))
}

/// A visitor as JSON.
#[derive(Debug, Serialize)]
struct VisitorView {
    anonymous_id: String,
    user_id: Option<String>,
    first_seen: Time,
    last_seen: Option<Time>,
    attributes: Map<String, Value>,
    first_page: Option<FirstPageView>,
}

impl VisitorView {
    fn of(visitor: VisitorRow) -> VisitorView {
        VisitorView {
            anonymous_id: visitor.anonymous_id,
            user_id: visitor.user_id,
            first_seen: Time(visitor.first_seen_ms),
            last_seen: visitor.last_seen_ms.map(Time),
            attributes: visitor.attributes,
            first_page: visitor.first_page.map(FirstPageView::of),
        }
    }
}
