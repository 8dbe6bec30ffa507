//! `/events`: the journal, newest first, or in the order of arrival for programs that follow.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answer::{self, List, Time};
use super::openapi::{Call, get};
use super::parameters::{FILTER, Parameters, invalid};
use super::read_only;
use crate::domain::codes::calls::CallCode;
use crate::domain::filter::{Filter, Listed};
use crate::domain::limits::ARRIVAL_DAYS;
use crate::http::access::ReadToken;
use crate::http::problem::Problem;
use crate::store::events::{self, EventRow, Of};
use crate::store::list::{Count, Cursor, Page};
use crate::store::{Reader, Store, StoreError};

/// The usual order of events: by time, the newest first.
pub(super) const ORDER: &str = "-time";
/// The order in which they came, the oldest first.
const BY_ARRIVAL: &str = "arrival";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/events").get(list));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![
        get("/events", "Events, newest first, or in the order they arrived")
            .takes(&["limit", "cursor"])
            .takes_word("order", &["time", "arrival"], "time (the default) or arrival, for programs that follow along; arrival is kept for 7 days, and what came before is read by time")
            .takes(&["count", "f", "match"])
            .lists::<EventView>()
            .refuses(&[(400, CallCode::FilterInvalid), (410, CallCode::CursorExpired)]),
    ]
}

/// `GET /api/v1/events`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "order", "count", FILTER])?;
    match parameters.get("order") {
        None | Some("time") => {}
        Some(BY_ARRIVAL) => return follow(&parameters, &store).await,
        Some(order) => {
            let detail = format!("Events can't be listed in the order {order:?}. Use time or arrival.");
            return Err(invalid(detail, "order"));
        }
    }
    let wanted = Wanted::of(&parameters, &store)?;
    let (found, lag_ms) = store.read_folded(move |db| wanted.read(db, Of::All)).await?;
    Ok(answer::ok(shown(found), lag_ms))
}

/// Events in the order of arrival. There is always a next cursor: it is where the next events will come.
async fn follow(parameters: &Parameters, store: &Store) -> Result<HttpResponse, Problem> {
    let size = parameters.limit()?;
    let after = parameters.cursor(BY_ARRIVAL)?.map(|cursor| cursor.key);
    let (filter, now_ms) = (parameters.filter(&store.catalog().fields(Listed::Events))?, store.now_ms());
    let wants_count = parameters.wants_count()?;
    let read = move |db: &Reader<'_>| {
        let filter = filter.as_ref();
        let total = wants_count.then(|| count(db, Of::All, filter, now_ms)).transpose()?;
        let mut page = events::list_by_arrival(db, after, size)?;
        if let (Some(page), Some(filter)) = (&mut page, filter) {
            events::matching::retain(db, &mut page.rows, filter, now_ms)?;
        }
        Ok((page, total))
    };
    let (page, total) = store.read(read).await?;
    let page = page.ok_or_else(|| {
        let detail = format!(
            "What follows this cursor is no longer kept: the order of arrival is kept for {ARRIVAL_DAYS} days. Read what \
             you missed by order=time, and start again without a cursor."
        );
        Problem::new(StatusCode::GONE, CallCode::CursorExpired, detail)
    })?;
    Ok(answer::ok(List::of(page, BY_ARRIVAL, EventView::of).counted(total), 0))
}

/// What of a list of events is wanted.
pub(super) struct Wanted {
    filter: Option<Filter>,
    after: Option<Cursor>,
    size: usize,
    wants_count: bool,
    now_ms: i64,
}

impl Wanted {
    /// What the parameters `limit`, `cursor`, `count` and those of filters say.
    pub fn of(parameters: &Parameters, store: &Store) -> Result<Wanted, Problem> {
        Ok(Wanted {
            filter: parameters.filter(&store.catalog().fields(Listed::Events))?,
            after: parameters.cursor(ORDER)?,
            size: parameters.limit()?,
            wants_count: parameters.wants_count()?,
            now_ms: store.now_ms(),
        })
    }

    /// A page of somebody's events, and their number where it is wanted.
    pub fn read(&self, db: &Reader<'_>, of: Of) -> Result<(Page<EventRow>, Option<Count>), StoreError> {
        let (filter, after) = (self.filter.as_ref(), self.after.as_ref());
        let total = self.wants_count.then(|| count(db, of, filter, self.now_ms)).transpose()?;
        let page = match filter {
            Some(filter) => events::matching::list(db, of, filter, after, self.size, self.now_ms)?,
            None => events::list(db, of, after, self.size)?,
        };
        Ok((page, total))
    }
}

fn count(db: &Reader<'_>, of: Of, filter: Option<&Filter>, now_ms: i64) -> Result<Count, StoreError> {
    match filter {
        Some(filter) => events::matching::count(db, of, filter, now_ms),
        None => events::count(db, of),
    }
}

/// What [`Wanted::read`] found, as JSON.
pub(super) fn shown((page, total): (Page<EventRow>, Option<Count>)) -> List<EventView> {
    List::of(page, ORDER, EventView::of).counted(total)
}

/// An event as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventView {
    /// Text: JavaScript rounds numbers of this size.
    event_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
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
