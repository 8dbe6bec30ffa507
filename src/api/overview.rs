//! `/overview`: the numbers of the workspace as a whole.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use super::openapi::{Call, get};
use super::parameters::Parameters;
use super::read_only;
use crate::domain::time;
use crate::http::access::ReadToken;
use crate::http::problem::Problem;
use crate::store::Store;
use crate::store::list::{COUNT_MAX, Count};
use crate::store::workspace::{self, Day, Overview};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/overview").get(show));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![get("/overview", "How many there are, who is active, and each of the last 84 days").answers::<OverviewView>()]
}

/// `GET /api/v1/overview`
async fn show(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let now_ms = store.now_ms();
    let (overview, lag_ms) = store.read_folded(move |db| workspace::overview(db, now_ms)).await?;
    Ok(answer::ok(OverviewView::of(&overview), lag_ms))
}

/// How many there are; or at least so many, where they were not counted to the end.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Number)]
struct NumberView {
    count: u64,
    is_minimum: bool,
}

impl NumberView {
    fn of(count: Count) -> NumberView {
        match count {
            Count::Exactly(count) => NumberView { count, is_minimum: false },
            Count::AtLeast(count) => NumberView { count, is_minimum: true },
            Count::Over => NumberView { count: COUNT_MAX, is_minimum: true },
        }
    }
}

/// Distinct active users of a span that ends today, and of the span before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActiveUsers)]
struct ActiveView {
    users: u64,
    before: u64,
}

/// A day of the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Day)]
struct DayView {
    day: String,
    active_users: u32,
    events: u32,
}

/// The numbers of the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Overview)]
struct OverviewView {
    users: NumberView,
    companies: NumberView,
    new_users_28d: NumberView,
    new_companies_28d: NumberView,
    active_7d: ActiveView,
    active_30d: ActiveView,
    refused_7d: u64,
    /// The oldest first, today the last.
    days: Vec<DayView>,
}

impl OverviewView {
    fn of(overview: &Overview) -> OverviewView {
        let active = |(users, before): (u64, u64)| ActiveView { users, before };
        let day =
            |day: &Day| DayView { day: time::date(day.day).to_string(), active_users: day.people, events: day.events };
        OverviewView {
            users: NumberView::of(overview.users),
            companies: NumberView::of(overview.companies),
            new_users_28d: NumberView::of(overview.new_users_28d),
            new_companies_28d: NumberView::of(overview.new_companies_28d),
            active_7d: active(overview.active_7d),
            active_30d: active(overview.active_30d),
            refused_7d: overview.refused_7d,
            days: overview.days.iter().map(day).collect(),
        }
    }
}
