//! `/imports/{id}`: a draft with its columns and its check, progress, the report.

use actix_web::http::StatusCode;
use actix_web::web::{self, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::{by, defined, report, rows_are, set_up, state};
use crate::actions::import::{self as deeds, ImportError, SetUp, file, package};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::code;
use crate::dashboard::parts::frame::{Frame, Place, Refresh, live_shell};
use crate::dashboard::parts::icon::icon;
use crate::dashboard::parts::numbers::{counted, number};
use crate::dashboard::parts::say::{self, Tone};
use crate::dashboard::parts::section::{crumbs, head};
use crate::domain::access::Role;
use crate::domain::attributes::{Owner, Type};
use crate::domain::ids::ImportKey;
use crate::domain::import::{Report, Sniffed, TakenBack};
use crate::domain::table::Kind;
use crate::http::access::{Admin, Viewer};
use crate::http::page::PageError;
use crate::store::imports::{self, Import, Refusal, State};
use crate::store::operators::Operator;
use crate::store::{Reader, Store, Tx};

/// Seconds between two looks where there is no script.
const REFRESH_SECONDS: u32 = 3;

/// What the page shows.
pub struct View {
    /// The import.
    pub import: Import,
    /// What stands at the beginning of its file, of a draft.
    pub sniffed: Option<Sniffed>,
    /// The attributes that exist.
    pub known: Vec<(Owner, String, Type)>,
    /// All that came in the same zip, itself among them; none where it came alone.
    pub package: Vec<Import>,
    /// The first rows and cells that were not taken.
    pub refusals: Vec<Refusal>,
    /// Whether it is asked to be taken back.
    pub asks_back: bool,
    /// What was wrong with what was sent.
    pub mistake: Option<String>,
}

/// Rows and cells that were not taken which the page shows; the file has all of them.
const REFUSALS_SHOWN: usize = 10;
/// What the address asks before an import is taken back.
const TAKE_BACK: &str = "take-back";

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let import = &view.import;
    let title = format!("Import {}", import.key.0);
    let address = format!("/imports/{}", import.key.0);
    let content = html! {
        (crumbs("Imports", "/imports", &title))
        (head(
            html! { bdi { (import.file_name) } },
            html! {
                p {
                    (state(import)) " " (rows_are(import.kind)) ", by " bdi { (by(import)) } ", "
                    (frame.clock.on(import.started_ms.unwrap_or(import.created_ms)))
                }
            },
            html! { @if frame.may(Role::Admin) { (actions(import, &address)) } },
        ))
        div.stack {
            @if let Some(sentence) = &view.mistake { (say::notice(Tone::Bad, sentence)) }
            @if let Some(problem) = &import.problem { (say::notice(Tone::Bad, problem)) }
            @if !view.package.is_empty() { (came_together(frame, import, &view.package, &address)) }
            @if view.asks_back && can_be_taken_back(import) && frame.may(Role::Admin) { (take_back(import, &address)) }
            (stands(import, &view.refusals, &address))
            @if import.state == State::Draft {
                @if let Some(checked) = &import.checked { (would(frame, import, checked, &view.refusals, &address)) }
                @match &view.sniffed {
                    Some(sniffed) if frame.may(Role::Admin) => (set_up::form(import, sniffed, &view.known)),
                    Some(_) => p.muted { "An admin can continue it." },
                    None => (say::notice(Tone::Warn, "The file is no longer here. Send it again.")),
                }
            }
            (code::shell_calls(&frame.server, &[
                ("Its state; a token with the scope read", &format!("/api/v1{address}")),
                ("The refused rows, as a file", &format!("/api/v1{address}/refused")),
            ]))
        }
    };
    let refresh = Refresh { seconds: REFRESH_SECONDS, address };
    live_shell(frame, &title, import.state.is_under_way().then_some(&refresh), content)
}

fn button(address: &str, deed: &str, class: &str, drawing: &str, text: &str) -> Markup {
    html! {
        form method="post" action=(address) {
            button class={ "btn " (class) } name="do" value=(deed) { (icon(drawing)) " " (text) }
        }
    }
}

fn actions(import: &Import, address: &str) -> Markup {
    html! {
        @match import.state {
            State::Draft => (button(address, "discard", "bare", "trash", "Discard")),
            State::Checking | State::Queued | State::Running => (button(address, "cancel", "", "x", "Stop")),
            _ if can_be_taken_back(import) => a.btn href=(links::with_query(address, &[(TAKE_BACK, Some("1"))])) { (icon("undo")) " Undo" },
            _ => {}
        }
    }
}

fn can_be_taken_back(import: &Import) -> bool {
    import.state.has_run()
}

/// What is asked before an import is taken back.
fn take_back(import: &Import, address: &str) -> Markup {
    let report = &import.report;
    let made = report.users.created + report.companies.created;
    let changed = report.users.updated + report.companies.updated + report.memberships.updated;
    html! {
        section.card aria-labelledby="take-back" {
            header { h2 id="take-back" { "Undo this import?" } }
            div.body.stack.tight {
                @if report.events.created > 0 {
                    p { (counted(report.events.created, "event is removed", "events are removed")) " from the journal and all numbers; the same file can be imported again." }
                }
                @if import.kind != Kind::Events { p {
                    "It created " (counted(made, "user or company", "users and companies")) ", and changed "
                    (counted(changed, "that was known", "that were known")) "."
                } }
                p { "Users and companies it created are removed unless something else is known about them; values it changed are restored. What has been changed or said again since stays as it is, and the report says how much that was." }
                p.muted { "It runs in the background, and can't be stopped half-way." }
            }
            footer.row {
                (button(address, "undo", "primary", "undo", "Undo it"))
                a.btn.bare href=(address) { "Cancel" }
            }
        }
    }
}

/// What came in the same zip, and what is done with all of it.
fn came_together(frame: &Frame, import: &Import, all: &[Import], address: &str) -> Markup {
    let drafts = all.iter().filter(|one| one.state == State::Draft).count();
    html! {
        section.card aria-labelledby="package" {
            header {
                h2 id="package" { "A zip of " (counted(all.len() as u64, "file", "files")) }
                span.muted { "They run one after the other; each has its own report." }
            }
            div.scroll tabindex="0" role="group" aria-labelledby="package" {
                table.table.last aria-labelledby="package" {
                    thead { tr { th scope="col" { "File" } th scope="col" { "State" } th.num scope="col" { "Rows" } th.num scope="col" { "Refused" } } }
                    tbody {
                        @for one in all {
                            @let report = one.checked.as_ref().filter(|_| one.state == State::Draft).unwrap_or(&one.report);
                            @let is_known = one.state != State::Draft || one.checked.is_some();
                            tr {
                                th scope="row" {
                                    @if one.key == import.key { b { bdi { (one.file_name) } } }
                                    @else { a href={ "/imports/" (one.key.0) } { bdi { (one.file_name) } } }
                                }
                                td { (state(one)) }
                                td.num { @if is_known { (number(report.rows)) } }
                                td.num { @if is_known { (number(report.refused_rows + report.refused_values)) } }
                            }
                        }
                    }
                }
            }
            @if drafts > 0 && frame.may(Role::Admin) {
                footer.row {
                    (button(address, "run-all", "primary", "check", &format!("Import all {drafts}")))
                    (button(address, "check-all", "", "eye", "Check all"))
                    (button(address, "discard-all", "bare", "trash", "Discard all"))
                }
            }
        }
    }
}

/// How it stands, told anew while it is under way.
fn stands(import: &Import, refusals: &[Refusal], address: &str) -> Markup {
    let rows = counted(import.rows_done, "row", "rows");
    html! {
        section.card id="stands" aria-labelledby="stands-h" data-live=(address) data-live-often=""
            data-live-done[!import.state.is_under_way()] hidden[import.state == State::Draft] {
            @match import.state {
                State::Draft => h2 id="stands-h" { "A draft" },
                State::Checking => {
                    header { h2 id="stands-h" { "Checking" } }
                    div.body { p { "It runs in a copy of the workspace, to see what it would do. Nothing is changed." } }
                },
                State::Queued => {
                    header { h2 id="stands-h" { "Waiting" } }
                    div.body { p { "It starts when the import before it is done." } }
                },
                State::Running => {
                    header { h2 id="stands-h" { (rows) " so far" } }
                    (report::counts(&import.report))
                    div.body { p { "It continues by itself, even after a restart; you can close this page." } }
                },
                State::Undoing => {
                    header { h2 id="stands-h" { "Undoing it" } }
                    (taken_back(import.taken_back))
                    div.body { p.muted { "It continues by itself, even after a restart; you can close this page." } }
                },
                State::Undone => {
                    header { h2 id="stands-h" { "It was undone" } }
                    (taken_back(import.taken_back))
                },
                State::Done | State::Cancelled | State::Failed => {
                    header { h2 id="stands-h" { (rows) @if import.state != State::Done { ", and then it stopped" } } }
                    (report::counts(&import.report))
                    div.body.stack.tight {
                        (report::touched(import.key.0, &import.report))
                        (report::refused(import.key.0, &import.report, false))
                    }
                    (report::errors(import, refusals))
                    (set_up::as_imported(import))
                    div.body.stack.tight {
                        p.small.muted {
                            @if import.kind == Kind::Events {
                                "Imported events count on their own day. Undoing the import removes them from all numbers; "
                                "the same file can be imported again."
                            } @else {
                                "Undoing it leaves alone what has changed since."
                            }
                        }
                        p.small.faint { "SHA-256 of the file: " code.bare { (import.file_hash) } }
                    }
                },
            }
        }
    }
}

fn taken_back(back: TakenBack) -> Markup {
    html! {
        div.body.stack.tight {
            @if back.events > 0 { p { (counted(back.events, "event", "events")) " were removed from the journal and all numbers." } }
            p { (counted(back.gone, "user or company it created is gone, as", "users and companies it created are gone, as")) " nothing else was known about them." }
            p { (counted(back.fields, "field is as it was", "fields are as they were")) " before." }
            p { (counted(back.kept, "item has been changed or said again since and was left as it is", "items have been changed or said again since and were left as they are")) "." }
        }
    }
}

/// What would come of a draft.
fn would(frame: &Frame, import: &Import, checked: &Report, refusals: &[Refusal], address: &str) -> Markup {
    html! {
        section.card aria-labelledby="would" {
            header {
                h2 id="would" { "What would happen to " (counted(checked.rows, "row", "rows")) }
                span.muted { "Nothing has been changed. The import will do the same, unless something else changes first." }
            }
            (report::counts(checked))
            div.body.stack.tight {
                @if let Some(doubt) = import.reading.doubt() { p { b { (doubt) } } }
                (report::refused(import.key.0, checked, true))
            }
            (report::errors(import, refusals))
            (report::examples(checked))
            @if frame.may(Role::Admin) {
                footer.row { (button(address, "run", "primary", "check", "Import it")) }
            }
        }
    }
}

fn key_of(path: &str) -> Result<ImportKey, PageError> {
    path.parse().map(ImportKey).map_err(|_| PageError::not_found())
}

async fn view(store: &Store, key: ImportKey, asks_back: bool, mistake: Option<String>) -> Result<View, PageError> {
    let read =
        move |db: &Reader<'_>| Ok((imports::find(db, key)?, imports::refusals(db, key, None, REFUSALS_SHOWN)?.rows));
    let (import, refusals) = store.read(read).await?;
    let import = import.ok_or_else(PageError::not_found)?;
    let sniffed = if import.state == State::Draft {
        let (path, reading) = (file::path(store, key), import.reading.clone());
        web::block(move || file::look(&path, &reading.into())).await.map_err(PageError::internal)?.ok()
    } else {
        None
    };
    let package = match import.package {
        Some(package) => store.read(move |db| imports::of_package(db, package)).await?,
        None => Vec::new(),
    };
    let known = defined(&store.catalog());
    Ok(View { import, sniffed: sniffed.map(|(sniffed, _)| sniffed), known, package, refusals, asks_back, mistake })
}

/// `GET /imports/{id}`
///
/// # Errors
/// There is no such import; the store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, path: Path<String>) -> Answer {
    answer(operator, &request, &path, None).await
}

async fn answer(operator: Operator, request: &HttpRequest, path: &str, mistake: Option<String>) -> Answer {
    let status = if mistake.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let asks_back = desk::value(request, TAKE_BACK).is_some();
    let view = view(desk::store(request)?, key_of(path)?, asks_back, mistake).await?;
    let frame = desk::frame(request, operator, Place::Imports).await?;
    Ok(desk::page_with(status, page(&frame, &view)))
}

/// `GET /imports/{id}/refused`
///
/// # Errors
/// There is no such import; the store's.
pub async fn refused(_: Viewer, request: HttpRequest, path: Path<String>) -> Answer {
    let key = key_of(&path)?;
    let read = desk::store(&request)?
        .read(move |db| imports::find(db, key)?.map(|import| file::refused(db, &import)).transpose())
        .await?;
    let text = read.ok_or_else(PageError::not_found)?;
    let name = format!("attachment; filename=\"import-{}-refused.csv\"", key.0);
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", name))
        .body(text))
}

/// `POST /imports/{id}`: what its buttons send.
///
/// # Errors
/// There is no such import; the store's.
pub async fn change(
    Admin(operator): Admin,
    request: HttpRequest,
    path: Path<String>,
    sent: Form<Vec<(String, String)>>,
) -> Answer {
    let (key, pairs) = (key_of(&path)?, sent.into_inner());
    let store = desk::store(&request)?;
    let deed =
        pairs.iter().find(|(name, _)| name == "do").map(|(_, deed)| deed.as_str()).unwrap_or_default().to_owned();
    let done = match deed.as_str() {
        "read" => read_anew(store, key, &pairs).await,
        "save" | "check" => {
            let is_check = deed == "check";
            store
                .write(move |tx| {
                    let import = imports::find(&tx.reader(), key)?.ok_or(ImportError::Unknown)?;
                    let mapping = set_up::mapping_sent(&pairs, &import.mapping).map_err(ImportError::SetUp)?;
                    let policy = set_up::policy_sent(&pairs, import.policy);
                    let (kind, reading) = (import.kind, import.reading);
                    deeds::set_up(tx, key, SetUp { kind, reading, mapping, policy })?;
                    if is_check { deeds::check(tx, key) } else { Ok(()) }
                })
                .await
        }
        "run" => store.write(move |tx| deeds::run(tx, key)).await,
        "run-all" => store.write(move |tx| package::run(tx, came_with(tx, key)?)).await,
        "check-all" => store.write(move |tx| package::check(tx, came_with(tx, key)?)).await,
        "discard-all" => match store.write(move |tx| package::throw_away(tx, came_with(tx, key)?)).await {
            Ok(gone) => {
                gone.into_iter().for_each(|key| file::remove(store, key));
                return Ok(desk::see_other("/imports"));
            }
            Err(error) => Err(error),
        },
        "cancel" => store.write(move |tx| deeds::cancel(tx, key)).await,
        "undo" => store.write(move |tx| deeds::undo(tx, key)).await,
        "discard" => match store.write(move |tx| deeds::discard(tx, key)).await {
            Ok(()) => {
                file::remove(store, key);
                return Ok(desk::see_other("/imports"));
            }
            Err(error) => Err(error),
        },
        _ => Err(ImportError::SetUp("The form didn't say what to do. Go back and send it again.".to_owned())),
    };
    match done {
        Ok(()) => Ok(desk::see_other(&format!("/imports/{}", key.0))),
        Err(ImportError::Unknown) => Err(PageError::not_found()),
        Err(ImportError::Store(error)) => Err(error.into()),
        Err(error) => answer(operator, &request, &path, Some(error.to_string())).await,
    }
}

/// The zip that an import came in.
fn came_with(tx: &Tx<'_>, key: ImportKey) -> Result<ImportKey, ImportError> {
    imports::find(&tx.reader(), key)?.and_then(|import| import.package).ok_or(ImportError::Unknown)
}

/// Reads the file otherwise.
async fn read_anew(store: &Store, key: ImportKey, pairs: &[(String, String)]) -> Result<(), ImportError> {
    let import = store.read(move |db| imports::find(db, key)).await?.ok_or(ImportError::Unknown)?;
    let (store, said) = (store.clone(), set_up::reading_sent(pairs, &import.reading));
    web::block(move || file::read_anew(&store, key, &said)).await.map_err(std::io::Error::other)?
}
