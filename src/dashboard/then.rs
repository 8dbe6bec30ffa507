//! A user's and a company's page as of a day (A6): `?at=2026-03-01`. It shows what Rollcall knew at the end
//! of that day; what was told later about that time is not in it, and it says so.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::desk::{self, Answer};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::labels::labels;
use super::parts::numbers::{counted, number};
use super::parts::say::{self, Tone};
use super::parts::section::crumbs;
use super::parts::who::{self, Size};
use super::parts::{code, values};
use super::{errors, links, user as users_page};
use crate::domain::attributes::Type;
use crate::domain::time;
use crate::store::companies;
use crate::store::history::{self, CompanyItselfThen, CompanyThen, MEMBERS_SHOWN_MAX, ProfileThen, Then, UserThen};
use crate::store::operators::Operator;
use crate::store::users::{self, UserName};

/// The card that asks for a day, on today's page.
pub fn card(frame: &Frame, path: &str) -> Markup {
    html! {
        section.card aria-labelledby="then" {
            header { h2 id="then" { "As of a day" } }
            div.body { (form(frame, path, "")) }
        }
    }
}

/// The form that asks for a day. An id of dots stands in the query of the path.
fn form(frame: &Frame, path: &str, day: &str) -> Markup {
    let (action, id) = path.split_once("?id=").map_or((path, None), |(action, id)| (action, Some(id)));
    let today = time::date(frame.clock.today()).to_string();
    html! {
        form.row method="get" action=(action) {
            @if let Some(id) = id { input type="hidden" name="id" value=(id); }
            label.vh for="at" { "Day" }
            input.input.auto type="date" id="at" name="at" value=(day) max=(today) required;
            button.btn { "Show" }
        }
    }
}

/// What the pages have in common.
#[derive(Debug, Clone)]
pub struct View<T> {
    /// Today's page.
    pub path: String,
    /// The day, `2026-03-01`.
    pub day: String,
    /// What it is called today.
    pub name: String,
    /// How it was; the error is a sentence.
    pub then: Result<T, Told>,
}

/// Why there is nothing to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It was first heard of at this instant (Unix milliseconds).
    NotYet(i64),
    /// Too much has changed since.
    TooLong,
    /// That is not a day, or one that has not come.
    NoDay,
}

/// A user as of a day.
pub fn user_page(frame: &Frame, view: &View<UserThen>) -> Markup {
    let content = html! {
        (crumbs("Users", "/users", &view.name))
        @match &view.then {
            Err(told) => (nothing(frame, view, told)),
            Ok(then) => {
                @let name = history::person_name_of(&then.profile.attributes)
                    .or_else(|| then.profile.text("email").map(str::to_owned))
                    .or_else(|| then.user_id.clone())
                    .unwrap_or_else(|| then.id.clone());
                header.head {
                    div.ident {
                        (who::face(&name, Size::Large, false))
                        div {
                            h1 { bdi { (values::cut(&name, values::NAME_CHARS_MAX)) } }
                            p.row.small {
                                @match &then.user_id {
                                    Some(id) => (code::id(id, "user id")),
                                    None => span.pill title="A lead: known by an e-mail address, without an id of the site" { "E-mail only" },
                                }
                                @if let Some(email) = then.profile.text("email") { span { (values::name(email)) } }
                            }
                            (labels(then.profile.owner.as_deref(), &then.profile.tags, None))
                        }
                    }
                }
                div.stack {
                    (banner(frame, view, &then.profile, then.merged_ms))
                    div.split {
                        div.stack { (companies_card(frame, &then.companies)) }
                        aside.stack aria-label="About the user" { (attributes_card(frame, &then.profile.attributes)) (again(frame, view)) }
                    }
                }
            }
        }
    };
    shell(frame, &format!("{} as of {}", view.name, view.day), content)
}

/// A company as of a day.
pub fn company_page(frame: &Frame, view: &View<CompanyItselfThen>) -> Markup {
    let content = html! {
        (crumbs("Companies", "/companies", &view.name))
        @match &view.then {
            Err(told) => (nothing(frame, view, told)),
            Ok(then) => {
                @let name = then.profile.text("name").unwrap_or(&then.company_id);
                header.head {
                    div.ident {
                        (who::tile(name, Size::Large))
                        div {
                            h1 { bdi { (values::cut(name, values::NAME_CHARS_MAX)) } }
                            p.row.small { (code::id(&then.company_id, "company id")) }
                            (labels(then.profile.owner.as_deref(), &then.profile.tags, None))
                        }
                    }
                }
                div.stack {
                    (banner(frame, view, &then.profile, then.merged_ms))
                    div.split {
                        div.stack { (members_card(frame, then)) }
                        aside.stack aria-label="About the company" { (attributes_card(frame, &then.profile.attributes)) (again(frame, view)) }
                    }
                }
            }
        }
    };
    shell(frame, &format!("{} as of {}", view.name, view.day), content)
}

/// The day as people read it.
fn day_words(day: &str) -> String {
    time::date_from_text(day).map_or_else(|| day.to_owned(), |date| date.format("%-d %B %Y").to_string())
}

fn banner<T>(frame: &Frame, view: &View<T>, profile: &ProfileThen, merged_ms: Option<i64>) -> Markup {
    say::alert(
        Tone::Info,
        &format!("As of {}", day_words(&view.day)),
        html! {
            p.muted {
                "What Rollcall knew at the end of that day (" (frame.clock.zone.name()) "): values, companies, owner and tags. "
                "What arrived later about that time, in a late message or an import, is not included. Companies and people have today's names."
            }
            @if let Some(merged_ms) = merged_ms {
                p { "It was a separate record then. Since " (frame.clock.on(merged_ms)) " it is merged with " a href=(view.path) { (values::name(&view.name)) } "." }
            }
            @if !profile.without_history.is_empty() {
                p.muted {
                    "The history of "
                    @for (place, name) in profile.without_history.iter().enumerate() { @if place > 0 { ", " } b { bdi { (name) } } }
                    " is not kept: shown as today."
                }
            }
            div.row { a.btn href=(view.path) { (icon("left")) " Back to today" } }
        },
    )
}

fn nothing<T>(frame: &Frame, view: &View<T>, told: &Told) -> Markup {
    let (heading, sentence) = match told {
        Told::NotYet(heard_ms) => (
            "Not known yet on that day",
            html! { "Rollcall first heard of " bdi { (view.name) } " on " (frame.clock.on(*heard_ms)) "." },
        ),
        Told::TooLong => (
            "That is too long ago to work out",
            html! { "Too much has changed since then to work back on one page. Ask for a later day." },
        ),
        Told::NoDay => {
            ("You can't look back at that day", html! { "Choose today or an earlier day, such as 2026-03-01." })
        }
    };
    say::nothing_here(
        heading,
        html! {
            p { (sentence) }
            (form(frame, &view.path, ""))
            p.row { a.btn.primary href=(view.path) { "Back to today" } }
        },
    )
}

fn again<T>(frame: &Frame, view: &View<T>) -> Markup {
    html! {
        section.card aria-labelledby="then" {
            header { h2 id="then" { "Another day" } }
            div.body { (form(frame, &view.path, &view.day)) }
        }
    }
}

fn attributes_card(frame: &Frame, attributes: &BTreeMap<String, Value>) -> Markup {
    html! {
        section.card aria-labelledby="attributes" {
            header { h2 id="attributes" { "Attributes" } span.end.n { (number(attributes.len() as u64)) } }
            @if attributes.is_empty() { p.body.faint { "None." } } @else {
                dl.facts {
                    @for (name, value) in attributes {
                        @let kind = Type::of(name, value).unwrap_or(Type::Text);
                        div { dt { bdi { (name) } } dd { (values::value(value, kind, frame.clock)) } }
                    }
                }
            }
        }
    }
}

fn companies_card(frame: &Frame, companies: &[CompanyThen]) -> Markup {
    let clock = frame.clock;
    html! {
        section.card aria-labelledby="companies" {
            header { h2 id="companies" { "Companies" } }
            @if companies.is_empty() { p.body.muted { "None." } } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="companies" {
                    table.table.cards.last aria-labelledby="companies" {
                        thead { tr {
                            th scope="col" { "Company" }
                            th scope="col" { "Role" }
                            th scope="col" { "Joined and left" }
                        } }
                        tbody {
                            @for one in companies {
                                @let text = |name: &str| one.attributes.get(name).and_then(Value::as_str);
                                tr {
                                    th.lead scope="row" {
                                        (who::company(&one.company.company_id, one.company.name.as_deref(), who::company_second_line(&one.company.company_id, one.company.name.as_deref(), None)))
                                    }
                                    td.state {
                                        (users_page::role(text("role")))
                                        @if one.current { " " span.pill.info { "Current" } }
                                        @if one.left_ms.is_some() { " " span.pill { "Left" } }
                                        @if let Some(title) = text("title") { small { (values::name(title)) } }
                                    }
                                    td {
                                        (clock.on(one.joined_ms)) " to "
                                        @match one.left_ms { Some(left_ms) => (clock.on(left_ms)), None => "then" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn members_card(frame: &Frame, then: &CompanyItselfThen) -> Markup {
    html! {
        section.card aria-labelledby="members" {
            header {
                h2 id="members" { "Members" }
                @if let Some(members) = then.members { span.end.n { (number(members)) } }
            }
            @match then.members {
                None => p.body.muted { "Too many members have come and gone since then to show who was in it." },
                Some(0) => p.body.muted { "Nobody." },
                Some(members) => {
                    ul.rows {
                        @for member in &then.some_members {
                            @let name = member.name.as_deref().or(member.user_id.as_deref()).unwrap_or(&member.id);
                            li {
                                span.who {
                                    (who::face(name, Size::Row, false))
                                    span {
                                        a href=(links::user(member.user_id.as_deref(), &member.id)) { (values::name(name)) }
                                        small { (users_page::role(member.role.as_deref())) }
                                    }
                                }
                                span.end { "since " (frame.clock.on(member.joined_ms)) }
                            }
                        }
                    }
                    @if members > then.some_members.len() as u64 {
                        footer.small { "The first " (MEMBERS_SHOWN_MAX) " of " (counted(members, "member", "members")) ", in the order they joined." }
                    }
                }
            }
        }
    }
}

fn told<T>(then: Option<Then<T>>) -> Result<T, Told> {
    match then {
        Some(Then::Known(then)) => Ok(then),
        Some(Then::NotYet(heard_ms)) => Err(Told::NotYet(heard_ms)),
        Some(Then::TooLong) => Err(Told::TooLong),
        None => Err(Told::NoDay),
    }
}

fn status<T>(view: &View<T>) -> StatusCode {
    match view.then {
        Ok(_) => StatusCode::OK,
        Err(Told::NoDay) => StatusCode::BAD_REQUEST,
        Err(Told::NotYet(_) | Told::TooLong) => StatusCode::NOT_FOUND,
    }
}

/// The page of a user as of a day.
///
/// # Errors
/// The store's.
pub async fn user(operator: Operator, request: &HttpRequest, id: String, day: String) -> Answer {
    let wanted = id.clone();
    let (frame, view) = desk::read(request, operator, Place::Users, move |db, clock| {
        let Some(user) = users_page::find(db, &wanted, clock.now_ms)? else { return Ok(None) };
        let end_ms = history::end_of_day(&day, clock.zone, clock.now_ms);
        // Whoever was merged since is shown as it was, by any of its own names.
        let mut named = None;
        for name in [UserName::UserId, UserName::Id] {
            named = named.or(users::named_key(db, &name(wanted.clone()))?);
        }
        let named = named.unwrap_or(user.row.key);
        let then = end_ms.map(|end_ms| history::user(db, named, end_ms)).transpose()?;
        let path = links::user(user.row.user_id.as_deref(), &user.row.id);
        Ok(Some(View { path, day, name: who::user_name(&user.row).to_owned(), then: told(then) }))
    })
    .await?;
    Ok(match view {
        Some(view) => desk::page_with(status(&view), user_page(&frame, &view)),
        None => desk::page_with(StatusCode::NOT_FOUND, errors::no_user(&frame, &id)),
    })
}

/// The page of a company as of a day.
///
/// # Errors
/// The store's.
pub async fn company(operator: Operator, request: &HttpRequest, id: String, day: String) -> Answer {
    let wanted = id.clone();
    let (frame, view) = desk::read(request, operator, Place::Companies, move |db, clock| {
        let Some(company) = companies::record(db, &wanted, clock.now_ms)? else { return Ok(None) };
        let row = company.row;
        let end_ms = history::end_of_day(&day, clock.zone, clock.now_ms);
        let named = companies::named_key(db, &wanted)?.unwrap_or(row.key);
        let then = end_ms.map(|end_ms| history::company(db, named, end_ms)).transpose()?;
        let name = who::company_name(row.name.as_deref(), &row.company_id).to_owned();
        Ok(Some(View { path: links::company(&row.company_id), day, name, then: told(then) }))
    })
    .await?;
    Ok(match view {
        Some(view) => desk::page_with(status(&view), company_page(&frame, &view)),
        None => desk::page_with(StatusCode::NOT_FOUND, errors::no_company(&frame, &id)),
    })
}
