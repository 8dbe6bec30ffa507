//! `/export/{kind}`: a list as a file, for whoever is signed in. What the file is, is said in `domain/table.rs`.

use actix_web::HttpRequest;
use actix_web::web::{Form, Path};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{self, Answer};
use super::parts::columns::Columns;
use super::parts::frame::Place;
use super::parts::list::{Address, COLUMNS, Column};
use super::{bulk, errors, links, narrowed};
use crate::actions::export::{self, Package, View, Wanted};
use crate::domain::change::By;
use crate::domain::filter;
use crate::domain::table::{Format, Kind};
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::companies::Shelf;
use crate::store::users::UserName;

/// Links to a list as a file: what is searched for and filtered is what is in it, with the columns and in the order in
/// which it is shown, or with all that is known.
pub fn links<S: Column>(kind: Kind, address: &Address<S>, columns: &Columns, shelf: Shelf) -> Markup {
    let href = |format: Format, as_shown: bool| {
        let mut kept = if as_shown { address.shown(&words(kind, columns)) } else { address.narrowing() };
        if let (false, Some(every)) = (as_shown, every(kind)) {
            kept.push((COLUMNS.to_owned(), every.to_owned()));
        }
        let mut pairs = vec![("format", Some(format.as_str()))];
        pairs.extend((shelf == Shelf::Archived).then_some(("archived", Some("1"))));
        pairs.extend(kept.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))));
        links::with_query(&format!("/export/{}", kind.as_str()), &pairs)
    };
    let both = |as_shown: bool| {
        html! {
            a href=(href(Format::Csv, as_shown)) download="" { "CSV" }
            " · "
            a href=(href(Format::Ndjson, as_shown)) download="" { "NDJSON" }
        }
    };
    html! {
        p.small.muted {
            @if address.is_narrowed() { "What is found" } @else { "All of them" }
            " as a file, as shown here: " (both(true)) "; with every column: " (both(false))
        }
    }
}

/// The columns that a list shows. Beside the name of a user stands the company, which in a file has columns.
fn words(kind: Kind, columns: &Columns) -> String {
    match kind {
        Kind::Users if !columns.has("company") => format!("company,{}", columns.words()),
        _ => columns.words(),
    }
}

/// The words of all columns, where a file has not all of them by itself.
fn every(kind: Kind) -> Option<&'static str> {
    (kind == Kind::Users).then_some(export::EVERY_OF_USERS)
}

/// `POST /bulk/export`: the rows that were picked, with every column.
///
/// # Errors
/// There is no such list or format; the store's.
pub async fn picked(Admin(operator): Admin, request: HttpRequest, sent: Form<Picked>) -> Answer {
    let (store, sent) = (desk::store(&request)?, sent.into_inner());
    let catalog = store.catalog();
    let kind = Kind::parse(&sent.list).filter(|kind| matches!(kind, Kind::Users | Kind::Companies));
    let (kind, format) = kind.zip(Format::parse(&sent.format)).ok_or_else(PageError::not_found)?;
    let view = match (every(kind), export::fields(&catalog, kind)) {
        (Some(every), Some(fields)) => {
            View::read(kind, Some(every), None, &fields).map_err(|error| PageError::internal(error.sentence))?
        }
        _ => None,
    };
    let wanted = Wanted { rows: Some(bulk::keys_of(&sent.keys)), view, ..Wanted::all(kind, format) };
    store.read_folded(|_| Ok(())).await?;
    Ok(crate::http::export::answer(store, By::Operator(operator.email), Package::one(&catalog, wanted)).await)
}

/// Which rows were picked, and how they are written.
#[derive(Debug, Deserialize)]
pub struct Picked {
    list: String,
    keys: String,
    format: String,
}

/// `GET /export/{kind}`
///
/// # Errors
/// There is no such list; the store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, path: Path<String>) -> Answer {
    let store = desk::store(&request)?;
    let catalog = store.catalog();
    let format = desk::value(&request, "format");
    let format = match format.as_deref() {
        None => Some(Format::default()),
        Some(word) => Format::parse(word),
    };
    let Some(format) = format else {
        let sentence = "format= takes csv or ndjson.";
        return errors::bad_address(&request, operator, Place::Elsewhere, sentence).await;
    };
    let package = match Kind::parse(&path) {
        Some(kind) => {
            let pairs = narrowed::pairs(&request);
            let said = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let filter = export::fields(&catalog, kind).map(|fields| filter::parse(said, &fields)).transpose();
            let filter = match filter {
                Ok(filter) => filter.filter(|filter| !filter.is_empty()),
                Err(error) => {
                    return errors::bad_address(&request, operator, Place::Elsewhere, &error.sentence).await;
                }
            };
            let (columns, sort) = (desk::value(&request, "columns"), desk::value(&request, "sort"));
            let view = match (kind, export::fields(&catalog, kind)) {
                (Kind::Users | Kind::Companies, Some(fields)) => {
                    View::read(kind, columns.as_deref(), sort.as_deref(), &fields)
                }
                _ => Ok(None),
            };
            let view = match view {
                Ok(view) => view,
                Err(error) => {
                    return errors::bad_address(&request, operator, Place::Elsewhere, &error.sentence).await;
                }
            };
            let shelf = desk::value(&request, "archived").map(|_| Shelf::Archived);
            Package::one(
                &catalog,
                Wanted { kind, format, filter, search: desk::value(&request, "q"), view, rows: None, shelf },
            )
        }
        None if path.as_str() == "all" => Package::all(&catalog, format),
        None => return Err(PageError::not_found()),
    };
    store.read_folded(|_| Ok(())).await?;
    Ok(crate::http::export::answer(store, By::Operator(operator.email), package).await)
}

/// `GET /users/{id}/export`: all that there is about a person, as a zip.
///
/// # Errors
/// There is nobody of that id; the store's.
pub async fn person(Viewer(operator): Viewer, request: HttpRequest, id: Path<String>) -> Answer {
    let (store, id) = (desk::store(&request)?, id.into_inner());
    let now_ms = store.now_ms();
    let names = [UserName::UserId, UserName::Id, UserName::Email].map(|name| name(id.clone()));
    let (package, _) = store.read_folded(move |db| crate::http::person::package(db, &names, now_ms)).await?;
    let package = package.ok_or_else(PageError::not_found)?;
    Ok(crate::http::export::answer(store, By::Operator(operator.email), package).await)
}
