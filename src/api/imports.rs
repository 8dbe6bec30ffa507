//! `/imports`: files that become users, companies, memberships and events.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::answer::{self, Time};
use super::openapi::{self, Call, get, post};
use super::parameters::{Parameters, invalid};
use super::{read_only, resource};
use crate::actions::import::{self as deeds, ImportError, SetUp, file, package};
use crate::domain::access::Scope;
use crate::domain::codes::calls::CallCode;
use crate::domain::ids::ImportKey;
use crate::domain::import::{Counts, Mapping, Policy, Report, Said, TakenBack, Unreadable, WithoutId};
use crate::domain::table::Kind;
use crate::http::access::{ReadToken, WriteToken};
use crate::http::problem::Problem;
use crate::http::upload::{self, UploadError, Uploaded};
use crate::store::imports::{self, Import};
use crate::store::{Store, StoreError, Tx};

/// The name of the order of imports: the newest first.
const ORDER: &str = "-created_at";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/imports", "GET, HEAD, POST").get(list).post(add))
        .service(resource("/imports/{id}", "GET, HEAD, DELETE").get(show).delete(discard))
        .service(read_only("/imports/{id}/refused").get(refused))
        .service(resource("/imports/{id}/run", "POST").post(run))
        .service(resource("/imports/{id}/cancel", "POST").post(cancel))
        .service(resource("/imports/{id}/undo", "POST").post(undo));
}

/// What is done with an import that was just named.
const OF_IMPORT: &[&str] = &[
    "get_imports_id",
    "delete_imports_id",
    "get_imports_id_refused",
    "post_imports_id_run",
    "post_imports_id_cancel",
    "post_imports_id_undo",
];

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    const UNKNOWN: (u16, CallCode) = (404, CallCode::ImportNotFound);
    let deed = |path, summary| {
        post(path, Scope::Write, summary)
            .answers_with::<ImportView>(202, "Begun")
            .refuses(&[UNKNOWN, (409, CallCode::ImportState)])
    };
    vec![
        get("/imports", "Imports, newest first").takes(&["limit", "cursor", "count"]).lists::<ImportView>().leads_to(OF_IMPORT, &[("path.id", "/data/0/import_id")]),
        post(
            "/imports",
            Scope::Write,
            "Imports a file (CSV, TSV, XLSX): the body itself, or a form's file; a zip of an export as all its files. With dry_run=1 it is only checked, and waits for run",
        )
        .takes_word(
            "kind",
            &Kind::WORDS,
            "users (the default), companies, memberships, events, visitors, notes; attributes or setup with a token of the scope admin",
        )
        .takes_own("mapping", "A JSON object: which column goes where, such as {\"Seats\": \"company.seats:number\"}")
        .takes_own("file_name", "The file's name")
        .takes_own("sheet", "The sheet of a workbook; by default the first one with rows")
        .takes_own("encoding", "The encoding, such as utf-8, windows-1250 or iso-8859-15; detected if left out, as all of these are")
        .takes_word("delimiter", &["comma", "semicolon", "tab", "bar"], "What separates cells")
        .takes_word("header", &["true", "false"], "Whether the first row holds headings")
        .takes_word("dates", &["dmy", "mdy"], "dmy or mdy, for dates that could be either")
        .takes_word("decimal_comma", &["true", "false"], "Whether 1,5 is one and a half")
        .takes(&["dry_run"])
        .takes_word("existing", Policy::PARTS[0].1, "What happens to rows that are already known")
        .takes_word("empty", Policy::PARTS[1].1, "What an empty cell means")
        .takes_word("unknown_companies", Policy::PARTS[2].1, "What happens to companies that are not known")
        .takes_word("memberships", Policy::PARTS[3].1, "What happens to the companies a user is already in")
        .sends_file("text/csv", "user_id,name,email\nann,Ann Lee,ann@acme.example\n")
        .answers_like(202, "Taken", json!({ "import_id": 1, "import_ids": [1] }))
        .leads_to(OF_IMPORT, &[("path.id", "/import_id")])
        .refuses(&[
            (400, CallCode::FileMissing),
            (413, CallCode::FileTooLarge),
            (422, CallCode::ImportInvalid),
            (422, CallCode::FileUnreadable),
        ]),
        get("/imports/{id}", "The state of an import").answers::<ImportView>().refuses(&[UNKNOWN]),
        openapi::delete("/imports/{id}", Scope::Write, "Discards an import that was checked but not run")
            .answers_nothing()
            .refuses(&[UNKNOWN, (409, CallCode::ImportState)]),
        get("/imports/{id}/refused", "The refused rows, with the reasons")
            .answers_in("text/csv", "The rows")
            .refuses(&[UNKNOWN]),
        deed("/imports/{id}/run", "Runs what was checked"),
        deed("/imports/{id}/cancel", "Stops an import before its end"),
        deed("/imports/{id}/undo", "Undoes an import").refuses(&[(409, CallCode::EventsStay)]),
    ]
}

fn problem(error: ImportError) -> Problem {
    let (status, code) = match &error {
        ImportError::Unknown => (StatusCode::NOT_FOUND, CallCode::ImportNotFound),
        ImportError::SetUp(_) | ImportError::Workbook(Unreadable::NoSheet { .. }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, CallCode::ImportInvalid)
        }
        ImportError::State { .. } => (StatusCode::CONFLICT, CallCode::ImportState),
        ImportError::EventsStay => (StatusCode::CONFLICT, CallCode::EventsStay),
        ImportError::File(_) | ImportError::Workbook(_) => (StatusCode::UNPROCESSABLE_ENTITY, CallCode::FileUnreadable),
        ImportError::Store(_) => {
            return match error {
                ImportError::Store(error) => error.into(),
                other => Problem::internal(other),
            };
        }
    };
    Problem::new(status, code, error.to_string())
}

/// What a program is told of a file that did not come in.
pub(super) fn upload_problem(error: UploadError) -> Problem {
    match error {
        UploadError::Kept(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, CallCode::FileTooLarge, error.to_string())
        }
        UploadError::Kept(error) if error.kind() == std::io::ErrorKind::StorageFull => StoreError::Full.into(),
        UploadError::Kept(error) => Problem::internal(error),
        sent => Problem::new(StatusCode::BAD_REQUEST, CallCode::FileMissing, sent.to_string()),
    }
}

/// `GET /api/v1/imports`
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    answer::list(&request, &store, ORDER, imports::list, imports::count, ImportView::of).await
}

/// `POST /api/v1/imports`: the file as the body, or in a form. With `dry_run=1` it is checked, and waits for `run`.
async fn add(
    token: WriteToken,
    request: HttpRequest,
    payload: Payload,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let known: Vec<&str> = ["kind", "mapping", "file_name", "dry_run"]
        .into_iter()
        .chain(Said::PARTS.map(|(part, _)| part))
        .chain(Policy::PARTS.map(|(part, _)| part))
        .collect();
    // What the address says is looked at before the file comes.
    let asked = Asked::of(&Parameters::of(&request, &known)?)?;
    let scope = token.0.scope;
    may_import(scope, asked.kind)?;
    let received = request.extensions_mut().remove::<Uploaded>();
    let uploaded = match received {
        Some(received) => received,
        None => upload::receive(&store, request.headers(), payload).await.map_err(upload_problem)?,
    };
    let parameters = Parameters::of(&request, &known)?.and_of_form(uploaded.fields, &known)?;
    let Asked { kind, is_check, reading: said_of_reading, policy: said_of_policy, mapping: said } =
        Asked::of(&parameters)?;
    let name =
        parameters.get("file_name").map(str::to_owned).or(uploaded.file_name).unwrap_or_else(|| "file.csv".into());
    let (kept_in, by) = (store.clone(), ("token".to_owned(), token.0.name));
    let kept = web::block(move || package::keep(&kept_in, uploaded.file, kind, said_of_reading, &name, by)).await;
    let keys = kept.map_err(Problem::internal)?.map_err(problem)?;
    let all = keys.clone();
    let begun = store
        .write(move |tx: &mut Tx<'_>| {
            for key in all {
                let import = imports::find(&tx.reader(), key)?.ok_or_else(|| problem(ImportError::Unknown))?;
                may_import(scope, import.kind)?;
                let mut mapping: Mapping = import.mapping;
                for (heading, target) in &said {
                    mapping.set(heading, target).map_err(|sentence| invalid(sentence, "mapping"))?;
                }
                let reading = import.reading;
                let mut policy = import.policy;
                for (part, word) in &said_of_policy {
                    policy.set(part, word);
                }
                deeds::set_up(tx, key, SetUp { kind: import.kind, reading, mapping, policy }).map_err(problem)?;
                if is_check { deeds::check(tx, key) } else { deeds::run(tx, key) }.map_err(problem)?;
            }
            Ok(())
        })
        .await;
    if let Err(refused) = begun {
        for key in keys {
            store.write(move |tx| imports::remove(tx, key)).await?;
            file::remove(&store, key);
        }
        return Err(refused);
    }
    let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
    Ok(HttpResponse::Accepted()
        .insert_header(("location", format!("/api/v1/imports/{}", ids[0])))
        .json(json!({ "import_id": ids[0], "import_ids": ids })))
}

/// Whether a token may import rows of a kind, and take them back: what sets the workspace up asks for no less than its
/// own calls do.
fn may_import(scope: Scope, kind: Kind) -> Result<(), Problem> {
    if scope >= kind.least_scope() {
        return Ok(());
    }
    let detail = format!(
        "Rows of the kind {} change how the workspace is set up: it takes a token of the scope {}.",
        kind.as_str(),
        kind.least_scope().as_str()
    );
    let problem = Problem::new(StatusCode::FORBIDDEN, CallCode::ScopeMissing, detail);
    Err(problem.with("scope", kind.least_scope().as_str()))
}

/// What is said of a file that is sent.
struct Asked {
    kind: Kind,
    is_check: bool,
    reading: Said,
    policy: Vec<(&'static str, String)>,
    /// Headings, and where their columns go.
    mapping: BTreeMap<String, String>,
}

impl Asked {
    fn of(parameters: &Parameters) -> Result<Asked, Problem> {
        let word = parameters.get("kind").unwrap_or("users");
        let kind = Kind::parse(word).ok_or_else(|| {
            invalid(format!("kind can't be {word:?}. Use one of {}.", Kind::WORDS.join(", ")), "kind")
        })?;
        let mut reading = Said::default();
        for (part, _) in Said::PARTS {
            if let Some(word) = parameters.get(part) {
                reading.set(part, word).map_err(|sentence| invalid(sentence, part))?;
            }
        }
        let mapping = match parameters.get("mapping") {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(text).map_err(|error| {
                let detail =
                    format!("mapping is not a JSON object such as {{\"Seats\": \"company.seats:number\"}}: {error}.");
                invalid(detail, "mapping")
            })?,
        };
        Ok(Asked { kind, is_check: parameters.is_dry_run()?, reading, policy: policy(parameters)?, mapping })
    }
}

/// What is said of the policy: its parts with their words.
fn policy(parameters: &Parameters) -> Result<Vec<(&'static str, String)>, Problem> {
    let mut said = Vec::new();
    for (part, words) in Policy::PARTS {
        if let Some(word) = parameters.get(part) {
            if !Policy::default().set(part, word) {
                return Err(invalid(format!("{part} can't be {word:?}. Use {}.", words.join(" or ")), part));
            }
            said.push((part, word.to_owned()));
        }
    }
    Ok(said)
}

fn key_of(path: &str) -> Result<ImportKey, Problem> {
    path.parse().map(ImportKey).map_err(|_| problem(ImportError::Unknown))
}

async fn found(store: &Store, path: &str) -> Result<Import, Problem> {
    let key = key_of(path)?;
    store.read(move |db| imports::find(db, key)).await?.ok_or_else(|| problem(ImportError::Unknown))
}

/// `GET /api/v1/imports/{id}`
async fn show(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    Ok(answer::ok(ImportView::of(found(&store, &path).await?), 0))
}

/// `GET /api/v1/imports/{id}/refused`: the rows that were not taken, as CSV, with the reasons.
async fn refused(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let import = found(&store, &path).await?;
    let name = format!("attachment; filename=\"import-{}-refused.csv\"", import.key.0);
    let text = store.read(move |db| file::refused(db, &import)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", name))
        .body(text))
}

/// What is done with an import.
type Deed = fn(&mut Tx<'_>, ImportKey) -> Result<(), ImportError>;

async fn done(
    store: &Store,
    WriteToken(token): WriteToken,
    path: &str,
    request: &HttpRequest,
    deed: Deed,
) -> Result<ImportKey, Problem> {
    Parameters::of(request, &[])?;
    let key = key_of(path)?;
    let allowed = move |tx: &mut Tx<'_>| {
        let import = imports::find(&tx.reader(), key)?.ok_or_else(|| problem(ImportError::Unknown))?;
        may_import(token.scope, import.kind)?;
        deed(tx, key).map_err(problem)
    };
    store.write(allowed).await?;
    Ok(key)
}

async fn begun(store: &Store, key: ImportKey) -> Result<HttpResponse, Problem> {
    let import = store.read(move |db| imports::find(db, key)).await?.ok_or_else(|| problem(ImportError::Unknown))?;
    Ok(HttpResponse::Accepted().json(ImportView::of(import)))
}

/// `POST /api/v1/imports/{id}/run`: what was checked runs.
async fn run(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    begun(&store, done(&store, token, &path, &request, deeds::run).await?).await
}

/// `POST /api/v1/imports/{id}/cancel`
async fn cancel(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    begun(&store, done(&store, token, &path, &request, deeds::cancel).await?).await
}

/// `POST /api/v1/imports/{id}/undo`
async fn undo(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    begun(&store, done(&store, token, &path, &request, deeds::undo).await?).await
}

/// `DELETE /api/v1/imports/{id}`: what was checked and is not wanted.
async fn discard(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let key = done(&store, token, &path, &request, deeds::discard).await?;
    file::remove(&store, key);
    Ok(HttpResponse::NoContent().finish())
}

/// An import as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
struct ImportView {
    import_id: i64,
    kind: &'static str,
    state: &'static str,
    file_name: String,
    sha256: String,
    bytes: u64,
    #[schema(value_type = Object)]
    by: Value,
    #[schema(value_type = Vec<Object>)]
    mapping: Mapping,
    #[schema(value_type = Object)]
    policy: Policy,
    /// The sheet, of a workbook.
    sheet: Option<String>,
    rows: u64,
    #[schema(value_type = Object)]
    attributes: Counts,
    #[schema(value_type = Object)]
    users: Counts,
    #[schema(value_type = Object)]
    visitors: Counts,
    #[schema(value_type = Object)]
    companies: Counts,
    #[schema(value_type = Object)]
    memberships: Counts,
    #[schema(value_type = Object)]
    notes: Counts,
    #[schema(value_type = Object)]
    events: Counts,
    #[schema(value_type = Object)]
    setup: Counts,
    refused_rows: u64,
    refused_values: u64,
    /// Memberships that ended, since the file says all companies of its users.
    memberships_ended: u64,
    /// Companies that the file names without an id: how many are new, and how many rows became one with an earlier row.
    #[schema(value_type = Object)]
    companies_without_id: WithoutId,
    new_attributes: Vec<String>,
    refused_rows_url: String,
    /// What would come of it, where it was checked.
    #[schema(value_type = Option<Object>)]
    checked: Option<Report>,
    problem: Option<String>,
    #[schema(value_type = Option<Object>)]
    taken_back: Option<TakenBack>,
    created_at: Time,
    started_at: Option<Time>,
    ended_at: Option<Time>,
}

impl ImportView {
    fn of(import: Import) -> ImportView {
        let Report { attributes, users, visitors, companies, memberships, notes, events, setup, .. } = import.report;
        let Report { refused_rows, refused_values, memberships_ended, companies_without_id, new_attributes, .. } =
            import.report;
        ImportView {
            import_id: import.key.0,
            kind: import.kind.as_str(),
            state: import.state.as_str(),
            file_name: import.file_name,
            sha256: import.file_hash,
            bytes: import.bytes,
            by: json!({ "kind": import.by_kind, "name": import.by_name }),
            mapping: import.mapping,
            policy: import.policy,
            sheet: import.reading.sheet,
            rows: import.rows_done,
            attributes,
            users,
            visitors,
            companies,
            memberships,
            notes,
            events,
            setup,
            refused_rows,
            refused_values,
            memberships_ended,
            companies_without_id,
            new_attributes,
            refused_rows_url: format!("/api/v1/imports/{}/refused", import.key.0),
            checked: import.checked,
            problem: import.problem,
            taken_back: Some(import.taken_back).filter(|back| *back != TakenBack::default()),
            created_at: Time(import.created_ms),
            started_at: import.started_ms.map(Time),
            ended_at: import.ended_ms.map(Time),
        }
    }
}
