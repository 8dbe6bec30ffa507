//! `/users`: all users and leads.

use std::borrow::Cow;

use actix_web::HttpRequest;
use maud::{Markup, html};

use super::bulk;
use super::desk::{self, Answer};
use super::done::{self, Done};
use super::duplicates;
use super::happenings::Told;
use super::listed::{self, Common, name_or_none};
use super::narrowed::{self, Spelled};
use super::parts::columns::{Columns, Known, Shown};
use super::parts::filter::{self, Builder};
use super::parts::frame::{Frame, Place, shell};
use super::parts::icon::icon;
use super::parts::labels::tags;
use super::parts::list::{Address, Column, found};
use super::parts::numbers::{self, cell};
use super::parts::section::head;
use super::parts::{code, say, values, who};
use super::segments::beside::Tabs;
use crate::domain::access::Role;
use crate::domain::duplicates::Records;
use crate::domain::filter::{BuiltIn, Fields, Listed};
use crate::http::access::Viewer;
use crate::store::companies::Shelf;
use crate::store::duplicates as stored_duplicates;
use crate::store::list::{Count, PAGE_ROWS, Page};
use crate::store::operators;
use crate::store::shown::{self, Places, Shown as Values};
use crate::store::users::{self, SortBy, UserRow};

impl Column for SortBy {
    const ALL: &'static [SortBy] =
        &[SortBy::Name, SortBy::Email, SortBy::Companies, SortBy::FirstSeen, SortBy::LastSeen];

    fn name(&self) -> Cow<'_, str> {
        SortBy::name(self)
    }

    fn named(word: &str, fields: &Fields) -> Option<Result<SortBy, String>> {
        Some(SortBy::named(word, fields))
    }

    fn descends_first(&self) -> bool {
        matches!(self, SortBy::Companies | SortBy::FirstSeen | SortBy::LastSeen)
    }
}

/// The columns of the list, and those that it has where nobody chose: the user itself always stands first.
pub const COLUMNS: (&[Known], &[&str]) = (
    &[
        ("email", "E-mail", "late"),
        ("user_id", "User id", ""),
        ("company", "Company", ""),
        ("companies", "Companies", "num"),
        ("activity", "28 days", ""),
        ("first_seen", "First seen", "late"),
        ("last_seen", "Last seen", ""),
        ("owner", "Owner", ""),
        ("tags", "Tags", ""),
    ],
    &["email", "companies", "activity", "first_seen", "last_seen"],
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
        (head(found("Users", view.found, &view.address), html! {}, html! {
            @if view.duplicates != Count::Exactly(0) {
                a.btn href=(duplicates::address(Records::Users)) title="Records that may be one person" {
                    (icon("merge")) " Possible duplicates " span.n { (numbers::count(view.duplicates)) }
                }
            }
            (made(frame))
        }))
        (done::done(view.done.as_ref(), Told::Everything, &view.address.first_page(), frame.clock, frame.role()))
        @if view.users.rows.is_empty() && view.users.next.is_none() && view.address.is_untouched() {
            (nobody())
        } @else {
            (listed::above(
                Listed::Users,
                &view.address,
                (&view.tabs, &view.builder, &view.columns),
                ("Find in users", "Name, e-mail or id"),
                html! {},
            ))
            (filter::sentence("Users for whom", &view.address.filter))
            @if view.users.rows.is_empty() && view.users.next.is_none() { (not_found(view)) } @else { (table(frame, view)) }
            div.pad-top { (code::shell_card(&frame.server, &view.address.call("/api/v1/users", Some(&view.columns.words())))) }
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
    let shown = (view.users.rows.len(), view.found, ("user", "users"));
    listed::table(
        frame,
        (Listed::Users, Shelf::InUse),
        &view.address,
        &view.columns,
        ("Users", (SortBy::Name, "User")),
        html! { @for user in &view.users.rows { (row(frame, view, user)) } },
        (shown, view.users.next.as_ref()),
    )
}

fn row(frame: &Frame, view: &View, user: &UserRow) -> Markup {
    let clock = frame.clock;
    let tagged = view.columns.has("tags");
    let below = html! { (who::user_second_line(user)) @if !tagged { (tags(&user.tags)) } };
    html! {
        tr {
            @if bulk::may_pick(frame) { (bulk::pick(user.key.0, who::user_name(user))) }
            th.lead scope="row" { (who::user(user, clock.now_ms, below)) }
            @for column in &view.columns.shown { (cell_of(frame, view, user, column)) }
        }
    }
}

fn cell_of(frame: &Frame, view: &View, user: &UserRow, column: &Shown) -> Markup {
    let common = Common {
        roll: &user.roll,
        first_seen_ms: user.first_seen_ms,
        last_seen_ms: user.last_seen_ms,
        owner: user.owner.as_deref(),
        tags: &user.tags,
    };
    html! {
        @match column.word.as_str() {
            "email" => td.late.cut title=[user.email.as_deref().filter(|email| email.len() <= values::NAME_CHARS_MAX)] {
                (name_or_none(user.email.as_deref()))
            },
            "user_id" => td.cut data-l="User id" { (name_or_none(user.user_id.as_deref())) },
            "company" => td data-l="Company" {
                @match &user.company { Some(company) => (who::company_link(company)), None => span.zero { "none" } }
            },
            "companies" => td.num data-l="Companies" { (cell(user.companies)) },
            _ => (listed::cell(frame, column, &common, view.values.get(&user.key.0))),
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
    let search = view.address.search.as_deref();
    say::nothing(
        "Nobody matches",
        html! {
            @if !view.address.filter.is_empty() { p { "Nobody" @if search.is_some() { " of them" } " matches the whole filter." } }
            (narrowed::spellings(&view.spelled, &view.address))
            @if let Some(search) = search {
                p { "No name, e-mail address or id contains “" bdi { (search) } "”. Case doesn't matter." }
            }
            p.row { a.btn href=(view.address.of_all()) { "All users" } }
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
    let catalog = desk::store(&request)?.catalog();
    let fields = catalog.fields(Listed::Users);
    let asked = listed::asked(&request, &operator, (Place::Users, "/users"), SortBy::LastSeen, fields).await?;
    let listed::Asked { address, columns: said, draft, extent, fields } = match asked {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let is_wrong = draft.is_some();
    let (query, key, may_save) = (address.query(PAGE_ROWS), operator.key, operator.role >= Role::Admin);
    let done = done::Asked::of(&request);
    let (frame, (found, duplicates, users, builder, columns, (values, spelled), tabs, done)) =
        desk::read(&request, operator, Place::Users, move |db, clock| {
            let mut users = users::list(db, &query, clock.now_ms)?;
            let (search, filter) = (query.search.as_deref(), query.filter.as_ref());
            let found = match (&users.next, &query.after) {
                (None, None) => Count::Exactly(users.rows.len() as u64),
                _ => users::count_matching(db, search, filter, extent, clock.now_ms)?.at_least(PAGE_ROWS as u64),
            };
            let remembered = operators::columns(db, key, Listed::Users.as_str())?;
            let columns = Columns::of(said, remembered.as_deref(), COLUMNS, &fields);
            let keys: Vec<i64> = users.rows.iter().map(|row| row.key.0).collect();
            let met = Places::met(db, &keys, filter, clock.now_ms)?;
            met.name_companies(&mut users.rows);
            let mut values = shown::of_users(db, &keys, &columns.to_read(), &met, clock.now_ms)?;
            // A row says that it grows or shrinks where that is why it is there.
            if filter.is_some_and(|filter| filter.asks_of(BuiltIn::Trend)) {
                shown::read_trends(db, Listed::Users, &mut values, clock.now_ms)?;
            }
            let spelled = match filter.filter(|_| keys.is_empty()) {
                Some(filter) => narrowed::spelled_otherwise(db, filter)?,
                None => Vec::new(),
            };
            let duplicates = stored_duplicates::count(db, Records::Users)?;
            let tabs = Tabs::read(db, Listed::Users, &catalog, clock.today())?.savable(may_save).above(found);
            Ok((
                found,
                duplicates,
                users,
                narrowed::builder(db, fields, draft)?,
                columns,
                (values, spelled),
                tabs,
                done::read(db, done)?,
            ))
        })
        .await?;
    let view = View { address, builder, columns, tabs, values, spelled, found, duplicates, users, done };
    let page = page(&frame, &view);
    Ok(if is_wrong { desk::again(page) } else { desk::page(page) })
}
