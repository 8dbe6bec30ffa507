//! `/attributes`: definitions, and what is done with all values of one.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answer::{self, List, Time};
use super::openapi::{self, Call, get, patch};
use super::parameters::{Parameters, invalid};
use super::{read_only, resource};
use crate::actions::attributes::{self as deeds, AttributeError, Hand, Preview};
use crate::domain::access::Scope;
use crate::domain::attributes::{Owner, Type};
use crate::domain::codes::calls::CallCode;
use crate::domain::error::Code;
use crate::http::access::{AdminToken, ReadToken};
use crate::http::problem::Problem;
use crate::store::attribute_work::{self, Work};
use crate::store::attributes::{self, DefinitionChange, DefinitionRow};
use crate::store::list::{Count, Cursor, Page};
use crate::store::{Store, StoreError, Tx};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(read_only("/attributes").get(list)).service(
        resource("/attributes/{owner}/{name:.*}", "GET, HEAD, PATCH, DELETE").get(show).patch(change).delete(delete),
    );
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    const UNKNOWN: (u16, CallCode) = (404, CallCode::AttributeNotFound);
    let busy = &[UNKNOWN, (409, CallCode::AttributeStandard), (409, CallCode::AttributeDeleting)];
    vec![
        get("/attributes", "Attribute definitions")
            .takes(&["limit", "cursor", "count"])
            .takes_word("owner", &["user", "company", "membership"], "Only those of user, company or membership")
            .lists::<AttributeView>(),
        get("/attributes/{owner}/{name}", "An attribute definition, with the work on its values")
            .takes(&["name"])
            .answers::<AttributeView>()
            .refuses(&[UNKNOWN]),
        patch(
            "/attributes/{owner}/{name}",
            Scope::Admin,
            "Changes a definition, all or nothing; a new type converts all values. With dry_run=1 the preview",
        )
        .takes(&["name", "dry_run"])
        .sends(json!({ "label": "Plan", "hidden": false, "history": true }))
        .answers::<AttributeView>()
        .or_previews::<PreviewView>()
        .refuses(busy)
        .refuses(&[(409, CallCode::FastFilterImpossible), (409, CallCode::TooManyFastFilters)])
        .refuses(&[(400, CallCode::FieldUnknown), (400, CallCode::ValueInvalid)]),
        openapi::delete(
            "/attributes/{owner}/{name}",
            Scope::Admin,
            "Deletes an attribute and all its values. With dry_run=1 the preview",
        )
        .takes(&["name", "dry_run"])
        .needs("confirm", "The attribute's name, to confirm", "name")
        .answers::<WorkView>()
        .or_previews::<PreviewView>()
        .refuses(busy)
        .refuses(&[(409, CallCode::ConfirmationMissing)]),
    ]
}

/// The name of the order of attributes: by kind and name.
const ORDER: &str = "name";

/// `GET /api/v1/attributes`; with `owner=` those of users, companies or memberships alone.
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "count", "owner"])?;
    let (size, after) = (parameters.limit()?, parameters.cursor(ORDER)?);
    let owner = parameters.get("owner").map(owner_of).transpose()?;
    let all = store.read(move |db| attributes::list(db, owner)).await?;
    let total = parameters.wants_count()?.then_some(Count::Exactly(all.len() as u64));
    // At most 500 of each kind, so a page is cut from all of them.
    let behind = |row: &DefinitionRow| match &after {
        Some(after) => (row.owner as i64, row.name.as_str()) > (after.key, after.value.as_str().unwrap_or_default()),
        None => true,
    };
    let mut rows: Vec<DefinitionRow> = all.into_iter().filter(behind).collect();
    let more = rows.len() > size;
    rows.truncate(size);
    let next =
        rows.last().filter(|_| more).map(|row| Cursor { value: row.name.as_str().into(), key: row.owner as i64 });
    Ok(answer::ok(List::of(Page { rows, next }, ORDER, |row| AttributeView::of(row, Vec::new())).counted(total), 0))
}

/// `GET /api/v1/attributes/{owner}/{name}`
async fn show(
    _: ReadToken,
    path: Path<(String, String)>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let (owner, name) = named(&path, &Parameters::of(&request, &["name"])?)?;
    Ok(answer::ok(one(&store, owner, name).await?, 0))
}

/// `PATCH /api/v1/attributes/{owner}/{name}`: each field of the body, all or nothing; with `dry_run=1` what a
/// change of type would do.
async fn change(
    token: AdminToken,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Json<Map<String, Value>>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["name", "dry_run"])?;
    let ((owner, name), hand) = (named(&path, &parameters)?, Hand::token(&token.0.name));
    let wanted = body.iter().map(|(field, value)| deeds::parse_change(field, value));
    let wanted: Vec<DefinitionChange> = wanted.collect::<Result<_, _>>().map_err(problem)?;
    let to =
        wanted.iter().find_map(|change| if let DefinitionChange::Type(kind) = change { Some(*kind) } else { None });
    let named = name.clone();
    let deed = move |tx: &mut Tx<'_>| deeds::change(tx, &hand, owner, &named, &wanted);
    if parameters.is_dry_run()? {
        // What can't be done is found out by rehearsing it, what becomes of the values by looking at them.
        let preview = preview(&store, owner, &name, to).await?;
        store.rehearse(deed).await.map_err(problem)?;
        return Ok(answer::ok(preview, 0));
    }
    store.write(deed).await.map_err(problem)?;
    Ok(answer::ok(one(&store, owner, name).await?, 0))
}

/// `DELETE /api/v1/attributes/{owner}/{name}`: the attribute and all its values; `confirm=` its name once more.
async fn delete(
    token: AdminToken,
    path: Path<(String, String)>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["name", "dry_run", "confirm"])?;
    let ((owner, name), hand) = (named(&path, &parameters)?, Hand::token(&token.0.name));
    if parameters.is_dry_run()? {
        let (preview, wanted) = (preview(&store, owner, &name, None).await?, name.clone());
        store.rehearse(move |tx| deeds::delete(tx, &hand, owner, &wanted, &wanted)).await.map_err(problem)?;
        return Ok(answer::ok(preview, 0));
    }
    let typed = parameters.get("confirm").unwrap_or_default().to_owned();
    let work = store.write(move |tx| deeds::delete(tx, &hand, owner, &name, &typed)).await.map_err(problem)?;
    Ok(answer::ok(WorkView::of(work), 0))
}

async fn one(store: &Store, owner: Owner, name: String) -> Result<AttributeView, Problem> {
    let wanted = name.clone();
    let (found, work) = store
        .read(move |db| {
            Ok::<_, StoreError>((attributes::find(db, owner, &wanted)?, attribute_work::of(db, owner, &wanted)?))
        })
        .await?;
    let unknown = || problem(AttributeError::Unknown { owner: owner.as_str(), name });
    Ok(AttributeView::of(found.ok_or_else(unknown)?, work))
}

/// What will become of the values: of a change to a type, or of a deletion.
async fn preview(store: &Store, owner: Owner, name: &str, to: Option<Type>) -> Result<PreviewView, Problem> {
    let kinds = store.catalog().definition(owner, name).and_then(|known| Some((known.kind, to?)));
    let wanted = name.to_owned();
    let found = store.read(move |db| deeds::preview(db, owner, &wanted, kinds, kinds.map(|_| wanted.as_str()))).await?;
    Ok(PreviewView::of(found))
}

/// Whose attribute of which name an address means; a name that no path can have comes as `?name=`.
pub(super) fn named(path: &(String, String), parameters: &Parameters) -> Result<(Owner, String), Problem> {
    let name = if path.1.is_empty() { parameters.get("name").unwrap_or_default() } else { &path.1 };
    Ok((owner_of(&path.0)?, name.to_owned()))
}

fn owner_of(word: &str) -> Result<Owner, Problem> {
    Owner::parse(word)
        .ok_or_else(|| invalid(format!("{word:?} has no attributes. Use user, company or membership."), "owner"))
}

/// A definition as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attribute)]
struct AttributeView {
    owner: &'static str,
    name: String,
    label: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    locked: bool,
    hidden: bool,
    history: bool,
    deleting: bool,
    fast_filter: bool,
    fast_filter_bytes: u64,
    created_at: Time,
    source: Option<String>,
    grade: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    work: Vec<WorkView>,
}

impl AttributeView {
    fn of(row: DefinitionRow, work: Vec<Work>) -> AttributeView {
        AttributeView {
            owner: row.owner.as_str(),
            name: row.name,
            label: row.label,
            kind: row.kind.as_str(),
            locked: row.locked,
            hidden: row.hidden,
            history: row.history,
            deleting: row.deleting,
            fast_filter: row.fast_filter.is_some(),
            fast_filter_bytes: row.fast_filter.unwrap_or_default().bytes,
            created_at: Time(row.created_ms),
            source: Some(row.source).filter(|source| !source.is_empty()),
            grade: row.grade.as_str(),
            work: work.into_iter().map(WorkView::of).collect(),
        }
    }
}

/// Work on all values as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Work)]
pub(super) struct WorkView {
    deed: &'static str,
    state: &'static str,
    rows: u64,
    done: u64,
    left_over: u64,
    started_at: Time,
    ended_at: Option<Time>,
}

impl WorkView {
    pub fn of(work: Work) -> WorkView {
        WorkView {
            deed: work.deed.as_str(),
            state: if work.ended_ms.is_some() { "done" } else { "running" },
            rows: work.seen,
            done: work.done,
            left_over: work.left_over,
            started_at: Time(work.started_ms),
            ended_at: work.ended_ms.map(Time),
        }
    }
}

/// A preview as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub(super) struct PreviewView {
    looked_at: u64,
    all_looked_at: bool,
    filled: u64,
    converts: u64,
    left_over: u64,
    examples: Vec<Example>,
    left_over_examples: Vec<Value>,
    waiting_fit: u64,
    waiting_left_over: u64,
}

/// A value before and after.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ValueExample)]
struct Example {
    before: Value,
    after: Value,
}

impl PreviewView {
    pub fn of(preview: Preview) -> PreviewView {
        PreviewView {
            looked_at: preview.looked.rows,
            all_looked_at: preview.looked.all,
            filled: preview.filled,
            converts: preview.converts,
            left_over: preview.left_over,
            examples: preview.examples.into_iter().map(|(before, after)| Example { before, after }).collect(),
            left_over_examples: preview.left_examples,
            waiting_fit: preview.waiting_fit,
            waiting_left_over: preview.waiting_left,
        }
    }
}

/// Why something about an attribute was not done, for programs.
pub(super) fn problem(error: AttributeError) -> Problem {
    let detail = error.to_string();
    let (status, code) = match error {
        AttributeError::Store(error) => return error.into(),
        AttributeError::Unknown { .. } => (StatusCode::NOT_FOUND, CallCode::AttributeNotFound.explained()),
        AttributeError::NothingWaits { .. } => (StatusCode::NOT_FOUND, CallCode::NothingWaits.explained()),
        AttributeError::Field(field) => {
            return Problem::new(StatusCode::BAD_REQUEST, CallCode::FieldUnknown, detail).with("field", field);
        }
        AttributeError::Value { field, .. } => {
            return Problem::new(StatusCode::BAD_REQUEST, CallCode::ValueInvalid, detail).with("field", field);
        }
        AttributeError::NotConfirmed(_) => (StatusCode::CONFLICT, CallCode::ConfirmationMissing.explained()),
        AttributeError::Standard(_) => (StatusCode::CONFLICT, CallCode::AttributeStandard.explained()),
        AttributeError::Deleting(_) => (StatusCode::CONFLICT, CallCode::AttributeDeleting.explained()),
        AttributeError::Defined(_) => (StatusCode::CONFLICT, CallCode::AttributeExists.explained()),
        AttributeError::NotIndexed(_) => (StatusCode::CONFLICT, CallCode::FastFilterImpossible.explained()),
        AttributeError::TooManyFast { .. } => (StatusCode::CONFLICT, CallCode::TooManyFastFilters.explained()),
        AttributeError::TooMany { .. } => (StatusCode::CONFLICT, Code::TooManyAttributes.explained()),
    };
    Problem::new(status, code, detail)
}
