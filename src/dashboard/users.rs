//! `/users`: all users and leads.

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
use super::parts::list::{Address, Column, LIST, search_chip};
use super::parts::numbers::{self, cell, counted};
use super::parts::section::head;
use super::parts::{pill, say, values, who};
use super::{duplicates, errors};
use crate::domain::access::Role;
use crate::domain::duplicates::Records;
use crate::domain::filter::{Fact, Field, Listed};
use crate::http::access::Viewer;
use crate::store::duplicates as stored_duplicates;
use crate::store::list::{Count, PAGE_ROWS, Page};
use crate::store::users::{self, SortBy, UserRow};

impl Column for SortBy {
    const ALL: &'static [SortBy] =
        &[SortBy::Name, SortBy::Email, SortBy::Companies, SortBy::FirstSeen, SortBy::LastSeen];

    fn name(&self) -> Cow<'_, str> {
        let name = match self {
            SortBy::Name => "name",
            SortBy::Email => "email",
            SortBy::Companies => "companies",
            SortBy::FirstSeen => "first_seen",
            SortBy::LastSeen => "last_seen",
            SortBy::Company => "company",
            SortBy::Fact(fact) => return Field::Own(fact.clone(), Listed::Users).to_string().into(),
        };
        name.into()
    }

    fn of(fact: &Fact) -> Option<SortBy> {
        SortBy::fact(fact)
    }

    fn descends_first(&self) -> bool {
        matches!(self, SortBy::Companies | SortBy::FirstSeen | SortBy::LastSeen)
    }
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The list's state.
    pub address: Address<SortBy>,
    /// How many there are that match.
    pub found: Count,
    /// Groups of records that may be one.
    pub duplicates: Count,
    /// This page of them.
    pub users: Page<UserRow>,
    /// Somebody who was made by hand was taken away again just now.
    pub done: Option<Done>,
}

/// The page.
pub fn page(frame: &Frame, view: &View) -> Markup {
    let content = html! {
        (head(html! { "Users " span.n { (numbers::count(view.found)) } }, html! {}, html! {
            @if view.duplicates != Count::Exactly(0) {
                a.btn href=(duplicates::address(Records::Users)) title="Records that may be one person" {
                    (icon("merge")) " Possible duplicates " span.n { (numbers::count(view.duplicates)) }
                }
            }
            (made(frame))
        }))
        (done::done(view.done.as_ref(), Told::OfUser, "/users", frame.clock, frame.role()))
        @if view.users.rows.is_empty() && view.address.search.is_none() && view.address.after.is_none() {
            (nobody())
        } @else {
            div.toolbar {
                (view.address.search_form("Find in users", "Name, e-mail or id"))
                (search_chip(&view.address))
            }
            @if view.users.rows.is_empty() { (not_found(view)) } @else { (table(frame, view)) }
        }
    };
    shell(frame, "Users", content)
}

/// Where a user is made by hand.
fn made(frame: &Frame) -> Markup {
    html! {
        @if frame.may(Role::Admin) { a.btn href="/edit/new?kind=user" { (icon("plus")) " New user" } }
    }
}

fn table(frame: &Frame, view: &View) -> Markup {
    let address = &view.address;
    html! {
        div.scroll.sticky.bleed tabindex="0" role="group" aria-label="Users" {
            table.table.cards data-rows="" {
                thead {
                    tr {
                        (address.head(SortBy::Name, "User", ""))
                        (address.head(SortBy::Email, "E-mail", "late"))
                        (address.head(SortBy::Companies, "Companies", "num"))
                        th scope="col" { "28 days" }
                        (address.head(SortBy::FirstSeen, "First seen", "late"))
                        (address.head(SortBy::LastSeen, "Last seen", ""))
                    }
                }
                tbody { @for user in &view.users.rows { (row(frame, user)) } }
            }
        }
        (address.pager(
            &counted(view.users.rows.len() as u64, "user on this page", "users on this page"),
            view.users.next.as_ref(),
        ))
    }
}

fn row(frame: &Frame, user: &UserRow) -> Markup {
    let clock = frame.clock;
    html! {
        tr {
            th.lead scope="row" { (who::user(user, clock.now_ms, html! { (who::user_second_line(user)) (tags(&user.tags)) })) }
            td.late.cut title=[user.email.as_deref().filter(|email| email.len() <= values::NAME_CHARS_MAX)] {
                @match &user.email { Some(email) => (values::name(email)), None => span.zero { "none" } }
            }
            td.num data-l="Companies" { (cell(user.companies)) }
            td.fold { (roll(&user.roll)) }
            td.late.muted data-l="First seen" { (clock.ago(user.first_seen_ms)) }
            td.state { (pill::standing(clock, user.first_seen_ms, user.last_seen_ms)) }
        }
    }
}

fn nobody() -> Markup {
    say::nothing(
        "Nobody has signed in yet",
        html! {
            p { "A user appears here as soon as a page says who is signed in, or your back end identifies somebody." }
            p.row {
                a.btn.primary href="/install#people" { "Add signed-in users to the snippet" }
                a.btn href="/visitors" { "Visitors" }
            }
        },
    )
}

fn not_found(view: &View) -> Markup {
    let search = view.address.search.as_deref().unwrap_or_default();
    say::nothing(
        "Nobody matches",
        html! {
            p { "No name, e-mail address or id holds “" bdi { (search) } "”. Upper and lower case are the same." }
            p.row { a.btn href=(view.address.without_search()) { "All users" } }
        },
    )
}

/// `GET /users`
///
/// # Errors
/// The store's.
pub async fn show(Viewer(operator): Viewer, request: HttpRequest) -> Answer {
    if let Some(id) = desk::value(&request, "id") {
        return super::user::answer(operator, &request, id).await;
    }
    let address = match Address::read("/users".to_owned(), LIST, SortBy::LastSeen, |name| desk::value(&request, name)) {
        Ok(address) => address,
        Err(sentence) => return errors::bad_address(&request, operator, Place::Users, &sentence).await,
    };
    let query = address.query(PAGE_ROWS);
    let (frame, (found, duplicates, users)) = desk::read(&request, operator, Place::Users, move |db, clock| {
        let found = users::count(db, query.search.as_deref())?;
        Ok((found, stored_duplicates::count(db, Records::Users)?, users::list(db, &query, clock.now_ms)?))
    })
    .await?;
    Ok(desk::page(page(&frame, &View { address, found, duplicates, users, done: done::undone(&request) })))
}
