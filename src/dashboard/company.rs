//! `/companies/{id}`: one company.
//!
//! - `numbers.rs` the numbers at the top, `members.rs` who belongs to it;
//! - `doings.rs` what its people do, `carriers.rs` who carries it;
//! - `../parts/data.rs` what is known of the data itself.

mod carriers;
mod doings;
pub mod members;
mod numbers;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};

use self::members::Members;
use super::desk::{self, Answer};
use super::done::{self, Asked, Done};
use super::edit::note::{self, Notes};
use super::edit::{self, Whom, value};
use super::happenings::{self, Known, Told};
use super::parts::attributes::{self, History};
use super::parts::chart::{Bar, Days, Shows};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::labels::labels;
use super::parts::section::crumbs;
use super::parts::who::{self, Size};
use super::parts::{came, code, data, pill, values};
use super::segments::beside::{self, In};
use super::timeline::{self, Timeline};
use super::user::timeline_card;
use super::{duplicates, errors, links, signed_members, then};
use crate::domain::access::Role;
use crate::domain::activity::{State, Trend};
use crate::domain::change::Subject;
use crate::domain::duplicates::Records;
use crate::domain::profile::Profile;
use crate::http::access::Viewer;
use crate::store::companies::{self, CompanyDay, CompanyPage, CompanyRow};
use crate::store::events::Of;
use crate::store::operators::Operator;
use crate::store::segments::Someone;
use crate::store::{changes, notes};

/// Changes that are read for the earlier values of attributes.
const HISTORY_ROWS: usize = 300;

/// E-mail domains that the head names.
const DOMAINS_MAX: usize = 3;

/// Earlier ids that the head names.
const ALIASES_MAX: usize = 5;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The company.
    pub company: CompanyPage,
    /// Earlier values of the attributes.
    pub history: History,
    /// How often anything changed, and when last.
    pub changed: data::Changed,
    /// Its members.
    pub members: Members,
    /// A page of the time line.
    pub timeline: Timeline,
    /// What the chart shows.
    pub chart: Shows,
    /// All attributes, not only the first.
    pub all_attributes: bool,
    /// Notes about the company.
    pub notes: Notes,
    /// The segments that it is in.
    pub segments: In,
    /// What was just done.
    pub done: Option<Done>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let company = &view.company;
    let path = links::company(&company.row.company_id);
    let name = who::company_name(company.row.name.as_deref(), &company.row.company_id);
    let more = (!view.all_attributes)
        .then(|| format!("{}#attributes", links::with_query(&path, &[("attributes", Some("all"))])));
    let bar = |day: &CompanyDay| Bar {
        day: day.day,
        people: day.people,
        new_people: day.new_people,
        events: day.events,
        sessions: Some(day.sessions),
    };
    let bars: Vec<Bar> = company.days.iter().map(bar).collect();
    let chart = Days {
        id: "activity",
        title: match view.chart {
            Shows::Events => "Events per day",
            Shows::Sessions => "Sessions per day",
            Shows::People | Shows::Size(..) => "Active people per day",
        },
        bars: &bars,
        shows: view.chart,
        path: Some(&path),
        new: company.carriers.is_some().then_some("Active on the day on which they joined the company"),
        clock: frame.clock,
    };
    let whom = Whom::company(company.row.key);
    let known = Known { id: &company.row.company_id, first_seen_ms: company.row.first_seen_ms };
    let entries = happenings::entries(&view.timeline, Told::OfCompany, known, frame.clock);
    let content = html! {
        (crumbs("Companies", "/companies", name))
        (head(frame, company, name))
        div.stack {
            (done::done(view.done.as_ref(), Told::OfCompany, &path, frame.clock, frame.role()))
            (archived(frame, company))
            (numbers::cells(frame, company))
            (perhaps_the_same(frame, company))
            div.split {
                div.stack {
                    (chart.draw())
                    (members::card(frame, company, &view.members))
                    (doings::card(&company.doings))
                    (note::card(frame, &view.notes, &whom))
                }
                aside.stack aria-label="About the company" {
                    (attributes::card(&company.attributes, &view.history, frame.clock, more.as_deref(), &value::add(frame, &whom), |attribute| {
                        value::link(&whom, attribute, frame.may(Role::Admin))
                    }))
                    (carriers::card(company, &path))
                    (beside::card(&view.segments))
                    (came(frame, company))
                    (signed_members::card(frame, &company.row.company_id, company.signed_members))
                    (then::card(frame, &path))
                    (data::card(&company.attributes, company.row.first_seen_ms, &view.changed, frame.clock))
                    (code::shell_card(&frame.server, &links::company_api(&company.row.company_id)))
                }
            }
            (timeline_card(frame, "feed", "Feed", &path, &view.timeline, &entries, company.row.first_seen_ms))
        }
    };
    shell(frame, name, content)
}

fn head(frame: &Frame, company: &CompanyPage, name: &str) -> Markup {
    let row = &company.row;
    let whom = Whom::company(row.key);
    let edit_labels = frame.may(Role::Admin).then(|| edit::address("profile", &whom, &[]));
    html! {
        header.head {
            div.ident {
                (who::tile(name, Size::Large))
                div {
                    div.row {
                        h1 { bdi { (name) } }
                        (pill::state(State::at(frame.clock.now_ms, row.first_seen_ms, row.last_seen_ms)))
                        (pill::trend(
                            Trend::between(company.active_people.1, company.active_people.0),
                            "Distinct active people",
                        ))
                    }
                    p.row.small {
                        (code::id(&row.company_id, "company id"))
                        @for domain in company.domains.iter().take(DOMAINS_MAX) {
                            a href={ "https://" (domain) } rel="noreferrer" title="A domain of the company's e-mail addresses" { (values::name(domain)) }
                        }
                        @if company.domains.len() > DOMAINS_MAX { span.faint { "and " (company.domains.len() - DOMAINS_MAX) " more domains" } }
                        @if let Some(plan) = &row.plan { span.pill { (values::name(plan)) } }
                    }
                    (labels(row.owner.as_deref(), &row.tags, edit_labels.as_deref()))
                    (also(&company.aliases))
                }
            }
            @if frame.may(Role::Admin) {
                div.row {
                    a.btn href=(edit::address("profile", &whom, &[])) { (icon("edit")) " Edit" }
                    a.btn href=(edit::address("member", &whom, &[])) { (icon("plus")) " Add member" }
                    (more(company))
                }
            }
        }
    }
}

/// What is seldom done to a company.
fn more(company: &CompanyPage) -> Markup {
    let whom = Whom::company(company.row.key);
    let members = format!("company.company_id:is:{}", company.row.company_id);
    html! {
        details.menu.right name="tools" {
            summary.btn.square { (icon("more")) span.vh { "More actions" } }
            ul {
                li { a href=(links::company_merge(&company.row.company_id)) { (icon("merge")) " Merge with another company" } }
                li { a href=(links::with_query("/export/users", &[("format", Some("csv")), ("f", Some(&members))])) download="" { (icon("download")) " Export its members" } }
                li { a href=(links::with_query("/bulk", &[("list", Some("users")), ("all", Some("1")), ("f", Some(&members))])) { (icon("users")) " Change or erase its members" } }
                li { a href=(edit::address("company", &whom, &[])) { (icon("key")) " Change the id" } }
                li {
                    a href={ (edit::address("company", &whom, &[])) "#archive" } {
                        (icon("box")) @if company.archived_ms.is_some() { " Put it back into lists" } @else { " Archive" }
                    }
                }
            }
        }
    }
}

/// An archived company says so, and how to put it back (C10).
fn archived(frame: &Frame, company: &CompanyPage) -> Markup {
    html! {
        @if let Some(archived_ms) = company.archived_ms {
            section.alert.warn aria-labelledby="archived" {
                (icon("box"))
                h2 id="archived" { "Archived " (frame.clock.ago(archived_ms)) }
                p.muted { "It is out of lists and numbers; the search still finds it. Nothing is erased, and messages for it are stored." }
                @if frame.may(Role::Admin) {
                    form.row method="post" action="/edit/company" {
                        input type="hidden" name="key" value=(company.row.key.0);
                        button.btn name="deed" value="unarchive" { (icon("undo")) " Put it back" }
                    }
                }
            }
        }
    }
}

/// Earlier ids, and those of companies merged into it: they lead here.
fn also(aliases: &[String]) -> Markup {
    html! {
        @if !aliases.is_empty() {
            p.row.small.muted {
                "Also"
                @for alias in aliases.iter().take(ALIASES_MAX) { (code::id(alias, "earlier company id")) }
                @if aliases.len() > ALIASES_MAX { span.faint { "and " (aliases.len() - ALIASES_MAX) " more ids" } }
            }
        }
    }
}

fn perhaps_the_same(frame: &Frame, company: &CompanyPage) -> Markup {
    let (id, path) = (company.row.company_id.as_str(), links::company(&company.row.company_id));
    let compare =
        |other: &CompanyRow| links::with_query(&links::company_merge(id), &[("from", Some(&other.company_id))]);
    html! {
        @if !company.possible_duplicates.is_empty() {
            section.alert.warn aria-labelledby="duplicates" {
                (icon("merge"))
                h2 id="duplicates" { "Perhaps the same company" }
                p.muted { "Similar ids alone never merge companies: you decide." }
                ul.stack.tight {
                    @for (other, why) in &company.possible_duplicates {
                        li.row {
                            (who::company_row(other))
                            span.small.muted { (duplicates::reason_word(*why)) }
                            (duplicates::answers(frame, Records::Companies, (id, &other.company_id), (id, &other.company_id), &compare(other), &path))
                        }
                    }
                }
            }
        }
    }
}

/// How its first member came.
fn came(frame: &Frame, company: &CompanyPage) -> Markup {
    let (member, first) = company.first_page.as_ref().map(|(member, first)| (member, first)).unzip();
    let through = member.map(|member| {
        html! { a href=(links::user(member.user_id.as_deref(), &member.id)) { (values::name(who::user_name(member))) } ", who joined first" }
    });
    came::card(first, through, frame.clock)
}

/// `GET /companies/{id}`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest, id: web::Path<String>) -> Answer {
    answer(operator, &request, id.into_inner()).await
}

/// The page of an id.
///
/// # Errors
/// The store's.
pub async fn answer(operator: Operator, request: &HttpRequest, id: String) -> Answer {
    if let Some(day) = desk::value(request, "at") {
        return then::company(operator, request, id, day).await;
    }
    let time_line = timeline::Asked::read(|name| desk::value(request, name));
    let chart = Shows::parse(&desk::value(request, "chart").unwrap_or_default(), &[Shows::Events, Shows::Sessions]);
    let all_attributes = desk::value(request, "attributes").as_deref() == Some("all");
    let of_members = match members::Asked::read(&id, |name| desk::value(request, name)) {
        Ok(asked) => asked,
        Err(sentence) => return errors::bad_address(request, operator, Place::Companies, &sentence).await,
    };
    let (wanted, asked, catalog) = (id.clone(), Asked::of(request), desk::store(request)?.catalog());
    let (frame, view) = desk::read(request, operator, Place::Companies, move |db, clock| {
        let Some(company) = companies::page(db, &wanted, clock.now_ms)? else { return Ok(None) };
        let (key, subject) = (company.row.key, Subject::Company(company.row.key));
        let members = Members::read(db, key, of_members, clock)?;
        let changes = changes::list(db, subject, None, HISTORY_ROWS)?;
        let timeline = timeline::read(db, Of::Company(key), subject, &time_line)?;
        let history = attributes::history(&changes.rows, "company");
        let notes = notes::list(db, Profile::Company(key))?;
        let segments = beside::read(db, Someone::Company(key), &catalog, clock.now_ms)?;
        Ok(Some(View {
            segments,
            company,
            history,
            changed: data::Changed::of(&changes),
            members,
            timeline,
            chart,
            all_attributes,
            notes,
            done: done::read(db, asked)?,
        }))
    })
    .await?;
    Ok(match view {
        Some(view) => desk::page(page(&frame, &view)),
        None => desk::page_with(StatusCode::NOT_FOUND, errors::no_company(&frame, &id)),
    })
}
