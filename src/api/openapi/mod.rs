//! `/openapi.json`: every call of the API as OpenAPI 3.1, made of what each noun says of its own calls.

mod call;
mod parameters;

pub(super) use call::{Call, delete, get, patch, post, put};

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Paths};

use super::read_only;
use crate::http::problem::Problem;

/// The name of the way to say who asks.
const TOKEN: &str = "token";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/openapi.json").get(show));
}

/// `GET /api/v1/openapi.json`; it takes no token, as it says nothing of the workspace.
async fn show(document: web::Data<OpenApi>) -> Result<HttpResponse, Problem> {
    let text = document.to_json().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}

/// The calls of this file itself.
pub(super) fn calls() -> Vec<Call> {
    vec![get("/openapi.json", "This description").open().answers_in("application/json", "OpenAPI 3.1")]
}

/// Why a call was refused (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct ProblemView {
    /// Where more is said of the code.
    r#type: String,
    title: String,
    status: u16,
    /// Does not change from release to release; programs go by it.
    code: String,
    /// A sentence for a person, with what to do.
    detail: String,
}

/// The document of these calls, in their order.
pub(super) fn document(calls: Vec<Call>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Rollcall")
        .version("1")
        .description(Some(
            "Who uses your product, and which company does each of them belong to. Times are RFC 3339 in UTC. A GET is \
             also accepted as HEAD. A call that writes is done once if it carries the header Idempotency-Key, 1 to 255 visible characters: \
             sent again within a day, it is answered as before; another request with the same key is refused (422), and one \
             whose answer is kept no longer is told so (409). Only where the server itself was killed between a deed and its answer is the key free again, \
             ten minutes later. A member that may be null is always present.",
        ))
        .build();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("Created under Settings, Tokens, or with: rollcall token add NAME --scope read|write|admin"))
        .build();
    let mut schemas = vec![(ProblemView::name().into_owned(), <ProblemView as utoipa::PartialSchema>::schema())];
    let mut paths = Paths::new();
    for call in calls {
        call.collect_schemas(&mut schemas);
        paths.add_path_operation(call.address(), vec![call.method()], call.operation());
    }
    let components =
        ComponentsBuilder::new().schemas_from_iter(schemas).security_scheme(TOKEN, SecurityScheme::Http(token)).build();
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}
