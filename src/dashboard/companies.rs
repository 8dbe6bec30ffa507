//! `/companies`: all companies.

use std::borrow::Cow;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::bulk;
use super::desk::{self, Answer};
use super::done::{self, Done};
use super::duplicates;
use super::happenings::Told;
use super::listed::{self, Common};
use super::narrowed::{self, Spelled};
use super::parts::columns::{Columns, Known, Shown};
use super::parts::filter::{self, Builder};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::labels::tags;
use super::parts::list::{Address, Column, found, segments};
use super::parts::numbers::{self, cell};
use super::parts::section::head;
use super::parts::{code, say, values, who};
use super::segments::beside::Tabs;
use crate::domain::access::Role;
use crate::domain::duplicates::Records;
use crate::domain::filter::{BuiltIn, Fields, Listed};
use crate::http::access::Viewer;
use crate::store::companies::{self, CompanyRow, Shelf, SortBy};
use crate::store::list::{Count, PAGE_ROWS, Page};
use crate::store::shown::{self, Shown as Values};
use crate::store::{duplicates as stored_duplicates, email_domains, operators};

/// The list of archived companies.
pub const ARCHIVED: &str = "/companies?list=archived";

impl Column for SortBy {
    const ALL: &'static [SortBy] =
        &[SortBy::Name, SortBy::Members, SortBy::ActiveMembers, SortBy::FirstSeen, SortBy::LastSeen];

    fn name(&self) -> Cow<'_, str> {
        SortBy::name(self)
    }

    fn named(word: &str, fields: &Fields) -> Option<Result<SortBy, String>> {
        Some(SortBy::named(word, fields))
    }

    fn descends_first(&self) -> bool {
        *self != SortBy::Name
    }
}

/// The columns of the list, and those that it has where nobody chose: the company itself always stands first.
pub const COLUMNS: (&[Known], &[&str]) = (
    &[
        ("company_id", "Company id", ""),
        ("members", "Members", "num"),
        ("active_members_30d", "Active in 30 days", "num"),
        ("activity", "28 days", ""),
        ("first_seen", "First seen", "late"),
        ("last_seen", "Last seen", ""),
        ("owner", "Owner", ""),
        ("tags", "Tags", ""),
    ],
    &["members", "active_members_30d", "activity", "first_seen", "last_seen"],
);

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The list's state.
    pub address: Address<SortBy>,
    /// What its filter is made of.
    pub builder: Builder,
    /// Its columns.
    pub columns: Columns,
    /// The segments above it.
    pub tabs: Tabs,
    /// What columns show that the list has not as it is.
    pub values: Values,
    /// What of the filter is written in other capitals, where nobody meets it.
    pub spelled: Vec<Spelled>,
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
        (head(found("Companies", view.found, &view.address), html! {}, html! {
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
        (done::done(view.done.as_ref(), Told::Everything, &view.address.first_page(), frame.clock, frame.role()))
        @let is_first = view.address.is_untouched() && view.companies.next.is_none();
        @if view.companies.rows.is_empty() && is_first && view.shelf == Shelf::InUse && view.archived == Count::Exactly(0) {
            (none())
        } @else {
            (listed::above(
                Listed::Companies,
                &view.address,
                (&view.tabs, &view.builder, &view.columns),
                ("Find in companies", "Name or id"),
                html! { @if view.shelf == Shelf::Archived || view.archived != Count::Exactly(0) { (shelves(view)) } },
            ))
            (filter::sentence("Companies for which", &view.address.filter))
            @if !view.companies.rows.is_empty() || view.companies.next.is_some() { (table(frame, view)) }
            @else if !view.address.is_untouched() { (not_found(view)) }
            @else { (nothing_on_it(view.shelf)) }
            div.pad-top { (code::shell_card(&frame.server, &call(view))) }
        }
    };
    shell(frame, "Companies", content)
}

/// The call of the API that answers these rows.
fn call(view: &View) -> String {
    let path = match view.shelf {
        Shelf::InUse => "/api/v1/companies",
        Shelf::Archived => "/api/v1/companies?archived=1",
    };
    view.address.call(path, Some(&view.columns.words()))
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
        Shelf::InUse => ("All companies are archived", "A new one appears here as soon as a message names it."),
        Shelf::Archived => (
            "No company is archived",
            "Archiving takes a company out of lists and numbers but erases nothing. You do it on the company's page.",
        ),
    };
    say::nothing(heading, html! { p { (sentence) } })
}

fn table(frame: &Frame, view: &View) -> Markup {
    let shown = (view.companies.rows.len(), view.found, ("company", "companies"));
    listed::table(
        frame,
        (Listed::Companies, view.shelf),
        &view.address,
        &view.columns,
        ("Companies", (SortBy::Name, "Company")),
        html! { @for company in &view.companies.rows { (row(frame, view, company)) } },
        (shown, view.companies.next.as_ref()),
    )
}

fn row(frame: &Frame, view: &View, company: &CompanyRow) -> Markup {
    let name = company.name.as_deref();
    let tagged = view.columns.has("tags");
    let below = html! {
        (who::company_second_line(&company.company_id, name, company.domain.as_deref()))
        @if let Some(plan) = &company.plan { " · " (values::name(plan)) }
        @if !tagged { (tags(&company.tags)) }
    };
    html! {
        tr {
            @if bulk::may_pick(frame) { (bulk::pick(company.key.0, who::company_name(name, &company.company_id))) }
            th.lead scope="row" { (who::company(&company.company_id, name, below)) }
            @for column in &view.columns.shown { (cell_of(frame, view, company, column)) }
        }
    }
}

fn cell_of(frame: &Frame, view: &View, company: &CompanyRow, column: &Shown) -> Markup {
    let common = Common {
        roll: &company.roll,
        first_seen_ms: company.first_seen_ms,
        last_seen_ms: company.last_seen_ms,
        owner: company.owner.as_deref(),
        tags: &company.tags,
    };
    html! {
        @match column.word.as_str() {
            "company_id" => td.cut data-l="Id" { (values::name(&company.company_id)) },
            "members" => td.num data-l="Members" { (cell(company.members)) },
            "active_members_30d" => td.num data-l="Active in 30 days" { (cell(company.active_members)) },
            _ => (listed::cell(frame, column, &common, view.values.get(&company.key.0))),
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
    let search = view.address.search.as_deref();
    say::nothing(
        "No company matches",
        html! {
            @if !view.address.filter.is_empty() { p { "None" @if search.is_some() { " of them" } " matches the whole filter." } }
            (narrowed::spellings(&view.spelled, &view.address))
            @if let Some(search) = search {
                p { "No name or id contains “" bdi { (search) } "”. Case doesn't matter." }
            }
            p.row { a.btn href=(view.address.of_all()) { "All companies" } }
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
    let catalog = desk::store(&request)?.catalog();
    let fields = catalog.fields(Listed::Companies);
    let asked = listed::asked(&request, &operator, (Place::Companies, path), SortBy::LastSeen, fields).await?;
    let listed::Asked { address, columns: said, draft, extent, fields } = match asked {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let is_wrong = draft.is_some();
    let (query, key, may_save) = (address.query(PAGE_ROWS), operator.key, operator.role >= Role::Admin);
    let done = done::Asked::of(&request);
    let (frame, (found, archived, suggested, duplicates, companies, builder, columns, (values, spelled), tabs, done)) =
        desk::read(&request, operator, Place::Companies, move |db, clock| {
            let companies = companies::list(db, shelf, &query, clock.now_ms)?;
            let (search, filter) = (query.search.as_deref(), query.filter.as_ref());
            let found = match (&companies.next, &query.after) {
                (None, None) => Count::Exactly(companies.rows.len() as u64),
                _ => companies::count_matching(db, shelf, search, filter, extent, clock.now_ms)?
                    .at_least(PAGE_ROWS as u64),
            };
            let archived = companies::count(db, Shelf::Archived, None)?;
            let suggested = email_domains::count_suggested(db)?;
            let duplicates = stored_duplicates::count(db, Records::Companies)?;
            let remembered = operators::columns(db, key, Listed::Companies.as_str())?;
            let columns = Columns::of(said, remembered.as_deref(), COLUMNS, &fields);
            let keys: Vec<i64> = companies.rows.iter().map(|row| row.key.0).collect();
            let mut values = shown::of_companies(db, &keys, &columns.to_read(), clock.now_ms)?;
            // A row says that it grows or shrinks where that is why it is there.
            if filter.is_some_and(|filter| filter.asks_of(BuiltIn::Trend)) {
                shown::read_trends(db, Listed::Companies, &mut values, clock.now_ms)?;
            }
            let spelled = match filter.filter(|_| keys.is_empty()) {
                Some(filter) => narrowed::spelled_otherwise(db, filter)?,
                None => Vec::new(),
            };
            let builder = narrowed::builder(db, fields, draft)?;
            let tabs = Tabs::read(db, Listed::Companies, &catalog, clock.today())?.savable(may_save).above(found);
            Ok((
                found,
                archived,
                suggested,
                duplicates,
                companies,
                builder,
                columns,
                (values, spelled),
                tabs,
                done::read(db, done)?,
            ))
        })
        .await?;
    let view = View {
        address,
        builder,
        columns,
        tabs,
        values,
        spelled,
        shelf,
        archived,
        found,
        suggested,
        duplicates,
        companies,
        done,
    };
    let page = page(&frame, &view);
    Ok(if is_wrong { desk::again(page) } else { desk::page(page) })
}
