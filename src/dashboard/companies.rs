//! `/companies`: all companies.

use std::borrow::Cow;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::done::{self, Done};
use super::happenings::Told;
use super::parts::chart::roll;
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::labels::tags;
use super::parts::list::{Address, Column, LIST, search_chip, segments};
use super::parts::numbers::{self, cell, counted};
use super::parts::section::head;
use super::parts::{pill, say, values, who};
use super::{duplicates, errors};
use crate::domain::access::Role;
use crate::domain::duplicates::Records;
use crate::domain::filter::{Fact, Field, Listed};
use crate::http::access::Viewer;
use crate::store::companies::{self, CompanyRow, Shelf, SortBy};
use crate::store::list::{Count, PAGE_ROWS, Page};
use crate::store::{duplicates as stored_duplicates, email_domains};

/// The list of archived companies.
pub const ARCHIVED: &str = "/companies?list=archived";

impl Column for SortBy {
    const ALL: &'static [SortBy] =
        &[SortBy::Name, SortBy::Members, SortBy::ActiveMembers, SortBy::FirstSeen, SortBy::LastSeen];

    fn name(&self) -> Cow<'_, str> {
        let name = match self {
            SortBy::Name => "name",
            SortBy::Members => "members",
            SortBy::ActiveMembers => "active_members",
            SortBy::FirstSeen => "first_seen",
            SortBy::LastSeen => "last_seen",
            SortBy::Fact(fact) => return Field::Own(fact.clone(), Listed::Companies).to_string().into(),
        };
        name.into()
    }

    fn of(fact: &Fact) -> Option<SortBy> {
        SortBy::fact(fact)
    }

    fn descends_first(&self) -> bool {
        *self != SortBy::Name
    }
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The list's state.
    pub address: Address<SortBy>,
    /// Those in use, or the archived ones (C10).
    pub shelf: Shelf,
    /// How many archived ones there are.
    pub archived: Count,
    /// How many there are that match.
    pub found: Count,
    /// E-mail domains that wait for a decision (C9).
    pub suggested: Count,
    /// Groups of companies that may be one (C5).
    pub duplicates: Count,
    /// This page of them.
    pub companies: Page<CompanyRow>,
    /// A company that was made by hand was taken away again just now.
    pub done: Option<Done>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        (head(html! { "Companies " span.n { (numbers::count(view.found)) } }, html! {}, html! {
            @if view.duplicates != Count::Exactly(0) {
                a.btn href=(duplicates::address(Records::Companies)) title="Companies whose ids look alike" {
                    (icon("merge")) " Possible duplicates " span.n { (numbers::count(view.duplicates)) }
                }
            }
            @if view.suggested != Count::Exactly(0) {
                a.btn href="/companies/suggested" title="E-mail domains of people who have no company" {
                    (icon("mail")) " Suggested " span.n { (numbers::count(view.suggested)) }
                }
            }
            @if frame.may(Role::Admin) { a.btn href="/edit/new?kind=company" { (icon("plus")) " New company" } }
        }))
        (done::done(view.done.as_ref(), Told::OfCompany, "/companies", frame.clock, frame.role()))
        @let is_first = view.address.search.is_none() && view.address.after.is_none();
        @if view.companies.rows.is_empty() && is_first && view.shelf == Shelf::InUse && view.archived == Count::Exactly(0) {
            (none())
        } @else {
            div.toolbar {
                (view.address.search_form("Find in companies", "Name or id"))
                (search_chip(&view.address))
                @if view.shelf == Shelf::Archived || view.archived != Count::Exactly(0) { (shelves(view)) }
            }
            @if !view.companies.rows.is_empty() { (table(frame, view)) }
            @else if view.address.search.is_some() { (not_found(view)) }
            @else { (nothing_on_it(view.shelf)) }
        }
    };
    shell(frame, "Companies", content)
}

/// Which companies: those in use, or those out of lists and numbers.
fn shelves(view: &View) -> Markup {
    let archived = format!("Archived {}", numbers::count(view.archived));
    let choices = [
        ("In use".to_owned(), "/companies".to_owned(), view.shelf == Shelf::InUse),
        (archived, ARCHIVED.to_owned(), view.shelf == Shelf::Archived),
    ];
    segments("Which companies", &choices)
}

fn nothing_on_it(shelf: Shelf) -> Markup {
    let (heading, sentence) = match shelf {
        Shelf::InUse => ("All companies are archived", "One that a message names for the first time appears here."),
        Shelf::Archived => (
            "No company is archived",
            "Archiving takes a company out of lists and numbers and erases nothing. It is done on the company's page.",
        ),
    };
    say::nothing(heading, html! { p { (sentence) } })
}

fn table(frame: &Frame, view: &View) -> Markup {
    let address = &view.address;
    let shown = counted(view.companies.rows.len() as u64, "company on this page", "companies on this page");
    html! {
        div.scroll.sticky.bleed tabindex="0" role="group" aria-label="Companies" {
            table.table.cards data-rows="" {
                thead {
                    tr {
                        (address.head(SortBy::Name, "Company", ""))
                        (address.head(SortBy::Members, "Members", "num"))
                        (address.head(SortBy::ActiveMembers, "Active in 30 days", "num"))
                        th scope="col" { "28 days" }
                        (address.head(SortBy::FirstSeen, "First seen", "late"))
                        (address.head(SortBy::LastSeen, "Last seen", ""))
                    }
                }
                tbody { @for company in &view.companies.rows { (row(frame, company)) } }
            }
        }
        (address.pager(&shown, view.companies.next.as_ref()))
    }
}

fn row(frame: &Frame, company: &CompanyRow) -> Markup {
    let clock = frame.clock;
    let name = company.name.as_deref();
    let below = html! {
        (who::company_second_line(&company.company_id, name, company.domain.as_deref()))
        @if let Some(plan) = &company.plan { " · " (values::name(plan)) }
        (tags(&company.tags))
    };
    html! {
        tr {
            th.lead scope="row" { (who::company(&company.company_id, name, below)) }
            td.num data-l="Members" { (cell(company.members)) }
            td.num data-l="Active" { (cell(company.active_members)) }
            td.fold { (roll(&company.roll)) }
            td.late.muted data-l="First seen" { (clock.ago(company.first_seen_ms)) }
            td.state { (pill::standing(clock, company.first_seen_ms, company.last_seen_ms)) }
        }
    }
}

fn none() -> Markup {
    say::nothing(
        "No company yet",
        html! {
            p {
                "A company appears here as soon as a page or your back end says which company a user belongs to. Its id is enough."
            }
            p.row {
                a.btn.primary href="/install#company" { "Add the company to the snippet" }
                a.btn href="/users" { "Users" }
            }
        },
    )
}

fn not_found(view: &View) -> Markup {
    let search = view.address.search.as_deref().unwrap_or_default();
    say::nothing(
        "No company matches",
        html! {
            p { "No name and no id holds “" bdi { (search) } "”. Upper and lower case are the same." }
            p.row { a.btn href=(view.address.without_search()) { "All companies" } }
        },
    )
}

/// `GET /companies`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    if let Some(id) = desk::value(&request, "id") {
        return super::company::answer(operator, &request, id).await;
    }
    let shelf = match desk::value(&request, "list").as_deref() {
        Some("archived") => Shelf::Archived,
        _ => Shelf::InUse,
    };
    let path = if shelf == Shelf::Archived { ARCHIVED } else { "/companies" };
    let address = match Address::read(path.to_owned(), LIST, SortBy::LastSeen, |name| desk::value(&request, name)) {
        Ok(address) => address,
        Err(sentence) => return errors::bad_address(&request, operator, Place::Companies, &sentence).await,
    };
    let query = address.query(PAGE_ROWS);
    let (frame, (found, archived, suggested, duplicates, companies)) =
        desk::read(&request, operator, Place::Companies, move |db, clock| {
            let found = companies::count(db, shelf, query.search.as_deref())?;
            let archived = companies::count(db, Shelf::Archived, None)?;
            let suggested = email_domains::count_suggested(db)?;
            let duplicates = stored_duplicates::count(db, Records::Companies)?;
            Ok((found, archived, suggested, duplicates, companies::list(db, shelf, &query, clock.now_ms)?))
        })
        .await?;
    Ok(desk::page(page(
        &frame,
        &View { address, shelf, archived, found, suggested, duplicates, companies, done: done::undone(&request) },
    )))
}
