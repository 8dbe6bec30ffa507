//! What all answers share: rows with a cursor, times, the lag of the folds.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::parameters::{Parameters, cursor_text};
use crate::domain::codes::calls::CallCode;
use crate::domain::first_page::FirstPage;
use crate::domain::time::rfc3339;
use crate::http::problem::Problem;
use crate::store::history::Then;
use crate::store::list::{COUNT_MAX, Count, Cursor, Page};
use crate::store::{Reader, Store, StoreError, Tx};

/// How far the folds are behind, where they are.
const LAG: HeaderName = HeaderName::from_static("rollcall-lag-ms");

/// A page of a list, as JSON.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total: Option<u64>,
    /// There are more than `total` rows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_minimum: bool,
}

impl<T> List<T> {
    /// A page of rows in an order that has a name.
    pub fn of<R>(page: Page<R>, order: &str, view: impl FnMut(R) -> T) -> List<T> {
        let next_cursor = page.next.as_ref().map(|cursor| cursor_text(order, cursor));
        List { data: page.rows.into_iter().map(view).collect(), next_cursor, total: None, total_is_minimum: false }
    }

    /// With the number of all rows, where it was asked for.
    pub fn counted(mut self, count: Option<Count>) -> List<T> {
        (self.total, self.total_is_minimum) = match count {
            None => (None, false),
            Some(Count::Exactly(total)) => (Some(total), false),
            Some(Count::Over) => (Some(COUNT_MAX), true),
            Some(Count::AtLeast(total)) => (Some(total), true),
        };
        self
    }
}

/// How a store reads a page of a list.
type ReadPage<R> = fn(&Reader<'_>, Option<&Cursor>, usize) -> Result<Page<R>, StoreError>;

/// A page of a list that has one order, newest first, and with `count=1` the number of all its rows.
///
/// # Errors
/// A parameter that can't be what it is, the store's.
pub(super) async fn list<R: Send + 'static, T: Serialize>(
    request: &HttpRequest,
    store: &Store,
    order: &'static str,
    page: ReadPage<R>,
    count: fn(&Reader<'_>) -> Result<Count, StoreError>,
    view: fn(R) -> T,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(request, &["limit", "cursor", "count"])?;
    let (size, after) = (parameters.limit()?, parameters.cursor(order)?);
    let wants_count = parameters.wants_count()?;
    let (page, total) = store
        .read(move |db| {
            let total = wants_count.then(|| count(db)).transpose()?;
            Ok((page(db, after.as_ref(), size)?, total))
        })
        .await?;
    Ok(ok(List::of(page, order, view).counted(total), 0))
}

/// A page of a list that is in memory, in the order of its keys, and with `count=1` the number of all its rows.
///
/// # Errors
/// A parameter that can't be what it is.
pub(super) fn page_of<R>(
    parameters: &Parameters,
    order: &str,
    all: Vec<R>,
    key: fn(&R) -> i64,
) -> Result<(Page<R>, Option<Count>), Problem> {
    let (size, after) = (parameters.limit()?, parameters.cursor(order)?.map_or(i64::MIN, |cursor| cursor.key));
    let total = parameters.wants_count()?.then_some(Count::Exactly(all.len() as u64));
    let behind = all.into_iter().filter(|row| key(row) > after);
    let rows = behind.map(|row| (Cursor { value: Value::Null, key: key(&row) }, row)).take(size + 1);
    Ok((Page::cut(rows.collect(), size), total))
}

/// 200 with JSON, and how far the folds are behind (milliseconds) where they are.
pub(super) fn ok(body: impl Serialize, lag_ms: u64) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(StatusCode::OK);
    if lag_ms > 0 {
        response.insert_header((LAG, lag_ms));
    }
    response.json(body)
}

/// Where somebody came from, as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FirstPage)]
pub(super) struct FirstPageView {
    at: Time,
    page: Option<String>,
    referrer: Option<String>,
    campaign: Map<String, Value>,
}

impl FirstPageView {
    pub fn of(first: FirstPage) -> FirstPageView {
        let FirstPage { at_ms, page, referrer, campaign } = first;
        FirstPageView { at: Time(at_ms), page, referrer, campaign }
    }
}

/// How somebody stood on a day, where that was known and can be told.
///
/// # Errors
/// It was not known yet; too much has changed since.
pub(super) fn known<T>(then: Then<T>, day: &str) -> Result<T, Problem> {
    match then {
        Then::Known(then) => Ok(then),
        Then::NotYet(heard_ms) => {
            let detail = format!(
                "At the end of {day} nothing was known about it: it was first heard of at {}.",
                rfc3339(heard_ms)
            );
            Err(Problem::new(StatusCode::NOT_FOUND, CallCode::NotKnownYet, detail)
                .with("first_heard", rfc3339(heard_ms)))
        }
        Then::TooLong => {
            let detail = "More has changed since that day than one answer can reverse. Ask for a later day.";
            Err(Problem::new(StatusCode::CONFLICT, CallCode::TooManyChanges, detail))
        }
    }
}

/// Does a deed, or says what it would do: the rehearsal is the deed itself, undone again.
///
/// # Errors
/// The deed's.
pub(super) async fn done<T: Send + 'static>(
    store: &Store,
    is_dry_run: bool,
    deed: impl FnOnce(&mut Tx<'_>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if is_dry_run { store.rehearse(deed).await } else { store.write(deed).await }
}

/// 200 with JSON of what was changed, 201 of what was made.
pub(super) fn written(body: impl Serialize, created: bool) -> HttpResponse {
    HttpResponse::build(if created { StatusCode::CREATED } else { StatusCode::OK }).json(body)
}

/// An instant as JSON: RFC 3339 in UTC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub i64);

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into()
    }
}

impl ToSchema for Time {}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_has_its_rows_a_cursor_and_a_total_where_asked() {
        let next = Some(Cursor { value: 5.into(), key: 7 });
        let page = Page { rows: vec![1, 2], next };
        let json = serde_json::to_value(List::of(page.clone(), "-first_seen", |row| row)).unwrap();
        assert_eq!(json["data"], json!([1, 2]));
        assert!(json["next_cursor"].as_str().unwrap().starts_with("-first_seen."));
        assert!(json.get("total").is_none());
        let counted = |count| serde_json::to_value(List::of(page.clone(), "", |row| row).counted(Some(count))).unwrap();
        assert_eq!(
            (&counted(Count::Exactly(7))["total"], counted(Count::Exactly(7)).get("total_is_minimum")),
            (&json!(7), None)
        );
        assert_eq!(
            (&counted(Count::Over)["total"], &counted(Count::Over)["total_is_minimum"]),
            (&json!(10_000), &json!(true))
        );
    }

    #[test]
    fn the_lag_of_the_folds_is_said_where_there_is_one() {
        assert!(ok(json!({}), 0).headers().get("rollcall-lag-ms").is_none());
        assert_eq!(ok(json!({}), 12).headers().get("rollcall-lag-ms").unwrap(), "12");
    }
}
