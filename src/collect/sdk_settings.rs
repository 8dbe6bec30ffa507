//! What SDKs of browsers ask for before they send anything. Where they get no answer that they
//! understand they send nothing and say nothing, so a wrong key is a 401 with a sentence, which
//! the browser's console shows and the refusals count.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::refusals::decline;
use super::{Memory, senders};
use crate::http::client;
use crate::http::problem::Problem;
use crate::store::Store;

/// Browsers may keep the answer for a minute.
const CACHE: &str = "private, max-age=60";

/// `GET /v1/projects/{write_key}/settings`: Segment's browser SDK learns that this server is its
/// API too, so that a site only names its host.
///
/// # Errors
/// 401 `write_key_unknown`, 403 `origin_not_allowed`, `source_paused`.
pub async fn of_segment(request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let key = request.match_info().get("write_key").filter(|key| !key.is_empty()).map(str::to_owned);
    answer(&request, &store, key.as_deref(), |key| {
        let base = client::base_url(&request);
        let (protocol, host) = base.split_once("://").unwrap_or(("https", &base));
        json!({
            "integrations": {
                "Segment.io": { "apiKey": key, "apiHost": format!("{host}/v1"), "protocol": protocol }
            },
            "plan": { "track": { "__default": { "enabled": true, "integrations": {} } } },
            "edgeFunction": {},
            "middlewareSettings": {},
            "enabledMiddleware": {},
            // Else the SDK sends numbers about itself to Segment.
            "metrics": { "sampleRate": 0 },
            "legacyVideoPluginsEnabled": false,
            "remotePlugins": []
        })
    })
}

/// `GET /sourceConfig/`: RudderStack's browser SDK learns that there is nothing else to load.
///
/// # Errors
/// 401 `write_key_missing`, `write_key_unknown`, 403 `origin_not_allowed`, `source_paused`.
pub async fn of_rudderstack(request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let key = senders::basic_user(&request).or_else(|| senders::query_key(&request));
    answer(&request, &store, key.as_deref(), |key| json!({ "source": { "id": key, "config": {}, "destinations": [] } }))
}

fn answer(
    request: &HttpRequest,
    store: &Store,
    key: Option<&str>,
    settings: impl FnOnce(&str) -> Value,
) -> Result<HttpResponse, Problem> {
    let memory = Memory::of(request)?;
    let catalog = store.catalog();
    match senders::public(request, &catalog, key) {
        Ok(_) => {
            let body = settings(key.unwrap_or_default());
            Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, CACHE)).json(body))
        }
        Err(declined) => Err(decline(memory, store, declined)),
    }
}
