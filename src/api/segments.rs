//! `/segments`: saved filters. Who is in one: `/users?f=segment:is:ID`, `/companies?f=segment:is:ID`.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::answer::{self, List, Time};
use super::openapi::{self, Call, get, patch, post};
use super::parameters::Parameters;
use super::resource;
use crate::actions::segments::{self as deeds, SegmentError};
use crate::domain::access::Scope;
use crate::domain::change::By;
use crate::domain::codes::calls::CallCode;
use crate::domain::filter::Listed;
use crate::domain::ids::ChangeKey;
use crate::domain::segments::Segment;
use crate::domain::time;
use crate::http::access::{ReadToken, WriteToken};
use crate::http::problem::Problem;
use crate::store::list::{COUNT_MAX, Count, Extent};
use crate::store::segments::{self, Size};
use crate::store::{Catalog, Store, Tx};

/// The name of the one order of the list.
const ORDER: &str = "made";
/// Days of sizes that one segment tells.
const DAYS: usize = 366;
/// A size of the list is of the last two days.
const SIZE_DAYS: i32 = 2;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(resource("/segments", "GET, HEAD, POST").get(list).post(add))
        .service(resource("/segments/{id}", "GET, HEAD, PATCH, DELETE").get(show).patch(change).delete(delete));
}

/// The calls of this file, for the description of the API.
pub(super) fn calls() -> Vec<Call> {
    const UNKNOWN: (u16, CallCode) = (404, CallCode::SegmentNotFound);
    let wrong = &[(409, CallCode::NameTaken), (400, CallCode::ValueInvalid), (400, CallCode::FilterInvalid)];
    vec![
        get("/segments", "Saved filters, each with its size when last counted")
            .takes(&["limit", "cursor", "count"])
            .lists::<SegmentView>(),
        post("/segments", Scope::Write, "Saves a filter")
            .takes(&["dry_run"])
            .sends_a::<New>(json!({ "list": "users", "name": "With an e-mail", "filter": "f=email:set" }))
            .answers::<Written>()
            .answers_with::<Written>(201, "Created")
            .leads_to(&["get_segments_id", "patch_segments_id", "delete_segments_id"], &[("path.id", "/segment_id")])
            .refuses(wrong)
            .refuses(&[(409, CallCode::TooManySegments)]),
        get("/segments/{id}", "A saved filter, counted now, with its size on each day")
            .answers::<WithDays>()
            .refuses(&[UNKNOWN]),
        patch("/segments/{id}", Scope::Write, "Changes a saved filter; what is absent stays")
            .takes(&["dry_run"])
            .sends_a::<Changed>(json!({ "name": "Can be written to" }))
            .answers::<Written>()
            .refuses(wrong)
            .refuses(&[UNKNOWN, (409, CallCode::SegmentSupplied)]),
        openapi::delete("/segments/{id}", Scope::Write, "Deletes a saved filter")
            .takes(&["dry_run"])
            .answers::<Written>()
            .refuses(&[UNKNOWN, (409, CallCode::SegmentSupplied)]),
    ]
}

/// `GET /api/v1/segments`: all of them, each with its size when last counted.
async fn list(_: ReadToken, request: HttpRequest, store: Data<Store>) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request, &["limit", "cursor", "count"])?;
    let catalog = store.catalog();
    let (page, total) = answer::page_of(&parameters, ORDER, catalog.segments.to_vec(), |segment| segment.key.0)?;
    let all = page.rows.clone();
    let today = time::day(store.now_ms(), catalog.settings.time_zone);
    let sizes = store.read(move |db| segments::recent(db, &all, today - SIZE_DAYS)).await?;
    let view = |segment: Segment| {
        let last = sizes.get(&segment.key).and_then(|sizes| sizes.last());
        SegmentView::of(segment, last.map(|size| (Count::Exactly(size.size), size.counted_ms)), &catalog)
    };
    Ok(answer::ok(List::of(page, ORDER, view).counted(total), 0))
}

/// `GET /api/v1/segments/{id}`: one, counted now, with its size on each day on which it was counted.
async fn show(
    _: ReadToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request, &[])?;
    let catalog = store.catalog();
    let found = catalog.segment(&path).cloned();
    let segment = found.ok_or_else(|| problem(SegmentError::Unknown(path.into_inner())))?;
    let filter = segment.filter(&catalog.fields(segment.listed)).ok();
    let (wanted, now_ms) = (segment.clone(), store.now_ms());
    let ((size, days), lag_ms) = store
        .read_folded(move |db| {
            let count = |filter| segments::count(db, wanted.listed, filter, Extent::ToMax, now_ms);
            Ok((filter.as_ref().map(count).transpose()?, segments::sizes(db, &wanted, DAYS)?))
        })
        .await?;
    let segment = SegmentView::of(segment, size.map(|size| (size, now_ms)), &catalog);
    let days = days.into_iter().map(DayView::of).collect();
    Ok(answer::ok(WithDays { segment, days }, lag_ms))
}

/// What `POST` sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSegment)]
struct New {
    #[schema(pattern = "^(users|companies)$")]
    list: String,
    name: String,
    filter: String,
}

/// `POST /api/v1/segments`; with `dry_run=1` whether it would be taken.
async fn add(
    token: WriteToken,
    request: HttpRequest,
    body: Json<New>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let is_dry_run = Parameters::of(&request, &["dry_run"])?.is_dry_run()?;
    let New { list, name, filter } = body.into_inner();
    let by = By::Token(token.0.name);
    let listed = Listed::parse(&list).ok_or_else(|| problem(SegmentError::List(list)))?;
    written(&store, is_dry_run, move |tx| deeds::add(tx, &by, listed, &name, &filter)).await
}

/// What `PATCH` sends; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangedSegment)]
struct Changed {
    name: Option<String>,
    filter: Option<String>,
}

/// `PATCH /api/v1/segments/{id}`; with `dry_run=1` what it would be.
async fn change(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    body: Json<Changed>,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let is_dry_run = Parameters::of(&request, &["dry_run"])?.is_dry_run()?;
    let (id, by, Changed { name, filter }) = (path.into_inner(), By::Token(token.0.name), body.into_inner());
    let deed = move |tx: &mut Tx<'_>| deeds::change(tx, &by, &id, name.as_deref(), filter.as_deref());
    written(&store, is_dry_run, deed).await
}

/// `DELETE /api/v1/segments/{id}`: answers what it was, and the change that can be taken back.
async fn delete(
    token: WriteToken,
    path: Path<String>,
    request: HttpRequest,
    store: Data<Store>,
) -> Result<HttpResponse, Problem> {
    let is_dry_run = Parameters::of(&request, &["dry_run"])?.is_dry_run()?;
    let (id, by) = (path.into_inner(), By::Token(token.0.name));
    written(&store, is_dry_run, move |tx| deeds::delete(tx, &by, &id)).await
}

/// Does a deed, or rehearses it, and answers the segment with the change set; 201 where it made one.
async fn written(
    store: &Store,
    is_dry_run: bool,
    deed: impl FnOnce(&mut Tx<'_>) -> Result<deeds::Outcome, SegmentError> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let known = store.catalog();
    let deed = move |tx: &mut Tx<'_>| deed(tx).map(|outcome| (outcome, tx.catalog())).map_err(problem);
    let ((segment, change), catalog) = answer::done(store, is_dry_run, deed).await?;
    let is_new = known.segments.iter().all(|before| before.key != segment.key);
    let change_id = change.filter(|_| !is_dry_run);
    let view = Written { segment: SegmentView::of(segment, None, &catalog), change_id };
    Ok(answer::written(view, is_new && !is_dry_run))
}

fn problem(error: SegmentError) -> Problem {
    let detail = error.to_string();
    let (status, code, field) = match error {
        SegmentError::Store(error) => return error.into(),
        SegmentError::Unknown(_) => return Problem::new(StatusCode::NOT_FOUND, CallCode::SegmentNotFound, detail),
        SegmentError::Supplied(_) => return Problem::new(StatusCode::CONFLICT, CallCode::SegmentSupplied, detail),
        SegmentError::TooMany(_) => return Problem::new(StatusCode::CONFLICT, CallCode::TooManySegments, detail),
        SegmentError::Taken { .. } => (StatusCode::CONFLICT, CallCode::NameTaken, "name"),
        SegmentError::Name => (StatusCode::BAD_REQUEST, CallCode::ValueInvalid, "name"),
        SegmentError::List(_) => (StatusCode::BAD_REQUEST, CallCode::ValueInvalid, "list"),
        SegmentError::Filter(_) => (StatusCode::BAD_REQUEST, CallCode::FilterInvalid, "filter"),
    };
    Problem::new(status, code, detail).with("field", field)
}

/// A segment as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Segment)]
struct SegmentView {
    segment_id: String,
    name: String,
    list: &'static str,
    filter: String,
    /// The filter in words; none where it asks for what is not there any more.
    in_words: Option<String>,
    supplied: bool,
    size: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    size_is_minimum: bool,
    counted_at: Option<Time>,
    /// None of those supplied.
    created_at: Option<Time>,
}

/// A segment with its sizes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SegmentWithDays)]
struct WithDays {
    #[serde(flatten)]
    segment: SegmentView,
    days: Vec<DayView>,
}

/// A segment that was written, and the change set; none where nothing changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WrittenSegment)]
struct Written {
    #[serde(flatten)]
    segment: SegmentView,
    #[schema(value_type = Option<i64>)]
    change_id: Option<ChangeKey>,
}

/// The size of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SizeOfDay)]
struct DayView {
    day: String,
    size: u64,
}

impl DayView {
    fn of(size: Size) -> DayView {
        DayView { day: time::date(size.day).to_string(), size: size.size }
    }
}

impl SegmentView {
    fn of(segment: Segment, size: Option<(Count, i64)>, catalog: &Catalog) -> SegmentView {
        let filter = segment.filter(&catalog.fields(segment.listed));
        let (count, at_ms) = size.unzip();
        let (size, size_is_minimum) = match count {
            None => (None, false),
            Some(Count::Exactly(size)) => (Some(size), false),
            Some(Count::Over) => (Some(COUNT_MAX), true),
            Some(Count::AtLeast(size)) => (Some(size), true),
        };
        SegmentView {
            in_words: filter.ok().map(|filter| filter.in_words()),
            segment_id: segment.segment_id,
            name: segment.name,
            list: segment.listed.as_str(),
            filter: segment.filter,
            supplied: segment.is_supplied,
            size,
            size_is_minimum,
            counted_at: at_ms.map(Time),
            created_at: (!segment.is_supplied).then_some(Time(segment.made_ms)),
        }
    }
}
