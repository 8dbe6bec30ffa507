//! The list of attributes of one kind.

use std::collections::BTreeMap;

use std::borrow::Cow;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::{looked_at, owners, percent, type_word};
use crate::dashboard::desk::{self, Answer};
use crate::dashboard::errors;
use crate::dashboard::links;
use crate::dashboard::parts::attributes::grade;
use crate::dashboard::parts::chart::meter;
use crate::dashboard::parts::frame::{Frame, Place, shell};
use crate::dashboard::parts::icon::{icon, small};
use crate::dashboard::parts::list::{Address, Column, LIST, search_chip};
use crate::dashboard::parts::numbers::{cell, counted, number};
use crate::dashboard::parts::section::head;
use crate::dashboard::parts::{code, say};
use crate::domain::attributes::{Owner, Type};
use crate::http::access::Viewer;
use crate::store::attribute_rows::Looked;
use crate::store::attribute_values::{self, Values};
use crate::store::attributes::{self, DefinitionRow};

/// The columns by which attributes are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Its name.
    Name,
    /// The word of its type.
    Type,
    /// Rows that have a value.
    Filled,
    /// Different values.
    Different,
    /// The latest time of a value.
    LastSet,
}

impl Column for SortBy {
    const ALL: &'static [SortBy] = &[SortBy::Name, SortBy::Type, SortBy::Filled, SortBy::Different, SortBy::LastSet];

    fn name(&self) -> Cow<'_, str> {
        let name = match self {
            SortBy::Name => "name",
            SortBy::Type => "type",
            SortBy::Filled => "filled",
            SortBy::Different => "different",
            SortBy::LastSet => "last_set",
        };
        name.into()
    }

    fn descends_first(&self) -> bool {
        matches!(self, SortBy::Filled | SortBy::Different | SortBy::LastSet)
    }
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// Whose attributes; none where it is those that are hidden, of all kinds.
    pub owner: Option<Owner>,
    /// What is searched for, and how it is sorted.
    pub address: Address<SortBy>,
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
    let rows = shown(view);
    let below = html! {
        p { "The first value decides the type. A later one is converted if nothing is lost; otherwise it waits in the tray." }
    };
    let actions = html! { a.btn href="/refusals/tray" { (icon("box")) " Tray" } };
    let content = html! {
        div.stack {
            (head(html! { "Attributes " span.n { (number(view.definitions.len() as u64)) } }, below, actions))
            @if let Some(name) = &view.deleted {
                (say::notice(say::Tone::Good, &format!("{name} is deleted, with all its values. Histories still show what they were.")))
            }
            (tabs(view))
            @if rows.is_empty() && view.address.search.is_none() { (none(view.owner)) } @else {
                div.toolbar {
                    (view.address.search_form("Find in attributes", "Name or label"))
                    (search_chip(&view.address))
                }
                @if rows.is_empty() { (not_found(view)) } @else { (table(frame, view, &rows)) }
            }
            @if let Some(owner) = view.owner.filter(|_| !rows.is_empty()) {
                p.small.faint { "Filled, different values and last set: " (looked_at(owner, view.looked)) }
            }
            (code::shell_card(&frame.server, &api_path(view.owner)))
        }
    };
    shell(frame, "Attributes", content)
}

/// The rows that match, in their order.
fn shown(view: &View) -> Vec<&DefinitionRow> {
    let text = view.address.search.as_deref().unwrap_or_default().to_lowercase();
    let has_text = |row: &DefinitionRow| {
        row.name.to_lowercase().contains(&text)
            || row.label.as_ref().is_some_and(|label| label.to_lowercase().contains(&text))
    };
    let mut rows: Vec<&DefinitionRow> =
        view.definitions.iter().filter(|row| is_shown(view.owner, row) && has_text(row)).collect();
    let values = |row: &DefinitionRow| view.values.get(&row.name);
    // By name where the rest is equal: that is how they come.
    match view.address.sort {
        SortBy::Name => rows.sort_by_cached_key(|row| row.name.to_lowercase()),
        SortBy::Type => rows.sort_by_key(|row| type_word(row.kind)),
        SortBy::Filled => rows.sort_by_key(|row| values(row).map(|values| values.filled)),
        SortBy::Different => rows.sort_by_key(|row| values(row).map(|values| values.counts.len())),
        SortBy::LastSet => rows.sort_by_key(|row| values(row).and_then(|values| values.last_ms)),
    }
    if view.address.descending {
        rows.reverse();
    }
    rows
}

fn not_found(view: &View) -> Markup {
    let search = view.address.search.as_deref().unwrap_or_default();
    say::nothing(
        "No attribute matches",
        html! {
            p { "No name or label here contains “" bdi { (search) } "”. Case doesn't matter." }
            p.row { a.btn href=(view.address.without_search()) { "All attributes" } }
        },
    )
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
            table.table.dense.cards aria-label=(label) data-rows="" {
                thead {
                    tr {
                        (view.address.head(SortBy::Name, "Name", ""))
                        (view.address.head(SortBy::Type, "Type", ""))
                        @if view.owner.is_some() {
                            (view.address.head(SortBy::Filled, "Filled", "num"))
                            (view.address.head(SortBy::Different, "Different", "num"))
                            (view.address.head(SortBy::LastSet, "Last set", ""))
                        } @else {
                            th.num scope="col" { "Filled" }
                            th.num scope="col" { "Different" }
                            th scope="col" { "Of" }
                        }
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
            th.lead.wrap scope="row" {
                a href=(links::attribute(row.owner, &row.name)) { code.bare { bdi { (row.name) } } }
                @if let Some(label) = &row.label { " " span.muted { bdi { (label) } } }
                @if row.locked {
                    " " span title="Locked: unsigned calls may not set it" { (small("lock")) span.vh { "locked" } }
                }
                @if !row.history {
                    " " span title="History is off: only the current value is kept" { (small("clock")) span.vh { "without history" } }
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
                td.num data-l="Different" { (different(values.map_or(0, |values| values.counts.len()) as u64, view.looked)) }
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

/// How many different values there are: at least those that were met, where not all rows were looked at.
fn different(count: u64, looked: Looked) -> Markup {
    html! {
        @if looked.all || count == 0 { (cell(count)) } @else {
            span title={ "This many in the " (counted(looked.rows, "row", "rows")) " looked at" } { (number(count)) "+" }
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
            "Whatever your page or back end sends with a user's id appears here automatically.",
        ),
        Some(Owner::Company) => {
            ("No attribute of companies yet", "Whatever is sent with a company's id appears here automatically.")
        }
        Some(Owner::Membership) => (
            "No attribute of memberships yet",
            "A role, a title or anything else sent as membership appears here automatically.",
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
    let path = links::with_query("/attributes", &[("of", Some(owner.map_or("hidden", Owner::as_str)))]);
    let address = match Address::read(path, LIST, SortBy::Name, |name| desk::value(&request, name)) {
        Ok(address) => address,
        Err(sentence) => return errors::bad_address(&request, operator, Place::Attributes, &sentence).await,
    };
    let deleted = desk::value(&request, "deleted");
    let (frame, (definitions, (looked, values))) = desk::read(&request, operator, Place::Attributes, move |db, _| {
        let values = owner.map(|owner| attribute_values::count(db, owner, None)).transpose()?;
        Ok((attributes::list(db, None)?, values.unwrap_or_default()))
    })
    .await?;
    // A name in an address is said back only where it is true.
    let deleted = deleted.filter(|name| !definitions.iter().any(|row| row.name == *name && Some(row.owner) == owner));
    Ok(desk::page(page(&frame, &View { owner, address, definitions, looked, values, deleted })))
}
