//! `/export/{kind}`: all rows of a kind as one file, `/export/all` as a zip of all kinds.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::openapi::{Call, get};
use super::parameters::{FILTER, Parameters, invalid};
use super::read_only;
use crate::actions::export::{self, Package, View, Wanted};
use crate::domain::change::By;
use crate::domain::codes::calls::CallCode;
use crate::domain::table::{Format, Kind};
use crate::http::access::ReadToken;
use crate::http::problem::Problem;
use crate::store::Store;
use crate::store::companies::Shelf;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/export/{kind}").get(all));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    let file = |path, summary| {
        get(path, summary)
            .takes_word("format", &["csv", "ndjson"], "csv (the default) or ndjson")
            .answers_in("text/csv", "The file")
            .answers_in("application/x-ndjson", "The file")
            .refuses(&[(400, CallCode::FilterUnsupported)])
    };
    let filtered =
        |path, summary| file(path, summary).takes(&["q", "f", "match"]).refuses(&[(400, CallCode::FilterInvalid)]);
    let list = |path, summary| filtered(path, summary).takes(&["columns", "sort"]);
    vec![
        list("/export/users", "Users as one file, with the filter, the columns and the order of the list"),
        list("/export/companies", "Companies as one file, with the filter, the columns and the order of the list")
            .takes_word(
                "archived",
                &["1", "0"],
                "1: archived ones only, 0: the others only, left out: both, unless something narrows them",
            ),
        filtered("/export/memberships", "Memberships as one file, with a filter over them"),
        file("/export/events", "Events as one file, newest first, with a filter over them")
            .takes(&["f", "match"])
            .refuses(&[(400, CallCode::FilterInvalid)]),
        file("/export/visitors", "Visitors, with the user each is linked to, as one file"),
        file("/export/notes", "Notes as one file"),
        file("/export/setup", "The set-up of the workspace as one file: settings, segments, names decided in the tray"),
        file("/export/attributes", "Attribute definitions as one file"),
        get("/export/all", "All of these as a zip")
            .takes_word("format", &["csv", "ndjson"], "csv (the default) or ndjson")
            .answers_in("application/zip", "The file"),
    ]
}

/// `GET /api/v1/export/{kind}`: `format=csv|ndjson`, and the filter, columns and order of the list.
async fn all(
    ReadToken(token): ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let catalog = store.catalog();
    let kind = Kind::parse(&path);
    let fields = kind.and_then(|kind| export::fields(&catalog, kind));
    let known: &[&str] = match kind {
        Some(Kind::Users) => &["format", "q", FILTER, "columns", "sort"],
        Some(Kind::Companies) => &["format", "q", FILTER, "columns", "sort", "archived"],
        Some(Kind::Memberships) => &["format", "q", FILTER],
        Some(Kind::Events) => &["format", FILTER],
        _ => &["format"],
    };
    let parameters = Parameters::of(&request, known)?;
    let format = match parameters.get("format") {
        None => Format::default(),
        Some(word) => Format::parse(word)
            .ok_or_else(|| invalid(format!("format can't be {word:?}. Use csv or ndjson."), "format"))?,
    };
    let package = match kind {
        Some(kind) => {
            let filter = fields.as_ref().map(|fields| parameters.filter(fields)).transpose()?.flatten();
            let search = parameters.get("q").map(str::to_owned);
            let view = match &fields {
                Some(fields) => View::read(kind, parameters.get("columns"), parameters.get("sort"), fields)
                    .map_err(|error| invalid(error.sentence, error.parameter))?,
                None => None,
            };
            let shelf = match parameters.get("archived") {
                None => None,
                Some("0") => Some(Shelf::InUse),
                Some("1") => Some(Shelf::Archived),
                Some(text) => return Err(invalid(format!("archived can't be {text:?}. Use 1 or 0."), "archived")),
            };
            Package::one(&catalog, Wanted { kind, format, filter, search, view, rows: None, shelf })
        }
        None if path.as_str() == "all" => Package::all(&catalog, format),
        None => {
            let detail = "There is no such export. Use users, companies, memberships, events, visitors, notes, attributes, setup, or all for a zip of them.";
            return Err(Problem::new(StatusCode::NOT_FOUND, CallCode::ExportUnknown, detail));
        }
    };
    // What was just sent is there.
    store.read_folded(|_| Ok(())).await?;
    Ok(crate::http::export::answer(&store, By::Token(token.name), package).await)
}
