//! The list of attributes of one kind.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::{looked_at, owners, percent, type_word};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::links;
use crate::dashboard::parts::attributes::grade;
use crate::dashboard::parts::chart::meter;
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::numbers::{cell, number};
use crate::dashboard::parts::section::head;
use crate::dashboard::parts::{code, say};
use crate::domain::attributes::{Owner, Type};
use crate::http::access::Viewer;
use crate::store::attribute_rows::Looked;
use crate::store::attribute_values::{self, Values};
use crate::store::attributes::{self, DefinitionRow};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Whose attributes; none where it is those that are hidden, of all kinds.
    pub owner: Option<Owner>,
    /// Definitions of all kinds.
    pub definitions: Vec<DefinitionRow>,
    /// How much the numbers stand on.
    pub looked: Looked,
    /// Values by name, of the kind shown.
    pub values: BTreeMap<String, Values>,
    /// An attribute was deleted just now.
    pub deleted: Option<String>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let rows: Vec<&DefinitionRow> = view.definitions.iter().filter(|row| is_shown(view.owner, row)).collect();
    let below = html! {
        p { "The first value decides the type. A later one is converted when nothing is lost, else it waits in the tray." }
    };
    let actions = html! { a.btn href="/refusals/tray" { (icon("box")) " Tray" } };
    let content = html! {
        div.stack {
            (head(html! { "Attributes " span.n { (number(view.definitions.len() as u64)) } }, below, actions))
            @if let Some(name) = &view.deleted {
                (say::notice(say::Tone::Good, &format!("{name} is deleted, with all its values. Histories still tell what they were.")))
            }
            (tabs(view))
            @if rows.is_empty() { (none(view.owner)) } @else { (table(frame, view, &rows)) }
            @if let Some(owner) = view.owner.filter(|_| !rows.is_empty()) {
                p.small.faint { "Filled, different values and last set: " (looked_at(owner, view.looked)) }
            }
            (code::shell_card(&frame.server, &api_path(view.owner)))
        }
    };
    shell(frame, "Attributes", content)
}

fn is_shown(owner: Option<Owner>, row: &DefinitionRow) -> bool {
    match owner {
        Some(owner) => row.owner == owner && !row.hidden,
        None => row.hidden,
    }
}

fn api_path(owner: Option<Owner>) -> String {
    links::with_query("/api/v1/attributes", &[("owner", owner.map(Owner::as_str))])
}

fn tabs(view: &View) -> Markup {
    let kinds = [
        (Some(Owner::User), "User", "user"),
        (Some(Owner::Company), "Company", "company"),
        (Some(Owner::Membership), "Membership", "membership"),
        (None, "Hidden", "hidden"),
    ];
    html! {
        nav.tabs.bleed aria-label="Whose" {
            @for (owner, text, word) in kinds {
                @let count = view.definitions.iter().filter(|row| is_shown(owner, row)).count();
                a href={ "/attributes?of=" (word) } aria-current=[(view.owner == owner).then_some("page")] {
                    (text) " " span.n { (number(count as u64)) }
                }
            }
        }
    }
}

fn table(frame: &Frame, view: &View, rows: &[&DefinitionRow]) -> Markup {
    let label = view.owner.map_or("Hidden attributes".to_owned(), |owner| format!("Attributes of {}", owners(owner)));
    html! {
        div.scroll.sticky.bleed tabindex="0" role="group" aria-label=(label) {
            table.table.dense.cards data-rows="" {
                thead {
                    tr {
                        th scope="col" { "Name" }
                        th scope="col" { "Type" }
                        th.num scope="col" { "Filled" }
                        th.num scope="col" { "Different" }
                        th scope="col" { "Last set" }
                        th.late scope="col" { "First from" }
                    }
                }
                tbody { @for row in rows { (line(frame, view, row)) } }
            }
        }
    }
}

fn line(frame: &Frame, view: &View, row: &DefinitionRow) -> Markup {
    let values = view.values.get(&row.name).filter(|_| view.owner.is_some());
    let filled = values.map_or(0, |values| values.filled);
    let offer = values.filter(|_| row.kind == Type::Text).and_then(Values::offer);
    let (drawing, word) = grade(row.grade);
    html! {
        tr {
            th.lead scope="row" {
                a href=(links::attribute(row.owner, &row.name)) { code.bare { bdi { (row.name) } } }
                @if let Some(label) = &row.label { " " span.muted { bdi { (label) } } }
                @if row.locked {
                    " " span title="Locked: unsigned calls may not set it" { (small("lock")) span.vh { "locked" } }
                }
                @if !row.history {
                    " " span title="History is off: only the present value is kept" { (small("clock")) span.vh { "without history" } }
                }
            }
            td.state {
                span.row.tight {
                    (type_word(row.kind))
                    @if row.deleting { " " span.pill.warn { "Being deleted" } }
                    @if let Some(kind) = offer { " " span.pill.info title=(offer_title(kind)) { "Could be " (type_word(kind)) } }
                }
            }
            @if view.owner.is_some() {
                td.num data-l="Filled" { (percent(filled, view.looked.rows)) " " (meter(filled, view.looked.rows)) }
                td.num data-l="Different" { (cell(values.map_or(0, |values| values.counts.len()) as u64)) }
                td data-l="Last set" { (frame.clock.ago_or_never(values.and_then(|values| values.last_ms))) }
            } @else {
                td.num.zero { "–" }
                td.num.zero { "–" }
                td.zero { (row.owner.as_str()) }
            }
            td.late.muted {
                span title=(word) { (small(drawing)) span.vh { (word) ", " } }
                " " @if row.source.is_empty() { "by hand" } @else { bdi { (row.source) } } ", " (frame.clock.ago(row.created_ms))
            }
        }
    }
}

fn offer_title(kind: Type) -> String {
    format!("Every text looked at would convert to {} without loss. Open the attribute to change it.", type_word(kind))
}

fn none(owner: Option<Owner>) -> Markup {
    let (heading, sentence) = match owner {
        Some(Owner::User) => (
            "No attribute of users yet",
            "Whatever your page or back end sends beside a user's id appears here by itself.",
        ),
        Some(Owner::Company) => {
            ("No attribute of companies yet", "Whatever is sent beside a company's id appears here by itself.")
        }
        Some(Owner::Membership) => (
            "No attribute of memberships yet",
            "A role, a title or anything else sent as membership appears here by itself.",
        ),
        None => (
            "Nothing is hidden",
            "An attribute that is hidden on its page is left out of users' and companies' pages, and listed here.",
        ),
    };
    say::nothing(heading, html! { p { (sentence) } p.row { a.btn href="/install" { "Install" } } })
}

/// `GET /attributes`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    let owner = match desk::value(&request, "of").as_deref() {
        Some("hidden") => None,
        of => Some(of.and_then(Owner::parse).unwrap_or(Owner::User)),
    };
    let deleted = desk::value(&request, "deleted");
    let (frame, (definitions, (looked, values))) = desk::read(&request, operator, Place::Attributes, move |db, _| {
        let values = owner.map(|owner| attribute_values::look(db, owner, None)).transpose()?;
        Ok((attributes::list(db, None)?, values.unwrap_or_default()))
    })
    .await?;
    // A name in an address is said back only where it is true.
    let deleted = deleted.filter(|name| !definitions.iter().any(|row| row.name == *name && Some(row.owner) == owner));
    Ok(desk::page(page(&frame, &View { owner, definitions, looked, values, deleted })))
}
