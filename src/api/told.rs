//! What webhooks are told, as the API answers it: one shape of a user, a company, a membership, an event.

use serde::Serialize;
use serde_json::Value;

use super::companies::CompanyView;
use super::events::EventView;
use super::users::{MembershipView, UserView};
use crate::store::companies::CompanyRecord;
use crate::store::events::EventRow;
use crate::store::users::{UserMembership, UserRecord};

/// A user, as `GET /api/v1/users/{id}` answers now (Unix milliseconds).
pub fn user(user: UserRecord, now_ms: i64) -> Value {
    json(UserView::of(user, now_ms))
}

/// A company, as `GET /api/v1/companies/{company_id}` answers now (Unix milliseconds).
pub fn company(company: CompanyRecord, now_ms: i64) -> Value {
    json(CompanyView::of(company, now_ms))
}

/// A membership, as it stands among the companies of a user.
pub fn membership(membership: UserMembership) -> Value {
    json(MembershipView::of(membership))
}

/// An event, as `GET /api/v1/events` answers.
pub fn event(event: EventRow) -> Value {
    json(EventView::of(event))
}

fn json(view: impl Serialize) -> Value {
    serde_json::to_value(view).expect("views are JSON")
}
