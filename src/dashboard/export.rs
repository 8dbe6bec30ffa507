//! `/export/{kind}`: a list as a file, for whoever is signed in. What the file is, is said in `domain/table.rs`.

use actix_web::HttpRequest;
use actix_web::web::Path;
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::parts::columns::Columns;
use super::parts::frame::Place;
use super::parts::list::{Address, Column};
use super::{errors, links, narrowed};
use crate::actions::export::{self, Package, View, Wanted};
use crate::domain::filter;
use crate::domain::table::{Format, Kind};
use crate::http::access::Viewer;
use crate::http::page::PageError;
use crate::store::companies::Shelf;
use crate::store::users::UserName;

/// Links to a list as a file: what is searched for and filtered is what is in it, with the columns and in the order in
/// which it is shown, or with all that is known.
pub fn links<S: Column>(kind: Kind, address: &Address<S>, columns: &Columns, shelf: Shelf) -> Markup {
    let href = |format: Format, as_shown: bool| {
        let kept = if as_shown { address.shown(&columns.words()) } else { address.narrowing() };
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
            Package::one(&catalog, Wanted { kind, format, filter, search: desk::value(&request, "q"), view, shelf })
        }
        None if path.as_str() == "all" => Package::all(&catalog, format),
        None => return Err(PageError::not_found()),
    };
    store.read_folded(|_| Ok(())).await?;
    Ok(crate::http::export::answer(store, package))
}

/// `GET /users/{id}/export`: all that there is about a person, as a zip.
///
/// # Errors
/// There is nobody of that id; the store's.
pub async fn person(Viewer(_): Viewer, request: HttpRequest, id: Path<String>) -> Answer {
    let (store, id) = (desk::store(&request)?, id.into_inner());
    let now_ms = store.now_ms();
    let names = [UserName::UserId, UserName::Id, UserName::Email].map(|name| name(id.clone()));
    let (package, _) = store.read_folded(move |db| crate::http::person::package(db, &names, now_ms)).await?;
    Ok(crate::http::export::answer(store, package.ok_or_else(PageError::not_found)?))
}
