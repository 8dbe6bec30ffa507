//! `/webhooks`: addresses that are told what changes, and what became of each delivery.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answer::{self, List, Time};
use super::openapi::{self, Call, get, patch, post};
use super::parameters::Parameters;
use super::{read_only, resource};
use crate::actions::webhooks::{self as deeds, Wanted, WebhookError};
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::domain::codes::calls::CallCode;
use crate::domain::webhooks::{State, Webhook};
use crate::http::access::{AdminToken, ReadToken};
use crate::http::client::Site;
use crate::http::problem::Problem;
use crate::store::list::Page;
use crate::store::outbox::{self, Delivery};
use crate::store::{Store, Tx};

/// The name of the order of webhooks: the first made first.
const ORDER: &str = "created_at";
/// The name of the order of deliveries: the newest first.
const NEWEST: &str = "-made_at";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/webhooks", "GET, HEAD, POST").get(list).post(add))
        .service(resource("/webhooks/{webhook_id}", "GET, HEAD, PATCH, DELETE").get(show).patch(change).delete(remove))
        .service(resource("/webhooks/{webhook_id}/rotate", "POST").post(rotate))
        .service(resource("/webhooks/{webhook_id}/test", "POST").post(test))
        .service(read_only("/webhooks/{webhook_id}/deliveries").get(list_deliveries))
        .service(resource("/webhooks/{webhook_id}/deliveries/{delivery_id}/again", "POST").post(send_again));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    const UNKNOWN: (u16, CallCode) = (404, CallCode::WebhookNotFound);
    const NOT_ACTIVE: (u16, CallCode) = (409, CallCode::WebhookNotActive);
    const WRONG: (u16, CallCode) = (400, CallCode::ValueInvalid);
    const OF_WEBHOOK: &[&str] = &[
        "get_webhooks_webhook_id",
        "patch_webhooks_webhook_id",
        "delete_webhooks_webhook_id",
        "post_webhooks_webhook_id_rotate",
        "post_webhooks_webhook_id_test",
        "get_webhooks_webhook_id_deliveries",
    ];
    vec![
        get("/webhooks", "URLs that are notified of changes").lists::<WebhookView>(),
        post("/webhooks", Scope::Admin, "Adds a webhook; its signing secret is shown in this answer")
            .sends_a::<New>(json!({
                "url": "https://hooks.acme.example/rollcall", "types": ["user.created", "event.tracked"],
                "events": ["Subscription cancelled"], "description": "Tells the CRM",
            }))
            .answers_with::<WithSecret>(201, "Created")
            .leads_to(OF_WEBHOOK, &[("path.webhook_id", "/webhook_id")])
            .refuses(&[WRONG, (409, CallCode::TooManyWebhooks)]),
        get("/webhooks/{webhook_id}", "A webhook").answers::<WebhookView>().refuses(&[UNKNOWN]),
        patch(
            "/webhooks/{webhook_id}",
            Scope::Admin,
            "Changes a webhook; what is absent stays. paused: false resumes it",
        )
        .sends_a::<Changed>(json!({ "types": ["user.created"], "events": [], "paused": true }))
        .answers::<WebhookView>()
        .refuses(&[UNKNOWN, WRONG]),
        openapi::delete("/webhooks/{webhook_id}", Scope::Admin, "Removes a webhook and what waits to be sent to it")
            .answers::<WebhookView>()
            .refuses(&[UNKNOWN]),
        post("/webhooks/{webhook_id}/rotate", Scope::Admin, "Creates another secret; the old one also signs for a day")
            .answers::<WithSecret>()
            .refuses(&[UNKNOWN]),
        post("/webhooks/{webhook_id}/test", Scope::Admin, "Sends a delivery of the type webhook.test")
            .answers_with::<DeliveryView>(201, "It is waiting to be sent")
            .refuses(&[UNKNOWN, NOT_ACTIVE]),
        get("/webhooks/{webhook_id}/deliveries", "What was sent and what was answered, newest first")
            .takes(&["limit", "cursor"])
            .lists::<DeliveryView>()
            .refuses(&[UNKNOWN]),
        post(
            "/webhooks/{webhook_id}/deliveries/{delivery_id}/again",
            Scope::Admin,
            "Sends a delivery again, under the same id",
        )
        .answers::<DeliveryView>()
        .refuses(&[UNKNOWN, NOT_ACTIVE, (404, CallCode::DeliveryNotFound), (409, CallCode::DeliveryForgotten)]),
    ]
}

/// `GET /api/v1/webhooks`: a handful, on one page.
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let rows = store.catalog().webhooks.to_vec();
    Ok(answer::ok(List::of(Page { rows, next: None }, ORDER, WebhookView::of), 0))
}

/// `GET /api/v1/webhooks/{webhook_id}`
async fn show(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    Ok(answer::ok(WebhookView::of(known(&store, &path)?), 0))
}

fn known(store: &Store, webhook_id: &str) -> Result<Webhook, Problem> {
    let found = store.catalog().webhook(webhook_id).cloned();
    found.ok_or_else(|| problem(WebhookError::Unknown(webhook_id.to_owned())))
}

/// What `POST` sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
struct New {
    url: String,
    types: Vec<String>,
    /// Of event.tracked: events of these names alone. None means all that were tracked; page and screen have to be named.
    events: Option<Vec<String>>,
    description: Option<String>,
}

/// `POST /api/v1/webhooks`: the secret is told in this answer, and of a new one by `rotate`.
async fn add(
    token: AdminToken,
    request: HttpRequest,
    body: Json<New>,
    store: Data<Store>,
    site: Data<Site>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (by, allows_private) = (By::Token(token.0.name), site.private_webhooks);
    let New { url, types, events, description } = body.into_inner();
    let wanted = Wanted { url: Some(url), types: Some(types), events, description, paused: None };
    let webhook = store.write(move |tx| deeds::add(tx, &by, wanted, allows_private)).await.map_err(problem)?;
    Ok(answer::written(WithSecret::of(webhook), true))
}

/// What `PATCH` sends; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangedWebhook)]
struct Changed {
    url: Option<String>,
    types: Option<Vec<String>>,
    events: Option<Vec<String>>,
    description: Option<String>,
    paused: Option<bool>,
}

/// `PATCH /api/v1/webhooks/{webhook_id}`
async fn change(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    body: Json<Changed>,
    store: Data<Store>,
    site: Data<Site>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (id, by, allows_private) = (path.into_inner(), By::Token(token.0.name), site.private_webhooks);
    let Changed { url, types, events, description, paused } = body.into_inner();
    let wanted = Wanted { url, types, events, description, paused };
    let webhook = store.write(move |tx| deeds::change(tx, &by, &id, wanted, allows_private)).await.map_err(problem)?;
    Ok(answer::ok(WebhookView::of(webhook), 0))
}

/// `DELETE /api/v1/webhooks/{webhook_id}`: answers what it was.
async fn remove(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (id, by) = (path.into_inner(), By::Token(token.0.name));
    let webhook = store.write(move |tx| deeds::remove(tx, &by, &id)).await.map_err(problem)?;
    Ok(answer::ok(WebhookView::of(webhook), 0))
}

/// `POST /api/v1/webhooks/{webhook_id}/rotate`
async fn rotate(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (id, by) = (path.into_inner(), By::Token(token.0.name));
    let webhook = store.write(move |tx| deeds::rotate(tx, &by, &id)).await.map_err(problem)?;
    Ok(answer::ok(WithSecret::of(webhook), 0))
}

/// `POST /api/v1/webhooks/{webhook_id}/test`
async fn test(
    _: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let id = path.into_inner();
    let delivery = store.write(move |tx: &mut Tx<'_>| deeds::test(tx, &id)).await.map_err(problem)?;
    Ok(answer::written(DeliveryView::of(delivery), true))
}

/// `GET /api/v1/webhooks/{webhook_id}/deliveries`, newest first.
async fn list_deliveries(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor"])?;
    let (size, after) = (parameters.limit()?, parameters.cursor(NEWEST)?);
    let key = known(&store, &path)?.key;
    let page = store.read(move |db| outbox::list(db, key, after.as_ref(), size)).await?;
    Ok(answer::ok(List::of(page, NEWEST, DeliveryView::of), 0))
}

/// `POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/again`
async fn send_again(
    _: AdminToken,
    path: Path<(String, String)>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (webhook_id, delivery_id) = path.into_inner();
    let deed = move |tx: &mut Tx<'_>| deeds::send_again(tx, &webhook_id, &delivery_id);
    let delivery = store.write(deed).await.map_err(problem)?;
    Ok(answer::ok(DeliveryView::of(delivery), 0))
}

fn problem(error: WebhookError) -> Problem {
    let detail = error.to_string();
    let (status, code) = match error {
        WebhookError::Store(error) => return error.into(),
        WebhookError::Unknown(_) => (StatusCode::NOT_FOUND, CallCode::WebhookNotFound),
        WebhookError::UnknownDelivery(_) => (StatusCode::NOT_FOUND, CallCode::DeliveryNotFound),
        WebhookError::TooMany => (StatusCode::CONFLICT, CallCode::TooManyWebhooks),
        WebhookError::NotActive(_) => (StatusCode::CONFLICT, CallCode::WebhookNotActive),
        WebhookError::Forgotten => (StatusCode::CONFLICT, CallCode::DeliveryForgotten),
        WebhookError::Url(_) => return wrong(detail, "url"),
        WebhookError::NoTypes | WebhookError::Type { .. } => return wrong(detail, "types"),
        WebhookError::Events => return wrong(detail, "events"),
        WebhookError::Description => return wrong(detail, "description"),
    };
    Problem::new(status, code, detail)
}

fn wrong(detail: String, field: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, detail).with("field", field)
}

/// A webhook as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
struct WebhookView {
    webhook_id: String,
    url: String,
    description: String,
    types: Vec<&'static str>,
    events: Vec<String>,
    /// active, paused, gone (it answered 410) or failing (nothing was taken for three days).
    state: &'static str,
    paused: bool,
    failing_since: Option<Time>,
    /// What the secret ends with.
    secret_ends_with: String,
    created_at: Time,
}

impl WebhookView {
    fn of(webhook: Webhook) -> WebhookView {
        WebhookView {
            secret_ends_with: webhook.secret_end().to_owned(),
            webhook_id: webhook.webhook_id,
            url: webhook.url,
            description: webhook.description,
            types: webhook.types.iter().map(|kind| kind.as_str()).collect(),
            events: webhook.events,
            state: webhook.state.as_str(),
            paused: webhook.state != State::Active,
            failing_since: webhook.failing_since_ms.map(Time),
            created_at: Time(webhook.created_ms),
        }
    }
}

/// A webhook with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
struct WithSecret {
    #[serde(flatten)]
    webhook: WebhookView,
    /// Signs deliveries as Standard Webhooks says: whsec_ and base64.
    secret: String,
}

impl WithSecret {
    fn of(webhook: Webhook) -> WithSecret {
        WithSecret { secret: webhook.secret.clone(), webhook: WebhookView::of(webhook) }
    }
}

/// A delivery as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryView {
    /// The header webhook-id of each attempt.
    delivery_id: String,
    #[serde(rename = "type")]
    kind: String,
    made_at: Time,
    /// waiting, delivered or failed.
    state: &'static str,
    attempts: u32,
    next_attempt_at: Option<Time>,
    last_attempt_at: Option<Time>,
    took_ms: Option<i64>,
    status: Option<u16>,
    /// The first of what was answered.
    answer: Option<String>,
    /// Why nothing was answered, or what is wrong with the answer.
    problem: Option<String>,
    /// What was sent; null once an erasure was told.
    body: Option<Value>,
}

impl DeliveryView {
    fn of(delivery: Delivery) -> DeliveryView {
        let last = delivery.last.as_ref();
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        DeliveryView {
            state: delivery.state(),
            last_attempt_at: last.map(|last| Time(last.at_ms)),
            took_ms: last.map(|last| last.took_ms),
            status: last.and_then(|last| last.status),
            answer: last.and_then(|last| text(&last.answer)),
            problem: last.and_then(|last| text(&last.problem)),
            body: serde_json::from_str(&delivery.body).ok(),
            delivery_id: delivery.delivery_id,
            kind: delivery.kind,
            made_at: Time(delivery.made_ms),
            attempts: delivery.attempts,
            next_attempt_at: delivery.due_ms.map(Time),
        }
    }
}
