//! `/events`: the journal, newest first.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::{self, List, Time};
use super::parameters::{Parameters, invalid};
use super::read_only;
use crate::http::access::ReadToken;
use crate::http::problem::Problem;
use crate::store::Store;
use crate::store::events::{self, EventRow, Of};

/// The name of the only order of events so far: by time, the newest first.
pub(super) const ORDER: &str = "-time";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/events").get(list));
}

/// `GET /api/v1/events`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "order"])?;
    if let Some(order) = parameters.get("order").filter(|order| *order != "time") {
        let detail = format!("This version can't list events in the order {order:?}. Use time, or leave it out.");
        return Err(invalid(detail, "order"));
    }
    let (size, after) = (parameters.limit()?, parameters.cursor(ORDER)?);
    let (page, lag_ms) = store.read_folded(move |db| events::list(db, Of::All, after.as_ref(), size)).await?;
    Ok(answer::ok(List::of(page, ORDER, EventView::of), lag_ms))
}

/// An event as JSON.
#[derive(Debug, Serialize)]
pub(super) struct EventView {
    /// Text: JavaScript rounds numbers of this size.
    event_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_name: Option<String>,
    time: Time,
    received_at: Time,
    user_id: Option<String>,
    anonymous_id: Option<String>,
    company_id: Option<String>,
    properties: Map<String, Value>,
    context: Map<String, Value>,
    source: String,
}

impl EventView {
    pub fn of(event: EventRow) -> EventView {
        EventView {
            event_id: event.event_id.0.to_string(),
            name: event.name,
            kind: event.kind.as_str(),
            page_name: event.page_name,
            time: Time(event.event_id.at_ms()),
            received_at: Time(event.received_ms),
            user_id: event.user_id,
            anonymous_id: event.anonymous_id,
            company_id: event.company_id,
            properties: event.properties,
            context: event.context,
            source: event.source,
        }
    }
}
