//! `/visitors`: browsers, linked to a user or not.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answer::{self, FirstPageView, List, Time};
use super::columns::Columns;
use super::openapi::{Call, get};
use super::parameters::{FILTER, Parameters, Sorts};
use super::read_only;
use crate::domain::codes::calls::CallCode;
use crate::domain::filter::Listed;
use crate::http::access::ReadToken;
use crate::http::problem::Problem;
use crate::store::Store;
use crate::store::list::{Extent, ListQuery};
use crate::store::visitors::{self, SortBy, VisitorRow};

/// What else than its ids a visitor's row says, to choose from.
const MEMBERS: &[&str] = &["first_seen", "last_seen", "attributes", "first_page"];

const SORTS: &Sorts<SortBy> = &[("last_seen", SortBy::LastSeen)];

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/visitors").get(list));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![
        get("/visitors", "Browsers, linked to a user or not")
            .takes(&["limit", "cursor", "sort", "q", "count", "columns", "f", "match"])
            .lists::<VisitorView>()
            .refuses(&[(400, CallCode::FilterInvalid)]),
    ]
}

/// `GET /api/v1/visitors`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "sort", "q", "count", "columns", FILTER])?;
    let fields = store.catalog().fields(Listed::Visitors);
    let (query, order) = parameters.list(SORTS, "-last_seen")?;
    let query = ListQuery { filter: parameters.filter(&fields)?, ..query };
    let columns = Columns::of(&parameters, &["anonymous_id", "user_id"], MEMBERS, &fields)?;
    let (wants_count, now_ms) = (parameters.wants_count()?, store.now_ms());
    let ((page, total), lag_ms) = store
        .read_folded(move |db| {
            let (search, filter) = (query.search.as_deref(), query.filter.as_ref());
            let total =
                wants_count.then(|| visitors::count_matching(db, search, filter, Extent::ToMax, now_ms)).transpose()?;
            Ok((visitors::list(db, &query, now_ms)?, total))
        })
        .await?;
    let view = |visitor| Columns::cut(columns.as_ref(), VisitorView::of(visitor), None);
    Ok(answer::ok(List::of(page, &order, view).counted(total), lag_ms))
}

/// A visitor as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Visitor)]
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
