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
use crate::store::events::{self, EventRow, Of};
use crate::store::list::{Count, Cursor, Page};
use crate::store::{Reader, Store, StoreError};

/// The name of the only order of events so far: by time, the newest first.
pub(super) const ORDER: &str = "-time";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/events").get(list));
}

/// `GET /api/v1/events`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "order", "count"])?;
    if let Some(order) = parameters.get("order").filter(|order| *order != "time") {
        let detail = format!("This version can't list events in the order {order:?}. Use time, or leave it out.");
        return Err(invalid(detail, "order"));
    }
    let (size, after) = (parameters.limit()?, parameters.cursor(ORDER)?);
    let wants_count = parameters.wants_count()?;
    let (found, lag_ms) = store.read_folded(move |db| read(db, Of::All, after.as_ref(), size, wants_count)).await?;
    Ok(answer::ok(shown(found), lag_ms))
}

/// A page of somebody's events, and their number where it is wanted.
pub(super) fn read(
    db: &Reader<'_>,
    of: Of,
    after: Option<&Cursor>,
    size: usize,
    wants_count: bool,
) -> Result<(Page<EventRow>, Option<Count>), StoreError> {
    let total = wants_count.then(|| events::count(db, of)).transpose()?;
    Ok((events::list(db, of, after, size)?, total))
}

/// What [`read`] found, as JSON.
pub(super) fn shown((page, total): (Page<EventRow>, Option<Count>)) -> List<EventView> {
    List::of(page, ORDER, EventView::of).counted(total)
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
