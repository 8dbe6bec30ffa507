//! `/imports`: what was imported.

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::{by, rows_are, state};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::number;
use crate::dashboard::parts::say;
use crate::dashboard::parts::section::head;
use crate::domain::access::Role;
use crate::http::access::Viewer;
use crate::store::imports::{self, Import};
use crate::store::list::{Cursor, PAGE_ROWS, Page};

/// The page.
pub fn page(frame: &Frame, imports: &Page<Import>) -> Markup {
    let content = html! {
        (head(
            html! { "Imports" },
            html! { p { "Users, companies, memberships and events from files. Each can be undone." } },
            html! { @if frame.may(Role::Admin) { a.btn.primary href="/imports/new" { (icon("import")) " Import a file" } } },
        ))
        @if imports.rows.is_empty() { (nothing(frame)) } @else { (table(frame, imports)) }
        p.small.muted.pad-top {
            "Everything here as files, to keep or take with you: "
            a href="/export/all" download="" { "one zip of CSV" } ", which can be imported whole, even into another workspace, with settings and segments · "
            a href="/export/all?format=ndjson" download="" { "one of NDJSON" } ", for programs. The README in it says what can't be imported."
        }
        div.pad-top { (code::shell_card(&frame.server, "/api/v1/imports")) }
    };
    shell(frame, "Imports", content)
}

fn nothing(frame: &Frame) -> Markup {
    say::nothing(
        "Nothing has been imported yet",
        html! {
            p { "A file with users and the company of each assigns them at once; the snippet keeps it up to date from then on." }
            @if frame.may(Role::Admin) { p.row { a.btn.primary href="/imports/new" { "Import a file" } } }
            @else { p { "An admin can import one." } }
        },
    )
}

fn table(frame: &Frame, imports: &Page<Import>) -> Markup {
    html! {
        div.scroll.bleed tabindex="0" role="group" aria-label="Imports" {
            table.table.cards aria-label="Imports" data-rows="" {
                thead {
                    tr {
                        th scope="col" { "File" }
                        th scope="col" { "State" }
                        th.num scope="col" { "Rows" }
                        th.num scope="col" { "Refused" }
                        th.late scope="col" { "By" }
                        th.late scope="col" { "When" }
                    }
                }
                tbody {
                    @for import in &imports.rows {
                        tr {
                            th.lead scope="row" {
                                a href={ "/imports/" (import.key.0) } { bdi { (import.file_name) } }
                                br;
                                span.small.muted { "Import " (import.key.0) ", " (rows_are(import.kind)) }
                            }
                            td.state { (state(import)) }
                            td.num data-l="Rows" { (number(import.report.rows)) }
                            td.num data-l="Refused" { (number(import.report.refused_rows)) }
                            td.late.muted data-l="By" { bdi { (by(import)) } }
                            td.late.muted data-l="When" { (frame.clock.ago(import.ended_ms.unwrap_or(import.created_ms))) }
                        }
                    }
                }
            }
        }
        @if let Some(next) = &imports.next {
            nav.pager aria-label="Pages" {
                p {}
                a.btn rel="next" href=(links::with_query("/imports", &[("after", Some(&next.encode()))])) { "Next " (icon("right")) }
            }
        }
    }
}

/// `GET /imports`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let after = desk::value(&request, "after").and_then(|text| Cursor::decode(&text));
    let (frame, page_of) =
        desk::read(&request, operator, Place::Imports, move |db, _| imports::list(db, after.as_ref(), PAGE_ROWS))
            .await?;
    Ok(desk::page(page(&frame, &page_of)))
}
