//! `/settings/{name}`: the workspace's settings.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answer;
use super::openapi::{Call, get, put};
use super::parameters::Parameters;
use super::resource;
use crate::actions::settings::{self as deeds, shown};
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::domain::codes::calls::CallCode;
use crate::domain::settings::SettingError;
use crate::http::access::{AdminToken, ReadToken};
use crate::http::problem::Problem;
use crate::store::Store;
use crate::store::workspace::SetError;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(resource("/settings/{name}", "GET, HEAD, PUT").get(show).put(set));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    vec![
        get("/settings/{name}", "A setting of the workspace")
            .answers::<SettingView>()
            .refuses(&[(404, CallCode::SettingNotFound)]),
        put("/settings/{name}", Scope::Admin, "Sets a setting of the workspace")
            .sends_a::<Body>(json!({ "value": "Europe/Berlin" }))
            .answers::<SettingView>()
            .refuses(&[(404, CallCode::SettingNotFound), (400, CallCode::ValueInvalid)]),
    ]
}

/// A setting as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Setting)]
struct SettingView {
    name: String,
    value: Value,
}

/// What `PUT` sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingValue)]
struct Body {
    value: Value,
}

/// `GET /api/v1/settings/{name}`
async fn show(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let name = path.into_inner();
    let value = shown(&store.catalog().settings, &name).ok_or_else(|| problem(&SettingError::Unknown(name.clone())))?;
    Ok(answer::ok(SettingView { name, value }, 0))
}

/// `PUT /api/v1/settings/{name}`
async fn set(
    token: AdminToken,
    path: Path<String>,
    request: HttpRequest,
    body: Json<Body>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let (name, by) = (path.into_inner(), By::Token(token.0.name));
    let (wanted, text) = (name.clone(), text_of(&body.value)?);
    let settings =
        store.write(move |tx| deeds::set(tx, &by, &wanted, &text).map(|_| tx.catalog())).await.map_err(|error| {
            match error {
                SetError::Setting(error) => problem(&error),
                SetError::Store(error) => error.into(),
            }
        })?;
    let value = shown(&settings.settings, &name).unwrap_or_default();
    Ok(answer::ok(SettingView { name, value }, 0))
}

/// A value as the text that settings and sources are set from; lists are parted by commas.
pub(super) fn text_of(value: &Value) -> Result<String, Problem> {
    let refused = |what: &str| {
        let detail = format!(
            "The value can't be {what}. Send a string, a number, true or false, or a list of strings without commas."
        );
        Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, detail)
    };
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null => Err(refused("null")),
        Value::Object(_) => Err(refused("an object")),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> =
                items.iter().map(|item| item.as_str().filter(|text| !text.contains(','))).collect();
            texts.map(|texts| texts.join(",")).ok_or_else(|| refused("this list"))
        }
    }
}

fn problem(error: &SettingError) -> Problem {
    match error {
        SettingError::Unknown(_) => Problem::new(StatusCode::NOT_FOUND, CallCode::SettingNotFound, error.to_string()),
        SettingError::Invalid { .. } => {
            Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::settings::{NAMES, Settings};

    #[test]
    fn every_setting_is_told_in_the_type_it_is_taken_in() {
        let mut settings = Settings::default();
        settings.set("workspace_name", "Acme").unwrap();
        settings.set("staff_domains", "acme.test, acme.example").unwrap();
        let mut again = Settings::default();
        for name in NAMES {
            let value = shown(&settings, name).unwrap();
            again.set(name, &text_of(&value).unwrap()).unwrap();
        }
        assert_eq!(again, settings);
        assert_eq!(shown(&settings, "one_company"), Some(json!(false)));
        assert_eq!(shown(&settings, "takeover_days"), Some(json!(30)));
        assert_eq!(shown(&settings, "staff_domains"), Some(json!(["acme.test", "acme.example"])));
        assert_eq!(shown(&settings, "colour"), None);
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for value in [json!(null), json!({}), json!([1]), json!(["a,b"])] {
            assert_eq!(text_of(&value).unwrap_err().code(), "value_invalid", "{value}");
        }
    }
}
