//! `/companies/{id}`: one company.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use maud::{Markup, html};

use super::desk::{self, Answer};
use super::done::{self, Asked, Done};
use super::edit::note::{self, Notes};
use super::edit::{self, Whom, value};
use super::happenings::{self, Known, Told};
use super::parts::attributes::{self, History, grade};
use super::parts::chart::{self, Bar, meter, roll, wide_roll};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::{icon, small};
use super::parts::labels::labels;
use super::parts::list::{Address, Column, Names, search_chip, segments};
use super::parts::numbers::{count, counted, delta, number};
use super::parts::section::{crumbs, stat};
use super::parts::who::{self, Size};
use super::parts::{came, code, pill, values};
use super::timeline::{self, Show, Timeline};
use super::user::{before, edit_member, role, timeline_card};
use super::{duplicates, errors, links, signed_members, then};
use crate::domain::access::{Grade, Role};
use crate::domain::activity::{State, Trend};
use crate::domain::change::Subject;
use crate::domain::duplicates::Records;
use crate::domain::ids::CompanyKey;
use crate::domain::profile::Profile;
use crate::http::access::Viewer;
use crate::store::companies::{self, CompanyPage, CompanyRow, MemberRow, MembersBy, TopEvent};
use crate::store::events::Of;
use crate::store::list::Page;
use crate::store::operators::Operator;
use crate::store::{changes, notes};

/// Changes that are read for the earlier values of attributes.
const HISTORY_ROWS: usize = 300;

/// E-mail domains that the head names.
const DOMAINS_MAX: usize = 3;

/// Earlier ids that the head names.
const ALIASES_MAX: usize = 5;

/// The name under which page views are counted.
const PAGE: &str = "page";

/// Members of a page within the company's page.
pub const MEMBER_ROWS: usize = 25;

/// The parameters of the list of members.
pub const MEMBERS: Names = Names { search: "member", sort: "sort", after: "after" };

impl Column for MembersBy {
    const ALL: &'static [MembersBy] = &[MembersBy::Name, MembersBy::Joined, MembersBy::LastSeen];

    fn name(&self) -> Cow<'_, str> {
        let name = match self {
            MembersBy::Name => "name",
            MembersBy::Joined => "joined",
            MembersBy::LastSeen => "last_seen",
        };
        name.into()
    }

    fn descends_first(&self) -> bool {
        *self != MembersBy::Name
    }
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The company.
    pub company: CompanyPage,
    /// Earlier values of the attributes.
    pub history: History,
    /// The list of members' state.
    pub address: Address<MembersBy>,
    /// Those who left, not those who are in it.
    pub left: bool,
    /// This page of them.
    pub members: Page<MemberRow>,
    /// A page of the time line.
    pub timeline: Timeline,
    /// All attributes, not only the first.
    pub all_attributes: bool,
    /// Notes about the company.
    pub notes: Notes,
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
    let bars: Vec<Bar> =
        company.days.iter().map(|day| Bar { day: day.day, people: day.people, events: day.events }).collect();
    let whom = Whom::company(company.row.key);
    let known = Known { id: &company.row.company_id, first_seen_ms: company.row.first_seen_ms };
    let entries = happenings::entries(&view.timeline, Told::OfCompany, known, frame.clock);
    let content = html! {
        (crumbs("Companies", "/companies", name))
        (head(frame, company, name))
        div.stack {
            (done::done(view.done.as_ref(), Told::OfCompany, &path, frame.clock, frame.role()))
            (archived(frame, company))
            (cells(frame, company))
            (perhaps_the_same(frame, company))
            div.split {
                div.stack {
                    (chart::people_per_day("activity", "Active people per day", &bars, frame.clock))
                    (members(frame, view))
                    (what_they_do(&company.top_events))
                    (note::card(frame, &view.notes, &whom))
                    (timeline_card(frame, "feed", "Feed", &path, &view.timeline, &entries, company.row.first_seen_ms))
                }
                aside.stack aria-label="About the company" {
                    (attributes::card(&company.attributes, &view.history, frame.clock, more.as_deref(), &value::add(frame, &whom), |attribute| {
                        value::link(&whom, attribute, frame.may(Role::Admin))
                    }))
                    (came(frame, company))
                    (signed_members::card(frame, &company.row.company_id, company.signed_members))
                    (then::card(frame, &path))
                    (code::shell_card(&frame.server, &links::company_api(&company.row.company_id)))
                }
            }
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
                        @for domain in company.domains.iter().take(DOMAINS_MAX) { span title="A domain of the company's e-mail addresses" { (values::name(domain)) } }
                        @if company.domains.len() > DOMAINS_MAX { span.faint { "and " (company.domains.len() - DOMAINS_MAX) " more domains" } }
                        @if let Some(plan) = &row.plan { span.pill { (values::name(plan)) } }
                    }
                    (labels(row.owner.as_deref(), &row.tags, edit_labels.as_deref()))
                    (also(&company.aliases))
                }
            }
            @if frame.may(Role::Admin) { (more(company)) }
        }
    }
}

/// What is seldom done to a company.
fn more(company: &CompanyPage) -> Markup {
    let whom = Whom::company(company.row.key);
    html! {
        details.menu.right name="tools" {
            summary.btn.square { (icon("more")) span.vh { "More actions" } }
            ul {
                li { a href=(links::company_merge(&company.row.company_id)) { (icon("merge")) " Merge with another company" } }
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
                p.muted { "It is out of lists, searches and numbers. Nothing is erased, and messages for it are stored." }
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
                p.muted { "Nothing is joined by a similar id alone: you decide." }
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

fn cells(frame: &Frame, company: &CompanyPage) -> Markup {
    let row = &company.row;
    let members = u64::from(row.members.max(1));
    // To the nearest: halves go up.
    let share = (u64::from(row.active_members) * 200 + members) / (2 * members);
    let (now, before) = company.active_people;
    let seats = company
        .attributes
        .iter()
        .find(|attribute| attribute.name == "seats")
        .and_then(|attribute| attribute.value.as_u64());
    html! {
        section aria-label="Numbers" {
            div.card.cells.sixths {
                (stat(
                    "#members",
                    "Members",
                    "People in the company now",
                    html! { (number(row.members)) },
                    html! {},
                    html! {},
                ))
                (stat(
                    "#activity",
                    "Active in 7 days",
                    "Distinct people with activity in the last 7 days",
                    html! { (number(company.active_people_7d)) },
                    html! {},
                    wide_roll(&row.roll[21..]),
                ))
                (stat(
                    "#activity",
                    "Active in 28 days",
                    "Distinct people with activity in the last 28 days; the change is against the 28 before",
                    html! { (number(now)) },
                    delta(i128::from(before), i128::from(now)),
                    wide_roll(&row.roll),
                ))
                (stat(
                    "#members",
                    "Active share",
                    "Members active in the last 30 days, of all members",
                    html! { @if row.members == 0 { "–" } @else { (share) small { " %" } } },
                    html! {},
                    meter(u64::from(row.active_members), u64::from(row.members)),
                ))
                (stat("#feed", "Events in 7 days", "Page views, screens and events that count for the company, of the last 7 days", html! { (number(company.events_7d)) }, html! {}, html! {}))
                @if let Some(seats) = seats.filter(|seats| *seats > 0) {
                    (stat(
                        "#attributes",
                        "Seats used",
                        "Members, of the attribute seats",
                        html! { (number(row.members)) small { " of " (number(seats)) } },
                        over(u64::from(row.members), seats),
                        meter(u64::from(row.members), seats),
                    ))
                }
                (stat(
                    "#feed",
                    "Last activity",
                    "The last activity that counts for the company",
                    html! { span.mid { (frame.clock.ago_or_never(row.last_seen_ms)) } },
                    html! {},
                    html! {},
                ))
            }
        }
    }
}

/// How many more there are than there should be; nothing where they fit.
fn over(members: u64, seats: u64) -> Markup {
    html! { @if members > seats { span.delta.bad { (number(members - seats)) " over" } } }
}

fn members(frame: &Frame, view: &View) -> Markup {
    let (company, address) = (&view.company, &view.address);
    let path = links::company(&company.row.company_id);
    let whom = Whom::company(company.row.key);
    let choice = |left: bool| format!("{}#members", links::with_query(&path, &[("members", left.then_some("left"))]));
    let current = (format!("Current {}", number(company.row.members)), choice(false), !view.left);
    let left = (format!("Left {}", count(company.left)), choice(true), view.left);
    let shown = counted(view.members.rows.len() as u64, "member on this page", "members on this page");
    html! {
        section.card aria-labelledby="members" {
            header {
                h2 id="members" { "Members" }
                (segments("Which members", &[current, left]))
                (search_chip(address))
                span.end.row {
                    (address.search_form("Find a member", "Name, e-mail or id"))
                    @if frame.may(Role::Admin) {
                        a.btn.bare href=(edit::address("member", &whom, &[])) { (icon("plus")) " Add a member" }
                    }
                }
            }
            @if view.members.rows.is_empty() {
                p.body.muted {
                    @if address.search.is_some() { "Nobody here matches." }
                    @else if view.left { "Nobody has left." }
                    @else {
                        "Nobody belongs to it. A company exists from its id alone; members come with the users who name it."
                    }
                }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="members" {
                    table.table.cards.last data-rows="" {
                        thead {
                            tr {
                                (address.head(MembersBy::Name, "Member", ""))
                                th scope="col" { "28 days" }
                                (address.head(
                                    MembersBy::Joined,
                                    if view.left { "Joined and left" } else { "Joined" },
                                    "",
                                ))
                                (address.head(MembersBy::LastSeen, "Last seen here", ""))
                            }
                        }
                        tbody { @for member in &view.members.rows { (member_row(frame, company.row.key, member)) } }
                    }
                }
                @if view.members.next.is_some() || address.after.is_some() {
                    footer { (address.pager(&shown, view.members.next.as_ref())) }
                }
            }
        }
    }
}

fn member_row(frame: &Frame, company: CompanyKey, member: &MemberRow) -> Markup {
    let whom = Whom::member(&member.user.id, company);
    let clock = frame.clock;
    let user = &member.user;
    let below = html! {
        (role(member.role.as_deref()))
        @if let Some(title) = &member.title { ", " (values::name(title)) }
        @if let Some(email) = user.email.as_deref().filter(|email| *email != who::user_name(user)) { " · " (values::name(email)) }
    };
    html! {
        tr {
            th.lead scope="row" { (who::user(user, clock.now_ms, below)) }
            td.fold { (roll(&user.roll)) }
            td.muted data-l="Joined" {
                (clock.on(member.joined_ms)) @if let Some(left_ms) = member.left_ms { " to " (clock.on(left_ms)) }
                " " (standing(member))
                (before(&member.history, clock))
            }
            td data-l="Seen" {
                (clock.ago_or_never(member.last_seen_ms))
                @if frame.may(Role::Admin) { " " (edit_member(&whom, who::user_name(user))) }
            }
        }
    }
}

/// How the membership is known, and whether the user has others.
fn standing(member: &MemberRow) -> Markup {
    let (drawing, word) = grade(member.grade);
    html! {
        @if member.grade == Grade::Signed {
            span.ink.good title="Membership signed" { (small("shield")) span.vh { "signed" } }
        } @else {
            span.faint title={ (member.source) ", " (word) } {
                (small(drawing))
                span.vh { (member.source) ", " (word) }
            }
        }
        @if member.user.companies > 1 {
            " "
            span.faint.small title={ "in " (member.user.companies - 1) " more" } { "+" (member.user.companies - 1) }
        }
    }
}

fn what_they_do(top: &[TopEvent]) -> Markup {
    let most = top.iter().map(|event| event.events).max().unwrap_or(0);
    html! {
        section.card aria-labelledby="does" {
            header { h2 id="does" { "What they do" } span.muted { "in 28 days" } }
            @if top.is_empty() { p.body.muted { "Nothing in the last 28 days." } } @else {
                div.scroll tabindex="0" role="group" aria-label="Top events" {
                    table.table.dense.last {
                        thead { tr { th scope="col" { "Event" } td {} th.num scope="col" { "Times" } } }
                        tbody {
                            @for event in top {
                                tr {
                                    th.wrap scope="row" {
                                        @if event.name == PAGE { "Page views" } @else { (values::name(&event.name)) }
                                    }
                                    td { (meter(event.events, most)) }
                                    td.num { (number(event.events)) }
                                }
                            }
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
    let shown = Show::parse(&desk::value(request, "show").unwrap_or_default());
    let from = timeline::Place::decode(&desk::value(request, "before").unwrap_or_default());
    let all_attributes = desk::value(request, "attributes").as_deref() == Some("all");
    let left = desk::value(request, "members").as_deref() == Some("left");
    let path = links::with_query(&links::company(&id), &[("members", left.then_some("left"))]);
    let address = match Address::read(path, MEMBERS, MembersBy::LastSeen, |name| desk::value(request, name)) {
        Ok(address) => address.at("#members"),
        Err(sentence) => return errors::bad_address(request, operator, Place::Companies, &sentence).await,
    };
    let query = address.query(MEMBER_ROWS);
    let (wanted, asked) = (id.clone(), Asked::of(request));
    let (frame, view) = desk::read(request, operator, Place::Companies, move |db, clock| {
        let Some(company) = companies::page(db, &wanted, clock.now_ms)? else { return Ok(None) };
        let (key, subject) = (company.row.key, Subject::Company(company.row.key));
        let members = companies::members(db, key, !left, &query, clock.now_ms)?;
        let changes = changes::list(db, subject, None, HISTORY_ROWS)?;
        let timeline = timeline::read(db, Of::Company(key), subject, shown, &from)?;
        let history = attributes::history(&changes.rows, "company");
        let notes = notes::list(db, Profile::Company(key))?;
        Ok(Some(View {
            company,
            history,
            address,
            left,
            members,
            timeline,
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
