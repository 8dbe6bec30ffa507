//! `/imports/new`: which file, or which rows, and what they are.

use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::{defined, rows_are};
use crate::actions::import::{ImportError, package};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::form::long;
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::section::{crumbs, head};
use crate::domain::import::{self, Said};
use crate::domain::table::Kind;
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::http::upload;

/// What a file can hold: the kind, its name, an example of its headings.
const KINDS: [(Kind, &str, &str); 8] = [
    (Kind::Users, "Users with their company", "e-mail, user id, name, company, role …"),
    (Kind::Companies, "Companies", "company id, name, domain, plan …"),
    (Kind::Memberships, "Memberships", "e-mail or user id, company id, role, joined …"),
    (Kind::Events, "Events", "user id, event, time, and any properties"),
    (Kind::Visitors, "Visitors", "anonymous id, user id or e-mail, first seen"),
    (Kind::Notes, "Notes", "e-mail, user id or company id, text, author, date"),
    (Kind::Attributes, "Attributes", "owner, name, type, label, hidden …"),
    (Kind::Setup, "Settings and segments", "what, name, value, as an export has them"),
];

/// The page.
pub fn page(frame: &Frame, chosen: Kind, mistake: Option<&str>) -> Markup {
    let content = html! {
        div.stack.narrow {
            (crumbs("Imports", "/imports", "Import a file"))
            (head(html! { "Import a file" }, html! { p { "Nothing changes until you have seen what the import would do." } }, html! {}))
            section.card aria-labelledby="what" {
                header { h2 id="what" { "What is in it?" } }
                form.body.stack.snug method="post" action="/imports/new" enctype="multipart/form-data" {
                    fieldset.stack.tight {
                        legend.vh { "What its rows are" }
                        @for (kind, name, columns) in KINDS {
                            div.field {
                                label.check {
                                    input type="radio" name="kind" value=(kind.as_str()) checked[kind == chosen]
                                        aria-describedby={ "columns-" (kind.as_str()) };
                                    " " (name)
                                }
                                p.hint id={ "columns-" (kind.as_str()) } {
                                    (columns) " · "
                                    a href=(links::with_query("/imports/sample.csv", &[("kind", Some(kind.as_str()))])) download="" {
                                        "Sample file" span.vh { " of " (rows_are(kind)) }
                                    }
                                }
                            }
                        }
                    }
                    div.field {
                        label for="file" { "The file" }
                        input.input type="file" id="file" name="file" accept=".csv,.tsv,.txt,.xlsx,.xlsm,.zip,text/csv,text/tab-separated-values,application/zip"
                            aria-invalid=[mistake.map(|_| "true")] aria-describedby="file-note";
                        @match mistake {
                            Some(sentence) => p.error id="file-note" { (small("alert")) span { (sentence) } },
                            None => p.hint id="file-note" {
                                "CSV or TSV of up to 1 GB, or an Excel workbook (.xlsx) of up to 128 MB. Encoding, delimiter, headings and dates are detected automatically; for a workbook you choose the sheet. A zip of an export of everything is imported whole."
                            },
                        }
                    }
                    (long(upload::PASTED, "Or paste rows from a spreadsheet", "", "Headings first, then the rows.", None))
                    div.row { button.btn.primary { (icon("import")) " Send it" } a.btn.bare href="/imports" { "Cancel" } }
                }
            }
        }
    };
    shell(frame, "Import a file", content)
}

/// `GET /imports/new`
///
/// # Errors
/// The store's.
pub async fn show(Admin(operator): Admin, request: HttpRequest) -> Answer {
    let frame = desk::frame(&request, operator, Place::Imports).await?;
    Ok(desk::page(page(&frame, Kind::Users, None)))
}

/// `GET /imports/sample.csv?kind=users`: a file to begin with, made from the workspace's own attributes.
///
/// # Errors
/// There is no such kind; the store's.
pub async fn sample(_: Viewer, request: HttpRequest) -> Answer {
    let kind = desk::value(&request, "kind").map_or(Some(Kind::Users), |word| Kind::parse(&word));
    let kind = kind.ok_or_else(PageError::not_found)?;
    let file = import::sample(kind, &defined(&desk::store(&request)?.catalog()));
    let name = format!("attachment; filename=\"{}-sample.csv\"", kind.as_str());
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", name))
        .body(file))
}

/// `POST /imports/new`: keeps the file, and goes on to its columns.
///
/// # Errors
/// The store's.
pub async fn send(Admin(operator): Admin, request: HttpRequest, payload: Payload) -> Answer {
    let (store, by) = (desk::store(&request)?.get_ref().clone(), ("operator".to_owned(), operator.email.clone()));
    let (chosen, refused) = match upload::receive(&store, request.headers(), payload).await {
        Err(error) => (Kind::Users, error.to_string()),
        Ok(uploaded) => {
            let kind = uploaded.fields.get("kind").and_then(|word| Kind::parse(word)).unwrap_or(Kind::Users);
            let name = uploaded.file_name.unwrap_or_default();
            let kept = web::block(move || package::keep(&store, uploaded.file, kind, Said::default(), &name, by)).await;
            match kept.map_err(PageError::internal)? {
                Ok(keys) => {
                    let address =
                        keys.first().map_or_else(|| "/imports".to_owned(), |key| format!("/imports/{}", key.0));
                    return Ok(desk::see_other(&address));
                }
                Err(ImportError::Store(error)) => return Err(error.into()),
                Err(error) => (kind, error.to_string()),
            }
        }
    };
    let frame = desk::frame(&request, operator, Place::Imports).await?;
    Ok(desk::again(page(&frame, chosen, Some(&refused))))
}
